package sort_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/operator/optest"
	"github.com/muster-sql/muster/exec/operator/sort"
	"github.com/muster-sql/muster/exec/rows"
)

var (
	bigint = types.Of(types.Int64)
	text   = types.Of(types.Text)
	float  = types.Of(types.Float64)
)

func input(n int) ([]types.Type, [][]types.Value) {
	rnd := rand.New(rand.NewPCG(1, uint64(n)))
	var out [][]types.Value
	for i := range n {
		r := []types.Value{
			types.IntValue(int64(rnd.IntN(9)) - 4),
			types.StringValue(fmt.Sprintf("a text of some length %d", rnd.IntN(5))),
			types.FloatValue([]float64{0, -1.5, math.Inf(1), math.NaN(), 7}[rnd.IntN(5)]),
			types.IntValue(int64(i)),
		}
		for c := range 3 {
			if rnd.IntN(6) == 0 {
				r[c] = types.NullValue
			}
		}
		out = append(out, r)
	}
	return []types.Type{bigint, text, float, bigint}, out
}

func less(ts []types.Type, keys []rows.Key, a, b []types.Value) int {
	for _, k := range keys {
		x, y := a[k.Col], b[k.Col]
		if x.Null || y.Null {
			if x.Null == y.Null {
				continue
			}
			if x.Null == k.NullsFirst {
				return -1
			}
			return 1
		}
		c := types.Compare(ts[k.Col], x, y)
		if k.Desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// The last key is unique, so that the order is total.
func orders() [][]rows.Key {
	id := rows.Key{Col: 3}
	return [][]rows.Key{
		{id},
		{{Col: 0}, id},
		{{Col: 0, Desc: true, NullsFirst: true}, {Col: 1}, {Col: 3, Desc: true}},
		{{Col: 1, NullsFirst: true}, {Col: 2, Desc: true}, id},
		{{Col: 2}, {Col: 0, Desc: true}, id},
	}
}

func sorted(ts []types.Type, keys []rows.Key, in [][]types.Value, n, offset int64) [][]types.Value {
	out := slices.Clone(in)
	slices.SortFunc(out, func(a, b []types.Value) int { return less(ts, keys, a, b) })
	out = out[min(int(offset), len(out)):]
	if n >= 0 {
		out = out[:min(int(n), len(out))]
	}
	return out
}

func testCase(ts []types.Type, keys []rows.Key, in [][]types.Value, n, offset int64, change func(*sort.Config)) optest.Case {
	return optest.Case{
		Types: ts, In: in, Out: ts, Want: sorted(ts, keys, in, n, offset), Ordered: true, Drivers: []int{3},
		Make: func(e *optest.Env) (operator.Operator, error) {
			c := &sort.Config{Types: ts, Keys: keys, N: n, Offset: offset, Pool: e.Pool, Spill: e.Spill, RowsMax: e.RowsMax}
			if change != nil {
				change(c)
			}
			b := sort.NewBridge(c, e.Drivers)
			var ins []operator.Operator
			var sinks []operator.Sink
			for range e.Drivers {
				ins, sinks = append(ins, e.Input()), append(sinks, b.NewSink(e.Child("sink")))
			}
			return optest.Blocking(ins, sinks, b.NewSource(e.Child("source"), operator.NoSlot{})), nil
		},
	}
}

func TestRowsComeInOrder(t *testing.T) {
	ts, in := input(70)
	for i, keys := range orders() {
		t.Run(fmt.Sprint(i), func(t *testing.T) { optest.Run(t, testCase(ts, keys, in, -1, 0, nil)) })
	}
}

func TestTheFirstRows(t *testing.T) {
	ts, in := input(70)
	for i, keys := range orders() {
		for _, n := range []int64{0, 1, 10, 100} {
			t.Run(fmt.Sprint(i, n), func(t *testing.T) {
				optest.Run(t, testCase(ts, keys, in, n, 3, nil))
			})
		}
	}
}

func TestTheFirstOfManyRows(t *testing.T) {
	ts, in := input(30_000)
	for i, keys := range orders() {
		t.Run(fmt.Sprint(i), func(t *testing.T) { optest.RunLarge(t, testCase(ts, keys, in, 100, 5, nil)) })
	}
}

func TestSpilledRunsComeInOrder(t *testing.T) {
	ts, in := input(70)
	for i, keys := range orders() {
		for _, n := range []int64{-1, 10} {
			t.Run(fmt.Sprint(i, n), func(t *testing.T) {
				optest.Run(t, testCase(ts, keys, in, n, 0, func(c *sort.Config) { c.SpillForce = 5 }))
			})
		}
	}
}

func TestMoreRunsThanAreMergedAtOnce(t *testing.T) {
	ts, in := input(2000)
	optest.RunLarge(t, testCase(ts, orders()[2], in, -1, 3, func(c *sort.Config) { c.SpillForce = 1; c.RowsMax = 7 }))
}

func TestRowsTwentyTimesTheMemory(t *testing.T) {
	ts, in := input(150_000)
	for i := range in {
		in[i][1] = types.StringValue(fmt.Sprintf("a text that is long enough to take some memory %d", i*7919%100_003))
	}
	c := testCase(ts, orders()[3], in, -1, 0, nil)
	c.LimitBytes = 1 << 20
	optest.RunLarge(t, c)
}

func TestNoRows(t *testing.T) {
	ts, _ := input(0)
	optest.Run(t, testCase(ts, orders()[1], nil, -1, 0, nil))
	optest.Run(t, testCase(ts, orders()[1], nil, 5, 0, nil))
}

func TestSortedInputsAreMerged(t *testing.T) {
	ts, in := input(50)
	for i, keys := range orders() {
		all := sorted(ts, keys, in, -1, 0)
		var parts [3][][]types.Value
		for k, r := range all {
			parts[k*k%3] = append(parts[k*k%3], r)
		}
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			optest.Run(t, optest.Case{
				Types: ts, In: parts[0], Out: ts, Want: all, Ordered: true,
				Make: func(e *optest.Env) (operator.Operator, error) {
					ins := []operator.Operator{e.Input(), e.Other(ts, parts[1])(), e.Other(ts, parts[2])()}
					return sort.NewMerge(ins, ts, keys, e.RowsMax, e.Child("merge")), nil
				},
			})
		})
	}
}
