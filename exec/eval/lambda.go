package eval

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/functions"
)

// lambdaCallNode applies a function with lambda arguments: a call whose kernel
// evaluates the bodies over pages of their own, one row an element.
type lambdaCallNode struct {
	*callNode
	outer  *state // of the page that is being worked on
	bodies []*lambdaBody
}

// lambdaBody is a compiled lambda and the columns of the outer row that it reads.
type lambdaBody struct {
	root    node
	typ     types.Type
	columns []int
}

func (c *compiler) lambdaCall(x *expr.Call) (node, error) {
	n := &lambdaCallNode{}
	var args []node
	var fns []functions.LambdaFunc
	ts := make([]types.Type, len(x.Args))
	reads := false
	for i, a := range x.Args {
		ts[i] = a.Type()
		l, ok := a.(*expr.Lambda)
		if !ok {
			arg, err := c.node(a)
			if err != nil {
				return nil, err
			}
			args = append(args, arg)
			continue
		}
		// Nothing is shared between a body and what is around it: their rows differ.
		root, err := newCompiler(c.env, nil).node(l.Body)
		if err != nil {
			return nil, err
		}
		b := &lambdaBody{root: root, typ: l.Body.Type(), columns: expr.Columns(l.Body)}
		n.bodies = append(n.bodies, b)
		fns = append(fns, func(params []*page.Vector, rows []int32) (*page.Vector, error) { return b.eval(n.outer, params, rows) })
		reads = reads || len(b.columns) > 0 || readsOuterLambda(l.Body, 0) || expr.IsVolatile(l.Body)
	}
	s, k, err := c.env.Registry.BindLambda(x.Fn, x.Sig, ts)
	if err != nil {
		return nil, at(err, x.At)
	}
	volatility := s.Volatility
	if reads {
		volatility = functions.Volatile // depends on the row even where its arguments do not
	}
	kernel := func(x *functions.Exec, vals []*page.Vector) (*page.Vector, error) { return k(x, vals, fns) }
	n.callNode = newCall(x.Typ, x.At, s.Nulls, volatility, kernel, args, c.env)
	return n, nil
}

func (n *lambdaCallNode) eval(s *state, sel []int32) (*page.Vector, error) {
	n.outer = s
	defer func() { n.outer = nil }()
	return n.callNode.eval(s, sel)
}

// readsOuterLambda reports whether a body reads parameters of a lambda around it.
func readsOuterLambda(e expr.Expr, depth int) bool {
	switch x := e.(type) {
	case *expr.LambdaArg:
		return x.Depth > depth
	case *expr.Lambda:
		return readsOuterLambda(x.Body, depth+1)
	}
	for _, k := range e.Children() {
		if readsOuterLambda(k, depth) {
			return true
		}
	}
	return false
}

// eval computes the body over the elements: a page with the outer columns it
// reads, repeated for each element, and the parameters as a frame.
func (b *lambdaBody) eval(outer *state, params []*page.Vector, rows []int32) (*page.Vector, error) {
	if len(rows) == 0 {
		return page.FromValues(b.typ, nil, outer.env.Pool)
	}
	s := &state{env: outer.env, n: len(rows), page: page.New(len(rows))}
	defer s.page.Release()
	s.page.Cols = make([]*page.Vector, len(outer.page.Cols))
	for _, c := range b.columns {
		if err := outer.page.Cols[c].Load(outer.load); err != nil {
			return nil, err
		}
		v, err := outer.page.Cols[c].Gather(rows, s.env.Pool)
		if err != nil {
			return nil, err
		}
		s.page.Cols[c] = v
	}
	var held []*page.Vector
	defer func() {
		for _, v := range held {
			v.Release()
		}
	}()
	for _, f := range outer.frames {
		g := frame{}
		for _, a := range f.args {
			v, err := a.Gather(rows, s.env.Pool)
			if err != nil {
				return nil, err
			}
			held, g.args = append(held, v), append(g.args, v)
		}
		s.frames = append(s.frames, g)
	}
	s.frames = append(s.frames, frame{args: params})
	v, err := b.root.eval(s, nil)
	if err != nil {
		return nil, err
	}
	defer v.Release()
	return flatten(v, nil, s.env.Pool)
}
