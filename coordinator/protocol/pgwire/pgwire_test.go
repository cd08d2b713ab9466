package pgwire

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/plan"
)

func connect(t testing.TB, addr, more string) *pgx.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, "postgres://me@"+addr+"/tpch?sslmode=disable"+more)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}

func TestRowsComeBackInEveryMode(t *testing.T) {
	_, addr := start(t, &source{}, nil)
	for _, mode := range []pgx.QueryExecMode{
		pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec,
		pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
	} {
		t.Run(mode.String(), func(t *testing.T) {
			c := connect(t, addr, "")
			for range 3 {
				rows, err := c.Query(context.Background(), "SELECT generate_series(2500)", mode)
				if err != nil {
					t.Fatal(err)
				}
				got, err := pgx.CollectRows(rows, pgx.RowTo[int64])
				if err != nil || len(got) != 2500 || got[2499] != 2500 {
					t.Fatalf("%d rows: %v", len(got), err)
				}
			}
			var s string
			if err := c.QueryRow(context.Background(), "SELECT $1", mode, "héllo").Scan(&s); err != nil || s != "héllo" {
				t.Errorf("%q: %v", s, err)
			}
		})
	}
}

func TestErrorsHavePositionsInCharacters(t *testing.T) {
	_, addr := start(t, &source{}, nil)
	c := connect(t, addr, "")
	for _, w := range []struct {
		sql, code string
		position  int32
	}{
		{"SELECT 'é', nothing", "42703", 13},
		{"SELECT 'é' 1", "42601", 12},
		{"SELECT 1; SELECT nothing", "42703", 18},
	} {
		_, err := c.Exec(context.Background(), w.sql, pgx.QueryExecModeSimpleProtocol)
		var e *pgconn.PgError
		if !errors.As(err, &e) || e.Code != w.code || e.Position != w.position {
			t.Errorf("%s: %+v", w.sql, err)
		}
	}
}

func TestAStatementIsCancelled(t *testing.T) {
	r := &source{}
	_, addr := start(t, r, nil)
	for _, protocol := range []string{"3.0", "3.2"} {
		t.Run("by the client over "+protocol, func(t *testing.T) {
			c := connect(t, addr, "&max_protocol_version="+protocol)
			done := make(chan error, 1)
			go func() {
				_, err := c.Exec(context.Background(), "SELECT pg_sleep(60)")
				done <- err
			}()
			time.Sleep(100 * time.Millisecond)
			begin := time.Now()
			if err := c.PgConn().CancelRequest(context.Background()); err != nil {
				t.Fatal(err)
			}
			if err := <-done; code(err) != "57014" {
				t.Errorf("%v", err)
			}
			if took := time.Since(begin); took > time.Second {
				t.Errorf("took %v", took)
			}
			if _, err := c.Exec(context.Background(), "SELECT 1"); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("by statement_timeout", func(t *testing.T) {
		c := connect(t, addr, "&statement_timeout=150")
		begin := time.Now()
		_, err := c.Exec(context.Background(), "SELECT pg_sleep(60)")
		if took := time.Since(begin); code(err) != "57014" || took < 100*time.Millisecond || took > time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
	t.Run("because the client is gone", func(t *testing.T) {
		c := connect(t, addr, "")
		h, err := c.PgConn().Hijack()
		if err != nil {
			t.Fatal(err)
		}
		before := r.cancelled.Load()
		msg := append([]byte{'Q', 0, 0, 0, 24}, "SELECT pg_sleep(60)\x00"...)
		if _, err := h.Conn.Write(msg); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
		_ = h.Conn.Close()
		for begin := time.Now(); r.cancelled.Load() == before; time.Sleep(10 * time.Millisecond) {
			if time.Since(begin) > time.Second {
				t.Fatal("the statement runs on")
			}
		}
	})
}

func TestAPanicEndsTheConnectionOnly(t *testing.T) {
	_, addr := start(t, &source{}, nil)
	c := connect(t, addr, "")
	if _, err := c.Exec(context.Background(), "SELECT panic(1)"); code(err) != "XX000" {
		t.Errorf("%v", err)
	}
	if _, err := connect(t, addr, "").Exec(context.Background(), "SELECT 1"); err != nil {
		t.Error(err)
	}
}

func TestPsqlConnects(t *testing.T) {
	psql, err := exec.LookPath("psql")
	if err != nil {
		t.Skip("psql is not installed: its start-up is not tested")
	}
	r := &source{table: &table{cols: []plan.Column{{Name: "a", Type: types.Of(types.Int32)}, {Name: "b", Type: types.Of(types.Text)}},
		rows: [][]types.Value{{types.IntValue(1), types.StringValue("x")}, {types.NullValue, types.NullValue}}}}
	_, addr := start(t, r, nil)
	cmd := exec.Command(psql, "-X", "-A", "-t", "postgres://me@"+addr+"/tpch", "-c", `\conninfo`, "-c", "select * from t; select 2", "-c", `\timing`, "-c", ";")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
