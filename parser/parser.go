// Package parser turns SQL text into parser/ast: a lexer, recursive descent for
// statements and clauses, precedence climbing for expressions. The coordinator and
// the planner call Parse and ParseAll. Its errors carry PostgreSQL's messages, a
// SQLSTATE by method and a position. It must not know names, types or catalogs.
package parser

import "github.com/muster-sql/muster/parser/ast"

// Limits. A text beyond one of them is refused with SQLSTATE 54001.
const (
	// textBytesMax is the longest SQL text.
	textBytesMax = 64 << 20
	// nestingMax is how deep parentheses, subqueries and calls may nest. Whoever
	// walks the tree by recursion relies on it and on heightMax.
	nestingMax = 1000
	// heightMax is the greatest height of a tree: chains such as a + b + c, UNION
	// and JOIN are as high as they are long. AND, OR, lists and rows are flat.
	heightMax = 10_000
)

// Parse reads exactly one statement; a semicolon may follow it.
func Parse(sql string) (ast.Statement, error) {
	p, err := newParser(sql)
	if err != nil {
		return nil, err
	}
	for p.accept(tokSemicolon) {
	}
	s := p.statement()
	for p.accept(tokSemicolon) {
	}
	if p.tok.kind != tokEOF {
		p.syntaxErrorHint(p.hintAfterStatement())
	}
	if p.err != nil {
		return nil, p.err
	}
	return s, nil
}

// ParseAll reads statements separated by semicolons; empty ones are skipped. Each
// statement's Span is its source without the semicolon.
func ParseAll(sql string) ([]ast.Statement, error) {
	p, err := newParser(sql)
	if err != nil {
		return nil, err
	}
	var list []ast.Statement
	for {
		for p.accept(tokSemicolon) {
		}
		if p.tok.kind == tokEOF {
			return list, nil
		}
		s := p.statement()
		if p.tok.kind != tokEOF && p.tok.kind != tokSemicolon {
			p.syntaxErrorHint(p.hintAfterStatement())
		}
		if p.err != nil {
			return nil, p.err
		}
		list = append(list, s)
	}
}

// ParseExpr reads one expression, such as a default or a row filter.
func ParseExpr(sql string) (ast.Expr, error) {
	p, err := newParser(sql)
	if err != nil {
		return nil, err
	}
	e := p.expr()
	if p.tok.kind != tokEOF {
		p.syntaxError()
	}
	if p.err != nil {
		return nil, p.err
	}
	return e, nil
}

// ParseType reads one type name, such as numeric(10,2)[].
func ParseType(sql string) (*ast.TypeName, error) {
	p, err := newParser(sql)
	if err != nil {
		return nil, err
	}
	t := p.typeName()
	if p.tok.kind != tokEOF {
		p.syntaxError()
	}
	if p.err != nil {
		return nil, p.err
	}
	return t, nil
}

// parser has the current token and two more. After an error the current token is
// tokStop for good, which no test accepts, so that every loop ends; functions may
// then return nil or half-made nodes, which are thrown away.
type parser struct {
	lex   lexer
	sql   string
	tok   token
	ahead [2]token
	prev  token    // the token before tok
	depth int      // open calls of enter
	half  [2]token // the start of a phrase that was only begun, and where it broke off
	argAt int32    // where the latest argument of a call begins, -1 for none
	high  int      // height of the tree built since the enclosing call of expr
	err   *Error
}

func newParser(sql string) (*parser, error) {
	if len(sql) > textBytesMax {
		return nil, &Error{
			Message:  "statement is too long",
			Hint:     "load data with COPY, or split the statement",
			Code:     codeTooDeep,
			Location: Location{1, 1, 1},
		}
	}
	if i := invalidText(sql); i >= 0 {
		p := &parser{sql: sql}
		p.fail(codeEncoding, i, "", "invalid byte sequence for encoding \"UTF8\": 0x%02x", sql[i])
		return nil, p.err
	}
	p := &parser{sql: sql, lex: lexer{sql: sql}, argAt: -1}
	p.tok = p.lex.next()
	p.ahead[0] = p.lex.next()
	p.ahead[1] = p.lex.next()
	p.checkLexer()
	return p, nil
}

// advance moves to the next token.
func (p *parser) advance() {
	if p.tok.kind == tokStop {
		return
	}
	p.prev = p.tok
	p.tok = p.ahead[0]
	p.ahead[0] = p.ahead[1]
	p.ahead[1] = p.lex.next()
	p.checkLexer()
}

func (p *parser) checkLexer() {
	if p.tok.kind == tokStop && p.err == nil {
		p.err = p.lex.err
	}
}

func (p *parser) stop() { p.tok.kind = tokStop }

// enter begins a level of nesting; the caller calls leave if it is true.
func (p *parser) enter() bool {
	if p.depth >= nestingMax {
		p.tooDeep()
		return false
	}
	p.depth++
	return true
}

func (p *parser) leave() { p.depth-- }

func (p *parser) tooDeep() {
	p.fail(codeTooDeep, int(p.tok.pos), "simplify the statement: it nests too many parentheses, subqueries or operators",
		"stack depth limit exceeded")
}

// grow makes the current tree one higher.
func (p *parser) grow() {
	p.high++
	if p.high > heightMax {
		p.tooDeep()
	}
}

// at is the position of the current token.
func (p *parser) at() ast.Pos { return ast.Pos(p.tok.pos) }

// span is the source from a start to the last token read.
func (p *parser) span(from ast.Pos) ast.Span {
	return ast.Span{Pos: from, End: max(from, ast.Pos(p.prev.end))}
}

// is tests the kind of the current token.
func (p *parser) is(k kind) bool { return p.tok.kind == k }

// accept moves past the current token if it is of the kind.
func (p *parser) accept(k kind) bool {
	if p.tok.kind != k {
		return false
	}
	p.advance()
	return true
}

// accept2 moves past two tokens if both are there.
func (p *parser) accept2(a, b kind) bool {
	if p.tok.kind != a {
		return false
	}
	if p.ahead[0].kind != b {
		p.half = [2]token{p.tok, p.ahead[0]}
		return false
	}
	p.advance()
	p.advance()
	return true
}

// expect moves past a token of the kind, or fails.
func (p *parser) expect(k kind) {
	if !p.accept(k) {
		p.syntaxError()
	}
}

// isWord reports that the current token is the unquoted word (in lower case),
// whether key word or not.
func (p *parser) isWord(word string) bool { return p.tokenIsWord(p.tok, word) }

func (p *parser) nextIsWord(word string) bool { return p.tokenIsWord(p.ahead[0], word) }

func (p *parser) tokenIsWord(t token, word string) bool {
	return (t.kind == tokIdent || t.kind >= keywordsFrom) && equalFoldASCII(p.sql[t.pos:t.end], word)
}

// acceptWord moves past the words if all are there; at most three.
func (p *parser) acceptWord(words ...string) bool {
	for i, w := range words {
		t := p.tok
		if i > 0 {
			t = p.ahead[i-1]
		}
		if !p.tokenIsWord(t, w) {
			if i > 0 {
				p.half = [2]token{p.tok, t}
			}
			return false
		}
	}
	for range words {
		p.advance()
	}
	return true
}

// expectWord moves past the words one by one, or fails at the first other token.
func (p *parser) expectWord(words ...string) {
	for _, w := range words {
		if !p.acceptWord(w) {
			p.syntaxError()
			return
		}
	}
}

// oneOf moves past the first of the words that is current and returns it, or "".
func (p *parser) oneOf(words ...string) string {
	for _, w := range words {
		if p.acceptWord(w) {
			return w
		}
	}
	return ""
}
