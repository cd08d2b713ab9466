package query

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/coordinator/scheduler"
	"github.com/muster-sql/muster/exec/exchange"
	"github.com/muster-sql/muster/exec/rpc"
)

// Hold says how long rows stay at the root while a lost worker could still
// make them wrong: until so many bytes, or so long after the first row.
type Hold struct {
	BytesMax int64
	For      time.Duration
}

// result is the result store of a query: rows of the root's current attempt on
// their way to the client. Rows are held while the tasks that they depend on
// may be lost (D8); once rows have left, a loss is one clean error.
type result struct {
	run    *scheduler.Run
	nodes  *rpc.Nodes
	clock  spi.Clock
	schema []types.Type
	pool   page.Pool
	hold   Hold // zero: nothing is held
	pages  chan *page.Page
	left   bool // rows have gone to pages
	held   []*page.Page
	bytes  int64
	since  <-chan time.Time
	mu     sync.Mutex
	err    error
}

// Rows left and their producers lost: the client must ask again.
var errRowsLeft = sqlerr.New(sqlerr.SerializationFailure, "a worker was lost after rows had been sent").
	WithHint("run the query again; SET result_hold to a larger value keeps more rows back")

// read pumps the root's output until its end; it closes pages.
func (r *result) read(ctx context.Context) {
	err := r.attempts(ctx)
	for _, p := range r.held {
		p.Release()
	}
	r.mu.Lock()
	r.err = err
	r.mu.Unlock()
	close(r.pages)
}

func (r *result) attempts(ctx context.Context) error {
	last := -1
	for {
		p, attempt, err := r.run.Output(ctx, last)
		if err != nil {
			return err
		}
		if last >= 0 && r.left {
			return errRowsLeft
		}
		last = attempt
		r.drop()
		err = r.attempt(ctx, p)
		if err == nil {
			return r.release(ctx)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// attempt reads one attempt of the root to its end.
func (r *result) attempt(ctx context.Context, p exchange.Producer) error {
	src, err := r.nodes.Dial(ctx, p, exchange.Consumer{Task: "result", Attempt: p.Attempt}, r.schema, r.pool)
	if err != nil {
		return err
	}
	defer src.Close()
	for {
		pg, err := r.next(ctx, src)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := r.take(ctx, pg); err != nil {
			return err
		}
	}
}

// next reads a page; while rows are held it lets them go when their time is up.
func (r *result) next(ctx context.Context, src exchange.Source) (*page.Page, error) {
	if r.since == nil || r.left {
		return src.Next(ctx)
	}
	type answer struct {
		p   *page.Page
		err error
	}
	got := make(chan answer, 1)
	var reader sync.WaitGroup
	reader.Go(func() {
		p, err := src.Next(ctx)
		got <- answer{p, err}
	})
	defer reader.Wait()
	select {
	case a := <-got:
		return a.p, a.err
	case <-r.since:
	}
	if err := r.release(ctx); err != nil {
		a := <-got
		a.p.Release()
		return nil, err
	}
	a := <-got
	return a.p, a.err
}

// take holds a page or passes it on.
func (r *result) take(ctx context.Context, p *page.Page) error {
	if r.left || r.hold.BytesMax == 0 {
		return r.emit(ctx, p)
	}
	if r.since == nil {
		r.since = r.clock.After(ctx, r.hold.For)
	}
	r.held = append(r.held, p)
	r.bytes += int64(p.Bytes())
	if r.bytes > r.hold.BytesMax {
		return r.release(ctx)
	}
	return nil
}

func (r *result) emit(ctx context.Context, p *page.Page) error {
	r.left = true
	select {
	case r.pages <- p:
		return nil
	case <-ctx.Done():
		p.Release()
		return context.Cause(ctx)
	}
}

// release lets the held rows go.
func (r *result) release(ctx context.Context) error {
	for len(r.held) > 0 {
		p := r.held[0]
		r.held = r.held[1:]
		if err := r.emit(ctx, p); err != nil {
			return err
		}
	}
	r.bytes = 0
	return nil
}

// drop forgets held rows of an attempt that is void.
func (r *result) drop() {
	for _, p := range r.held {
		p.Release()
	}
	r.held, r.bytes, r.since = nil, 0, nil
}
