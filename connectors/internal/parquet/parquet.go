// Package parquet reads and writes Parquet files as pages of vectors. The
// connectors of files and of table formats call it. Nothing in a file is
// believed before it was held against the file's own size, and memory is
// reserved before it is used. It knows no tables, no SQL text and no engine.
package parquet

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-sql/muster/connectors/internal/objectstore"
	"github.com/muster-sql/muster/connectors/internal/parquet/format"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// Sizes of the ends of a file.
const (
	magic          = "PAR1"
	magicEncrypted = "PARE"
	footerTail     = 8        // length of the footer and magic
	footerGuess    = 64 << 10 // read at first
	footerBytesMax = 256 << 20
)

// File is what the footer of one version of a file says. It is immutable and
// safe for concurrent use; it holds no open object.
type File struct {
	Info   objectstore.Info
	Fields []*Node // top-level columns
	Rows   int64
	Groups []format.RowGroup

	leaves  []*Node
	ordered []bool
	first   []int64 // row number of the first row of each group
	size    int     // bytes in memory
}

// corrupt adds the file to an error about its content.
func corrupt(name string, err error) error {
	if sqlerr.Is(err, sqlerr.InternalError) || sqlerr.Is(err, sqlerr.DataCorrupted) {
		return sqlerr.New(sqlerr.DataCorrupted, "damaged Parquet file: %s: %v", name, err)
	}
	return fmt.Errorf("read Parquet file %s: %w", name, err)
}

// ReadFile reads and checks the footer of an object. The pool is charged while
// it is read; the caller charges Size for as long as it keeps the file.
func ReadFile(ctx context.Context, o objectstore.Object, pool page.Pool) (f *File, err error) {
	defer func() {
		if r := recover(); r != nil {
			f, err = nil, sqlerr.New(sqlerr.DataCorrupted, "damaged Parquet file: %s: footer: %v", o.Info().Path, r)
		}
	}()
	raw, err := footerBytes(ctx, o, pool)
	if err != nil {
		return nil, err
	}
	footer, size, err := format.ReadFooter(raw)
	if err != nil {
		return nil, corrupt(o.Info().Path, err)
	}
	f = &File{Info: o.Info(), Rows: footer.Rows, Groups: footer.Groups, ordered: footer.Ordered, size: size + len(raw)}
	if footer.Encrypted {
		return nil, encrypted(f.Info.Path)
	}
	if err := f.check(footer); err != nil {
		return nil, corrupt(f.Info.Path, err)
	}
	return f, nil
}

func encrypted(name string) error {
	return sqlerr.Unsupported("encrypted Parquet files are not supported: %s", name)
}

// footerBytes returns the footer's bytes, in memory of their own.
func footerBytes(ctx context.Context, o objectstore.Object, pool page.Pool) ([]byte, error) {
	info := o.Info()
	if info.Bytes < footerTail+int64(len(magic)) {
		return nil, sqlerr.New(sqlerr.DataCorrupted, "not a Parquet file: %s has %d bytes", info.Path, info.Bytes)
	}
	n := int(min(info.Bytes, footerGuess))
	if err := pool.Reserve(n); err != nil {
		return nil, err
	}
	defer pool.Free(n)
	b := make([]byte, n)
	if err := o.ReadAt(ctx, b, info.Bytes-int64(n)); err != nil {
		return nil, err
	}
	tail := b[n-footerTail:]
	length := int64(binary.LittleEndian.Uint32(tail))
	switch string(tail[4:]) {
	case magic:
	case magicEncrypted:
		return nil, encrypted(info.Path)
	default:
		return nil, sqlerr.New(sqlerr.DataCorrupted, "not a Parquet file: %s does not end in PAR1", info.Path)
	}
	if length > info.Bytes-footerTail-int64(len(magic)) || length > footerBytesMax {
		return nil, sqlerr.New(sqlerr.DataCorrupted, "damaged Parquet file: %s: footer of %d bytes in a file of %d", info.Path, length, info.Bytes)
	}
	if length <= int64(n-footerTail) {
		return slices.Clone(b[n-footerTail-int(length) : n-footerTail]), nil
	}
	if err := pool.Reserve(int(length)); err != nil {
		return nil, err
	}
	defer pool.Free(int(length))
	b = make([]byte, length)
	return b, o.ReadAt(ctx, b, info.Bytes-footerTail-length)
}

// check builds the schema and holds each chunk against the file.
func (f *File) check(footer *format.Footer) (err error) {
	f.Fields, f.leaves, err = buildSchema(footer)
	if err != nil {
		return err
	}
	if len(f.ordered) != len(f.leaves) {
		f.ordered = nil
	}
	total := int64(0)
	f.first = make([]int64, len(f.Groups))
	for i := range f.Groups {
		g := &f.Groups[i]
		if err := f.checkGroup(g); err != nil {
			return fmt.Errorf("row group %d: %w", i, err)
		}
		f.first[i] = total
		total += g.Rows
	}
	f.Rows = total
	if footer.Rows != 0 && total != footer.Rows { // some writers leave it at 0
		return sqlerr.New(sqlerr.DataCorrupted, "row groups have %d rows in all, the footer says %d", total, footer.Rows)
	}
	return nil
}

const groupRowsMax = 1<<31 - 1

func (f *File) checkGroup(g *format.RowGroup) error {
	if g.Rows < 0 || g.Rows > groupRowsMax {
		return sqlerr.New(sqlerr.DataCorrupted, "impossible number of rows: %d", g.Rows)
	}
	if len(g.Columns) != len(f.leaves) {
		return sqlerr.New(sqlerr.DataCorrupted, "it has %d column chunks, the schema %d columns", len(g.Columns), len(f.leaves))
	}
	for i := range g.Columns {
		if err := f.checkChunk(g, i); err != nil {
			return fmt.Errorf("column %s: %w", f.leaves[i].Name, err)
		}
	}
	return nil
}

func (f *File) checkChunk(g *format.RowGroup, i int) error {
	c, leaf := &g.Columns[i], f.leaves[i]
	bad := func(what string, v any) error { return sqlerr.New(sqlerr.DataCorrupted, "%s: %v", what, v) }
	switch {
	case c.Encrypted:
		return sqlerr.Unsupported("encrypted Parquet columns are not supported")
	case !c.HasMeta:
		return bad("no metadata of its chunk", c.HasMeta)
	case c.Elsewhere:
		return sqlerr.Unsupported("column chunks in other files are not supported")
	case c.Type != leaf.element.Type:
		return bad("chunk has another type than the schema", c.Type)
	case c.Values < 0 || leaf.rep == 0 && c.Values != g.Rows || leaf.rep > 0 && c.Values < g.Rows:
		return bad("impossible number of values", c.Values)
	}
	if g.Rows == 0 && c.Values == 0 {
		return nil // nothing is there to be read
	}
	start, size := extent(c)
	if start < int64(len(magic)) || size < 0 || c.DataOffset < 0 || start+size > f.Info.Bytes-footerTail || size > f.Info.Bytes {
		return bad("chunk lies outside of the file, at byte", start)
	}
	return nil
}

// Size returns the bytes that the footer takes in memory.
func (f *File) Size() int { return f.size }

// Field returns the position of the top-level column of this name: the exact
// one, else the only one without case; -1 none.
func (f *File) Field(name string) int {
	found := -1
	for i, n := range f.Fields {
		if n.Name == name {
			return i
		}
		if strings.EqualFold(n.Name, name) {
			if found >= 0 {
				return -1
			}
			found = i
		}
	}
	return found
}

// FieldBytes returns the compressed bytes of a field in a row group.
func (f *File) FieldBytes(group, field int) (n int64) {
	for _, l := range f.Fields[field].leaves(nil) {
		n += f.Groups[group].Columns[l.leaf].Compressed
	}
	return n
}
