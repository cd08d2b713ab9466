package parquet

import (
	"encoding/binary"

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
