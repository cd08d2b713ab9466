package types

import (
	"strconv"
	"strings"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// typeDepthMax bounds the nesting of types in text and in the codec.
const typeDepthMax = 64

// ParseType reads a whole type as SQL writes it and String prints it:
// "numeric(15,2)[]", "map(text, bigint)", "row(a integer, b text)",
// "timestamp(3) with time zone", "interval day to second". Here char is
// character(1), as in SQL, and "char" in quotes is the one-byte type.
func ParseType(s string) (Type, error) {
	p := typeParser{text: s}
	t, err := p.parse(0)
	if err != nil {
		return Type{}, err
	}
	if p.space(); p.pos != len(s) {
		return Type{}, p.syntax()
	}
	return t, nil
}

type typeParser struct {
	text string
	pos  int
}

func (p *typeParser) syntax() error {
	return sqlerr.New(sqlerr.SyntaxError, "invalid type name: \"%s\"", p.text)
}

func (p *typeParser) space() {
	for p.pos < len(p.text) && (p.text[p.pos] == ' ' || '\t' <= p.text[p.pos] && p.text[p.pos] <= '\r') {
		p.pos++
	}
}

func (p *typeParser) take(c byte) bool {
	p.space()
	if p.pos < len(p.text) && p.text[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func isWordByte(c byte) bool { return isAlpha(c) || c-'0' <= 9 || c == '_' || c >= 0x80 }

// word reads an identifier: folded, or as it stands within quotes.
func (p *typeParser) word() (w string, quoted bool) {
	p.space()
	if p.pos < len(p.text) && p.text[p.pos] == '"' {
		var b strings.Builder
		for i := p.pos + 1; i < len(p.text); i++ {
			if p.text[i] != '"' {
				b.WriteByte(p.text[i])
			} else if i+1 < len(p.text) && p.text[i+1] == '"' {
				b.WriteByte('"')
				i++
			} else {
				p.pos = i + 1
				return b.String(), true
			}
		}
		return "", false
	}
	start := p.pos
	for p.pos < len(p.text) && isWordByte(p.text[p.pos]) {
		p.pos++
	}
	return strings.ToLower(p.text[start:p.pos]), false
}

// accept reads the given words, or nothing.
func (p *typeParser) accept(words ...string) bool {
	start := p.pos
	for _, want := range words {
		if w, quoted := p.word(); w != want || quoted {
			p.pos = start
			return false
		}
	}
	return true
}

func (p *typeParser) parse(depth int) (Type, error) {
	if depth > typeDepthMax {
		return Type{}, sqlerr.New(sqlerr.StatementTooComplex, "type is nested too deeply")
	}
	name, quoted := p.word()
	if name == "pg_catalog" && p.take('.') {
		name, quoted = p.word()
	}
	if name == "" {
		return Type{}, p.syntax()
	}
	t, err := p.named(name, quoted, depth)
	if err != nil {
		return Type{}, err
	}
	for p.take('[') {
		p.digits()
		if !p.take(']') {
			return Type{}, p.syntax()
		}
		if depth++; depth > typeDepthMax {
			return Type{}, sqlerr.New(sqlerr.StatementTooComplex, "type is nested too deeply")
		}
		t = ArrayOf(t)
	}
	return t, nil
}

func (p *typeParser) digits() string {
	p.space()
	n := digitsPrefix(p.text[p.pos:])
	p.pos += n
	return p.text[p.pos-n : p.pos]
}

// named reads what follows a type's first word.
func (p *typeParser) named(name string, quoted bool, depth int) (Type, error) {
	if quoted {
		return ParseName(name, nil)
	}
	switch name {
	case "array", "map":
		return p.container(name, depth)
	case "row", "struct":
		if p.take('(') {
			return p.row(depth)
		}
	case "double":
		p.accept("precision")
	case "character", "char", "nchar":
		if name = "character"; p.accept("varying") {
			name = "varchar"
		}
	case "interval":
		return p.interval()
	}
	args, err := p.args()
	if err != nil {
		return Type{}, err
	}
	switch name {
	case "character":
		if args == nil {
			args = []int{1}
		}
	case "time", "timestamp":
		if p.accept("with", "time", "zone") {
			name += "tz"
		} else {
			p.accept("without", "time", "zone")
		}
	}
	return ParseName(name, args)
}

func (p *typeParser) args() ([]int, error) {
	start := p.pos
	if !p.take('(') {
		p.pos = start
		return nil, nil
	}
	var args []int
	for {
		neg := p.take('-')
		n, err := strconv.Atoi(p.digits())
		if err != nil {
			return nil, p.syntax()
		}
		if neg {
			n = -n
		}
		args = append(args, n)
		if p.take(')') {
			return args, nil
		}
		if !p.take(',') {
			return nil, p.syntax()
		}
	}
}

func (p *typeParser) interval() (Type, error) {
	t := Of(Interval)
	for _, f := range intervalFields {
		if p.accept(strings.Fields(f.name)...) {
			t.S = f.mask
			break
		}
	}
	args, err := p.args()
	if err != nil || args == nil {
		return t, err
	}
	if len(args) != 1 {
		return Type{}, p.syntax()
	}
	return digitsArg(t, args[0])
}

// container reads the parameters of array(t) and map(k, v).
func (p *typeParser) container(name string, depth int) (Type, error) {
	if !p.take('(') {
		return Type{}, p.syntax()
	}
	first, err := p.parse(depth + 1)
	if err != nil {
		return Type{}, err
	}
	if name == "array" {
		if !p.take(')') {
			return Type{}, p.syntax()
		}
		return ArrayOf(first), nil
	}
	if !p.take(',') {
		return Type{}, p.syntax()
	}
	second, err := p.parse(depth + 1)
	if err != nil {
		return Type{}, err
	}
	if !p.take(')') {
		return Type{}, p.syntax()
	}
	return MapOf(first, second), nil
}

// row reads fields, each a type with or without a name before it.
func (p *typeParser) row(depth int) (Type, error) {
	var fields []Field
	for {
		start := p.pos
		f := Field{}
		var err error
		f.Type, err = p.parse(depth + 1)
		if p.space(); err != nil || p.pos < len(p.text) && p.text[p.pos] != ',' && p.text[p.pos] != ')' {
			p.pos = start
			if f.Name, _ = p.word(); f.Name == "" || sqlerr.Is(err, sqlerr.StatementTooComplex) {
				return Type{}, p.syntax()
			}
			if f.Type, err = p.parse(depth + 1); err != nil {
				return Type{}, err
			}
		}
		fields = append(fields, f)
		if p.take(')') {
			return RowOf(fields...), nil
		}
		if !p.take(',') {
			return Type{}, p.syntax()
		}
	}
}
