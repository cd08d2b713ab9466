package parser

import "github.com/muster-sql/muster/parser/ast"

// startsPredicate reports that a token may follow NOT in x NOT ….
func startsPredicate(k kind) bool {
	switch k {
	case kwBetween, kwIn, kwLike, kwIlike, kwSimilar:
		return true
	}
	return false
}

// predicate reads [NOT] BETWEEN, IN, LIKE, ILIKE or SIMILAR TO and its operands.
func (p *parser) predicate(left ast.Expr) ast.Expr {
	pos := p.at()
	not := p.accept(kwNot)
	var e ast.Expr
	switch p.tok.kind {
	case kwIn:
		p.advance()
		return p.in(left, pos, not)
	case kwBetween:
		p.advance()
		b := &ast.Between{Pos: pos, X: left, Not: not}
		b.Symmetric = p.accept(kwSymmetric)
		if !b.Symmetric {
			p.accept(kwAsymmetric)
		}
		b.Low = p.restrictedExpr()
		p.expect(kwAnd)
		b.High = p.exprAt(precPredicate + 1)
		e = b
	default:
		e = p.like(left, pos, not)
	}
	if k := p.tok.kind; infixPrec[k] == precPredicate && (k != kwNot || startsPredicate(p.ahead[0].kind)) {
		p.syntaxErrorHint("put one of the two predicates in parentheses")
	}
	return e
}

// like reads LIKE, ILIKE or SIMILAR TO.
func (p *parser) like(left ast.Expr, pos ast.Pos, not bool) ast.Expr {
	e := &ast.LikeExpr{Pos: pos, X: left, Not: not}
	op := "~~"
	switch p.tok.kind {
	case kwIlike:
		e.Kind = ast.ILike
		op = "~~*"
	case kwSimilar:
		e.Kind = ast.SimilarTo
	}
	p.advance()
	if e.Kind == ast.SimilarTo {
		p.expect(kwTo)
	} else if q, ok := p.quantifier(); ok {
		if not {
			op = "!" + op
		}
		return p.quantified(left, operator{pos: pos, name: op}, q)
	}
	e.Pattern = p.exprAt(precPredicate + 1)
	if p.accept(kwEscape) {
		e.Escape = p.exprAt(precPredicate + 1)
	}
	return e
}

// in reads (a, b) or (query).
func (p *parser) in(left ast.Expr, pos ast.Pos, not bool) ast.Expr {
	if !p.is(tokLeftParen) {
		// x IN list is x = ANY (list).
		q := &ast.Quantified{Pos: pos, Left: left, Op: "="}
		if not {
			q.Op, q.Quant = "<>", ast.All
		}
		q.Array = p.exprAt(precPredicate + 1)
		return q
	}
	p.advance()
	if p.startsQuery() {
		e := &ast.InSubquery{Pos: pos, X: left, Query: p.query(), Not: not}
		p.expect(tokRightParen)
		return e
	}
	list := append(make([]ast.Expr, 0, 4), p.expr())
	if sub, ok := list[0].(*ast.Subquery); ok && !p.is(tokComma) {
		if p.continuesQuery() {
			sub.Query = p.continueQuery(sub.Query)
		}
		p.expect(tokRightParen)
		return &ast.InSubquery{Pos: pos, X: left, Query: sub.Query, Not: not}
	}
	for p.accept(tokComma) {
		list = append(list, p.expr())
	}
	p.expect(tokRightParen)
	return &ast.InList{Pos: pos, X: left, List: list, Not: not}
}

// isTest reads IS [NOT] ….
func (p *parser) isTest(left ast.Expr) ast.Expr {
	pos := p.at()
	p.advance()
	e := &ast.IsTest{Pos: pos, X: left, Not: p.accept(kwNot)}
	switch {
	case p.accept(kwNull):
		e.Test = ast.IsNull
	case p.accept(kwTrue):
		e.Test = ast.IsTrue
	case p.accept(kwFalse):
		e.Test = ast.IsFalse
	case p.accept(kwUnknown):
		e.Test = ast.IsUnknown
	case p.accept2(kwDistinct, kwFrom):
		d := &ast.IsDistinct{Pos: pos, Left: left, Not: e.Not, Right: p.exprAt(precIs + 1)}
		if infixPrec[p.tok.kind] == precIs {
			p.syntaxErrorHint("put one of the two predicates in parentheses")
		}
		return d
	case p.acceptWord("document"):
		e.Test = ast.IsDocument
	case p.acceptWord("normalized"):
		e.Test, e.Form = ast.IsNormalized, ""
	case p.nextIsWord("normalized") && isNormalForm(p.word(p.tok)):
		e.Test, e.Form = ast.IsNormalized, p.word(p.tok)
		p.advance()
		p.advance()
	case p.acceptWord("json"):
		e.Test = ast.IsJSON
		e.Form = p.oneOf("object", "array", "scalar", "value")
	default:
		p.syntaxErrorHint("IS is followed by NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM; to compare values use =")
	}
	return e
}

func isNormalForm(word string) bool {
	switch word {
	case "nfc", "nfd", "nfkc", "nfkd":
		return true
	}
	return false
}

// atTimeZone reads AT TIME ZONE z or AT LOCAL.
func (p *parser) atTimeZone(left ast.Expr) ast.Expr {
	pos := p.at()
	p.advance()
	name := ast.ObjectName{{Pos: pos, Text: "timezone"}}
	if p.acceptWord("local") {
		return &ast.FuncCall{Pos: pos, Name: name, Args: []ast.Expr{left}, Syntax: ast.CallAtLocal}
	}
	p.advance()
	p.expectWord("zone")
	zone := p.exprAt(precAt + 1)
	return &ast.FuncCall{Pos: pos, Name: name, Args: []ast.Expr{zone, left}, Syntax: ast.CallAtTimeZone}
}

// overlaps reads (a, b) OVERLAPS (c, d).
func (p *parser) overlaps(left ast.Expr) ast.Expr {
	pos := p.at()
	l, ok := left.(*ast.Row)
	if !ok {
		p.syntaxError()
		return nil
	}
	p.advance()
	r, ok := p.exprAt(precPredicate + 1).(*ast.Row)
	if p.err != nil {
		return nil
	}
	if !ok || len(l.Elems) != 2 || len(r.Elems) != 2 {
		p.fail(codeSyntax, int(pos), "", "wrong number of parameters on the two sides of OVERLAPS expression")
		return nil
	}
	return &ast.FuncCall{
		Pos:    pos,
		Name:   ast.ObjectName{{Pos: pos, Text: "overlaps"}},
		Args:   []ast.Expr{l.Elems[0], l.Elems[1], r.Elems[0], r.Elems[1]},
		Syntax: ast.CallOverlaps,
	}
}
