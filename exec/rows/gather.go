package rows

import (
	"unsafe"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Want says which rows Gather takes and where it puts them: row IDs[k] goes to
// slot Slots[k] (nil: slot k) of a vector of N slots.
type Want struct {
	IDs   []uint32
	Slots []int32
	N     int
}

// All returns the Want of ids in their order.
func All(ids []uint32) Want { return Want{IDs: ids, N: len(ids)} }

// Gather returns column col of the wanted rows; None gives NULL. Strings stay
// in the store's heap, which the vector keeps alive. Slots that were not
// wanted hold anything.
func (s *Store) Gather(col int, w Want, pool page.Pool) (*page.Vector, error) {
	t, off := s.L.Types[col], s.L.offs[col]
	var v *page.Vector
	var err error
	switch s.L.phys[col] {
	case types.PhysBool:
		v, err = gatherFixed[uint8](s, t, off, w, pool)
	case types.PhysI16:
		v, err = gatherFixed[int16](s, t, off, w, pool)
	case types.PhysI32, types.PhysU32, types.PhysF32:
		v, err = gatherFixed[int32](s, t, off, w, pool)
	case types.PhysI64, types.PhysF64:
		v, err = gatherFixed[int64](s, t, off, w, pool)
	case types.PhysNum:
		v, err = gatherFixed[types.Num](s, t, off, w, pool)
	case types.PhysView:
		v, err = s.gatherViews(t, off, w, pool)
	case types.PhysList, types.PhysStruct:
		return s.gatherBlobs(col, w, pool)
	default:
		v, err = gatherFixed[types.Int128](s, t, off, w, pool)
	}
	if err != nil {
		return nil, err
	}
	if err := s.gatherNulls(v, col, w, pool); err != nil {
		v.Release()
		return nil, err
	}
	return v, nil
}

func gatherFixed[T page.Fixed](s *Store, t types.Type, off uintptr, w Want, pool page.Pool) (*page.Vector, error) {
	v, out, err := page.NewFixed[T](t, w.N, pool)
	if err != nil {
		return nil, err
	}
	base, shift, mask, width := s.base, s.shift, s.mask, s.L.width
	if w.Slots == nil {
		out = out[:len(w.IDs)]
		for k, id := range w.IDs {
			if id == None {
				var zero T
				out[k] = zero
				continue
			}
			out[k] = *(*T)(unsafe.Add(base[id>>shift], uintptr(id&mask)*width+off))
		}
		return v, nil
	}
	for k, id := range w.IDs {
		if id != None {
			out[w.Slots[k]] = *(*T)(unsafe.Add(base[id>>shift], uintptr(id&mask)*width+off))
		}
	}
	return v, nil
}

func (s *Store) gatherViews(t types.Type, off uintptr, w Want, pool page.Pool) (*page.Vector, error) {
	buf, err := pool.Alloc(16 * w.N)
	if err != nil {
		return nil, err
	}
	out := page.SliceOf[page.View](buf.Data)
	long := false
	for k, id := range w.IDs {
		i := k
		if w.Slots != nil {
			i = int(w.Slots[k])
		}
		if id == None {
			out[i] = page.View{}
			continue
		}
		x := (*page.View)(unsafe.Add(s.at(id), off))
		out[i] = *x
		long = long || x.Len > page.InlineMax
	}
	p := page.Parts{Type: t, N: w.N, Data: buf.Data, Bufs: []*page.Buffer{buf}}
	if long {
		p.Heap, p.Deps = *s.heap.segs.Load(), []*page.Vector{s.heap.share()}
	}
	return page.MakeFlat(p), nil
}

func (s *Store) gatherBlobs(col int, w Want, pool page.Pool) (*page.Vector, error) {
	t, off := s.L.Types[col], s.L.offs[col]
	b := page.NewBuilder(t, w.N, pool)
	segs := *s.heap.segs.Load()
	for k, id := range w.IDs {
		if w.Slots != nil {
			for b.Len() < int(w.Slots[k]) {
				b.AppendNull()
			}
		}
		if id == None || s.IsNull(id, col) {
			b.AppendNull()
			continue
		}
		readBlob(b, t, s.blob(id, off, segs))
	}
	for b.Len() < w.N {
		b.AppendNull()
	}
	return b.Finish()
}

func (s *Store) blob(id uint32, off uintptr, segs [][]byte) []byte {
	x := (*page.View)(unsafe.Add(s.at(id), off))
	if x.Len == 0 {
		return nil
	}
	return segs[x.Buf][x.Off : x.Off+x.Len]
}

// gatherNulls sets the nulls of v, if there are any.
func (s *Store) gatherNulls(v *page.Vector, col int, w Want, pool page.Pool) error {
	at, bit := uintptr(col>>3), byte(1)<<(col&7)
	base, shift, mask, width := s.base, s.shift, s.mask, s.L.width
	any := false
	for _, id := range w.IDs {
		if id == None || *(*byte)(unsafe.Add(base[id>>shift], uintptr(id&mask)*width+at))&bit != 0 {
			any = true
			break
		}
	}
	if !any {
		return nil
	}
	valid, err := v.NewValid(page.AllValid, pool)
	if err != nil {
		return err
	}
	for k, id := range w.IDs {
		if id == None || *(*byte)(unsafe.Add(base[id>>shift], uintptr(id&mask)*width+at))&bit != 0 {
			i := k
			if w.Slots != nil {
				i = int(w.Slots[k])
			}
			page.BitClear(valid, i)
		}
	}
	return nil
}

// Page gathers all columns of the rows ids.
func (s *Store) Page(ids []uint32, pool page.Pool) (*page.Page, error) {
	p := &page.Page{Rows: len(ids), Cols: make([]*page.Vector, 0, len(s.L.Types))}
	for c := range s.L.Types {
		v, err := s.Gather(c, All(ids), pool)
		if err != nil {
			p.Release()
			return nil, err
		}
		p.Cols = append(p.Cols, v)
	}
	return p, nil
}

// Value returns a column of a row as a single value.
func (s *Store) Value(id uint32, col int) types.Value {
	if s.IsNull(id, col) {
		return types.NullValue
	}
	v, err := s.Gather(col, All([]uint32{id}), page.Unaccounted{})
	if err != nil {
		return types.NullValue // only for want of memory, which Unaccounted has
	}
	defer v.Release()
	return v.Value(0)
}
