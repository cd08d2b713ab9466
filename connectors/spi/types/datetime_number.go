package types

import (
	"math"
	"strconv"
)

// Fields already known, as a mask.
const (
	hasYear = 1 << iota
	hasMonth
	hasDay
	hasDOY
	hasHour
	hasMinute
	hasSecond
	hasZone
	hasDSTZone // a zone abbreviation of daylight saving time
	hasDSTMod
	hasWeekday
	hasAMPM
	hasEra

	hasDate = hasYear | hasMonth | hasDay
	hasTime = hasHour | hasMinute | hasSecond
)

// dtParser holds what the fields of one text have said.
type dtParser struct {
	order     DateOrder
	unit      float64 // fractions of a second that are kept: 1e6 or 1e9
	mask      int
	reserved  int // a reserved word that stands for all
	now       int64
	zone      *Zone // of the session
	year, mon int
	day, yday int
	hour, min int
	sec, frac int
	west      int // seconds
	named     *Zone
	abbrev    string
	abbrevOf  *Zone
	badZone   string
	twoDigits bool
	textMonth bool
	bc        bool
	julian    bool
	ampm      int
	label     int // the unit that the next number has
	nextTime  bool
}

// leadingInt reads the digits at the front of s.
func leadingInt(s string) (v int, rest string, e dtErr) {
	i := 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	end := skipDigits(s, i)
	if end == i {
		return 0, s, dtOK
	}
	x, err := strconv.ParseInt(s[:end], 10, 32)
	if err != nil {
		return 0, s, dtOverflow
	}
	return int(x), s[end:], dtOK
}

// fraction reads ".digits" as kept fractions of a second.
func (p *dtParser) fraction(s string) (int, dtErr) {
	if s == "." {
		return 0, dtOK
	}
	if skipDigits(s, 1) != len(s) {
		return 0, dtBadFormat
	}
	f, _ := strconv.ParseFloat(s, 64)
	return int(math.RoundToEven(f * p.unit)), dtOK
}

// decodeDate reads a date whose parts are joined by punctuation.
func (p *dtParser) decodeDate(s string) (got int, e dtErr) {
	var parts [dtFieldsMax]string
	n := 0
	for i := 0; i < len(s) && n < dtFieldsMax; {
		for i < len(s) && !isAlnum(s[i]) {
			i++
		}
		if i == len(s) {
			return 0, dtBadFormat
		}
		start := i
		if isDigit(s[i]) {
			i = skipDigits(s, i)
		} else {
			for i < len(s) && isAlpha(s[i]) {
				i++
			}
		}
		parts[n] = s[start:i]
		n++
		if i < len(s) {
			i++
		}
	}
	mask, textMonth := p.mask, false
	for i, w := range parts[:n] {
		if !isAlpha(w[0]) {
			continue
		}
		tok := dtTokens[w]
		if tok.kind == tokIgnore {
			parts[i] = ""
			continue
		}
		if tok.kind != tokMonth || (mask|got)&hasMonth != 0 {
			return 0, dtBadFormat
		}
		p.mon, textMonth = tok.val, true
		got |= hasMonth
		parts[i] = ""
	}
	for _, w := range parts[:n] {
		if w == "" {
			continue
		}
		g, e := p.decodeNumber(w, mask|got, textMonth)
		if e != dtOK {
			return 0, e
		}
		if (mask|got)&g != 0 {
			return 0, dtBadFormat
		}
		got |= g
	}
	if (mask|got)&^(hasDOY|hasZone) != hasDate {
		return 0, dtBadFormat
	}
	return got, dtOK
}

// decodeNumber gives a number the meaning that what is known so far leaves.
func (p *dtParser) decodeNumber(s string, mask int, textMonth bool) (got int, e dtErr) {
	v, rest, e := leadingInt(s)
	if e != dtOK {
		return 0, e
	}
	if len(rest) == len(s) {
		return 0, dtBadFormat
	}
	if rest != "" {
		if rest[0] != '.' {
			return 0, dtBadFormat
		}
		if len(s)-len(rest) > 2 {
			return p.decodeRun(s, mask|hasDate)
		}
		if p.frac, e = p.fraction(rest); e != dtOK {
			return 0, e
		}
	}
	if len(s) == 3 && mask&hasDate == hasYear && v >= 1 && v <= 366 {
		p.yday = v
		return hasDOY | hasMonth | hasDay, dtOK
	}
	long := len(s) >= 3 || p.order == YMD
	switch mask & hasDate {
	case 0:
		switch {
		case long:
			got = hasYear
		case p.order == DMY:
			got = hasDay
		default:
			got = hasMonth
		}
	case hasYear, hasDay:
		got = hasMonth
	case hasMonth:
		got = hasDay
		if textMonth && long {
			got = hasYear
		}
	case hasYear | hasMonth:
		got = hasDay
		if textMonth && len(s) >= 3 && p.twoDigits {
			// What was taken for the year was the day.
			p.day, p.year, p.twoDigits = p.year, v, false
			return hasDay, dtOK
		}
	case hasMonth | hasDay:
		got = hasYear
	case hasDate:
		return p.decodeRun(s, mask)
	default:
		return 0, dtBadFormat
	}
	switch got {
	case hasYear:
		p.year, p.twoDigits = v, len(s) <= 2
	case hasMonth:
		p.mon = v
	case hasDay:
		p.day = v
	}
	return got, dtOK
}

// decodeRun reads a date or time without separators: yymmdd, hhmmss, hhmm.
func (p *dtParser) decodeRun(s string, mask int) (got int, e dtErr) {
	point := skipDigits(s, 0)
	digits := s[:point]
	n := len(digits)
	if point < len(s) {
		if s[point] != '.' {
			return 0, dtBadFormat
		}
		if p.frac, e = p.fraction(s[point:]); e != dtOK {
			return 0, e
		}
	} else if mask&hasDate != hasDate && n >= 6 {
		p.day, _ = strconv.Atoi(digits[n-2:])
		p.mon, _ = strconv.Atoi(digits[n-4 : n-2])
		year, err := strconv.ParseInt(digits[:n-4], 10, 32)
		if err != nil {
			return 0, dtOverflow
		}
		p.year, p.twoDigits = int(year), n == 6
		return hasDate, dtOK
	}
	if mask&hasTime == hasTime || n != 4 && n != 6 {
		return 0, dtBadFormat
	}
	p.hour, _ = strconv.Atoi(digits[:2])
	p.min, _ = strconv.Atoi(digits[2:4])
	p.sec = 0
	if n == 6 {
		p.sec, _ = strconv.Atoi(digits[4:])
	}
	return hasTime, dtOK
}

// decodeTime reads hh:mm[:ss[.fff]], or mm:ss.fff.
func (p *dtParser) decodeTime(s string) dtErr {
	var e dtErr
	rest := s
	if p.hour, rest, e = leadingInt(rest); e != dtOK || rest == "" || rest[0] != ':' {
		return max(e, dtBadFormat)
	}
	if p.min, rest, e = leadingInt(rest[1:]); e != dtOK {
		return e
	}
	p.sec, p.frac = 0, 0
	switch {
	case rest == "":
	case rest[0] == '.':
		p.hour, p.min, p.sec = 0, p.hour, p.min
		if p.frac, e = p.fraction(rest); e != dtOK {
			return e
		}
	case rest[0] == ':':
		if p.sec, rest, e = leadingInt(rest[1:]); e != dtOK {
			return e
		}
		if rest != "" {
			if rest[0] != '.' {
				return dtBadFormat
			}
			if p.frac, e = p.fraction(rest); e != dtOK {
				return e
			}
		}
	default:
		return dtBadFormat
	}
	if p.hour < 0 || p.min < 0 || p.min > 59 || p.sec < 0 || p.sec > 60 {
		return dtOverflow
	}
	return dtOK
}

// timeOverflows reports whether the time is beyond 24:00:00.
func (p *dtParser) timeOverflows() bool {
	if p.hour < 0 || p.hour > 24 || p.min < 0 || p.min > 59 || p.sec < 0 || p.sec > 60 {
		return true
	}
	s := (p.hour*60+p.min)*60 + p.sec
	return s > 86400 || s == 86400 && p.frac > 0 || s == 86399 && p.frac > int(p.unit)
}

const zoneHoursMax = 15

// decodeZone reads a numeric offset: seconds west of UTC.
func decodeZone(s string) (west int, e dtErr) {
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0, dtBadFormat
	}
	var m, sec int
	h, rest, e := leadingInt(s[1:])
	if e != dtOK {
		return 0, dtZoneOverflow
	}
	switch {
	case rest != "" && rest[0] == ':':
		if m, rest, e = leadingInt(rest[1:]); e != dtOK {
			return 0, dtZoneOverflow
		}
		if rest != "" && rest[0] == ':' {
			if sec, rest, e = leadingInt(rest[1:]); e != dtOK {
				return 0, dtZoneOverflow
			}
		}
	case rest == "" && len(s) > 3:
		h, m = h/100, h%100
	}
	if h < 0 || h > zoneHoursMax || m < 0 || m > 59 || sec < 0 || sec > 59 {
		return 0, dtZoneOverflow
	}
	if rest != "" {
		return 0, dtBadFormat
	}
	west = -(h*3600 + m*60 + sec)
	if s[0] == '-' {
		west = -west
	}
	return west, dtOK
}
