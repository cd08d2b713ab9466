package memory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// failingPool refuses the n-th request from now on, once.
type failingPool struct {
	countingPool
	left atomic.Int64
}

func (p *failingPool) refuse() error {
	if p.left.Add(-1) == 0 {
		return sqlerr.New(sqlerr.OutOfMemory, "refused by the test")
	}
	return nil
}

func (p *failingPool) Reserve(n int) error {
	if err := p.refuse(); err != nil {
		return err
	}
	return p.countingPool.Reserve(n)
}

func TestRefusedMemoryLeavesTheTablesAsTheyWere(t *testing.T) {
	pool := &failingPool{}
	k, err := Factory().Open(ctx, "mem", nil, spi.Env{Pool: pool, Node: "here"})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, k: k, pool: newPool(t)}
	n := b.create()
	b.check(b.insert(n, []any{1, "one", nil}, []any{2, "a name of more than twelve bytes", "x"}, []any{3, "three", nil}))
	before := b.read(spi.Snapshot{}, n, 0, 1, 2, 3)
	table := b.find(n)
	for _, w := range []struct {
		name string
		run  func() error
	}{
		{"insert", func() error {
			return b.insert(n, []any{4, "another name of more than twelve", "y"}, []any{5, "five", nil})
		}},
		{"update", func() error {
			return b.write(spi.Write{Kind: spi.WriteUpdate, Table: table, Columns: []int{0, 1}}, [][]any{{0, 7, "seven"}, {2, 8, "eight"}})
		}},
		{"delete", func() error { return b.write(spi.Write{Kind: spi.WriteDelete, Table: table}, [][]any{{0}, {1}}) }},
		{"add column", func() error {
			return k.Caps().DDL.AlterTable(ctx, nil, n, spi.TableChange{Add: &spi.Column{Name: "more", Type: text}})
		}},
	} {
		for at := int64(1); ; at++ {
			pool.left.Store(at)
			err := w.run()
			untouched := pool.left.Load() > 0
			pool.left.Store(0)
			if err == nil && untouched {
				break
			}
			b.fails(err, sqlerr.OutOfMemory, "refused by the test")
			b.expect(b.read(spi.Snapshot{}, n, 0, 1, 2, 3), before...)
			if t.Failed() {
				t.Fatalf("%s with request %d refused", w.name, at)
			}
		}
		before = b.read(spi.Snapshot{}, n, 0, 1, 2, 3)
		table = b.find(n)
	}
	b.check(k.Close())
	if held := pool.held.Load(); held != 0 {
		t.Errorf("%d bytes leaked", held)
	}
}

func TestPagesOfEveryEncodingAreCopied(t *testing.T) {
	b := attach(t, nil)
	n := spi.Name{Schema: "public", Table: "e"}
	list := types.ArrayOf(bigint)
	b.check(b.k.Caps().DDL.CreateTable(ctx, nil, &spi.Table{Name: n, Columns: []spi.Column{
		{Name: "dict", Type: text}, {Name: "const", Type: text}, {Name: "list", Type: list}, {Name: "lazy", Type: bigint}}}, false, nil))
	s := b.session()
	target, err := b.k.Caps().Write.Begin(ctx, s, spi.Write{Kind: spi.WriteInsert, Table: b.find(n), Columns: []int{0, 1, 2, 3}})
	b.check(err)
	sink, err := b.k.Caps().Write.Sink(ctx, s, target, spi.SinkID{}, spi.OpenEnv{})
	b.check(err)
	vals, err := page.FromValues(text, []types.Value{types.StringValue("a"), types.StringValue("a value that is not stored in its view")}, b.pool)
	b.check(err)
	dict := page.NewDictionary(vals)
	for round := range 2 {
		valid := []byte{0b1011}
		constant, err := page.NewConst(text, types.StringValue(fmt.Sprint("round ", round)), 4, b.pool)
		b.check(err)
		lists, err := page.FromValues(list, []types.Value{{L: []types.Value{types.IntValue(1), types.NullValue}}, types.NullValue, {}, {L: []types.Value{types.IntValue(3)}}}, b.pool)
		b.check(err)
		p := page.New(4, page.MakeDict(dict.Retain(), []int32{1, 0, 0, 1}, valid), constant, lists, page.MakeLazy(bigint, 4, lazy{b}))
		p.Sel = []int32{0, 2, 3}
		b.check(sink.Put(ctx, p))
	}
	dict.Release()
	f, err := sink.Finish(ctx)
	b.check(err)
	b.check(sink.Close())
	b.check(b.k.Caps().Write.Commit(ctx, s, target, [][]byte{f}))
	if held := b.pool.held.Load(); held != 0 {
		t.Errorf("the table holds %d bytes of the query", held)
	}
	got := b.read(spi.Snapshot{}, n, 0, 1, 3)
	long := "a value that is not stored in its view"
	b.expect(got, long+"|round 0|0", "null|round 0|20", long+"|round 0|30", long+"|round 1|0", "null|round 1|20", long+"|round 1|30")
}

// lazy makes 0, 10, 20, …
type lazy struct{ b *bench }

func (l lazy) Load([]int32) (*page.Vector, error) {
	return page.FromValues(bigint, []types.Value{types.IntValue(0), types.IntValue(10), types.IntValue(20), types.IntValue(30)}, l.b.pool)
}
func (l lazy) Drop() {}

func TestLimitsAndSingleSplitsAreKept(t *testing.T) {
	b := attach(t, nil)
	n := b.create()
	var rows [][]any
	for i := range 50_000 {
		rows = append(rows, []any{i, "x", nil})
	}
	b.check(b.insert(n, rows...))
	scan := spi.Scan{Table: n, Columns: []int{0}, Limit: 5}
	count := func(want int) {
		t.Helper()
		src, err := b.k.Splits(ctx, nil, scan, nil)
		b.check(err)
		splits, err := src.Next(ctx, 100)
		if !errors.Is(err, io.EOF) || len(splits) != want {
			t.Fatalf("got %d splits, want %d: %v", len(splits), want, err)
		}
		for _, split := range splits {
			ps, err := b.k.Open(ctx, nil, scan, split, spi.OpenEnv{Pool: b.pool})
			b.check(err)
			p, err := ps.Next(ctx)
			b.check(err)
			if p.Len() != 5 {
				t.Errorf("got %d rows", p.Len())
			}
			p.Release()
			if _, err := ps.Next(ctx); !errors.Is(err, io.EOF) {
				t.Errorf("after the limit: got %v", err)
			}
			b.check(ps.Close())
		}
	}
	count(4)
	scan.OneSplit = true
	count(1)
}

func TestChunksThatCannotMatchAreSkipped(t *testing.T) {
	b := attach(t, nil)
	n := b.create()
	var rows [][]any
	for i := range 50_000 {
		rows = append(rows, []any{i, "x", nil})
	}
	b.check(b.insert(n, rows...))
	col := func(i int, t types.Type) expr.Expr { return &expr.Column{Index: i, Typ: t} }
	conjuncts := []expr.Expr{
		&expr.Call{Fn: ">=", Args: []expr.Expr{col(1, bigint), &expr.Const{Typ: bigint, Val: types.IntValue(49_990)}}},
		&expr.Call{Fn: "=", Args: []expr.Expr{col(0, text), &expr.Const{Typ: text, Val: types.StringValue("y")}}},
	}
	scan := spi.Scan{Table: n, Columns: []int{1, 0}, Limit: -1}
	scan, out, err := b.k.Caps().Push.Push(ctx, nil, scan, &spi.FilterOp{Conjuncts: conjuncts})
	b.check(err)
	if out[0].Taken != spi.Superset || out[1].Taken != spi.No {
		t.Errorf("got outcomes %v", out)
	}
	scan.OneSplit = true
	src, err := b.k.Splits(ctx, nil, scan, nil)
	b.check(err)
	splits, _ := src.Next(ctx, 1)
	ps, err := b.k.Open(ctx, nil, scan, splits[0], spi.OpenEnv{Pool: b.pool})
	b.check(err)
	p, err := ps.Next(ctx)
	b.check(err)
	if last := page.Get[int64](p.Cols[1], p.Rows-1); last != 49_999 || ps.Stats().RowsPruned != int64(50_000-p.Rows) {
		t.Errorf("got rows to %d, %+v", last, ps.Stats())
	}
	p.Release()
	b.check(ps.Close())
}

// Transfers between accounts keep their sum, which readers check while several
// writers run; those that meet a conflict try again.
func TestReadersSeeWholeStatementsOfConcurrentWriters(t *testing.T) {
	const accounts, writers, transfers = 50, 4, 60
	b := attach(t, nil)
	n := b.create()
	var rows [][]any
	for i := range accounts {
		rows = append(rows, []any{i, "x", "0"})
	}
	b.check(b.insert(n, rows...))
	table := b.find(n)
	var group sync.WaitGroup
	var conflicts atomic.Int64
	for w := range writers {
		group.Go(func() {
			for i := range transfers {
				from, to := (w*7+i*3)%accounts, (w*11+i*5+1)%accounts
				if from == to {
					continue
				}
				for !transfer(b, table, fmt.Sprint("w", w, "-", i, "-", conflicts.Load()), int64(from), int64(to)) {
					conflicts.Add(1)
				}
			}
		})
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	readers.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if sum, _ := balance(b, n, -1); sum != 0 {
				t.Errorf("sum is %d", sum)
				return
			}
		}
	})
	group.Wait()
	close(stop)
	readers.Wait()
	if sum, _ := balance(b, n, -1); sum != 0 {
		t.Errorf("in the end the sum is %d", sum)
	}
}

// balance reads all balances in a new snapshot: their sum and that of a row.
func balance(b *bench, n spi.Name, row int64) (sum, one int64) {
	snap := b.snapshot()
	defer func() { _ = b.k.Release(ctx, snap) }()
	return balanceAt(b, snap, n, row)
}

func balanceAt(b *bench, snap spi.Snapshot, n spi.Name, row int64) (sum, one int64) {
	for _, r := range b.read(snap, n, 2, 3) {
		var value, id int64
		_, _ = fmt.Sscanf(r, "%d|%d", &value, &id)
		if sum += value; id == row {
			one = value
		}
	}
	return sum, one
}

func transfer(b *bench, table *spi.Table, query string, from, to int64) bool {
	snap := b.snapshot()
	defer func() { _ = b.k.Release(ctx, snap) }()
	_, a := balanceAt(b, snap, table.Name, from)
	_, c := balanceAt(b, snap, table.Name, to)
	s, w := &spi.Session{QueryID: query}, b.k.Caps().Write
	target, err := w.Begin(ctx, s, spi.Write{Kind: spi.WriteUpdate, Table: table, Columns: []int{2}, Snapshot: snap})
	b.check(err)
	sink, err := w.Sink(ctx, s, target, spi.SinkID{}, spi.OpenEnv{})
	b.check(err)
	b.check(sink.Put(ctx, b.values(target.Types, []any{int(from), fmt.Sprint(a - 1)}, []any{int(to), fmt.Sprint(c + 1)})))
	f, err := sink.Finish(ctx)
	b.check(err)
	b.check(sink.Close())
	if err := w.Commit(ctx, s, target, [][]byte{f}); err != nil {
		b.fails(err, sqlerr.SerializationFailure, "")
		b.check(w.Abort(ctx, s, target))
		return false
	}
	return true
}

func TestCancelledScansAndSinksStop(t *testing.T) {
	b := attach(t, nil)
	n := b.create()
	b.check(b.insert(n, []any{1, "x", nil}))
	gone, cancel := context.WithCancelCause(ctx)
	cancel(sqlerr.New(sqlerr.QueryCanceled, "canceled by user"))
	scan := spi.Scan{Table: n, Columns: []int{0}, Limit: -1}
	src, err := b.k.Splits(ctx, nil, scan, nil)
	b.check(err)
	splits, _ := src.Next(ctx, 1)
	ps, err := b.k.Open(ctx, nil, scan, splits[0], spi.OpenEnv{Pool: b.pool})
	b.check(err)
	_, err = ps.Next(gone)
	b.fails(err, sqlerr.QueryCanceled, "canceled by user")
	b.check(ps.Close())
	if !slices.Equal(b.read(spi.Snapshot{}, n, 0), []string{"1"}) {
		t.Error("the table changed")
	}
}
