// Package slt plays sqllogictest files against a server that speaks the
// PostgreSQL protocol: the public sets in four dialects (SQLite, DuckDB,
// CockroachDB, sqllogictest-rs) and our own under testdata. It knows SQL text
// and the wire only; make slt, make test and cmd/slt use it.
package slt

import (
	"regexp"
	"strings"
)

// Kind says what a record does.
type Kind int

// The kinds of records.
const (
	Statement Kind = iota // runs; its result is not looked at
	Query                 // runs; its rows are compared
	Loop                  // repeats Body
	Control               // steers the player: halt, mode, connection, …
)

// Record is one entry of a file.
type Record struct {
	Kind    Kind
	Line    int // of its first line, from 1
	Conds   []Condition
	SQL     string
	Expect  string // ok, error, count, maybe, …
	IsQuery bool   // "query error": counted with the queries' errors

	Types      string // a letter a column: I, R, T, B
	Sort       string // nosort, rowsort, valuesort
	Label      string // equal labels have equal results
	Header     bool   // the first line of Results names the columns
	Results    []string
	HasResults bool
	ErrorText  string // what the error should say, after "error"

	Conn string   // the named connection
	Args []string // of Control and Loop; Args[0] is its word
	Body []*Record

	sqlEnd, resultsEnd int // line indexes for rewriting: SQL ends before, results end before
}

// Condition is a skipif or onlyif line.
type Condition struct{ Word, Label string }

var (
	sortWords = map[string]bool{"nosort": true, "rowsort": true, "valuesort": true, "partialsort": true, "sort": true}
	typeWord  = regexp.MustCompile(`^[A-Za-z?]*$`)
	connWord  = regexp.MustCompile(`^con\w*$`)
	connQuery = regexp.MustCompile(`^con\d+$`)
)

// Parse reads the records of a file. Unknown words become Control records,
// which the player passes over.
func Parse(text string) []*Record {
	p := &parser{lines: strings.Split(text, "\n")}
	for i, l := range p.lines {
		p.lines[i] = strings.TrimSuffix(l, "\r")
	}
	root := &Record{}
	p.open = []*Record{root}
	for p.pos < len(p.lines) {
		p.next()
	}
	return root.Body
}

type parser struct {
	lines []string
	pos   int
	conds []Condition
	open  []*Record // the loops around pos, outermost first
}

func (p *parser) next() {
	line := strings.TrimSpace(p.lines[p.pos])
	if line == "" || strings.HasPrefix(line, "#") {
		p.pos++
		return
	}
	words := strings.Fields(line)
	switch word := strings.ToLower(words[0]); word {
	case "skipif", "onlyif":
		p.conds = append(p.conds, Condition{word, wordAt(words, 1)})
		p.pos++
	case "statement":
		p.statement(line, words)
	case "query":
		p.query(line, words)
	case "loop", "foreach", "concurrentloop", "concurrentforeach":
		r := p.add(Loop)
		r.Args = words
		p.open = append(p.open, r)
		p.pos++
	case "endloop":
		if len(p.open) > 1 {
			p.open = p.open[:len(p.open)-1]
		}
		p.pos++
	default:
		r := p.add(Control)
		r.Args = words
		p.pos++
		if word == "system" {
			p.block()
			if p.atDashes() {
				p.results()
			}
		}
	}
}

// add appends a record to the innermost loop, with the conditions seen.
func (p *parser) add(kind Kind) *Record {
	r := &Record{Kind: kind, Line: p.pos + 1, Conds: p.conds, Expect: "ok", Sort: "nosort"}
	p.conds = nil
	in := p.open[len(p.open)-1]
	in.Body = append(in.Body, r)
	return r
}

func (p *parser) statement(line string, words []string) {
	r := p.add(Statement)
	if len(words) > 1 {
		r.Expect = strings.ToLower(words[1])
	}
	rest := afterWords(line, 2)
	switch {
	case r.Expect == "error" && connWord.MatchString(rest):
		r.Conn = rest
	case r.Expect == "error":
		r.ErrorText = rest
	case r.Expect == "count":
		r.Args = []string{rest}
	case rest != "" && !strings.HasPrefix(rest, "#"):
		r.Conn = strings.Fields(rest)[0]
	}
	p.body(r)
	if r.Expect == "error" && len(r.Results) > 0 {
		r.ErrorText = strings.Join(r.Results, "\n")
	}
}

func (p *parser) query(line string, words []string) {
	r := p.add(Query)
	if strings.EqualFold(wordAt(words, 1), "error") {
		r.Kind, r.Expect, r.IsQuery = Statement, "error", true
		r.ErrorText = afterWords(line, 2)
		p.body(r)
		if len(r.Results) > 0 {
			r.ErrorText = strings.Join(r.Results, "\n")
		}
		return
	}
	rest := words[1:]
	if len(rest) > 0 && !sortWords[strings.ToLower(rest[0])] {
		if typeWord.MatchString(rest[0]) {
			r.Types = rest[0]
		}
		rest = rest[1:]
	}
	for _, word := range rest {
		if strings.HasPrefix(word, "partialsort(") {
			r.Sort = "rowsort"
			continue
		}
		for _, w := range strings.Split(word, ",") {
			switch {
			case sortWords[strings.ToLower(w)]:
				r.Sort = strings.ToLower(w)
			case w == "colnames":
				r.Header = true
			case connQuery.MatchString(w):
				r.Conn = w
			case r.Label == "":
				r.Label = w
			}
		}
	}
	p.body(r)
}

// body reads the SQL up to a blank line or ----, and the results after ----.
func (p *parser) body(r *Record) {
	p.pos++
	r.SQL = p.block()
	r.sqlEnd = p.pos
	r.resultsEnd = p.pos
	if p.atDashes() {
		r.Results, r.HasResults = p.results(), true
		r.resultsEnd = p.pos
	}
}

func (p *parser) block() string {
	from := p.pos
	for p.pos < len(p.lines) && strings.TrimSpace(p.lines[p.pos]) != "" && !p.atDashes() {
		p.pos++
	}
	return strings.Join(p.lines[from:p.pos], "\n")
}

func (p *parser) atDashes() bool {
	return p.pos < len(p.lines) && strings.TrimSpace(p.lines[p.pos]) == "----"
}

func (p *parser) results() []string {
	p.pos++
	from := p.pos
	for p.pos < len(p.lines) && strings.TrimSpace(p.lines[p.pos]) != "" {
		p.pos++
	}
	return p.lines[from:p.pos]
}

func wordAt(words []string, i int) string {
	if i < len(words) {
		return words[i]
	}
	return ""
}

// afterWords is the text of line behind its first n words.
func afterWords(line string, n int) string {
	for range n {
		line = strings.TrimLeft(line, " \t")
		i := strings.IndexAny(line, " \t")
		if i < 0 {
			return ""
		}
		line = line[i:]
	}
	return strings.TrimSpace(line)
}
