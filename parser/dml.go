package parser

import "github.com/muster-sql/muster/parser/ast"

// insert reads INSERT INTO, or REPLACE INTO.
func (p *parser) insert(pos ast.Pos, with *ast.With) ast.Statement {
	s := &ast.Insert{With: with, OrReplace: p.isWord("replace")}
	p.advance()
	switch {
	case p.acceptWord("or", "replace"):
		s.OrReplace = true
	case p.acceptWord("or", "ignore"):
		s.OrIgnore = true
	}
	p.expect(kwInto)
	s.Table = p.tableName()
	if p.accept(kwAs) {
		s.Alias = p.columnName()
	}
	if p.is(tokLeftParen) && !p.parenStartsQuery() {
		p.insertColumns(s)
	}
	if p.is(kwBy) {
		p.advance()
		switch p.oneOf("name", "position") {
		case "name":
			s.ByName = true
		case "":
			p.syntaxError()
		}
	}
	s.Overriding = p.overriding()
	if p.accept2(kwDefault, kwValues) {
		s.DefaultValues = true
	} else {
		s.Query = p.query()
	}
	if p.is(kwOn) {
		s.OnConflict = p.onConflict()
	}
	s.Returning = p.returning()
	s.Span = p.span(pos)
	return s
}

// insertColumns reads (a, b[1], c.d).
func (p *parser) insertColumns(s *ast.Insert) {
	p.expect(tokLeftParen)
	var targets []ast.Expr
	plain := true
	for {
		e := p.target()
		c, ok := e.(*ast.ColumnRef)
		plain = plain && ok && len(c.Parts) == 1
		s.Columns = append(s.Columns, targetColumn(e))
		targets = append(targets, e)
		if !p.accept(tokComma) {
			break
		}
	}
	p.expect(tokRightParen)
	if !plain {
		s.Targets = targets
	}
}

// targetColumn returns the column that an assignment's target is in.
func targetColumn(e ast.Expr) ast.Name {
	for {
		switch x := e.(type) {
		case *ast.ColumnRef:
			if len(x.Parts) == 0 {
				return ast.Name{}
			}
			return x.Parts[0]
		case *ast.Subscript:
			e = x.X
		case *ast.FieldAccess:
			e = x.X
		default:
			return ast.Name{}
		}
	}
}

// parenStartsQuery reports that the parenthesis that is current opens a query.
func (p *parser) parenStartsQuery() bool {
	switch p.ahead[0].kind {
	case kwSelect, kwWith, kwFrom, kwTable, tokLeftParen:
		return true
	case kwValues:
		return startsValuesRow(p.ahead[1].kind)
	}
	return false
}

func (p *parser) overriding() string {
	if !p.acceptWord("overriding") {
		return ""
	}
	which := p.oneOf("system", "user")
	if which == "" {
		p.syntaxError()
	}
	p.expectWord("value")
	return which
}

// onConflict reads ON CONFLICT ….
func (p *parser) onConflict() *ast.OnConflict {
	c := &ast.OnConflict{Pos: p.at()}
	p.advance()
	p.expectWord("conflict")
	switch {
	case p.acceptWord("on", "constraint"):
		c.Constraint = p.columnName()
	case p.is(tokLeftParen):
		c.Target = p.indexItems()
		if p.accept(kwWhere) {
			c.TargetWhere = p.expr()
		}
	}
	p.expect(kwDo)
	if p.acceptWord("nothing") {
		c.DoNothing = true
		return c
	}
	p.expect(kwUpdate)
	p.expect(kwSet)
	c.Set = p.assignments()
	if p.accept(kwWhere) {
		c.Where = p.expr()
	}
	return c
}

// assignments reads a = 1, (b, c) = (2, 3).
func (p *parser) assignments() []ast.Assignment {
	var list []ast.Assignment
	for {
		a := ast.Assignment{Pos: p.at()}
		if p.accept(tokLeftParen) {
			a.Multi = true
			for {
				a.Targets = append(a.Targets, p.target())
				if !p.accept(tokComma) {
					break
				}
			}
			p.expect(tokRightParen)
		} else {
			a.Targets = []ast.Expr{p.target()}
		}
		p.expect(tokEqual)
		a.Value = p.expr()
		list = append(list, a)
		if !p.accept(tokComma) {
			return list
		}
	}
}

// target reads what is assigned to: a column, a field or an element of it.
func (p *parser) target() ast.Expr {
	pos := p.at()
	e := p.postfix(&ast.ColumnRef{Pos: pos, Parts: p.objectName()})
	if _, star := e.(*ast.Star); star {
		p.syntaxError()
	}
	return e
}

// returning reads RETURNING items.
func (p *parser) returning() []ast.SelectItem {
	if !p.accept(kwReturning) {
		return nil
	}
	return append([]ast.SelectItem{p.selectItem()}, p.moreItems()...)
}

func (p *parser) moreItems() []ast.SelectItem {
	var list []ast.SelectItem
	for p.accept(tokComma) {
		list = append(list, p.selectItem())
	}
	return list
}

// targetTable reads the table of UPDATE, DELETE and MERGE.
func (p *parser) targetTable() *ast.TableRef {
	t := &ast.TableRef{Pos: p.at(), Only: p.accept(kwOnly)}
	if t.Only && p.accept(tokLeftParen) {
		t.Name = p.tableName()
		p.expect(tokRightParen)
	} else {
		t.Name = p.tableName()
		p.accept(tokStar)
	}
	t.Alias = p.aliasName()
	return t
}

// condition reads WHERE e or WHERE CURRENT OF cursor.
func (p *parser) condition() ast.Expr {
	if !p.accept(kwWhere) {
		return nil
	}
	pos := p.at()
	if p.acceptWord("current", "of") {
		return &ast.CurrentOf{Pos: pos, Cursor: p.columnName()}
	}
	return p.expr()
}

// update reads UPDATE.
func (p *parser) update(pos ast.Pos, with *ast.With) ast.Statement {
	p.advance()
	s := &ast.Update{With: with, Table: p.targetTable()}
	p.expect(kwSet)
	s.Set = p.assignments()
	if p.accept(kwFrom) {
		s.From = p.relations()
	}
	s.Where = p.condition()
	s.Returning = p.returning()
	s.Span = p.span(pos)
	return s
}

// deleteStatement reads DELETE.
func (p *parser) deleteStatement(pos ast.Pos, with *ast.With) ast.Statement {
	p.advance()
	p.expect(kwFrom)
	s := &ast.Delete{With: with, Table: p.targetTable()}
	if p.accept(kwUsing) {
		s.Using = p.relations()
	}
	s.Where = p.condition()
	s.Returning = p.returning()
	s.Span = p.span(pos)
	return s
}

// truncate reads TRUNCATE.
func (p *parser) truncate() ast.Statement {
	pos := p.at()
	p.advance()
	s := &ast.Truncate{}
	p.accept(kwTable)
	for {
		p.accept(kwOnly)
		s.Tables = append(s.Tables, p.tableName())
		p.accept(tokStar)
		if !p.accept(tokComma) {
			break
		}
	}
	if p.acceptWord("restart", "identity") {
		s.RestartIdentity = true
	} else {
		p.acceptWord("continue", "identity")
	}
	s.Cascade, _ = p.cascade()
	s.Span = p.span(pos)
	return s
}

// merge reads MERGE.
func (p *parser) merge(pos ast.Pos, with *ast.With) ast.Statement {
	p.advance()
	p.expect(kwInto)
	s := &ast.Merge{With: with, Table: p.targetTable()}
	p.expect(kwUsing)
	s.Source = p.relation()
	p.expect(kwOn)
	s.On = p.expr()
	for p.is(kwWhen) {
		s.Clauses = append(s.Clauses, p.mergeClause())
	}
	if len(s.Clauses) == 0 {
		p.syntaxErrorHint("MERGE needs at least one WHEN clause")
	}
	s.Returning = p.returning()
	s.Span = p.span(pos)
	return s
}

// mergeClause reads WHEN [NOT] MATCHED … THEN ….
func (p *parser) mergeClause() ast.MergeClause {
	c := ast.MergeClause{Pos: p.at()}
	p.advance()
	not := p.accept(kwNot)
	p.expectWord("matched")
	if not {
		c.When = ast.WhenNotMatched
		if p.acceptWord("by", "source") {
			c.When = ast.WhenNotMatchedBySource
		} else {
			p.acceptWord("by", "target")
		}
	}
	if p.accept(kwAnd) {
		c.Cond = p.expr()
	}
	p.expect(kwThen)
	switch {
	case p.accept(kwUpdate):
		c.Action = ast.MergeUpdate
		p.expect(kwSet)
		c.Set = p.assignments()
	case p.accept(kwDelete):
		c.Action = ast.MergeDelete
	case p.accept(kwInsert):
		p.mergeInsert(&c)
	default:
		p.expectWord("do", "nothing")
	}
	return c
}

func (p *parser) mergeInsert(c *ast.MergeClause) {
	c.Action = ast.MergeInsert
	c.Columns = p.optionalColumnList()
	c.Overriding = p.overriding()
	if p.accept2(kwDefault, kwValues) {
		c.DefaultValues = true
		return
	}
	p.expect(kwValues)
	c.Values = p.parenExprList()
}
