package parser

import "github.com/muster-sql/muster/parser/ast"

// transaction reads BEGIN, COMMIT, ROLLBACK, SAVEPOINT and RELEASE in their forms.
func (p *parser) transaction() ast.Statement {
	pos := p.at()
	t := &ast.Transaction{}
	k := p.tok.kind
	p.advance()
	switch k {
	case kwBegin:
		p.transactionWord()
		t.Modes = p.transactionModes()
	case kwStart:
		p.expectWord("transaction")
		t.Modes = p.transactionModes()
	case kwCommit, kwEnd:
		t.Kind = ast.CommitTransaction
		if k == kwCommit && p.acceptWord("prepared") {
			t.Kind = ast.CommitPrepared
			t.GID = p.stringLiteral()
			break
		}
		p.transactionWord()
		t.Chain = p.chain()
	case kwRollback, kwAbort:
		p.rollback(t)
	case kwSavepoint:
		t.Kind = ast.Savepoint
		t.Name = p.columnName()
	case kwRelease:
		t.Kind = ast.ReleaseSavepoint
		p.acceptWord("savepoint")
		t.Name = p.columnName()
	}
	t.Span = p.span(pos)
	return t
}

func (p *parser) rollback(t *ast.Transaction) {
	t.Kind = ast.RollbackTransaction
	if p.acceptWord("prepared") {
		t.Kind = ast.RollbackPrepared
		t.GID = p.stringLiteral()
		return
	}
	p.transactionWord()
	if p.accept(kwTo) {
		t.Kind = ast.RollbackToSavepoint
		p.acceptWord("savepoint")
		t.Name = p.columnName()
		return
	}
	t.Chain = p.chain()
}

// transactionWord reads WORK or TRANSACTION.
func (p *parser) transactionWord() {
	if !p.acceptWord("work") {
		p.acceptWord("transaction")
	}
}

// chain reads AND [NO] CHAIN.
func (p *parser) chain() bool {
	if p.acceptWord("and", "no", "chain") {
		return false
	}
	return p.acceptWord("and", "chain")
}

// transactionModes reads ISOLATION LEVEL …, READ ONLY and the others.
func (p *parser) transactionModes() ast.TransactionModes {
	var m ast.TransactionModes
	for p.err == nil {
		switch {
		case p.acceptWord("isolation", "level"):
			m.Isolation = p.isolationLevel()
		case p.acceptWord("read", "only"):
			m.Access = "read only"
		case p.acceptWord("read", "write"):
			m.Access = "read write"
		case p.acceptWord("deferrable"):
			m.Deferrable = "deferrable"
		case p.acceptWord("not", "deferrable"):
			m.Deferrable = "not deferrable"
		default:
			return m
		}
		p.accept(tokComma)
	}
	return m
}

func (p *parser) isolationLevel() string {
	switch {
	case p.acceptWord("read", "uncommitted"):
		return "read uncommitted"
	case p.acceptWord("read", "committed"):
		return "read committed"
	case p.acceptWord("repeatable", "read"):
		return "repeatable read"
	case p.acceptWord("serializable"):
		return "serializable"
	}
	p.syntaxError()
	return ""
}

// prepare reads PREPARE name [(types)] AS|FROM statement, and PREPARE TRANSACTION.
func (p *parser) prepare() ast.Statement {
	pos := p.at()
	p.advance()
	if p.isWord("transaction") && isStringKind(p.ahead[0].kind) {
		p.advance()
		t := &ast.Transaction{Kind: ast.PrepareTransaction, GID: p.stringLiteral()}
		t.Span = p.span(pos)
		return t
	}
	s := &ast.Prepare{Name: p.columnName()}
	if p.accept(tokLeftParen) {
		for {
			s.Types = append(s.Types, p.typeName())
			if !p.accept(tokComma) {
				break
			}
		}
		p.expect(tokRightParen)
	}
	if !p.accept(kwAs) {
		p.expect(kwFrom)
	}
	s.Statement = p.statement()
	s.Span = p.span(pos)
	return s
}

// execute reads EXECUTE name [(args)|USING args] and EXECUTE IMMEDIATE.
func (p *parser) execute() ast.Statement {
	pos := p.at()
	p.advance()
	s := &ast.Execute{}
	if p.isWord("immediate") && isStringKind(p.ahead[0].kind) {
		p.advance()
		sql := p.stringLiteral()
		s.Immediate = &sql
	} else {
		s.Name = p.columnName()
	}
	switch {
	case p.accept(kwUsing):
		s.Args = p.exprList()
	case p.accept2(tokLeftParen, tokRightParen):
	case p.is(tokLeftParen):
		s.Args = p.parenExprList()
	}
	s.Span = p.span(pos)
	return s
}

// deallocate reads DEALLOCATE [PREPARE] name|ALL.
func (p *parser) deallocate() ast.Statement {
	pos := p.at()
	p.advance()
	if p.is(kwPrepare) && (isColumnName(p.ahead[0].kind) || p.ahead[0].kind == kwAll) {
		p.advance()
	}
	s := &ast.Deallocate{All: p.accept(kwAll)}
	if !s.All {
		s.Name = p.columnName()
	}
	s.Span = p.span(pos)
	return s
}

// declare reads DECLARE name CURSOR FOR query.
func (p *parser) declare() ast.Statement {
	pos := p.at()
	p.advance()
	s := &ast.DeclareCursor{Name: p.columnName()}
	for p.err == nil && !p.isWord("cursor") {
		switch {
		case p.acceptWord("binary"):
			s.Binary = true
		case p.acceptWord("no", "scroll"):
			s.NoScroll = true
		case p.acceptWord("scroll"):
			s.Scroll = true
		case p.acceptWord("insensitive"):
			s.Insensitive = true
		case p.acceptWord("asensitive"):
		default:
			p.syntaxError()
		}
	}
	p.expectWord("cursor")
	if p.acceptWord("with", "hold") {
		s.Hold = true
	} else {
		p.acceptWord("without", "hold")
	}
	p.expect(kwFor)
	s.Query = p.query()
	s.Span = p.span(pos)
	return s
}

// fetch reads FETCH and MOVE.
func (p *parser) fetch() ast.Statement {
	pos := p.at()
	f := &ast.Fetch{Move: p.isWord("move"), Count: 1}
	p.advance()
	switch p.oneOf("next", "prior", "first", "last", "absolute", "relative", "forward", "backward", "all") {
	case "next":
	case "prior":
		f.Direction = ast.FetchBackward
	case "first":
		f.Direction = ast.FetchAbsolute
	case "last":
		f.Direction, f.Count = ast.FetchAbsolute, -1
	case "absolute":
		f.Direction = ast.FetchAbsolute
		f.Count = p.signedCount()
	case "relative":
		f.Direction = ast.FetchRelative
		f.Count = p.signedCount()
	case "forward":
		p.fetchCount(f)
	case "backward":
		f.Direction = ast.FetchBackward
		p.fetchCount(f)
	case "all":
		f.All, f.Count = true, 0
	default:
		if p.is(tokInteger) || p.is(tokMinus) || p.is(tokPlus) {
			f.Count = p.signedCount()
		}
	}
	if !p.accept(kwFrom) {
		p.accept(kwIn)
	}
	f.Cursor = p.columnName()
	f.Span = p.span(pos)
	return f
}

// fetchCount reads a number, ALL, or nothing after FORWARD and BACKWARD.
func (p *parser) fetchCount(f *ast.Fetch) {
	switch {
	case p.accept(kwAll):
		f.All, f.Count = true, 0
	case p.is(tokInteger) || p.is(tokMinus) || p.is(tokPlus):
		f.Count = p.signedCount()
	}
}

func (p *parser) signedCount() int64 {
	negative := p.is(tokMinus)
	if negative || p.is(tokPlus) {
		p.advance()
	}
	n := int64(p.integer())
	if negative {
		return -n
	}
	return n
}

// closePortal reads CLOSE name|ALL.
func (p *parser) closePortal() ast.Statement {
	pos := p.at()
	p.advance()
	s := &ast.ClosePortal{All: p.accept(kwAll)}
	if !s.All {
		s.Name = p.columnName()
	}
	s.Span = p.span(pos)
	return s
}
