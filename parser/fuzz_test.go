package parser_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-sql/muster/parser"
	"github.com/muster-sql/muster/parser/ast"
)

// FuzzParse checks that any text gives a tree or an error with a SQLSTATE and a
// position inside the text, never a panic; that positions of nodes are inside the
// text; and that a tree's printed form is read back as the same tree.
func FuzzParse(f *testing.F) {
	for _, sql := range statements(f) {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		list, err := parser.ParseAll(sql)
		if err != nil {
			var pe *parser.Error
			if !errors.As(err, &pe) || len(pe.SQLState()) != 5 || pe.Message == "" {
				t.Fatalf("not a syntax error: %#v", err)
			}
			if pe.Position < 0 || pe.Position > len(sql) || pe.Location.Line < 1 {
				t.Fatalf("position %d of %d bytes", pe.Position, len(sql))
			}
			return
		}
		for _, s := range list {
			if e := s.Extent(); e.Pos < 0 || e.End < e.Pos || int(e.End) > len(sql) {
				t.Fatalf("span %v of %d bytes", e, len(sql))
			}
			ast.Walk(s, func(n ast.Node) {
				if at := n.At(); at < 0 || at > len(sql) {
					t.Fatalf("%T at %d of %d bytes", n, at, len(sql))
				}
			})
			checkRoundTrip(t, "fuzz", s)
		}
	})
}

// statements reads the statement list: one statement, which may be several lines,
// between empty lines.
func statements(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "statements", "*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no statement lists: %v", err)
	}
	var list []string
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range strings.Split(string(data), "\n\n") {
			if s = strings.TrimSpace(s); s != "" && !strings.HasPrefix(s, "#") {
				list = append(list, s)
			}
		}
	}
	return list
}

func TestStatementListRoundTrips(t *testing.T) {
	for _, sql := range statements(t) {
		stmt, err := parser.Parse(sql)
		if err != nil {
			t.Errorf("%v at %v\n%s", err, err.(*parser.Error).Location, sql)
			continue
		}
		checkRoundTrip(t, "list", stmt)
	}
}
