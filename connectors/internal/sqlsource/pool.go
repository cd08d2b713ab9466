// Package sqlsource owns what connectors of relational databases share: a
// bounded pool of connections, the tree of a remote SELECT and a writer of SQL
// text with bound parameters. Such connectors call it; it knows the SPI, no
// database's protocol and no engine.
package sqlsource

import (
	"context"
	"sync"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// Conn is a connection that a pool keeps.
type Conn interface {
	// Idle reports whether the connection can serve the next user: the other
	// end is there and nothing is under way. It does not block.
	Idle() bool
	Close() error
}

// PoolOptions configures a pool.
type PoolOptions[C Conn] struct {
	Open     func(ctx context.Context) (C, error)
	Max      int
	WaitMax  time.Duration // for a connection to become free
	IdleMax  time.Duration // an idle connection older than this is not used again
	Governor spi.Governor
	Clock    spi.Clock
	Name     string // of what is connected to, for errors
	Setting  string // that raises Max, for errors
}

// Pool lends connections, at most so many at a time. It is safe for concurrent use.
type Pool[C Conn] struct {
	o     PoolOptions[C]
	slots chan struct{}

	mu     sync.Mutex
	idle   []idle[C]
	closed bool
}

type idle[C Conn] struct {
	conn  C
	since time.Time
}

// NewPool returns a pool without connections.
func NewPool[C Conn](o PoolOptions[C]) *Pool[C] {
	return &Pool[C]{o: o, slots: make(chan struct{}, o.Max)}
}

// Lease is a connection on loan.
type Lease[C Conn] struct {
	Conn    C
	pool    *Pool[C]
	release func()
	once    sync.Once
}

// Get lends a connection, an idle one first. It waits for a free one for the
// pool's limit of time, then fails with 53300.
func (p *Pool[C]) Get(ctx context.Context) (*Lease[C], error) {
	if err := p.wait(ctx); err != nil {
		return nil, err
	}
	release, err := p.o.Governor.Acquire(ctx)
	if err != nil {
		<-p.slots
		return nil, err
	}
	giveUp := func() {
		release()
		<-p.slots
	}
	conn, found, err := p.reuse()
	if err == nil && !found {
		conn, err = p.o.Open(ctx)
	}
	if err != nil {
		giveUp()
		return nil, err
	}
	return &Lease[C]{Conn: conn, pool: p, release: giveUp}, nil
}

func (p *Pool[C]) wait(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	default:
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-p.o.Clock.After(ctx, p.o.WaitMax):
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return sqlerr.New(sqlerr.TooManyConnections, "all connections are in use: %d to %s", p.o.Max, p.o.Name).
			WithHint("option %s of the catalog allows more", p.o.Setting)
	}
}

// reuse takes the youngest idle connection that is still good.
func (p *Pool[C]) reuse() (conn C, found bool, err error) {
	oldest := p.o.Clock.Now().Add(-p.o.IdleMax)
	for {
		p.mu.Lock()
		if p.closed {
			p.mu.Unlock()
			return conn, false, sqlerr.New(sqlerr.ConnectionDoesNotExist, "catalog is closed: %s", p.o.Name)
		}
		n := len(p.idle)
		if n == 0 {
			p.mu.Unlock()
			return conn, false, nil
		}
		next := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		if next.since.After(oldest) && next.conn.Idle() {
			return next.conn, true, nil
		}
		_ = next.conn.Close()
	}
}

// Return gives the connection back. One that is not idle is closed.
func (l *Lease[C]) Return() {
	l.once.Do(func() {
		defer l.release()
		if !l.Conn.Idle() || !l.pool.keep(l.Conn) {
			_ = l.Conn.Close()
		}
	})
}

// Destroy closes the connection and frees its place.
func (l *Lease[C]) Destroy() {
	l.once.Do(func() {
		defer l.release()
		_ = l.Conn.Close()
	})
}

// keep stores an idle connection and closes those that are too old.
func (p *Pool[C]) keep(conn C) bool {
	now := p.o.Clock.Now()
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return false
	}
	var old []idle[C]
	for len(p.idle) > 0 && now.Sub(p.idle[0].since) > p.o.IdleMax {
		old, p.idle = append(old, p.idle[0]), p.idle[1:]
	}
	p.idle = append(p.idle, idle[C]{conn, now})
	p.mu.Unlock()
	for _, o := range old {
		_ = o.conn.Close()
	}
	return true
}

// InUse returns how many connections are lent, Kept how many are idle.
func (p *Pool[C]) InUse() int { return len(p.slots) }

// Kept returns the number of idle connections.
func (p *Pool[C]) Kept() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.idle)
}

// Close closes idle connections; those on loan are closed when they return.
func (p *Pool[C]) Close() {
	p.mu.Lock()
	all := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, i := range all {
		_ = i.conn.Close()
	}
}
