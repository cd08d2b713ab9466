package parser

import (
	"strconv"

	"github.com/muster-sql/muster/parser/ast"
)

// modifierMax bounds the numbers in parentheses behind a type.
const modifierMax = 1 << 30

// internalTypeName gives PostgreSQL's internal name of a type that SQL spells with
// one key word; any other word is its own name.
func internalTypeName(word string) string {
	switch word {
	case "int", "integer":
		return "int4"
	case "smallint":
		return "int2"
	case "bigint":
		return "int8"
	case "real":
		return "float4"
	case "float":
		return "float8"
	case "decimal", "dec":
		return "numeric"
	case "boolean":
		return "bool"
	case "char", "character", "nchar":
		return "bpchar"
	}
	return word
}

func isTypeKeyword(k kind) bool {
	switch k {
	case kwInt, kwInteger, kwSmallint, kwBigint, kwReal, kwFloat, kwDecimal, kwDec, kwNumeric, kwBoolean,
		kwChar, kwCharacter, kwNchar, kwVarchar, kwNational, kwBit, kwTime, kwTimestamp, kwInterval:
		return true
	}
	return false
}

// typeKeywordLiteral reads a constant that begins with the key word of a type:
// TIMESTAMP '…', INTERVAL '1' DAY, CHARACTER VARYING 'x'. nil: it is none, and
// nothing was read.
func (p *parser) typeKeywordLiteral() ast.Expr {
	k, next := p.tok.kind, p.ahead[0].kind
	if k == kwDouble && next == kwPrecision {
		return p.typeThenString()
	}
	if !isTypeKeyword(k) {
		return nil
	}
	switch k {
	case kwInterval:
		value := next == tokMinus || next == tokPlus
		switch {
		case isStringKind(next), next == tokInteger, next == tokNumber, next == tokParam,
			value && isStringKind(p.ahead[1].kind), isColumnName(next) && p.isIntervalUnit(p.ahead[1]) && !p.isIntervalUnit(p.ahead[0]):
			return p.interval()
		}
		return nil
	case kwTime, kwTimestamp:
		if (next == kwWith || next == kwWithout) && p.ahead[1].kind == kwTime {
			return p.typeThenString()
		}
	case kwChar, kwCharacter, kwNchar, kwBit:
		if next == kwVarying {
			return p.typeThenString()
		}
	case kwNational:
		if next == kwChar || next == kwCharacter {
			return p.typeThenString()
		}
	}
	if isStringKind(next) {
		return p.typeThenString()
	}
	return nil
}

func (p *parser) isIntervalUnit(t token) bool {
	if t.kind != tokIdent && t.kind < keywordsFrom {
		return false
	}
	_, ok := intervalFields[p.word(t)]
	return ok
}

func (p *parser) typeThenString() ast.Expr {
	e := &ast.TypedLit{Pos: p.at()}
	e.Type = p.typeName()
	if !p.isString() {
		p.syntaxError()
		return nil
	}
	if e.Type != nil && len(e.Type.Name) == 1 && (e.Type.Name[0].Text == "bpchar" || e.Type.Name[0].Text == "bit") {
		e.Type.Mods = nil // the constant char 'abc' keeps its length
	}
	e.Value = p.stringValue()
	return e
}

// typeName reads a type with its array bounds.
func (p *parser) typeName() *ast.TypeName {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	setOf := p.is(kwSetof)
	if setOf {
		p.advance()
	}
	t := p.simpleType()
	if t == nil {
		return nil
	}
	t.SetOf = setOf
	if p.is(kwArray) {
		p.advance()
		bound := 0
		if p.accept(tokLeftBracket) {
			bound = p.integer()
			p.expect(tokRightBracket)
		}
		t.Array = append(t.Array, bound)
		return t
	}
	for p.is(tokLeftBracket) && (p.ahead[0].kind == tokRightBracket || p.ahead[0].kind == tokInteger) {
		p.advance()
		bound := 0
		if !p.is(tokRightBracket) {
			bound = p.integer()
		}
		p.expect(tokRightBracket)
		t.Array = append(t.Array, bound)
		p.grow()
	}
	return t
}

// simpleType reads a type without array bounds.
func (p *parser) simpleType() *ast.TypeName {
	k, pos := p.tok.kind, p.at()
	t := &ast.TypeName{Pos: pos}
	named := func(name string) *ast.TypeName {
		t.Name = ast.ObjectName{{Pos: pos, Text: name}}
		return t
	}
	switch {
	case k == kwDouble && p.ahead[0].kind == kwPrecision:
		p.advance()
		p.advance()
		return named("float8")
	case k == kwRow && p.ahead[0].kind == tokLeftParen:
		p.advance()
		return p.rowType(named("row"))
	case k == kwArray && p.ahead[0].kind == tokLeftParen:
		p.advance()
		p.advance()
		elem := p.typeName()
		p.expect(tokRightParen)
		if elem != nil {
			elem.Array = append([]int{0}, elem.Array...)
		}
		return elem
	case !isTypeKeyword(k):
		return p.genericType(t)
	}
	word := p.word(p.tok)
	p.advance()
	named(internalTypeName(word))
	switch k {
	case kwInterval:
		p.intervalType(t)
	case kwTime, kwTimestamp:
		p.timeType(t)
	case kwFloat:
		p.floatType(t)
	case kwChar, kwCharacter, kwNchar, kwNational:
		p.charType(t, k)
	case kwBit:
		if p.accept(kwVarying) {
			t.Name[0].Text = "varbit"
		}
		p.typeMods(t)
		if len(t.Mods) == 0 && t.Name[0].Text == "bit" {
			t.Mods = []int{1}
		}
	case kwDecimal, kwDec, kwNumeric, kwVarchar:
		p.typeMods(t)
	}
	return t
}

// charType reads the rest of CHAR(n), CHARACTER VARYING(n), NATIONAL CHAR(n).
func (p *parser) charType(t *ast.TypeName, k kind) {
	if k == kwNational {
		if !p.accept(kwChar) && !p.accept(kwCharacter) {
			p.syntaxError()
		}
		t.Name[0].Text = "bpchar"
	}
	if p.accept(kwVarying) {
		t.Name[0].Text = "varchar"
	}
	p.typeMods(t)
	if len(t.Mods) == 0 && t.Name[0].Text == "bpchar" {
		t.Mods = []int{1}
	}
}

// timeType reads the rest of TIME(p) WITH TIME ZONE and TIMESTAMP.
func (p *parser) timeType(t *ast.TypeName) {
	p.typeMods(t)
	if p.ahead[0].kind != kwTime {
		return
	}
	if p.is(kwWith) {
		t.Name[0].Text += "tz"
	} else if !p.is(kwWithout) {
		return
	}
	p.advance()
	p.advance()
	p.expectWord("zone")
}

// floatType reads the rest of FLOAT(p).
func (p *parser) floatType(t *ast.TypeName) {
	if !p.is(tokLeftParen) {
		return
	}
	pos := p.at()
	switch n := p.precision(); {
	case p.err != nil:
	case n < 1:
		p.fail("22023", int(pos), "", "precision for type float must be at least 1 bit")
	case n <= 24:
		t.Name[0].Text = "float4"
	case n > 53:
		p.fail("22023", int(pos), "", "precision for type float must be less than 54 bits")
	}
}

// intervalType reads the rest of INTERVAL(p), INTERVAL DAY TO SECOND(3).
func (p *parser) intervalType(t *ast.TypeName) {
	if p.is(tokLeftParen) {
		pos := p.at()
		n := p.precision()
		t.Interval = &ast.IntervalQualifier{Pos: pos, Precision: &n}
		return
	}
	t.Interval = p.intervalQualifier()
}

// genericType reads a type by name, with what may stand in parentheses.
func (p *parser) genericType(t *ast.TypeName) *ast.TypeName {
	if !isTypeOrFunctionName(p.tok.kind) {
		p.syntaxError()
		return nil
	}
	isStruct := p.isWord("struct")
	t.Name = p.dotted(p.takeName())
	if !p.is(tokLeftParen) {
		return t
	}
	if isStruct {
		t.Name[0].Text = "row"
		return p.rowType(t)
	}
	p.typeArgs(t)
	return t
}

// rowType reads (name type, …) or (type, …).
func (p *parser) rowType(t *ast.TypeName) *ast.TypeName {
	p.expect(tokLeftParen)
	for {
		f := ast.TypeField{Pos: p.at()}
		if p.startsField() {
			f.Name = p.takeName()
		}
		f.Type = p.typeName()
		t.Fields = append(t.Fields, f)
		if !p.accept(tokComma) {
			break
		}
	}
	p.expect(tokRightParen)
	return t
}

// startsField reports that a row field begins with a name: a word that another
// word follows, unless the two are one type such as DOUBLE PRECISION.
func (p *parser) startsField() bool {
	k, next := p.tok.kind, p.ahead[0].kind
	if !isLabel(k) || !isLabel(next) {
		return false
	}
	switch {
	case next == kwPrecision && k == kwDouble,
		next == kwVarying && (k == kwChar || k == kwCharacter || k == kwNchar || k == kwBit),
		next == kwArray && p.ahead[1].kind != tokLeftParen,
		(next == kwWith || next == kwWithout) && (k == kwTime || k == kwTimestamp),
		k == kwNational && (next == kwChar || next == kwCharacter),
		k == kwInterval && p.isIntervalUnit(p.ahead[0]) && !isLabel(p.ahead[1].kind):
		return false
	}
	return true
}

// typeArgs reads (10, 2), (varchar, bigint) or ('a', 'b').
func (p *parser) typeArgs(t *ast.TypeName) {
	p.expect(tokLeftParen)
	for {
		switch {
		case p.is(tokInteger) || p.is(tokMinus):
			t.Mods = append(t.Mods, p.signedInteger())
		case p.isString():
			t.Labels = append(t.Labels, p.stringValue())
		default:
			t.Params = append(t.Params, p.typeName())
		}
		if !p.accept(tokComma) {
			break
		}
	}
	p.expect(tokRightParen)
}

// typeMods reads (10, 2) if there is a parenthesis.
func (p *parser) typeMods(t *ast.TypeName) {
	if !p.accept(tokLeftParen) {
		return
	}
	for {
		t.Mods = append(t.Mods, p.signedInteger())
		if !p.accept(tokComma) {
			break
		}
	}
	p.expect(tokRightParen)
}

// precision reads (n).
func (p *parser) precision() int {
	p.expect(tokLeftParen)
	n := p.integer()
	p.expect(tokRightParen)
	return n
}

func (p *parser) signedInteger() int {
	if p.accept(tokMinus) {
		return -p.integer()
	}
	return p.integer()
}

// integer reads a small unsigned number.
func (p *parser) integer() int {
	if !p.is(tokInteger) {
		p.syntaxError()
		return 0
	}
	n := &ast.NumberLit{Pos: p.at(), Integer: true, Text: p.numberText()}
	return p.smallInt(n)
}

func (p *parser) smallInt(n *ast.NumberLit) int {
	v, err := strconv.Atoi(n.Text)
	if err != nil || v > modifierMax {
		p.fail(codeNumber, n.At(), "", "number is too large here: %s", n.Text)
		return 0
	}
	return v
}
