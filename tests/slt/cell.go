package slt

import (
	"regexp"
	"strings"
)

// Types whose text form other engines print in another way.
const (
	oidBool      = 16
	oidBytea     = 17
	oidInt8      = 20
	oidInt2      = 21
	oidInt4      = 23
	oidText      = 25
	oidOID       = 26
	oidTime      = 1083
	oidInterval  = 1186
	oidTimeTZ    = 1266
	cellMatchMax = 24 // words of one cell when a line is split at spaces
)

// comparer decides whether a value is the expected one. Strict files, which
// are our own, want the exact text; the others print types in the way of the
// engine that they come from.
type comparer struct {
	strict    bool
	tolerance float64
}

// cell compares one value; letter is the column's type in the record.
func (c comparer) cell(want string, got Cell, oid uint32, letter byte) bool {
	if want == "<NULL-OR-EMPTY>" { // of suites whose own format cannot tell them apart
		return got.Null || strings.TrimSpace(got.Text) == ""
	}
	if strings.HasPrefix(want, "<REGEX>:") || strings.HasPrefix(want, "<!REGEX>:") {
		return matchesPattern(want, got.Text)
	}
	if got.Null {
		return want == "NULL" || !c.strict && (want == "null" || want == "<null>" || want == "None" || want == "(null)")
	}
	text := got.Text
	if text == "" {
		return want == "(empty)" || want == "" || want == "·"
	}
	if want == text && !(text == "NULL" && c.strict) {
		return true
	}
	if c.strict {
		return escaped(text) == want
	}
	if oid == oidBool || letter == 'B' {
		if w, g := truth(want), truth(text); w >= 0 && g >= 0 {
			return w == g
		}
	}
	if want == "NULL" {
		return false
	}
	if w, ok := parseNumber(want); ok {
		if g, ok := parseNumber(text); ok {
			tolerance := c.tolerance
			if letter == 'I' && (oid == oidInt8 || oid == oidInt4 || oid == oidInt2 || oid == oidOID) {
				tolerance = 0
			}
			return w.equal(g, want, tolerance)
		}
	}
	return c.shown(want, text, oid, letter)
}

// shown compares texts of types that engines print differently.
func (c comparer) shown(want, text string, oid uint32, letter byte) bool {
	if want[:min(1, len(want))] == "[" && (text[0] == '{' || text[0] == '[') {
		if text[0] == '{' {
			text = listText(text)
		}
		return c.list(want, text)
	}
	if oid == oidBytea || strings.HasPrefix(text, `\x`) {
		if blob, ok := blobText(text); ok && (blob == want || strings.EqualFold(text[2:], want)) {
			return true
		}
	}
	if equal, applies := timestampsEqual(want, text); applies && equal {
		return true
	}
	if oid == oidInterval || letter == '?' || letter == 0 {
		if w, ok := parseInterval(want); ok {
			if g, ok := parseInterval(text); ok && w.equal(g) {
				return true
			}
		}
	}
	if (oid == oidTime || oid == oidTimeTZ) && timeText.MatchString(want) {
		trim := func(s string) string { return strings.TrimRight(strings.TrimRight(s, "0"), ".:") }
		if trim(want) == trim(text) {
			return true
		}
	}
	return strings.Contains(text, "\n") && strings.ReplaceAll(text, "\n", `\n`) == want ||
		strings.TrimSpace(text) == strings.TrimSpace(want)
}

// list compares two lists in brackets, element by element.
func (c comparer) list(want, got string) bool {
	w, g := listParts(want), listParts(got)
	if len(w) != len(g) {
		return false
	}
	for i := range w {
		if w[i] == g[i] || strings.EqualFold(w[i], "null") && strings.EqualFold(g[i], "null") {
			continue
		}
		if a, b := truth(w[i]), truth(g[i]); a >= 0 && a == b {
			continue
		}
		wn, ok1 := parseNumber(w[i])
		gn, ok2 := parseNumber(g[i])
		if !ok1 || !ok2 || !wn.equal(gn, w[i], c.tolerance) {
			return false
		}
	}
	return true
}

func listParts(s string) []string {
	var out []string
	begin := 0
	s = strings.NewReplacer(" ", "", "\t", "", "\n", "", "'", "", `"`, "").Replace(s)
	for i := range len(s) {
		if s[i] == '[' || s[i] == ']' || s[i] == ',' {
			out = append(out, s[begin:i], s[i:i+1])
			begin = i + 1
		}
	}
	return append(out, s[begin:])
}

func matchesPattern(want, text string) bool {
	kind, pattern, _ := strings.Cut(want, ":")
	re, err := regexp.Compile(`(?s)^(?:` + pattern + `)$`)
	hit := false
	if err == nil {
		hit = re.MatchString(text)
	} else {
		hit = strings.Contains(text, pattern)
	}
	return hit == (kind == "<REGEX>")
}

// truth reads a boolean's spellings: 1, 0, or -1 for none.
func truth(s string) int {
	switch strings.ToLower(s) {
	case "t", "true", "1":
		return 1
	case "f", "false", "0":
		return 0
	}
	return -1
}

// escaped is how our own files write a value: line breaks and tabs as two
// characters, the text NULL in quotes.
func escaped(s string) string {
	if s == "NULL" {
		return `"NULL"`
	}
	return strings.NewReplacer("\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(s)
}
