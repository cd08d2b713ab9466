package shell

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/rivo/uniseg"
)

// report formats an error of a statement as psql does: message, the line with a
// caret under the place, detail, hint. sql is what was sent.
func report(err error, sql string, v verbosity) string {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return "ERROR:  " + err.Error() + "\n"
	}
	return describe(e, sql, v)
}

// verbosity says whether messages name their SQLSTATE.
type verbosity bool

const (
	brief   verbosity = false
	verbose verbosity = true
)

// describe formats an error or a notice.
func describe(e *pgconn.PgError, sql string, v verbosity) string {
	var b strings.Builder
	severity := e.Severity
	if severity == "" {
		severity = "ERROR"
	}
	if v == verbose {
		fmt.Fprintf(&b, "%s:  %s: %s\n", severity, e.Code, e.Message)
	} else {
		fmt.Fprintf(&b, "%s:  %s\n", severity, e.Message)
	}
	if e.Position > 0 {
		b.WriteString(caret(sql, int(e.Position)))
	}
	for _, part := range []struct{ label, text string }{
		{"DETAIL:  ", e.Detail}, {"HINT:  ", e.Hint}, {"QUERY:  ", e.InternalQuery}, {"CONTEXT:  ", e.Where},
	} {
		if part.text != "" {
			b.WriteString(part.label + part.text + "\n")
		}
	}
	if v == verbose && e.Routine != "" {
		fmt.Fprintf(&b, "LOCATION:  %s, %s:%d\n", e.Routine, e.File, e.Line)
	}
	return b.String()
}

// caretBefore and caretAfter are how many columns of a long line are shown
// around the place of an error.
const (
	caretBefore = 50
	caretAfter  = 30
)

// caret prints the line of the position, which counts characters from 1, and a
// caret below it.
func caret(sql string, position int) string {
	at := 0
	for range position - 1 {
		if at >= len(sql) {
			break
		}
		_, n := utf8.DecodeRuneInString(sql[at:])
		at += n
	}
	first := strings.LastIndexByte(sql[:at], '\n') + 1
	end := at + lineLength(sql[at:])
	number := strings.Count(sql[:first], "\n") + 1
	before, after := plain(sql[first:at]), plain(sql[at:end])
	lead, trail := "", ""
	if uniseg.StringWidth(before) > caretBefore+10 {
		r := []rune(before)
		before, lead = string(r[len(r)-caretBefore:]), "..."
	}
	if r := []rune(after); len(r) > caretAfter+10 {
		after, trail = string(r[:caretAfter]), "..."
	}
	label := fmt.Sprintf("LINE %d: %s", number, lead)
	return label + before + after + trail + "\n" + strings.Repeat(" ", uniseg.StringWidth(label+before)) + "^\n"
}

// plain replaces what would move the cursor.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
