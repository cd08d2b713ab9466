package functions

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

func firstAggregates() []*Aggregate {
	return []*Aggregate{
		{Name: "first", Ordered: true, Args: []Pattern{Elem(0)}, Return: sameAs(0), Bind: bindFirst(false),
			Doc: Doc{Family: "aggregate", Summary: "The first value, NULL or not; ORDER BY in the call says which is first.",
				Example: "SELECT first(a ORDER BY a DESC) FROM (VALUES (1), (2)) t(a)", Result: "2"}},
		{Name: "only_value", Args: []Pattern{Elem(0)}, Return: sameAs(0), Bind: bindFirst(true),
			Doc: Doc{Family: "aggregate", Summary: "The value of the one row that there may be; a second row is an error.",
				Example: "SELECT only_value(a) FROM (VALUES (7)) t(a)", Result: "7"}},
	}
}

func bindFirst(only bool) func(args []types.Type) (func(*Env) Accumulator, error) {
	return func(args []types.Type) (func(*Env) Accumulator, error) {
		return func(*Env) Accumulator { return &firstState{typ: args[0], only: only} }, nil
	}
}

// firstState keeps the first value of each group. With only, a second one fails.
type firstState struct {
	typ  types.Type
	only bool
	seen []bool
	vals []types.Value
	size int
}

func (s *firstState) PartialTypes() []types.Type { return []types.Type{types.Of(types.Bool), s.typ} }
func (s *firstState) GroupBytes() int            { return valueBytes + 1 }
func (s *firstState) Variable() bool             { return true }
func (s *firstState) Bytes() int                 { return sizeOf(s.vals) + sizeOf(s.seen) + s.size }
func (s *firstState) Reset()                     { *s = firstState{typ: s.typ, only: s.only} }

func (s *firstState) Grow(n int) {
	s.vals, s.seen = grow(s.vals, n), grow(s.seen, n)
}

func (s *firstState) put(g int, v types.Value) error {
	if s.seen[g] {
		if s.only {
			return sqlerr.New(sqlerr.CardinalityViolation, "more than one row returned by a subquery used as an expression")
		}
		return nil
	}
	s.seen[g], s.vals[g] = true, v
	s.size += valueSize(v)
	return nil
}

// row gives slot and group of the k-th added row.
func (r Rows) row(k int) (slot, group int) {
	slot = k
	if r.Sel != nil {
		slot = int(r.Sel[k])
	}
	if r.Groups != nil {
		group = int(r.Groups[k])
	}
	return slot, group
}

func (s *firstState) Update(r Rows, args []*page.Vector) error {
	for k := range r.Len() {
		slot, g := r.row(k)
		if s.seen[g] && !s.only {
			continue
		}
		if err := s.put(g, args[0].Value(slot)); err != nil {
			return err
		}
	}
	return nil
}

func (s *firstState) Merge(r Rows, partial []*page.Vector) error {
	for k := range r.Len() {
		slot, g := r.row(k)
		if partial[0].Value(slot).I == 0 {
			continue
		}
		if err := s.put(g, partial[1].Value(slot)); err != nil {
			return err
		}
	}
	return nil
}

func (s *firstState) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	n := outputs(ids, len(s.vals))
	b := page.NewBuilder(types.Of(types.Bool), n, pool)
	for k := range n {
		b.AppendValue(types.BoolValue(s.seen[groupAt(ids, k)]))
	}
	seen, err := b.Finish()
	if err != nil {
		return nil, err
	}
	vals, err := s.Final(ids, pool)
	if err != nil {
		seen.Release()
		return nil, err
	}
	return []*page.Vector{seen, vals}, nil
}

func (s *firstState) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	n := outputs(ids, len(s.vals))
	b := page.NewBuilder(s.typ, n, pool)
	for k := range n {
		g := groupAt(ids, k)
		if s.seen[g] {
			b.AppendValue(s.vals[g])
		} else {
			b.AppendValue(types.NullValue)
		}
	}
	return b.Finish()
}
