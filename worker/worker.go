// Package worker owns a node's service: it starts the tasks that coordinators
// send, feeds them, serves their output, ends them when their lease runs out,
// and drains. rpc and the embedding process call it. It must not know planner,
// parser or coordinator.
package worker

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec"
	"github.com/muster-sql/muster/exec/exchange"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/exec/rpc"
)

// Options configure a Server.
type Options struct {
	Info  rpc.Info // of this node
	Pool  *mempool.Pool
	Spill *mempool.SpillRoot
	Slots *operator.Slots
	Nodes *rpc.Nodes // to read from other nodes
	Log   *slog.Logger
	Clock spi.Clock
	// Connector returns a catalog version, loading it from its definition on first use.
	Connector func(ctx context.Context, def rpc.Catalog) (spi.Connector, error)
	SpillDir  string
	// QueryMemoryMax bounds a query on this node, 0 none; sessions may lower it.
	QueryMemoryMax int64
	// BufferBytes is how much unread output a task may have.
	BufferBytes int64
}

// Server runs tasks. It implements rpc.Tasks.
type Server struct {
	o        Options
	ctx      context.Context
	stop     context.CancelCauseFunc
	mu       sync.Mutex
	tasks    map[rpc.TaskID]*task
	queries  map[string]*query
	draining bool
	empty    chan struct{} // closed and renewed when the last task has gone
	work     sync.WaitGroup
}

var _ rpc.Tasks = (*Server)(nil)

// query is what the tasks of one query share on this node.
type query struct {
	id       string
	pool     *mempool.Pool
	spill    *mempool.Spill
	tasks    int
	lease    time.Duration
	deadline time.Time // of the lease; zero: the coordinator is this process
	cancel   context.CancelCauseFunc
	ctx      context.Context
	catalogs map[catalogKey]rpc.Catalog
}

type catalogKey struct {
	name    string
	version uint64
}

// task is a task attempt and what came before its end.
type task struct {
	id      rpc.TaskID
	q       *query
	exec    *exec.Task
	next    map[plan.NodeID]int // AddSplits calls seen
	started chan struct{}       // closed once exec is there, or failed
	ended   chan struct{}       // closed after Wait has returned
	local   bool
}

// New returns a server without tasks.
func New(o Options) *Server {
	s := &Server{o: o, tasks: map[rpc.TaskID]*task{}, queries: map[string]*query{}, empty: make(chan struct{})}
	s.ctx, s.stop = context.WithCancelCause(context.Background())
	return s
}

// Info describes the node as it is now.
func (s *Server) Info() rpc.Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.o.Info
	i.Used, i.Tasks, i.Draining = s.o.Pool.InUse(), len(s.tasks), s.draining
	return i
}

// Create implements rpc.Tasks.
func (s *Server) Create(_ context.Context, c *rpc.Create) error {
	root, err := plan.Decode(c.Plan)
	if err != nil {
		return err
	}
	t, q, err := s.admit(c)
	if t == nil || err != nil {
		return err
	}
	spec, env := s.spec(c, q, root)
	t.exec, err = exec.Start(q.ctx, spec, env)
	close(t.started)
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.tasks, c.Task)
		s.leave(q)
		return err
	}
	s.work.Go(func() {
		defer close(t.ended)
		if err := t.exec.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			s.o.Log.Debug("task ended", "task", c.Task.String(), "err", err)
		}
	})
	return nil
}

// admit makes room for a task; nil when a call is repeated. Starting it happens
// without the lock, since it may open catalogs.
func (s *Server) admit(c *rpc.Create) (*task, *query, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tasks[c.Task] != nil {
		return nil, nil, nil
	}
	if s.draining || s.ctx.Err() != nil {
		return nil, nil, sqlerr.New(sqlerr.AdminShutdown, "node %s is draining", s.o.Info.ID)
	}
	q, err := s.query(c)
	if err != nil {
		return nil, nil, err
	}
	t := &task{
		id: c.Task, q: q, next: map[plan.NodeID]int{}, started: make(chan struct{}),
		ended: make(chan struct{}), local: c.Local,
	}
	s.tasks[c.Task] = t
	return t, q, nil
}

// query returns the query of a task and counts the task. s.mu is held.
func (s *Server) query(c *rpc.Create) (*query, error) {
	q := s.queries[c.Task.Query]
	if q == nil {
		q = &query{id: c.Task.Query, catalogs: map[catalogKey]rpc.Catalog{}}
		q.ctx, q.cancel = context.WithCancelCause(s.ctx)
		q.pool = s.o.Pool.Query(q.ctx, mempool.QueryOptions{ID: q.id, LimitBytes: mempool.QueryLimit(s.o.QueryMemoryMax, &c.Session)})
		if s.o.Spill != nil && c.Session.Settings["spill"] != "off" {
			var err error
			if q.spill, err = s.o.Spill.Query(0); err != nil {
				q.cancel(err)
				_ = q.pool.Close()
				return nil, err
			}
		}
		if !c.Local {
			q.lease = leaseFirst
			q.deadline = s.o.Clock.Now().Add(leaseFirst)
		}
		s.queries[q.id] = q
	}
	for _, d := range c.Catalogs {
		q.catalogs[catalogKey{d.Name, d.Version}] = d
	}
	q.tasks++
	return q, nil
}

// leaseFirst holds until the first heartbeat says how long a lease is.
const leaseFirst = 10 * time.Second

func (s *Server) spec(c *rpc.Create, q *query, root plan.Node) (exec.Spec, exec.Env) {
	sess := c.Session
	if sess.Format.Zone == nil && sess.Zone != "" {
		if z, err := types.LoadZone(sess.Zone); err == nil {
			sess.Format.Zone = z.Location()
		}
	}
	spec := exec.Spec{
		ID: c.Task.Name(), Attempt: c.Task.Attempt,
		Number: uint64(c.Task.Stage)<<32 | uint64(c.Task.Index)<<16 | uint64(c.Task.Attempt),
		Root:   root, Session: &sess, Drivers: c.Drivers, Inputs: c.Inputs, Await: c.Await,
		Output: exchange.Options{Output: c.Output, Retain: c.Retain, BytesMax: s.o.BufferBytes},
	}
	if c.Retain {
		spec.Output.Spool = exchange.NewFileSpool(s.o.SpillDir)
	}
	me := exchange.Consumer{Task: c.Task.Name(), Attempt: c.Task.Attempt}
	env := exec.Env{
		Pool: q.pool, Spill: q.spill, Slots: s.o.Slots,
		Connector: func(ctx context.Context, name string, version uint64) (spi.Connector, error) {
			s.mu.Lock()
			def, ok := q.catalogs[catalogKey{name, version}]
			s.mu.Unlock()
			if !ok {
				def = rpc.Catalog{Name: name, Version: version}
			}
			return s.o.Connector(ctx, def)
		},
		Dial: func(ctx context.Context, p exchange.Producer, schema []types.Type, pool page.Pool) (exchange.Source, error) {
			return s.o.Nodes.Dial(ctx, p, me, schema, pool)
		},
	}
	return spec, env
}

func (s *Server) find(id rpc.TaskID) (*task, error) {
	s.mu.Lock()
	t := s.tasks[id]
	s.mu.Unlock()
	if t != nil {
		<-t.started
		if t.exec != nil {
			return t, nil
		}
	}
	return nil, sqlerr.New(sqlerr.UndefinedObject, "node %s has no task %s", s.o.Info.ID, id)
}

// AddSplits implements rpc.Tasks.
func (s *Server) AddSplits(_ context.Context, a *rpc.AddSplits) error {
	t, err := s.find(a.Task)
	if err != nil {
		return err
	}
	s.mu.Lock()
	repeated := a.Seq < t.next[a.Node]
	if !repeated {
		t.next[a.Node] = a.Seq + 1
	}
	s.mu.Unlock()
	if repeated {
		return nil
	}
	return t.exec.AddSplits(a.Node, a.Splits, a.Last)
}

// SetOutput implements rpc.Tasks.
func (s *Server) SetOutput(_ context.Context, id rpc.TaskID, o exchange.Output) error {
	t, err := s.find(id)
	if err != nil {
		return err
	}
	return t.exec.SetOutput(o)
}

// SetFilters implements rpc.Tasks.
func (s *Server) SetFilters(_ context.Context, id rpc.TaskID, filters []rpc.Filter) error {
	t, err := s.find(id)
	if err != nil {
		return err
	}
	for _, f := range filters {
		t.exec.SetFilter(exec.Filter(f))
	}
	return nil
}

// statusWait bounds a long poll.
const statusWait = 5 * time.Second

// Status implements rpc.Tasks.
func (s *Server) Status(ctx context.Context, id rpc.TaskID, newerThan uint64) (*rpc.Status, error) {
	t, err := s.find(id)
	if err != nil {
		return nil, err
	}
	wait, stop := context.WithTimeout(ctx, statusWait)
	defer stop()
	st, err := t.exec.Status(wait, newerThan)
	if err != nil {
		return nil, err
	}
	return report(&st), nil
}

func report(st *exec.Status) *rpc.Status {
	out := &rpc.Status{
		Version: st.Version, Output: st.Output, Queued: st.Queued,
		Memory: st.Memory, Peak: st.Peak, Spilled: st.Spilled,
	}
	switch {
	case st.Done && st.Err != nil:
		out.State = rpc.Failed
		out.Err = sqlerr.As(st.Err)
		var lost *rpc.InputLost
		if errors.As(st.Err, &lost) {
			out.Lost = append(out.Lost, lost.Producer)
		}
	case st.Done:
		out.State = rpc.Finished
	}
	for _, f := range st.Filters {
		out.Filters = append(out.Filters, rpc.Filter(f))
	}
	for _, n := range st.Nodes {
		out.Nodes = append(out.Nodes, rpc.NodeStats{
			Node: n.Node, RowsIn: n.RowsIn, RowsOut: n.RowsOut, PagesOut: n.PagesOut, WallNanos: n.WallNanos,
			BlockedNanos: n.BlockedNanos, MemoryPeak: n.MemoryPeak, SpilledBytes: n.SpilledBytes, Scan: n.Scan, Extra: n.Extra,
		})
	}
	return out
}

// Cancel implements rpc.Tasks.
func (s *Server) Cancel(_ context.Context, id rpc.TaskID, cause *sqlerr.Error) error {
	t, err := s.find(id)
	if err != nil {
		return nil //nolint:nilerr // a task that is not there is cancelled
	}
	t.exec.Cancel(cause)
	return nil
}

// Discard implements rpc.Tasks.
func (s *Server) Discard(ctx context.Context, id rpc.TaskID) error {
	t, err := s.find(id)
	if err != nil {
		return nil //nolint:nilerr // a task that is not there is discarded
	}
	t.exec.Cancel(sqlerr.New(sqlerr.QueryCanceled, "task was discarded"))
	t.exec.Discard()
	select {
	case <-t.ended:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	s.forget(t)
	return nil
}

// forget removes a task that has ended; the last one of a query closes its pool.
func (s *Server) forget(t *task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tasks[t.id] != t {
		return
	}
	delete(s.tasks, t.id)
	s.leave(t.q)
	if len(s.tasks) == 0 {
		close(s.empty)
		s.empty = make(chan struct{})
	}
}

// leave uncounts a task of a query. s.mu is held.
func (s *Server) leave(q *query) {
	if q.tasks--; q.tasks > 0 {
		return
	}
	delete(s.queries, q.id)
	q.cancel(sqlerr.New(sqlerr.QueryCanceled, "query has ended"))
	if q.spill != nil {
		if err := q.spill.Close(); err != nil {
			s.o.Log.Error("spill files of a query were not removed", "query", q.id, "err", err)
		}
	}
	if err := q.pool.Close(); err != nil {
		s.o.Log.Error("query left memory behind", "query", q.id, "err", err)
	}
}

// Open implements rpc.Tasks.
func (s *Server) Open(ctx context.Context, p exchange.Producer, c exchange.Consumer) (rpc.FrameStream, error) {
	s.mu.Lock()
	var t *task
	for id, x := range s.tasks {
		if id.Attempt == p.Attempt && id.Name() == p.Task {
			t = x
		}
	}
	s.mu.Unlock()
	if t != nil {
		<-t.started
	}
	if t == nil || t.exec == nil {
		return nil, sqlerr.New(sqlerr.UndefinedObject, "node %s has no task %s~%d", s.o.Info.ID, p.Task, p.Attempt)
	}
	st, err := t.exec.Open(ctx, p.Partition, c)
	if err != nil {
		return nil, err
	}
	if t.local {
		return pageStream{st}, nil
	}
	return frameStream{st}, nil
}
