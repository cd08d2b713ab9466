package functions

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// overlapFunctions is (a, b) OVERLAPS (c, d); an end may be given as a length.
func overlapFunctions() []*Scalar {
	var out []*Scalar
	for _, k := range []types.Kind{types.Timestamp, types.TimestampTZ, types.Time} {
		ends := []types.Kind{k, types.Interval}
		v := Immutable
		if k == types.Time {
			ends = ends[:1]
		} else if k == types.TimestampTZ {
			v = Stable
		}
		for _, e1 := range ends {
			for _, e2 := range ends {
				out = append(out, &Scalar{Name: "overlaps", Volatility: v, Args: patterns(k, e1, k, e2), Return: returns(types.Bool), Bind: bindOverlaps,
					Doc: Doc{Family: "datetime", Summary: "Whether two periods have a moment in common.",
						Example: "(date '2024-01-01', date '2024-02-01') OVERLAPS (date '2024-01-15', date '2024-03-01')", Result: "t"}})
			}
		}
	}
	return out
}

func bindOverlaps(ts []types.Type) (Kernel, error) {
	plus := timestampPlus(1)
	if ts[0].Kind == types.TimestampTZ {
		plus = timestampTZPlus(1)
	}
	return fixedOf(func(x *Exec, args []*page.Vector) func(i int) (uint8, error) {
		end := func(start, v *page.Vector, i int) (int64, error) {
			if v.Type.Kind == types.Interval {
				return plus(x, page.Get[int64](start, i), page.Get[types.IntervalValue](v, i))
			}
			return page.Get[int64](v, i), nil
		}
		return func(i int) (uint8, error) {
			b, err := end(args[0], args[1], i)
			if err != nil {
				return 0, err
			}
			d, err := end(args[2], args[3], i)
			return b2u(overlap(page.Get[int64](args[0], i), b, page.Get[int64](args[2], i), d)), err
		}
	})(ts)
}

func overlap(a, b, c, d int64) bool {
	if a > b {
		a, b = b, a
	}
	if c > d {
		c, d = d, c
	}
	return a == c || a < d && c < b
}
