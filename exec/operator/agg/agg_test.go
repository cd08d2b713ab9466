package agg_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/operator/agg"
	"github.com/muster-sql/muster/exec/operator/optest"
)

var (
	bigint = types.Of(types.Int64)
	text   = types.Of(types.Text)
	float  = types.Of(types.Float64)
	boolT  = types.Of(types.Bool)
)

// inputTypes: two keys, a number, a condition.
func input(key types.Type, n, distinct int) ([]types.Type, [][]types.Value) {
	rnd := rand.New(rand.NewPCG(3, uint64(n+distinct)))
	var out [][]types.Value
	for range n {
		k := types.IntValue(int64(rnd.IntN(distinct)) - 2)
		switch key.Kind {
		case types.Text:
			k = types.StringValue(fmt.Sprintf("group with a long name %d", k.I))
		case types.Float64:
			k = types.FloatValue([]float64{0, math.Copysign(0, -1), math.NaN(), 1.5}[rnd.IntN(4)])
		}
		k2 := types.StringValue([]string{"a", "b"}[rnd.IntN(2)])
		v := types.IntValue(int64(rnd.IntN(10)))
		f := types.BoolValue(rnd.IntN(3) > 0)
		for _, x := range []*types.Value{&k, &k2, &v, &f} {
			if rnd.IntN(7) == 0 {
				*x = types.NullValue
			}
		}
		out = append(out, []types.Value{k, k2, v, f})
	}
	return []types.Type{key, text, bigint, boolT}, out
}

// aggregate by definition: count(*), count(v), sum(v), and with conditions
// count(v) filter (f), count(distinct v).
func reference(ts []types.Type, groups []int, rows [][]types.Value) [][]types.Value {
	type group struct {
		key              []types.Value
		n, count, sum, f int64
		seen             map[int64]bool
	}
	var gs []*group
	find := func(r []types.Value) *group {
		for _, g := range gs {
			same := true
			for i, c := range groups {
				a, b := g.key[i], r[c]
				same = same && a.Null == b.Null && (a.Null || types.Compare(ts[c], a, b) == 0)
			}
			if same {
				return g
			}
		}
		g := &group{seen: map[int64]bool{}}
		for _, c := range groups {
			g.key = append(g.key, r[c])
		}
		gs = append(gs, g)
		return g
	}
	if len(groups) == 0 {
		find(nil)
	}
	for _, r := range rows {
		g := find(r)
		g.n++
		if !r[2].Null {
			g.count++
			g.sum += r[2].I
			g.seen[r[2].I] = true
			if !r[3].Null && r[3].I == 1 {
				g.f++
			}
		}
	}
	var out [][]types.Value
	for _, g := range gs {
		sum := types.Value{N: types.Num{Coef: types.Int128{Lo: uint64(g.sum)}}}
		if g.count == 0 {
			sum = types.NullValue
		}
		out = append(out, append(slices.Clone(g.key), types.IntValue(g.n), types.IntValue(g.count), sum,
			types.IntValue(g.f), types.IntValue(int64(len(g.seen)))))
	}
	return out
}

func accumulator(name string, args ...types.Type) func() functions.Accumulator {
	return func() functions.Accumulator {
		r, err := functions.Builtins().ResolveAggregate(name, args)
		if err != nil {
			panic(err)
		}
		a, err := functions.Builtins().Accumulator(r.Fn, r.Sig, r.Args, functions.NewEnv(nil, nil))
		if err != nil {
			panic(err)
		}
		return a
	}
}

// calls of the reference; in a final step arguments are states from column at.
func calls(distinct bool) []agg.Call {
	out := []agg.Call{
		{New: accumulator("count"), Filter: -1},
		{New: accumulator("count", bigint), Args: []int{2}, Filter: -1},
		{New: accumulator("sum", bigint), Args: []int{2}, Filter: -1},
		{New: accumulator("count", bigint), Args: []int{2}, Filter: 3},
	}
	if distinct {
		out = append(out, agg.Call{New: accumulator("count", bigint), Args: []int{2}, Filter: -1, Distinct: true})
	}
	return out
}

func outTypes(ts []types.Type, groups []int) []types.Type {
	var out []types.Type
	for _, g := range groups {
		out = append(out, ts[g])
	}
	return append(out, bigint, bigint, types.Of(types.Numeric), bigint, bigint)
}

func single(ts []types.Type, groups []int, rows [][]types.Value, change func(*agg.Config)) optest.Case {
	return optest.Case{
		Types: ts, In: rows, Out: outTypes(ts, groups), Want: reference(ts, groups, rows), Drivers: []int{3},
		Make: func(e *optest.Env) (operator.Operator, error) {
			c := &agg.Config{In: ts, Groups: groups, Calls: calls(true), Pool: e.Pool, Spill: e.Spill, RowsMax: e.RowsMax}
			if change != nil {
				change(c)
			}
			return pipelines(e, c, e.Input), nil
		},
	}
}

// pipelines aggregates the inputs of all drivers.
func pipelines(e *optest.Env, c *agg.Config, in func() operator.Operator) operator.Operator {
	b := agg.NewBridge(c, e.Drivers, e.Drivers)
	var ins, sources []operator.Operator
	var sinks []operator.Sink
	for range e.Drivers {
		ins, sinks = append(ins, in()), append(sinks, b.NewSink(e.Child("sink")))
		sources = append(sources, b.NewSource(e.Child("source"), operator.NoSlot{}))
	}
	return optest.Blocking(ins, sinks, sources...)
}

func TestGroupsAgreeWithTheDefinition(t *testing.T) {
	for _, key := range []types.Type{bigint, text, float} {
		for _, groups := range [][]int{{}, {0}, {1}, {0, 1}, {1, 0, 3}} {
			t.Run(fmt.Sprint(key, groups), func(t *testing.T) {
				ts, rows := input(key, 60, 9)
				optest.Run(t, single(ts, groups, rows, nil))
			})
		}
	}
}

func TestSpilledGroupsAgreeWithTheDefinition(t *testing.T) {
	for _, key := range []types.Type{bigint, text, float} {
		for _, groups := range [][]int{{}, {0}, {0, 1}} {
			t.Run(fmt.Sprint(key, groups), func(t *testing.T) {
				ts, rows := input(key, 60, 9)
				optest.Run(t, single(ts, groups, rows, func(c *agg.Config) { c.SpillForce = 7 }))
			})
		}
	}
}

// twentyTimes is rows whose groups take about twenty times a memory of 1 MiB.
func twentyTimes() ([]types.Type, [][]types.Value) {
	var rows [][]types.Value
	for i := range 120_000 {
		k := i * 7919 % 60_000
		rows = append(rows, []types.Value{
			types.IntValue(int64(k)), types.StringValue(fmt.Sprintf("a group with a name that is long enough to take memory %d", k)),
			types.IntValue(int64(i % 5)), types.BoolValue(true),
		})
	}
	return []types.Type{bigint, text, bigint, boolT}, rows
}

func TestGroupsTwentyTimesTheMemory(t *testing.T) {
	ts, rows := twentyTimes()
	c := single(ts, []int{1, 0}, nil, nil)
	c.In, c.Want, c.LimitBytes = rows, manyGroups(rows, []int{1, 0}), 1<<20
	optest.RunLarge(t, c)
}

func TestDistinctTwentyTimesTheMemory(t *testing.T) {
	ts, rows := twentyTimes()
	c := single(ts, nil, nil, nil)
	c.In, c.LimitBytes = rows, 1<<20
	c.Out = []types.Type{bigint, bigint}
	c.Want = [][]types.Value{{types.IntValue(60_000), types.IntValue(5)}}
	c.Make = func(e *optest.Env) (operator.Operator, error) {
		conf := &agg.Config{In: ts, Pool: e.Pool, Spill: e.Spill, RowsMax: e.RowsMax, Calls: []agg.Call{
			{New: accumulator("count", text), Args: []int{1}, Filter: -1, Distinct: true},
			{New: accumulator("count", bigint), Args: []int{2}, Filter: -1, Distinct: true},
		}}
		return pipelines(e, conf, e.Input), nil
	}
	optest.RunLarge(t, c)
}

// manyGroups is the reference in linear time.
func manyGroups(rows [][]types.Value, groups []int) [][]types.Value {
	seen := map[string][]types.Value{}
	distinct := map[string]bool{}
	var out [][]types.Value
	for _, r := range rows {
		k := ""
		for _, x := range groups {
			k += fmt.Sprint(r[x].I, r[x].S, ",")
		}
		g := seen[k]
		if g == nil {
			for _, x := range groups {
				g = append(g, r[x])
			}
			g = append(g, types.IntValue(0), types.IntValue(0), types.Value{}, types.IntValue(0), types.IntValue(0))
			seen[k] = g
			out = append(out, g)
		}
		at := len(groups)
		g[at].I++
		g[at+1].I++
		g[at+2].N.Coef.Lo += uint64(r[2].I)
		g[at+3].I++
		if d := fmt.Sprint(k, r[2].I); !distinct[d] {
			distinct[d] = true
			g[at+4].I++
		}
	}
	return out
}

func TestNoInputGivesOneRowWithoutGroups(t *testing.T) {
	ts, _ := input(bigint, 0, 3)
	optest.Run(t, single(ts, nil, nil, nil))
	optest.Run(t, single(ts, []int{0}, nil, nil))
}

// twoSteps is a partial step in each driver and a final one.
func twoSteps(ts []types.Type, groups []int, rows [][]types.Value, limit int64) optest.Case {
	want := reference(ts, groups, rows)
	for i, r := range want {
		want[i] = r[:len(r)-1] // without DISTINCT
	}
	out := outTypes(ts, groups)
	return optest.Case{
		Types: ts, In: rows, Out: out[:len(out)-1], Want: want, Drivers: []int{3},
		Make: func(e *optest.Env) (operator.Operator, error) {
			first := &agg.Config{In: ts, Groups: groups, Calls: calls(false), Partial: true, Pool: e.Pool, RowsMax: e.RowsMax}
			final := &agg.Config{Merge: true, Pool: e.Pool, Spill: e.Spill, RowsMax: e.RowsMax}
			for i, g := range groups {
				final.In, final.Groups = append(final.In, ts[g]), append(final.Groups, i)
			}
			for _, c := range first.Calls {
				call := agg.Call{New: c.New, Filter: -1}
				for _, st := range c.New().PartialTypes() {
					call.Args = append(call.Args, len(final.In))
					final.In = append(final.In, st)
				}
				final.Calls = append(final.Calls, call)
			}
			return pipelines(e, final, func() operator.Operator {
				return agg.NewPartial(e.Input(), first, e.Child("partial"), limit)
			}), nil
		},
	}
}

func TestPartialAndFinalAgreeWithTheDefinition(t *testing.T) {
	for _, key := range []types.Type{bigint, text} {
		for _, groups := range [][]int{{}, {0}, {0, 1}} {
			for _, limit := range []int64{0, 1} { // 1: states leave as soon as they can
				t.Run(fmt.Sprint(key, groups, limit), func(t *testing.T) {
					ts, rows := input(key, 60, 9)
					optest.Run(t, twoSteps(ts, groups, rows, limit))
				})
			}
		}
	}
}

func TestManyGroupsOfSeveralDriversAreMergedByPartition(t *testing.T) {
	var rows [][]types.Value
	for i := range 40_000 {
		rows = append(rows, []types.Value{types.IntValue(int64(i % 17_000)), types.StringValue(fmt.Sprint(i % 3)), types.IntValue(1), types.BoolValue(true)})
	}
	ts := []types.Type{bigint, text, bigint, boolT}
	for _, groups := range [][]int{{0}, {0, 1}} {
		c := single(ts, groups, nil, nil)
		c.In, c.Want = rows, manyGroups(rows, groups)
		optest.RunLarge(t, c)
	}
}
