package types

// intervalParts is an interval split into the fields that its text shows; all
// parts of the time have one sign.
type intervalParts struct {
	year, mon, day, hour, min, sec, frac int64
}

func (iv IntervalValue) parts() intervalParts {
	return intervalParts{
		year: int64(iv.Months / 12), mon: int64(iv.Months % 12), day: int64(iv.Days),
		hour: iv.Micros / microsPerHour, min: iv.Micros / microsPerMinute % 60,
		sec: iv.Micros / microsPerSecond % 60, frac: iv.Micros % microsPerSecond,
	}
}

// AppendInterval appends an interval in the session's style; a nil Format is postgres.
func AppendInterval(dst []byte, iv IntervalValue, f *Format) []byte {
	style := IntervalPostgres
	if f != nil {
		style = f.Interval
	}
	switch p := iv.parts(); style {
	case IntervalVerbose:
		return p.appendVerbose(dst)
	case IntervalSQLStandard:
		return p.appendStandard(dst)
	case IntervalISO8601:
		return p.appendISO(dst)
	default:
		return p.appendPostgres(dst)
	}
}

func (p intervalParts) timeNegative() bool { return p.hour < 0 || p.min < 0 || p.sec < 0 || p.frac < 0 }
func (p intervalParts) hasTime() bool      { return p.hour|p.min|p.sec|p.frac != 0 }

func (p intervalParts) abs() intervalParts {
	return intervalParts{abs64(p.year), abs64(p.mon), abs64(p.day), abs64(p.hour), abs64(p.min), abs64(p.sec), abs64(p.frac)}
}

func abs64(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}

// appendSeconds appends |sec|.|frac|, padded to two digits where pad is set.
func (p intervalParts) appendSeconds(dst []byte, pad bool) []byte {
	a := p.abs()
	if pad {
		dst = append2(dst, int(a.sec))
	} else {
		dst = AppendInt64(dst, a.sec)
	}
	return appendFractionTrimmed(dst, int(a.frac), 6)
}

func appendAtLeast2(dst []byte, v int64) []byte {
	if v < 100 {
		return append2(dst, int(v))
	}
	return AppendInt64(dst, v)
}

func (p intervalParts) appendPostgres(dst []byte) []byte {
	empty, before := true, false
	for _, u := range [...]struct {
		v    int64
		name string
	}{{p.year, " year"}, {p.mon, " mon"}, {p.day, " day"}} {
		if u.v == 0 {
			continue
		}
		if !empty {
			dst = append(dst, ' ')
		}
		if before && u.v > 0 {
			dst = append(dst, '+')
		}
		dst = append(AppendInt64(dst, u.v), u.name...)
		if u.v != 1 {
			dst = append(dst, 's')
		}
		empty, before = false, u.v < 0
	}
	if !empty && !p.hasTime() {
		return dst
	}
	if !empty {
		dst = append(dst, ' ')
	}
	if p.timeNegative() {
		dst = append(dst, '-')
	} else if before {
		dst = append(dst, '+')
	}
	a := p.abs()
	dst = append(appendAtLeast2(dst, a.hour), ':')
	dst = append(append2(dst, int(a.min)), ':')
	return p.appendSeconds(dst, true)
}

func (p intervalParts) appendVerbose(dst []byte) []byte {
	dst = append(dst, '@')
	empty, before := true, false
	for _, u := range [...]struct {
		v    int64
		name string
	}{{p.year, " year"}, {p.mon, " mon"}, {p.day, " day"}, {p.hour, " hour"}, {p.min, " min"}} {
		v := u.v
		if v == 0 {
			continue
		}
		if empty {
			before = v < 0
		}
		if before {
			v = -v
		}
		dst = append(AppendInt64(append(dst, ' '), v), u.name...)
		if v != 1 {
			dst = append(dst, 's')
		}
		empty = false
	}
	if p.sec != 0 || p.frac != 0 {
		dst = append(dst, ' ')
		negative := p.sec < 0 || p.frac < 0
		if negative && empty {
			before = true
		} else if negative != before {
			dst = append(dst, '-')
		}
		dst = append(p.appendSeconds(dst, false), " sec"...)
		if abs64(p.sec) != 1 || p.frac != 0 {
			dst = append(dst, 's')
		}
		empty = false
	}
	if empty {
		dst = append(dst, " 0"...)
	}
	if before {
		dst = append(dst, " ago"...)
	}
	return dst
}

func (p intervalParts) appendStandard(dst []byte) []byte {
	negative := p.year < 0 || p.mon < 0 || p.day < 0 || p.timeNegative()
	positive := p.year > 0 || p.mon > 0 || p.day > 0 || p.hour > 0 || p.min > 0 || p.sec > 0 || p.frac > 0
	yearMonth := p.year|p.mon != 0
	dayTime := p.day != 0 || p.hasTime()
	a := p.abs()
	switch {
	case !negative && !positive:
		return append(dst, '0')
	case negative && positive || yearMonth && dayTime:
		dst = AppendInt64(appendSign(dst, p.year < 0 || p.mon < 0), a.year)
		dst = AppendInt64(append(dst, '-'), a.mon)
		dst = AppendInt64(appendSign(append(dst, ' '), p.day < 0), a.day)
		dst = appendSign(append(dst, ' '), p.timeNegative())
	default:
		if negative {
			dst = append(dst, '-')
		}
		if yearMonth {
			return AppendInt64(append(AppendInt64(dst, a.year), '-'), a.mon)
		}
		if p.day != 0 {
			dst = append(AppendInt64(dst, a.day), ' ')
		}
	}
	dst = append(AppendInt64(dst, a.hour), ':')
	dst = append(append2(dst, int(a.min)), ':')
	return p.appendSeconds(dst, true)
}

func appendSign(dst []byte, negative bool) []byte {
	if negative {
		return append(dst, '-')
	}
	return append(dst, '+')
}

func (p intervalParts) appendISO(dst []byte) []byte {
	if p.year|p.mon|p.day == 0 && !p.hasTime() {
		return append(dst, "PT0S"...)
	}
	part := func(dst []byte, v int64, unit byte) []byte {
		if v == 0 {
			return dst
		}
		return append(AppendInt64(dst, v), unit)
	}
	dst = append(dst, 'P')
	dst = part(dst, p.year, 'Y')
	dst = part(dst, p.mon, 'M')
	dst = part(dst, p.day, 'D')
	if !p.hasTime() {
		return dst
	}
	dst = append(dst, 'T')
	dst = part(dst, p.hour, 'H')
	dst = part(dst, p.min, 'M')
	if p.sec != 0 || p.frac != 0 {
		if p.sec < 0 || p.frac < 0 {
			dst = append(dst, '-')
		}
		dst = append(p.appendSeconds(dst, false), 'S')
	}
	return dst
}
