package parquet

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/bits"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/muster-sql/muster/connectors/internal/parquet/format"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// A data page ends at a row beyond one of these.
const (
	pageEntriesMax = 20_000
	pageBytesGoal  = 480 << 10
)

// chunkWriter writes the pages of one column chunk.
type chunkWriter struct {
	w     *Writer
	l     *leafWriter
	meta  format.ColumnChunk
	pages []pageBounds
	where []format.PageLocation
	coded bool
	delta bool
	width uint // of codes
	seen  []bool
}

// writeChunk writes the leaf's values as a column chunk.
func (w *Writer) writeChunk(l *leafWriter) (*chunkWriter, error) {
	c := &chunkWriter{w: w, l: l}
	c.meta = format.ColumnChunk{Type: l.element.Type, Codec: w.o.codec, Values: int64(l.entries), Path: l.path}
	distinct := 0
	if l.dict != nil {
		distinct = l.dict.count
		c.width = uint(bits.Len(uint(max(distinct-1, 1)))) // a width of 0 is not read by all
		if c.coded = l.worthwhile(int(c.width)); !c.coded {
			l.expand()
		}
	}
	if err := c.choose(); err != nil {
		return nil, err
	}
	enc := c.encoding()
	c.meta.Encodings |= 1<<format.RLE | 1<<enc
	if c.coded {
		c.seen = make([]bool, distinct)
		c.meta.DictOffset = w.offset
		h := format.PageHeader{Kind: format.DictionaryPage, Values: int32(distinct), Encoding: format.Plain}
		if err := c.page(&h, l.dict.data); err != nil {
			return nil, err
		}
		c.meta.Encodings |= 1 << format.Plain
	}
	c.meta.DataOffset = w.offset
	if err := c.dataPages(); err != nil {
		return nil, err
	}
	if c.coded {
		c.meta.PageCounts = append(c.meta.PageCounts, format.PageCount{Kind: format.DictionaryPage, Count: 1})
	}
	c.meta.PageCounts = append(c.meta.PageCounts, format.PageCount{Encoding: enc, Count: int32(len(c.pages))})
	return c, nil
}

// encoding returns how the values of data pages are stored.
func (c *chunkWriter) encoding() format.Encoding {
	switch {
	case c.coded:
		return format.RLEDictionary
	case c.delta:
		return format.DeltaBinaryPacked
	}
	return format.Plain
}

// worthwhile reports whether dictionary and codes are smaller than the values.
func (l *leafWriter) worthwhile(width int) bool {
	if len(l.codes) == 0 {
		return false
	}
	plain := len(l.codes) * l.width
	if l.width == 0 {
		for _, c := range l.codes {
			plain += 4 + len(l.dict.entry(int(c)))
		}
	}
	return len(l.dict.data)+len(l.codes)*width/8 <= plain
}

// dataPages cuts the entries into pages, at the starts of rows.
func (c *chunkWriter) dataPages() error {
	l := c.l
	row, value := int64(0), 0
	for at := 0; at < l.entries || at == 0; {
		end, rows, values := c.cut(at, value)
		c.where = append(c.where, format.PageLocation{Offset: c.w.offset, FirstRow: row})
		if err := c.dataPage(at, end, value, value+values); err != nil {
			return err
		}
		last := &c.where[len(c.where)-1]
		last.Bytes = int32(c.w.offset - last.Offset)
		at, row, value = end, row+rows, value+values
		if l.entries == 0 {
			break
		}
	}
	return nil
}

// cut returns where the page that starts at an entry ends, with its rows and values.
func (c *chunkWriter) cut(at, value int) (end int, rows int64, values int) {
	l := c.l
	size := 0
	for end = at; end < l.entries; end++ {
		start := l.maxRep == 0 || l.rep[end] == 0
		if start {
			if n := end - at; n >= pageEntriesMax || size >= pageBytesGoal {
				break
			}
			rows++
		}
		if l.maxDef > 0 && l.def[end] < l.maxDef {
			continue
		}
		switch {
		case c.coded:
			size += 2
		case l.width > 0:
			size += l.width
		default:
			size += 4 + len(l.string(value+values))
		}
		values++
	}
	return end, rows, values
}

// string returns value i of a leaf of byte arrays.
func (l *leafWriter) string(i int) []byte {
	from, to := l.starts[i]+4, len(l.raw)
	if i+1 < len(l.starts) {
		to = l.starts[i+1]
	}
	return l.raw[from:to]
}

// dataPage writes entries at up to end, whose values are from up to to.
func (c *chunkWriter) dataPage(at, end, from, to int) error {
	l, b := c.l, c.w.plain[:0]
	if l.maxRep > 0 {
		b = appendLevels(b, l.rep[at:end], l.maxRep)
	}
	if l.maxDef > 0 {
		b = appendLevels(b, l.def[at:end], l.maxDef)
	}
	p := pageBounds{values: to - from, nulls: int64(end - at - (to - from)), bounds: bounds{kind: l.stat}}
	switch {
	case c.coded:
		b = append(b, byte(c.width))
		b = appendRuns(b, l.codes[from:to], c.width)
		c.boundCodes(&p.bounds, l.codes[from:to])
	case c.delta:
		b = l.appendDelta(b, from, to)
		c.boundFixed(&p.bounds, from, to)
	case l.width == 0:
		if from < to {
			end := len(l.raw)
			if to < len(l.starts) {
				end = l.starts[to]
			}
			b = append(b, l.raw[l.starts[from]:end]...)
		}
		if l.stat != statNone {
			for i := from; i < to; i++ {
				l.value(&p.bounds, l.string(i))
			}
		}
	case l.width == 1:
		b = appendPacked(b, l.raw[from:to], (to-from+7)&^7, 1)
		c.boundFixed(&p.bounds, from, to)
	default:
		b = append(b, l.raw[from*l.width:to*l.width]...)
		c.boundFixed(&p.bounds, from, to)
	}
	c.pages = append(c.pages, p)
	c.w.plain = b
	return c.page(&format.PageHeader{Kind: format.DataPage, Values: int32(end - at), Encoding: c.encoding()}, b)
}

func (c *chunkWriter) boundFixed(b *bounds, from, to int) {
	l := c.l
	if l.stat == statNone {
		return
	}
	for i := from; i < to; i++ {
		l.value(b, l.raw[i*l.width:(i+1)*l.width])
	}
}

// boundCodes looks at each entry that occurs once.
func (c *chunkWriter) boundCodes(b *bounds, codes []int32) {
	if c.l.stat == statNone {
		return
	}
	clear(c.seen)
	for _, code := range codes {
		c.seen[code] = true
	}
	for i, seen := range c.seen {
		if seen {
			c.l.value(b, c.l.dict.entry(i))
		}
	}
}

func appendLevels(b []byte, levels []uint8, limit uint8) []byte {
	at := len(b)
	b = appendRuns(append(b, 0, 0, 0, 0), levels, levelWidth(limit))
	binary.LittleEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	return b
}

// page compresses and writes a page.
func (c *chunkWriter) page(h *format.PageHeader, b []byte) error {
	packed, err := compress(c.meta.Codec, c.w.packed[:0], b)
	if err != nil {
		return err
	}
	c.w.packed = packed
	if len(b) > pageBytesMax || len(packed) > pageBytesMax {
		return sqlerr.New(sqlerr.ProgramLimit, "value is too long for a Parquet page: column %s", c.l.element.Name)
	}
	h.Uncompressed, h.Compressed = int32(len(b)), int32(len(packed))
	h.CRC, h.HasCRC = crc32.ChecksumIEEE(packed), !c.w.o.unchecked
	c.w.head = format.AppendPageHeader(c.w.head[:0], h)
	if err := c.w.write(c.w.head); err != nil {
		return err
	}
	if err := c.w.write(packed); err != nil {
		return err
	}
	c.meta.Uncompressed += int64(len(c.w.head) + len(b))
	c.meta.Compressed += int64(len(c.w.head) + len(packed))
	return nil
}

// zstdEncoders are shared by all writers of the process.
var zstdEncoders = sync.Pool{New: func() any {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return err
	}
	return e
}}

// compress appends what src becomes to dst.
func compress(c format.Codec, dst, src []byte) ([]byte, error) {
	switch c {
	case format.Uncompressed:
		return append(dst, src...), nil
	case format.Snappy:
		if n := snappy.MaxEncodedLen(len(src)); cap(dst) < n {
			dst = make([]byte, 0, n)
		}
		return snappy.Encode(dst[:cap(dst)], src), nil
	case format.Zstd:
		got := zstdEncoders.Get()
		e, ok := got.(*zstd.Encoder)
		if !ok {
			return nil, got.(error)
		}
		defer zstdEncoders.Put(e)
		return e.EncodeAll(src, dst), nil
	case format.Gzip:
		buf := bytes.NewBuffer(dst)
		g := gzip.NewWriter(buf)
		if _, err := g.Write(src); err != nil {
			return nil, err
		}
		err := g.Close()
		return buf.Bytes(), err
	case format.LZ4Raw:
		if n := lz4.CompressBlockBound(len(src)); cap(dst) < n {
			dst = make([]byte, 0, n)
		}
		n, err := lz4.CompressBlock(src, dst[:cap(dst)], nil)
		if err == nil && n == 0 && len(src) > 0 {
			err = sqlerr.Internalf("lz4 found no room")
		}
		return dst[:n], err
	}
	return nil, sqlerr.Unsupported("compression %s is not supported", c)
}
