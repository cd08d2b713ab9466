package parquet

import (
	"context"
	"math/bits"

	"github.com/muster-sql/muster/connectors/internal/parquet/format"
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Bounds of what pruning looks at.
const (
	indexBytesMax     = 16 << 20
	bloomBytesMax     = 128 << 20
	bloomValuesMax    = 1000
	dictEntriesMax    = 1 << 16
	bloomHeaderBytes  = 64
	bloomBlockBytes   = 32
	bloomReadWholeMin = 16 // values from which on the whole filter is read
)

// MayMatch reports whether the statistics of a row group leave room for a row
// in every set of t, which is by table column.
func (f *File) MayMatch(group int, table []Column, t domain.Tuple) bool {
	for c, set := range t {
		if c < 0 || c >= len(table) || !fits(set.Type, table[c].Type) {
			continue
		}
		switch col := &table[c]; col.Source {
		case FromConst:
			if !set.Contains(col.Const) {
				return false
			}
		case FromField:
			n := f.prunable(col)
			if n == nil {
				continue
			}
			s := f.span(n, &f.Groups[group].Columns[n.leaf])
			if !s.mayHold(set) {
				return false
			}
		}
	}
	return true
}

// prunable returns the leaf of a column that is not nested, or nil.
func (f *File) prunable(c *Column) *Node {
	if c.Source != FromField {
		return nil
	}
	n := f.Fields[c.Field]
	if n.kind != leafNode || n.rep > 0 || n.refused != "" {
		return nil
	}
	return n.widened(c.Type)
}

// survivors returns the rows of a group that bounds, page index and Bloom
// filters leave.
func (s *Scanner) survivors(ctx context.Context, group int) ([]rowRange, error) {
	g := &s.file.Groups[group]
	if g.Rows == 0 || !s.file.MayMatch(group, s.o.Table, s.bound) {
		return nil, nil
	}
	ranges := []rowRange{{0, g.Rows}}
	for c, set := range s.bound {
		if c < 0 || c >= len(s.o.Table) || set.IsAll() || !fits(set.Type, s.o.Table[c].Type) {
			continue
		}
		n := s.file.prunable(&s.o.Table[c])
		if n == nil {
			continue
		}
		chunk := &g.Columns[n.leaf]
		s.where = n.Name
		ok, err := s.bloomMatches(ctx, n, chunk, set)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, nil
		}
		pages, err := s.pages(ctx, n, chunk, g.Rows, set)
		if err != nil {
			return nil, err
		}
		if pages != nil {
			ranges = intersect(ranges, pages)
		}
		s.where = ""
	}
	return ranges, nil
}

// intersect returns the rows that are in both.
func intersect(a, b []rowRange) (out []rowRange) {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		if lo, hi := max(a[i].lo, b[j].lo), min(a[i].hi, b[j].hi); lo < hi {
			out = append(out, rowRange{lo, hi})
		}
		if a[i].hi < b[j].hi {
			i++
		} else {
			j++
		}
	}
	return out
}

// region reads a part of the file outside of column chunks, of at most limit bytes.
func (s *Scanner) region(ctx context.Context, off, n int64, limit int64) (*page.Buffer, error) {
	if n <= 0 || n > limit || off < int64(len(magic)) || off+n > s.file.Info.Bytes-footerTail {
		return nil, nil
	}
	buf, err := s.o.Pool.Alloc(int(n))
	if err != nil {
		return nil, err
	}
	if err := s.o.Object.ReadAt(ctx, buf.Data[:n], off); err != nil {
		buf.Release()
		return nil, err
	}
	s.stats.BytesRead += n
	s.stats.Requests++
	return buf, nil
}

// offsetIndex returns where the pages of a chunk lie, nil where that is not
// known or does not fit the chunk.
func (s *Scanner) offsetIndex(ctx context.Context, c *format.ColumnChunk, rows int64) ([]format.PageLocation, error) {
	buf, err := s.region(ctx, c.OffsetIndex, int64(c.OffsetIndexLen), indexBytesMax)
	if buf == nil || err != nil {
		return nil, err
	}
	defer buf.Release()
	pages, err := format.ReadOffsetIndex(buf.Data[:c.OffsetIndexLen])
	if err != nil || len(pages) == 0 || pages[0].FirstRow != 0 {
		return nil, nil // without it every page header is read
	}
	start, size := extent(c)
	for i, p := range pages {
		if p.Offset < start || p.Offset >= start+size || p.FirstRow >= rows ||
			i > 0 && (p.FirstRow <= pages[i-1].FirstRow || p.Offset <= pages[i-1].Offset) {
			return nil, nil
		}
	}
	return pages, nil
}

// pages returns the rows of the pages whose bounds leave room for a member of
// set; nil says that nothing is known.
func (s *Scanner) pages(ctx context.Context, n *Node, c *format.ColumnChunk, rows int64, set domain.Set) ([]rowRange, error) {
	if c.ColumnIndex <= 0 || c.OffsetIndex <= 0 || !n.filter || s.file.ordered == nil || !s.file.ordered[n.leaf] {
		return nil, nil
	}
	where, err := s.offsetIndex(ctx, c, rows)
	if where == nil || err != nil {
		return nil, err
	}
	buf, err := s.region(ctx, c.ColumnIndex, int64(c.ColumnIndexLen), indexBytesMax)
	if buf == nil || err != nil {
		return nil, err
	}
	defer buf.Release()
	x, err := format.ReadColumnIndex(buf.Data[:c.ColumnIndexLen])
	if err != nil || len(x.NullPages) != len(where) || len(x.Min) != len(where) || len(x.Max) != len(where) ||
		x.Nulls != nil && len(x.Nulls) != len(where) {
		return nil, nil
	}
	out := []rowRange{}
	for i := range where {
		p := unknown()
		p.nulls = n.Optional && (x.Nulls == nil || x.Nulls[i] != 0)
		if x.NullPages[i] {
			p.values, p.nulls = false, true
		} else {
			p.bound(n, x.Min[i], x.Max[i])
		}
		end := rows
		if i+1 < len(where) {
			end = where[i+1].FirstRow
		}
		if !p.mayHold(set) {
			continue
		}
		if k := len(out); k > 0 && out[k-1].hi == where[i].FirstRow {
			out[k-1].hi = end
		} else {
			out = append(out, rowRange{where[i].FirstRow, end})
		}
	}
	return out, nil
}

// useOffsetIndexes lets columns jump over pages of which no row is wanted.
func (s *Scanner) useOffsetIndexes(ctx context.Context, g *format.RowGroup) {
	for i := range s.cols {
		f, ok := s.cols[i].col.(*flat)
		if !ok {
			continue
		}
		if pages, err := s.offsetIndex(ctx, f.meta, g.Rows); err == nil {
			f.index = pages
		}
	}
}

// dictionariesMatch reports whether each column with a set of single values
// or a Bloom filter has an entry of its dictionary in it. The dictionaries are
// read anyway when the group is.
func (s *Scanner) dictionariesMatch(ctx context.Context, g *format.RowGroup) (bool, error) {
	for i := range s.cols {
		set, ok := s.bound[s.o.Output[i]]
		f, isFlat := s.cols[i].col.(*flat)
		if !ok || !isFlat || !f.meta.AllDict || !selective(set) || !fits(set.Type, f.leaf.Type) {
			continue
		}
		if st := s.file.span(f.leaf, f.meta); set.Null && st.nulls {
			continue
		}
		s.where = f.leaf.Name
		if err := f.peek(ctx); err != nil {
			return false, err
		}
		s.where = ""
		if f.head.Kind != format.DictionaryPage || f.head.Values > dictEntriesMax {
			continue
		}
		if err := f.dictionary(ctx); err != nil {
			return false, err
		}
		m, ok := newMember(i, set)
		if ok && !m.evaluate(f.dict) {
			return false, nil
		}
	}
	return true, nil
}

// selective reports whether a set is worth testing entry by entry.
func selective(set domain.Set) bool {
	if set.Type.IsNested() || len(set.Ranges) == 0 {
		return false
	}
	if set.Bloom != nil {
		return true
	}
	_, ok := domain.Set{Type: set.Type, Ranges: set.Ranges}.Values()
	return ok
}

// bloomMatches reports whether the chunk's Bloom filter may hold one of the
// values of set; true where there is no filter or the set has no values to ask for.
func (s *Scanner) bloomMatches(ctx context.Context, n *Node, c *format.ColumnChunk, set domain.Set) (bool, error) {
	if c.BloomOffset <= 0 || set.Null && s.file.span(n, c).nulls {
		return true, nil
	}
	vals, ok := domain.Set{Type: set.Type, Ranges: set.Ranges}.Values()
	if !ok || len(vals) > bloomValuesMax || len(vals) == 0 {
		return true, nil
	}
	hashes := make([]uint64, len(vals))
	for i, v := range vals {
		b, ok := n.stored(v)
		if !ok {
			return true, nil
		}
		hashes[i] = xxh64(b)
	}
	room := s.file.Info.Bytes - footerTail - c.BloomOffset
	buf, err := s.region(ctx, c.BloomOffset, min(room, bloomHeaderBytes), bloomHeaderBytes)
	if buf == nil || err != nil {
		return true, err
	}
	size, head, known, err := format.ReadBloomHeader(buf.Data[:min(room, bloomHeaderBytes)])
	buf.Release()
	if err != nil || !known || size < bloomBlockBytes || size%bloomBlockBytes != 0 || int64(size) > bloomBytesMax {
		return true, nil
	}
	return s.bloomHas(ctx, c.BloomOffset+int64(head), int64(size), hashes)
}

func (s *Scanner) bloomHas(ctx context.Context, off, size int64, hashes []uint64) (bool, error) {
	whole := len(hashes) >= bloomReadWholeMin
	at, n := off, size
	for i, h := range hashes {
		block, _ := bits.Mul64(h>>32<<32, uint64(size/bloomBlockBytes))
		if !whole {
			at, n = off+int64(block)*bloomBlockBytes, bloomBlockBytes
		} else if i > 0 {
			break
		}
		buf, err := s.region(ctx, at, n, bloomBytesMax)
		if buf == nil || err != nil {
			return true, err
		}
		has := false
		if whole {
			for _, h := range hashes {
				block, _ := bits.Mul64(h>>32<<32, uint64(size/bloomBlockBytes))
				has = has || bloomBlockHas(buf.Data[block*bloomBlockBytes:], uint32(h))
			}
		} else {
			has = bloomBlockHas(buf.Data, uint32(h))
		}
		buf.Release()
		if has {
			return true, nil
		}
	}
	return false, nil
}

// stored returns a value as a page of PLAIN values stores it, for types where
// each value has one form.
func (n *Node) stored(v types.Value) ([]byte, bool) {
	var b [8]byte
	switch {
	case n.conv == convBytes:
		return []byte(v.S), true
	case n.Type.IsFloat():
		return nil, false // zero has two forms
	case n.conv == convCopy32, n.conv == convI32toI64, n.conv == convI32toI16, n.conv == convU8toI16, n.conv == convU16toI32:
		putUint(b[:4], uint64(v.I))
		return b[:4], true
	case n.conv == convCopy64:
		putUint(b[:], uint64(v.I))
		return b[:], true
	}
	return nil, false
}

func putUint(b []byte, v uint64) {
	for i := range b {
		b[i] = byte(v >> (8 * i))
	}
}
