package types

// Units of time in microseconds.
const (
	microsPerSecond = 1_000_000
	microsPerMinute = 60 * microsPerSecond
	microsPerHour   = 60 * microsPerMinute
	microsPerDay    = 24 * microsPerHour
)

const (
	julianEpoch   = 2440588 // Julian day of 1970-01-01
	pgEpochDays   = 10957   // days from 1970-01-01 to 2000-01-01, the epoch of the wire
	pgEpochMicros = pgEpochDays * microsPerDay
)

// The infinities of dates and timestamps, and the range of finite values:
// 4713 BC to 5874897 for dates, to 294247 for timestamps (PostgreSQL's last 30
// years do not fit an epoch of 1970).
const (
	DateInfinity         int32 = 1<<31 - 1
	DateNegInfinity      int32 = -1 << 31
	TimestampInfinity    int64 = 1<<63 - 1
	TimestampNegInfinity int64 = -1 << 63

	minDate            = -julianEpoch
	endDate            = 2147483494 - julianEpoch
	minTimestamp int64 = minDate * microsPerDay
	endTimestamp int64 = 106751990 * microsPerDay // 294247-01-09: no offset overflows
)

// DaysOfCivil returns the days from 1970-01-01 to a date of the proleptic
// Gregorian calendar; year 0 is 1 BC. Months beyond 1 to 12 carry into years.
func DaysOfCivil(year, month, day int) int {
	month--
	year += floorDiv(month, 12)
	month -= floorDiv(month, 12) * 12
	// Count from March, so that the leap day ends the year.
	m := month - 2
	if m < 0 {
		m += 12
		year--
	}
	era := floorDiv(year, 400)
	yoe := year - era*400
	return era*146097 + yoe*365 + yoe/4 - yoe/100 + (153*m+2)/5 + day - 719469
}

// CivilOfDays is the inverse of DaysOfCivil.
func CivilOfDays(days int) (year, month, day int) {
	days += 719468
	era := floorDiv(days, 146097)
	doe := uint32(days - era*146097)
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	m := (5*doy + 2) / 153
	day = int(doy-(153*m+2)/5) + 1
	year = int(yoe) + era*400
	if m < 10 {
		return year, int(m) + 3, day
	}
	return year + 1, int(m) - 9, day
}

// IsLeapYear reports whether year has a 29th of February.
func IsLeapYear(year int) bool {
	return year%4 == 0 && (year%100 != 0 || year%400 == 0)
}

// DaysInMonth returns the length of a month, 1 to 12.
func DaysInMonth(year, month int) int {
	switch month {
	case 2:
		if IsLeapYear(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// Weekday returns the day of the week of a date, Sunday 0.
func Weekday(days int) int {
	w := (days + 4) % 7
	if w < 0 {
		w += 7
	}
	return w
}

// ISOWeek returns the ISO 8601 year and week of a date.
func ISOWeek(days int) (year, week int) {
	thursday := days + 3 - (Weekday(days)+6)%7
	year, _, _ = CivilOfDays(thursday)
	return year, (thursday-DaysOfCivil(year, 1, 1))/7 + 1
}

// SplitMicros takes a timestamp apart into days and the microseconds of the day.
func SplitMicros(ts int64) (days int, micros int64) {
	d := ts / microsPerDay
	m := ts - d*microsPerDay
	if m < 0 {
		d, m = d-1, m+microsPerDay
	}
	return int(d), m
}

// IsFiniteDate reports whether d is neither infinity.
func IsFiniteDate(d int32) bool { return d != DateInfinity && d != DateNegInfinity }

// IsFiniteTimestamp reports whether ts is neither infinity.
func IsFiniteTimestamp(ts int64) bool {
	return ts != TimestampInfinity && ts != TimestampNegInfinity
}

// IsDate reports whether d is a date: finite and in range, or an infinity.
func IsDate(d int64) bool {
	return minDate <= d && d < endDate || d == int64(DateInfinity) || d == int64(DateNegInfinity)
}

// IsTimestamp reports whether ts is a timestamp: finite and in range, or an infinity.
func IsTimestamp(ts int64) bool {
	return minTimestamp <= ts && ts < endTimestamp || !IsFiniteTimestamp(ts)
}
