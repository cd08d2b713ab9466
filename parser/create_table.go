package parser

import "github.com/muster-sql/muster/parser/ast"

// createTable reads CREATE TABLE from TABLE on, with columns or AS a query.
func (p *parser) createTable(f createFlags) ast.Statement {
	p.advance()
	t := &ast.CreateTable{Temp: f.temp, Unlogged: f.unlogged, OrReplace: f.orReplace}
	t.IfNotExists = p.ifNotExists()
	t.Name = p.tableName()
	elements := p.is(tokLeftParen) && p.ahead[0].kind != kwSelect && p.ahead[0].kind != kwWith
	switch {
	case elements:
		p.tableElements(t)
	case p.acceptWord("partition", "of"):
		p.partitionOf(t)
	case p.isWord("of"):
		return p.generic(f.pos, "CREATE TABLE OF")
	}
	p.tableClauses(t)
	if !p.is(kwAs) {
		if !elements && t.PartitionOf == nil {
			p.syntaxErrorHint("CREATE TABLE needs a list of columns in parentheses, or AS and a query")
		}
		p.requireTypes(t)
		t.Span = p.span(f.pos)
		return t
	}
	as := &ast.CreateTableAs{
		Name: t.Name, Temp: t.Temp, Unlogged: t.Unlogged, OrReplace: t.OrReplace, IfNotExists: t.IfNotExists,
		Columns: p.bareColumns(t), PartitionBy: t.PartitionBy, Using: t.Using, Options: t.Options,
		OnCommit: t.OnCommit, Tablespace: t.Tablespace, Comment: t.Comment,
	}
	p.advance()
	if p.is(kwExecute) {
		as.Query = p.execute()
	} else {
		as.Query = p.query()
	}
	as.WithNoData = p.withData()
	as.Span = p.span(f.pos)
	return as
}

// bareColumns returns the names of CREATE TABLE t (a, b) AS, where nothing but
// names is allowed.
func (p *parser) bareColumns(t *ast.CreateTable) []ast.Name {
	var names []ast.Name
	for _, c := range t.Columns {
		if c.Type != nil || len(c.Constraints) > 0 {
			p.syntaxErrorHint("CREATE TABLE … AS takes column names without types")
			return nil
		}
		names = append(names, c.Name)
	}
	if len(t.Constraints) > 0 || len(t.Likes) > 0 {
		p.syntaxErrorHint("CREATE TABLE … AS takes column names without constraints")
	}
	return names
}

// requireTypes refuses columns without a type, save generated ones.
func (p *parser) requireTypes(t *ast.CreateTable) {
	for _, c := range t.Columns {
		if c.Type != nil || p.err != nil {
			continue
		}
		generated := t.PartitionOf != nil
		for _, k := range c.Constraints {
			generated = generated || k.Kind == ast.ConstraintGenerated
		}
		if !generated {
			p.fail(codeSyntax, c.Name.At(), "", "column has no type: %q", c.Name.Text)
		}
	}
}

// tableElements reads the columns and constraints in parentheses.
func (p *parser) tableElements(t *ast.CreateTable) {
	p.expect(tokLeftParen)
	for !p.is(tokRightParen) && p.err == nil {
		switch {
		case p.is(kwLike):
			t.Likes = append(t.Likes, p.likeTable())
		case p.startsTableConstraint():
			t.Constraints = append(t.Constraints, p.tableConstraint())
		default:
			t.Columns = append(t.Columns, p.columnDef())
		}
		if !p.accept(tokComma) {
			break
		}
	}
	p.expect(tokRightParen)
}

// likeTable reads LIKE t [INCLUDING|EXCLUDING what].
func (p *parser) likeTable() ast.LikeTable {
	l := ast.LikeTable{Pos: p.at()}
	p.advance()
	l.Table = p.tableName()
	for {
		switch {
		case p.acceptWord("including"):
			l.Including = append(l.Including, p.likeOption())
		case p.acceptWord("excluding"):
			l.Excluding = append(l.Excluding, p.likeOption())
		default:
			return l
		}
	}
}

func (p *parser) likeOption() string {
	w := p.oneOf("all", "comments", "compression", "constraints", "defaults", "generated", "identity", "indexes",
		"properties", "statistics", "storage")
	if w == "" {
		p.syntaxError()
	}
	return w
}

// tableClauses reads what stands between the columns and AS.
func (p *parser) tableClauses(t *ast.CreateTable) {
	for p.err == nil {
		switch {
		case p.acceptWord("inherits"):
			p.expect(tokLeftParen)
			if !p.is(tokRightParen) {
				t.Inherits = p.objectNames()
			}
			p.expect(tokRightParen)
		case p.is(kwPartition) && p.ahead[0].kind == kwBy:
			t.PartitionBy = p.partitionBy()
		case p.accept(kwUsing):
			t.Using = p.columnName()
		case p.is(kwWith) && p.ahead[0].kind == tokLeftParen:
			t.Options = p.withOptions()
		case p.acceptWord("without", "oids"):
		case p.acceptWord("on", "commit"):
			switch {
			case p.acceptWord("drop"):
				t.OnCommit = "drop"
			case p.acceptWord("delete", "rows"):
				t.OnCommit = "delete rows"
			default:
				p.expectWord("preserve", "rows")
				t.OnCommit = "preserve rows"
			}
		case p.acceptWord("tablespace"):
			t.Tablespace = p.columnName()
		default:
			c := p.optionalComment()
			if c == nil {
				return
			}
			t.Comment = c
		}
	}
}

// partitionBy reads PARTITION BY [RANGE|LIST|HASH] (items).
func (p *parser) partitionBy() *ast.PartitionBy {
	b := &ast.PartitionBy{Pos: p.at()}
	p.advance()
	p.advance()
	if !p.is(tokLeftParen) {
		b.Strategy = p.columnName().Text
	}
	b.Items = p.indexItems()
	return b
}

// partitionOf reads PARTITION OF after those words.
func (p *parser) partitionOf(t *ast.CreateTable) {
	o := &ast.PartitionOf{Pos: p.at(), Parent: p.tableName()}
	t.PartitionOf = o
	if p.is(tokLeftParen) {
		p.tableElements(t)
	}
	if p.accept(kwDefault) {
		o.Default = true
		return
	}
	p.expectWord("for", "values")
	switch {
	case p.accept(kwIn):
		o.In = p.parenExprList()
	case p.accept(kwWith):
		o.With = p.optionList()
	default:
		p.expect(kwFrom)
		o.From = p.boundList()
		p.expect(kwTo)
		o.To = p.boundList()
	}
}

// boundList reads (1, MINVALUE).
func (p *parser) boundList() []ast.Expr { return p.parenExprList() }

// columnDef reads name [type] constraints.
func (p *parser) columnDef() *ast.ColumnDef {
	d := &ast.ColumnDef{Pos: p.at(), Name: p.columnName()}
	if !p.endsColumnName() {
		d.Type = p.typeName()
	}
	if p.acceptWord("storage") {
		d.Storage = p.label().Text
	}
	if p.acceptWord("compression") {
		d.Compression = p.label()
	}
	for p.err == nil {
		switch {
		case p.accept(kwCollate):
			d.Collation = p.objectName()
		case p.is(kwWith) && p.ahead[0].kind == tokLeftParen:
			d.Options = p.withOptions()
		case p.isWord("comment") && isStringKind(p.ahead[0].kind):
			d.Comment = p.optionalComment()
		default:
			c, ok := p.columnConstraint()
			if !ok {
				return d
			}
			d.Constraints = append(d.Constraints, c)
		}
	}
	return d
}

// endsColumnName reports that a column's name is not followed by a type.
func (p *parser) endsColumnName() bool {
	switch p.tok.kind {
	case tokComma, tokRightParen, tokEOF, tokSemicolon, kwNot, kwNull, kwDefault, kwUnique, kwPrimary, kwCheck,
		kwReferences, kwConstraint, kwCollate, kwAs, kwWith:
		return true
	}
	return p.isWord("generated") && (p.nextIsWord("always") || p.ahead[0].kind == kwBy)
}
