package services

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// startMax bounds how long a server may take until it answers.
const startMax = 60 * time.Second

// PGOptions says what a PostgreSQL server holds and how it is configured.
type PGOptions struct {
	TPCH     bool     // database tpch holds TPC-H SF 0.01 with its keys, analyzed
	Settings []string // name=value lines of the configuration
	Detached bool     // outlives this process; the caller stops it with StopPostgres
}

// PG is a running PostgreSQL server. User postgres may connect without a
// password from the loopback interface.
type PG struct {
	Port    int
	Pid     int
	Data    string // its folder; Data/log is what it printed
	Version string
	bin     string
	options PGOptions
	process *exec.Cmd
	exited  chan struct{} // closed when the process is gone
}

// Postgres starts a PostgreSQL server for one test.
func Postgres(t testing.TB, settings ...string) *PG {
	t.Helper()
	return startFor(t, PGOptions{Settings: settings})
}

// PostgresTPCH starts a PostgreSQL server whose database tpch holds TPC-H at
// scale factor 0.01.
func PostgresTPCH(t testing.TB, settings ...string) *PG {
	t.Helper()
	return startFor(t, PGOptions{TPCH: true, Settings: settings})
}

func startFor(t testing.TB, o PGOptions) *PG {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a PostgreSQL server; not run with -short")
	}
	p, err := StartPostgres(context.Background(), o)
	if err != nil {
		absent(t, err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(p.Data, "log"))
			t.Logf("end of the log of PostgreSQL:\n%s", tail(log, 4000))
		}
		p.Stop()
		os.RemoveAll(p.Data)
	})
	return p
}

// StartPostgres starts a server from a cached, initialised folder and returns
// when it answers queries.
func StartPostgres(ctx context.Context, o PGOptions) (*PG, error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}
	cred, err := unprivileged()
	if err != nil {
		return nil, err
	}
	template, err := postgresTemplate(ctx, bin, o.TPCH)
	if err != nil {
		return nil, err
	}
	kind := "pg"
	if o.Detached {
		kind = "pgup" // not swept when this process is gone
	}
	dir, err := scratch(kind, cred)
	if err != nil {
		return nil, err
	}
	if err := copyTree(template, filepath.Join(dir, "data"), cred); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	p := &PG{Data: dir, bin: bin, options: o}
	if err := p.start(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return p, nil
}

// start runs the server on a free port, trying others when one is taken.
func (p *PG) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startMax)
	defer cancel()
	var err error
	for range 5 {
		if p.Port, err = FreePort(); err != nil {
			return err
		}
		if err = p.run(); err != nil {
			return err
		}
		if err = p.ready(ctx); err == nil {
			return nil
		}
		p.Kill()
		if ctx.Err() != nil {
			break
		}
	}
	log, _ := os.ReadFile(filepath.Join(p.Data, "log"))
	return fmt.Errorf("start PostgreSQL: %w: %s", err, tail(log, 1000))
}

func (p *PG) run() error {
	cred, err := unprivileged()
	if err != nil {
		return err
	}
	args := []string{
		"-D", filepath.Join(p.Data, "data"), "-p", strconv.Itoa(p.Port), "-k", p.Data,
		"-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "shared_buffers=64MB", "-c", "max_connections=100", "-c", "autovacuum=off", "-c", "timezone=UTC", "-c", "log_timezone=UTC",
	}
	for _, s := range p.options.Settings {
		args = append(args, "-c", s)
	}
	log, err := os.OpenFile(filepath.Join(p.Data, "log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	p.process = exec.Command(filepath.Join(p.bin, "postgres"), args...)
	p.process.Dir = p.Data
	p.process.Stdout, p.process.Stderr = log, log
	p.process.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC"}
	p.process.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Setsid: true}
	if !p.options.Detached {
		p.process.SysProcAttr.Pdeathsig = syscall.SIGKILL // a test that panics leaves no server
	}
	if err := p.process.Start(); err != nil {
		return err
	}
	p.Pid = p.process.Process.Pid
	exited := make(chan struct{})
	p.exited = exited
	process := p.process
	go func() { // ends with the process, which Stop and Kill wait for
		_ = process.Wait()
		close(exited)
	}()
	return nil
}

// ready waits until the server that this process started answers a query.
func (p *PG) ready(ctx context.Context) error {
	for {
		c, err := pgx.Connect(ctx, p.URL("postgres"))
		if err == nil {
			var folder string
			err = c.QueryRow(ctx, "SELECT current_setting('data_directory'), current_setting('server_version')").Scan(&folder, &p.Version)
			_ = c.Close(ctx)
			if err == nil && folder != filepath.Join(p.Data, "data") {
				return fmt.Errorf("another server has port %d: %s", p.Port, folder)
			}
			if err == nil {
				return nil
			}
		}
		select {
		case <-p.exited:
			return fmt.Errorf("the server ended: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("no answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// URL is the connection string of a database for user postgres.
func (p *PG) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Host: fmt.Sprintf("127.0.0.1:%d", p.Port), Path: "/" + database}
	return u.String()
}

// DSN is the connection string of the database with TPC-H, or of postgres.
func (p *PG) DSN() string {
	if p.options.TPCH {
		return p.URL("tpch")
	}
	return p.URL("postgres")
}

// Exec runs statements in a database and fails the test on an error.
func (p *PG) Exec(t testing.TB, database string, statements ...string) {
	t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, p.URL(database))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	for _, s := range statements {
		if _, err := c.Exec(ctx, s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// Psql is the path of the psql program, or empty.
func Psql() string {
	if bin, err := postgresBin(); err == nil {
		if p := filepath.Join(bin, "psql"); executable(p) {
			return p
		}
	}
	p, _ := exec.LookPath("psql")
	return p
}

// Stop shuts the server down and waits until it is gone.
func (p *PG) Stop() { p.end(syscall.SIGINT) }

// Kill ends the server as a crash would.
func (p *PG) Kill() { p.end(syscall.SIGKILL) }

func (p *PG) end(sig syscall.Signal) {
	p.Cont()
	children := childrenOf(p.Pid)
	_ = syscall.Kill(p.Pid, sig)
	select {
	case <-p.exited:
	case <-time.After(10 * time.Second):
		_ = syscall.Kill(p.Pid, syscall.SIGKILL)
		<-p.exited
	}
	for _, c := range children { // backends end when they see that the server is gone
		for begin := time.Now(); serves(c) && time.Since(begin) < 5*time.Second; {
			time.Sleep(5 * time.Millisecond)
		}
		if serves(c) {
			_ = syscall.Kill(c, syscall.SIGKILL)
		}
	}
}

// Restart starts the server again over the same data, on a new port.
func (p *PG) Restart(ctx context.Context) error {
	_ = os.Remove(filepath.Join(p.Data, "data", "postmaster.pid"))
	return p.start(ctx)
}

// Freeze stops every process of the server: it accepts connections in the
// kernel and never answers.
func (p *PG) Freeze() { p.signalAll(syscall.SIGSTOP) }

// Cont lets a frozen server go on.
func (p *PG) Cont() { p.signalAll(syscall.SIGCONT) }

func (p *PG) signalAll(sig syscall.Signal) {
	for _, pid := range append([]int{p.Pid}, childrenOf(p.Pid)...) {
		_ = syscall.Kill(pid, sig)
	}
}

// childrenOf lists the processes whose parent is pid.
func childrenOf(pid int) []int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	var out []int
	for _, name := range stats {
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		if len(fields) > 1 && string(fields[1]) == strconv.Itoa(pid) {
			if child, err := strconv.Atoi(filepath.Base(filepath.Dir(name))); err == nil {
				out = append(out, child)
			}
		}
	}
	return out
}

// serves reports whether pid is still a process of a PostgreSQL server.
func serves(pid int) bool {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return err == nil && strings.HasPrefix(string(name), "postgres")
}

// StopPostgres ends a detached server by the pid and folder that it had.
func StopPostgres(pid int, data string) error {
	if serves(pid) {
		p := &PG{Pid: pid}
		p.Cont()
		_ = syscall.Kill(pid, syscall.SIGINT)
		for begin := time.Now(); serves(pid); time.Sleep(10 * time.Millisecond) {
			if time.Since(begin) > 10*time.Second {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}
	return os.RemoveAll(data)
}

// postgresBin finds the newest installed server, or installs Debian's.
func postgresBin() (string, error) {
	if dir := os.Getenv("MUSTER_PG_BIN"); dir != "" {
		return dir, nil
	}
	if dir := installedPostgres(); dir != "" {
		return dir, nil
	}
	err := install(func() bool { return installedPostgres() != "" }, "postgresql", "postgresql-contrib")
	if err != nil {
		return "", err
	}
	if dir := installedPostgres(); dir != "" {
		return dir, nil
	}
	return "", fmt.Errorf("%w: PostgreSQL", ErrUnavailable)
}

func installedPostgres() string {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	sort.Slice(dirs, func(i, j int) bool {
		return filepath.Base(filepath.Dir(dirs[i])) > filepath.Base(filepath.Dir(dirs[j]))
	})
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	for _, dir := range dirs {
		if executable(filepath.Join(dir, "postgres")) && executable(filepath.Join(dir, "initdb")) {
			return dir
		}
	}
	return ""
}

func executable(name string) bool {
	s, err := os.Stat(name)
	return err == nil && s.Mode().IsRegular() && s.Mode()&0o111 != 0
}
