package join

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/rows"
)

// Build rows that do not fit are partitioned on disk by their hashes. Some
// partitions come back to memory; probe rows of the others go to disk too and
// are joined partition by partition when the probe's input has ended.
const (
	partBitsMax = 6
	partBitsMin = 4
	// Under this limit there are fewer partitions: each has a buffer.
	partLimitSmall = 16 << 20
)

// onDisk is a join that has spilled.
type onDisk struct {
	bits     int
	build    []*rows.Spilled
	resident []bool // by partition: its rows are in the bridge's table
	layout   *rows.Layout
	mu       sync.Mutex
	probe    []*rows.Spilled
	ended    chan struct{} // closed when all probe drivers have seen their input's end
	next     atomic.Int32
}

// spillable reports whether build rows may go to disk. IN over several keys
// compares with all of them, and a nested loop has no partitions.
func (b *Bridge) spillable() bool {
	return b.c.Spill != nil && len(b.c.LKeys) > 0 && !b.c.general()
}

func (b *Bridge) partBits() int {
	if limit := b.c.Pool.QueryLimit(); limit > 0 && limit < partLimitSmall {
		return partBitsMin
	}
	return partBitsMax
}

// partition maps a hash to a partition. It mixes, since tables use the ends of
// the hash and exchanges other parts of it.
func partition(h uint64, bits int) int { return int(h * 0x9e3779b97f4a7c15 >> (64 - bits)) }

// spill writes the rows of a build driver to disk. It is called between Enter
// and Leave, or by those who need memory.
func (k *sink) spill() error {
	k.since = 0
	if k.store.Len() == 0 {
		return nil
	}
	b := k.b
	if k.disk == nil {
		x, err := rows.NewSpilled(b.layout, b.c.Spill, 1<<b.partBits(), k.pool)
		if err != nil {
			return err
		}
		k.disk = x
		b.files.Add(1)
	}
	before := k.disk.Size()
	if err := addRows(k.disk, k.store, b.partBits()); err != nil {
		return err
	}
	if err := k.disk.Flush(); err != nil {
		return err
	}
	b.bytes.Add(k.disk.Size() - before)
	k.store.Drop()
	k.r.SetBytes(0)
	return nil
}

// addRows adds all rows of s to their partitions.
func addRows(x *rows.Spilled, s *rows.Store, bits int) error {
	lists := make([][]uint32, x.Parts())
	for i := range s.Blocks() {
		first, n := s.Block(i)
		for p := range lists {
			lists[p] = lists[p][:0]
		}
		for id := first; id < first+uint32(n); id++ {
			p := partition(s.Hash(id), bits)
			lists[p] = append(lists[p], id)
		}
		for p, ids := range lists {
			if err := x.Add(p, s, ids); err != nil {
				return err
			}
		}
	}
	return nil
}

// completeSpilled sends the rest of the build rows to disk and loads as many
// partitions as fit in a sixth of the memory.
func (b *Bridge) completeSpilled() error {
	d := &onDisk{bits: b.partBits(), layout: rows.NewLayout(b.c.Left, true), ended: make(chan struct{})}
	b.disk = d
	for _, k := range b.done {
		if err := k.spill(); err != nil {
			return err
		}
	}
	for _, k := range b.done {
		if k.disk != nil {
			d.build = append(d.build, k.disk)
			k.disk = nil
		}
		k.store.Drop()
	}
	b.done = nil
	s := rows.NewStore(b.layout, b.c.Pool, b.heap)
	b.table.store = s
	d.resident = make([]bool, 1<<d.bits)
	share := b.c.Pool.QueryLimit() / 6
	kept := 0
	for part := range d.resident {
		n, bytes := d.size(part)
		need := bytes + bytes/4 + tableBytes(n)
		switch {
		case n == 0:
		case b.c.SpillForce > 0 && part%2 == 1:
			continue
		case share > 0 && int64(kept+need) > share || !b.c.Pool.Available(2*need):
			continue
		}
		kept += need
		if err := d.load(part, s); err != nil {
			return err
		}
		d.resident[part] = true
	}
	return nil
}

// size returns the build rows of a partition and their bytes in memory.
func (d *onDisk) size(part int) (n, bytes int) {
	for _, x := range d.build {
		n, bytes = n+x.Rows(part), bytes+x.Bytes(part)
	}
	return n, bytes
}

// load appends the build rows of a partition to s.
func (d *onDisk) load(part int, s *rows.Store) error {
	var buf []byte
	for _, x := range d.build {
		for i := range x.Blocks(part) {
			var err error
			if buf, err = x.Read(part, i, s, buf); err != nil {
				return err
			}
		}
	}
	return nil
}

// newProbe makes the files of one probe driver.
func (d *onDisk) newProbe(b *Bridge, pool *mempool.Pool) (*rows.Spilled, error) {
	x, err := rows.NewSpilled(d.layout, b.c.Spill, len(d.resident), pool)
	if err != nil {
		return nil, err
	}
	b.files.Add(1)
	d.mu.Lock()
	d.probe = append(d.probe, x)
	d.mu.Unlock()
	return x, nil
}

func (d *onDisk) close() error {
	if d == nil {
		return nil
	}
	var errs []error
	for _, x := range append(d.build, d.probe...) {
		errs = append(errs, x.Close())
	}
	d.build, d.probe = nil, nil
	return errors.Join(errs...)
}
