package types

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// jsonDepthMax bounds the nesting of a JSON text.
const jsonDepthMax = 2000

// jsonNode is a parsed JSON value.
type jsonNode struct {
	kind byte   // one of n, t, f (null, true, false), 0 (number), ", [, {
	text string // a number as written, a string decoded
	raw  string // the whole value as written
	keys []string
	kids []jsonNode
}

// jsonParser reads JSON. Without build it only checks the syntax, as the type
// json does, and allocates nothing.
type jsonParser struct {
	text  string
	pos   int
	build bool
}

func parseJSON(s string) (jsonNode, error) {
	p := jsonParser{text: s, build: true}
	return p.document()
}

// CheckJSON returns an error unless s is a JSON text.
func CheckJSON(s string) error {
	p := jsonParser{text: s}
	_, err := p.document()
	return err
}

func (p *jsonParser) document() (jsonNode, error) {
	n, err := p.value(0)
	if err != nil {
		return n, err
	}
	if p.space(); p.pos != len(p.text) {
		return n, p.syntax()
	}
	return n, nil
}

func (p *jsonParser) syntax() error {
	err := sqlerr.New(sqlerr.InvalidTextRepr, "invalid input syntax for type json")
	if p.pos >= len(p.text) {
		return err.WithDetail("The input string ended unexpectedly.")
	}
	end := p.pos
	for end < len(p.text) && end < p.pos+40 && isWordByte(p.text[end]) {
		end++
	}
	if end == p.pos {
		_, n := utf8.DecodeRuneInString(p.text[end:])
		end += n
	}
	return err.WithDetail("Token \"%s\" is invalid.", p.text[p.pos:end])
}

func (p *jsonParser) space() {
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

func (p *jsonParser) take(c byte) bool {
	p.space()
	if p.pos < len(p.text) && p.text[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func (p *jsonParser) value(depth int) (n jsonNode, err error) {
	if depth > jsonDepthMax {
		return n, sqlerr.New(sqlerr.StatementTooComplex, "json is nested too deeply")
	}
	p.space()
	if p.pos == len(p.text) {
		return n, p.syntax()
	}
	start := p.pos
	switch c := p.text[p.pos]; {
	case c == '{':
		n, err = p.object(depth)
	case c == '[':
		n, err = p.array(depth)
	case c == '"':
		n.kind = '"'
		n.text, err = p.str()
	case c == '-' || c-'0' <= 9:
		n.kind = '0'
		n.text, err = p.number()
	default:
		n.kind = c
		for _, word := range []string{"null", "true", "false"} {
			if end := p.pos + len(word); strings.HasPrefix(p.text[p.pos:], word) &&
				(end == len(p.text) || !isWordByte(p.text[end])) {
				p.pos = end
				n.raw = word
				return n, nil
			}
		}
		return n, p.syntax()
	}
	n.raw = p.text[start:p.pos]
	return n, err
}

func (p *jsonParser) array(depth int) (n jsonNode, err error) {
	n.kind = '['
	p.pos++
	if p.take(']') {
		return n, nil
	}
	for {
		kid, err := p.value(depth + 1)
		if err != nil {
			return n, err
		}
		if p.build {
			n.kids = append(n.kids, kid)
		}
		if p.take(']') {
			return n, nil
		}
		if !p.take(',') {
			return n, p.syntax()
		}
	}
}

func (p *jsonParser) object(depth int) (n jsonNode, err error) {
	n.kind = '{'
	p.pos++
	if p.take('}') {
		return n, nil
	}
	for {
		if p.space(); p.pos == len(p.text) || p.text[p.pos] != '"' {
			return n, p.syntax()
		}
		key, err := p.str()
		if err != nil {
			return n, err
		}
		if !p.take(':') {
			return n, p.syntax()
		}
		kid, err := p.value(depth + 1)
		if err != nil {
			return n, err
		}
		if p.build {
			n.keys, n.kids = append(n.keys, key), append(n.kids, kid)
		}
		if p.take('}') {
			return n, nil
		}
		if !p.take(',') {
			return n, p.syntax()
		}
	}
}

func (p *jsonParser) number() (string, error) {
	start := p.pos
	if p.text[p.pos] == '-' {
		p.pos++
	}
	digits := func() bool {
		n := digitsPrefix(p.text[p.pos:])
		p.pos += n
		return n > 0
	}
	whole := p.pos
	ok := digits() && (p.text[whole] != '0' || p.pos == whole+1)
	if ok && p.pos < len(p.text) && p.text[p.pos] == '.' {
		p.pos++
		ok = digits()
	}
	if ok && p.pos < len(p.text) && p.text[p.pos]|0x20 == 'e' {
		p.pos++
		if p.pos < len(p.text) && (p.text[p.pos] == '+' || p.text[p.pos] == '-') {
			p.pos++
		}
		ok = digits()
	}
	if !ok || p.pos < len(p.text) && isWordByte(p.text[p.pos]) {
		p.pos = start
		return "", p.syntax()
	}
	return p.text[start:p.pos], nil
}

// str reads a string in quotes; decoded only where the tree is built.
func (p *jsonParser) str() (string, error) {
	start := p.pos + 1
	for i := start; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '"':
			p.pos = i + 1
			return p.text[start:i], nil
		case c == '\\':
			return p.escaped(start, i)
		case c < 0x20:
			p.pos = i
			return "", sqlerr.New(sqlerr.InvalidTextRepr, "invalid input syntax for type json").
				WithDetail("Character with value 0x%02x must be escaped.", c)
		}
	}
	p.pos = len(p.text)
	return "", p.syntax()
}

// escaped reads the rest of a string whose first escape is at i.
func (p *jsonParser) escaped(start, i int) (string, error) {
	var b []byte
	if p.build {
		b = append(b, p.text[start:i]...)
	}
	for i < len(p.text) {
		c := p.text[i]
		switch {
		case c == '"':
			p.pos = i + 1
			return string(b), nil
		case c < 0x20:
			p.pos = i
			return "", p.syntax()
		case c != '\\':
			i++
		case i+1 < len(p.text) && p.text[i+1] == 'u':
			r, next, err := p.unicode(i)
			if err != nil {
				return "", err
			}
			i = next
			if p.build {
				b = utf8.AppendRune(b, r)
			}
			continue
		default:
			if i++; i == len(p.text) {
				p.pos = i
				return "", p.syntax()
			}
			k := strings.IndexByte(`"\/bfnrt`, p.text[i])
			if k < 0 {
				p.pos = i
				return "", sqlerr.New(sqlerr.InvalidTextRepr, "invalid input syntax for type json").
					WithDetail("Escape sequence \"\\%c\" is invalid.", p.text[i])
			}
			c = "\"\\/\b\f\n\r\t"[k]
			i++
		}
		if p.build {
			b = append(b, c)
		}
	}
	p.pos = i
	return "", p.syntax()
}

// unicode reads the escape \uXXXX at i, or the pair of a character beyond the
// basic plane. Only the checked syntax of json may hold what is no character.
func (p *jsonParser) unicode(i int) (r rune, next int, err error) {
	unit := func(i int) int {
		if i+6 > len(p.text) || p.text[i] != '\\' || p.text[i+1] != 'u' {
			return -1
		}
		v, err := strconv.ParseUint(p.text[i+2:i+6], 16, 32)
		if err != nil {
			return -1
		}
		return int(v)
	}
	bad := func(detail string) error {
		return sqlerr.New(sqlerr.InvalidTextRepr, "invalid input syntax for type json").WithDetail("%s", detail)
	}
	u := unit(i)
	switch {
	case u < 0:
		return 0, 0, bad(`"\u" must be followed by four hexadecimal digits.`)
	case !p.build:
		return 0, i + 6, nil
	case u == 0:
		return 0, 0, sqlerr.New(sqlerr.UntranslatableCharacter, "unsupported Unicode escape sequence").
			WithDetail(`\u0000 cannot be converted to text.`)
	case u>>10 == 0xd800>>10:
		low := unit(i + 6)
		if low>>10 != 0xdc00>>10 {
			return 0, 0, bad("Unicode low surrogate must follow a high surrogate.")
		}
		return rune(u-0xd800)<<10 + rune(low-0xdc00) + 0x10000, i + 12, nil
	case u>>10 == 0xdc00>>10:
		return 0, 0, bad("Unicode low surrogate must follow a high surrogate.")
	}
	return rune(u), i + 6, nil
}

// NormalizeJSONB returns s as jsonb keeps it: keys by length, then bytes, the
// last of equal ones; numbers in full; one blank after : and comma.
func NormalizeJSONB(s string) (string, error) {
	n, err := parseJSON(s)
	if err != nil {
		return "", err
	}
	b, err := n.appendNormalized(make([]byte, 0, len(s)))
	return string(b), err
}

// sortKeys orders an object as jsonb does and keeps the last of equal keys.
func (n *jsonNode) sortKeys() {
	order := make([]int, len(n.keys))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if c := cmp.Compare(len(n.keys[a]), len(n.keys[b])); c != 0 {
			return c
		}
		return cmp.Compare(n.keys[a], n.keys[b])
	})
	keys, kids := make([]string, 0, len(order)), make([]jsonNode, 0, len(order))
	for i, o := range order {
		if i+1 < len(order) && n.keys[order[i+1]] == n.keys[o] {
			continue
		}
		keys, kids = append(keys, n.keys[o]), append(kids, n.kids[o])
	}
	n.keys, n.kids = keys, kids
}

func (n jsonNode) appendNormalized(dst []byte) ([]byte, error) {
	var err error
	switch n.kind {
	case '"':
		return AppendJSONString(dst, n.text), nil
	case '0':
		return appendJSONNumber(dst, n.text)
	case '[':
		dst = append(dst, '[')
		for i, kid := range n.kids {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			if dst, err = kid.appendNormalized(dst); err != nil {
				return nil, err
			}
		}
		return append(dst, ']'), nil
	case '{':
		n.sortKeys()
		dst = append(dst, '{')
		for i, kid := range n.kids {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = append(AppendJSONString(dst, n.keys[i]), ": "...)
			if dst, err = kid.appendNormalized(dst); err != nil {
				return nil, err
			}
		}
		return append(dst, '}'), nil
	}
	return append(dst, n.raw...), nil
}
