// Package query owns the life of one query: queued, planned, run, finished or
// failed; its context, its run on the cluster and its result store. Sessions
// submit statements here and read pages; it knows no client protocol.
package query

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/coordinator/scheduler"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/exec/rpc"
)

// State is where a query is in its life.
type State uint8

// The states.
const (
	Queued State = iota
	Planning
	Running
	Finished
	Failed
)

// String returns the state as system.queries prints it.
func (s State) String() string {
	return [...]string{"QUEUED", "PLANNING", "RUNNING", "FINISHED", "FAILED"}[s]
}

// Query is one statement in execution. One goroutine reads it; Cancel and Info
// may be called by others. Close must be called.
type Query struct {
	m       *Manager
	id      string
	text    string
	session *spi.Session
	ctx     context.Context
	cancel  context.CancelCauseFunc
	planned *Planned
	pool    *mempool.Pool
	run     *scheduler.Run
	res     *result
	reader  sync.WaitGroup
	rows    atomic.Int64
	affects int64 // rows written
	settled bool  // the write was committed or aborted, or is about to be
	once    sync.Once
	release func() // admission

	mu      sync.Mutex
	state   State
	err     error
	created time.Time
	started time.Time
	ended   time.Time
	nodes   map[plan.NodeID]rpc.NodeStats
	splits  SplitCount // when it has ended
}

// ID returns the query's id.
func (q *Query) ID() string { return q.id }

// Columns describes the rows; for a statement that writes there are none.
func (q *Query) Columns() []plan.Column {
	if q.planned.Write != nil {
		return nil
	}
	return q.planned.Columns
}

// Next returns the next page of rows, owned by the caller; io.EOF ends, and
// then the query has succeeded: its writes are committed.
func (q *Query) Next(ctx context.Context) (*page.Page, error) {
	if q.planned.Write != nil {
		if err := q.write(ctx); err != nil {
			return nil, q.end(err)
		}
		return nil, q.end(nil)
	}
	p, err := q.page(ctx)
	if err == nil {
		q.rows.Add(int64(p.Len()))
		return p, nil
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return nil, q.end(err)
}

// page reads from the result store.
func (q *Query) page(ctx context.Context) (*page.Page, error) {
	select {
	case p, ok := <-q.res.pages:
		if ok {
			return p, nil
		}
		q.res.mu.Lock()
		defer q.res.mu.Unlock()
		if q.res.err != nil {
			return nil, q.res.err
		}
		return nil, io.EOF
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// end stops the run and settles the state; it returns io.EOF for success. It
// is idempotent: later calls return the first outcome.
func (q *Query) end(err error) error {
	q.once.Do(func() {
		if q.run != nil {
			if err == nil {
				q.run.Finish()
			} else {
				q.run.Cancel(err)
			}
			if werr := q.run.Wait(); err == nil && werr != nil {
				err = werr
			}
			q.cancel(sqlerr.New(sqlerr.QueryCanceled, "query has ended"))
			for p := range q.res.pages {
				p.Release()
			}
			q.reader.Wait()
			q.abandon(err)
		}
		q.cancel(sqlerr.New(sqlerr.QueryCanceled, "query has ended"))
		q.settle(err)
	})
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err != nil {
		return q.err
	}
	return io.EOF
}

// settle records the outcome and gives back what the query held.
func (q *Query) settle(err error) {
	if q.planned != nil && q.planned.Release != nil {
		ctx, stop := context.WithTimeout(context.WithoutCancel(q.ctx), releaseMax)
		if rerr := q.planned.Release(ctx); rerr != nil {
			q.m.o.Log.Warn("snapshot was not released", "query", q.id, "err", rerr)
		}
		stop()
	}
	if q.pool != nil {
		if perr := q.pool.Close(); perr != nil {
			q.m.o.Log.Error("query left memory behind", "query", q.id, "err", perr)
		}
	}
	if q.release != nil {
		q.release()
	}
	q.mu.Lock()
	q.state, q.err, q.ended = Finished, err, q.m.o.Clock.Now()
	if err != nil {
		q.state = Failed
	}
	if q.run != nil {
		q.nodes = q.run.Stats()
		q.splits = Splits(q.run.Tasks(q.ctx))
	}
	q.mu.Unlock()
	q.m.ended(q)
}

// releaseMax bounds the release of snapshots at the end of a query.
const releaseMax = 5 * time.Second

// Cancel ends the query with cause; the first cause wins.
func (q *Query) Cancel(cause error) { q.cancel(cause) }

// Close ends the query if it has not ended: nobody needs more of it. Pages that
// Next has returned stay the caller's.
func (q *Query) Close() error {
	err := q.end(errClosed)
	if errors.Is(err, io.EOF) || errors.Is(err, errClosed) {
		return nil
	}
	return err
}

var errClosed = sqlerr.New(sqlerr.QueryCanceled, "query was closed")

// Affected returns the rows written, or the rows returned so far.
func (q *Query) Affected() int64 {
	if q.planned.Write != nil {
		return q.affects
	}
	return q.rows.Load()
}

// Stats returns the counters by plan node, after the query has ended.
func (q *Query) Stats() map[plan.NodeID]rpc.NodeStats {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.nodes
}

// Planned returns the plan, for EXPLAIN ANALYZE.
func (q *Query) Planned() *Planned { return q.planned }

// Decisions returns how late-bound joins were bound, after the query has ended.
func (q *Query) Decisions() map[plan.NodeID]plan.JoinDist { return q.run.Decisions() }

// Info is what system.queries shows.
type Info struct {
	ID, User, Catalog, Text string
	State                   State
	Rows                    int64
	Created, Started, Ended time.Time // zero: not yet
	MemoryBytes, MemoryPeak int64
	Splits                  SplitCount // of an ended query
	RowsRead                int64      // of an ended query
	Err                     error
}

// SplitCount says how far a query has got.
type SplitCount struct {
	Total, Done int64
	Known       bool // Total will not grow
}

// Splits sums the splits of tasks.
func Splits(tasks []scheduler.TaskReport) SplitCount {
	s := SplitCount{Known: len(tasks) > 0}
	for _, t := range tasks {
		s.Total += t.Splits
		s.Done += t.SplitsDone
		s.Known = s.Known && t.SplitsKnown
	}
	return s
}

// Info returns a snapshot.
func (q *Query) Info() Info {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := Info{
		ID: q.id, User: q.session.User, Catalog: q.session.Catalog, Text: q.text, State: q.state,
		Rows: q.rows.Load(), Created: q.created, Started: q.started, Ended: q.ended, Err: q.err,
		Splits: q.splits,
	}
	for _, n := range q.nodes {
		i.RowsRead += n.Scan.RowsRead
	}
	if q.pool != nil {
		i.MemoryBytes, i.MemoryPeak = q.pool.Used(), q.pool.Peak()
	}
	return i
}

// Spilled returns the bytes written to spill files, after the query has ended.
func (q *Query) Spilled() int64 { return q.run.Spilled() }
