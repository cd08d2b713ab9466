package muster_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/muster-sql/muster"
	"github.com/muster-sql/muster/connectors/memory"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/tpch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// embedded boots a node without listeners.
func embedded(t testing.TB) *muster.Node {
	t.Helper()
	n, err := muster.New(muster.Config{
		PG: "-", HTTP: "-", RPC: "-", Threads: 2,
		Catalogs: []muster.Catalog{{Name: "memory", URL: "memory:"}, {Name: "tpch", URL: "tpch:?sf=0.01"}},
	}, muster.Connectors(memory.Factory(), tpch.Factory()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func TestRowsAreGoValues(t *testing.T) {
	n := embedded(t)
	r, err := n.Query(t.Context(), `SELECT 1 AS a, 2.50 AS b, 'x' AS c, NULL AS d, true AS e, DATE '2026-11-21' AS f,
		TIMESTAMP '2026-11-21 10:11:12.5' AS g, ARRAY[1, NULL] AS h, 1.5::float8 AS i, '\x0102'::bytea AS j`)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if !r.Next() {
		t.Fatal(r.Err())
	}
	want := []any{
		int64(1), "2.50", "x", nil, true, time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 11, 21, 10, 11, 12, 500000000, time.UTC), []any{int64(1), nil}, 1.5, []byte{1, 2},
	}
	if got := r.Values(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v\nwant %#v", got, want)
	}
	if r.Next() || r.Err() != nil || r.Tag() != "SELECT 1" {
		t.Errorf("after the last row: %v, %q", r.Err(), r.Tag())
	}
}

func TestArgumentsAreTyped(t *testing.T) {
	n := embedded(t)
	r, err := n.Query(t.Context(), "SELECT n_name, n_nationkey FROM tpch.nation WHERE n_nationkey > $1 AND n_name LIKE $2 ORDER BY 1", 20, "U%")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var got []string
	for r.Next() {
		var name string
		var key *int64
		if err := r.Scan(&name, &key); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(name, *key))
	}
	if strings.Join(got, ",") != "UNITED KINGDOM23,UNITED STATES24" || r.Err() != nil {
		t.Errorf("got %v, %v", got, r.Err())
	}
}

func TestErrorsOfStatementsHaveTheirCode(t *testing.T) {
	n := embedded(t)
	for sql, code := range map[string]sqlerr.Code{
		"SELECT nope":        sqlerr.UndefinedColumn,
		"SELECT 1; SELECT 2": sqlerr.SyntaxError,
		"SELECT 1 / (n_nationkey - n_nationkey) FROM tpch.nation": sqlerr.DivisionByZero,
	} {
		r, err := n.Query(t.Context(), sql)
		if err == nil {
			for r.Next() {
			}
			err = r.Close()
		}
		if !sqlerr.Is(err, code) {
			t.Errorf("%s: %v, want %s", sql, err, code)
		}
	}
	if _, err := n.Query(t.Context(), "SELECT $1::int", "x"); !sqlerr.Is(err, sqlerr.InvalidTextRepr) {
		t.Errorf("argument: %v", err)
	}
}

func TestClosingEarlyEndsTheStatement(t *testing.T) {
	n := embedded(t)
	r, err := n.Query(t.Context(), "SELECT * FROM tpch.sf1.lineitem")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if !r.Next() {
			t.Fatal(r.Err())
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if live := n.Coordinator().Queries().Live(); len(live) != 0 {
		t.Errorf("still running: %v", live)
	}
}

func TestCancellingTheContextEndsTheStatement(t *testing.T) {
	n := embedded(t)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := n.Query(ctx, "SELECT count(*) FROM tpch.sf10.lineitem a JOIN tpch.sf10.lineitem b ON a.l_comment = b.l_comment")
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, cancel)
	if r.Next() {
		t.Error("there was a row")
	}
	if err := r.Close(); !errors.Is(err, context.Canceled) && !sqlerr.Is(err, sqlerr.QueryCanceled) {
		t.Errorf("got %v", err)
	}
}

func TestDatabaseSQL(t *testing.T) {
	n := embedded(t)
	db, err := muster.OpenDB(n)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE memory.t AS SELECT n_nationkey AS k, n_name AS name FROM tpch.nation"); err != nil {
		t.Fatal(err)
	}
	result, err := db.ExecContext(t.Context(), "INSERT INTO memory.t VALUES ($1, $2)", 99, "nowhere")
	if err != nil {
		t.Fatal(err)
	}
	if rows, _ := result.RowsAffected(); rows != 1 {
		t.Errorf("rows affected: %d", rows)
	}
	var name string
	if err := db.QueryRowContext(t.Context(), "SELECT name FROM memory.t WHERE k = $1", 99).Scan(&name); err != nil || name != "nowhere" {
		t.Errorf("got %q, %v", name, err)
	}
}

func ExampleNode_Query() {
	node, err := muster.New(muster.Config{PG: "-", HTTP: "-", RPC: "-", Catalogs: []muster.Catalog{{Name: "tpch", URL: "tpch:?sf=0.01"}}},
		muster.Connectors(tpch.Factory()))
	if err != nil {
		panic(err)
	}
	defer node.Close()
	rows, err := node.Query(context.Background(), "SELECT r_name FROM tpch.region WHERE r_regionkey < $1 ORDER BY r_name", 2)
	if err != nil {
		panic(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			panic(err)
		}
		fmt.Println(name)
	}
	// Output:
	// AFRICA
	// AMERICA
}
