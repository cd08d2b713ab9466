package spitest

import (
	"context"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// runID tells the queries of two runs over one source apart.
var runID = time.Now().UnixNano()*1000 + int64(os.Getpid()%1000)

// Env is what an engine lends a connector, with a pool that fails t when
// memory is left at its end.
func Env(t testing.TB) spi.Env {
	return spi.Env{
		Clock: clock{}, Dial: (&net.Dialer{}).DialContext, Pool: NewPool(t), Log: slog.New(slog.DiscardHandler),
		Node: "spitest", Governor: free{},
	}
}

type clock struct{}

// Now implements spi.Clock.
func (clock) Now() time.Time { return time.Now() }

// After implements spi.Clock.
func (clock) After(_ context.Context, d time.Duration) <-chan time.Time { return time.After(d) }

type free struct{}

// Acquire implements spi.Governor.
func (free) Acquire(context.Context) (func(), error) { return func() {}, nil }

// Pool counts memory and can refuse it. It is safe for concurrent use.
type Pool struct {
	held  atomic.Int64
	limit atomic.Int64
}

// NewPool returns a pool without a limit that fails t when bytes are left at its end.
func NewPool(t testing.TB) *Pool {
	p := &Pool{}
	t.Cleanup(func() {
		if n := p.held.Load(); n != 0 {
			t.Errorf("%d bytes leaked", n)
		}
	})
	return p
}

// Held returns the bytes on loan.
func (p *Pool) Held() int64 { return p.held.Load() }

// Limit makes the pool refuse to lend more than n bytes; 0: no limit.
func (p *Pool) Limit(n int64) { p.limit.Store(n) }

// Alloc implements page.Pool.
func (p *Pool) Alloc(n int) (*page.Buffer, error) {
	if err := p.Reserve(page.BufferSize(n)); err != nil {
		return nil, err
	}
	return page.NewBuffer(n, p), nil
}

// Reserve implements page.Pool.
func (p *Pool) Reserve(n int) error {
	if held, limit := p.held.Add(int64(n)), p.limit.Load(); limit > 0 && held > limit {
		p.held.Add(-int64(n))
		return sqlerr.New(sqlerr.OutOfMemory, "the suite refuses memory")
	}
	return nil
}

// Free implements page.Pool.
func (p *Pool) Free(n int) { p.held.Add(-int64(n)) }
