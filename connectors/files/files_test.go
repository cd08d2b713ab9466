package files

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// checkedPool counts what was not given back.
type checkedPool struct{ used atomic.Int64 }

func (p *checkedPool) Reserve(n int) error { p.used.Add(int64(n)); return nil }
func (p *checkedPool) Free(n int)          { p.used.Add(-int64(n)) }
func (p *checkedPool) Alloc(n int) (*page.Buffer, error) {
	p.used.Add(int64(page.BufferSize(n)))
	return page.NewBuffer(n, p), nil
}

// bed is an attached catalog.
type bed struct {
	*testing.T
	k    spi.Connector
	pool *checkedPool
	s    *spi.Session
}

func attach(t *testing.T, c spi.Config) *bed {
	t.Helper()
	pool := &checkedPool{}
	k, err := Factory().Open(context.Background(), "files", c, spi.Env{Pool: pool})
	if err != nil {
		t.Fatal(err)
	}
	b := &bed{T: t, k: k, pool: pool, s: &spi.Session{QueryID: "q1"}}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
		if used := pool.used.Load(); used != 0 {
			t.Errorf("%d bytes were not given back", used)
		}
	})
	return b
}

func (b *bed) check(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bed) table(name string) *spi.Table {
	b.Helper()
	found, err := b.k.Find(context.Background(), b.s, spi.Snapshot{}, []spi.Name{{Schema: "public", Table: name}})
	b.check(err)
	if found[0] == nil {
		b.Fatalf("no table %s", name)
	}
	return found[0]
}

// scan returns a scan of columns of a table under a snapshot.
func (b *bed) scan(t *spi.Table, columns ...string) spi.Scan {
	b.Helper()
	snap, err := b.k.Snapshot(context.Background(), b.s, spi.Snapshot{}, []spi.Name{t.Name})
	b.check(err)
	s := spi.Scan{Table: t.Name, Snapshot: snap, Limit: -1, Private: t.Private}
	for _, want := range columns {
		for i, c := range t.Columns {
			if c.Name == want {
				s.Columns = append(s.Columns, i)
				s.Output = append(s.Output, spi.OutputCol{Name: c.Name, Type: c.Type})
			}
		}
	}
	if len(s.Columns) != len(columns) {
		b.Fatalf("columns of %s: want %v", t.Name, columns)
	}
	return s
}

// read opens every split and calls each with its pages.
func (b *bed) read(s spi.Scan, env spi.OpenEnv, each func(p *page.Page)) (stats spi.ScanStats, err error) {
	b.Helper()
	ctx := context.Background()
	env.Pool = b.pool
	src, err := b.k.Splits(ctx, b.s, s, env.Live)
	if err != nil {
		return stats, err
	}
	for {
		splits, end := src.Next(ctx, 10)
		for _, sp := range splits {
			ps, err := b.k.Open(ctx, b.s, s, sp, env)
			if err != nil {
				return stats, err
			}
			for {
				p, err := ps.Next(ctx)
				if err == io.EOF {
					break
				}
				if err != nil {
					_ = ps.Close()
					return stats, err
				}
				p.Check(s.Types())
				each(p)
				p.Release()
			}
			b.check(ps.Close())
			stats.Add(ps.Stats())
		}
		if end == io.EOF {
			return stats, src.Close()
		}
		if end != nil {
			return stats, end
		}
	}
}

func corpora(t testing.TB, parts ...string) string {
	t.Helper()
	if dir := os.Getenv("MUSTER_CORPORA"); dir != "" {
		return filepath.Join(append([]string{dir}, parts...)...)
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		c := filepath.Join(dir, "shared", "corpora")
		if _, err := os.Stat(c); err == nil {
			return filepath.Join(append([]string{c}, parts...)...)
		}
	}
	t.Skip("SKIPPED: the public corpora are not here; set MUSTER_CORPORA to their folder")
	return ""
}

func TestTablesOfAFolderAreItsFiles(t *testing.T) {
	b := attach(t, spi.Config{"path": corpora(t, "bench", "tpch", "data", "sf0.01")})
	names, err := b.k.Tables(context.Background(), b.s, "public")
	b.check(err)
	if len(names) != 8 || names[1] != (spi.Name{Schema: "public", Table: "lineitem"}) {
		t.Errorf("got tables %v", names)
	}
	var quantity, rows int64
	stats, err := b.read(b.scan(b.table("LINEITEM"), "l_quantity", "l_shipmode", "$row_number"), spi.OpenEnv{}, func(p *page.Page) {
		if p.Cols[1].Enc() != page.Dict {
			t.Errorf("column of few values is %v", p.Cols[1].Enc())
		}
		for i := range p.Rows {
			quantity += page.Get[int64](p.Cols[0], i)
			if n := page.Get[int64](p.Cols[2], i); n != rows {
				t.Fatalf("row %d has number %d", rows, n)
			}
			rows++
		}
	})
	b.check(err)
	if rows != 60175 || quantity != 153612700 || stats.RowsRead != rows {
		t.Errorf("got %d rows, quantity %d, %+v", rows, quantity, stats)
	}
}

func TestStatisticsOfFootersAreExactInRowsAndCloseInDistinctValues(t *testing.T) {
	b := attach(t, spi.Config{"path": corpora(t, "bench", "tpch", "data", "sf0.1")})
	table := b.table("lineitem")
	stats, err := b.k.Caps().Stats.Stats(context.Background(), b.s, spi.Snapshot{}, table)
	b.check(err)
	if stats.Rows != 600572 || !stats.Exact {
		t.Errorf("got %v rows", stats.Rows)
	}
	want := map[string]float64{"l_orderkey": 150000, "l_partkey": 20000, "l_suppkey": 1000, "l_quantity": 50, "l_returnflag": 3, "l_shipdate": 2526, "l_shipmode": 7}
	for i, c := range table.Columns {
		t.Logf("%s: %+v", c.Name, stats.Columns[i])
		if w := want[c.Name]; w > 0 && (stats.Columns[i].Distinct < w*0.7 || stats.Columns[i].Distinct > w*1.4) {
			t.Errorf("%s: %v distinct values, want about %v", c.Name, stats.Columns[i].Distinct, w)
		}
	}
}

func TestConditionsPruneRowGroups(t *testing.T) {
	b := attach(t, spi.Config{"path": corpora(t, "bench", "tpch", "data", "sf0.1")})
	table := b.table("orders")
	s := b.scan(table, "o_orderkey")
	bigint := types.Of(types.Int64)
	cond := &expr.Call{Fn: "<", Args: []expr.Expr{&expr.Column{Index: 0, Typ: bigint}, &expr.Const{Typ: bigint, Val: types.IntValue(0)}}, Typ: types.Of(types.Bool)}
	s, out, err := b.k.Caps().Push.Push(context.Background(), b.s, s, &spi.FilterOp{Conjuncts: []expr.Expr{cond}})
	b.check(err)
	if out[0].Taken != spi.Superset || s.Domain[0].IsAll() {
		t.Errorf("got %+v, %v", out, s.Domain)
	}
	if _, err := b.read(s, spi.OpenEnv{}, func(p *page.Page) { t.Error("a page survives") }); err != nil {
		t.Fatal(err)
	}
}

// fixedLive is a dynamic filter that is there from the start.
type fixedLive struct{ t domain.Tuple }

func (f fixedLive) Current() (domain.Tuple, uint64)         { return f.t, 1 }
func (f fixedLive) Wait(ctx context.Context, n uint64) bool { return n < 1 }

func TestDynamicFilterDropsRowsAndGroups(t *testing.T) {
	b := attach(t, spi.Config{"path": corpora(t, "bench", "tpch", "data", "sf0.1")})
	table := b.table("lineitem")
	s := b.scan(table, "l_orderkey", "l_comment")
	live := fixedLive{domain.Tuple{0: domain.Of(types.Of(types.Int64), types.IntValue(1), types.IntValue(2), types.IntValue(100000))}}
	rows := 0
	stats, err := b.read(s, spi.OpenEnv{Live: live}, func(p *page.Page) {
		for i := range p.Len() {
			if k := page.Get[int64](p.Cols[0], p.Row(i)); k != 1 && k != 2 && k != 100000 {
				t.Errorf("row of order %d", k)
			}
			p.Cols[1].Str(p.Row(i))
			rows++
		}
	})
	b.check(err)
	if rows != 6+1+3 && rows == 0 || stats.GroupsPruned == 0 {
		t.Errorf("got %d rows, %+v", rows, stats)
	}
	t.Logf("%d rows, %+v", rows, stats)
}

func TestAFileThatChangedIsOneClearError(t *testing.T) {
	dir := t.TempDir()
	from, err := os.ReadFile(corpora(t, "bench", "tpch", "data", "sf0.01", "nation.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "nation.parquet")
	if err := os.WriteFile(name, from, 0o644); err != nil {
		t.Fatal(err)
	}
	b := attach(t, spi.Config{"path": dir})
	s := b.scan(b.table("nation"), "n_name")
	other, err := os.ReadFile(corpora(t, "bench", "tpch", "data", "sf0.01", "region.parquet"))
	b.check(err)
	b.check(os.WriteFile(name, other, 0o644))
	if _, err := b.read(s, spi.OpenEnv{}, func(p *page.Page) {}); !sqlerr.Is(err, sqlerr.SnapshotTooOld) {
		t.Errorf("got %v", err)
	}
}
