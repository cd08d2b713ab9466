package harness

import (
	"slices"
	"testing"
	"time"
)

func TestACommandLineClusterStartsLosesAndDrainsWorkers(t *testing.T) {
	c := Start(t, Options{Workers: 2, Attach: []string{"tpch=tpch:?sf=0.01"}})
	victim, other := c.Workers()[0], c.Workers()[1]
	victim.Kill()
	if victim.Alive() || !other.Alive() {
		t.Fatal("one worker was killed")
	}
	before := victim.Addr.RPC
	victim.Restart(t)
	c.AwaitWorkers(t)
	if err := other.Terminate(t, 10*time.Second); err != nil {
		t.Errorf("a drained worker ends without an error: %v", err)
	}
	for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		members, err := c.Members()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(members, before) && !slices.Contains(members, other.Addr.RPC) {
			break
		}
		if time.Since(begin) > 15*time.Second {
			t.Fatalf("workers that are gone are still members: %v", members)
		}
	}
	if n, ok := c.Coordinator().Goroutines(t); !ok || n == 0 {
		t.Error("no goroutines are counted")
	}
	if c.Coordinator().RSSBytes(t) < 1<<20 || c.Coordinator().FDs(t) == 0 {
		t.Error("no memory or no files are counted")
	}
}
