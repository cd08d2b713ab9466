package parser

import "strings"

// hintFor suggests what to write instead of an unexpected token.
func (p *parser) hintFor(t token) string {
	// A mistyped key word may have been read as a name just before.
	for _, w := range []token{t, p.prev} {
		if w.kind == tokIdent {
			if w := nearKeyword(p.word(w)); w != "" {
				return "did you mean " + strings.ToUpper(w) + "?"
			}
		}
	}
	switch t.kind {
	case kwFrom, kwWhere, kwGroup, kwOrder, tokRightParen:
		if p.lastByte() == ',' {
			return "remove the comma before it"
		}
		return ""
	case kwSelect, kwHaving, kwUnion, kwIntersect, kwExcept, kwOn, kwAnd, kwOr, kwNot, kwThen, kwWhen, kwElse, kwIn,
		kwLimit, kwAs, kwInto, kwUsing, kwJoin, kwIs:
		return ""
	}
	for _, w := range []token{t, p.prev} {
		if w.kind != tokOp {
			continue
		}
		switch p.sql[w.pos:w.end] {
		case "?":
			return "parameters are written $1, $2"
		case "`":
			return "names are quoted with double quotes"
		}
	}
	if t.kind >= keywordsFrom && !isColumnName(t.kind) && p.prev.kind != t.kind {
		return "\"" + keywordText[t.kind-keywordsFrom] + "\" is a reserved word: as a name it needs double quotes"
	}
	return ""
}

// lastByte is the last byte of the token before the current one.
func (p *parser) lastByte() byte {
	if p.prev.end == 0 {
		return 0
	}
	return p.sql[p.prev.end-1]
}

// clauseWords are the words that a mistyped word may have been meant for.
var clauseWords = []string{
	"select", "from", "where", "group", "order", "having", "limit", "offset", "union", "intersect", "except",
	"join", "inner", "outer", "cross", "natural", "using", "between", "distinct", "values", "insert", "update", "delete",
	"create", "table", "with", "recursive", "returning", "window", "qualify", "partition", "explain", "alter", "drop",
	"merge", "truncate", "view", "schema", "index", "catalog", "begin", "commit", "rollback", "prepare", "execute", "describe", "analyze", "show",
}

// nearKeyword returns the clause word that is one edit from a word, or two for
// long words; swapped neighbours count as one edit.
func nearKeyword(word string) string {
	if len(word) < 3 || len(word) > 12 {
		return ""
	}
	best, bestDistance := "", 2
	if len(word) >= 6 {
		bestDistance = 3
	}
	for _, w := range clauseWords {
		if w == word {
			return ""
		}
		if d := editDistance(word, w); d < bestDistance {
			best, bestDistance = w, d
		}
	}
	return best
}

// editDistance counts insertions, deletions, replacements and swaps of neighbours.
func editDistance(a, b string) int {
	const wordMax = 16
	if len(a) >= wordMax || len(b) >= wordMax {
		return wordMax
	}
	var d [wordMax][wordMax]int
	for i := 0; i <= len(a); i++ {
		d[i][0] = i
	}
	for j := 0; j <= len(b); j++ {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

// hintForStatement is for a first word that begins no statement.
func (p *parser) hintForStatement() string {
	if p.tok.kind == tokIdent {
		if w := nearKeyword(p.word(p.tok)); w != "" {
			return "did you mean " + strings.ToUpper(w) + "?"
		}
	}
	return ""
}

// hintAfterStatement is for a token where the statement should have ended.
func (p *parser) hintAfterStatement() string {
	switch p.tok.kind {
	case tokRightParen:
		return "there is no opening parenthesis for it"
	case kwSelect, kwInsert, kwUpdate, kwDelete, kwCreate:
		return "separate statements with a semicolon"
	}
	return ""
}
