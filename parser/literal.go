package parser

import (
	"math/big"
	"strings"
	"unicode/utf8"
)

// radixDigitsMax bounds 0x, 0o and 0b constants, which are converted to decimal.
const radixDigitsMax = 4096

// stringValue decodes the string token that is current, and moves past it.
func (p *parser) stringValue() string {
	t := p.tok
	raw := p.sql[t.pos:t.end]
	p.advance()
	switch t.kind {
	case tokString:
		return raw[1 : len(raw)-1]
	case tokStringEsc:
		return joinQuoted(raw[strings.IndexByte(raw, '\'')+1:])
	case tokDollarString:
		n := strings.IndexByte(raw[1:], '$') + 2
		return raw[n : len(raw)-n]
	case tokEString:
		return p.decodeEscapes(raw[2:], int(t.pos)+2)
	case tokUString:
		return p.decodeUnicode(joinQuoted(raw[3:]), t)
	}
	return ""
}

// isString reports that the current token is a character constant.
func (p *parser) isString() bool { return isStringKind(p.tok.kind) }

func isStringKind(k kind) bool {
	switch k {
	case tokString, tokStringEsc, tokEString, tokUString, tokDollarString:
		return true
	}
	return false
}

// joinQuoted decodes a quoted body that runs to its closing quote: doubled quotes
// are one, and continuation lines are joined.
func joinQuoted(body string) string {
	var b strings.Builder
	for i := 0; ; {
		n := i + strings.IndexByte(body[i:], '\'')
		b.WriteString(body[i:n])
		i = n + 1
		if i >= len(body) {
			return b.String()
		}
		if body[i] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		i = continuation(body, i)
	}
}

// decodeEscapes decodes the body of E'…', up to and with the closing quote. pos is
// where the body starts.
func (p *parser) decodeEscapes(body string, pos int) string {
	var b strings.Builder
	b.Grow(len(body))
	for i := 0; i < len(body) && p.err == nil; {
		switch c := body[i]; c {
		case '\'':
			if i+1 >= len(body) {
				return p.validText(b.String(), pos)
			}
			if body[i+1] == '\'' {
				b.WriteByte('\'')
				i += 2
				continue
			}
			i = continuation(body, i+1)
		case '\\':
			i = p.decodeBackslash(&b, body, i+1, pos)
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}

// decodeBackslash decodes the escape whose letter is body[i], and returns the
// index after it.
func (p *parser) decodeBackslash(b *strings.Builder, body string, i, pos int) int {
	switch c := body[i]; c {
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case 'v':
		b.WriteByte('\v')
	case '0', '1', '2', '3', '4', '5', '6', '7':
		v, end := 0, i
		for end < i+3 && body[end] >= '0' && body[end] <= '7' {
			v = v*8 + int(body[end]-'0')
			end++
		}
		b.WriteByte(byte(v))
		return end
	case 'x':
		v, end := 0, i+1
		for end < i+3 && hexDigit(body[end]) >= 0 {
			v = v*16 + hexDigit(body[end])
			end++
		}
		if end == i+1 {
			b.WriteByte('x')
			return end
		}
		b.WriteByte(byte(v))
		return end
	case 'u', 'U':
		return p.decodeCodePoint(b, body, i, pos)
	default:
		b.WriteByte(c)
	}
	return i + 1
}

// decodeCodePoint decodes \uXXXX and \UXXXXXXXX, joining surrogate pairs.
func (p *parser) decodeCodePoint(b *strings.Builder, body string, i, pos int) int {
	read := func(i int) (rune, int) {
		n := 4
		if body[i] == 'U' {
			n = 8
		}
		v, ok := hexRune(body, i+1, n)
		if !ok {
			p.fail("22025", pos+i-1, `Unicode escapes must be \uXXXX or \UXXXXXXXX.`, "invalid Unicode escape")
		}
		return v, i + 1 + n
	}
	r, end := read(i)
	if isHighSurrogate(r) && p.err == nil {
		if end+1 < len(body) && body[end] == '\\' && (body[end+1] == 'u' || body[end+1] == 'U') {
			low, next := read(end + 1)
			if isLowSurrogate(low) {
				r, end = joinSurrogates(r, low), next
			}
		}
	}
	p.writeRune(b, r, pos+i-1)
	return end
}

func (p *parser) writeRune(b *strings.Builder, r rune, pos int) {
	if p.err != nil {
		return
	}
	switch {
	case isHighSurrogate(r) || isLowSurrogate(r):
		p.fail(codeSyntax, pos, "", "invalid Unicode surrogate pair")
	case r == 0 || r > utf8.MaxRune:
		p.fail(codeSyntax, pos, "", "invalid Unicode escape value")
	default:
		b.WriteRune(r)
	}
}

// decodeUnicode decodes U&'…' or U&"…", whose quotes are already gone; UESCAPE 'c'
// may follow as the current token.
func (p *parser) decodeUnicode(s string, t token) string {
	escape := byte('\\')
	if p.tok.kind == kwUescape {
		p.advance()
		if !p.isString() {
			p.fail(codeSyntax, int(p.tok.pos), "", "UESCAPE must be followed by a simple string literal")
			return ""
		}
		at := p.tok
		v := p.stringValue()
		if len(v) != 1 || hexDigit(v[0]) >= 0 || strings.IndexByte(`+'" `+"\t\n\r\f\v", v[0]) >= 0 {
			p.fail(codeSyntax, int(at.pos), "", "invalid Unicode escape character")
			return ""
		}
		escape = v[0]
	}
	if strings.IndexByte(s, escape) < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s) && p.err == nil; {
		if s[i] != escape {
			b.WriteByte(s[i])
			i++
			continue
		}
		if i+1 < len(s) && s[i+1] == escape {
			b.WriteByte(escape)
			i += 2
			continue
		}
		r, end := p.unicodeEscape(s, i, t)
		if isHighSurrogate(r) && end < len(s) && s[end] == escape {
			if low, next := p.unicodeEscape(s, end, t); isLowSurrogate(low) {
				r, end = joinSurrogates(r, low), next
			}
		}
		p.writeRune(&b, r, int(t.pos))
		i = end
	}
	return b.String()
}

// unicodeEscape reads \XXXX or \+XXXXXX at s[i].
func (p *parser) unicodeEscape(s string, i int, t token) (rune, int) {
	n, from := 4, i+1
	if from < len(s) && s[from] == '+' {
		n, from = 6, from+1
	}
	v, ok := hexRune(s, from, n)
	if !ok {
		p.fail(codeSyntax, int(t.pos), `Unicode escapes must be \XXXX or \+XXXXXX.`, "invalid Unicode escape")
	}
	return v, from + n
}

// validText refuses a decoded string that is not text: \x and octal escapes can
// make any bytes.
func (p *parser) validText(s string, pos int) string {
	if i := invalidText(s); i >= 0 {
		p.fail(codeEncoding, pos, "", "invalid byte sequence for encoding \"UTF8\": 0x%02x", s[i])
	}
	return s
}

// invalidText returns the index of the first byte that is no UTF-8 text or is
// zero, or -1.
func invalidText(s string) int {
	if utf8.ValidString(s) {
		return strings.IndexByte(s, 0)
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || r == 0 {
			return i
		}
		i += n
	}
	return -1
}

// numberText returns the decimal text of the current number token, and moves past
// it.
func (p *parser) numberText() string {
	t := p.tok
	text := p.sql[t.pos:t.end]
	p.advance()
	if strings.IndexByte(text, '_') >= 0 {
		text = strings.ReplaceAll(text, "_", "")
	}
	if t.kind != tokRadixInt {
		return text
	}
	if len(text) > radixDigitsMax {
		p.fail(codeNumber, int(t.pos), "", "integer constant is too long")
		return ""
	}
	v, ok := new(big.Int).SetString(text, 0)
	if !ok {
		p.fail(codeSyntax, int(t.pos), "", "invalid integer literal")
		return ""
	}
	return v.String()
}

func hexRune(s string, from, n int) (rune, bool) {
	if from+n > len(s) {
		return 0, false
	}
	var v uint32
	for _, c := range []byte(s[from : from+n]) {
		d := hexDigit(c)
		if d < 0 {
			return 0, false
		}
		v = v<<4 | uint32(d)
	}
	if v > utf8.MaxRune {
		return utf8.MaxRune + 1, true
	}
	return rune(v), true
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func isHighSurrogate(r rune) bool { return r >= 0xD800 && r <= 0xDBFF }

func isLowSurrogate(r rune) bool { return r >= 0xDC00 && r <= 0xDFFF }

func joinSurrogates(high, low rune) rune { return (high-0xD800)<<10 | (low - 0xDC00) + 0x10000 }
