package analyzer

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/logical"
)

// aggs collects the aggregate calls of a SELECT. Their arguments are over the
// input, what reads them is above the aggregation.
type aggs struct {
	calls     []logical.Call
	pending   []pending // subqueries in arguments
	groupings []groupingCall
}

// groupingCall is GROUPING (…), known once GROUP BY is.
type groupingCall struct {
	col  logical.Col
	args []expr.Expr
	pos  int
}

// aggregate analyses a call of an aggregate function.
func (x *exprs) aggregate(name string, e *ast.FuncCall) (expr.Expr, error) {
	switch {
	case x.inAgg:
		return nil, sqlerr.New(sqlerr.GroupingError, "aggregate function calls cannot be nested").At(e.At())
	}
	if x.aggs == nil {
		return x.outerAggregate(name, e)
	}
	c, err := x.aggregateArgs(name, e)
	if err != nil {
		return nil, err
	}
	if owner, err := x.owner(c, e.At()); err != nil {
		return nil, err
	} else if owner != x {
		return owner.aggregate(name, e)
	}
	for _, have := range x.aggs.calls {
		if sameCall(&have, c) {
			return at2(have.Col.Ref(), e.At()), nil
		}
	}
	x.aggs.calls = append(x.aggs.calls, *c)
	return at2(c.Col.Ref(), e.At()), nil
}

// outerAggregate analyses an aggregate where none is allowed at this level: its
// columns may be those of an outer one.
func (x *exprs) outerAggregate(name string, e *ast.FuncCall) (expr.Expr, error) {
	refuse := sqlerr.New(sqlerr.GroupingError, "aggregate functions are not allowed in %s", x.clause).At(e.At())
	if x.scope.outer == nil {
		return nil, refuse
	}
	probe := *x
	probe.aggs = &aggs{}
	c, err := probe.aggregateArgs(name, e)
	if err != nil {
		return nil, err
	}
	owner, err := x.owner(c, e.At())
	if err != nil {
		return nil, err
	}
	if owner == x {
		return nil, refuse
	}
	return owner.aggregate(name, e)
}

// owner finds the level that an aggregate belongs to: the innermost one of which
// its arguments read a column; its own when they read none.
func (x *exprs) owner(c *logical.Call, pos int) (*exprs, error) {
	reads := logical.Set{}.Add(c.Args...)
	reads.Add(c.Filter)
	for _, o := range c.Order {
		reads.Add(o.Expr)
	}
	if len(reads) == 0 || x.scope.has(reads) {
		return x, nil
	}
	for s := x.scope.outer; s != nil; s = s.outer {
		if !s.has(reads) {
			continue
		}
		if s.x == nil {
			return nil, sqlerr.New(sqlerr.GroupingError, "aggregate functions are not allowed in FROM clause of their own query level").At(pos)
		}
		return s.x, nil
	}
	return x, nil
}

// has reports whether some of the columns are of this level's FROM.
func (s *scope) has(ids logical.Set) bool {
	if s.src == nil {
		return false
	}
	for _, r := range s.src.rels {
		for _, c := range r.cols {
			if ids[c.col.ID] {
				return true
			}
		}
	}
	for _, c := range s.src.cols {
		if ids[c.col.ID] {
			return true
		}
	}
	return false
}

func at2(c *expr.Column, pos int) expr.Expr {
	c.At = pos
	return c
}

// aggregateArgs analyses the arguments, DISTINCT, FILTER and ORDER BY of a call.
func (x *exprs) aggregateArgs(name string, e *ast.FuncCall) (*logical.Call, error) {
	if e.Variadic {
		return nil, sqlerr.Unsupported("VARIADIC arguments are not supported yet").At(e.At())
	}
	in := &exprs{a: x.a, scope: x.scope, clause: "aggregate", inAgg: true, lambdas: x.lambdas}
	if e.Star && len(e.Args) > 0 {
		return nil, sqlerr.New(sqlerr.SyntaxError, "* cannot be mixed with arguments").At(e.At())
	}
	args, err := in.args(name, e.Args)
	if err != nil {
		return nil, err
	}
	order := e.OrderBy
	if len(e.Within) > 0 {
		order = e.Within
	}
	sort, err := in.callOrder(order)
	if err != nil {
		return nil, err
	}
	if len(e.Within) > 0 {
		// An ordered-set aggregate takes the sorted values before its own arguments.
		values := make([]expr.Expr, 0, len(sort)+len(args))
		for _, o := range sort {
			values = append(values, o.Expr)
		}
		args = append(values, args...)
	}
	c, err := x.a.aggregateCall(name, args, e.At())
	if err != nil {
		return nil, err
	}
	c.Order = sort
	if e.Filter != nil {
		if c.Filter, err = in.condition(e.Filter, "FILTER"); err != nil {
			return nil, err
		}
	}
	if err := distinctCall(c, e, x.a); err != nil {
		return nil, err
	}
	c.Splits = c.Splits && len(c.Order) == 0 && !c.Distinct
	if x.aggs != nil {
		x.aggs.pending = append(x.aggs.pending, in.pending...)
	} else {
		x.pending = append(x.pending, in.pending...)
	}
	return c, nil
}

// distinctCall applies DISTINCT, where it means something.
func distinctCall(c *logical.Call, e *ast.FuncCall, a *analyzer) error {
	if !e.Distinct {
		return nil
	}
	if len(c.Args) == 0 {
		return sqlerr.New(sqlerr.SyntaxError, "DISTINCT specified, but %s(*) has no arguments", c.Fn).At(e.At())
	}
	for _, o := range c.Order {
		found := false
		for _, arg := range c.Args {
			found = found || logical.Equal(withoutCast(arg), withoutCast(o.Expr))
		}
		if !found {
			return sqlerr.New(sqlerr.InvalidColumnRef, "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list").At(e.At())
		}
	}
	res, err := a.env.Functions.ResolveAggregate(c.Fn, exprTypes(c.Args))
	c.Distinct = err != nil || !res.Aggregate.DistinctNoop
	return nil
}

func withoutCast(e expr.Expr) expr.Expr {
	for {
		c, ok := e.(*expr.Cast)
		if !ok || !c.Implicit {
			return e
		}
		e = c.Arg
	}
}

// aggregateCall resolves an aggregate over analysed arguments.
func (a *analyzer) aggregateCall(name string, args []expr.Expr, pos int) (*logical.Call, error) {
	res, err := a.env.Functions.ResolveAggregate(name, exprTypes(args))
	if err != nil {
		return nil, at(err, pos)
	}
	out := make([]expr.Expr, len(args))
	for i, arg := range args {
		if out[i], err = a.argument(arg, res.Args[i]); err != nil {
			return nil, at(err, pos)
		}
	}
	col := a.ids.New(name, res.Return)
	col.NotNull = res.Fn == "count"
	return &logical.Call{Col: col, Fn: res.Fn, Sig: res.Sig, Args: out, Splits: true}, nil
}

func sameCall(a, b *logical.Call) bool {
	if a.Fn != b.Fn || a.Sig != b.Sig || a.Distinct != b.Distinct || len(a.Args) != len(b.Args) || len(a.Order) != len(b.Order) {
		return false
	}
	if (a.Filter == nil) != (b.Filter == nil) || a.Filter != nil && !logical.Equal(a.Filter, b.Filter) {
		return false
	}
	for i := range a.Args {
		if !logical.Equal(a.Args[i], b.Args[i]) {
			return false
		}
	}
	for i := range a.Order {
		if a.Order[i].Desc != b.Order[i].Desc || a.Order[i].NullsFirst != b.Order[i].NullsFirst || !logical.Equal(a.Order[i].Expr, b.Order[i].Expr) {
			return false
		}
	}
	return true
}

// grouping analyses GROUPING (a, b).
func (x *exprs) grouping(e *ast.FuncCall) (expr.Expr, error) {
	if x.aggs == nil || x.inAgg {
		return nil, sqlerr.New(sqlerr.GroupingError, "grouping operations are not allowed in %s", x.clause).At(e.At())
	}
	if len(e.Args) == 0 || len(e.Args) > 31 {
		return nil, sqlerr.New(sqlerr.TooManyArguments, "GROUPING must have between 1 and 31 arguments").At(e.At())
	}
	args, err := x.all(e.Args)
	if err != nil {
		return nil, err
	}
	g := groupingCall{col: x.a.ids.New("grouping", types.Of(types.Int32)), args: args, pos: e.At()}
	x.aggs.groupings = append(x.aggs.groupings, g)
	return at2(g.col.Ref(), e.At()), nil
}
