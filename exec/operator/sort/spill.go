package sort

import (
	"context"
	"errors"
	"io"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/rows"
)

// fanInMax is how many runs are merged at once; more are merged in passes.
const fanInMax = 64

// spillRows is how many rows are handed to a file at once.
const spillRows = 1024

// spillRun sorts the rows of s and writes them as a run.
func (b *Bridge) spillRun(s *rows.Store, pool *mempool.Pool) (*rows.Spilled, error) {
	o, err := sortRows(s, b.c.Keys, pool.Overdraft())
	if err != nil {
		return nil, err
	}
	defer o.release()
	x, err := rows.NewSpilled(s.L, b.c.Spill, 1, pool)
	if err != nil {
		return nil, err
	}
	ids := make([]uint32, 0, spillRows)
	n := len(o.entries)
	if keep := b.c.keep(); keep >= 0 {
		n = min(n, int(keep))
	}
	for i := 0; i < n; i += spillRows {
		ids = ids[:0]
		for _, e := range o.entries[i:min(i+spillRows, n)] {
			ids = append(ids, uint32(e.Hi))
		}
		if err := x.Add(0, s, ids); err != nil {
			return nil, errors.Join(err, x.Close())
		}
	}
	if err := x.Flush(); err != nil {
		return nil, errors.Join(err, x.Close())
	}
	b.bytes.Add(x.Size())
	b.files.Add(1)
	return x, nil
}

// diskRun reads a run from disk, a block at a time.
type diskRun struct {
	x    *rows.Spilled
	pool page.Pool
	next int
	s    *rows.Store
	at   int
	max  int
	buf  []byte
}

func newDiskRun(x *rows.Spilled, pool *mempool.Pool, rowsMax int) *diskRun {
	return &diskRun{x: x, pool: pool.Overdraft(), max: rowsMax}
}

func (r *diskRun) Open(context.Context) error { return nil }

func (r *diskRun) Next(ctx context.Context) (*page.Page, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if r.s == nil || r.at == r.s.Len() {
		r.drop()
		if r.next == r.x.Blocks(0) {
			return nil, io.EOF
		}
		r.s, r.at = rows.NewStore(r.x.Layout(), r.pool, nil), 0
		var err error
		if r.buf, err = r.x.Read(0, r.next, r.s, r.buf); err != nil {
			return nil, err
		}
		r.next++
	}
	ids := make([]uint32, min(r.max, r.s.Len()-r.at))
	for i := range ids {
		ids[i] = uint32(r.at + i)
	}
	r.at += len(ids)
	return r.s.Page(ids, r.pool)
}

func (r *diskRun) drop() {
	if r.s != nil {
		r.s.Reset()
		r.s = nil
	}
}

func (r *diskRun) Close() error {
	r.drop()
	return nil
}

// memoryRun gives the rows of a run in memory in order.
type memoryRun struct {
	r    *run
	rest []types.Int128
	pool page.Pool
	max  int
}

func newMemoryRun(r *run, pool page.Pool, rowsMax int) *memoryRun {
	return &memoryRun{r: r, rest: r.order.entries, pool: pool, max: min(rowsMax, spillRows)}
}

func (m *memoryRun) Open(context.Context) error { return nil }

func (m *memoryRun) Next(context.Context) (*page.Page, error) {
	if len(m.rest) == 0 {
		return nil, io.EOF
	}
	ids := make([]uint32, min(m.max, len(m.rest)))
	for i := range ids {
		ids[i] = uint32(m.rest[i].Hi)
	}
	m.rest = m.rest[len(ids):]
	return m.r.store.Page(ids, m.pool)
}

func (m *memoryRun) Close() error { return nil }

// external merges the runs of all drivers when some are on disk, and cuts.
func (o *source) external(ctx context.Context) (operator.Operator, error) {
	b := o.b
	for len(b.disk) > fanInMax {
		if err := o.pass(ctx); err != nil {
			return nil, err
		}
	}
	var ins []operator.Operator
	for _, x := range b.disk {
		ins = append(ins, newDiskRun(x, o.pool, b.c.RowsMax))
	}
	for _, r := range b.runs {
		ins = append(ins, newMemoryRun(r, o.pool.Overdraft(), b.c.RowsMax))
	}
	m := NewMerge(ins, b.c.Types, b.c.Keys, b.c.RowsMax, o.pool.Overdraft())
	l := operator.NewLimit(m, operator.NewQuota(b.c.N, b.c.Offset))
	return l, l.Open(ctx)
}

// pass merges as many runs as can be merged at once into one.
func (o *source) pass(ctx context.Context) (err error) {
	b := o.b
	var ins []operator.Operator
	for _, x := range b.disk[:fanInMax] {
		ins = append(ins, newDiskRun(x, o.pool, b.c.RowsMax))
	}
	m := NewMerge(ins, b.c.Types, b.c.Keys, b.c.RowsMax, o.pool.Overdraft())
	defer func() { err = errors.Join(err, m.Close()) }()
	if err := m.Open(ctx); err != nil {
		return err
	}
	out, err := rows.NewSpilled(b.layout, b.c.Spill, 1, o.pool)
	if err != nil {
		return err
	}
	b.disk = append(b.disk, out)
	for {
		p, err := m.Next(ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if err := o.append(out, p); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	b.bytes.Add(out.Size())
	b.files.Add(1)
	for _, x := range b.disk[:fanInMax] {
		if err := x.Close(); err != nil {
			return err
		}
	}
	b.disk = b.disk[fanInMax:]
	return nil
}

func (o *source) append(out *rows.Spilled, p *page.Page) error {
	defer p.Release()
	s := rows.NewStore(out.Layout(), o.pool.Overdraft(), nil)
	defer s.Reset()
	if err := s.Append(p.Cols, p.Rows, p.Sel, nil); err != nil {
		return err
	}
	return out.Add(0, s, firstIDs(s.Len()))
}
