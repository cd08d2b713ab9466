package shell

import (
	"strings"
	"unicode/utf8"
)

// piece is one thing to do: a statement, or a backslash command with the
// statement text that stood before it.
type piece struct {
	sql     string // without the semicolon
	command string // "\d orders"; empty: a statement that ended with a semicolon
	offset  int    // of sql in the input
}

// split cuts a text into statements and backslash commands as psql does: a
// semicolon outside of quotes, comments and parentheses ends a statement, a
// backslash outside of quotes and comments begins a command that goes to the
// end of its line. rest is an unfinished statement at the end.
func split(text string) (pieces []piece, rest piece) {
	start, depth := 0, 0
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ';' && depth <= 0:
			if s := trimmed(text, start, i); s.sql != "" {
				pieces = append(pieces, s)
			}
			i++
			start, depth = i, 0
			continue
		case c == '\\':
			end := i + lineLength(text[i:])
			p := trimmed(text, start, i)
			p.command = strings.TrimSpace(text[i:end])
			pieces = append(pieces, p)
			i, start, depth = end, end, 0
			continue
		case c == '(':
			depth++
		case c == ')':
			depth--
		}
		n, open := token(text[i:])
		if open {
			break
		}
		i += n
	}
	return pieces, trimmed(text, start, len(text))
}

// trimmed is the text from start to end without blanks and comments around it.
func trimmed(text string, start, end int) piece {
	for start < end {
		n, isBlank := blank(text[start:end])
		if !isBlank {
			break
		}
		start += n
	}
	return piece{sql: strings.TrimRight(text[start:end], " \t\r\n\f\v"), offset: start}
}

// blank measures the white space or comment that s begins with.
func blank(s string) (int, bool) {
	switch {
	case s[0] == ' ' || s[0] >= '\t' && s[0] <= '\r':
		return 1, true
	case strings.HasPrefix(s, "--"):
		return lineLength(s), true
	case strings.HasPrefix(s, "/*"):
		n, open := token(s)
		return n, !open
	}
	return 0, false
}

func lineLength(s string) int {
	if n := strings.IndexByte(s, '\n'); n >= 0 {
		return n
	}
	return len(s)
}

// token measures what s begins with, as far as splitting is concerned: a
// quoted thing, a comment, a word, or one character. open says that it does
// not end within s.
func token(s string) (n int, open bool) {
	switch c := s[0]; {
	case c == '\'':
		return quoted(s, 1, '\'', false)
	case c == '"':
		return quoted(s, 1, '"', false)
	case (c == 'e' || c == 'E') && len(s) > 1 && s[1] == '\'':
		return quoted(s, 2, '\'', true)
	case strings.HasPrefix(s, "--"):
		return lineLength(s), false
	case strings.HasPrefix(s, "/*"):
		return comment(s)
	case c == '$':
		return dollar(s)
	case isWord(rune(c)):
		for n < len(s) {
			r, size := utf8.DecodeRuneInString(s[n:])
			if !isWord(r) && r != '$' {
				break
			}
			n += size
		}
		return n, false
	}
	return 1, false
}

// isWord reports whether r may begin or continue an identifier.
func isWord(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= utf8.RuneSelf
}

// quoted measures a quoted thing whose content begins at n; a doubled quote is
// content, and after a backslash anything is where escapes are on.
func quoted(s string, n int, quote byte, escapes bool) (int, bool) {
	for n < len(s) {
		switch {
		case escapes && s[n] == '\\':
			n++
		case s[n] == quote && n+1 < len(s) && s[n+1] == quote:
			n++
		case s[n] == quote:
			return n + 1, false
		}
		n++
	}
	return len(s), true
}

// comment measures a comment in bars, which nest.
func comment(s string) (int, bool) {
	depth := 0
	for n := 0; n+1 < len(s); {
		switch s[n : n+2] {
		case "/*":
			depth++
			n += 2
		case "*/":
			n += 2
			if depth--; depth == 0 {
				return n, false
			}
		default:
			n++
		}
	}
	return len(s), true
}

// dollar measures $tag$…$tag$, or a parameter.
func dollar(s string) (int, bool) {
	n := 1
	for n < len(s) && isWord(rune(s[n])) && s[n] < utf8.RuneSelf {
		n++
	}
	if n == len(s) || s[n] != '$' || n > 1 && s[1] >= '0' && s[1] <= '9' {
		return n, false
	}
	tag := s[:n+1]
	end := strings.Index(s[len(tag):], tag)
	if end < 0 {
		return len(s), true
	}
	return end + 2*len(tag), false
}

// complete reports whether what was typed so far can be run: it ends with a
// semicolon, or begins with a backslash.
func complete(text string) bool {
	pieces, rest := split(text)
	return rest.sql == "" && (len(pieces) > 0 || strings.TrimSpace(text) == "" || rest.offset == len(text))
}
