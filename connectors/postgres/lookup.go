package postgres

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// lookupBytesMax is the size up to which a table without a fitting index is
// worth reading once for each batch of keys.
const lookupBytesMax = 4 << 20

// CanLookup implements spi.Lookup: the keys compare on the server as here, and
// an index finds them.
func (k *connector) CanLookup(scan spi.Scan, cols []int) bool {
	p, err := decodePrivate(scan.Private)
	if err != nil || len(cols) == 0 {
		return false
	}
	q := p.query(&scan)
	if !q.Plain() {
		return false
	}
	indexed := p.Rel.Bytes <= lookupBytesMax && p.Rel.Kind == "r"
	for _, c := range cols {
		if c < 0 || c >= len(q.Out) {
			return false
		}
		r := &renderer{t: newText(), rel: &p.Rel}
		if r.comparable("=", q.Out[c], q.Out[c]) != nil || r.expr(q.Out[c]) != nil {
			return false
		}
		if col, ok := q.Out[c].(*expr.Column); ok {
			for _, lead := range p.Rel.Leads {
				indexed = indexed || lead == col.Index
			}
		}
	}
	return indexed
}

// Lookup implements spi.Lookup: the keys travel as one array a column.
func (k *connector) Lookup(ctx context.Context, s *spi.Session, scan spi.Scan, keys *page.Page, env spi.OpenEnv) (spi.PageSource, error) {
	p, err := decodePrivate(scan.Private)
	if err != nil {
		return nil, err
	}
	b := k.statementOf(s, &scan, p)
	arrays := make([]types.Type, len(keys.Cols))
	values := make([]types.Value, len(keys.Cols))
	for i, c := range keys.Cols {
		elem, ok := paramType(c.Type)
		if !ok {
			return nil, errUnwritable(no(spi.ReasonType, "keys of type "+c.Type.String()))
		}
		arrays[i] = types.ArrayOf(elem)
	}
	for row := range keys.Len() {
		slot := keys.Row(row)
		if !sendableKey(keys, slot, arrays, p.Rel.Number) {
			continue // the server has no such value: no row can have it
		}
		for i, c := range keys.Cols {
			values[i].L = append(values[i].L, c.Value(slot))
		}
	}
	if len(values) > 0 && len(values[0].L) == 0 {
		return &source{}, nil
	}
	b.last = func(r *renderer, out []expr.Expr) *refusal { return writeKeys(r, &scan, out, arrays, values) }
	if err := b.selecting(p.query(&scan)); err != nil {
		return nil, errUnwritable(err)
	}
	return k.read(ctx, s, &scan, statementOf(b.t), env)
}

func sendableKey(keys *page.Page, slot int, arrays []types.Type, version int) bool {
	for i, c := range keys.Cols {
		if !sendable(arrays[i].ElemType(), c.Value(slot), version) {
			return false
		}
	}
	return true
}

// writeKeys writes a = ANY($1), or (a, b) IN (SELECT … unnest($1, $2)).
func writeKeys(r *renderer, scan *spi.Scan, out []expr.Expr, arrays []types.Type, values []types.Value) *refusal {
	key := func(i int) *refusal {
		e := out[scan.Lookup[i]]
		return r.operand("=", e, &expr.Const{Typ: arrays[i].ElemType()})
	}
	if len(arrays) == 1 {
		if err := key(0); err != nil {
			return err
		}
		r.t.Add(" = ANY(").Arg(arrays[0], values[0]).Add(")")
		return nil
	}
	r.t.Add("(")
	for i := range arrays {
		if i > 0 {
			r.t.Add(", ")
		}
		if err := key(i); err != nil {
			return err
		}
	}
	r.t.Add(") IN (SELECT * FROM unnest(")
	for i := range arrays {
		if i > 0 {
			r.t.Add(", ")
		}
		r.t.Arg(arrays[i], values[i])
	}
	r.t.Add("))")
	return nil
}
