package files

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// pageOf returns a page of two columns, n and its text.
func (b *bed) pageOf(from, to int) *page.Page {
	b.Helper()
	var nums, texts []types.Value
	for i := from; i < to; i++ {
		nums = append(nums, types.IntValue(int64(i)))
		texts = append(texts, types.StringValue(strings.Repeat("t", i%20)))
	}
	n, err := page.FromValues(types.Of(types.Int64), nums, b.pool)
	b.check(err)
	s, err := page.FromValues(types.Of(types.Text), texts, b.pool)
	b.check(err)
	return page.New(to-from, n, s)
}

func twoColumns(name string) *spi.Table {
	return &spi.Table{Name: spi.Name{Schema: "public", Table: name}, Columns: []spi.Column{
		{Name: "n", Type: types.Of(types.Int64), NotNull: true}, {Name: "s", Type: types.Of(types.Text)}}}
}

// sink writes rows as one attempt of a task and returns the fragment.
func (b *bed) sink(t spi.Target, id spi.SinkID, from, to int) []byte {
	b.Helper()
	ctx := context.Background()
	k, err := b.k.Caps().Write.Sink(ctx, b.s, t, id, spi.OpenEnv{Pool: b.pool})
	b.check(err)
	b.check(k.Put(ctx, b.pageOf(from, to)))
	f, err := k.Finish(ctx)
	b.check(err)
	b.check(k.Close())
	return f
}

// die begins to write as a task that never ends.
func (b *bed) die(t spi.Target, id spi.SinkID) {
	b.Helper()
	k, err := b.k.Caps().Write.Sink(context.Background(), b.s, t, id, spi.OpenEnv{Pool: b.pool})
	b.check(err)
	b.check(k.Put(context.Background(), b.pageOf(0, 500)))
	b.Cleanup(func() { _ = k.Close() })
}

func (b *bed) rows(table string) int {
	b.Helper()
	seen := map[int64]bool{}
	_, err := b.read(b.scan(b.table(table), "n"), spi.OpenEnv{}, func(p *page.Page) {
		for i := range p.Len() {
			n := page.Get[int64](p.Cols[0], p.Row(i))
			if seen[n] {
				b.Errorf("row %d is there twice", n)
			}
			seen[n] = true
		}
	})
	b.check(err)
	return len(seen)
}

// left lists everything in the folder.
func left(t *testing.T, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if p != dir {
			out = append(out, strings.TrimPrefix(p, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestANewTableHoldsEachRowOnceWhateverAttemptsDid(t *testing.T) {
	dir := t.TempDir()
	b := attach(t, spi.Config{"path": dir})
	w := b.k.Caps().Write
	ctx := context.Background()
	target, err := w.Begin(ctx, b.s, spi.Write{Kind: spi.WriteCreate, Table: twoColumns("t")})
	b.check(err)
	b.die(target, spi.SinkID{Task: "a", Attempt: 0})
	b.sink(target, spi.SinkID{Task: "b", Attempt: 0}, 1000, 2000) // its attempt is not the one that counts
	fragments := [][]byte{
		b.sink(target, spi.SinkID{Task: "a", Attempt: 1}, 0, 1000),
		b.sink(target, spi.SinkID{Task: "b", Attempt: 1}, 1000, 2000),
		b.sink(target, spi.SinkID{Task: "b", Attempt: 1, Driver: 1}, 2000, 3000),
	}
	if names, err := b.k.Tables(ctx, b.s, "public"); err != nil || len(names) > 0 {
		t.Errorf("before the commit there is %v, %v", names, err)
	}
	b.check(w.Commit(ctx, b.s, target, fragments))
	b.check(w.Commit(ctx, b.s, target, fragments)) // once more is no error
	b.check(w.Abort(ctx, b.s, target))             // and takes nothing back
	if n := b.rows("t"); n != 3000 {
		t.Errorf("got %d rows", n)
	}
	if _, err := w.Begin(ctx, b.s, spi.Write{Kind: spi.WriteCreate, Table: twoColumns("T")}); !sqlerr.Is(err, sqlerr.DuplicateTable) {
		t.Errorf("a second table of the name: %v", err)
	}
}

func TestAnAbortedWriteLeavesNoTrace(t *testing.T) {
	dir := t.TempDir()
	b := attach(t, spi.Config{"path": dir})
	w := b.k.Caps().Write
	ctx := context.Background()
	target, err := w.Begin(ctx, b.s, spi.Write{Kind: spi.WriteCreate, Table: twoColumns("t")})
	b.check(err)
	b.die(target, spi.SinkID{Task: "a"})
	f := b.sink(target, spi.SinkID{Task: "b"}, 0, 10)
	b.check(w.Abort(ctx, b.s, target))
	b.check(w.Abort(ctx, b.s, target))
	if l := left(t, dir); len(l) > 0 {
		t.Errorf("left: %v", l)
	}
	if err := w.Commit(ctx, b.s, target, [][]byte{f}); !sqlerr.Is(err, sqlerr.ObjectNotInState) {
		t.Errorf("commit after abort: %v", err)
	}
}

func TestWhatADeadCoordinatorLeftIsRemovedAtTheNextStart(t *testing.T) {
	dir := t.TempDir()
	dead := attach(t, spi.Config{"path": dir})
	ctx := context.Background()
	target, err := dead.k.Caps().Write.Begin(ctx, dead.s, spi.Write{Kind: spi.WriteCreate, Table: twoColumns("t")})
	dead.check(err)
	dead.sink(target, spi.SinkID{Task: "a"}, 0, 10)
	attach(t, spi.Config{"path": dir}) // while it lives nothing happens
	if l := left(t, dir); len(l) < 3 {
		t.Errorf("a living write was swept: %v", l)
	}
	for s, l := range dead.k.(*connector).claims { // the kernel frees a dead process's lock, its file stays
		delete(dead.k.(*connector).claims, s)
		l.Release()
		dead.check(os.WriteFile(s+".lock", nil, 0o644))
	}
	attach(t, spi.Config{"path": dir})
	if l := left(t, dir); len(l) > 0 {
		t.Errorf("left: %v", l)
	}
}

func TestInsertAddsFilesAtOnce(t *testing.T) {
	dir := t.TempDir()
	b := attach(t, spi.Config{"path": dir})
	w, ddl := b.k.Caps().Write, b.k.Caps().DDL
	ctx := context.Background()
	b.check(ddl.CreateTable(ctx, b.s, twoColumns("t"), false, map[string]string{"compression": "snappy"}))
	if n := b.rows("t"); n != 0 {
		t.Errorf("a new table has %d rows", n)
	}
	for i, parts := range []int{1, 3, 0} {
		b.s = &spi.Session{QueryID: "insert" + string(rune('a'+i))}
		before := b.rows("t")
		target, err := w.Begin(ctx, b.s, spi.Write{Kind: spi.WriteInsert, Table: b.table("t"), Columns: []int{0, 1}})
		b.check(err)
		b.die(target, spi.SinkID{Task: "x"})
		var fragments [][]byte
		for p := range parts {
			fragments = append(fragments, b.sink(target, spi.SinkID{Task: "t", Driver: p}, before+100*p, before+100*p+100))
		}
		if n := b.rows("t"); n != before {
			t.Errorf("rows are visible before the commit: %d", n)
		}
		b.check(w.Commit(ctx, b.s, target, fragments))
		b.check(w.Commit(ctx, b.s, target, fragments))
		if n := b.rows("t"); n != before+100*parts {
			t.Errorf("got %d rows, want %d", n, before+100*parts)
		}
	}
	b.s = &spi.Session{QueryID: "other"}
	b.check(ddl.Truncate(ctx, b.s, spi.Name{Schema: "public", Table: "t"}))
	if n := b.rows("t"); n != 0 {
		t.Errorf("%d rows after TRUNCATE", n)
	}
	b.check(os.WriteFile(filepath.Join(dir, "t", "notes.txt"), nil, 0o644))
	if err := ddl.DropTable(ctx, b.s, spi.Name{Schema: "public", Table: "t"}, spi.Drop{}); !sqlerr.Is(err, sqlerr.DependentObjects) {
		t.Errorf("a folder with other files was dropped: %v", err)
	}
	b.check(os.Remove(filepath.Join(dir, "t", "notes.txt")))
	b.check(ddl.DropTable(ctx, b.s, spi.Name{Schema: "public", Table: "t"}, spi.Drop{}))
	if l := left(t, dir); len(l) > 0 {
		t.Errorf("left: %v", l)
	}
}

func TestCopyWritesOneFile(t *testing.T) {
	dir := t.TempDir()
	b := attach(t, spi.Config{"path": dir, "outside": "false"})
	w := b.k.Caps().Write
	ctx := context.Background()
	if _, err := w.Begin(ctx, b.s, spi.Write{Table: twoColumns(""), Location: "/elsewhere/x.parquet"}); !sqlerr.Is(err, sqlerr.InsufficientPrivilege) {
		t.Errorf("a file outside of the folder: %v", err)
	}
	for range 2 { // the second replaces the first
		target, err := w.Begin(ctx, b.s, spi.Write{Table: twoColumns(""), Location: filepath.Join(dir, "x.parquet")})
		b.check(err)
		if !target.Single {
			t.Error("several sinks for one file")
		}
		b.check(w.Commit(ctx, b.s, target, [][]byte{b.sink(target, spi.SinkID{Task: "a"}, 0, 10)}))
		if n := b.rows("x"); n != 10 {
			t.Errorf("got %d rows", n)
		}
	}
	if l := left(t, dir); len(l) != 1 {
		t.Errorf("left: %v", l)
	}
}
