package rows

import (
	"unsafe"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// putFixed writes vals to the field at off of consecutive rows.
func putFixed[T page.Fixed](s *Store, off uintptr, first uint32, vals []T) {
	p, w := unsafe.Add(s.at(first), off), s.L.width
	for _, v := range vals {
		*(*T)(p) = v
		p = unsafe.Add(p, w)
	}
}

// source is where the values of one column come from: value of the k-th row is
// vals[idx], where idx is chosen by encoding.
type source struct {
	v    *page.Vector
	sel  []int32 // rows from..from+n of the selection
	from int
	n    int
}

func (x source) slot(k int) int {
	if x.sel != nil {
		return int(x.sel[k])
	}
	return x.from + k
}

// scatter writes rows done..done+n of column c to consecutive rows from first.
func (s *Store) scatter(c int, v *page.Vector, done, n int, sel []int32, first uint32) error {
	x := source{v: v, from: done, n: n}
	if sel != nil {
		x.sel = sel[done : done+n]
	}
	if v.Valid() != nil {
		s.scatterNulls(c, x, first)
	}
	off := s.L.offs[c]
	switch s.L.phys[c] {
	case types.PhysBool:
		scatterFixed[uint8](s, off, x, first)
	case types.PhysI16:
		scatterFixed[int16](s, off, x, first)
	case types.PhysI32, types.PhysU32, types.PhysF32:
		scatterFixed[int32](s, off, x, first)
	case types.PhysI64, types.PhysF64:
		scatterFixed[int64](s, off, x, first)
	case types.PhysNum:
		scatterFixed[types.Num](s, off, x, first)
	case types.PhysView:
		return s.scatterViews(off, x, first)
	case types.PhysList, types.PhysStruct:
		return s.scatterBlobs(off, x, first)
	default:
		scatterFixed[types.Int128](s, off, x, first)
	}
	return nil
}

func (s *Store) scatterNulls(c int, x source, first uint32) {
	p, bit := unsafe.Add(s.at(first), c>>3), byte(1)<<(c&7)
	for k := range x.n {
		if x.v.IsNull(x.slot(k)) {
			*(*byte)(p) |= bit
		}
		p = unsafe.Add(p, s.L.width)
	}
}

func scatterFixed[T page.Fixed](s *Store, off uintptr, x source, first uint32) {
	p, w := unsafe.Add(s.at(first), off), s.L.width
	switch x.v.Enc() {
	case page.Const:
		one := page.Values[T](x.v)[0]
		for range x.n {
			*(*T)(p) = one
			p = unsafe.Add(p, w)
		}
	case page.Dict:
		vals, codes := page.Values[T](x.v.Dictionary().Values), x.v.Codes()
		if len(vals) == 0 {
			return // all null
		}
		for k := range x.n {
			*(*T)(p) = vals[codes[x.slot(k)]]
			p = unsafe.Add(p, w)
		}
	default:
		vals := page.Values[T](x.v)
		if x.sel == nil {
			putFixed(s, off, first, vals[x.from:x.from+x.n])
			return
		}
		for _, i := range x.sel {
			*(*T)(p) = vals[i]
			p = unsafe.Add(p, w)
		}
	}
}

func (s *Store) scatterViews(off uintptr, x source, first uint32) error {
	p, w := unsafe.Add(s.at(first), off), s.L.width
	src, codes := x.v.Slot0()
	isConst := x.v.Enc() == page.Const
	views, heap := src.Views(), src.Heap()
	for k := range x.n {
		i := x.slot(k)
		if x.v.IsNull(i) {
			*(*page.View)(p) = page.View{}
			p = unsafe.Add(p, w)
			continue
		}
		switch {
		case isConst:
			i = 0
		case codes:
			i = int(x.v.Codes()[i])
		}
		view := views[i]
		if view.Len > page.InlineMax {
			id, at, err := s.put(views[i].Bytes(heap))
			if err != nil {
				return err
			}
			view.Buf, view.Off = id, at
		}
		*(*page.View)(p) = view
		p = unsafe.Add(p, w)
	}
	return nil
}

// scatterBlobs writes nested values. A blob lies in the heap whatever its length.
func (s *Store) scatterBlobs(off uintptr, x source, first uint32) error {
	p, w := unsafe.Add(s.at(first), off), s.L.width
	var blob []byte
	for k := range x.n {
		i := x.slot(k)
		view := page.View{}
		if !x.v.IsNull(i) {
			flat, j := x.v.Slot(i)
			blob = appendBlob(blob[:0], flat, j)
			id, at, err := s.put(blob)
			if err != nil {
				return err
			}
			view = page.View{Len: int32(len(blob)), Buf: id, Off: at}
		}
		*(*page.View)(p) = view
		p = unsafe.Add(p, w)
	}
	return nil
}
