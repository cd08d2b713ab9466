package postgres

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/muster-sql/muster/connectors/internal/sqlsource"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// conn is a connection that is logged in. One goroutine uses it. It speaks the
// extended protocol only: statements and their parameters travel apart.
type conn struct {
	k      *connector
	wire   *wire
	nc     net.Conn // wire, or TLS over it
	fe     *pgproto3.Frontend
	pid    uint32
	key    []byte
	server *server
	status byte // of the last ReadyForQuery
	busy   bool // a statement has not been read to its end
	broken bool
	lost   bool // the other end is gone
}

// bufferBytes is the size of the read buffer: a system call fills it.
const bufferBytes = 64 << 10

// connect opens a connection and prepares its session.
func (k *connector) connect(ctx context.Context) (*conn, error) {
	conf := k.conf.wire.Copy()
	conf.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		f := pgproto3.NewFrontend(bufio.NewReaderSize(r, bufferBytes), w)
		f.SetMaxBodyLen(conf.MaxProtocolMessageBodyLen)
		return f
	}
	within, stop := context.WithTimeout(ctx, k.conf.connect)
	defer stop()
	pc, err := pgconn.ConnectConfig(within, conf)
	if err != nil {
		return nil, k.connectError(ctx, err)
	}
	h, err := pc.Hijack()
	if err != nil {
		return nil, sqlerr.Internalf("take over a connection: %v", err)
	}
	c := &conn{k: k, nc: h.Conn, fe: h.Frontend, pid: h.PID, key: h.SecretKey, status: h.TxStatus}
	inner := h.Conn
	if t, ok := inner.(*tls.Conn); ok {
		inner = t.NetConn()
	}
	c.wire = inner.(*wire)
	_ = c.nc.SetDeadline(time.Time{})
	c.wire.started.Store(true)
	if err := c.prepare(within); err != nil {
		_ = c.Close()
		if ctx.Err() == nil && within.Err() != nil {
			return nil, sqlerr.New(sqlerr.ConnectionUnable, "server does not answer in %s: %s", k.conf.connect, k.conf.place())
		}
		return nil, err
	}
	return c, nil
}

// connectError tells why a connection could not be had; never with a secret.
func (k *connector) connectError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return sqlerr.New(serverCode(pe.Code), "PostgreSQL refuses the connection to %s: %s", k.conf.place(), clean(pe.Message))
	}
	text := redact(reason(err), k.conf.wire.Password)
	if errors.Is(err, context.DeadlineExceeded) || strings.Contains(text, "i/o timeout") {
		text = "no answer within " + k.conf.connect.String()
	}
	return sqlerr.New(sqlerr.ConnectionUnable, "cannot connect to PostgreSQL at %s: %s", k.conf.place(), clean(text))
}

// Idle implements sqlsource.Conn.
func (c *conn) Idle() bool {
	return !c.broken && !c.busy && c.status == 'I' && c.fe.ReadBufferLen() == 0 && c.wire.alive()
}

// Close implements sqlsource.Conn. A statement that still runs is cancelled.
func (c *conn) Close() error {
	if c.busy && !c.lost {
		if err := c.wire.cancelStatement(c.pid, c.key); err != nil {
			c.k.log.Warn("a remote statement could not be cancelled", "server", c.k.conf.place(), "err", err)
		}
	} else if !c.broken {
		_ = c.wire.SetWriteDeadline(time.Now().Add(cancelMax))
		c.fe.Send(&pgproto3.Terminate{})
		_ = c.fe.Flush()
	}
	c.broken = true
	return c.wire.Conn.Close()
}

// statement is a remote statement with its parameters.
type statement struct {
	sql  string
	args []sqlsource.Arg
}

// fixed makes a statement without parameters.
func fixed(sql string) statement { return statement{sql: sql} }

// statementOf makes a statement of a text.
func statementOf(t *sqlsource.Text) statement { return statement{t.String(), t.Args} }

var binaryFormat = []int16{1}

// send queues a statement; the answer to all that is queued comes after sync.
func (c *conn) send(s statement) error {
	bind := &pgproto3.Bind{ResultFormatCodes: binaryFormat, ParameterFormatCodes: binaryFormat}
	oids := make([]uint32, len(s.args))
	for i, a := range s.args {
		oids[i] = types.TypeOID(a.Type)
		if a.Val.Null {
			bind.Parameters = append(bind.Parameters, nil)
			continue
		}
		v, err := types.AppendBinary([]byte{}, a.Type, a.Val)
		if err != nil {
			return err
		}
		bind.Parameters = append(bind.Parameters, v)
	}
	c.fe.SendParse(&pgproto3.Parse{Query: s.sql, ParameterOIDs: oids})
	c.fe.SendBind(bind)
	c.fe.SendDescribe(&pgproto3.Describe{ObjectType: 'P'})
	c.fe.SendExecute(&pgproto3.Execute{})
	return nil
}

// run sends statements as one pipeline.
func (c *conn) run(ctx context.Context, list ...statement) error {
	for _, s := range list {
		if strings.IndexByte(s.sql, 0) >= 0 {
			return sqlerr.New(sqlerr.CharacterNotInRepertoire, "a name in a remote statement has a zero byte")
		}
		if err := c.send(s); err != nil {
			c.broken = true // part of a pipeline is in the buffer
			return err
		}
	}
	c.fe.SendSync(&pgproto3.Sync{})
	c.busy = true
	return c.flush(ctx)
}

func (c *conn) flush(ctx context.Context) error {
	stop := c.watch(ctx)
	defer stop()
	if err := c.fe.Flush(); err != nil {
		return c.failed(ctx, err)
	}
	return nil
}

// watch interrupts the connection when ctx ends, until stop is called.
func (c *conn) watch(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, c.wire.interrupt)
}

// failed is the error of a connection that can no longer be used.
func (c *conn) failed(ctx context.Context, err error) error {
	c.broken = true
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var known *sqlerr.Error
	if errors.As(err, &known) {
		c.lost = known.Code == sqlerr.ConnectionFailure
		return known
	}
	var large *pgproto3.ExceededMaxBodyLenErr
	if errors.As(err, &large) {
		return sqlerr.New(sqlerr.ProgramLimit, "row of a remote table is too large: %d bytes, the limit is %d", large.ActualBodyLen, large.MaxExpectedBodyLen).
			WithHint("option %s of the catalog allows more", optionRowBytes)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || isNetwork(err) {
		c.lost = true
		return sqlerr.New(sqlerr.ConnectionFailure, "connection to PostgreSQL was lost: %s: %s", c.k.conf.place(), clean(reason(err)))
	}
	return sqlerr.New(sqlerr.ProtocolViolation, "PostgreSQL at %s sent what the protocol does not allow: %s", c.k.conf.place(), clean(reason(err)))
}

func isNetwork(err error) bool {
	var n net.Error
	return errors.As(err, &n)
}

// receive reads the next message that is an answer. Errors of the server come
// back as errors; what it sent is then read up to the end of the pipeline.
func (c *conn) receive(ctx context.Context) (pgproto3.BackendMessage, error) {
	for {
		m, err := c.fe.Receive()
		if err != nil {
			return nil, c.failed(ctx, err)
		}
		switch m := m.(type) {
		case *pgproto3.NoticeResponse, *pgproto3.ParameterStatus, *pgproto3.NotificationResponse:
		case *pgproto3.ErrorResponse:
			return nil, c.refused(ctx, c.serverError(m))
		case *pgproto3.ReadyForQuery:
			c.status, c.busy = m.TxStatus, false
			return m, nil
		default:
			return m, nil
		}
	}
}

// refused reads up to ReadyForQuery and returns err.
func (c *conn) refused(ctx context.Context, err error) error {
	if fatal(err) {
		c.broken, c.lost = true, true
		return err
	}
	for {
		m, rerr := c.fe.Receive()
		if rerr != nil {
			_ = c.failed(ctx, rerr)
			return err
		}
		if r, ok := m.(*pgproto3.ReadyForQuery); ok {
			c.status, c.busy = r.TxStatus, false
			return err
		}
	}
}

// exec runs statements as one pipeline and drops what they return.
func (c *conn) exec(ctx context.Context, list ...statement) error {
	if err := c.run(ctx, list...); err != nil {
		return err
	}
	return c.drain(ctx)
}

// drain reads a pipeline to its end.
func (c *conn) drain(ctx context.Context) error {
	stop := c.watch(ctx)
	defer stop()
	for c.busy {
		if _, err := c.receive(ctx); err != nil {
			return err
		}
	}
	return nil
}

// rowsMax bounds what a metadata query may return.
const rowsMax = 5_000_000

// query runs one statement and hands each row to f; the values are valid
// during the call.
func (c *conn) query(ctx context.Context, s statement, columns int, f func(row [][]byte) error) error {
	if err := c.run(ctx, s); err != nil {
		return err
	}
	stop := c.watch(ctx)
	defer stop()
	rows := 0
	for c.busy {
		m, err := c.receive(ctx)
		if err != nil {
			return err
		}
		row, ok := m.(*pgproto3.DataRow)
		if !ok {
			continue
		}
		if rows++; len(row.Values) != columns || rows > rowsMax {
			return c.failed(ctx, sqlerr.New(sqlerr.ProtocolViolation, "PostgreSQL at %s answered a question about its catalog with rows of another shape", c.k.conf.place()))
		}
		if err := f(row.Values); err != nil {
			c.broken = true
			return err
		}
	}
	return nil
}
