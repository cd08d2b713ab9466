package agg

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/exec/exchange"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/operator"
)

// mergeBits is the binary logarithm of the partitions that drivers merge in
// parallel; below mergeMin groups one partition is enough.
const (
	mergeBits = 4
	mergeMin  = 1 << 14
)

// Bridge is where the drivers of an aggregation meet: each aggregates its own
// rows, the last one to finish opens the bridge, then sources take partitions.
type Bridge struct {
	c      *Config
	mu     sync.Mutex
	sinks  int // that have not finished
	done   []*sink
	locals []*state
	ready  chan struct{}
	err    error // of opening
	parts  int
	lists  [][][]uint32 // by local and partition: groups
	disk   []*spilled   // when a driver has spilled, all have
	next   atomic.Int32
	users  int // sources that are not closed
	gone   atomic.Bool
	bytes  atomic.Int64 // spilled
	files  atomic.Int64
}

// NewBridge returns the bridge of so many sinks and sources.
func NewBridge(c *Config, sinks, sources int) *Bridge {
	return &Bridge{c: c, sinks: sinks, users: sources, ready: make(chan struct{})}
}

// Spilled returns the bytes and files that the aggregation has spilled.
func (b *Bridge) Spilled() (bytes, files int64) { return b.bytes.Load(), b.files.Load() }

// sink aggregates the rows of one driver. Its groups can be revoked, also
// while it waits for input or for the other drivers.
type sink struct {
	b     *Bridge
	s     *state
	r     *mempool.Revocable
	since int // rows since the last spill
	done  bool
}

var _ operator.Sink = (*sink)(nil)

// NewSink returns the sink of one driver.
func (b *Bridge) NewSink(pool *mempool.Pool) operator.Sink {
	k := &sink{b: b, s: newState(b.c, pool)}
	k.r = pool.Revocable(k.spill)
	return k
}

func (k *sink) Put(_ context.Context, p *page.Page) (err error) {
	defer p.Release()
	if k.b.gone.Load() {
		return exchange.ErrEnough
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
	return k.add(p)
}

// piece is the least number of rows that a page is cut to when memory is short.
const piece = 256

// add aggregates p, in pieces when it would take a large part of the memory.
func (k *sink) add(p *page.Page) error {
	limit := k.s.pool.QueryLimit()
	n := p.Len()
	if limit == 0 || n <= piece || int64(k.s.need(p)) < limit/8 {
		return k.addPiece(p)
	}
	sel := p.Sel
	if sel == nil {
		sel = page.Iota(p.Rows)
	}
	for from := 0; from < n; from += piece {
		part := &page.Page{Cols: p.Cols, Rows: p.Rows, Sel: sel[from:min(from+piece, n)]}
		if err := k.addPiece(part); err != nil {
			return err
		}
	}
	return nil
}

func (k *sink) addPiece(p *page.Page) error {
	if k.s.spillable() {
		if err := ensure(k.r, func() int { return k.s.need(p) }, k.spill); err != nil {
			return err
		}
	}
	if err := k.s.add(p); err != nil {
		return err
	}
	k.since += p.Len()
	if force := k.b.c.SpillForce; force > 0 && k.since >= force && k.s.spillable() {
		return k.spill()
	}
	k.announce()
	return nil
}

func (k *sink) announce() {
	if k.s.spillable() {
		k.r.SetBytes(k.s.bytes())
	}
}

// ensure reserves what need says, spilling as often as it is asked to: less is
// needed afterwards.
func ensure(r *mempool.Revocable, need func() int, spill func() error) error {
	for {
		err := r.Ensure(need())
		if !errors.Is(err, mempool.ErrRevoked) {
			return err
		}
		if err := spill(); err != nil {
			return err
		}
	}
}

// spill is called between Enter and Leave, or by those who need memory.
func (k *sink) spill() error {
	k.since = 0
	err := k.b.spill(k.s)
	k.r.SetBytes(0)
	return err
}

// spill writes the groups of s and counts.
func (b *Bridge) spill(s *state) error {
	before, files := s.out.size()
	err := s.spill()
	after, now := s.out.size()
	b.bytes.Add(after - before)
	b.files.Add(now - files)
	return err
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
	return k.drop()
}

// drop gives everything back.
func (k *sink) drop() error {
	k.r.Close()
	k.s.release()
	return k.s.out.close()
}

// finish hands a driver's groups over; the last one opens the bridge.
func (b *Bridge) finish(k *sink) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sinks--
	if b.gone.Load() {
		return k.drop()
	}
	b.done = append(b.done, k)
	if b.sinks > 0 {
		return nil
	}
	b.err = b.plan()
	close(b.ready)
	return b.err
}

// plan decides how the drivers' groups are merged.
func (b *Bridge) plan() error {
	groups, anySpilled := 0, false
	for _, k := range b.done {
		k.r.Close()
		anySpilled = anySpilled || k.s.out != nil
		groups += k.s.size()
		b.locals = append(b.locals, k.s)
	}
	b.done = nil
	if anySpilled || b.tight() {
		return b.planSpilled()
	}
	b.locals = slices.DeleteFunc(b.locals, func(s *state) bool {
		if s.size() == 0 {
			s.release()
			return true
		}
		return false
	})
	b.parts = 1
	if len(b.locals) > 1 && groups > mergeMin {
		b.parts = 1 << mergeBits
	}
	for _, s := range b.locals {
		b.lists = append(b.lists, b.split(s))
	}
	return nil
}

// tight reports whether merging in memory, which takes about as much again,
// may not fit.
func (b *Bridge) tight() bool {
	total := 0
	for _, s := range b.locals {
		if !s.spillable() {
			return false
		}
		total += s.bytes()
	}
	return len(b.locals) > 1 && !b.c.Pool.Available(total+total/2)
}

// planSpilled sends what is left in memory after what is on disk.
func (b *Bridge) planSpilled() error {
	b.parts = 1 << mergeBits
	if len(b.c.Groups) == 0 {
		b.parts = 1
	}
	for _, s := range b.locals {
		if err := b.spill(s); err != nil {
			return err
		}
		if s.out != nil {
			b.disk = append(b.disk, s.out)
		}
	}
	return nil
}

// split lists the groups of each partition.
func (b *Bridge) split(s *state) [][]uint32 {
	lists := make([][]uint32, b.parts)
	if b.parts == 1 {
		ids := make([]uint32, s.size())
		for i := range ids {
			ids[i] = uint32(i)
		}
		lists[0] = ids
		return lists
	}
	for g := range s.size() {
		p := partition(s.table.hash(int32(g)), 0, mergeBits)
		lists[p] = append(lists[p], uint32(g))
	}
	return lists
}

// partition returns bits of a hash at a depth of recursion. Tables use the low
// bits as place and the high half as salt, so these come from between.
func partition(h uint64, depth, bits int) int {
	shift := 24 + depth*bits
	h *= 0x9e3779b97f4a7c15
	return int(h >> (64 - bits - shift%40) & (1<<bits - 1))
}

// leave ends a source; the last one gives the drivers' groups back.
func (b *Bridge) leave() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.users--; b.users > 0 {
		return nil
	}
	b.gone.Store(true)
	var errs []error
	for _, k := range b.done {
		errs = append(errs, k.drop())
	}
	for _, s := range b.locals {
		s.release()
		errs = append(errs, s.out.close())
	}
	b.done, b.locals, b.lists, b.disk = nil, nil, nil, nil
	return errors.Join(errs...)
}
