package kernel

import (
	"math"
	"math/rand"
	"testing"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

var kinds = []types.Type{
	types.Of(types.Bool), types.Of(types.Int16), types.Of(types.Int32), types.Of(types.Int64), types.Of(types.OID),
	types.Of(types.Float32), types.Of(types.Float64), types.DecimalOf(30, 2), types.Of(types.Numeric), types.Of(types.Interval),
	types.Of(types.Text), types.Of(types.UUID), types.ArrayOf(types.Of(types.Int32)),
}

func sample(t types.Type, r *rand.Rand) types.Value {
	switch t.Phys() {
	case types.PhysBool:
		return types.IntValue(int64(r.Intn(2)))
	case types.PhysF32, types.PhysF64:
		return types.FloatValue([]float64{0, math.Copysign(0, -1), 1.5, -2, math.NaN(), math.Inf(1)}[r.Intn(6)])
	case types.PhysI128:
		return types.Value{N: types.Num{Coef: types.MulInt64(int64(r.Intn(5)-2), 1<<40)}}
	case types.PhysNum:
		n, _ := types.ParseNum([]string{"1", "1.0", "1.00", "-3", "NaN", "2.5"}[r.Intn(6)])
		return types.Value{N: n}
	case types.PhysIval:
		return types.Value{Iv: types.IntervalValue{Months: int32(r.Intn(2)), Days: int32(r.Intn(31)), Micros: int64(r.Intn(2)) * 86400e6}}
	case types.PhysB16:
		return types.StringValue("0123456789abcde" + string(rune('a'+r.Intn(3))))
	case types.PhysView:
		return types.StringValue([]string{"", "a", "ab", "abcd", "abcde", "abcdefghijkl", "abcdefghijklm", "abcdefghijkln"}[r.Intn(8)])
	case types.PhysList:
		return types.Value{L: []types.Value{types.IntValue(int64(r.Intn(2)))}}
	}
	if t.Kind == types.OID {
		return types.IntValue(int64(uint32(r.Intn(5)) * 1e9))
	}
	return types.IntValue(int64(r.Intn(5) - 2))
}

func selection(n int, r *rand.Rand) []int32 {
	if r.Intn(2) == 0 {
		return nil
	}
	sel := []int32{}
	for i := range n {
		if r.Intn(3) > 0 {
			sel = append(sel, int32(i))
		}
	}
	return sel
}

func rowsOf(n int, sel []int32) []int32 {
	if sel == nil {
		return page.Iota(n)
	}
	return sel
}

func TestCompareAgreesWithTypesCompare(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for _, typ := range kinds {
		for range 200 {
			n := 1 + r.Intn(40)
			var a, b []types.Value
			for range n {
				a, b = append(a, sample(typ, r)), append(b, sample(typ, r))
			}
			va, _ := page.FromValues(typ, a, page.Unaccounted{})
			vb, _ := page.FromValues(typ, b, page.Unaccounted{})
			if r.Intn(2) == 0 {
				vb, _ = page.NewConst(typ, b[0], n, page.Unaccounted{})
				for i := range b {
					b[i] = b[0]
				}
			}
			op := Op(r.Intn(6))
			if r.Intn(4) == 0 {
				va, vb, a, b, op = vb, va, b, a, op.Swap()
			}
			sel := selection(n, r)
			var want []int32
			for _, i := range rowsOf(n, sel) {
				if op.Holds(types.Compare(typ, a[i], b[i])) {
					want = append(want, i)
				}
			}
			out := make([]int32, n)
			if r.Intn(2) == 0 && sel != nil {
				out = sel // in place
			}
			got := out[:Compare(op, va, vb, n, sel, out)]
			if len(got) != len(want) {
				t.Fatalf("%s %v %v %v: got %v, want %v", typ, a, op, b, got, want)
			}
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("%s %v %v %v: got %v, want %v", typ, a, op, b, got, want)
				}
			}
		}
	}
}

func TestHashesAreThoseOfTypes(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	var h Hasher
	for range 300 {
		n := 1 + r.Intn(40)
		var cols []*page.Vector
		var vals [][]types.Value
		for range 1 + r.Intn(3) {
			typ := kinds[r.Intn(len(kinds))]
			col := make([]types.Value, n)
			for i := range col {
				if col[i] = sample(typ, r); r.Intn(4) == 0 {
					col[i] = types.NullValue
				}
			}
			v, _ := page.FromValues(typ, col, page.Unaccounted{})
			switch r.Intn(3) {
			case 0:
				v, _ = page.NewConst(typ, col[0], n, page.Unaccounted{})
				for i := range col {
					col[i] = col[0]
				}
			case 1:
				x := sample(typ, r)
				d, _ := page.FromValues(typ, []types.Value{x}, page.Unaccounted{})
				for i := range col {
					if !col[i].Null {
						col[i] = x
					}
				}
				v = page.MakeDict(page.NewDictionary(d), make([]int32, n), v.Valid())
			}
			cols, vals = append(cols, v), append(vals, col)
		}
		sel := selection(n, r)
		rows := rowsOf(n, sel)
		out := make([]uint64, len(rows))
		h.Columns(cols, n, sel, out)
		for k, i := range rows {
			want := types.Hash(cols[0].Type, vals[0][i])
			for c := 1; c < len(cols); c++ {
				want = types.HashCombine(want, types.Hash(cols[c].Type, vals[c][i]))
			}
			if out[k] != want {
				t.Fatalf("row %d of %v: %x, want %x", i, vals, out[k], want)
			}
		}
	}
}

func TestSetsOfRows(t *testing.T) {
	r := rand.New(rand.NewSource(3))
	for range 500 {
		n := r.Intn(30)
		sel := selection(n, r)
		var hits, rest []int32
		for _, i := range rowsOf(n, sel) {
			if r.Intn(2) == 0 {
				hits = append(hits, i)
			} else {
				rest = append(rest, i)
			}
		}
		out := make([]int32, n)
		if k := Except(n, sel, hits, out); !equalRows(out[:k], rest) {
			t.Fatalf("%v without %v is %v", sel, hits, out[:k])
		}
		all := make([]int32, n)
		if k := Union(hits, rest, all); !equalRows(all[:k], rowsOf(n, sel)) {
			t.Fatalf("%v and %v are %v", hits, rest, all[:k])
		}
	}
}

func equalRows(a, b []int32) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestHotLoopsAllocateNothing(t *testing.T) {
	const n = 1024
	r := rand.New(rand.NewSource(4))
	var cols []*page.Vector
	for _, typ := range kinds[:12] {
		var vals []types.Value
		for range n {
			vals = append(vals, sample(typ, r))
		}
		v, _ := page.FromValues(typ, vals, page.Unaccounted{})
		cols = append(cols, v)
	}
	out, hashes := make([]int32, n), make([]uint64, n)
	var h Hasher
	h.Columns(cols[:3], n, nil, hashes)
	for _, v := range cols {
		c, _ := page.NewConst(v.Type, v.Value(0), n, page.Unaccounted{})
		if v.Type.Kind == types.Numeric {
			continue // numerics of different scales compare through big integers
		}
		for op := Eq; op <= Ge; op++ {
			if a := testing.AllocsPerRun(10, func() { Compare(op, v, c, n, nil, out); Compare(op, v, v, n, nil, out) }); a > 0 {
				t.Errorf("comparing %s allocates %v times", v.Type, a)
			}
		}
	}
	if a := testing.AllocsPerRun(10, func() { h.Columns(cols[:3], n, nil, hashes) }); a > 0 {
		t.Errorf("hashing allocates %v times", a)
	}
}
