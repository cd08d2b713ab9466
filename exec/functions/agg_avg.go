package functions

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

func avgAggregates() []*Aggregate {
	doc := Doc{Family: "aggregate", Summary: "The mean of the values that are not NULL.",
		Example: "SELECT avg(a) FROM (VALUES (1), (2)) t(a)", Result: "1.5000000000000000"}
	avgOf := func(k, ret types.Kind, mk func(t types.Type) Accumulator) *Aggregate {
		return &Aggregate{Name: "avg", Doc: doc, Args: patterns(k), Return: returns(ret),
			Bind: func(args []types.Type) (func(*Env) Accumulator, error) {
				return func(*Env) Accumulator { return mk(args[0]) }, nil
			}}
	}
	exact := func(t types.Type) Accumulator {
		if t.Kind == types.Numeric {
			return &sumNum{avg: true}
		}
		return &sumNumeric{wide: newSumWide(t), avg: true}
	}
	return []*Aggregate{
		avgOf(types.Int16, types.Numeric, exact),
		avgOf(types.Int32, types.Numeric, exact),
		avgOf(types.Int64, types.Numeric, exact),
		avgOf(types.Numeric, types.Numeric, exact),
		avgOf(types.Float32, types.Float64, func(types.Type) Accumulator { return &sumFloat[float32]{avg: true} }),
		avgOf(types.Float64, types.Float64, func(types.Type) Accumulator { return &sumFloat[float64]{avg: true} }),
		avgOf(types.Interval, types.Interval, func(types.Type) Accumulator { return &sumInterval{avg: true} }),
	}
}

func boolAggregates() []*Aggregate {
	mk := func(decisive uint8) func([]types.Type) (func(*Env) Accumulator, error) {
		return func([]types.Type) (func(*Env) Accumulator, error) {
			return func(*Env) Accumulator { return &boolState{decisive: decisive} }, nil
		}
	}
	return []*Aggregate{
		{Name: "bool_and", Aliases: []string{"every"}, Doc: Doc{Family: "aggregate", Summary: "Whether all values that are not NULL are true.", Example: "SELECT bool_and(a > 0) FROM (VALUES (1), (2)) t(a)", Result: "t"},
			Args: patterns(types.Bool), Return: returns(types.Bool), DistinctNoop: true, Bind: mk(0)},
		{Name: "bool_or", Doc: Doc{Family: "aggregate", Summary: "Whether some value is true.", Example: "SELECT bool_or(a > 1) FROM (VALUES (1), (2)) t(a)", Result: "t"},
			Args: patterns(types.Bool), Return: returns(types.Bool), DistinctNoop: true, Bind: mk(1)},
	}
}

// boolState is bool_and (decisive 0) and bool_or (1).
type boolState struct {
	decisive uint8
	in       aggInput
	val      []uint8
	seen     []uint8
}

func (s *boolState) PartialTypes() []types.Type { return []types.Type{types.Of(types.Bool)} }
func (s *boolState) GroupBytes() int            { return 2 }
func (s *boolState) Variable() bool             { return false }
func (s *boolState) Grow(n int)                 { s.val, s.seen = grow(s.val, n), grow(s.seen, n) }
func (s *boolState) Bytes() int                 { return sizeOf(s.val) + sizeOf(s.seen) + s.in.bytes() }
func (s *boolState) Reset()                     { *s = boolState{decisive: s.decisive} }

func (s *boolState) Update(r Rows, args []*page.Vector) error {
	s.in.resolve(r, args[0])
	vals := page.Values[uint8](s.in.base)
	for k := range s.in.n {
		g, x := s.in.group(k), vals[s.in.slot(k)]
		if s.seen[g] == 0 || x == s.decisive {
			s.val[g], s.seen[g] = x, 1
		}
	}
	return nil
}

func (s *boolState) Merge(r Rows, partial []*page.Vector) error { return s.Update(r, partial) }

func (s *boolState) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	return one(s.Final(ids, pool))
}

func (s *boolState) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	return column(types.Of(types.Bool), ids, s.val, s.seen, pool)
}
