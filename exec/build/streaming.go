package build

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/exec/eval"
	"github.com/muster-sql/muster/exec/exchange"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/plan"
)

func (b *Pipelines) scan(n *plan.Scan) (*chain, error) {
	conn, err := b.env.Connector(b.env.Context, n.Source.Catalog, n.Source.Version)
	if err != nil {
		return nil, err
	}
	splits := operator.NewSplits()
	b.splits[n.ID()] = splits
	counts := &operator.ScanCounts{}
	b.stats[b.statsOf(n)].scan = counts
	live := b.filters.live(n)
	make := func(d *driver) (operator.Operator, error) {
		c := operator.ScanConfig{
			Connector: conn, Session: b.env.Session, Scan: n.Source, Splits: splits,
			Live: live, Counts: counts, Pool: b.pool(n, d), Slot: d.slot,
		}
		if n.Source.Filter != nil {
			f, err := eval.CompilePredicate(n.Source.Filter, d.env(b.pool(n, d)))
			if err != nil {
				return nil, err
			}
			c.Filter = f
		}
		for _, u := range n.Dyn {
			c.Dynamic = append(c.Dynamic, operator.DynamicFilter{Col: u.Col, Source: b.filters.source(u.Filter)})
		}
		return b.filters.awaiting(operator.NewScan(c), n, d.slot), nil
	}
	return &chain{
		drivers: b.env.Drivers, types: n.Types(), make: make,
		sparse: n.Source.Filter != nil || len(n.Dyn) > 0,
	}, nil
}

func (b *Pipelines) filter(n *plan.Filter) (*chain, error) {
	c, err := b.compile(n.In)
	if err != nil {
		return nil, err
	}
	c = c.over(n, func(in operator.Operator, d *driver) (operator.Operator, error) {
		f, err := eval.CompilePredicate(n.Pred, d.env(b.pool(n, d)))
		if err != nil {
			return nil, err
		}
		return operator.NewFilter(in, f), nil
	})
	c.sparse = true
	return c, nil
}

func (b *Pipelines) project(n *plan.Project) (*chain, error) {
	c, err := b.compile(n.In)
	if err != nil {
		return nil, err
	}
	return c.over(n, func(in operator.Operator, d *driver) (operator.Operator, error) {
		e, err := eval.CompileAll(n.Exprs, d.env(b.pool(n, d)))
		if err != nil {
			return nil, err
		}
		return operator.NewProject(in, e), nil
	}), nil
}

func (b *Pipelines) limit(n *plan.Limit) (*chain, error) {
	c, err := b.compile(n.In)
	if err != nil {
		return nil, err
	}
	if n.WithTies {
		c = b.gather(n, c)
		keys := make([]int, len(n.Keys))
		for i, k := range n.Keys {
			keys[i] = k.Col
		}
		return c.over(n, func(in operator.Operator, d *driver) (operator.Operator, error) {
			return operator.NewTies(in, n.N, n.Offset, keys, b.pool(n, d)), nil
		}), nil
	}
	quota := operator.NewQuota(n.N, n.Offset)
	return c.over(n, func(in operator.Operator, _ *driver) (operator.Operator, error) {
		return operator.NewLimit(in, quota), nil
	}), nil
}

func (b *Pipelines) union(n *plan.Union) (*chain, error) {
	var ins []*chain
	drivers := 1
	for _, in := range n.In {
		c, err := b.compile(in)
		if err != nil {
			return nil, err
		}
		ins = append(ins, c)
		drivers = max(drivers, c.drivers)
	}
	return &chain{drivers: drivers, types: n.Types(), sparse: true, make: func(d *driver) (operator.Operator, error) {
		var ops []operator.Operator
		for _, c := range ins {
			if d.index >= c.drivers {
				continue
			}
			op, err := c.make(d)
			if err != nil {
				for _, o := range ops {
					_ = o.Close()
				}
				return nil, err
			}
			ops = append(ops, op)
		}
		return operator.NewUnion(ops), nil
	}}, nil
}

func (b *Pipelines) unnest(n *plan.Unnest) (*chain, error) {
	c, err := b.compile(n.In)
	if err != nil {
		return nil, err
	}
	return c.over(n, func(in operator.Operator, d *driver) (operator.Operator, error) {
		return operator.NewUnnest(in, operator.UnnestConfig{
			Keep: n.Keep, Lists: n.Lists, Ordinality: n.Ordinality, Outer: n.Outer, RowsMax: b.rowsMax,
		}, b.pool(n, d)), nil
	}), nil
}

func (b *Pipelines) singleRow(n *plan.SingleRow) (*chain, error) {
	c, err := b.compile(n.In)
	if err != nil {
		return nil, err
	}
	return b.gather(n, c).over(n, func(in operator.Operator, d *driver) (operator.Operator, error) {
		return operator.NewSingleRow(in, n.Types(), b.pool(n, d)), nil
	}), nil
}

func (b *Pipelines) assignID(n *plan.AssignID) (*chain, error) {
	c, err := b.compile(n.In)
	if err != nil {
		return nil, err
	}
	return c.over(n, func(in operator.Operator, d *driver) (operator.Operator, error) {
		// 24 bits of the task attempt, 6 of the driver, 33 of the row.
		first := int64(b.env.Number&(1<<24-1))<<39 | int64(d.index&63)<<33
		return operator.NewAssignID(in, first, b.pool(n, d)), nil
	}), nil
}

func (b *Pipelines) write(n *plan.Write) (*chain, error) {
	c, err := b.compile(n.In)
	if err != nil {
		return nil, err
	}
	conn, err := b.env.Connector(b.env.Context, n.Target.Catalog, n.Target.Version)
	if err != nil {
		return nil, err
	}
	w := conn.Caps().Write
	if w == nil {
		return nil, sqlerr.Unsupported("catalog cannot be written to: %q", n.Target.Catalog)
	}
	if n.Target.Single {
		c = b.gather(n, c)
	}
	return c.over(n, func(in operator.Operator, d *driver) (operator.Operator, error) {
		pool := b.pool(n, d)
		id := spi.SinkID{Task: b.env.Task, Driver: d.index, Attempt: b.env.Attempt}
		return operator.NewWrite(in, func(ctx context.Context) (spi.PageSink, error) {
			return w.Sink(ctx, b.env.Session, n.Target, id, spi.OpenEnv{Pool: pool, Report: func(spi.Progress) {}})
		}, pool, d.slot), nil
	}), nil
}

// remote reads another stage: merged when its rows are sorted, else in any
// order by all drivers.
func (b *Pipelines) remote(n *plan.Remote) (*chain, error) {
	producers := b.env.Inputs[n.Stage]
	if n.Merge != nil {
		return b.mergeRemote(n, producers), nil
	}
	var openers []exchange.Opener
	for _, p := range producers {
		openers = append(openers, b.opener(n, p))
	}
	shared := &sharedInput{open: func() *exchange.Input { return exchange.NewInput(b.env.Context, openers) }}
	b.closers = append(b.closers, shared.close)
	return &chain{drivers: b.env.Drivers, types: n.Types(), make: func(d *driver) (operator.Operator, error) {
		return operator.NewRemote(shared.source, d.slot), nil
	}}, nil
}

func (b *Pipelines) opener(n *plan.Remote, p exchange.Producer) exchange.Opener {
	return func(ctx context.Context) (exchange.Source, error) {
		return b.env.Dial(ctx, p, n.Types(), pageSafe{b.env.Pool})
	}
}

// pageSafe charges the pages of other tasks to this one.
type pageSafe struct{ page.Pool }
