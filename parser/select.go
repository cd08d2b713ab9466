package parser

import "github.com/muster-sql/muster/parser/ast"

// query reads a whole query expression.
func (p *parser) query() *ast.Query {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	outer := p.high
	p.high = 0
	q := p.queryRest(p.at(), p.with())
	p.high = max(outer, p.high+1)
	return q
}

// queryRest reads a query after its WITH clause.
func (p *parser) queryRest(pos ast.Pos, with *ast.With) *ast.Query {
	q := &ast.Query{Span: ast.Span{Pos: pos}, With: with}
	q.Body = p.setOperations(p.queryPrimary(), precUnion)
	p.queryTail(q)
	q.Span = p.span(pos)
	if inner, ok := q.Body.(*ast.Query); ok && isBareQuery(q) {
		return inner
	}
	return q
}

// isBareQuery reports that a query is nothing but its body.
func isBareQuery(q *ast.Query) bool {
	return q.With == nil && q.OrderBy == nil && q.Limit == nil && q.Offset == nil && !q.WithTies && q.Locking == nil
}

// continuesQuery reports that what was read as (query) is the first part of a
// longer query.
func (p *parser) continuesQuery() bool {
	switch p.tok.kind {
	case kwUnion, kwIntersect, kwExcept, kwOrder, kwLimit, kwOffset, kwFetch, kwFor:
		return true
	}
	return false
}

// continueQuery reads the rest of a query that began with the parenthesised left.
func (p *parser) continueQuery(left *ast.Query) *ast.Query {
	if left == nil {
		return nil
	}
	q := &ast.Query{Span: left.Span}
	q.Body = p.setOperations(asBody(left), precUnion)
	p.queryTail(q)
	q.Span = p.span(left.Pos)
	return q
}

// asBody drops a query around a body that has no clauses of its own.
func asBody(q *ast.Query) ast.QueryBody {
	if q == nil {
		return nil
	}
	if isBareQuery(q) {
		return q.Body
	}
	return q
}

// Precedences of the set operations.
const (
	precUnion = iota + 1
	precIntersect
)

// setOperations extends left by the set operations behind it.
func (p *parser) setOperations(left ast.QueryBody, floor int) ast.QueryBody {
	for {
		op := &ast.SetOp{Pos: p.at(), Left: left}
		prec := precUnion
		switch p.tok.kind {
		case kwUnion:
			op.Kind = ast.Union
		case kwExcept:
			op.Kind = ast.Except
		case kwIntersect:
			op.Kind = ast.Intersect
			prec = precIntersect
		default:
			return left
		}
		if prec < floor {
			return left
		}
		p.grow()
		p.advance()
		if p.accept(kwAll) {
			op.All = true
		} else {
			p.accept(kwDistinct)
		}
		if p.is(kwBy) && p.nextIsWord("name") {
			p.advance()
			p.advance()
			op.ByName = true
		}
		op.Corresponding = p.acceptWord("corresponding")
		op.Right = p.setOperations(p.queryPrimary(), prec+1)
		left = op
	}
}

// queryPrimary reads SELECT, VALUES, TABLE, FROM or a query in parentheses.
func (p *parser) queryPrimary() ast.QueryBody {
	pos := p.at()
	switch p.tok.kind {
	case kwSelect:
		return p.selectClause()
	case kwFrom:
		return p.fromFirst()
	case kwValues:
		return p.values()
	case kwTable:
		p.advance()
		t := &ast.TableQuery{Pos: pos}
		t.Only = p.accept(kwOnly)
		t.Table = p.tableName()
		p.accept(tokStar)
		return t
	case tokLeftParen:
		p.advance()
		q := p.query()
		p.expect(tokRightParen)
		return asBody(q)
	}
	p.syntaxError()
	return nil
}

// queryTail reads ORDER BY, LIMIT, OFFSET, FETCH and FOR.
func (p *parser) queryTail(q *ast.Query) {
	if p.is(kwOrder) {
		q.OrderBy = p.orderBy()
	}
	limit, offset := false, false
	for {
		switch {
		case p.is(kwLimit) && !limit:
			limit = true
			p.limit(q)
		case p.is(kwFetch) && !limit:
			limit = true
			p.fetchFirst(q)
		case p.is(kwOffset) && !offset:
			offset = true
			p.advance()
			q.Offset = p.expr()
			if !p.accept(kwRows) {
				p.accept(kwRow)
			}
		case p.is(kwFor):
			if p.ahead[0].kind != kwUpdate && !p.nextIsWord("share") && !p.nextIsWord("no") && !p.nextIsWord("key") && !p.nextIsWord("read") {
				return
			}
			p.locking(q)
		default:
			return
		}
	}
}

// limit reads LIMIT n, LIMIT ALL, LIMIT n PERCENT and LIMIT offset, n's refusal.
func (p *parser) limit(q *ast.Query) {
	p.advance()
	if p.accept(kwAll) {
		return
	}
	q.Limit = p.expr()
	if p.is(tokComma) {
		p.fail(codeSyntax, int(p.tok.pos), "use separate LIMIT and OFFSET clauses", "LIMIT #,# syntax is not supported")
		return
	}
	q.Percent = p.acceptWord("percent")
}

// fetchFirst reads FETCH FIRST [n] ROWS ONLY|WITH TIES.
func (p *parser) fetchFirst(q *ast.Query) {
	p.advance()
	if p.oneOf("first", "next") == "" {
		p.syntaxError()
		return
	}
	q.Limit = &ast.NumberLit{Pos: p.at(), Text: "1", Integer: true}
	if !p.is(kwRow) && !p.is(kwRows) {
		q.Limit = p.prefix()
	}
	if !p.accept(kwRow) {
		p.expect(kwRows)
	}
	if p.accept(kwOnly) {
		return
	}
	p.expect(kwWith)
	p.expectWord("ties")
	q.WithTies = true
}

// locking reads FOR UPDATE and its relatives.
func (p *parser) locking(q *ast.Query) {
	l := ast.Locking{Pos: p.at()}
	p.advance()
	switch {
	case p.acceptWord("read", "only"):
		return
	case p.acceptWord("update"):
		l.Strength = "update"
	case p.acceptWord("no", "key", "update"):
		l.Strength = "no key update"
	case p.acceptWord("share"):
		l.Strength = "share"
	case p.acceptWord("key", "share"):
		l.Strength = "key share"
	default:
		p.syntaxError()
	}
	if p.acceptWord("of") {
		l.Of = p.objectNames()
	}
	if p.acceptWord("nowait") {
		l.Wait = "nowait"
	} else if p.acceptWord("skip", "locked") {
		l.Wait = "skip locked"
	}
	q.Locking = append(q.Locking, l)
}

// values reads VALUES (…), (…).
func (p *parser) values() ast.QueryBody {
	v := &ast.Values{Pos: p.at()}
	p.advance()
	for {
		v.Rows = append(v.Rows, p.valuesRow())
		if !p.accept(tokComma) {
			return v
		}
	}
}

// valuesRow reads (a, b), or one value without parentheses.
func (p *parser) valuesRow() []ast.Expr {
	if !p.is(tokLeftParen) {
		return []ast.Expr{p.expr()}
	}
	p.advance()
	if p.startsQuery() {
		q := &ast.Subquery{Pos: p.at(), Query: p.query()}
		p.expect(tokRightParen)
		return []ast.Expr{q}
	}
	list := p.exprList()
	p.expect(tokRightParen)
	return list
}

// selectClause reads SELECT up to QUALIFY.
func (p *parser) selectClause() *ast.Select {
	s := &ast.Select{Pos: p.at()}
	p.advance()
	p.distinct(s)
	s.Items = p.selectItems()
	if p.is(kwInto) {
		p.into(s)
	}
	if p.is(kwFrom) {
		p.advance()
		s.From = p.relations()
	}
	p.afterFrom(s)
	return s
}

func (p *parser) distinct(s *ast.Select) {
	if p.accept(kwAll) || !p.accept(kwDistinct) {
		return
	}
	s.Distinct = true
	if p.accept(kwOn) {
		s.DistinctOn = p.parenExprList()
	}
}

// fromFirst reads FROM t [SELECT …].
func (p *parser) fromFirst() *ast.Select {
	s := &ast.Select{Pos: p.at()}
	p.advance()
	s.From = p.relations()
	if p.is(kwSelect) {
		p.advance()
		p.distinct(s)
		s.Items = p.selectItems()
	} else {
		s.Items = []ast.SelectItem{{Pos: s.Pos, Expr: &ast.Star{Pos: s.Pos}}}
	}
	p.afterFrom(s)
	return s
}

// afterFrom reads the clauses from WHERE to QUALIFY.
func (p *parser) afterFrom(s *ast.Select) {
	if p.accept(kwWhere) {
		s.Where = p.expr()
	}
	if p.is(kwGroup) {
		s.GroupBy = p.groupBy()
	}
	if p.accept(kwHaving) {
		s.Having = p.expr()
	}
	if p.accept(kwWindow) {
		for {
			w := ast.WindowDef{Pos: p.at(), Name: p.columnName()}
			p.expect(kwAs)
			w.Spec = p.windowSpec()
			s.Windows = append(s.Windows, w)
			if !p.accept(tokComma) {
				break
			}
		}
	}
	if p.accept(kwQualify) {
		s.Qualify = p.expr()
	}
	if p.is(kwUsing) && p.nextIsWord("sample") {
		p.advance()
		s.Sample = p.sample()
	}
}

func (p *parser) into(s *ast.Select) {
	s.Into = &ast.SelectInto{Pos: p.at()}
	p.advance()
	if p.acceptWord("temp") || p.acceptWord("temporary") {
		s.Into.Temp = true
	} else {
		p.acceptWord("unlogged")
	}
	p.accept(kwTable)
	s.Into.Name = p.tableName()
}
