// Package scheduler owns the execution of one query on the nodes: stages to
// tasks, splits to tasks, late-bound joins, dynamic filters between stages, and
// the attempts that replace lost tasks (D8). query.Manager starts a Run and
// reads its root; it knows no clients and no SQL.
package scheduler

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/coordinator/cluster"
	"github.com/muster-sql/muster/exec/exchange"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/exec/rpc"
	"github.com/muster-sql/muster/planner/fragment"
)

// attemptsMax is how often a task may be tried; a task that dies more often is
// taken to be the cause (a poison split).
const attemptsMax = 4

// Options describe a run.
type Options struct {
	Query     string
	Session   *spi.Session
	Cut       func(decided map[plan.NodeID]plan.JoinDist) (fragment.Stages, error)
	Members   *cluster.Members
	Workers   []*cluster.Node // that the plan was made for
	Connector func(ctx context.Context, catalog string, version uint64) (spi.Connector, error)
	Catalogs  []rpc.Catalog
	Drivers   int
	// Local runs everything in this process: pages are handed over as they are
	// and there is nothing to lose.
	Local        bool
	BroadcastMax int64 // bytes of a build side
	Log          *slog.Logger
}

// Run is one query in execution. Its loop is one goroutine, which owns all
// state but the few fields under mu.
type Run struct {
	o       Options
	ctx     context.Context
	cancel  context.CancelCauseFunc
	events  chan func() error
	work    sync.WaitGroup // loop, pollers, feeders, farewells
	stages  map[plan.StageID]*stage
	order   []*stage // producers first
	decided map[plan.NodeID]plan.JoinDist
	late    []fragment.Late
	root    plan.StageID
	filters map[string]*filter
	watched map[*cluster.Node]bool
	// finishing says that the root has been read.
	finishing bool

	mu       sync.Mutex
	rootTask *task
	rootNews chan struct{} // closed and renewed when rootTask changes
	err      error
	ended    bool
	finished chan struct{} // closed when the loop has ended
}

// Start begins to run; the caller reads Output and must call Finish or Cancel, then Wait.
func Start(ctx context.Context, o Options) *Run {
	ctx, cancel := context.WithCancelCause(ctx)
	r := &Run{
		o: o, ctx: ctx, cancel: cancel, events: make(chan func() error, 64),
		stages: map[plan.StageID]*stage{}, decided: map[plan.NodeID]plan.JoinDist{},
		filters: map[string]*filter{}, watched: map[*cluster.Node]bool{},
		rootNews: make(chan struct{}), finished: make(chan struct{}),
	}
	r.work.Go(r.loop)
	return r
}

// loop handles one event after the other until the run ends.
func (r *Run) loop() {
	defer close(r.finished)
	err := r.advance()
	for err == nil {
		select {
		case handle := <-r.events:
			err = handle()
		case <-r.ctx.Done():
			err = context.Cause(r.ctx)
		}
	}
	if errors.Is(err, errFinished) {
		err = nil
	}
	r.mu.Lock()
	if r.err == nil {
		r.err = err
	}
	r.ended = true
	close(r.rootNews)
	r.rootNews = make(chan struct{})
	r.mu.Unlock()
	if err == nil {
		err = errFinished
	}
	r.cancel(err)
	r.farewell(err)
}

var errFinished = errors.New("query has finished")

// post hands an event to the loop; it is dropped once the run has ended.
func (r *Run) post(handle func() error) {
	select {
	case r.events <- handle:
	case <-r.ctx.Done():
	}
}

// Finish says that the root's output has been read as far as it is needed. The
// run ends as soon as every task has said what it did, or after reportMax.
func (r *Run) Finish() {
	r.post(func() error {
		r.finishing = true
		r.work.Go(func() {
			select {
			case <-time.After(reportMax):
				r.post(func() error { return errFinished })
			case <-r.ctx.Done():
			}
		})
		return r.reported()
	})
}

// reportMax bounds how long the end of a query waits for the counters of tasks
// that have nothing left to do, or that a LIMIT has just told to stop.
const reportMax = 300 * time.Millisecond

// reported is errFinished once nobody waits for anything.
func (r *Run) reported() error {
	if !r.finishing {
		return nil
	}
	for _, st := range r.order {
		for _, t := range st.tasks {
			if t.node != nil && t.status.State == rpc.Running && !r.dead(t.node) {
				return nil
			}
		}
	}
	return errFinished
}

// Cancel ends the run; the first cause wins.
func (r *Run) Cancel(cause error) { r.cancel(cause) }

// Wait returns when every task has been told to end and every goroutine of the
// run has ended, with the first error.
func (r *Run) Wait() error {
	r.work.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Output returns the root's producer for an attempt newer than after (-1 at
// first) and its attempt; it waits for one.
func (r *Run) Output(ctx context.Context, after int) (exchange.Producer, int, error) {
	for {
		r.mu.Lock()
		t, news, err, ended := r.rootTask, r.rootNews, r.err, r.ended
		r.mu.Unlock()
		if ended {
			if err == nil {
				err = errFinished
			}
			return exchange.Producer{}, 0, err
		}
		if t != nil && t.id.Attempt > after {
			return exchange.Producer{Task: t.id.Name(), Node: t.node.Info.Addr, Attempt: t.id.Attempt}, t.id.Attempt, nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return exchange.Producer{}, 0, context.Cause(ctx)
		}
	}
}

// OutputLost says that the root's attempt could not be read to its end.
func (r *Run) OutputLost(attempt int, cause error) {
	r.post(func() error {
		st := r.stages[r.root]
		if st == nil || st.tasks[0].id.Attempt != attempt {
			return nil
		}
		return r.recoverTasks([]*task{st.tasks[0]}, cause)
	})
}

// advance cuts the plan with what is decided and starts the stages that are new.
func (r *Run) advance() error {
	cut, err := r.o.Cut(r.decided)
	if err != nil {
		return err
	}
	r.late, r.root = cut.Undecided, cut.Root
	for i := range cut.Stages {
		r.place(&cut.Stages[i])
	}
	for _, st := range r.order {
		if !r.ready(st) {
			continue
		}
		if err := r.settle(st); err != nil {
			return err
		}
	}
	return r.watch()
}

// ready reports whether it is known who reads a stage: before that nobody can
// say how many partitions its output has, unless it may be decided late.
func (r *Run) ready(st *stage) bool {
	return st.Output == plan.LateBound || st.ID == r.root || r.stages[st.Consumer] != nil
}

// watch asks to be told when a node of the run dies.
func (r *Run) watch() error {
	for _, st := range r.order {
		for _, t := range st.tasks {
			if n := t.node; n != nil && !r.watched[n] {
				r.watched[n] = true
				r.work.Go(func() {
					select {
					case <-n.Dead():
						r.post(func() error { return r.nodeDied(n) })
					case <-r.ctx.Done():
					}
				})
			}
		}
	}
	return nil
}

// farewell discards every task, without waiting for nodes that do not answer.
func (r *Run) farewell(cause error) {
	e := sqlerr.As(cause)
	if errors.Is(cause, errFinished) {
		e = sqlerr.New(sqlerr.QueryCanceled, "query has finished")
	}
	for _, st := range r.order {
		for _, t := range st.tasks {
			if t.node != nil {
				r.dismiss(t.id, t.node, e)
			}
		}
	}
}
