package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/tests/services"
)

// shared is the server of all tests of the package that do not harm it.
var shared struct {
	sync.Once
	pg  *services.PG
	err error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.pg != nil {
		shared.pg.Stop()
		os.RemoveAll(shared.pg.Data)
	}
	os.Exit(code)
}

// database returns the shared server and a fresh database of it.
func database(t testing.TB, statements ...string) (*services.PG, string) {
	t.Helper()
	return databaseWith(t, "", statements...)
}

// databaseWith makes the database with options of CREATE DATABASE.
func databaseWith(t testing.TB, options string, statements ...string) (*services.PG, string) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a PostgreSQL server; not run with -short")
	}
	shared.Do(func() { shared.pg, shared.err = services.StartPostgres(context.Background(), services.PGOptions{}) })
	if shared.err != nil {
		if errors.Is(shared.err, services.ErrUnavailable) && os.Getenv("CI") == "" {
			fmt.Printf("LOUD skip of %s: %v\n", t.Name(), shared.err)
			t.Skip(shared.err)
		}
		t.Fatal(shared.err)
	}
	name := fmt.Sprintf("t%d", databases.Add(1))
	shared.pg.Exec(t, "postgres", "CREATE DATABASE "+name+" "+options)
	if len(statements) > 0 {
		shared.pg.Exec(t, name, statements...)
	}
	return shared.pg, name
}

var databases atomic.Int64

// countingPool fails the test that leaks.
type countingPool struct{ held atomic.Int64 }

func (p *countingPool) Alloc(n int) (*page.Buffer, error) {
	p.held.Add(int64(page.BufferSize(n)))
	return page.NewBuffer(n, p), nil
}
func (p *countingPool) Reserve(n int) error { p.held.Add(int64(n)); return nil }
func (p *countingPool) Free(n int)          { p.held.Add(-int64(n)) }

func newPool(t testing.TB) *countingPool {
	p := &countingPool{}
	t.Cleanup(func() {
		if n := p.held.Load(); n != 0 {
			t.Errorf("%d bytes leaked", n)
		}
	})
	return p
}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }
func (systemClock) After(_ context.Context, d time.Duration) <-chan time.Time {
	return time.After(d)
}

type ungoverned struct{}

func (ungoverned) Acquire(context.Context) (func(), error) { return func() {}, nil }

func testEnv(t testing.TB) spi.Env {
	return spi.Env{Clock: systemClock{}, Dial: (&net.Dialer{}).DialContext, Pool: newPool(t), Log: slog.New(slog.DiscardHandler),
		Node: "here", Governor: ungoverned{}}
}

// attach opens a connector that must have given everything back at the end.
func attach(t testing.TB, url string, more spi.Config) *connector {
	t.Helper()
	c, err := parseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range more {
		c[k] = v
	}
	k, err := open(context.Background(), "pg", c, testEnv(t))
	if err != nil {
		t.Fatal(err)
	}
	p := k.(*connector)
	t.Cleanup(func() {
		if n := p.pool.InUse() + p.holds.InUse(); n != 0 {
			t.Errorf("%d connections are still on loan", n)
		}
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

var sessions atomic.Int64

func session() *spi.Session {
	return &spi.Session{QueryID: fmt.Sprintf("test_%d", sessions.Add(1)), User: "tester"}
}

func find(t testing.TB, k spi.Connector, schema, table string) *spi.Table {
	t.Helper()
	found, err := k.Find(context.Background(), session(), spi.Snapshot{}, []spi.Name{{Schema: schema, Table: table}})
	if err != nil {
		t.Fatal(err)
	}
	if found[0] == nil {
		t.Fatalf("no table %s.%s", schema, table)
	}
	return found[0]
}

func scanOf(table *spi.Table) spi.Scan {
	s := spi.Scan{Catalog: "pg", Version: 1, Table: table.Name, Limit: -1, Private: table.Private}
	for i, c := range table.Columns {
		s.Columns = append(s.Columns, i)
		s.Output = append(s.Output, spi.OutputCol{Name: c.Name, Type: c.Type})
	}
	return s
}

// readAll reads a scan, each split after the other.
func readAll(t testing.TB, k spi.Connector, scan spi.Scan) [][]types.Value {
	t.Helper()
	rows, err := readScan(context.Background(), t, k, scan, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func allSplits(ctx context.Context, k spi.Connector, scan spi.Scan) ([]spi.Split, error) {
	src, err := k.Splits(ctx, session(), scan, nil)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	var out []spi.Split
	for {
		s, err := src.Next(ctx, 2)
		out = append(out, s...)
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func readScan(ctx context.Context, t testing.TB, k spi.Connector, scan spi.Scan, live spi.LiveFilter) ([][]types.Value, error) {
	t.Helper()
	list, err := allSplits(ctx, k, scan)
	if err != nil {
		return nil, err
	}
	pool := newPool(t)
	var out [][]types.Value
	for _, s := range list {
		src, err := k.Open(ctx, session(), scan, s, spi.OpenEnv{Pool: pool, Live: live})
		if err != nil {
			return out, err
		}
		rows, err := drain(ctx, src, scan.Types())
		out = append(out, rows...)
		if cerr := src.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

func drain(ctx context.Context, src spi.PageSource, ts []types.Type) ([][]types.Value, error) {
	var out [][]types.Value
	for {
		p, err := src.Next(ctx)
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		p.Check(ts)
		for i := range p.Len() {
			row := make([]types.Value, len(p.Cols))
			for c, v := range p.Cols {
				row[c] = v.Value(p.Row(i))
			}
			out = append(out, row)
		}
		p.Release()
	}
}

func pageOf(t testing.TB, ts []types.Type, rows [][]types.Value, pool page.Pool) *page.Page {
	t.Helper()
	p := &page.Page{Rows: len(rows)}
	for c, typ := range ts {
		b := page.NewBuilder(typ, len(rows), pool)
		for _, r := range rows {
			b.AppendValue(r[c])
		}
		v, err := b.Finish()
		if err != nil {
			t.Fatal(err)
		}
		p.Cols = append(p.Cols, v)
	}
	return p
}

func TestATableIsReadWithItsTypes(t *testing.T) {
	pg, db := database(t, `CREATE TABLE "Odd ""name" (id int PRIMARY KEY, b boolean, s smallint, l bigint, r real, d double precision, n numeric, p numeric(12,2), big numeric(30,4),
 dt date, ts timestamp, tz timestamptz, tm time, ttz timetz, iv interval, t text NOT NULL DEFAULT 'x', v varchar(20), c char(5), by bytea, u uuid, j json, jb jsonb, ia int[], ta text[], o oid, nm name)`,
		`INSERT INTO "Odd ""name" VALUES (1, true, -2, 9000000000, 1.5, -2.25, 12345678901234567890.123456789, -1234567.89, 99999999999999999999999999.1234,
 '2024-02-29', '2024-02-29 12:34:56.789', '2024-02-29 12:34:56.789+02', '12:34:56', '12:34:56+02', '1 year 2 days 03:04:05', 'text', 'varchar', 'ab', '\x00ff', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
 '{"a": 1}', '{"b": [1, 2]}', '{1,NULL,3}', '{a,"b c",NULL}', 42, 'nm')`,
		`INSERT INTO "Odd ""name" (id, t) VALUES (2, '')`)
	k := attach(t, pg.URL(db), nil)
	table := find(t, k, "public", `Odd "name`)
	rows := readAll(t, k, scanOf(table))
	if len(rows) != 2 {
		t.Fatalf("%d rows", len(rows))
	}
	want := []string{"1", "t", "-2", "9000000000", "1.5", "-2.25", "12345678901234567890.123456789", "-1234567.89", "99999999999999999999999999.1234",
		"2024-02-29", "2024-02-29 12:34:56.789", "2024-02-29 10:34:56.789+00", "12:34:56", "12:34:56+02", "1 year 2 days 03:04:05", "text", "varchar", "ab   ", `\x00ff`,
		"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", `{"a": 1}`, `{"b": [1, 2]}`, "{1,NULL,3}", `{a,"b c",NULL}`, "42", "nm"}
	for i, w := range want {
		if got := types.FormatText(table.Columns[i].Type, rows[0][i], nil); got != w {
			t.Errorf("column %s: %s, want %s", table.Columns[i].Name, got, w)
		}
		if i > 0 && table.Columns[i].Name != "t" && !rows[1][i].Null {
			t.Errorf("column %s is not NULL", table.Columns[i].Name)
		}
	}
	if !table.Columns[0].NotNull || len(table.PrimaryKey) != 1 || table.Columns[15].Default == "" {
		t.Errorf("definition was not read: %+v", table)
	}
}
