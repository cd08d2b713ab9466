// Package build turns a fragment into pipelines: a source, streaming operators,
// a sink, run by several drivers that meet in bridges. It is the only package
// that knows every operator. exec runs what it builds; it knows no tasks.
package build

import (
	"context"
	"sync"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/exchange"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/plan"
)

// Env is what a fragment is built with.
type Env struct {
	Context   context.Context // of the task: ends everything
	Session   *spi.Session
	Pool      *mempool.Pool // of the task
	Spill     *mempool.Spill
	Slots     *operator.Slots
	Drivers   int
	Number    uint64   // of the task attempt, within its query
	Await     []string // dynamic filters of other stages that will come
	Output    exchange.Sink
	Inputs    map[plan.StageID][]exchange.Producer
	Connector func(ctx context.Context, catalog string, version uint64) (spi.Connector, error)
	Dial      func(ctx context.Context, p exchange.Producer, schema []types.Type, pool page.Pool) (exchange.Source, error)
	Attempt   int
	Task      string
}

// Pipelines is a fragment ready to run.
type Pipelines struct {
	env     *Env
	list    []*pipeline
	splits  map[plan.NodeID]*operator.Splits
	filters *Filters
	stats   []*nodeCounters
	pools   []*mempool.Pool
	poolsMu sync.Mutex
	closers []func()
	rowsMax int
	forced  int // rows after which operators spill, for tests
}

// pipeline is a chain of operators under a sink, run by drivers.
type pipeline struct {
	drivers int
	make    factory
	sink    func(d *driver) (operator.Sink, error)
	last    bool // its end is the end of the task
}

// factory makes the operators of one driver of a pipeline.
type factory func(d *driver) (operator.Operator, error)

// chain is a pipeline without its sink yet.
type chain struct {
	drivers int
	make    factory
	types   []types.Type
	sparse  bool // pages may have few live rows: coalesce before what is dear
}

// driver is one goroutine's share of a pipeline.
type driver struct {
	index    int
	slot     *slot
	eval     *functions.Env
	b        *Pipelines
	pipeline *pipeline
}

// Build cuts the fragment below root into pipelines whose last one ends in env.Output.
func Build(root plan.Node, env *Env) (*Pipelines, error) {
	b := &Pipelines{
		env: env, splits: map[plan.NodeID]*operator.Splits{}, filters: newFilters(env.Await),
		rowsMax: page.RowsMax,
	}
	if n := env.Session.Int("page_rows_max"); n > 0 {
		b.rowsMax = int(min(n, page.RowsMax))
	}
	if env.Session.On("spill_force", false) {
		b.forced = spillForceRows
	}
	b.filters.declare(root)
	c, err := b.compile(root)
	if err != nil {
		b.Close()
		return nil, err
	}
	b.list = append(b.list, &pipeline{
		drivers: c.drivers, make: c.make, last: true,
		sink: func(d *driver) (operator.Sink, error) { return operator.NewOutput(env.Output, d.slot), nil },
	})
	return b, nil
}

// spillForceRows is how often operators spill under SET spill_force = on.
const spillForceRows = 4096

// OutputDrivers is the number of drivers that will finish env.Output.
func (b *Pipelines) OutputDrivers() int { return b.list[len(b.list)-1].drivers }

// Splits returns the queue of a scan, nil when the fragment has no such scan.
func (b *Pipelines) Splits(n plan.NodeID) *operator.Splits { return b.splits[n] }

// Queued returns the number of splits of each scan that no driver has taken.
func (b *Pipelines) Queued() map[plan.NodeID]int {
	out := make(map[plan.NodeID]int, len(b.splits))
	for n, q := range b.splits {
		out[n] = q.Queued()
	}
	return out
}

// Filters returns the dynamic filters of the fragment.
func (b *Pipelines) Filters() *Filters { return b.filters }

// Close frees what is left once no driver runs.
func (b *Pipelines) Close() {
	for _, f := range b.closers {
		f()
	}
	b.closers = nil
	for _, p := range b.pools {
		_ = p.Close()
	}
	b.pools = nil
}

// compile makes the chain whose pages are the output of n.
func (b *Pipelines) compile(n plan.Node) (*chain, error) {
	var c *chain
	var err error
	switch n := n.(type) {
	case *plan.Scan:
		c, err = b.scan(n)
	case *plan.Values:
		c = single(n, func(d *driver) (operator.Operator, error) {
			return operator.NewValues(n.Types(), n.Rows, b.pool(n, d), b.rowsMax), nil
		})
	case *plan.Series:
		c = single(n, func(d *driver) (operator.Operator, error) {
			return operator.NewSeries(n.Types()[0], n.Args, d.eval.Zone(), b.pool(n, d), b.rowsMax)
		})
	case *plan.Filter:
		c, err = b.filter(n)
	case *plan.Project:
		c, err = b.project(n)
	case *plan.Limit:
		c, err = b.limit(n)
	case *plan.Sort:
		c, err = b.sort(n)
	case *plan.Aggregate:
		c, err = b.aggregate(n)
	case *plan.Join:
		c, err = b.join(n)
	case *plan.LookupJoin:
		c, err = b.lookup(n)
	case *plan.Union:
		c, err = b.union(n)
	case *plan.Unnest:
		c, err = b.unnest(n)
	case *plan.SingleRow:
		c, err = b.singleRow(n)
	case *plan.Remote:
		c, err = b.remote(n)
	case *plan.Write:
		c, err = b.write(n)
	case *plan.AssignID:
		c, err = b.assignID(n)
	default:
		err = sqlerr.Internalf("a fragment cannot hold %T", n)
	}
	if err != nil {
		return nil, err
	}
	return b.counted(n, c), nil
}

func single(n plan.Node, make factory) *chain {
	return &chain{drivers: 1, make: make, types: n.Types()}
}

// over puts a streaming operator on top of c.
func (c *chain) over(n plan.Node, wrap func(in operator.Operator, d *driver) (operator.Operator, error)) *chain {
	below := c.make
	return &chain{drivers: c.drivers, types: n.Types(), sparse: c.sparse, make: func(d *driver) (operator.Operator, error) {
		in, err := below(d)
		if err != nil {
			return nil, err
		}
		op, err := wrap(in, d)
		if err != nil {
			_ = in.Close()
			return nil, err
		}
		return op, nil
	}}
}

// pool returns a new pool of one operator of one driver.
func (b *Pipelines) pool(n plan.Node, d *driver) *mempool.Pool {
	return b.stats[b.statsOf(n)].pool(d, b.env.Pool)
}

// keep closes p at the end.
func (b *Pipelines) keep(p *mempool.Pool) {
	b.poolsMu.Lock()
	defer b.poolsMu.Unlock()
	b.pools = append(b.pools, p)
}

// dense coalesces the pages of a chain that may have few live rows.
func (b *Pipelines) dense(n plan.Node, c *chain) *chain {
	if !c.sparse || b.rowsMax < page.RowsMin {
		return c
	}
	ts := c.types
	below := c.make
	return &chain{drivers: c.drivers, types: ts, make: func(d *driver) (operator.Operator, error) {
		in, err := below(d)
		if err != nil {
			return nil, err
		}
		return operator.NewCoalesce(in, ts, page.RowsMin/2, b.rowsMax, b.pool(n, d)), nil
	}}
}

// end makes c a pipeline of its own that ends in sink.
func (b *Pipelines) end(c *chain, sink func(d *driver) (operator.Sink, error)) {
	b.list = append(b.list, &pipeline{drivers: c.drivers, make: c.make, sink: sink})
}

// gather makes one driver read what all drivers of c give.
func (b *Pipelines) gather(n plan.Node, c *chain) *chain {
	if c.drivers == 1 {
		return c
	}
	return b.local(n, c, 1)
}

// localBytesMax is how much a local exchange holds before it blocks.
const localBytesMax = 8 << 20

// local puts an exchange within the task between c and so many drivers.
func (b *Pipelines) local(n plan.Node, c *chain, drivers int) *chain {
	buf := exchange.NewBuffer(exchange.Options{
		Output: exchange.Output{Kind: exchange.RoundRobin, Partitions: drivers}, Schema: c.types,
		Drivers: c.drivers, Pool: b.env.Pool, BytesMax: localBytesMax, RowsMax: b.rowsMax,
	})
	b.closers = append(b.closers, buf.Discard)
	b.end(c, func(d *driver) (operator.Sink, error) { return operator.NewOutput(buf, d.slot), nil })
	return &chain{drivers: drivers, types: c.types, make: func(d *driver) (operator.Operator, error) {
		return operator.NewRemote(func(ctx context.Context) (exchange.Source, error) {
			return buf.Open(ctx, d.index, exchange.Consumer{})
		}, d.slot), nil
	}}
}
