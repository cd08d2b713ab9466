package agg

import (
	"context"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
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
	locals []*state
	ready  chan struct{}
	parts  int
	lists  [][][]uint32 // by local and partition: groups
	next   atomic.Int32
	users  int // sources that are not closed
	closed bool
}

// NewBridge returns the bridge of so many sinks and sources.
func NewBridge(c *Config, sinks, sources int) *Bridge {
	return &Bridge{c: c, sinks: sinks, users: sources, ready: make(chan struct{})}
}

// sink aggregates the rows of one driver.
type sink struct {
	b    *Bridge
	s    *state
	done bool
}

var _ operator.Sink = (*sink)(nil)

// NewSink returns the sink of one driver.
func (b *Bridge) NewSink(pool *mempool.Pool) operator.Sink {
	return &sink{b: b, s: newState(b.c, pool)}
}

func (k *sink) Put(_ context.Context, p *page.Page) error {
	defer p.Release()
	if err := p.Load(); err != nil {
		return err
	}
	return k.s.add(p)
}

func (k *sink) Finish(context.Context) error {
	k.done = true
	return k.b.finish(k.s)
}

func (k *sink) Close() error {
	if !k.done {
		k.done = true
		k.s.release()
	}
	return nil
}

// finish hands a driver's groups over; the last one opens the bridge.
func (b *Bridge) finish(s *state) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		s.release()
		return nil
	}
	b.locals = append(b.locals, s)
	if b.sinks--; b.sinks > 0 {
		return nil
	}
	b.plan()
	close(b.ready)
	return nil
}

// plan decides how the drivers' groups are merged.
func (b *Bridge) plan() {
	full := b.locals[:0]
	groups := 0
	for _, s := range b.locals {
		if s.size() == 0 {
			s.release()
			continue
		}
		groups += s.size()
		full = append(full, s)
	}
	b.locals = full
	b.parts = 1
	if len(full) > 1 && groups > mergeMin {
		b.parts = 1 << mergeBits
	}
	for _, s := range full {
		b.lists = append(b.lists, b.split(s))
	}
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

// source gives the merged groups.
type source struct {
	b    *Bridge
	pool *mempool.Pool
	slot operator.Slot
	s    *state
	own  bool // s was made here, not by a sink
	ids  []uint32
	done bool
}

var _ operator.Operator = (*source)(nil)

// NewSource returns a source of the merged groups; all sources of a bridge
// together give each group once.
func (b *Bridge) NewSource(pool *mempool.Pool, slot operator.Slot) operator.Operator {
	return &source{b: b, pool: pool, slot: slot}
}

func (o *source) Open(context.Context) error { return nil }

func (o *source) Next(ctx context.Context) (*page.Page, error) {
	if err := o.wait(ctx); err != nil {
		return nil, err
	}
	for len(o.ids) == 0 {
		o.drop()
		part := int(o.b.next.Add(1)) - 1
		if part >= o.b.parts {
			return nil, io.EOF
		}
		if err := o.merge(part); err != nil {
			return nil, err
		}
	}
	n := min(len(o.ids), o.b.c.RowsMax)
	p, err := o.s.output(o.ids[:n], o.pool)
	if err != nil {
		return nil, err
	}
	o.ids = o.ids[n:]
	return p, nil
}

func (o *source) wait(ctx context.Context) error {
	select {
	case <-o.b.ready:
		return nil
	default:
	}
	o.slot.Block()
	defer o.slot.Unblock()
	select {
	case <-o.b.ready:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// merge makes o.s the groups of one partition.
func (o *source) merge(part int) error {
	b := o.b
	if len(b.locals) == 0 {
		return o.empty()
	}
	if len(b.locals) == 1 && b.parts == 1 {
		o.s = b.locals[0]
		if err := o.s.settle(); err != nil {
			return err
		}
		o.all()
		return nil
	}
	o.s, o.own = newState(b.c, o.pool), true
	out := make([]int32, page.RowsMax)
	for i, from := range b.locals {
		renumber := make([]int32, from.size())
		ids := b.lists[i][part]
		for rest := ids; len(rest) > 0; {
			n := min(len(rest), page.RowsMax)
			p, err := from.partials(rest[:n], o.pool)
			if err == nil {
				err = o.s.merge(p, out)
				p.Release()
			}
			if err != nil {
				return err
			}
			for k, id := range rest[:n] {
				renumber[id] = out[k]
			}
			rest = rest[n:]
		}
		if err := o.takeDeferred(from, part, renumber); err != nil {
			return err
		}
	}
	if err := o.s.settle(); err != nil {
		return err
	}
	o.all()
	return nil
}

func (o *source) takeDeferred(from *state, part int, renumber []int32) error {
	for i, d := range from.deferred {
		if d == nil {
			continue
		}
		var ids []uint32
		for r := range uint32(d.store.Len()) {
			g := int32(d.store.Value(r, 0).I)
			if o.b.parts == 1 || partition(from.table.hash(g), 0, mergeBits) == part {
				ids = append(ids, r)
			}
		}
		if err := o.s.deferred[i].take(d, ids, renumber); err != nil {
			return err
		}
	}
	return nil
}

// empty gives what an aggregation of no rows gives.
func (o *source) empty() error {
	c := o.b.c
	switch {
	case len(c.Groups) == 0:
		o.s, o.own = newState(c, o.pool), true
		o.ids = []uint32{0}
		return o.s.settle()
	case len(c.EmptySets) == 0:
		return nil
	}
	o.s, o.own = newState(c, o.pool), true
	keys, err := emptySets(c, o.pool)
	if err != nil {
		return err
	}
	defer keys.Release()
	if err := o.s.table.find(keys.Cols, keys.Rows, nil, make([]int32, keys.Rows)); err != nil {
		return err
	}
	if err := o.s.settle(); err != nil {
		return err
	}
	o.all()
	return nil
}

// emptySets returns the keys of the grouping sets that have no columns.
func emptySets(c *Config, pool page.Pool) (*page.Page, error) {
	p := &page.Page{Rows: len(c.EmptySets)}
	ts := c.groupTypes()
	for i, t := range ts {
		vals := make([]types.Value, p.Rows)
		for k := range vals {
			vals[k] = types.NullValue
			if i == len(ts)-1 {
				vals[k] = types.IntValue(c.EmptySets[k])
			}
		}
		v, err := page.FromValues(t, vals, pool)
		if err != nil {
			p.Release()
			return nil, err
		}
		p.Cols = append(p.Cols, v)
	}
	return p, nil
}

func (o *source) all() {
	o.ids = make([]uint32, o.s.size())
	for i := range o.ids {
		o.ids[i] = uint32(i)
	}
}

func (o *source) drop() {
	if o.own {
		o.s.release()
	}
	o.s, o.own, o.ids = nil, false, nil
}

func (o *source) Close() error {
	if o.done {
		return nil
	}
	o.done = true
	o.drop()
	return o.b.leave()
}

// leave ends a source; the last one gives the drivers' groups back.
func (b *Bridge) leave() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.users--; b.users > 0 {
		return nil
	}
	b.closed = true
	for _, s := range slices.Backward(b.locals) {
		s.release()
	}
	b.locals, b.lists = nil, nil
	return nil
}
