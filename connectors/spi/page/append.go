package page

import (
	"unsafe"

	"github.com/muster-sql/muster/connectors/spi/types"
)

// Bytes returns the bytes of the values appended so far.
func (b *Builder) Bytes() int {
	n := b.n*b.phys.Size() + b.used
	for _, h := range b.heap[:max(len(b.heap)-1, 0)] {
		n += len(h.Data)
	}
	for _, k := range b.kids {
		n += k.Bytes()
	}
	return n
}

// AppendAll appends slots sel of v, or its first n slots when sel is nil, a
// column at a time. v is loaded and of b's layout.
func (b *Builder) AppendAll(v *Vector, sel []int32, n int) {
	switch b.phys.Size() {
	case 1:
		appendFixed[uint8](b, v, sel, n)
	case 2:
		appendFixed[int16](b, v, sel, n)
	case 4:
		appendFixed[int32](b, v, sel, n)
	case 8:
		appendFixed[int64](b, v, sel, n)
	case 24:
		appendFixed[types.Num](b, v, sel, n)
	case 16:
		if b.phys == types.PhysView {
			b.appendViews(v, sel, n)
		} else {
			appendFixed[types.Int128](b, v, sel, n)
		}
	default:
		for i := range n {
			if sel != nil {
				i = int(sel[i])
			}
			b.AppendFrom(v, i)
		}
	}
}

func appendFixed[T Fixed](b *Builder, v *Vector, sel []int32, n int) {
	var z T
	size := int(unsafe.Sizeof(z))
	if !b.grow(&b.data, (b.n+n)*size) {
		return
	}
	spread(SliceOf[T](b.data.Data)[b.n:b.n+n], v, sel)
	b.markAll(v, sel, n)
}

// spread copies the selected values of any encoding to dst.
func spread[T Fixed](dst []T, v *Vector, sel []int32) {
	switch v.enc {
	case Const:
		x := SliceOf[T](v.data)[0]
		for i := range dst {
			dst[i] = x
		}
	case Dict:
		vals, codes := SliceOf[T](v.dict.Values.data), v.Codes()
		for i := range dst {
			s := i
			if sel != nil {
				s = int(sel[i])
			}
			dst[i] = vals[codes[s]]
		}
	default:
		src := SliceOf[T](v.data)
		if sel == nil {
			copy(dst, src)
		} else {
			gather(dst, src, sel[:len(dst)])
		}
	}
}

// markAll records the validity of n slots whose values have been written.
func (b *Builder) markAll(v *Vector, sel []int32, n int) {
	if v.valid == nil && b.valid == nil {
		b.n += n
		return
	}
	old := 0
	if b.valid != nil {
		old = len(b.valid.Data)
	}
	if !b.grow(&b.valid, BitmapBytes(b.n+n)) {
		return
	}
	if old == 0 {
		clear(b.valid.Data)
		BitFill(b.valid.Data, b.n)
	}
	if appendBits(b.valid.Data, b.n, v, sel, n) {
		b.nulls++
	}
	b.n += n
}

func (b *Builder) appendViews(v *Vector, sel []int32, n int) {
	if !b.grow(&b.data, (b.n+n)*16) {
		return
	}
	dst := SliceOf[View](b.data.Data)[b.n : b.n+n]
	spread(dst, v, sel)
	src, _ := v.Slot0()
	for i := range dst {
		if dst[i].Len <= InlineMax {
			continue
		}
		s := i
		if sel != nil {
			s = int(sel[i])
		}
		if v.IsNull(s) {
			dst[i] = View{}
			continue
		}
		str := dst[i].Bytes(src.heap)
		buf, off, ok := b.store(str)
		if !ok {
			return
		}
		dst[i].Buf, dst[i].Off = buf, off
	}
	b.markAll(v, sel, n)
}
