package parser

import "github.com/muster-sql/muster/parser/ast"

// selectItems reads the select list, which may be empty and may end in a comma.
func (p *parser) selectItems() []ast.SelectItem {
	if p.endsSelectList() {
		return nil
	}
	list := append(make([]ast.SelectItem, 0, 4), p.selectItem())
	for p.accept(tokComma) {
		if p.endsSelectList() {
			break
		}
		list = append(list, p.selectItem())
	}
	return list
}

// endsSelectList reports that no item begins here.
func (p *parser) endsSelectList() bool {
	switch p.tok.kind {
	case kwFrom, kwInto, kwWhere, kwGroup, kwHaving, kwWindow, kwQualify, kwUnion, kwIntersect, kwExcept,
		kwOrder, kwLimit, kwOffset, kwFetch, kwFor, tokRightParen, tokSemicolon, tokEOF, tokStop:
		return true
	}
	return false
}

// selectItem reads one output column; prefix: alias is DuckDB's form of AS.
func (p *parser) selectItem() ast.SelectItem {
	item := ast.SelectItem{Pos: p.at()}
	if p.is(tokStar) {
		item.Expr = p.star()
		return item
	}
	if p.ahead[0].kind == tokColon && isLabel(p.tok.kind) {
		item.Alias = p.takeName()
		p.advance()
		item.Expr = p.expr()
		return item
	}
	item.Expr = p.expr()
	if s, ok := item.Expr.(*ast.Star); ok {
		p.starModifiers(s)
	}
	switch {
	case p.is(kwAs):
		p.advance()
		if pos := p.at(); p.isString() {
			if item.Alias = (ast.Name{Pos: pos, Text: p.stringValue(), Quoted: true}); item.Alias.IsZero() {
				p.fail(codeSyntax, int(pos), "", "zero-length delimited identifier")
			}
			break
		}
		item.Alias = p.label()
	case isBareLabel(p.tok.kind):
		item.Alias = p.takeName()
	}
	return item
}

// star reads * with its modifiers.
func (p *parser) star() *ast.Star {
	s := &ast.Star{Pos: p.at()}
	p.advance()
	p.starModifiers(s)
	return s
}

// starModifiers reads EXCLUDE (a, b), REPLACE (e AS a) and RENAME (a AS b).
func (p *parser) starModifiers(s *ast.Star) {
	if p.accept(kwExclude) {
		p.starList(func() { s.Exclude = append(s.Exclude, p.objectName()) })
	}
	if p.accept(kwReplace) {
		p.starList(func() {
			item := ast.SelectItem{Pos: p.at(), Expr: p.expr()}
			p.accept(kwAs)
			item.Alias = p.label()
			s.Replace = append(s.Replace, item)
		})
	}
	if p.acceptWord("rename") {
		p.starList(func() {
			r := ast.Renaming{From: p.objectName()}
			p.expect(kwAs)
			r.To = p.label()
			s.Rename = append(s.Rename, r)
		})
	}
}

// starList reads one item, or several in parentheses.
func (p *parser) starList(item func()) {
	if !p.accept(tokLeftParen) {
		item()
		return
	}
	for {
		item()
		if !p.accept(tokComma) || p.is(tokRightParen) {
			break
		}
	}
	p.expect(tokRightParen)
}

// groupBy reads GROUP BY ….
func (p *parser) groupBy() *ast.GroupBy {
	g := &ast.GroupBy{Pos: p.at()}
	p.advance()
	p.expect(kwBy)
	if p.accept(kwDistinct) {
		g.Distinct = true
	} else if p.accept(kwAll) {
		if p.endsGroupBy() {
			g.All = true
			return g
		}
	} else if p.is(tokStar) {
		p.advance()
		g.All = true
		return g
	}
	g.Items = append(g.Items, p.groupItem())
	for p.accept(tokComma) {
		if p.endsGroupBy() {
			break
		}
		g.Items = append(g.Items, p.groupItem())
	}
	return g
}

func (p *parser) endsGroupBy() bool { return p.endsSelectList() || p.is(kwUsing) }

// groupItem reads an expression, ROLLUP, CUBE or GROUPING SETS.
func (p *parser) groupItem() ast.Expr {
	g := &ast.GroupingSet{Pos: p.at()}
	switch {
	case p.is(kwRollup) && p.ahead[0].kind == tokLeftParen:
		g.Kind = ast.Rollup
	case p.is(kwCube) && p.ahead[0].kind == tokLeftParen:
		g.Kind = ast.Cube
	case p.is(kwGrouping) && p.ahead[0].kind == kwSets:
		g.Kind = ast.GroupingSets
		p.advance()
	default:
		return p.expr()
	}
	if !p.enter() {
		return nil
	}
	defer p.leave()
	p.advance()
	p.expect(tokLeftParen)
	for {
		g.Items = append(g.Items, p.groupItem())
		if !p.accept(tokComma) {
			break
		}
	}
	p.expect(tokRightParen)
	return g
}

// orderBy reads ORDER BY ….
func (p *parser) orderBy() []ast.OrderItem {
	p.expect(kwOrder)
	p.expect(kwBy)
	var list []ast.OrderItem
	for {
		o := ast.OrderItem{Pos: p.at()}
		if p.accept(kwAll) {
			o.All = true
		} else {
			o.Expr = p.expr()
		}
		if p.accept(kwUsing) {
			o.Using = p.takeAnyOperator()
		} else {
			o.Direction = p.direction()
		}
		o.Nulls = p.nullsOrder()
		list = append(list, o)
		if !p.accept(tokComma) {
			return list
		}
	}
}

// takeAnyOperator reads the operator of USING.
func (p *parser) takeAnyOperator() string {
	if !isOperator(p.tok.kind) && p.tok.kind != kwOperator {
		p.syntaxError()
		return ""
	}
	return p.takeOperator().name
}

func (p *parser) direction() ast.SortDirection {
	switch {
	case p.accept(kwAsc):
		return ast.Ascending
	case p.accept(kwDesc):
		return ast.Descending
	}
	return ast.SortDefault
}

func (p *parser) nullsOrder() ast.NullsOrder {
	if p.is(kwNulls) {
		switch {
		case p.acceptWord("nulls", "first"):
			return ast.NullsFirst
		case p.acceptWord("nulls", "last"):
			return ast.NullsLast
		}
	}
	return ast.NullsUnspecified
}

// with reads a WITH clause if there is one.
func (p *parser) with() *ast.With {
	if !p.is(kwWith) {
		return nil
	}
	w := &ast.With{Pos: p.at()}
	p.advance()
	if p.is(kwRecursive) && p.ahead[0].kind != kwAs && p.ahead[0].kind != tokLeftParen {
		p.advance()
		w.Recursive = true
	}
	for {
		w.CTEs = append(w.CTEs, p.cte())
		if !p.accept(tokComma) || p.is(kwSelect) {
			return w
		}
	}
}

// cte reads name (columns) AS [NOT] MATERIALIZED (statement) [SEARCH] [CYCLE].
func (p *parser) cte() *ast.CTE {
	c := &ast.CTE{Pos: p.at(), Name: p.columnName(), Columns: p.optionalColumnList()}
	if p.is(kwUsing) && p.nextIsWord("key") {
		p.advance()
		p.advance()
		c.UsingKey = p.columnList()
	}
	p.expect(kwAs)
	if p.accept(kwMaterialized) {
		c.Materialized = ast.Materialized
	} else if p.accept2(kwNot, kwMaterialized) {
		c.Materialized = ast.NotMaterialized
	}
	p.expect(tokLeftParen)
	c.Stmt = p.preparable()
	p.expect(tokRightParen)
	if p.isWord("search") {
		p.advance()
		s := &ast.CTESearch{Pos: p.at()}
		switch p.oneOf("depth", "breadth") {
		case "":
			p.syntaxError()
		case "breadth":
			s.Breadth = true
		}
		p.expectWord("first", "by")
		s.By = p.columnNames()
		p.expect(kwSet)
		s.Set = p.columnName()
		c.Search = s
	}
	if p.isWord("cycle") {
		c.Cycle = p.cycle()
	}
	return c
}

func (p *parser) cycle() *ast.CTECycle {
	c := &ast.CTECycle{Pos: p.at()}
	p.advance()
	c.Columns = p.columnNames()
	p.expect(kwSet)
	c.Set = p.columnName()
	if p.accept(kwTo) {
		c.To = p.expr()
		p.expect(kwDefault)
		c.Default = p.expr()
	}
	p.expect(kwUsing)
	c.Using = p.columnName()
	return c
}
