package postgres

import (
	"github.com/muster-sql/muster/connectors/internal/sqlsource"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// builder writes the statement of a scan.
type builder struct {
	t     *sqlsource.Text
	rel   *relation
	table spi.Name
	// more are conditions on the table that are no expressions: the range of
	// ctids, dynamic filters.
	more []func(r *renderer)
	// last are conditions on the outputs: the keys of a lookup.
	last func(r *renderer, out []expr.Expr) *refusal
}

// selecting writes q as the outermost SELECT.
func (b *builder) selecting(q *sqlsource.Select) *refusal {
	if b.last != nil && (q.Grouped || q.Limit >= 0 || q.From != nil) {
		q = sqlsource.Over(q, outputsOf(q))
	}
	return b.sel(q, outermost)
}

// outputsOf returns columns that read what q gives.
func outputsOf(q *sqlsource.Select) []expr.Expr {
	out := make([]expr.Expr, len(q.Out))
	for i, e := range q.Out {
		out[i] = &expr.Column{Index: i, Typ: e.Type(), At: -1}
	}
	return out
}

// level says where a SELECT stands: outputs of inner ones get names.
type level bool

const (
	outermost level = true
	inner     level = false
)

func (b *builder) sel(q *sqlsource.Select, l level) *refusal {
	if !q.Grouped {
		return b.plain(q, l)
	}
	if isIdentity(q) && len(q.Order) == 0 && q.Limit < 0 {
		return b.groups(q, l)
	}
	// GROUP BY counts outputs, so that parameters in keys are written once.
	r := &renderer{t: b.t, rel: b.rel, nested: true}
	if err := b.outputs(r, q.Out, l); err != nil {
		return err
	}
	b.t.Add(" FROM (")
	if err := b.groups(q, inner); err != nil {
		return err
	}
	b.t.Add(") AS q")
	return b.tail(r, q)
}

// isIdentity reports whether a grouped q gives its keys and calls as they are.
func isIdentity(q *sqlsource.Select) bool {
	if len(q.Out) != len(q.Keys)+len(q.Calls) {
		return false
	}
	for i, e := range q.Out {
		if c, ok := e.(*expr.Column); !ok || c.Index != i {
			return false
		}
	}
	return true
}

func (b *builder) plain(q *sqlsource.Select, l level) *refusal {
	r := &renderer{t: b.t, rel: b.rel, nested: q.From != nil}
	if err := b.outputs(r, q.Out, l); err != nil {
		return err
	}
	if err := b.from(r, q); err != nil {
		return err
	}
	return b.tail(r, q)
}

// groups writes the keys and calls of a grouped SELECT.
func (b *builder) groups(q *sqlsource.Select, l level) *refusal {
	r := &renderer{t: b.t, rel: b.rel, nested: q.From != nil}
	b.t.Add("SELECT ")
	for i, k := range q.Keys {
		if i > 0 {
			b.t.Add(", ")
		}
		if err := r.key(k); err != nil {
			return err
		}
		b.named(l, i)
	}
	for i := range q.Calls {
		if len(q.Keys)+i > 0 {
			b.t.Add(", ")
		}
		if err := r.aggregate(&q.Calls[i]); err != nil {
			return err
		}
		b.named(l, len(q.Keys)+i)
	}
	if err := b.from(r, q); err != nil {
		return err
	}
	for i := range q.Keys {
		if i == 0 {
			b.t.Add(" GROUP BY ")
		} else {
			b.t.Add(", ")
		}
		b.t.Add(sqlsource.Fixed(appendInt(nil, i+1)))
	}
	return nil
}

func (b *builder) named(l level, i int) {
	if l == inner {
		b.t.Add(" AS ").Ident(outputName(i))
	}
}

func (b *builder) outputs(r *renderer, out []expr.Expr, l level) *refusal {
	b.t.Add("SELECT")
	for i, e := range out {
		if i > 0 {
			b.t.Add(",")
		}
		b.t.Add(" ")
		if err := r.output(e); err != nil {
			return err
		}
		b.named(l, i)
	}
	return nil
}

// output writes an expression so that the server returns it in its type.
func (r *renderer) output(e expr.Expr) *refusal {
	if c, ok := e.(*expr.Column); ok {
		return r.column(c)
	}
	name, ok := typeName(e.Type())
	if !ok {
		return no(spi.ReasonType, "values of type "+e.Type().String()+" are computed by the engine")
	}
	return r.wrap("(", e, ")::"+name)
}

// key writes a grouping key; text that may be equal without being the same
// groups by its bytes.
func (r *renderer) key(e expr.Expr) *refusal {
	f := familyOf(e.Type())
	if f == familyNone {
		return no(spi.ReasonType, "values of type "+e.Type().String()+" are grouped by the engine")
	}
	if err := r.output(e); err != nil {
		return err
	}
	if f == familyText && r.collationOf(e) == collOther {
		r.t.Add(` COLLATE "C"`)
	}
	return nil
}

// from writes the source and the conditions on it.
func (b *builder) from(r *renderer, q *sqlsource.Select) *refusal {
	b.t.Add(" FROM ")
	if q.From != nil {
		b.t.Add("(")
		if err := b.sel(q.From, inner); err != nil {
			return err
		}
		b.t.Add(") AS q")
	} else {
		b.t.Table(b.table.Schema, b.table.Table)
	}
	word := sqlsource.Fixed(" WHERE ")
	for _, e := range q.Where {
		b.t.Add(word)
		word = " AND "
		if err := r.expr(e); err != nil {
			return err
		}
	}
	if q.From == nil {
		for _, f := range b.more {
			b.t.Add(word)
			word = " AND "
			f(r)
		}
	}
	if b.last != nil && !q.Grouped {
		last := b.last
		b.last = nil // of the outermost SELECT only
		b.t.Add(word)
		return last(r, q.Out)
	}
	return nil
}

func (b *builder) tail(r *renderer, q *sqlsource.Select) *refusal {
	for i, k := range q.Order {
		if i == 0 {
			b.t.Add(" ORDER BY ")
		} else {
			b.t.Add(", ")
		}
		if err := r.orderKey(k); err != nil {
			return err
		}
	}
	if q.Limit >= 0 {
		b.t.Add(" LIMIT ").Arg(types.Of(types.Int64), types.IntValue(q.Limit))
	}
	return nil
}

func (r *renderer) orderKey(k spi.OrderKey) *refusal {
	if err := r.comparable("<", k.Expr, k.Expr); err != nil {
		return err
	}
	// A constant would be read as the number of an output.
	r.t.Add("(")
	if err := r.expr(k.Expr); err != nil {
		return err
	}
	r.t.Add(")")
	if familyOf(k.Expr.Type()) == familyText && r.collationOf(k.Expr) != collBytes {
		r.t.Add(` COLLATE "C"`)
	}
	if k.Desc {
		r.t.Add(" DESC")
	}
	if k.NullsFirst {
		r.t.Add(" NULLS FIRST")
	} else {
		r.t.Add(" NULLS LAST")
	}
	return nil
}

// aggregate writes a call whose result does not depend on the order of rows.
func (r *renderer) aggregate(c *spi.AggCall) *refusal {
	if len(c.Order) > 0 || len(c.Args) > 1 {
		return no(spi.ReasonFunction, "aggregate "+c.Fn+" is computed by the engine")
	}
	name, ok := typeName(c.Typ)
	if !ok {
		return no(spi.ReasonType, "values of type "+c.Typ.String()+" are computed by the engine")
	}
	if err := r.aggregates(c); err != nil {
		return err
	}
	r.t.Add("(", sqlsource.Fixed(c.Fn), "(")
	if c.Distinct {
		r.t.Add("DISTINCT ")
	}
	if len(c.Args) == 0 {
		r.t.Add("*")
	} else {
		if err := r.expr(c.Args[0]); err != nil {
			return err
		}
		if familyOf(c.Args[0].Type()) == familyText && (c.Fn != "count" || c.Distinct) && r.collationOf(c.Args[0]) != collBytes {
			r.t.Add(` COLLATE "C"`)
		}
	}
	r.t.Add(")")
	if c.Filter != nil {
		if err := r.wrap(" FILTER (WHERE ", c.Filter, ")"); err != nil {
			return err
		}
	}
	r.t.Add(")::", name)
	return nil
}

// aggregates refuses calls whose result may differ on the server.
func (r *renderer) aggregates(c *spi.AggCall) *refusal {
	var t types.Type
	if len(c.Args) == 1 {
		t = c.Args[0].Type()
	}
	f := familyOf(t)
	switch c.Fn {
	case "count":
		if !c.Distinct || f != familyNone {
			return nil
		}
	case "sum", "avg":
		if f == familyExact {
			return nil
		}
		if f == familyFloat {
			return no(spi.ReasonFunction, "the sum of floating point numbers depends on their order")
		}
	case "min", "max":
		switch {
		case f == familyExact, f == familyFloat, t.IsDatetime() && f == familyOwn, f == familyText && r.rel.UTF8:
			return nil
		}
	case "bool_and", "bool_or":
		if t.Kind == types.Bool {
			return nil
		}
	}
	return no(spi.ReasonFunction, "aggregate "+c.Fn+" of "+t.String()+" is computed by the engine")
}
