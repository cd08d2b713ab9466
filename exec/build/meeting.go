package build

import (
	"slices"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/exec/eval"
	"github.com/muster-sql/muster/exec/exchange"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/operator/join"
	"github.com/muster-sql/muster/exec/operator/sort"
	"github.com/muster-sql/muster/exec/plan"
)

// sort orders in every driver and merges in one.
func (b *Pipelines) sort(n *plan.Sort) (*chain, error) {
	c, err := b.compile(n.In)
	if err != nil {
		return nil, err
	}
	bridge := sort.NewBridge(&sort.Config{
		Types: c.types, Keys: rowKeys(n.Keys), N: n.N, Offset: n.Offset,
		Pool: b.env.Pool, Spill: b.env.Spill, RowsMax: b.rowsMax, SpillForce: b.forced,
	}, c.drivers)
	b.stats[b.statsOf(n)].spill = bridge.Spilled
	b.end(c, func(d *driver) (operator.Sink, error) { return bridge.NewSink(b.pool(n, d)), nil })
	return single(n, func(d *driver) (operator.Operator, error) {
		return bridge.NewSource(b.pool(n, d), d.slot), nil
	}), nil
}

// join builds the right side in a pipeline of its own and probes with the left one.
func (b *Pipelines) join(n *plan.Join) (*chain, error) {
	right, err := b.compile(n.R)
	if err != nil {
		return nil, err
	}
	left, err := b.compile(n.L)
	if err != nil {
		return nil, err
	}
	conf := &join.Config{
		Kind: join.Kind(n.Kind), Left: left.types, Right: right.types, LKeys: n.LKeys, RKeys: n.RKeys,
		NullSafe: n.NullSafe, NullAware: n.NullAware,
		Pool: b.env.Pool, Spill: b.env.Spill, RowsMax: b.rowsMax, SpillForce: b.forced,
	}
	if n.Residual != nil {
		conf.Residual = func(pool page.Pool) (spi.Predicate, error) {
			return eval.CompilePredicate(n.Residual, functions.NewEnv(b.env.Session, pool))
		}
	}
	for _, f := range n.Dyn {
		if !slices.Contains(conf.PublishKeys, f.Key) {
			conf.PublishKeys = append(conf.PublishKeys, f.Key)
		}
	}
	conf.Publish = func(key int, set domain.Set) {
		for _, f := range n.Dyn {
			if f.Key == key {
				b.filters.publish(f.Filter, set)
			}
		}
	}
	right, left = b.dense(n, right), b.dense(n, left)
	bridge, err := join.NewBridge(conf, right.drivers, left.drivers)
	if err != nil {
		return nil, err
	}
	b.stats[b.statsOf(n)].spill = bridge.Spilled
	b.end(right, func(d *driver) (operator.Sink, error) { return bridge.NewSink(b.pool(n, d)), nil })
	c := left.over(n, func(in operator.Operator, d *driver) (operator.Operator, error) {
		return bridge.NewProbe(in, b.pool(n, d), d.slot)
	})
	c.sparse = true
	return c, nil
}

// mergeRemote reads the sorted outputs of another stage in their order.
func (b *Pipelines) mergeRemote(n *plan.Remote, producers []exchange.Producer) *chain {
	return single(n, func(d *driver) (operator.Operator, error) {
		ins := make([]operator.Operator, len(producers))
		for i, p := range producers {
			ins[i] = operator.NewRemote(b.opener(n, p), d.slot)
		}
		return sort.NewMerge(ins, n.Types(), rowKeys(n.Merge), b.rowsMax, b.pool(n, d)), nil
	})
}
