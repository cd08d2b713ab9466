package parser_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-sql/muster/parser"
	"github.com/muster-sql/muster/parser/ast"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the golden files with what the parser says now")

// TestErrors reads testdata/errors: blocks of SQL, ----, and the error, apart by an
// empty line. ok stands for a text that parses.
func TestErrors(t *testing.T) {
	goldens(t, "errors", describeError)
}

// TestFormat reads testdata/format: SQL, ----, and what Format makes of it.
func TestFormat(t *testing.T) {
	goldens(t, "format", func(sql string) string {
		stmt, err := parser.Parse(sql)
		if err != nil {
			return describeError(sql)
		}
		return ast.Format(stmt)
	})
}

// describeError writes an error as a person sees it.
func describeError(sql string) string {
	_, err := parser.ParseAll(sql)
	var pe *parser.Error
	if !errors.As(err, &pe) {
		return "ok"
	}
	lines := strings.Split(sql, "\n")
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", pe.SQLState(), pe.Message)
	fmt.Fprintf(&b, "%s: %s\n", pe.Location, lines[pe.Location.Line-1])
	fmt.Fprintf(&b, "%s^", strings.Repeat(" ", len(pe.Location.String())+1+pe.Location.Column))
	if pe.Hint != "" {
		fmt.Fprintf(&b, "\nhint: %s", pe.Hint)
	}
	return b.String()
}

// goldens runs every block of a folder of golden files.
func goldens(t *testing.T, dir string, run func(sql string) string) {
	files, err := filepath.Glob(filepath.Join("testdata", dir, "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, block := range strings.Split(strings.TrimSpace(string(data)), "\n\n") {
			sql, want, _ := strings.Cut(strings.Trim(block, "\n"), "\n----")
			want = strings.TrimPrefix(want, "\n")
			comment := ""
			for strings.HasPrefix(sql, "#") {
				line, rest, _ := strings.Cut(sql, "\n")
				comment, sql = comment+line+"\n", rest
			}
			got := run(sql)
			if got != want && !*rewrite {
				t.Errorf("%s: %s\ngot\n%s\nwant\n%s", path, sql, got, want)
			}
			out = append(out, comment+sql+"\n----\n"+got)
		}
		if *rewrite {
			if err := os.WriteFile(path, []byte(strings.Join(out, "\n\n")+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
