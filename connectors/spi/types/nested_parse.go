package types

import (
	"strings"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// parseVector reads the numbers of an int2vector or oidvector.
func parseVector(t Type, s string) (Value, error) {
	var out Value
	elem := t.ElemType()
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || '\t' <= r && r <= '\r' }) {
		v, err := Parse(elem, w, nil)
		if err != nil {
			return Value{}, err
		}
		out.L = append(out.L, v)
	}
	return out, nil
}

func errMalformed(what, s, detail string) error {
	return sqlerr.New(sqlerr.InvalidTextRepr, "malformed %s literal: \"%s\"", what, s).WithDetail("%s", detail)
}

// arrayParser reads the text of an array.
type arrayParser struct {
	text   string
	pos    int
	format *Format
	word   []byte // of the element being read
}

// parseArray reads {…} with quotes, NULLs and nesting; bounds such as [0:1]= are
// read and dropped, as arrays here begin at 1.
func parseArray(t Type, s string, f *Format) (Value, error) {
	p := arrayParser{text: s, format: f}
	if err := p.bounds(); err != nil {
		return Value{}, err
	}
	if !p.at('{') {
		return Value{}, errMalformed("array", s, "Array value must start with \"{\" or dimension information.")
	}
	v, err := p.list(t)
	if err != nil {
		return Value{}, err
	}
	if p.space(); p.pos != len(s) {
		return Value{}, errMalformed("array", s, "Junk after closing right brace.")
	}
	return v, nil
}

func (p *arrayParser) space() {
	for p.pos < len(p.text) && (p.text[p.pos] == ' ' || '\t' <= p.text[p.pos] && p.text[p.pos] <= '\r') {
		p.pos++
	}
}

// at reports whether c comes next, after blanks.
func (p *arrayParser) at(c byte) bool {
	p.space()
	return p.pos < len(p.text) && p.text[p.pos] == c
}

// bounds reads [lo:hi] for each dimension and the equals sign.
func (p *arrayParser) bounds() error {
	any := false
	for p.at('[') {
		p.pos++
		end := strings.IndexByte(p.text[p.pos:], ']')
		if end < 0 {
			return errMalformed("array", p.text, "Missing \"]\" after array dimensions.")
		}
		lo, hi, two := strings.Cut(p.text[p.pos:p.pos+end], ":")
		if !two {
			lo, hi = "1", lo
		}
		l, err := ParseInt(Int32, lo)
		h, err2 := ParseInt(Int32, hi)
		switch {
		case err != nil || err2 != nil || trimSpace(lo) != lo || trimSpace(hi) != hi:
			return errMalformed("array", p.text, "\"[\" must introduce explicitly-specified array dimensions.")
		case h < l:
			return sqlerr.New(sqlerr.ArraySubscriptError, "upper bound cannot be less than lower bound")
		}
		p.pos += end + 1
		any = true
	}
	if any {
		if !p.at('=') {
			return errMalformed("array", p.text, "Missing \"=\" after array dimensions.")
		}
		p.pos++
	}
	return nil
}

func (p *arrayParser) list(t Type) (Value, error) {
	p.pos++ // the brace
	elem := t.ElemType()
	out := Value{L: []Value{}}
	if p.at('}') {
		p.pos++
		return out, nil
	}
	for {
		v, err := p.element(elem)
		if err != nil {
			return Value{}, err
		}
		out.L = append(out.L, v)
		switch {
		case p.at('}'):
			p.pos++
			return out, nil
		case !p.at(','):
			return Value{}, p.unexpected()
		}
		p.pos++
	}
}

func (p *arrayParser) unexpected() error {
	if p.pos >= len(p.text) {
		return errMalformed("array", p.text, "Unexpected end of input.")
	}
	return errMalformed("array", p.text, "Unexpected \""+p.text[p.pos:p.pos+1]+"\" character.")
}

func (p *arrayParser) element(elem Type) (Value, error) {
	if p.at('{') {
		if elem.Kind != Array {
			return Value{}, errMalformed("array", p.text, "The type "+elem.String()+"[] has one dimension.")
		}
		return p.list(elem)
	}
	word, quoted, err := p.scan()
	if err != nil {
		return Value{}, err
	}
	if !quoted && strings.EqualFold(word, "null") {
		return NullValue, nil
	}
	if elem.Kind == Array {
		return Value{}, errMalformed("array", p.text, "Multidimensional arrays must have sub-arrays with matching dimensions.")
	}
	return Parse(elem, word, p.format)
}

// scan reads an element's text, which ends at a comma or brace.
func (p *arrayParser) scan() (word string, quoted bool, err error) {
	p.word = p.word[:0]
	keep := 0 // the length up to which blanks are not trimmed
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; c {
		case '"':
			if quoted || len(p.word) > 0 {
				return "", false, errMalformed("array", p.text, "Unexpected array element.")
			}
			quoted = true
			if err := p.quoted(); err != nil {
				return "", false, err
			}
			keep = len(p.word)
			p.space()
			continue
		case '\\':
			if p.pos++; p.pos == len(p.text) || quoted {
				return "", false, p.unexpected()
			}
			p.word = append(p.word, p.text[p.pos])
			keep = len(p.word)
		case ',', '}':
			if !quoted && len(p.word) == 0 {
				return "", false, p.unexpected()
			}
			return string(p.word[:max(keep, len(trimRight(p.word)))]), quoted || keep > 0, nil
		case '{':
			return "", false, p.unexpected()
		default:
			if quoted {
				return "", false, errMalformed("array", p.text, "Unexpected array element.")
			}
			p.word = append(p.word, c)
		}
		p.pos++
	}
	return "", false, p.unexpected()
}

func trimRight(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == ' ' || '\t' <= b[len(b)-1] && b[len(b)-1] <= '\r') {
		b = b[:len(b)-1]
	}
	return b
}

// quoted reads from one quote to past the other.
func (p *arrayParser) quoted() error {
	for p.pos++; p.pos < len(p.text); p.pos++ {
		switch c := p.text[p.pos]; c {
		case '"':
			p.pos++
			return nil
		case '\\':
			if p.pos++; p.pos == len(p.text) {
				return p.unexpected()
			}
			p.word = append(p.word, p.text[p.pos])
		default:
			p.word = append(p.word, c)
		}
	}
	return p.unexpected()
}

// parseRow reads (a,"b c",): an empty field is NULL.
func parseRow(t Type, s string, f *Format) (Value, error) {
	bad := func(detail string) (Value, error) { return Value{}, errMalformed("record", s, detail) }
	text := strings.TrimLeft(s, " \t\n\v\f\r")
	if !strings.HasPrefix(text, "(") {
		return bad("Missing left parenthesis.")
	}
	out := Value{L: make([]Value, 0, len(t.Fields))}
	pos := 1
	for i, field := range t.Fields {
		if i > 0 {
			if pos >= len(text) || text[pos] != ',' {
				return bad("Too few columns.")
			}
			pos++
		}
		if pos < len(text) && (text[pos] == ',' || text[pos] == ')') {
			out.L = append(out.L, NullValue)
			continue
		}
		word, next, ok := scanField(text, pos)
		if !ok {
			return bad("Unexpected end of input.")
		}
		pos = next
		v, err := Parse(field.Type, word, f)
		if err != nil {
			return Value{}, err
		}
		out.L = append(out.L, v)
	}
	switch {
	case pos >= len(text):
		return bad("Unexpected end of input.")
	case text[pos] != ')':
		return bad("Too many columns.")
	case trimSpace(text[pos+1:]) != "":
		return bad("Junk after right parenthesis.")
	}
	return out, nil
}

// scanField reads a field's text up to a comma or parenthesis.
func scanField(s string, pos int) (word string, next int, ok bool) {
	var b []byte
	quoted := false
	for ; pos < len(s); pos++ {
		switch c := s[pos]; {
		case c == '\\':
			if pos++; pos == len(s) {
				return "", 0, false
			}
			b = append(b, s[pos])
		case c == '"' && quoted && pos+1 < len(s) && s[pos+1] == '"':
			b = append(b, '"')
			pos++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ',' || c == ')'):
			return string(b), pos, true
		default:
			b = append(b, c)
		}
	}
	return "", 0, false
}
