package parquet

import (
	"unicode/utf8"

	"github.com/muster-sql/muster/connectors/internal/parquet/format"
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// valueOf reads one stored value as a value of n's type. Strings may be prefixes.
func (n *Node) valueOf(b []byte) (v types.Value, ok bool) {
	switch n.conv {
	case convBytes, convFixedBytes:
		return types.StringValue(string(b)), true
	case convBool:
		return types.IntValue(int64(len(b))), false
	}
	var mem [2]uint64
	dst := page.BytesOf(mem[:])
	if w := n.width(); w > 0 {
		if len(b) != w || n.convert(dst, b, 1) != nil {
			return v, false
		}
	} else {
		if len(b) == 0 || len(b) > page.InlineMax && len(b) > 16 {
			return v, false
		}
		view := []page.View{page.Refer(b, 0, 0)}
		if len(b) <= page.InlineMax {
			view[0] = page.Inline(b)
		}
		if n.convertBytes(dst, view, [][]byte{b}) != nil {
			return v, false
		}
	}
	one := page.MakeFlat(page.Parts{Type: n.Type, N: 1, Data: dst[:n.Type.Phys().Size()]})
	return one.Value(0), true
}

// span holds what statistics say of the values of a chunk or page.
type span struct {
	lo, hi  domain.Bound // unbounded where unknown
	nulls   bool         // there may be some
	values  bool         // there may be values that are not null
	nan     bool         // there may be NaN, which statistics leave out
	bounded bool         // an end is known
}

// unknown says nothing.
func unknown() span {
	return span{lo: domain.Bound{Inf: true}, hi: domain.Bound{Inf: true}, nulls: true, values: true}
}

// span reads the statistics of a chunk. Bounds that cannot be trusted are left
// out: those of the older kind where signed order is not the type's, newer
// ones of an undefined order, NaN, and ends in the wrong order.
func (f *File) span(n *Node, c *format.ColumnChunk) span {
	s := unknown()
	s.nulls = n.Optional
	st := &c.Stats
	if st.Nulls >= 0 && st.Nulls <= c.Values {
		s.nulls = st.Nulls > 0
		s.values = st.Nulls < c.Values
	}
	if !n.filter {
		return s
	}
	signed := !n.unsigned() && (n.element.Type == format.Int32 || n.element.Type == format.Int64 ||
		n.element.Type == format.Float || n.element.Type == format.Double)
	ordered := f.ordered != nil && f.ordered[n.leaf]
	switch {
	case (st.MinValue != nil || st.MaxValue != nil) && (ordered || signed):
		s.bound(n, st.MinValue, st.MaxValue)
	case (st.Min != nil || st.Max != nil) && signed:
		s.bound(n, st.Min, st.Max)
	}
	return s
}

// bound sets the ends; nil is unknown.
func (s *span) bound(n *Node, lo, hi []byte) {
	float := n.Type.IsFloat()
	s.nan = float
	var a, b domain.Bound
	a.Inf, b.Inf = true, true
	if lo != nil {
		if v, ok := n.valueOf(lo); ok && (!float || v.F == v.F) {
			a = domain.Bound{Val: v, Inclusive: true}
		}
	}
	if hi != nil {
		if v, ok := n.valueOf(hi); ok && (!float || v.F == v.F) && (n.Type.Kind != types.Text || utf8.ValidString(v.S) || len(v.S) == 0) {
			b = domain.Bound{Val: v, Inclusive: true}
		}
	}
	if !a.Inf && !b.Inf && types.Compare(n.Type, a.Val, b.Val) > 0 {
		return
	}
	s.lo, s.hi = a, b
	s.bounded = !a.Inf || !b.Inf
}

// mayHold reports whether some of the values may be in set.
func (s *span) mayHold(set domain.Set) bool {
	if s.nulls && set.Null {
		return true
	}
	if !s.values {
		return false
	}
	if s.nan && containsNaN(set) {
		return true
	}
	return set.Overlaps(s.lo, s.hi, false)
}

// containsNaN reports whether the set of floats reaches to the greatest, which NaN is.
func containsNaN(set domain.Set) bool {
	for _, r := range set.Ranges {
		if r.Hi.Inf || r.Hi.Val.F != r.Hi.Val.F {
			return true
		}
	}
	return false
}
