package page

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"github.com/muster-sql/muster/connectors/spi/types"
)

// Encoding says how a vector stores its slots.
type Encoding uint8

// The encodings. Flat: one value a slot. Dict: an int32 code a slot into a
// shared dictionary of non-null values; nulls are in the vector's own bitmap.
// Const: one value for all slots. Lazy: nothing yet; Load decodes it.
const (
	Flat Encoding = iota
	Dict
	Const
	Lazy
)

// Vector is a column of n slots. It is immutable once it is in a page, counted
// by reference, and released with its pages. Offsets are always 0: slot i of a
// flat vector is element i of its buffers. A boolean takes one byte.
type Vector struct {
	Type types.Type
	enc  Encoding
	n    int
	refs atomic.Int32

	valid []byte      // Arrow validity bitmap, bit set = not null; nil: no nulls
	data  []byte      // Flat, Const: values or views; Dict: int32 codes
	heap  [][]byte    // bytes that views refer to
	offs  []int32     // list kinds: n+1 offsets into the children
	kids  []*Vector   // children of nested kinds, always flat or dict or const, n from offs
	dict  *Dictionary // Dict
	load  Loader      // Lazy
	bufs  []*Buffer   // memory owned by the vector
	deps  []*Vector   // vectors whose memory this one refers to
}

// Loader decodes a lazy column. Load is called at most once, on the goroutine
// that owns the page, with the selection at first touch (nil: all slots). Slots
// outside of the selection may hold anything. Drop is called instead when
// nobody touched the column.
type Loader interface {
	Load(sel []int32) (*Vector, error)
	Drop()
}

// Dictionary is the shared, immutable set of values of Dict vectors. ID tells
// two dictionaries apart for the length of a process; values are never null.
type Dictionary struct {
	ID     uint64
	Values *Vector // flat
	refs   atomic.Int32
}

var dictionaryIDs atomic.Uint64

// NewDictionary takes ownership of values, a flat vector without nulls.
func NewDictionary(values *Vector) *Dictionary {
	d := &Dictionary{ID: dictionaryIDs.Add(1), Values: values}
	d.refs.Store(1)
	return d
}

// Retain adds a reference.
func (d *Dictionary) Retain() *Dictionary { d.refs.Add(1); return d }

// Release drops a reference; the last one releases the values.
func (d *Dictionary) Release() {
	if n := d.refs.Add(-1); n == 0 {
		d.Values.Release()
	} else if n < 0 {
		panic("BUG: dictionary released twice")
	}
}

// Parts are the raw contents of a vector, for code that makes or ships them.
type Parts struct {
	Type  types.Type
	N     int
	Valid []byte
	Data  []byte
	Heap  [][]byte
	Offs  []int32
	Kids  []*Vector
	Bufs  []*Buffer // ownership passes to the vector
	Deps  []*Vector // ownership of these references passes to the vector
}

func newVector(t types.Type, enc Encoding, n int) *Vector {
	v := &Vector{Type: t, enc: enc, n: n}
	v.refs.Store(1)
	return v
}

// MakeFlat returns a flat vector of p; slices must be as long as Type and N ask.
func MakeFlat(p Parts) *Vector {
	v := newVector(p.Type, Flat, p.N)
	v.valid, v.data, v.heap, v.offs, v.kids, v.bufs, v.deps = p.Valid, p.Data, p.Heap, p.Offs, p.Kids, p.Bufs, p.Deps
	return v
}

// MakeConst returns a vector of n slots that all hold slot 0 of one, which
// must be flat with one slot and whose reference passes to the vector.
func MakeConst(one *Vector, n int) *Vector {
	v := newVector(one.Type, Const, n)
	v.valid, v.data, v.heap, v.offs, v.kids = one.valid, one.data, one.heap, one.offs, one.kids
	v.deps = []*Vector{one}
	return v
}

// MakeDict returns a vector of n codes into d. It takes over the reference to
// d and the buffers; codes of null slots must be in range too.
func MakeDict(d *Dictionary, codes []int32, valid []byte, bufs ...*Buffer) *Vector {
	v := newVector(d.Values.Type, Dict, len(codes))
	v.dict, v.valid, v.bufs = d, valid, bufs
	v.data = BytesOf(codes)
	return v
}

// MakeLazy returns a vector of n slots that l decodes at first touch.
func MakeLazy(t types.Type, n int, l Loader) *Vector {
	v := newVector(t, Lazy, n)
	v.load = l
	return v
}

// Retain adds a reference, for a column that stands in two pages.
func (v *Vector) Retain() *Vector { v.refs.Add(1); return v }

// Release drops a reference; the last one gives the memory back.
func (v *Vector) Release() {
	if v == nil {
		return
	}
	switch n := v.refs.Add(-1); {
	case n > 0:
		return
	case n < 0:
		panic("BUG: vector released twice")
	}
	for _, b := range v.bufs {
		b.Release()
	}
	for _, d := range v.deps {
		d.Release()
	}
	if v.enc != Const { // a constant's children belong to its dependency
		for _, k := range v.kids {
			k.Release()
		}
	}
	if v.dict != nil {
		v.dict.Release()
	}
	if v.load != nil {
		v.load.Drop()
	}
	v.bufs, v.deps, v.kids, v.dict, v.load, v.data, v.heap, v.valid, v.offs = nil, nil, nil, nil, nil, nil, nil, nil, nil
}

// Load decodes a lazy vector in place under sel; other vectors stay as they are.
func (v *Vector) Load(sel []int32) error {
	if v.enc != Lazy {
		return nil
	}
	l := v.load
	v.load = nil
	w, err := l.Load(sel)
	if err != nil {
		v.enc = Const // stays harmless: released, never read
		return err
	}
	if w.n != v.n || w.enc == Lazy {
		panic(fmt.Sprintf("BUG: lazy column of %d slots loaded %d", v.n, w.n))
	}
	v.enc, v.valid, v.data, v.heap, v.offs, v.kids, v.dict = w.enc, w.valid, w.data, w.heap, w.offs, w.kids, w.dict
	v.bufs, v.deps = w.bufs, w.deps
	w.bufs, w.deps, w.kids, w.dict = nil, nil, nil, nil // ownership moved
	return nil
}

// Enc returns the encoding, Len the number of slots.
func (v *Vector) Enc() Encoding { return v.enc }

// Len returns the number of slots.
func (v *Vector) Len() int { return v.n }

// Valid returns the validity bitmap: nil when no slot is null. For Const it
// describes slot 0 only.
func (v *Vector) Valid() []byte { return v.valid }

// Raw returns the value bytes: values or views (Flat, Const), codes (Dict).
func (v *Vector) Raw() []byte { return v.data }

// Heap returns the byte buffers that string views refer to.
func (v *Vector) Heap() [][]byte { return v.heap }

// Offsets returns the n+1 list offsets (two for Const).
func (v *Vector) Offsets() []int32 { return v.offs }

// Children returns the children of a nested vector.
func (v *Vector) Children() []*Vector { return v.kids }

// Dictionary returns the dictionary of a Dict vector.
func (v *Vector) Dictionary() *Dictionary { return v.dict }

// Codes returns the codes of a Dict vector.
func (v *Vector) Codes() []int32 { return SliceOf[int32](v.data) }

// MayHaveNulls reports whether some slot may be null.
func (v *Vector) MayHaveNulls() bool { return v.valid != nil }

// IsNull reports whether slot i is null, in any loaded encoding.
func (v *Vector) IsNull(i int) bool {
	if v.valid == nil {
		return false
	}
	if v.enc == Const {
		i = 0
	}
	return v.valid[i>>3]&(1<<(i&7)) == 0
}

// Slot resolves slot i to the flat vector that stores it and the place there.
// A null slot of a Dict vector resolves to some valid value: ask IsNull first.
func (v *Vector) Slot(i int) (*Vector, int) {
	switch v.enc {
	case Const:
		return v, 0
	case Dict:
		return v.dict.Values, int(SliceOf[int32](v.data)[i])
	default:
		return v, i
	}
}

// Fixed are the Go types of fixed-width layouts.
type Fixed interface {
	~uint8 | ~int16 | ~int32 | ~uint32 | ~int64 | ~uint64 | ~float32 | ~float64 |
		types.Int128 | types.Num | types.IntervalValue | types.TimeTZValue | [16]byte | View
}

// Values returns the values of a flat vector (n of them) or a constant (one).
func Values[T Fixed](v *Vector) []T { return SliceOf[T](v.data) }

// SliceOf sees bytes as values. The bytes must be aligned, as buffers of pools are.
func SliceOf[T Fixed](b []byte) []T {
	if len(b) == 0 {
		return nil
	}
	var t T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(t)))
}

// BytesOf sees values as bytes.
func BytesOf[T Fixed](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	var t T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(t)))
}

// Get returns the value of slot i in any loaded encoding; for paths where a
// call a value does not matter.
func Get[T Fixed](v *Vector, i int) T {
	b, j := v.Slot(i)
	return SliceOf[T](b.data)[j]
}

// Bytes returns the bytes held, shared ones included: values, heap, children.
func (v *Vector) Bytes() int {
	n := len(v.valid) + len(v.data) + 4*len(v.offs)
	for _, h := range v.heap {
		n += len(h)
	}
	for _, k := range v.kids {
		n += k.Bytes()
	}
	return n
}
