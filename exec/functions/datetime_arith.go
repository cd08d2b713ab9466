package functions

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// datetimeArithmetic is + - * / with dates, times and intervals.
func datetimeArithmetic() []*Scalar {
	d := func(example, result string) Doc {
		return Doc{Family: "datetime", Summary: "Arithmetic on dates, times and intervals.", Example: example, Result: result}
	}
	op := func(name string, a, b, ret types.Kind, doc Doc, bind func([]types.Type) (Kernel, error)) *Scalar {
		return &Scalar{Name: name, Doc: doc, Args: patterns(a, b), Return: returns(ret), Bind: bind, Volatility: zoneVolatility(ret)}
	}
	date, iv, ts, tz, tm := types.Date, types.Interval, types.Timestamp, types.TimestampTZ, types.Time
	out := []*Scalar{
		op("+", date, types.Int32, date, d("date '2024-02-28' + 2", "2024-03-01"), binary(addDays)),
		op("+", types.Int32, date, date, d("2 + date '2024-02-28'", "2024-03-01"), flipped(binary(addDays))),
		op("-", date, types.Int32, date, d("date '2024-03-01' - 1", "2024-02-29"), binary(func(x *Exec, a, n int32) (int32, error) { return subDays(a, n) })),
		op("-", date, date, types.Int32, d("date '2024-03-01' - date '2024-02-01'", "29"), binary(dateMinusDate)),
		op("+", date, iv, ts, d("date '2024-01-31' + interval '1 month'", "2024-02-29 00:00:00"), binary(datePlus(1))),
		op("+", iv, date, ts, d("interval '1 month' + date '2024-01-31'", "2024-02-29 00:00:00"), flipped(binary(datePlus(1)))),
		op("-", date, iv, ts, d("date '2024-03-31' - interval '1 month'", "2024-02-29 00:00:00"), binary(datePlus(-1))),
		op("+", ts, iv, ts, d("timestamp '2024-01-01 00:00:00' + interval '90 minutes'", "2024-01-01 01:30:00"), binary(timestampPlus(1))),
		op("+", iv, ts, ts, d("interval '1 day' + timestamp '2024-01-01 00:00:00'", "2024-01-02 00:00:00"), flipped(binary(timestampPlus(1)))),
		op("-", ts, iv, ts, d("timestamp '2024-01-01 00:00:00' - interval '1 second'", "2023-12-31 23:59:59"), binary(timestampPlus(-1))),
		op("+", tz, iv, tz, d("timestamptz '2024-01-01 00:00:00+00' + interval '1 day'", "2024-01-02 00:00:00+00"), binary(timestampTZPlus(1))),
		op("+", iv, tz, tz, d("interval '1 day' + timestamptz '2024-01-01 00:00:00+00'", "2024-01-02 00:00:00+00"), flipped(binary(timestampTZPlus(1)))),
		op("-", tz, iv, tz, d("timestamptz '2024-01-02 00:00:00+00' - interval '1 day'", "2024-01-01 00:00:00+00"), binary(timestampTZPlus(-1))),
		op("-", ts, ts, iv, d("timestamp '2024-01-03 06:00:00' - timestamp '2024-01-01 00:00:00'", "2 days 06:00:00"), binary(timestampMinus)),
		op("-", tz, tz, iv, d("timestamptz '2024-01-02 00:00:00+00' - timestamptz '2024-01-01 00:00:00+00'", "1 day"), binary(timestampMinus)),
		op("+", date, tm, ts, d("date '2024-01-01' + time '10:30'", "2024-01-01 10:30:00"), binary(datePlusTime)),
		op("+", tm, date, ts, d("time '10:30' + date '2024-01-01'", "2024-01-01 10:30:00"), flipped(binary(datePlusTime))),
		op("+", tm, iv, tm, d("time '23:30' + interval '1 hour'", "00:30:00"), binary(timePlus(1))),
		op("+", iv, tm, tm, d("interval '1 hour' + time '23:30'", "00:30:00"), flipped(binary(timePlus(1)))),
		op("-", tm, iv, tm, d("time '00:30' - interval '1 hour'", "23:30:00"), binary(timePlus(-1))),
		op("-", tm, tm, iv, d("time '10:30' - time '10:00'", "00:30:00"), binary(func(_ *Exec, a, b int64) (types.IntervalValue, error) {
			return types.IntervalValue{Micros: a - b}, nil
		})),
		op("+", iv, iv, iv, d("interval '1 day' + interval '2 hours'", "1 day 02:00:00"), binary(func(_ *Exec, a, b types.IntervalValue) (types.IntervalValue, error) {
			return addIntervals(a, b)
		})),
		op("-", iv, iv, iv, d("interval '1 day' - interval '2 hours'", "1 day -02:00:00"), binary(func(_ *Exec, a, b types.IntervalValue) (types.IntervalValue, error) {
			n, err := negInterval(b)
			if err != nil {
				return n, err
			}
			return addIntervals(a, n)
		})),
		op("*", iv, types.Float64, iv, d("interval '1 hour' * 1.5", "01:30:00"), binary(mulInterval)),
		op("*", types.Float64, iv, iv, d("1.5 * interval '1 hour'", "01:30:00"), flipped(binary(mulInterval))),
		op("/", iv, types.Float64, iv, d("interval '1 hour' / 4", "00:15:00"), binary(divInterval)),
	}
	return append(out, &Scalar{Name: "-", Doc: d("- interval '1 day'", "-1 days"), Args: patterns(iv), Return: returns(iv),
		Bind: unary(func(_ *Exec, a types.IntervalValue) (types.IntervalValue, error) { return negInterval(a) })})
}

// zoneVolatility: arithmetic on timestamptz goes through the session's zone.
func zoneVolatility(k types.Kind) Volatility {
	if k == types.TimestampTZ {
		return Stable
	}
	return Immutable
}

// flipped exchanges the two arguments of a kernel.
func flipped(bind func([]types.Type) (Kernel, error)) func([]types.Type) (Kernel, error) {
	return func(args []types.Type) (Kernel, error) {
		k, err := bind([]types.Type{args[1], args[0]})
		if err != nil {
			return nil, err
		}
		return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
			return k(x, []*page.Vector{args[1], args[0]})
		}, nil
	}
}

func errDateRange() error { return sqlerr.New(sqlerr.DatetimeFieldOverflow, "date out of range") }

func errTimestampRange() error {
	return sqlerr.New(sqlerr.DatetimeFieldOverflow, "timestamp out of range")
}

func addDays(_ *Exec, a, n int32) (int32, error) {
	if !types.IsFiniteDate(a) {
		return a, nil
	}
	r := int64(a) + int64(n)
	if r >= int64(types.DateInfinity) || !types.IsDate(r) {
		return 0, errDateRange()
	}
	return int32(r), nil
}

func subDays(a, n int32) (int32, error) {
	if !types.IsFiniteDate(a) {
		return a, nil
	}
	r := int64(a) - int64(n)
	if r >= int64(types.DateInfinity) || !types.IsDate(r) {
		return 0, errDateRange()
	}
	return int32(r), nil
}

func dateMinusDate(_ *Exec, a, b int32) (int32, error) {
	if !types.IsFiniteDate(a) || !types.IsFiniteDate(b) {
		return 0, sqlerr.New(sqlerr.DatetimeFieldOverflow, "cannot subtract infinite dates")
	}
	return a - b, nil
}

func negInterval(a types.IntervalValue) (types.IntervalValue, error) {
	r := types.IntervalValue{Micros: -a.Micros, Days: -a.Days, Months: -a.Months}
	if a.Micros != 0 && a.Micros == r.Micros || a.Days != 0 && a.Days == r.Days || a.Months != 0 && a.Months == r.Months {
		return r, errIntervalRange()
	}
	return r, nil
}

func mulInterval(_ *Exec, a types.IntervalValue, f float64) (types.IntervalValue, error) {
	return scaleInterval(a, f, 0, false)
}

func divInterval(_ *Exec, a types.IntervalValue, f float64) (types.IntervalValue, error) {
	if f == 0 {
		return a, types.ErrDivisionByZero()
	}
	return scaleInterval(a, 0, f, true)
}

// plusInterval adds sign times iv to a local timestamp: months first, the day
// cut to the month's length, then days, then time.
func plusInterval(ts int64, iv types.IntervalValue, sign int64) (int64, error) {
	if !types.IsFiniteTimestamp(ts) {
		return ts, nil
	}
	if iv.Months != 0 || iv.Days != 0 {
		days, micros := types.SplitMicros(ts)
		if iv.Months != 0 {
			y, m, d := types.CivilOfDays(days)
			months := y*12 + m - 1 + int(sign)*int(iv.Months)
			y, m = floorDiv(months, 12), months-floorDiv(months, 12)*12+1
			days = types.DaysOfCivil(y, m, min(d, types.DaysInMonth(y, m)))
		}
		days += int(sign) * int(iv.Days)
		if days < -4000000 || days > 200000000 {
			return 0, errTimestampRange()
		}
		ts = int64(days)*microsPerDay + micros
		if int64(days) != floorDiv64(ts, microsPerDay) {
			return 0, errTimestampRange()
		}
	}
	r := ts + sign*iv.Micros
	if step := sign * iv.Micros; (ts^r)&(step^r) < 0 || !types.IsFiniteTimestamp(r) || !types.IsTimestamp(r) {
		return 0, errTimestampRange()
	}
	return r, nil
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func floorDiv64(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func datePlus(sign int64) func(x *Exec, d int32, iv types.IntervalValue) (int64, error) {
	return func(_ *Exec, d int32, iv types.IntervalValue) (int64, error) {
		ts, err := dateToTimestamp(d)
		if err != nil {
			return 0, err
		}
		return plusInterval(ts, iv, sign)
	}
}

func timestampPlus(sign int64) func(x *Exec, ts int64, iv types.IntervalValue) (int64, error) {
	return func(_ *Exec, ts int64, iv types.IntervalValue) (int64, error) { return plusInterval(ts, iv, sign) }
}

// timestampTZPlus adds months and days on the wall clock of the session's zone.
func timestampTZPlus(sign int64) func(x *Exec, ts int64, iv types.IntervalValue) (int64, error) {
	return func(x *Exec, ts int64, iv types.IntervalValue) (int64, error) {
		if !types.IsFiniteTimestamp(ts) {
			return ts, nil
		}
		if iv.Months != 0 || iv.Days != 0 {
			z := x.Env.TimeZone()
			local, err := plusInterval(z.ToLocal(ts), types.IntervalValue{Days: iv.Days, Months: iv.Months}, sign)
			if err != nil {
				return 0, err
			}
			ts = z.ToUTC(local)
		}
		return plusInterval(ts, types.IntervalValue{Micros: iv.Micros}, sign)
	}
}

func timestampMinus(_ *Exec, a, b int64) (types.IntervalValue, error) {
	if !types.IsFiniteTimestamp(a) || !types.IsFiniteTimestamp(b) {
		return types.IntervalValue{}, sqlerr.New(sqlerr.DatetimeFieldOverflow, "cannot subtract infinite timestamps")
	}
	d := a - b
	if (a^b)&(a^d) < 0 {
		return types.IntervalValue{}, errIntervalRange()
	}
	days := d / microsPerDay
	return types.IntervalValue{Days: int32(days), Micros: d - days*microsPerDay}, nil
}

func datePlusTime(_ *Exec, d int32, t int64) (int64, error) {
	ts, err := dateToTimestamp(d)
	if err != nil || !types.IsFiniteDate(d) {
		return ts, err
	}
	if !types.IsTimestamp(ts + t) {
		return 0, errTimestampRange()
	}
	return ts + t, nil
}

func timePlus(sign int64) func(x *Exec, t int64, iv types.IntervalValue) (int64, error) {
	return func(_ *Exec, t int64, iv types.IntervalValue) (int64, error) {
		r := (t + sign*(iv.Micros%microsPerDay)) % microsPerDay
		if r < 0 {
			r += microsPerDay
		}
		return r, nil
	}
}
