package parser

// Character classes of the lexer.
const (
	charIdentStart = 1 << iota
	charIdentPart
	charDigit
	charOperator
	charSpace
)

// charClass gives the classes of each byte; bytes of multi-byte characters are
// letters.
var charClass = buildCharClass()

func buildCharClass() *[256]uint8 {
	var t [256]uint8
	for c := 0; c < 256; c++ {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c >= 0x80:
			t[c] = charIdentStart | charIdentPart
		case c >= '0' && c <= '9':
			t[c] = charDigit | charIdentPart
		case c == '$':
			t[c] = charIdentPart
		}
	}
	for _, c := range "+-*/<>=~!@#%^&|`?" {
		t[c] |= charOperator
	}
	for _, c := range " \t\n\r\f\v" {
		t[c] |= charSpace
	}
	return &t
}

// next reads one token. A lexical error stops the lexer: it is kept, and tokStop
// is returned; the parser reports it when it gets there.
func (l *lexer) next() token {
	if l.err != nil || !l.skipSpace() {
		return token{kind: tokStop, pos: int32(l.pos), end: int32(l.pos)}
	}
	start := l.pos
	if start >= len(l.sql) {
		return token{kind: tokEOF, pos: int32(start), end: int32(start)}
	}
	k := l.scan(l.sql[start])
	if l.err != nil {
		k = tokStop
	}
	return token{kind: k, pos: int32(start), end: int32(l.pos)}
}

// scan reads the token that starts with c at l.pos.
func (l *lexer) scan(c byte) kind {
	class := charClass[c]
	switch {
	case class&charIdentStart != 0:
		return l.word(c)
	case class&charDigit != 0:
		return l.number()
	case c == '\'':
		return l.quoted(tokString, l.pos+1)
	case c == '"':
		return l.quotedIdent(tokQuotedIdent, l.pos+1)
	case c == '.':
		if isDigit(l.peek(1)) {
			return l.number()
		}
		if l.peek(1) == '.' {
			l.pos += 2
			return tokDotDot
		}
		l.pos++
		return tokDot
	case c == '$':
		return l.dollar()
	case c == ':':
		switch l.peek(1) {
		case ':':
			l.pos += 2
			return tokTypecast
		case '=':
			l.pos += 2
			return tokColonEquals
		}
		l.pos++
		return tokColon
	case class&charOperator != 0:
		return l.operator()
	}
	l.pos++
	switch c {
	case ',':
		return tokComma
	case '(':
		return tokLeftParen
	case ')':
		return tokRightParen
	case ';':
		return tokSemicolon
	case '[':
		return tokLeftBracket
	case ']':
		return tokRightBracket
	case '{':
		return tokLeftBrace
	case '}':
		return tokRightBrace
	}
	l.fail(l.pos-1, l.pos, "", "syntax error")
	return tokStop
}

// word reads an identifier or key word, or a string with a letter before it.
func (l *lexer) word(c byte) kind {
	switch c {
	case 'e', 'E', 'b', 'B', 'x', 'X', 'n', 'N', 'u', 'U':
		if k := l.prefixed(c); k != tokEOF {
			return k
		}
	}
	sql, i, h := l.sql, l.pos, uint32(0)
	for ; i < len(sql); i++ {
		c := sql[i]
		if charClass[c]&charIdentPart == 0 {
			break
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		h = hashByte(h, c)
	}
	text := sql[l.pos:i]
	l.pos = i
	return lookupKeyword(text, h)
}

// prefixed reads E”, B”, X”, N”, U&” and U&"". tokEOF: it is none of them.
func (l *lexer) prefixed(c byte) kind {
	switch next := l.peek(1); {
	case next == '\'':
		switch c {
		case 'e', 'E':
			return l.escapeQuoted(l.pos + 2)
		case 'b', 'B':
			return l.quoted(tokBits, l.pos+2)
		case 'x', 'X':
			return l.quoted(tokHex, l.pos+2)
		case 'n', 'N':
			return l.quoted(tokStringEsc, l.pos+2)
		}
	case next == '&' && (c == 'u' || c == 'U'):
		switch l.peek(2) {
		case '\'':
			return l.quoted(tokUString, l.pos+3)
		case '"':
			return l.quotedIdent(tokUnicodeIdent, l.pos+3)
		}
	}
	return tokEOF
}

// operator reads the longest run of operator characters, cut as PostgreSQL does:
// before a comment, and before trailing + and - unless the operator has one of
// the characters that no standard operator has.
func (l *lexer) operator() kind {
	sql, start := l.sql, l.pos
	i, special := start, false
	for ; i < len(sql) && charClass[sql[i]]&charOperator != 0; i++ {
		c := sql[i]
		if i > start && i+1 < len(sql) && (c == '-' && sql[i+1] == '-' || c == '/' && sql[i+1] == '*') {
			break
		}
		switch c {
		case '~', '!', '@', '#', '%', '^', '&', '|', '`', '?':
			special = true
		}
	}
	if !special {
		for i > start+1 && (sql[i-1] == '+' || sql[i-1] == '-') {
			i--
		}
	}
	l.pos = i
	switch i - start {
	case 1:
		return operatorKind[sql[start]]
	case 2:
		switch sql[start:i] {
		case "<=":
			return tokLessEqual
		case ">=":
			return tokGreaterEqual
		case "<>", "!=":
			return tokNotEqual
		case "=>":
			return tokFatArrow
		case "->":
			return tokLambdaArrow
		case "==":
			return tokEqual
		}
	}
	return tokOp
}

// operatorKind gives the kind of each operator of one character.
var operatorKind = [256]kind{
	'<': tokLess, '>': tokGreater, '=': tokEqual, '+': tokPlus, '-': tokMinus, '*': tokStar,
	'/': tokSlash, '%': tokPercent, '^': tokCaret,
	'~': tokOp, '!': tokOp, '@': tokOp, '#': tokOp, '&': tokOp, '|': tokOp, '`': tokOp, '?': tokOp,
}

// skipSpace moves over white space and comments; false after an error.
func (l *lexer) skipSpace() bool {
	for l.pos < len(l.sql) {
		c := l.sql[l.pos]
		switch {
		case charClass[c]&charSpace != 0:
			l.pos++
		case c == '-' && l.peek(1) == '-':
			l.skipLine()
		case c == '/' && l.peek(1) == '*':
			if !l.skipBlock() {
				return false
			}
		default:
			return true
		}
	}
	return true
}

func (l *lexer) skipLine() {
	for l.pos < len(l.sql) && l.sql[l.pos] != '\n' && l.sql[l.pos] != '\r' {
		l.pos++
	}
}

// skipBlock moves over a comment, which may hold comments.
func (l *lexer) skipBlock() bool {
	start, depth := l.pos, 1
	l.pos += 2
	for l.pos < len(l.sql) {
		switch {
		case l.sql[l.pos] == '*' && l.peek(1) == '/':
			l.pos += 2
			if depth--; depth == 0 {
				return true
			}
		case l.sql[l.pos] == '/' && l.peek(1) == '*':
			l.pos += 2
			depth++
		default:
			l.pos++
		}
	}
	l.fail(start, len(l.sql), "", "unterminated /* comment")
	return false
}

// peek returns the byte n after the current one, 0 at the end.
func (l *lexer) peek(n int) byte {
	if l.pos+n < len(l.sql) {
		return l.sql[l.pos+n]
	}
	return 0
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
