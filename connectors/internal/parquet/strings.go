package parquet

import (
	"encoding/binary"
	"unicode/utf8"
	"unsafe"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// heapSet collects the memory that the views of one vector refer to.
type heapSet struct {
	heap [][]byte
	bufs []*page.Buffer
	deps []*page.Vector
	last *page.Buffer
}

// use returns the number of buf in the set, which takes a reference.
func (h *heapSet) use(buf *page.Buffer) int32 {
	if h.last != buf {
		h.heap, h.bufs, h.last = append(h.heap, buf.Data), append(h.bufs, buf.Retain()), buf
	}
	return int32(len(h.heap) - 1)
}

// share adds the strings of v and returns the number of the first buffer.
func (h *heapSet) share(v *page.Vector) int32 {
	first := int32(len(h.heap))
	h.heap, h.deps, h.last = append(h.heap, v.Heap()...), append(h.deps, v.Retain()), nil
	return first
}

// give passes the memory on to a vector.
func (h *heapSet) give(p *page.Parts) {
	p.Heap, p.Bufs, p.Deps = h.heap, append(p.Bufs, h.bufs...), h.deps
	*h = heapSet{}
}

func (h *heapSet) release() {
	for _, b := range h.bufs {
		b.Release()
	}
	for _, d := range h.deps {
		d.Release()
	}
	*h = heapSet{}
}

// view makes the view of s, which lies at off of heap buffer buf; mem is what
// can be read from the start of s on.
func view(dst *page.View, mem []byte, size int, buf, off int32) {
	w := (*[2]uint64)(unsafe.Pointer(dst))
	if size > page.InlineMax {
		prefix := binary.LittleEndian.Uint32(mem)
		w[0] = uint64(uint32(size)) | uint64(prefix)<<32
		w[1] = uint64(uint32(buf)) | uint64(uint32(off))<<32
		return
	}
	if len(mem) < 16 {
		*dst = page.Inline(mem[:size])
		return
	}
	lo, hi := binary.LittleEndian.Uint64(mem), uint64(binary.LittleEndian.Uint32(mem[8:]))
	if size < 8 {
		lo &= 1<<(8*size) - 1
		hi = 0
	} else {
		hi &= 1<<(8*(size-8)) - 1
	}
	w[0] = uint64(size) | lo<<32
	w[1] = lo>>32 | hi<<32
}

func invalidText(n *Node) error {
	return sqlerr.New(sqlerr.CharacterNotInRepertoire, "text is not valid UTF-8 in column %s", n.Name)
}

// views reads len(dst) strings.
func (v *values) views(dst []page.View, heap *heapSet) error {
	switch v.kind {
	case valuesBytes:
		return v.plainViews(dst, heap)
	case valuesFixed:
		w := v.node.width()
		if len(dst)*w > len(v.b)-v.at {
			return errShort
		}
		buf := heap.use(v.buf)
		for i := range dst {
			view(&dst[i], v.b[v.at:], w, buf, int32(v.base+v.at))
			v.at += w
		}
		return nil
	case valuesStreams:
		return v.streamViews(dst, heap)
	case valuesDeltaLength:
		buf := heap.use(v.buf)
		return v.eachLength(len(dst), func(lens []int64) error {
			at := v.at
			for i, n := range lens {
				s := v.b[at : at+int(n)]
				if !v.ascii && !utf8.Valid(s) {
					return invalidText(v.node)
				}
				view(&dst[i], v.b[at:], int(n), buf, int32(v.base+at))
				at += int(n)
			}
			dst = dst[len(lens):]
			return nil
		})
	case valuesDeltaBytes:
		return v.eachDelta(len(dst), func(s []byte) error {
			if !v.ascii && !utf8.Valid(s) {
				return invalidText(v.node)
			}
			err := v.keep(&dst[0], s, heap)
			dst = dst[1:]
			return err
		})
	}
	return sqlerr.Internalf("column %s has no strings", v.node.Name)
}

func (v *values) plainViews(dst []page.View, heap *heapSet) error {
	b, at, base := v.b, v.at, v.base
	buf := heap.use(v.buf)
	for i := range dst {
		if len(b)-at < 4 {
			return errShort
		}
		size := int(binary.LittleEndian.Uint32(b[at:]))
		if at += 4; size > len(b)-at {
			return errShort
		}
		view(&dst[i], b[at:], size, buf, int32(base+at))
		if !v.ascii && !utf8.Valid(b[at:at+size]) {
			return invalidText(v.node)
		}
		at += size
	}
	v.at = at
	return nil
}

func (v *values) streamViews(dst []page.View, heap *heapSet) error {
	w := v.node.width()
	buf, err := v.pool.Alloc(max(len(dst)*w, 1))
	if err != nil {
		return err
	}
	defer buf.Release()
	if err := v.gather(buf.Data, len(dst)); err != nil {
		return err
	}
	n := heap.use(buf)
	for i := range dst {
		view(&dst[i], buf.Data[i*w:], w, n, int32(i*w))
	}
	return nil
}

// eachLength reads n lengths of strings in chunks, all of which lie within b,
// and passes over the strings after do has seen each chunk.
func (v *values) eachLength(n int, do func(lens []int64) error) error {
	if v.ints == nil {
		v.ints = make([]int64, chunkValues)
	}
	for n > 0 {
		lens := v.ints[:min(n, chunkValues)]
		if err := v.lengths.next(lens); err != nil {
			return err
		}
		end := v.at
		for _, l := range lens {
			if l < 0 || l > int64(len(v.b)-end) {
				return errShort
			}
			end += int(l)
		}
		if err := do(lens); err != nil {
			return err
		}
		v.at = end
		n -= len(lens)
	}
	return nil
}

// eachDelta calls do with n strings of DELTA_BYTE_ARRAY; each is valid for the call.
func (v *values) eachDelta(n int, do func(s []byte) error) error {
	var prefix [1]int64
	return v.eachLength(n, func(lens []int64) error {
		at := v.at
		for _, l := range lens {
			if err := v.delta.next(prefix[:]); err != nil {
				return err
			}
			if prefix[0] < 0 || prefix[0] > int64(len(v.prev)) {
				return errShort
			}
			v.prev = append(v.prev[:prefix[0]], v.b[at:at+int(l)]...)
			at += int(l)
			if err := do(v.prev); err != nil {
				return err
			}
		}
		return nil
	})
}

const arenaBytes = 64 << 10

// keep copies s into memory of its own.
func (v *values) keep(dst *page.View, s []byte, heap *heapSet) error {
	if len(s) <= page.InlineMax {
		*dst = page.Inline(s)
		return nil
	}
	if v.arena == nil || len(v.arena.Data)-v.used < len(s) {
		buf, err := v.pool.Alloc(max(arenaBytes, len(s)))
		if err != nil {
			return err
		}
		v.arena.Release()
		v.arena, v.used = buf, 0
	}
	n := heap.use(v.arena)
	*dst = page.Refer(s, n, int32(v.used))
	v.used += copy(v.arena.Data[v.used:], s)
	return nil
}
