package parser

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// SQLSTATEs of the parser's errors.
const (
	codeSyntax   = "42601" // syntax_error
	codeTooDeep  = "54001" // statement_too_complex
	codeEncoding = "22021" // character_not_in_repertoire
	codeNumber   = "22003" // numeric_value_out_of_range
)

// Error says why a text is not SQL. Its message is PostgreSQL's.
type Error struct {
	Message  string
	Hint     string // empty when there is nothing to suggest
	Code     string // SQLSTATE
	Position int    // byte offset into the text
	Location Location
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// SQLState returns the five-character SQLSTATE.
func (e *Error) SQLState() string { return e.Code }

// Location is a place in a text for people: all three count from 1. Column and
// Character count characters, not bytes; Character counts from the start of the
// text, as the position field of PostgreSQL's error message does.
type Location struct {
	Line, Column, Character int
}

// String returns line:column.
func (l Location) String() string { return fmt.Sprintf("%d:%d", l.Line, l.Column) }

// Locate turns a byte offset, such as a node's, into a location. Offsets outside
// the text are moved to its nearer end.
func Locate(sql string, offset int) Location {
	offset = min(max(offset, 0), len(sql))
	before := sql[:offset]
	line := strings.Count(before, "\n") + 1
	lineStart := strings.LastIndexByte(before, '\n') + 1
	return Location{
		Line:      line,
		Column:    utf8.RuneCountInString(before[lineStart:]) + 1,
		Character: utf8.RuneCountInString(before) + 1,
	}
}

// fail records the first error and stops the parser: from now on the current
// token is tokStop, which nothing accepts.
func (p *parser) fail(code string, pos int, hint, format string, args ...any) {
	if p.err == nil {
		p.err = &Error{
			Message:  fmt.Sprintf(format, args...),
			Hint:     hint,
			Code:     code,
			Position: pos,
			Location: Locate(p.sql, pos),
		}
	}
	p.stop()
}

// syntaxError fails at the current token.
func (p *parser) syntaxError() { p.syntaxErrorHint("") }

// syntaxErrorHint fails at the current token, or, when it began a phrase such as IS
// DISTINCT FROM, where that broke off.
func (p *parser) syntaxErrorHint(hint string) {
	t := p.tok
	if p.half[0] == t && p.half[1].kind != tokStop && t.kind != tokStop {
		t = p.half[1]
	}
	p.syntaxErrorAt(t, hint)
}

func (p *parser) syntaxErrorAt(t token, hint string) {
	if p.err != nil {
		return
	}
	if hint == "" {
		hint = p.hintFor(t)
	}
	switch t.kind {
	case tokStop:
		return
	case tokEOF:
		p.fail(codeSyntax, int(t.pos), hint, "syntax error at end of input")
	default:
		p.fail(codeSyntax, int(t.pos), hint, "syntax error at or near \"%s\"", p.sql[t.pos:t.end])
	}
}
