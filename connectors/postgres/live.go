package postgres

import (
	"slices"

	"github.com/muster-sql/muster/connectors/internal/sqlsource"
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// liveValuesMax bounds the values that a dynamic filter sends; more become a range.
const liveValuesMax = 2000

// live adds what dynamic filters say of columns of the table. They only
// narrow: what has no exact form is left out, the engine checks anyway.
func (b *builder) live(t domain.Tuple) {
	var cols []int
	for c := range t {
		if c >= 0 && c < len(b.rel.Cols) {
			cols = append(cols, c)
		}
	}
	slices.Sort(cols)
	for _, c := range cols {
		set := t[c]
		if set.IsAll() || set.Null || !b.sameKind(c, set.Type) {
			continue
		}
		if vals, ok := set.Values(); ok && len(vals) <= liveValuesMax {
			b.anyOf(c, set.Type, vals)
		} else if r, ok := set.Span(); ok {
			b.between(c, set.Type, r)
		}
	}
}

// sameKind reports whether values of t compare with a column as the engine has it.
func (b *builder) sameKind(c int, t types.Type) bool {
	col := b.rel.Cols[c]
	f := familyOf(col.Type)
	if f == familyNone || f != familyOf(t) || f == familyOwn && col.Type.Kind != t.Kind || f == familyFloat && col.Type.Kind != t.Kind {
		return false
	}
	return f != familyText || col.Coll != collOther
}

func (b *builder) anyOf(c int, t types.Type, vals []types.Value) {
	elem, ok := paramType(t)
	if !ok {
		return
	}
	for _, v := range vals {
		if !sendable(elem, v, b.rel.Number) {
			return
		}
	}
	b.more = append(b.more, func(r *renderer) {
		_ = r.column(&expr.Column{Index: c})
		r.t.Add(" = ANY(").Arg(types.ArrayOf(elem), types.Value{L: vals}).Add(")")
	})
}

func (b *builder) between(c int, t types.Type, x domain.Range) {
	elem, ok := paramType(t)
	f := familyOf(t)
	if !ok || f == familyPadded || f == familyText && b.rel.Cols[c].Coll != collBytes {
		return
	}
	add := func(op sqlsource.Fixed, v domain.Bound) {
		if v.Inf || !sendable(elem, v.Val, b.rel.Number) {
			return
		}
		if v.Inclusive {
			op += "="
		}
		b.more = append(b.more, func(r *renderer) {
			_ = r.column(&expr.Column{Index: c})
			r.t.Add(" ", op, " ").Arg(elem, v.Val)
		})
	}
	add(">", x.Lo)
	add("<", x.Hi)
}
