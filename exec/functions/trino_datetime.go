package functions

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// datetimeShorthands are the fields of dates as functions, and arithmetic in a
// named unit, as other analytic dialects write them.
func datetimeShorthands() []*Scalar {
	var out []*Scalar
	for _, c := range []struct {
		name, result string
		f            field
		aliases      []string
	}{
		{"year", "2024", fieldYear, nil}, {"quarter", "1", fieldQuarter, nil}, {"month", "2", fieldMonth, nil},
		{"week", "9", fieldWeek, []string{"week_of_year"}}, {"day", "29", fieldDay, []string{"day_of_month"}},
		{"day_of_week", "4", fieldISODOW, []string{"dow"}}, {"day_of_year", "60", fieldDOY, []string{"doy"}},
		{"year_of_week", "2024", fieldISOYear, []string{"yow"}}, {"hour", "10", fieldHour, nil}, {"minute", "11", fieldMinute, nil},
		{"second", "12", fieldSecond, nil}, {"millisecond", "500", fieldMilliseconds, nil},
	} {
		for _, k := range []types.Kind{types.Date, types.Timestamp, types.TimestampTZ, types.Time, types.Interval} {
			isTime := c.f == fieldHour || c.f == fieldMinute || c.f == fieldSecond || c.f == fieldMilliseconds
			if k == types.Date && isTime || k == types.Time && !isTime || k == types.Interval && c.f > fieldDay && c.f != fieldMonth && c.f != fieldYear {
				continue
			}
			v := Immutable
			if k == types.TimestampTZ {
				v = Stable
			}
			out = append(out, &Scalar{Name: c.name, Aliases: c.aliases, Volatility: v, Args: patterns(k), Return: returns(types.Int64), Bind: bindField(k, c.f),
				Doc: Doc{Family: "datetime", Summary: "The " + c.name + " of a date or time.", Example: c.name + "(timestamp '2024-02-29 10:11:12.5')", Result: c.result}})
		}
	}
	return append(out, unitArithmetic()...)
}

func bindField(k types.Kind, f field) func([]types.Type) (Kernel, error) {
	return func([]types.Type) (Kernel, error) {
		return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
			p := fieldReader(x, k, args[0])
			return nullable(x, func(i int) (int64, bool, error) {
				n, ok, err := p(f, i)
				if err == errNoField {
					err = errFieldUnsupported(nil, k)
				}
				if !ok || err != nil || !n.IsFinite() {
					return 0, false, err
				}
				c, _ := n.Coef.TruncPow10(int(n.Scale)).Int64()
				if f == fieldMilliseconds {
					c %= 1000
				}
				return c, true, nil
			})
		}, nil
	}
}

// unitArithmetic is date_add, date_diff and last_day_of_month.
func unitArithmetic() []*Scalar {
	var out []*Scalar
	for _, k := range []types.Kind{types.Date, types.Timestamp, types.TimestampTZ} {
		v, sample := Immutable, map[types.Kind][2]string{
			types.Date: {"date", "2024-03-31"}, types.Timestamp: {"timestamp", "2024-03-31 00:00:00"}, types.TimestampTZ: {"timestamptz", ""}}[k]
		if k == types.TimestampTZ {
			v = Stable
		}
		add := Doc{Family: "datetime", Summary: "A time plus a number of units.", Example: "date_add('month', 1, " + sample[0] + " '2024-02-29')", Result: "2024-03-29" + sample[1][min(10, len(sample[1])):]}
		diff := Doc{Family: "datetime", Summary: "The whole units from one time to another.", Example: "date_diff('day', " + sample[0] + " '2024-02-01', " + sample[0] + " '2024-03-01')", Result: "29"}
		if k == types.TimestampTZ {
			add.Example, add.Result = "date_add('day', 1, timestamptz '2024-02-28 12:00:00') = timestamptz '2024-02-29 12:00:00'", "t"
		}
		out = append(out,
			&Scalar{Name: "date_add", Doc: add, Volatility: v, Args: patterns(types.Text, types.Int64, k), Return: returns(k), Bind: bindDateAdd(k)},
			&Scalar{Name: "date_diff", Aliases: []string{"datediff"}, Doc: diff, Volatility: v, Args: patterns(types.Text, k, k), Return: returns(types.Int64), Bind: bindDateDiff(k)},
			&Scalar{Name: "last_day_of_month", Aliases: []string{"last_day"}, Volatility: v, Args: patterns(k), Return: returns(types.Date), Bind: bindLastDay(k),
				Doc: Doc{Family: "datetime", Summary: "The last day of the month of a date.", Example: "last_day_of_month(date '2024-02-10')", Result: "2024-02-29"}})
	}
	return out
}

// localInput gives dates and timestamps as microseconds on the wall clock.
func localInput(x *Exec, k types.Kind, v *page.Vector) func(i int) int64 {
	if k == types.Date {
		a, m := input[int32](v)
		return func(i int) int64 {
			ts, _ := dateToTimestamp(a[i&m])
			return ts
		}
	}
	a, m := input[int64](v)
	if k == types.TimestampTZ {
		return func(i int) int64 { return toLocal(x, a[i&m]) }
	}
	return func(i int) int64 { return a[i&m] }
}

// unitInterval is n units as an interval.
func unitInterval(f field, n int64) (types.IntervalValue, bool) {
	months, days, micros := int64(0), int64(0), int64(0)
	switch f {
	case fieldMicroseconds:
		micros = 1
	case fieldMilliseconds:
		micros = 1e3
	case fieldSecond:
		micros = 1e6
	case fieldMinute:
		micros = 60e6
	case fieldHour:
		micros = 3600e6
	case fieldDay:
		days = 1
	case fieldWeek:
		days = 7
	case fieldMonth:
		months = 1
	case fieldQuarter:
		months = 3
	default:
		months = 12
	}
	total, ok := types.MulInt64(n, max(months, days, micros)).Int64()
	iv := types.IntervalValue{}
	switch {
	case months > 0:
		iv.Months, ok = int32(total), ok && total == int64(int32(total))
	case days > 0:
		iv.Days, ok = int32(total), ok && total == int64(int32(total))
	default:
		iv.Micros = total
	}
	return iv, ok
}

func bindDateAdd(k types.Kind) func([]types.Type) (Kernel, error) {
	return func(ts []types.Type) (Kernel, error) {
		add := func(x *Exec, args []*page.Vector) func(i int) (int64, error) {
			unit, n, a := fieldArg(args[0], k), intInput(args[1]), localInput(x, k, args[2])
			return func(i int) (int64, error) {
				f, err := unit(i)
				if err != nil {
					return 0, err
				}
				iv, ok := unitInterval(f, n(i))
				if !ok {
					return 0, errIntervalRange()
				}
				if k == types.TimestampTZ {
					return timestampTZPlus(1)(x, page.Get[int64](args[2], i), iv)
				}
				return plusInterval(a(i), iv, 1)
			}
		}
		if k != types.Date {
			return fixedOf(add)(ts)
		}
		return fixedOf(func(x *Exec, args []*page.Vector) func(i int) (int32, error) {
			g := add(x, args)
			return func(i int) (int32, error) {
				r, err := g(i)
				return timestampToDate(r), err
			}
		})(ts)
	}
}

func bindDateDiff(k types.Kind) func([]types.Type) (Kernel, error) {
	return fixedOf(func(x *Exec, args []*page.Vector) func(i int) (int64, error) {
		unit, a, b := fieldArg(args[0], k), localInput(x, k, args[1]), localInput(x, k, args[2])
		return func(i int) (int64, error) {
			f, err := unit(i)
			if err != nil {
				return 0, err
			}
			from, to := a(i), b(i)
			if iv, _ := unitInterval(f, 1); iv.Months == 0 {
				return (to - from) / (int64(iv.Days)*microsPerDay + iv.Micros), nil
			} else {
				return monthsBetween(from, to) / int64(iv.Months), nil
			}
		}
	})
}

// monthsBetween counts whole months.
func monthsBetween(from, to int64) int64 {
	sign := int64(1)
	if from > to {
		from, to, sign = to, from, -1
	}
	d1, t1 := types.SplitMicros(from)
	d2, t2 := types.SplitMicros(to)
	y1, m1, x1 := types.CivilOfDays(d1)
	y2, m2, x2 := types.CivilOfDays(d2)
	n := int64((y2-y1)*12 + m2 - m1)
	if last := types.DaysInMonth(y2, m2); n > 0 && (x2 < x1 && x2 != last || x2 == x1 && t2 < t1) {
		n--
	}
	return sign * n
}

func bindLastDay(k types.Kind) func([]types.Type) (Kernel, error) {
	return fixedOf(func(x *Exec, args []*page.Vector) func(i int) (int32, error) {
		a := localInput(x, k, args[0])
		return func(i int) (int32, error) {
			ts := a(i)
			if !types.IsFiniteTimestamp(ts) {
				return timestampToDate(ts), nil
			}
			d, _ := types.SplitMicros(ts)
			y, m, _ := types.CivilOfDays(d)
			return int32(types.DaysOfCivil(y, m, types.DaysInMonth(y, m))), nil
		}
	})
}
