package types

import (
	"strings"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// AddMonths moves a wall clock by calendar months; a day that the target month
// has not becomes its last one. The result may be out of range.
func AddMonths(ts, months int64) int64 {
	days, micros := SplitMicros(ts)
	y, m, d := CivilOfDays(days)
	n := int64(y)*12 + int64(m-1) + months
	y = int(floorDiv64(n, 12))
	m = int(n-int64(y)*12) + 1
	return int64(DaysOfCivil(y, m, min(d, DaysInMonth(y, m))))*microsPerDay + micros
}

// AddInterval returns ts + iv by the calendar: months, then days, then time.
func AddInterval(ts int64, iv IntervalValue) (int64, error) {
	if !IsFiniteTimestamp(ts) {
		return ts, nil
	}
	if iv.Months != 0 {
		if y := ts/(365*microsPerDay) + int64(iv.Months)/12; y < -10_000 || y > 300_000 {
			return 0, errTimestampRange()
		}
		if ts = AddMonths(ts, int64(iv.Months)); !IsTimestamp(ts) {
			return 0, errTimestampRange()
		}
	}
	sum := MulInt64(int64(iv.Days), microsPerDay).AddInt64(ts)
	if iv.Days != 0 && (!sum.IsInt64() || !IsTimestamp(int64(sum.Lo))) {
		return 0, errTimestampRange()
	}
	sum = sum.AddInt64(iv.Micros)
	if !sum.IsInt64() || !IsTimestamp(int64(sum.Lo)) || !IsFiniteTimestamp(int64(sum.Lo)) {
		return 0, errTimestampRange()
	}
	return int64(sum.Lo), nil
}

// AddIntervalTZ is AddInterval for an instant: months and days are counted on
// the wall clock of z, the time on the instant.
func AddIntervalTZ(ts int64, iv IntervalValue, z *Zone) (int64, error) {
	if !IsFiniteTimestamp(ts) {
		return ts, nil
	}
	if iv.Months != 0 {
		local, err := AddInterval(z.ToLocal(ts), IntervalValue{Months: iv.Months})
		if err != nil {
			return 0, err
		}
		ts = z.ToUTC(local)
	}
	if iv.Days != 0 {
		local, err := AddInterval(z.ToLocal(ts), IntervalValue{Days: iv.Days})
		if err != nil {
			return 0, err
		}
		ts = z.ToUTC(local)
	}
	return AddInterval(ts, IntervalValue{Micros: iv.Micros})
}

// Neg returns -iv and whether it fits.
func (iv IntervalValue) Neg() (IntervalValue, bool) {
	n := IntervalValue{Months: -iv.Months, Days: -iv.Days, Micros: -iv.Micros}
	ok := (n.Months != iv.Months || n.Months == 0) && (n.Days != iv.Days || n.Days == 0) && (n.Micros != iv.Micros || n.Micros == 0)
	return n, ok
}

// Age returns a - b in years, months, days and time: SQL's age(a, b) of two
// wall clocks.
func Age(a, b int64) (IntervalValue, error) {
	if !IsFiniteTimestamp(a) || !IsFiniteTimestamp(b) {
		return IntervalValue{}, errTimestampRange()
	}
	late, early, neg := a, b, false
	if a < b {
		late, early, neg = b, a, true
	}
	d1, t1 := SplitMicros(late)
	d2, t2 := SplitMicros(early)
	y1, m1, day1 := CivilOfDays(d1)
	y2, m2, day2 := CivilOfDays(d2)
	micros, days, months := t1-t2, day1-day2, (y1-y2)*12+m1-m2
	if micros < 0 {
		micros += microsPerDay
		days--
	}
	for days < 0 {
		days += DaysInMonth(y2, m2) // of the earlier month
		months--
	}
	iv := IntervalValue{Months: int32(months), Days: int32(days), Micros: micros}
	if neg {
		iv, _ = iv.Neg()
	}
	return iv, nil
}

// JustifyHours turns 24 hours into days.
func (iv IntervalValue) JustifyHours() (IntervalValue, error) {
	days := iv.Micros / microsPerDay
	iv.Micros -= days * microsPerDay
	days += int64(iv.Days)
	if days > 0 && iv.Micros < 0 {
		days, iv.Micros = days-1, iv.Micros+microsPerDay
	} else if days < 0 && iv.Micros > 0 {
		days, iv.Micros = days+1, iv.Micros-microsPerDay
	}
	iv.Days = int32(days)
	if int64(iv.Days) != days {
		return IntervalValue{}, errIntervalRange()
	}
	return iv, nil
}

// JustifyDays turns 30 days into months.
func (iv IntervalValue) JustifyDays() (IntervalValue, error) {
	months := int64(iv.Months) + int64(iv.Days/30)
	iv.Days %= 30
	if months > 0 && iv.Days < 0 {
		months, iv.Days = months-1, iv.Days+30
	} else if months < 0 && iv.Days > 0 {
		months, iv.Days = months+1, iv.Days-30
	}
	iv.Months = int32(months)
	if int64(iv.Months) != months {
		return IntervalValue{}, errIntervalRange()
	}
	return iv, nil
}

// Justify does both and gives all parts one sign.
func (iv IntervalValue) Justify() (IntervalValue, error) {
	months, days, micros := int64(iv.Months), int64(iv.Days), iv.Micros
	days, micros = days+micros/microsPerDay, micros%microsPerDay
	months, days = months+days/30, days%30
	if months > 0 && (days < 0 || days == 0 && micros < 0) {
		months, days = months-1, days+30
	} else if months < 0 && (days > 0 || days == 0 && micros > 0) {
		months, days = months+1, days-30
	}
	if days > 0 && micros < 0 {
		days, micros = days-1, micros+microsPerDay
	} else if days < 0 && micros > 0 {
		days, micros = days+1, micros-microsPerDay
	}
	if months != int64(int32(months)) {
		return IntervalValue{}, errIntervalRange()
	}
	return IntervalValue{Months: int32(months), Days: int32(days), Micros: micros}, nil
}

// TruncUnit is a unit that date_trunc knows.
type TruncUnit int

// TruncUnitOf reads a unit's name for a value of t.
func TruncUnitOf(name string, t Type) (TruncUnit, error) {
	w := strings.ToLower(name)
	u, ok := intervalUnits[w[:min(len(w), 10)]]
	switch {
	case ok && u != ivAgo && !(u == ivWeek && t.Kind == Interval):
		return TruncUnit(u), nil
	case ok && u == ivWeek:
		return 0, sqlerr.Unsupported("unit \"%s\" not supported for type %s", name, t).
			WithDetail("Months usually have fractional weeks.")
	case extractOnly[w]:
		return 0, sqlerr.Unsupported("unit \"%s\" not supported for type %s", name, t)
	}
	return 0, sqlerr.New(sqlerr.InvalidParameterValue, "unit \"%s\" not recognized for type %s", name, t)
}

// extractOnly are the units that name an offset: nothing can be cut to them.
var extractOnly = map[string]bool{"timezone": true, "timezone_h": true, "timezone_m": true, "timezone_hour": true, "timezone_minute": true}

// truncYear returns the first year of the decade, century or millennium of y;
// centuries begin with year 1, and year 0 is 1 BC.
func truncYear(y int, u TruncUnit) int {
	switch u {
	case ivDecade:
		if y > 0 {
			return y / 10 * 10
		}
		return -((8 - (y - 1)) / 10) * 10
	case ivCentury, ivMillennium:
		n := 100
		if u == ivMillennium {
			n = 1000
		}
		if y > 0 {
			return (y+n-1)/n*n - n + 1
		}
		return -((n-1-(y-1))/n)*n + 1
	}
	return y
}

// TruncDays cuts a date to a unit of a day or more.
func TruncDays(days int, u TruncUnit) int {
	switch u {
	case ivDay:
		return days
	case ivWeek:
		return days - (Weekday(days)+6)%7
	}
	y, m, _ := CivilOfDays(days)
	switch u {
	case ivMonth:
	case ivQuarter:
		m = (m-1)/3*3 + 1
	default:
		y, m = truncYear(y, u), 1
	}
	return DaysOfCivil(y, m, 1)
}

// IsTime reports whether the unit is shorter than a day.
func (u TruncUnit) IsTime() bool { return u < ivDay }

// micros returns the length of a unit shorter than a day.
func (u TruncUnit) micros() int64 {
	switch u {
	case ivMilli:
		return 1000
	case ivSecond:
		return microsPerSecond
	case ivMinute:
		return microsPerMinute
	case ivHour:
		return microsPerHour
	}
	return 1
}

// TruncTimestamp cuts a wall clock to a unit: date_trunc.
func TruncTimestamp(ts int64, u TruncUnit) (int64, error) {
	if !IsFiniteTimestamp(ts) {
		return ts, nil
	}
	if u.IsTime() {
		return floorDiv64(ts, u.micros()) * u.micros(), nil
	}
	days, _ := SplitMicros(ts)
	days = TruncDays(days, u)
	if days < minDate {
		return 0, errTimestampRange()
	}
	return int64(days) * microsPerDay, nil
}

// TruncTimestampTZ cuts an instant on the wall clock of z; the offset of the
// result is found anew where the unit is a day or more.
func TruncTimestampTZ(ts int64, u TruncUnit, z *Zone) (int64, error) {
	if !IsFiniteTimestamp(ts) {
		return ts, nil
	}
	east := z.Offset(ts)
	local, err := TruncTimestamp(ts+east, u)
	if err != nil || u.IsTime() {
		return local - east, err
	}
	return z.ToUTC(local), nil
}

// TruncInterval cuts an interval to a unit.
func TruncInterval(iv IntervalValue, u TruncUnit) IntervalValue {
	months := int32(0)
	switch u {
	case ivMonth:
		months = 1
	case ivQuarter:
		months = 3
	case ivYear:
		months = 12
	case ivDecade:
		months = 120
	case ivCentury:
		months = 1200
	case ivMillennium:
		months = 12000
	case ivDay:
		iv.Micros = 0
		return iv
	default:
		iv.Micros -= iv.Micros % u.micros()
		return iv
	}
	return IntervalValue{Months: iv.Months / months * months}
}
