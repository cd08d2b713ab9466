package parser

import "github.com/muster-sql/muster/parser/ast"

// alter reads ALTER ….
func (p *parser) alter() ast.Statement {
	pos := p.at()
	p.advance()
	a := &ast.Alter{}
	switch {
	case p.accept(kwTable):
		a.Kind = ast.ObjectTable
	case p.acceptWord("view"):
		a.Kind = ast.ObjectView
	case p.acceptWord("materialized", "view"):
		a.Kind = ast.ObjectMaterializedView
	case p.acceptWord("index"):
		a.Kind = ast.ObjectIndex
	case p.acceptWord("schema"):
		a.Kind = ast.ObjectSchema
	case p.acceptWord("catalog"):
		return p.alterCatalog(pos)
	default:
		return p.genericObject(pos, "ALTER")
	}
	a.IfExists = p.ifExists()
	a.Only = p.accept(kwOnly)
	if p.accept(kwAll) {
		return p.generic(pos, "ALTER TABLE ALL")
	}
	a.Name = p.tableName()
	p.accept(tokStar)
	for p.err == nil {
		act, ok := p.alterAction()
		if !ok {
			return p.generic(pos, "ALTER "+a.Kind.String())
		}
		a.Actions = append(a.Actions, act)
		if !p.accept(tokComma) {
			break
		}
	}
	a.Span = p.span(pos)
	return a
}

// alterCatalog reads ALTER CATALOG after those words.
func (p *parser) alterCatalog(pos ast.Pos) ast.Statement {
	c := &ast.AlterCatalog{Name: p.columnName()}
	switch {
	case p.accept(kwSet):
		p.acceptWord("properties")
		c.Set = p.assignedOptions()
	case p.acceptWord("reset"):
		p.expect(tokLeftParen)
		for {
			c.Reset = append(c.Reset, p.dotted(p.label()))
			if !p.accept(tokComma) {
				break
			}
		}
		p.expect(tokRightParen)
	default:
		p.expectWord("rename", "to")
		c.RenameTo = p.columnName()
	}
	c.Span = p.span(pos)
	return c
}

// assignedOptions reads (a = 1, b = 2), or the same without parentheses.
func (p *parser) assignedOptions() []ast.Option {
	if p.is(tokLeftParen) {
		return p.optionList()
	}
	var list []ast.Option
	for {
		o := ast.Option{Pos: p.at()}
		if p.isString() {
			o.Name = ast.ObjectName{{Pos: o.Pos, Text: p.stringValue(), Quoted: true}}
		} else {
			o.Name = p.dotted(p.label())
		}
		p.expect(tokEqual)
		o.Value = p.expr()
		list = append(list, o)
		if !p.accept(tokComma) {
			return list
		}
	}
}

// alterAction reads one action; false: it is one that the tree has no node for.
func (p *parser) alterAction() (ast.AlterAction, bool) {
	a := ast.AlterAction{Pos: p.at()}
	switch {
	case p.acceptWord("add"):
		p.addAction(&a)
	case p.is(kwDrop):
		p.advance()
		p.dropAction(&a)
	case p.is(kwAlter):
		p.advance()
		p.accept(kwColumn)
		return a, p.alterColumn(&a)
	case p.acceptWord("rename"):
		p.renameAction(&a)
	case p.acceptWord("set", "schema"):
		a.Kind = ast.AlterSetSchema
		a.NewName = ast.ObjectName{p.columnName()}
	case p.acceptWord("owner", "to"):
		a.Kind = ast.AlterOwner
		a.NewName = ast.ObjectName{p.roleName()}
	case p.acceptWord("set", "authorization"):
		a.Kind = ast.AlterOwner
		a.NewName = ast.ObjectName{p.roleName()}
	case p.is(kwSet) && p.ahead[0].kind == tokLeftParen:
		p.advance()
		a.Kind = ast.AlterSetOptions
		a.Options = p.optionList()
	case p.acceptWord("set", "properties"):
		a.Kind = ast.AlterSetOptions
		a.Options = p.assignedOptions()
	case p.isWord("reset") && p.ahead[0].kind == tokLeftParen:
		p.advance()
		a.Kind = ast.AlterResetOptions
		a.Options = p.optionList()
	case p.acceptWord("execute"):
		p.executeAction(&a)
	default:
		return a, false
	}
	return a, true
}

// executeAction reads EXECUTE procedure[(args)] [WHERE e].
func (p *parser) executeAction(a *ast.AlterAction) {
	a.Kind = ast.AlterExecute
	pos := p.at()
	name := ast.ObjectName{p.label()}
	if p.is(tokLeftParen) {
		a.Call = p.callArgs(name)
	} else {
		a.Call = &ast.FuncCall{Pos: pos, Name: name}
	}
	if p.accept(kwWhere) {
		a.Expr = p.expr()
	}
}

// addAction reads ADD [COLUMN] … or ADD constraint.
func (p *parser) addAction(a *ast.AlterAction) {
	if p.startsTableConstraint() {
		a.Kind = ast.AlterAddConstraint
		a.Constraint = p.tableConstraint()
		return
	}
	a.Kind = ast.AlterAddColumn
	p.accept(kwColumn)
	a.IfNotExists = p.ifNotExists()
	a.Def = p.columnDef()
	if a.Def.Type == nil {
		p.syntaxError()
	}
}

// dropAction reads DROP [COLUMN] a or DROP CONSTRAINT c, after DROP.
func (p *parser) dropAction(a *ast.AlterAction) {
	a.Kind = ast.AlterDropColumn
	if p.accept(kwConstraint) {
		a.Kind = ast.AlterDropConstraint
	} else {
		p.accept(kwColumn)
	}
	a.IfExists = p.ifExists()
	a.Column = p.objectName()
	a.Cascade, a.Restrict = p.cascade()
}

// renameAction reads RENAME after the word.
func (p *parser) renameAction(a *ast.AlterAction) {
	switch {
	case p.accept(kwTo):
		a.Kind = ast.AlterRename
		a.NewName = p.tableName()
		return
	case p.accept(kwConstraint):
		a.Kind = ast.AlterRenameConstraint
	default:
		p.accept(kwColumn)
		a.Kind = ast.AlterRenameColumn
		a.IfExists = p.ifExists()
	}
	a.Column = p.objectName()
	p.expect(kwTo)
	a.NewName = ast.ObjectName{p.columnName()}
}

// alterColumn reads ALTER [COLUMN] after those words; false: an action that the
// tree has no node for.
func (p *parser) alterColumn(a *ast.AlterAction) bool {
	a.Column = p.objectName()
	switch {
	case p.acceptWord("set", "data", "type"), p.isWord("type"):
		p.acceptWord("type")
		a.Kind = ast.AlterColumnType
		a.Type = p.typeName()
		if p.accept(kwCollate) {
			a.Collation = p.objectName()
		}
		if p.accept(kwUsing) {
			a.Expr = p.expr()
		}
	case p.acceptWord("set", "default"):
		a.Kind = ast.AlterColumnDefault
		a.Expr = p.expr()
	case p.acceptWord("drop", "default"):
		a.Kind = ast.AlterColumnDefault
	case p.acceptWord("set", "not", "null"):
		a.Kind = ast.AlterColumnNotNull
	case p.acceptWord("drop", "not", "null"):
		a.Kind = ast.AlterColumnDropNotNull
	case p.acceptWord("set", "statistics"):
		a.Kind = ast.AlterColumnStatistics
		a.Expr = p.signedNumber()
	default:
		return false
	}
	return true
}

// objectKind reads the words of an object's kind.
func (p *parser) objectKind() (ast.ObjectKind, bool) {
	switch {
	case p.accept(kwTable):
		return ast.ObjectTable, true
	case p.acceptWord("materialized", "view"):
		return ast.ObjectMaterializedView, true
	case p.acceptWord("foreign", "table"):
		return ast.ObjectForeignTable, true
	case p.acceptWord("macro", "table"):
		return ast.ObjectMacro, true
	}
	switch p.oneOf("view", "index", "schema", "catalog", "sequence", "type", "domain", "macro") {
	case "view":
		return ast.ObjectView, true
	case "index":
		return ast.ObjectIndex, true
	case "schema":
		return ast.ObjectSchema, true
	case "catalog":
		return ast.ObjectCatalog, true
	case "sequence":
		return ast.ObjectSequence, true
	case "type":
		return ast.ObjectType, true
	case "domain":
		return ast.ObjectDomain, true
	case "macro":
		return ast.ObjectMacro, true
	}
	return 0, false
}

// drop reads DROP ….
func (p *parser) drop() ast.Statement {
	pos := p.at()
	p.advance()
	d := &ast.Drop{}
	if p.acceptWord("function") || p.acceptWord("procedure") {
		return p.dropFunction(pos, d)
	}
	kind, ok := p.objectKind()
	if !ok {
		return p.genericObject(pos, "DROP")
	}
	d.Kind = kind
	d.Concurrently = p.accept(kwConcurrently)
	d.IfExists = p.ifExists()
	for {
		d.Names = append(d.Names, p.tableName())
		if !p.accept(tokComma) {
			break
		}
	}
	d.Cascade, d.Restrict = p.cascade()
	d.Span = p.span(pos)
	return d
}

// dropFunction reads DROP FUNCTION f(int), g.
func (p *parser) dropFunction(pos ast.Pos, d *ast.Drop) ast.Statement {
	d.Kind = ast.ObjectFunction
	d.IfExists = p.ifExists()
	for {
		d.Names = append(d.Names, p.functionName())
		var signature []*ast.TypeName
		if p.accept(tokLeftParen) {
			signature = []*ast.TypeName{}
			for !p.is(tokRightParen) && p.err == nil {
				signature = append(signature, p.parameterType())
				if !p.accept(tokComma) {
					break
				}
			}
			p.expect(tokRightParen)
		}
		d.Signatures = append(d.Signatures, signature)
		if !p.accept(tokComma) {
			break
		}
	}
	d.Cascade, d.Restrict = p.cascade()
	d.Span = p.span(pos)
	return d
}

// parameterType reads [mode] [name] type of a function's parameter.
func (p *parser) parameterType() *ast.TypeName {
	if isLabel(p.ahead[0].kind) && (p.is(kwIn) || p.is(kwOut) || p.is(kwInout) || p.is(kwVariadic)) {
		p.advance()
	}
	if p.startsField() {
		p.advance()
	}
	return p.typeName()
}

// comment reads COMMENT ON kind name IS text.
func (p *parser) comment() ast.Statement {
	pos := p.at()
	p.advance()
	p.expect(kwOn)
	c := &ast.Comment{}
	switch {
	case p.accept(kwColumn):
		c.Kind = ast.ObjectColumn
	case p.acceptWord("database"):
		c.Kind = ast.ObjectDatabase
	case p.acceptWord("role"):
		c.Kind = ast.ObjectRole
	default:
		kind, ok := p.objectKind()
		if !ok {
			return p.generic(pos, "COMMENT")
		}
		c.Kind = kind
	}
	c.Name = p.objectName()
	p.expect(kwIs)
	if !p.accept(kwNull) {
		s := p.stringLiteral()
		c.Text = &s
	}
	c.Span = p.span(pos)
	return c
}

// refresh reads REFRESH MATERIALIZED VIEW.
func (p *parser) refresh() ast.Statement {
	pos := p.at()
	p.advance()
	p.expectWord("materialized", "view")
	r := &ast.Refresh{Concurrently: p.accept(kwConcurrently)}
	r.Name = p.tableName()
	r.WithNoData = p.withData()
	r.Span = p.span(pos)
	return r
}
