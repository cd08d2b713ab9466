package types

import "strings"

// decode reads the fields of a date, a timestamp or, with timeOnly, a time.
func (p *dtParser) decode(fields []dtField, timeOnly bool) dtErr {
	for i, f := range fields {
		var got int
		var e dtErr
		switch f.kind {
		case dtDate:
			got, e = p.dateField(f.text, timeOnly, i, fields)
		case dtTime:
			if p.label != 0 || p.nextTime && timeOnly && p.label != 0 {
				return dtBadFormat
			}
			p.nextTime = false
			got, e = hasTime, p.decodeTime(f.text)
			if e == dtOK && p.timeOverflows() {
				e = dtOverflow
			}
		case dtTZ:
			got = hasZone
			p.west, e = decodeZone(f.text)
		case dtNumber:
			got, e = p.numberField(f.text, timeOnly, i, fields)
		default:
			var skip bool
			if got, skip, e = p.wordField(f.text, timeOnly, fields[i+1:]); skip && e == dtOK {
				continue
			}
		}
		if e != dtOK {
			return e
		}
		if got&p.mask != 0 {
			return dtBadFormat
		}
		p.mask |= got
	}
	if p.label != 0 || p.nextTime {
		return dtBadFormat
	}
	return dtOK
}

// dateField reads joined digits and words: a date, the name of a zone, or a
// time run together with its offset.
func (p *dtParser) dateField(s string, timeOnly bool, i int, fields []dtField) (got int, e dtErr) {
	if p.label == unitJulian && !timeOnly {
		v, rest, e := leadingInt(s)
		if e != dtOK || v < 0 {
			return 0, dtOverflow
		}
		p.year, p.mon, p.day = CivilOfDays(v - julianEpoch)
		p.julian, p.label = true, 0
		p.west, e = decodeZone(rest)
		return hasDate | hasTime | hasZone, e
	}
	isDateHere := p.label == 0 && !p.nextTime && p.mask&(hasMonth|hasDay) != hasMonth|hasDay
	if timeOnly {
		n := len(fields)
		isDateHere = i == 0 && n >= 2 && (fields[n-1].kind == dtDate || fields[1].kind == dtTime)
	}
	if isDateHere {
		return p.decodeDate(s)
	}
	if !isDigit(s[0]) && (timeOnly || p.label == 0 && !p.nextTime) {
		z, err := LoadZone(s)
		if err != nil {
			p.badZone = s
			return 0, dtBadZone
		}
		p.named = z
		return hasZone, dtOK
	}
	if p.label != 0 || p.mask&hasTime == hasTime {
		return 0, dtBadFormat
	}
	p.nextTime = false
	dash := strings.IndexByte(s, '-')
	if dash < 0 {
		return 0, dtBadFormat
	}
	if p.west, e = decodeZone(s[dash:]); e != dtOK {
		return 0, e
	}
	mask := p.mask
	if timeOnly {
		mask |= hasDate
	}
	got, e = p.decodeRun(s[:dash], mask)
	return got | hasZone, e
}

// numberField reads digits with perhaps a fraction.
func (p *dtParser) numberField(s string, timeOnly bool, i int, fields []dtField) (got int, e dtErr) {
	if p.label != 0 {
		return p.labelled(s, timeOnly)
	}
	if p.nextTime {
		p.nextTime = false
		got, e = p.decodeRun(s, p.mask|hasDate)
		if e == dtOK && got != hasTime {
			e = dtBadFormat
		}
		return got, e
	}
	point := strings.IndexByte(s, '.')
	if timeOnly {
		switch {
		case point >= 0 && i == 0 && len(fields) >= 2 && fields[len(fields)-1].kind == dtDate:
			return p.decodeDate(s)
		case point > 2:
			return p.decodeRun(s, p.mask|hasDate)
		case point >= 0:
			return 0, dtBadFormat
		case len(s) > 4:
			return p.decodeRun(s, p.mask|hasDate)
		}
		return p.decodeNumber(s, p.mask|hasDate, false)
	}
	switch {
	case point >= 0 && p.mask&hasDate == 0:
		return p.decodeDate(s)
	case point > 2:
		return p.decodeRun(s, p.mask)
	case len(s) >= 6 && (p.mask&hasDate == 0 || p.mask&hasTime == 0):
		return p.decodeRun(s, p.mask)
	}
	return p.decodeNumber(s, p.mask, p.textMonth)
}

// labelled reads the number after a unit, as in y2001m02d04 or j2451187.
func (p *dtParser) labelled(s string, timeOnly bool) (got int, e dtErr) {
	v, rest, e := leadingInt(s)
	if e != dtOK {
		return 0, e
	}
	label := p.label
	p.label = 0
	if rest != "" && (rest[0] != '.' || label != unitJulian && label != unitSecond) {
		return 0, dtBadFormat
	}
	switch label {
	case unitYear:
		p.year, got = v, hasYear
	case unitMonth:
		if p.mask&hasMonth != 0 && p.mask&hasHour != 0 {
			p.min, got = v, hasMinute
		} else {
			p.mon, got = v, hasMonth
		}
	case unitDay:
		p.day, got = v, hasDay
	case unitHour:
		p.hour, got = v, hasHour
	case unitMinute:
		p.min, got = v, hasMinute
	case unitSecond:
		p.sec, got = v, hasSecond
		if rest != "" {
			p.frac, e = p.fraction(rest)
		}
	case unitJulian:
		if v < 0 {
			return 0, dtOverflow
		}
		p.year, p.mon, p.day = CivilOfDays(v - julianEpoch)
		p.julian, got = true, hasDate
		if rest != "" {
			got |= hasTime
			e = p.dayFraction(rest)
		}
	}
	return got, e
}

// dayFraction sets the time from a fraction of a day.
func (p *dtParser) dayFraction(s string) dtErr {
	unit := p.unit
	p.unit = 86400 * unit
	f, e := p.fraction(s)
	p.unit = unit
	if e == dtOK {
		perSecond := int(unit)
		p.hour, p.min, p.sec, p.frac = f/perSecond/3600, f/perSecond/60%60, f/perSecond%60, f%perSecond
	}
	return e
}

// wordField reads a word; skip says that it stands for no field.
func (p *dtParser) wordField(s string, timeOnly bool, rest []dtField) (got int, skip bool, e dtErr) {
	if a, ok := zoneAbbrevs()[s]; ok {
		return p.abbreviation(s, a)
	}
	tok := dtTokens[s]
	switch tok.kind {
	case tokIgnore:
		return 0, true, dtOK
	case tokReserved:
		got, e = p.reservedWord(tok.val, timeOnly)
		return got, false, e
	case tokMonth:
		if timeOnly {
			return 0, false, dtBadFormat
		}
		got = hasMonth
		if p.mask&hasMonth != 0 && !p.textMonth && p.mask&hasDay == 0 && p.mon >= 1 && p.mon <= 31 {
			p.day, got = p.mon, hasDay // the number before was the day
		}
		p.mon, p.textMonth = tok.val, true
		return got, false, dtOK
	case tokWeekday:
		if timeOnly {
			return 0, false, dtBadFormat
		}
		return hasWeekday, false, dtOK
	case tokDST:
		p.west -= tok.val
		return hasDSTMod | hasDSTZone, false, dtOK
	case tokAMPM:
		p.ampm = tok.val
		return hasAMPM, false, dtOK
	case tokEra:
		p.bc = tok.val == 1
		return hasEra, false, dtOK
	case tokUnit:
		p.label = tok.val
		return 0, false, dtOK
	case tokISOTime:
		if !timeOnly && p.mask&hasDate != hasDate || len(rest) == 0 || rest[0].kind > dtTime {
			return 0, false, dtBadFormat
		}
		p.nextTime = true
		return 0, false, dtOK
	}
	z, err := LoadZone(s)
	if err != nil {
		return 0, false, dtBadFormat
	}
	p.named = z
	return hasZone, false, dtOK
}

func (p *dtParser) abbreviation(s string, a zoneAbbrev) (got int, skip bool, e dtErr) {
	if a.zone != "" {
		z, err := LoadZone(a.zone)
		if err != nil {
			return 0, false, dtBadFormat
		}
		p.abbrev, p.abbrevOf = s, z
		return hasZone, false, dtOK
	}
	p.west = int(-a.east)
	got = hasZone
	if a.dst {
		got |= hasDSTZone
	}
	return got, false, dtOK
}

func (p *dtParser) reservedWord(word int, timeOnly bool) (got int, e dtErr) {
	all := hasDate | hasTime | hasZone
	if word == resZulu {
		p.hour, p.min, p.sec, p.frac, p.west = 0, 0, 0, 0, 0
		return hasTime | hasZone, dtOK
	}
	if word >= resNow && (p.now == 0 || timeOnly && word != resNow) || timeOnly && word < resNow {
		return 0, dtBadFormat
	}
	if word < resNow {
		p.reserved = word
		return all, dtOK
	}
	local := p.zone.ToLocal(p.now)
	days, micros := SplitMicros(local)
	switch word {
	case resNow:
		s := int(micros / microsPerSecond)
		p.hour, p.min, p.sec = s/3600, s/60%60, s%60
		p.frac = int(micros%microsPerSecond) * int(p.unit/1e6)
		p.west = -int(p.zone.Offset(p.now) / microsPerSecond)
	case resToday:
		all = hasDate
	case resTomorrow:
		all, days = hasDate, days+1
	case resYesterday:
		all, days = hasDate, days-1
	}
	p.year, p.mon, p.day = CivilOfDays(days)
	p.julian = true // the year is as it should be
	return all, dtOK
}

// finishDate checks the date and settles two-digit years, BC and days of the year.
func (p *dtParser) finishDate() dtErr {
	if p.mask&hasYear != 0 && !p.julian {
		switch {
		case p.bc:
			if p.year <= 0 {
				return dtOverflow
			}
			p.year = 1 - p.year
		case p.twoDigits:
			if p.year < 70 {
				p.year += 2000
			} else if p.year < 100 {
				p.year += 1900
			}
		case p.year <= 0:
			return dtOverflow
		}
	}
	if p.mask&hasDOY != 0 {
		p.year, p.mon, p.day = CivilOfDays(DaysOfCivil(p.year, 1, 1) + p.yday - 1)
	}
	if p.mask&hasMonth != 0 && (p.mon < 1 || p.mon > 12) || p.mask&hasDay != 0 && (p.day < 1 || p.day > 31) {
		return dtMonthOverflow
	}
	if p.mask&hasDate == hasDate && p.day > DaysInMonth(p.year, p.mon) {
		return dtOverflow
	}
	return dtOK
}

func (p *dtParser) finishAMPM() dtErr {
	switch {
	case p.ampm != 0 && p.hour > 12:
		return dtOverflow
	case p.ampm == 1 && p.hour == 12:
		p.hour = 0
	case p.ampm == 2 && p.hour != 12:
		p.hour += 12
	}
	return dtOK
}

// local returns the wall clock in microseconds; ok is false beyond int64.
func (p *dtParser) local() (micros int64, ok bool) {
	days := DaysOfCivil(p.year, p.mon, p.day)
	if days < minDate-1 || days > endDate {
		return 0, false
	}
	day := MulInt64(int64(days), microsPerDay)
	return day.AddInt64(p.timeMicros()).Int64()
}

// timeMicros returns the time of day.
func (p *dtParser) timeMicros() int64 {
	return int64((p.hour*60+p.min)*60+p.sec)*microsPerSecond + int64(p.frac)/int64(p.unit/1e6)
}

// finishZone finds the offset of a zone's name or abbreviation, or of the session.
func (p *dtParser) finishZone() dtErr {
	z := p.named
	switch {
	case z == nil && p.abbrevOf == nil && p.mask&hasZone != 0:
		return dtOK
	case p.mask&hasDSTMod != 0:
		return dtBadFormat
	}
	local, ok := p.local()
	if !ok {
		return dtOK // out of range; the caller says so
	}
	if p.abbrevOf != nil {
		east := p.abbrevOf.LocalOffset(local)
		if e, ok := p.abbrevOf.abbrevOffset(p.abbrev, local-east); ok {
			east = e
		}
		p.west = -int(east / microsPerSecond)
		return dtOK
	}
	if z == nil {
		z = p.zone
	}
	p.west = -int(z.LocalOffset(local) / microsPerSecond)
	return dtOK
}
