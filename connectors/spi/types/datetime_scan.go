package types

import (
	"strings"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// Input of dates and times is cut into fields by their look; their meaning is
// found afterwards, from what has been seen so far.

type dtKind uint8

const (
	dtNumber  dtKind = iota // digits, perhaps with a fraction
	dtDate                  // digits or words joined by - / .
	dtTime                  // digits with colons
	dtTZ                    // a sign and digits
	dtString                // a word
	dtSpecial               // a sign and a word
)

type dtField struct {
	kind dtKind
	text string
}

const (
	dtFieldsMax = 25
	dtTextMax   = 200
)

// dtErr is why a text is not a date or time.
type dtErr uint8

const (
	dtOK dtErr = iota
	dtBadFormat
	dtOverflow      // a field is out of range
	dtMonthOverflow // perhaps the wrong DateStyle
	dtZoneOverflow
	dtIntervalOverflow
	dtBadZone // the unknown name is in dtParser.badZone
)

func errDatetime(e dtErr, typeName, s, zone string) error {
	switch e {
	case dtOverflow:
		return sqlerr.New(sqlerr.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", s)
	case dtMonthOverflow:
		return sqlerr.New(sqlerr.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", s).
			WithHint("Perhaps you need a different \"datestyle\" setting.")
	case dtZoneOverflow:
		return sqlerr.New("22009", "time zone displacement out of range: \"%s\"", s)
	case dtIntervalOverflow:
		return sqlerr.New(sqlerr.IntervalFieldOverflow, "interval field value out of range: \"%s\"", s)
	case dtBadZone:
		return sqlerr.New(sqlerr.InvalidParameterValue, "time zone \"%s\" not recognized", zone)
	}
	return sqlerr.New(sqlerr.InvalidDatetimeFormat, "invalid input syntax for type %s: \"%s\"", typeName, s)
}

func isDigit(c byte) bool { return c-'0' <= 9 }
func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }
func isAlnum(c byte) bool { return isDigit(c) || isAlpha(c) }

func isPunct(c byte) bool { return c > ' ' && c < 0x7f && !isAlnum(c) }

// scanDatetime cuts s into fields, in lower case.
func scanDatetime(s string, fields *[dtFieldsMax]dtField) (n int, ok bool) {
	if len(s) > dtTextMax {
		return 0, false
	}
	s = strings.ToLower(s)
	for i := 0; i < len(s); {
		c := s[i]
		if isSpace(c) {
			i++
			continue
		}
		if isPunct(c) && c != '.' && c != '+' && c != '-' {
			i++
			continue
		}
		if n == dtFieldsMax {
			return 0, false
		}
		f := &fields[n]
		start := i
		switch {
		case isDigit(c):
			f.kind, i = scanNumberField(s, i)
		case c == '.':
			f.kind, i = dtNumber, skipDigits(s, i+1)
		case isAlpha(c):
			f.kind, i = scanWordField(s, i)
		case c == '+' || c == '-':
			i++
			for i < len(s) && isSpace(s[i]) {
				i++
			}
			from := i
			switch {
			case i < len(s) && isDigit(s[i]):
				f.kind = dtTZ
				for i < len(s) && (isDigit(s[i]) || s[i] == ':' || s[i] == '.' || s[i] == '-') {
					i++
				}
			case i < len(s) && isAlpha(s[i]):
				f.kind = dtSpecial
				for i < len(s) && isAlpha(s[i]) {
					i++
				}
			default:
				return 0, false
			}
			if f.text = s[start:i]; from != start+1 {
				f.text = s[start:start+1] + s[from:i]
			}
			n++
			continue
		default:
			return 0, false
		}
		f.text = s[start:i]
		n++
	}
	return n, true
}

func skipDigits(s string, i int) int {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}

// scanNumberField reads a field that begins with a digit.
func scanNumberField(s string, i int) (dtKind, int) {
	i = skipDigits(s, i)
	if i == len(s) {
		return dtNumber, i
	}
	switch delim := s[i]; delim {
	case ':':
		for i < len(s) && (isDigit(s[i]) || s[i] == ':' || s[i] == '.') {
			i++
		}
		return dtTime, i
	case '-', '/', '.':
		i++
		if i == len(s) || !isDigit(s[i]) {
			for i < len(s) && (isAlnum(s[i]) || s[i] == delim) {
				i++
			}
			return dtDate, i
		}
		kind := dtDate
		if delim == '.' {
			kind = dtNumber
		}
		i = skipDigits(s, i)
		if i < len(s) && s[i] == delim {
			kind = dtDate
			for i < len(s) && (isDigit(s[i]) || s[i] == delim) {
				i++
			}
		}
		return kind, i
	}
	return dtNumber, i
}

// scanWordField reads a word, or a date or zone name that begins with one.
func scanWordField(s string, i int) (dtKind, int) {
	start := i
	for i < len(s) && isAlpha(s[i]) {
		i++
	}
	if i == len(s) {
		return dtString, i
	}
	compound := s[i] == '-' || s[i] == '/' || s[i] == '.'
	if s[i] == '+' || isDigit(s[i]) {
		_, known := dtTokens[s[start:i]]
		compound = !known
	}
	if !compound {
		return dtString, i
	}
	for i < len(s) && (isAlnum(s[i]) || strings.IndexByte("+-/_.:", s[i]) >= 0) {
		i++
	}
	return dtDate, i
}

// tokenKind is what a word means.
type tokenKind uint8

const (
	tokIgnore tokenKind = iota + 1
	tokReserved
	tokMonth
	tokWeekday
	tokAMPM
	tokEra
	tokUnit    // labels the number after it
	tokISOTime // the t between date and time
	tokDST
)

type token struct {
	kind tokenKind
	val  int
}

// Values of reserved words; the type of a result beside an ordinary date.
const (
	resEpoch = iota + 1
	resLate
	resEarly
	resNow
	resToday
	resTomorrow
	resYesterday
	resZulu
)

// Units of labelled numbers.
const (
	unitYear = iota + 1
	unitMonth
	unitDay
	unitHour
	unitMinute
	unitSecond
	unitJulian
	unitTime
)

var dtTokens = map[string]token{
	"ad": {tokEra, 0}, "bc": {tokEra, 1}, "am": {tokAMPM, 1}, "pm": {tokAMPM, 2},
	"at": {tokIgnore, 0}, "on": {tokIgnore, 0}, "dst": {tokDST, 3600},
	"epoch": {tokReserved, resEpoch}, "infinity": {tokReserved, resLate}, "-infinity": {tokReserved, resEarly},
	"now": {tokReserved, resNow}, "today": {tokReserved, resToday}, "tomorrow": {tokReserved, resTomorrow},
	"yesterday": {tokReserved, resYesterday}, "allballs": {tokReserved, resZulu},
	"jan": {tokMonth, 1}, "january": {tokMonth, 1}, "feb": {tokMonth, 2}, "february": {tokMonth, 2},
	"mar": {tokMonth, 3}, "march": {tokMonth, 3}, "apr": {tokMonth, 4}, "april": {tokMonth, 4},
	"may": {tokMonth, 5}, "jun": {tokMonth, 6}, "june": {tokMonth, 6}, "jul": {tokMonth, 7}, "july": {tokMonth, 7},
	"aug": {tokMonth, 8}, "august": {tokMonth, 8}, "sep": {tokMonth, 9}, "sept": {tokMonth, 9},
	"september": {tokMonth, 9}, "oct": {tokMonth, 10}, "october": {tokMonth, 10}, "nov": {tokMonth, 11},
	"november": {tokMonth, 11}, "dec": {tokMonth, 12}, "december": {tokMonth, 12},
	"sun": {tokWeekday, 0}, "sunday": {tokWeekday, 0}, "mon": {tokWeekday, 1}, "monday": {tokWeekday, 1},
	"tue": {tokWeekday, 2}, "tues": {tokWeekday, 2}, "tuesday": {tokWeekday, 2}, "wed": {tokWeekday, 3},
	"weds": {tokWeekday, 3}, "wednesday": {tokWeekday, 3}, "thu": {tokWeekday, 4}, "thur": {tokWeekday, 4},
	"thurs": {tokWeekday, 4}, "thursday": {tokWeekday, 4}, "fri": {tokWeekday, 5}, "friday": {tokWeekday, 5},
	"sat": {tokWeekday, 6}, "saturday": {tokWeekday, 6},
	"y": {tokUnit, unitYear}, "m": {tokUnit, unitMonth}, "d": {tokUnit, unitDay}, "h": {tokUnit, unitHour},
	"mm": {tokUnit, unitMinute}, "s": {tokUnit, unitSecond}, "j": {tokUnit, unitJulian}, "jd": {tokUnit, unitJulian},
	"julian": {tokUnit, unitJulian}, "t": {tokISOTime, unitTime},
}
