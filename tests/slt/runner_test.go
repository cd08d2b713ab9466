package slt

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-sql/muster/tests/services"
)

// The runner is right when PostgreSQL passes what PostgreSQL is known to pass.
func TestRunnerAgreesWithPostgreSQL(t *testing.T) {
	p := services.Postgres(t)
	root := services.NeedCorpora(t)
	for _, c := range []struct{ set, list, match string }{
		{"calcite", "pg.json", ""},
		{"cockroach", "pg.json", ""},
		{"datafusion", "pg.json", ""},
		{"pgdoc", "pg.json", ""},
		{"sqltest", "pg.json", ""},
		{"bi_analytic", "pg.json", ""},
		{"duckdb", "portable.json", "test/sql/aggregate/aggregates"},
		{"sqlite", "portable.json", "select1"},
		{"sqlite", "portable.json", "evidence"},
	} {
		t.Run(c.set+c.match, func(t *testing.T) {
			for _, s := range Sets {
				if s.Name != c.set {
					continue
				}
				report, err := s.Play(context.Background(), Run{Root: root, Options: Defaults(p.URL("postgres")), Parallel: 2, Match: c.match, List: c.list})
				if err != nil {
					t.Fatal(err)
				}
				counts := report.Counts()
				t.Log(counts.Line())
				if counts.Pass == 0 || counts.Fail > counts.Records/1000+1 {
					for _, o := range report.Outcomes {
						if o.Status == Fail {
							t.Errorf("%s:%d: %s %s", o.File, o.Line, o.Code, o.Why)
						}
					}
				}
			}
		})
	}
}

// Our own files hold what PostgreSQL answers, where it knows the statement:
// the marks of the format itself are tested on it too.
func TestOwnFormatOnPostgreSQL(t *testing.T) {
	p := services.Postgres(t)
	const text = `
statement ok
CREATE TABLE t (a int, b text)

statement count 3
INSERT INTO t VALUES (1, 'x y'), (2, NULL), (3, '')

query IT rowsort
SELECT a, b FROM t
----
1	x y
2	NULL
3	(empty)

statement error 22012
SELECT 1 / 0

statement error 42P01 does not exist
SELECT * FROM nowhere

query I
SELECT 2
----
3
`
	file := filepath.Join(t.TempDir(), "own.slt")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	o := Defaults(p.URL("postgres"))
	o.Strict = true
	outcomes, err := Play(context.Background(), file, "own", "slt_own", o)
	if err != nil {
		t.Fatal(err)
	}
	if len(outcomes) != 6 {
		t.Fatalf("%d outcomes", len(outcomes))
	}
	for i, out := range outcomes {
		if want := map[bool]Status{true: Fail, false: Pass}[i == 5]; out.Status != want {
			t.Errorf("record %d: %v %s", i, out.Status, out.Why)
		}
	}
	o.Rewrite = true
	if _, err := Play(context.Background(), file, "own", "slt_own", o); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.TrimSuffix(text, "3\n") + "2\n"; string(got) != want {
		t.Errorf("rewritten:\n%s", got)
	}
}

func TestStatementTimesOut(t *testing.T) {
	p := services.Postgres(t)
	c, err := connect(context.Background(), p.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	begin := time.Now()
	if _, err := c.query("SELECT pg_sleep(60)", 200*time.Millisecond); err != errTimeout {
		t.Fatal(err)
	}
	if time.Since(begin) > 5*time.Second {
		t.Fatalf("took %v", time.Since(begin))
	}
	if _, err := c.query("SELECT 1", time.Second); err != nil {
		t.Fatalf("after a timeout: %v", err)
	}
}
