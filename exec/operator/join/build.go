package join

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
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
	users   int // probe drivers that are not closed
	stores  []*rows.Store
	hasNull atomic.Bool // some build row has a NULL key that matches nothing
	rows    atomic.Int64
	ready   chan struct{} // closed when stores is complete
	closed  bool

	table  table
	filled chan struct{} // closed when the table is complete
	probes atomic.Int32  // drivers that have not seen their input's end
}

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

// sink stores the build rows of one driver.
type sink struct {
	b      *Bridge
	store  *rows.Store
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
	return &sink{b: b, store: rows.NewStore(b.layout, pool, b.heap)}
}

func (k *sink) Put(_ context.Context, p *page.Page) error {
	defer p.Release()
	b := k.b
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
	return k.store.Append(k.cols, p.Rows, sel, k.hashes[:n])
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
	k.b.finish(k.store)
	return nil
}

func (k *sink) Close() error {
	if !k.done {
		k.done = true
		k.store.ReleaseRows()
		k.b.abandon()
	}
	return nil
}

func (b *Bridge) finish(s *rows.Store) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		s.ReleaseRows()
		b.sinks--
		b.releaseHeap()
		return
	}
	b.stores = append(b.stores, s)
	if b.sinks--; b.sinks > 0 {
		return
	}
	all := b.stores[0]
	for _, o := range b.stores[1:] {
		all.Join(o)
	}
	b.stores = b.stores[:1]
	close(b.ready)
}

// abandon counts a sink that will not finish; the heap goes with the last user.
func (b *Bridge) abandon() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sinks--
	if b.closed {
		b.releaseHeap()
	}
}

// wait blocks until the table is complete; drivers that wait fill it together.
func (b *Bridge) wait(ctx context.Context, slot operator.Slot) error {
	if err := await(ctx, slot, b.ready); err != nil {
		return err
	}
	if len(b.c.LKeys) > 0 {
		if err := b.table.prepare(b); err != nil {
			return err
		}
		b.table.work(b)
	} else {
		b.table.once.Do(func() {
			if b.c.keepsRight() {
				b.table.err = b.table.allocateFlags(b)
			}
			b.publish()
			close(b.filled)
		})
		if b.table.err != nil {
			return b.table.err
		}
	}
	return await(ctx, slot, b.filled)
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

// store is the build side's rows, once ready.
func (b *Bridge) store() *rows.Store { return b.stores[0] }

// leave ends a probe driver; the last one gives everything back.
func (b *Bridge) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.users--; b.users > 0 {
		return
	}
	b.closed = true
	for _, s := range b.stores {
		s.ReleaseRows()
	}
	b.stores = nil
	b.table.release()
	b.releaseHeap()
}

// releaseHeap frees the strings when nobody can add or read any. b.mu is held.
func (b *Bridge) releaseHeap() {
	if b.closed && b.sinks == 0 {
		b.heap.Release()
	}
}

// table finds build rows by hash. A slot holds 32 bits of the hash and the
// number of a row plus one; rows whose hashes agree so far are chained.
type table struct {
	once  sync.Once
	err   error
	buf   *page.Buffer
	slots []uint64
	mask  uint64
	nbuf  *page.Buffer
	next  []uint32 // by row: the next of its chain, None
	flags []uint32 // by row, for Right and Full: a bit is set when it matched
	fbuf  *page.Buffer
	dups  atomic.Bool
	job   atomic.Int32
	left  atomic.Int32
}

// prepare allocates the table; the first driver does it.
func (t *table) prepare(b *Bridge) error {
	t.once.Do(func() { t.err = t.allocate(b) })
	return t.err
}

func (t *table) allocate(b *Bridge) error {
	s := b.store()
	size := 1 << 10
	for size < 2*s.Len() {
		size *= 2
	}
	pool := b.c.Pool
	var err error
	if t.buf, err = pool.Alloc(8 * size); err != nil {
		return err
	}
	t.slots, t.mask = page.SliceOf[uint64](t.buf.Data), uint64(size-1)
	clear(t.slots)
	if t.nbuf, err = pool.Alloc(4 * max(s.Slots(), 1)); err != nil {
		return err
	}
	t.next = page.SliceOf[uint32](t.nbuf.Data)
	if b.c.keepsRight() {
		if err = t.allocateFlags(b); err != nil {
			return err
		}
	}
	t.left.Store(int32(s.Blocks()))
	if s.Blocks() == 0 {
		b.publish()
		close(b.filled)
	}
	return nil
}

// allocateFlags makes the flags of matched rows, all clear.
func (t *table) allocateFlags(b *Bridge) error {
	var err error
	if t.fbuf, err = b.c.Pool.Alloc(4 * (b.store().Slots()/32 + 1)); err != nil {
		return err
	}
	t.flags = page.SliceOf[uint32](t.fbuf.Data)
	clear(t.flags)
	return nil
}

// work inserts blocks of rows until none is left; the last one publishes.
func (t *table) work(b *Bridge) {
	s := b.store()
	for {
		i := int(t.job.Add(1)) - 1
		if i >= s.Blocks() {
			return
		}
		t.insert(b, i)
		if t.left.Add(-1) == 0 {
			b.publish()
			close(b.filled)
		}
	}
}

func (t *table) insert(b *Bridge, block int) {
	s := b.store()
	first, n := s.Block(block)
	skip := b.hasNull.Load() && (b.c.keepsRight() || b.c.general())
	dups := false
	for id := first; id < first+uint32(n); id++ {
		t.next[id] = rows.None
		if skip && b.nullKey(s, id) {
			continue
		}
		h := s.Hash(id)
		e := h&^0xffffffff | uint64(id+1)
		for p := h & t.mask; ; {
			old := atomic.LoadUint64(&t.slots[p])
			switch {
			case old == 0:
				if atomic.CompareAndSwapUint64(&t.slots[p], 0, e) {
					goto inserted
				}
			case (old^h)>>32 == 0:
				t.next[id] = uint32(old) - 1
				if atomic.CompareAndSwapUint64(&t.slots[p], old, e) {
					dups = true
					goto inserted
				}
			default:
				p = (p + 1) & t.mask
			}
		}
	inserted:
	}
	if dups {
		t.dups.Store(true)
	}
}

// nullKey reports whether a row has a NULL in a key where NULL matches nothing.
func (b *Bridge) nullKey(s *rows.Store, id uint32) bool {
	for i, c := range b.keys {
		if !b.c.nullSafe(i) && s.IsNull(id, c) {
			return true
		}
	}
	return false
}

// find returns the head of the chain of a hash, None when there is none.
func (t *table) find(h uint64) uint32 {
	for p := h & t.mask; ; p = (p + 1) & t.mask {
		e := t.slots[p]
		if e == 0 {
			return rows.None
		}
		if (e^h)>>32 == 0 {
			return uint32(e) - 1
		}
	}
}

// matched sets the flag of a build row.
func (t *table) matched(id uint32) {
	w, bit := &t.flags[id/32], uint32(1)<<(id%32)
	if atomic.LoadUint32(w)&bit == 0 {
		atomic.OrUint32(w, bit)
	}
}

func (t *table) release() {
	t.buf.Release()
	t.nbuf.Release()
	t.fbuf.Release()
	t.buf, t.nbuf, t.fbuf, t.slots, t.next, t.flags = nil, nil, nil, nil, nil, nil
}
