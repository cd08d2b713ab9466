package functions

import (
	"math"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

func bitAggregates() []*Aggregate {
	var out []*Aggregate
	out = append(out, bitAggregatesOf[int16](types.Int16)...)
	out = append(out, bitAggregatesOf[int32](types.Int32)...)
	out = append(out, bitAggregatesOf[int64](types.Int64)...)
	return append(out, &Aggregate{Name: "geometric_mean", Args: patterns(types.Float64), Return: returns(types.Float64),
		Doc: Doc{Family: "aggregate", Summary: "The n-th root of the product of n values.", Example: "SELECT geometric_mean(a) FROM (VALUES (2), (8)) t(a)", Result: "4"},
		Bind: func([]types.Type) (func(*Env) Accumulator, error) {
			return func(*Env) Accumulator { return &geometric{} }, nil
		}})
}

func bitAggregatesOf[T signed](k types.Kind) []*Aggregate {
	agg := func(name, alias, says, result string, f func(a, b T) T) *Aggregate {
		return &Aggregate{Name: name, Aliases: []string{alias}, Args: patterns(k), Return: returns(k), DistinctNoop: name != "bit_xor",
			Doc: Doc{Family: "aggregate", Summary: says, Example: "SELECT " + name + "(a) FROM (VALUES (12), (10)) t(a)", Result: result},
			Bind: func([]types.Type) (func(*Env) Accumulator, error) {
				return func(*Env) Accumulator { return &bitState[T]{typ: types.Of(k), f: f} }, nil
			}}
	}
	return []*Aggregate{
		agg("bit_and", "bitwise_and_agg", "The bits that all values have.", "8", func(a, b T) T { return a & b }),
		agg("bit_or", "bitwise_or_agg", "The bits that some value has.", "14", func(a, b T) T { return a | b }),
		agg("bit_xor", "bitwise_xor_agg", "The bits that an odd number of values have.", "6", func(a, b T) T { return a ^ b }),
	}
}

// bitState folds integers with an operator.
type bitState[T signed] struct {
	typ  types.Type
	f    func(a, b T) T
	in   aggInput
	val  []T
	seen []uint8
}

func (s *bitState[T]) PartialTypes() []types.Type { return []types.Type{s.typ} }
func (s *bitState[T]) GroupBytes() int            { return 9 }
func (s *bitState[T]) Variable() bool             { return false }
func (s *bitState[T]) Grow(n int)                 { s.val, s.seen = grow(s.val, n), grow(s.seen, n) }
func (s *bitState[T]) Bytes() int                 { return sizeOf(s.val) + sizeOf(s.seen) + s.in.bytes() }
func (s *bitState[T]) Reset()                     { *s = bitState[T]{typ: s.typ, f: s.f} }

func (s *bitState[T]) Update(r Rows, args []*page.Vector) error {
	s.in.resolve(r, args[0])
	vals := page.Values[T](s.in.base)
	for k := range s.in.n {
		g, x := s.in.group(k), vals[s.in.slot(k)]
		if s.seen[g] != 0 {
			x = s.f(s.val[g], x)
		}
		s.val[g], s.seen[g] = x, 1
	}
	return nil
}

func (s *bitState[T]) Merge(r Rows, partial []*page.Vector) error { return s.Update(r, partial) }

func (s *bitState[T]) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	return one(s.Final(ids, pool))
}

func (s *bitState[T]) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	return column(s.typ, ids, s.val, s.seen, pool)
}

// geometric sums logarithms.
type geometric struct{ sumFloat[float64] }

func (s *geometric) Update(r Rows, args []*page.Vector) error {
	s.in.resolve(r, args[0])
	vals := page.Values[float64](s.in.base)
	for k := range s.in.n {
		x := vals[s.in.slot(k)]
		if x < 0 {
			return sqlerr.New(sqlerr.InvalidArgumentForLog, "cannot take logarithm of a negative number")
		}
		g := s.in.group(k)
		s.sum[g] += math.Log(x)
		s.n[g]++
	}
	return nil
}

func (s *geometric) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	return finalColumn(float64Type, ids, len(s.n), pool, func(g int) (float64, bool, error) {
		return math.Exp(s.sum[g] / float64(s.n[g])), s.n[g] > 0, nil
	})
}
