package agg

import (
	"context"
	"errors"
	"io"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/operator"
)

// source gives the merged groups.
type source struct {
	b    *Bridge
	pool *mempool.Pool
	slot operator.Slot
	s    *state
	own  bool               // s was made here, not by a sink
	r    *mempool.Revocable // of s while it comes from disk
	ids  []uint32
	todo []work     // partitions that were split again
	made []*spilled // their files
	done bool
}

// work is a partition on disk.
type work struct {
	from  []*spilled
	part  int
	depth int
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
		if n := len(o.todo); n > 0 {
			w := o.todo[n-1]
			o.todo = o.todo[:n-1]
			if err := o.load(w); err != nil {
				return nil, err
			}
			continue
		}
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
		return o.b.err
	default:
	}
	o.slot.Block()
	defer o.slot.Unblock()
	select {
	case <-o.b.ready:
		return o.b.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// merge makes o.s the groups of one partition.
func (o *source) merge(part int) error {
	b := o.b
	if len(b.disk) > 0 {
		return o.load(work{from: b.disk, part: part, depth: 1})
	}
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

// load aggregates a partition from disk. When it does not fit it is split
// again, and its parts become work. Otherwise the source stays at work on it
// until it is given out, so that those who need memory wait for that.
func (o *source) load(w work) error {
	s := newState(o.b.c, o.pool)
	s.depth = w.depth
	o.s, o.own = s, true
	r := o.pool.Revocable(func() error { return o.b.spill(s) })
	if err := r.Enter(); err != nil {
		r.Close()
		return err
	}
	o.r = r
	if err := o.loadInto(s, r, w); err != nil {
		return errors.Join(err, s.out.close())
	}
	if s.out == nil {
		if err := o.settle(s, w); err != nil {
			return err
		}
		o.all()
		return nil
	}
	if err := o.b.spill(s); err != nil {
		return errors.Join(err, s.out.close())
	}
	o.made = append(o.made, s.out)
	for part := range 1 << mergeBits {
		if s.out.groups.Rows(part) > 0 {
			o.todo = append(o.todo, work{from: []*spilled{s.out}, part: part, depth: w.depth + 1})
		}
	}
	return nil
}

func (o *source) loadInto(s *state, r *mempool.Revocable, w work) error {
	guard := func(need func() int) error {
		if !s.spillable() || s.table == nil {
			return nil
		}
		r.SetBytes(s.bytes())
		return ensure(r, need, func() error {
			err := o.b.spill(s)
			r.SetBytes(0)
			return err
		})
	}
	for _, x := range w.from {
		if err := s.load(x, w.part, guard); err != nil {
			return err
		}
	}
	r.SetBytes(0)
	return nil
}

// settle ends a partition that fits.
func (o *source) settle(s *state, w work) error {
	if s.table == nil {
		return s.feedSpilled(w.from)
	}
	return s.settle()
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
	if o.r != nil {
		_ = o.r.Leave() // it announced nothing to spill
		o.r.Close()
		o.r = nil
	}
	o.s, o.own, o.ids = nil, false, nil
}

func (o *source) Close() error {
	if o.done {
		return nil
	}
	o.done = true
	o.drop()
	var errs []error
	for _, x := range o.made {
		errs = append(errs, x.close())
	}
	return errors.Join(append(errs, o.b.leave())...)
}
