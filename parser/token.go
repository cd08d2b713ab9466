package parser

import "github.com/muster-sql/muster/parser/ast"

// kind is the kind of a token: one of the constants below or a key word.
type kind uint16

const (
	tokEOF  kind = iota
	tokStop      // after an error, for good
	tokIdent
	tokQuotedIdent
	tokUnicodeIdent // U&"…"
	tokInteger
	tokNumber    // with point or exponent
	tokRadixInt  // 0x, 0o, 0b
	tokString    // '…' without anything to decode
	tokStringEsc // '…' with doubled quotes or continuation lines
	tokEString   // E'…'
	tokUString   // U&'…'
	tokDollarString
	tokBits  // B'…'
	tokHex   // X'…'
	tokParam // $1
	tokOp    // any operator that has no kind of its own
	tokLess
	tokGreater
	tokEqual
	tokLessEqual
	tokGreaterEqual
	tokNotEqual
	tokPlus
	tokMinus
	tokStar
	tokSlash
	tokPercent
	tokCaret
	tokLambdaArrow // ->
	tokTypecast    // ::
	tokColonEquals // :=
	tokFatArrow    // =>
	tokDotDot
	tokDot
	tokComma
	tokSemicolon
	tokColon
	tokLeftParen
	tokRightParen
	tokLeftBracket
	tokRightBracket
	tokLeftBrace
	tokRightBrace
	keywordsFrom // the key words follow
)

// token is one lexical unit, sql[pos:end].
type token struct {
	kind kind
	pos  int32
	end  int32
}

// keywordSlots is the size of the hash table of key words: a power of two, large
// enough that most words have a slot of their own.
const keywordSlots = 2048

type keywordEntry struct {
	text string
	kind kind
}

// keywordTable finds a key word by its hash (linear probing); keywordClass gives
// the class of each. Both are built once from the lists and never change.
var (
	keywordTable = buildKeywordTable()
	keywordClass = buildKeywordClass()
	// Every word that needs AS is one of the parser's key words (a test says so).
	keywordNeedsAs = buildKeywordNeedsAs()
)

func buildKeywordTable() *[keywordSlots]keywordEntry {
	var t [keywordSlots]keywordEntry
	for i, word := range keywordText {
		h := uint32(0)
		for j := 0; j < len(word); j++ {
			h = hashByte(h, word[j])
		}
		slot := h % keywordSlots
		for t[slot].text != "" {
			slot = (slot + 1) % keywordSlots
		}
		t[slot] = keywordEntry{word, keywordsFrom + kind(i)}
	}
	return &t
}

func buildKeywordClass() *[kindCount]ast.KeywordClass {
	var t [kindCount]ast.KeywordClass
	for i, word := range keywordText {
		t[keywordsFrom+kind(i)] = ast.ClassOf(word)
	}
	return &t
}

func buildKeywordNeedsAs() *[kindCount]bool {
	var t [kindCount]bool
	for i, word := range keywordText {
		t[keywordsFrom+kind(i)] = ast.NeedsAs(word)
	}
	return &t
}

func hashByte(h uint32, c byte) uint32 { return (h ^ uint32(c)) * 0x01000193 }

// lookupKeyword returns the key word that text is, given the hash of its
// lower-case form, or tokIdent.
func lookupKeyword(text string, h uint32) kind {
	for slot := h % keywordSlots; ; slot = (slot + 1) % keywordSlots {
		e := &keywordTable[slot]
		if e.text == "" {
			return tokIdent
		}
		if len(e.text) == len(text) && equalFoldASCII(text, e.text) {
			return e.kind
		}
	}
}

// equalFoldASCII reports that s, with A-Z folded, is the lower-case word.
func equalFoldASCII(s, lower string) bool {
	if len(s) != len(lower) {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
