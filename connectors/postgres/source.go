package postgres

import (
	"context"
	"io"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/muster-sql/muster/connectors/internal/sqlsource"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/codec"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Sizes of a page: rows at most, and bytes after which it is full.
const (
	pageRows  = 4096
	pageBytes = 1 << 20
)

// Open implements spi.Connector: the split becomes one statement.
func (k *connector) Open(ctx context.Context, s *spi.Session, scan spi.Scan, split spi.Split, env spi.OpenEnv) (spi.PageSource, error) {
	p, err := decodePrivate(scan.Private)
	if err != nil {
		return nil, err
	}
	b := k.statementOf(s, &scan, p)
	if len(split.Private) > 0 {
		x, err := codec.Unmarshal[part](split.Private)
		if err != nil {
			return nil, err
		}
		b.more = append(b.more, func(r *renderer) { r.t.Add(x.condition()) })
	}
	q := p.query(&scan)
	if env.Live != nil && q.Plain() {
		live, _ := env.Live.Current()
		if live.IsNone() {
			return &source{}, nil
		}
		b.live(live)
	}
	if err := b.selecting(q); err != nil {
		return nil, errUnwritable(err)
	}
	return k.read(ctx, s, &scan, statementOf(b.t), env)
}

func (k *connector) statementOf(s *spi.Session, scan *spi.Scan, p *private) *builder {
	b := &builder{t: newText(), rel: &p.Rel, table: scan.Table}
	b.t.Add(sqlsource.Fixed(origin(s)))
	return b
}

// errUnwritable is the bug of having taken what cannot be written.
func errUnwritable(r *refusal) error {
	return sqlerr.Internalf("what was pushed to PostgreSQL cannot be written: %s", r.note)
}

// source reads the rows of one statement.
type source struct {
	k     *connector
	lease *sqlsource.Lease[*conn]
	names []spi.OutputCol
	cols  []column
	pool  page.Pool
	note  func(spi.Progress)
	rows  int  // of a page
	open  bool // memory of a page has been taken
	ended bool
	seen  bool // the description of the rows

	read  atomic.Int64
	bytes atomic.Int64
	pages atomic.Int64
	sent  atomic.Int64
}

var _ spi.PageSource = (*source)(nil)

// read sends a statement in a transaction of its own under the scan's snapshot,
// all as one message.
func (k *connector) read(ctx context.Context, s *spi.Session, scan *spi.Scan, st statement, env spi.OpenEnv) (*source, error) {
	list, err := opening(s, scan.Snapshot)
	if err != nil {
		return nil, err
	}
	l, err := k.pool.Get(ctx)
	if err != nil {
		return nil, err
	}
	if err := l.Conn.run(ctx, append(list, st, fixed("COMMIT"))...); err != nil {
		l.Destroy()
		return nil, err
	}
	out := &source{k: k, lease: l, names: scan.Output, cols: outputColumns(scan.Types()), pool: env.Pool, note: env.Report, rows: pageRows}
	if scan.Limit >= 0 && scan.Limit < pageRows {
		out.rows = int(scan.Limit) + 1
	}
	out.sent.Store(1)
	return out, nil
}

// Next implements spi.PageSource.
func (s *source) Next(ctx context.Context) (*page.Page, error) {
	if s.ended || s.lease == nil {
		return nil, io.EOF
	}
	c := s.lease.Conn
	stop := c.watch(ctx)
	defer stop()
	before := c.wire.read.Load()
	n, err := s.fill(ctx, c)
	s.bytes.Add(c.wire.read.Load() - before)
	if err != nil {
		s.release()
		s.ended = true
		return nil, s.explain(err)
	}
	if n == 0 {
		s.release()
		return nil, io.EOF
	}
	return s.page(n)
}

// fill reads rows until the page is full or the statement has ended.
func (s *source) fill(ctx context.Context, c *conn) (n int, err error) {
	for n < s.rows {
		m, err := c.receive(ctx)
		if err != nil {
			return 0, err
		}
		switch m := m.(type) {
		case *pgproto3.DataRow:
			if err := s.add(n, m.Values); err != nil {
				c.broken = true
				return 0, err
			}
			n++
			if n%64 == 0 && s.size(n) > pageBytes {
				return n, nil
			}
		case *pgproto3.RowDescription:
			if err := s.check(m); err != nil {
				c.broken = true
				return 0, err
			}
		case *pgproto3.ReadyForQuery:
			s.ended = true
			return n, nil
		}
	}
	return n, nil
}

// check compares what the server will send with what was planned.
func (s *source) check(d *pgproto3.RowDescription) error {
	s.seen = true
	if len(d.Fields) != len(s.cols) {
		return sqlerr.New(sqlerr.ProtocolViolation, "PostgreSQL returns %d columns, %d were asked for", len(d.Fields), len(s.cols))
	}
	for i, f := range d.Fields {
		if want := types.TypeOID(s.cols[i].typ); f.DataTypeOID != want || f.Format != 1 {
			return sqlerr.New(sqlerr.FDWError, "column of a remote table has changed its type: %s, now type %d", s.names[i].Name, f.DataTypeOID).
				WithHint("run the statement again")
		}
	}
	return nil
}

func (s *source) add(row int, values [][]byte) error {
	if !s.seen || len(values) != len(s.cols) {
		return sqlerr.New(sqlerr.ProtocolViolation, "PostgreSQL sent a row of %d columns, %d were asked for", len(values), len(s.cols))
	}
	if !s.open {
		s.open = true
		for i := range s.cols {
			if err := s.cols[i].begin(s.rows, s.pool); err != nil {
				return err
			}
		}
	}
	for i := range s.cols {
		if err := s.cols[i].put(row, values[i]); err != nil {
			return inColumn(s.names[i].Name, err)
		}
	}
	return nil
}

func (s *source) size(rows int) int {
	n := 0
	for i := range s.cols {
		n += s.cols[i].bytes(rows)
	}
	return n
}

// page makes a page of the first n rows.
func (s *source) page(n int) (*page.Page, error) {
	s.open = false
	p := &page.Page{Rows: n, Cols: make([]*page.Vector, 0, len(s.cols))}
	for i := range s.cols {
		v, err := s.cols[i].finish(n)
		if err != nil {
			p.Release()
			s.release()
			return nil, err
		}
		p.Cols = append(p.Cols, v)
	}
	s.read.Add(int64(n))
	s.pages.Add(1)
	if s.note != nil {
		s.note(spi.Progress{Rows: int64(n), Bytes: int64(p.Bytes())})
	}
	return p, nil
}

func (s *source) release() {
	s.open = false
	for i := range s.cols {
		s.cols[i].release()
	}
}

// explain names the snapshot when it is what is missing.
func (s *source) explain(err error) error {
	if r, ok := err.(*remoteError); ok && !s.seen && (r.code == "22023" || r.code == "42704" || r.code == "55000") {
		return s.k.snapshotGone(err)
	}
	return err
}

// Stats implements spi.PageSource.
func (s *source) Stats() spi.ScanStats {
	return spi.ScanStats{RowsRead: s.read.Load(), BytesRead: s.bytes.Load(), GroupsRead: s.pages.Load(), Requests: s.sent.Load()}
}

// Close implements spi.PageSource. A statement that has not ended is cancelled
// on the server and its connection destroyed.
func (s *source) Close() error {
	s.ended = true
	s.release()
	if s.lease != nil {
		s.lease.Return()
		s.lease = nil
	}
	return nil
}
