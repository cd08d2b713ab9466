package types

import (
	"math"
	"strconv"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// intervalSum adds up the fields of an interval, with overflow checks.
type intervalSum struct {
	years, months, days int32
	micros              int64
	overflow            bool
}

func (s *intervalSum) addMicros(v int64) {
	sum := s.micros + v
	if (s.micros^sum)&(v^sum) < 0 {
		s.overflow = true
	}
	s.micros = sum
}

func (s *intervalSum) add32(to *int32, v, scale int64) {
	if v != int64(int32(v)) {
		s.overflow = true
		return
	}
	sum := int64(*to) + v*scale
	if sum != int64(int32(sum)) {
		s.overflow = true
	}
	*to = int32(sum)
}

// addFraction adds a part of a unit of scale microseconds.
func (s *intervalSum) addFraction(frac, scale float64) {
	frac *= scale
	v := int64(frac)
	if rest := frac - float64(v); rest > 0.5 {
		v++
	} else if rest < -0.5 {
		v--
	}
	s.addMicros(v)
}

func (s *intervalSum) addTime(v int64, frac float64, scale int64) {
	p, ok := MulInt64(v, scale).Int64()
	if !ok {
		s.overflow = true
		return
	}
	s.addMicros(p)
	s.addFraction(frac, float64(scale))
}

func (s *intervalSum) addFractionOfDays(frac, scale float64) {
	frac *= scale
	d := int32(frac)
	s.add32(&s.days, int64(d), 1)
	s.addFraction(frac-float64(d), microsPerDay)
}

func (s *intervalSum) addYears(v int64, frac float64, scale int64) {
	s.add32(&s.years, v, scale)
	s.add32(&s.months, int64(math.RoundToEven(frac*float64(scale)*12)), 1)
}

func (s *intervalSum) negate() {
	if s.years == math.MinInt32 || s.months == math.MinInt32 || s.days == math.MinInt32 || s.micros == math.MinInt64 {
		s.overflow = true
	}
	s.years, s.months, s.days, s.micros = -s.years, -s.months, -s.days, -s.micros
}

// Units of an interval's numbers.
const (
	ivMicro = iota + 1
	ivMilli
	ivSecond
	ivMinute
	ivHour
	ivDay
	ivWeek
	ivMonth
	ivYear
	ivDecade
	ivCentury
	ivMillennium
	ivQuarter // of date_trunc only
	ivAgo
)

// intervalUnits are the words for units, of which ten letters count.
var intervalUnits = map[string]int{
	"ago": ivAgo, "c": ivCentury, "cent": ivCentury, "centuries": ivCentury, "century": ivCentury,
	"d": ivDay, "day": ivDay, "days": ivDay, "dec": ivDecade, "decade": ivDecade, "decades": ivDecade, "decs": ivDecade,
	"h": ivHour, "hour": ivHour, "hours": ivHour, "hr": ivHour, "hrs": ivHour,
	"m": ivMinute, "min": ivMinute, "mins": ivMinute, "minute": ivMinute, "minutes": ivMinute,
	"microsecon": ivMicro, "us": ivMicro, "usec": ivMicro, "usecond": ivMicro, "useconds": ivMicro, "usecs": ivMicro,
	"mil": ivMillennium, "millennia": ivMillennium, "millennium": ivMillennium, "mils": ivMillennium,
	"millisecon": ivMilli, "ms": ivMilli, "msec": ivMilli, "msecond": ivMilli, "mseconds": ivMilli, "msecs": ivMilli,
	"mon": ivMonth, "mons": ivMonth, "month": ivMonth, "months": ivMonth,
	"qtr": ivQuarter, "quarter": ivQuarter,
	"s": ivSecond, "sec": ivSecond, "second": ivSecond, "seconds": ivSecond, "secs": ivSecond,
	"w": ivWeek, "week": ivWeek, "weeks": ivWeek, "y": ivYear, "year": ivYear, "years": ivYear, "yr": ivYear, "yrs": ivYear,
}

// lastUnit is the unit of a number without one: the last field of a restricted
// type, else the second.
func lastUnit(fields int32) int {
	switch {
	case fields == 0 || fields&intervalSecond != 0:
		return ivSecond
	case fields&intervalMinute != 0:
		return ivMinute
	case fields&intervalHour != 0:
		return ivHour
	case fields&intervalDay != 0:
		return ivDay
	case fields&intervalMonth != 0:
		return ivMonth
	}
	return ivYear
}

// ParseInterval reads an interval in PostgreSQL's, SQL's or ISO 8601's form and
// restricts it to the fields and digits of t.
func ParseInterval(s string, t Type, f *Format) (IntervalValue, error) {
	var sum intervalSum
	e := sum.decode(s, t.S, f)
	if e == dtBadFormat {
		sum = intervalSum{}
		e = sum.decodeISO(s)
	}
	if e == dtOK && sum.overflow || e == dtOverflow {
		e = dtIntervalOverflow
	}
	if e != dtOK {
		return IntervalValue{}, errDatetime(e, "interval", s, "")
	}
	months := int64(sum.years)*12 + int64(sum.months)
	if months != int64(int32(months)) {
		return IntervalValue{}, errIntervalRange()
	}
	return FitInterval(IntervalValue{Months: int32(months), Days: sum.days, Micros: sum.micros}, t), nil
}

func errIntervalRange() error {
	return sqlerr.New(sqlerr.DatetimeFieldOverflow, "interval out of range")
}

// FitInterval cuts iv to the fields of t and rounds it to t's digits.
func FitInterval(iv IntervalValue, t Type) IntervalValue {
	switch t.S {
	case 0:
	case intervalYear:
		iv = IntervalValue{Months: iv.Months / 12 * 12}
	case intervalMonth, intervalYear | intervalMonth:
		iv = IntervalValue{Months: iv.Months}
	case intervalDay:
		iv.Micros = 0
	default:
		if t.S&intervalSecond == 0 {
			unit := int64(microsPerHour)
			if t.S&intervalMinute != 0 {
				unit = microsPerMinute
			}
			iv.Micros = iv.Micros / unit * unit
		}
	}
	iv.Micros = roundMicros(iv.Micros, t)
	return iv
}

// decode reads numbers and units from right to left, so that each unit comes
// before its number.
func (sum *intervalSum) decode(s string, restricted int32, f *Format) dtErr {
	var fields [dtFieldsMax]dtField
	n, ok := scanDatetime(s, &fields)
	if !ok || n == 0 {
		return dtBadFormat
	}
	negative := f != nil && f.Interval == IntervalSQLStandard && fields[0].text[0] == '-'
	for _, fl := range fields[1:n] {
		if fl.text[0] == '-' || fl.text[0] == '+' {
			negative = false
		}
	}
	seen, unit := 0, 0
	waiting, ago := false, false // a unit waits for its number
	for i := n - 1; i >= 0; i-- {
		text := fields[i].text
		got := 0
		switch fields[i].kind {
		case dtString, dtSpecial:
			u, ok := intervalUnits[text[:min(len(text), 10)]]
			if !ok || waiting {
				return dtBadFormat
			}
			if unit = u; u == ivAgo {
				ago = true
			} else {
				waiting = true
			}
			continue
		case dtTime, dtTZ:
			e, isTime := sum.clock(text, restricted, negative)
			if isTime {
				if e != dtOK {
					return e
				}
				got, unit, waiting = 7<<ivSecond, ivDay, false
				break
			}
			fallthrough
		default:
			if unit == 0 {
				unit = lastUnit(restricted)
			}
			var e dtErr
			if got, e = sum.number(text, &unit, negative); e != dtOK {
				return e
			}
			waiting = false
		}
		if got&seen != 0 {
			return dtBadFormat
		}
		seen |= got
	}
	if seen == 0 || waiting {
		return dtBadFormat
	}
	if ago {
		sum.negate()
	}
	return dtOK
}

// clock reads hh:mm, hh:mm:ss, mm:ss.fff, perhaps with a sign; isTime is false
// for a signed number.
func (sum *intervalSum) clock(s string, restricted int32, negative bool) (e dtErr, isTime bool) {
	sign := byte(0)
	if s[0] == '-' || s[0] == '+' {
		sign, s = s[0], s[1:]
	}
	micros, e := clockMicros(s, restricted)
	if sign != 0 && e != dtOK {
		return dtOK, false
	}
	if sign == '-' || negative && micros > 0 {
		micros = -micros
	}
	if e == dtOK {
		sum.addMicros(micros)
	}
	return e, true
}

func clockMicros(s string, restricted int32) (int64, dtErr) {
	var parts [3]int64
	n, frac := 0, int64(0)
	for rest := s; ; n++ {
		d := digitsPrefix(rest)
		if d > 0 {
			v, err := strconv.ParseInt(rest[:d], 10, 64)
			if err != nil || n > 0 && v > math.MaxInt32 {
				return 0, dtOverflow
			}
			parts[n] = v
		}
		if rest = rest[d:]; rest == "" {
			break
		}
		if rest[0] == '.' && n > 0 {
			p := dtParser{unit: 1e6}
			f, e := p.fraction(rest)
			if e != dtOK {
				return 0, e
			}
			if frac = int64(f); n == 1 {
				parts, n = [3]int64{0, parts[0], parts[1]}, 2
			}
			break
		}
		if rest[0] != ':' || n == 2 {
			return 0, dtBadFormat
		}
		rest = rest[1:]
		if n == 1 && rest == "" {
			n = 2
			break
		}
	}
	if n == 0 {
		return 0, dtBadFormat
	}
	if n == 1 && restricted == intervalMinute|intervalSecond {
		parts = [3]int64{0, parts[0], parts[1]}
	}
	if parts[1] > 59 || parts[2] > 60 {
		return 0, dtOverflow
	}
	rest := parts[1]*microsPerMinute + parts[2]*microsPerSecond + frac
	v, ok := MulInt64(parts[0], microsPerHour).AddInt64(rest).Int64()
	if !ok {
		return 0, dtOverflow
	}
	return v, dtOK
}

// number reads a number, or years-months, and adds it as unit.
func (sum *intervalSum) number(s string, unit *int, negative bool) (got int, e dtErr) {
	i := 0
	if s[0] == '-' || s[0] == '+' {
		i = 1
	}
	end := skipDigits(s, i)
	v := int64(0)
	if end > i {
		x, err := strconv.ParseInt(s[:end], 10, 64)
		if err != nil {
			return 0, dtOverflow
		}
		v = x
	}
	rest, frac := s[end:], 0.0
	switch {
	case rest == "":
	case rest[0] == '-':
		months, after, e := leadingInt(rest[1:])
		if e != dtOK || months < 0 || months > 11 {
			return 0, dtOverflow
		}
		if after != "" {
			return 0, dtBadFormat
		}
		if s[0] == '-' {
			months = -months
		}
		*unit = ivMonth
		p, ok := MulInt64(v, 12).AddInt64(int64(months)).Int64()
		if !ok {
			return 0, dtOverflow
		}
		v = p
	case rest[0] == '.' && skipDigits(rest, 1) == len(rest):
		if len(rest) > 1 {
			frac, _ = strconv.ParseFloat(rest, 64)
		}
		if s[0] == '-' {
			frac = -frac
		}
	default:
		return 0, dtBadFormat
	}
	if negative {
		v, frac = -abs64(v), -math.Abs(frac)
	}
	return sum.addUnit(v, frac, unit)
}

func (sum *intervalSum) addUnit(v int64, frac float64, unit *int) (got int, e dtErr) {
	got = 1 << *unit
	switch *unit {
	case ivMicro:
		sum.addTime(v, frac, 1)
	case ivMilli:
		sum.addTime(v, frac, 1000)
	case ivSecond:
		sum.addTime(v, frac, microsPerSecond)
		if frac != 0 {
			got |= 1<<ivMilli | 1<<ivMicro
		}
	case ivMinute:
		sum.addTime(v, frac, microsPerMinute)
	case ivHour:
		sum.addTime(v, frac, microsPerHour)
		*unit = ivDay
	case ivDay:
		sum.add32(&sum.days, v, 1)
		sum.addFraction(frac, microsPerDay)
	case ivWeek:
		sum.add32(&sum.days, v, 7)
		sum.addFractionOfDays(frac, 7)
	case ivMonth:
		sum.add32(&sum.months, v, 1)
		sum.addFractionOfDays(frac, 30)
	case ivYear:
		sum.addYears(v, frac, 1)
	case ivDecade:
		sum.addYears(v, frac, 10)
	case ivCentury:
		sum.addYears(v, frac, 100)
	case ivMillennium:
		sum.addYears(v, frac, 1000)
	default:
		return 0, dtBadFormat
	}
	return got, dtOK
}
