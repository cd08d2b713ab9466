package pgwire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/coordinator/session"
)

// conn is one connection. serve runs on its goroutine; cut may be called by others.
type conn struct {
	s         *Server
	ctx       context.Context
	cancel    context.CancelCauseFunc
	in        *reader
	out       writer
	encrypted bool
	crowded   bool // too many connections: it will be refused
	session   *session.Session
	reported  map[string]string // parameters as the client knows them
	version   uint64            // of the settings that were reported
	unwatch   func()            // stops watching the client while a statement runs
	skip      bool              // after an error, until Sync
	grouped   bool              // within a message group that an implicit transaction spans

	mu  sync.Mutex
	net net.Conn
}

func newConn(s *Server, n net.Conn) *conn {
	c := &conn{s: s, net: n, in: newReader(n), out: writer{net: n}, reported: map[string]string{}}
	c.ctx, c.cancel = context.WithCancelCause(s.ctx)
	return c
}

func (c *conn) remote() string {
	if a := c.net.RemoteAddr(); a != nil {
		return a.String()
	}
	return ""
}

// swap replaces the connection by its encrypted form.
func (c *conn) swap(n net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.net = n
}

// cut makes reads and writes of the connection end after a while.
func (c *conn) cut(after time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.net.SetReadDeadline(past)
	_ = c.net.SetWriteDeadline(time.Now().Add(after))
}

// serve runs the connection to its end.
func (c *conn) serve() {
	defer func() {
		if r := recover(); r != nil {
			c.s.o.Log.Error("connection failed", c.id(), "panic", r, "stack", string(debug.Stack()))
			c.fatal(sqlerr.Internalf("connection failed: %v", r))
		}
		c.cancel(errDone)
		if c.session != nil {
			c.session.Close()
		}
		_ = c.out.flush()
		_ = c.net.Close()
	}()
	if err := c.login(); err != nil {
		c.fatal(err)
		return
	}
	if err := c.loop(); err != nil {
		c.fatal(err)
	}
}

// fatal tells the client why the connection ends, unless it is gone.
func (c *conn) fatal(err error) {
	var n net.Error
	if errors.Is(err, errDone) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.As(err, &n) {
		return
	}
	_ = c.net.SetWriteDeadline(time.Now().Add(closeMax))
	c.failure(severityFatal, err, "")
	_ = c.out.flush()
}

// login goes from the first byte to ReadyForQuery.
func (c *conn) login() error {
	c.deadline(c.s.o.LoginMax)
	h, err := c.greet()
	if err != nil {
		return err
	}
	if c.crowded {
		return sqlerr.New(sqlerr.TooManyConnections, "sorry, too many clients already")
	}
	c.negotiate(h)
	u, err := h.startup(c.remote(), c.encrypted)
	if err != nil {
		return err
	}
	if err := c.authenticate(u.User); err != nil {
		return err
	}
	if c.session, err = c.s.o.Sessions.Open(c.ctx, u); err != nil {
		return err
	}
	c.session.OnEnd(func(now session.Now) {
		if now {
			c.cut(closeMax)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		_ = c.net.SetReadDeadline(past)
	})
	at := c.out.begin('R')
	c.out.int32(0)
	c.out.end(at)
	c.welcome(h)
	c.notices()
	c.out.ready(c.session.Status())
	c.in.max = c.s.o.MessageBytesMax
	_ = c.net.SetDeadline(time.Time{})
	return c.out.flush()
}

// reports sends the parameters that the client does not know yet.
func (c *conn) reports(all bool) {
	if v := c.session.Version(); v == c.version && !all {
		return
	}
	c.version = c.session.Version()
	for _, s := range c.session.Settings().All() {
		if !s.Report {
			continue
		}
		v := c.session.Show(s.Name)
		if known, ok := c.reported[s.Name]; !ok || known != v {
			c.reported[s.Name] = v
			c.out.parameter(s.Name, v)
		}
	}
}

// loop handles messages until the client leaves.
func (c *conn) loop() error {
	for {
		if !c.in.buffered() {
			if err := c.out.flush(); err != nil {
				return errDone
			}
		}
		kind, body, err := c.receive()
		if err != nil {
			return err
		}
		if kind == 'X' {
			return nil
		}
		if err := c.handle(kind, body); err != nil {
			return err
		}
		if c.out.err != nil {
			return errDone
		}
	}
}

// receive waits for a message, but no longer than the client may be idle.
func (c *conn) receive() (byte, []byte, error) {
	idle, cause := c.session.IdleMax()
	var until time.Time
	if idle > 0 {
		until = time.Now().Add(idle)
	}
	for {
		_ = c.net.SetReadDeadline(until)
		if err := c.session.Ended(); err != nil {
			return 0, nil, err
		}
		kind, body, err := c.in.next()
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			return kind, body, err
		}
		if ended := c.session.Ended(); ended != nil {
			return 0, nil, ended
		}
		if idle > 0 && !time.Now().Before(until) {
			return 0, nil, cause
		}
		if c.in.torn { // what interrupted the wait was meant for a statement
			return 0, nil, errDone
		}
	}
}

// handle executes one message. An error ends the connection; errors of
// statements have been sent to the client.
func (c *conn) handle(kind byte, body []byte) error {
	switch kind {
	case 'Q':
		c.skip = false
		return c.simple(body)
	case 'S':
		return c.sync()
	case 'H':
		if err := c.out.flush(); err != nil {
			return errDone
		}
		return nil
	case 'd', 'c', 'f': // what is left of a COPY that failed
		return nil
	case 'F':
		return c.refused(sqlerr.Unsupported("function call messages are not supported"))
	case 'P', 'B', 'D', 'E', 'C':
		if c.skip {
			return nil
		}
		c.begin()
		text, err := c.extended(kind, body)
		if err != nil {
			return c.broken(err, text)
		}
		return nil
	}
	return errMessage("unexpected frontend message type %d", kind)
}

// refused answers a message that is no part of the extended protocol.
func (c *conn) refused(err error) error {
	c.session.Fail()
	c.failure(severityError, err, "")
	c.out.ready(c.session.Status())
	return nil
}

// begin opens the implicit transaction of a group of messages.
func (c *conn) begin() {
	if !c.grouped {
		c.grouped = true
		c.session.BeginMessage()
	}
}

// broken reports an error of the extended protocol and skips up to Sync.
func (c *conn) broken(err error, text string) error {
	if fatal := c.lost(err); fatal != nil {
		return fatal
	}
	c.skip = true
	c.session.Fail()
	c.notices()
	c.failure(severityError, err, text)
	return nil
}

// lost returns the error that ends the connection, if err does.
func (c *conn) lost(err error) error {
	if ended := c.session.Ended(); ended != nil && errors.Is(err, ended) {
		return ended
	}
	if errors.Is(err, errDone) || errors.Is(err, errClientGone) || c.out.err != nil {
		return errDone
	}
	var p fatalError
	if errors.As(err, &p) {
		return p.error
	}
	return nil
}

// fatalError ends the connection.
type fatalError struct{ error }

// Unwrap returns the error itself.
func (f fatalError) Unwrap() error { return f.error }

// sync ends the implicit transaction.
func (c *conn) sync() error {
	c.skip, c.grouped = false, false
	c.session.EndMessage()
	c.done()
	return nil
}

// done ends the answer to a message.
func (c *conn) done() {
	c.notices()
	c.reports(false)
	c.out.ready(c.session.Status())
}

var errClientGone = sqlerr.New(sqlerr.ConnectionFailure, "connection to client lost")

// guarded runs a statement while the client is watched. It turns a panic into
// an error that ends the connection.
func (c *conn) guarded(text string, run func(ctx context.Context) error) (err error) {
	ctx, stop := c.session.Start(c.ctx, text)
	defer stop()
	c.unwatch = c.in.watch(func(error) { c.session.Cancel(errClientGone) })
	defer c.endWatch()
	defer func() {
		if r := recover(); r != nil {
			c.s.o.Log.Error("statement failed", c.id(), "panic", r, "stack", string(debug.Stack()))
			err = fatalError{sqlerr.Internalf("statement failed: %v", r).WithDetail("session %d", c.session.ID())}
		}
	}()
	if err = run(ctx); err != nil && ctx.Err() != nil && !errors.Is(err, errDone) {
		err = cancelled(err, context.Cause(ctx))
	}
	return err
}

// endWatch stops watching the client, because its messages are to be read.
func (c *conn) endWatch() {
	if c.unwatch != nil {
		c.unwatch()
		c.unwatch = nil
	}
}

// cancelled prefers why a statement was cancelled to what that led to.
func cancelled(err, cause error) error {
	switch sqlerr.CodeOf(err) {
	case sqlerr.QueryCanceled, sqlerr.InternalError, sqlerr.AdminShutdown:
		return fmt.Errorf("%w", cause)
	}
	return err
}
