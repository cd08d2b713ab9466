package types

// Each appender writes what PostgreSQL prints in the session's style; a nil
// Format is ISO. None allocates.

const twoDigits = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"

func append2(dst []byte, v int) []byte {
	return append(dst, twoDigits[2*v], twoDigits[2*v+1])
}

// appendYear appends a year of the era, at least four digits wide.
func appendYear(dst []byte, y int) []byte {
	if y <= 0 {
		y = 1 - y
	}
	if y >= 10000 {
		return AppendInt64(dst, int64(y))
	}
	return append2(append2(dst, y/100), y%100)
}

func appendEra(dst []byte, y int) []byte {
	if y <= 0 {
		return append(dst, " BC"...)
	}
	return dst
}

// AppendDate appends a date given in days since 1970.
func AppendDate(dst []byte, days int32, f *Format) []byte {
	switch days {
	case DateInfinity:
		return append(dst, "infinity"...)
	case DateNegInfinity:
		return append(dst, "-infinity"...)
	}
	y, m, d := CivilOfDays(int(days))
	if f == nil || f.Date == StyleISO {
		dst = append(appendYear(dst, y), '-')
		dst = append(append2(dst, m), '-')
		return appendEra(append2(dst, d), y)
	}
	first, second, sep := m, d, byte('/')
	if f.Order == DMY || f.Date == StyleGerman {
		first, second = d, m
	}
	switch f.Date {
	case StyleGerman:
		sep = '.'
	case StylePostgres:
		sep = '-'
	}
	dst = append(append2(dst, first), sep)
	dst = append(append2(dst, second), sep)
	return appendEra(appendYear(dst, y), y)
}

// appendClock appends hh:mm:ss and the fraction without trailing zeros; micros
// is not negative.
func appendClock(dst []byte, micros int64) []byte {
	s := int(micros / microsPerSecond)
	dst = append(append2(dst, s/3600), ':')
	dst = append(append2(dst, s/60%60), ':')
	dst = append2(dst, s%60)
	return appendFractionTrimmed(dst, int(micros-int64(s)*microsPerSecond), 6)
}

// appendFractionTrimmed appends "." and frac, which has width digits, without
// trailing zeros; nothing for 0.
func appendFractionTrimmed(dst []byte, frac, width int) []byte {
	if frac == 0 {
		return dst
	}
	for frac%10 == 0 {
		frac /= 10
		width--
	}
	return appendPadded(append(dst, '.'), uint64(frac), width)
}

// AppendTime appends a time of day.
func AppendTime(dst []byte, micros int64) []byte { return appendClock(dst, micros) }

// AppendTimeTZ appends a time of day with its zone.
func AppendTimeTZ(dst []byte, t TimeTZValue) []byte {
	return appendOffset(appendClock(dst, t.Micros), -int64(t.Zone))
}

// appendOffset appends seconds east of UTC as +hh, +hh:mm or +hh:mm:ss.
func appendOffset(dst []byte, east int64) []byte {
	sign := byte('+')
	if east < 0 {
		sign, east = '-', -east
	}
	h, m, s := int(east/3600), int(east/60%60), int(east%60)
	dst = append2(append(dst, sign), h)
	if m != 0 || s != 0 {
		dst = append2(append(dst, ':'), m)
	}
	if s != 0 {
		dst = append2(append(dst, ':'), s)
	}
	return dst
}

// AppendTimestamp appends a timestamp without time zone.
func AppendTimestamp(dst []byte, ts int64, f *Format) []byte {
	if dst, done := appendInfinity(dst, ts); done {
		return dst
	}
	days, micros := SplitMicros(ts)
	return appendStamp(dst, stamp{days: days, micros: micros}, f)
}

// AppendTimestampTZ appends an instant in zone z.
func AppendTimestampTZ(dst []byte, ts int64, z *Zone, f *Format) []byte {
	if dst, done := appendInfinity(dst, ts); done {
		return dst
	}
	span := z.offsets[0]
	if len(z.at) > 0 {
		span = z.offsets[z.span(z.fold(ts))]
	}
	days, micros := SplitMicros(ts)
	micros += span.east // apart, so that the last instants cannot overflow
	if micros < 0 {
		days, micros = days-1, micros+microsPerDay
	} else if micros >= microsPerDay {
		days, micros = days+1, micros-microsPerDay
	}
	return appendStamp(dst, stamp{days: days, micros: micros, zone: &span}, f)
}

// AppendTimestampNanos appends a timestamp of nanoseconds; z is nil without a zone.
func AppendTimestampNanos(dst []byte, ns int64, z *Zone, f *Format) []byte {
	if dst, done := appendInfinity(dst, ns); done {
		return dst
	}
	s := stamp{}
	micros := floorDiv64(ns, 1000)
	s.nanos = int(ns - micros*1000)
	if z != nil {
		span := z.offsets[z.span(z.fold(micros))]
		s.zone, micros = &span, micros+span.east
	}
	s.days, s.micros = SplitMicros(micros)
	return appendStamp(dst, s, f)
}

func floorDiv64(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func appendInfinity(dst []byte, ts int64) ([]byte, bool) {
	switch ts {
	case TimestampInfinity:
		return append(dst, "infinity"...), true
	case TimestampNegInfinity:
		return append(dst, "-infinity"...), true
	}
	return dst, false
}

// stamp is a wall clock with, perhaps, its zone.
type stamp struct {
	days, nanos int
	micros      int64
	zone        *zoneSpan
}

func (s stamp) appendClock(dst []byte) []byte {
	if s.nanos == 0 {
		return appendClock(dst, s.micros)
	}
	dst = appendClock(dst, s.micros-s.micros%microsPerSecond)
	return appendFractionTrimmed(dst, int(s.micros%microsPerSecond)*1000+s.nanos, 9)
}

const (
	monthAbbrs = "JanFebMarAprMayJunJulAugSepOctNovDec"
	dayAbbrs   = "SunMonTueWedThuFriSat"
)

func appendStamp(dst []byte, s stamp, f *Format) []byte {
	y, m, d := CivilOfDays(s.days)
	if f == nil || f.Date == StyleISO {
		dst = append(appendYear(dst, y), '-')
		dst = append(append2(dst, m), '-')
		dst = append(append2(dst, d), ' ')
		dst = s.appendClock(dst)
		if s.zone != nil {
			dst = appendOffset(dst, s.zone.east/microsPerSecond)
		}
		return appendEra(dst, y)
	}
	if f.Date == StylePostgres {
		w := Weekday(s.days)
		dst = append(append(dst, dayAbbrs[3*w:3*w+3]...), ' ')
		month := monthAbbrs[3*m-3 : 3*m]
		if f.Order == DMY {
			dst = append(append(append2(dst, d), ' '), month...)
		} else {
			dst = append2(append(append(dst, month...), ' '), d)
		}
		dst = s.appendClock(append(dst, ' '))
		dst = appendYear(append(dst, ' '), y)
	} else {
		dst = appendSlashed(dst, y, m, d, f)
		dst = s.appendClock(append(dst, ' '))
	}
	if s.zone != nil {
		dst = append(append(dst, ' '), s.zone.abbr...)
	}
	return appendEra(dst, y)
}

// appendSlashed appends the date of the styles SQL and German.
func appendSlashed(dst []byte, y, m, d int, f *Format) []byte {
	first, second, sep := m, d, byte('/')
	if f.Date == StyleGerman {
		first, second, sep = d, m, '.'
	} else if f.Order == DMY {
		first, second = d, m
	}
	dst = append(append2(dst, first), sep)
	dst = append(append2(dst, second), sep)
	return appendYear(dst, y)
}
