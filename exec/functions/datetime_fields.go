package functions

import (
	"errors"

	"github.com/muster-sql/muster/connectors/spi/types"
)

// errNoField says that a kind has not the field; the caller names both.
var errNoField = errors.New("no such field")

func scaled(v int64, scale int32) (types.Num, bool, error) {
	return types.NumOfDecimal(types.Int128Of(v), scale), true, nil
}

func whole(v int) (types.Num, bool, error) { return types.NumOf(int64(v)), true, nil }

// zoneField takes an offset east of UTC in seconds apart.
func zoneField(f field, east int64) int64 {
	switch f {
	case fieldTimezoneHour:
		return east / 3600
	case fieldTimezoneMinute:
		return east / 60 % 60
	}
	return east
}

// infiniteField: fields that grow without end are infinite, the others unknown.
func infiniteField(f field, positive bool) (types.Num, bool, error) {
	switch f {
	case fieldYear, fieldDecade, fieldCentury, fieldMillennium, fieldJulian, fieldISOYear, fieldEpoch:
		if positive {
			return types.Num{Scale: types.NumInf}, true, nil
		}
		return types.Num{Scale: types.NumNegInf}, true, nil
	}
	return types.Num{}, false, nil
}

func dateField(f field, d int32) (types.Num, bool, error) {
	switch f {
	case fieldMicroseconds, fieldMilliseconds, fieldSecond, fieldMinute, fieldHour, fieldTimezone, fieldTimezoneHour, fieldTimezoneMinute:
		return types.Num{}, false, errNoField
	}
	if !types.IsFiniteDate(d) {
		return infiniteField(f, d > 0)
	}
	switch f {
	case fieldEpoch:
		return types.NumOf(int64(d) * 86400), true, nil
	case fieldJulian:
		return whole(int(d) + julianEpoch)
	}
	return dayField(f, int(d))
}

const julianEpoch = 2440588

// dayField computes the fields that depend on the day alone.
func dayField(f field, days int) (types.Num, bool, error) {
	switch f {
	case fieldDOW:
		return whole(types.Weekday(days))
	case fieldISODOW:
		return whole((types.Weekday(days)+6)%7 + 1)
	case fieldWeek:
		_, w := types.ISOWeek(days)
		return whole(w)
	case fieldISOYear:
		y, _ := types.ISOWeek(days)
		if y <= 0 {
			y--
		}
		return whole(y)
	}
	y, m, d := types.CivilOfDays(days)
	switch f {
	case fieldDay:
		return whole(d)
	case fieldMonth:
		return whole(m)
	case fieldQuarter:
		return whole((m-1)/3 + 1)
	case fieldDOY:
		return whole(days - types.DaysOfCivil(y, 1, 1) + 1)
	case fieldYear:
		if y <= 0 {
			y-- // there is no year 0: it is 1 BC
		}
		return whole(y)
	case fieldDecade:
		return whole(floorDiv(y, 10))
	case fieldCentury:
		return whole(spanOf(y, 100))
	case fieldMillennium:
		return whole(spanOf(y, 1000))
	}
	return types.Num{}, false, errNoField
}

// spanOf counts centuries and millennia, of which there is no zeroth one.
func spanOf(y, n int) int {
	if y > 0 {
		return (y + n - 1) / n
	}
	return -((n - y) / n)
}

// timestampField computes a field of a timestamp on the wall clock; utc counts for the epoch.
func timestampField(f field, local, utc int64) (types.Num, bool, error) {
	if !types.IsFiniteTimestamp(local) {
		return infiniteField(f, local > 0)
	}
	days, micros := types.SplitMicros(local)
	switch f {
	case fieldEpoch:
		return scaled(utc, 6)
	case fieldJulian:
		frac, err := types.NumOf(micros).Div(types.NumOf(microsPerDay))
		if err != nil {
			return frac, false, err
		}
		n, err := types.NumOf(int64(days + julianEpoch)).Add(frac)
		return n, true, err
	case fieldMicroseconds, fieldMilliseconds, fieldSecond, fieldMinute, fieldHour:
		return timeField(f, micros)
	}
	return dayField(f, days)
}

// timeField computes a field of a time of day, or of the time part of an interval.
func timeField(f field, micros int64) (types.Num, bool, error) {
	ofMinute := micros % 60e6
	switch f {
	case fieldMicroseconds:
		return scaled(ofMinute, 0)
	case fieldMilliseconds:
		return scaled(ofMinute, 3)
	case fieldSecond:
		return scaled(ofMinute, 6)
	case fieldMinute:
		return scaled(micros/60e6%60, 0)
	case fieldHour:
		return scaled(micros/3600e6, 0)
	case fieldEpoch:
		return scaled(micros, 6)
	}
	return types.Num{}, false, errNoField
}

func intervalField(f field, iv types.IntervalValue) (types.Num, bool, error) {
	years, months := int(iv.Months/12), int(iv.Months%12)
	switch f {
	case fieldDay:
		return whole(int(iv.Days))
	case fieldMonth:
		return whole(months)
	case fieldQuarter:
		return whole(months/3 + 1)
	case fieldYear:
		return whole(years)
	case fieldDecade:
		return whole(years / 10)
	case fieldCentury:
		return whole(years / 100)
	case fieldMillennium:
		return whole(years / 1000)
	case fieldEpoch:
		// A year is 365.25 days, a further month 30.
		seconds := int64(years)*31557600 + int64(months)*30*86400 + int64(iv.Days)*86400
		n := types.MulInt64(seconds, 1e6).AddInt64(iv.Micros)
		return types.NumOfDecimal(n, 6), true, nil
	}
	return timeField(f, iv.Micros)
}
