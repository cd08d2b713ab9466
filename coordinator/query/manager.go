package query

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/coordinator/admission"
	"github.com/muster-sql/muster/coordinator/cluster"
	"github.com/muster-sql/muster/coordinator/scheduler"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/exec/rpc"
	"github.com/muster-sql/muster/planner/fragment"
)

// Planned is a statement ready to run.
type Planned struct {
	Root    plan.Node
	Columns []plan.Column
	Params  []types.Type
	Cut     func(decided map[plan.NodeID]plan.JoinDist) (fragment.Stages, error)
	Write   *Write // nil for queries
	Tag     string // "SELECT", "INSERT 0", "CREATE TABLE AS" …
	// Release ends the snapshots that planning took.
	Release  func(ctx context.Context) error
	Catalogs []rpc.Catalog
	// Fragments is the plan as it was made, for EXPLAIN.
	Fragments *fragment.Plan
}

// PlanFunc plans a statement for a number of nodes.
type PlanFunc func(ctx context.Context, nodes int) (*Planned, error)

// Options configure a Manager.
type Options struct {
	Clock     spi.Clock
	Log       *slog.Logger
	Members   *cluster.Members
	Nodes     *rpc.Nodes
	Pool      *mempool.Pool // of the node
	Admission *admission.Queue
	Connector func(ctx context.Context, catalog string, version uint64) (spi.Connector, error)
	Drivers   int
	Hold      Hold
	// BroadcastMax is the largest build side that is sent to every node.
	BroadcastMax int64
	// QueryMemoryMax bounds a query on this node, 0 none; sessions may lower it.
	QueryMemoryMax int64
	HistoryMax     int    // ended queries that system.queries remembers
	Node           string // prefix of query ids
	// Ended is told of every query that has ended; it may be nil.
	Ended func(Info)
}

// Manager runs queries. Safe for concurrent use.
type Manager struct {
	o       Options
	seq     atomic.Uint64
	mu      sync.Mutex
	live    map[string]*Query
	history []Info
}

// New returns a manager without queries.
func New(o Options) *Manager { return &Manager{o: o, live: map[string]*Query{}} }

// NewID returns a fresh query id: time, coordinator and number.
func (m *Manager) NewID() string {
	return fmt.Sprintf("%s_%s_%05d", m.o.Clock.Now().UTC().Format("20060102_150405"), m.o.Node, m.seq.Add(1))
}

// Live lists the ids of running queries, whose tasks heartbeats keep alive.
func (m *Manager) Live() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := make([]string, 0, len(m.live))
	for id := range m.live {
		ids = append(ids, id)
	}
	return ids
}

// Infos lists running and remembered queries, newest first.
func (m *Manager) Infos() []Info {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := slices.Clone(m.history)
	for _, q := range m.live {
		out = append(out, q.Info())
	}
	slices.SortFunc(out, func(a, b Info) int { return strings.Compare(b.ID, a.ID) })
	return out
}

// Cancel ends a running query by id; false: there is none.
func (m *Manager) Cancel(id string, cause error) bool {
	m.mu.Lock()
	q := m.live[id]
	m.mu.Unlock()
	if q != nil {
		q.Cancel(cause)
	}
	return q != nil
}

func (m *Manager) ended(q *Query) {
	i := q.Info()
	if m.o.Ended != nil {
		m.o.Ended(i)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.live, q.id)
	m.history = append(m.history, i)
	if n := len(m.history) - max(m.o.HistoryMax, 1); n > 0 {
		m.history = slices.Delete(m.history, 0, n)
	}
}

// Submit admits, plans and starts a statement. The session's QueryID is the
// query's; cancelling ctx, or its deadline, ends the query. The caller closes it.
func (m *Manager) Submit(ctx context.Context, s *spi.Session, text string, planFor PlanFunc) (*Query, error) {
	q := &Query{m: m, id: s.QueryID, text: text, session: s, created: m.o.Clock.Now()}
	q.ctx, q.cancel = context.WithCancelCause(ctx)
	m.mu.Lock()
	m.live[q.id] = q
	m.mu.Unlock()
	if err := q.begin(planFor); err != nil {
		if q.ctx.Err() != nil {
			err = context.Cause(q.ctx)
		}
		return nil, q.end(err)
	}
	return q, nil
}

func (q *Query) begin(planFor PlanFunc) error {
	release, err := q.m.o.Admission.Acquire(q.ctx)
	if err != nil {
		return err
	}
	q.release = release
	q.setState(Planning)
	workers, err := q.m.workers(q.ctx)
	if err != nil {
		return err
	}
	if q.planned, err = planFor(q.ctx, len(workers)); err != nil {
		return err
	}
	local := len(workers) == 1 && workers[0].Self
	q.setState(Running)
	pool := q.m.o.Pool.Query(q.ctx, mempool.QueryOptions{ID: q.id, LimitBytes: mempool.QueryLimit(q.m.o.QueryMemoryMax, q.session)})
	q.attach(pool, scheduler.Start(q.ctx, scheduler.Options{
		Query: q.id, Session: q.session, Cut: q.planned.Cut, Members: q.m.o.Members, Workers: workers,
		Connector: q.m.o.Connector, Catalogs: q.planned.Catalogs, Drivers: q.m.drivers(q.session),
		Local: local, BroadcastMax: q.m.bytes(q.session, "broadcast_max", q.m.o.BroadcastMax), Log: q.m.o.Log,
	}))
	q.res = &result{
		run: q.run, nodes: q.m.o.Nodes, clock: q.m.o.Clock, schema: q.planned.Root.Types(),
		pool: q.pool, pages: make(chan *page.Page, 1),
	}
	if !local {
		q.res.hold = q.m.o.Hold
		q.res.hold.BytesMax = q.m.bytes(q.session, "result_hold", q.res.hold.BytesMax)
	}
	q.reader.Go(func() { q.res.read(q.ctx) })
	return nil
}

// attach lets Info see what the query has.
func (q *Query) attach(pool *mempool.Pool, run *scheduler.Run) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pool, q.run = pool, run
}

// Tasks reports the tasks of running queries, as far as they answer before ctx ends.
func (m *Manager) Tasks(ctx context.Context) []scheduler.TaskReport {
	var out []scheduler.TaskReport
	for _, q := range m.running() {
		q.mu.Lock()
		run := q.run
		q.mu.Unlock()
		if run != nil {
			out = append(out, run.Tasks(ctx)...)
		}
	}
	return out
}

// Count returns how many queries are in a state before their end.
func (m *Manager) Count(s State) (n int) {
	for _, q := range m.running() {
		q.mu.Lock()
		if q.state == s {
			n++
		}
		q.mu.Unlock()
	}
	return n
}

func (m *Manager) running() []*Query {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.SortedFunc(maps.Values(m.live), func(a, b *Query) int { return strings.Compare(b.id, a.id) })
}

// Workers returns how many nodes a query would run on now.
func (m *Manager) Workers() int { return max(len(m.o.Members.Workers()), 1) }

// workerWait is how long a query waits for the first worker of a cluster.
const workerWait = 10 * time.Second

func (m *Manager) workers(ctx context.Context) ([]*cluster.Node, error) {
	return m.o.Members.AwaitWorkers(ctx, workerWait)
}

func (m *Manager) drivers(s *spi.Session) int {
	if n := s.Int("task_drivers"); n > 0 {
		return int(min(n, driversMax))
	}
	return m.o.Drivers
}

// driversMax bounds SET task_drivers.
const driversMax = 64

func (m *Manager) bytes(s *spi.Session, name string, otherwise int64) int64 {
	if n, err := spi.ParseBytes(s.Settings[name]); err == nil {
		return n
	}
	return otherwise
}

func (q *Query) setState(s State) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.state = s; s == Running {
		q.started = q.m.o.Clock.Now()
	}
}

// Kill ends a running query on behalf of a user; 42704 when there is none.
func (m *Manager) Kill(id, by string) error {
	if !m.Cancel(id, sqlerr.New(sqlerr.QueryCanceled, "query was canceled by user %s", by)) {
		return sqlerr.New(sqlerr.UndefinedObject, "no such query is running: %q", id)
	}
	return nil
}
