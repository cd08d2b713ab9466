package spitest

import (
	"fmt"
	"slices"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

func limits(b *bench) {
	scan, _ := b.scan()
	rows := b.all(scan)
	for _, n := range []int64{0, 1, int64(len(rows)) / 2, int64(len(rows)) + 10, 1 << 40} {
		out, outcomes := b.pushed(scan, &spi.LimitOp{N: n})
		if outcomes[0].Taken == spi.No {
			continue
		}
		got, of := b.read(out, how{})
		b.reduced(fmt.Sprintf("limit %d", n), out, outcomes[0], n, got, of)
		b.contained("limit", scan.Types(), got, rows)
		if want := min(n, int64(len(rows))); int64(len(got)) < want {
			b.Errorf("limit %d gives %d rows of %d", n, len(got), len(rows))
		}
	}
}

// reduced checks what an outcome promises of the number of rows.
func (b *bench) reduced(what string, out spi.Scan, o spi.Outcome, n int64, got [][]types.Value, of []int) {
	b.Helper()
	count := map[int]int64{}
	for _, s := range of {
		count[s]++
	}
	switch o.Taken {
	case spi.Exact:
		if !out.OneSplit {
			b.Errorf("%s is exact, but the scan may have several splits", what)
		}
		if int64(len(got)) > n {
			b.Errorf("%s gives %d rows", what, len(got))
		}
	case spi.PerSplit:
		for s, rows := range count {
			if rows > n {
				b.Errorf("%s gives %d rows in split %d", what, rows, s)
			}
		}
	default:
		b.Errorf("%s was taken as %d", what, o.Taken)
	}
}

func topN(b *bench) {
	scan, _ := b.scan()
	rows := b.all(scan)
	for c, o := range scan.Output {
		if !orders(o.Type) {
			continue
		}
		for _, k := range []spi.OrderKey{{}, {Desc: true}, {NullsFirst: true}, {Desc: true, NullsFirst: true}} {
			k.Expr = column(&scan, c)
			n := int64(len(rows))/3 + 1
			out, outcomes := b.pushed(scan, &spi.TopNOp{Keys: []spi.OrderKey{k}, N: n})
			if outcomes[0].Taken == spi.No {
				continue
			}
			got, of := b.read(out, how{})
			what := fmt.Sprintf("first %d by %s desc %v nulls first %v", n, o.Name, k.Desc, k.NullsFirst)
			b.reduced(what, out, outcomes[0], n, got, of)
			b.contained(what, scan.Types(), got, rows)
			b.same(what, []types.Type{o.Type}, first(got, c, k, o.Type, n), first(rows, c, k, o.Type, n))
		}
	}
}

// first returns the first n values of a column in an order.
func first(rows [][]types.Value, c int, k spi.OrderKey, t types.Type, n int64) [][]types.Value {
	out := pick(rows, []int{c})
	slices.SortStableFunc(out, func(a, b []types.Value) int {
		x, y := a[0], b[0]
		switch {
		case x.Null && y.Null:
			return 0
		case x.Null || y.Null:
			if x.Null == k.NullsFirst {
				return -1
			}
			return 1
		}
		d := types.Compare(t, x, y)
		if k.Desc {
			return -d
		}
		return d
	})
	return out[:min(n, int64(len(out)))]
}

// aggregates offers counts, least and greatest values by each column.
func aggregates(b *bench) {
	scan, _ := b.scan()
	rows := b.all(scan)
	bigint := types.Of(types.Int64)
	taken := 0
	for c, o := range scan.Output {
		if !orders(o.Type) {
			continue
		}
		other := (c + 1) % len(scan.Output)
		calls := []spi.AggCall{
			{Fn: "count", Typ: bigint},
			{Fn: "count", Args: []expr.Expr{column(&scan, other)}, Typ: bigint},
			{Fn: "min", Args: []expr.Expr{column(&scan, c)}, Typ: o.Type},
			{Fn: "max", Args: []expr.Expr{column(&scan, c)}, Typ: o.Type},
		}
		for _, op := range []*spi.AggregateOp{
			{Calls: calls, Names: []string{"n", "m", "lo", "hi"}},
			{Calls: calls[:2], Names: []string{"n", "m"}},
			{Keys: []expr.Expr{column(&scan, c)}, Calls: calls[:2], Names: []string{"k", "n", "m"}},
			{Keys: []expr.Expr{column(&scan, c)}, Names: []string{"k"}},
		} {
			out, outcomes := b.pushed(scan, op)
			if !allExact(outcomes) {
				continue
			}
			taken++
			if !out.OneSplit {
				b.Error("an aggregate is exact, but the scan may have several splits")
			}
			got, _ := b.read(out, how{})
			b.same("aggregate by "+o.Name, out.Types(), got, grouped(rows, c, other, o.Type, len(op.Keys) > 0, len(op.Calls)))
		}
	}
	if taken == 0 {
		b.Skip("the connector takes no aggregates")
	}
}

func allExact(outcomes []spi.Outcome) bool {
	for _, o := range outcomes {
		if o.Taken != spi.Exact {
			return false
		}
	}
	return true
}

// grouped computes the aggregates of the suite.
func grouped(rows [][]types.Value, c, other int, t types.Type, keyed bool, calls int) [][]types.Value {
	type group struct {
		key    types.Value
		n, m   int64
		lo, hi types.Value
	}
	groups := map[string]*group{}
	if !keyed {
		groups[""] = &group{lo: types.NullValue, hi: types.NullValue}
	}
	for _, r := range rows {
		id := ""
		if keyed {
			id = text([]types.Type{t}, [][]types.Value{{r[c]}})[0]
		}
		g := groups[id]
		if g == nil {
			g = &group{key: r[c]}
			groups[id] = g
		}
		g.n++
		if !r[other].Null {
			g.m++
		}
		if v := r[c]; !v.Null {
			if g.lo.Null || types.Compare(t, v, g.lo) < 0 {
				g.lo = v
			}
			if g.hi.Null || types.Compare(t, v, g.hi) > 0 {
				g.hi = v
			}
		}
	}
	var out [][]types.Value
	for _, g := range groups {
		row := []types.Value{types.IntValue(g.n), types.IntValue(g.m), g.lo, g.hi}[:calls]
		if keyed {
			row = append([]types.Value{g.key}, row...)
		}
		out = append(out, row)
	}
	return out
}
