package parser

import "github.com/muster-sql/muster/parser/ast"

// show reads SHOW.
func (p *parser) show() ast.Statement {
	pos := p.at()
	p.advance()
	s := &ast.Show{}
	switch {
	case p.accept(kwAll):
		s.Kind = ast.ShowAll
	case p.is(kwCreate):
		p.advance()
		s.Kind = ast.ShowCreate
		kind, ok := p.objectKind()
		if !ok {
			if !p.acceptWord("function") {
				p.syntaxError()
			}
			kind = ast.ObjectFunction
		}
		s.Object = kind
		s.Name = p.tableName()
	case p.isWord("stats") && p.ahead[0].kind == kwFor:
		p.advance()
		p.advance()
		s.Kind = ast.ShowStats
		if p.is(tokLeftParen) {
			s.Query = p.query()
		} else {
			s.Name = p.tableName()
		}
	case !p.showList(s):
		s.Name = p.settingName()
	}
	s.Span = p.span(pos)
	return s
}

// showList reads SHOW TABLES and the other lists; false: it is a setting.
func (p *parser) showList(s *ast.Show) bool {
	switch p.ahead[0].kind {
	case kwFrom, kwIn, kwLike, kwOn, tokSemicolon, tokEOF:
	default:
		return false
	}
	switch p.oneOf("catalogs", "databases", "schemas", "tables", "columns", "functions", "session", "roles", "grants") {
	case "catalogs", "databases":
		s.Kind = ast.ShowCatalogs
	case "schemas":
		s.Kind = ast.ShowSchemas
	case "tables":
		s.Kind = ast.ShowTables
	case "columns":
		s.Kind = ast.ShowColumns
		if !p.is(kwFrom) && !p.is(kwIn) {
			p.syntaxErrorHint("write SHOW COLUMNS FROM table")
		}
	case "functions":
		s.Kind = ast.ShowFunctions
	case "session":
		s.Kind = ast.ShowSession
	case "roles":
		s.Kind = ast.ShowRoles
	case "grants":
		s.Kind = ast.ShowGrants
	default:
		return false
	}
	if p.accept(kwFrom) || p.accept(kwIn) || s.Kind == ast.ShowGrants && p.accept(kwOn) {
		if s.Kind == ast.ShowGrants {
			p.accept(kwTable)
		}
		s.Name = p.tableName()
	}
	if p.accept(kwLike) {
		like := p.stringLiteral()
		s.Like = &like
		if p.accept(kwEscape) {
			escape := p.stringLiteral()
			s.Escape = &escape
		}
	}
	return true
}

// describe reads DESCRIBE, DESC and SUMMARIZE.
func (p *parser) describe() ast.Statement {
	pos := p.at()
	d := &ast.Describe{Summarize: p.isWord("summarize")}
	p.advance()
	switch {
	case p.isWord("input") && isColumnName(p.ahead[0].kind):
		p.advance()
		d.Input = p.columnName()
	case p.isWord("output") && isColumnName(p.ahead[0].kind):
		p.advance()
		d.Output = p.columnName()
	default:
		if p.is(kwTable) && isColumnName(p.ahead[0].kind) {
			p.advance()
			d.Name = p.tableName()
			break
		}
		d.Statement = p.queryOrDML()
		if d.Statement == nil && p.err == nil {
			d.Name = p.describedName()
		}
	}
	d.Span = p.span(pos)
	return d
}

// describedName reads a table, or the path of a file.
func (p *parser) describedName() ast.ObjectName {
	if p.isString() {
		pos := p.at()
		return ast.ObjectName{{Pos: pos, Text: p.stringValue(), Quoted: true}}
	}
	return p.tableName()
}

// explain reads EXPLAIN.
func (p *parser) explain() ast.Statement {
	pos := p.at()
	p.advance()
	e := &ast.Explain{}
	for {
		switch {
		case p.accept(kwAnalyze), p.accept(kwAnalyse):
			e.Analyze = true
			continue
		case p.is(kwVerbose):
			p.advance()
			e.Verbose = true
			continue
		}
		break
	}
	if p.is(tokLeftParen) && !p.parenStartsQuery() {
		p.explainOptions(e)
	}
	e.Statement = p.statement()
	e.Span = p.span(pos)
	return e
}

// explainOptions reads (ANALYZE, FORMAT JSON); ANALYZE and VERBOSE become flags.
func (p *parser) explainOptions(e *ast.Explain) {
	for _, o := range p.optionList() {
		on := o.Value == nil
		if text, ok := o.Text(); ok {
			on = text == "true" || text == "on" || text == "1"
		}
		switch name := o.Name.Last().Text; {
		case !o.Name.Last().Quoted && name != "analyze" && name != "analyse" && ast.ClassOf(name) == ast.Reserved:
			p.fail(codeSyntax, o.At(), "", "syntax error at or near \"%s\"", name)
		case name == "analyze" || name == "analyse":
			e.Analyze = on
		case name == "verbose":
			e.Verbose = on
		default:
			e.Options = append(e.Options, o)
		}
	}
}
