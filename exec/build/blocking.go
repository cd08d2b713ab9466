package build

import (
	"slices"

	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/operator/agg"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/exec/rows"
)

func rowKeys(keys []plan.SortKey) []rows.Key {
	out := make([]rows.Key, len(keys))
	for i, k := range keys {
		out[i] = rows.Key{Col: k.Col, Desc: k.Desc, NullsFirst: k.NullsFirst}
	}
	return out
}

// aggregate makes a step of an aggregation: a partial one streams, the others
// end their pipeline and begin one over the groups.
func (b *Pipelines) aggregate(n *plan.Aggregate) (*chain, error) {
	c, err := b.compile(n.In)
	if err != nil {
		return nil, err
	}
	in := n.In.Types()
	groups := n.Groups
	if n.Sets != nil && n.Step != plan.AggFinal {
		c, in, groups = b.groupingSets(n, c, in)
	}
	conf, err := b.aggConfig(n, in, groups)
	if err != nil {
		return nil, err
	}
	c = b.dense(n, c)
	if n.Step == plan.AggPartial {
		return c.over(n, func(op operator.Operator, d *driver) (operator.Operator, error) {
			return agg.NewPartial(op, conf, b.pool(n, d), b.env.Pool.QueryLimit()), nil
		}), nil
	}
	sources := b.env.Drivers
	if len(groups) == 0 {
		sources = 1
	}
	bridge := agg.NewBridge(conf, c.drivers, sources)
	b.stats[b.statsOf(n)].spill = bridge.Spilled
	b.end(c, func(d *driver) (operator.Sink, error) { return bridge.NewSink(b.pool(n, d)), nil })
	return &chain{drivers: sources, types: n.Types(), make: func(d *driver) (operator.Operator, error) {
		return bridge.NewSource(b.pool(n, d), d.slot), nil
	}}, nil
}

// groupingSets puts an expansion below the aggregation: copies of the group
// columns with NULLs, then the number of the set, are what is grouped by.
func (b *Pipelines) groupingSets(n *plan.Aggregate, c *chain, in []types.Type) (*chain, []types.Type, []int) {
	ts := make([]types.Type, len(n.Groups))
	for i, g := range n.Groups {
		ts[i] = in[g]
	}
	out := append(slices.Clone(in), ts...)
	out = append(out, types.Of(types.Int64))
	groups := make([]int, len(ts)+1)
	for i := range groups {
		groups[i] = len(in) + i
	}
	c = c.over(n, func(op operator.Operator, d *driver) (operator.Operator, error) {
		return operator.NewExpand(op, n.Groups, ts, n.Sets, b.pool(n, d)), nil
	})
	c.types = out
	return c, out, groups
}

func (b *Pipelines) aggConfig(n *plan.Aggregate, in []types.Type, groups []int) (*agg.Config, error) {
	conf := &agg.Config{
		In: in, Groups: groups, Merge: n.Step == plan.AggFinal, Partial: n.Step == plan.AggPartial,
		Pool: b.env.Pool, Spill: b.env.Spill, RowsMax: b.rowsMax, SpillForce: b.forced,
	}
	if n.Step != plan.AggPartial {
		for i, s := range n.Sets {
			if len(s) == 0 {
				conf.EmptySets = append(conf.EmptySets, int64(i))
			}
		}
	}
	env := functions.NewEnv(b.env.Session, b.env.Pool)
	for _, call := range n.Calls {
		if _, err := env.Registry.Accumulator(call.Fn, call.Sig, call.ArgTypes, env); err != nil {
			return nil, err
		}
		c := agg.Call{
			Args: call.Args, Filter: call.Filter, Distinct: call.Distinct, Order: rowKeys(call.Order),
			New: func() functions.Accumulator {
				a, _ := env.Registry.Accumulator(call.Fn, call.Sig, call.ArgTypes, env) // it could be made above
				return a
			},
		}
		if n.Step == plan.AggFinal {
			c.Filter, c.Distinct, c.Order = -1, false, nil
		}
		conf.Calls = append(conf.Calls, c)
	}
	return conf, nil
}
