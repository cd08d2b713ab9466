package parquet

import (
	"encoding/binary"
	"unicode/utf8"
	"unsafe"

	"github.com/muster-sql/muster/connectors/internal/parquet/format"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

type valuesKind uint8

const (
	valuesFixed valuesKind = iota
	valuesCodes
	valuesBits
	valuesRuns // booleans
	valuesBytes
	valuesDelta
	valuesDeltaLength
	valuesDeltaBytes
	valuesStreams
)

// chunkValues is how many values pass through scratch memory at a time.
const chunkValues = 1024

// values decodes the non-null values of one data page in order. Its memory is
// that of the page: it makes only what it is asked for.
type values struct {
	node  *Node
	pool  page.Pool
	kind  valuesKind
	ascii bool
	buf   *page.Buffer // memory that b lies in; not owned
	b     []byte
	base  int // offset of b's start within buf
	at    int // position in b: a byte, bit or value
	count int // of streams: values of the page

	runs    hybrid
	delta   delta
	lengths delta // of delta strings; delta has the prefixes
	prev    []byte
	arena   *page.Buffer // of delta strings
	used    int
	ints    []int64
	raw     []byte
}

// start begins a page of values stored in b, at offset base of buf.
func (v *values) start(enc format.Encoding, buf *page.Buffer, base int, b []byte) (err error) {
	v.buf, v.base, v.b, v.at = buf, base, b, 0
	byteArray := v.node.element.Type == format.ByteArray
	v.ascii = v.node.Type.Kind != types.Text && v.node.Type.Kind != types.JSON
	switch enc {
	case format.Plain:
		switch v.node.element.Type {
		case format.Boolean:
			v.kind = valuesBits
		case format.ByteArray:
			v.kind = valuesBytes
			v.ascii = v.ascii || isASCII(b)
		default:
			v.kind = valuesFixed
		}
		return nil
	case format.PlainDictionary, format.RLEDictionary:
		v.kind = valuesCodes
		if len(b) == 0 {
			v.runs.reset(nil, 32) // a page of nulls
			return nil
		}
		if b[0] > 32 {
			return sqlerr.New(sqlerr.DataCorrupted, "codes have an impossible width of %d bits", b[0])
		}
		v.runs.reset(b[1:len(b):cap(b)], uint(b[0]))
		return nil
	case format.RLE:
		if v.node.element.Type == format.Boolean && len(b) >= 4 {
			n := int(binary.LittleEndian.Uint32(b))
			v.kind = valuesRuns
			v.runs.reset(b[4:min(4+max(n, 0), len(b)):cap(b)], 1)
			return nil
		}
	case format.DeltaBinaryPacked:
		if t := v.node.element.Type; t == format.Int32 || t == format.Int64 {
			v.kind = valuesDelta
			return v.delta.reset(b)
		}
	case format.DeltaLengthByteArr:
		if byteArray {
			v.kind = valuesDeltaLength
			return v.startLengths(b)
		}
	case format.DeltaByteArray:
		if byteArray || v.node.element.Type == format.FixedLenByteArray {
			return v.startDeltaBytes(b)
		}
	case format.ByteStreamSplit:
		if w := v.node.width(); w > 0 {
			v.kind, v.count = valuesStreams, len(b)/w
			return nil
		}
	}
	return sqlerr.Unsupported("encoding %d of %s values is not supported", enc, v.node.element.Type)
}

func (v *values) startLengths(b []byte) error {
	if err := v.lengths.reset(b); err != nil {
		return err
	}
	rest, err := v.lengths.rest()
	if err != nil {
		return err
	}
	v.base += len(b) - len(rest)
	v.b = rest
	v.ascii = v.ascii || isASCII(rest)
	return nil
}

func (v *values) startDeltaBytes(b []byte) error {
	v.kind, v.prev = valuesDeltaBytes, v.prev[:0]
	if err := v.delta.reset(b); err != nil {
		return err
	}
	rest, err := v.delta.rest()
	if err != nil {
		return err
	}
	v.base += len(b) - len(rest)
	return v.startLengths(rest)
}

// isASCII reports whether no byte of b is above 127.
func isASCII(b []byte) bool {
	var or uint64
	for len(b) >= 32 {
		or |= binary.LittleEndian.Uint64(b) | binary.LittleEndian.Uint64(b[8:]) |
			binary.LittleEndian.Uint64(b[16:]) | binary.LittleEndian.Uint64(b[24:])
		b = b[32:]
	}
	for _, c := range b {
		or |= uint64(c)
	}
	return or&0x8080808080808080 == 0
}

// close gives scratch memory back.
func (v *values) close() {
	v.arena.Release()
	v.arena, v.buf, v.b = nil, nil, nil
}

// skip passes over n values.
func (v *values) skip(n int) error {
	switch v.kind {
	case valuesFixed:
		v.at += n * v.node.width()
		if v.at > len(v.b) {
			return errShort
		}
	case valuesCodes, valuesRuns:
		return v.runs.skip(n)
	case valuesBits:
		if v.at += n; v.at > 8*len(v.b) {
			return errShort
		}
	case valuesBytes:
		b, at := v.b, v.at
		for range n {
			if len(b)-at < 4 {
				return errShort
			}
			size := int(binary.LittleEndian.Uint32(b[at:]))
			if at += 4; size > len(b)-at {
				return errShort
			}
			at += size
		}
		v.at = at
	case valuesStreams:
		if v.at += n; v.at > v.count {
			return errShort
		}
	case valuesDelta:
		return v.delta.skip(n)
	case valuesDeltaLength:
		return v.eachLength(n, func(lens []int64) error { return nil })
	case valuesDeltaBytes:
		return v.eachDelta(n, func([]byte) error { return nil })
	}
	return nil
}

// codes reads len(dst) dictionary codes below limit.
func (v *values) codes(dst []int32, limit int) error {
	if err := v.runs.next(dst); err != nil {
		return err
	}
	if v.runs.width < 31 && 1<<v.runs.width <= limit {
		return nil
	}
	var top uint32
	for _, c := range dst {
		top = max(top, uint32(c))
	}
	if int64(top) >= int64(limit) && len(dst) > 0 {
		return sqlerr.New(sqlerr.DataCorrupted, "page refers to an entry that its dictionary of %d does not have: %d", limit, top)
	}
	return nil
}

// fixed reads m values of a fixed-width target into dst.
func (v *values) fixed(dst []byte, m int) error {
	size := v.node.Type.Phys().Size()
	switch v.kind {
	case valuesFixed:
		n := m * v.node.width()
		if n > len(v.b)-v.at {
			return errShort
		}
		v.at += n
		return v.node.convert(dst, v.b[v.at-n:v.at], m)
	case valuesBits:
		return v.bits(dst[:m])
	case valuesRuns:
		return v.runs.nextLevels(dst[:m], 1)
	}
	for m > 0 {
		k := min(m, chunkValues)
		var err error
		switch v.kind {
		case valuesDelta:
			err = v.fixedDelta(dst, k)
		case valuesStreams:
			err = v.fixedStreams(dst, k)
		default:
			err = v.fixedStrings(dst, k)
		}
		if err != nil {
			return err
		}
		dst, m = dst[k*size:], m-k
	}
	return nil
}

func (v *values) bits(dst []byte) error {
	if len(dst) > 8*len(v.b)-v.at {
		return errShort
	}
	for i := range dst {
		at := v.at + i
		dst[i] = v.b[at>>3] >> (at & 7) & 1
	}
	v.at += len(dst)
	return nil
}

func (v *values) fixedDelta(dst []byte, k int) error {
	if v.ints == nil {
		v.ints = make([]int64, chunkValues)
	}
	ints := v.ints[:k]
	if err := v.delta.next(ints); err != nil {
		return err
	}
	if v.node.element.Type == format.Int64 {
		return v.node.convert(dst, page.BytesOf(ints), k)
	}
	narrow := page.SliceOf[int32](page.BytesOf(ints))[:k] // in place, from the front
	for i := range ints {
		narrow[i] = int32(ints[i])
	}
	return v.node.convert(dst, page.BytesOf(narrow), k)
}

// gather puts k values of BYTE_STREAM_SPLIT together.
func (v *values) gather(out []byte, k int) error {
	if k > v.count-v.at {
		return errShort
	}
	w := v.node.width()
	for s := range w {
		stream := v.b[s*v.count+v.at:][:k]
		for i, c := range stream {
			out[i*w+s] = c
		}
	}
	v.at += k
	return nil
}

func (v *values) fixedStreams(dst []byte, k int) error {
	raw := v.scratch(k * v.node.width())
	if err := v.gather(raw, k); err != nil {
		return err
	}
	return v.node.convert(dst, raw, k)
}

func (v *values) scratch(n int) []byte {
	if cap(v.raw) < n {
		v.raw = make([]byte, n)
	}
	return v.raw[:n]
}

// fixedStrings reads numbers that are stored as strings.
func (v *values) fixedStrings(dst []byte, k int) error {
	var heap heapSet
	defer heap.release()
	tmp := make([]page.View, k)
	if err := v.views(tmp, &heap); err != nil {
		return err
	}
	if v.node.element.Type == format.ByteArray {
		return v.node.convertBytes(dst, tmp, heap.heap)
	}
	w := v.node.width()
	raw := v.scratch(k * w)
	for i := range tmp {
		s := tmp[i].Bytes(heap.heap)
		if len(s) != w {
			return sqlerr.New(sqlerr.DataCorrupted, "value of %d bytes in a column of %d", len(s), w)
		}
		copy(raw[i*w:], s)
	}
	return v.node.convert(dst, raw, k)
}

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
