package agg

import (
	"context"
	"io"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/operator"
)

// A partial aggregation gives its groups on when they take this much memory,
// and stops grouping when, after the trial, more than this share of the rows
// made a new group: the table then costs more than it saves.
const (
	partialBytesMax   = 16 << 20
	partialTrialRows  = 1 << 16
	partialReduceMax  = 0.8
	partialLimitShare = 16 // of the query's memory limit
)

// partial groups rows within a pipeline, as far as memory goes: the final step
// groups again.
type partial struct {
	in     operator.Operator
	c      *Config
	s      *state
	pool   *mempool.Pool
	max    int
	ids    []uint32 // to emit
	eof    bool
	bypass bool
	gave   bool
	rows   int
	groups int
	each   []functions.Accumulator // of the bypass
	iota   []int32
}

var _ operator.Operator = (*partial)(nil)

// NewPartial returns the partial step of an aggregation for one driver.
func NewPartial(in operator.Operator, c *Config, pool *mempool.Pool, memoryLimitBytes int64) operator.Operator {
	most := partialBytesMax
	if memoryLimitBytes > 0 {
		most = max(min(most, int(memoryLimitBytes/partialLimitShare)), 1<<12)
	}
	return &partial{in: in, c: c, s: newState(c, pool), pool: pool, max: most}
}

func (o *partial) Open(ctx context.Context) error { return o.in.Open(ctx) }

func (o *partial) Next(ctx context.Context) (*page.Page, error) {
	for {
		if len(o.ids) > 0 {
			return o.emit()
		}
		if o.eof {
			return nil, io.EOF
		}
		p, err := o.in.Next(ctx)
		if err == io.EOF {
			o.eof = true
			if err := o.last(); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		o.gave = true
		if out, err := o.take(p); out != nil || err != nil {
			return out, err
		}
	}
}

// take groups p, or converts it when grouping is not worth it.
func (o *partial) take(p *page.Page) (*page.Page, error) {
	defer p.Release()
	if err := p.Load(); err != nil {
		return nil, err
	}
	if o.bypass {
		return o.convert(p)
	}
	before := o.s.size()
	if err := o.s.add(p); err != nil {
		return nil, err
	}
	o.rows += p.Len()
	o.groups += o.s.size() - before
	if o.s.table == nil {
		return nil, nil
	}
	if o.rows >= partialTrialRows && float64(o.groups) > partialReduceMax*float64(o.rows) {
		o.bypass = true
	}
	if o.bypass || o.s.bytes() > o.max {
		o.flush()
	}
	return nil, nil
}

// flush begins to give all groups on.
func (o *partial) flush() {
	n := o.s.size()
	if cap(o.ids) < n {
		o.ids = make([]uint32, n)
	}
	o.ids = o.ids[:n]
	for i := range o.ids {
		o.ids[i] = uint32(i)
	}
}

func (o *partial) emit() (*page.Page, error) {
	n := min(len(o.ids), o.c.RowsMax)
	p, err := o.s.output(o.ids[:n], o.pool)
	if err != nil {
		return nil, err
	}
	if o.ids = o.ids[n:]; len(o.ids) == 0 {
		o.s.release()
	}
	return p, nil
}

// last prepares the groups that are left, or what no input gives.
func (o *partial) last() error {
	if !o.gave && len(o.c.EmptySets) > 0 {
		keys, err := emptySets(o.c, o.pool)
		if err != nil {
			return err
		}
		defer keys.Release()
		if err := o.s.table.find(keys.Cols, keys.Rows, nil, make([]int32, keys.Rows)); err != nil {
			return err
		}
	}
	o.flush()
	return nil
}

// convert makes each row a group of its own.
func (o *partial) convert(p *page.Page) (*page.Page, error) {
	n := p.Len()
	if o.each == nil {
		for i := range o.c.Calls {
			o.each = append(o.each, o.c.Calls[i].New())
		}
	}
	for len(o.iota) < n {
		o.iota = append(o.iota, int32(len(o.iota)))
	}
	out := &page.Page{Rows: n}
	for _, g := range o.c.Groups {
		v, err := compact(p.Cols[g], p.Sel, o.pool)
		if err != nil {
			out.Release()
			return nil, err
		}
		out.Cols = append(out.Cols, v)
	}
	for i, a := range o.each {
		cols, err := o.single(i, a, p)
		if err != nil {
			out.Release()
			return nil, err
		}
		out.Cols = append(out.Cols, cols...)
	}
	return out, nil
}

func compact(v *page.Vector, sel []int32, pool page.Pool) (*page.Vector, error) {
	if sel == nil {
		return v.Retain(), nil
	}
	return v.Gather(sel, pool)
}

// single returns the states of call i, one a row.
func (o *partial) single(i int, a functions.Accumulator, p *page.Page) ([]*page.Vector, error) {
	n := p.Len()
	need := 2 * n * a.GroupBytes()
	if err := o.pool.Reserve(need); err != nil {
		return nil, err
	}
	defer o.pool.Free(need)
	defer a.Reset()
	a.Grow(n)
	call := &o.c.Calls[i]
	sel, groups := p.Sel, o.iota[:n]
	if call.Filter >= 0 {
		sel, groups = o.s.filter(p.Cols[call.Filter], p, groups)
	}
	args := make([]*page.Vector, len(call.Args))
	for k, c := range call.Args {
		args[k] = p.Cols[c]
	}
	r := functions.Rows{N: p.Rows, Sel: sel, Groups: groups}
	if r.Len() > 0 {
		update := a.Update
		if o.c.Merge {
			update = a.Merge
		}
		if err := update(r, args); err != nil {
			return nil, err
		}
	}
	return a.Partial(o.iota[:n], o.pool)
}

func (o *partial) Close() error {
	o.s.release()
	o.ids = nil
	return o.in.Close()
}
