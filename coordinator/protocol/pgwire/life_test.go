package pgwire

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

func TestIdleSessionsEnd(t *testing.T) {
	_, addr := start(t, &source{}, nil)
	for _, w := range []struct{ setting, before, want string }{
		{"idle_session_timeout", "", "F(57P05) end"},
		{"idle_in_transaction_session_timeout", "BEGIN", "F(25P03) end"},
	} {
		c := dial(t, addr)
		c.raw(196608, "user", "me", w.setting, "150ms")
		_ = c.read()
		if w.before != "" {
			c.send(&pgproto3.Query{String: w.before})
			_ = c.read()
		}
		begin := time.Now()
		if got := c.read(); got != w.want {
			t.Errorf("%s: %s", w.setting, got)
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("%s took %v", w.setting, took)
		}
	}
}

func TestDrainLetsStatementsEnd(t *testing.T) {
	s, addr := start(t, &source{}, nil)
	idle, busy, stuck := login(t, addr), login(t, addr), login(t, addr)
	busy.send(&pgproto3.Query{String: "SELECT pg_sleep(1)"})
	stuck.send(&pgproto3.Query{String: "SELECT pg_sleep(60)"})
	time.Sleep(100 * time.Millisecond)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	done := make(chan struct{})
	go func() { s.Drain(ctx); close(done) }()
	if got := idle.read(); got != "F(57P01) end" {
		t.Errorf("idle: %s", got)
	}
	if got := busy.read(); got != "T1 C(SELECT 0) Z(I)" {
		t.Errorf("busy: %s", got)
	}
	if got := busy.read(); got != "F(57P01) end" {
		t.Errorf("busy, then: %s", got)
	}
	if got := stuck.read(); !strings.HasSuffix(got, "F(57P01) end") {
		t.Errorf("stuck: %s", got)
	}
	<-done
}

func TestASlowClientHoldsUpItsStatementOnly(t *testing.T) {
	r := &source{}
	_, addr := start(t, r, nil)
	c := login(t, addr)
	c.send(&pgproto3.Query{String: "SELECT generate_series(100000000)"})
	time.Sleep(300 * time.Millisecond)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	time.Sleep(300 * time.Millisecond)
	runtime.ReadMemStats(&after)
	if grown := int64(after.TotalAlloc) - int64(before.TotalAlloc); grown > 4<<20 {
		t.Errorf("%d bytes were allocated while nobody read", grown)
	}
	if _, err := connect(t, addr, "").Exec(context.Background(), "SELECT 1"); err != nil {
		t.Error(err)
	}
	_ = c.net.Close()
	for begin := time.Now(); r.open.Load() > 0; time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > time.Second {
			t.Fatal("the statement of a client that is gone goes on")
		}
	}
}

func TestIdleConnectionsAreCheap(t *testing.T) {
	const n = 500
	_, addr := start(t, &source{}, nil)
	login(t, addr)
	before := heap()
	conns := make([]*client, n)
	for i := range conns {
		conns[i] = login(t, addr)
		conns[i].send(&pgproto3.Query{String: "SELECT 1"})
		_ = conns[i].read()
	}
	each := (heap() - before) / n
	t.Logf("counts: %d KiB for each idle connection, both ends", each>>10)
	if each > 120<<10 {
		t.Errorf("an idle connection holds %d bytes", each)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

func TestManyClientsComeAndGo(t *testing.T) {
	_, addr := start(t, &source{}, nil)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 25 {
				c, err := pgx.Connect(context.Background(), "postgres://me@"+addr+"/tpch?sslmode=disable")
				if err != nil {
					t.Error(err)
					return
				}
				var n int64
				if err := c.QueryRow(context.Background(), "SELECT generate_series(1)").Scan(&n); err != nil || n != 1 {
					t.Errorf("%d: %v", n, err)
				}
				_ = c.Close(context.Background())
			}
		})
	}
	all.Wait()
}

func TestCancelsOfOthersDoNothing(t *testing.T) {
	_, addr := start(t, &source{}, nil)
	c := login(t, addr)
	c.send(&pgproto3.Query{String: "SELECT pg_sleep(1)"})
	for i := range 50 {
		d := dial(t, addr)
		d.raw(codeCancel, fmt.Sprintf("%08d", i)) // a session and a key by chance
		_, _ = io.ReadAll(d.net)
	}
	if got := c.read(); got != "T1 C(SELECT 0) Z(I)" {
		t.Error(got)
	}
}

// FuzzMessages feeds the message loop; it must neither hang nor panic.
func FuzzMessages(f *testing.F) {
	for _, seed := range []string{
		"Q\x00\x00\x00\x0dSELECT 1\x00",
		"P\x00\x00\x00\x10\x00SELECT 1\x00\x00\x00B\x00\x00\x00\x0c\x00\x00\x00\x00\x00\x00\x00\x00E\x00\x00\x00\x09\x00\x00\x00\x00\x00S\x00\x00\x00\x04",
		"P\x00\x00\x00\x11\x00SELECT $1\x00\x00\x00B\x00\x00\x00\x12\x00\x00\x00\x00\x00\x01\x00\x00\x00\x02ab\x00\x00D\x00\x00\x00\x06P\x00S\x00\x00\x00\x04",
		"Q\x00\x00\x00\x10BEGIN; x; y\x00C\x00\x00\x00\x06S\x00H\x00\x00\x00\x04d\x00\x00\x00\x05xX\x00\x00\x00\x04",
	} {
		f.Add([]byte(seed))
	}
	s, addr := start(f, &source{}, func(o *Options) { o.MessageBytesMax = 1 << 16 })
	f.Fuzz(func(t *testing.T, b []byte) {
		if strings.Contains(string(b), "sleep") || strings.Contains(string(b), "generate") || strings.Contains(string(b), "panic") {
			return
		}
		c := login(t, addr)
		_, _ = c.net.Write(b)
		_ = c.net.(interface{ CloseWrite() error }).CloseWrite()
		_ = c.net.SetDeadline(time.Now().Add(5 * time.Second))
		if _, err := io.ReadAll(c.net); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Errorf("the connection stays: %v", err)
		}
		if s.isClosing() {
			t.Error("the server has ended")
		}
	})
}
