package build

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/eval"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/operator/join"
	"github.com/muster-sql/muster/exec/plan"
)

// lookup makes a bind join: a hash join whose build side is the input and whose
// probe side is what the source has for the build side's keys.
func (b *Pipelines) lookup(n *plan.LookupJoin) (*chain, error) {
	conn, err := b.env.Connector(b.env.Context, n.Source.Catalog, n.Source.Version)
	if err != nil {
		return nil, err
	}
	find := conn.Caps().Lookup
	if find == nil {
		return nil, sqlerr.Unsupported("catalog cannot look keys up: %q", n.Source.Catalog)
	}
	in, err := b.compile(n.In)
	if err != nil {
		return nil, err
	}
	in = b.dense(n, in)
	scan := n.Source
	scan.Lookup = n.ScanKeys
	left := scan.Types()
	if k := len(n.Chain); k > 0 {
		left = chainTypes(n.Chain, left)
	}
	conf := &join.Config{
		Kind: join.Kind(n.Kind), Left: left, Right: in.types, LKeys: n.SrcKeys, RKeys: n.InKeys,
		Pool: b.env.Pool, RowsMax: b.rowsMax,
	}
	if n.Residual != nil {
		conf.Residual = func(pool page.Pool) (spi.Predicate, error) {
			return eval.CompilePredicate(n.Residual, functions.NewEnv(b.env.Session, pool))
		}
	}
	bridge, err := join.NewBridge(conf, in.drivers, b.env.Drivers)
	if err != nil {
		return nil, err
	}
	b.end(in, func(d *driver) (operator.Sink, error) { return bridge.NewSink(b.pool(n, d)), nil })
	counters := b.stats[b.statsOf(n)]
	counters.scan = &operator.ScanCounts{}
	keys := bridge.NewLookup(len(n.ScanKeys), n.BatchMax, counters.scan, func(ctx context.Context, keys *page.Page) (spi.PageSource, error) {
		return find.Lookup(ctx, b.env.Session, scan, keys, spi.OpenEnv{Pool: b.env.Pool, Report: func(spi.Progress) {}})
	})
	counters.extra = keys.Stats
	return &chain{drivers: b.env.Drivers, types: n.Types(), sparse: true, make: func(d *driver) (operator.Operator, error) {
		pool := b.pool(n, d)
		op := keys.NewSource(pool, d.slot)
		if scan.Filter != nil {
			f, err := eval.CompilePredicate(scan.Filter, d.env(pool))
			if err != nil {
				return nil, err
			}
			op = operator.NewFilter(op, unlessFiltered{f})
		}
		op, err := b.chainOver(n.Chain, op, d, pool)
		if err != nil {
			return nil, err
		}
		return bridge.NewProbe(op, pool, d.slot)
	}}, nil
}

// unlessFiltered evaluates a scan's filter where the source has not.
type unlessFiltered struct{ spi.Predicate }

// Eval implements spi.Predicate.
func (u unlessFiltered) Eval(p *page.Page) error {
	if p.Filtered {
		p.Filtered = false
		return nil
	}
	return u.Predicate.Eval(p)
}

// chainTypes returns the column types after a chain of filters and projections.
func chainTypes(nodes []plan.Node, ts []types.Type) []types.Type {
	for _, x := range nodes {
		if p, ok := x.(*plan.Project); ok {
			ts = make([]types.Type, len(p.Exprs))
			for i, e := range p.Exprs {
				ts[i] = e.Type()
			}
		}
	}
	return ts
}

// chainOver puts the filters and projections of a bind join over its source.
func (b *Pipelines) chainOver(nodes []plan.Node, op operator.Operator, d *driver, pool *mempool.Pool) (operator.Operator, error) {
	for _, x := range nodes {
		switch x := x.(type) {
		case *plan.Filter:
			f, err := eval.CompilePredicate(x.Pred, d.env(pool))
			if err != nil {
				return nil, err
			}
			op = operator.NewFilter(op, f)
		case *plan.Project:
			e, err := eval.CompileAll(x.Exprs, d.env(pool))
			if err != nil {
				return nil, err
			}
			op = operator.NewProject(op, e)
		default:
			return nil, sqlerr.Internalf("a bind join cannot have a %T", x)
		}
	}
	return op, nil
}
