package parser

import "github.com/muster-sql/muster/parser/ast"

// notification reads LISTEN, UNLISTEN and NOTIFY.
func (p *parser) notification() ast.Statement {
	pos := p.at()
	word := p.word(p.tok)
	p.advance()
	if word == "notify" {
		n := &ast.Notify{Channel: p.columnName()}
		if p.accept(tokComma) {
			n.Payload = p.stringLiteral()
		}
		n.Span = p.span(pos)
		return n
	}
	l := &ast.Listen{Stop: word == "unlisten"}
	if l.Stop && p.accept(tokStar) {
		l.All = true
	} else {
		l.Channel = p.columnName()
	}
	l.Span = p.span(pos)
	return l
}

// callStatement reads CALL procedure(args).
func (p *parser) callStatement() ast.Statement {
	pos := p.at()
	p.advance()
	s := &ast.Call{}
	s.Call = p.callArgs(p.functionName())
	s.Span = p.span(pos)
	return s
}

// analyze reads ANALYZE.
func (p *parser) analyze() ast.Statement {
	pos := p.at()
	p.advance()
	s := &ast.Analyze{}
	if p.is(tokLeftParen) {
		s.Options = p.optionList()
	}
	if p.is(kwVerbose) {
		p.advance()
		s.Verbose = true
	}
	s.Tables = p.analyzeTables()
	if o := p.withOptions(); o != nil {
		s.Options = append(s.Options, o...)
	}
	s.Span = p.span(pos)
	return s
}

// analyzeTables reads t (a, b), u.
func (p *parser) analyzeTables() []ast.AnalyzeTable {
	if !isColumnName(p.tok.kind) {
		return nil
	}
	var list []ast.AnalyzeTable
	for {
		t := ast.AnalyzeTable{Pos: p.at(), Name: p.tableName()}
		t.Columns = p.optionalColumnList()
		list = append(list, t)
		if !p.accept(tokComma) {
			return list
		}
	}
}

// vacuum reads VACUUM.
func (p *parser) vacuum() ast.Statement {
	pos := p.at()
	p.advance()
	s := &ast.Vacuum{}
	if p.is(tokLeftParen) {
		s.Options = p.optionList()
	}
	s.Full = p.accept(kwFull)
	s.Freeze = p.accept(kwFreeze)
	s.Verbose = p.accept(kwVerbose)
	s.Analyze = p.accept(kwAnalyze) || p.accept(kwAnalyse)
	s.Tables = p.analyzeTables()
	s.Span = p.span(pos)
	return s
}

// do reads DO [LANGUAGE l] 'body' [LANGUAGE l].
func (p *parser) do() ast.Statement {
	pos := p.at()
	p.advance()
	s := &ast.Do{}
	if p.acceptWord("language") {
		s.Language = p.columnName()
	}
	s.Body = p.stringLiteral()
	if p.acceptWord("language") {
		s.Language = p.columnName()
	}
	s.Span = p.span(pos)
	return s
}

// lock reads LOCK TABLE.
func (p *parser) lock() ast.Statement {
	pos := p.at()
	p.advance()
	s := &ast.Lock{}
	p.accept(kwTable)
	p.accept(kwOnly)
	s.Tables = p.objectNames()
	p.accept(tokStar)
	if p.accept(kwIn) {
		for p.err == nil && !p.isWord("mode") {
			w := p.oneOf("access", "row", "share", "update", "exclusive")
			if w == "" {
				p.syntaxError()
			}
			if s.Mode != "" {
				s.Mode += " "
			}
			s.Mode += w
		}
		p.expectWord("mode")
	}
	s.NoWait = p.acceptWord("nowait")
	s.Span = p.span(pos)
	return s
}

// grant reads GRANT, REVOKE and DENY.
func (p *parser) grant(verb string) ast.Statement {
	pos := p.at()
	p.advance()
	g := &ast.Grant{Verb: verb}
	if p.acceptWord("grant", "option", "for") || p.acceptWord("admin", "option", "for") {
		g.OptionFor = true
	}
	for {
		words := p.label().String()
		for p.err == nil && isLabel(p.tok.kind) && !p.is(kwOn) && !p.is(kwTo) && !p.is(kwFrom) {
			words += " " + p.takeName().String()
		}
		g.Privileges = append(g.Privileges, words)
		g.Columns = append(g.Columns, p.optionalColumnList())
		if !p.accept(tokComma) {
			break
		}
	}
	if p.accept(kwOn) && !p.grantObjects(g) {
		return p.generic(pos, "GRANT")
	}
	if verb == "revoke" {
		p.expect(kwFrom)
	} else {
		p.expect(kwTo)
	}
	for {
		if isColumnName(p.ahead[0].kind) {
			p.oneOf("group", "role")
		}
		g.Grantees = append(g.Grantees, p.roleName())
		if !p.accept(tokComma) {
			break
		}
	}
	if p.acceptWord("with", "grant", "option") || p.acceptWord("with", "admin", "option") {
		g.GrantOption = true
	}
	if p.acceptWord("granted", "by") {
		g.GrantedBy = p.roleName()
	}
	g.Cascade, _ = p.cascade()
	g.Span = p.span(pos)
	return g
}

// grantObjects reads what is granted on; false: a kind with a syntax of its own.
func (p *parser) grantObjects(g *ast.Grant) bool {
	g.ObjectKind = "table"
	switch {
	case p.accept(kwTable):
	case p.acceptWord("all", "tables", "in"):
		p.expectWord("schema")
		g.ObjectKind = "all tables in schema"
	case p.acceptWord("all", "sequences", "in"):
		p.expectWord("schema")
		g.ObjectKind = "all sequences in schema"
	case p.isWord("function"), p.isWord("procedure"), p.isWord("routine"), p.is(kwAll), p.isWord("foreign"), p.isWord("large"):
		return false
	default:
		if isColumnName(p.ahead[0].kind) {
			g.ObjectKind = p.oneOf("schema", "sequence", "database", "type", "domain", "language", "tablespace", "catalog", "parameter")
			if g.ObjectKind == "" {
				p.syntaxError()
			}
		}
	}
	g.Objects = p.objectNames()
	return true
}
