package slt

import (
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// rewrite replaces what a record expects with what the server answered.
type rewrite struct {
	from, to int // lines, from 0, to exclusive
	lines    []string
}

// rewriteRows notes the rows of a query; loops are left alone, because one
// text serves all their rounds.
func (p *player) rewriteRows(r *Record, res Result) {
	if p.loops > 0 || !p.o.Strict {
		return
	}
	lines := []string{"----"}
	for _, row := range res.Rows {
		cells := make([]string, len(row))
		for i, v := range row {
			switch {
			case v.Null:
				cells[i] = "NULL"
			case v.Text == "":
				cells[i] = "(empty)"
			default:
				cells[i] = escaped(v.Text)
			}
		}
		lines = append(lines, strings.Join(cells, "\t"))
	}
	p.rewrites = append(p.rewrites, rewrite{r.sqlEnd, r.resultsEnd, lines})
}

// rewriteError notes the SQLSTATE of a statement that must fail.
func (p *player) rewriteError(r *Record, got *pgconn.PgError) {
	code, _, _ := strings.Cut(r.ErrorText, " ")
	if p.loops > 0 || sqlstate.MatchString(code) && errorDiffers(r.ErrorText, got) == "" {
		return
	}
	word := "statement"
	if r.IsQuery {
		word = "query"
	}
	p.rewrites = append(p.rewrites, rewrite{r.Line - 1, r.Line, []string{word + " error " + got.Code}})
}

// apply writes the file anew with the noted answers.
func (p *player) apply(text string) error {
	lines := strings.Split(text, "\n")
	var out []string
	at := 0
	for _, w := range p.rewrites {
		if w.from < at {
			continue
		}
		out = append(out, lines[at:w.from]...)
		out = append(out, w.lines...)
		at = w.to
	}
	out = append(out, lines[at:]...)
	return os.WriteFile(p.path, []byte(strings.Join(out, "\n")), 0o644)
}
