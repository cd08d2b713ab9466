package functions

import (
	"math"
	"strconv"
	"strings"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// numberTemplate is a parsed template of digits: what stands before and after
// the point, and how signs are written.
type numberTemplate struct {
	items                     []string // in order
	pre, post                 int      // digits before and after the point
	zeros                     int      // index of the first 0 among the digits before the point, -1
	zeroPost                  int      // digits after the point up to the last 0
	fill, pr, mi, pl, s, sEnd bool
	eeee, rn, lower, v        bool
	th                        byte
}

var numberKeys = []string{"EEEE", "FM", "PR", "MI", "PL", "SG", "RN", "TH", "9", "0", ".", "D", ",", "G", "L", "S", "V"}

func parseNumberTemplate(s string) (*numberTemplate, error) {
	t := &numberTemplate{zeros: -1}
	point := false
	for len(s) > 0 {
		if s[0] == '"' {
			end := strings.IndexByte(s[1:], '"')
			if end < 0 {
				end = len(s) - 1
			}
			t.items = append(t.items, "\""+s[1:1+end])
			s = s[min(end+2, len(s)):]
			continue
		}
		key := ""
		for _, k := range numberKeys {
			if len(s) >= len(k) && strings.EqualFold(s[:len(k)], k) {
				key = k
				break
			}
		}
		if key == "" {
			t.items, s = append(t.items, "\""+s[:1]), s[1:]
			continue
		}
		if err := t.take(key, s[:len(key)], &point); err != nil {
			return nil, err
		}
		s = s[len(key):]
	}
	return t, nil
}

func (t *numberTemplate) take(key, written string, point *bool) error {
	switch key {
	case "9", "0":
		if *point {
			if t.post++; key == "0" {
				t.zeroPost = t.post
			}
		} else {
			if key == "0" && t.zeros < 0 {
				t.zeros = t.pre
			}
			t.pre++
		}
	case ".", "D":
		if *point {
			return sqlerr.New(sqlerr.SyntaxError, "multiple decimal points")
		}
		*point, key = true, "."
	case "G":
		key = ","
	case "FM":
		t.fill = true
		return nil
	case "PR":
		t.pr = true
		return nil
	case "MI":
		t.mi = true
	case "PL":
		t.pl = true
	case "S":
		t.s = true
		t.sEnd = t.pre > 0 || *point
		return nil
	case "SG":
		t.mi = true
	case "EEEE":
		t.eeee = true
		return nil
	case "RN":
		t.rn, t.lower = true, written[0] == 'r'
		return nil
	case "TH":
		t.th = written[0]
		return nil
	case "V":
		t.v = true
	}
	t.items = append(t.items, key)
	return nil
}

func bindNumberToChar(ts []types.Type) (Kernel, error) {
	var known string
	var tmpl *numberTemplate
	return textOf(func(_ *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
		pattern := stringInput(args[1])
		value := numberReader(ts[0], args[0])
		return func(dst []byte, i int) ([]byte, error) {
			if s := pattern.at(i); tmpl == nil || string(s) != known {
				t, err := parseNumberTemplate(string(s))
				if err != nil {
					return nil, err
				}
				known, tmpl = string(s), t
			}
			n, err := value(i, tmpl.post)
			if err != nil {
				return nil, err
			}
			return tmpl.format(dst, n)
		}
	})(ts)
}

// numberReader gives a value as numeric; a float with the digits it can tell.
func numberReader(t types.Type, v *page.Vector) func(i, post int) (types.Num, error) {
	switch {
	case t.IsInteger():
		a := intInput(v)
		return func(i, _ int) (types.Num, error) { return types.NumOf(a(i)), nil }
	case t.IsFloat():
		digits := 15
		if t.Kind == types.Float32 {
			digits = 6
		}
		return func(i, post int) (types.Num, error) {
			f := floatAt(v, i)
			if math.IsNaN(f) || math.IsInf(f, 0) {
				return types.NumOfFloat64(f)
			}
			return types.ParseNum(strconv.FormatFloat(f, 'e', digits-1, 64))
		}
	}
	a := numInput(v)
	return func(i, _ int) (types.Num, error) { return a.at(i), nil }
}

func (t *numberTemplate) format(dst []byte, n types.Num) ([]byte, error) {
	switch {
	case t.rn:
		return t.roman(dst, n), nil
	case t.eeee:
		return t.exponent(dst, n), nil
	}
	if t.v {
		return nil, sqlerr.Unsupported("template field is not supported: \"V\"")
	}
	if !n.IsFinite() {
		return t.special(dst, n), nil
	}
	r, err := n.Round(t.post)
	if err != nil {
		return nil, err
	}
	whole, frac, _ := strings.Cut(string(types.AppendNum(nil, r.Abs())), ".")
	if whole == "0" {
		whole = ""
	}
	neg := n.Sign() < 0
	if len(whole) > t.pre {
		return t.layout(dst, neg, strings.Repeat("#", max(t.pre, 1)), strings.Repeat("#", t.post)), nil
	}
	if t.fill && t.post > 0 { // FM drops zeros that only 9s ask for
		keep := len(strings.TrimRight(frac, "0"))
		frac = frac[:max(keep, t.zeroPost)]
	}
	return t.layout(dst, neg, whole, frac), nil
}

// special writes NaN and infinities where they have room.
func (t *numberTemplate) special(dst []byte, n types.Num) []byte {
	word := strings.TrimPrefix(string(types.AppendNum(nil, n)), "-")
	if len(word) > t.pre {
		return t.layout(dst, n.Sign() < 0, strings.Repeat("#", max(t.pre, 1)), strings.Repeat("#", t.post))
	}
	body := []byte(word)
	if !t.fill {
		body = append([]byte(strings.Repeat(" ", t.pre-len(word))), word...)
	}
	return t.signed(dst, body, len(body)-len(word), n.Sign() < 0)
}

// layout places digits, separators and the sign.
func (t *numberTemplate) layout(dst []byte, neg bool, whole, frac string) []byte {
	start := len(dst)
	var body []byte
	blank := t.pre - len(whole) // digits that are not there
	seen, at, signAt := false, 0, -1
	point, post := false, 0
	mark := func() {
		if signAt < 0 {
			signAt = len(body)
		}
	}
	if whole == "" && t.zeros < 0 && t.post == 0 && t.pre > 0 {
		whole, blank = "0", t.pre-1
	}
	for _, it := range t.items {
		switch it {
		case "9", "0":
			if point {
				if post < len(frac) {
					body = append(body, frac[post])
				}
				post++
				continue
			}
			switch {
			case at >= blank:
				mark()
				body, seen = append(body, whole[at-blank]), true
			case t.zeros >= 0 && at >= t.zeros:
				mark()
				body, seen = append(body, '0'), true
			case !t.fill:
				body = append(body, ' ')
			}
			at++
		case ".":
			mark()
			point = true
			if !t.fill || post < len(frac) || len(frac) > 0 || t.post == 0 || t.fill && len(frac) == 0 {
				body = append(body, '.')
			}
		case ",":
			if seen {
				body = append(body, ',')
			} else if !t.fill {
				body = append(body, ' ')
			}
		case "L":
			if !t.fill {
				body = append(body, ' ')
			}
		case "MI":
			body = appendSignField(body, neg, '-', ' ', t.fill)
		case "PL":
			body = appendSignField(body, !neg, '+', ' ', t.fill)
		default:
			body = append(body, it[1:]...)
		}
	}
	if signAt < 0 {
		signAt = len(body)
	}
	dst = t.signed(dst, body, signAt, neg)
	if t.th != 0 && !neg {
		dst = appendOrdinal(dst, strings.TrimSpace(string(dst[start:])), t.th == 'T')
	}
	return dst
}

func appendSignField(dst []byte, on bool, sign, blank byte, fill bool) []byte {
	if on {
		return append(dst, sign)
	}
	if fill {
		return dst
	}
	return append(dst, blank)
}

// signed puts the sign in front of the first digit, or where the template wants it.
func (t *numberTemplate) signed(dst, body []byte, at int, neg bool) []byte {
	open, shut := "", ""
	switch {
	case t.s && t.sEnd:
		shut = map[bool]string{true: "-", false: "+"}[neg]
	case t.s:
		open = map[bool]string{true: "-", false: "+"}[neg]
	case t.pr && neg:
		open, shut = "<", ">"
	case t.pr && !t.fill:
		open, shut = " ", " "
	case t.mi || t.pl:
	case neg:
		open = "-"
	case !t.fill:
		open = " "
	}
	dst = append(dst, body[:at]...)
	dst = append(dst, open...)
	dst = append(dst, body[at:]...)
	return append(dst, shut...)
}

func (t *numberTemplate) exponent(dst []byte, n types.Num) []byte {
	s := strconv.FormatFloat(n.Float64(), 'e', t.post, 64)
	if !n.IsFinite() {
		return append(dst, " #."+strings.Repeat("#", t.post)+"####"...)
	}
	if n.Sign() >= 0 && !t.fill {
		dst = append(dst, ' ')
	}
	return append(dst, s...)
}

// roman writes 1 to 3999.
func (t *numberTemplate) roman(dst []byte, n types.Num) []byte {
	r, err := n.Round(0)
	i, ok := r.Coef.Int64()
	s := strings.Repeat("#", 15)
	if err == nil && ok && n.IsFinite() && i > 0 && i < 4000 {
		s = ""
		for _, d := range []struct {
			v int64
			s string
		}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}} {
			for ; i >= d.v; i -= d.v {
				s += d.s
			}
		}
	}
	if t.lower {
		s = strings.ToLower(s)
	}
	if !t.fill && len(s) < 15 {
		s = strings.Repeat(" ", 15-len(s)) + s
	}
	return append(dst, s...)
}

// bindToNumber takes the digits of a text that its template allows.
var bindToNumber = fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (types.Num, error) {
	text, pattern := stringInput(args[0]), stringInput(args[1])
	return func(i int) (types.Num, error) {
		t, err := parseNumberTemplate(string(pattern.at(i)))
		if err != nil {
			return types.Num{}, err
		}
		var digits []byte
		neg, pre, post, point := false, 0, 0, false
		for _, c := range text.at(i) {
			switch {
			case c == '-' || c == '<':
				neg = true
			case c == '.':
				point = true
				digits = append(digits, c)
			case c-'0' < 10:
				if point {
					if post++; post > t.post {
						continue
					}
				} else if pre++; pre > t.pre {
					continue
				}
				digits = append(digits, c)
			}
		}
		if neg {
			digits = append([]byte{'-'}, digits...)
		}
		return types.ParseNum(string(digits))
	}
})
