package functions

import (
	"testing"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// A kernel may allocate a few objects a page, never one a row.
func TestKernelsAllocateNothingPerRow(t *testing.T) {
	const n = 4096
	i4, dec := types.Of(types.Int32), types.DecimalOf(15, 2)
	column := func(typ types.Type) *page.Vector {
		vals := make([]types.Value, n)
		for i := range vals {
			vals[i] = types.Value{I: int64(i%7 + 1), S: "a string of more than twelve bytes", N: types.NumOf(int64(i))}
		}
		v, err := page.FromValues(typ, vals, page.Unaccounted{})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		fn   string
		args []types.Type
		most float64
	}{
		{"+", []types.Type{i4, i4}, 4}, {"*", []types.Type{i4, i4}, 4}, {"/", []types.Type{i4, i4}, 4}, {"<", []types.Type{i4, i4}, 4},
		{"+", []types.Type{dec, dec}, 4}, {"*", []types.Type{dec, dec}, 4}, {"+", []types.Type{types.Of(types.Float64), types.Of(types.Float64)}, 4},
		{"lower", []types.Type{types.Of(types.Text)}, 24}, {"length", []types.Type{types.Of(types.Text)}, 8},
		{"substring", []types.Type{types.Of(types.Text), i4, i4}, 12}, {"year", []types.Type{types.Of(types.Date)}, 12},
		{"+", []types.Type{types.Of(types.Numeric), types.Of(types.Numeric)}, 12},
	} {
		res, err := Builtins().Resolve(c.fn, c.args)
		if err != nil {
			t.Fatal(err)
		}
		k, err := res.Scalar.Bind(res.Args)
		if err != nil {
			t.Fatal(err)
		}
		var args []*page.Vector
		for _, a := range res.Args {
			args = append(args, column(a))
		}
		x := &Exec{Env: &Env{}, Pool: page.Unaccounted{}, Type: res.Return, N: n}
		if got := testing.AllocsPerRun(5, func() {
			v, err := k(x, args)
			if err != nil {
				t.Fatal(err)
			}
			v.Release()
		}); got > c.most {
			t.Errorf("%s allocates %v times a page", res.Sig, got)
		}
	}
}

// An accumulator allocates nothing once its groups are there.
func TestAccumulatorsAllocateNothingPerRow(t *testing.T) {
	const n, groups = 4096, 64
	ids := make([]int32, n)
	vals := make([]types.Value, n)
	for i := range vals {
		ids[i], vals[i] = int32(i%groups), types.IntValue(int64(i))
	}
	for _, fn := range []string{"sum", "avg", "min", "max", "count"} {
		for _, typ := range []types.Type{types.Of(types.Int32), types.Of(types.Int64), types.DecimalOf(15, 2), types.Of(types.Date)} {
			acc, err := Builtins().Accumulator(fn, "", []types.Type{typ}, &Env{})
			if err != nil {
				continue
			}
			v, _ := page.FromValues(typ, vals, page.Unaccounted{})
			acc.Grow(groups)
			args := []*page.Vector{v}
			if got := testing.AllocsPerRun(5, func() {
				if err := acc.Update(Rows{N: n, Groups: ids}, args); err != nil {
					t.Fatal(err)
				}
			}); got > 0 {
				t.Errorf("%s(%s) allocates %v times a page", fn, typ, got)
			}
		}
	}
}
