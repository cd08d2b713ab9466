package functions

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/kernel"
)

// IsDistinct is the name of the operator IS DISTINCT FROM.
const IsDistinct = "is distinct from"

func comparisons() []*Scalar {
	var out []*Scalar
	for _, c := range []struct{ op, example, result, says string }{
		{"=", "1 = 1.0", "t", "Whether both sides are equal."},
		{"<>", "'a' <> 'b'", "t", "Whether both sides differ."},
		{"<", "1 < 2", "t", "Whether the left side is less."},
		{"<=", "2 <= 2", "t", "Whether the left side is less or equal."},
		{">", "date '2024-01-02' > date '2024-01-01'", "t", "Whether the left side is greater."},
		{">=", "1 >= 2", "f", "Whether the left side is greater or equal."},
	} {
		op := kernel.Ops[c.op]
		s := &Scalar{Name: c.op, Doc: Doc{Family: "comparison", Summary: c.says, Example: c.example, Result: c.result},
			Args: []Pattern{Compared(), Compared()}, Return: comparisonType(c.op), Bind: bindComparison(op)}
		if c.op == "<>" {
			s.Aliases = []string{"!="}
		}
		out = append(out, s)
	}
	return append(out, &Scalar{Name: IsDistinct,
		Doc:   Doc{Family: "comparison", Summary: "Whether both sides differ, NULL being a value like others.", Example: "NULL IS DISTINCT FROM 1", Result: "t"},
		Args:  []Pattern{Compared(), Compared()},
		Nulls: Called, Return: comparisonType("="), Bind: bindDistinct})
}

// comparisonType refuses types that have no order or equality.
func comparisonType(op string) func([]types.Type) (types.Type, error) {
	return func(args []types.Type) (types.Type, error) {
		for _, t := range args {
			if !isComparable(t, op == "=" || op == "<>") {
				return types.Type{}, sqlerr.New(sqlerr.UndefinedFunction, "operator does not exist: %s %s %s", args[0], op, args[1]).
					WithHint("No operator matches the given name and argument types. You might need to add explicit type casts.")
			}
		}
		return types.Of(types.Bool), nil
	}
}

func isComparable(t types.Type, equality bool) bool {
	switch t.Kind {
	case types.JSON, types.Function, types.Void:
		return false
	case types.XID:
		return equality
	}
	for _, k := range t.Children() {
		if !isComparable(k, equality) {
			return false
		}
	}
	return true
}

// bindComparison makes the boolean column of a comparison from the selecting
// loops: predicates use those directly.
func bindComparison(op kernel.Op) func([]types.Type) (Kernel, error) {
	return func([]types.Type) (Kernel, error) {
		var hits []int32
		return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
			v, out, err := page.NewFixed[uint8](x.Type, x.N, x.Pool)
			if err != nil {
				return nil, err
			}
			clear(out)
			hits = kernel.Buffer(hits, x.N)
			for _, i := range hits[:kernel.Compare(op, args[0], args[1], x.N, x.Sel, hits)] {
				out[i] = 1
			}
			return v, nil
		}, nil
	}
}

func bindDistinct([]types.Type) (Kernel, error) {
	return fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (uint8, error) {
		a, b := args[0], args[1]
		return func(i int) (uint8, error) {
			switch an, bn := a.IsNull(i), b.IsNull(i); {
			case an && bn:
				return 0, nil
			case an || bn:
				return 1, nil
			}
			if kernel.CompareSlots(a, i, b, i) != 0 {
				return 1, nil
			}
			return 0, nil
		}
	})(nil)
}
