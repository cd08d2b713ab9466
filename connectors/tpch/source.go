package tpch

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/connectors/tpch/dbgen"
)

// Units of a page: about 4,096 rows. An order has at most seven lines.
const (
	pageUnits       = 4096
	pageUnitsOfMany = 1024
	pageRowsMax     = 7 * pageUnitsOfMany
)

// source generates the pages of one split.
type source struct {
	scale   *scale
	table   dbgen.Table
	types   []types.Type // of the output columns
	columns []dbgen.Column
	reader  *dbgen.Reader
	out     []dbgen.Vector
	dicts   []*page.Dictionary
	pool    page.Pool
	live    spi.LiveFilter
	report  func(spi.Progress)

	spans   []span
	step    int64
	left    int64 // rows that LIMIT allows
	scratch int   // bytes reserved for out
	reuse   *sync.Pool

	version uint64 // of the live filter applied
	read    atomic.Int64
	pruned  atomic.Int64
	bytes   atomic.Int64
}

var _ spi.PageSource = (*source)(nil)

// Open implements spi.Connector.
func (k *connector) Open(_ context.Context, _ *spi.Session, scan spi.Scan, split spi.Split, env spi.OpenEnv) (spi.PageSource, error) {
	_, t, s := k.table(scan.Table)
	if s == nil {
		return nil, sqlerr.New(sqlerr.UndefinedTable, "table does not exist: %s", scan.Table)
	}
	spans, err := decodeSpans(split.Private, s.Units(t))
	if err != nil {
		return nil, err
	}
	all := s.Columns(t)
	src := &source{scale: s, table: t, pool: env.Pool, live: env.Live, report: env.Report, spans: spans, step: pageUnits, left: scan.Limit,
		reuse: &k.vectors, dicts: make([]*page.Dictionary, len(scan.Columns))}
	if t == dbgen.LineItem || t == dbgen.PartSupp {
		src.step = pageUnitsOfMany
	}
	scratch := 0
	for i, c := range scan.Columns {
		if c < 0 || c >= len(all) {
			_ = src.Close()
			return nil, sqlerr.Internalf("scan of %s names a column that it does not have: %d", scan.Table, c)
		}
		src.columns = append(src.columns, all[c])
		src.types = append(src.types, typeOf(&all[c]))
		scratch += pageRowsMax * (12 + all[c].Length)
		if all[c].Kind == dbgen.Enum {
			if src.dicts[i], err = k.dictionary(t, c, &all[c]); err != nil {
				_ = src.Close()
				return nil, err
			}
		}
	}
	if err := env.Pool.Reserve(scratch); err != nil {
		_ = src.Close()
		return nil, err
	}
	src.scratch = scratch
	src.reader = s.NewReader(t, scan.Columns)
	if old, ok := k.vectors.Get().(*[]dbgen.Vector); ok {
		src.out = *old
	}
	for len(src.out) < len(scan.Columns) {
		src.out = append(src.out, dbgen.Vector{})
	}
	return src, nil
}

// Next implements spi.PageSource.
func (s *source) Next(ctx context.Context) (*page.Page, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s.applyLive()
	if len(s.spans) == 0 || s.left == 0 {
		return nil, io.EOF
	}
	n := min(s.spans[0].end-s.spans[0].first, s.step)
	if s.left > 0 {
		n = min(n, s.left)
	}
	rows := s.reader.Read(s.spans[0].first, n, s.out)
	if s.spans[0].first += n; s.spans[0].first == s.spans[0].end {
		s.spans = s.spans[1:]
	}
	p := &page.Page{Rows: rows, Cols: make([]*page.Vector, 0, len(s.columns))}
	for i := range s.columns {
		v, err := s.vector(i, rows)
		if err != nil {
			p.Release()
			return nil, err
		}
		p.Cols = append(p.Cols, v)
	}
	if s.left > 0 {
		p.Limit(int(min(s.left, int64(rows))))
		s.left -= int64(p.Len())
	}
	s.read.Add(int64(rows))
	s.bytes.Add(int64(p.Bytes()))
	if s.report != nil {
		s.report(spi.Progress{Rows: int64(rows), Bytes: int64(p.Bytes())})
	}
	return p, nil
}

// applyLive drops the units whose keys a dynamic filter excludes.
func (s *source) applyLive() {
	if s.live == nil {
		return
	}
	filter, version := s.live.Current()
	if version == s.version {
		return
	}
	s.version = version
	units, before := s.scale.Units(s.table), count(s.spans)
	if filter.IsNone() {
		s.spans = nil
	} else if set, ok := filter[0]; ok {
		s.spans = intersect(s.spans, merge(unitsOf(s.table, set, units)))
	}
	s.pruned.Add(before - count(s.spans))
}

func count(spans []span) int64 {
	n := int64(0)
	for _, s := range spans {
		n += s.end - s.first
	}
	return n
}

// intersect returns the units in both ascending lists.
func intersect(a, b []span) []span {
	var out []span
	for len(a) > 0 && len(b) > 0 {
		if s := (span{max(a[0].first, b[0].first), min(a[0].end, b[0].end)}); s.first < s.end {
			out = append(out, s)
		}
		if a[0].end < b[0].end {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return out
}

// vector copies generated column i into memory of the pool.
func (s *source) vector(i, rows int) (*page.Vector, error) {
	from := &s.out[i]
	switch s.columns[i].Kind {
	case dbgen.Bigint, dbgen.Decimal:
		v, dst, err := page.NewFixed[int64](s.types[i], rows, s.pool)
		copy(dst, from.Int64)
		return v, err
	case dbgen.Integer, dbgen.Date:
		v, dst, err := page.NewFixed[int32](s.types[i], rows, s.pool)
		copy(dst, from.Int32)
		return v, err
	case dbgen.Enum:
		buf, err := s.pool.Alloc(4 * rows)
		if err != nil {
			return nil, err
		}
		codes := page.SliceOf[int32](buf.Data)
		copy(codes, from.Int32)
		return page.MakeDict(s.dicts[i].Retain(), codes, nil, buf), nil
	default:
		return s.strings(i, rows)
	}
}

func (s *source) strings(i, rows int) (*page.Vector, error) {
	from := &s.out[i]
	v, views, err := page.NewFixed[page.View](s.types[i], rows, s.pool)
	if err != nil {
		return nil, err
	}
	heap, err := s.pool.Alloc(len(from.Data))
	if err != nil {
		v.Release()
		return nil, err
	}
	copy(heap.Data, from.Data)
	v.SetHeap(heap)
	for j := range views {
		at := from.Offsets[j]
		b := heap.Data[at:from.Offsets[j+1]]
		if len(b) > page.InlineMax {
			views[j] = page.Refer(b, 0, at)
		} else {
			views[j] = page.Inline(b)
		}
	}
	return v, nil
}

// Stats implements spi.PageSource.
func (s *source) Stats() spi.ScanStats {
	return spi.ScanStats{RowsRead: s.read.Load(), RowsPruned: s.pruned.Load(), BytesRead: s.bytes.Load()}
}

// Close implements spi.PageSource.
func (s *source) Close() error {
	for i, d := range s.dicts {
		if d != nil {
			d.Release()
		}
		s.dicts[i] = nil
	}
	s.pool.Free(s.scratch)
	if out := s.out; out != nil {
		s.reuse.Put(&out)
	}
	s.scratch, s.out, s.spans = 0, nil, nil
	return nil
}
