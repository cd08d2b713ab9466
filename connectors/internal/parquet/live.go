package parquet

import (
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// member tests the slots of a column against a set of a live filter.
type member struct {
	out   int // output column
	set   domain.Set
	point *intSet  // of single integers; nil: others
	dense []uint64 // of single integers that lie close: a bit for each from lo on
	lo    int64    // of integers
	hi    int64
	exact bool // lo and hi say all

	scratch []int32
	tested  int // rows so far
	kept    int

	dict  uint64 // dictionary that codes belongs to
	codes []bool // by code: in the set
}

const maxInt, minInt = 1<<63 - 1, -1 << 63

// fits reports whether values of a column of type t can be looked up in a set
// of type of: both have one layout, scale, unit and order.
func fits(of, t types.Type) bool {
	switch {
	case of.IsNested() || t.IsNested() || of.Coll != t.Coll || t.Coll != 0:
		return false
	case of.IsInteger() && t.IsInteger(), of.IsFloat() && t.IsFloat():
		return true
	case of.IsString() && t.IsString():
		return of.Kind != types.Char && t.Kind != types.Char
	}
	return of.Kind == t.Kind && of.S == t.S && of.Phys() == t.Phys() && (of.Kind == types.Decimal || of.P == t.P)
}

// newMember prepares a set of a column, or reports that it does not narrow.
func newMember(out int, set domain.Set) (*member, bool) {
	if set.IsAll() {
		return nil, false
	}
	m := &member{out: out, set: set, lo: minInt, hi: maxInt}
	if !m.integers() {
		return m, true
	}
	span, ok := set.Span()
	if !ok {
		m.lo, m.hi = 1, 0
		return m, true
	}
	if !span.Lo.Inf {
		m.lo = span.Lo.Val.I
		if !span.Lo.Inclusive && m.lo < maxInt {
			m.lo++
		}
	}
	if !span.Hi.Inf {
		m.hi = span.Hi.Val.I
		if !span.Hi.Inclusive && m.hi > minInt {
			m.hi--
		}
	}
	m.exact = len(set.Ranges) == 1 && set.Bloom == nil
	if vals, ok := set.Values(); ok && len(vals) > 1 {
		if width := uint64(m.hi) - uint64(m.lo); width < denseBitsMax {
			m.dense = make([]uint64, width/64+1)
			for _, v := range vals {
				at := uint64(v.I) - uint64(m.lo)
				m.dense[at/64] |= 1 << (at % 64)
			}
		} else {
			m.point = newIntSet(vals)
		}
	}
	return m, true
}

// denseBitsMax bounds the bits of a set that is tested by looking them up.
const denseBitsMax = 1 << 22

func (m *member) integers() bool {
	switch m.set.Type.Phys() {
	case types.PhysBool, types.PhysI16, types.PhysI32, types.PhysU32, types.PhysI64:
		return true
	}
	return false
}

// intSet is an open-addressing set of integers.
type intSet struct {
	slots []int64
	used  []bool
	mask  uint64
}

func newIntSet(vals []types.Value) *intSet {
	n := 16
	for n < 2*len(vals) {
		n *= 2
	}
	s := &intSet{slots: make([]int64, n), used: make([]bool, n), mask: uint64(n - 1)}
	for _, v := range vals {
		i := types.HashInt64(v.I) & s.mask
		for s.used[i] && s.slots[i] != v.I {
			i = (i + 1) & s.mask
		}
		s.slots[i], s.used[i] = v.I, true
	}
	return s
}

func (s *intSet) has(v int64) bool {
	i := types.HashInt64(v) & s.mask
	for s.used[i] {
		if s.slots[i] == v {
			return true
		}
		i = (i + 1) & s.mask
	}
	return false
}

// keep returns the slots of sel (nil: all n) whose values may be in the set.
// The result is fresh.
func (m *member) keep(v *page.Vector, n int, sel []int32) []int32 {
	if cap(m.scratch) < n {
		m.scratch = make([]int32, n)
	}
	in := m.scratch[:n]
	if sel == nil {
		for i := range in {
			in[i] = int32(i)
		}
	} else {
		in = in[:copy(in, sel)]
	}
	m.tested += len(in)
	if v.MayHaveNulls() {
		in = m.keepNulls(v, in)
	}
	in = m.keepValues(v, in)
	m.kept += len(in)
	return append(make([]int32, 0, len(in)), in...)
}

// memberTrial is after how many rows a filter that drops few is given up: the
// rows are tested again where the join is.
const memberTrial = 64 << 10

// idle reports whether testing rows does not pay.
func (m *member) idle() bool { return m.tested > memberTrial && m.kept > m.tested/16*15 }

// keepValues narrows sel in place.
func (m *member) keepValues(v *page.Vector, sel []int32) []int32 {
	switch {
	case v.Enc() == page.Dict:
		return m.keepCodes(v, sel)
	case v.Enc() != page.Flat:
		return sel
	}
	switch v.Type.Phys() {
	case types.PhysBool:
		return keepInts(m, v, page.Values[uint8](v), sel)
	case types.PhysI16:
		return keepInts(m, v, page.Values[int16](v), sel)
	case types.PhysI32:
		return keepInts(m, v, page.Values[int32](v), sel)
	case types.PhysU32:
		return keepInts(m, v, page.Values[uint32](v), sel)
	case types.PhysI64:
		return keepInts(m, v, page.Values[int64](v), sel)
	case types.PhysView:
		return m.keepStrings(v, sel)
	}
	return sel
}

// keepNulls drops nulls that the set does not have; nulls that it has stay, and
// are told apart by the caller's loops.
func (m *member) keepNulls(v *page.Vector, sel []int32) []int32 {
	if m.set.Null {
		return sel
	}
	valid, k := v.Valid(), 0
	for _, s := range sel {
		sel[k] = s
		k += int(valid[s>>3] >> (s & 7) & 1)
	}
	return sel[:k]
}

// nullStays reports whether slot s is a null of a set that has NULL.
func (m *member) nullStays(v *page.Vector, s int32) bool {
	return m.set.Null && v.IsNull(int(s))
}

func keepInts[T uint8 | int16 | int32 | uint32 | int64](m *member, v *page.Vector, vals []T, sel []int32) []int32 {
	nulls := m.set.Null && v.MayHaveNulls()
	switch {
	case m.exact && !nulls:
		return keepRange(m.lo, m.hi, vals, sel)
	case m.dense != nil && !nulls:
		return keepDense(m.lo, m.hi, m.dense, vals, sel)
	case m.point != nil && !nulls:
		return keepPoints(m.lo, m.hi, m.point, vals, sel)
	case m.set.Bloom != nil && len(m.set.Ranges) == 1 && !nulls:
		return keepBloom(m.lo, m.hi, m.set.Bloom, vals, sel)
	}
	k := 0
	for _, s := range sel {
		if x := int64(vals[s]); x >= m.lo && x <= m.hi && m.inside(x) || nulls && v.IsNull(int(s)) {
			sel[k] = s
			k++
		}
	}
	return sel[:k]
}

func keepRange[T uint8 | int16 | int32 | uint32 | int64](lo, hi int64, vals []T, sel []int32) []int32 {
	k, width := 0, uint64(hi)-uint64(lo)
	if lo > hi {
		return sel[:0]
	}
	for _, s := range sel {
		sel[k] = s
		if uint64(int64(vals[s]))-uint64(lo) <= width {
			k++
		}
	}
	return sel[:k]
}

func keepDense[T uint8 | int16 | int32 | uint32 | int64](lo, hi int64, dense []uint64, vals []T, sel []int32) []int32 {
	k, width := 0, uint64(hi)-uint64(lo)
	for _, s := range sel {
		at := uint64(int64(vals[s])) - uint64(lo)
		if at > width {
			continue
		}
		sel[k] = s
		k += int(dense[at/64] >> (at % 64) & 1)
	}
	return sel[:k]
}

func keepBloom[T uint8 | int16 | int32 | uint32 | int64](lo, hi int64, b *domain.Bloom, vals []T, sel []int32) []int32 {
	k, width := 0, uint64(hi)-uint64(lo)
	for _, s := range sel {
		x := int64(vals[s])
		if uint64(x)-uint64(lo) <= width && b.MayContain(types.HashInt64(x)) {
			sel[k] = s
			k++
		}
	}
	return sel[:k]
}

func keepPoints[T uint8 | int16 | int32 | uint32 | int64](lo, hi int64, set *intSet, vals []T, sel []int32) []int32 {
	k, width := 0, uint64(hi)-uint64(lo)
	for _, s := range sel {
		x := int64(vals[s])
		if uint64(x)-uint64(lo) <= width && set.has(x) {
			sel[k] = s
			k++
		}
	}
	return sel[:k]
}

// inside finishes the test of an integer within lo and hi.
func (m *member) inside(x int64) bool {
	switch {
	case m.exact:
		return true
	case m.dense != nil:
		at := uint64(x) - uint64(m.lo)
		return m.dense[at/64]>>(at%64)&1 != 0
	case m.point != nil:
		return m.point.has(x)
	case len(m.set.Ranges) == 1:
		return m.set.Bloom.MayContain(types.HashInt64(x))
	}
	return m.set.Contains(types.IntValue(x))
}

func (m *member) keepStrings(v *page.Vector, sel []int32) []int32 {
	k := 0
	for _, s := range sel {
		if m.nullStays(v, s) || m.set.Contains(types.Value{S: v.StrUnsafe(int(s))}) {
			sel[k] = s
			k++
		}
	}
	return sel[:k]
}

func (m *member) keepCodes(v *page.Vector, sel []int32) []int32 {
	m.evaluate(v.Dictionary())
	codes, k := v.Codes(), 0
	for _, s := range sel {
		if m.nullStays(v, s) || m.codes[codes[s]] {
			sel[k] = s
			k++
		}
	}
	return sel[:k]
}

// evaluate tests each entry of a dictionary, once.
func (m *member) evaluate(d *page.Dictionary) (any bool) {
	n := d.Values.Len()
	if m.dict != d.ID {
		m.dict, m.codes = d.ID, make([]bool, n)
		for i := range m.codes {
			m.codes[i] = m.set.Contains(entry(d.Values, i))
		}
	}
	for _, in := range m.codes {
		any = any || in
	}
	return any
}

// entry returns a value of a dictionary without copying its string.
func entry(v *page.Vector, i int) types.Value {
	if v.Type.Phys() == types.PhysView {
		return types.Value{S: v.StrUnsafe(i)}
	}
	return v.Value(i)
}
