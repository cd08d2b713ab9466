// Package clients asks the server as its users' programs do: psql, and the
// driver pgx in every mode of the protocol. PostgreSQL itself is asked the same
// where it can be, so that a wrong expectation cannot stay.
package clients

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/muster-sql/muster/tests/harness"
	"github.com/muster-sql/muster/tests/services"
)

// servers are Muster and PostgreSQL, with an empty database each.
func servers(t *testing.T) map[string]string {
	t.Helper()
	c := harness.Start(t, harness.Options{Attach: []string{"memory=memory:", "tpch=tpch:?sf=0.01"}})
	return map[string]string{"muster": c.URL("memory"), "postgresql": services.Postgres(t).URL("postgres")}
}

func psql(t *testing.T, url string, args ...string) (out string, ok bool) {
	t.Helper()
	program := services.Psql()
	if program == "" {
		t.Skip("no psql on this machine")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append([]string{"-X", "-q", url}, args...)...)
	var both bytes.Buffer
	cmd.Stdout, cmd.Stderr = &both, &both
	err := cmd.Run()
	return both.String(), err == nil
}

func TestPsqlPrintsTheSameFromBothServers(t *testing.T) {
	urls := servers(t)
	for _, args := range [][]string{
		{"-c", "SELECT 1 AS a, 'x' AS b, NULL AS c, 1.50 AS d, true AS e, DATE '2024-01-02' AS f"},
		{"-At", "-c", "SELECT * FROM (VALUES (1, 'one'), (2, NULL)) AS v (n, s) ORDER BY n"},
		{"-x", "-c", "SELECT 1 AS a, 'two' AS b"},
		{"--csv", "-c", `SELECT 'a,b' AS x, 'c"d' AS y`},
		{"-c", "CREATE TABLE clients_t (a int, b text)", "-c", "INSERT INTO clients_t VALUES (1, 'x'), (2, 'y')", "-c", "SELECT * FROM clients_t ORDER BY a", "-c", "DROP TABLE clients_t"},
		{"-c", "SELECT 1; SELECT 2"},
		{"-c", "SELECT nope"},
		{"-c", "SELECT 1 +"},
		{"-c", "SELECT 'x'::int"},
		{"-v", "ON_ERROR_STOP=1", "-c", "BEGIN; SELECT 1; COMMIT"},
		{"-c", `\echo hello`, "-c", "SELECT 1 AS one", "-c", `\gset`},
		{"-c", "SELECT 'x' AS a \\gx"},
		{"-c", "SET TimeZone TO 'UTC'", "-c", "SELECT TIMESTAMPTZ '2024-01-02 03:04:05Z'"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			want, wantOK := psql(t, urls["postgresql"], args...)
			got, ok := psql(t, urls["muster"], args...)
			if got != want || ok != wantOK {
				t.Errorf("psql of muster prints\n%s\nof postgresql\n%s", got, want)
			}
		})
	}
}

// The tables behind psql's describe commands are not served yet: each command
// is one clear error, and the connection goes on.
func TestDescribeCommandsOfPsqlAreOneClearError(t *testing.T) {
	urls := servers(t)
	for _, command := range []string{`\l`, `\dn`, `\dt`, `\d`, `\dv`, `\di`, `\df`, `\dT`, `\du`, `\d nothing`, `\d+ nothing`} {
		t.Run(command, func(t *testing.T) {
			got, _ := psql(t, urls["muster"], "-c", command, "-c", "SELECT 'goes on'")
			if !strings.Contains(got, "the catalog tables of PostgreSQL are not supported yet") || !strings.Contains(got, "goes on") {
				t.Errorf("%s: %s", command, got)
			}
		})
	}
	if got, ok := psql(t, urls["muster"], "-c", `\conninfo`); !ok || strings.Contains(got, "ERROR") {
		t.Errorf("conninfo: %s", got)
	}
}

// values are expressions whose results must be equal to PostgreSQL's in text
// and in binary, byte by byte, with the same type.
var values = []string{
	"true", "NULL::boolean", "1::smallint", "-2147483648", "9223372036854775807", "1.5::real", "0.1::double precision", "'NaN'::float8",
	"1.50::numeric(10,2)", "-12345678901234567890.123456789::numeric", "0::numeric", "'abc'::text", "''::text", "'ab'::char(4)", "'x'::varchar(5)",
	"DATE '2024-02-29'", "DATE '1999-12-31'", "TIME '12:34:56.789'", "TIMESTAMP '2024-01-02 03:04:05.678901'", "TIMESTAMPTZ '2024-01-02 03:04:05+02'",
	"INTERVAL '1 year 2 months 3 days 04:05:06.789'", `'\x00ff'::bytea`, "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid",
	"ARRAY[1, NULL, 3]", "ARRAY['a', 'b c', NULL]", "ARRAY[[1, 2], [3, 4]]", "ARRAY[]::text[]", "'{\"a\": 1}'::json", "count(*)", "sum(1)", "avg(1)",
}

func TestValuesAreEqualInTextAndBinary(t *testing.T) {
	urls := servers(t)
	for _, v := range values {
		for format, code := range map[string]int16{"text": 0, "binary": 1} {
			t.Run(v+" "+format, func(t *testing.T) {
				var answers []string
				for _, server := range []string{"postgresql", "muster"} {
					ctx := context.Background()
					c, err := pgx.Connect(ctx, urls[server])
					if err != nil {
						t.Fatal(err)
					}
					res := c.PgConn().ExecParams(ctx, "SELECT "+v, nil, nil, nil, []int16{code}).Read()
					_ = c.Close(ctx)
					if res.Err != nil {
						t.Fatalf("%s: %v", server, res.Err)
					}
					f := res.FieldDescriptions[0]
					answers = append(answers, fmt.Sprintf("type %d modifier %d size %d value %q", f.DataTypeOID, f.TypeModifier, f.DataTypeSize, res.Rows[0][0]))
				}
				if answers[0] != answers[1] {
					t.Errorf("postgresql %s\nmuster     %s", answers[0], answers[1])
				}
			})
		}
	}
}

func TestParametersInEveryMode(t *testing.T) {
	urls := servers(t)
	for _, server := range []string{"postgresql", "muster"} {
		for _, mode := range []pgx.QueryExecMode{
			pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
		} {
			t.Run(server+" "+mode.String(), func(t *testing.T) {
				ctx := context.Background()
				c, err := pgx.Connect(ctx, urls[server])
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close(ctx)
				for i := range int64(3) { // the second time from the statement cache
					var a int64
					var b string
					var d time.Time
					day := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
					err := c.QueryRow(ctx, "SELECT $1::bigint + 1, upper($2::text), $3::date + 1 WHERE $4::boolean", mode, i, "é x", day, true).Scan(&a, &b, &d)
					if err != nil || a != i+1 || b != "É X" || !d.Equal(day.AddDate(0, 0, 1)) {
						t.Fatalf("%d %q %v: %v", a, b, d, err)
					}
				}
				if _, err := c.Exec(ctx, "SELECT $1::bigint / 0", mode, int64(1)); err == nil || !strings.Contains(err.Error(), "22012") {
					t.Errorf("%v", err)
				}
				var one int
				if err := c.QueryRow(ctx, "SELECT 1", mode).Scan(&one); err != nil {
					t.Errorf("after an error: %v", err)
				}
			})
		}
	}
}

// A portal gives its rows in pieces and is suspended between them.
func TestPortalsGiveRowsInPieces(t *testing.T) {
	urls := servers(t)
	for _, server := range []string{"postgresql", "muster"} {
		t.Run(server, func(t *testing.T) {
			ctx := context.Background()
			c, err := pgx.Connect(ctx, urls[server])
			if err != nil {
				t.Fatal(err)
			}
			h, err := c.PgConn().Hijack()
			if err != nil {
				t.Fatal(err)
			}
			defer h.Conn.Close()
			_ = h.Conn.SetDeadline(time.Now().Add(20 * time.Second))
			f := h.Frontend
			f.Send(&pgproto3.Parse{Query: "SELECT * FROM generate_series(1, 10)"})
			f.Send(&pgproto3.Bind{DestinationPortal: "p"})
			for range 3 {
				f.Send(&pgproto3.Execute{Portal: "p", MaxRows: 4})
			}
			f.Send(&pgproto3.Sync{})
			if err := f.Flush(); err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for got.Len() < 100 {
				msg, err := f.Receive()
				if err != nil {
					t.Fatal(err)
				}
				switch m := msg.(type) {
				case *pgproto3.DataRow:
					fmt.Fprintf(&got, "%s ", m.Values[0])
				case *pgproto3.PortalSuspended:
					got.WriteString("suspended ")
				case *pgproto3.CommandComplete:
					got.WriteString(string(m.CommandTag))
				case *pgproto3.ErrorResponse:
					t.Fatal(m.Message)
				case *pgproto3.ReadyForQuery:
					if want := "1 2 3 4 suspended 5 6 7 8 suspended 9 10 SELECT 2"; got.String() != want {
						t.Errorf("got  %s\nwant %s", got.String(), want)
					}
					return
				}
			}
			t.Errorf("no end: %s", got.String())
		})
	}
}
