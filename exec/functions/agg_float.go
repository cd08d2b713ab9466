package functions

import (
	"math"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

var float64Type = types.Of(types.Float64)

// sumFloat is sum of floats; with avg set, avg, which is always a float8.
type sumFloat[T float] struct {
	in  aggInput
	sum []float64
	n   []int64
	avg bool
}

func (s *sumFloat[T]) PartialTypes() []types.Type { return []types.Type{float64Type, int64Type} }
func (s *sumFloat[T]) GroupBytes() int            { return 16 }
func (s *sumFloat[T]) Variable() bool             { return false }
func (s *sumFloat[T]) Grow(n int)                 { s.sum, s.n = grow(s.sum, n), grow(s.n, n) }
func (s *sumFloat[T]) Bytes() int                 { return sizeOf(s.sum) + sizeOf(s.n) + s.in.bytes() }
func (s *sumFloat[T]) Reset()                     { *s = sumFloat[T]{avg: s.avg} }

func (s *sumFloat[T]) Update(r Rows, args []*page.Vector) error {
	s.in.resolve(r, args[0])
	vals := page.Values[T](s.in.base)
	for k := range s.in.n {
		g, x := s.in.group(k), float64(vals[s.in.slot(k)])
		t := s.sum[g] + x
		if isInf(t) && !isInf(s.sum[g]) && !isInf(x) {
			return errOverflow()
		}
		s.sum[g] = t
		s.n[g]++
	}
	return nil
}

func (s *sumFloat[T]) Merge(r Rows, partial []*page.Vector) error {
	var sums, counts aggInput
	sums.resolve(r, partial[0])
	counts.resolve(r, partial[1])
	x, n := page.Values[float64](sums.base), page.Values[int64](counts.base)
	for k := range sums.n {
		g := sums.group(k)
		s.sum[g] += x[sums.slot(k)]
		s.n[g] += n[counts.slot(k)]
	}
	return nil
}

func (s *sumFloat[T]) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	return together(
		func() (*page.Vector, error) { return column(float64Type, ids, s.sum, nil, pool) },
		func() (*page.Vector, error) { return column(int64Type, ids, s.n, nil, pool) })
}

func (s *sumFloat[T]) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	if s.avg {
		return finalColumn(float64Type, ids, len(s.n), pool, func(g int) (float64, bool, error) {
			return s.sum[g] / float64(s.n[g]), s.n[g] > 0, nil
		})
	}
	var z T
	t := float64Type
	if _, short := any(z).(float32); short {
		t = types.Of(types.Float32)
	}
	return finalColumn(t, ids, len(s.n), pool, func(g int) (T, bool, error) {
		x := T(s.sum[g])
		if isInf(x) && !isInf(s.sum[g]) {
			return x, false, errOverflow()
		}
		return x, s.n[g] > 0, nil
	})
}

// sumInterval is sum and avg of intervals.
type sumInterval struct {
	in  aggInput
	sum []types.IntervalValue
	n   []int64
	avg bool
}

var intervalType = types.Of(types.Interval)

func (s *sumInterval) PartialTypes() []types.Type { return []types.Type{intervalType, int64Type} }
func (s *sumInterval) GroupBytes() int            { return 24 }
func (s *sumInterval) Variable() bool             { return false }
func (s *sumInterval) Grow(n int)                 { s.sum, s.n = grow(s.sum, n), grow(s.n, n) }
func (s *sumInterval) Bytes() int                 { return sizeOf(s.sum) + sizeOf(s.n) + s.in.bytes() }
func (s *sumInterval) Reset()                     { *s = sumInterval{avg: s.avg} }

func (s *sumInterval) Update(r Rows, args []*page.Vector) error {
	s.in.resolve(r, args[0])
	vals := page.Values[types.IntervalValue](s.in.base)
	for k := range s.in.n {
		g := s.in.group(k)
		t, err := addIntervals(s.sum[g], vals[s.in.slot(k)])
		if err != nil {
			return err
		}
		s.sum[g] = t
		s.n[g]++
	}
	return nil
}

func (s *sumInterval) Merge(r Rows, partial []*page.Vector) error {
	var sums, counts aggInput
	sums.resolve(r, partial[0])
	counts.resolve(r, partial[1])
	x, n := page.Values[types.IntervalValue](sums.base), page.Values[int64](counts.base)
	for k := range sums.n {
		g := sums.group(k)
		t, err := addIntervals(s.sum[g], x[sums.slot(k)])
		if err != nil {
			return err
		}
		s.sum[g] = t
		s.n[g] += n[counts.slot(k)]
	}
	return nil
}

func (s *sumInterval) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	return together(
		func() (*page.Vector, error) { return column(intervalType, ids, s.sum, nil, pool) },
		func() (*page.Vector, error) { return column(int64Type, ids, s.n, nil, pool) })
}

func (s *sumInterval) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	return finalColumn(intervalType, ids, len(s.n), pool, func(g int) (types.IntervalValue, bool, error) {
		if s.n[g] == 0 || !s.avg {
			return s.sum[g], s.n[g] > 0, nil
		}
		x, err := scaleInterval(s.sum[g], 1/float64(s.n[g]), float64(s.n[g]), true)
		return x, true, err
	})
}

func errIntervalRange() error {
	return sqlerr.New(sqlerr.DatetimeFieldOverflow, "interval out of range")
}

func addIntervals(a, b types.IntervalValue) (types.IntervalValue, error) {
	r := types.IntervalValue{Micros: a.Micros + b.Micros, Days: a.Days + b.Days, Months: a.Months + b.Months}
	if (a.Micros^r.Micros)&(b.Micros^r.Micros) < 0 || (a.Days^r.Days)&(b.Days^r.Days) < 0 || (a.Months^r.Months)&(b.Months^r.Months) < 0 {
		return r, errIntervalRange()
	}
	return r, nil
}

// scaleInterval multiplies by f, or divides by d when div is set. Fractions of
// a month become days of a 30-day month, fractions of a day become time.
func scaleInterval(a types.IntervalValue, f, d float64, div bool) (types.IntervalValue, error) {
	by := func(x float64) float64 {
		if div {
			return x / d
		}
		return x * f
	}
	months, days := by(float64(a.Months)), by(float64(a.Days))
	if math.IsNaN(months) || math.Abs(months) > math.MaxInt32 || math.Abs(days) > math.MaxInt32 {
		return a, errIntervalRange()
	}
	r := types.IntervalValue{Months: int32(months), Days: int32(days)}
	monthDays := roundMicros((months - float64(r.Months)) * 30)
	seconds := roundMicros((days - float64(r.Days) + monthDays - math.Trunc(monthDays)) * 86400)
	if math.Abs(seconds) >= 86400 {
		r.Days += int32(seconds / 86400)
		seconds -= math.Trunc(seconds/86400) * 86400
	}
	r.Days += int32(monthDays)
	micros := math.RoundToEven(by(float64(a.Micros)) + seconds*1e6)
	if math.IsNaN(micros) || math.Abs(micros) >= 1<<63 {
		return a, errIntervalRange()
	}
	r.Micros = int64(micros)
	return r, nil
}

// roundMicros rounds to six decimals, so that binary fractions do not show.
func roundMicros(x float64) float64 { return math.RoundToEven(x*1e6) / 1e6 }
