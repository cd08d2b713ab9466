// Package trouble does what users, sources and networks do wrong to a running
// server and checks that each gives one clear error, that the next query works
// and that nothing is left behind: no goroutine, file or connection.
package trouble

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/muster-sql/muster/tests/harness"
	"github.com/muster-sql/muster/tests/services"
)

// shapes are the clusters that every test runs on.
var shapes = map[string]int{"one process": 0, "two workers": 2}

func eachShape(t *testing.T, attach []string, do func(t *testing.T, c *harness.Cluster)) {
	t.Helper()
	for name, workers := range shapes {
		t.Run(name, func(t *testing.T) {
			c := harness.Start(t, harness.Options{Workers: workers, Attach: append([]string{"tpch=tpch:?sf=0.1", "memory=memory:"}, attach...)})
			warm(t, c)
			before := take(t, c)
			do(t, c)
			before.isBack(t, c)
		})
	}
}

// warm runs one query, so that what is made once is there before counting.
func warm(t *testing.T, c *harness.Cluster) {
	t.Helper()
	if got := one(t, c, "SELECT count(*) FROM lineitem JOIN orders ON l_orderkey = o_orderkey"); got == "0" {
		t.Fatal("no rows")
	}
}

// one asks a query of one value on a connection of its own.
func one(t *testing.T, c *harness.Cluster, sql string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.URL("tpch"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var v any
	if err := conn.QueryRow(ctx, sql).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return fmt.Sprint(v)
}

// counts is what every process of a cluster has open.
type counts struct{ goroutines, files []int }

func take(t *testing.T, c *harness.Cluster) counts {
	t.Helper()
	var out counts
	for _, n := range c.Nodes {
		g, _ := n.Goroutines(t)
		out.goroutines = append(out.goroutines, g)
		out.files = append(out.files, n.FDs(t))
	}
	return out
}

// isBack waits until every process has no more open than before, but for what
// the debug endpoint itself holds.
func (before counts) isBack(t *testing.T, c *harness.Cluster) {
	t.Helper()
	const slack = 4
	var now counts
	for begin := time.Now(); time.Since(begin) < 10*time.Second; time.Sleep(100 * time.Millisecond) {
		now = take(t, c)
		more := false
		for i := range c.Nodes {
			more = more || now.goroutines[i] > before.goroutines[i]+slack || now.files[i] > before.files[i]+slack
		}
		if !more {
			return
		}
	}
	t.Errorf("left behind: before %+v, now %+v", before, now)
	for i, n := range c.Nodes {
		if now.goroutines[i] > before.goroutines[i]+slack {
			t.Logf("goroutines of %s:\n%s", n.Name, n.Stacks())
		}
	}
}

func TestWrongStatementsGiveOneClearError(t *testing.T) {
	eachShape(t, nil, func(t *testing.T, c *harness.Cluster) {
		conn := c.Connect(t, "tpch")
		defer conn.Close(context.Background())
		for _, w := range []struct{ sql, code, says string }{
			{"SELECT * FROM lineitm", "42P01", "lineitem"},
			{"SELECT l_orderky FROM lineitem", "42703", "l_orderkey"},
			{"SELECT uper(l_comment) FROM lineitem", "42883", "uper"},
			{"SELECT l_orderkey + true FROM lineitem", "42883", "operator"},
			{"SELECT l_comment::int FROM lineitem", "22P02", "integer"},
			{"SELECT l_quantity / 0 FROM lineitem", "22012", "division by zero"},
			{"SELECT l_orderkey / (l_linenumber - l_linenumber) FROM lineitem", "22012", "division by zero"},
			{"SELECT l_orderkey * 9223372036854775807 FROM lineitem WHERE l_orderkey > 1", "22003", "out of range"},
			{"SELECT (SELECT l_orderkey FROM lineitem)", "21000", "more than one row"},
			{"SELECT FROM WHERE", "42601", "syntax"},
			{"SELECT * FROM nowhere.nothing.at_all", "", "nowhere"},
		} {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			_, err := conn.Exec(ctx, w.sql)
			cancel()
			var refused *pgconn.PgError
			if !errors.As(err, &refused) {
				t.Errorf("%s: %v", w.sql, err)
				continue
			}
			if text := refused.Message + " " + refused.Hint + " " + refused.Detail; w.code != "" && refused.Code != w.code || !strings.Contains(text, w.says) {
				t.Errorf("%s: expected %s %q, got %s %q", w.sql, w.code, w.says, refused.Code, text)
			}
			if class := refused.Code[:2]; class == "42" && refused.Position == 0 {
				t.Errorf("%s: the error has no position", w.sql)
			}
			var n int
			if err := conn.QueryRow(context.Background(), "SELECT 1").Scan(&n); err != nil || n != 1 {
				t.Fatalf("after %s: %v", w.sql, err)
			}
		}
	})
}

func TestAnUnreachableSourceFailsItsOwnQueriesOnly(t *testing.T) {
	port, err := services.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	eachShape(t, []string{fmt.Sprintf("gone=postgres://postgres@127.0.0.1:%d/postgres", port)}, func(t *testing.T, c *harness.Cluster) {
		conn := c.Connect(t, "tpch")
		defer conn.Close(context.Background())
		begin := time.Now()
		_, err := conn.Exec(context.Background(), "SELECT * FROM gone.public.t")
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || refused.Code[:2] != "08" && refused.Code[:2] != "HV" {
			t.Errorf("%v", err)
		}
		if took := time.Since(begin); took > 30*time.Second {
			t.Errorf("took %v", took)
		}
		if got := one(t, c, "SELECT count(*) FROM nation"); got != "25" {
			t.Errorf("%s nations", got)
		}
	})
}

func TestAFrozenSourceIsGivenUp(t *testing.T) {
	p := services.PostgresTPCH(t)
	eachShape(t, []string{"pg=" + p.DSN()}, func(t *testing.T, c *harness.Cluster) {
		if got := one(t, c, "SELECT count(*) FROM pg.public.nation"); got != "25" {
			t.Fatalf("%s nations", got)
		}
		p.Freeze()
		defer p.Cont()
		conn := c.Connect(t, "tpch")
		defer conn.Close(context.Background())
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := conn.Exec(ctx, "SELECT sum(s_acctbal) FROM pg.public.supplier"); err == nil {
			t.Error("a frozen server answered")
		}
		if got := one(t, c, "SELECT count(*) FROM nation"); got != "25" {
			t.Errorf("%s nations", got)
		}
	})
}

// large has more rows than buffers between scan and client hold.
const large = "SELECT l.*, o.* FROM lineitem AS l JOIN orders AS o ON l_orderkey = o_orderkey"

func TestACancelledQueryEndsEverywhere(t *testing.T) {
	eachShape(t, nil, func(t *testing.T, c *harness.Cluster) {
		conn := c.Connect(t, "tpch")
		defer conn.Close(context.Background())
		done := make(chan error, 1)
		go func() {
			_, err := conn.Exec(context.Background(), "SELECT count(*) FROM lineitem AS a, lineitem AS b WHERE a.l_comment < b.l_comment")
			done <- err
		}()
		time.Sleep(500 * time.Millisecond)
		begin := time.Now()
		if err := conn.PgConn().CancelRequest(context.Background()); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-done:
			var refused *pgconn.PgError
			if !errors.As(err, &refused) || refused.Code != "57014" {
				t.Errorf("cancelled: %v", err)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("the query runs on after cancel")
		}
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("cancel took %v", took)
		}
	})
}

// openAndRead sends a query and reads the first bytes of its answer.
func openAndRead(t *testing.T, c *harness.Cluster, sql string) net.Conn {
	t.Helper()
	conn, err := pgconn.Connect(context.Background(), c.URL("tpch"))
	if err != nil {
		t.Fatal(err)
	}
	h, err := conn.Hijack()
	if err != nil {
		t.Fatal(err)
	}
	msg := append([]byte{'Q', 0, 0, 0, byte(len(sql) + 5)}, sql...)
	if _, err := h.Conn.Write(append(msg, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Conn.Read(make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	return h.Conn
}

func TestAClientThatIsGoneEndsItsQuery(t *testing.T) {
	eachShape(t, nil, func(t *testing.T, c *harness.Cluster) {
		for range 5 {
			_ = openAndRead(t, c, large).Close()
		}
	})
}

func TestAClientThatReadsSlowlyStopsTheScanWithMemoryFlat(t *testing.T) {
	eachShape(t, nil, func(t *testing.T, c *harness.Cluster) {
		conn := openAndRead(t, c, large)
		defer conn.Close()
		time.Sleep(time.Second)
		memory, processor := usage(t, c)
		time.Sleep(3 * time.Second)
		laterMemory, laterProcessor := usage(t, c)
		if grown := laterMemory - memory; grown > 64<<20 {
			t.Errorf("memory grew by %d MiB while nobody read", grown>>20)
		}
		if used := laterProcessor - processor; used > 1.5 {
			t.Errorf("%.1f seconds of processor time while nobody read", used)
		}
	})
}

func usage(t *testing.T, c *harness.Cluster) (memory int64, processor float64) {
	t.Helper()
	for _, n := range c.Nodes {
		memory += n.RSSBytes(t)
		processor += n.CPUSeconds()
	}
	return memory, processor
}

func TestASmallLimitEndsALargeScanEarly(t *testing.T) {
	eachShape(t, nil, func(t *testing.T, c *harness.Cluster) {
		conn := c.Connect(t, "tpch")
		defer conn.Close(context.Background())
		_, before := usage(t, c)
		for range 20 {
			rows, err := conn.Query(context.Background(), "SELECT l_orderkey FROM sf10.lineitem LIMIT 10")
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for rows.Next() {
				n++
			}
			if rows.Err() != nil || n != 10 {
				t.Fatalf("%d rows: %v", n, rows.Err())
			}
		}
		if _, after := usage(t, c); after-before > 10 {
			t.Errorf("20 queries with LIMIT 10 used %.1f seconds of processor time", after-before)
		}
	})
}

func TestStartIsFastAndIdleIsSmall(t *testing.T) {
	if !testing.Short() {
		if _, err := harness.Bin(); err != nil {
			t.Fatal(err)
		}
	}
	begin := time.Now()
	c := harness.Start(t, harness.Options{Attach: []string{"tpch=tpch:?sf=0.01"}})
	if got := one(t, c, "SELECT count(*) FROM nation"); got != "25" {
		t.Fatal(got)
	}
	took := time.Since(begin)
	t.Logf("counts: start to first answer %v, resident %d MiB", took.Round(time.Millisecond), c.Coordinator().RSSBytes(t)>>20)
	if took > 5*time.Second {
		t.Errorf("start to first answer took %v", took)
	}
	if rss := c.Coordinator().RSSBytes(t); rss > 120<<20 {
		t.Errorf("an idle server holds %d MiB", rss>>20)
	}
}
