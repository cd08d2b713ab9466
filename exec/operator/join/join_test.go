package join_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/operator/join"
	"github.com/muster-sql/muster/exec/operator/optest"
)

var (
	bigint = types.Of(types.Int64)
	text   = types.Of(types.Text)
	float  = types.Of(types.Float64)
	num    = types.Of(types.Numeric)
	boolT  = types.Of(types.Bool)
)

// sides are the inputs of a join: key, second key, payload.
func sides(keys types.Type, n, m, distinct int, nulls bool) (ts []types.Type, l, r [][]types.Value) {
	rnd := rand.New(rand.NewPCG(7, uint64(n*m+distinct)))
	val := func(i int) types.Value {
		switch keys.Kind {
		case types.Text:
			return types.StringValue(fmt.Sprintf("key number %d of several", i))
		case types.Float64:
			return types.FloatValue(float64(i) / 2)
		case types.Numeric:
			if rnd.IntN(2) == 0 { // 1.5 and 1.50
				return types.Value{N: types.Num{Coef: types.Int128{Lo: uint64(i) * 10}, Scale: 1}}
			}
			return types.Value{N: types.Num{Coef: types.Int128{Lo: uint64(i) * 100}, Scale: 2}}
		}
		return types.IntValue(int64(i))
	}
	row := func(i int) []types.Value {
		k := val(rnd.IntN(distinct))
		k2 := types.IntValue(int64(rnd.IntN(3)))
		if nulls && rnd.IntN(6) == 0 {
			k = types.NullValue
		}
		if nulls && rnd.IntN(8) == 0 {
			k2 = types.NullValue
		}
		return []types.Value{k, k2, types.StringValue(fmt.Sprintf("payload of row %d", i))}
	}
	for i := range n {
		l = append(l, row(i))
	}
	for i := range m {
		r = append(r, row(1000+i))
	}
	return []types.Type{keys, bigint, text}, l, r
}

// lessThan is a residual: left column a < right column b, both bigint.
type lessThan struct{ a, b int }

func (p lessThan) Columns() []int { return []int{p.a, p.b} }

func (p lessThan) Eval(pg *page.Page) error {
	sel := []int32{}
	for i := range pg.Len() {
		s := pg.Row(i)
		if !pg.Cols[p.a].IsNull(s) && !pg.Cols[p.b].IsNull(s) &&
			page.Get[int64](pg.Cols[p.a], s) < page.Get[int64](pg.Cols[p.b], s) {
			sel = append(sel, int32(s))
		}
	}
	pg.Sel = sel
	return nil
}

type spec struct {
	kind      join.Kind
	keys      []int
	nullSafe  []bool
	nullAware bool
	residual  bool
}

func (s spec) String() string {
	return fmt.Sprintf("kind=%d keys=%v safe=%v in=%v residual=%v", s.kind, s.keys, s.nullSafe, s.nullAware, s.residual)
}

// tri is SQL's truth: -1 false, 0 unknown, 1 true.
func (s spec) match(ts []types.Type, l, r []types.Value) int {
	out := 1
	for i, k := range s.keys {
		a, b := l[k], r[k]
		switch {
		case s.nullSafe != nil && s.nullSafe[i] && (a.Null || b.Null):
			if a.Null != b.Null {
				return -1
			}
		case a.Null || b.Null:
			out = 0
		case types.Compare(ts[k], a, b) != 0:
			return -1
		}
	}
	if s.residual && (l[1].Null || r[1].Null || l[1].I >= r[1].I) {
		return -1 // what is not true does not count
	}
	return out
}

// reference joins by definition.
func (s spec) reference(ts []types.Type, l, r [][]types.Value) [][]types.Value {
	var out [][]types.Value
	null := make([]types.Value, len(ts))
	for i := range null {
		null[i] = types.NullValue
	}
	cat := func(a, b []types.Value) { out = append(out, append(append([]types.Value{}, a...), b...)) }
	used := make([]bool, len(r))
	for _, a := range l {
		hit, unknown := false, false
		for j, b := range r {
			switch s.match(ts, a, b) {
			case 1:
				hit, used[j] = true, true
				if s.kind <= join.Full {
					cat(a, b)
				}
			case 0:
				unknown = true
			}
		}
		unknown = unknown && s.nullAware && !hit
		switch s.kind {
		case join.Left, join.Full:
			if !hit {
				cat(a, null)
			}
		case join.Semi:
			if hit {
				cat(a, nil)
			}
		case join.Anti:
			if !hit && !unknown {
				cat(a, nil)
			}
		case join.Mark:
			m := types.BoolValue(hit)
			if unknown {
				m = types.NullValue
			}
			cat(a, []types.Value{m})
		}
	}
	for j, b := range r {
		switch s.kind {
		case join.Right, join.Full:
			if !used[j] {
				cat(null, b)
			}
		case join.RightSemi, join.RightAnti:
			if used[j] == (s.kind == join.RightSemi) {
				cat(b, nil)
			}
		}
	}
	return out
}

func (s spec) testCase(ts []types.Type, l, r [][]types.Value, change func(*join.Config)) optest.Case {
	out := append(append([]types.Type{}, ts...), ts...)
	switch s.kind {
	case join.Semi, join.Anti, join.RightSemi, join.RightAnti:
		out = ts
	case join.Mark:
		out = append(append([]types.Type{}, ts...), boolT)
	}
	return optest.Case{
		Types: ts, In: l, Out: out, Want: s.reference(ts, l, r), Drivers: []int{3}, Make: maker(s, ts, r, change),
	}
}

func maker(s spec, ts []types.Type, r [][]types.Value, change func(*join.Config)) func(e *optest.Env) (operator.Operator, error) {
	return func(e *optest.Env) (operator.Operator, error) {
		c := &join.Config{
			Kind: s.kind, Left: ts, Right: ts, LKeys: s.keys, RKeys: s.keys, NullSafe: s.nullSafe,
			NullAware: s.nullAware, Pool: e.Pool, Spill: e.Spill, RowsMax: e.RowsMax,
		}
		if s.residual {
			c.Residual = func(page.Pool) (spi.Predicate, error) { return lessThan{1, len(ts) + 1}, nil }
		}
		if change != nil {
			change(c)
		}
		b, err := join.NewBridge(c, e.Drivers, e.Drivers)
		if err != nil {
			return nil, err
		}
		right := e.Other(ts, r)
		var ins, probes []operator.Operator
		var sinks []operator.Sink
		for range e.Drivers {
			ins, sinks = append(ins, right()), append(sinks, b.NewSink(e.Child("build")))
			p, err := b.NewProbe(e.Input(), e.Child("probe"), operator.NoSlot{})
			if err != nil {
				return nil, err
			}
			probes = append(probes, p)
		}
		return optest.Blocking(ins, sinks, probes...), nil
	}
}

func specs() []spec {
	var out []spec
	for k := join.Inner; k <= join.RightAnti; k++ {
		for _, residual := range []bool{false, true} {
			out = append(out,
				spec{kind: k, keys: []int{0}, residual: residual},
				spec{kind: k, keys: []int{0, 1}, residual: residual},
				spec{kind: k, keys: []int{0}, nullSafe: []bool{true}, residual: residual},
				spec{kind: k, residual: residual})
			if k == join.Anti || k == join.Mark {
				out = append(out,
					spec{kind: k, keys: []int{0}, nullAware: true, residual: residual},
					spec{kind: k, keys: []int{0, 1}, nullAware: true, residual: residual})
			}
		}
	}
	return out
}

func TestAllKindsAgreeWithTheDefinition(t *testing.T) {
	for _, s := range specs() {
		t.Run(s.String(), func(t *testing.T) {
			ts, l, r := sides(bigint, 23, 19, 9, true)
			optest.Run(t, s.testCase(ts, l, r, nil))
		})
	}
}

func TestSpilledBuildsAgreeWithTheDefinition(t *testing.T) {
	for _, s := range specs() {
		if len(s.keys) == 0 {
			continue
		}
		t.Run(s.String(), func(t *testing.T) {
			ts, l, r := sides(bigint, 23, 19, 9, true)
			optest.Run(t, s.testCase(ts, l, r, func(c *join.Config) { c.SpillForce = 5 }))
		})
	}
	for _, typ := range []types.Type{text, num} {
		s := spec{kind: join.Full, keys: []int{0}}
		t.Run(fmt.Sprint(typ), func(t *testing.T) {
			ts, l, r := sides(typ, 31, 27, 9, true)
			optest.Run(t, s.testCase(ts, l, r, func(c *join.Config) { c.SpillForce = 2 }))
		})
	}
}

// twentyTimes is sides whose right rows take about twenty times 512 KiB.
func twentyTimes(skew bool) (ts []types.Type, l, r [][]types.Value) {
	for i := range 60_000 {
		k := int64(i)
		if skew && i%2 == 0 {
			k = -1
		}
		r = append(r, []types.Value{types.IntValue(k), types.IntValue(int64(i % 7)),
			types.StringValue(fmt.Sprintf("a payload that is long enough to take memory, of row %d", i))})
	}
	for i := range 10_000 {
		l = append(l, []types.Value{types.IntValue(int64(i*13) % 75_000), types.IntValue(int64(i % 5)), types.StringValue("left")})
	}
	if skew {
		l = append(l, []types.Value{types.IntValue(-1), types.IntValue(1), types.StringValue("skew")})
	}
	return []types.Type{bigint, bigint, text}, l, r
}

func TestBuildsTwentyTimesTheMemory(t *testing.T) {
	for _, skew := range []bool{false, true} {
		for _, kind := range []join.Kind{join.Inner, join.Full, join.Anti} {
			t.Run(fmt.Sprint(skew, kind), func(t *testing.T) {
				ts, l, r := twentyTimes(skew)
				s := spec{kind: kind, keys: []int{0}}
				c := s.testCase(ts, l, nil, nil)
				c.Want, c.LimitBytes = byHash(kind, ts, l, r), 512<<10
				c.Make = maker(s, ts, r, nil)
				optest.RunLarge(t, c)
			})
		}
	}
}

// byHash joins by column 0 in linear time.
func byHash(kind join.Kind, ts []types.Type, l, r [][]types.Value) [][]types.Value {
	at := map[int64][]int{}
	for i, x := range r {
		at[x[0].I] = append(at[x[0].I], i)
	}
	null := []types.Value{types.NullValue, types.NullValue, types.NullValue}
	used := make([]bool, len(r))
	var out [][]types.Value
	for _, x := range l {
		hits := at[x[0].I]
		for _, i := range hits {
			used[i] = true
			if kind != join.Anti {
				out = append(out, append(append([]types.Value{}, x...), r[i]...))
			}
		}
		switch {
		case len(hits) > 0:
		case kind == join.Anti:
			out = append(out, x)
		case kind == join.Full:
			out = append(out, append(append([]types.Value{}, x...), null...))
		}
	}
	for i, x := range r {
		if kind == join.Full && !used[i] {
			out = append(out, append(append([]types.Value{}, null...), x...))
		}
	}
	return out
}

func TestKeysOfOtherTypes(t *testing.T) {
	for _, typ := range []types.Type{text, float, num} {
		for _, k := range []join.Kind{join.Inner, join.Full, join.Mark} {
			s := spec{kind: k, keys: []int{0}, nullAware: k == join.Mark}
			t.Run(fmt.Sprint(typ, k), func(t *testing.T) {
				ts, l, r := sides(typ, 31, 27, 9, true)
				optest.Run(t, s.testCase(ts, l, r, nil))
			})
		}
	}
}

func TestEmptySides(t *testing.T) {
	ts, l, r := sides(bigint, 5, 4, 3, true)
	for _, s := range specs() {
		t.Run(s.String(), func(t *testing.T) {
			optest.Run(t, s.testCase(ts, l, nil, nil))
			optest.Run(t, s.testCase(ts, nil, r, nil))
		})
	}
}

func TestUniqueBuildKeysKeepThePage(t *testing.T) {
	var l, r [][]types.Value
	for i := range 40 {
		l = append(l, []types.Value{types.IntValue(int64(i * 7 % 50)), types.IntValue(1), types.StringValue(fmt.Sprint("left ", i))})
	}
	for i := range 30 {
		r = append(r, []types.Value{types.IntValue(int64(i)), types.IntValue(2), types.StringValue(fmt.Sprint("a right row with a long text ", i))})
	}
	ts := []types.Type{bigint, bigint, text}
	for k := join.Inner; k <= join.RightAnti; k++ {
		s := spec{kind: k, keys: []int{0}}
		t.Run(s.String(), func(t *testing.T) { optest.Run(t, s.testCase(ts, l, r, nil)) })
	}
}

func TestOneKeyWithManyRows(t *testing.T) {
	var l, r [][]types.Value
	for i := range 30 {
		l = append(l, []types.Value{types.IntValue(1), types.IntValue(int64(i % 3)), types.StringValue("l")})
		r = append(r, []types.Value{types.IntValue(1), types.IntValue(int64(i % 4)), types.StringValue("r")})
	}
	ts := []types.Type{bigint, bigint, text}
	for _, residual := range []bool{false, true} {
		s := spec{kind: join.Full, keys: []int{0}, residual: residual}
		t.Run(s.String(), func(t *testing.T) { optest.Run(t, s.testCase(ts, l, r, nil)) })
	}
}
