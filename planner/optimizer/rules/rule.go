// Package rules holds the rewrites of logical trees, one a file, each with a
// comment that shows its shape. The optimizer runs them in phases. A rule knows
// the algebra, statistics and the SPI of pushdown, nothing of other rules.
package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/eval"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/planner/logical"
	"github.com/muster-sql/muster/planner/stats"
)

// Rule is a rewrite of one node with what is below it. It never changes n; it
// returns nil when it does not fire. What it returns has at least n's columns,
// except that of pruning rules.
type Rule interface {
	Name() string // unique; EXPLAIN (RULES) prints it, SET disabled_rules takes it
	Apply(ctx context.Context, env *Env, n logical.Node) (logical.Node, error)
}

// Env is what rules may use of the statement. One planning run owns it.
type Env struct {
	Session   *spi.Session
	Functions *functions.Registry
	IDs       *logical.IDs
	Stats     *stats.Estimator
	// NoPushdown keeps all work in the engine.
	NoPushdown bool
}

// Call makes a call of a function over arguments of its own types.
func (e *Env) Call(fn string, args ...expr.Expr) (expr.Expr, error) {
	ts := make([]types.Type, len(args))
	for i, a := range args {
		ts[i] = a.Type()
	}
	res, err := e.Functions.Resolve(fn, ts)
	if err != nil {
		return nil, err
	}
	out := make([]expr.Expr, len(args))
	for i, a := range args {
		out[i] = a
		if !a.Type().Equal(res.Args[i]) {
			out[i] = &expr.Cast{Arg: a, Typ: res.Args[i], Implicit: true, At: a.Pos()}
		}
	}
	return &expr.Call{Fn: res.Fn, Sig: res.Sig, Args: out, Typ: res.Return, Volatile: res.Volatility == functions.Volatile, At: -1}, nil
}

// Aggregate makes an aggregate call over arguments of its own types.
func (e *Env) Aggregate(fn, name string, args ...expr.Expr) (logical.Call, error) {
	ts := make([]types.Type, len(args))
	for i, a := range args {
		ts[i] = a.Type()
	}
	res, err := e.Functions.ResolveAggregate(fn, ts)
	if err != nil {
		return logical.Call{}, err
	}
	col := e.IDs.New(name, res.Return)
	col.NotNull = res.Fn == "count"
	return logical.Call{Col: col, Fn: res.Fn, Sig: res.Sig, Args: args, Splits: true}, nil
}

// Fold computes what does not depend on rows.
func (e *Env) Fold(x expr.Expr) expr.Expr {
	env := functions.NewEnv(e.Session, nil)
	env.Registry = e.Functions
	return eval.Fold(x, env)
}

// pruning is implemented by rules that drop columns nobody reads.
type pruning interface{ prunes() }

// Prunes reports whether a rule may give fewer columns than it was given.
func Prunes(r Rule) bool {
	_, ok := r.(pruning)
	return ok
}

func truth(v bool) *expr.Const {
	return &expr.Const{Typ: logical.BoolType(), Val: types.BoolValue(v), At: -1}
}

func not(e expr.Expr) expr.Expr { return &expr.Logic{Op: expr.Not, Args: []expr.Expr{e}, At: -1} }

// isTrue and isFalse recognise constants as conditions: NULL passes nothing.
func isTrue(e expr.Expr) bool {
	c, ok := e.(*expr.Const)
	return ok && !c.Val.Null && c.Val.I != 0
}

func isFalse(e expr.Expr) bool {
	c, ok := e.(*expr.Const)
	return ok && (c.Val.Null || c.Val.I == 0)
}

// filter puts conditions above a node, none for no filter.
func filter(n logical.Node, conds []expr.Expr) logical.Node {
	if len(conds) == 0 {
		return n
	}
	return &logical.Filter{In: n, Pred: expr.AndAll(conds)}
}

// passing projects the columns of n that are in keep, in their order.
func passing(n logical.Node, keep logical.Set) logical.Node {
	var items []logical.Item
	for _, c := range n.Schema() {
		if keep[c.ID] {
			items = append(items, logical.Item{Col: c, Expr: c.Ref()})
		}
	}
	if len(items) == len(n.Schema()) {
		return n
	}
	return &logical.Project{In: n, Items: items}
}

// exactly projects n to the columns of like, in their order.
func exactly(n logical.Node, like []logical.Col) logical.Node {
	have := n.Schema()
	same := len(have) == len(like)
	items := make([]logical.Item, len(like))
	for i, c := range like {
		same = same && have[i].ID == c.ID
		items[i] = logical.Item{Col: c, Expr: c.Ref()}
	}
	if same {
		return n
	}
	return &logical.Project{In: n, Items: items}
}

func typesOf(es []expr.Expr) []types.Type {
	out := make([]types.Type, len(es))
	for i, e := range es {
		out[i] = e.Type()
	}
	return out
}
