package page

import "github.com/muster-sql/muster/connectors/spi/types"

// Gather returns a vector of len(sel) slots that holds slots sel of v, in that
// order (which need not ascend). Dictionaries and constants stay what they
// are; long strings are copied into one compact buffer. The result owns its memory.
func (v *Vector) Gather(sel []int32, pool Pool) (*Vector, error) {
	if err := v.Load(nil); err != nil {
		return nil, err
	}
	switch v.enc {
	case Const:
		w := newVector(v.Type, Const, len(sel))
		w.valid, w.data, w.heap, w.offs, w.kids = v.valid, v.data, v.heap, v.offs, v.kids
		w.deps = []*Vector{v.Retain()}
		return w, nil
	case Dict:
		return v.gatherDict(sel, pool)
	}
	out := newVector(v.Type, Flat, len(sel))
	if err := out.gatherFlat(v, sel, pool); err != nil {
		out.Release()
		return nil, err
	}
	return out, nil
}

func (v *Vector) gatherDict(sel []int32, pool Pool) (*Vector, error) {
	buf, err := pool.Alloc(4 * len(sel))
	if err != nil {
		return nil, err
	}
	out := newVector(v.Type, Dict, len(sel))
	out.bufs, out.data, out.dict = []*Buffer{buf}, buf.Data, v.dict.Retain()
	gather(SliceOf[int32](buf.Data), SliceOf[int32](v.data), sel)
	if err := out.gatherValid(v, sel, pool); err != nil {
		out.Release()
		return nil, err
	}
	return out, nil
}

func (v *Vector) gatherValid(src *Vector, sel []int32, pool Pool) error {
	if src.valid == nil {
		return nil
	}
	buf, err := v.alloc(pool, BitmapBytes(len(sel)))
	if err != nil {
		return err
	}
	clear(buf)
	nulls := 0
	for i, s := range sel {
		bit := src.valid[s>>3] >> (s & 7) & 1
		buf[i>>3] |= bit << (i & 7)
		nulls += int(1 - bit)
	}
	if nulls > 0 {
		v.valid = buf
	}
	return nil
}

func (v *Vector) alloc(pool Pool, n int) ([]byte, error) {
	b, err := pool.Alloc(n)
	if err != nil {
		return nil, err
	}
	v.bufs = append(v.bufs, b)
	return b.Data, nil
}

func (v *Vector) gatherFlat(src *Vector, sel []int32, pool Pool) error {
	if err := v.gatherValid(src, sel, pool); err != nil {
		return err
	}
	phys := v.Type.Phys()
	switch phys {
	case types.PhysList:
		return v.gatherList(src, sel, pool)
	case types.PhysStruct:
		for _, k := range src.kids {
			g, err := k.Gather(sel, pool)
			if err != nil {
				return err
			}
			v.kids = append(v.kids, g)
		}
		return nil
	}
	data, err := v.alloc(pool, phys.Size()*len(sel))
	if err != nil {
		return err
	}
	v.data = data
	switch phys.Size() {
	case 1:
		gather(data, src.data, sel)
	case 2:
		gather(SliceOf[int16](data), SliceOf[int16](src.data), sel)
	case 4:
		gather(SliceOf[int32](data), SliceOf[int32](src.data), sel)
	case 8:
		gather(SliceOf[int64](data), SliceOf[int64](src.data), sel)
	case 24:
		gather(SliceOf[types.Num](data), SliceOf[types.Num](src.data), sel)
	default:
		if phys == types.PhysView {
			return v.gatherViews(src, sel, pool)
		}
		gather(SliceOf[types.Int128](data), SliceOf[types.Int128](src.data), sel)
	}
	return nil
}

func gather[T any](dst, src []T, sel []int32) {
	dst = dst[:len(sel)]
	for i, s := range sel {
		dst[i] = src[s]
	}
}

// gatherViews copies the long strings of the selected, non-null slots.
func (v *Vector) gatherViews(src *Vector, sel []int32, pool Pool) error {
	dst, from := SliceOf[View](v.data), SliceOf[View](src.data)
	long := 0
	for i, s := range sel {
		if v.valid != nil && !BitGet(v.valid, i) {
			dst[i] = View{}
			continue
		}
		dst[i] = from[s]
		if from[s].Len > InlineMax {
			long += int(from[s].Len)
		}
	}
	if long == 0 {
		return nil
	}
	heap, err := v.alloc(pool, long)
	if err != nil {
		return err
	}
	off := 0
	for i := range dst {
		if dst[i].Len > InlineMax {
			n := copy(heap[off:], dst[i].Bytes(src.heap))
			dst[i].Buf, dst[i].Off = 0, int32(off)
			off += n
		}
	}
	v.heap = [][]byte{heap}
	return nil
}

func (v *Vector) gatherList(src *Vector, sel []int32, pool Pool) error {
	raw, err := v.alloc(pool, 4*(len(sel)+1))
	if err != nil {
		return err
	}
	v.offs = SliceOf[int32](raw)
	v.offs[0] = 0
	var inner []int32
	for i, s := range sel {
		if v.valid == nil || BitGet(v.valid, i) {
			for j := src.offs[s]; j < src.offs[s+1]; j++ {
				inner = append(inner, j)
			}
		}
		v.offs[i+1] = int32(len(inner))
	}
	for _, k := range src.kids {
		g, err := k.Gather(inner, pool)
		if err != nil {
			return err
		}
		v.kids = append(v.kids, g)
	}
	return nil
}

// Flatten returns a flat vector with the same slots as v. A flat v is
// returned with one more reference; a dictionary's strings are shared, not copied.
func (v *Vector) Flatten(pool Pool) (*Vector, error) {
	if err := v.Load(nil); err != nil {
		return nil, err
	}
	if v.enc == Flat {
		return v.Retain(), nil
	}
	src, idx := v, make([]int32, v.n) // Const: all zero
	if v.enc == Dict {
		src, idx = v.dict.Values, v.Codes()
	}
	out := newVector(v.Type, Flat, v.n)
	var err error
	switch v.Type.Phys() {
	case types.PhysView:
		err = out.flattenViews(src, idx, pool)
	case types.PhysList, types.PhysStruct:
		err = out.gatherFlat(src, idx, pool)
	default:
		err = out.gatherFlat(src, idx, pool)
	}
	if err == nil && v.enc == Dict && v.valid != nil {
		out.valid, err = out.alloc(pool, len(v.valid))
		copy(out.valid, v.valid)
	}
	if err != nil {
		out.Release()
		return nil, err
	}
	return out, nil
}

// flattenViews copies views only; the strings stay with v's source, kept alive by a reference.
func (v *Vector) flattenViews(src *Vector, idx []int32, pool Pool) error {
	if err := v.gatherValid(src, idx, pool); err != nil {
		return err
	}
	data, err := v.alloc(pool, 16*len(idx))
	if err != nil {
		return err
	}
	v.data = data
	gather(SliceOf[View](data), SliceOf[View](src.data), idx)
	v.heap = src.heap
	v.deps = append(v.deps, src.Retain())
	return nil
}
