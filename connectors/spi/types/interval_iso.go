package types

import (
	"math"
	"strconv"
)

// isoNumber reads a number with perhaps a sign and fraction.
func isoNumber(s string) (v int64, frac float64, rest string, e dtErr) {
	i := 0
	if i < len(s) && s[i] == '-' {
		i++
	}
	end := skipDigits(s, i)
	if end < len(s) && s[end] == '.' {
		end = skipDigits(s, end+1)
	}
	f, err := strconv.ParseFloat(s[:end], 64)
	if err != nil {
		return 0, 0, s, dtBadFormat
	}
	if math.Abs(f) > 1e15 {
		return 0, 0, s, dtOverflow
	}
	whole := math.Trunc(f)
	return int64(whole), f - whole, s[end:], dtOK
}

// decodeISO reads ISO 8601: P1Y2M3DT4H5M6S, or the alternative forms
// P0001-02-03T04:05:06 and P00010203T040506.
func (sum *intervalSum) decodeISO(s string) dtErr {
	if len(s) < 2 || s[0] != 'P' {
		return dtBadFormat
	}
	s = s[1:]
	inTime, some := false, false
	for s != "" {
		if s[0] == 'T' {
			inTime, some, s = true, false, s[1:]
			continue
		}
		width := digitsPrefix(s)
		if s[0] == '-' {
			width = digitsPrefix(s[1:])
		}
		v, frac, rest, e := isoNumber(s)
		if e != dtOK {
			return e
		}
		unit := byte(0)
		if rest != "" {
			unit, rest = rest[0], rest[1:]
		}
		var done bool
		if inTime {
			done, e = sum.isoTimeUnit(unit, v, frac, width == 6 && !some)
			if e == dtOK && !done {
				if some {
					return dtBadFormat
				}
				return sum.isoClock(unit, v, frac, rest)
			}
		} else {
			done, e = sum.isoDateUnit(unit, v, frac, width == 8 && !some)
			if e == dtOK && !done {
				if some {
					return dtBadFormat
				}
				if rest, e = sum.isoDate(unit, v, frac, rest); e != dtOK {
					return e
				}
				inTime, some, s = true, false, rest
				continue
			}
		}
		if e != dtOK {
			return e
		}
		if unit == 'T' {
			inTime, some, s = true, false, rest
			continue
		}
		some, s = true, rest
	}
	return dtOK
}

// isoDateUnit adds a number of the date part; done is false where the extended
// alternative form begins.
func (sum *intervalSum) isoDateUnit(unit byte, v int64, frac float64, run bool) (done bool, e dtErr) {
	switch unit {
	case 'Y':
		sum.addYears(v, frac, 1)
	case 'M':
		sum.add32(&sum.months, v, 1)
		sum.addFractionOfDays(frac, 30)
	case 'W':
		sum.add32(&sum.days, v, 7)
		sum.addFractionOfDays(frac, 7)
	case 'D':
		sum.add32(&sum.days, v, 1)
		sum.addFraction(frac, microsPerDay)
	case 'T', 0:
		if !run {
			return false, dtOK
		}
		sum.addYears(v/10000, 0, 1)
		sum.add32(&sum.months, v/100%100, 1)
		sum.add32(&sum.days, v%100, 1)
		sum.addFraction(frac, microsPerDay)
	case '-':
		return false, dtOK
	default:
		return false, dtBadFormat
	}
	return true, dtOK
}

// isoDate reads years-months-days after the years and returns the time part.
func (sum *intervalSum) isoDate(unit byte, v int64, frac float64, rest string) (string, dtErr) {
	sum.addYears(v, frac, 1)
	if unit != '-' {
		return rest, dtOK
	}
	v, frac, rest, e := isoNumber(rest)
	if e != dtOK {
		return "", e
	}
	sum.add32(&sum.months, v, 1)
	sum.addFractionOfDays(frac, 30)
	if rest == "" || rest[0] == 'T' {
		return rest, dtOK
	}
	if rest[0] != '-' {
		return "", dtBadFormat
	}
	if v, frac, rest, e = isoNumber(rest[1:]); e != dtOK {
		return "", e
	}
	sum.add32(&sum.days, v, 1)
	sum.addFraction(frac, microsPerDay)
	if rest != "" && rest[0] != 'T' {
		return "", dtBadFormat
	}
	return rest, dtOK
}

func (sum *intervalSum) isoTimeUnit(unit byte, v int64, frac float64, run bool) (done bool, e dtErr) {
	switch unit {
	case 'H':
		sum.addTime(v, frac, microsPerHour)
	case 'M':
		sum.addTime(v, frac, microsPerMinute)
	case 'S':
		sum.addTime(v, frac, microsPerSecond)
	case 0:
		if !run {
			return false, dtOK
		}
		sum.addTime(v/10000, 0, microsPerHour)
		sum.addTime(v/100%100, 0, microsPerMinute)
		sum.addTime(v%100, frac, microsPerSecond)
	case ':':
		return false, dtOK
	default:
		return false, dtBadFormat
	}
	return true, dtOK
}

// isoClock reads hh:mm:ss after the hours.
func (sum *intervalSum) isoClock(unit byte, v int64, frac float64, rest string) dtErr {
	sum.addTime(v, frac, microsPerHour)
	for _, scale := range [...]int64{microsPerMinute, microsPerSecond} {
		if unit == 0 {
			return dtOK
		}
		if unit != ':' {
			return dtBadFormat
		}
		var e dtErr
		if v, frac, rest, e = isoNumber(rest); e != dtOK {
			return e
		}
		sum.addTime(v, frac, scale)
		unit = 0
		if rest != "" {
			unit, rest = rest[0], rest[1:]
		}
	}
	if unit != 0 {
		return dtBadFormat
	}
	return dtOK
}
