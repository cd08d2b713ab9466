package functions

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

func sumAggregates() []*Aggregate {
	sumDoc := Doc{Family: "aggregate", Summary: "The sum of the values that are not NULL; NULL when there is none.",
		Example: "SELECT sum(a) FROM (VALUES (1), (2), (NULL)) t(a)", Result: "3"}
	sumOf := func(k types.Kind, ret func([]types.Type) (types.Type, error), mk func(t types.Type) Accumulator) *Aggregate {
		return &Aggregate{Name: "sum", Doc: sumDoc, Args: patterns(k), Return: ret,
			Bind: func(args []types.Type) (func(*Env) Accumulator, error) {
				return func(*Env) Accumulator { return mk(args[0]) }, nil
			}}
	}
	return []*Aggregate{
		sumOf(types.Int16, returns(types.Int64), func(types.Type) Accumulator { return &sumInt[int16]{} }),
		sumOf(types.Int32, returns(types.Int64), func(types.Type) Accumulator { return &sumInt[int32]{} }),
		sumOf(types.Int64, returns(types.Numeric), func(types.Type) Accumulator { return &sumNumeric{wide: newSumWide(int64Type)} }),
		sumOf(types.Numeric, sumDecimalType, newDecimalSum),
		sumOf(types.Float32, returns(types.Float32), func(types.Type) Accumulator { return &sumFloat[float32]{} }),
		sumOf(types.Float64, returns(types.Float64), func(types.Type) Accumulator { return &sumFloat[float64]{} }),
		sumOf(types.Interval, returns(types.Interval), func(types.Type) Accumulator { return &sumInterval{} }),
	}
}

func sumDecimalType(args []types.Type) (types.Type, error) {
	if args[0].Kind == types.Decimal {
		return types.DecimalOf(types.MaxNumDigits, int(args[0].S)), nil
	}
	return types.Of(types.Numeric), nil
}

func newDecimalSum(t types.Type) Accumulator {
	if t.Kind == types.Numeric {
		return &sumNum{}
	}
	return &sumDecimal{wide: newSumWide(t)}
}

// sumInt sums small integers into a bigint.
type sumInt[T signed] struct {
	in   aggInput
	sum  []int64
	seen []uint8
}

func (s *sumInt[T]) PartialTypes() []types.Type { return []types.Type{int64Type} }
func (s *sumInt[T]) GroupBytes() int            { return 9 }
func (s *sumInt[T]) Variable() bool             { return false }
func (s *sumInt[T]) Grow(n int)                 { s.sum, s.seen = grow(s.sum, n), grow(s.seen, n) }
func (s *sumInt[T]) Bytes() int                 { return sizeOf(s.sum) + sizeOf(s.seen) + s.in.bytes() }
func (s *sumInt[T]) Reset()                     { *s = sumInt[T]{} }

func (s *sumInt[T]) Update(r Rows, args []*page.Vector) error {
	s.in.resolve(r, args[0])
	return addInts(&s.in, page.Values[T](s.in.base), s.sum, s.seen)
}

func (s *sumInt[T]) Merge(r Rows, partial []*page.Vector) error {
	s.in.resolve(r, partial[0])
	return addInts(&s.in, page.Values[int64](s.in.base), s.sum, s.seen)
}

func addInts[T signed](in *aggInput, vals []T, sum []int64, seen []uint8) error {
	var lost int64
	for k := range in.n {
		g, x := in.group(k), int64(vals[in.slot(k)])
		t := sum[g] + x
		lost |= (sum[g] ^ t) & (x ^ t)
		sum[g], seen[g] = t, 1
	}
	if lost < 0 {
		return outOfRange[int64]()
	}
	return nil
}

func (s *sumInt[T]) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	return one(s.Final(ids, pool))
}

func (s *sumInt[T]) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	return column(int64Type, ids, s.sum, s.seen, pool)
}

// wideType carries exact 128-bit sums between partial and final aggregation.
var wideType = types.DecimalOf(types.MaxNumDigits, 0)

// sumWide sums integers and decimals exactly in 128 bits and counts them.
type sumWide struct {
	typ types.Type // of the argument
	in  aggInput
	sum []types.Int128
	n   []int64
}

func newSumWide(t types.Type) sumWide { return sumWide{typ: t} }

func (s *sumWide) PartialTypes() []types.Type { return []types.Type{wideType, int64Type} }
func (s *sumWide) GroupBytes() int            { return 24 }
func (s *sumWide) Variable() bool             { return false }
func (s *sumWide) Grow(n int)                 { s.sum, s.n = grow(s.sum, n), grow(s.n, n) }
func (s *sumWide) Bytes() int                 { return sizeOf(s.sum) + sizeOf(s.n) + s.in.bytes() }
func (s *sumWide) Reset()                     { *s = sumWide{typ: s.typ} }

func (s *sumWide) Update(r Rows, args []*page.Vector) error {
	s.in.resolve(r, args[0])
	switch s.typ.Phys() {
	case types.PhysI16:
		addWide(&s.in, page.Values[int16](s.in.base), s.sum, s.n)
	case types.PhysI32:
		addWide(&s.in, page.Values[int32](s.in.base), s.sum, s.n)
	case types.PhysI64:
		addWide(&s.in, page.Values[int64](s.in.base), s.sum, s.n)
	default:
		return s.addWidest(page.Values[types.Int128](s.in.base), nil)
	}
	return nil
}

func addWide[T signed](in *aggInput, vals []T, sum []types.Int128, n []int64) {
	if in.of == nil && in.at == nil {
		// Without groups: sums of 2^31 values of one page fit 64 bits in halves.
		var hi, lo int64
		for _, x := range vals[:in.n] {
			hi += int64(x) >> 32
			lo += int64(x) & 0xffffffff
		}
		sum[0] = sum[0].Add(types.MulInt64(hi, 1<<32)).AddInt64(lo)
		n[0] += int64(in.n)
		return
	}
	for k := range in.n {
		g := in.group(k)
		sum[g] = sum[g].AddInt64(int64(vals[in.slot(k)]))
		n[g]++
	}
}

func (s *sumWide) addWidest(vals []types.Int128, counts []int64) error {
	for k := range s.in.n {
		g, i := s.in.group(k), s.in.slot(k)
		t, ok := s.sum[g].AddCheck(vals[i])
		if !ok {
			return errNumericOverflow()
		}
		s.sum[g] = t
		if counts != nil {
			s.n[g] += counts[i]
		} else {
			s.n[g]++
		}
	}
	return nil
}

func (s *sumWide) Merge(r Rows, partial []*page.Vector) error {
	n, err := partial[1].Flatten(page.Unaccounted{})
	if err != nil {
		return err
	}
	defer n.Release()
	sums, err := partial[0].Flatten(page.Unaccounted{})
	if err != nil {
		return err
	}
	defer sums.Release()
	s.in.resolve(r, sums)
	return s.addWidest(page.Values[types.Int128](s.in.base), page.Values[int64](n))
}

func (s *sumWide) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	return together(
		func() (*page.Vector, error) { return column(wideType, ids, s.sum, nil, pool) },
		func() (*page.Vector, error) { return column(int64Type, ids, s.n, nil, pool) })
}

// sumDecimal is sum(decimal(p,s)): decimal(38,s).
type sumDecimal struct{ wide sumWide }

func (s *sumDecimal) PartialTypes() []types.Type                 { return s.wide.PartialTypes() }
func (s *sumDecimal) GroupBytes() int                            { return s.wide.GroupBytes() }
func (s *sumDecimal) Variable() bool                             { return false }
func (s *sumDecimal) Grow(n int)                                 { s.wide.Grow(n) }
func (s *sumDecimal) Bytes() int                                 { return s.wide.Bytes() }
func (s *sumDecimal) Reset()                                     { s.wide.Reset() }
func (s *sumDecimal) Update(r Rows, args []*page.Vector) error   { return s.wide.Update(r, args) }
func (s *sumDecimal) Merge(r Rows, partial []*page.Vector) error { return s.wide.Merge(r, partial) }
func (s *sumDecimal) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	return s.wide.Partial(ids, pool)
}

func (s *sumDecimal) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	t := types.DecimalOf(types.MaxNumDigits, int(s.wide.typ.S))
	return finalColumn(t, ids, len(s.wide.n), pool, func(g int) (types.Int128, bool, error) {
		if !s.wide.sum[g].FitsDigits(types.MaxNumDigits) {
			return types.Int128{}, false, errNumericOverflow()
		}
		return s.wide.sum[g], s.wide.n[g] > 0, nil
	})
}

// sumNumeric is sum(bigint), and with avg set avg of integers and decimals: numeric.
type sumNumeric struct {
	wide sumWide
	avg  bool
}

func (s *sumNumeric) PartialTypes() []types.Type                 { return s.wide.PartialTypes() }
func (s *sumNumeric) GroupBytes() int                            { return s.wide.GroupBytes() }
func (s *sumNumeric) Variable() bool                             { return false }
func (s *sumNumeric) Grow(n int)                                 { s.wide.Grow(n) }
func (s *sumNumeric) Bytes() int                                 { return s.wide.Bytes() }
func (s *sumNumeric) Reset()                                     { s.wide.Reset() }
func (s *sumNumeric) Update(r Rows, args []*page.Vector) error   { return s.wide.Update(r, args) }
func (s *sumNumeric) Merge(r Rows, partial []*page.Vector) error { return s.wide.Merge(r, partial) }
func (s *sumNumeric) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	return s.wide.Partial(ids, pool)
}

func (s *sumNumeric) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	return finalColumn(types.Of(types.Numeric), ids, len(s.wide.n), pool, func(g int) (types.Num, bool, error) {
		n := s.wide.n[g]
		if n == 0 {
			return types.Num{}, false, nil
		}
		sum := types.NumOfDecimal(s.wide.sum[g], s.wide.typ.S)
		if !sum.Coef.FitsDigits(types.MaxNumDigits) {
			return sum, false, errNumericOverflow()
		}
		if s.avg {
			q, err := sum.Div(types.NumOf(n))
			return q, true, err
		}
		return sum, true, nil
	})
}

// sumNum is sum and avg of numerics, whose scale is that of the longest value.
type sumNum struct {
	in  aggInput
	sum []types.Num
	n   []int64
	avg bool
}

func (s *sumNum) PartialTypes() []types.Type {
	return []types.Type{types.Of(types.Numeric), int64Type}
}
func (s *sumNum) GroupBytes() int { return 32 }
func (s *sumNum) Variable() bool  { return false }
func (s *sumNum) Grow(n int)      { s.sum, s.n = grow(s.sum, n), grow(s.n, n) }
func (s *sumNum) Bytes() int      { return sizeOf(s.sum) + sizeOf(s.n) + s.in.bytes() }
func (s *sumNum) Reset()          { *s = sumNum{avg: s.avg} }

func (s *sumNum) Update(r Rows, args []*page.Vector) error {
	s.in.resolve(r, args[0])
	return s.add(page.Values[types.Num](s.in.base), nil)
}

func (s *sumNum) Merge(r Rows, partial []*page.Vector) error {
	n, err := partial[1].Flatten(page.Unaccounted{})
	if err != nil {
		return err
	}
	defer n.Release()
	sums, err := partial[0].Flatten(page.Unaccounted{})
	if err != nil {
		return err
	}
	defer sums.Release()
	s.in.resolve(r, sums)
	return s.add(page.Values[types.Num](s.in.base), page.Values[int64](n))
}

func (s *sumNum) add(vals []types.Num, counts []int64) error {
	for k := range s.in.n {
		g, i := s.in.group(k), s.in.slot(k)
		t, err := s.sum[g].Add(vals[i])
		if err != nil {
			return err
		}
		s.sum[g] = t
		if counts != nil {
			s.n[g] += counts[i]
		} else {
			s.n[g]++
		}
	}
	return nil
}

func (s *sumNum) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	return together(
		func() (*page.Vector, error) { return column(types.Of(types.Numeric), ids, s.sum, nil, pool) },
		func() (*page.Vector, error) { return column(int64Type, ids, s.n, nil, pool) })
}

func (s *sumNum) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	return finalColumn(types.Of(types.Numeric), ids, len(s.n), pool, func(g int) (types.Num, bool, error) {
		if s.n[g] == 0 || !s.avg {
			return s.sum[g], s.n[g] > 0, nil
		}
		q, err := s.sum[g].Div(types.NumOf(s.n[g]))
		return q, true, err
	})
}
