package functions

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// valueStore keeps the values that array_agg and its like were given, in order,
// as compact columns; each group is a chain of entries.
type valueStore struct {
	typ    types.Type
	chunks []*page.Vector
	chunk  []int32 // of each entry
	row    []int32
	next   []int32 // entry after it in its group, -1: none
	head   []int32 // first entry of each group plus one, 0: none
	tail   []int32
	count  []int64
	bytes  int
	picks  []int32
}

func (s *valueStore) grow(n int) {
	s.head, s.tail, s.count = grow(s.head, n), grow(s.tail, n), grow(s.count, n)
}

// add appends slots of v, which is loaded; nulls too. rows.Sel are the slots.
func (s *valueStore) add(r Rows, v *page.Vector) error {
	n := r.Len()
	if n == 0 {
		return nil
	}
	s.picks = scratch(s.picks, n)
	for k := range n {
		s.picks[k] = int32(k)
		if r.Sel != nil {
			s.picks[k] = r.Sel[k]
		}
	}
	c, err := v.Gather(s.picks, page.Unaccounted{})
	if err != nil {
		return err
	}
	s.chunks = append(s.chunks, c)
	s.bytes += c.Bytes()
	for k := range n {
		g := 0
		if r.Groups != nil {
			g = int(r.Groups[k])
		}
		s.link(g, len(s.chunks)-1, k)
	}
	return nil
}

func (s *valueStore) link(g, chunk, row int) {
	e := int32(len(s.row))
	s.chunk, s.row, s.next = append(s.chunk, int32(chunk)), append(s.row, int32(row)), append(s.next, -1)
	if s.head[g] == 0 {
		s.head[g] = e + 1
	} else {
		s.next[s.tail[g]] = e
	}
	s.tail[g] = e
	s.count[g]++
}

// addLists appends the elements of lists, one list a row: partial states.
func (s *valueStore) addLists(r Rows, v *page.Vector) error {
	n := r.Len()
	inner := Rows{}
	flat, err := v.Flatten(page.Unaccounted{})
	if err != nil {
		return err
	}
	defer flat.Release()
	offs := flat.Offsets()
	for k := range n {
		i := k
		if r.Sel != nil {
			i = int(r.Sel[k])
		}
		if flat.IsNull(i) {
			continue
		}
		g := int32(0)
		if r.Groups != nil {
			g = r.Groups[k]
		}
		for e := offs[i]; e < offs[i+1]; e++ {
			inner.Sel, inner.Groups = append(inner.Sel, e), append(inner.Groups, g)
		}
	}
	inner.N = flat.Children()[0].Len()
	if len(inner.Sel) == 0 {
		return nil
	}
	return s.add(inner, flat.Children()[0])
}

// each calls f with the values of a group in order.
func (s *valueStore) each(g int, f func(v *page.Vector, i int)) {
	for e := s.head[g] - 1; e >= 0; e = s.next[e] {
		f(s.chunks[s.chunk[e]], int(s.row[e]))
	}
}

// lists writes each group's values as an array, NULL for none.
func (s *valueStore) lists(ids []int32, pool page.Pool) (*page.Vector, error) {
	n := outputs(ids, len(s.head))
	b := page.NewBuilder(types.ArrayOf(s.typ), n, pool)
	for k := range n {
		g := groupAt(ids, k)
		if s.head[g] == 0 {
			b.AppendNull()
			continue
		}
		s.each(g, func(v *page.Vector, i int) { b.Child(0).AppendFrom(v, i) })
		b.EndList()
	}
	return b.Finish()
}

func (s *valueStore) size() int {
	return s.bytes + sizeOf(s.chunk) + sizeOf(s.row) + sizeOf(s.next) + sizeOf(s.head) + sizeOf(s.tail) + sizeOf(s.count) + sizeOf(s.picks)
}

func collectAggregates() []*Aggregate {
	arr := func(args []types.Type) (types.Type, error) { return types.ArrayOf(args[0]), nil }
	text, bytea := types.Text, types.Bytea
	join := func(k types.Kind, example, result string) *Aggregate {
		return &Aggregate{Name: "string_agg", Aliases: []string{"listagg"}, Ordered: true, Args: patterns(k, k), Return: returns(k),
			Doc: Doc{Family: "aggregate", Summary: "The values that are not NULL, joined by a delimiter.", Example: example, Result: result},
			Bind: func([]types.Type) (func(*Env) Accumulator, error) {
				return func(*Env) Accumulator { return &joinState{typ: types.Of(k)} }, nil
			}}
	}
	ordered := func(name, says, example, result string, args []Pattern, ret func([]types.Type) (types.Type, error), final func(s *percentile, g int, b *page.Builder)) *Aggregate {
		return &Aggregate{Name: name, Ordered: true, Doc: Doc{Family: "aggregate", Summary: says, Example: example, Result: result}, Args: args, Return: ret,
			Bind: func(ts []types.Type) (func(*Env) Accumulator, error) {
				out, _ := ret(ts)
				return func(*Env) Accumulator {
					return &percentile{store: valueStore{typ: ts[0]}, out: out, final: final}
				}, nil
			}}
	}
	return []*Aggregate{
		{Name: "array_agg", Ordered: true, Args: []Pattern{Elem(0)}, Return: arr,
			Doc: Doc{Family: "aggregate", Summary: "All values as an array, NULLs too.", Example: "SELECT array_agg(a) FROM (VALUES (1), (2)) t(a)", Result: "{1,2}"},
			Bind: func(ts []types.Type) (func(*Env) Accumulator, error) {
				return func(*Env) Accumulator { return &arrayState{valueStore{typ: ts[0]}} }, nil
			}},
		join(text, "SELECT string_agg(a, ', ') FROM (VALUES ('x'), ('y')) t(a)", "x, y"),
		join(bytea, `SELECT string_agg(a, '\x00'::bytea) FROM (VALUES ('\x01'::bytea), ('\x02'::bytea)) t(a)`, `\x010002`),
		ordered("percentile_cont", "The value at a fraction of the ordered values, interpolated.", "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM (VALUES (1), (2)) t(a)", "1.5",
			patterns(types.Float64, types.Float64), returns(types.Float64), finalCont),
		ordered("percentile_disc", "The first of the ordered values at or beyond a fraction.", "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY a) FROM (VALUES (1), (2), (3)) t(a)", "2",
			[]Pattern{Elem(0), Of(types.Float64)}, sameAs(0), finalDisc),
		ordered("mode", "The most frequent of the ordered values.", "SELECT mode() WITHIN GROUP (ORDER BY a) FROM (VALUES (1), (2), (2)) t(a)", "2",
			[]Pattern{Elem(0)}, sameAs(0), finalMode),
	}
}

// arrayState is array_agg.
type arrayState struct{ valueStore }

func (s *arrayState) PartialTypes() []types.Type                 { return []types.Type{types.ArrayOf(s.typ)} }
func (s *arrayState) GroupBytes() int                            { return 16 }
func (s *arrayState) Variable() bool                             { return true }
func (s *arrayState) Grow(n int)                                 { s.grow(n) }
func (s *arrayState) Bytes() int                                 { return s.size() }
func (s *arrayState) Reset()                                     { s.valueStore = valueStore{typ: s.typ} }
func (s *arrayState) Update(r Rows, args []*page.Vector) error   { return s.add(r, args[0]) }
func (s *arrayState) Merge(r Rows, partial []*page.Vector) error { return s.addLists(r, partial[0]) }
func (s *arrayState) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	return one(s.lists(ids, pool))
}
func (s *arrayState) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	return s.lists(ids, pool)
}

// joinState is string_agg: each group's text so far, and how much of it is the
// delimiter of its first value, which the result has not.
type joinState struct {
	typ   types.Type
	text  [][]byte
	first []int32
	seen  []uint8
	held  int
}

func (s *joinState) PartialTypes() []types.Type { return []types.Type{s.typ, types.Of(types.Int32)} }
func (s *joinState) GroupBytes() int            { return 32 }
func (s *joinState) Variable() bool             { return true }
func (s *joinState) Grow(n int) {
	s.text, s.first, s.seen = grow(s.text, n), grow(s.first, n), grow(s.seen, n)
}
func (s *joinState) Bytes() int {
	return s.held + sizeOf(s.text) + sizeOf(s.first) + sizeOf(s.seen)
}
func (s *joinState) Reset() { *s = joinState{typ: s.typ} }

func (s *joinState) append(g int, parts ...[]byte) {
	before := cap(s.text[g])
	for _, p := range parts {
		s.text[g] = append(s.text[g], p...)
	}
	s.held += cap(s.text[g]) - before
}

func (s *joinState) Update(r Rows, args []*page.Vector) error {
	var in aggInput
	in.resolve(Rows{N: r.N, Sel: r.Sel, Groups: r.Groups}, args[0])
	for k := range r.Len() {
		i := k
		if r.Sel != nil {
			i = int(r.Sel[k])
		}
		if args[0].IsNull(i) {
			continue
		}
		g := 0
		if r.Groups != nil {
			g = int(r.Groups[k])
		}
		var delim []byte
		if !args[1].IsNull(i) {
			delim = args[1].Str(i)
		}
		if s.seen[g] == 0 {
			s.seen[g], s.first[g] = 1, int32(len(delim))
		}
		s.append(g, delim, args[0].Str(i))
		if len(s.text[g]) > textMax {
			return errTooLong()
		}
	}
	return nil
}

func (s *joinState) Merge(r Rows, partial []*page.Vector) error {
	for k := range r.Len() {
		i := k
		if r.Sel != nil {
			i = int(r.Sel[k])
		}
		if partial[0].IsNull(i) {
			continue
		}
		g := 0
		if r.Groups != nil {
			g = int(r.Groups[k])
		}
		if s.seen[g] == 0 {
			s.seen[g], s.first[g] = 1, page.Get[int32](partial[1], i)
		}
		s.append(g, partial[0].Str(i))
		if len(s.text[g]) > textMax {
			return errTooLong()
		}
	}
	return nil
}

func (s *joinState) texts(ids []int32, pool page.Pool, from func(g int) int32) (*page.Vector, error) {
	n := outputs(ids, len(s.text))
	b := page.NewBuilder(s.typ, n, pool)
	for k := range n {
		if g := groupAt(ids, k); s.seen[g] == 0 {
			b.AppendNull()
		} else {
			b.AppendBytes(s.text[g][from(g):])
		}
	}
	return b.Finish()
}

func (s *joinState) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	return together(
		func() (*page.Vector, error) { return s.texts(ids, pool, func(int) int32 { return 0 }) },
		func() (*page.Vector, error) { return column(types.Of(types.Int32), ids, s.first, nil, pool) })
}

func (s *joinState) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	return s.texts(ids, pool, func(g int) int32 { return s.first[g] })
}
