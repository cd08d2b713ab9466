package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/tests/services"
)

// running counts the statements of this engine that run in a database.
func running(t testing.TB, pg *services.PG, db string) int {
	t.Helper()
	c := dialPG(t, pg.URL("postgres"))
	n := 0
	err := c.QueryRow(context.Background(), "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND application_name = 'muster' AND state = 'active'", db).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close(context.Background())
	return n
}

func connected(t testing.TB, pg *services.PG, db string) int {
	t.Helper()
	c := dialPG(t, pg.URL("postgres"))
	n := 0
	if err := c.QueryRow(context.Background(), "SELECT count(*) FROM pg_stat_activity WHERE datname = $1", db).Scan(&n); err != nil {
		t.Fatal(err)
	}
	_ = c.Close(context.Background())
	return n
}

func eventually(t testing.TB, within time.Duration, what string, is func() bool) {
	t.Helper()
	for begin := time.Now(); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > within {
			t.Fatalf("not within %s: %s", within, what)
		}
	}
}

func TestACancelledStatementEndsOnTheServerWithinASecond(t *testing.T) {
	pg, db := database(t, "CREATE VIEW slow AS SELECT pg_sleep(60)::text AS s", "CREATE VIEW many AS SELECT generate_series(1, 20000000) AS i, repeat('x', 200) AS x")
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	k := attach(t, pg.URL(db), nil)
	for _, view := range []string{"slow", "many"} {
		scan := scanOf(find(t, k, "public", view))
		scan.Snapshot = held(t, k, scan.Table)
		ctx, cancel := context.WithCancelCause(context.Background())
		list, err := allSplits(ctx, k, scan)
		if err != nil {
			t.Fatal(err)
		}
		src, err := k.Open(ctx, session(), scan, list[0], spi.OpenEnv{Pool: newPool(t)})
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, 5*time.Second, "the statement runs", func() bool { return running(t, pg, db) > 0 })
		cause := sqlerr.New(sqlerr.QueryCanceled, "canceled by the test")
		time.AfterFunc(50*time.Millisecond, func() { cancel(cause) })
		for err == nil {
			p, nerr := src.Next(ctx)
			p.Release()
			err = nerr
		}
		if !errors.Is(err, cause) {
			t.Errorf("%s: %v", view, err)
		}
		if err := src.Close(); err != nil {
			t.Error(err)
		}
		eventually(t, endMax, "statement of "+view+" has ended on the server", func() bool { return running(t, pg, db) == 0 })
		_ = k.Release(context.Background(), scan.Snapshot)
	}
	_ = k.Close()
	eventually(t, 5*time.Second, "all connections are closed", func() bool { return connected(t, pg, db) == 0 })
}

func TestAScanThatIsClosedEarlyEndsOnTheServer(t *testing.T) {
	pg, db := database(t, "CREATE VIEW many AS SELECT generate_series(1, 20000000) AS i")
	k := attach(t, pg.URL(db), nil)
	scan := scanOf(find(t, k, "public", "many"))
	list, _ := allSplits(context.Background(), k, scan)
	src, err := k.Open(context.Background(), session(), scan, list[0], spi.OpenEnv{Pool: newPool(t)})
	if err != nil {
		t.Fatal(err)
	}
	p, err := src.Next(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	p.Release()
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, endMax, "the statement has ended on the server", func() bool { return running(t, pg, db) == 0 })
}

func TestAServerThatDiesIsOneErrorAndTheNextQueryFindsItAgain(t *testing.T) {
	pg := services.Postgres(t)
	pg.Exec(t, "postgres", "CREATE TABLE t AS SELECT i, repeat('x', 100) AS x FROM generate_series(1, 300000) i")
	k := attach(t, pg.URL("postgres"), nil)
	scan := scanOf(find(t, k, "public", "t"))
	scan.Snapshot = held(t, k, scan.Table)
	list, _ := allSplits(context.Background(), k, scan)
	src, err := k.Open(context.Background(), session(), scan, list[0], spi.OpenEnv{Pool: newPool(t)})
	if err != nil {
		t.Fatal(err)
	}
	p, err := src.Next(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	p.Release()
	pg.Kill()
	for err == nil {
		p, nerr := src.Next(context.Background())
		p.Release()
		err = nerr
	}
	if sqlerr.KindOf(err) != sqlerr.External {
		t.Errorf("a dead server is %v (%s)", err, sqlerr.CodeOf(err))
	}
	begin := time.Now()
	_ = src.Close()
	_ = k.Release(context.Background(), scan.Snapshot)
	_, err = k.Tables(context.Background(), session(), "public")
	if !sqlerr.Is(err, sqlerr.ConnectionUnable) || !strings.Contains(err.Error(), "cannot connect to PostgreSQL at 127.0.0.1") {
		t.Errorf("connecting to a dead server: %v", err)
	}
	if d := time.Since(begin); d > 3*time.Second {
		t.Errorf("it took %s", d)
	}
}

func TestAServerThatRestartsIsFoundByIdleConnections(t *testing.T) {
	pg := services.Postgres(t)
	pg.Exec(t, "postgres", "CREATE TABLE t AS SELECT 1 AS i")
	k := attach(t, pg.URL("postgres"), nil)
	find(t, k, "public", "t")
	if k.pool.Kept() != 1 {
		t.Fatalf("%d idle connections", k.pool.Kept())
	}
	c := dialPG(t, pg.URL("postgres"))
	if _, err := c.Exec(context.Background(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'muster'"); err != nil {
		t.Fatal(err)
	}
	eventually(t, 5*time.Second, "the backend has gone", func() bool { return connected(t, pg, "postgres") == 1+1 || connected(t, pg, "postgres") == 2 })
	find(t, k, "public", "t") // the dead connection is not used
}

func TestAServerThatStopsAnsweringIsFound(t *testing.T) {
	pg := services.Postgres(t)
	pg.Exec(t, "postgres", "CREATE VIEW slow AS SELECT pg_sleep(60)::text AS s")
	k := attach(t, pg.URL("postgres"), spi.Config{optionSilence: "300ms", optionConnect: "500ms"})
	scan := scanOf(find(t, k, "public", "slow"))
	list, _ := allSplits(context.Background(), k, scan)
	start := func() spi.PageSource {
		src, err := k.Open(context.Background(), session(), scan, list[0], spi.OpenEnv{Pool: newPool(t)})
		if err != nil {
			t.Fatal(err)
		}
		return src
	}
	// A server that works silently is let be.
	src := start()
	ctx, stop := context.WithTimeout(context.Background(), 1500*time.Millisecond)
	if _, err := src.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a statement that is slow ended with %v", err)
	}
	stop()
	_ = src.Close()

	src = start()
	pg.Freeze()
	defer pg.Cont()
	begin := time.Now()
	_, err := src.Next(context.Background())
	if !sqlerr.Is(err, sqlerr.ConnectionFailure) || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("a frozen server: %v", err)
	}
	_ = src.Close()
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("it took %s to find out", d)
	}
	begin = time.Now()
	_, err = k.Schemas(context.Background(), session())
	if !sqlerr.Is(err, sqlerr.ConnectionUnable) && !sqlerr.Is(err, sqlerr.ConnectionFailure) {
		t.Errorf("a new statement of a frozen server: %v", err)
	}
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("it took %s to find out that it cannot connect", d)
	}
	ctx, stop = context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer stop()
	begin = time.Now()
	if _, err := k.Schemas(ctx, session()); err == nil {
		t.Error("a frozen server answered")
	}
	if d := time.Since(begin); d > 2*time.Second {
		t.Errorf("a deadline of 200ms took %s", d)
	}
	pg.Cont()
	eventually(t, 10*time.Second, "the server is found again", func() bool {
		_, err := k.Schemas(context.Background(), session())
		return err == nil
	})
}

func TestConnectionsAreBounded(t *testing.T) {
	pg, db := database(t, "CREATE VIEW slow AS SELECT pg_sleep(60)::text AS s")
	k := attach(t, pg.URL(db), spi.Config{optionConnections: "1", optionWait: "200ms"})
	scan := scanOf(find(t, k, "public", "slow"))
	list, _ := allSplits(context.Background(), k, scan)
	src, err := k.Open(context.Background(), session(), scan, list[0], spi.OpenEnv{Pool: newPool(t)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = k.Open(context.Background(), session(), scan, list[0], spi.OpenEnv{Pool: newPool(t)})
	if !sqlerr.Is(err, sqlerr.TooManyConnections) || !strings.Contains(fmt.Sprint(sqlerr.As(err).Hint), optionConnections) {
		t.Errorf("a second connection: %v", err)
	}
	_ = src.Close()
	if _, err := k.Schemas(context.Background(), session()); err != nil {
		t.Error(err)
	}
}

func TestStatementTimeoutIsAnErrorOfTheSource(t *testing.T) {
	pg, db := database(t, "CREATE VIEW slow AS SELECT pg_sleep(60)::text AS s")
	k := attach(t, pg.URL(db), spi.Config{optionStatement: "1"})
	_, err := readScan(context.Background(), t, k, scanOf(find(t, k, "public", "slow")), nil)
	if !sqlerr.Is(err, sqlerr.QueryCanceled) || !strings.Contains(err.Error(), "statement timeout") {
		t.Errorf("got %v", err)
	}
}

func TestQueriesAreNamedOnTheServer(t *testing.T) {
	pg, db := database(t, "CREATE VIEW mine AS SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()")
	k := attach(t, pg.URL(db), nil)
	s := session()
	s.QueryID = "q1 */ DROP TABLE x; /* é"
	scan := scanOf(find(t, k, "public", "mine"))
	list, _ := allSplits(context.Background(), k, scan)
	src, err := k.Open(context.Background(), s, scan, list[0], spi.OpenEnv{Pool: newPool(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	rows, err := drain(context.Background(), src, scan.Types())
	if err != nil || len(rows) != 1 || !strings.HasPrefix(rows[0][0].S, "/* muster q1DROPTABLEx */ SELECT") {
		t.Errorf("%v %v", rows, err)
	}
}

// endMax is a second, and another one for a busy machine.
const endMax = 2 * time.Second
