package command_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/goleak"

	"github.com/muster-sql/muster"
	"github.com/muster-sql/muster/connectors/memory"
	"github.com/muster-sql/muster/connectors/tpch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// node boots a server with generated and in-memory tables.
func node(t *testing.T) string {
	t.Helper()
	n, err := muster.New(muster.Config{
		PG: "127.0.0.1:0", HTTP: "-", MemoryBytes: 256 << 20,
		Catalogs: []muster.Catalog{{Name: "tpch", URL: "tpch:?sf=0.01"}, {Name: "memory", URL: "memory:"}},
	}, muster.Connectors(tpch.Factory(), memory.Factory()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n.Addrs().PG
}

func client(t *testing.T, addr, database string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(context.Background(), "postgres://me@"+addr+"/"+database+"?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// answer runs a simple query and prints its results: rows with | and ;, then
// the tag in brackets, or the SQLSTATE.
func answer(c *pgx.Conn, sql string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var out []string
	rr := c.PgConn().Exec(ctx, sql)
	for rr.NextResult() {
		r := rr.ResultReader()
		var rows []string
		for r.NextRow() {
			var cells []string
			for _, v := range r.Values() {
				if v == nil {
					cells = append(cells, "NULL")
				} else {
					cells = append(cells, string(v))
				}
			}
			rows = append(rows, strings.Join(cells, "|"))
		}
		tag, err := r.Close()
		if err != nil {
			break
		}
		if len(rows) > 0 {
			out = append(out, strings.Join(rows, "; "))
		}
		out = append(out, "["+tag.String()+"]")
	}
	if err := rr.Close(); err != nil {
		var e *pgconn.PgError
		if !errors.As(err, &e) {
			return err.Error()
		}
		out = append(out, e.Code)
	}
	return strings.Join(out, " ")
}

// script is lines of statements, each followed by a line of "-> answer".
func script(t *testing.T, c *pgx.Conn, text string) {
	t.Helper()
	sql := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		want, ok := strings.CutPrefix(line, "-> ")
		if !ok {
			if line != "" {
				sql += line + "\n"
			}
			continue
		}
		if got := answer(c, sql); got != want {
			t.Errorf("%s  got  %s\n  want %s", sql, got, want)
		}
		sql = ""
	}
}

func TestSettings(t *testing.T) {
	script(t, client(t, node(t), "tpch"), `
SHOW timezone
-> UTC [SHOW]
SET TIME ZONE 'europe/berlin'; SHOW timezone; SELECT '2024-07-01 12:00+00'::timestamptz
-> [SET] Europe/Berlin [SHOW] 2024-07-01 14:00:00+02 [SELECT 1]
SET TIME ZONE INTERVAL '+00:00' HOUR TO MINUTE; SHOW timezone; SET TIME ZONE 5; SELECT '2024-07-01 12:00+00'::timestamptz; RESET timezone
-> [SET] UTC [SHOW] [SET] 2024-07-01 17:00:00+05 [SELECT 1] [RESET]
SET timezone = 'nowhere'
-> 22023
SET no_such = 1
-> 42704
SET my.own = 'x'; SHOW my.own
-> [SET] x [SHOW]
SET server_version = '1'
-> 55P02
SET DateStyle = 'German'; SELECT date '2024-03-04'; SET DateStyle = 'ISO'; SELECT date '2024-03-04'; SHOW DateStyle; RESET DateStyle
-> [SET] 04.03.2024 [SELECT 1] [SET] 2024-03-04 [SELECT 1] ISO, DMY [SHOW] [RESET]
SET statement_timeout = '1.5s'; SHOW statement_timeout; SET statement_timeout = 0
-> [SET] 1500ms [SHOW] [SET]
SET statement_timeout = 'soon'
-> 22023
SET client_encoding = 'utf-8'; SHOW client_encoding
-> [SET] UTF8 [SHOW]
SET client_encoding = 'latin1'
-> 0A000
SET bytea_output = escape; SELECT '\x41'::bytea; SET bytea_output = hex
-> [SET] A [SELECT 1] [SET]
SET extra_float_digits = 0; SELECT 0.1::float8 + 0.2::float8; RESET extra_float_digits; SELECT 0.1::float8 + 0.2::float8
-> [SET] 0.3 [SELECT 1] [RESET] 0.30000000000000004 [SELECT 1]
SELECT set_config('application_name', 'thing', false); SHOW application_name; SELECT current_setting('application_name')
-> thing [SELECT 1] thing [SHOW] thing [SELECT 1]
SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SHOW transaction_read_only; CREATE TABLE memory.public.x (a int)
-> [SET] on [SHOW] 25006
RESET ALL
-> [RESET]
SET ROLE me; SET SESSION AUTHORIZATION DEFAULT; SET ROLE other
-> [SET] [SET] 42501
DISCARD ALL
-> [DISCARD ALL]
`)
}

func TestSettingsFollowTransactions(t *testing.T) {
	script(t, client(t, node(t), "tpch"), `
BEGIN; SET application_name = 'a'; SET LOCAL statement_timeout = '9s'; SHOW statement_timeout; COMMIT; SHOW application_name; SHOW statement_timeout
-> [BEGIN] [SET] [SET] 9s [SHOW] [COMMIT] a [SHOW] 0 [SHOW]
BEGIN; SET application_name = 'b'; ROLLBACK; SHOW application_name
-> [BEGIN] [SET] [ROLLBACK] a [SHOW]
BEGIN; SET application_name = 'c'; SAVEPOINT s; SET application_name = 'd'; ROLLBACK TO s; SHOW application_name; COMMIT
-> [BEGIN] [SET] [SAVEPOINT] [SET] [ROLLBACK] c [SHOW] [COMMIT]
SET application_name = 'e'; SELECT 1/0
-> [SET] 22012
SHOW application_name
-> c [SHOW]
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY; SHOW transaction_isolation; SHOW transaction_read_only; COMMIT; SHOW transaction_isolation
-> [BEGIN] serializable [SHOW] on [SHOW] [COMMIT] read committed [SHOW]
SELECT now() = now(); BEGIN; SELECT now() = transaction_timestamp(); COMMIT AND CHAIN; SELECT 1; ROLLBACK
-> t [SELECT 1] [BEGIN] t [SELECT 1] [COMMIT] 1 [SELECT 1] [ROLLBACK]
`)
}

func TestWritesInATransactionBlockAreRefusedUnlessAskedFor(t *testing.T) {
	script(t, client(t, node(t), "memory"), `
BEGIN; CREATE TABLE t (a int)
-> [BEGIN] 0A000
ROLLBACK; SET transaction_writes = autocommit
-> [ROLLBACK] [SET]
BEGIN; CREATE TABLE t (a int); ROLLBACK; SELECT count(*) FROM t
-> [BEGIN] [CREATE TABLE] [ROLLBACK] 0 [SELECT 1]
BEGIN READ ONLY; DROP TABLE t
-> [BEGIN] 25006
ROLLBACK; DROP TABLE t
-> [ROLLBACK] [DROP TABLE]
`)
}

func TestPreparedStatementsAndCursors(t *testing.T) {
	script(t, client(t, node(t), "tpch"), `
PREPARE p (int, text) AS SELECT $1 + 1, $2; EXECUTE p (1 + 1, 'x')
-> [PREPARE] 3|x [SELECT 1]
EXECUTE p (1)
-> 42601
PREPARE p AS SELECT 1
-> 42P05
DEALLOCATE p; EXECUTE p (1, 'x')
-> [DEALLOCATE] 26000
EXECUTE IMMEDIATE 'SELECT 5'; DEALLOCATE ALL
-> 5 [SELECT 1] [DEALLOCATE ALL]
DECLARE c CURSOR FOR SELECT n_nationkey FROM nation ORDER BY 1; FETCH c
-> [DECLARE CURSOR] 0 [FETCH 1]
FETCH c
-> 34000
BEGIN; DECLARE c CURSOR FOR SELECT n_nationkey FROM nation ORDER BY 1; FETCH 2 FROM c; FETCH NEXT c; MOVE 2 c; FETCH RELATIVE 2 c; FETCH ABSOLUTE 10 c; FETCH FORWARD 0 c
-> [BEGIN] [DECLARE CURSOR] 0; 1 [FETCH 2] 2 [FETCH 1] [MOVE 2] 6 [FETCH 1] 9 [FETCH 1] [FETCH 0]
FETCH PRIOR c
-> 55000
ROLLBACK
-> [ROLLBACK]
BEGIN; DECLARE h CURSOR WITH HOLD FOR SELECT n_nationkey FROM nation ORDER BY 1; FETCH 1 h; COMMIT; FETCH 2 h; FETCH ALL FROM h; CLOSE h
-> [BEGIN] [DECLARE CURSOR] 0 [FETCH 1] [COMMIT] 1; 2 [FETCH 2] 3; 4; 5; 6; 7; 8; 9; 10; 11; 12; 13; 14; 15; 16; 17; 18; 19; 20; 21; 22; 23; 24 [FETCH 22] [CLOSE CURSOR]
CLOSE h
-> 34000
`)
}

func TestDefinitions(t *testing.T) {
	script(t, client(t, node(t), "memory"), `
CREATE SCHEMA s; CREATE SCHEMA IF NOT EXISTS s; CREATE SCHEMA s
-> [CREATE SCHEMA] [CREATE SCHEMA] 42P06
CREATE TABLE s.t (a int PRIMARY KEY, b text NOT NULL DEFAULT 'x', c numeric(10,2), UNIQUE (b, c))
-> [CREATE TABLE]
SHOW COLUMNS FROM s.t
-> a|integer|NO||; b|text|NO|'x'|; c|numeric(10,2)|YES|| [SHOW]
DESCRIBE s.t
-> a|integer|NO||; b|text|NO|'x'|; c|numeric(10,2)|YES|| [SHOW]
CREATE TABLE s.t (a int)
-> 42P07
CREATE TABLE IF NOT EXISTS s.t (a int)
-> [CREATE TABLE]
CREATE TABLE nowhere.t (a int)
-> 3F000
CREATE TABLE u (a nothing)
-> 42704
CREATE TABLE u (a int DEFAULT 'x')
-> 22P02
CREATE TABLE u (a int CHECK (a > 0))
-> 0A000
CREATE TABLE u (a int REFERENCES s.t)
-> 0A000
ALTER TABLE s.t ADD COLUMN d date; ALTER TABLE s.t RENAME COLUMN d TO e; ALTER TABLE s.t DROP COLUMN IF EXISTS nothing; ALTER TABLE s.t RENAME TO u
-> [ALTER TABLE] [ALTER TABLE] [ALTER TABLE] [ALTER TABLE]
CREATE VIEW v AS SELECT a, e FROM s.u; SELECT * FROM v; DROP TABLE v
-> [CREATE VIEW] [SELECT 0] 42809
CREATE OR REPLACE VIEW v (x) AS SELECT n_name FROM tpch.public.nation WHERE n_nationkey = 7; SELECT * FROM v
-> [CREATE VIEW] GERMANY [SELECT 1]
SHOW TABLES; SHOW TABLES FROM s; SHOW SCHEMAS LIKE 's%'; SHOW CATALOGS
-> v [SHOW] u [SHOW] s [SHOW] memory; system; tpch [SHOW]
CREATE INDEX i ON s.u (a); DROP INDEX i; CREATE UNIQUE INDEX i ON s.u (a)
-> [CREATE INDEX] [DROP INDEX] 0A000
TRUNCATE s.u; DROP VIEW v; DROP SCHEMA s
-> [TRUNCATE TABLE] [DROP VIEW] 2BP01
DROP SCHEMA s CASCADE; DROP TABLE IF EXISTS s.u; DROP TABLE s.u
-> [DROP SCHEMA] [DROP TABLE] 3F000
CREATE TABLE tpch.public.t (a int)
-> 0A000
`)
}

func TestCatalogsAndSchemasOfNames(t *testing.T) {
	addr := node(t)
	script(t, client(t, addr, "muster"), `
SELECT count(*) FROM tpch.public.nation; SELECT count(*) FROM tpch.nation; SELECT count(*) FROM "tpch.public".nation
-> 25 [SELECT 1] 25 [SELECT 1] 25 [SELECT 1]
SELECT count(*) FROM nation
-> 42P01
SET search_path = tpch.tiny, public; SELECT count(*) FROM orders; SHOW search_path
-> [SET] 15000 [SELECT 1] "tpch.tiny", public [SHOW]
USE tpch; SELECT count(*) FROM orders
-> [USE] 15000 [SELECT 1]
USE tpch.sf1; SELECT count(*) FROM region
-> [USE] 5 [SELECT 1]
USE nowhere
-> 3F000
USE memory.nowhere
-> 3F000
`)
}

func TestCopyGoesBothWays(t *testing.T) {
	c := client(t, node(t), "memory")
	script(t, c, "CREATE TABLE t (a int PRIMARY KEY, b text, c timestamptz, d numeric, e int[])\n-> [CREATE TABLE]")
	ctx := context.Background()
	rows := [][]any{{1, "x\ty\n\\", time.Unix(1e9, 0), "1.50", []int32{1, 2}}, {2, nil, nil, nil, nil}}
	n, err := c.CopyFrom(ctx, pgx.Identifier{"t"}, []string{"a", "b", "c", "d", "e"}, pgx.CopyFromRows(rows))
	if err != nil || n != 2 {
		t.Fatalf("%d rows: %v", n, err)
	}
	for _, format := range []string{"text", "csv", "binary"} {
		var data bytes.Buffer
		if _, err := c.PgConn().CopyTo(ctx, &data, fmt.Sprintf("COPY t TO STDOUT (FORMAT %s)", format)); err != nil {
			t.Fatal(err)
		}
		script(t, c, "CREATE TABLE u (a int, b text, c timestamptz, d numeric, e int[])\n-> [CREATE TABLE]")
		tag, err := c.PgConn().CopyFrom(ctx, &data, fmt.Sprintf("COPY u FROM STDIN (FORMAT %s)", format))
		if err != nil || tag.String() != "COPY 2" {
			t.Fatalf("%s: %s %v", format, tag, err)
		}
		script(t, c, `SELECT count(*) FROM t JOIN u ON t.a = u.a AND t.b IS NOT DISTINCT FROM u.b AND t.c IS NOT DISTINCT FROM u.c AND t.d IS NOT DISTINCT FROM u.d AND t.e IS NOT DISTINCT FROM u.e
-> 2 [SELECT 1]
DROP TABLE u
-> [DROP TABLE]`)
	}
	for data, want := range map[string]string{
		"1\n": "22P04", "3\tx\t\\N\t\\N\t\\N\textra\n": "22P04", "x\t\\N\t\\N\t\\N\t\\N\n": "22P02", "1\tdouble\t\\N\t\\N\t\\N\n": "23505",
	} {
		var e *pgconn.PgError
		if _, err := c.PgConn().CopyFrom(ctx, strings.NewReader(data), "COPY t FROM STDIN"); !errors.As(err, &e) || e.Code != want {
			t.Errorf("%q: %v", data, err)
		}
	}
	script(t, c, "SELECT count(*) FROM t\n-> 2 [SELECT 1]")
}

func TestExplainPrintsWhatWasMeasured(t *testing.T) {
	c := client(t, node(t), "tpch")
	for sql, want := range map[string][]string{
		"EXPLAIN SELECT count(*) FROM orders":               {"cost=0.00..", "rows=", "width=", "Scan tpch.public.orders"},
		"EXPLAIN ANALYZE SELECT count(*) FROM orders":       {"actual rows=15000", "Execution Time:", "Rows: 1", "Peak Memory:"},
		"EXPLAIN (FORMAT JSON) SELECT 1":                    {`"Node Type"`, `"Plan"`},
		"EXPLAIN (PUSHDOWN) SELECT n_name FROM nation":      {"Pushdown:", "tpch.public.nation"},
		"EXPLAIN (LOGICAL, RULES) SELECT 1 FROM nation":     {"Logical plan:", "Rules:"},
		"EXPLAIN (FORMAT YAML) SELECT 1":                    {"0A000"},
		"EXPLAIN (NOTHING) SELECT 1":                        {"42601"},
		"EXPLAIN SET timezone = 'UTC'":                      {"0A000"},
		"EXPLAIN ANALYZE SELECT l_orderkey/0 FROM lineitem": {"22012"},
	} {
		got := answer(c, sql)
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s: no %q in\n%s", sql, w, got)
			}
		}
	}
}

func TestDescribeRunsNothing(t *testing.T) {
	c := client(t, node(t), "memory")
	for sql, want := range map[string]string{
		"SELECT $1::int + 1 AS a, 'x' AS b":        "[23] a:23 b:25",
		"SHOW timezone":                            "[] TimeZone:25",
		"EXPLAIN SELECT 1":                         "[] QUERY PLAN:25",
		"CREATE TABLE t (a int)":                   "[]",
		"SELECT l_quantity FROM tpch.lineitem":     "[] l_quantity:1700",
		"SELECT l_tax FROM tpch.lineitem LIMIT $1": "[20] l_tax:1700",
	} {
		d, err := c.PgConn().Prepare(context.Background(), "", sql, nil)
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		got := fmt.Sprint(d.ParamOIDs)
		for _, f := range d.Fields {
			got += fmt.Sprintf(" %s:%d", f.Name, f.DataTypeOID)
		}
		if got != want {
			t.Errorf("%s: %s, expected %s", sql, got, want)
		}
	}
	script(t, c, "SHOW TABLES\n-> [SHOW]")
}

func TestAPreparedStatementWhoseRowsHaveChangedIsRefused(t *testing.T) {
	c := client(t, node(t), "memory")
	ctx := context.Background()
	script(t, c, "CREATE TABLE t (a int)\n-> [CREATE TABLE]")
	if _, err := c.Prepare(ctx, "s", "SELECT * FROM t"); err != nil {
		t.Fatal(err)
	}
	script(t, c, "DROP TABLE t; CREATE TABLE t (a text)\n-> [DROP TABLE] [CREATE TABLE]")
	var e *pgconn.PgError
	if err := c.PgConn().ExecPrepared(ctx, "s", nil, nil, nil).Read().Err; !errors.As(err, &e) || e.Code != "0A000" {
		t.Errorf("%v", err)
	}
}

func TestACopyIsCancelledWhileTheClientIsSilent(t *testing.T) {
	c := client(t, node(t), "memory")
	script(t, c, "CREATE TABLE t (a int)\n-> [CREATE TABLE]")
	script(t, c, "SET statement_timeout = '200ms'\n-> [SET]")
	r, w := io.Pipe()
	defer w.Close()
	go func() { _, _ = w.Write([]byte("1\n")) }()
	time.AfterFunc(time.Second, func() { _ = w.Close() })
	var e *pgconn.PgError
	if _, err := c.PgConn().CopyFrom(context.Background(), r, "COPY t FROM STDIN"); !errors.As(err, &e) || e.Code != "57014" {
		t.Errorf("%v", err)
	}
	script(t, c, "SELECT count(*) FROM t\n-> 0 [SELECT 1]")
}

func TestAQueryIsKilledByItsID(t *testing.T) {
	addr := node(t)
	a, b := client(t, addr, "tpch"), client(t, addr, "tpch")
	done := make(chan string, 1)
	go func() {
		done <- answer(a, "SELECT count(*) FROM lineitem x, lineitem y, lineitem z WHERE x.l_comment < y.l_comment")
	}()
	time.Sleep(200 * time.Millisecond)
	if got := answer(b, "KILL QUERY 'nobody'"); got != "42704" {
		t.Error(got)
	}
	id, _, _ := strings.Cut(answer(b, "SELECT query_id FROM system.queries WHERE state = 'RUNNING' AND query LIKE '%x.l_comment%' AND query NOT LIKE '%system%'"), " ")
	if got := answer(b, "KILL QUERY '"+id+"'"); got != "[KILL QUERY]" {
		t.Errorf("%s: %s", id, got)
	}
	if got := <-done; got != "57014" {
		t.Error(got)
	}
}
