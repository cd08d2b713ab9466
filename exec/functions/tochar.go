package functions

import (
	"strconv"
	"strings"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

func formats() []*Scalar {
	text := types.Text
	f := func(name, says, example, result string, args []Pattern, ret types.Kind, v Volatility, bind func([]types.Type) (Kernel, error)) *Scalar {
		return &Scalar{Name: name, Doc: Doc{Family: "format", Summary: says, Example: example, Result: result}, Args: args, Return: returns(ret), Volatility: v, Bind: bind}
	}
	out := []*Scalar{
		f("to_char", "A time in a template's form.", "to_char(timestamp '2024-02-29 13:04:05', 'DD Mon YYYY HH24:MI')", "29 Feb 2024 13:04", patterns(types.Timestamp, text), text, Immutable, bindToChar(types.Timestamp)),
		f("to_char", "A time in a template's form.", "to_char(timestamptz '2024-02-29 13:04:05', 'YYYY-MM-DD')", "2024-02-29", patterns(types.TimestampTZ, text), text, Stable, bindToChar(types.TimestampTZ)),
		f("to_char", "An interval in a template's form.", "to_char(interval '15h 2m 12s', 'HH24:MI:SS')", "15:02:12", patterns(types.Interval, text), text, Immutable, bindToChar(types.Interval)),
		f("to_date", "The date that a text in a template's form has.", "to_date('05 Dec 2000', 'DD Mon YYYY')", "2000-12-05", patterns(text, text), types.Date, Immutable, bindToDate),
		f("to_timestamp", "The time that a text in a template's form has.", "to_timestamp('05 Dec 2000', 'DD Mon YYYY')::timestamp", "2000-12-05 00:00:00", patterns(text, text), types.TimestampTZ, Stable, bindToTimestamp),
		f("to_number", "The number that a text in a template's form has.", "to_number('12,454.8-', '99G999D9S')", "-12454.8", patterns(text, text), types.Numeric, Immutable, bindToNumber),
	}
	for _, k := range []types.Kind{types.Int32, types.Int64, types.Numeric, types.Float32, types.Float64} {
		out = append(out, f("to_char", "A number in a template's form.", "to_char(-125.8, '999D99')", "-125.80", patterns(k, text), text, Immutable, bindNumberToChar))
	}
	return out
}

// stampParts is a time taken apart for a template.
type stampParts struct {
	year, month, day int
	days             int // since 1970, -1 << 31 for intervals
	hour, min, sec   int
	micros           int
	zone             string
	east             int // seconds
	interval         bool
}

func partsOf(ts int64) stampParts {
	days, micros := types.SplitMicros(ts)
	var p stampParts
	p.days = days
	p.year, p.month, p.day = types.CivilOfDays(days)
	p.clock(micros)
	return p
}

func (p *stampParts) clock(micros int64) {
	p.hour, p.min, p.sec, p.micros = int(micros/3600e6), int(micros/60e6%60), int(micros/1e6%60), int(micros%1e6)
}

func bindToChar(k types.Kind) func([]types.Type) (Kernel, error) {
	return func([]types.Type) (Kernel, error) {
		var known string
		var tmpl []templateNode
		return nullableText(func(x *Exec, args []*page.Vector) func(i int) ([]byte, error) {
			pattern := stringInput(args[1])
			var dst []byte
			return func(i int) ([]byte, error) {
				if s := pattern.at(i); tmpl == nil || string(s) != known {
					known, tmpl = string(s), parseTemplate(string(s))
				}
				p, ok := partsAt(x, k, args[0], i)
				if !ok || len(tmpl) == 0 {
					return nil, nil
				}
				dst = dst[:0]
				for n := range tmpl {
					dst = tmpl[n].write(dst, &p)
				}
				return append(dst, []byte{}...), nil
			}
		})(nil)
	}
}

func partsAt(x *Exec, k types.Kind, v *page.Vector, i int) (stampParts, bool) {
	switch k {
	case types.Interval:
		iv := page.Get[types.IntervalValue](v, i)
		p := stampParts{interval: true, year: int(iv.Months / 12), month: int(iv.Months % 12), day: int(iv.Days)}
		p.clock(iv.Micros)
		return p, true
	case types.TimestampTZ:
		ts := page.Get[int64](v, i)
		if !types.IsFiniteTimestamp(ts) {
			return stampParts{}, false
		}
		z := x.Env.TimeZone()
		p := partsOf(z.ToLocal(ts))
		p.zone, p.east = z.Abbreviation(ts), int(z.Offset(ts)/1e6)
		return p, true
	}
	ts := page.Get[int64](v, i)
	return partsOf(ts), types.IsFiniteTimestamp(ts)
}

// templateNode is a field of a template, or text between.
type templateNode struct {
	key  string // "" for text
	text string
	fill bool // FM: no padding
	th   byte // 't' or 'T': with an ordinal suffix
}

// templateKeys, longest first where one begins another.
var templateKeys = []string{
	"SSSSS", "SSSS", "Y,YYY", "YYYY", "YYY", "YY", "IYYY", "IYY", "IY", "IDDD", "ID", "IW", "HH24", "HH12", "HH",
	"A.D.", "a.d.", "A.M.", "a.m.", "AD", "ad", "AM", "am", "B.C.", "b.c.", "BC", "bc", "CC", "DAY", "Day", "day", "DDD", "DD", "DY", "Dy", "dy",
	"FF1", "FF2", "FF3", "FF4", "FF5", "FF6", "MI", "MM", "MONTH", "Month", "month", "MON", "Mon", "mon", "MS", "OF", "P.M.", "p.m.", "PM", "pm",
	"RM", "rm", "SS", "TZH", "TZM", "TZ", "tz", "US", "WW", "D", "I", "J", "Q", "W", "Y",
}

func parseTemplate(s string) []templateNode {
	var out []templateNode
	text := func(t string) {
		if n := len(out); n > 0 && out[n-1].key == "" {
			out[n-1].text += t
		} else {
			out = append(out, templateNode{text: t})
		}
	}
	fill := false
	for len(s) > 0 {
		switch {
		case strings.HasPrefix(s, "FM"):
			fill, s = true, s[2:]
			continue
		case strings.HasPrefix(s, "FX"), strings.HasPrefix(s, "TM"):
			s = s[2:]
			continue
		case s[0] == '"':
			end := strings.IndexByte(s[1:], '"')
			if end < 0 {
				end = len(s) - 1
			}
			text(s[1 : 1+end])
			s = s[min(end+2, len(s)):]
			continue
		case s[0] == '\\' && len(s) > 1 && s[1] == '"':
			text(`"`)
			s = s[2:]
			continue
		}
		key := templateKey(s)
		if key == "" {
			n := len(s) - len(strings.TrimPrefix(s, firstCharacter(s)))
			text(s[:n])
			s = s[n:]
			continue
		}
		node := templateNode{key: key, fill: fill}
		s, fill = s[len(key):], false
		if len(s) > 1 && (s[:2] == "TH" || s[:2] == "th") {
			node.th, s = s[0], s[2:]
		}
		out = append(out, node)
	}
	return out
}

func firstCharacter(s string) string {
	for i := range s {
		if i > 0 {
			return s[:i]
		}
	}
	return s
}

// templateKey finds the field that s begins with; those of numbers in any case.
func templateKey(s string) string {
	for _, k := range templateKeys {
		if strings.HasPrefix(s, k) {
			return k
		}
	}
	for _, k := range templateKeys {
		switch k {
		case "DAY", "Day", "day", "DY", "Dy", "dy", "MONTH", "Month", "month", "MON", "Mon", "mon", "AM", "am", "PM", "pm", "AD", "ad", "BC", "bc", "RM", "rm", "TZ", "tz":
			continue
		}
		if len(s) >= len(k) && strings.EqualFold(s[:len(k)], k) && !strings.ContainsRune(k, '.') {
			return s[:len(k)]
		}
	}
	return ""
}

var (
	monthNames = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	dayNames   = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	roman      = [...]string{"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"}
)

// write appends the field of p.
func (n *templateNode) write(dst []byte, p *stampParts) []byte {
	if n.key == "" {
		return append(dst, n.text...)
	}
	if v, width, ok := n.number(p); ok {
		from := len(dst)
		if n.fill {
			width = 0
		}
		dst = appendPaddedInt(dst, v, width)
		if n.th != 0 {
			dst = appendOrdinal(dst, string(dst[from:]), n.th == 'T')
		}
		return dst
	}
	return append(dst, n.word(p)...)
}

// number returns a numeric field and its width.
func (n *templateNode) number(p *stampParts) (v, width int, ok bool) {
	year := p.year
	if year <= 0 && !p.interval {
		year = 1 - year
	}
	key := strings.ToUpper(n.key)
	switch key {
	case "HH", "HH12":
		h := p.hour % 12
		if h == 0 {
			h = 12
		}
		if p.interval && p.hour < 0 {
			h = p.hour % 12
		}
		return h, 2, true
	case "HH24":
		return p.hour, 2, true
	case "MI":
		return p.min, 2, true
	case "SS":
		return p.sec, 2, true
	case "MS":
		return p.micros / 1000, 3, true
	case "US":
		return p.micros, 6, true
	case "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
		digits := int(key[2] - '0')
		v := p.micros
		for range 6 - digits {
			v /= 10
		}
		return v, digits, true
	case "SSSS", "SSSSS":
		return p.hour*3600 + p.min*60 + p.sec, 0, true
	case "YYYY":
		return year, 4, true
	case "YYY":
		return year % 1000, 3, true
	case "YY":
		return year % 100, 2, true
	case "Y":
		return year % 10, 1, true
	case "MM":
		return p.month, 2, true
	case "DD":
		return p.day, 2, true
	}
	return n.dayNumber(key, p)
}

// dayNumber returns the fields that count days and weeks.
func (n *templateNode) dayNumber(key string, p *stampParts) (v, width int, ok bool) {
	doy := p.days - types.DaysOfCivil(p.year, 1, 1) + 1
	isoYear, isoWeek := types.ISOWeek(p.days)
	switch key {
	case "DDD":
		return doy, 3, true
	case "IDDD":
		return (isoWeek-1)*7 + (types.Weekday(p.days)+6)%7 + 1, 3, true
	case "D":
		return types.Weekday(p.days) + 1, 0, true
	case "ID":
		return (types.Weekday(p.days)+6)%7 + 1, 0, true
	case "W":
		return (p.day-1)/7 + 1, 0, true
	case "WW":
		return (doy-1)/7 + 1, 2, true
	case "IW":
		return isoWeek, 2, true
	case "IYYY":
		return isoYear, 4, true
	case "IYY":
		return isoYear % 1000, 3, true
	case "IY":
		return isoYear % 100, 2, true
	case "I":
		return isoYear % 10, 1, true
	case "Q":
		if p.month == 0 {
			return 0, 0, false
		}
		return (p.month-1)/3 + 1, 0, true
	case "J":
		return p.days + julianEpoch, 0, true
	case "CC":
		return spanOf(p.year, 100), 2, true
	}
	return 0, 0, false
}

// word returns a field that is text.
func (n *templateNode) word(p *stampParts) string {
	pad := func(s string, width int) string {
		if n.fill || len(s) >= width {
			return s
		}
		return s + strings.Repeat(" ", width-len(s))
	}
	switch n.key {
	case "Y,YYY":
		return strconv.Itoa(p.year/1000) + "," + string(appendPaddedInt(nil, p.year%1000, 3))
	case "AM", "PM", "A.M.", "P.M.", "am", "pm", "a.m.", "p.m.":
		return halfOfDay(n.key, p.hour%24 >= 12)
	case "AD", "BC", "A.D.", "B.C.", "ad", "bc", "a.d.", "b.c.":
		return era(n.key, p.year <= 0)
	case "MONTH", "Month", "month", "MON", "Mon", "mon":
		if p.month < 1 || p.month > 12 {
			return ""
		}
		name := inCase(monthNames[p.month-1], n.key)
		if len(n.key) == 3 {
			return name[:3]
		}
		return pad(name, 9)
	case "DAY", "Day", "day", "DY", "Dy", "dy":
		name := inCase(dayNames[types.Weekday(p.days)], n.key)
		if len(n.key) == 2 {
			return name[:3]
		}
		return pad(name, 9)
	case "RM", "rm":
		if p.month < 1 || p.month > 12 {
			return ""
		}
		return pad(inCase(roman[p.month-1], n.key), 4)
	case "TZ":
		return strings.ToUpper(p.zone)
	case "tz":
		return strings.ToLower(p.zone)
	case "OF", "TZH", "TZM":
		return offsetField(n.key, p.east)
	}
	return n.key
}

func offsetField(key string, east int) string {
	sign := "+"
	if east < 0 {
		sign, east = "-", -east
	}
	hours, minutes := string(appendPaddedInt(nil, east/3600, 2)), string(appendPaddedInt(nil, east/60%60, 2))
	switch {
	case key == "TZM":
		return minutes
	case key == "OF" && east/60%60 != 0:
		return sign + hours + ":" + minutes
	}
	return sign + hours
}

func halfOfDay(key string, pm bool) string {
	s := "a"
	if pm {
		s = "p"
	}
	if strings.ContainsRune(key, '.') {
		s += ".m."
	} else {
		s += "m"
	}
	return inCase(s, key)
}

func era(key string, bc bool) string {
	s := "ad"
	if bc {
		s = "bc"
	}
	if strings.ContainsRune(key, '.') {
		s = s[:1] + "." + s[1:] + "."
	}
	return inCase(s, key)
}

// inCase writes s in the case of the key: MONTH, Month, month.
func inCase(s, key string) string {
	switch {
	case key[0] >= 'a':
		return strings.ToLower(s)
	case len(key) > 1 && key[1] >= 'a':
		return strings.ToUpper(s[:1]) + strings.ToLower(s[1:])
	}
	return strings.ToUpper(s)
}

func appendPaddedInt(dst []byte, v, width int) []byte {
	if v < 0 {
		dst, v = append(dst, '-'), -v
	}
	s := strconv.Itoa(v)
	for n := len(s); n < width; n++ {
		dst = append(dst, '0')
	}
	return append(dst, s...)
}

// appendOrdinal appends st, nd, rd or th.
func appendOrdinal(dst []byte, number string, upper bool) []byte {
	s := "th"
	if n := len(number); n < 2 || number[n-2] != '1' {
		switch number[n-1] {
		case '1':
			s = "st"
		case '2':
			s = "nd"
		case '3':
			s = "rd"
		}
	}
	if upper {
		s = strings.ToUpper(s)
	}
	return append(dst, s...)
}
