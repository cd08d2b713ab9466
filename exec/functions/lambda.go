package functions

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

func lambdas() []*Scalar {
	f := func(name, says, example, result string, args []Pattern, ret func([]types.Type) (types.Type, error), k LambdaKernel, aliases ...string) *Scalar {
		return &Scalar{Name: name, Aliases: aliases, Doc: Doc{Family: "lambda", Summary: says, Example: example, Result: result}, Args: args, Return: ret,
			BindLambda: func([]types.Type) (LambdaKernel, error) { return k, nil }}
	}
	arr, sample := []Pattern{ArrayOf(0), Lambda()}, "map(ARRAY['a', 'b'], ARRAY[1, 2])"
	ofMap := []Pattern{MapOf(0), Lambda()}
	test := func(t func([]types.Type) (types.Type, error)) func([]types.Type) (types.Type, error) {
		return func(args []types.Type) (types.Type, error) {
			if r := args[len(args)-1].Elem; r.Kind != types.Bool && r.Kind != types.Unknown {
				return *r, sqlerr.New(sqlerr.DatatypeMismatch, "lambda must return boolean, not %s", r)
			}
			return t(args)
		}
	}
	return []*Scalar{
		f("transform", "The array of a function's results for each element.", "transform(ARRAY[1, 2], x -> x * 10)", "{10,20}", arr,
			func(a []types.Type) (types.Type, error) { return types.ArrayOf(resolvedVar(*a[1].Elem)), nil }, transformArray, "list_transform", "array_transform"),
		f("filter", "The elements for which a function is true.", "filter(ARRAY[1, 2, 3], x -> x > 1)", "{2,3}", arr, test(sameAs(0)), filterArray, "list_filter", "array_filter"),
		f("any_match", "Whether a function is true for some element.", "any_match(ARRAY[1, 2], x -> x > 1)", "t", arr, test(returns(types.Bool)), matchArray(1, false)),
		f("all_match", "Whether a function is true for all elements.", "all_match(ARRAY[1, 2], x -> x > 1)", "f", arr, test(returns(types.Bool)), matchArray(0, false)),
		f("none_match", "Whether a function is true for no element.", "none_match(ARRAY[1, 2], x -> x > 2)", "t", arr, test(returns(types.Bool)), matchArray(1, true)),
		f("zip_with", "The array of a function's results for pairs of elements; the shorter array is filled up with NULL.", "zip_with(ARRAY[1, 2], ARRAY[10, 20], (x, y) -> x + y)", "{11,22}",
			[]Pattern{ArrayOf(0), ArrayOf(1), Lambda()}, func(a []types.Type) (types.Type, error) { return types.ArrayOf(resolvedVar(*a[2].Elem)), nil }, zipWith),
		f("map_filter", "The entries for which a function is true.", "map_keys(map_filter("+sample+", (k, v) -> v > 1))", "{b}", ofMap, test(sameAs(0)), filterArray),
		f("transform_values", "The map with each value replaced by a function's result.", "map_values(transform_values("+sample+", (k, v) -> v * 10))", "{10,20}", ofMap,
			func(a []types.Type) (types.Type, error) { return types.MapOf(*a[0].Key, resolvedVar(*a[1].Elem)), nil }, transformEntries(1)),
		f("transform_keys", "The map with each key replaced by a function's result.", "map_keys(transform_keys("+sample+", (k, v) -> upper(k)))", "{A,B}", ofMap,
			func(a []types.Type) (types.Type, error) { return types.MapOf(resolvedVar(*a[1].Elem), *a[0].Elem), nil }, transformEntries(0)),
	}
}

// spreadList lists the children of the selected rows: their places, the rows
// they belong to, and for each slot of the page the end of its part.
func spreadList(x *Exec, l *listIn) (at, rows, ends []int32) {
	ends = make([]int32, x.N)
	next := 0
	x.each(func(i int) error {
		for ; next < i; next++ {
			ends[next] = int32(len(at))
		}
		for k, hi := l.at(i); k < hi; k++ {
			at, rows = append(at, int32(k)), append(rows, int32(i))
		}
		ends[i], next = int32(len(at)), i+1
		return nil
	})
	for ; next < x.N; next++ {
		ends[next] = int32(len(at))
	}
	return at, rows, ends
}

// listVector makes a list vector of kids with the parts that end at ends; the
// references to kids pass.
func listVector(x *Exec, ends []int32, kids ...*page.Vector) (*page.Vector, error) {
	p := page.Parts{Type: x.Type, N: x.N}
	buf, err := x.Pool.Alloc(4 * (x.N + 1))
	if err != nil {
		for _, k := range kids {
			k.Release()
		}
		return nil, err
	}
	p.Offs, p.Bufs = page.SliceOf[int32](buf.Data), []*page.Buffer{buf}
	p.Offs[0] = 0
	copy(p.Offs[1:], ends)
	for i, k := range kids {
		flat, err := k.Flatten(x.Pool)
		k.Release()
		if err != nil {
			for _, other := range append(p.Kids, kids[i+1:]...) {
				other.Release()
			}
			buf.Release()
			return nil, err
		}
		p.Kids = append(p.Kids, flat)
	}
	return page.MakeFlat(p), nil
}

// gatherAll gathers the same slots of several vectors.
func gatherAll(vs []*page.Vector, at []int32, pool page.Pool) ([]*page.Vector, error) {
	out := make([]*page.Vector, 0, len(vs))
	for _, v := range vs {
		g, err := v.Gather(at, pool)
		if err != nil {
			releaseAll(out)
			return nil, err
		}
		out = append(out, g)
	}
	return out, nil
}

func releaseAll(vs []*page.Vector) {
	for _, v := range vs {
		v.Release()
	}
}

func transformArray(x *Exec, args []*page.Vector, fns []LambdaFunc) (*page.Vector, error) {
	l := listInput(args[0])
	at, rows, ends := spreadList(x, &l)
	params, err := gatherAll(l.kids, at, x.Pool)
	if err != nil {
		return nil, err
	}
	defer releaseAll(params)
	r, err := fns[0](params, rows)
	if err != nil {
		return nil, err
	}
	return listVector(x, ends, r)
}

// filterArray keeps elements of arrays and entries of maps.
func filterArray(x *Exec, args []*page.Vector, fns []LambdaFunc) (*page.Vector, error) {
	l := listInput(args[0])
	at, rows, ends := spreadList(x, &l)
	params, err := gatherAll(l.kids, at, x.Pool)
	if err != nil {
		return nil, err
	}
	r, err := fns[0](params, rows)
	releaseAll(params)
	if err != nil {
		return nil, err
	}
	defer r.Release()
	kept := make([]int32, 0, len(at))
	k := 0
	for i := range ends {
		for ; k < int(ends[i]); k++ {
			if !r.IsNull(k) && page.Get[uint8](r, k) != 0 {
				kept = append(kept, at[k])
			}
		}
		ends[i] = int32(len(kept))
	}
	kids, err := gatherAll(l.kids, kept, x.Pool)
	if err != nil {
		return nil, err
	}
	return listVector(x, ends, kids...)
}

// matchArray looks for an element where the function is want; the result is
// then want, unless it is turned around.
func matchArray(want uint8, flip bool) LambdaKernel {
	return func(x *Exec, args []*page.Vector, fns []LambdaFunc) (*page.Vector, error) {
		l := listInput(args[0])
		at, rows, ends := spreadList(x, &l)
		params, err := gatherAll(l.kids, at, x.Pool)
		if err != nil {
			return nil, err
		}
		r, err := fns[0](params, rows)
		releaseAll(params)
		if err != nil {
			return nil, err
		}
		defer r.Release()
		turn := b2u(flip)
		return nullable(x, func(i int) (uint8, bool, error) {
			k, null := int32(0), false
			if i > 0 {
				k = ends[i-1]
			}
			for ; k < ends[i]; k++ {
				if r.IsNull(int(k)) {
					null = true
				} else if page.Get[uint8](r, int(k)) == want {
					return want ^ turn, true, nil
				}
			}
			return want ^ 1 ^ turn, !null, nil
		})
	}
}

func transformEntries(part int) LambdaKernel {
	return func(x *Exec, args []*page.Vector, fns []LambdaFunc) (*page.Vector, error) {
		l := listInput(args[0])
		at, rows, ends := spreadList(x, &l)
		params, err := gatherAll(l.kids, at, x.Pool)
		if err != nil {
			return nil, err
		}
		r, err := fns[0](params, rows)
		if err != nil {
			releaseAll(params)
			return nil, err
		}
		params[part].Release()
		params[part] = r
		if part == 0 {
			if err := uniqueKeys(r, ends); err != nil {
				releaseAll(params)
				return nil, err
			}
		}
		return listVector(x, ends, params...)
	}
}

func uniqueKeys(keys *page.Vector, ends []int32) error {
	var set entrySet
	k := int32(0)
	for _, end := range ends {
		set.seen.reset()
		for ; k < end; k++ {
			if err := set.add(keys, int(k)); err != nil {
				return err
			}
		}
	}
	return nil
}

func zipWith(x *Exec, args []*page.Vector, fns []LambdaFunc) (*page.Vector, error) {
	a, b := listInput(args[0]), listInput(args[1])
	left := page.NewBuilder(args[0].Type.ElemType(), x.N, x.Pool)
	right := page.NewBuilder(args[1].Type.ElemType(), x.N, x.Pool)
	defer left.Release()
	defer right.Release()
	var rows []int32
	ends := make([]int32, x.N)
	next := 0
	x.each(func(i int) error {
		for ; next < i; next++ {
			ends[next] = int32(len(rows))
		}
		for k, n := 0, zipAppend(left, &a, i, zipLength(&b, i)); k < n; k++ {
			rows = append(rows, int32(i))
		}
		zipAppend(right, &b, i, zipLength(&a, i))
		ends[i], next = int32(len(rows)), i+1
		return nil
	})
	for ; next < x.N; next++ {
		ends[next] = int32(len(rows))
	}
	l, err := left.Finish()
	if err != nil {
		return nil, err
	}
	defer l.Release()
	r, err := right.Finish()
	if err != nil {
		return nil, err
	}
	defer r.Release()
	out, err := fns[0]([]*page.Vector{l, r}, rows)
	if err != nil {
		return nil, err
	}
	return listVector(x, ends, out)
}

func zipLength(l *listIn, i int) int {
	lo, hi := l.at(i)
	return hi - lo
}

// zipAppend appends a list's elements, and NULLs up to a length; it returns the length.
func zipAppend(b *page.Builder, l *listIn, i, least int) int {
	lo, hi := l.at(i)
	for k := lo; k < hi; k++ {
		b.AppendFrom(l.kids[0], k)
	}
	n := hi - lo
	for ; n < least; n++ {
		b.AppendNull()
	}
	return n
}
