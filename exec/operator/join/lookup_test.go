package join_test

import (
	"context"
	"testing"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/operator/join"
	"github.com/muster-sql/muster/exec/operator/optest"
)

// table answers lookups of its first column from rows in memory.
type table struct {
	t    *testing.T
	ts   []types.Type
	rows [][]types.Value
	pool page.Pool
}

func (x *table) find(_ context.Context, keys *page.Page) (spi.PageSource, error) {
	var out [][]types.Value
	asked := map[int64]bool{}
	for i := range keys.Rows {
		if keys.Cols[0].IsNull(i) {
			x.t.Error("a NULL key was looked up")
		}
		k := keys.Cols[0].Value(i).I
		if asked[k] {
			x.t.Errorf("key %d was looked up twice", k)
		}
		asked[k] = true
		for _, r := range x.rows {
			if !r[0].Null && r[0].I == k {
				out = append(out, r)
			}
		}
	}
	return &answer{Operator: operator.NewValues(x.ts, out, x.pool, 3)}, nil
}

type answer struct{ operator.Operator }

func (a *answer) Stats() spi.ScanStats { return spi.ScanStats{Requests: 1} }

func TestLookupsGiveWhatTheJoinGives(t *testing.T) {
	ts, source, in := sides(bigint, 40, 23, 9, true)
	for _, kind := range []join.Kind{join.Inner, join.Semi, join.Right} {
		for _, residual := range []bool{false, true} {
			s := spec{kind: kind, keys: []int{0, 1}[:1+int(kind)%2], residual: residual}
			t.Run(s.String(), func(t *testing.T) {
				c := s.testCase(ts, source, in, nil)
				c.In = in // the input is the build side
				c.Make = func(e *optest.Env) (operator.Operator, error) {
					conf := &join.Config{Kind: kind, Left: ts, Right: ts, LKeys: s.keys, RKeys: s.keys, Pool: e.Pool, RowsMax: e.RowsMax}
					if residual {
						conf.Residual = func(page.Pool) (spi.Predicate, error) { return lessThan{1, 4}, nil }
					}
					b, err := join.NewBridge(conf, e.Drivers, e.Drivers)
					if err != nil {
						return nil, err
					}
					tab := &table{t: t, ts: ts, rows: source, pool: e.Child("source")}
					l := b.NewLookup(1, 2, &operator.ScanCounts{}, tab.find)
					var ins, probes []operator.Operator
					var sinks []operator.Sink
					for range e.Drivers {
						ins, sinks = append(ins, e.Input()), append(sinks, b.NewSink(e.Child("build")))
						p, err := b.NewProbe(l.NewSource(e.Child("lookup"), operator.NoSlot{}), e.Child("probe"), operator.NoSlot{})
						if err != nil {
							return nil, err
						}
						probes = append(probes, p)
					}
					return optest.Blocking(ins, sinks, probes...), nil
				}
				optest.Run(t, c)
			})
		}
	}
}
