// Package eval turns bound expressions into vectorized evaluators and
// predicates, and folds constants. Operators run them on pages under the
// selection; the planner folds. It knows the function library by its registry
// and no operator.
package eval

import (
	"errors"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/functions"
)

// Env is what expressions may know of the query they run in.
type Env = functions.Env

// Evaluator computes expressions over pages. It belongs to one goroutine: each
// driver compiles its own.
type Evaluator struct {
	state
	roots []node
	types []types.Type
	out   []*page.Vector
}

// state is what the nodes of one evaluator share while they work on a page.
type state struct {
	env    *Env
	page   *page.Page
	n      int
	load   []int32 // rows that a lazy column decodes: all that anyone will still read
	shared []*sharedNode
	frames []frame // of lambdas, innermost last
}

// frame is the argument vectors of a lambda that is being evaluated.
type frame struct{ args []*page.Vector }

// node computes an expression for the rows sel (nil: all) of the state's page.
// The result has n slots in a loaded encoding and belongs to the caller; slots
// that are not selected may hold anything.
type node interface {
	eval(s *state, sel []int32) (*page.Vector, error)
}

// Compile prepares one expression.
func Compile(e expr.Expr, env *Env) (*Evaluator, error) { return CompileAll([]expr.Expr{e}, env) }

// CompileAll prepares several expressions over one page, evaluating common
// subexpressions once.
func CompileAll(es []expr.Expr, env *Env) (*Evaluator, error) {
	c := newCompiler(env, es)
	ev := &Evaluator{state: state{env: env}}
	for _, e := range es {
		n, err := c.node(e)
		if err != nil {
			return nil, err
		}
		ev.roots, ev.types = append(ev.roots, n), append(ev.types, e.Type())
	}
	ev.shared = c.shared
	return ev, nil
}

// Types returns the types of the expressions.
func (ev *Evaluator) Types() []types.Type { return ev.types }

// Eval computes the first expression over p, which stays the caller's. The
// result has p.Rows slots, of which the selected ones are defined.
func (ev *Evaluator) Eval(p *page.Page) (*page.Vector, error) {
	ev.begin(p, p.Sel)
	defer ev.end()
	return ev.roots[0].eval(&ev.state, p.Sel)
}

// EvalAll computes all expressions. The slice is valid until the next call, the
// vectors are the caller's.
func (ev *Evaluator) EvalAll(p *page.Page) ([]*page.Vector, error) {
	ev.begin(p, p.Sel)
	defer ev.end()
	ev.out = ev.out[:0]
	for _, r := range ev.roots {
		v, err := r.eval(&ev.state, p.Sel)
		if err != nil {
			for _, o := range ev.out {
				o.Release()
			}
			return nil, err
		}
		ev.out = append(ev.out, v)
	}
	return ev.out, nil
}

func (s *state) begin(p *page.Page, sel []int32) { s.page, s.n, s.load = p, p.Rows, sel }

func (s *state) end() {
	for _, n := range s.shared {
		n.drop()
	}
	s.page, s.load = nil, nil
}

// sharedNode computes an expression that occurs several times. The result is
// kept for the page when it was computed for all rows that are still read; what
// a branch computed for its rows is not kept.
type sharedNode struct {
	of node
	v  *page.Vector
}

func (n *sharedNode) eval(s *state, sel []int32) (*page.Vector, error) {
	if n.v != nil {
		return n.v.Retain(), nil
	}
	v, err := n.of.eval(s, sel)
	if err == nil && sameSel(sel, s.load) {
		n.v = v.Retain()
	}
	return v, err
}

func (n *sharedNode) drop() {
	n.v.Release()
	n.v = nil
}

// sameSel reports whether a and b are one slice, not merely equal.
func sameSel(a, b []int32) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// columnNode reads a column of the page.
type columnNode struct {
	index int
	typ   types.Type
}

func (c *columnNode) eval(s *state, _ []int32) (*page.Vector, error) {
	v := s.page.Cols[c.index]
	if err := v.Load(s.load); err != nil {
		return nil, err
	}
	return v.Retain(), nil
}

// constNode holds a constant; one is its single slot, outside of any pool.
type constNode struct{ one *page.Vector }

func newConst(t types.Type, v types.Value) (*constNode, error) {
	one, err := page.FromValues(t, []types.Value{v}, page.Unaccounted{})
	if err != nil {
		return nil, err
	}
	return &constNode{one: one}, nil
}

func (c *constNode) eval(s *state, _ []int32) (*page.Vector, error) {
	return page.MakeConst(c.one.Retain(), s.n), nil
}

func (s *state) null(t types.Type) (*page.Vector, error) {
	return page.NewConst(t, types.NullValue, s.n, s.env.Pool)
}

// lambdaArgNode reads a parameter of a lambda.
type lambdaArgNode struct{ depth, index int }

func (l *lambdaArgNode) eval(s *state, _ []int32) (*page.Vector, error) {
	return s.frames[len(s.frames)-1-l.depth].args[l.index].Retain(), nil
}

// at gives an error the position of the expression that raised it.
func at(err error, pos int) error {
	if err == nil || pos < 0 {
		return err
	}
	var e *sqlerr.Error
	if errors.As(err, &e) && error(e) == err && sqlerr.KindOf(err) == sqlerr.User {
		return e.At(pos)
	}
	return err
}
