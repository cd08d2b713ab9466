package parquet

import (
	"encoding/binary"
	"io"
	"math/bits"
	"strings"

	"github.com/muster-sql/muster/connectors/internal/parquet/format"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Bounds of a row group that is being collected.
const (
	groupRowsGoal  = 122_880
	groupBytesGoal = 64 << 20
	createdBy      = "muster version 1.0.0"
)

// Field is a column to write.
type Field struct {
	Name    string
	Type    types.Type
	NotNull bool
	Bloom   bool // with a Bloom filter
}

// WriteOptions describe a file to write.
type WriteOptions struct {
	Fields      []Field
	Compression string // zstd (default), snappy, gzip, lz4_raw, uncompressed
	GroupRows   int    // rows of a row group, 0: the default
	Pool        page.Pool

	codec     format.Codec
	unchecked bool // without checksums; for tests
}

// Writer writes pages as a Parquet file. One goroutine uses it. After an
// error only Abandon may follow.
type Writer struct {
	o        WriteOptions
	out      io.Writer
	offset   int64
	footer   format.Footer
	branches []*branch
	leaves   []*leafWriter
	rows     int // of the current group
	charged  int
	extras   []chunkExtra

	plain, packed, head []byte // scratch
}

// chunkExtra is what is written after the row groups.
type chunkExtra struct {
	group, column int
	index         *format.ColumnIndex
	pages         []format.PageLocation
	bloom         []byte
}

// Codec returns the codec of a name.
func Codec(name string) (format.Codec, error) {
	switch strings.ToLower(name) {
	case "", "zstd":
		return format.Zstd, nil
	case "snappy":
		return format.Snappy, nil
	case "gzip":
		return format.Gzip, nil
	case "lz4_raw", "lz4":
		return format.LZ4Raw, nil
	case "uncompressed", "none":
		return format.Uncompressed, nil
	}
	return 0, sqlerr.New(sqlerr.InvalidParameterValue, "compression must be zstd, snappy, gzip, lz4_raw or uncompressed: %q", name)
}

// NewWriter starts a file.
func NewWriter(out io.Writer, o WriteOptions) (*Writer, error) {
	var err error
	if o.codec, err = Codec(o.Compression); err != nil {
		return nil, err
	}
	if o.GroupRows <= 0 {
		o.GroupRows = groupRowsGoal
	}
	w := &Writer{o: o, out: out}
	s := schemaWriter{elements: []format.SchemaElement{group("schema", -1, len(o.Fields))}}
	for _, f := range o.Fields {
		b, err := s.field(f.Name, f.Type, !f.NotNull, nil, 0, 0)
		if err != nil {
			return nil, err
		}
		if b.leaf != nil {
			b.leaf.bloom = f.Bloom && b.leaf.bloomable()
		}
		w.branches = append(w.branches, b)
	}
	w.leaves = s.leaves
	for _, l := range w.leaves {
		l.reset()
	}
	w.footer = format.Footer{Version: 2, Schema: s.elements, CreatedBy: createdBy, Ordered: make([]bool, len(w.leaves))}
	return w, w.write([]byte(magic))
}

func (w *Writer) write(b []byte) error {
	n, err := w.out.Write(b)
	w.offset += int64(n)
	return err
}

// Write appends the live rows of p, whose columns are loaded and those of the
// fields in order. p stays the caller's.
func (w *Writer) Write(p *page.Page) error {
	if len(p.Cols) != len(w.branches) {
		return sqlerr.Internalf("page of %d columns for a file of %d", len(p.Cols), len(w.branches))
	}
	sel := p.Sel
	for from := 0; from < p.Len(); {
		n := min(p.Len()-from, w.o.GroupRows-w.rows)
		part := sel
		switch {
		case sel != nil:
			part = sel[from : from+n]
		case n < p.Rows:
			part = page.Iota(p.Rows)[from : from+n]
		}
		for i, b := range w.branches {
			if err := b.shred(p.Cols[i], part, n); err != nil {
				return err
			}
		}
		w.rows += n
		from += n
		if err := w.account(); err != nil {
			return err
		}
	}
	return nil
}

// account reserves what the group holds, and ends it when it is large or no
// more is to be had.
func (w *Writer) account() error {
	held := w.held()
	if held > w.charged {
		if err := w.o.Pool.Reserve(held - w.charged); err != nil {
			// The memory is there already; writing the group gives it back.
			if err := w.flush(); err != nil {
				return err
			}
			w.shrink()
			held = w.held()
			if held > w.charged {
				if err := w.o.Pool.Reserve(held - w.charged); err != nil {
					return err
				}
			}
		}
	}
	if held < w.charged {
		w.o.Pool.Free(w.charged - held)
	}
	w.charged = held
	if w.rows >= w.o.GroupRows || held >= groupBytesGoal {
		return w.flush()
	}
	return nil
}

func (w *Writer) held() int {
	n := cap(w.plain) + cap(w.packed) + cap(w.head)
	for _, l := range w.leaves {
		n += l.bytes()
	}
	return n
}

// shrink lets go of the memory of an empty group.
func (w *Writer) shrink() {
	w.plain, w.packed = nil, nil
	for _, l := range w.leaves {
		l.def, l.rep, l.raw, l.starts, l.codes, l.keys, l.mapped, l.dict = nil, nil, nil, nil, nil, nil, nil, nil
		l.mappedI = 0
		l.reset()
	}
}

// flush writes the group.
func (w *Writer) flush() error {
	if w.rows == 0 {
		return nil
	}
	g := format.RowGroup{Rows: int64(w.rows)}
	for i, l := range w.leaves {
		distinct := 0
		if l.dict != nil {
			distinct = l.dict.count
		}
		bloom := l.bloomFilter()
		c, err := w.writeChunk(l)
		if err != nil {
			return err
		}
		index := l.statistics(&c.meta, c.pages, distinct)
		w.extras = append(w.extras, chunkExtra{group: len(w.footer.Groups), column: i, index: index, pages: c.where, bloom: bloom})
		g.Columns = append(g.Columns, c.meta)
		g.Bytes += c.meta.Uncompressed
		l.reset()
	}
	w.footer.Groups = append(w.footer.Groups, g)
	w.footer.Rows += g.Rows
	w.rows = 0
	return nil
}

// Rows returns the rows written, Bytes the bytes of the file so far.
func (w *Writer) Rows() int64  { return w.footer.Rows + int64(w.rows) }
func (w *Writer) Bytes() int64 { return w.offset }

// Finish writes what is left and the footer, and gives the memory back.
func (w *Writer) Finish() error {
	defer w.Abandon()
	if err := w.flush(); err != nil {
		return err
	}
	for i := range w.extras {
		x := &w.extras[i]
		if x.bloom == nil {
			continue
		}
		c := &w.footer.Groups[x.group].Columns[x.column]
		c.BloomOffset = w.offset
		b := append(format.AppendBloomHeader(nil, int32(len(x.bloom))), x.bloom...)
		c.BloomLength = int32(len(b))
		if err := w.write(b); err != nil {
			return err
		}
	}
	for i := range w.extras {
		x := &w.extras[i]
		if x.index == nil {
			continue
		}
		c := &w.footer.Groups[x.group].Columns[x.column]
		b := format.AppendColumnIndex(nil, x.index)
		c.ColumnIndex, c.ColumnIndexLen = w.offset, int32(len(b))
		if err := w.write(b); err != nil {
			return err
		}
	}
	for i := range w.extras {
		x := &w.extras[i]
		c := &w.footer.Groups[x.group].Columns[x.column]
		b := format.AppendOffsetIndex(nil, x.pages)
		c.OffsetIndex, c.OffsetIndexLen = w.offset, int32(len(b))
		if err := w.write(b); err != nil {
			return err
		}
	}
	b := format.AppendFooter(nil, &w.footer)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(b)))
	return w.write(append(b, magic...))
}

// Abandon gives the memory back; it may be called more than once.
func (w *Writer) Abandon() {
	w.o.Pool.Free(w.charged)
	w.charged = 0
	w.leaves, w.branches, w.extras, w.plain, w.packed = nil, nil, nil, nil, nil
}

// bloomable reports whether a Bloom filter of the leaf's values can be asked.
func (l *leafWriter) bloomable() bool {
	switch l.element.Type {
	case format.Int32, format.Int64, format.ByteArray:
		return l.stat != statNone
	}
	return false
}

// bloomFilter makes a filter of the group's values, of about ten bits each.
func (l *leafWriter) bloomFilter() []byte {
	if !l.bloom {
		return nil
	}
	n := l.count
	if l.dict != nil {
		n = l.dict.count
	}
	blocks := 1 << bits.Len(uint(max(n*10/256, 0)))
	b := make([]byte, blocks*bloomBlockBytes)
	for i := range n {
		switch {
		case l.dict != nil:
			bloomAdd(b, xxh64(l.dict.entry(i)))
		case l.width > 0:
			bloomAdd(b, xxh64(l.raw[i*l.width:(i+1)*l.width]))
		default:
			bloomAdd(b, xxh64(l.string(i)))
		}
	}
	return b
}
