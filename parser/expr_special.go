package parser

import (
	"strings"

	"github.com/muster-sql/muster/parser/ast"
)

// specialCall reads calls with a syntax of their own. The current token is a word
// and a parenthesis follows; nil: it is no such call.
func (p *parser) specialCall() ast.Expr {
	switch p.tok.kind {
	case kwExists:
		e := &ast.Exists{Pos: p.at()}
		p.advance()
		e.Query = p.parenQuery("EXISTS takes a subquery")
		return e
	case kwTryCast:
		return p.cast(true)
	case kwRow:
		return p.row()
	case kwInterval:
		return p.interval()
	case kwExtract:
		return p.extract()
	case kwSubstring:
		return p.substring()
	case kwPosition:
		return p.position()
	case kwTrim:
		return p.trim()
	case kwOverlay:
		return p.overlay()
	case kwNormalize:
		return p.normalize()
	case kwCoalesce, kwNullif, kwGreatest, kwLeast, kwGrouping:
		return p.plainCall(ast.ObjectName{p.takeName()})
	}
	return nil
}

// parenQuery reads (query).
func (p *parser) parenQuery(hint string) *ast.Query {
	p.expect(tokLeftParen)
	if !p.startsQuery() && !p.is(tokLeftParen) {
		p.syntaxErrorHint(hint)
		return nil
	}
	q := p.query()
	p.expect(tokRightParen)
	return q
}

// row reads ROW(a, b).
func (p *parser) row() ast.Expr {
	e := &ast.Row{Pos: p.at(), Explicit: true}
	p.advance()
	p.advance()
	if p.accept(tokRightParen) {
		return e
	}
	for {
		e.Elems = append(e.Elems, p.rowElem())
		if !p.accept(tokComma) {
			break
		}
	}
	p.expect(tokRightParen)
	return e
}

func (p *parser) rowElem() ast.Expr {
	if p.is(tokStar) {
		return p.star()
	}
	return p.expr()
}

// keywordCall reads CURRENT_DATE, CURRENT_TIMESTAMP(3), CURRENT_USER and so on.
func (p *parser) keywordCall() ast.Expr {
	k := p.tok.kind
	n := p.takeName()
	c := &ast.FuncCall{Pos: n.Pos, Name: ast.ObjectName{n}, Syntax: ast.CallKeyword}
	if !p.is(tokLeftParen) {
		return c
	}
	switch k {
	case kwCurrentTime, kwCurrentTimestamp, kwLocaltime, kwLocaltimestamp:
		pos := p.at()
		p.advance()
		if p.is(tokInteger) {
			c.Args = []ast.Expr{&ast.NumberLit{Pos: pos + 1, Integer: true, Text: p.numberText()}}
		}
		p.expect(tokRightParen)
	case kwCurrentSchema, kwCurrentCatalog, kwCurrentUser, kwSessionUser, kwCurrentDate, kwUser, kwCurrentRole:
		return p.plainCall(c.Name)
	}
	return c
}

// special begins a call of a key word: it moves past the word and parenthesis.
func (p *parser) special(name string, syntax ast.CallSyntax) *ast.FuncCall {
	pos := p.at()
	p.advance()
	p.advance()
	return &ast.FuncCall{Pos: pos, Name: ast.ObjectName{{Pos: pos, Text: name}}, Syntax: syntax}
}

// ordinary makes a special call, whose first argument has been read, an ordinary
// one, and reads the rest.
func (p *parser) ordinary(c *ast.FuncCall, first ast.Expr) ast.Expr {
	c.Syntax = ast.CallPlain
	c.Args = []ast.Expr{first}
	p.moreArgs(c)
	return p.callSuffix(c)
}

// extract reads EXTRACT(field FROM x).
func (p *parser) extract() ast.Expr {
	c := p.special("extract", ast.CallExtract)
	pos := p.at()
	var field string
	switch {
	case p.isString():
		field = p.stringValue()
		if p.is(tokComma) {
			return p.ordinary(c, &ast.StringLit{Pos: pos, Value: field})
		}
	case isLabel(p.tok.kind):
		field = p.label().Text
	default:
		p.syntaxErrorHint("write EXTRACT(year FROM x)")
		return nil
	}
	p.expect(kwFrom)
	c.Args = []ast.Expr{&ast.StringLit{Pos: pos, Value: field}, p.expr()}
	p.expect(tokRightParen)
	return c
}

// substring reads SUBSTRING(x FROM a FOR b) in all its orders, SUBSTRING(x SIMILAR
// p ESCAPE e), and the ordinary call.
func (p *parser) substring() ast.Expr {
	c := p.special("substring", ast.CallSubstring)
	if p.is(tokRightParen) {
		p.syntaxError()
		return nil
	}
	x := p.arg(c)
	c.Args = []ast.Expr{x}
	switch {
	case p.accept(kwFrom):
		c.Args = append(c.Args, p.expr())
		if p.accept(kwFor) {
			c.Args = append(c.Args, p.expr())
		}
	case p.accept(kwFor):
		length := p.expr()
		if p.accept(kwFrom) {
			c.Args = append(c.Args, p.expr(), length)
			break
		}
		c.Syntax = ast.CallSubstringFor
		c.Args = append(c.Args, &ast.NumberLit{Pos: c.Pos, Text: "1", Integer: true}, length)
	case p.accept(kwSimilar):
		c.Syntax = ast.CallSimilarSubstring
		c.Args = append(c.Args, p.expr())
		p.expect(kwEscape)
		c.Args = append(c.Args, p.expr())
	default:
		return p.ordinary(c, x)
	}
	p.expect(tokRightParen)
	return c
}

// position reads POSITION(a IN x).
func (p *parser) position() ast.Expr {
	c := p.special("position", ast.CallPosition)
	needle := p.restrictedExpr()
	if !p.is(kwIn) {
		return p.ordinary(c, p.infix(needle, precOr))
	}
	p.expect(kwIn)
	c.Args = []ast.Expr{p.restrictedExpr(), needle}
	p.expect(tokRightParen)
	return c
}

// trim reads TRIM([LEADING|TRAILING|BOTH] [chars] FROM x) and TRIM(x, chars).
func (p *parser) trim() ast.Expr {
	c := p.special("btrim", ast.CallTrim)
	switch {
	case p.accept(kwLeading):
		c.Name[0].Text = "ltrim"
	case p.accept(kwTrailing):
		c.Name[0].Text = "rtrim"
	default:
		p.accept(kwBoth)
	}
	if p.accept(kwFrom) {
		c.Args = p.exprList()
	} else {
		c.Args = []ast.Expr{p.expr()}
		if p.accept(kwFrom) {
			list := p.exprList()
			c.Args = append(list, c.Args...)
		} else if p.accept(tokComma) {
			c.Args = append(c.Args, p.exprList()...)
		}
	}
	p.expect(tokRightParen)
	return c
}

// overlay reads OVERLAY(x PLACING y FROM a FOR b).
func (p *parser) overlay() ast.Expr {
	c := p.special("overlay", ast.CallOverlay)
	x := p.expr()
	if !p.accept(kwPlacing) {
		return p.ordinary(c, x)
	}
	c.Args = []ast.Expr{x, p.expr()}
	p.expect(kwFrom)
	c.Args = append(c.Args, p.expr())
	if p.accept(kwFor) {
		c.Args = append(c.Args, p.expr())
	}
	p.expect(tokRightParen)
	return c
}

// normalize reads NORMALIZE(x [, form]).
func (p *parser) normalize() ast.Expr {
	c := p.special("normalize", ast.CallNormalize)
	c.Args = []ast.Expr{p.expr()}
	if p.accept(tokComma) {
		pos := p.at()
		if isLabel(p.tok.kind) && isNormalForm(p.word(p.tok)) {
			c.Args = append(c.Args, &ast.StringLit{Pos: pos, Value: p.takeName().Text})
		} else {
			return p.normalizeCall(c)
		}
	}
	p.expect(tokRightParen)
	return c
}

// normalizeCall reads a second argument that is no key word.
func (p *parser) normalizeCall(c *ast.FuncCall) ast.Expr {
	c.Syntax = ast.CallPlain
	c.Args = append(c.Args, p.expr())
	p.moreArgs(c)
	return c
}

// collationFor reads COLLATION FOR (x), from COLLATION on.
func (p *parser) collationFor() ast.Expr {
	pos := p.at()
	p.advance()
	p.expect(kwFor)
	p.expect(tokLeftParen)
	c := &ast.FuncCall{
		Pos: pos, Name: ast.ObjectName{{Pos: pos, Text: "pg_collation_for"}},
		Args: []ast.Expr{p.expr()}, Syntax: ast.CallCollationFor,
	}
	p.expect(tokRightParen)
	return c
}

// intervalFields are the units of INTERVAL, and their plurals.
var intervalFields = map[string]ast.IntervalField{
	"year": ast.FieldYear, "month": ast.FieldMonth, "day": ast.FieldDay, "hour": ast.FieldHour,
	"minute": ast.FieldMinute, "second": ast.FieldSecond, "week": ast.FieldWeek,
	"quarter": ast.FieldQuarter, "decade": ast.FieldDecade, "century": ast.FieldCentury,
	"centuries": ast.FieldCentury, "millennium": ast.FieldMillennium, "millennia": ast.FieldMillennium,
	"millisecond": ast.FieldMillisecond, "microsecond": ast.FieldMicrosecond,
}

// intervalField returns the field that the current token is, or FieldNone.
func (p *parser) intervalField() ast.IntervalField {
	if p.tok.kind != tokIdent && p.tok.kind < keywordsFrom {
		return ast.FieldNone
	}
	word := p.word(p.tok)
	if f, ok := intervalFields[word]; ok {
		return f
	}
	return intervalFields[strings.TrimSuffix(word, "s")]
}

// intervalQualifier reads DAY, YEAR TO MONTH, SECOND(3), DAY TO SECOND(3), or
// nothing.
func (p *parser) intervalQualifier() *ast.IntervalQualifier {
	f := p.intervalField()
	if f == ast.FieldNone {
		return nil
	}
	q := &ast.IntervalQualifier{Pos: p.at(), From: f}
	p.advance()
	if p.is(kwTo) {
		p.advance()
		q.To = p.intervalField()
		if q.To <= q.From {
			p.syntaxError()
			return q
		}
		p.advance()
	}
	if (q.To == ast.FieldSecond || q.From == ast.FieldSecond) && p.is(tokLeftParen) && p.ahead[0].kind == tokInteger {
		n := p.precision()
		q.Precision = &n
	}
	return q
}

// interval reads INTERVAL '…' with all that may stand around the string, or
// INTERVAL expr unit. The key word has been seen; a value follows.
func (p *parser) interval() ast.Expr {
	e := &ast.IntervalLit{Pos: p.at()}
	p.advance()
	if p.is(tokMinus) || p.is(tokPlus) {
		e.Negative = p.is(tokMinus)
		p.advance()
	}
	switch {
	case p.is(tokLeftParen):
		e.Value = p.paren()
		if n, ok := e.Value.(*ast.NumberLit); ok && n.Integer && p.isString() {
			precision := p.smallInt(n)
			e.Value = &ast.StringLit{Pos: p.at(), Value: p.stringValue()}
			e.Qualifier = &ast.IntervalQualifier{Pos: n.Pos, Precision: &precision}
			return e
		}
	case p.isString():
		e.Value = &ast.StringLit{Pos: p.at(), Value: p.stringValue()}
		e.Qualifier = p.intervalQualifier()
		return e
	default:
		e.Value = p.primary()
	}
	e.Qualifier = p.intervalQualifier()
	if e.Qualifier == nil {
		p.syntaxErrorHint("write INTERVAL '1' DAY, or INTERVAL '1 day'")
	}
	return e
}
