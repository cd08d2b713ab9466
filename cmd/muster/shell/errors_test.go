package shell

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestErrorsPointAtTheirPlace(t *testing.T) {
	long := "SELECT " + strings.Repeat("a, ", 40) + "nope, " + strings.Repeat("b, ", 40) + "c"
	for _, c := range []struct {
		name, sql string
		err       *pgconn.PgError
		want      string
	}{
		{"one line", "SELECT nope", &pgconn.PgError{Severity: "ERROR", Code: "42703", Message: "no column", Position: 8, Hint: "look"},
			"ERROR:  no column\nLINE 1: SELECT nope\n               ^\nHINT:  look\n"},
		{"second line after a tab", "SELECT 1,\n\tnope", &pgconn.PgError{Message: "no column", Position: 12},
			"ERROR:  no column\nLINE 2:  nope\n         ^\n"},
		{"wide characters", "SELECT '日本' x", &pgconn.PgError{Message: "m", Position: 13},
			"ERROR:  m\nLINE 1: SELECT '日本' x\n                      ^\n"},
		{"beyond the end", "SELECT", &pgconn.PgError{Message: "m", Position: 99, Detail: "d"},
			"ERROR:  m\nLINE 1: SELECT\n              ^\nDETAIL:  d\n"},
		{"a long line", long, &pgconn.PgError{Message: "m", Position: int32(strings.Index(long, "nope") + 1)},
			"ERROR:  m\nLINE 1: ..., " + strings.Repeat("a, ", 16) + "nope, " + strings.Repeat("b, ", 8) + "...\n" + strings.Repeat(" ", 61) + "^\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := report(c.err, c.sql, brief); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
	if got := report(&pgconn.PgError{Severity: "ERROR", Code: "22012", Message: "m"}, "", verbose); got != "ERROR:  22012: m\n" {
		t.Errorf("verbose: %q", got)
	}
	if got := report(errors.New("gone"), "", brief); got != "ERROR:  gone\n" {
		t.Errorf("other: %q", got)
	}
}
