package sqlsource

import (
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
)

// Select is what a source was asked to compute: one SELECT over a table or
// over another Select. Expressions of Where, Keys, Calls and (without Grouped)
// Out and Order are over the columns of what is selected from; with Grouped,
// Out and Order are over the keys followed by the calls.
type Select struct {
	From    *Select // nil: the table
	Where   []expr.Expr
	Grouped bool
	Keys    []expr.Expr
	Calls   []spi.AggCall
	Order   []spi.OrderKey
	Limit   int64 // -1: none
	Out     []expr.Expr
}

// Over returns the Select of these columns of a table or of from.
func Over(from *Select, columns []expr.Expr) *Select {
	return &Select{From: from, Limit: -1, Out: columns}
}

// outputs returns columns that read what s gives.
func (s *Select) outputs() []expr.Expr {
	out := make([]expr.Expr, len(s.Out))
	for i, e := range s.Out {
		out[i] = &expr.Column{Index: i, Typ: e.Type(), At: -1}
	}
	return out
}

// Below rewrites an expression over the outputs of s to what they are made of.
func (s *Select) Below(e expr.Expr) expr.Expr {
	return expr.Transform(e, func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Column); ok {
			return s.Out[c.Index]
		}
		return x
	})
}

func (s *Select) belowAll(es []expr.Expr) []expr.Expr {
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		out[i] = s.Below(e)
	}
	return out
}

func (s *Select) belowKeys(keys []spi.OrderKey) []spi.OrderKey {
	out := make([]spi.OrderKey, len(keys))
	for i, k := range keys {
		k.Expr = s.Below(k.Expr)
		out[i] = k
	}
	return out
}

// nested returns a Select that reads s as a whole.
func (s *Select) nested() *Select { return Over(s, s.outputs()) }

// ForFilter returns the Select that a condition over the outputs of s can be
// added to, and for Below: s itself unless it groups or limits.
func (s *Select) ForFilter() *Select {
	if s.Grouped || s.Limit >= 0 {
		return s.nested()
	}
	c := *s
	c.Where = append([]expr.Expr(nil), s.Where...)
	return &c
}

// Project returns s with other outputs.
func (s *Select) Project(es []expr.Expr) *Select {
	c := *s
	c.Out = s.belowAll(es)
	return &c
}

// LimitTo returns s with at most n rows.
func (s *Select) LimitTo(n int64) *Select {
	c := *s
	if c.Limit < 0 || n < c.Limit {
		c.Limit = n
	}
	return &c
}

// Top returns the first n rows of s in an order over its outputs.
func (s *Select) Top(keys []spi.OrderKey, n int64) *Select {
	c := s
	if s.Limit >= 0 {
		c = s.nested()
	}
	out := *c
	out.Order, out.Limit = c.belowKeys(keys), n
	return &out
}

// Aggregate returns the groups of s: keys, then calls.
func (s *Select) Aggregate(keys []expr.Expr, calls []spi.AggCall) *Select {
	c := s
	if s.Grouped || s.Limit >= 0 {
		c = s.nested()
	}
	out := Select{From: c.From, Where: c.Where, Grouped: true, Limit: -1, Keys: c.belowAll(keys)}
	for _, call := range calls {
		call.Args = c.belowAll(call.Args)
		if call.Filter != nil {
			call.Filter = c.Below(call.Filter)
		}
		call.Order = c.belowKeys(call.Order)
		out.Calls = append(out.Calls, call)
	}
	for i, k := range out.Keys {
		out.Out = append(out.Out, &expr.Column{Index: i, Typ: k.Type(), At: -1})
	}
	for i, call := range out.Calls {
		out.Out = append(out.Out, &expr.Column{Index: len(keys) + i, Typ: call.Typ, At: -1})
	}
	return &out
}

// Plain reports whether rows of the table pass one by one: nothing below
// groups, limits or nests.
func (s *Select) Plain() bool { return s.From == nil && !s.Grouped && s.Limit < 0 }
