package slt

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// number is a numeric text: exact, or one of NaN, inf, -inf.
type number struct {
	v       *big.Float
	special string
}

// numberBits keep every decimal of up to 150 digits apart from its neighbours.
const numberBits = 512

var (
	numberText = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?$`)
	fraction   = regexp.MustCompile(`\.(\d+)`)
	specials   = map[string]string{
		"nan": "NaN", "-nan": "NaN", "inf": "inf", "infinity": "inf", "+infinity": "inf", "-inf": "-inf", "-infinity": "-inf",
	}
)

func parseNumber(s string) (number, bool) {
	if s == "" {
		return number{}, false
	}
	if c := s[len(s)-1]; c > '9' && c != 'n' && c != 'f' && c != 'y' && c != 'N' && c != 'F' && c != 'Y' {
		return number{}, false
	}
	if numberText.MatchString(s) {
		v, _, err := big.ParseFloat(s, 10, numberBits, big.ToNearestEven)
		return number{v: v}, err == nil
	}
	special, ok := specials[strings.ToLower(s)]
	return number{special: special}, ok
}

// equal compares numbers; want's own text tells how many places it prints.
func (want number) equal(got number, text string, tolerance float64) bool {
	if want.v == nil || got.v == nil {
		return want.v == nil && got.v == nil && want.special == got.special
	}
	if want.v.Cmp(got.v) == 0 {
		return true
	}
	if tolerance == 0 {
		return false
	}
	diff := new(big.Float).Sub(want.v, got.v)
	diff.Abs(diff)
	limit := new(big.Float).Abs(want.v)
	limit.Mul(limit, big.NewFloat(tolerance))
	if m := fraction.FindStringSubmatch(text); m != nil && !strings.ContainsAny(text, "eE") {
		if half := halfUnit(len(m[1])); half.Cmp(limit) > 0 {
			limit = half
		}
	}
	return diff.Cmp(limit) <= 0
}

// halfUnit is a little more than half a unit of the n-th decimal place.
func halfUnit(n int) *big.Float {
	v, _, _ := big.ParseFloat(fmt.Sprintf("5.1e-%d", n+1), 10, numberBits, big.ToNearestEven)
	return v
}

var (
	timestampText = regexp.MustCompile(`^([+-]?\d{1,6}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(\.\d+)?\s*(Z|[+-]00(:00)?)?( UTC)?$`)
	timeText      = regexp.MustCompile(`^\d\d:\d\d:\d\d(\.\d+)?$`)
	intervalWord  = regexp.MustCompile(`(?i)([+-]?\d+(?:\.\d+)?)\s*(years?|months?|mons?|weeks?|days?|hours?|minutes?|mins?|seconds?|secs?|milliseconds?|microseconds?|nanoseconds?)`)
	intervalTime  = regexp.MustCompile(`([+-]?)(\d+):(\d\d)(?::(\d\d(?:\.\d+)?))?`)
)

// timestampsEqual compares two texts of which at least one is a timestamp; a
// date equals its midnight.
func timestampsEqual(want, got string) (equal, applies bool) {
	w, g := timestampText.FindStringSubmatch(want), timestampText.FindStringSubmatch(got)
	trim := func(s string) string { return strings.TrimRight(strings.TrimRight(s, "0"), ".") }
	switch {
	case w != nil && g != nil:
		return w[1] == g[1] && w[2] == g[2] && trim(w[3]) == trim(g[3]), true
	case w != nil:
		return midnight(w) && w[1] == got, true
	case g != nil:
		return midnight(g) && g[1] == want, true
	}
	return false, false
}

func midnight(m []string) bool {
	return (m[2] == "00:00:00" || m[2] == "00:00") && strings.Trim(m[3], ".0") == ""
}

// interval is months, days and microseconds, each exact.
type interval struct{ months, days, micros big.Rat }

func parseInterval(s string) (*interval, bool) {
	var out interval
	seen := false
	for _, m := range intervalWord.FindAllStringSubmatch(s, -1) {
		n, ok := new(big.Rat).SetString(strings.TrimPrefix(m[1], "+"))
		if !ok {
			return nil, false
		}
		seen = true
		out.add(n, strings.ToLower(m[2]))
	}
	rest := intervalWord.ReplaceAllString(s, "")
	if at := intervalTime.FindStringSubmatchIndex(rest); at != nil {
		seen = true
		m := intervalTime.FindStringSubmatch(rest)
		sum := new(big.Rat)
		for i, scale := range []int64{3_600_000_000, 60_000_000, 1_000_000} {
			if part, ok := new(big.Rat).SetString(m[i+2]); ok {
				sum.Add(sum, part.Mul(part, big.NewRat(scale, 1)))
			}
		}
		if m[1] == "-" {
			sum.Neg(sum)
		}
		out.micros.Add(&out.micros, sum)
		rest = rest[:at[0]] + rest[at[1]:]
	}
	return &out, seen && strings.Trim(rest, " ,+-") == ""
}

func (i *interval) add(n *big.Rat, unit string) {
	times := func(to *big.Rat, num, den int64) { to.Add(to, new(big.Rat).Mul(n, big.NewRat(num, den))) }
	switch {
	case strings.HasPrefix(unit, "year"):
		times(&i.months, 12, 1)
	case strings.HasPrefix(unit, "mon"):
		times(&i.months, 1, 1)
	case strings.HasPrefix(unit, "week"):
		times(&i.days, 7, 1)
	case strings.HasPrefix(unit, "day"):
		times(&i.days, 1, 1)
	case strings.HasPrefix(unit, "hour"):
		times(&i.micros, 3_600_000_000, 1)
	case strings.HasPrefix(unit, "min"):
		times(&i.micros, 60_000_000, 1)
	case strings.HasPrefix(unit, "sec"):
		times(&i.micros, 1_000_000, 1)
	case strings.HasPrefix(unit, "milli"):
		times(&i.micros, 1000, 1)
	case strings.HasPrefix(unit, "micro"):
		times(&i.micros, 1, 1)
	case strings.HasPrefix(unit, "nano"):
		times(&i.micros, 1, 1000)
	}
}

func (i *interval) equal(o *interval) bool {
	return i.months.Cmp(&o.months) == 0 && i.days.Cmp(&o.days) == 0 && i.micros.Cmp(&o.micros) == 0
}

// listText rewrites a PostgreSQL array literal as DuckDB prints lists: [a, b].
func listText(s string) string {
	begin := strings.IndexByte(s, '{')
	if begin < 0 {
		return s
	}
	var out, item strings.Builder
	inQuotes := false
	flush := func() {
		out.WriteString(item.String())
		item.Reset()
	}
	for i := begin; i < len(s); i++ {
		c := s[i]
		switch {
		case inQuotes && c == '\\' && i+1 < len(s):
			i++
			item.WriteByte(s[i])
		case inQuotes && c == '"':
			inQuotes = false
		case inQuotes:
			item.WriteByte(c)
		case c == '"':
			inQuotes = true
		case c == '{':
			out.WriteByte('[')
		case c == ',':
			flush()
			out.WriteString(", ")
		case c == '}':
			flush()
			out.WriteByte(']')
		default:
			item.WriteByte(c)
		}
	}
	return out.String()
}

// blobText rewrites PostgreSQL's hex bytea as DuckDB prints blobs.
func blobText(s string) (string, bool) {
	var out strings.Builder
	for i := 2; i+1 < len(s); i += 2 {
		v, err := strconv.ParseUint(s[i:i+2], 16, 8)
		if err != nil {
			return "", false
		}
		if c := byte(v); c >= 32 && c < 127 && c != '"' && c != '\'' && c != '\\' {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, "\\x%02X", c)
		}
	}
	return out.String(), true
}
