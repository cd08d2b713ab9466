package parser_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/muster-sql/muster/parser"
	"github.com/muster-sql/muster/parser/ast"
)

// corporaDir finds the public corpora, which are not part of the repository.
func corporaDir(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("MUSTER_CORPORA"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	for ; err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		c := filepath.Join(dir, "shared", "corpora")
		if _, err := os.Stat(c); err == nil {
			return c
		}
	}
	t.Skip("SKIPPED: no corpora; set MUSTER_CORPORA to their folder")
	return ""
}

// placeholder is what a runner fills in.
var placeholder = regexp.MustCompile(`\{[a-zA-Z]+\}`)

// sltStatement is one statement of a logic test file that should parse.
type sltStatement struct {
	file string
	line int
	sql  string
}

// readSLT cuts a logic test file into the statements that are expected to work.
func readSLT(t testing.TB, path string) []sltStatement {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	var out []sltStatement
	skip := false // a record for other engines only
	for i := 0; i < len(lines); i++ {
		f := strings.Fields(lines[i])
		if len(f) == 0 || strings.HasPrefix(f[0], "#") {
			continue
		}
		want := f[0] == "statement" && (len(f) == 1 || f[1] == "ok" || f[1] == "count")
		want = want || f[0] == "query" && (len(f) == 1 || f[1] != "error")
		switch {
		case f[0] == "onlyif" && len(f) > 1:
			skip = skip || !strings.HasPrefix(f[1], "postgres")
			continue
		case f[0] == "skipif" && len(f) > 1:
			skip = skip || strings.HasPrefix(f[1], "postgres")
			continue
		case f[0] != "statement" && f[0] != "query":
			continue
		}
		want, skip = want && !skip, false
		start := i + 1
		var sql []string
		for i++; i < len(lines) && strings.TrimSpace(lines[i]) != "----"; i++ {
			if strings.TrimSpace(lines[i]) == "" && len(sql) > 0 {
				break
			}
			sql = append(sql, lines[i])
		}
		text := strings.Join(sql, "\n")
		if want && !strings.Contains(text, "${") && !placeholder.MatchString(text) {
			out = append(out, sltStatement{path, start, text})
		}
	}
	return out
}

// shareFloor is the percentage of each set's statements that must parse. What is
// missing of the others is MySQL, CockroachDB and Calcite syntax.
var shareFloor = map[string]float64{
	"bi_analytic": 100, "pgdoc": 100, "pgregress": 100, "prestodoc": 99.4, "duckdb": 99.5, "datafusion": 99.2,
	"calcite": 96, "sqlite": 99.9, "sqltest": 94.8, "cockroach": 94.8,
}

func TestCorporaShareThatParses(t *testing.T) {
	root := filepath.Join(corporaDir(t), "slt")
	sets, err := os.ReadDir(root)
	if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	verbose := os.Getenv("PARSER_FAILURES") != ""
	for _, set := range sets {
		total, ok := 0, 0
		reasons := map[string]int{}
		_ = filepath.WalkDir(filepath.Join(root, set.Name()), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !(strings.HasSuffix(path, ".slt") || strings.Contains(filepath.Base(path), ".test")) {
				return err
			}
			for _, s := range readSLT(t, path) {
				total++
				list, err := parser.ParseAll(s.sql)
				if err == nil {
					ok++
					for _, stmt := range list {
						checkRoundTrip(t, fmt.Sprintf("%s:%d", s.file, s.line), stmt)
					}
					continue
				}
				var pe *parser.Error
				if errors.As(err, &pe) {
					reasons[pe.Message]++
				}
				if verbose {
					t.Logf("%s:%d: %v at %v\n%s", s.file, s.line, err, pe.Location, s.sql)
				}
			}
			return nil
		})
		share := 100 * float64(ok) / float64(max(total, 1))
		t.Logf("%-12s %6d of %6d parse (%.2f %%)", set.Name(), ok, total, share)
		if share < shareFloor[set.Name()] {
			t.Errorf("%s: %.2f %% parse, want %.2f %%", set.Name(), share, shareFloor[set.Name()])
		}
		type kv struct {
			k string
			n int
		}
		var top []kv
		for k, n := range reasons {
			top = append(top, kv{k, n})
		}
		sort.Slice(top, func(i, j int) bool { return top[i].n > top[j].n })
		for _, r := range top[:min(len(top), 12)] {
			t.Logf("    %5d %s", r.n, r.k)
		}
	}
}

func parseAndRoundTrip(t *testing.T, where, sql string) {
	t.Helper()
	list, err := parser.ParseAll(sql)
	if err != nil {
		t.Errorf("%s: %v\n%s", where, err, sql)
	}
	for _, stmt := range list {
		checkRoundTrip(t, where, stmt)
	}
}

// checkRoundTrip formats a statement, parses the text and compares the trees.
func checkRoundTrip(t *testing.T, where string, stmt ast.Statement) {
	t.Helper()
	text := ast.Format(stmt)
	again, err := parser.Parse(text)
	if err != nil {
		t.Errorf("%s: the formatted text does not parse: %v at %v\n%s", where, err, err.(*parser.Error).Location, text)
		return
	}
	if a, b := dump(stmt), dump(again); a != b {
		t.Errorf("%s: the formatted text has another tree\n%s\n%s\n%s", where, text, a, b)
	}
}

func TestBenchmarkQueriesParse(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corporaDir(t), "bench", "*", "*", "*.sql"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		parseAndRoundTrip(t, path, string(data))
	}
	t.Logf("%d files", len(files))
}

func TestIntrospectionParses(t *testing.T) {
	root := filepath.Join(corporaDir(t), "introspection")
	files := 0
	_ = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".sql") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		parseAndRoundTrip(t, path, string(data))
		return nil
	})
	t.Logf("%d files", files)
	data, err := os.ReadFile(filepath.Join(corporaDir(t), "fuzz", "sqlsmith_select.json"))
	if err != nil {
		return
	}
	var list []struct {
		SQL string `json:"sql"`
	}
	if json.Unmarshal(data, &list) != nil {
		t.Log("fuzz list has another form")
	}
	for _, q := range list {
		parseAndRoundTrip(t, "sqlsmith", q.SQL)
	}
	t.Logf("%d sqlsmith queries", len(list))
}
