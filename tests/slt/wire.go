package slt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// Result is what one statement of a message answered. Cols is nil when it has
// no result set.
type Result struct {
	Cols []Col
	Rows [][]Cell
	Tag  string
}

// Col is a column of a result.
type Col struct {
	Name string
	OID  uint32
}

// Cell is a value as text, or null.
type Cell struct {
	Text string
	Null bool
}

var (
	errTimeout = errors.New("timeout")
	errLost    = errors.New("connection lost")
)

// cancelWait is how long a server may take to end a statement that it was
// asked to cancel.
const cancelWait = 8 * time.Second

// conn is a client that sends simple queries only, as psql -c does.
type conn struct {
	net    net.Conn
	front  *pgproto3.Frontend
	pid    uint32
	key    []byte
	closed bool
}

func connect(ctx context.Context, url string) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["application_name"] = "slt"
	c, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLost, err)
	}
	h, err := c.Hijack()
	if err != nil {
		return nil, err
	}
	return &conn{net: h.Conn, front: h.Frontend, pid: h.PID, key: h.SecretKey}, nil
}

// query runs the statements of sql. The error is *pgconn.PgError when the
// server refused one, errTimeout, or errLost when the connection is gone.
func (c *conn) query(sql string, timeout time.Duration) ([]Result, error) {
	c.front.Send(&pgproto3.Query{String: sql})
	_ = c.net.SetDeadline(time.Now().Add(timeout))
	if err := c.front.Flush(); err != nil {
		return nil, c.lost(err)
	}
	var out []Result
	var open *Result
	var refused *pgconn.PgError
	late := false
	for {
		msg, err := c.front.Receive()
		if errors.Is(err, os.ErrDeadlineExceeded) && !late {
			late = true
			c.cancel()
			_ = c.net.SetDeadline(time.Now().Add(cancelWait))
			continue
		}
		if err != nil {
			c.close()
			if late {
				return nil, errTimeout
			}
			return nil, c.lost(err)
		}
		switch m := msg.(type) {
		case *pgproto3.RowDescription:
			open = &Result{Cols: columns(m)}
		case *pgproto3.DataRow:
			if open == nil {
				open = &Result{Cols: make([]Col, len(m.Values))}
			}
			open.Rows = append(open.Rows, cells(m))
		case *pgproto3.CommandComplete:
			if open == nil {
				open = &Result{}
			}
			open.Tag = string(m.CommandTag)
			out, open = append(out, *open), nil
		case *pgproto3.ErrorResponse:
			refused = pgconn.ErrorResponseToPgError(m)
			if m.Severity == "FATAL" || m.Severity == "PANIC" {
				c.close()
				return nil, fmt.Errorf("%w: %s", errLost, refused.Message)
			}
		case *pgproto3.CopyInResponse:
			c.front.Send(&pgproto3.CopyFail{Message: "this client has no COPY data"})
			if err := c.front.Flush(); err != nil {
				return nil, c.lost(err)
			}
		case *pgproto3.ReadyForQuery:
			switch {
			case late:
				return nil, errTimeout
			case refused != nil:
				return nil, refused
			}
			return out, nil
		}
	}
}

func (c *conn) lost(err error) error {
	c.close()
	return fmt.Errorf("%w: %w", errLost, err)
}

// cancel asks the server, over a connection of its own, to end the statement.
func (c *conn) cancel() {
	d, err := net.DialTimeout("tcp", c.net.RemoteAddr().String(), 3*time.Second)
	if err != nil {
		return
	}
	defer d.Close()
	msg := binary.BigEndian.AppendUint32(nil, uint32(12+len(c.key)))
	msg = binary.BigEndian.AppendUint32(msg, 80877102)
	msg = binary.BigEndian.AppendUint32(msg, c.pid)
	_, _ = d.Write(append(msg, c.key...))
}

func (c *conn) close() {
	if c.closed {
		return
	}
	c.closed = true
	_ = c.net.SetDeadline(time.Now().Add(time.Second))
	c.front.Send(&pgproto3.Terminate{})
	_ = c.front.Flush()
	_ = c.net.Close()
}

func columns(m *pgproto3.RowDescription) []Col {
	out := make([]Col, len(m.Fields))
	for i, f := range m.Fields {
		out[i] = Col{string(f.Name), f.DataTypeOID}
	}
	return out
}

func cells(m *pgproto3.DataRow) []Cell {
	out := make([]Cell, len(m.Values))
	for i, v := range m.Values {
		out[i] = Cell{strings.ToValidUTF8(string(v), "\uFFFD"), v == nil}
	}
	return out
}
