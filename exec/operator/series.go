package operator

import (
	"context"
	"io"
	"math"
	"time"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// series gives the rows of generate_series.
type series struct {
	typ  types.Type
	next func() (types.Value, bool, error)
	pool page.Pool
	max  int
}

var _ Operator = (*series)(nil)

// NewSeries returns generate_series(start, stop, step) of an integer, numeric
// or timestamp type; zone is where days and months of a timestamp with time
// zone are counted. NULL in args gives no rows, a zero step is 22023.
func NewSeries(t types.Type, args []types.Value, zone *time.Location, pool page.Pool, rowsMax int) (Operator, error) {
	s := &series{typ: t, pool: pool, max: rowsMax}
	if len(args) == 2 {
		step := types.IntValue(1)
		if t.Kind == types.Numeric || t.Kind == types.Decimal {
			step = types.Value{N: types.Num{Coef: types.Int128{Lo: 1}}}
		}
		args = []types.Value{args[0], args[1], step}
	}
	for _, a := range args {
		if a.Null {
			return Empty(), nil
		}
	}
	zero := sqlerr.New(sqlerr.InvalidParameterValue, "step size cannot equal zero")
	switch {
	case t.IsInteger():
		if args[2].I == 0 {
			return nil, zero
		}
		s.next = intSeries(args[0].I, args[1].I, args[2].I)
	case t.Phys() == types.PhysNum:
		step := args[2].N
		if !args[0].N.IsFinite() || !args[1].N.IsFinite() || !step.IsFinite() {
			return nil, sqlerr.New(sqlerr.InvalidParameterValue, "start, stop and step of a series must be finite")
		}
		if step.Sign() == 0 {
			return nil, zero
		}
		s.next = numSeries(args[0].N, args[1].N, step)
	case t.Kind == types.Timestamp || t.Kind == types.TimestampTZ:
		step := args[2].Iv
		sign := step.Cmp(types.IntervalValue{})
		if sign == 0 {
			return nil, zero
		}
		if t.Kind == types.Timestamp || zone == nil {
			zone = time.UTC
		}
		s.next = timeSeries(args[0].I, args[1].I, step, sign, zone)
	default:
		return nil, sqlerr.Unsupported("generate_series of type %s", t)
	}
	return s, nil
}

func intSeries(at, stop, step int64) func() (types.Value, bool, error) {
	done := false
	return func() (types.Value, bool, error) {
		if done || step > 0 && at > stop || step < 0 && at < stop {
			return types.Value{}, false, nil
		}
		v := at
		if step > 0 && at > math.MaxInt64-step || step < 0 && at < math.MinInt64-step {
			done = true
		} else {
			at += step
		}
		return types.IntValue(v), true, nil
	}
}

func numSeries(at, stop, step types.Num) func() (types.Value, bool, error) {
	sign := step.Sign()
	return func() (types.Value, bool, error) {
		if c := at.Cmp(stop); c*sign > 0 {
			return types.Value{}, false, nil
		}
		v := at
		var err error
		at, err = at.Add(step)
		return types.Value{N: v}, true, err
	}
}

func timeSeries(at, stop int64, step types.IntervalValue, sign int, zone *time.Location) func() (types.Value, bool, error) {
	return func() (types.Value, bool, error) {
		if sign > 0 && at > stop || sign < 0 && at < stop {
			return types.Value{}, false, nil
		}
		v := at
		at = addInterval(at, step, zone)
		if !types.IsTimestamp(at) {
			return types.Value{}, false, sqlerr.New(sqlerr.DatetimeFieldOverflow, "timestamp out of range")
		}
		return types.IntValue(v), true, nil
	}
}

// addInterval adds months, then days, as calendar units of zone, then the rest.
func addInterval(ts int64, iv types.IntervalValue, zone *time.Location) int64 {
	if iv.Months != 0 || iv.Days != 0 {
		t := time.UnixMicro(ts).In(zone)
		y, m, d := t.Date()
		total := y*12 + int(m) - 1 + int(iv.Months)
		year, month := total/12, total%12
		if month < 0 {
			year, month = year-1, month+12
		}
		d = min(d, types.DaysInMonth(year, month+1)) + int(iv.Days)
		t = time.Date(year, time.Month(month+1), d, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
		ts = t.UnixMicro()
	}
	return ts + iv.Micros
}

func (s *series) Open(context.Context) error { return nil }

func (s *series) Next(ctx context.Context) (*page.Page, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	b := page.NewBuilder(s.typ, s.max, s.pool)
	for b.Len() < s.max {
		v, ok, err := s.next()
		if err != nil {
			b.Release()
			return nil, err
		}
		if !ok {
			break
		}
		b.AppendValue(v)
	}
	n := b.Len()
	if n == 0 {
		b.Release()
		return nil, io.EOF
	}
	v, err := b.Finish()
	if err != nil {
		return nil, err
	}
	return page.New(n, v), nil
}

func (s *series) Close() error { return nil }
