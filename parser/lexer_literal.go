package parser

import (
	"fmt"
	"strings"
)

// lexer cuts a text into tokens, one call of next each. It decodes nothing: the
// values of constants are made when the parser uses them.
type lexer struct {
	sql string
	pos int
	err *Error
}

// fail records a lexical error about sql[start:end].
func (l *lexer) fail(start, end int, hint, message string) {
	if l.err == nil {
		l.err = &Error{
			Message:  fmt.Sprintf("%s at or near \"%s\"", message, l.sql[start:end]),
			Hint:     hint,
			Code:     codeSyntax,
			Position: start,
			Location: Locate(l.sql, start),
		}
	}
}

// quoted reads up to the closing quote; from is after the opening one. Doubled
// quotes stand for one, and a string goes on when only white space with a line
// break separates it from another.
func (l *lexer) quoted(k kind, from int) kind {
	i := from
	for {
		n := strings.IndexByte(l.sql[i:], '\'')
		if n < 0 {
			l.unterminated(k)
			return tokStop
		}
		i += n + 1
		if i < len(l.sql) && l.sql[i] == '\'' {
			i++
		} else if next := continuation(l.sql, i); next > 0 {
			i = next
		} else {
			break
		}
		if k == tokString {
			k = tokStringEsc
		}
	}
	l.pos = i
	return k
}

// escapeQuoted is quoted for E'…', where a backslash hides the next character.
func (l *lexer) escapeQuoted(from int) kind {
	for i := from; i < len(l.sql); i++ {
		switch l.sql[i] {
		case '\\':
			i++
		case '\'':
			if i+1 < len(l.sql) && l.sql[i+1] == '\'' {
				i++
				continue
			}
			if next := continuation(l.sql, i+1); next > 0 {
				i = next - 1
				continue
			}
			l.pos = i + 1
			return tokEString
		}
	}
	l.unterminated(tokEString)
	return tokStop
}

func (l *lexer) unterminated(k kind) {
	what := "unterminated quoted string"
	switch k {
	case tokBits:
		what = "unterminated bit string literal"
	case tokHex:
		what = "unterminated hexadecimal string literal"
	}
	l.fail(l.pos, len(l.sql), "close the string with a single quote; a quote inside is written twice", what)
}

// continuation returns where a string goes on: after the quote that follows i and
// white space with at least one line break; 0 when it does not.
func continuation(sql string, i int) int {
	newline := false
	for ; i < len(sql); i++ {
		switch c := sql[i]; {
		case c == '\n' || c == '\r':
			newline = true
		case charClass[c]&charSpace != 0:
		case c == '-' && newline && strings.HasPrefix(sql[i:], "--"):
			n := strings.IndexAny(sql[i:], "\n\r")
			if n < 0 {
				return 0
			}
			i += n
		case c == '\'' && newline:
			return i + 1
		default:
			return 0
		}
	}
	return 0
}

func (l *lexer) quotedIdent(k kind, from int) kind {
	i := from
	for {
		n := strings.IndexByte(l.sql[i:], '"')
		if n < 0 {
			l.fail(l.pos, len(l.sql), "close the name with a double quote", "unterminated quoted identifier")
			return tokStop
		}
		i += n + 1
		if i < len(l.sql) && l.sql[i] == '"' {
			i++
			continue
		}
		break
	}
	if i == from+1 {
		l.fail(l.pos, i, "", "zero-length delimited identifier")
		return tokStop
	}
	l.pos = i
	return k
}

// dollar reads $1, $$…$$ and $tag$…$tag$.
func (l *lexer) dollar() kind {
	if isDigit(l.peek(1)) {
		i := l.pos + 1
		for i < len(l.sql) && isDigit(l.sql[i]) {
			i++
		}
		if i < len(l.sql) && charClass[l.sql[i]]&charIdentStart != 0 {
			l.fail(l.pos, wordEnd(l.sql, i), "", "trailing junk after parameter")
			return tokStop
		}
		l.pos = i
		return tokParam
	}
	tag := l.pos + 1
	if tag < len(l.sql) && charClass[l.sql[tag]]&charIdentStart != 0 {
		for tag < len(l.sql) && charClass[l.sql[tag]]&charIdentPart != 0 && l.sql[tag] != '$' {
			tag++
		}
	}
	if tag >= len(l.sql) || l.sql[tag] != '$' {
		l.fail(l.pos, l.pos+1, "parameters are numbered: $1, $2", "syntax error")
		return tokStop
	}
	delimiter := l.sql[l.pos : tag+1]
	n := strings.Index(l.sql[tag+1:], delimiter)
	if n < 0 {
		l.fail(l.pos, len(l.sql), "close the string with "+delimiter, "unterminated dollar-quoted string")
		return tokStop
	}
	l.pos = tag + 1 + n + len(delimiter)
	return tokDollarString
}

// number reads integers, decimals, exponents, 0x, 0o, 0b, and underscores between
// digits.
func (l *lexer) number() kind {
	sql, start := l.sql, l.pos
	if sql[start] == '0' {
		if k := l.radix(); k != tokEOF {
			return k
		}
	}
	k := tokInteger
	i := digits(sql, start)
	if i < len(sql) && sql[i] == '.' && !(i+1 < len(sql) && sql[i+1] == '.') {
		k = tokNumber
		i = digits(sql, i+1)
	}
	if i < len(sql) && (sql[i] == 'e' || sql[i] == 'E') {
		j := i + 1
		if j < len(sql) && (sql[j] == '+' || sql[j] == '-') {
			j++
		}
		if j < len(sql) && isDigit(sql[j]) {
			k = tokNumber
			i = digits(sql, j)
		}
	}
	return l.endNumber(k, start, i)
}

// radix reads a number after 0x, 0o or 0b; tokEOF: there is none.
func (l *lexer) radix() kind {
	var valid func(byte) bool
	switch l.peek(1) {
	case 'x', 'X':
		valid = func(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }
	case 'o', 'O':
		valid = func(c byte) bool { return c >= '0' && c <= '7' }
	case 'b', 'B':
		valid = func(c byte) bool { return c == '0' || c == '1' }
	default:
		return tokEOF
	}
	i := l.pos + 2
	first := i
	for i < len(l.sql) && (valid(l.sql[i]) || l.sql[i] == '_' && i+1 < len(l.sql) && valid(l.sql[i+1])) {
		i++
	}
	if i == first {
		l.fail(l.pos, wordEnd(l.sql, i), "", "invalid integer literal")
		return tokStop
	}
	return l.endNumber(tokRadixInt, l.pos, i)
}

// endNumber refuses a letter right behind a number.
func (l *lexer) endNumber(k kind, start, end int) kind {
	if end < len(l.sql) && charClass[l.sql[end]]&charIdentStart != 0 {
		l.fail(start, wordEnd(l.sql, end), "put a space between a number and a word; a name that starts with a digit needs double quotes",
			"trailing junk after numeric literal")
		return tokStop
	}
	l.pos = end
	return k
}

// digits moves over digits and single underscores between them.
func digits(sql string, i int) int {
	for i < len(sql) && (isDigit(sql[i]) || sql[i] == '_' && i > 0 && isDigit(sql[i-1]) && i+1 < len(sql) && isDigit(sql[i+1])) {
		i++
	}
	return i
}

func wordEnd(sql string, i int) int {
	for i < len(sql) && charClass[sql[i]]&charIdentPart != 0 {
		i++
	}
	return i
}
