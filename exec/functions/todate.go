package functions

import (
	"strings"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// scannedStamp is what a template found in a text.
type scannedStamp struct {
	year, month, day, doy  int
	hour, min, sec, micros int
	pm, am, bc, twelve     bool
	julian                 int
	hasYear, hasZone       bool
	east                   int
}

var bindToDate = nullableStamp(func(_ *Exec, s *scannedStamp) (int64, error) {
	d, err := s.date()
	return int64(d), err
}, true)

var bindToTimestamp = nullableStamp(func(x *Exec, s *scannedStamp) (int64, error) {
	d, err := s.date()
	if err != nil {
		return 0, err
	}
	ts, err := dateToTimestamp(d)
	if err != nil {
		return 0, err
	}
	ts += int64(s.hour)*3600e6 + int64(s.min)*60e6 + int64(s.sec)*1e6 + int64(s.micros)
	if !types.IsTimestamp(ts) {
		return 0, errTimestampRange()
	}
	if s.hasZone {
		return ts - int64(s.east)*1e6, nil
	}
	return toUTC(x, ts), nil
}, false)

// nullableStamp makes the kernel of to_date and to_timestamp.
func nullableStamp(f func(x *Exec, s *scannedStamp) (int64, error), date bool) func([]types.Type) (Kernel, error) {
	scan := func(x *Exec, args []*page.Vector) func(i int) (int64, error) {
		text, pattern := stringInput(args[0]), stringInput(args[1])
		var known string
		var tmpl []templateNode
		return func(i int) (int64, error) {
			if s := pattern.at(i); tmpl == nil || string(s) != known {
				known, tmpl = string(s), parseTemplate(string(s))
			}
			var s scannedStamp
			if err := s.scan(string(text.at(i)), tmpl); err != nil {
				return 0, err
			}
			return f(x, &s)
		}
	}
	if !date {
		return fixedOf(scan)
	}
	return fixedOf(func(x *Exec, args []*page.Vector) func(i int) (int32, error) {
		g := scan(x, args)
		return func(i int) (int32, error) {
			d, err := g(i)
			return int32(d), err
		}
	})
}

// date makes the date of what was found; a missing year is 1 BC, as PostgreSQL has it.
func (s *scannedStamp) date() (int32, error) {
	if s.julian != 0 {
		return int32(s.julian - julianEpoch), nil
	}
	year := s.year
	if s.bc && s.hasYear {
		year = 1 - year
	} else if !s.hasYear {
		year = 0
	}
	if s.doy > 0 {
		if s.doy > 365 && !(s.doy == 366 && types.IsLeapYear(year)) {
			return 0, s.outOfRange()
		}
		return int32(types.DaysOfCivil(year, 1, s.doy)), nil
	}
	m, d := max(s.month, 1), max(s.day, 1)
	if m > 12 || d > types.DaysInMonth(year, m) {
		return 0, s.outOfRange()
	}
	return int32(types.DaysOfCivil(year, m, d)), nil
}

func (s *scannedStamp) outOfRange() error {
	return sqlerr.New(sqlerr.DatetimeFieldOverflow, "date/time field value out of range: \"%04d-%02d-%02d\"", s.year, s.month, s.day)
}

// scan reads text by the template: separators match any separators.
func (s *scannedStamp) scan(text string, tmpl []templateNode) error {
	for k := range tmpl {
		n := &tmpl[k]
		if n.key == "" {
			for _, c := range n.text {
				text = strings.TrimLeft(text, " ")
				if c != ' ' && text != "" && (isSeparator(text[0]) || rune(text[0]) == c) {
					text = text[1:]
				}
			}
			continue
		}
		text = strings.TrimLeft(text, " ")
		rest, err := s.field(n, text, k+1 < len(tmpl) && tmpl[k+1].key != "" && !n.fill)
		if err != nil {
			return err
		}
		text = rest
	}
	if s.twelve {
		if s.hour < 1 || s.hour > 12 {
			return sqlerr.New(sqlerr.InvalidDatetimeFormat, "hour \"%d\" is invalid for the 12-hour clock", s.hour).
				WithHint("Use the 24-hour clock, or give an hour between 1 and 12.")
		}
		if s.pm && s.hour < 12 {
			s.hour += 12
		} else if s.am && s.hour == 12 {
			s.hour = 0
		}
	}
	if s.hour > 23 || s.min > 59 || s.sec > 59 {
		return sqlerr.New(sqlerr.DatetimeFieldOverflow, "date/time field value out of range: \"%02d:%02d:%02d\"", s.hour, s.min, s.sec)
	}
	return nil
}

func isSeparator(c byte) bool {
	return c > ' ' && c < 0x7f && !(c >= '0' && c <= '9') && !(c|0x20 >= 'a' && c|0x20 <= 'z')
}

// field reads one field; tight says that another field follows without a
// separator, so that digits are limited to the field's width.
func (s *scannedStamp) field(n *templateNode, text string, tight bool) (string, error) {
	number := func(width int, into *int) (string, error) {
		k, v := 0, 0
		for k < len(text) && text[k]-'0' < 10 && (!tight || k < width) && k < 9 {
			v = v*10 + int(text[k]-'0')
			k++
		}
		if k == 0 {
			if text == "" {
				return text, nil
			}
			return text, sqlerr.New(sqlerr.InvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", firstWord(text, width), n.key).
				WithDetail("Value must be an integer.")
		}
		*into = v
		rest := text[k:]
		if n.th != 0 && len(rest) >= 2 {
			rest = rest[2:]
		}
		return rest, nil
	}
	switch key := strings.ToUpper(n.key); key {
	case "YYYY", "IYYY", "YYY", "YY", "Y":
		s.hasYear = true
		before := len(text)
		rest, err := number(len(key), &s.year)
		if digits := before - len(rest); digits > 0 && digits <= 2 && key != "YYYY" && key != "IYYY" {
			if s.year += 1900; s.year < 1970 {
				s.year += 100
			}
		}
		return rest, err
	case "MM":
		return number(2, &s.month)
	case "DD":
		return number(2, &s.day)
	case "DDD":
		return number(3, &s.doy)
	case "J":
		return number(9, &s.julian)
	case "HH24":
		return number(2, &s.hour)
	case "HH", "HH12":
		s.twelve = true
		return number(2, &s.hour)
	case "MI":
		return number(2, &s.min)
	case "SS":
		return number(2, &s.sec)
	case "MS", "US", "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
		return s.fraction(key, text, tight)
	}
	return s.word(n, text)
}

func (s *scannedStamp) fraction(key, text string, tight bool) (string, error) {
	width := map[string]int{"MS": 3, "US": 6}[key]
	if width == 0 {
		width = int(key[2] - '0')
	}
	k, v := 0, 0
	for k < len(text) && text[k]-'0' < 10 && k < 6 && (!tight || k < width) {
		v = v*10 + int(text[k]-'0')
		k++
	}
	for d := k; d < 6; d++ {
		v *= 10
	}
	s.micros = v
	return text[k:], nil
}

func firstWord(s string, n int) string {
	return s[:min(len(s), max(n, 1))]
}

// word reads names: months, days, halves of the day, eras.
func (s *scannedStamp) word(n *templateNode, text string) (string, error) {
	find := func(names []string, width int) (int, string, error) {
		for i, name := range names {
			w := name
			if width > 0 {
				w = name[:width]
			}
			if len(text) >= len(w) && strings.EqualFold(text[:len(w)], w) {
				return i, text[len(w):], nil
			}
		}
		return 0, text, sqlerr.New(sqlerr.InvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", firstWord(text, len(n.key)), n.key).
			WithDetail("The given value did not match any of the allowed values for this field.")
	}
	switch strings.ToUpper(n.key) {
	case "MONTH":
		i, rest, err := find(monthNames[:], 0)
		s.month = i + 1
		return rest, err
	case "MON":
		i, rest, err := find(monthNames[:], 3)
		s.month = i + 1
		return rest, err
	case "DAY":
		_, rest, err := find(dayNames[:], 0)
		return rest, err
	case "DY":
		_, rest, err := find(dayNames[:], 3)
		return rest, err
	case "AM", "PM", "A.M.", "P.M.":
		i, rest, err := find([]string{"a.m.", "p.m.", "am", "pm"}, 0)
		s.am, s.pm = i%2 == 0, i%2 == 1
		return rest, err
	case "AD", "BC", "A.D.", "B.C.":
		i, rest, err := find([]string{"a.d.", "b.c.", "ad", "bc"}, 0)
		s.bc = i%2 == 1
		return rest, err
	case "TZH", "OF":
		return s.offset(text)
	}
	return text, sqlerr.Unsupported("template field is not supported for reading: \"%s\"", n.key)
}

// offset reads +hh or -hh.
func (s *scannedStamp) offset(text string) (string, error) {
	sign := 1
	if text != "" && (text[0] == '+' || text[0] == '-') {
		if text[0] == '-' {
			sign = -1
		}
		text = text[1:]
	}
	k, v := 0, 0
	for k < len(text) && k < 2 && text[k]-'0' < 10 {
		v = v*10 + int(text[k]-'0')
		k++
	}
	s.hasZone, s.east = true, sign*v*3600
	return text[k:], nil
}
