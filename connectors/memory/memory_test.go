package memory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

var (
	ctx    = context.Background()
	bigint = types.Of(types.Int64)
	text   = types.Of(types.Text)
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

// bench is a catalog and what tests do with it.
type bench struct {
	*testing.T
	k    spi.Connector
	pool *countingPool
	n    int
}

func attach(t *testing.T, c spi.Config) *bench {
	t.Helper()
	k, err := Factory().Open(ctx, "mem", c, spi.Env{Pool: newPool(t), Node: "here"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	return &bench{T: t, k: k, pool: newPool(t)}
}

func (b *bench) session() *spi.Session {
	b.n++
	return &spi.Session{QueryID: fmt.Sprint("q", b.n)}
}

func (b *bench) check(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) fails(err error, code sqlerr.Code, text string) {
	b.Helper()
	if sqlerr.CodeOf(err) != code || !strings.Contains(fmt.Sprint(err), text) {
		b.Errorf("got error %v, want %s %s", err, code, text)
	}
}

// create makes public.t (id bigint primary key, name text not null, note text).
func (b *bench) create() spi.Name {
	b.Helper()
	n := spi.Name{Schema: "public", Table: "t"}
	b.check(b.k.Caps().DDL.CreateTable(ctx, nil, &spi.Table{Name: n, PrimaryKey: []int{0}, Columns: []spi.Column{
		{Name: "id", Type: bigint}, {Name: "name", Type: text, NotNull: true}, {Name: "note", Type: text},
	}}, false, nil))
	return n
}

func (b *bench) find(n spi.Name) *spi.Table {
	b.Helper()
	found, err := b.k.Find(ctx, nil, spi.Snapshot{}, []spi.Name{n})
	b.check(err)
	return found[0]
}

// values makes a page of rows of integers, strings and nils.
func (b *bench) values(ts []types.Type, rows ...[]any) *page.Page {
	b.Helper()
	p := &page.Page{Rows: len(rows)}
	for c, t := range ts {
		build := page.NewBuilder(t, len(rows), b.pool)
		for _, r := range rows {
			switch x := r[c].(type) {
			case nil:
				build.AppendNull()
			case int:
				build.AppendValue(types.IntValue(int64(x)))
			case string:
				build.AppendString(x)
			}
		}
		v, err := build.Finish()
		b.check(err)
		p.Cols = append(p.Cols, v)
	}
	return p
}

// write runs a write of some pages, each through its own sink.
func (b *bench) write(w spi.Write, pages ...[][]any) error {
	b.Helper()
	s := b.session()
	target, err := b.k.Caps().Write.Begin(ctx, s, w)
	if err != nil {
		return err
	}
	if target.Node != "here" {
		b.Errorf("write runs on node %q", target.Node)
	}
	err = func() error {
		var fragments [][]byte
		for i, rows := range pages {
			sink, err := b.k.Caps().Write.Sink(ctx, s, target, spi.SinkID{Task: "0", Driver: i}, spi.OpenEnv{Pool: b.pool})
			b.check(err)
			defer func() { b.check(sink.Close()) }()
			if err := sink.Put(ctx, b.values(target.Types, rows...)); err != nil {
				return err
			}
			f, err := sink.Finish(ctx)
			b.check(err)
			fragments = append(fragments, f)
		}
		return b.k.Caps().Write.Commit(ctx, s, target, fragments)
	}()
	if err != nil {
		b.check(b.k.Caps().Write.Abort(ctx, s, target))
	}
	return err
}

func (b *bench) insert(n spi.Name, rows ...[]any) error {
	b.Helper()
	return b.write(spi.Write{Kind: spi.WriteInsert, Table: b.find(n), Columns: []int{0, 1, 2}}, rows)
}

// read returns the rows of a scan, each as "a|b|c".
func (b *bench) read(snap spi.Snapshot, n spi.Name, columns ...int) []string {
	b.Helper()
	found, err := b.k.Find(ctx, nil, snap, []spi.Name{n})
	b.check(err)
	scan := spi.Scan{Table: n, Snapshot: snap, Columns: columns, Limit: -1}
	src, err := b.k.Splits(ctx, nil, scan, nil)
	b.check(err)
	var out []string
	for last := false; !last; {
		splits, err := src.Next(ctx, 2)
		if last = errors.Is(err, io.EOF); !last {
			b.check(err)
		}
		for _, split := range splits {
			if split.Node != "here" {
				b.Errorf("split is on node %q", split.Node)
			}
			ps, err := b.k.Open(ctx, nil, scan, split, spi.OpenEnv{Pool: b.pool})
			b.check(err)
			for {
				p, err := ps.Next(ctx)
				if errors.Is(err, io.EOF) {
					break
				}
				b.check(err)
				var ts []types.Type
				for _, c := range columns {
					ts = append(ts, found[0].Columns[c].Type)
				}
				p.Check(ts)
				for i := range p.Len() {
					out = append(out, rowText(p, p.Row(i)))
				}
				p.Release()
			}
			b.check(ps.Close())
		}
	}
	return out
}

func rowText(p *page.Page, row int) string {
	var parts []string
	for _, v := range p.Cols {
		x := v.Value(row)
		switch {
		case x.Null:
			parts = append(parts, "null")
		case v.Type.IsInteger():
			parts = append(parts, fmt.Sprint(x.I))
		default:
			parts = append(parts, x.S)
		}
	}
	return strings.Join(parts, "|")
}

func (b *bench) expect(got []string, want ...string) {
	b.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		b.Errorf("got rows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func (b *bench) snapshot() spi.Snapshot {
	b.Helper()
	snap, err := b.k.Snapshot(ctx, nil, spi.Snapshot{}, nil)
	b.check(err)
	return snap
}

func TestRowsAreInsertedUpdatedAndDeleted(t *testing.T) {
	b := attach(t, nil)
	n := b.create()
	b.check(b.insert(n, []any{1, "one", nil}, []any{2, "two", "a longer note than fits"}))
	b.check(b.insert(n, []any{3, "three", "x"}))
	b.expect(b.read(spi.Snapshot{}, n, 0, 1, 2, 3), "1|one|null|0", "2|two|a longer note than fits|1", "3|three|x|2")

	table := b.find(n)
	b.check(b.write(spi.Write{Kind: spi.WriteUpdate, Table: table, Columns: []int{2, 1}}, [][]any{{2, nil, "THREE"}, {0, "y", "ONE"}, {0, "z", "again"}}))
	b.expect(b.read(spi.Snapshot{}, n, 0, 1, 2, 3), "1|ONE|y|0", "2|two|a longer note than fits|1", "3|THREE|null|2")

	b.check(b.write(spi.Write{Kind: spi.WriteDelete, Table: table}, [][]any{{1}, {1}}, [][]any{{2}}))
	b.expect(b.read(spi.Snapshot{}, n, 1), "ONE")
	b.check(b.insert(n, []any{2, "two again", nil}))
	b.expect(b.read(spi.Snapshot{}, n, 0, 3), "1|0", "2|3")

	b.check(b.k.Caps().DDL.Truncate(ctx, nil, n))
	b.expect(b.read(spi.Snapshot{}, n, 1))
	b.check(b.insert(n, []any{1, "fresh", nil}))
	b.expect(b.read(spi.Snapshot{}, n, 0, 1), "1|fresh")
}

func TestKeysAndNullsAreRefusedAtOnceForTheWholeStatement(t *testing.T) {
	b := attach(t, nil)
	n := b.create()
	b.check(b.insert(n, []any{1, "one", nil}, []any{2, "two", nil}))
	table := b.find(n)
	update := func(columns []int, rows ...[]any) error {
		return b.write(spi.Write{Kind: spi.WriteUpdate, Table: table, Columns: columns}, rows)
	}
	b.fails(b.insert(n, []any{3, "three", nil}, []any{1, "again", nil}), sqlerr.UniqueViolation, `duplicate key value violates unique constraint "t_pkey"`)
	b.fails(b.insert(n, []any{5, "a", nil}, []any{5, "b", nil}), sqlerr.UniqueViolation, "t_pkey")
	b.fails(b.insert(n, []any{4, nil, nil}), sqlerr.NotNullViolation, `null value in column "name" of relation "t" violates not-null constraint`)
	b.fails(b.insert(n, []any{nil, "x", nil}), sqlerr.NotNullViolation, `"id"`)
	b.fails(b.write(spi.Write{Kind: spi.WriteInsert, Table: table, Columns: []int{0}}, [][]any{{9}}), sqlerr.NotNullViolation, `"name"`)
	b.fails(update([]int{0}, []any{1, 1}), sqlerr.UniqueViolation, "t_pkey")
	b.fails(update([]int{1}, []any{1, nil}), sqlerr.NotNullViolation, `"name"`)
	b.expect(b.read(spi.Snapshot{}, n, 0, 1), "1|one", "2|two")

	err := sqlerr.As(b.insert(n, []any{1, "again", nil}))
	if want := "Key (id)=(1) already exists."; err.Detail != want {
		t.Errorf("got detail %q, want %q", err.Detail, want)
	}
	// Keys may change places within a statement.
	b.check(update([]int{0}, []any{0, 2}, []any{1, 1}))
	b.expect(b.read(spi.Snapshot{}, n, 0, 1), "2|one", "1|two")
	b.fails(b.insert(n, []any{2, "x", nil}), sqlerr.UniqueViolation, "t_pkey")
	b.check(b.write(spi.Write{Kind: spi.WriteDelete, Table: table}, [][]any{{0}}))
	b.check(b.insert(n, []any{2, "x", nil}))
}

func TestAStatementReadsOneVersionWhileOthersWrite(t *testing.T) {
	b := attach(t, nil)
	n := b.create()
	b.check(b.insert(n, []any{1, "one", nil}, []any{2, "two", nil}))
	snap := b.snapshot()
	table := b.find(n)
	b.check(b.write(spi.Write{Kind: spi.WriteUpdate, Table: table, Columns: []int{1}}, [][]any{{0, "uno"}}))
	b.check(b.write(spi.Write{Kind: spi.WriteDelete, Table: table}, [][]any{{1}}))
	b.check(b.insert(n, []any{3, "three", nil}))
	b.expect(b.read(snap, n, 0, 1), "1|one", "2|two")
	b.expect(b.read(spi.Snapshot{}, n, 0, 1), "1|uno", "3|three")
	extended, err := b.k.Snapshot(ctx, nil, snap, []spi.Name{n})
	b.check(err)
	b.expect(b.read(extended, n, 1), "one", "two")

	// Rows that were changed meanwhile cannot be changed again from an old snapshot.
	b.fails(b.write(spi.Write{Kind: spi.WriteUpdate, Table: table, Columns: []int{1}, Snapshot: snap}, [][]any{{0, "eins"}}), sqlerr.SerializationFailure, "concurrent update")
	b.fails(b.write(spi.Write{Kind: spi.WriteDelete, Table: table, Snapshot: snap}, [][]any{{1}}), sqlerr.SerializationFailure, "concurrent delete")

	b.check(b.k.Caps().DDL.DropTable(ctx, nil, n, spi.Drop{}))
	b.expect(b.read(snap, n, 0), "1", "2")
	b.check(b.k.Release(ctx, snap))
	b.check(b.k.Release(ctx, snap))
	_, err = b.k.Find(ctx, nil, snap, []spi.Name{n})
	b.fails(err, sqlerr.SnapshotTooOld, "has ended")
}

func TestOnlyCommittedFragmentsOfAWriteAreSeen(t *testing.T) {
	b := attach(t, nil)
	n := b.create()
	w, s := b.k.Caps().Write, b.session()
	write := spi.Write{Kind: spi.WriteInsert, Table: b.find(n), Columns: []int{0, 1, 2}}
	target, err := w.Begin(ctx, s, write)
	b.check(err)
	again, err := w.Begin(ctx, s, write)
	b.check(err)
	if string(again.Private) != string(target.Private) {
		t.Errorf("a repeated Begin gives another write")
	}
	stage := func(attempt int, finish bool, rows ...[]any) []byte {
		sink, err := w.Sink(ctx, s, target, spi.SinkID{Task: "0", Attempt: attempt}, spi.OpenEnv{Pool: b.pool})
		b.check(err)
		b.check(sink.Put(ctx, b.values(target.Types, rows...)))
		var f []byte
		if finish {
			f, err = sink.Finish(ctx)
			b.check(err)
		}
		b.check(sink.Close())
		return f
	}
	stage(0, true, []any{1, "lost attempt", nil})
	f := stage(1, true, []any{1, "second attempt", nil})
	stage(2, false, []any{2, "unfinished", nil})
	b.expect(b.read(spi.Snapshot{}, n, 0))
	b.check(w.Commit(ctx, s, target, [][]byte{f}))
	b.check(w.Commit(ctx, s, target, [][]byte{f}))
	b.check(w.Abort(ctx, s, target))
	b.expect(b.read(spi.Snapshot{}, n, 1), "second attempt")

	s = b.session()
	target, err = w.Begin(ctx, s, write)
	b.check(err)
	f = stage(0, true, []any{9, "x", nil})
	b.check(w.Abort(ctx, s, target))
	b.check(w.Abort(ctx, s, target))
	b.fails(w.Commit(ctx, s, target, [][]byte{f}), sqlerr.StatementUnknown, "not known")
	_, err = w.Sink(ctx, s, target, spi.SinkID{}, spi.OpenEnv{})
	b.fails(err, sqlerr.ObjectNotInState, "has ended")
	b.expect(b.read(spi.Snapshot{}, n, 1), "second attempt")
}

func TestCreateTableAsMakesTheTableAtCommit(t *testing.T) {
	b := attach(t, nil)
	n := spi.Name{Schema: "public", Table: "made"}
	def := &spi.Table{Name: n, Columns: []spi.Column{{Name: "a", Type: bigint}, {Name: "b", Type: text}}}
	create := spi.Write{Kind: spi.WriteCreate, Table: def, Columns: []int{0, 1}}
	b.check(b.write(create, [][]any{{1, "x"}}, [][]any{{2, "y"}}))
	b.expect(b.read(spi.Snapshot{}, n, 0, 1), "1|x", "2|y")
	b.fails(b.write(create, [][]any{{3, "z"}}), sqlerr.DuplicateTable, `relation "made" already exists`)
	create.IfAbsent = true
	b.check(b.write(create, [][]any{{3, "z"}}))
	b.expect(b.read(spi.Snapshot{}, n, 0), "1", "2")
	create.IfAbsent, create.Replace = false, true
	b.check(b.write(create, [][]any{{3, "z"}}))
	b.expect(b.read(spi.Snapshot{}, n, 0), "3")
	create.Table = &spi.Table{Name: spi.Name{Schema: "nowhere", Table: "t"}}
	b.fails(b.write(create), sqlerr.InvalidSchemaName, `schema "nowhere" does not exist`)
}

func TestIdentityColumnsCount(t *testing.T) {
	b := attach(t, nil)
	n := spi.Name{Schema: "public", Table: "s"}
	b.check(b.k.Caps().DDL.CreateTable(ctx, nil, &spi.Table{Name: n, PrimaryKey: []int{0}, Columns: []spi.Column{
		{Name: "id", Type: types.Of(types.Int32), Identity: true}, {Name: "v", Type: text}}}, false, nil))
	for range 2 {
		b.check(b.write(spi.Write{Kind: spi.WriteInsert, Table: b.find(n), Columns: []int{1}}, [][]any{{"a"}, {"b"}}))
	}
	b.expect(b.read(spi.Snapshot{}, n, 0, 1), "1|a", "2|b", "3|a", "4|b")
}

func TestManySmallInsertsMakeFewChunks(t *testing.T) {
	b := attach(t, nil)
	n := b.create()
	table := b.find(n)
	for i := range 3000 {
		b.check(b.write(spi.Write{Kind: spi.WriteInsert, Table: table, Columns: []int{0, 1}}, [][]any{{i, "x"}}))
		if i%3 == 2 {
			b.check(b.write(spi.Write{Kind: spi.WriteDelete, Table: table}, [][]any{{i - 1}}))
		}
	}
	got := b.read(spi.Snapshot{}, n, 0, 3)
	if len(got) != 2000 || got[0] != "0|0" || got[1] != "2|2" || got[1999] != "2999|2999" {
		t.Errorf("got %d rows: %v …", len(got), got[:3])
	}
	s := b.k.(*connector).store
	if chunks := len(s.current.schemas["public"]["t"].chunks); chunks > 20 {
		t.Errorf("%d chunks", chunks)
	}
	b.fails(b.insert(n, []any{2999, "x", nil}), sqlerr.UniqueViolation, "t_pkey")
	b.check(b.insert(n, []any{1, "x", nil}))
}

func TestTheMemoryLimitHolds(t *testing.T) {
	b := attach(t, spi.Config{"memory": "64kB"})
	n := b.create()
	b.check(b.insert(n, []any{1, "one", nil}))
	err := b.insert(n, []any{2, strings.Repeat("x", 100_000), nil})
	b.fails(err, sqlerr.OutOfMemory, "limit of 65536 bytes")
	b.expect(b.read(spi.Snapshot{}, n, 0), "1")
	b.check(b.insert(n, []any{2, "two", nil}))
}

func TestSizesAreRead(t *testing.T) {
	for s, want := range map[string]int64{"": 0, "0": 0, "123": 123, "5B": 5, "64kB": 64 << 10, "2 MiB": 2 << 20, "1g": 1 << 30, "3TiB": 3 << 40} {
		if got, err := parseBytes(s); err != nil || got != want {
			t.Errorf("%q: got %d, %v", s, got, err)
		}
	}
	for _, s := range []string{"x", "-1", "1.5GB", "99999999TB", "kB", "1KMB"} {
		if got, err := parseBytes(s); err == nil {
			t.Errorf("%q: got %d", s, got)
		}
	}
}

func TestStatisticsDescribeTheRows(t *testing.T) {
	b := attach(t, nil)
	n := b.create()
	var rows [][]any
	for i := range 20_000 {
		note := any("n" + fmt.Sprint(i%7))
		if i%4 == 0 {
			note = nil
		}
		rows = append(rows, []any{i, "x", note})
	}
	b.check(b.insert(n, rows...))
	s, err := b.k.Caps().Stats.Stats(ctx, nil, spi.Snapshot{}, b.find(n))
	b.check(err)
	id, name, note := s.Columns[0], s.Columns[1], s.Columns[2]
	if s.Rows != 20_000 || !s.Exact || id.Distinct < 18_000 || id.Min.I != 0 || id.Max.I < 19_900 ||
		name.Distinct != 1 || name.WidthMean != 1 || note.Distinct != 7 || note.NullFrac < 0.2 || note.NullFrac > 0.3 {
		t.Errorf("got %+v", s)
	}
}

func TestACatalogOpenedAgainKeepsItsTables(t *testing.T) {
	f, pool := Factory(), newPool(t)
	open := func(node string) spi.Connector {
		k, err := f.Open(ctx, "mem", nil, spi.Env{Pool: pool, Node: node})
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	first := open("a")
	b := &bench{T: t, k: first, pool: newPool(t)}
	n := b.create()
	second, other := open("a"), open("b")
	b.check(first.Close())
	b.check(first.Close())
	b.k = second
	if b.find(n) == nil {
		t.Error("the table is gone")
	}
	b.k = other
	if b.find(n) != nil {
		t.Error("the table is on another node")
	}
	b.check(second.Close())
	b.check(other.Close())
}
