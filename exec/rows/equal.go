package rows

import (
	"bytes"
	"unsafe"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Pairs are candidate matches: row IDs[c] of a store and slot Slots[c] (nil:
// slot c) of a page, for each c of a list of candidates.
type Pairs struct {
	IDs   []uint32
	Slots []int32
}

func (p Pairs) slot(c int32) int {
	if p.Slots == nil {
		return int(c)
	}
	return int(p.Slots[c])
}

// Nulls says what two NULLs are.
type Nulls bool

// NULLs are equal for groups and IS NOT DISTINCT FROM, and match nothing in joins.
const (
	NullsDiffer Nulls = false
	NullsEqual  Nulls = true
)

// Equal keeps in cand the candidates whose row has v's value in column col and
// appends the others to miss. Values are compared as SQL does: -0 is 0, NaN is
// NaN, numerics ignore scale.
func (s *Store) Equal(col int, v *page.Vector, nulls Nulls, p Pairs, cand, miss []int32) (hit, missed []int32) {
	if v.Valid() != nil || s.anyNull(col, p, cand) {
		cand, miss = s.equalNulls(col, v, nulls, p, cand, miss)
	}
	off := s.L.offs[col]
	switch s.L.phys[col] {
	case types.PhysBool:
		return equalFixed[uint8](s, off, v, p, cand, miss)
	case types.PhysI16:
		return equalFixed[int16](s, off, v, p, cand, miss)
	case types.PhysI32, types.PhysU32:
		return equalFixed[int32](s, off, v, p, cand, miss)
	case types.PhysI64:
		return equalFixed[int64](s, off, v, p, cand, miss)
	case types.PhysI128, types.PhysB16:
		return equalFixed[types.Int128](s, off, v, p, cand, miss)
	case types.PhysF32:
		return equalFloat[float32](s, col, v, p, cand, miss)
	case types.PhysF64:
		return equalFloat[float64](s, col, v, p, cand, miss)
	case types.PhysView:
		return s.equalViews(col, v, p, cand, miss)
	case types.PhysNum:
		return equalBy(s, col, v, p, cand, miss, func(a, b types.Num) bool { return a == b || a.Cmp(b) == 0 })
	case types.PhysIval:
		return equalBy(s, col, v, p, cand, miss, func(a, b types.IntervalValue) bool { return a.Cmp(b) == 0 })
	case types.PhysTimeTZ:
		return equalBy(s, col, v, p, cand, miss, func(a, b types.TimeTZValue) bool { return a == b })
	default:
		return s.equalSlow(col, v, p, cand, miss)
	}
}

func (s *Store) anyNull(col int, p Pairs, cand []int32) bool {
	at, bit := uintptr(col>>3), byte(1)<<(col&7)
	var or byte
	for _, c := range cand {
		or |= *(*byte)(unsafe.Add(s.at(p.IDs[c]), at))
	}
	return or&bit != 0
}

// equalNulls drops the candidates where one side is NULL and the other is not,
// or both are and that differs. Equal NULLs stay, and the comparison of values
// that follows must pass them over.
func (s *Store) equalNulls(col int, v *page.Vector, nulls Nulls, p Pairs, cand, miss []int32) ([]int32, []int32) {
	out := cand[:0]
	for _, c := range cand {
		a, b := s.IsNull(p.IDs[c], col), v.IsNull(p.slot(c))
		if a != b || a && nulls == NullsDiffer {
			miss = append(miss, c)
			continue
		}
		out = append(out, c)
	}
	return out, miss
}

// bothNull reports whether a candidate that passed equalNulls is NULL = NULL.
func (s *Store) bothNull(col int, v *page.Vector, p Pairs, c int32) bool {
	return v.Valid() != nil && v.IsNull(p.slot(c)) && s.IsNull(p.IDs[c], col)
}

func equalFixed[T uint8 | int16 | int32 | int64 | types.Int128](s *Store, off uintptr, v *page.Vector, p Pairs, cand, miss []int32) ([]int32, []int32) {
	if v.Enc() != page.Flat || v.Valid() != nil {
		return equalEncoded[T](s, off, v, p, cand, miss)
	}
	vals := page.Values[T](v)
	out := cand[:0]
	base, shift, mask, width := s.base, s.shift, s.mask, s.L.width
	for _, c := range cand {
		id := p.IDs[c]
		i := c
		if p.Slots != nil {
			i = p.Slots[c]
		}
		if *(*T)(unsafe.Add(base[id>>shift], uintptr(id&mask)*width+off)) == vals[i] {
			out = append(out, c)
		} else {
			miss = append(miss, c)
		}
	}
	return out, miss
}

// equalEncoded compares with dictionaries, constants and vectors with nulls.
func equalEncoded[T uint8 | int16 | int32 | int64 | types.Int128](s *Store, off uintptr, v *page.Vector, p Pairs, cand, miss []int32) ([]int32, []int32) {
	out := cand[:0]
	for _, c := range cand {
		i := p.slot(c)
		if v.IsNull(i) { // equalNulls left only equal ones
			out = append(out, c)
			continue
		}
		flat, j := v.Slot(i)
		if *(*T)(unsafe.Add(s.at(p.IDs[c]), off)) == page.Values[T](flat)[j] {
			out = append(out, c)
		} else {
			miss = append(miss, c)
		}
	}
	return out, miss
}

func equalFloat[T float32 | float64](s *Store, col int, v *page.Vector, p Pairs, cand, miss []int32) ([]int32, []int32) {
	out, off := cand[:0], s.L.offs[col]
	for _, c := range cand {
		i := p.slot(c)
		if s.bothNull(col, v, p, c) {
			out = append(out, c)
			continue
		}
		flat, j := v.Slot(i)
		a, b := *(*T)(unsafe.Add(s.at(p.IDs[c]), off)), page.Values[T](flat)[j]
		if a == b || a != a && b != b {
			out = append(out, c)
		} else {
			miss = append(miss, c)
		}
	}
	return out, miss
}

func (s *Store) equalViews(col int, v *page.Vector, p Pairs, cand, miss []int32) ([]int32, []int32) {
	out, off := cand[:0], s.L.offs[col]
	segs := *s.heap.segs.Load()
	src, isDict := v.Slot0()
	views, heap := src.Views(), src.Heap()
	isConst := v.Enc() == page.Const
	for _, c := range cand {
		if s.bothNull(col, v, p, c) {
			out = append(out, c)
			continue
		}
		j := p.slot(c)
		switch {
		case isConst:
			j = 0
		case isDict:
			j = int(v.Codes()[j])
		}
		if viewsEqual((*page.View)(unsafe.Add(s.at(p.IDs[c]), off)), segs, &views[j], heap) {
			out = append(out, c)
		} else {
			miss = append(miss, c)
		}
	}
	return out, miss
}

func viewsEqual(a *page.View, ah [][]byte, b *page.View, bh [][]byte) bool {
	if a.Len != b.Len || a.Prefix != b.Prefix {
		return false
	}
	if a.Len <= page.InlineMax {
		return a.Buf == b.Buf && a.Off == b.Off
	}
	return bytes.Equal(a.Bytes(ah), b.Bytes(bh))
}

// equalBy is for layouts whose comparison costs far more than the call.
func equalBy[T page.Fixed](s *Store, col int, v *page.Vector, p Pairs, cand, miss []int32, equal func(a, b T) bool) ([]int32, []int32) {
	out, off := cand[:0], s.L.offs[col]
	for _, c := range cand {
		i := p.slot(c)
		if s.bothNull(col, v, p, c) {
			out = append(out, c)
			continue
		}
		flat, j := v.Slot(i)
		if equal(*(*T)(unsafe.Add(s.at(p.IDs[c]), off)), page.Values[T](flat)[j]) {
			out = append(out, c)
		} else {
			miss = append(miss, c)
		}
	}
	return out, miss
}

// equalSlow compares layouts whose equality is not that of their bytes.
func (s *Store) equalSlow(col int, v *page.Vector, p Pairs, cand, miss []int32) ([]int32, []int32) {
	out := cand[:0]
	for _, c := range cand {
		i := p.slot(c)
		if v.IsNull(i) || types.Compare(v.Type, s.Value(p.IDs[c], col), v.Value(i)) == 0 {
			out = append(out, c)
		} else {
			miss = append(miss, c)
		}
	}
	return out, miss
}
