package join

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/exchange"
	"github.com/muster-sql/muster/exec/kernel"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/rows"
)

// Bridge is the build side of a join, shared by its drivers: each build driver
// fills a store of its own; when the last has finished, the probe drivers fill
// the table together.
type Bridge struct {
	c      *Config
	cols   []int // right columns that are stored
	at     []int // store column of each right column, -1: not stored
	keys   []int // store columns of the keys
	layout *rows.Layout
	heap   *rows.Heap

	mu      sync.Mutex
	sinks   int
	users   int         // probe drivers that are not closed
	done    []*sink     // finished build drivers, while others are not
	hasNull atomic.Bool // some build row has a NULL key that matches nothing
	rows    atomic.Int64
	ready   chan struct{} // closed when the rows are complete
	err     error         // of completing them
	gone    atomic.Bool   // nobody probes any more

	table  table
	filled chan struct{} // closed when the table is complete
	probes atomic.Int32  // drivers that have not seen their input's end
	disk   *onDisk       // nil: everything is in memory
	bytes  atomic.Int64  // spilled
	files  atomic.Int64
}

// Spilled returns the bytes and files that the join has spilled.
func (b *Bridge) Spilled() (bytes, files int64) { return b.bytes.Load(), b.files.Load() }

// NewBridge returns the bridge of so many build and probe drivers.
func NewBridge(c *Config, builds, probes int) (*Bridge, error) {
	b := &Bridge{c: c, sinks: builds, users: probes, heap: rows.NewHeap(), ready: make(chan struct{}), filled: make(chan struct{})}
	b.probes.Store(int32(probes))
	b.cols = page32(len(c.Right))
	if c.filters() && c.Residual != nil {
		r, err := c.Residual(page.Unaccounted{})
		if err != nil {
			return nil, err
		}
		b.cols = c.stored(r)
	} else if c.filters() {
		b.cols = c.stored(nil)
	}
	b.at = make([]int, len(c.Right))
	for i := range b.at {
		b.at[i] = -1
	}
	ts := make([]types.Type, len(b.cols))
	for i, r := range b.cols {
		ts[i], b.at[r] = c.Right[r], i
	}
	for _, k := range c.RKeys {
		b.keys = append(b.keys, b.at[k])
	}
	b.layout = rows.NewLayout(ts, true)
	return b, nil
}

// sink stores the build rows of one driver. They can be revoked until the
// table is made: then they go to disk by partition.
type sink struct {
	b      *Bridge
	pool   *mempool.Pool
	store  *rows.Store
	r      *mempool.Revocable
	disk   *rows.Spilled
	since  int // rows since the last spill
	hasher kernel.Hasher
	hashes []uint64
	keys   []*page.Vector
	cols   []*page.Vector
	sel    []int32
	done   bool
}

var _ operator.Sink = (*sink)(nil)

// NewSink returns the sink of one build driver.
func (b *Bridge) NewSink(pool *mempool.Pool) operator.Sink {
	k := &sink{b: b, pool: pool, store: rows.NewStore(b.layout, pool, b.heap)}
	k.r = pool.Revocable(k.spill)
	return k
}

func (k *sink) Put(_ context.Context, p *page.Page) (err error) {
	defer p.Release()
	b := k.b
	if b.gone.Load() {
		return exchange.ErrEnough
	}
	k.cols, k.keys = k.cols[:0], k.keys[:0]
	for _, c := range b.cols {
		if err := p.Cols[c].Load(p.Sel); err != nil {
			return err
		}
		k.cols = append(k.cols, p.Cols[c])
	}
	for _, c := range b.c.RKeys {
		if err := p.Cols[c].Load(p.Sel); err != nil {
			return err
		}
		k.keys = append(k.keys, p.Cols[c])
	}
	b.rows.Add(int64(p.Len()))
	sel := k.matchable(p)
	n := p.Rows
	if sel != nil {
		n = len(sel)
	}
	if n == 0 {
		return nil
	}
	if cap(k.hashes) < n {
		k.hashes = make([]uint64, max(n, page.RowsMax))
	}
	k.hasher.Columns(k.keys, p.Rows, sel, k.hashes[:n])
	if err := k.r.Enter(); err != nil {
		return err
	}
	defer func() {
		if lerr := k.r.Leave(); err == nil {
			err = lerr
		}
	}()
	return k.pieces(p, sel, n)
}

// piece is the least number of rows that a page is cut to when memory is short.
const piece = 256

// pieces keeps the rows, in pieces when they would take a large part of the memory.
func (k *sink) pieces(p *page.Page, sel []int32, n int) error {
	limit := k.pool.QueryLimit()
	if limit == 0 || n <= piece || !k.b.spillable() || int64(k.store.Need(k.cols, p.Rows, sel)) < limit/8 {
		return k.keep(p, sel, k.hashes[:n])
	}
	if sel == nil {
		sel = page.Iota(p.Rows)
	}
	for from := 0; from < n; from += piece {
		to := min(from+piece, n)
		if err := k.keep(p, sel[from:to], k.hashes[from:to]); err != nil {
			return err
		}
	}
	return nil
}

// keep appends rows, after spilling if it must.
func (k *sink) keep(p *page.Page, sel []int32, hashes []uint64) error {
	for k.b.spillable() {
		err := k.r.Ensure(k.store.Need(k.cols, p.Rows, sel))
		if err == nil {
			break
		}
		if !errors.Is(err, mempool.ErrRevoked) {
			return err
		}
		if err := k.spill(); err != nil {
			return err
		}
	}
	if err := k.store.Append(k.cols, p.Rows, sel, hashes); err != nil {
		return err
	}
	if !k.b.spillable() {
		return nil
	}
	if k.since += len(hashes); k.b.c.SpillForce > 0 && k.since >= k.b.c.SpillForce {
		return k.spill()
	}
	k.r.SetBytes(k.store.Bytes())
	return nil
}

// matchable returns the rows to store: those with a NULL key can match nothing
// and are left out, unless they are output or IN's NULL needs them.
func (k *sink) matchable(p *page.Page) []int32 {
	b := k.b
	sel := p.Sel
	for i, v := range k.keys {
		if v.Valid() == nil || b.c.nullSafe(i) {
			continue
		}
		if cap(k.sel) < p.Rows {
			k.sel = make([]int32, max(p.Rows, page.RowsMax))
		}
		before := p.Rows
		if sel != nil {
			before = len(sel)
		}
		out := k.sel[:p.Rows]
		n := 0
		for x := range before {
			s := int32(x)
			if sel != nil {
				s = sel[x]
			}
			out[n] = s
			if !v.IsNull(int(s)) {
				n++
			}
		}
		if n == before {
			continue
		}
		b.hasNull.Store(true)
		if b.c.keepsRight() || b.c.general() {
			return p.Sel
		}
		sel = out[:n]
	}
	return sel
}

func (k *sink) Finish(context.Context) error {
	k.done = true
	return k.b.finish(k)
}

func (k *sink) Close() error {
	if k.done {
		return nil
	}
	k.done = true
	err := k.drop()
	k.b.mu.Lock()
	defer k.b.mu.Unlock()
	k.b.sinks--
	return errors.Join(err, k.b.release())
}

// drop gives the rows back.
func (k *sink) drop() error {
	k.r.Close()
	k.store.Drop()
	return k.disk.Close()
}

// finish hands a driver's rows over; the last one completes them.
func (b *Bridge) finish(k *sink) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = append(b.done, k)
	if b.sinks--; b.sinks == 0 && !b.gone.Load() {
		b.err = b.complete()
		close(b.ready)
	}
	return errors.Join(b.err, b.release())
}

// complete joins the rows of all drivers, in memory or on disk.
func (b *Bridge) complete() error {
	spilled, total := false, 0
	for _, k := range b.done {
		k.r.Close()
		spilled = spilled || k.disk != nil
		total += k.store.Len()
	}
	if b.spillable() && (spilled || !b.c.Pool.Available(tableBytes(total))) {
		return b.completeSpilled()
	}
	all := b.done[0].store
	for _, k := range b.done[1:] {
		all.Join(k.store)
	}
	b.table.store, b.done = all, nil
	if !b.spillable() {
		return nil
	}
	return b.table.allocate(b, b.c.Pool.Overdraft()) // there was room a moment ago
}

// wait blocks until the table is complete; drivers that wait fill it together.
func (b *Bridge) wait(ctx context.Context, slot operator.Slot) error {
	if err := await(ctx, slot, b.ready); err != nil {
		return err
	}
	if b.err != nil {
		return b.err
	}
	t := &b.table
	t.once.Do(func() {
		if len(b.c.LKeys) > 0 {
			switch {
			case t.slots != nil:
			case b.disk != nil: // of the partitions that came back
				t.err = t.allocate(b, b.c.Pool.Overdraft())
			default:
				t.err = t.allocate(b, b.c.Pool)
			}
		} else {
			t.err = t.allocateFlags(b, b.c.Pool)
		}
		if t.err == nil && (len(b.c.LKeys) == 0 || t.store.Blocks() == 0) {
			b.open()
		}
	})
	if t.err != nil {
		return t.err
	}
	if len(b.c.LKeys) > 0 && t.work(b) {
		b.open()
	}
	return await(ctx, slot, b.filled)
}

// open publishes the dynamic filters and lets the probes begin.
func (b *Bridge) open() {
	b.publish()
	close(b.filled)
}

func await(ctx context.Context, slot operator.Slot, c <-chan struct{}) error {
	select {
	case <-c:
		return nil
	default:
	}
	slot.Block()
	defer slot.Unblock()
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// store is the build side's rows in memory, once ready.
func (b *Bridge) store() *rows.Store { return b.table.store }

// leave ends a probe driver; the last one gives everything back.
func (b *Bridge) leave() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.users--; b.users > 0 {
		return nil
	}
	b.gone.Store(true)
	return b.release()
}

// release frees everything once nobody adds rows or probes. b.mu is held.
func (b *Bridge) release() error {
	if !b.gone.Load() || b.sinks > 0 {
		return nil
	}
	var errs []error
	for _, k := range b.done {
		errs = append(errs, k.drop())
	}
	b.done = nil
	if b.table.store != nil {
		b.table.store.ReleaseRows()
	}
	b.table.release()
	errs = append(errs, b.disk.close())
	b.heap.Release()
	return errors.Join(errs...)
}
