package parser

import "github.com/muster-sql/muster/parser/ast"

// set reads SET in its many forms.
func (p *parser) set() ast.Statement {
	pos := p.at()
	p.advance()
	s := &ast.Set{Scope: p.setScope()}
	if s.Scope == ast.ScopeLocal && p.acceptWord("session") || s.Scope == ast.ScopeSession && p.is(kwAuthorization) {
		if !p.is(kwAuthorization) {
			p.syntaxError()
			return nil
		}
		return p.setRole(pos, s.Scope)
	}
	switch {
	case s.Scope == ast.ScopeSession && p.acceptWord("characteristics", "as", "transaction"):
		t := &ast.SetTransaction{Session: true, Modes: p.transactionModes()}
		t.Span = p.span(pos)
		return t
	case p.isWord("transaction") && p.ahead[0].kind != tokEqual && p.ahead[0].kind != kwTo:
		return p.setTransaction(pos)
	case p.isWord("role") && p.ahead[0].kind != tokEqual && p.ahead[0].kind != kwTo:
		return p.setRole(pos, s.Scope)
	case p.isWord("constraints") && p.ahead[0].kind != tokEqual && p.ahead[0].kind != kwTo:
		return p.generic(pos, "SET CONSTRAINTS")
	case p.isWord("xml") && p.nextIsWord("option"):
		return p.generic(pos, "SET XML OPTION")
	case p.isWord("variable") && isColumnName(p.ahead[0].kind) && p.ahead[0].kind != kwTo:
		return p.generic(pos, "SET VARIABLE")
	}
	p.setName(s)
	s.Span = p.span(pos)
	return s
}

// setScope reads SESSION, LOCAL or GLOBAL, unless that word is the name itself.
func (p *parser) setScope() ast.SetScope {
	if k := p.ahead[0].kind; k == tokEqual || k == kwTo || k == tokDot {
		return ast.ScopeDefault
	}
	switch p.oneOf("session", "local", "global") {
	case "session":
		return ast.ScopeSession
	case "local":
		return ast.ScopeLocal
	case "global":
		return ast.ScopeGlobal
	}
	return ast.ScopeDefault
}

// setName reads the name and the values of a setting.
func (p *parser) setName(s *ast.Set) {
	pos := p.at()
	setting := func(name string) { s.Name = ast.ObjectName{{Pos: pos, Text: name}} }
	assigned := p.ahead[0].kind == tokEqual || p.ahead[0].kind == kwTo
	switch {
	case p.acceptWord("time", "zone"):
		setting("timezone")
		if p.acceptWord("local") {
			s.Default = true
			return
		}
		if p.is(kwInterval) && p.ahead[0].kind != tokEOF && p.ahead[0].kind != tokSemicolon {
			s.Values = []ast.Expr{p.expr()}
			return
		}
	case !assigned && p.acceptWord("names"):
		setting("client_encoding")
		if !p.isString() && !p.is(kwDefault) {
			s.Default = true
			return
		}
	case !assigned && isStringKind(p.ahead[0].kind) && p.acceptWord("schema"):
		setting("search_path")
	case !assigned && isStringKind(p.ahead[0].kind) && p.acceptWord("catalog"):
		setting("catalog")
	default:
		s.Name = p.dotted(p.columnName())
		if !p.accept(tokEqual) && !p.accept(kwTo) {
			p.syntaxErrorHint("write SET name = value, or SET name TO value")
		}
	}
	p.setValues(s)
}

func (p *parser) setValues(s *ast.Set) {
	if p.accept(kwDefault) {
		s.Default = true
		return
	}
	for {
		s.Values = append(s.Values, p.setValue())
		if !p.accept(tokComma) {
			return
		}
	}
}

// setValue reads one value; a bare word is a string.
func (p *parser) setValue() ast.Expr {
	pos := p.at()
	if k := p.ahead[0].kind; isLabel(p.tok.kind) && (k == tokComma || k == tokSemicolon || k == tokEOF) {
		return &ast.StringLit{Pos: pos, Value: p.takeName().Text}
	}
	at := p.tok
	e := p.expr()
	if _, ok := e.(*ast.DefaultExpr); ok {
		p.syntaxErrorAt(at, "")
	}
	return e
}

func (p *parser) setTransaction(pos ast.Pos) ast.Statement {
	p.advance()
	t := &ast.SetTransaction{}
	if p.acceptWord("snapshot") {
		t.Modes.Snapshot = p.stringLiteral()
	} else {
		t.Modes = p.transactionModes()
	}
	t.Span = p.span(pos)
	return t
}

// setRole reads ROLE r and AUTHORIZATION r.
func (p *parser) setRole(pos ast.Pos, scope ast.SetScope) ast.Statement {
	r := &ast.SetRole{Scope: scope, SessionAuthorization: p.is(kwAuthorization)}
	if r.SessionAuthorization && scope == ast.ScopeSession {
		r.Scope = ast.ScopeDefault
	}
	p.advance()
	at := p.at()
	switch {
	case p.acceptWord("none"), p.accept(kwDefault):
	case p.isString():
		if r.Role = (ast.Name{Pos: at, Text: p.stringValue(), Quoted: true}); r.Role.IsZero() {
			p.fail(codeSyntax, int(at), "", "role name must not be empty")
		}
	default:
		r.Role = p.roleName()
	}
	r.Span = p.span(pos)
	return r
}

// reset reads RESET name|ALL.
func (p *parser) reset() ast.Statement {
	pos := p.at()
	p.advance()
	s := &ast.Reset{All: p.accept(kwAll)}
	if !s.All {
		if p.isWord("session") && isColumnName(p.ahead[0].kind) {
			p.advance() // RESET SESSION name
		}
		s.Name = p.settingName()
	}
	s.Span = p.span(pos)
	return s
}

// settingName reads the name of a setting, some of which are several words.
func (p *parser) settingName() ast.ObjectName {
	pos := p.at()
	switch {
	case p.acceptWord("time", "zone"):
		return ast.ObjectName{{Pos: pos, Text: "timezone"}}
	case p.acceptWord("transaction", "isolation", "level"):
		return ast.ObjectName{{Pos: pos, Text: "transaction_isolation"}}
	case p.acceptWord("session", "authorization"):
		return ast.ObjectName{{Pos: pos, Text: "session_authorization"}}
	}
	return p.dotted(p.columnName())
}
