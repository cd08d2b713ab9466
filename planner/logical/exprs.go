package logical

import (
	"slices"

	"github.com/muster-sql/muster/connectors/spi/expr"
)

// Exprs returns the expressions of a node itself, none of them nil.
func Exprs(n Node) []expr.Expr { return n.exprs() }

// MapExprs returns n with f applied to each of its own expressions, or n itself
// when f changes none. Column ids outside of expressions (groups, sort keys,
// maps of set operations) stay.
func MapExprs(n Node, f func(expr.Expr) expr.Expr) Node {
	old := n.exprs()
	var out []expr.Expr
	for i, e := range old {
		x := f(e)
		if x != e && out == nil {
			out = slices.Clone(old)
		}
		if out != nil {
			out[i] = x
		}
	}
	if out == nil {
		return n
	}
	return n.withExprs(out)
}

// taker hands out a list of expressions in order, nil for places that had none.
type taker struct{ list []expr.Expr }

func (t *taker) take(had expr.Expr) expr.Expr {
	if had == nil {
		return nil
	}
	e := t.list[0]
	t.list = t.list[1:]
	return e
}

func (t *taker) takeAll(had []expr.Expr) []expr.Expr {
	out := make([]expr.Expr, len(had))
	for i := range had {
		out[i] = t.take(had[i])
	}
	return out
}

func present(es ...expr.Expr) []expr.Expr {
	return slices.DeleteFunc(es, func(e expr.Expr) bool { return e == nil })
}

func (n *Scan) exprs() []expr.Expr { return nil }

func (n *Scan) withExprs([]expr.Expr) Node { return n }

func (n *Values) exprs() []expr.Expr {
	var out []expr.Expr
	for _, r := range n.Rows {
		out = append(out, r...)
	}
	return out
}

func (n *Values) withExprs(es []expr.Expr) Node {
	c, t := *n, taker{es}
	c.Rows = make([][]expr.Expr, len(n.Rows))
	for i, r := range n.Rows {
		c.Rows[i] = t.takeAll(r)
	}
	return &c
}

func (n *Series) exprs() []expr.Expr { return n.Args }

func (n *Series) withExprs(es []expr.Expr) Node { c := *n; c.Args = es; return &c }

func (n *Filter) exprs() []expr.Expr { return []expr.Expr{n.Pred} }

func (n *Filter) withExprs(es []expr.Expr) Node { c := *n; c.Pred = es[0]; return &c }

func (n *Project) exprs() []expr.Expr {
	out := make([]expr.Expr, len(n.Items))
	for i, it := range n.Items {
		out[i] = it.Expr
	}
	return out
}

func (n *Project) withExprs(es []expr.Expr) Node {
	c := *n
	c.Items = slices.Clone(n.Items)
	for i := range c.Items {
		c.Items[i].Expr = es[i]
	}
	return &c
}

func (c *Call) exprs() []expr.Expr {
	out := slices.Clone(c.Args)
	if c.Filter != nil {
		out = append(out, c.Filter)
	}
	for _, o := range c.Order {
		out = append(out, o.Expr)
	}
	return out
}

func (c Call) taking(t *taker) Call {
	c.Args = t.takeAll(c.Args)
	c.Filter = t.take(c.Filter)
	c.Order = slices.Clone(c.Order)
	for i := range c.Order {
		c.Order[i].Expr = t.take(c.Order[i].Expr)
	}
	return c
}

func (n *Aggregate) exprs() []expr.Expr {
	var out []expr.Expr
	for i := range n.Calls {
		out = append(out, n.Calls[i].exprs()...)
	}
	return out
}

func (n *Aggregate) withExprs(es []expr.Expr) Node {
	c, t := *n, &taker{es}
	c.Calls = slices.Clone(n.Calls)
	for i := range c.Calls {
		c.Calls[i] = c.Calls[i].taking(t)
	}
	return &c
}

func (n *Join) exprs() []expr.Expr { return present(n.On) }

func (n *Join) withExprs(es []expr.Expr) Node { c := *n; c.On = es[0]; return &c }

func (n *Apply) exprs() []expr.Expr { return present(n.On) }

func (n *Apply) withExprs(es []expr.Expr) Node { c := *n; c.On = es[0]; return &c }

func (n *Sort) exprs() []expr.Expr { return nil }

func (n *Sort) withExprs([]expr.Expr) Node { return n }

func (n *TopN) exprs() []expr.Expr { return nil }

func (n *TopN) withExprs([]expr.Expr) Node { return n }

func (n *Limit) exprs() []expr.Expr { return present(n.Count, n.Skip) }

func (n *Limit) withExprs(es []expr.Expr) Node {
	c, t := *n, taker{es}
	c.Count = t.take(n.Count)
	c.Skip = t.take(n.Skip)
	return &c
}

func (n *Distinct) exprs() []expr.Expr { return nil }

func (n *Distinct) withExprs([]expr.Expr) Node { return n }

func (n *SetOp) exprs() []expr.Expr { return nil }

func (n *SetOp) withExprs([]expr.Expr) Node { return n }

func (n *SingleRow) exprs() []expr.Expr { return nil }

func (n *SingleRow) withExprs([]expr.Expr) Node { return n }

func (n *Unnest) exprs() []expr.Expr { return n.Lists }

func (n *Unnest) withExprs(es []expr.Expr) Node { c := *n; c.Lists = es; return &c }

func (n *Window) exprs() []expr.Expr {
	var out []expr.Expr
	for i := range n.Calls {
		c := &n.Calls[i]
		out = append(out, c.Call.exprs()...)
		if c.Frame != nil {
			out = append(out, present(c.Frame.Start.Offset, c.Frame.End.Offset)...)
		}
	}
	return out
}

func (n *Window) withExprs(es []expr.Expr) Node {
	c, t := *n, &taker{es}
	c.Calls = slices.Clone(n.Calls)
	for i := range c.Calls {
		w := &c.Calls[i]
		w.Call = w.taking(t)
		if w.Frame != nil {
			f := *w.Frame
			f.Start.Offset, f.End.Offset = t.take(f.Start.Offset), t.take(f.End.Offset)
			w.Frame = &f
		}
	}
	return &c
}

func (n *Write) exprs() []expr.Expr { return nil }

func (n *Write) withExprs([]expr.Expr) Node { return n }

func (n *AssignID) exprs() []expr.Expr { return nil }

func (n *AssignID) withExprs([]expr.Expr) Node { return n }

func (n *SharedRef) exprs() []expr.Expr { return nil }

func (n *SharedRef) withExprs([]expr.Expr) Node { return n }
