package functions

import (
	"bytes"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

func minMaxAggregates() []*Aggregate {
	return []*Aggregate{
		{Name: "min", Doc: Doc{Family: "aggregate", Summary: "The least value that is not NULL.", Example: "SELECT min(a) FROM (VALUES (2), (1), (NULL)) t(a)", Result: "1"},
			Args: []Pattern{Elem(0)}, Return: orderedType("min"), DistinctNoop: true, Bind: bindExtreme(-1)},
		{Name: "max", Doc: Doc{Family: "aggregate", Summary: "The greatest value that is not NULL.", Example: "SELECT max(a) FROM (VALUES (2), (1), (NULL)) t(a)", Result: "2"},
			Args: []Pattern{Elem(0)}, Return: orderedType("max"), DistinctNoop: true, Bind: bindExtreme(1)},
		{Name: "any_value", Aliases: []string{"arbitrary"}, Doc: Doc{Family: "aggregate", Summary: "Some value that is not NULL.", Example: "SELECT any_value(a) FROM (VALUES (7), (7), (NULL)) t(a)", Result: "7"},
			Args: []Pattern{Elem(0)}, Return: sameAs(0), DistinctNoop: true, Bind: bindExtreme(0)},
	}
}

func orderedType(fn string) func([]types.Type) (types.Type, error) {
	return func(args []types.Type) (types.Type, error) {
		if !isComparable(args[0], false) || fn != "" && args[0].Kind == types.Bool {
			return args[0], sqlerr.New(sqlerr.UndefinedFunction, "function %s(%s) does not exist", fn, args[0]).
				WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
		}
		return args[0], nil
	}
}

// bindExtreme keeps the least (want -1) or greatest (1) value, or the first one (0).
func bindExtreme(want int) func(args []types.Type) (func(*Env) Accumulator, error) {
	return func(args []types.Type) (func(*Env) Accumulator, error) {
		t := args[0]
		return func(*Env) Accumulator {
			switch t.Phys() {
			case types.PhysBool:
				return newExtreme(t, want, ordered3[uint8])
			case types.PhysI16:
				return newExtreme(t, want, ordered3[int16])
			case types.PhysI32:
				return newExtreme(t, want, ordered3[int32])
			case types.PhysU32:
				return newExtreme(t, want, ordered3[uint32])
			case types.PhysI64:
				return newExtreme(t, want, ordered3[int64])
			case types.PhysF32:
				return newExtreme(t, want, floats3[float32])
			case types.PhysF64:
				return newExtreme(t, want, floats3[float64])
			case types.PhysI128:
				return newExtreme(t, want, types.Int128.Cmp)
			case types.PhysNum:
				return newExtreme(t, want, types.Num.Cmp)
			case types.PhysIval:
				return newExtreme(t, want, types.IntervalValue.Cmp)
			case types.PhysB16:
				return newExtreme(t, want, func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) })
			case types.PhysView:
				return &extremeText{typ: t, want: want}
			}
			return &extremeValue{typ: t, want: want}
		}, nil
	}
}

func ordered3[T uint8 | int16 | int32 | uint32 | int64](a, b T) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

// floats3 puts NaN above all and equal to itself.
func floats3[T float](a, b T) int {
	switch {
	case a < b || b != b && a == a:
		return -1
	case a > b || a != a && b == b:
		return 1
	}
	return 0
}

// extreme keeps one fixed-width value a group.
type extreme[T page.Fixed] struct {
	typ  types.Type
	want int
	cmp  func(a, b T) int
	in   aggInput
	best []T
	seen []uint8
}

func newExtreme[T page.Fixed](t types.Type, want int, cmp func(a, b T) int) Accumulator {
	return &extreme[T]{typ: t, want: want, cmp: cmp}
}

func (s *extreme[T]) PartialTypes() []types.Type { return []types.Type{s.typ} }
func (s *extreme[T]) GroupBytes() int            { return s.typ.Phys().Size() + 1 }
func (s *extreme[T]) Variable() bool             { return false }
func (s *extreme[T]) Grow(n int)                 { s.best, s.seen = grow(s.best, n), grow(s.seen, n) }
func (s *extreme[T]) Bytes() int                 { return sizeOf(s.best) + sizeOf(s.seen) + s.in.bytes() }
func (s *extreme[T]) Reset()                     { *s = extreme[T]{typ: s.typ, want: s.want, cmp: s.cmp} }

func (s *extreme[T]) Update(r Rows, args []*page.Vector) error {
	s.in.resolve(r, args[0])
	vals := page.Values[T](s.in.base)
	for k := range s.in.n {
		g, x := s.in.group(k), vals[s.in.slot(k)]
		if s.seen[g] == 0 {
			s.best[g], s.seen[g] = x, 1
		} else if s.want != 0 && s.cmp(x, s.best[g])*s.want > 0 {
			s.best[g] = x
		}
	}
	return nil
}

func (s *extreme[T]) Merge(r Rows, partial []*page.Vector) error { return s.Update(r, partial) }

func (s *extreme[T]) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	return one(s.Final(ids, pool))
}

func (s *extreme[T]) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	return column(s.typ, ids, s.best, s.seen, pool)
}

// textStates keeps one string a group in one buffer, with as little garbage as
// values: a group's place is reused while the next value fits.
type textStates struct {
	off  []int64
	size []int32 // length, -1: none
	room []int32
	heap []byte
	lost int
}

func (t *textStates) grow(n int) {
	old := len(t.size)
	t.off, t.size, t.room = grow(t.off, n), grow(t.size, n), grow(t.room, n)
	for i := old; i < len(t.size); i++ {
		t.size[i] = -1
	}
}

func (t *textStates) get(g int) []byte { return t.heap[t.off[g] : t.off[g]+int64(t.size[g])] }

func (t *textStates) set(g int, s []byte) {
	if len(s) > int(t.room[g]) {
		if t.lost += int(t.room[g]); t.lost > 1<<16 && t.lost > len(t.heap)/2 {
			t.compact()
		}
		t.off[g], t.room[g] = int64(len(t.heap)), int32(len(s))
		t.heap = append(t.heap, s...)
	} else {
		copy(t.heap[t.off[g]:], s)
	}
	t.size[g] = int32(len(s))
}

// compact drops the places that were given up.
func (t *textStates) compact() {
	heap := make([]byte, 0, len(t.heap)-t.lost)
	for g := range t.off {
		if t.size[g] < 0 {
			continue
		}
		s := t.get(g)
		t.off[g], t.room[g] = int64(len(heap)), t.size[g]
		heap = append(heap, s...)
	}
	t.heap, t.lost = heap, 0
}

func (t *textStates) bytes() int {
	return sizeOf(t.off) + sizeOf(t.size) + sizeOf(t.room) + cap(t.heap)
}

func (t *textStates) column(typ types.Type, ids []int32, pool page.Pool) (*page.Vector, error) {
	b := page.NewBuilder(typ, outputs(ids, len(t.size)), pool)
	for k := range outputs(ids, len(t.size)) {
		if g := groupAt(ids, k); t.size[g] < 0 {
			b.AppendNull()
		} else {
			b.AppendBytes(t.get(g))
		}
	}
	return b.Finish()
}

// extremeText keeps one string a group.
type extremeText struct {
	typ  types.Type
	want int
	in   aggInput
	st   textStates
}

func (s *extremeText) PartialTypes() []types.Type { return []types.Type{s.typ} }
func (s *extremeText) GroupBytes() int            { return 16 }
func (s *extremeText) Variable() bool             { return true }
func (s *extremeText) Grow(n int)                 { s.st.grow(n) }
func (s *extremeText) Bytes() int                 { return s.st.bytes() + s.in.bytes() }
func (s *extremeText) Reset()                     { *s = extremeText{typ: s.typ, want: s.want} }

func (s *extremeText) Update(r Rows, args []*page.Vector) error {
	s.in.resolve(r, args[0])
	views, heap := s.in.base.Views(), s.in.base.Heap()
	for k := range s.in.n {
		g, x := s.in.group(k), views[s.in.slot(k)].Bytes(heap)
		if s.st.size[g] < 0 || s.want != 0 && bytes.Compare(x, s.st.get(g))*s.want > 0 {
			s.st.set(g, x)
		}
	}
	return nil
}

func (s *extremeText) Merge(r Rows, partial []*page.Vector) error { return s.Update(r, partial) }

func (s *extremeText) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	return one(s.Final(ids, pool))
}

func (s *extremeText) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	return s.st.column(s.typ, ids, pool)
}

// extremeValue is for nested and rare layouts.
type extremeValue struct {
	typ  types.Type
	want int
	in   aggInput
	best []types.Value
	size int
}

func (s *extremeValue) PartialTypes() []types.Type { return []types.Type{s.typ} }
func (s *extremeValue) GroupBytes() int            { return valueBytes }
func (s *extremeValue) Variable() bool             { return true }
func (s *extremeValue) Bytes() int                 { return sizeOf(s.best) + s.size + s.in.bytes() }
func (s *extremeValue) Reset()                     { *s = extremeValue{typ: s.typ, want: s.want} }

func (s *extremeValue) Grow(n int) {
	old := len(s.best)
	s.best = grow(s.best, n)
	for i := old; i < len(s.best); i++ {
		s.best[i] = types.NullValue
	}
}

func (s *extremeValue) Update(r Rows, args []*page.Vector) error {
	s.in.resolve(r, args[0])
	for k := range s.in.n {
		g, x := s.in.group(k), s.in.base.Value(s.in.slot(k))
		if s.best[g].Null || s.want != 0 && types.Compare(s.typ, x, s.best[g])*s.want > 0 {
			s.size += valueSize(x) - valueSize(s.best[g])
			s.best[g] = x
		}
	}
	return nil
}

func (s *extremeValue) Merge(r Rows, partial []*page.Vector) error { return s.Update(r, partial) }

func (s *extremeValue) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	return one(s.Final(ids, pool))
}

func (s *extremeValue) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	b := page.NewBuilder(s.typ, outputs(ids, len(s.best)), pool)
	for k := range outputs(ids, len(s.best)) {
		b.AppendValue(s.best[groupAt(ids, k)])
	}
	return b.Finish()
}

// valueBytes is the memory of a types.Value itself.
const valueBytes = 112

// valueSize is what a value holds beside itself.
func valueSize(v types.Value) int {
	n := len(v.S)
	for _, e := range v.L {
		n += valueBytes + valueSize(e)
	}
	return n
}
