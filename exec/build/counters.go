package build

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/plan"
)

// nodeCounters counts for one plan node, over all its drivers.
type nodeCounters struct {
	node   plan.NodeID
	inputs []int // positions of the input nodes' counters
	scan   *operator.ScanCounts
	rows   atomic.Int64
	pages  atomic.Int64
	wall   atomic.Int64 // inside Next, inputs included
	extra  func() map[string]int64
	spill  func() (bytes, files int64)

	mu    sync.Mutex
	pools map[int]*mempool.Pool // by driver
	b     *Pipelines
}

// Stats are the counters of one plan node.
type Stats struct {
	Node plan.NodeID
	operator.Stats
	Scan spi.ScanStats
}

// statsOf returns the position of a node's counters, made at the first call.
func (b *Pipelines) statsOf(n plan.Node) int {
	for i, s := range b.stats {
		if s.node == n.ID() {
			return i
		}
	}
	b.stats = append(b.stats, &nodeCounters{node: n.ID(), pools: map[int]*mempool.Pool{}, b: b})
	i := len(b.stats) - 1
	for _, in := range n.Inputs() {
		if in != nil {
			j := b.statsOf(in)
			b.stats[i].inputs = append(b.stats[i].inputs, j)
		}
	}
	return i
}

// pool returns the pool of a node in one driver.
func (s *nodeCounters) pool(d *driver, task *mempool.Pool) *mempool.Pool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pools[d.id()]
	if p == nil {
		p = task.ForDriver("node", d.slot)
		s.pools[d.id()] = p
		s.b.keep(p)
	}
	return p
}

// counted wraps the operators of a chain to count.
func (b *Pipelines) counted(n plan.Node, c *chain) *chain {
	s := b.stats[b.statsOf(n)]
	below := c.make
	c.make = func(d *driver) (operator.Operator, error) {
		op, err := below(d)
		if err != nil {
			return nil, err
		}
		return &counter{in: op, s: s}, nil
	}
	return c
}

type counter struct {
	in operator.Operator
	s  *nodeCounters
}

// Open implements operator.Operator.
func (c *counter) Open(ctx context.Context) error { return c.in.Open(ctx) }

// Next implements operator.Operator.
func (c *counter) Next(ctx context.Context) (*page.Page, error) {
	start := time.Now() // a stopwatch, not a clock: nothing depends on it
	p, err := c.in.Next(ctx)
	c.s.wall.Add(int64(time.Since(start)))
	if err == nil {
		c.s.rows.Add(int64(p.Len()))
		c.s.pages.Add(1)
	}
	return p, err
}

// Close implements operator.Operator.
func (c *counter) Close() error { return c.in.Close() }

// Stats returns the counters of every node of the fragment.
func (b *Pipelines) Stats() []Stats {
	out := make([]Stats, len(b.stats))
	for i, s := range b.stats {
		st := &out[i]
		st.Node = s.node
		st.RowsOut, st.PagesOut, st.WallNanos = s.rows.Load(), s.pages.Load(), s.wall.Load()
		for _, in := range s.inputs {
			st.RowsIn += b.stats[in].rows.Load()
			st.WallNanos -= b.stats[in].wall.Load()
		}
		st.WallNanos = max(st.WallNanos, 0)
		s.mu.Lock()
		for _, p := range s.pools {
			st.MemoryPeak += p.Peak()
		}
		s.mu.Unlock()
		if s.scan != nil {
			st.Scan = s.scan.Stats()
			st.RowsIn = st.Scan.RowsRead
			st.BlockedNanos = st.Scan.BlockedNanos
		}
		if s.spill != nil {
			st.SpilledBytes, st.SpillFiles = s.spill()
		}
		if s.extra != nil {
			st.Extra = s.extra()
		}
	}
	return out
}
