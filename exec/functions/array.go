package functions

import (
	"slices"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/kernel"
)

// listIn reads a flat or constant argument of a list kind.
type listIn struct {
	offs []int32
	kids []*page.Vector
	mask int
}

func listInput(v *page.Vector) listIn {
	l := listIn{offs: v.Offsets(), kids: v.Children(), mask: -1}
	if v.Enc() == page.Const {
		l.mask = 0
	}
	return l
}

// at returns the range of the children that belongs to slot i.
func (l *listIn) at(i int) (lo, hi int) {
	i &= l.mask
	return int(l.offs[i]), int(l.offs[i+1])
}

// same reports whether two elements are equal, NULL being equal to NULL.
func same(a *page.Vector, i int, b *page.Vector, j int) bool {
	an, bn := a.IsNull(i), b.IsNull(j)
	return an && bn || !an && !bn && kernel.CompareSlots(a, i, b, j) == 0
}

func arrays() []*Scalar {
	i4, i8, boolean := types.Int32, types.Int64, types.Bool
	a := func(name, says, example, result string, args []Pattern, ret func([]types.Type) (types.Type, error), bind func([]types.Type) (Kernel, error), aliases ...string) *Scalar {
		return &Scalar{Name: name, Aliases: aliases, Doc: Doc{Family: "array", Summary: says, Example: example, Result: result}, Args: args, Return: ret, Bind: bind}
	}
	arr, elem := ArrayOf(0), Elem(0)
	ctor := a("array", "An array of values: ARRAY[a, b].", "ARRAY[1, 2]", "{1,2}", []Pattern{elem}, arrayOfFirst, bindArray)
	ctor.Variadic, ctor.Nulls = true, Called
	withNulls := func(s *Scalar) *Scalar { s.Nulls = Called; return s }
	position := a("array_position", "The place of the first element that equals a value; NULL when there is none.", "array_position(ARRAY['a', 'b'], 'b')", "2", []Pattern{arr, elem, Of(i4)}, returns(i4), bindArrayPosition)
	position.Optional = 1
	return []*Scalar{
		ctor,
		a("subscript", "The element at a place counted from 1; NULL beyond the ends: a[i].", "(ARRAY[10, 20])[2::bigint]", "20", []Pattern{arr, Of(i8)}, elemOfFirst, bindSubscript(subscriptPlain)),
		a("element_at", "The element at a place counted from 1, from the end when negative; NULL beyond the ends.", "element_at(ARRAY[10, 20], -1)", "20", []Pattern{arr, Of(i8)}, elemOfFirst, bindSubscript(subscriptFromEnd)),
		a("array_first", "The first element.", "array_first(ARRAY[10, 20])", "10", []Pattern{arr}, elemOfFirst, bindSubscript(func(int64, int) int { return 0 })),
		a("array_last", "The last element.", "array_last(ARRAY[10, 20])", "20", []Pattern{arr}, elemOfFirst, bindSubscript(func(_ int64, n int) int { return n - 1 })),
		a("slice", "The elements from one place to another: a[i:j].", "(ARRAY[1, 2, 3])[2:3]", "{2,3}", []Pattern{arr, Of(i4), Of(i4)}, sameAs(0), bindSlice),
		a("cardinality", "The number of elements.", "cardinality(ARRAY[1, 2, 3])", "3", []Pattern{arr}, returns(i4), bindCardinality),
		a("array_length", "The number of elements of a dimension; NULL when it has none.", "array_length(ARRAY[1, 2, 3], 1)", "3", []Pattern{arr, Of(i4)}, returns(i4), bindArrayLength, "array_upper"),
		a("array_lower", "The place of the first element of a dimension: 1.", "array_lower(ARRAY[1, 2, 3], 1)", "1", []Pattern{arr, Of(i4)}, returns(i4), bindArrayLower),
		a("array_ndims", "The number of dimensions.", "array_ndims(ARRAY[ARRAY[1], ARRAY[2]])", "2", []Pattern{arr}, returns(i4), bindNdims),
		withNulls(a("array_append", "The array with an element at its end.", "array_append(ARRAY[1, 2], 3)", "{1,2,3}", []Pattern{arr, elem}, arrayOfSecond, bindJoin(true, false), "||")),
		withNulls(a("array_prepend", "The array with an element at its start.", "array_prepend(1, ARRAY[2, 3])", "{1,2,3}", []Pattern{elem, arr}, arrayOfFirst, bindJoin(false, true), "||")),
		withNulls(a("array_cat", "Two arrays joined.", "array_cat(ARRAY[1], ARRAY[2, 3])", "{1,2,3}", []Pattern{arr, arr}, sameAs(0), bindJoin(true, true), "||")),
		withNulls(position),
		withNulls(a("array_positions", "The places of all elements that equal a value.", "array_positions(ARRAY['A', 'B', 'A'], 'A')", "{1,3}", []Pattern{arr, elem}, arrayOfKind(i4), bindArrayPositions)),
		a("contains", "Whether an element equals a value.", "contains(ARRAY[1, 2], 2)", "t", []Pattern{arr, elem}, returns(boolean), bindContains),
		withNulls(a("array_remove", "The array without the elements that equal a value.", "array_remove(ARRAY[1, 2, 1], 1)", "{2}", []Pattern{arr, elem}, sameAs(0), bindArrayRemove)),
		withNulls(a("array_replace", "The array with the elements that equal a value replaced.", "array_replace(ARRAY[1, 2, 1], 1, 9)", "{9,2,9}", []Pattern{arr, elem, elem}, sameAs(0), bindArrayReplace)),
		a("array_reverse", "The elements in the opposite order.", "reverse(ARRAY[1, 2, 3])", "{3,2,1}", []Pattern{arr}, sameAs(0), bindArrayReverse, "reverse"),
		a("array_sort", "The elements in order, NULLs last.", "array_sort(ARRAY[3, 1, 2])", "{1,2,3}", []Pattern{arr}, sameAs(0), bindArraySort),
		a("array_max", "The greatest element.", "array_max(ARRAY[3, 1, 2])", "3", []Pattern{arr}, elemOfFirst, bindArrayExtreme(1)),
		a("array_min", "The least element.", "array_min(ARRAY[3, 1, 2])", "1", []Pattern{arr}, elemOfFirst, bindArrayExtreme(-1)),
		a("flatten", "The elements of the elements.", "flatten(ARRAY[ARRAY[1], ARRAY[2, 3]])", "{1,2,3}", []Pattern{arr}, flattened, bindFlatten),
		a("trim_array", "The array without its last elements.", "trim_array(ARRAY[1, 2, 3], 2)", "{1}", []Pattern{arr, Of(i4)}, sameAs(0), bindTrimArray),
	}
}

func arrayOfFirst(args []types.Type) (types.Type, error)  { return types.ArrayOf(args[0]), nil }
func arrayOfSecond(args []types.Type) (types.Type, error) { return types.ArrayOf(args[1]), nil }
func elemOfFirst(args []types.Type) (types.Type, error)   { return args[0].ElemType(), nil }

func flattened(args []types.Type) (types.Type, error) {
	if e := args[0].ElemType(); e.Kind == types.Array {
		return e, nil
	}
	return args[0], sqlerr.New(sqlerr.UndefinedFunction, "function flatten(%s) does not exist", args[0]).WithHint("It takes an array of arrays.")
}

func arrayOfKind(k types.Kind) func([]types.Type) (types.Type, error) {
	return func([]types.Type) (types.Type, error) { return types.ArrayOf(types.Of(k)), nil }
}

var bindArray = builderOf(func(_ *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
	return func(b *page.Builder, i int) error {
		for _, a := range args {
			b.Child(0).AppendFrom(a, i)
		}
		b.EndList()
		return nil
	}
})

func subscriptPlain(at int64, n int) int {
	if at < 1 || at > int64(n) {
		return -1
	}
	return int(at) - 1
}

func subscriptFromEnd(at int64, n int) int {
	if at < 0 {
		at += int64(n) + 1
	}
	return subscriptPlain(at, n)
}

// bindSubscript picks an element; place turns the subscript into an index, -1 for none.
func bindSubscript(place func(at int64, n int) int) func([]types.Type) (Kernel, error) {
	return builderOf(func(_ *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
		l := listInput(args[0])
		at := func(int) int64 { return 0 }
		if len(args) > 1 {
			at = intInput(args[1])
		}
		return func(b *page.Builder, i int) error {
			lo, hi := l.at(i)
			k := place(at(i), hi-lo)
			if k < 0 || lo+k >= hi {
				b.AppendNull()
			} else {
				b.AppendFrom(l.kids[0], lo+k)
			}
			return nil
		}
	})
}

// listOf makes a kernel whose result takes elements of argument 0: f gives their places.
func listOf(f func(x *Exec, args []*page.Vector, l *listIn) func(lo, hi, i int, take func(k int)) error) func([]types.Type) (Kernel, error) {
	return builderOf(func(x *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
		l := listInput(args[0])
		g := f(x, args, &l)
		var out *page.Builder
		take := func(k int) { out.AppendFrom(l.kids[0], k) }
		return func(b *page.Builder, i int) error {
			if args[0].IsNull(i) {
				b.AppendNull()
				return nil
			}
			lo, hi := l.at(i)
			out = b.Child(0)
			if err := g(lo, hi, i, take); err != nil {
				return err
			}
			b.EndList()
			return nil
		}
	})
}

var bindSlice = listOf(func(_ *Exec, args []*page.Vector, _ *listIn) func(lo, hi, i int, take func(k int)) error {
	from, to := intInput(args[1]), intInput(args[2])
	return func(lo, hi, i int, take func(k int)) error {
		for k := max(from(i), 1); k <= min(to(i), int64(hi-lo)); k++ {
			take(lo + int(k) - 1)
		}
		return nil
	}
})

var bindTrimArray = listOf(func(_ *Exec, args []*page.Vector, _ *listIn) func(lo, hi, i int, take func(k int)) error {
	n := intInput(args[1])
	return func(lo, hi, i int, take func(k int)) error {
		if n(i) < 0 || n(i) > int64(hi-lo) {
			return sqlerr.New(sqlerr.ArraySubscriptError, "number of elements to trim must be between 0 and %d", hi-lo)
		}
		for k := lo; k < hi-int(n(i)); k++ {
			take(k)
		}
		return nil
	}
})

var bindArrayReverse = listOf(func(*Exec, []*page.Vector, *listIn) func(lo, hi, i int, take func(k int)) error {
	return func(lo, hi, _ int, take func(k int)) error {
		for k := hi - 1; k >= lo; k-- {
			take(k)
		}
		return nil
	}
})

var bindArrayRemove = listOf(func(_ *Exec, args []*page.Vector, l *listIn) func(lo, hi, i int, take func(k int)) error {
	return func(lo, hi, i int, take func(k int)) error {
		for k := lo; k < hi; k++ {
			if !same(l.kids[0], k, args[1], i) {
				take(k)
			}
		}
		return nil
	}
})

var bindArraySort = listOf(func(_ *Exec, _ []*page.Vector, l *listIn) func(lo, hi, i int, take func(k int)) error {
	var order []int
	return func(lo, hi, _ int, take func(k int)) error {
		order = order[:0]
		for k := lo; k < hi; k++ {
			order = append(order, k)
		}
		slices.SortStableFunc(order, func(a, b int) int { return compareNulls(l.kids[0], a, b) })
		for _, k := range order {
			take(k)
		}
		return nil
	}
})

// compareNulls orders two elements of one vector, NULL last.
func compareNulls(v *page.Vector, a, b int) int {
	switch an, bn := v.IsNull(a), v.IsNull(b); {
	case an && bn:
		return 0
	case an:
		return 1
	case bn:
		return -1
	}
	return kernel.CompareSlots(v, a, v, b)
}

var bindCardinality = fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (int32, error) {
	l := listInput(args[0])
	nested := args[0].Type.ElemType().Kind == types.Array
	return func(i int) (int32, error) {
		lo, hi := l.at(i)
		if !nested {
			return int32(hi - lo), nil
		}
		n := int32(0)
		for k := lo; k < hi; k++ {
			n += int32(len(l.kids[0].Value(k).L))
		}
		return n, nil
	}
})

// dimension returns the length of dimension d of a list value.
func dimension(v *page.Vector, i int, d int64) (int32, bool) {
	if d < 1 || v.IsNull(i) {
		return 0, false
	}
	b, j := v.Slot(i)
	offs := b.Offsets()
	n := offs[j+1] - offs[j]
	if d == 1 {
		return n, n > 0
	}
	if n == 0 || v.Type.ElemType().Kind != types.Array {
		return 0, false
	}
	return dimension(b.Children()[0], int(offs[j]), d-1)
}

func bindArrayLength([]types.Type) (Kernel, error) {
	return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
		d := intInput(args[1])
		return nullable(x, func(i int) (int32, bool, error) {
			n, ok := dimension(args[0], i, d(i))
			return n, ok, nil
		})
	}, nil
}

func bindArrayLower([]types.Type) (Kernel, error) {
	return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
		d := intInput(args[1])
		return nullable(x, func(i int) (int32, bool, error) {
			_, ok := dimension(args[0], i, d(i))
			return 1, ok, nil
		})
	}, nil
}

func bindNdims(ts []types.Type) (Kernel, error) {
	n := int32(0)
	for t := ts[0]; t.Kind == types.Array; t = t.ElemType() {
		n++
	}
	return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
		return nullable(x, func(i int) (int32, bool, error) {
			_, ok := dimension(args[0], i, 1)
			return n, ok, nil
		})
	}, nil
}

// bindJoin joins arrays and elements; which arguments are arrays is given. A
// NULL array is an empty one, two of them are NULL.
func bindJoin(first, second bool) func([]types.Type) (Kernel, error) {
	return builderOf(func(_ *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
		return func(b *page.Builder, i int) error {
			if first && second && args[0].IsNull(i) && args[1].IsNull(i) {
				b.AppendNull()
				return nil
			}
			for k, isArray := range []bool{first, second} {
				switch {
				case !isArray:
					b.Child(0).AppendFrom(args[k], i)
				case !args[k].IsNull(i):
					l := listInput(args[k])
					for lo, hi := l.at(i); lo < hi; lo++ {
						b.Child(0).AppendFrom(l.kids[0], lo)
					}
				}
			}
			b.EndList()
			return nil
		}
	})
}

func bindArrayPosition([]types.Type) (Kernel, error) {
	return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
		return nullable(x, func(i int) (int32, bool, error) {
			if args[0].IsNull(i) {
				return 0, false, nil
			}
			l := listInput(args[0])
			lo, hi := l.at(i)
			k := lo
			if len(args) > 2 && !args[2].IsNull(i) {
				k += max(int(page.Get[int32](args[2], i))-1, 0)
			}
			for ; k < hi; k++ {
				if same(l.kids[0], k, args[1], i) {
					return int32(k-lo) + 1, true, nil
				}
			}
			return 0, false, nil
		})
	}, nil
}

var bindArrayPositions = builderOf(func(_ *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
	return func(b *page.Builder, i int) error {
		if args[0].IsNull(i) {
			b.AppendNull()
			return nil
		}
		l := listInput(args[0])
		lo, hi := l.at(i)
		for k := lo; k < hi; k++ {
			if same(l.kids[0], k, args[1], i) {
				page.Append(b.Child(0), int32(k-lo)+1)
			}
		}
		b.EndList()
		return nil
	}
})

func bindContains([]types.Type) (Kernel, error) {
	return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
		return nullable(x, func(i int) (uint8, bool, error) { return anyEqual(args[0], args[1], i, kernel.Eq) })
	}, nil
}

// anyEqual is x op ANY(array): unknown when none holds and an element is NULL.
func anyEqual(list, v *page.Vector, i int, op kernel.Op) (uint8, bool, error) {
	l := listInput(list)
	null := false
	for k, hi := l.at(i); k < hi; k++ {
		if l.kids[0].IsNull(k) {
			null = true
		} else if op.Holds(kernel.CompareSlots(v, i, l.kids[0], k)) {
			return 1, true, nil
		}
	}
	return 0, !null, nil
}

var bindArrayReplace = builderOf(func(_ *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
	return func(b *page.Builder, i int) error {
		if args[0].IsNull(i) {
			b.AppendNull()
			return nil
		}
		l := listInput(args[0])
		for k, hi := l.at(i); k < hi; k++ {
			if same(l.kids[0], k, args[1], i) {
				b.Child(0).AppendFrom(args[2], i)
			} else {
				b.Child(0).AppendFrom(l.kids[0], k)
			}
		}
		b.EndList()
		return nil
	}
})

func bindArrayExtreme(want int) func([]types.Type) (Kernel, error) {
	return builderOf(func(_ *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
		l := listInput(args[0])
		return func(b *page.Builder, i int) error {
			best := -1
			for k, hi := l.at(i); k < hi; k++ {
				if !l.kids[0].IsNull(k) && (best < 0 || kernel.CompareSlots(l.kids[0], k, l.kids[0], best)*want > 0) {
					best = k
				}
			}
			if best < 0 {
				b.AppendNull()
			} else {
				b.AppendFrom(l.kids[0], best)
			}
			return nil
		}
	})
}

var bindFlatten = builderOf(func(_ *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
	l := listInput(args[0])
	return func(b *page.Builder, i int) error {
		for k, hi := l.at(i); k < hi; k++ {
			if l.kids[0].IsNull(k) {
				continue
			}
			inner, j := l.kids[0].Slot(k)
			offs := inner.Offsets()
			for e := offs[j]; e < offs[j+1]; e++ {
				b.Child(0).AppendFrom(inner.Children()[0], int(e))
			}
		}
		b.EndList()
		return nil
	}
})
