package parser

import "github.com/muster-sql/muster/parser/ast"

// columnConstraint reads one constraint of a column; false: there is none.
func (p *parser) columnConstraint() (ast.ColumnConstraint, bool) {
	c := ast.ColumnConstraint{Pos: p.at()}
	if p.accept(kwConstraint) {
		c.Name = p.columnName()
	}
	switch {
	case p.accept2(kwNot, kwNull):
		c.Kind = ast.ConstraintNotNull
	case p.accept(kwNull):
		c.Kind = ast.ConstraintNull
	case p.accept(kwDefault):
		c.Kind = ast.ConstraintDefault
		c.Expr = p.restrictedExpr()
	case p.accept(kwCheck):
		c.Kind = ast.ConstraintCheck
		c.Expr = p.parenthesised()
		c.NoInherit = p.acceptWord("no", "inherit")
	case p.accept(kwUnique):
		c.Kind = ast.ConstraintUnique
		c.NullsNotDistinct = p.nullsNotDistinct()
		c.Options = p.withOptions()
		p.indexTablespace()
	case p.accept(kwPrimary):
		p.expectWord("key")
		c.Kind = ast.ConstraintPrimaryKey
		c.Options = p.withOptions()
		p.indexTablespace()
	case p.is(kwReferences):
		c.Kind = ast.ConstraintReferences
		c.References = p.references()
	case p.isWord("generated"):
		p.generated(&c)
	case p.is(kwAs) && p.ahead[0].kind == tokLeftParen:
		p.advance()
		p.generatedExpr(&c)
	default:
		if !c.Name.IsZero() {
			p.syntaxError()
		}
		return c, false
	}
	c.Timing = p.timing()
	return c, true
}

// parenthesised reads (expr).
func (p *parser) parenthesised() ast.Expr {
	p.expect(tokLeftParen)
	e := p.expr()
	p.expect(tokRightParen)
	return e
}

func (p *parser) nullsNotDistinct() bool {
	if p.acceptWord("nulls", "not", "distinct") {
		return true
	}
	p.acceptWord("nulls", "distinct")
	return false
}

// indexTablespace reads USING INDEX TABLESPACE t, which means nothing here.
func (p *parser) indexTablespace() {
	if p.acceptWord("using", "index", "tablespace") {
		p.columnName()
	}
}

// generated reads GENERATED ALWAYS AS (expr) or GENERATED … AS IDENTITY.
func (p *parser) generated(c *ast.ColumnConstraint) {
	p.advance()
	if p.acceptWord("by", "default") {
		c.ByDefault = true
	} else {
		p.expectWord("always")
	}
	p.expect(kwAs)
	if p.acceptWord("identity") {
		c.Kind = ast.ConstraintIdentity
		if p.accept(tokLeftParen) {
			c.Options = p.sequenceOptions()
			p.expect(tokRightParen)
		}
		return
	}
	p.generatedExpr(c)
}

func (p *parser) generatedExpr(c *ast.ColumnConstraint) {
	c.Kind = ast.ConstraintGenerated
	c.Expr = p.parenthesised()
	if p.acceptWord("virtual") {
		c.Virtual = true
	} else {
		p.acceptWord("stored")
	}
}

// timing reads DEFERRABLE, INITIALLY …, NOT VALID.
func (p *parser) timing() ast.ConstraintTiming {
	var t ast.ConstraintTiming
	for {
		switch {
		case p.accept(kwDeferrable):
			t.Deferrable = true
		case p.accept2(kwNot, kwDeferrable):
			t.NotDeferrable = true
		case p.acceptWord("initially", "deferred"):
			t.InitiallyDeferred = true
		case p.acceptWord("initially", "immediate"):
			t.InitiallyNow = true
		case p.acceptWord("not", "valid"):
			t.NotValid = true
		default:
			return t
		}
	}
}

// references reads REFERENCES t (a) MATCH … ON DELETE … ON UPDATE ….
func (p *parser) references() *ast.References {
	r := &ast.References{Pos: p.at()}
	p.advance()
	r.Table = p.tableName()
	r.Columns = p.optionalColumnList()
	for p.err == nil {
		switch {
		case p.acceptWord("match"):
			r.Match = p.oneOf("full", "partial", "simple")
			if r.Match == "" {
				p.syntaxError()
			}
		case p.acceptWord("on", "delete"):
			r.OnDelete = p.referentialAction()
		case p.acceptWord("on", "update"):
			r.OnUpdate = p.referentialAction()
		default:
			return r
		}
	}
	return r
}

func (p *parser) referentialAction() string {
	action := ""
	switch {
	case p.acceptWord("no", "action"):
		action = "no action"
	case p.acceptWord("restrict"):
		action = "restrict"
	case p.acceptWord("cascade"):
		action = "cascade"
	case p.acceptWord("set", "null"):
		action = "set null"
	case p.acceptWord("set", "default"):
		action = "set default"
	default:
		p.syntaxError()
	}
	if p.is(tokLeftParen) {
		p.columnList()
	}
	return action
}

// startsTableConstraint reports that a table element is a constraint.
func (p *parser) startsTableConstraint() bool {
	switch p.tok.kind {
	case kwConstraint, kwCheck, kwUnique, kwPrimary, kwForeign:
		return true
	case kwExclude:
		return p.ahead[0].kind == kwUsing || p.ahead[0].kind == tokLeftParen
	}
	return false
}

// tableConstraint reads a constraint of a table.
func (p *parser) tableConstraint() *ast.TableConstraint {
	c := &ast.TableConstraint{Pos: p.at()}
	if p.accept(kwConstraint) {
		c.Name = p.columnName()
	}
	switch {
	case p.accept(kwCheck):
		c.Kind = ast.ConstraintCheck
		c.Expr = p.parenthesised()
		c.NoInherit = p.acceptWord("no", "inherit")
	case p.accept(kwUnique):
		c.Kind = ast.ConstraintUnique
		c.NullsNotDistinct = p.nullsNotDistinct()
		p.keyColumns(c)
	case p.accept(kwPrimary):
		p.expectWord("key")
		c.Kind = ast.ConstraintPrimaryKey
		p.keyColumns(c)
	case p.accept(kwForeign):
		p.expectWord("key")
		c.Kind = ast.ConstraintReferences
		c.Columns = p.columnList()
		if !p.is(kwReferences) {
			p.syntaxError()
			break
		}
		c.References = p.references()
	case p.accept(kwExclude):
		p.exclude(c)
	default:
		p.syntaxError()
	}
	c.Timing = p.timing()
	if p.acceptWord("no", "inherit") {
		c.NoInherit = true
	}
	return c
}

// keyColumns reads (a, b) [INCLUDE (c)] [WITH (…)], or USING INDEX name.
func (p *parser) keyColumns(c *ast.TableConstraint) {
	if p.is(kwUsing) && p.nextIsWord("index") {
		p.advance()
		p.advance()
		c.UsingIndex = p.columnName()
		return
	}
	c.Columns = p.columnList()
	if p.acceptWord("include") {
		c.Include = p.columnList()
	}
	c.Options = p.withOptions()
	p.indexTablespace()
}

// exclude reads EXCLUDE after the word.
func (p *parser) exclude(c *ast.TableConstraint) {
	c.Kind = ast.ConstraintExclude
	if p.accept(kwUsing) {
		c.Using = p.columnName()
	}
	p.expect(tokLeftParen)
	for {
		item := ast.ExcludeItem{Item: p.indexItem()}
		p.expect(kwWith)
		item.Op = p.takeAnyOperator()
		c.Exclusions = append(c.Exclusions, item)
		if !p.accept(tokComma) {
			break
		}
	}
	p.expect(tokRightParen)
	if p.accept(kwWhere) {
		c.Expr = p.parenthesised()
	}
}
