package objectstore

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

func put(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestGlobs(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []string{"a.pq", "b.pq", "b.txt", ".hidden.pq", "x/c.pq", "x/y/d.pq", "x/.z/e.pq", "_temporary/f.pq", "[1]/g.pq"} {
		put(t, filepath.Join(dir, f), f)
	}
	for pattern, want := range map[string]string{
		"*.pq":          "a.pq b.pq",
		"?.pq":          "a.pq b.pq",
		"[ac].pq":       "a.pq",
		"{a,b}.{pq}":    "a.pq b.pq",
		"{b,a}.*":       "b.pq b.txt a.pq",
		"**":            "[1]/g.pq a.pq b.pq b.txt x/c.pq x/y/d.pq",
		"**/*.pq":       "a.pq b.pq [1]/g.pq x/c.pq x/y/d.pq",
		"x/*/*.pq":      "x/y/d.pq",
		"x/**/d.pq":     "x/y/d.pq",
		"a.pq":          "a.pq",
		".hidden.pq":    ".hidden.pq",
		".h*":           ".hidden.pq",
		"nothing/*.pq":  "",
		"a.pq/*.pq":     "",
		`\[1\]/*`:       "[1]/g.pq",
		"{a,a,a}.pq":    "a.pq",
		"x/../x/./c.pq": "x/c.pq",
	} {
		got, err := Glob(t.Context(), &Local{}, dir+"/"+pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
		}
		var names []string
		for _, i := range got {
			names = append(names, strings.TrimPrefix(i.Path, dir+"/"))
		}
		if strings.Join(names, " ") != want {
			t.Errorf("%s: got %v, want %v", pattern, names, want)
		}
	}
	if _, err := Glob(t.Context(), &Local{}, dir+"/[a"); !sqlerr.Is(err, sqlerr.InvalidParameterValue) {
		t.Errorf("a malformed pattern: %v", err)
	}
}

func TestAnotherVersionIsNotOpened(t *testing.T) {
	dir, l, ctx := t.TempDir(), &Local{}, t.Context()
	name := filepath.Join(dir, "f")
	put(t, name, "one")
	info, err := l.Stat(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	put(t, name, "other")
	if _, err := l.Open(ctx, info); !sqlerr.Is(err, sqlerr.SnapshotTooOld) {
		t.Errorf("got %v", err)
	}
	if info, err = l.Stat(ctx, name); err != nil {
		t.Fatal(err)
	}
	o, err := l.Open(ctx, info)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	b := make([]byte, 3)
	if err := o.ReadAt(ctx, b, 2); err != nil || string(b) != "her" {
		t.Errorf("got %q, %v", b, err)
	}
	if err := o.ReadAt(ctx, b, 3); !sqlerr.Is(err, sqlerr.DataCorrupted) {
		t.Errorf("a read beyond the end: %v", err)
	}
	if err := os.Truncate(name, 1); err != nil {
		t.Fatal(err)
	}
	if err := o.ReadAt(ctx, b, 0); !sqlerr.Is(err, sqlerr.SnapshotTooOld) {
		t.Errorf("a read of a file that was cut: %v", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	cancel(sqlerr.New(sqlerr.QueryCanceled, "canceled"))
	if err := o.ReadAt(ctx, b, 0); !sqlerr.Is(err, sqlerr.QueryCanceled) {
		t.Errorf("a canceled read: %v", err)
	}
}

func TestAFileAppearsWhenItIsCommitted(t *testing.T) {
	dir, l, ctx := t.TempDir(), &Local{}, t.Context()
	name := filepath.Join(dir, "f")
	write := func(c Condition, commit bool) error {
		w, err := l.Create(ctx, name, c)
		if err != nil {
			return err
		}
		defer w.Close()
		if _, err := w.Write([]byte("content")); err != nil {
			return err
		}
		if !commit {
			return nil
		}
		info, err := w.Commit(ctx)
		if err == nil && info.Bytes != 7 {
			t.Errorf("got %+v", info)
		}
		return err
	}
	if err := write(IfAbsent, false); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left %v", left)
	}
	if err := write(IfAbsent, true); err != nil {
		t.Fatal(err)
	}
	if err := write(IfAbsent, true); !sqlerr.Is(err, sqlerr.DuplicateTable) {
		t.Errorf("a second file of the name: %v", err)
	}
	if err := write(Always, true); err != nil {
		t.Fatal(err)
	}
	if err := l.Rename(ctx, name, filepath.Join(dir, "g")); err != nil {
		t.Fatal(err)
	}
	if err := write(Always, true); err != nil {
		t.Fatal(err)
	}
	if err := l.Rename(ctx, name, filepath.Join(dir, "g")); !sqlerr.Is(err, sqlerr.DuplicateTable) {
		t.Errorf("renamed over a file: %v", err)
	}
	if err := l.RemoveFolder(ctx, dir); err == nil {
		t.Error("a folder with files was removed")
	}
	if err := l.Remove(ctx, filepath.Join(dir, "nothing")); err != nil {
		t.Error(err)
	}
}

func TestALockHasOneHolder(t *testing.T) {
	l, name := &Local{}, filepath.Join(t.TempDir(), "lock")
	one, err := l.Lock(name)
	if err != nil || one == nil {
		t.Fatal(one, err)
	}
	if two, err := l.Lock(name); err != nil || two != nil {
		t.Errorf("a second holder: %v, %v", two, err)
	}
	one.Release()
	three, err := l.Lock(name)
	if err != nil || three == nil {
		t.Fatal(three, err)
	}
	three.Release()
	if _, err := os.Stat(name); !os.IsNotExist(err) {
		t.Errorf("the file stays: %v", err)
	}
}
