package types

import "github.com/muster-sql/muster/connectors/spi/sqlerr"

// parseDatetime reads a value of one of the datetime kinds.
func parseDatetime(t Type, s string, f *Format) (Value, error) {
	switch t.Kind {
	case Date:
		d, err := ParseDate(s, f)
		return IntValue(int64(d)), err
	case Time:
		m, err := ParseTime(s, f)
		return IntValue(RoundTime(m, t)), err
	case TimeTZ:
		v, err := ParseTimeTZ(s, f)
		v.Micros = RoundTime(v.Micros, t)
		return TimeTZOf(v), err
	case Interval:
		iv, err := ParseInterval(s, t, f)
		return Value{Iv: iv}, err
	}
	ts, err := ParseTimestamp(t, s, f)
	return IntValue(ts), err
}

func newDtParser(f *Format) dtParser {
	p := dtParser{unit: 1e6, zone: f.TimeZone()}
	if f != nil {
		p.order, p.now = f.Order, f.Now
	}
	return p
}

// decodeStamp reads a date, perhaps with a time and zone.
func (p *dtParser) decodeStamp(s string) dtErr {
	var fields [dtFieldsMax]dtField
	n, ok := scanDatetime(s, &fields)
	if !ok {
		return dtBadFormat
	}
	if e := p.decode(fields[:n], false); e != dtOK || p.reserved != 0 {
		return e
	}
	if e := p.finishDate(); e != dtOK {
		return e
	}
	if e := p.finishAMPM(); e != dtOK {
		return e
	}
	if p.mask&hasDate != hasDate {
		return dtBadFormat
	}
	return p.finishZone()
}

// ParseDate reads a date in any of PostgreSQL's forms: days since 1970.
func ParseDate(s string, f *Format) (int32, error) {
	if d, ok := isoDate(s); ok {
		return int32(d), nil
	}
	p := newDtParser(f)
	if e := p.decodeStamp(s); e != dtOK {
		return 0, errDatetime(e, "date", s, p.badZone)
	}
	switch p.reserved {
	case resEpoch:
		return 0, nil
	case resLate:
		return DateInfinity, nil
	case resEarly:
		return DateNegInfinity, nil
	}
	d := DaysOfCivil(p.year, p.mon, p.day)
	if d < minDate || d >= endDate {
		return 0, sqlerr.New(sqlerr.DatetimeFieldOverflow, "date out of range: \"%s\"", s)
	}
	return int32(d), nil
}

// ParseTimestamp reads a value of t, a timestamp with or without zone: an
// offset or zone in the text is used by the first and ignored by the second.
func ParseTimestamp(t Type, s string, f *Format) (int64, error) {
	name := "timestamp" // PostgreSQL's messages say so
	if t.Kind == TimestampTZ {
		name = t.Kind.ScalarName()
	}
	if !t.IsNanos() && t.P == 0 {
		if ts, ok := isoTimestamp(s, t.Kind, f); ok {
			return ts, nil
		}
	}
	p := newDtParser(f)
	if t.IsNanos() {
		p.unit = 1e9
	}
	if e := p.decodeStamp(s); e != dtOK {
		return 0, errDatetime(e, name, s, p.badZone)
	}
	switch p.reserved {
	case resEpoch:
		return 0, nil
	case resLate:
		return TimestampInfinity, nil
	case resEarly:
		return TimestampNegInfinity, nil
	}
	ts, ok := p.local()
	if t.Kind == TimestampTZ {
		ts += int64(p.west) * microsPerSecond
	}
	if !ok || ts < minTimestamp || ts >= endTimestamp {
		return 0, errStampRange(s)
	}
	if t.IsNanos() {
		ns, ok := MulInt64(ts, 1000).AddInt64(int64(p.frac % 1000)).Int64()
		if !ok {
			return 0, errStampRange(s)
		}
		return ns, nil
	}
	return RoundTimestamp(ts, t), nil
}

func errStampRange(s string) error {
	return sqlerr.New(sqlerr.DatetimeFieldOverflow, "timestamp out of range: \"%s\"", s)
}

// decodeTimeOnly reads a time, perhaps with a date that tells the zone's offset.
func (p *dtParser) decodeTimeOnly(s string) dtErr {
	var fields [dtFieldsMax]dtField
	n, ok := scanDatetime(s, &fields)
	if !ok {
		return dtBadFormat
	}
	if e := p.decode(fields[:n], true); e != dtOK {
		return e
	}
	if e := p.finishDate(); e != dtOK {
		return e
	}
	if e := p.finishAMPM(); e != dtOK {
		return e
	}
	if p.timeOverflows() {
		return dtOverflow
	}
	if p.mask&hasTime != hasTime {
		return dtBadFormat
	}
	return p.finishTimeZone()
}

// finishTimeZone is finishZone where the date may be missing: then a zone
// whose offset changes has to be resolved as of the statement's start.
func (p *dtParser) finishTimeZone() dtErr {
	if p.mask&hasDate != hasDate {
		if p.named != nil && !p.named.IsFixed() || p.mask&hasDate != 0 && p.mask&hasZone == 0 {
			return dtBadFormat
		}
		days, _ := SplitMicros(p.zone.ToLocal(p.now))
		p.year, p.mon, p.day = CivilOfDays(days)
	}
	return p.finishZone()
}

// ParseTime reads a time of day; a zone in the text is ignored.
func ParseTime(s string, f *Format) (int64, error) {
	p := newDtParser(f)
	if e := p.decodeTimeOnly(s); e != dtOK {
		return 0, errDatetime(e, "time", s, p.badZone)
	}
	return p.timeMicros(), nil
}

// ParseTimeTZ reads a time of day with its zone, the session's by default.
func ParseTimeTZ(s string, f *Format) (TimeTZValue, error) {
	p := newDtParser(f)
	if e := p.decodeTimeOnly(s); e != dtOK {
		return TimeTZValue{}, errDatetime(e, "time with time zone", s, p.badZone)
	}
	return TimeTZValue{Micros: p.timeMicros(), Zone: int32(p.west)}, nil
}

// roundMicros rounds to the digits of t, half away from zero.
func roundMicros(v int64, t Type) int64 {
	digits := t.Digits()
	if digits >= 6 {
		return v
	}
	unit := Pow10Int64(6 - digits)
	if v < 0 {
		return -((-v + unit/2) / unit * unit)
	}
	return (v + unit/2) / unit * unit
}

// RoundTime rounds a time of day to the digits of t.
func RoundTime(micros int64, t Type) int64 { return roundMicros(micros, t) }

// RoundTimestamp rounds a timestamp to the digits of t, halves away from the
// year 2000, as PostgreSQL counts from there.
func RoundTimestamp(ts int64, t Type) int64 {
	if t.Digits() >= 6 || !IsFiniteTimestamp(ts) {
		return ts
	}
	return roundMicros(ts-pgEpochMicros, t) + pgEpochMicros
}

// digit2 reads two digits, or something above 99.
func digit2(s string, i int) int {
	a, b := s[i]-'0', s[i+1]-'0'
	if a > 9 || b > 9 {
		return 1000
	}
	return int(a)*10 + int(b)
}

// isoDate reads YYYY-MM-DD and nothing else: the fast path.
func isoDate(s string) (days int, ok bool) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return 0, false
	}
	y, m, d := digit2(s, 0)*100+digit2(s, 2), digit2(s, 5), digit2(s, 8)
	if y < 1 || y > 9999 || m < 1 || m > 12 || d < 1 || d > 28 && d > DaysInMonth(y, m) {
		return 0, false
	}
	return DaysOfCivil(y, m, d), true
}

// isoTimestamp reads YYYY-MM-DD HH:MM:SS[.fff][+hh[:mm]] and nothing else.
func isoTimestamp(s string, k Kind, f *Format) (ts int64, ok bool) {
	if len(s) < 19 || s[10] != ' ' && s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return 0, false
	}
	days, ok := isoDate(s[:10])
	h, m, sec := digit2(s, 11), digit2(s, 14), digit2(s, 17)
	if !ok || h > 23 || m > 59 || sec > 59 {
		return 0, false
	}
	ts = int64(days)*microsPerDay + int64((h*60+m)*60+sec)*microsPerSecond
	rest := s[19:]
	if rest != "" && rest[0] == '.' {
		n := digitsPrefix(rest[1:])
		if n == 0 || n > 6 {
			return 0, false
		}
		frac := int64(0)
		for i := range 6 {
			frac *= 10
			if i < n {
				frac += int64(rest[1+i] - '0')
			}
		}
		ts, rest = ts+frac, rest[1+n:]
	}
	switch {
	case rest == "" && k == Timestamp:
		return ts, true
	case rest == "":
		return f.TimeZone().ToUTC(ts), true
	case rest == "Z":
		return ts, true
	}
	west, e := decodeZone(rest)
	if e != dtOK {
		return 0, false
	}
	if k == Timestamp {
		return ts, true
	}
	return ts + int64(west)*microsPerSecond, true
}
