package parquet

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// lookup stores the values of codes, which are in range.
func lookup(dst []byte, d *page.Vector, codes []int32, heap *heapSet) {
	raw := d.Raw()
	if d.Type.Phys() == types.PhysView {
		lookupViews(page.SliceOf[page.View](dst), d, codes, heap)
		return
	}
	switch d.Type.Phys().Size() {
	case 1:
		take(dst, raw, codes)
	case 2:
		take(page.SliceOf[int16](dst), page.SliceOf[int16](raw), codes)
	case 4:
		take(page.SliceOf[int32](dst), page.SliceOf[int32](raw), codes)
	case 8:
		take(page.SliceOf[int64](dst), page.SliceOf[int64](raw), codes)
	case 24:
		take(page.SliceOf[types.Num](dst), page.SliceOf[types.Num](raw), codes)
	default:
		take(page.SliceOf[types.Int128](dst), page.SliceOf[types.Int128](raw), codes)
	}
}

func take[T any](dst, src []T, codes []int32) {
	for i, c := range codes {
		dst[i] = src[c]
	}
}

// lookupViews copies views and renumbers their buffers.
func lookupViews(dst []page.View, d *page.Vector, codes []int32, heap *heapSet) {
	src := d.Views()
	first := heap.share(d)
	for i, c := range codes {
		dst[i] = src[c]
		if dst[i].Len > page.InlineMax {
			dst[i].Buf += first
		}
	}
}

// spread moves the first m of the values to the slots whose bits are set from
// bit at on, and clears the rest.
func spread[T any](dst []T, m int, valid []byte, at int) {
	var zero T
	for i := len(dst) - 1; i >= 0; i-- {
		if b := at + i; valid[b>>3]>>(b&7)&1 != 0 {
			m--
			dst[i] = dst[m]
		} else {
			dst[i] = zero
		}
	}
}

func spreadBytes(dst []byte, size, m, k int, valid []byte, at int) {
	switch size {
	case 1:
		spread(dst[:k], m, valid, at)
	case 2:
		spread(page.SliceOf[int16](dst)[:k], m, valid, at)
	case 4:
		spread(page.SliceOf[int32](dst)[:k], m, valid, at)
	case 8:
		spread(page.SliceOf[int64](dst)[:k], m, valid, at)
	case 24:
		spread(page.SliceOf[types.Num](dst)[:k], m, valid, at)
	default:
		spread(page.SliceOf[types.Int128](dst)[:k], m, valid, at)
	}
}
