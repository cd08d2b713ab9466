package postgres

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/muster-sql/muster/connectors/internal/sqlsource"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// sink copies pages of one driver of one attempt into the staging table: one
// COPY, which takes effect as a whole when it ends.
type sink struct {
	lease *sqlsource.Lease[*conn]
	tag   string
	types []types.Type
	buf   []byte
	done  bool
}

var _ spi.PageSink = (*sink)(nil)

// copyBytes is how much is sent at once.
const copyBytes = 64 << 10

var copyHeader = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")

// Sink implements spi.Writer.
func (k *connector) Sink(ctx context.Context, s *spi.Session, st spi.Target, id spi.SinkID, _ spi.OpenEnv) (spi.PageSink, error) {
	t, err := k.target(st)
	if err != nil {
		return nil, err
	}
	l, err := k.pool.Get(ctx)
	if err != nil {
		return nil, err
	}
	out := &sink{lease: l, tag: fmt.Sprintf("%s/%d/%d", id.Task, id.Driver, id.Attempt), types: st.Types}
	stmt := newText().Add(sqlsource.Fixed(origin(s)), "COPY ").Table(t.Write.Table.Name.Schema, t.Stage).Add(" (").Ident(sinkColumn)
	for i := range st.Types {
		stmt.Add(", ").Ident(stagedName(i))
	}
	if err := l.Conn.copyIn(ctx, stmt.Add(") FROM STDIN (FORMAT binary)").String()); err != nil {
		l.Destroy()
		return nil, err
	}
	out.buf = append(out.begin(), copyHeader...)
	return out, nil
}

// copyIn starts a COPY FROM STDIN.
func (c *conn) copyIn(ctx context.Context, sql string) error {
	stop := c.watch(ctx)
	defer stop()
	if err := c.send(fixed(sql)); err != nil {
		return err
	}
	c.fe.Send(&pgproto3.Flush{})
	c.busy = true
	if err := c.fe.Flush(); err != nil {
		return c.failed(ctx, err)
	}
	for {
		m, err := c.fe.Receive()
		if err != nil {
			return c.failed(ctx, err)
		}
		switch m := m.(type) {
		case *pgproto3.CopyInResponse:
			return nil
		case *pgproto3.ErrorResponse:
			c.broken, c.lost = true, true // the pipeline was never ended
			return c.serverError(m)
		}
	}
}

// begin leaves room for the head of a CopyData message.
func (s *sink) begin() []byte { return append(s.buf[:0], 'd', 0, 0, 0, 0) }

// Put implements spi.PageSink.
func (s *sink) Put(ctx context.Context, p *page.Page) error {
	defer p.Release()
	if err := p.Load(); err != nil {
		return err
	}
	for i := range p.Len() {
		slot := p.Row(i)
		s.buf = binary.BigEndian.AppendUint16(s.buf, uint16(1+len(s.types)))
		s.buf = binary.BigEndian.AppendUint32(s.buf, uint32(len(s.tag)))
		s.buf = append(s.buf, s.tag...)
		for c, t := range s.types {
			if err := s.cell(p.Cols[c], slot, t); err != nil {
				return err
			}
		}
		if len(s.buf) >= copyBytes {
			if err := s.flush(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// cell appends a value with its length.
func (s *sink) cell(v *page.Vector, slot int, t types.Type) error {
	if v.IsNull(slot) {
		s.buf = binary.BigEndian.AppendUint32(s.buf, math.MaxUint32)
		return nil
	}
	at := len(s.buf)
	s.buf = append(s.buf, 0, 0, 0, 0)
	switch {
	case t.Kind == types.Int32:
		s.buf = binary.BigEndian.AppendUint32(s.buf, uint32(page.Get[int32](v, slot)))
	case t.Kind == types.Int64:
		s.buf = binary.BigEndian.AppendUint64(s.buf, uint64(page.Get[int64](v, slot)))
	case t.Kind == types.Float64:
		s.buf = binary.BigEndian.AppendUint64(s.buf, math.Float64bits(page.Get[float64](v, slot)))
	case t.Kind == types.Date:
		s.buf = types.AppendDateBinary(s.buf, page.Get[int32](v, slot))
	case t.Kind == types.Decimal && t.Phys() == types.PhysI64:
		s.buf = types.AppendDecimalBinary(s.buf, types.Int128Of(page.Get[int64](v, slot)), int(t.S))
	case t.Kind == types.Text, t.Kind == types.Varchar, t.Kind == types.Bytea:
		s.buf = append(s.buf, v.Str(slot)...)
	default:
		var err error
		if s.buf, err = types.AppendBinary(s.buf, t, v.Value(slot)); err != nil {
			return err
		}
	}
	n := len(s.buf) - at - 4
	if n > valueBytesMax {
		return sqlerr.New(sqlerr.ProgramLimit, "value is too long for PostgreSQL: %d bytes", n)
	}
	binary.BigEndian.PutUint32(s.buf[at:], uint32(n))
	return nil
}

// valueBytesMax is what the server takes in one field.
const valueBytesMax = 1<<30 - 1<<16

// flush sends what has been gathered as one message.
func (s *sink) flush(ctx context.Context) error {
	c := s.lease.Conn
	stop := c.watch(ctx)
	defer stop()
	binary.BigEndian.PutUint32(s.buf[1:], uint32(len(s.buf)-1))
	if err := c.fe.SendUnbufferedEncodedCopyData(s.buf); err != nil {
		return c.failed(ctx, err)
	}
	s.buf = s.begin()
	return nil
}

// Finish implements spi.PageSink: the fragment is the tag of the rows.
func (s *sink) Finish(ctx context.Context) ([]byte, error) {
	s.buf = binary.BigEndian.AppendUint16(s.buf, math.MaxUint16) // the trailer
	if err := s.flush(ctx); err != nil {
		return nil, err
	}
	c := s.lease.Conn
	c.fe.Send(&pgproto3.CopyDone{})
	c.fe.SendSync(&pgproto3.Sync{})
	if err := c.flush(ctx); err != nil {
		return nil, err
	}
	if err := c.drain(ctx); err != nil {
		return nil, err
	}
	s.done = true
	return []byte(s.tag), nil
}

// Close implements spi.PageSink. A COPY that was not finished ends with its
// connection and leaves no rows.
func (s *sink) Close() error {
	if s.lease == nil {
		return nil
	}
	if s.done {
		s.lease.Return()
	} else {
		s.lease.Destroy()
	}
	s.lease = nil
	return nil
}
