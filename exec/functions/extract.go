package functions

import (
	"strings"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// field is a part of a date, time or interval.
type field uint8

const (
	noField field = iota
	fieldMicroseconds
	fieldMilliseconds
	fieldSecond
	fieldMinute
	fieldHour
	fieldDay
	fieldWeek
	fieldMonth
	fieldQuarter
	fieldYear
	fieldDecade
	fieldCentury
	fieldMillennium
	fieldJulian
	fieldISOYear
	fieldDOW
	fieldISODOW
	fieldDOY
	fieldEpoch
	fieldTimezone
	fieldTimezoneHour
	fieldTimezoneMinute
)

var fieldNames = map[string]field{
	"microsecond": fieldMicroseconds, "microseconds": fieldMicroseconds, "us": fieldMicroseconds, "usec": fieldMicroseconds, "usecs": fieldMicroseconds,
	"millisecond": fieldMilliseconds, "milliseconds": fieldMilliseconds, "ms": fieldMilliseconds, "msec": fieldMilliseconds, "msecs": fieldMilliseconds,
	"second": fieldSecond, "seconds": fieldSecond, "s": fieldSecond, "sec": fieldSecond, "secs": fieldSecond,
	"minute": fieldMinute, "minutes": fieldMinute, "m": fieldMinute, "min": fieldMinute, "mins": fieldMinute,
	"hour": fieldHour, "hours": fieldHour, "h": fieldHour, "hr": fieldHour, "hrs": fieldHour,
	"day": fieldDay, "days": fieldDay, "d": fieldDay, "week": fieldWeek, "weeks": fieldWeek, "w": fieldWeek,
	"month": fieldMonth, "months": fieldMonth, "mon": fieldMonth, "mons": fieldMonth, "quarter": fieldQuarter, "qtr": fieldQuarter,
	"year": fieldYear, "years": fieldYear, "y": fieldYear, "yr": fieldYear, "yrs": fieldYear,
	"decade": fieldDecade, "decades": fieldDecade, "dec": fieldDecade, "decs": fieldDecade,
	"century": fieldCentury, "centuries": fieldCentury, "c": fieldCentury, "cent": fieldCentury,
	"millennium": fieldMillennium, "millennia": fieldMillennium, "mil": fieldMillennium, "mils": fieldMillennium,
	"julian": fieldJulian, "isoyear": fieldISOYear, "dow": fieldDOW, "isodow": fieldISODOW, "doy": fieldDOY, "epoch": fieldEpoch,
	"timezone": fieldTimezone, "timezone_hour": fieldTimezoneHour, "timezone_h": fieldTimezoneHour,
	"timezone_minute": fieldTimezoneMinute, "timezone_m": fieldTimezoneMinute,
}

func fieldOf(name []byte, k types.Kind) (field, error) {
	f := fieldNames[strings.ToLower(string(name))]
	if f == noField {
		return f, sqlerr.New(sqlerr.InvalidParameterValue, "unit \"%s\" not recognized for type %s", strings.ToLower(string(name)), k.ScalarName())
	}
	return f, nil
}

func errFieldUnsupported(name []byte, k types.Kind) error {
	return sqlerr.New(sqlerr.FeatureNotSupported, "unit \"%s\" not supported for type %s", strings.ToLower(string(name)), k.ScalarName())
}

func extracts() []*Scalar {
	var out []*Scalar
	for _, k := range []types.Kind{types.Date, types.Timestamp, types.TimestampTZ, types.Time, types.TimeTZ, types.Interval} {
		v := Immutable
		if k == types.TimestampTZ {
			v = Stable
		}
		example, result := extractExample(k)
		out = append(out, &Scalar{Name: "extract", Doc: Doc{Family: "datetime", Summary: "A field of a date, time or interval, as numeric: EXTRACT(field FROM value).", Example: example, Result: result},
			Args: patterns(types.Text, k), Return: returns(types.Numeric), Volatility: v, Bind: bindExtract(k, extractNum)})
		if k == types.Date {
			continue // date_part takes a date as a timestamp
		}
		out = append(out, &Scalar{Name: "date_part", Doc: Doc{Family: "datetime", Summary: "A field of a date, time or interval, as double precision.", Example: "date_part('year', timestamp '2024-02-29 10:00:00')", Result: "2024"},
			Args: patterns(types.Text, k), Return: returns(types.Float64), Volatility: v, Bind: bindExtract(k, extractFloat)})
	}
	return out
}

func extractExample(k types.Kind) (example, result string) {
	switch k {
	case types.Date:
		return "extract(year from date '2024-02-29')", "2024"
	case types.Timestamp:
		return "extract(second from timestamp '2024-02-29 10:11:12.5')", "12.500000"
	case types.TimestampTZ:
		return "extract(epoch from timestamptz '1970-01-02 00:00:00+00')", "86400.000000"
	case types.Time:
		return "extract(hour from time '10:11:12')", "10"
	case types.TimeTZ:
		return "extract(minute from timetz '10:11:12+00')", "11"
	}
	return "extract(month from interval '14 months')", "2"
}

// part computes field f of slot i: ok is false for NULL.
type part func(f field, i int) (n types.Num, ok bool, err error)

// bindExtract makes the kernel from the reader of a kind's fields.
func bindExtract(k types.Kind, make func(x *Exec, v *page.Vector, p part, name func(i int) (field, error)) (*page.Vector, error)) func([]types.Type) (Kernel, error) {
	return func([]types.Type) (Kernel, error) {
		return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
			names := stringInput(args[0])
			var last field
			var lastErr error
			var known string
			name := func(i int) (field, error) {
				if s := names.at(i); last == noField || string(s) != known {
					known = string(s)
					last, lastErr = fieldOf(s, k)
				}
				return last, lastErr
			}
			p := fieldReader(x, k, args[1])
			checked := func(f field, i int) (types.Num, bool, error) {
				n, ok, err := p(f, i)
				if err == errNoField {
					err = errFieldUnsupported(names.at(i), k)
				}
				return n, ok, err
			}
			return make(x, args[1], checked, name)
		}, nil
	}
}

func extractNum(x *Exec, _ *page.Vector, p part, name func(i int) (field, error)) (*page.Vector, error) {
	return nullable(x, func(i int) (types.Num, bool, error) {
		f, err := name(i)
		if err != nil {
			return types.Num{}, false, err
		}
		return p(f, i)
	})
}

func extractFloat(x *Exec, _ *page.Vector, p part, name func(i int) (field, error)) (*page.Vector, error) {
	return nullable(x, func(i int) (float64, bool, error) {
		f, err := name(i)
		if err != nil {
			return 0, false, err
		}
		n, ok, err := p(f, i)
		return n.Float64(), ok, err
	})
}

// nullable makes a fixed-width vector from a function that may give NULL.
func nullable[R page.Fixed](x *Exec, f func(i int) (R, bool, error)) (*page.Vector, error) {
	v, out, err := page.NewFixed[R](x.Type, x.N, x.Pool)
	if err != nil {
		return nil, err
	}
	var valid []byte
	err = x.each(func(i int) error {
		r, ok, err := f(i)
		if err != nil {
			return err
		}
		out[i] = r
		if ok {
			return nil
		}
		if valid == nil {
			if valid, err = v.NewValid(page.AllValid, x.Pool); err != nil {
				return err
			}
		}
		page.BitClear(valid, i)
		return nil
	})
	return orRelease(v, err)
}

func fieldReader(x *Exec, k types.Kind, v *page.Vector) part {
	switch k {
	case types.Date:
		a, m := input[int32](v)
		return func(f field, i int) (types.Num, bool, error) { return dateField(f, a[i&m]) }
	case types.Timestamp:
		a, m := input[int64](v)
		return func(f field, i int) (types.Num, bool, error) {
			if f >= fieldTimezone {
				return types.Num{}, false, errNoField
			}
			return timestampField(f, a[i&m], a[i&m])
		}
	case types.TimestampTZ:
		a, m := input[int64](v)
		z := x.Env.TimeZone()
		return func(f field, i int) (types.Num, bool, error) {
			ts := a[i&m]
			if !types.IsFiniteTimestamp(ts) {
				return timestampField(f, ts, ts)
			}
			if f >= fieldTimezone {
				return types.NumOf(zoneField(f, z.Offset(ts)/1e6)), true, nil
			}
			return timestampField(f, z.ToLocal(ts), ts)
		}
	case types.Time:
		a, m := input[int64](v)
		return func(f field, i int) (types.Num, bool, error) { return timeField(f, a[i&m]) }
	case types.TimeTZ:
		a, m := input[types.TimeTZValue](v)
		return func(f field, i int) (types.Num, bool, error) {
			t := a[i&m]
			if f >= fieldTimezone {
				return types.NumOf(zoneField(f, -int64(t.Zone))), true, nil
			}
			if f == fieldEpoch {
				return timeField(f, t.Micros+int64(t.Zone)*1e6)
			}
			return timeField(f, t.Micros)
		}
	}
	a, m := input[types.IntervalValue](v)
	return func(f field, i int) (types.Num, bool, error) { return intervalField(f, a[i&m]) }
}
