package parser_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/muster-sql/muster/parser"
	"github.com/muster-sql/muster/parser/ast"
)

// checkTooDeep expects 54001.
func checkTooDeep(t *testing.T, sql string) {
	t.Helper()
	_, err := parser.Parse(sql)
	var pe *parser.Error
	if !errors.As(err, &pe) || pe.SQLState() != "54001" {
		t.Errorf("want 54001, got %v", err)
	}
}

func TestDeepTextsAreRefused(t *testing.T) {
	const n = 100_000
	for name, sql := range map[string]string{
		"parentheses":            "SELECT " + strings.Repeat("(", n) + "1" + strings.Repeat(")", n),
		"open parentheses":       "SELECT " + strings.Repeat("(", n),
		"query parentheses":      strings.Repeat("(", n) + "SELECT 1" + strings.Repeat(")", n),
		"from parentheses":       "SELECT * FROM " + strings.Repeat("(", n) + "t" + strings.Repeat(")", n),
		"subqueries":             strings.Repeat("SELECT (", n) + "1" + strings.Repeat(")", n),
		"derived tables":         strings.Repeat("SELECT * FROM (", n) + "SELECT 1" + strings.Repeat(") t", n),
		"minus signs":            "SELECT " + strings.Repeat("- ", n) + "1",
		"not":                    "SELECT " + strings.Repeat("NOT ", n) + "true",
		"prefix operators":       "SELECT " + strings.Repeat("~ ", n) + "1",
		"calls":                  "SELECT " + strings.Repeat("f(", n) + "1" + strings.Repeat(")", n),
		"arrays":                 "SELECT " + strings.Repeat("[", n) + "1" + strings.Repeat("]", n),
		"cases":                  "SELECT " + strings.Repeat("CASE WHEN ", n) + "true",
		"structs":                "SELECT " + strings.Repeat("{a: ", n) + "1",
		"lambdas":                "SELECT f(" + strings.Repeat("x -> ", n) + "1)",
		"intervals":              "SELECT " + strings.Repeat("interval (", n) + "1",
		"types":                  "SELECT CAST(a AS " + strings.Repeat("array(", n) + "int",
		"row types":              "SELECT CAST(a AS " + strings.Repeat("row(a ", n) + "int",
		"grouping sets":          "SELECT 1 GROUP BY " + strings.Repeat("GROUPING SETS (", n) + "a",
		"with":                   strings.Repeat("WITH a AS (", n) + "SELECT 1",
		"explain":                strings.Repeat("EXPLAIN ", n) + "SELECT 1",
		"prepare":                strings.Repeat("PREPARE a AS ", n) + "SELECT 1",
		"lateral aliases":        "SELECT * FROM " + strings.Repeat("a: ", n) + "t",
		"joins without ON":       "SELECT * FROM a " + strings.Repeat("JOIN b ", n),
		"schema elements":        strings.Repeat("CREATE SCHEMA s ", n),
		"a chain of additions":   "SELECT 1" + strings.Repeat(" + 1", n),
		"a chain of ||":          "SELECT a" + strings.Repeat(" || a", n),
		"a chain of casts":       "SELECT a" + strings.Repeat("::int", n),
		"a chain of subscripts":  "SELECT a" + strings.Repeat("[1]", n),
		"a chain of fields":      "SELECT (a)" + strings.Repeat(".b", n),
		"a chain of IS NULL":     "SELECT a" + strings.Repeat(" IS NULL", n),
		"a chain of unions":      "SELECT 1" + strings.Repeat(" UNION SELECT 1", n),
		"a chain of joins":       "SELECT * FROM t" + strings.Repeat(" CROSS JOIN t", n),
		"array bounds":           "SELECT a::int" + strings.Repeat("[]", n),
		"chains within chains":   "SELECT " + strings.Repeat("(1"+strings.Repeat(" + 1", 90)+" + ", 900) + "1" + strings.Repeat(")", 900),
		"right-hand parentheses": "SELECT " + strings.Repeat("1 + (", n) + "1",
	} {
		t.Run(name, func(t *testing.T) { checkTooDeep(t, sql) })
	}
}

func TestLongTextsParse(t *testing.T) {
	const n = 100_000
	for name, sql := range map[string]string{
		"an IN list":     "SELECT a IN (1" + strings.Repeat(", 1", n) + ")",
		"an AND chain":   "SELECT a" + strings.Repeat(" AND a = 1", n),
		"an OR chain":    "SELECT a" + strings.Repeat(" OR a = 1 AND b", n),
		"a VALUES list":  "INSERT INTO t VALUES (1, 'a')" + strings.Repeat(", (1 + 2, 'b')", n),
		"a select list":  "SELECT 1" + strings.Repeat(", a", n),
		"an array":       "SELECT ARRAY[1" + strings.Repeat(", 1", n) + "]",
		"a CASE":         "SELECT CASE" + strings.Repeat(" WHEN a THEN 1", n) + " END",
		"a FROM list":    "SELECT * FROM t" + strings.Repeat(", t", n),
		"a long string":  "SELECT '" + strings.Repeat("x", 1<<20) + "'",
		"a long number":  "SELECT " + strings.Repeat("9", 1<<20),
		"200 subqueries": strings.Repeat("SELECT (", 200) + "SELECT 1" + strings.Repeat(")", 200),
		"200 tables":     strings.Repeat("SELECT * FROM (", 200) + "SELECT 1" + strings.Repeat(") t", 200),
		"400 brackets":   "SELECT " + strings.Repeat("(", 400) + "1" + strings.Repeat(")", 400),
		"5000 unions":    "SELECT 1" + strings.Repeat(" UNION ALL SELECT 1", 5000),
		"5000 additions": "SELECT 1" + strings.Repeat(" + 1", 5000),
		"5000 joins":     "SELECT * FROM t" + strings.Repeat(" JOIN t ON a", 5000),
	} {
		t.Run(name, func(t *testing.T) {
			stmt, err := parser.Parse(sql)
			if err != nil {
				t.Fatal(err)
			}
			nodes := 0
			ast.Walk(stmt, func(ast.Node) { nodes++ })
			if again, err := parser.Parse(ast.Format(stmt)); err != nil {
				t.Fatal(err)
			} else if dump(again) != dump(stmt) {
				t.Error("the formatted text has another tree")
			}
		})
	}
}

func TestTextBeyondTheLimitIsRefused(t *testing.T) {
	checkTooDeep(t, "SELECT '"+strings.Repeat("x", 64<<20)+"'")
}

func TestStatementsKnowTheirSource(t *testing.T) {
	sql := " ;; SELECT 1 ; /* c */ (VALUES (2)) -- end\n; CREATE VIEW v AS SELECT 3 -- x\n"
	list, err := parser.ParseAll(sql)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"SELECT 1", "(VALUES (2))", "CREATE VIEW v AS SELECT 3"}
	for i, s := range list {
		if got := s.Extent().Text(sql); got != want[i] {
			t.Errorf("statement %d is %q, want %q", i, got, want[i])
		}
	}
	if v, ok := list[2].(*ast.CreateView); !ok || v.Query.Text(sql) != "SELECT 3" {
		t.Errorf("the view's query is not known by its text")
	}
}

func TestLocateCountsCharacters(t *testing.T) {
	sql := "SELECT 'é',\n  'ü' FROM"
	got := parser.Locate(sql, len(sql))
	if want := (parser.Location{Line: 2, Column: 11, Character: 23}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if parser.Locate(sql, -5) != (parser.Location{Line: 1, Column: 1, Character: 1}) || parser.Locate(sql, 1000) != got {
		t.Error("an offset outside the text is not moved to its end")
	}
}
