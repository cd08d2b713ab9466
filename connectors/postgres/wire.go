package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// errInterrupted ends a read or write whose statement was cancelled.
var errInterrupted = errors.New("interrupted")

// wire is the socket below the protocol. A read or write of it ends when the
// statement is interrupted, and when the server is silent and does not answer
// another connection either: a stopped server keeps its sockets open.
type wire struct {
	net.Conn
	k           *connector
	silence     time.Duration
	started     atomic.Bool // until then pgconn's deadlines hold
	interrupted atomic.Bool
	stopPing    atomic.Pointer[context.CancelFunc]
	read        atomic.Int64
}

// dial is the DialFunc of the protocol.
func (k *connector) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := k.env.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &wire{Conn: c, k: k, silence: k.conf.silence}, nil
}

// interrupt ends what is under way; the connection is of no use afterwards.
func (w *wire) interrupt() {
	w.interrupted.Store(true)
	if stop := w.stopPing.Load(); stop != nil {
		(*stop)()
	}
	_ = w.Conn.SetDeadline(time.Unix(1, 0))
}

// Read implements net.Conn.
func (w *wire) Read(b []byte) (int, error) {
	for {
		if err := w.arm(w.SetReadDeadline); err != nil {
			return 0, err
		}
		n, err := w.Conn.Read(b)
		w.read.Add(int64(n))
		if n > 0 || !w.silent(err) {
			return n, w.explain(err)
		}
		if err := w.ping(); err != nil {
			return 0, err
		}
	}
}

// Write implements net.Conn.
func (w *wire) Write(b []byte) (int, error) {
	done := 0
	for {
		if err := w.arm(w.SetWriteDeadline); err != nil {
			return done, err
		}
		n, err := w.Conn.Write(b[done:])
		done += n
		if done == len(b) || !w.silent(err) {
			return done, w.explain(err)
		}
		if n > 0 {
			continue
		}
		if err := w.ping(); err != nil {
			return done, err
		}
	}
}

// arm sets the deadline after which the server counts as silent. interrupt
// sets its flag before its deadline, so that one of the two is seen.
func (w *wire) arm(set func(time.Time) error) error {
	if !w.started.Load() {
		return nil
	}
	deadline := time.Time{}
	if w.silence > 0 {
		deadline = time.Now().Add(w.silence)
	}
	if err := set(deadline); err != nil {
		return err
	}
	if w.interrupted.Load() {
		return errInterrupted
	}
	return nil
}

func (w *wire) silent(err error) bool {
	return w.started.Load() && !w.interrupted.Load() && errors.Is(err, os.ErrDeadlineExceeded)
}

func (w *wire) explain(err error) error {
	if err != nil && w.interrupted.Load() {
		return errInterrupted
	}
	return err
}

// sslRequest asks any PostgreSQL whether it speaks TLS; the answer is one byte.
var sslRequest = []byte{0, 0, 0, 8, 4, 210, 22, 47}

// ping asks on a connection of its own whether the server is there.
func (w *wire) ping() error {
	ctx, stop := context.WithTimeout(context.Background(), w.k.conf.connect)
	defer stop()
	w.stopPing.Store(&stop)
	defer w.stopPing.Store(nil)
	if w.interrupted.Load() {
		return errInterrupted
	}
	err := w.ask(ctx, sslRequest, 1)
	switch {
	case w.interrupted.Load():
		return errInterrupted
	case err != nil:
		return sqlerr.New(sqlerr.ConnectionFailure, "server does not answer: %s, silent for %s", w.k.conf.place(), w.silence)
	}
	return nil
}

// ask sends a message on a new connection and reads the answer, so many bytes
// or, with 0, until the server closes it.
func (w *wire) ask(ctx context.Context, message []byte, answer int) error {
	a := w.Conn.RemoteAddr()
	c, err := w.k.env.Dial(ctx, a.Network(), a.String())
	if err != nil {
		return err
	}
	defer c.Close()
	end := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer end()
	if _, err := c.Write(message); err != nil {
		return err
	}
	var one [1]byte
	n, err := io.ReadFull(c, one[:])
	if n < answer {
		return err
	}
	return nil
}

// cancelMax bounds a cancel request.
const cancelMax = time.Second

// cancelStatement asks the server to end what a connection runs.
func (w *wire) cancelStatement(pid uint32, key []byte) error {
	message, err := (&pgproto3.CancelRequest{ProcessID: pid, SecretKey: key}).Encode(nil)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), cancelMax)
	defer stop()
	return w.ask(ctx, message, 0)
}

// alive reports whether the socket is open and quiet. It does not block.
func (w *wire) alive() bool {
	s, ok := w.Conn.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return false
	}
	quiet := false
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		quiet = errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EWOULDBLOCK)
	})
	return err == nil && quiet
}
