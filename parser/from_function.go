package parser

import "github.com/muster-sql/muster/parser/ast"

// funcRef reads what follows a call in FROM.
func (p *parser) funcRef(pos ast.Pos, call ast.Expr) ast.Relation {
	return p.funcRefRest(&ast.FuncRef{Pos: pos, Calls: []ast.FuncItem{{Pos: pos, Call: call}}})
}

func (p *parser) funcRefRest(f *ast.FuncRef) ast.Relation {
	f.WithOrdinality = p.accept2(kwWith, kwOrdinality)
	f.Alias = p.functionAlias()
	f.Sample = p.tableSample()
	return f
}

// rowsFrom reads ROWS FROM (f(x), g(y) AS (a int)).
func (p *parser) rowsFrom(pos ast.Pos) ast.Relation {
	f := &ast.FuncRef{Pos: pos, RowsFrom: true}
	p.advance()
	p.advance()
	p.expect(tokLeftParen)
	for {
		item := ast.FuncItem{Pos: p.at()}
		switch e := p.primary().(type) {
		case *ast.FuncCall:
			item.Call = e
		case *ast.Cast:
			item.Call = e
		default:
			p.syntaxError()
		}
		if p.accept(kwAs) {
			item.Defs = p.aliasDefs()
		}
		f.Calls = append(f.Calls, item)
		if !p.accept(tokComma) {
			break
		}
	}
	p.expect(tokRightParen)
	return p.funcRefRest(f)
}

// tableFunction reads TABLE(f(x)).
func (p *parser) tableFunction(pos ast.Pos) ast.Relation {
	p.advance()
	p.advance()
	call := p.plainCall(p.functionName())
	p.expect(tokRightParen)
	return p.funcRef(pos, call)
}

// alias reads [AS] name [(a, b)] if there is one.
func (p *parser) alias() *ast.Alias {
	a := p.aliasName()
	if a != nil && p.is(tokLeftParen) {
		a.Columns = p.columnList()
	}
	return a
}

// aliasName reads the name of an alias.
func (p *parser) aliasName() *ast.Alias {
	pos := p.at()
	switch {
	case p.is(kwAs):
		p.advance()
		return &ast.Alias{Pos: pos, Name: p.columnName()}
	case isColumnName(p.tok.kind) && !p.isWordJoin() && !p.is(kwSet):
		return &ast.Alias{Pos: pos, Name: p.takeName()}
	}
	return nil
}

// functionAlias is alias, where the columns may have types and the name may be
// missing: AS (a int, b text).
func (p *parser) functionAlias() *ast.Alias {
	var a *ast.Alias
	if p.is(kwAs) && p.ahead[0].kind == tokLeftParen {
		a = &ast.Alias{Pos: p.at()}
		p.advance()
		a.Defs = p.aliasDefs()
		return a
	}
	a = p.aliasName()
	if a == nil || !p.is(tokLeftParen) {
		return a
	}
	if k := p.ahead[1].kind; k == tokComma || k == tokRightParen {
		a.Columns = p.columnList()
	} else {
		a.Defs = p.aliasDefs()
	}
	return a
}

// aliasDefs reads (a int, b text COLLATE c).
func (p *parser) aliasDefs() []*ast.ColumnDef {
	var defs []*ast.ColumnDef
	p.expect(tokLeftParen)
	for {
		d := &ast.ColumnDef{Pos: p.at(), Name: p.columnName()}
		d.Type = p.typeName()
		if p.accept(kwCollate) {
			d.Collation = p.objectName()
		}
		defs = append(defs, d)
		if !p.accept(tokComma) {
			break
		}
	}
	p.expect(tokRightParen)
	return defs
}

// tableSample reads TABLESAMPLE … if it is there.
func (p *parser) tableSample() *ast.Sample {
	if !p.is(kwTablesample) {
		return nil
	}
	return p.sample()
}

// sample reads method (args) [REPEATABLE (seed)], or a size and perhaps a method,
// after the word that is current.
func (p *parser) sample() *ast.Sample {
	s := &ast.Sample{Pos: p.at()}
	p.advance()
	if isTypeOrFunctionName(p.tok.kind) {
		s.Method = p.dotted(p.takeName())
		p.expect(tokLeftParen)
		p.sampleSize(s)
		for p.accept(tokComma) {
			s.Args = append(s.Args, p.expr())
		}
		p.expect(tokRightParen)
	} else {
		paren := p.accept(tokLeftParen)
		p.sampleSize(s)
		if paren {
			p.expect(tokRightParen)
		}
		if p.accept(tokLeftParen) {
			s.Method = ast.ObjectName{p.columnName()}
			if p.accept(tokComma) {
				s.Repeatable = p.expr()
			}
			p.expect(tokRightParen)
		}
	}
	if p.acceptWord("repeatable") {
		p.expect(tokLeftParen)
		s.Repeatable = p.expr()
		p.expect(tokRightParen)
	}
	return s
}

// sampleSize reads 10, 10 %, 10 PERCENT or 10 ROWS.
func (p *parser) sampleSize(s *ast.Sample) {
	s.Args = append(s.Args, p.exprAt(precUnary))
	switch {
	case p.is(tokPercent), p.isWord("percent"):
		s.Percent = true
		p.advance()
	case p.accept(kwRows):
		s.Rows = true
	}
}
