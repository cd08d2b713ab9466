package agg

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// intTable numbers the values of one integer-like column. A slot holds the
// value and its group plus one, so that a hit touches one cache line.
type intTable struct {
	typ   types.Type
	pool  page.Pool
	buf   *page.Buffer
	slots []types.Int128 // Lo: value, Hi: group+1, 0 free
	mask  uint64
	vbuf  *page.Buffer
	vals  []int64 // by group
	n     int
	null  int32 // group of NULL, -1: none
}

func newIntTable(t types.Type, pool page.Pool) *intTable {
	return &intTable{typ: t, pool: pool, null: -1}
}

func (t *intTable) groups() int { return t.n }

func (t *intTable) hash(group int32) uint64 {
	if group == t.null {
		return types.HashNull
	}
	return types.HashInt64(t.vals[group])
}

func (t *intTable) bytes() int { return 16*len(t.slots) + 8*len(t.vals) }

func (t *intTable) need(_ []*page.Vector, n int, sel []int32) int {
	if sel != nil {
		n = len(sel)
	}
	need := growth(len(t.slots), t.n+n, 16)
	if t.n+n+batch > len(t.vals) {
		need += page.BufferSize(8 * 2 * (t.n + n + batch))
	}
	return need
}

// reserve makes room for a batch of new groups.
func (t *intTable) reserve() error {
	if t.n+batch > len(t.vals) {
		buf, err := t.pool.Alloc(8 * max(2*len(t.vals), 2*batch))
		if err != nil {
			return err
		}
		vals := page.SliceOf[int64](buf.Data)
		copy(vals, t.vals[:t.n])
		t.vbuf.Release()
		t.vbuf, t.vals = buf, vals
	}
	want := slotsFor(t.n + batch)
	if want <= len(t.slots) {
		return nil
	}
	buf, err := t.pool.Alloc(16 * want)
	if err != nil {
		return err
	}
	slots := page.SliceOf[types.Int128](buf.Data)
	clear(slots)
	mask := uint64(want - 1)
	for g, v := range t.vals[:t.n] {
		if int32(g) == t.null {
			continue
		}
		i := types.HashInt64(v) & mask
		for slots[i].Hi != 0 {
			i = (i + 1) & mask
		}
		slots[i] = types.Int128{Lo: uint64(v), Hi: int64(g) + 1}
	}
	t.buf.Release()
	t.buf, t.slots, t.mask = buf, slots, mask
	return nil
}

func (t *intTable) find(keys []*page.Vector, n int, sel []int32, out []int32) error {
	count := n
	if sel != nil {
		count = len(sel)
	}
	for from := 0; from < count; from += batch {
		if err := t.reserve(); err != nil {
			return err
		}
		part := min(batch, count-from)
		x := span{from: from, n: part}
		if sel != nil {
			x.sel = sel[from : from+part]
		}
		v, o := keys[0], out[from:from+part]
		switch v.Type.Phys() {
		case types.PhysBool:
			findInts[uint8](t, v, x, o)
		case types.PhysI16:
			findInts[int16](t, v, x, o)
		case types.PhysI32:
			findInts[int32](t, v, x, o)
		case types.PhysU32:
			findInts[uint32](t, v, x, o)
		default:
			findInts[int64](t, v, x, o)
		}
	}
	return nil
}

// span is a part of a page's rows: of its selection, or from..from+n.
type span struct {
	sel     []int32
	from, n int
}

func (x span) slot(k int) int {
	if x.sel != nil {
		return int(x.sel[k])
	}
	return x.from + k
}

func findInts[T uint8 | int16 | int32 | uint32 | int64](t *intTable, v *page.Vector, x span, out []int32) {
	if v.Enc() != page.Flat || v.Valid() != nil {
		for k := range out {
			i := x.slot(k)
			if v.IsNull(i) {
				out[k] = t.nullGroup()
			} else {
				flat, j := v.Slot(i)
				out[k] = t.group(int64(page.Values[T](flat)[j]))
			}
		}
		return
	}
	vals := page.Values[T](v)
	if x.sel == nil {
		for k, val := range vals[x.from : x.from+x.n] {
			out[k] = t.group(int64(val))
		}
		return
	}
	for k, i := range x.sel {
		out[k] = t.group(int64(vals[i]))
	}
}

// group returns the group of a value; there is room for a new one.
func (t *intTable) group(v int64) int32 {
	i := types.HashInt64(v) & t.mask
	for {
		s := t.slots[i]
		if s.Hi == 0 {
			return t.claim(i, v)
		}
		if s.Lo == uint64(v) {
			return int32(s.Hi) - 1
		}
		i = (i + 1) & t.mask
	}
}

func (t *intTable) claim(i uint64, v int64) int32 {
	g := t.n
	t.n++
	t.vals[g] = v
	t.slots[i] = types.Int128{Lo: uint64(v), Hi: int64(g) + 1}
	return int32(g)
}

func (t *intTable) nullGroup() int32 {
	if t.null < 0 {
		t.null = int32(t.n)
		t.vals[t.n] = 0
		t.n++
	}
	return t.null
}

func (t *intTable) keys(ids []uint32, pool page.Pool) ([]*page.Vector, error) {
	var v *page.Vector
	var err error
	switch t.typ.Phys() {
	case types.PhysBool:
		v, err = gatherInts[uint8](t, ids, pool)
	case types.PhysI16:
		v, err = gatherInts[int16](t, ids, pool)
	case types.PhysI32:
		v, err = gatherInts[int32](t, ids, pool)
	case types.PhysU32:
		v, err = gatherInts[uint32](t, ids, pool)
	default:
		v, err = gatherInts[int64](t, ids, pool)
	}
	if err != nil {
		return nil, err
	}
	if t.null < 0 {
		return []*page.Vector{v}, nil
	}
	var valid []byte
	for k, id := range ids { // a group may be asked for more than once
		if int32(id) != t.null {
			continue
		}
		if valid == nil {
			if valid, err = v.NewValid(page.AllValid, pool); err != nil {
				v.Release()
				return nil, err
			}
		}
		page.BitClear(valid, k)
	}
	return []*page.Vector{v}, nil
}

func gatherInts[T uint8 | int16 | int32 | uint32 | int64](t *intTable, ids []uint32, pool page.Pool) (*page.Vector, error) {
	v, out, err := page.NewFixed[T](t.typ, len(ids), pool)
	if err != nil {
		return nil, err
	}
	for k, id := range ids {
		out[k] = T(t.vals[id])
	}
	return v, nil
}

func (t *intTable) reset() {
	t.buf.Release()
	t.vbuf.Release()
	*t = intTable{typ: t.typ, pool: t.pool, null: -1}
}
