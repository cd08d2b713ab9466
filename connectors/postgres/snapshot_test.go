package postgres

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

func dialPG(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

func held(t testing.TB, k *connector, names ...spi.Name) spi.Snapshot {
	t.Helper()
	snap, err := k.Snapshot(context.Background(), session(), spi.Snapshot{}, names)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Release(context.Background(), snap) })
	return snap
}

// A writer moves money between accounts all the time: only a sum of one moment
// is right.
func TestSplitsInParallelShowOneMomentWhileAWriterChangesTheTable(t *testing.T) {
	pg, db := database(t, "CREATE TABLE account (id int PRIMARY KEY, balance bigint, filler text)",
		"INSERT INTO account SELECT i, 100, repeat('x', 500) FROM generate_series(1, 4000) i", "ANALYZE account")
	k := attach(t, pg.URL(db), spi.Config{optionMinSplit: "4"})
	stop := make(chan struct{})
	var writer sync.WaitGroup
	c := dialPG(t, pg.URL(db))
	moved := 0
	writer.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			_, err := c.Exec(context.Background(), `UPDATE account SET balance = balance + CASE WHEN id = $1 THEN -7 ELSE 7 END WHERE id IN ($1, $2)`, 1+i*31%4000, 1+(i*31+2000)%4000)
			if err != nil {
				t.Error(err)
				return
			}
			moved++
		}
	})
	time.Sleep(50 * time.Millisecond)
	name := spi.Name{Schema: "public", Table: "account"}
	for round := range 5 {
		scan := scanOf(find(t, k, "public", "account"))
		scan.Snapshot = held(t, k, name)
		var sums [2]int64
		for pass := range sums { // a self-join reads the table twice
			list, err := allSplits(context.Background(), k, scan)
			if err != nil {
				t.Fatal(err)
			}
			if len(list) < 2 {
				t.Fatalf("%d splits", len(list))
			}
			sums[pass] = sumSplits(t, k, scan, list)
			time.Sleep(20 * time.Millisecond)
		}
		if sums[0] != 400_000 || sums[1] != 400_000 {
			t.Errorf("round %d: sums are %v, want 400000 twice", round, sums)
		}
	}
	close(stop)
	writer.Wait()
	if moved == 0 {
		t.Error("the writer did nothing")
	}
}

func sumSplits(t *testing.T, k *connector, scan spi.Scan, list []spi.Split) int64 {
	t.Helper()
	sums := make([]int64, len(list))
	rows := make([]int, len(list))
	var all sync.WaitGroup
	for i, s := range list {
		all.Go(func() {
			src, err := k.Open(context.Background(), session(), scan, s, spi.OpenEnv{Pool: newPool(t)})
			if err != nil {
				t.Error(err)
				return
			}
			defer src.Close()
			got, err := drain(context.Background(), src, scan.Types())
			if err != nil {
				t.Error(err)
			}
			rows[i] = len(got)
			for _, r := range got {
				sums[i] += r[1].I
			}
		})
	}
	all.Wait()
	sum, n := int64(0), 0
	for i := range sums {
		sum, n = sum+sums[i], n+rows[i]
	}
	if n != 4000 {
		t.Errorf("%d rows, want 4000", n)
	}
	return sum
}

func TestATableIsNotTruncatedUnderASnapshot(t *testing.T) {
	pg, db := database(t, "CREATE TABLE t AS SELECT i FROM generate_series(1, 10) i", "CREATE VIEW v AS SELECT * FROM t",
		"CREATE TABLE p (i int) PARTITION BY RANGE (i)", "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100)", "INSERT INTO p SELECT 1")
	k := attach(t, pg.URL(db), nil)
	c := dialPG(t, pg.URL(db))
	ctx := context.Background()
	if _, err := c.Exec(ctx, "SET lock_timeout = '100ms'"); err != nil {
		t.Fatal(err)
	}
	for _, n := range []struct{ read, truncate string }{{"t", "t"}, {"v", "t"}, {"p", "p1"}} {
		snap, err := k.Snapshot(ctx, session(), spi.Snapshot{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if snap, err = k.Snapshot(ctx, session(), snap, []spi.Name{{Schema: "public", Table: n.read}}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Exec(ctx, "TRUNCATE "+n.truncate); err == nil {
			t.Errorf("%s was truncated while a snapshot of %s was held", n.truncate, n.read)
		}
		scan := scanOf(find(t, k, "public", n.read))
		scan.Snapshot = snap
		if rows := readAll(t, k, scan); len(rows) == 0 {
			t.Errorf("%s is empty under its snapshot", n.read)
		}
		if err := k.Release(ctx, snap); err != nil {
			t.Fatal(err)
		}
	}
	// A table that was rewritten between the snapshot and its first use.
	snap := held(t, k)
	if _, err := c.Exec(ctx, "TRUNCATE t"); err != nil {
		t.Fatal(err)
	}
	_, err := k.Snapshot(ctx, session(), snap, []spi.Name{{Schema: "public", Table: "t"}})
	if !sqlerr.Is(err, sqlerr.SerializationFailure) || !strings.Contains(err.Error(), "t") {
		t.Errorf("a truncated table was taken into a snapshot: %v", err)
	}
}

func TestASnapshotWhoseTransactionEndedIsOneClearError(t *testing.T) {
	pg, db := database(t, "CREATE TABLE t AS SELECT i FROM generate_series(1, 10) i")
	k := attach(t, pg.URL(db), nil)
	scan := scanOf(find(t, k, "public", "t"))
	scan.Snapshot = held(t, k, scan.Table)
	h := k.holder(scan.Snapshot.ID)
	pg.Exec(t, "postgres", fmt.Sprintf("SELECT pg_terminate_backend(%d)", h.lease.Conn.pid))
	deadline := time.Now().Add(5 * time.Second)
	for {
		_, err := readScan(context.Background(), t, k, scan, nil)
		if sqlerr.Is(err, sqlerr.SnapshotTooOld) {
			if !strings.Contains(err.Error(), "snapshot is gone") {
				t.Error(err)
			}
			break
		}
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("got %v", err)
		}
	}
	if err := k.Release(context.Background(), scan.Snapshot); err != nil {
		t.Error(err)
	}
	scan.Snapshot = held(t, k, scan.Table)
	if rows := readAll(t, k, scan); len(rows) != 10 {
		t.Errorf("%d rows under the next snapshot", len(rows))
	}
}

func TestWithoutASnapshotATableIsReadByOneStatement(t *testing.T) {
	pg, db := database(t, "CREATE TABLE t AS SELECT i FROM generate_series(1, 10) i")
	k := attach(t, pg.URL(db), spi.Config{optionMinSplit: "3"})
	scan := scanOf(find(t, k, "public", "t"))
	list, err := allSplits(context.Background(), k, scan)
	if err != nil || len(list) != 1 {
		t.Errorf("%d splits, %v", len(list), err)
	}
	scan.Snapshot = spi.Snapshot{ID: "x", Kind: spi.SnapshotHeld, Private: []byte("1'; DROP TABLE t; --")}
	if _, err := readScan(context.Background(), t, k, scan, nil); err == nil {
		t.Error("a forged snapshot was imported")
	}
	scan.Snapshot = spi.Snapshot{}
	if rows := readAll(t, k, scan); len(rows) != 10 {
		t.Errorf("%d rows", len(rows))
	}
}

func TestTypesWithoutAKindHereAreReadAsTextAndNamed(t *testing.T) {
	pg, db := database(t, "CREATE TYPE mood AS ENUM ('sad', 'ok')", "CREATE DOMAIN short AS varchar(3) CHECK (value <> 'no')", "CREATE DOMAIN d2 AS short",
		"CREATE TYPE pair AS (a int, b text)",
		`CREATE TABLE t AS SELECT 'ok'::mood AS m, ARRAY['ok', NULL, 'sad']::mood[] AS ms, 'abc'::d2 AS d, '10.1.2.3/8'::inet AS ip, int4range(1, 5) AS r,
 (1, 'x y')::pair AS p, '12.30'::money AS cash, B'101' AS bits, point(1, 2) AS pt, 'a & b'::tsquery AS q, 'pg_class'::regclass AS rc, 'infinity'::date AS inf, '(1,2)'::tid AS tid`)
	k := attach(t, pg.URL(db), nil)
	table := find(t, k, "public", "t")
	row := readAll(t, k, scanOf(table))[0]
	want := []string{"ok", "{ok,NULL,sad}", "abc", "10.1.2.3/8", "[1,5)", `(1,"x y")`, "$12.30", "101", "(1,2)", "'a' & 'b'", "pg_catalog.pg_class", "infinity", "(1,2)"}
	for i, w := range want {
		c := table.Columns[i]
		got := types.FormatText(c.Type, row[i], nil)
		if got != w && "pg_catalog."+got != w {
			t.Errorf("%s: %s, want %s", c.Name, got, w)
		}
		if shown := c.Comment != ""; shown != (c.Name != "d" && c.Name != "inf") {
			t.Errorf("column %s %s is commented %q", c.Name, c.Type, c.Comment)
		}
	}
	if k := table.Columns[2].Type; k.Kind != types.Varchar || k.P != 3 {
		t.Errorf("a domain over varchar(3) is %s", k)
	}
}
