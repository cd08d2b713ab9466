package slt

import (
	"context"
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/tests/harness"
	"github.com/muster-sql/muster/tests/services"
)

// examples are the documented calls of the function library: SQL to text.
func examples() map[string]string {
	out := map[string]string{}
	add := func(name string, d functions.Doc, query bool) {
		sql := d.Example
		if !query {
			sql = "SELECT " + sql
		}
		if d.Example == "" {
			sql = "no example: " + name
		}
		out[sql] = d.Result
	}
	for _, s := range functions.Builtins().Scalars() {
		add(s.Name, s.Doc, false)
	}
	for _, a := range functions.Builtins().Aggregates() {
		add(a.Name, a.Doc, true)
	}
	return out
}

// beyond is what an example says when PostgreSQL has no such function.
var beyond = map[string]bool{"42883": true, "42704": true, "42601": true}

// byCatalog are the functions whose answers come from a server's own catalog
// and privileges, so that PostgreSQL's differ from ours, and those that take a
// lambda, which PostgreSQL reads as a column and an operator.
var byCatalog = regexp.MustCompile(`^SELECT (has_\w+_privilege|pg_\w+_is_visible|pg_get_expr)\(|(x|\(x, y\)) -> `)

// Every function has an example, and it gives what the documentation says: on
// Muster, and on PostgreSQL where that knows the function.
func TestEveryFunctionsExampleIsRight(t *testing.T) {
	p := services.Postgres(t)
	cluster := harness.Start(t, harness.Options{Attach: []string{"memory=memory:"}})
	for server, url := range map[string]string{"postgresql": p.URL("postgres"), "muster": cluster.URL("memory")} {
		t.Run(server, func(t *testing.T) { playExamples(t, server, url) })
	}
}

func playExamples(t *testing.T, server, url string) {
	t.Helper()
	c, err := connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	for _, setup := range []string{"SET TimeZone TO 'UTC'", "SET DateStyle TO 'ISO'"} {
		if _, err := c.query(setup, time.Second); err != nil {
			t.Fatal(err)
		}
	}
	unknown := 0
	for sql, want := range examples() {
		res, err := c.query(sql, 10*time.Second)
		var refused *pgconn.PgError
		switch {
		case server == "postgresql" && byCatalog.MatchString(sql):
			unknown++
		case server == "postgresql" && errors.As(err, &refused) && beyond[refused.Code]:
			unknown++
		case err != nil:
			t.Errorf("%s: %v", sql, err)
		case len(res) != 1 || len(res[0].Rows) != 1:
			t.Errorf("%s: not one row", sql)
		default:
			got := ""
			for i, v := range res[0].Rows[0] {
				if i > 0 {
					got += " "
				}
				got += cellText(v)
			}
			if got != want {
				t.Errorf("%s: %q, documented %q", sql, got, want)
			}
		}
	}
	t.Logf("counts: %d examples, %d of them unknown to %s", len(examples()), unknown, server)
}
