package mempool_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/exec/mempool"
)

func TestLimitsHoldAtEveryLevelAndAllComesBack(t *testing.T) {
	node := mempool.NewNode(mempool.Options{Name: "node", LimitBytes: 1 << 20})
	q := node.Query(t.Context(), mempool.QueryOptions{ID: "q1", LimitBytes: 256 << 10})
	op := q.Child("task").Child("op")
	if err := op.Reserve(200 << 10); err != nil {
		t.Fatal(err)
	}
	err := op.Reserve(100 << 10)
	if !sqlerr.Is(err, sqlerr.OutOfMemory) {
		t.Fatalf("want 53200, got %v", err)
	}
	var e *sqlerr.Error
	if !errors.As(err, &e) || e.Hint == "" {
		t.Fatalf("no hint in %v", err)
	}
	op.Free(200 << 10)
	if err := op.Close(); err != nil {
		t.Fatal(err)
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	if node.Used() != 0 {
		t.Fatalf("node still has %d bytes", node.Used())
	}
}

func TestALeakIsReported(t *testing.T) {
	node := mempool.NewNode(mempool.Options{Name: "node"})
	op := node.Child("op")
	if err := op.Reserve(10); err != nil {
		t.Fatal(err)
	}
	if op.Close() == nil {
		t.Fatal("leak was not reported")
	}
}

func TestConcurrentUseKeepsTheBooks(t *testing.T) {
	node := mempool.NewNode(mempool.Options{Name: "node", LimitBytes: 8 << 20})
	op := node.Query(t.Context(), mempool.QueryOptions{ID: "q"}).Child("op")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 2000 {
				n := rand.IntN(50_000)
				if op.Reserve(n) == nil {
					op.Free(n)
				}
			}
		})
	}
	wg.Wait()
	if n := op.InUse(); n != 0 {
		t.Fatalf("%d bytes in use", n)
	}
	if err := op.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestMemoryOfAnIdleOwnerIsRevokedByWhoNeedsIt(t *testing.T) {
	node := mempool.NewNode(mempool.Options{Name: "node", LimitBytes: 1 << 20})
	a := node.Query(t.Context(), mempool.QueryOptions{ID: "a"}).Child("agg")
	b := node.Query(t.Context(), mempool.QueryOptions{ID: "b"}).Child("agg")
	if err := a.Reserve(900 << 10); err != nil {
		t.Fatal(err)
	}
	spilled := 0
	var r *mempool.Revocable
	r = a.Revocable(func() error {
		spilled++
		a.Free(900 << 10)
		r.SetBytes(0)
		return nil
	})
	r.SetBytes(900 << 10)
	if err := b.Reserve(500 << 10); err != nil {
		t.Fatal(err)
	}
	if spilled != 1 {
		t.Fatalf("spilled %d times", spilled)
	}
	b.Free(500 << 10)
	r.Close()
}

func TestABusyOwnerHonoursTheRequestWhenItLeaves(t *testing.T) {
	node := mempool.NewNode(mempool.Options{Name: "node", LimitBytes: 1 << 20})
	a := node.Query(t.Context(), mempool.QueryOptions{ID: "a"}).Child("agg")
	b := node.Query(t.Context(), mempool.QueryOptions{ID: "b"}).Child("agg")
	if err := a.Reserve(900 << 10); err != nil {
		t.Fatal(err)
	}
	var r *mempool.Revocable
	r = a.Revocable(func() error { a.Free(900 << 10); r.SetBytes(0); return nil })
	r.SetBytes(900 << 10)
	if err := r.Enter(); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := b.Reserve(500 << 10); err != nil {
			t.Error(err)
			return
		}
		b.Free(500 << 10)
	})
	for !r.Asked() {
		// the other goroutine will ask
	}
	if err := r.Leave(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	r.Close()
}

func TestTheOwnerIsToldToSpillItself(t *testing.T) {
	node := mempool.NewNode(mempool.Options{Name: "node", LimitBytes: 256 << 10})
	a := node.Query(t.Context(), mempool.QueryOptions{ID: "a"}).Child("agg")
	r := a.Revocable(func() error { return nil })
	if err := r.Enter(); err != nil {
		t.Fatal(err)
	}
	if err := r.Ensure(200 << 10); err != nil {
		t.Fatal(err)
	}
	if err := a.Reserve(200 << 10); err != nil {
		t.Fatal(err)
	}
	r.SetBytes(200 << 10)
	if err := r.Ensure(100 << 10); !errors.Is(err, mempool.ErrRevoked) {
		t.Fatalf("want ErrRevoked, got %v", err)
	}
	a.Free(200 << 10)
	r.SetBytes(0)
	if err := r.Ensure(100 << 10); err != nil {
		t.Fatal(err)
	}
	if err := r.Leave(); err != nil {
		t.Fatal(err)
	}
	r.Close()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSpillFilesGiveBackWhatWasWritten(t *testing.T) {
	dir := t.TempDir()
	root, err := mempool.OpenSpillRoot(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	s, err := root.Query(0)
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.Create()
	if err != nil {
		t.Fatal(err)
	}
	var blocks [][]byte
	for i := range 50 {
		b := bytes.Repeat([]byte{byte(i)}, rand.IntN(100_000))
		if i%2 == 0 {
			for j := range b {
				b[j] = byte(rand.Uint32())
			}
		}
		blocks = append(blocks, b)
		if _, err := f.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	at, buf := int64(0), []byte(nil)
	for i, want := range blocks {
		got, next, err := f.ReadAt(at, buf)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("block %d differs", i)
		}
		at, buf = next, got
	}
	if _, _, err := f.ReadAt(at, buf); err != io.EOF {
		t.Fatalf("want io.EOF, got %v", err)
	}
	if root.Used() != f.Size() {
		t.Fatalf("%d bytes counted, %d written", root.Used(), f.Size())
	}
	if err := errors.Join(f.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if root.Used() != 0 {
		t.Fatalf("%d bytes counted after the end", root.Used())
	}
	if err := root.Close(); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(left) != 0 {
		t.Fatalf("files are left: %v", left)
	}
}

func TestDamagedSpillFilesAreNoticed(t *testing.T) {
	dir := t.TempDir()
	root, _ := mempool.OpenSpillRoot(dir, 0)
	defer func() { _ = root.Close() }()
	s, _ := root.Query(0)
	f, _ := s.Create()
	if _, err := f.Append(bytes.Repeat([]byte("abc"), 1000)); err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob(filepath.Join(dir, "*", "query-*", "rows-*"))
	raw, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(raw, []byte("abcabc")) {
		t.Fatal("the file is readable")
	}
	for i := range int(f.Size()) {
		bad := bytes.Clone(raw)
		bad[i] ^= 0x40
		if err := os.WriteFile(names[0], bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if b, _, err := f.ReadAt(0, nil); err == nil && !bytes.Equal(b, bytes.Repeat([]byte("abc"), 1000)) {
			t.Fatalf("damage at byte %d was not noticed", i)
		}
	}
}

func TestSpillStopsAtItsLimit(t *testing.T) {
	root, _ := mempool.OpenSpillRoot(t.TempDir(), 0)
	defer func() { _ = root.Close() }()
	s, _ := root.Query(1000)
	f, _ := s.Create()
	b := make([]byte, 4000)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	if _, err := f.Append(b); !sqlerr.Is(err, sqlerr.DiskFull) {
		t.Fatalf("want 53100, got %v", err)
	}
}

func TestFoldersOfDeadProcessesAreRemovedAtTheStart(t *testing.T) {
	dir := t.TempDir()
	dead := filepath.Join(dir, "muster-spill-dead")
	if err := os.MkdirAll(dead, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dead, "lock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	alive, err := mempool.OpenSpillRoot(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	second, err := mempool.OpenSpillRoot(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(left) != 2 {
		t.Fatalf("want the two living folders, got %v", left)
	}
	if err := errors.Join(alive.Close(), second.Close()); err != nil {
		t.Fatal(err)
	}
}
