package sort

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/rows"
)

// source gives the rows of all runs in order.
type source struct {
	b      *Bridge
	pool   *mempool.Pool
	slot   operator.Slot
	store  *rows.Store
	heads  []*run // that have rows left
	opened bool
	skip   int64
	rest   int64 // rows still to give, -1: all
	ids    []uint32
	merged operator.Operator // when runs are on disk
	closed bool
}

var _ operator.Operator = (*source)(nil)

// NewSource returns the bridge's source. It runs in one driver.
func (b *Bridge) NewSource(pool *mempool.Pool, slot operator.Slot) operator.Operator {
	return &source{b: b, pool: pool, slot: slot, skip: b.c.Offset, rest: b.c.N}
}

func (o *source) Open(context.Context) error { return nil }

func (o *source) Next(ctx context.Context) (*page.Page, error) {
	if err := o.begin(ctx); err != nil {
		return nil, err
	}
	if o.merged != nil {
		return o.merged.Next(ctx)
	}
	ids := o.ids[:0]
	for len(ids) < o.b.c.RowsMax && o.rest != 0 {
		id, ok := o.pop()
		if !ok {
			break
		}
		if o.skip > 0 {
			o.skip--
			continue
		}
		if o.rest > 0 {
			o.rest--
		}
		ids = append(ids, id)
	}
	o.ids = ids
	if len(ids) == 0 {
		return nil, io.EOF
	}
	return o.store.Page(ids, o.pool)
}

// begin waits for the runs and joins their rows.
func (o *source) begin(ctx context.Context) error {
	if o.opened {
		return nil
	}
	if err := o.wait(ctx); err != nil {
		return err
	}
	o.opened = true
	if len(o.b.disk) > 0 {
		var err error
		o.merged, err = o.external(ctx)
		return err
	}
	for _, r := range o.b.runs {
		if o.store == nil {
			o.store = r.store
		} else {
			shift := int64(o.store.Gap())
			for i := range r.order.entries {
				r.order.entries[i].Hi += shift
			}
			o.store.Join(r.store)
		}
		if len(r.order.entries) > 0 {
			o.heads = append(o.heads, r)
		}
	}
	return nil
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

// pop takes the least row of the heads. There are as many as drivers: few.
func (o *source) pop() (uint32, bool) {
	if len(o.heads) == 0 {
		return 0, false
	}
	best := 0
	for i := 1; i < len(o.heads); i++ {
		a, b := o.heads[i].order.entries[0], o.heads[best].order.entries[0]
		if a.Lo < b.Lo || a.Lo == b.Lo &&
			rows.Compare(o.store, uint32(a.Hi), o.store, uint32(b.Hi), o.b.c.Keys) < 0 {
			best = i
		}
	}
	r := o.heads[best]
	id := uint32(r.order.entries[0].Hi)
	if r.order.entries = r.order.entries[1:]; len(r.order.entries) == 0 {
		o.heads = slices.Delete(o.heads, best, best+1)
	}
	return id, true
}

func (o *source) Close() error {
	if o.closed {
		return nil
	}
	o.closed = true
	var err error
	if o.merged != nil {
		err = o.merged.Close()
	}
	o.b.gone.Store(true)
	o.b.mu.Lock()
	defer o.b.mu.Unlock()
	o.b.left = true
	return errors.Join(err, o.b.release())
}
