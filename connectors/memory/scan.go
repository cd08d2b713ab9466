package memory

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// splitRows is how many rows a split has, about: two full pages.
const splitRows = 2 * page.RowsMax

// Splits implements spi.Connector. All are pinned to this node.
func (k *connector) Splits(_ context.Context, _ *spi.Session, scan spi.Scan, _ spi.LiveFilter) (spi.SplitSource, error) {
	s, err := k.store.at(scan.Snapshot)
	if err != nil {
		return nil, err
	}
	defer s.release()
	_, t := s.find(scan.Table)
	if t == nil {
		return nil, undefinedTable(scan.Table)
	}
	src := &splitSource{}
	for i := 0; i < len(t.chunks); {
		first, rows := i, 0
		for i < len(t.chunks) && (rows < splitRows || scan.OneSplit) {
			rows += t.chunks[i].live()
			i++
		}
		src.splits = append(src.splits, k.split(t, first, i, rows))
	}
	if len(src.splits) == 0 && scan.OneSplit {
		src.splits = append(src.splits, k.split(t, 0, 0, 0))
	}
	return src, nil
}

func (k *connector) split(t *table, first, end, rows int) spi.Split {
	return spi.Split{
		ID:      fmt.Sprintf("%d-%d", first, end),
		Node:    k.node,
		Rows:    int64(rows),
		Detail:  fmt.Sprintf("chunks %d to %d of %d", first, end, len(t.chunks)),
		Private: binary.AppendUvarint(binary.AppendUvarint(nil, uint64(first)), uint64(end)),
	}
}

type splitSource struct{ splits []spi.Split }

// Next implements spi.SplitSource.
func (s *splitSource) Next(ctx context.Context, n int) ([]spi.Split, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	n = min(n, len(s.splits))
	out := s.splits[:n]
	if s.splits = s.splits[n:]; len(s.splits) == 0 {
		return out, io.EOF
	}
	return out, nil
}

// Close implements spi.SplitSource.
func (s *splitSource) Close() error { return nil }

// Open implements spi.Connector.
func (k *connector) Open(_ context.Context, _ *spi.Session, scan spi.Scan, split spi.Split, env spi.OpenEnv) (spi.PageSource, error) {
	s, err := k.store.at(scan.Snapshot)
	if err != nil {
		return nil, err
	}
	defer s.release()
	_, t := s.find(scan.Table)
	if t == nil {
		return nil, undefinedTable(scan.Table)
	}
	first, n := binary.Uvarint(split.Private)
	end, m := binary.Uvarint(split.Private[max(n, 0):])
	if n <= 0 || m <= 0 || first > end {
		return nil, sqlerr.Internalf("split of a table in memory is damaged")
	}
	for _, c := range scan.Columns {
		if c < 0 || c >= len(t.def.Columns) {
			return nil, sqlerr.Internalf("scan of %s names a column that it does not have: %d", scan.Table, c)
		}
	}
	// Without a snapshot the table may have shrunk since it was split.
	size := uint64(len(t.chunks))
	return &source{
		table: t.retain(), chunks: t.chunks[min(first, size):min(end, size)], columns: scan.Columns,
		left: scan.Limit, pool: env.Pool, report: env.Report,
		domain: scan.Domain, live: env.Live,
	}, nil
}

// source hands out the chunks of a split; columns are shared, not copied.
type source struct {
	table   *table
	chunks  []*chunk
	columns []int
	left    int64 // rows that LIMIT allows, < 0: all
	pool    page.Pool
	report  func(spi.Progress)
	domain  domain.Tuple
	live    spi.LiveFilter
	rows    atomic.Int64
	pruned  atomic.Int64
}

var _ spi.PageSource = (*source)(nil)

// Next implements spi.PageSource.
func (s *source) Next(ctx context.Context) (*page.Page, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := s.skip(ctx); err != nil {
		return nil, err
	}
	if len(s.chunks) == 0 || s.left == 0 {
		return nil, io.EOF
	}
	c := s.chunks[0]
	s.chunks = s.chunks[1:]
	p := &page.Page{Rows: c.rows, Cols: make([]*page.Vector, 0, len(s.columns)), Sel: slices.Clone(c.sel)}
	for _, i := range s.columns {
		if i < len(c.cols) {
			p.Cols = append(p.Cols, c.cols[i].Retain())
			continue
		}
		v, err := c.rowIDs(s.pool)
		if err != nil {
			p.Release()
			return nil, err
		}
		p.Cols = append(p.Cols, v)
	}
	if s.left > 0 {
		p.Limit(int(min(s.left, int64(p.Len()))))
		s.left -= int64(p.Len())
	}
	s.rows.Add(int64(p.Len()))
	if s.report != nil {
		s.report(spi.Progress{Rows: int64(p.Len())})
	}
	return p, nil
}

// rowIDs returns the column of row ids.
func (c *chunk) rowIDs(pool page.Pool) (*page.Vector, error) {
	v, ids, err := page.NewFixed[int64](types.Of(types.Int64), c.rows, pool)
	if err != nil {
		return nil, err
	}
	for i := range ids {
		ids[i] = c.id(i)
	}
	return v, nil
}

// Stats implements spi.PageSource.
func (s *source) Stats() spi.ScanStats {
	return spi.ScanStats{RowsRead: s.rows.Load(), RowsPruned: s.pruned.Load()}
}

// Close implements spi.PageSource.
func (s *source) Close() error {
	if s.table != nil {
		s.table.release()
		s.table, s.chunks = nil, nil
	}
	return nil
}
