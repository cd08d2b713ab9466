package services

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func ask(t *testing.T, url, sql string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return "", err
	}
	defer c.Close(ctx)
	var out string
	err = c.QueryRow(ctx, sql).Scan(&out)
	return out, err
}

func TestPostgresHoldsTPCHAndSurvivesAFreeze(t *testing.T) {
	p := PostgresTPCH(t)
	if got, err := ask(t, p.DSN(), "SELECT count(*) || ' ' || sum(l_extendedprice) FROM lineitem"); err != nil || !strings.HasPrefix(got, "60175 ") {
		t.Fatal(got, err)
	}
	p.Freeze()
	if _, err := ask(t, p.DSN(), "SELECT 'x'"); !errors.Is(err, context.DeadlineExceeded) && !pgconn.Timeout(err) {
		t.Fatalf("a frozen server answered: %v", err)
	}
	p.Cont()
	if got, err := ask(t, p.DSN(), "SELECT 'x'"); err != nil || got != "x" {
		t.Fatal(got, err)
	}
}

func TestPostgresIsGoneAfterKillAndBackAfterRestart(t *testing.T) {
	p := Postgres(t, "work_mem=1MB")
	p.Exec(t, "postgres", "CREATE TABLE t AS SELECT 1 AS a", "CHECKPOINT")
	if got, err := ask(t, p.DSN(), "SHOW work_mem"); err != nil || got != "1MB" {
		t.Fatal(got, err)
	}
	children := append(childrenOf(p.Pid), p.Pid)
	p.Kill()
	for _, c := range children {
		if serves(c) {
			t.Errorf("process %d is left", c)
		}
	}
	if _, err := ask(t, p.DSN(), "SELECT 'x'"); err == nil {
		t.Fatal("a killed server answered")
	}
	if err := p.Restart(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got, err := ask(t, p.DSN(), "SELECT a::text FROM t"); err != nil || got != "1" {
		t.Fatal(got, err)
	}
}

// TestNoServerOutlivesItsTest runs itself as a process that starts a server
// and is killed.
func TestNoServerOutlivesItsTest(t *testing.T) {
	if os.Getenv("MUSTER_TEST_VICTIM") != "" {
		p, err := StartPostgres(context.Background(), PGOptions{})
		if err != nil {
			os.Exit(3)
		}
		os.Stdout.WriteString(p.URL("postgres") + "\n")
		select {}
	}
	if testing.Short() {
		t.Skip("needs a PostgreSQL server; not run with -short")
	}
	if _, err := postgresBin(); err != nil {
		absent(t, err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestNoServerOutlivesItsTest$")
	cmd.Env = append(os.Environ(), "MUSTER_TEST_VICTIM=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 200)
	n, _ := out.Read(line)
	if n < 2 {
		t.Fatal("the victim started no server")
	}
	url := string(line[:n-1])
	if _, err := ask(t, url, "SELECT 'x'"); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	defer func() {
		left, _ := filepath.Glob(filepath.Join(os.TempDir(), fmt.Sprintf("muster-pg-%d-*", cmd.Process.Pid)))
		for _, dir := range left {
			os.RemoveAll(dir)
		}
	}()
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if _, err := ask(t, url, "SELECT 'x'"); err != nil {
			return
		}
		if time.Since(begin) > 5*time.Second {
			t.Fatal("the server outlived its test")
		}
	}
}
