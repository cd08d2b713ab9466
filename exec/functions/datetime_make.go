package functions

import (
	"math"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// datetimeFunctions is what makes, cuts and compares dates and times.
func datetimeFunctions() []*Scalar {
	d := func(name, says, example, result string, v Volatility, args []Pattern, ret types.Kind, bind func([]types.Type) (Kernel, error), aliases ...string) *Scalar {
		return &Scalar{Name: name, Aliases: aliases, Doc: Doc{Family: "datetime", Summary: says, Example: example, Result: result},
			Args: args, Return: returns(ret), Volatility: v, Bind: bind}
	}
	ts, tz, date, iv, text := types.Timestamp, types.TimestampTZ, types.Date, types.Interval, types.Text
	i4, f8 := types.Int32, types.Float64
	truncDoc := "The start of the year, month, day, … that a time lies in."
	out := []*Scalar{
		d("date_trunc", truncDoc, "date_trunc('month', timestamp '2024-02-29 10:11:12')", "2024-02-01 00:00:00", Immutable, patterns(text, ts), ts, bindTrunc(truncTimestamp)),
		d("date_trunc", truncDoc, "date_trunc('hour', timestamptz '2024-02-29 10:11:12+00') = '2024-02-29 10:00:00+00'", "t", Stable, patterns(text, tz), tz, bindTrunc(truncInstant)),
		d("date_trunc", truncDoc, "date_trunc('day', timestamptz '2024-02-29 10:11:12+00', 'UTC') = '2024-02-29 00:00:00+00'", "t", Immutable, patterns(text, tz, text), tz, bindTruncZone),
		d("date_trunc", "The interval without the parts smaller than a unit.", "date_trunc('hour', interval '2 days 03:02:01')", "2 days 03:00:00", Immutable, patterns(text, iv), iv, bindTruncInterval),
		d("date_bin", "The start of the bin of a width, counted from an origin, that a time lies in.", "date_bin('15 minutes', timestamp '2024-02-29 10:37:00', timestamp '2024-01-01')", "2024-02-29 10:30:00", Immutable, patterns(iv, ts, ts), ts, bindDateBin),
		d("date_bin", "The start of the bin of a width, counted from an origin, that a time lies in.", "date_bin('1 day', timestamptz '2024-02-29 10:37:00+00', timestamptz '2024-01-01 00:00:00+00') = '2024-02-29 00:00:00+00'", "t", Immutable, patterns(iv, tz, tz), tz, bindDateBin),
		d("age", "The years, months and days between two times.", "age(timestamp '2024-03-01', timestamp '2023-12-25')", "2 mons 7 days", Immutable, patterns(ts, ts), iv, binary(func(_ *Exec, a, b int64) (types.IntervalValue, error) { return ageBetween(a, b) })),
		d("age", "The years, months and days between two times.", "age(timestamptz '2024-03-01 00:00:00+00', timestamptz '2024-02-28 00:00:00+00')", "2 days", Stable, patterns(tz, tz), iv, binary(func(x *Exec, a, b int64) (types.IntervalValue, error) {
			return ageBetween(toLocal(x, a), toLocal(x, b))
		})),
		d("age", "The years, months and days between a time and the start of today.", "age(current_date::timestamp)", "00:00:00", Stable, patterns(ts), iv, unary(func(x *Exec, a int64) (types.IntervalValue, error) { return ageBetween(today(x), a) })),
		d("make_date", "A date of year, month and day.", "make_date(2024, 2, 29)", "2024-02-29", Immutable, patterns(i4, i4, i4), date, bindMakeDate),
		d("make_time", "A time of hour, minute and second.", "make_time(8, 15, 23.5)", "08:15:23.5", Immutable, patterns(i4, i4, f8), types.Time, bindMakeTime),
		d("make_timestamp", "A timestamp of its parts.", "make_timestamp(2024, 2, 29, 8, 15, 23.5)", "2024-02-29 08:15:23.5", Immutable, patterns(i4, i4, i4, i4, i4, f8), ts, bindMakeTimestamp(false)),
		d("make_timestamptz", "A timestamp of its parts, in the session's zone.", "make_timestamptz(2024, 2, 29, 8, 15, 23.5)::timestamp", "2024-02-29 08:15:23.5", Stable, patterns(i4, i4, i4, i4, i4, f8), tz, bindMakeTimestamp(true)),
		{Name: "make_interval", Doc: Doc{Family: "datetime", Summary: "An interval of years, months, weeks, days, hours, minutes and seconds.", Example: "make_interval(1, 2, 0, 3, 4, 5, 6.5)", Result: "1 year 2 mons 3 days 04:05:06.5"},
			Args: patterns(i4, i4, i4, i4, i4, i4, f8), Optional: 7, Return: returns(iv), Bind: bindMakeInterval},
		d("to_timestamp", "The time of a number of seconds since 1970.", "to_timestamp(86400) = '1970-01-02 00:00:00+00'", "t", Immutable, patterns(f8), tz, unary(func(_ *Exec, s float64) (int64, error) { return fromEpoch(s) }), "from_unixtime"),
		d("to_unixtime", "The seconds since 1970.", "to_unixtime(timestamptz '1970-01-02 00:00:00+00')", "86400", Immutable, patterns(tz), f8, unary(func(_ *Exec, ts int64) (float64, error) { return float64(ts) / 1e6, nil })),
		d("timezone", "The wall clock of a zone at an instant: x AT TIME ZONE zone.", "timestamptz '2024-02-29 12:00:00+00' AT TIME ZONE 'America/New_York'", "2024-02-29 07:00:00", Immutable, patterns(text, tz), ts, bindZone((*types.Zone).ToLocal)),
		d("timezone", "The instant at which a zone's wall clock shows a time: x AT TIME ZONE zone.", "timestamp '2024-02-29 07:00:00' AT TIME ZONE 'America/New_York' = '2024-02-29 12:00:00+00'", "t", Immutable, patterns(text, ts), tz, bindZone((*types.Zone).ToUTC)),
		d("timezone", "The wall clock in the session's zone: x AT LOCAL.", "timezone(timestamptz '2024-02-29 12:00:00+00') = (timestamptz '2024-02-29 12:00:00+00')::timestamp", "t", Stable, patterns(tz), ts, unary(func(x *Exec, t int64) (int64, error) { return toLocal(x, t), nil })),
		d("timezone", "The instant in the session's zone: x AT LOCAL.", "timezone(timestamp '2024-02-29 12:00:00') = (timestamp '2024-02-29 12:00:00')::timestamptz", "t", Stable, patterns(ts), tz, unary(func(x *Exec, t int64) (int64, error) { return toUTC(x, t), nil })),
		d("isfinite", "Whether a date is not infinite.", "isfinite(date 'infinity')", "f", Immutable, patterns(date), types.Bool, unary(func(_ *Exec, a int32) (uint8, error) { return b2u(types.IsFiniteDate(a)), nil })),
		d("isfinite", "Whether a time is not infinite.", "isfinite(timestamp '2024-01-01')", "t", Immutable, patterns(ts), types.Bool, unary(func(_ *Exec, a int64) (uint8, error) { return b2u(types.IsFiniteTimestamp(a)), nil })),
		d("isfinite", "Whether a time is not infinite.", "isfinite(timestamptz '-infinity')", "f", Immutable, patterns(tz), types.Bool, unary(func(_ *Exec, a int64) (uint8, error) { return b2u(types.IsFiniteTimestamp(a)), nil })),
		d("isfinite", "Whether an interval is not infinite: always.", "isfinite(interval '1 day')", "t", Immutable, patterns(iv), types.Bool, unary(func(_ *Exec, _ types.IntervalValue) (uint8, error) { return 1, nil })),
		d("justify_days", "The interval with 30 days made a month.", "justify_days(interval '35 days')", "1 mon 5 days", Immutable, patterns(iv), iv, unary(func(_ *Exec, a types.IntervalValue) (types.IntervalValue, error) { return justifyDays(a), nil })),
		d("justify_hours", "The interval with 24 hours made a day.", "justify_hours(interval '27 hours')", "1 day 03:00:00", Immutable, patterns(iv), iv, unary(func(_ *Exec, a types.IntervalValue) (types.IntervalValue, error) { return justifyHours(a), nil })),
		d("justify_interval", "The interval with 24 hours made a day, 30 days a month and signs made alike.", "justify_interval(interval '1 mon -1 hour')", "29 days 23:00:00", Immutable, patterns(iv), iv, unary(func(_ *Exec, a types.IntervalValue) (types.IntervalValue, error) { return justifyInterval(a), nil })),
	}
	return append(out, overlapFunctions()...)
}

func today(x *Exec) int64 {
	ts := toLocal(x, x.Env.Now().UnixMicro())
	return floorDiv64(ts, microsPerDay) * microsPerDay
}

// fieldArg reads the unit in argument 0 of date_trunc, remembering the last one.
func fieldArg(v *page.Vector, k types.Kind) func(i int) (field, error) {
	names := stringInput(v)
	var known string
	var last field
	return func(i int) (field, error) {
		s := names.at(i)
		if last != noField && string(s) == known {
			return last, nil
		}
		f, err := fieldOf(s, k)
		if err != nil {
			return f, err
		}
		switch f {
		case fieldJulian, fieldISOYear, fieldDOW, fieldISODOW, fieldDOY, fieldEpoch, fieldTimezone, fieldTimezoneHour, fieldTimezoneMinute:
			return f, errFieldUnsupported(s, k)
		}
		known, last = string(s), f
		return f, nil
	}
}

func bindTrunc(trunc func(x *Exec, f field, ts int64) (int64, error)) func([]types.Type) (Kernel, error) {
	return func(ts []types.Type) (Kernel, error) {
		return fixedOf(func(x *Exec, args []*page.Vector) func(i int) (int64, error) {
			unit := fieldArg(args[0], ts[1].Kind)
			a, m := input[int64](args[1])
			return func(i int) (int64, error) {
				f, err := unit(i)
				if err != nil || !types.IsFiniteTimestamp(a[i&m]) {
					return a[i&m], err
				}
				return trunc(x, f, a[i&m])
			}
		})(ts)
	}
}

func truncTimestamp(_ *Exec, f field, ts int64) (int64, error) {
	unit := int64(0)
	switch f {
	case fieldMicroseconds:
		return ts, nil
	case fieldMilliseconds:
		unit = 1e3
	case fieldSecond:
		unit = 1e6
	case fieldMinute:
		unit = 60e6
	case fieldHour:
		unit = 3600e6
	case fieldDay:
		unit = microsPerDay
	default:
		days, _ := types.SplitMicros(ts)
		return int64(truncDay(f, days)) * microsPerDay, nil
	}
	return floorDiv64(ts, unit) * unit, nil
}

// truncDay returns the first day of the week, month, … of a day.
func truncDay(f field, days int) int {
	if f == fieldWeek {
		return days - (types.Weekday(days)+6)%7
	}
	y, m, _ := types.CivilOfDays(days)
	switch f {
	case fieldMonth:
		return types.DaysOfCivil(y, m, 1)
	case fieldQuarter:
		return types.DaysOfCivil(y, (m-1)/3*3+1, 1)
	case fieldDecade:
		y = floorDiv(y, 10) * 10
	case fieldCentury:
		y = floorDiv(y-1, 100)*100 + 1
	case fieldMillennium:
		y = floorDiv(y-1, 1000)*1000 + 1
	}
	return types.DaysOfCivil(y, 1, 1)
}

func truncInstant(x *Exec, f field, ts int64) (int64, error) {
	return truncInZone(x.Env.TimeZone(), f, ts)
}

// truncInZone cuts on the wall clock; units of a day and more begin with the day's own offset.
func truncInZone(z *types.Zone, f field, ts int64) (int64, error) {
	local := z.ToLocal(ts)
	r, err := truncTimestamp(nil, f, local)
	if err != nil {
		return 0, err
	}
	if f <= fieldHour { // shorter than an offset changes: keep the one of ts
		return r - (local - ts), nil
	}
	return z.ToUTC(r), nil
}

func bindTruncZone(ts []types.Type) (Kernel, error) {
	return fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (int64, error) {
		unit, zone := fieldArg(args[0], types.TimestampTZ), zoneArg(args[2])
		a, m := input[int64](args[1])
		return func(i int) (int64, error) {
			f, err := unit(i)
			if err != nil || !types.IsFiniteTimestamp(a[i&m]) {
				return a[i&m], err
			}
			z, err := zone(i)
			if err != nil {
				return 0, err
			}
			return truncInZone(z, f, a[i&m])
		}
	})(ts)
}

// zoneArg reads time zones by name, remembering the last one.
func zoneArg(v *page.Vector) func(i int) (*types.Zone, error) {
	names := stringInput(v)
	var known string
	var last *types.Zone
	return func(i int) (*types.Zone, error) {
		if s := names.at(i); last == nil || string(s) != known {
			z, err := types.LoadZone(string(s))
			if err != nil {
				return nil, err
			}
			known, last = string(s), z
		}
		return last, nil
	}
}

func bindZone(move func(z *types.Zone, ts int64) int64) func([]types.Type) (Kernel, error) {
	return fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (int64, error) {
		zone := zoneArg(args[0])
		a, m := input[int64](args[1])
		return func(i int) (int64, error) {
			z, err := zone(i)
			if err != nil {
				return 0, err
			}
			return move(z, a[i&m]), nil
		}
	})
}

func bindTruncInterval(ts []types.Type) (Kernel, error) {
	return fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (types.IntervalValue, error) {
		unit := fieldArg(args[0], types.Interval)
		a, m := input[types.IntervalValue](args[1])
		return func(i int) (types.IntervalValue, error) {
			f, err := unit(i)
			if err != nil {
				return a[i&m], err
			}
			if f == fieldWeek {
				return a[i&m], sqlerr.New(sqlerr.FeatureNotSupported, "unit \"week\" not supported for type interval").
					WithDetail("Months usually have fractional weeks.")
			}
			return truncInterval(f, a[i&m]), nil
		}
	})(ts)
}

func truncInterval(f field, iv types.IntervalValue) types.IntervalValue {
	months := func(n int32) types.IntervalValue { return types.IntervalValue{Months: iv.Months / n * n} }
	micros := func(n int64) types.IntervalValue {
		iv.Micros = iv.Micros / n * n
		return iv
	}
	switch f {
	case fieldMilliseconds:
		return micros(1e3)
	case fieldSecond:
		return micros(1e6)
	case fieldMinute:
		return micros(60e6)
	case fieldHour:
		return micros(3600e6)
	case fieldDay:
		iv.Micros = 0
		return iv
	case fieldMonth:
		return months(1)
	case fieldQuarter:
		return months(3)
	case fieldYear:
		return months(12)
	case fieldDecade:
		return months(120)
	case fieldCentury:
		return months(1200)
	case fieldMillennium:
		return months(12000)
	}
	return iv
}

var bindDateBin = fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (int64, error) {
	width, mw := input[types.IntervalValue](args[0])
	a, ma := input[int64](args[1])
	origin, mo := input[int64](args[2])
	return func(i int) (int64, error) {
		w, ts, from := width[i&mw], a[i&ma], origin[i&mo]
		if !types.IsFiniteTimestamp(ts) {
			return ts, nil
		}
		if !types.IsFiniteTimestamp(from) {
			return 0, sqlerr.New(sqlerr.DatetimeFieldOverflow, "origin out of range")
		}
		if w.Months != 0 {
			return 0, sqlerr.New(sqlerr.FeatureNotSupported, "timestamps cannot be binned into intervals containing months or years")
		}
		step := int64(w.Days)*microsPerDay + w.Micros
		if step <= 0 {
			return 0, sqlerr.New(sqlerr.DatetimeFieldOverflow, "stride must be greater than zero")
		}
		d := ts - from
		if (ts^from)&(ts^d) < 0 {
			return 0, errTimestampRange()
		}
		return from + floorDiv64(d, step)*step, nil
	}
})

// ageBetween counts whole months on the calendar, then days and time.
func ageBetween(a, b int64) (types.IntervalValue, error) {
	if !types.IsFiniteTimestamp(a) || !types.IsFiniteTimestamp(b) {
		return types.IntervalValue{}, sqlerr.New(sqlerr.DatetimeFieldOverflow, "cannot subtract infinite timestamps")
	}
	neg := a < b
	if neg {
		a, b = b, a
	}
	da, ta := types.SplitMicros(a)
	db, tb := types.SplitMicros(b)
	y1, m1, d1 := types.CivilOfDays(da)
	y2, m2, d2 := types.CivilOfDays(db)
	months, days, micros := (y1-y2)*12+m1-m2, d1-d2, ta-tb
	if micros < 0 {
		micros += microsPerDay
		days--
	}
	for days < 0 {
		days += types.DaysInMonth(y2, m2) // borrowed from the month of the earlier time
		months--
	}
	r := types.IntervalValue{Micros: micros, Days: int32(days), Months: int32(months)}
	if neg {
		r = types.IntervalValue{Micros: -micros, Days: -r.Days, Months: -r.Months}
	}
	return r, nil
}

func fromEpoch(s float64) (int64, error) {
	switch {
	case math.IsInf(s, 1):
		return types.TimestampInfinity, nil
	case math.IsInf(s, -1):
		return types.TimestampNegInfinity, nil
	}
	us := math.RoundToEven(s * 1e6)
	if math.IsNaN(us) || math.Abs(us) >= 1<<63 || !types.IsTimestamp(int64(us)) {
		return 0, sqlerr.New(sqlerr.DatetimeFieldOverflow, "timestamp out of range: \"%v\"", s)
	}
	return int64(us), nil
}

func justifyDays(a types.IntervalValue) types.IntervalValue {
	n := a.Days / 30
	a.Days, a.Months = a.Days-n*30, a.Months+n
	if a.Months > 0 && a.Days < 0 {
		a.Days, a.Months = a.Days+30, a.Months-1
	} else if a.Months < 0 && a.Days > 0 {
		a.Days, a.Months = a.Days-30, a.Months+1
	}
	return a
}

func justifyHours(a types.IntervalValue) types.IntervalValue {
	n := a.Micros / microsPerDay
	a.Micros, a.Days = a.Micros-n*microsPerDay, a.Days+int32(n)
	if a.Days > 0 && a.Micros < 0 {
		a.Micros, a.Days = a.Micros+microsPerDay, a.Days-1
	} else if a.Days < 0 && a.Micros > 0 {
		a.Micros, a.Days = a.Micros-microsPerDay, a.Days+1
	}
	return a
}

func justifyInterval(a types.IntervalValue) types.IntervalValue {
	n := a.Micros / microsPerDay
	a.Micros, a.Days = a.Micros-n*microsPerDay, a.Days+int32(n)
	m := a.Days / 30
	a.Days, a.Months = a.Days-m*30, a.Months+m
	if a.Months > 0 && (a.Days < 0 || a.Days == 0 && a.Micros < 0) {
		a.Days, a.Months = a.Days+30, a.Months-1
	} else if a.Months < 0 && (a.Days > 0 || a.Days == 0 && a.Micros > 0) {
		a.Days, a.Months = a.Days-30, a.Months+1
	}
	if a.Days > 0 && a.Micros < 0 {
		a.Micros, a.Days = a.Micros+microsPerDay, a.Days-1
	} else if a.Days < 0 && a.Micros > 0 {
		a.Micros, a.Days = a.Micros-microsPerDay, a.Days+1
	}
	return a
}

var bindMakeDate = fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (int32, error) {
	y, m, d := intInput(args[0]), intInput(args[1]), intInput(args[2])
	return func(i int) (int32, error) { return makeDate(y(i), m(i), d(i)) }
})

func makeDate(y, m, d int64) (int32, error) {
	year := y
	if y < 0 {
		year++ // -1 is 1 BC, which is year 0
	}
	if y == 0 || y > 5874897 || y < -4714 || m < 1 || m > 12 || d < 1 || int(d) > types.DaysInMonth(int(year), int(m)) {
		return 0, sqlerr.New(sqlerr.DatetimeFieldOverflow, "date field value out of range: %d-%02d-%02d", y, m, d)
	}
	days := types.DaysOfCivil(int(year), int(m), int(d))
	if !types.IsDate(int64(days)) {
		return 0, sqlerr.New(sqlerr.DatetimeFieldOverflow, "date out of range: %d-%02d-%02d", y, m, d)
	}
	return int32(days), nil
}

func makeTime(h, m int64, s float64) (int64, error) {
	us := math.RoundToEven(s * 1e6)
	if h < 0 || h > 24 || m < 0 || m > 59 || !(us >= 0 && us <= 60e6) || h == 24 && (m > 0 || us > 0) {
		return 0, sqlerr.New(sqlerr.DatetimeFieldOverflow, "time field value out of range: %d:%02d:%v", h, m, s)
	}
	return h*3600e6 + m*60e6 + int64(us), nil
}

var bindMakeTime = fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (int64, error) {
	h, m := intInput(args[0]), intInput(args[1])
	s, ms := input[float64](args[2])
	return func(i int) (int64, error) { return makeTime(h(i), m(i), s[i&ms]) }
})

func bindMakeTimestamp(zoned bool) func([]types.Type) (Kernel, error) {
	return fixedOf(func(x *Exec, args []*page.Vector) func(i int) (int64, error) {
		y, mo, d, h, mi := intInput(args[0]), intInput(args[1]), intInput(args[2]), intInput(args[3]), intInput(args[4])
		s, m := input[float64](args[5])
		return func(i int) (int64, error) {
			date, err := makeDate(y(i), mo(i), d(i))
			if err != nil {
				return 0, err
			}
			t, err := makeTime(h(i), mi(i), s[i&m])
			if err != nil {
				return 0, err
			}
			ts, err := dateToTimestamp(date)
			if err != nil || !types.IsTimestamp(ts+t) {
				return 0, errTimestampRange()
			}
			if zoned {
				return toUTC(x, ts+t), nil
			}
			return ts + t, nil
		}
	})
}

var bindMakeInterval = fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (types.IntervalValue, error) {
	var parts [6]func(i int) int64
	for k := range parts {
		parts[k] = func(int) int64 { return 0 }
		if k < len(args) {
			parts[k] = intInput(args[k])
		}
	}
	s, m := []float64{0}, 0
	if len(args) > 6 {
		s, m = input[float64](args[6])
	}
	return func(i int) (types.IntervalValue, error) {
		months, days := parts[0](i)*12+parts[1](i), parts[2](i)*7+parts[3](i)
		us := math.RoundToEven(s[i&m] * 1e6)
		if int64(int32(months)) != months || int64(int32(days)) != days || math.IsNaN(us) || math.Abs(us) > 1<<62 {
			return types.IntervalValue{}, errIntervalRange()
		}
		return types.IntervalValue{Months: int32(months), Days: int32(days), Micros: parts[4](i)*3600e6 + parts[5](i)*60e6 + int64(us)}, nil
	}
})
