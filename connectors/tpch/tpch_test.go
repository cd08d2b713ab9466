package tpch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// countingPool fails the test that leaks.
type countingPool struct{ held atomic.Int64 }

func (p *countingPool) Alloc(n int) (*page.Buffer, error) {
	p.held.Add(int64(page.BufferSize(n)))
	return page.NewBuffer(n, p), nil
}
func (p *countingPool) Reserve(n int) error { p.held.Add(int64(n)); return nil }
func (p *countingPool) Free(n int)          { p.held.Add(-int64(n)) }

func newPool(t *testing.T) *countingPool {
	p := &countingPool{}
	t.Cleanup(func() {
		if n := p.held.Load(); n != 0 {
			t.Errorf("%d bytes leaked", n)
		}
	})
	return p
}

func attach(t *testing.T, c spi.Config) spi.Connector {
	t.Helper()
	k, err := Factory().Open(context.Background(), "tpch", c, spi.Env{Pool: newPool(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	return k
}

func find(t *testing.T, k spi.Connector, schema, name string) *spi.Table {
	t.Helper()
	found, err := k.Find(context.Background(), nil, spi.Snapshot{}, []spi.Name{{Schema: schema, Table: name}})
	if err != nil || found[0] == nil {
		t.Fatalf("find %s.%s: %v, %v", schema, name, found, err)
	}
	return found[0]
}

// scanOf scans columns of a table, all when none are given.
func scanOf(table *spi.Table, columns ...int) spi.Scan {
	scan := spi.Scan{Table: table.Name, Limit: -1}
	if columns == nil {
		for i := range table.Columns {
			columns = append(columns, i)
		}
	}
	for _, c := range columns {
		scan.Columns = append(scan.Columns, c)
		scan.Output = append(scan.Output, spi.OutputCol{Name: table.Columns[c].Name, Type: table.Columns[c].Type})
	}
	return scan
}

// pages reads a scan to its end and gives each page to visit.
func pages(t *testing.T, k spi.Connector, scan spi.Scan, live spi.LiveFilter, visit func(*page.Page)) (splits int, stats spi.ScanStats) {
	t.Helper()
	ctx := context.Background()
	src, err := k.Splits(ctx, nil, scan, live)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for last := false; !last; {
		some, err := src.Next(ctx, 3)
		if last = errors.Is(err, io.EOF); err != nil && !last {
			t.Fatal(err)
		}
		for _, split := range some {
			if ids[split.ID] {
				t.Fatalf("split %s came twice", split.ID)
			}
			ids[split.ID] = true
			ps, err := k.Open(ctx, nil, scan, split, spi.OpenEnv{Pool: newPool(t), Live: live})
			if err != nil {
				t.Fatal(err)
			}
			for {
				p, err := ps.Next(ctx)
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				p.Check(scan.Types())
				visit(p)
				p.Release()
			}
			stats.Add(ps.Stats())
			if err := ps.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
	return len(ids), stats
}

func TestStatisticsAgreeWithTheRows(t *testing.T) {
	k := attach(t, spi.Config{"sf": "0.01"})
	for _, name := range tableNames {
		table := find(t, k, "public", name)
		stats, err := k.Caps().Stats.Stats(context.Background(), nil, spi.Snapshot{}, table)
		if err != nil {
			t.Fatal(err)
		}
		rows, seen := 0, make([]map[string]bool, len(table.Columns))
		bytes := make([]int, len(table.Columns))
		for c := range seen {
			seen[c] = map[string]bool{}
		}
		pages(t, k, scanOf(table), nil, func(p *page.Page) {
			rows += p.Len()
			for c, v := range p.Cols {
				s := &stats.Columns[c]
				for i := range p.Rows {
					x := v.Value(i)
					seen[c][fmt.Sprint(x.I, x.S)] = true
					bytes[c] += len(x.S)
					if s.Min != nil && types.Compare(v.Type, x, *s.Min) < 0 || s.Max != nil && types.Compare(v.Type, x, *s.Max) > 0 {
						t.Fatalf("%s is out of bounds: %v", table.Columns[c].Name, x)
					}
				}
			}
		})
		if float64(rows) != stats.Rows || !stats.Exact {
			t.Errorf("%s has %d rows, statistics say %g", name, rows, stats.Rows)
		}
		for c := range seen {
			column, got, want := table.Columns[c], stats.Columns[c].Distinct, float64(len(seen[c]))
			if got < 0.9*want-3 || got > 1.1*want+3 {
				t.Errorf("%s has %g distinct values, statistics say %g", column.Name, want, got)
			}
			mean := float64(bytes[c]) / float64(rows)
			if w := stats.Columns[c].WidthMean; column.Type.IsString() && (w < mean/1.5 || w > mean*1.5) {
				t.Errorf("%s has %g bytes a value, statistics say %g", column.Name, mean, w)
			}
		}
	}
}

func TestSchemasAreScaleFactors(t *testing.T) {
	k := attach(t, nil)
	for _, c := range []struct {
		name  spi.Name
		found string // the stored name
	}{
		{spi.Name{Schema: "tiny", Table: "orders"}, "tiny.orders"},
		{spi.Name{Schema: "SF1", Table: "LineItem"}, "sf1.lineitem"},
		{spi.Name{Schema: "sf0.3", Table: "part"}, "sf0.3.part"},
		{spi.Name{Schema: "public", Table: "part"}, ""},
		{spi.Name{Schema: "sf", Table: "part"}, ""},
		{spi.Name{Schema: "sf0", Table: "part"}, ""},
		{spi.Name{Schema: "sf-1", Table: "part"}, ""},
		{spi.Name{Schema: "sf1e2", Table: "part"}, ""},
		{spi.Name{Schema: "sfinf", Table: "part"}, ""},
		{spi.Name{Schema: "sf99999999", Table: "part"}, ""},
		{spi.Name{Schema: "tiny", Table: "parts"}, ""},
	} {
		found, err := k.Find(context.Background(), nil, spi.Snapshot{}, []spi.Name{c.name})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if found[0] != nil {
			got = found[0].Name.String()
		}
		if got != c.found {
			t.Errorf("find %s: got %q, want %q", c.name, got, c.found)
		}
	}
	if _, err := Factory().Open(context.Background(), "x", spi.Config{"sf": "many"}, spi.Env{}); sqlerr.CodeOf(err) != sqlerr.InvalidParameterValue {
		t.Errorf("option sf=many: got %v", err)
	}
}

func TestConditionsOnTheKeyNarrowTheRows(t *testing.T) {
	k := attach(t, nil)
	bigint := types.Of(types.Int64)
	key := &expr.Column{Index: 1, Typ: bigint}
	num := func(i int64) expr.Expr { return &expr.Const{Typ: bigint, Val: types.IntValue(i)} }
	cmp := func(op string, n int64) expr.Expr { return &expr.Call{Fn: op, Args: []expr.Expr{key, num(n)}} }
	for _, c := range []struct {
		name, table string
		filter      []expr.Expr
		keys        []int64 // all of which must be there
		rowsMax     int
	}{
		{"one order", "orders", []expr.Expr{cmp("=", 33)}, []int64{33}, 1},
		{"a key that no order has", "orders", []expr.Expr{cmp("=", 20)}, nil, 0},
		{"lines of an order", "lineitem", []expr.Expr{cmp("=", 7)}, []int64{7}, 7},
		{"the last parts", "part", []expr.Expr{cmp(">", 1998)}, []int64{1999, 2000}, 2},
		{"both ends", "customer", []expr.Expr{cmp(">=", 100), cmp("<", 103)}, []int64{100, 101, 102}, 3},
		{"beyond the end", "customer", []expr.Expr{cmp(">", 1<<62)}, nil, 0},
		{"beyond the range of keys", "customer", []expr.Expr{cmp(">", 1<<63-1)}, nil, 0},
		{"list", "supplier", []expr.Expr{&expr.In{Arg: key, List: []expr.Expr{num(1), num(90), num(-4), num(5000)}}}, []int64{1, 90}, 2},
		{"suppliers of a part", "partsupp", []expr.Expr{cmp("<=", 1)}, []int64{1}, 4},
		{"never", "partsupp", []expr.Expr{&expr.Call{Fn: "=", Args: []expr.Expr{key, &expr.Const{Typ: bigint, Val: types.NullValue}}}}, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			scan := scanOf(find(t, k, "tiny", c.table), 2, 0)
			scan, outcomes, err := k.Caps().Push.Push(context.Background(), nil, scan, &spi.FilterOp{Conjuncts: c.filter})
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range outcomes {
				if o.Taken != spi.Superset {
					t.Errorf("condition %d: got %v", o.Part, o)
				}
			}
			rows, keys := 0, map[int64]bool{}
			pages(t, k, scan, nil, func(p *page.Page) {
				rows += p.Len()
				for _, key := range page.Values[int64](p.Cols[1]) {
					keys[key] = true
				}
			})
			if rows > c.rowsMax {
				t.Errorf("got %d rows, want at most %d", rows, c.rowsMax)
			}
			for _, key := range c.keys {
				if !keys[key] {
					t.Errorf("key %d is missing", key)
				}
			}
		})
	}
}

func TestOtherConditionsAreRefusedWithAReason(t *testing.T) {
	k := attach(t, nil)
	scan := scanOf(find(t, k, "tiny", "orders"))
	date := &expr.Call{Fn: "<", Args: []expr.Expr{&expr.Column{Index: 4, Typ: types.Of(types.Date)}, &expr.Const{Typ: types.Of(types.Date)}}}
	_, outcomes, err := k.Caps().Push.Push(context.Background(), nil, scan, &spi.FilterOp{Conjuncts: []expr.Expr{date}})
	if err != nil || outcomes[0].Taken != spi.No || outcomes[0].Reason != spi.ReasonCapability || outcomes[0].Note == "" {
		t.Errorf("got %v, %v", outcomes, err)
	}
}

func TestEachSplitStopsAtTheLimit(t *testing.T) {
	k := attach(t, nil)
	scan := scanOf(find(t, k, "tiny", "lineitem"))
	scan, outcomes, err := k.Caps().Push.Push(context.Background(), nil, scan, &spi.LimitOp{N: 10})
	if err != nil || outcomes[0].Taken != spi.PerSplit {
		t.Fatalf("got %v, %v", outcomes, err)
	}
	rows := 0
	splits, stats := pages(t, k, scan, nil, func(p *page.Page) { rows += p.Len() })
	if splits < 2 || rows != 10*splits || stats.RowsRead > int64(splits)*70 {
		t.Errorf("got %d rows of %d splits, %d made", rows, splits, stats.RowsRead)
	}
}

func TestOneSplitIsMadeWhenAsked(t *testing.T) {
	k := attach(t, nil)
	scan := scanOf(find(t, k, "tiny", "orders"), 0)
	scan.OneSplit = true
	if splits, _ := pages(t, k, scan, nil, func(*page.Page) {}); splits != 1 {
		t.Errorf("got %d splits", splits)
	}
	scan.Domain = domain.Tuple{0: domain.None(types.Of(types.Int64))}
	if splits, stats := pages(t, k, scan, nil, func(*page.Page) {}); splits != 1 || stats.RowsRead != 0 {
		t.Errorf("of nothing: got %d splits, %v", splits, stats)
	}
}

// fixedFilter is a dynamic filter that is complete from the start.
type fixedFilter struct{ t domain.Tuple }

func (f fixedFilter) Current() (domain.Tuple, uint64)   { return f.t, 1 }
func (f fixedFilter) Wait(context.Context, uint64) bool { return false }

func TestDynamicFiltersOnTheKeySkipRows(t *testing.T) {
	k := attach(t, nil)
	bigint := types.Of(types.Int64)
	live := fixedFilter{domain.Tuple{0: domain.Of(bigint, types.IntValue(1), types.IntValue(50_000))}}
	var keys []int64
	_, stats := pages(t, k, scanOf(find(t, k, "tiny", "orders"), 0), live, func(p *page.Page) {
		keys = append(keys, page.Values[int64](p.Cols[0])...)
	})
	if slices.Sort(keys); !slices.Equal(keys, []int64{1}) || stats.RowsPruned != 14_999 {
		t.Errorf("got keys %v, %d rows pruned", keys, stats.RowsPruned)
	}
}

func TestNoColumnsStillCountRows(t *testing.T) {
	k := attach(t, nil)
	scan, rows := scanOf(find(t, k, "tiny", "lineitem"), []int{}...), 0
	scan.Columns, scan.Output = nil, nil
	pages(t, k, scan, nil, func(p *page.Page) { rows += p.Rows })
	if rows != 60_175 {
		t.Errorf("got %d rows", rows)
	}
}

func TestDamagedSplitsAreRefused(t *testing.T) {
	k := attach(t, nil)
	scan := scanOf(find(t, k, "tiny", "orders"), 0)
	for _, private := range [][]byte{{0x80}, {0}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1}, {1, 0x99, 0xff, 0x7f}} {
		if _, err := k.Open(context.Background(), nil, scan, spi.Split{Private: private}, spi.OpenEnv{Pool: newPool(t)}); err == nil {
			t.Errorf("split %x was opened", private)
		}
	}
}

func BenchmarkScanLineitem(b *testing.B) {
	k, err := Factory().Open(context.Background(), "tpch", nil, spi.Env{Pool: page.Unaccounted{}})
	if err != nil {
		b.Fatal(err)
	}
	found, _ := k.Find(context.Background(), nil, spi.Snapshot{}, []spi.Name{{Schema: "sf1", Table: "lineitem"}})
	scan := scanOf(found[0])
	b.ReportAllocs()
	rows := 0
	for b.Loop() {
		ctx := context.Background()
		src, _ := k.Splits(ctx, nil, scan, nil)
		some, _ := src.Next(ctx, 4)
		for _, split := range some {
			ps, err := k.Open(ctx, nil, scan, split, spi.OpenEnv{Pool: page.Unaccounted{}})
			if err != nil {
				b.Fatal(err)
			}
			for p, err := ps.Next(ctx); err == nil; p, err = ps.Next(ctx) {
				rows += p.Rows
				p.Release()
			}
			_ = ps.Close()
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds()/1e6, "Mrows/s")
}
