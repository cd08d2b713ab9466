package parser

import (
	"slices"
	"strings"
	"testing"

	"github.com/muster-sql/muster/parser/ast"
)

func TestKeyWordsAreSortedAndFound(t *testing.T) {
	if !slices.IsSorted(keywordText[:]) || len(keywordText) != int(kindCount-keywordsFrom) {
		t.Fatalf("%d words for %d constants", len(keywordText), kindCount-keywordsFrom)
	}
	for i, w := range keywordText {
		for _, spelling := range []string{w, strings.ToUpper(w)} {
			l := lexer{sql: spelling}
			if got := l.next(); got.kind != keywordsFrom+kind(i) {
				t.Errorf("%s is token %d, want %d", spelling, got.kind, int(keywordsFrom)+i)
			}
		}
	}
	if keywordText[kwSelect-keywordsFrom] != "select" || keywordText[kwZone-keywordsFrom] != "zone" {
		t.Error("the constants and the words are not in the same order")
	}
}

// A word that is reserved, or that needs AS, must be a token of its own: the parser
// looks at the kinds only.
func TestReservedWordsAreTokens(t *testing.T) {
	for _, w := range ast.Keywords() {
		if _, found := slices.BinarySearch(keywordText[:], w); found {
			continue
		}
		if ast.ClassOf(w) > ast.Unreserved || ast.NeedsAs(w) {
			t.Errorf("%s is no token", w)
		}
	}
}
