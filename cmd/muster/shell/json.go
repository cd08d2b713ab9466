package shell

import (
	"bufio"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonRows prints records as JSON objects: numbers as they are, to the last
// digit, NULL as null, arrays and JSON as themselves, all else as strings.
type jsonRows struct {
	w                                 *bufio.Writer
	open, first, between, last, close string
	keys                              []string
	cols                              []column
	rows                              int64
	buf                               []byte
}

// begin implements printer.
func (j *jsonRows) begin(cols []column) error {
	j.cols = cols
	j.keys = make([]string, len(cols))
	used := map[string]bool{}
	for i, c := range cols {
		name := c.name
		for n := 1; used[name]; n++ { // keys of an object are unique
			name = c.name + "_" + strconv.Itoa(n)
		}
		used[name] = true
		j.keys[i] = string(appendJSONString(nil, name)) + ":"
	}
	_, err := j.w.WriteString(j.open)
	return err
}

// row implements printer.
func (j *jsonRows) row(values [][]byte) error {
	b := j.buf[:0]
	if j.rows == 0 {
		b = append(b, j.first...)
	} else {
		b = append(b, j.between...)
	}
	j.rows++
	b = append(b, '{')
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, j.keys[i]...)
		b = appendJSON(b, v, j.cols[i].oid)
	}
	j.buf = append(b, '}')
	_, err := j.w.Write(j.buf)
	return err
}

// end implements printer.
func (j *jsonRows) end() error {
	if j.rows > 0 {
		_, _ = j.w.WriteString(j.last)
	}
	_, err := j.w.WriteString(j.close)
	return err
}

// appendJSON appends a value of a type of the wire in its text form.
func appendJSON(dst, v []byte, oid uint32) []byte {
	if v == nil {
		return append(dst, "null"...)
	}
	switch oid {
	case oidBool:
		return strconv.AppendBool(dst, string(v) == "t")
	case oidInt2, oidInt4, oidInt8, oidOID, oidXID, oidFloat4, oidFloat8, oidNumeric:
		if isJSONNumber(v) { // NaN and infinities are not
			return append(dst, v...)
		}
	case oidJSON, oidJSONB:
		if json.Valid(v) {
			return append(dst, v...)
		}
	case oidRecord:
		if out, ok := appendRecord(dst, string(v)); ok {
			return out
		}
	default:
		if elem, isArray := arrays[oid]; isArray {
			if out, _, ok := appendArray(dst, arrayBody(string(v)), elem); ok {
				return out
			}
		}
	}
	return appendJSONString(dst, string(v))
}

func isJSONNumber(v []byte) bool {
	return len(v) > 0 && (v[0] == '-' || v[0] >= '0' && v[0] <= '9') && json.Valid(v)
}

// arrayBody drops explicit bounds: [0:1]={1,2}.
func arrayBody(s string) string {
	if strings.HasPrefix(s, "[") {
		if _, body, ok := strings.Cut(s, "="); ok {
			return body
		}
	}
	if s != "" && s[0] != '{' { // int2vector and oidvector: numbers between blanks
		return "{" + strings.ReplaceAll(s, " ", ",") + "}"
	}
	if s == "" {
		return "{}"
	}
	return s
}

// appendArray appends an array literal as a JSON array and returns what follows it.
func appendArray(dst []byte, s string, elem uint32) (out []byte, rest string, ok bool) {
	dst, s = append(dst, '['), s[1:]
	for n := 0; ; n++ {
		if s == "" {
			return nil, "", false
		}
		if s[0] == '}' && n == 0 {
			return append(dst, ']'), s[1:], true
		}
		if n > 0 {
			dst = append(dst, ',')
		}
		if s[0] == '{' {
			if dst, s, ok = appendArray(dst, s, elem); !ok {
				return nil, "", false
			}
		} else {
			var text string
			var bare bool
			if text, s, bare, ok = element(s, "}"); !ok {
				return nil, "", false
			}
			if bare && strings.EqualFold(text, "NULL") {
				dst = append(dst, "null"...)
			} else {
				dst = appendJSON(dst, []byte(text), elem)
			}
		}
		if s == "" {
			return nil, "", false
		}
		if s[0] == '}' {
			return append(dst, ']'), s[1:], true
		}
		s = s[1:] // the comma
	}
}

// element reads one element of an array or record up to a comma or one of ends.
// bare: it was not quoted.
func element(s, ends string) (text, rest string, bare, ok bool) {
	var b strings.Builder
	bare = true
	inside := false // quotes
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
			bare = false
		case c == '"' && inside && i+1 < len(s) && s[i+1] == '"':
			i++
			b.WriteByte('"')
		case c == '"':
			inside, bare = !inside, false
		case !inside && (c == ',' || strings.IndexByte(ends, c) >= 0):
			return b.String(), s[i:], bare, true
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false, false
}

// appendRecord appends a record literal as an object with keys f1, f2 …: the
// wire does not name the fields of records, nor their types.
func appendRecord(dst []byte, s string) ([]byte, bool) {
	if !strings.HasPrefix(s, "(") {
		return nil, false
	}
	dst, s = append(dst, '{'), s[1:]
	if s == ")" {
		return append(dst, '}'), true
	}
	for n := 1; ; n++ {
		text, rest, bare, ok := element(s, ")")
		if !ok {
			return nil, false
		}
		if n > 1 {
			dst = append(dst, ',')
		}
		dst = append(dst, `"f`+strconv.Itoa(n)+`":`...)
		if bare && text == "" {
			dst = append(dst, "null"...)
		} else {
			dst = appendJSONString(dst, text)
		}
		if rest[0] == ')' {
			return append(dst, '}'), rest == ")"
		}
		s = rest[1:]
	}
}

const hexDigits = "0123456789abcdef"

// appendJSONString appends a string literal with no more escapes than needed.
func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		}
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			dst = append(dst, c)
		}
		i++
	}
	return append(dst, '"')
}
