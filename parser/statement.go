package parser

import "github.com/muster-sql/muster/parser/ast"

// statement reads one statement of any kind.
func (p *parser) statement() ast.Statement {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	if s := p.queryOrDML(); s != nil || p.err != nil {
		return s
	}
	switch p.tok.kind {
	case kwCreate:
		return p.create()
	case kwAlter:
		return p.alter()
	case kwDrop:
		return p.drop()
	case kwExplain:
		return p.explain()
	case kwSet:
		return p.set()
	case kwReset:
		return p.reset()
	case kwShow:
		return p.show()
	case kwTruncate:
		return p.truncate()
	case kwCopy:
		return p.copyStatement()
	case kwBegin, kwStart, kwCommit, kwEnd, kwRollback, kwAbort, kwSavepoint, kwRelease:
		return p.transaction()
	case kwPrepare:
		return p.prepare()
	case kwExecute:
		return p.execute()
	case kwDeallocate:
		return p.deallocate()
	case kwDeclare:
		return p.declare()
	case kwFetch:
		return p.fetch()
	case kwClose:
		return p.closePortal()
	case kwGrant:
		return p.grant("grant")
	case kwAnalyze, kwAnalyse:
		return p.analyze()
	case kwVacuum:
		return p.vacuum()
	case kwCall:
		return p.callStatement()
	case kwDo:
		return p.do()
	}
	return p.wordStatement()
}

// queryOrDML reads a query, INSERT, UPDATE, DELETE or MERGE, with WITH before it or
// not; nil: there is none.
func (p *parser) queryOrDML() ast.Statement {
	pos := p.at()
	switch p.tok.kind {
	case kwSelect, kwValues, kwTable, kwFrom, tokLeftParen:
		return p.query()
	case kwWith, kwInsert, kwUpdate, kwDelete, kwMerge:
	default:
		return nil
	}
	outer := p.high
	with := p.with()
	defer func() { p.high = max(outer, p.high) }()
	switch p.tok.kind {
	case kwInsert:
		return p.insert(pos, with)
	case kwUpdate:
		return p.update(pos, with)
	case kwDelete:
		return p.deleteStatement(pos, with)
	case kwMerge:
		return p.merge(pos, with)
	}
	return p.queryRest(pos, with)
}

// preparable reads what a CTE may hold.
func (p *parser) preparable() ast.Statement {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	s := p.queryOrDML()
	if s == nil {
		p.syntaxError()
	}
	return s
}

// wordStatement reads statements whose first word is no key word of the parser.
func (p *parser) wordStatement() ast.Statement {
	pos := p.at()
	if p.tok.kind != tokIdent && p.tok.kind < keywordsFrom {
		p.syntaxError()
		return nil
	}
	switch p.word(p.tok) {
	case "revoke", "deny":
		return p.grant(p.word(p.tok))
	case "describe", "desc", "summarize":
		return p.describe()
	case "use":
		p.advance()
		s := &ast.Use{Name: p.tableName()}
		s.Span = p.span(pos)
		return s
	case "discard":
		p.advance()
		s := &ast.Discard{What: p.oneOf("all", "plans", "sequences", "temporary", "temp")}
		switch s.What {
		case "":
			p.syntaxError()
		case "temporary":
			s.What = "temp"
		}
		s.Span = p.span(pos)
		return s
	case "move":
		return p.fetch()
	case "listen", "unlisten", "notify":
		return p.notification()
	case "kill", "cancel":
		p.advance()
		p.acceptWord("query")
		s := &ast.KillQuery{ID: p.expr()}
		s.Span = p.span(pos)
		return s
	case "checkpoint":
		p.advance()
		return &ast.Checkpoint{Span: p.span(pos)}
	case "comment":
		return p.comment()
	case "refresh":
		return p.refresh()
	case "lock":
		return p.lock()
	case "replace":
		if p.ahead[0].kind == kwInto {
			return p.insert(pos, nil)
		}
	}
	return p.wordGeneric(pos)
}

// genericWords are the first words of statements that are kept as text.
var genericWords = map[string]string{
	"security": "SECURITY LABEL", "reassign": "REASSIGN OWNED", "import": "IMPORT", "reindex": "REINDEX",
	"cluster": "CLUSTER", "load": "LOAD", "pragma": "PRAGMA", "attach": "ATTACH", "detach": "DETACH",
	"install": "INSTALL", "export": "EXPORT", "update_extensions": "UPDATE EXTENSIONS",
}

func (p *parser) wordGeneric(pos ast.Pos) ast.Statement {
	if command, ok := genericWords[p.word(p.tok)]; ok {
		return p.generic(pos, command)
	}
	p.syntaxErrorHint(p.hintForStatement())
	return nil
}

// generic keeps the statement that began at pos as text, up to a semicolon outside
// parentheses.
func (p *parser) generic(pos ast.Pos, command string) ast.Statement {
	depth := 0
	for p.err == nil && !p.is(tokEOF) && (depth > 0 || !p.is(tokSemicolon)) {
		switch p.tok.kind {
		case tokLeftParen:
			depth++
		case tokRightParen:
			depth--
		}
		p.advance()
	}
	s := &ast.Generic{Span: p.span(pos), Command: command}
	s.Text = s.Span.Text(p.sql)
	return s
}

// genericObject keeps CREATE, ALTER or DROP of an object that the tree has no node
// for; the verb has been read, the object's word is current.
func (p *parser) genericObject(pos ast.Pos, verb string) ast.Statement {
	words := map[string]string{
		"role": "ROLE", "user": "USER", "group": "GROUP", "function": "FUNCTION", "procedure": "PROCEDURE",
		"routine": "ROUTINE", "trigger": "TRIGGER", "rule": "RULE", "extension": "EXTENSION", "aggregate": "AGGREGATE",
		"operator": "OPERATOR", "cast": "CAST", "collation": "COLLATION", "conversion": "CONVERSION",
		"language": "LANGUAGE", "trusted": "LANGUAGE", "procedural": "LANGUAGE", "publication": "PUBLICATION",
		"subscription": "SUBSCRIPTION", "server": "SERVER", "foreign": "FOREIGN TABLE", "tablespace": "TABLESPACE",
		"text": "TEXT SEARCH", "policy": "POLICY", "statistics": "STATISTICS", "event": "EVENT TRIGGER",
		"access": "ACCESS METHOD", "transform": "TRANSFORM", "database": "DATABASE", "default": "DEFAULT PRIVILEGES",
		"system": "SYSTEM", "large": "LARGE OBJECT", "owned": "OWNED", "constraint": "CONSTRAINT TRIGGER",
		"secret": "SECRET", "persistent": "SECRET", "branch": "BRANCH", "assertion": "ASSERTION",
		"external": "EXTERNAL TABLE", "character": "CHARACTER SET", "translation": "TRANSLATION", "ordering": "ORDERING", "method": "METHOD",
		"type": "TYPE", "domain": "DOMAIN", "sequence": "SEQUENCE", "index": "INDEX", "materialized": "MATERIALIZED VIEW",
	}
	if p.tok.kind == tokIdent || p.tok.kind >= keywordsFrom {
		if object, ok := words[p.word(p.tok)]; ok {
			return p.generic(pos, verb+" "+object)
		}
	}
	hint := p.hintForStatement()
	if hint == "" {
		hint = verb + " is followed by what it applies to, such as TABLE, VIEW, SCHEMA or INDEX"
	}
	p.syntaxErrorHint(hint)
	return nil
}

// ifExists reads IF EXISTS.
func (p *parser) ifExists() bool { return p.acceptWord("if", "exists") }

// ifNotExists reads IF NOT EXISTS.
func (p *parser) ifNotExists() bool { return p.acceptWord("if", "not", "exists") }

// cascade reads CASCADE or RESTRICT.
func (p *parser) cascade() (cascade, restrict bool) {
	if p.acceptWord("cascade") {
		return true, false
	}
	return false, p.acceptWord("restrict")
}

// stringLiteral reads a character constant.
func (p *parser) stringLiteral() string {
	if !p.isString() {
		p.syntaxError()
		return ""
	}
	return p.stringValue()
}

// optionalComment reads COMMENT 'text'.
func (p *parser) optionalComment() *string {
	if !p.isWord("comment") || !isStringKind(p.ahead[0].kind) {
		return nil
	}
	p.advance()
	s := p.stringLiteral()
	return &s
}

// endsOption reports that an option without a value ends here.
func (p *parser) endsOption() bool { return p.is(tokComma) || p.is(tokRightParen) }

// optionList reads (name [=] value, …).
func (p *parser) optionList() []ast.Option {
	p.expect(tokLeftParen)
	var list []ast.Option
	for p.err == nil {
		o := ast.Option{Pos: p.at()}
		if p.isString() {
			o.Name = ast.ObjectName{{Pos: o.Pos, Text: p.stringValue(), Quoted: true}}
		} else {
			o.Name = p.dotted(p.label())
		}
		p.accept(tokEqual)
		if !p.endsOption() {
			o.Value = p.optionValue()
		}
		list = append(list, o)
		if !p.accept(tokComma) {
			break
		}
	}
	p.expect(tokRightParen)
	return list
}

// optionValue reads a word, a list or an expression.
func (p *parser) optionValue() ast.Expr {
	pos := p.at()
	switch k := p.tok.kind; {
	case k == tokStar:
		p.advance()
		return &ast.Star{Pos: pos}
	case k == kwTrue || k == kwFalse || k == kwNull || k == kwDefault:
		return p.expr()
	case isLabel(k) && (p.ahead[0].kind == tokComma || p.ahead[0].kind == tokRightParen):
		return &ast.ColumnRef{Pos: pos, Parts: []ast.Name{p.takeName()}}
	case k == tokLeftParen && !p.parenStartsQuery():
		return p.optionRow(pos)
	}
	return p.expr()
}

// optionRow reads (a, b), or an expression that begins with a parenthesis.
func (p *parser) optionRow(pos ast.Pos) ast.Expr {
	row := &ast.Row{Pos: pos}
	if p.accept2(tokLeftParen, tokRightParen) {
		return row
	}
	row.Elems = p.parenExprList()
	if p.endsOption() || len(row.Elems) != 1 {
		return row
	}
	return p.infix(p.postfix(row.Elems[0]), precOr)
}

// withOptions reads WITH (…) if it is there.
func (p *parser) withOptions() []ast.Option {
	if !p.is(kwWith) || p.ahead[0].kind != tokLeftParen {
		return nil
	}
	p.advance()
	return p.optionList()
}
