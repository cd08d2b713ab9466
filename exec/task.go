package exec

import (
	"context"
	"errors"
	"sync"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/exec/build"
	"github.com/muster-sql/muster/exec/exchange"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/plan"
)

// Task is one attempt of one fragment. It owns its goroutines.
type Task struct {
	spec   Spec
	env    Env
	ctx    context.Context
	cancel context.CancelCauseFunc
	pool   *mempool.Pool
	out    *exchange.Buffer
	pipes  *build.Pipelines
	run    sync.WaitGroup
	ended  chan struct{}

	mu      sync.Mutex
	version uint64
	news    chan struct{}
	done    bool
	err     error
	final   []NodeStats
	peak    int64
}

var _ Running = (*Task)(nil)

// Start builds a fragment and runs it until it ends or is cancelled; ctx is
// its longest life. The caller must Wait and Discard.
func Start(ctx context.Context, spec Spec, env Env) (*Task, error) {
	t := &Task{spec: spec, env: env, version: 1, news: make(chan struct{}), ended: make(chan struct{})}
	t.ctx, t.cancel = context.WithCancelCause(ctx)
	t.pool = env.Pool.ForTask(t.ctx, spec.ID)
	later := &lateSink{}
	pipes, err := build.Build(spec.Root, &build.Env{
		Context: t.ctx, Session: spec.Session, Pool: t.pool, Spill: env.Spill, Slots: env.Slots,
		Drivers: max(spec.Drivers, 1), Number: spec.Number, Await: spec.Await, Output: later, Inputs: spec.Inputs,
		Connector: env.Connector, Dial: env.Dial, Attempt: spec.Attempt, Task: spec.ID,
	})
	if err != nil {
		t.cancel(err)
		_ = t.pool.Close()
		return nil, err
	}
	t.pipes = pipes
	o := spec.Output
	o.Schema, o.Drivers, o.Pool = spec.Root.Types(), pipes.OutputDrivers(), env.Pool
	t.out = exchange.NewBuffer(o)
	later.Sink = t.out
	pipes.Filters().OnPublish(t.changed)
	t.run.Go(t.drive)
	t.run.Go(t.watch)
	return t, nil
}

// lateSink is the output, which needs to know the number of its drivers.
type lateSink struct{ exchange.Sink }

// drive runs the pipelines to their end and settles the outcome.
func (t *Task) drive() {
	err := t.pipes.Run(t.ctx)
	if err != nil {
		_ = t.out.Close(err)
	}
	stats := t.stats()
	peak := t.pool.Peak()
	t.pipes.Close()
	_ = t.pool.Close() // the output may hold dictionaries of scans; the query's pool checks in the end
	t.mu.Lock()
	t.done, t.err, t.final, t.peak = true, err, stats, peak
	t.mu.Unlock()
	t.changed()
	close(t.ended)
	t.cancel(errors.New("task has ended"))
}

// watch tells pollers of what the output does, until the task has ended and
// its output is decided.
func (t *Task) watch() {
	last := t.out.State()
	for {
		news := t.out.Changed()
		s := t.out.State()
		if s.Done != last.Done || s.Late != last.Late || s.Late && s.Bytes != last.Bytes {
			t.changed()
		}
		last = s
		select {
		case <-news:
		case <-t.ended:
			return
		}
	}
}

func (t *Task) changed() {
	t.mu.Lock()
	t.version++
	close(t.news)
	t.news = make(chan struct{})
	t.mu.Unlock()
}

// AddSplits implements Running.
func (t *Task) AddSplits(scan plan.NodeID, splits []spi.Split, last bool) error {
	q := t.pipes.Splits(scan)
	if q == nil {
		return sqlerr.Internalf("task %s has no scan %d", t.spec.ID, scan)
	}
	q.Add(splits, operator.Last(last))
	return nil
}

// SetOutput implements Running.
func (t *Task) SetOutput(o exchange.Output) error {
	err := t.out.SetOutput(o)
	t.changed()
	return err
}

// SetFilter implements Running.
func (t *Task) SetFilter(f Filter) { t.pipes.Filters().Deliver(build.Filter(f)) }

// Open implements Running.
func (t *Task) Open(ctx context.Context, partition int, c exchange.Consumer) (*exchange.Stream, error) {
	return t.out.Open(ctx, partition, c)
}

// Status implements Running.
func (t *Task) Status(ctx context.Context, newerThan uint64) (Status, error) {
	for {
		t.mu.Lock()
		version, news := t.version, t.news
		t.mu.Unlock()
		if version > newerThan {
			break
		}
		select {
		case <-news:
			continue
		case <-ctx.Done():
		}
		break
	}
	s := Status{Output: t.out.State(), Memory: t.pool.Used(), Peak: t.pool.Peak()}
	t.mu.Lock()
	s.Version, s.Done, s.Err = t.version, t.done, t.err
	final, peak := t.final, t.peak
	t.mu.Unlock()
	for _, f := range t.pipes.Filters().Published() {
		s.Filters = append(s.Filters, Filter(f))
	}
	if s.Done {
		s.Nodes, s.Peak = final, peak
	} else {
		s.Queued, s.Nodes = t.pipes.Queued(), t.stats()
	}
	if t.env.Spill != nil {
		s.Spilled = t.env.Spill.Written()
	}
	return s, nil
}

func (t *Task) stats() []NodeStats {
	var out []NodeStats
	for _, s := range t.pipes.Stats() {
		out = append(out, NodeStats{Node: s.Node, Stats: s.Stats, Scan: s.Scan})
	}
	return out
}

// Cancel implements Running.
func (t *Task) Cancel(cause error) { t.cancel(cause) }

// Wait implements Running.
func (t *Task) Wait() error {
	t.run.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// Discard implements Running.
func (t *Task) Discard() { t.out.Discard() }
