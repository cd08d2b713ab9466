// Package spitest owns the conformance suite of connectors: what every one of
// them, ours or an outsider's, must do behind the SPI. Their tests call Run
// with a table that has rows. It knows the SPI and no engine: conditions are
// checked by an evaluator of its own.
package spitest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/muster-sql/muster/connectors/spi"
)

// Options says what the suite runs on.
type Options struct {
	// Open makes a connector; the suite closes it. It is called once a subtest.
	Open func(t *testing.T, env spi.Env) (spi.Connector, error)
	// Table has at least two rows and does not change during the suite. Each of
	// its columns should have some variety.
	Table spi.Name
	// RowsMax bounds what is read of Table in one go; 0: 20,000.
	RowsMax int
	// Write is the schema in which the suite may create and drop tables whose
	// names begin with spitest; empty: writing is not tested.
	Write string
	// Busy counts what a connector holds outside of the engine's memory:
	// connections on loan, open files. It must be 0 between subtests; nil: not checked.
	Busy func(c spi.Connector) int
	// LeakOptions are goroutines that are no leak of the connector.
	LeakOptions []goleak.Option
}

// Run runs the suite.
func Run(t *testing.T, o Options) {
	t.Helper()
	if o.RowsMax == 0 {
		o.RowsMax = 20_000
	}
	for _, c := range []struct {
		name string
		run  func(b *bench)
	}{
		{"metadata answers in bulk and knows what is not there", metadata},
		{"names match without case where only one does", anyCase},
		{"a snapshot is extended, travels and is released twice", snapshots},
		{"splits cover each row once, however they are asked for", splitsCover},
		{"splits are read side by side", sideBySide},
		{"columns are pruned, reordered, repeated, left out", projections},
		{"conditions keep what they promise", filters},
		{"a limit holds in each split", limits},
		{"a top-N gives the first rows", topN},
		{"aggregates give what the rows give", aggregates},
		{"a scan that is cancelled ends and leaves nothing", cancelled},
		{"a scan that is closed early leaves nothing", closedEarly},
		{"memory that is refused is one error", refusedMemory},
		{"statistics are possible", statistics},
		{"a dynamic filter only narrows", liveFilters},
		{"a lookup is a scan that is filtered", lookups},
		{"a write commits once, with one attempt of each task", writes},
		{"a write that is aborted leaves no trace", aborted},
		{"tables are made and dropped", tables},
	} {
		t.Run(c.name, func(t *testing.T) {
			leak := goleak.IgnoreCurrent()
			t.Cleanup(func() {
				if !t.Failed() {
					goleak.VerifyNone(t, append(o.LeakOptions, leak)...)
				}
			})
			c.run(newBench(t, &o))
		})
	}
}

// bench is a connector and what a subtest does with it.
type bench struct {
	*testing.T
	o       *Options
	c       spi.Connector
	pool    *Pool
	session *spi.Session
}

var queries atomic.Int64

func newBench(t *testing.T, o *Options) *bench {
	t.Helper()
	c, err := o.Open(t, Env(t))
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, o: o, c: c, pool: NewPool(t)}
	b.session = b.query()
	t.Cleanup(func() {
		if o.Busy != nil {
			if n := o.Busy(c); n != 0 {
				t.Errorf("the connector holds %d things", n)
			}
		}
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return b
}

// query returns a session of a new query.
func (b *bench) query() *spi.Session {
	return &spi.Session{QueryID: fmt.Sprintf("spitest_%d_%d", runID, queries.Add(1)), User: "spitest", Catalog: "c", Zone: "UTC"}
}

func (b *bench) check(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) findNamed(n spi.Name) *spi.Table {
	b.Helper()
	found, err := b.c.Find(context.Background(), b.session, spi.Snapshot{}, []spi.Name{n})
	b.check(err)
	if len(found) != 1 || found[0] == nil {
		b.Fatalf("there is no table %s: %v", n, found)
	}
	return found[0]
}

// snapshot fixes the table; it is released at the end.
func (b *bench) snapshot(names ...spi.Name) spi.Snapshot {
	b.Helper()
	snap, err := b.c.Snapshot(context.Background(), b.session, spi.Snapshot{}, names)
	b.check(err)
	b.Cleanup(func() {
		if err := b.c.Release(context.Background(), snap); err != nil {
			b.Errorf("release: %v", err)
		}
	})
	return snap
}

// scan reads all visible columns of the suite's table under a snapshot of its own.
func (b *bench) scan() (spi.Scan, *spi.Table) {
	b.Helper()
	return b.scanOf(b.o.Table)
}

func (b *bench) scanOf(n spi.Name) (spi.Scan, *spi.Table) {
	b.Helper()
	snap := b.snapshot(n)
	found, err := b.c.Find(context.Background(), b.session, snap, []spi.Name{n})
	b.check(err)
	if found[0] == nil {
		b.Fatalf("there is no table %s", n)
	}
	table := found[0]
	s := spi.Scan{Catalog: "c", Version: 1, Table: table.Name, Snapshot: snap, Limit: -1, Private: table.Private}
	for i, c := range table.Columns {
		if !c.Hidden {
			s.Columns = append(s.Columns, i)
			s.Output = append(s.Output, spi.OutputCol{Name: c.Name, Type: c.Type})
		}
	}
	return s, table
}
