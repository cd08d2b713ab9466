package functions

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/kernel"
)

func conditionals() []*Scalar {
	pick := func(name, says, example, result string, want int) *Scalar {
		return &Scalar{Name: name, Doc: Doc{Family: "conditional", Summary: says, Example: example, Result: result},
			Args: []Pattern{Elem(0)}, Variadic: true, Return: orderedArg(name), Nulls: Called, Bind: bindPick(want)}
	}
	return []*Scalar{
		pick("greatest", "The greatest of several values; NULLs do not count.", "greatest(1, NULL, 3)", "3", 1),
		pick("least", "The least of several values; NULLs do not count.", "least(1, NULL, 3)", "1", -1),
		{Name: "num_nulls", Doc: Doc{Family: "conditional", Summary: "How many arguments are NULL.", Example: "num_nulls(1, NULL, 2)", Result: "1"},
			Args: []Pattern{Any()}, Variadic: true, Return: returns(types.Int32), Nulls: Called, Bind: bindNumNulls(true)},
		{Name: "num_nonnulls", Doc: Doc{Family: "conditional", Summary: "How many arguments are not NULL.", Example: "num_nonnulls(1, NULL, 2)", Result: "2"},
			Args: []Pattern{Any()}, Variadic: true, Return: returns(types.Int32), Nulls: Called, Bind: bindNumNulls(false)},
	}
}

func orderedArg(name string) func(args []types.Type) (types.Type, error) {
	return func(args []types.Type) (types.Type, error) {
		t := args[0]
		if !isComparable(t, false) {
			_, err := orderedType(name)(args)
			return t, err
		}
		return t, nil
	}
}

func bindPick(want int) func([]types.Type) (Kernel, error) {
	return builderOf(func(_ *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
		return func(b *page.Builder, i int) error {
			var best *page.Vector
			for _, a := range args {
				if !a.IsNull(i) && (best == nil || kernel.CompareSlots(a, i, best, i)*want > 0) {
					best = a
				}
			}
			if best == nil {
				b.AppendNull()
			} else {
				b.AppendFrom(best, i)
			}
			return nil
		}
	})
}

func bindNumNulls(null bool) func([]types.Type) (Kernel, error) {
	return fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (int32, error) {
		return func(i int) (int32, error) {
			n := int32(0)
			for _, a := range args {
				if a.IsNull(i) == null {
					n++
				}
			}
			return n, nil
		}
	})
}
