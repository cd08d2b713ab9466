package eval

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/functions"
)

var rewrite = flag.Bool("rewrite", false, "ask PostgreSQL (psql arguments in MUSTER_ORACLE_PG) for the golden answers again")

// oracleSetup makes a function that answers with the text of an expression and
// its type, or the SQLSTATE of its error.
const oracleSetup = `
SET timezone = 'Europe/Prague';
CREATE FUNCTION pg_temp.try(q text) RETURNS text LANGUAGE plpgsql AS $f$
DECLARE r text; d text; BEGIN EXECUTE 'SELECT CASE WHEN x IS NOT DISTINCT FROM NULL THEN NULL ELSE format(''%s'', x) END, pg_typeof(x)::text FROM (SELECT ' || q || ' AS x) y' INTO r, d; RETURN coalesce(r, 'NULL') || E'\t' || d;
EXCEPTION WHEN others THEN RETURN 'ERROR ' || SQLSTATE || E'\t' || SQLERRM; END $f$;
`

func goldenEnv(t testing.TB) *Env {
	z, err := types.LoadZone("Europe/Prague")
	if err != nil {
		t.Fatal(err)
	}
	s := &spi.Session{User: "tester", Catalog: "muster", Zone: "Europe/Prague", Start: time.Date(2024, 2, 29, 12, 30, 15, 123456000, time.UTC)}
	s.Format.Zone = z.Location()
	return functions.NewEnv(s, page.Unaccounted{})
}

// The files testdata/*.golden have an expression, PostgreSQL's answer and its
// type a line, parted by tabs; an error is ERROR and its SQLSTATE, then the message.
// A line "! reason" before an expression says that we differ on purpose; then
// the line after the expression starts with "=" and has our answer.
func TestExpressionsAnswerAsPostgreSQL(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.golden")
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".golden"), func(t *testing.T) { runGolden(t, f) })
	}
}

func runGolden(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	if *rewrite {
		lines = askOracle(t, lines)
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	failed := 0
	env := goldenEnv(t)
	for i, line := range lines {
		if line == "" || strings.ContainsRune("#!=", rune(line[0])) {
			continue
		}
		f := strings.Split(line, "\t")
		want := strings.Join(f[1:], "\t")
		if i+1 < len(lines) && strings.HasPrefix(lines[i+1], "=") {
			want = lines[i+1][1:]
		}
		got := answer(f[0], env)
		if strings.HasPrefix(want, "ERROR ") && len(want) >= 11 && strings.HasPrefix(got, want[:11]) {
			continue // the texts of errors are compared where they matter, in their own tests
		}
		if got != want {
			if failed++; failed < 60 {
				t.Errorf("line %d: %s\n  got  %q\n  want %q", i+1, f[0], got, want)
			}
		}
	}
}

// answer evaluates an expression and prints it with its type as PostgreSQL does.
func answer(sql string, env *Env) string {
	if strings.HasPrefix(sql, "(SELECT ") {
		return answerAggregate(sql, env)
	}
	e, err := parseExpr(sql)
	if err != nil {
		return fmt.Sprintf("ERROR %s\t%v", sqlerr.CodeOf(err), err)
	}
	ev, err := Compile(e, env)
	if err != nil {
		return fmt.Sprintf("ERROR %s\t%v", sqlerr.CodeOf(err), err)
	}
	v, err := ev.Eval(page.New(1))
	if err != nil {
		return fmt.Sprintf("ERROR %s\t%v", sqlerr.CodeOf(err), err)
	}
	defer v.Release()
	x := v.Value(0)
	if x.Null {
		return "NULL\t" + pgType(v.Type)
	}
	return string(types.AppendText(nil, v.Type, x, env.Format())) + "\t" + pgType(v.Type)
}

// pgType is the name that pg_typeof prints, which has no parameters.
func pgType(t types.Type) string {
	switch t.Kind {
	case types.Array:
		return strings.TrimSuffix(pgType(t.ElemType()), "[]") + "[]"
	case types.Row:
		return "record"
	}
	return t.Kind.ScalarName()
}

func askOracle(t *testing.T, lines []string) []string {
	args := strings.Fields(os.Getenv("MUSTER_ORACLE_PG"))
	if len(args) == 0 {
		t.Fatal("MUSTER_ORACLE_PG is not set")
	}
	var in bytes.Buffer
	in.WriteString(oracleSetup)
	var asked []int
	for i, line := range lines {
		if line == "" || strings.ContainsRune("#!=", rune(line[0])) {
			continue
		}
		asked = append(asked, i)
		e, _, _ := strings.Cut(line, "\t")
		fmt.Fprintf(&in, "SELECT pg_temp.try('%s');\n", strings.ReplaceAll(e, "'", "''"))
	}
	cmd := exec.Command("psql", append(args, "-XAtq")...)
	cmd.Stdin = &in
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	answers := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	if len(answers) != len(asked) {
		t.Fatalf("%d answers to %d questions:\n%s", len(answers), len(asked), out)
	}
	res := append([]string(nil), lines...)
	for k, i := range asked {
		e, _, _ := strings.Cut(lines[i], "\t")
		res[i] = e + "\t" + answers[k]
	}
	return res
}
