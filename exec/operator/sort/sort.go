// Package sort owns ORDER BY: sorted runs of several drivers and their merge,
// top-N with a bound that drops rows early, the merge of sorted sources, and
// spilled runs. exec/build makes its sinks and operators. It knows no plans.
package sort

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/exchange"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/rows"
)

// Config describes a sort; N >= 0 makes it a top-N: the first N rows after Offset.
type Config struct {
	Types     []types.Type
	Keys      []rows.Key
	N, Offset int64
	Pool      *mempool.Pool
	Spill     *mempool.Spill
	RowsMax   int
	// SpillForce spills a run after so many rows, for tests; 0: when memory is short.
	SpillForce int
	// Bound gets the worst first key that can still be output, for top-N.
	Bound func(types.Value)
}

// keep is how many rows of the order are wanted, -1 for all.
func (c *Config) keep() int64 {
	if c.N < 0 {
		return -1
	}
	return c.N + c.Offset
}

// Bridge is where the drivers of a sort meet.
type Bridge struct {
	c      *Config
	heap   *rows.Heap
	layout *rows.Layout
	mu     sync.Mutex
	sinks  int
	done   []*sink // finished, while others are not
	runs   []*run
	disk   []*rows.Spilled // runs on disk
	err    error           // of opening
	closed bool
	left   bool // the source is closed
	gone   atomic.Bool
	ready  chan struct{}
	bytes  atomic.Int64 // spilled
	files  atomic.Int64
}

// Spilled returns the bytes and files that the sort has spilled.
func (b *Bridge) Spilled() (bytes, files int64) { return b.bytes.Load(), b.files.Load() }

// run is sorted rows of one driver in memory.
type run struct {
	store *rows.Store
	order order
}

// NewBridge returns the bridge of so many sinks and one source.
func NewBridge(c *Config, sinks int) *Bridge {
	return &Bridge{
		c: c, sinks: sinks, heap: rows.NewHeap(), layout: rows.NewLayout(c.Types, false),
		ready: make(chan struct{}),
	}
}

// order is row numbers in sorted order. An entry has the prefix of the first
// key in Lo and the row in Hi.
type order struct {
	buf     *page.Buffer
	entries []types.Int128
}

// sortRows orders all rows of s.
func sortRows(s *rows.Store, keys []rows.Key, pool page.Pool) (order, error) {
	n := s.Len()
	if n == 0 {
		return order{}, nil
	}
	buf, err := pool.Alloc(16 * n)
	if err != nil {
		return order{}, err
	}
	e := page.SliceOf[types.Int128](buf.Data)[:n]
	if len(keys) == 0 {
		for i := range e {
			e[i] = types.Int128{Hi: int64(i)}
		}
		return order{buf, e}, nil
	}
	for i := range e {
		e[i] = types.Int128{Lo: s.Prefix(uint32(i), keys[0]), Hi: int64(i)}
	}
	rest := keys
	if rows.ExactPrefix(s.L.Types[keys[0].Col]) {
		rest = keys[1:]
	}
	if len(rest) == 0 {
		slices.SortFunc(e, func(a, b types.Int128) int { return cmp.Compare(a.Lo, b.Lo) })
		return order{buf, e}, nil
	}
	slices.SortFunc(e, func(a, b types.Int128) int {
		if a.Lo != b.Lo {
			return cmp.Compare(a.Lo, b.Lo)
		}
		return rows.Compare(s, uint32(a.Hi), s, uint32(b.Hi), rest)
	})
	return order{buf, e}, nil
}

func (o *order) release() {
	o.buf.Release()
	o.buf, o.entries = nil, nil
}

// sink keeps and sorts the rows of one driver. They can be revoked, also while
// it waits for input or for the other drivers: they become a run on disk.
type sink struct {
	b     *Bridge
	pool  *mempool.Pool
	heap  *rows.Heap // its own for top-N, which rewrites its rows
	s     *rows.Store
	top   *top
	r     *mempool.Revocable
	disk  []*rows.Spilled
	since int // rows since the last spill
	done  bool
}

var _ operator.Sink = (*sink)(nil)

// NewSink returns the sink of one driver.
func (b *Bridge) NewSink(pool *mempool.Pool) operator.Sink {
	k := &sink{b: b, pool: pool, heap: b.heap}
	if b.c.keep() >= 0 {
		k.heap = nil
		k.top = newTop(b.c, pool)
	}
	k.s = rows.NewStore(b.layout, pool, k.heap)
	k.r = pool.Revocable(k.spill)
	return k
}

func (k *sink) Put(_ context.Context, p *page.Page) (err error) {
	defer p.Release()
	if k.b.gone.Load() {
		return exchange.ErrEnough
	}
	if k.top != nil {
		if err := k.top.narrow(p); err != nil || p.Len() == 0 {
			return err
		}
	}
	if err := p.Load(); err != nil {
		return err
	}
	if err := k.r.Enter(); err != nil {
		return err
	}
	defer func() {
		if lerr := k.r.Leave(); err == nil {
			err = lerr
		}
	}()
	limit, n := k.pool.QueryLimit(), p.Len()
	if limit == 0 || n <= piece || k.b.c.Spill == nil || int64(k.s.Need(p.Cols, p.Rows, p.Sel)) < limit/8 {
		return k.keep(p)
	}
	sel := p.Sel
	if sel == nil {
		sel = page.Iota(p.Rows)
	}
	for from := 0; from < n; from += piece {
		part := &page.Page{Cols: p.Cols, Rows: p.Rows, Sel: sel[from:min(from+piece, n)]}
		if err := k.keep(part); err != nil {
			return err
		}
	}
	return nil
}

// piece is the least number of rows that a page is cut to when memory is short.
const piece = 256

func (k *sink) keep(p *page.Page) error {
	for k.b.c.Spill != nil {
		err := k.r.Ensure(k.s.Need(p.Cols, p.Rows, p.Sel))
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
	if err := k.s.Append(p.Cols, p.Rows, p.Sel, nil); err != nil {
		return err
	}
	if k.top != nil {
		var err error
		if k.s, err = k.top.prune(k.s, k.b.layout); err != nil {
			return err
		}
	}
	k.since += p.Len()
	if force := k.b.c.SpillForce; force > 0 && k.since >= force && k.b.c.Spill != nil {
		return k.spill()
	}
	if k.b.c.Spill != nil {
		k.r.SetBytes(k.s.Bytes())
	}
	return nil
}

// spill makes the rows a run on disk. It is called between Enter and Leave, or
// by those who need memory.
func (k *sink) spill() error {
	k.since = 0
	if k.s.Len() == 0 {
		return nil
	}
	x, err := k.b.spillRun(k.s, k.pool)
	if err != nil {
		return err
	}
	k.disk = append(k.disk, x)
	k.clear()
	k.r.SetBytes(0)
	return nil
}

// clear gives the rows' memory back.
func (k *sink) clear() {
	if k.heap == nil {
		k.s.Reset()
	} else {
		k.s.Drop()
	}
}

func (k *sink) Finish(context.Context) error {
	k.done = true
	return k.b.finish(k)
}

// run sorts what is in memory, once nobody can revoke it any more.
func (k *sink) run() (*run, error) {
	if k.top != nil {
		if err := k.share(); err != nil {
			return nil, err
		}
	}
	pool := page.Pool(k.pool)
	if k.b.c.Spill != nil {
		pool = k.pool.Overdraft() // there was room a moment ago
	}
	o, err := sortRows(k.s, k.b.c.Keys, pool)
	return &run{k.s, o}, err
}

// share moves the rows of a top-N to the heap that the runs share.
func (k *sink) share() error {
	s := rows.NewStore(k.b.layout, k.pool, k.b.heap)
	err := copyRows(s, k.s, firstIDs(k.s.Len()), k.pool)
	k.s.Reset()
	k.s = s
	k.top.release()
	k.top, k.heap = nil, k.b.heap
	return err
}

func firstIDs(n int) []uint32 {
	ids := make([]uint32, n)
	for i := range ids {
		ids[i] = uint32(i)
	}
	return ids
}

// copyRows appends rows ids of from to s.
func copyRows(s, from *rows.Store, ids []uint32, pool page.Pool) error {
	for len(ids) > 0 {
		n := min(len(ids), page.RowsMax)
		p, err := from.Page(ids[:n], pool)
		if err != nil {
			return err
		}
		err = s.Append(p.Cols, n, nil, nil)
		p.Release()
		if err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

func (k *sink) Close() error {
	if k.done {
		return nil
	}
	k.done = true
	return errors.Join(k.drop(), k.b.abandon())
}

// drop gives everything back.
func (k *sink) drop() error {
	k.r.Close()
	k.clear()
	if k.top != nil {
		k.top.release()
	}
	var errs []error
	for _, x := range k.disk {
		errs = append(errs, x.Close())
	}
	return errors.Join(errs...)
}

func (b *Bridge) finish(k *sink) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = append(b.done, k)
	if b.sinks--; b.sinks == 0 && !b.left {
		b.err = b.plan()
		close(b.ready)
	}
	return errors.Join(b.err, b.release())
}

// plan makes the runs of all drivers. One for whose order there is no memory
// goes to disk.
func (b *Bridge) plan() error {
	for len(b.done) > 0 {
		k := b.done[0]
		k.r.Close()
		b.disk, k.disk = append(b.disk, k.disk...), nil
		r := &run{store: k.s}
		if b.c.Spill != nil && !k.pool.Available(16*k.s.Len()+k.s.Bytes()/2) {
			if err := k.spill(); err != nil {
				return err
			}
			b.disk, k.disk = append(b.disk, k.disk...), nil
			if k.top != nil {
				k.top.release()
			}
			if k.heap == nil { // nothing is left in a heap of its own
				k.s.Reset()
				r.store = rows.NewStore(b.layout, k.pool, b.heap)
			}
		} else {
			var err error
			if r, err = k.run(); err != nil {
				return err
			}
		}
		b.done = b.done[1:]
		b.runs = append(b.runs, r)
	}
	return nil
}

func (b *Bridge) abandon() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sinks--
	return b.release()
}

// release frees everything once nobody uses it. b.mu is held.
func (b *Bridge) release() error {
	if !b.left || b.sinks > 0 || b.closed {
		return nil
	}
	b.closed = true
	var errs []error
	for _, k := range b.done {
		errs = append(errs, k.drop())
	}
	for _, r := range b.runs {
		r.store.ReleaseRows()
		r.order.release()
	}
	for _, x := range b.disk {
		errs = append(errs, x.Close())
	}
	b.done, b.runs, b.disk = nil, nil, nil
	b.heap.Release()
	return errors.Join(errs...)
}
