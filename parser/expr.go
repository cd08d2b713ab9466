package parser

import "github.com/muster-sql/muster/parser/ast"

// Precedences, loosest first: PostgreSQL's table.
const (
	precNone = iota
	precOr
	precAnd
	precNot
	precIs
	precCompare   // not associative
	precPredicate // BETWEEN IN LIKE ILIKE SIMILAR: not associative
	precOperator  // every other operator, and prefix operators
	precAdd
	precMultiply
	precPower
	precAt
	precCollate
	precUnary
	precCast
)

// infixPrec gives the precedence of each token as an infix operator, 0 for none.
var infixPrec = buildInfixPrec()

func buildInfixPrec() *[kindCount]uint8 {
	return &[kindCount]uint8{
		kwOr: precOr, kwAnd: precAnd,
		kwIs: precIs, kwIsnull: precIs, kwNotnull: precIs,
		tokLess: precCompare, tokGreater: precCompare, tokEqual: precCompare,
		tokLessEqual: precCompare, tokGreaterEqual: precCompare, tokNotEqual: precCompare,
		kwBetween: precPredicate, kwIn: precPredicate, kwLike: precPredicate, kwIlike: precPredicate,
		kwSimilar: precPredicate, kwNot: precPredicate, kwOverlaps: precPredicate,
		tokOp: precOperator, tokLambdaArrow: precOperator, kwOperator: precOperator,
		tokPlus: precAdd, tokMinus: precAdd,
		tokStar: precMultiply, tokSlash: precMultiply, tokPercent: precMultiply,
		tokCaret: precPower, kwAt: precAt, kwCollate: precCollate, tokTypecast: precCast,
	}
}

// expr reads an expression.
func (p *parser) expr() ast.Expr { return p.exprAt(precOr) }

// exprAt reads an expression whose infix operators bind at least as tightly as
// floor.
func (p *parser) exprAt(floor int) ast.Expr {
	if !p.enter() {
		return nil
	}
	outer := p.high
	p.high = 0
	e := p.infix(p.prefix(), floor)
	p.high = max(outer, p.high+1)
	p.leave()
	return e
}

// restrictedExpr reads PostgreSQL's b_expr: arithmetic and comparisons, but no
// AND, OR, NOT, IS, IN, LIKE or BETWEEN, which could belong to what follows.
func (p *parser) restrictedExpr() ast.Expr {
	e := p.exprAt(precOperator)
	if infixPrec[p.tok.kind] == precCompare {
		op := p.takeOperator()
		if q, ok := p.quantifier(); ok {
			return p.quantified(e, op, q)
		}
		e = &ast.Binary{Pos: op.pos, Op: op.name, Left: e, Right: p.exprAt(precOperator)}
	}
	return e
}

// infix extends left by the infix and postfix operators that follow it.
func (p *parser) infix(left ast.Expr, floor int) ast.Expr {
	for {
		prec := int(infixPrec[p.tok.kind])
		if prec == precNone || prec < floor {
			return left
		}
		p.grow()
		switch k := p.tok.kind; k {
		case kwOr:
			left = p.logical(left, ast.Or, kwOr, precAnd)
		case kwAnd:
			left = p.logical(left, ast.And, kwAnd, precNot)
		case kwIs:
			left = p.isTest(left)
		case kwIsnull, kwNotnull:
			left = &ast.IsTest{Pos: p.at(), X: left, Test: ast.IsNull, Not: k == kwNotnull}
			p.advance()
		case kwNot, kwBetween, kwIn, kwLike, kwIlike, kwSimilar:
			if k == kwNot && !startsPredicate(p.ahead[0].kind) {
				return left
			}
			if k == kwSimilar && p.ahead[0].kind != kwTo {
				return left
			}
			left = p.predicate(left)
		case kwOverlaps:
			left = p.overlaps(left)
		case kwAt:
			if p.ahead[0].kind != kwTime && !p.nextIsWord("local") {
				return left
			}
			left = p.atTimeZone(left)
		case kwCollate:
			pos := p.at()
			p.advance()
			left = &ast.Collate{Pos: pos, X: left, Collation: p.objectName()}
		case tokTypecast:
			pos := p.at()
			p.advance()
			left = &ast.Cast{Pos: pos, X: left, Type: p.typeName()}
		case kwOperator:
			if p.ahead[0].kind != tokLeftParen {
				return left
			}
			left = p.binary(left, prec)
		case tokLambdaArrow:
			if params, ok := lambdaParams(left); ok {
				left = p.lambdaBody(params)
				continue
			}
			left = p.binary(left, prec)
		default:
			left = p.binary(left, prec)
		}
	}
}

// logical reads a whole chain of one operator; operands bind tighter than it.
func (p *parser) logical(first ast.Expr, op ast.LogicalOp, k kind, operand int) ast.Expr {
	chain := &ast.Logical{Pos: p.at(), Op: op, Args: append(make([]ast.Expr, 0, 4), first)}
	for p.accept(k) {
		chain.Args = append(chain.Args, p.exprAt(operand))
	}
	return chain
}

// operator is an operator as written, perhaps OPERATOR(schema.op).
type operator struct {
	pos    ast.Pos
	name   string
	schema []ast.Name
}

// operatorName gives the canonical text of operators that have several.
func operatorName(k kind, text string) string {
	switch k {
	case tokNotEqual:
		return "<>"
	case tokEqual:
		return "="
	}
	return text
}

func isOperator(k kind) bool {
	return k >= tokOp && k <= tokLambdaArrow
}

// takeOperator reads an operator.
func (p *parser) takeOperator() operator {
	op := operator{pos: p.at()}
	t := p.tok
	if t.kind != kwOperator {
		p.advance()
		op.name = operatorName(t.kind, p.sql[t.pos:t.end])
		return op
	}
	p.advance()
	p.expect(tokLeftParen)
	for isColumnName(p.tok.kind) && p.ahead[0].kind == tokDot {
		op.schema = append(op.schema, p.takeName())
		p.advance()
	}
	if !isOperator(p.tok.kind) {
		p.syntaxError()
		return op
	}
	t = p.tok
	p.advance()
	op.name = operatorName(t.kind, p.sql[t.pos:t.end])
	p.expect(tokRightParen)
	return op
}

// binary reads an operator and its right operand, or ANY / ALL (…).
func (p *parser) binary(left ast.Expr, prec int) ast.Expr {
	op := p.takeOperator()
	if q, ok := p.quantifier(); ok {
		return p.quantified(left, op, q)
	}
	e := &ast.Binary{Pos: op.pos, Op: op.name, OpSchema: op.schema, Left: left, Right: p.exprAt(prec + 1)}
	if prec == precCompare && infixPrec[p.tok.kind] == precCompare {
		p.syntaxErrorHint("comparisons cannot be chained: combine them with AND")
	}
	return e
}

func (p *parser) quantifier() (ast.Quantifier, bool) {
	if p.ahead[0].kind != tokLeftParen {
		return ast.Any, false
	}
	switch p.tok.kind {
	case kwAny, kwSome:
		return ast.Any, true
	case kwAll:
		return ast.All, true
	}
	return ast.Any, false
}

// quantified reads ANY (…), from the quantifier on.
func (p *parser) quantified(left ast.Expr, op operator, q ast.Quantifier) ast.Expr {
	p.advance()
	e := &ast.Quantified{Pos: op.pos, Left: left, Op: op.name, OpSchema: op.schema, Quant: q}
	switch x := p.paren().(type) {
	case *ast.Subquery:
		e.Query = x.Query
	case *ast.Row:
		p.syntaxErrorHint("ANY and ALL take a subquery or an array")
	default:
		e.Array = x
	}
	return e
}

// prefix reads prefix operators and what they apply to.
func (p *parser) prefix() ast.Expr {
	pos := p.at()
	switch p.tok.kind {
	case kwNot:
		p.advance()
		return &ast.Not{Pos: pos, X: p.exprAt(precNot)}
	case tokPlus, tokMinus:
		op := p.takeOperator()
		return &ast.Unary{Pos: pos, Op: op.name, X: p.exprAt(precUnary)}
	case tokOp:
		op := p.takeOperator()
		return &ast.Unary{Pos: pos, Op: op.name, X: p.exprAt(precOperator + 1)}
	case kwOperator:
		if p.ahead[0].kind == tokLeftParen {
			op := p.takeOperator()
			return &ast.Unary{Pos: pos, Op: op.name, OpSchema: op.schema, X: p.exprAt(precOperator + 1)}
		}
	}
	return p.postfix(p.primary())
}

// postfix reads .field, .* and [subscripts] behind a primary expression.
func (p *parser) postfix(x ast.Expr) ast.Expr {
	for {
		pos := p.at()
		switch p.tok.kind {
		case tokLeftBracket:
			p.grow()
			x = p.subscript(x)
		case tokDot:
			p.grow()
			p.advance()
			if p.accept(tokStar) {
				return &ast.Star{Pos: pos, Row: x}
			}
			x = &ast.FieldAccess{Pos: pos, X: x, Field: p.label()}
		default:
			return x
		}
	}
}

// subscript reads [i], [i:j] or [i:j:k].
func (p *parser) subscript(x ast.Expr) ast.Expr {
	e := &ast.Subscript{Pos: p.at(), X: x}
	p.advance()
	if !p.is(tokColon) {
		e.Index = p.expr()
	}
	if p.accept(tokColon) {
		e.Slice, e.Lower, e.Index = true, e.Index, nil
		if !p.is(tokRightBracket) && !p.is(tokColon) {
			e.Upper = p.expr()
		}
		if p.accept(tokColon) {
			e.Step = p.expr()
		}
	}
	p.expect(tokRightBracket)
	return e
}

// exprList reads a, b, c.
func (p *parser) exprList() []ast.Expr {
	list := append(make([]ast.Expr, 0, 4), p.expr())
	for p.accept(tokComma) {
		list = append(list, p.expr())
	}
	return list
}

// parenExprList reads (a, b, c).
func (p *parser) parenExprList() []ast.Expr {
	p.expect(tokLeftParen)
	list := p.exprList()
	p.expect(tokRightParen)
	return list
}
