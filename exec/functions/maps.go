package functions

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/kernel"
)

func maps() []*Scalar {
	m := func(name, says, example, result string, args []Pattern, ret func([]types.Type) (types.Type, error), bind func([]types.Type) (Kernel, error), aliases ...string) *Scalar {
		return &Scalar{Name: name, Aliases: aliases, Doc: Doc{Family: "map", Summary: says, Example: example, Result: result}, Args: args, Return: ret, Bind: bind}
	}
	sample := "map(ARRAY['a', 'b'], ARRAY[1, 2])"
	concat := m("map_concat", "The entries of several maps; the last one wins where a key repeats.", "map_keys(map_concat("+sample+", map(ARRAY['c'], ARRAY[3])))", "{a,b,c}", []Pattern{MapOf(0)}, sameAs(0), bindMapConcat)
	concat.Variadic = true
	row := m("row", "A row of values: ROW(a, b).", "ROW(1, 'a')", "(1,a)", []Pattern{Any()}, rowType, bindRow)
	row.Variadic, row.Optional, row.Nulls, row.Doc.Family = true, 1, Called, "row"
	return []*Scalar{
		row,
		m("map", "A map of an array of keys and an array of values.", "element_at("+sample+", 'b')", "2", []Pattern{ArrayOf(0), ArrayOf(1)}, mapType, bindMap),
		m("subscript", "The value of a key; NULL when the map has it not: m[k].", "("+sample+")['a']", "1", []Pattern{MapOf(0), Elem(0)}, mapValueType, bindMapGet, "element_at"),
		m("cardinality", "The number of entries.", "cardinality("+sample+")", "2", []Pattern{MapOf(0)}, returns(types.Int32), bindMapSize),
		m("map_keys", "The keys.", "map_keys("+sample+")", "{a,b}", []Pattern{MapOf(0)}, func(a []types.Type) (types.Type, error) { return types.ArrayOf(*a[0].Key), nil }, bindMapPart(0)),
		m("map_values", "The values.", "map_values("+sample+")", "{1,2}", []Pattern{MapOf(0)}, func(a []types.Type) (types.Type, error) { return types.ArrayOf(*a[0].Elem), nil }, bindMapPart(1)),
		m("map_entries", "The entries as an array of rows.", "map_entries("+sample+")", `{"(a,1)","(b,2)"}`, []Pattern{MapOf(0)}, entriesType, bindMapEntries),
		m("map_from_entries", "The map of an array of rows of key and value.", "element_at(map_from_entries(map_entries("+sample+")), 'a')", "1", []Pattern{ArrayOf(0)}, fromEntriesType, bindFromEntries),
		concat,
	}
}

func rowType(args []types.Type) (types.Type, error) {
	t := types.Type{Kind: types.Row, Fields: make([]types.Field, len(args))}
	for i, a := range args {
		t.Fields[i].Type = a
	}
	return t, nil
}

var bindRow = builderOf(func(_ *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
	return func(b *page.Builder, i int) error {
		for k, a := range args {
			b.Child(k).AppendFrom(a, i)
		}
		b.EndStruct()
		return nil
	}
})

func mapType(args []types.Type) (types.Type, error) {
	k := args[0].ElemType()
	if !isComparable(k, true) {
		return k, sqlerr.New(sqlerr.DatatypeMismatch, "type cannot be the key of a map: %s", k)
	}
	return types.MapOf(k, args[1].ElemType()), nil
}

func mapValueType(args []types.Type) (types.Type, error) { return *args[0].Elem, nil }

func entriesType(args []types.Type) (types.Type, error) {
	return types.ArrayOf(types.RowOf(types.Field{Name: "key", Type: *args[0].Key}, types.Field{Name: "value", Type: *args[0].Elem})), nil
}

func fromEntriesType(args []types.Type) (types.Type, error) {
	e := args[0].ElemType()
	if !isRow(e) || len(e.Fields) != 2 {
		return e, sqlerr.New(sqlerr.UndefinedFunction, "function map_from_entries(%s) does not exist", args[0]).
			WithHint("It takes an array of rows of key and value.")
	}
	return types.MapOf(e.Fields[0].Type, e.Fields[1].Type), nil
}

// entrySet checks the keys of a map that is being made.
type entrySet struct{ seen elementSet }

func (s *entrySet) add(keys *page.Vector, k int) error {
	if keys.IsNull(k) {
		return sqlerr.New(sqlerr.NullValueNotAllowed, "map key cannot be null")
	}
	if !s.seen.add(keys, k) {
		return sqlerr.New(sqlerr.InvalidParameterValue, "duplicate map keys are not allowed: %s", types.FormatText(keys.Type, keys.Value(k), nil))
	}
	return nil
}

var bindMap = builderOf(func(_ *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
	keys, vals := listInput(args[0]), listInput(args[1])
	var set entrySet
	return func(b *page.Builder, i int) error {
		k, kEnd := keys.at(i)
		v, vEnd := vals.at(i)
		if kEnd-k != vEnd-v {
			return sqlerr.New(sqlerr.InvalidParameterValue, "key and value arrays must be the same length: %d, %d", kEnd-k, vEnd-v)
		}
		set.seen.reset()
		for ; k < kEnd; k, v = k+1, v+1 {
			if err := set.add(keys.kids[0], k); err != nil {
				return err
			}
			b.Child(0).AppendFrom(keys.kids[0], k)
			b.Child(1).AppendFrom(vals.kids[0], v)
		}
		b.EndList()
		return nil
	}
})

var bindMapGet = builderOf(func(_ *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
	l := listInput(args[0])
	return func(b *page.Builder, i int) error {
		for k, hi := l.at(i); k < hi; k++ {
			if kernel.CompareSlots(l.kids[0], k, args[1], i) == 0 {
				b.AppendFrom(l.kids[1], k)
				return nil
			}
		}
		b.AppendNull()
		return nil
	}
})

var bindMapSize = fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (int32, error) {
	l := listInput(args[0])
	return func(i int) (int32, error) {
		lo, hi := l.at(i)
		return int32(hi - lo), nil
	}
})

func bindMapPart(part int) func([]types.Type) (Kernel, error) {
	return builderOf(func(_ *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
		l := listInput(args[0])
		return func(b *page.Builder, i int) error {
			for k, hi := l.at(i); k < hi; k++ {
				b.Child(0).AppendFrom(l.kids[part], k)
			}
			b.EndList()
			return nil
		}
	})
}

var bindMapEntries = builderOf(func(_ *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
	l := listInput(args[0])
	return func(b *page.Builder, i int) error {
		for k, hi := l.at(i); k < hi; k++ {
			e := b.Child(0)
			e.Child(0).AppendFrom(l.kids[0], k)
			e.Child(1).AppendFrom(l.kids[1], k)
			e.EndStruct()
		}
		b.EndList()
		return nil
	}
})

var bindFromEntries = builderOf(func(_ *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
	l := listInput(args[0])
	var set entrySet
	return func(b *page.Builder, i int) error {
		set.seen.reset()
		for k, hi := l.at(i); k < hi; k++ {
			row, j := l.kids[0].Slot(k)
			if l.kids[0].IsNull(k) {
				return sqlerr.New(sqlerr.NullValueNotAllowed, "map entry cannot be null")
			}
			kids := row.Children()
			if err := set.add(kids[0], j); err != nil {
				return err
			}
			b.Child(0).AppendFrom(kids[0], j)
			b.Child(1).AppendFrom(kids[1], j)
		}
		b.EndList()
		return nil
	}
})

var bindMapConcat = builderOf(func(_ *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
	return func(b *page.Builder, i int) error {
		// From the last map back, so that the first one met of a key is the one that wins.
		var seen elementSet
		seen.reset()
		var keep []setElement
		var from []*page.Vector
		for a := len(args) - 1; a >= 0; a-- {
			l := listInput(args[a])
			lo, hi := l.at(i)
			for k := hi - 1; k >= lo; k-- {
				if seen.add(l.kids[0], k) {
					keep, from = append(keep, setElement{l.kids[0], k}), append(from, l.kids[1])
				}
			}
		}
		for n := len(keep) - 1; n >= 0; n-- {
			b.Child(0).AppendFrom(keep[n].v, keep[n].i)
			b.Child(1).AppendFrom(from[n], keep[n].i)
		}
		b.EndList()
		return nil
	}
})
