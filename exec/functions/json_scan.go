package functions

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON values are read in place: a value within a text is a part of the text.
// Texts are valid JSON, as their types' input saw to; on others the scanner
// stops at the end.

func skipBlank(s []byte, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r') {
		i++
	}
	return i
}

// skipString returns the place after the string that begins at i.
func skipString(s []byte, i int) int {
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

// skipValue returns the place after the value that begins at i.
func skipValue(s []byte, i int) int {
	if i >= len(s) {
		return len(s)
	}
	switch s[i] {
	case '"':
		return skipString(s, i)
	case '{', '[':
		depth := 0
		for i < len(s) {
			switch s[i] {
			case '"':
				i = skipString(s, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
			i++
		}
		return len(s)
	}
	for i < len(s) && s[i] != ',' && s[i] != '}' && s[i] != ']' && s[i] > ' ' {
		i++
	}
	return i
}

// jsonEach calls f with each member of an object (key as written, in quotes) or
// element of an array (key nil) until it returns false.
func jsonEach(s []byte, f func(key, value []byte) bool) {
	i := skipBlank(s, 0)
	if i >= len(s) || s[i] != '{' && s[i] != '[' {
		return
	}
	object := s[i] == '{'
	for i = skipBlank(s, i+1); i < len(s) && s[i] != '}' && s[i] != ']'; i = skipBlank(s, i+1) {
		var key []byte
		if object {
			end := skipString(s, i)
			key = s[i:end]
			i = skipBlank(s, skipBlank(s, end)+1) // the colon
		}
		end := skipValue(s, i)
		if !f(key, s[i:end]) {
			return
		}
		if i = skipBlank(s, end); i >= len(s) || s[i] != ',' {
			return
		}
	}
}

// jsonKind is the first character of a value: { [ " t f n, or 0 for a number.
func jsonKind(s []byte) byte {
	i := skipBlank(s, 0)
	if i == len(s) {
		return 'n'
	}
	switch c := s[i]; c {
	case '{', '[', '"', 't', 'f', 'n':
		return c
	}
	return 0
}

// jsonMember finds a member of an object; the last one where a key repeats.
func jsonMember(s, key []byte) []byte {
	if jsonKind(s) != '{' {
		return nil
	}
	var found, scratch []byte
	jsonEach(s, func(k, v []byte) bool {
		if scratch = jsonUnquote(scratch[:0], k); bytes.Equal(scratch, key) {
			found = v
		}
		return true
	})
	return found
}

// jsonElement finds an element of an array, from the end when at is negative.
func jsonElement(s []byte, at int64) []byte {
	if jsonKind(s) != '[' {
		return nil
	}
	if at < 0 {
		at += jsonLength(s)
	}
	var found []byte
	n := int64(0)
	jsonEach(s, func(_, v []byte) bool {
		if n == at {
			found = v
		}
		n++
		return n <= at
	})
	return found
}

func jsonLength(s []byte) int64 {
	n := int64(0)
	jsonEach(s, func(_, _ []byte) bool { n++; return true })
	return n
}

// jsonUnquote appends the string that a JSON string spells.
func jsonUnquote(dst, s []byte) []byte {
	if len(s) < 2 {
		return dst
	}
	for s = s[1 : len(s)-1]; len(s) > 0; {
		i := bytes.IndexByte(s, '\\')
		if i < 0 || i+1 >= len(s) {
			return append(dst, s...)
		}
		dst, s = append(dst, s[:i]...), s[i+1:]
		c := s[0]
		s = s[1:]
		switch c {
		case 'n':
			c = '\n'
		case 't':
			c = '\t'
		case 'r':
			c = '\r'
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'u':
			dst, s = appendUnicode(dst, s)
			continue
		}
		dst = append(dst, c)
	}
	return dst
}

// appendUnicode reads the digits after \u, and a second half where there is one.
func appendUnicode(dst, s []byte) (out, rest []byte) {
	hex := func(b []byte) rune {
		if len(b) < 4 {
			return utf8.RuneError
		}
		v, err := strconv.ParseUint(string(b[:4]), 16, 32)
		if err != nil {
			return utf8.RuneError
		}
		return rune(v)
	}
	r := hex(s)
	s = s[min(4, len(s)):]
	if utf16.IsSurrogate(r) && len(s) >= 6 && s[0] == '\\' && s[1] == 'u' {
		r, s = utf16.DecodeRune(r, hex(s[2:])), s[6:]
	}
	return utf8.AppendRune(dst, r), s
}
