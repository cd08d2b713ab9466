package parser

import (
	"strconv"

	"github.com/muster-sql/muster/parser/ast"
)

// primary reads an expression without operators.
func (p *parser) primary() ast.Expr {
	pos := p.at()
	switch k := p.tok.kind; k {
	case tokIdent:
		return p.named()
	case tokInteger, tokRadixInt, tokNumber:
		return &ast.NumberLit{Pos: pos, Integer: k != tokNumber, Text: p.numberText()}
	case tokString, tokStringEsc, tokEString, tokUString, tokDollarString:
		return &ast.StringLit{Pos: pos, Value: p.stringValue()}
	case tokBits, tokHex:
		return p.bits()
	case tokParam:
		return p.param()
	case tokLeftParen:
		return p.paren()
	case tokLeftBracket:
		return p.bracketList(pos)
	case tokLeftBrace:
		return p.structLit(pos, false)
	case kwTrue, kwFalse:
		p.advance()
		return &ast.BoolLit{Pos: pos, Value: k == kwTrue}
	case kwNull:
		p.advance()
		return &ast.NullLit{Pos: pos}
	case kwDefault:
		p.advance()
		return &ast.DefaultExpr{Pos: pos}
	case kwCase:
		return p.caseExpr()
	case kwCast:
		return p.cast(false)
	case kwArray:
		return p.array()
	case kwCollation:
		return p.collationFor()
	case kwCurrentDate, kwCurrentTime, kwCurrentTimestamp, kwLocaltime, kwLocaltimestamp,
		kwCurrentUser, kwCurrentRole, kwSessionUser, kwUser, kwCurrentCatalog, kwCurrentSchema:
		return p.keywordCall()
	default:
		if p.ahead[0].kind == tokLeftParen {
			if e := p.specialCall(); e != nil || p.err != nil {
				return e
			}
		}
		return p.named()
	}
}

// param reads $n.
func (p *parser) param() ast.Expr {
	t := p.tok
	p.advance()
	n, err := strconv.ParseInt(p.sql[t.pos+1:t.end], 10, 32)
	if err != nil || n == 0 {
		p.fail("42P02", int(t.pos), "parameters are $1, $2 and so on", "there is no parameter %s", p.sql[t.pos:t.end])
	}
	return &ast.Param{Pos: ast.Pos(t.pos), Number: int(n)}
}

// bits reads B'…' or X'…'.
func (p *parser) bits() ast.Expr {
	t := p.tok
	p.advance()
	e := &ast.BitLit{Pos: ast.Pos(t.pos), Hex: t.kind == tokHex, Digits: joinQuoted(p.sql[t.pos+2 : t.end])}
	for i := 0; i < len(e.Digits); i++ {
		c := e.Digits[i]
		if e.Hex && hexDigit(c) < 0 {
			p.fail("22P02", int(t.pos), "", "\"%s\" is not a valid hexadecimal digit", firstRune(e.Digits[i:]))
			break
		}
		if !e.Hex && c != '0' && c != '1' {
			p.fail("22P02", int(t.pos), "", "\"%s\" is not a valid binary digit", firstRune(e.Digits[i:]))
			break
		}
	}
	return e
}

func firstRune(s string) string {
	for i := range s {
		if i > 0 {
			return s[:i]
		}
	}
	return s
}

// startsQuery reports that the current token begins a query, after a parenthesis.
func (p *parser) startsQuery() bool {
	switch p.tok.kind {
	case kwSelect, kwWith:
		return true
	case kwFrom:
		return true
	case kwValues:
		return startsValuesRow(p.ahead[0].kind)
	case kwTable:
		return p.ahead[0].kind == kwOnly || isColumnName(p.ahead[0].kind)
	}
	return false
}

// startsValuesRow reports that VALUES before a token is the clause, not a name.
func startsValuesRow(k kind) bool {
	switch k {
	case tokLeftParen, tokInteger, tokNumber, tokParam, kwNull, kwTrue, kwFalse, kwCast, kwArray, kwRow:
		return true
	}
	return isStringKind(k)
}

// paren reads (expr), (a, b) or (query). A query may begin with parentheses of its
// own, ((SELECT 1) UNION SELECT 2): that is seen only after the inner one.
func (p *parser) paren() ast.Expr {
	pos := p.at()
	p.advance()
	if p.startsQuery() {
		e := &ast.Subquery{Pos: pos, Query: p.query()}
		p.expect(tokRightParen)
		return e
	}
	if p.accept(tokRightParen) {
		return &ast.Row{Pos: pos}
	}
	first := p.expr()
	if sub, ok := first.(*ast.Subquery); ok && p.continuesQuery() {
		e := &ast.Subquery{Pos: pos, Query: p.continueQuery(sub.Query)}
		p.expect(tokRightParen)
		return e
	}
	if !p.is(tokComma) {
		p.expect(tokRightParen)
		if p.is(tokLambdaArrow) && p.argAt == int32(pos) && !p.lambdaIsOperator() {
			if params, ok := lambdaParams(&ast.Row{Elems: []ast.Expr{first}}); ok {
				return p.lambdaBody(params)
			}
		}
		return first
	}
	list := append(make([]ast.Expr, 0, 4), first)
	for p.accept(tokComma) {
		list = append(list, p.expr())
	}
	p.expect(tokRightParen)
	return &ast.Row{Pos: pos, Elems: list}
}

// named reads what begins with a name: a column, a call, or a typed constant.
func (p *parser) named() ast.Expr {
	first := p.tok
	if !isTypeOrFunctionName(first.kind) && !isColumnName(first.kind) {
		p.syntaxError()
		return nil
	}
	if t := p.typeKeywordLiteral(); t != nil {
		return t
	}
	if p.ahead[0].kind != tokDot {
		switch k := p.ahead[0].kind; {
		case k == tokLeftParen && first.kind != kwValues:
			return p.call(ast.ObjectName{p.takeName()})
		case isStringKind(k) && first.kind != kwValues:
			return p.typedLit(ast.ObjectName{p.takeName()})
		case k == tokLeftBrace && p.isWord("map"):
			pos := p.at()
			p.advance()
			return p.structLit(pos, true)
		case !isColumnName(first.kind):
			p.syntaxError()
			return nil
		}
		// One allocation for the node and its only part.
		n := &struct {
			ref   ast.ColumnRef
			parts [1]ast.Name
		}{}
		n.parts[0] = p.takeName()
		n.ref = ast.ColumnRef{Pos: ast.Pos(first.pos), Parts: n.parts[:]}
		return &n.ref
	}
	return p.qualified()
}

// qualified reads a dotted name and what follows it.
func (p *parser) qualified() ast.Expr {
	pos := p.at()
	n := &struct {
		ref   ast.ColumnRef
		parts [2]ast.Name
	}{}
	parts := append(n.parts[:0], p.takeName())
	for p.is(tokDot) {
		switch k := p.ahead[0].kind; {
		case k == tokStar:
			p.advance()
			p.advance()
			return &ast.Star{Pos: pos, Qualifier: parts}
		case isLabel(k):
			p.advance()
			parts = append(parts, p.takeName())
			if len(parts) > namePartsMax {
				p.tooManyDots(parts)
			}
		default:
			p.advance()
			p.syntaxError()
			return nil
		}
	}
	if p.is(tokLeftParen) {
		return p.call(parts)
	}
	if p.isString() {
		return p.typedLit(parts)
	}
	n.ref = ast.ColumnRef{Pos: pos, Parts: parts}
	return &n.ref
}

// typedLit reads the string of type 'string'.
func (p *parser) typedLit(name ast.ObjectName) ast.Expr {
	t := &ast.TypeName{Pos: name[0].Pos, Name: name}
	return &ast.TypedLit{Pos: t.Pos, Type: t, Value: p.stringValue()}
}

// caseExpr reads CASE … END.
func (p *parser) caseExpr() ast.Expr {
	e := &ast.Case{Pos: p.at()}
	p.advance()
	if !p.is(kwWhen) {
		e.Operand = p.expr()
	}
	for p.is(kwWhen) {
		w := ast.When{Pos: p.at()}
		p.advance()
		w.Cond = p.expr()
		p.expect(kwThen)
		w.Result = p.expr()
		e.Whens = append(e.Whens, w)
	}
	if len(e.Whens) == 0 {
		p.syntaxErrorHint("CASE needs at least one WHEN … THEN …")
	}
	if p.accept(kwElse) {
		e.Else = p.expr()
	}
	if !p.accept(kwEnd) {
		p.syntaxErrorHint("CASE is closed with END")
	}
	return e
}

// cast reads CAST(x AS t) and TRY_CAST(x AS t).
func (p *parser) cast(try bool) ast.Expr {
	e := &ast.Cast{Pos: p.at(), Try: try}
	p.advance()
	p.expect(tokLeftParen)
	e.X = p.expr()
	p.expect(kwAs)
	e.Type = p.typeName()
	p.expect(tokRightParen)
	return e
}

// array reads ARRAY[…] or ARRAY(query).
func (p *parser) array() ast.Expr {
	pos := p.at()
	p.advance()
	switch p.tok.kind {
	case tokLeftBracket:
		return p.bracketList(pos)
	case tokLeftParen:
		return &ast.ArrayQuery{Pos: pos, Query: p.parenQuery("write ARRAY[a, b], or ARRAY(SELECT …)")}
	}
	p.syntaxErrorHint("write ARRAY[a, b], or ARRAY(SELECT …)")
	return nil
}

// bracketList reads [a, b, …].
func (p *parser) bracketList(pos ast.Pos) ast.Expr {
	e := &ast.ArrayExpr{Pos: pos}
	p.advance()
	if p.accept(tokRightBracket) {
		return e
	}
	e.Elems = p.exprList()
	p.expect(tokRightBracket)
	return e
}

// structLit reads {name: value, …}, and with isMap MAP {key: value, …}.
func (p *parser) structLit(pos ast.Pos, isMap bool) ast.Expr {
	e := &ast.StructLit{Pos: pos, Map: isMap}
	p.expect(tokLeftBrace)
	for p.err == nil && !p.is(tokRightBrace) {
		switch {
		case isMap:
			e.Keys = append(e.Keys, p.expr())
		case p.isString():
			e.Keys = append(e.Keys, &ast.StringLit{Pos: p.at(), Value: p.stringValue()})
		default:
			n := p.label()
			e.Keys = append(e.Keys, &ast.StringLit{Pos: n.Pos, Value: n.Text})
		}
		p.expect(tokColon)
		e.Values = append(e.Values, p.expr())
		if !p.accept(tokComma) {
			break
		}
	}
	p.expect(tokRightBrace)
	return e
}
