package page

import (
	"math"
	"unsafe"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Builder appends values one by one into a flat vector. It grows by doubling
// from the pool. Hot loops fill buffers directly (NewFixed); a builder is for
// the rest: literals, nested values, rows of databases. Not safe for
// concurrent use. After an error (53200) only Release may follow.
type Builder struct {
	Type  types.Type
	pool  Pool
	phys  types.Phys
	n     int
	nulls int
	valid *Buffer
	data  *Buffer
	offs  *Buffer
	heap  []*Buffer // the last one is filled
	used  int       // bytes of the last heap buffer
	kids  []*Builder
	err   error
}

// NewBuilder returns a builder of t with room for rows values.
func NewBuilder(t types.Type, rows int, pool Pool) *Builder {
	b := &Builder{Type: t, pool: pool, phys: t.Phys()}
	rows = max(rows, 16)
	for _, k := range t.Children() {
		b.kids = append(b.kids, NewBuilder(k, rows, pool))
	}
	if b.phys.Size() > 0 {
		b.grow(&b.data, rows*b.phys.Size())
	}
	if b.phys == types.PhysList {
		b.grow(&b.offs, 4*(rows+1))
		if b.err == nil {
			SliceOf[int32](b.offs.Data)[0] = 0
		}
	}
	return b
}

// Len returns the number of values appended; Err the first failure.
func (b *Builder) Len() int { return b.n }

// Err returns the first failure to get memory, or nil.
func (b *Builder) Err() error {
	if b.err != nil {
		return b.err
	}
	for _, k := range b.kids {
		if err := k.Err(); err != nil {
			return err
		}
	}
	return nil
}

// Child returns the i-th child builder: append the elements there, then call
// EndList (list kinds) or EndStruct.
func (b *Builder) Child(i int) *Builder { return b.kids[i] }

func (b *Builder) grow(buf **Buffer, need int) bool {
	if b.err != nil {
		return false
	}
	if *buf != nil && len((*buf).raw) >= need {
		(*buf).Data = (*buf).raw[:need]
		return true
	}
	size := need
	if *buf != nil {
		size = max(need, 2*len((*buf).raw))
	}
	nb, err := b.pool.Alloc(size)
	if err != nil {
		b.err = err
		return false
	}
	if *buf != nil {
		copy(nb.raw, (*buf).Data)
		(*buf).Release()
	}
	nb.Data = nb.raw[:need]
	*buf = nb
	return true
}

// mark records the validity of the value about to be appended and counts it.
func (b *Builder) mark(valid bool) {
	if valid && b.valid == nil {
		b.n++
		return
	}
	old := 0
	if b.valid != nil {
		old = len(b.valid.Data)
	}
	need := BitmapBytes(b.n + 1)
	if need > old && !b.grow(&b.valid, need) {
		return
	}
	bits := b.valid.Data
	if old == 0 {
		clear(bits)
		BitFill(bits, b.n)
	} else if need > old {
		bits[need-1] = 0
	}
	if valid {
		BitSet(bits, b.n)
	} else {
		BitClear(bits, b.n)
		b.nulls++
	}
	b.n++
}

// AppendNull appends NULL; children of rows get NULL too.
func (b *Builder) AppendNull() {
	switch b.phys {
	case types.PhysList:
		b.endOffsets()
	case types.PhysStruct:
		for _, k := range b.kids {
			k.AppendNull()
		}
	default:
		sz := b.phys.Size()
		if !b.grow(&b.data, (b.n+1)*sz) {
			return
		}
		clear(b.data.Data[b.n*sz:])
	}
	b.mark(false)
}

// Append appends a fixed-width value of b's layout.
func Append[T Fixed](b *Builder, v T) {
	if !b.grow(&b.data, (b.n+1)*int(unsafe.Sizeof(v))) {
		return
	}
	SliceOf[T](b.data.Data)[b.n] = v
	b.mark(true)
}

// AppendBytes appends a string value; s is copied.
func (b *Builder) AppendBytes(s []byte) {
	if len(s) > math.MaxInt32 {
		b.err = sqlerr.New(sqlerr.ProgramLimit, "value is longer than 2147483647 bytes: %d", len(s))
		return
	}
	if !b.grow(&b.data, (b.n+1)*16) {
		return
	}
	v := Inline(s[:min(len(s), InlineMax)])
	if len(s) > InlineMax {
		buf, off, ok := b.store(s)
		if !ok {
			return
		}
		v = Refer(s, buf, off)
	}
	SliceOf[View](b.data.Data)[b.n] = v
	b.mark(true)
}

// AppendString appends a string value.
func (b *Builder) AppendString(s string) {
	b.AppendBytes(unsafe.Slice(unsafe.StringData(s), len(s)))
}

// AppendBool appends a boolean.
func (b *Builder) AppendBool(v bool) {
	var x uint8
	if v {
		x = 1
	}
	Append(b, x)
}

const heapMin = 4096

func (b *Builder) store(s []byte) (buf, off int32, ok bool) {
	if len(b.heap) == 0 || len(b.heap[len(b.heap)-1].Data)-b.used < len(s) {
		size := heapMin
		if len(b.heap) > 0 {
			size = min(2*len(b.heap[len(b.heap)-1].Data), 1<<20)
		}
		nb, err := b.pool.Alloc(max(size, len(s)))
		if err != nil {
			b.err = err
			return 0, 0, false
		}
		b.heap, b.used = append(b.heap, nb), 0
	}
	last := len(b.heap) - 1
	off = int32(b.used)
	b.used += copy(b.heap[last].Data[b.used:], s)
	return int32(last), off, true
}

func (b *Builder) endOffsets() {
	if b.grow(&b.offs, 4*(b.n+2)) {
		SliceOf[int32](b.offs.Data)[b.n+1] = int32(b.kids[0].n)
	}
}

// EndList closes a list value: what was appended to the children since the
// last one belongs to it.
func (b *Builder) EndList() { b.endOffsets(); b.mark(true) }

// EndStruct closes a row value: each child must have got one value.
func (b *Builder) EndStruct() { b.mark(true) }

// AppendFrom appends slot i of v, a loaded vector of the same layout.
func (b *Builder) AppendFrom(v *Vector, i int) {
	if v.IsNull(i) {
		b.AppendNull()
		return
	}
	s, j := v.Slot(i)
	switch b.phys {
	case types.PhysView:
		b.AppendBytes(SliceOf[View](s.data)[j].Bytes(s.heap))
	case types.PhysList:
		for e := s.offs[j]; e < s.offs[j+1]; e++ {
			for k, kid := range s.kids {
				b.kids[k].AppendFrom(kid, int(e))
			}
		}
		b.EndList()
	case types.PhysStruct:
		for k, kid := range s.kids {
			b.kids[k].AppendFrom(kid, j)
		}
		b.EndStruct()
	default:
		sz := b.phys.Size()
		if b.grow(&b.data, (b.n+1)*sz) {
			copy(b.data.Data[b.n*sz:], s.data[j*sz:(j+1)*sz])
			b.mark(true)
		}
	}
}

// Finish returns the vector and leaves the builder empty, as after Release.
func (b *Builder) Finish() (*Vector, error) {
	if err := b.Err(); err != nil {
		b.Release()
		return nil, err
	}
	v := newVector(b.Type, Flat, b.n)
	if b.data != nil {
		v.data, v.bufs = b.data.raw[:b.n*b.phys.Size()], append(v.bufs, b.data)
	}
	if b.nulls > 0 {
		v.valid = b.valid.Data
	}
	if b.valid != nil {
		v.bufs = append(v.bufs, b.valid)
	}
	if b.offs != nil {
		v.offs, v.bufs = SliceOf[int32](b.offs.raw[:4*(b.n+1)]), append(v.bufs, b.offs)
	}
	for _, h := range b.heap {
		v.heap, v.bufs = append(v.heap, h.Data), append(v.bufs, h)
	}
	for _, k := range b.kids {
		kv, err := k.Finish()
		if err != nil {
			v.Release()
			return nil, err
		}
		v.kids = append(v.kids, kv)
	}
	b.data, b.valid, b.offs, b.heap, b.n, b.nulls, b.used = nil, nil, nil, nil, 0, 0, 0
	return v, nil
}

// Release gives the memory back without making a vector.
func (b *Builder) Release() {
	for _, x := range append([]*Buffer{b.data, b.valid, b.offs}, b.heap...) {
		x.Release()
	}
	for _, k := range b.kids {
		k.Release()
	}
	b.data, b.valid, b.offs, b.heap, b.n, b.nulls, b.used = nil, nil, nil, nil, 0, 0, 0
}

// NewFixed returns a flat vector of n slots of a fixed-width or view layout,
// whose values are undefined, and those values to fill in. Call SetValid for nulls.
func NewFixed[T Fixed](t types.Type, n int, pool Pool) (*Vector, []T, error) {
	var z T
	buf, err := pool.Alloc(n * int(unsafe.Sizeof(z)))
	if err != nil {
		return nil, nil, err
	}
	v := newVector(t, Flat, n)
	v.bufs, v.data = append(v.bufs, buf), buf.Data
	return v, SliceOf[T](buf.Data), nil
}

// NewValid allocates a validity bitmap for v, all bits set when fill is, and
// returns it. Only the maker of v may call it, before v is in a page.
func (v *Vector) NewValid(fill Fill, pool Pool) ([]byte, error) {
	n := v.n
	if v.enc == Const {
		n = 1
	}
	bits, err := v.alloc(pool, BitmapBytes(n))
	if err != nil {
		return nil, err
	}
	clear(bits)
	if fill == AllValid {
		BitFill(bits, n)
	}
	v.valid = bits
	return bits, nil
}

// Fill is the initial state of a validity bitmap.
type Fill uint8

// The fills.
const (
	AllNull Fill = iota
	AllValid
)

// ShareValid makes v use the nulls of src, which must have the same slots and be
// flat or dict; src's memory is kept alive.
func (v *Vector) ShareValid(src *Vector) {
	if src.valid != nil {
		v.valid, v.deps = src.valid, append(v.deps, src.Retain())
	}
}

// DropValid forgets the bitmap, when it turned out that no slot is null.
func (v *Vector) DropValid() { v.valid = nil }

// SetHeap gives a view vector its string buffers; ownership passes.
func (v *Vector) SetHeap(bufs ...*Buffer) {
	for _, b := range bufs {
		v.heap, v.bufs = append(v.heap, b.Data), append(v.bufs, b)
	}
}

// ShareHeap makes v's views refer to src's strings, kept alive by a reference.
func (v *Vector) ShareHeap(src *Vector) {
	s, _ := src.Slot0()
	v.heap, v.deps = s.heap, append(v.deps, s.Retain())
}

// Depend keeps w, whose memory v refers to, alive as long as v; the reference passes.
func (v *Vector) Depend(w *Vector) { v.deps = append(v.deps, w) }

// Slot0 returns the flat vector that stores v's values: the dictionary's or v itself.
func (v *Vector) Slot0() (*Vector, bool) {
	if v.enc == Dict {
		return v.dict.Values, true
	}
	return v, false
}
