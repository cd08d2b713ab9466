// Package pgwire owns PostgreSQL's wire protocol: it turns messages into calls
// of a session and pages into DataRow messages. The coordinator serves its
// listeners with it. It must not know plans, catalogs or what statements mean.
package pgwire

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/coordinator/session"
)

// Options configure a Server.
type Options struct {
	Sessions *session.Store
	Log      *slog.Logger
	// TLS encrypts connections that ask for it; nil: none can be.
	TLS *tls.Config
	// RequireTLS refuses connections in the clear.
	RequireTLS bool
	// Users holds the SCRAM verifiers of those who may connect; nil: anybody may,
	// as anyone.
	Users Users
	// LoginMax bounds start-up and authentication; 0: 60 s.
	LoginMax time.Duration
	// MessageBytesMax bounds a message of a client; 0: 128 MiB.
	MessageBytesMax int
	// ConnectionsMax bounds connections, those that have not logged in included; 0: 1200.
	ConnectionsMax int
}

// The defaults of Options.
const (
	loginDefaultMax       = 60 * time.Second
	messageDefaultMax     = 128 << 20
	connectionsDefaultMax = 1200
)

// Server serves clients. Safe for concurrent use.
type Server struct {
	o        Options
	ctx      context.Context
	cancel   context.CancelCauseFunc
	mu       sync.Mutex
	conns    map[*conn]bool
	listener map[net.Listener]bool
	closing  error
	work     sync.WaitGroup
}

// NewServer returns a server without listeners.
func NewServer(o Options) *Server {
	if o.LoginMax == 0 {
		o.LoginMax = loginDefaultMax
	}
	if o.MessageBytesMax == 0 {
		o.MessageBytesMax = messageDefaultMax
	}
	if o.ConnectionsMax == 0 {
		o.ConnectionsMax = connectionsDefaultMax
	}
	s := &Server{o: o, conns: map[*conn]bool{}, listener: map[net.Listener]bool{}}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	return s
}

var errShutdown = sqlerr.New(sqlerr.AdminShutdown, "terminating connection due to administrator command")

// Serve accepts connections until the listener fails or the server closes; then
// the error is nil. Connections go on after it.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	if s.closing != nil {
		s.mu.Unlock()
		return l.Close()
	}
	s.listener[l] = true
	s.mu.Unlock()
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			s.accept(c)
		case s.isClosing():
			return nil
		case isTemporary(err):
			s.o.Log.Warn("connection was not accepted", "err", err)
			time.Sleep(acceptPause)
		default:
			return err
		}
	}
}

// acceptPause is how long Serve waits when the process has no file left.
const acceptPause = 50 * time.Millisecond

func isTemporary(err error) bool {
	return !errors.Is(err, net.ErrClosed)
}

func (s *Server) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing != nil
}

func (s *Server) accept(n net.Conn) {
	c := newConn(s, n)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing != nil {
		_ = n.Close()
		return
	}
	c.crowded = len(s.conns) >= s.o.ConnectionsMax
	if len(s.conns) >= 2*s.o.ConnectionsMax {
		_ = n.Close() // not even worth an answer
		return
	}
	s.conns[c] = true
	s.work.Go(func() {
		c.serve()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	})
}

// stop closes the listeners.
func (s *Server) stop() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = errShutdown
	for l := range s.listener {
		_ = l.Close()
	}
	clear(s.listener)
	out := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		out = append(out, c)
	}
	return out
}

// Drain accepts no more connections, ends each after its running statement, and
// waits for all; when ctx ends they are cut off.
func (s *Server) Drain(ctx context.Context) {
	s.stop()
	s.o.Sessions.Drain(errShutdown)
	done := make(chan struct{})
	var waiter sync.WaitGroup
	waiter.Go(func() { s.work.Wait(); close(done) })
	select {
	case <-done:
	case <-ctx.Done():
	}
	s.Close()
	waiter.Wait()
}

// closeMax is how long a client gets to read why it was cut off.
const closeMax = 2 * time.Second

// Close cuts every connection off, with 57P01, and waits.
func (s *Server) Close() {
	conns := s.stop()
	s.o.Sessions.Drain(errShutdown)
	s.o.Sessions.TerminateAll(errShutdown)
	for _, c := range conns {
		c.cut(closeMax)
	}
	s.cancel(errShutdown)
	s.work.Wait()
}
