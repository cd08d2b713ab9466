package parquet

import (
	"context"
	"encoding/binary"
	"hash/crc32"
	"math/bits"
	"time"
	"unsafe"

	"github.com/muster-sql/muster/connectors/internal/objectstore"
	"github.com/muster-sql/muster/connectors/internal/parquet/format"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// Sizes of reads.
const (
	windowBytes     = 256<<10 - padding
	headerBytes     = 256
	headerBytesMax  = 4 << 20 // statistics in page headers may be long
	chunkSlackBytes = 128     // some writers forget a header in a chunk's length
	pageBytesMax    = 1 << 30
)

// window is the part of a chunk that is in memory.
type window struct {
	object objectstore.Object
	pool   page.Pool
	end    int64 // no read goes beyond
	buf    *page.Buffer
	off    int64 // of buf in the file
	n      int   // bytes of it
	stats  *spi.ScanStats
}

// bytes returns n bytes at off and the buffer they lie in, which has padding
// after its end. They are valid until the next call.
func (w *window) bytes(ctx context.Context, off int64, n int) ([]byte, error) {
	if off < 0 || n < 0 || off+int64(n) > w.end {
		return nil, sqlerr.New(sqlerr.DataCorrupted, "page lies outside of its column chunk")
	}
	if at := off - w.off; w.buf != nil && at >= 0 && at+int64(n) <= int64(w.n) {
		return w.buf.Data[at : at+int64(n) : at+int64(n)+padding], nil
	}
	size := int(min(max(int64(n), windowBytes), w.end-off))
	buf, err := w.pool.Alloc(size + padding)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	if err := w.object.ReadAt(ctx, buf.Data[:size], off); err != nil {
		buf.Release()
		return nil, err
	}
	w.stats.BlockedNanos += int64(time.Since(start))
	w.stats.BytesRead += int64(size)
	w.stats.Requests++
	w.close()
	w.buf, w.off, w.n = buf, off, size
	return buf.Data[: n : n+padding], nil
}

// some returns at least one and up to n bytes at off: fewer at the end of the
// chunk or of what is in memory.
func (w *window) some(ctx context.Context, off int64, n int) ([]byte, error) {
	n = int(min(int64(n), w.end-off))
	if at := off - w.off; w.buf != nil && at >= 0 && at < int64(w.n) && n <= headerBytes {
		n = min(n, int(int64(w.n)-at))
	}
	return w.bytes(ctx, off, max(n, 1))
}

func (w *window) close() {
	w.buf.Release()
	w.buf = nil
}

// chunk reads the pages of a column chunk one after the other.
type chunk struct {
	meta   *format.ColumnChunk
	window window
	pool   page.Pool
	next   int64 // offset of the next page
	left   int64 // values not seen yet
	head   format.PageHeader
	body   int64 // offset of the current page's bytes
	peeked bool  // head and body describe the page at next
	index  []format.PageLocation
	maxDef uint8
	maxRep uint8
}

// open starts at the first page.
func (c *chunk) open(object objectstore.Object, meta *format.ColumnChunk, leaf *Node, pool page.Pool, stats *spi.ScanStats) {
	start, size := extent(meta)
	c.meta, c.pool, c.next, c.left, c.peeked, c.index = meta, pool, start, meta.Values, false, nil
	c.maxDef, c.maxRep = leaf.def, leaf.rep
	c.window = window{object: object, pool: pool, stats: stats, end: min(start+size+chunkSlackBytes, object.Info().Bytes-footerTail)}
}

// extent returns where a chunk starts and its length.
func extent(m *format.ColumnChunk) (start, size int64) {
	start = m.DataOffset
	if m.DictOffset > 0 && m.DictOffset < start {
		start = m.DictOffset
	}
	return start, m.Compressed
}

// peek reads the header of the next page.
func (c *chunk) peek(ctx context.Context) error {
	if c.peeked {
		return nil
	}
	for want := headerBytes; ; want *= 8 {
		b, err := c.window.some(ctx, c.next, want)
		if err != nil {
			return err
		}
		n, short, err := format.ReadPageHeader(b, &c.head)
		if err == nil {
			c.body, c.peeked = c.next+int64(n), true
			return c.check()
		}
		more := c.next+int64(len(b)) < c.window.end
		if !short || !more || want > headerBytesMax {
			return err
		}
	}
}

// check holds the header against the chunk, before anything believes it.
func (c *chunk) check() error {
	h := &c.head
	bad := func(what string) error {
		return sqlerr.New(sqlerr.DataCorrupted, "impossible page header at byte %d: %s", c.next, what)
	}
	switch {
	case h.Compressed < 0 || h.Uncompressed < 0 || h.Uncompressed > pageBytesMax:
		return bad("a size is out of range")
	case c.body+int64(h.Compressed) > c.window.end:
		return bad("the page is longer than its column chunk")
	case int64(h.Uncompressed) > int64(h.Compressed)*ratioMax(c.meta.Codec)+ratioSlack:
		return bad("no compression reaches its ratio")
	}
	switch h.Kind {
	case format.DataPage, format.DataPageV2:
		if h.Values < 0 || int64(h.Values) > c.left {
			return bad("it has more values than its column chunk")
		}
	case format.DictionaryPage:
		if h.Values < 0 || int64(h.Values) > max(int64(h.Uncompressed), 1)*8 {
			return bad("its dictionary has more entries than bytes")
		}
	}
	if h.Kind == format.DataPageV2 {
		levels := int64(h.DefBytes) + int64(h.RepBytes)
		if h.DefBytes < 0 || h.RepBytes < 0 || levels > int64(h.Compressed) || levels > int64(h.Uncompressed) || h.Rows > h.Values {
			return bad("its levels are longer than the page")
		}
	}
	return nil
}

// pass goes on behind the peeked page.
func (c *chunk) pass() {
	if c.head.Kind == format.DataPage || c.head.Kind == format.DataPageV2 {
		c.left -= int64(c.head.Values)
	}
	c.next = c.body + int64(c.head.Compressed)
	c.peeked = false
}

// pageBytes is the content of a data page.
type pageBytes struct {
	buf      *page.Buffer // owned
	rep, def []byte
	values   []byte
	base     int // of values within buf
}

// load reads and decompresses the peeked page. The bytes lie in a buffer with
// one reference for the caller.
func (c *chunk) load(ctx context.Context) (*page.Buffer, []byte, error) {
	h := &c.head
	src, err := c.window.bytes(ctx, c.body, int(h.Compressed))
	if err != nil {
		return nil, nil, err
	}
	if h.HasCRC && crc32.ChecksumIEEE(src) != h.CRC {
		return nil, nil, sqlerr.New(sqlerr.DataCorrupted, "checksum of the page at byte %d is wrong", c.next)
	}
	levels := 0
	if h.Kind == format.DataPageV2 {
		levels = int(h.DefBytes + h.RepBytes)
	}
	size := int(h.Uncompressed)
	codec := c.meta.Codec
	if h.Kind == format.DataPageV2 && h.Stored || size == levels {
		codec = format.Uncompressed
		if size == levels { // no values: whatever follows holds nothing
			src = src[:levels]
		}
	}
	if codec == format.Uncompressed {
		if len(src) != size {
			return nil, nil, sqlerr.New(sqlerr.DataCorrupted, "uncompressed page has %d bytes instead of %d", len(src), size)
		}
		return c.window.buf.Retain(), src, nil
	}
	buf, err := c.pool.Alloc(size + padding)
	if err != nil {
		return nil, nil, err
	}
	dst := buf.Data[: size : size+padding]
	copy(dst, src[:levels])
	if err := decompress(codec, dst[levels:], src[levels:]); err != nil {
		buf.Release()
		return nil, nil, err
	}
	return buf, dst, nil
}

// data loads the peeked data page and goes on behind it.
func (c *chunk) data(ctx context.Context, p *pageBytes) error {
	buf, b, err := c.load(ctx)
	if err != nil {
		return err
	}
	*p = pageBytes{buf: buf}
	h := &c.head
	if h.Kind == format.DataPageV2 {
		n, m := int(h.RepBytes), int(h.DefBytes)
		p.rep, p.def, p.values = b[:n:cap(b)], b[n:n+m:cap(b)], b[n+m:]
	} else {
		p.values = b
		if c.maxRep > 0 {
			p.rep, err = takeLevels(&p.values, h.RepEncoding, c.maxRep, int(h.Values))
		}
		if err == nil && c.maxDef > 0 {
			p.def, err = takeLevels(&p.values, h.DefEncoding, c.maxDef, int(h.Values))
		}
	}
	if err != nil {
		p.close()
		return err
	}
	p.base = offsetIn(buf, p.values)
	c.pass()
	return nil
}

// offsetIn returns where the part b of buf starts.
func offsetIn(buf *page.Buffer, b []byte) int {
	if len(b) == 0 {
		return 0
	}
	return int(uintptr(unsafe.Pointer(unsafe.SliceData(b))) - uintptr(unsafe.Pointer(unsafe.SliceData(buf.Data))))
}

func (p *pageBytes) close() {
	p.buf.Release()
	*p = pageBytes{}
}

// takeLevels cuts the levels off the front of a page of version 1.
func takeLevels(b *[]byte, enc format.Encoding, limit uint8, values int) ([]byte, error) {
	switch enc {
	case format.RLE:
		if len(*b) < 4 {
			return nil, errShort
		}
		n := int(binary.LittleEndian.Uint32(*b))
		if n > len(*b)-4 {
			return nil, errShort
		}
		levels := (*b)[4 : 4+n : cap(*b)]
		*b = (*b)[4+n:]
		return levels, nil
	case format.BitPacked:
		w := int(levelWidth(limit))
		n := (values*w + 7) / 8
		if n > len(*b) {
			return nil, errShort
		}
		levels := (*b)[:n]
		*b = (*b)[n:]
		return repack(levels, w, values), nil
	}
	return nil, sqlerr.Unsupported("encoding %d of levels is not supported", enc)
}

// levelWidth returns the bits of levels up to limit.
func levelWidth(limit uint8) uint { return uint(bits.Len8(limit)) }

// repack turns levels packed from the highest bit on, as the oldest writers
// did, into one run of the hybrid encoding.
func repack(levels []byte, width, values int) []byte {
	groups := (values + 7) / 8
	out := binary.AppendUvarint(make([]byte, 0, groups*width+binary.MaxVarintLen64+padding), uint64(groups)<<1|1)
	head := len(out)
	out = out[:head+groups*width]
	for i := range values * width {
		value, bit := i/width, width-1-i%width // from the highest bit of each value
		if levels[i>>3]>>(7-i&7)&1 != 0 {
			at := value*width + bit
			out[head+at>>3] |= 1 << (at & 7)
		}
	}
	return out
}
