package join

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/exec/kernel"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/rows"
)

// probe joins the pages of one driver with the build side. A page is matched in
// rounds: the first looks at the head of each row's chain and keeps the page's
// columns as they are; what is left of the chains is expanded to pairs.
type probe struct {
	b      *Bridge
	c      *Config
	in     operator.Operator
	pool   *mempool.Pool
	mem    page.Pool // of output pages; never refuses once the join has spilled
	slot   operator.Slot
	pred   spi.Predicate
	hasher kernel.Hasher

	cur     *page.Page
	sel     []int32  // live slots of cur that may match
	heads   []uint32 // by slot: the next build row to look at
	hashes  []uint64
	hit     []bool // by slot: matched
	keys    []*page.Vector
	walk    int // next entry of sel whose chain is expanded
	pending []*page.Page
	pairs   pairs
	rest    *unmatched // build rows without a match, after the input's end
	eof     bool
	closed  bool
	scratch scratch
	begun   bool
	ended   bool
	t       *table        // the bridge's, or that of a partition
	disk    *rows.Spilled // probe rows of partitions on disk
	part    *part         // the partition from disk that is being joined
}

// pairs are candidates of the expanding rounds: a probe slot and a build row.
type pairs struct {
	slots []int32
	ids   []uint32
}

type scratch struct {
	cand, miss []int32
	ids        []uint32
}

var _ operator.Operator = (*probe)(nil)

// NewProbe returns the probing operator of one driver.
func (b *Bridge) NewProbe(in operator.Operator, pool *mempool.Pool, slot operator.Slot) (operator.Operator, error) {
	p := &probe{b: b, c: b.c, in: in, pool: pool, mem: pool, slot: slot}
	if b.c.Residual != nil {
		var err error
		if p.pred, err = b.c.Residual(pool); err != nil {
			return nil, err
		}
	}
	if len(b.c.LKeys) == 0 {
		return &loop{probe: p}, nil
	}
	return p, nil
}

func (o *probe) Open(context.Context) error { return nil }

// begin waits for the build side, then opens the input: a scan below sees the
// dynamic filters of the build.
func (o *probe) begin(ctx context.Context) error {
	if o.begun {
		return nil
	}
	if err := o.b.wait(ctx, o.slot); err != nil {
		return err
	}
	o.begun, o.t = true, &o.b.table
	if o.b.disk != nil {
		o.mem = o.pool.Overdraft()
	}
	return o.in.Open(ctx)
}

func (o *probe) Next(ctx context.Context) (*page.Page, error) {
	if err := o.begin(ctx); err != nil {
		return nil, err
	}
	for {
		if len(o.pending) > 0 {
			p := o.pending[0]
			o.pending = o.pending[1:]
			return p, nil
		}
		if o.cur != nil {
			if err := o.step(); err != nil {
				return nil, err
			}
			continue
		}
		if o.part != nil {
			if p, err := o.readPart(); p != nil || err != nil {
				return p, err
			}
			continue
		}
		if o.eof {
			p, err := o.last()
			if err != io.EOF || o.b.disk == nil {
				return p, err
			}
			if err := o.nextPart(ctx); err != nil {
				return nil, err
			}
			continue
		}
		if err := o.read(ctx); err != nil {
			return nil, err
		}
	}
}

// read takes the next page of the input, or notes its end.
func (o *probe) read(ctx context.Context) error {
	if o.b.nothing() {
		return o.end() // no row can come out, so none is read
	}
	p, err := o.in.Next(ctx)
	if err == io.EOF {
		return o.end()
	}
	if err != nil {
		return err
	}
	o.cur = p
	return o.start()
}

// readPart takes the next probe page of a partition, or what follows the last.
func (o *probe) readPart() (*page.Page, error) {
	p, err := o.part.next()
	if err == io.EOF {
		p, err = o.part.end()
		if err == io.EOF {
			o.part = nil
			return nil, nil
		}
		return p, err
	}
	if err != nil {
		return nil, err
	}
	o.cur = p
	return nil, o.start()
}

// nothing reports whether an empty build side makes an empty result.
func (b *Bridge) nothing() bool {
	switch b.c.Kind {
	case Inner, Semi, Right, RightSemi, RightAnti:
		return b.rows.Load() == 0
	}
	return false
}

// end follows the last input page. The last driver to come here gives the
// build rows without a match, and lets all begin with the partitions on disk.
func (o *probe) end() error {
	o.eof = true
	if o.ended {
		return nil
	}
	o.ended = true
	if o.disk != nil {
		if err := o.disk.Flush(); err != nil {
			return err
		}
	}
	if o.b.probes.Add(-1) > 0 {
		return nil
	}
	o.b.mu.Lock()
	d := o.b.disk
	o.b.mu.Unlock()
	if d != nil {
		close(d.ended)
	}
	if o.c.keepsRight() {
		o.rest = &unmatched{o: o}
	}
	return nil
}

// last gives the build rows that nothing matched, in one driver.
func (o *probe) last() (*page.Page, error) {
	if o.rest == nil {
		return nil, io.EOF
	}
	return o.rest.next()
}

// start hashes the new page and does the first round.
func (o *probe) start() error {
	p := o.cur
	o.keys = o.keys[:0]
	for _, k := range o.c.LKeys {
		if err := p.Cols[k].Load(p.Sel); err != nil {
			return err
		}
		o.keys = append(o.keys, p.Cols[k])
	}
	o.grow(max(p.Rows, o.c.RowsMax))
	clear(o.hit[:p.Rows])
	if o.b.disk != nil && o.part == nil {
		if err := o.divert(); err != nil {
			return err
		}
		if p.Len() == 0 {
			o.done()
			return nil
		}
	}
	if o.part != nil {
		o.part.recall(o.hit)
	}
	o.sel = o.candidates(p)
	h := o.hashes[:len(o.sel)]
	o.hasher.Columns(o.keys, p.Rows, o.sel, h)
	t := o.t
	cand, k := o.scratch.cand[:0], 0
	for i, s := range o.sel {
		id := t.find(h[i])
		if id == rows.None {
			continue
		}
		o.heads[s] = id
		o.sel[k] = s
		k++
		cand = append(cand, s)
	}
	o.sel, o.walk = o.sel[:k], 0
	return o.first(cand)
}

func (o *probe) grow(n int) {
	if len(o.heads) >= n {
		return
	}
	n = max(n, page.RowsMax)
	o.heads, o.hit, o.hashes = make([]uint32, n), make([]bool, n), make([]uint64, n)
	o.sel = make([]int32, n)
	o.scratch.cand, o.scratch.miss = make([]int32, 0, n), make([]int32, 0, n)
}

// candidates returns the live slots without a NULL key, in o.sel's memory.
func (o *probe) candidates(p *page.Page) []int32 {
	sel := o.sel[:cap(o.sel)][:p.Len()]
	if p.Sel != nil {
		copy(sel, p.Sel)
	} else {
		for i := range sel {
			sel[i] = int32(i)
		}
	}
	for i, v := range o.keys {
		if v.Valid() == nil || o.c.nullSafe(i) {
			continue
		}
		k := 0
		for _, s := range sel {
			sel[k] = s
			if !v.IsNull(int(s)) {
				k++
			}
		}
		sel = sel[:k]
	}
	return sel
}

// equal keeps the candidates whose keys are equal.
func (o *probe) equal(p rows.Pairs, cand []int32) []int32 {
	s := o.t.store
	miss := o.scratch.miss[:0]
	for i, v := range o.keys {
		nulls := rows.NullsDiffer
		if o.c.nullSafe(i) {
			nulls = rows.NullsEqual
		}
		cand, miss = s.Equal(o.b.keys[i], v, nulls, p, cand, miss[:0])
	}
	return cand
}

// first compares the heads of all chains with the page's rows, slot by slot.
func (o *probe) first(cand []int32) error {
	hits := o.equal(rows.Pairs{IDs: o.heads}, cand)
	if o.pred != nil && len(hits) > 0 {
		if err := o.loadResidual(); err != nil {
			return err
		}
		var err error
		if hits, err = o.aligned(hits); err != nil {
			return err
		}
	}
	o.note(hits)
	single := !o.t.dups.Load()
	switch {
	case o.c.filters() || o.c.rightOnly():
	case single && o.c.keepsLeft() && (o.part == nil || o.part.hits == nil):
		return o.emitLeft()
	default:
		o.ids(hits)
		if !single || o.c.keepsLeft() {
			if err := o.cur.Load(); err != nil {
				return err
			}
		}
		if err := o.emitAligned(hits); err != nil {
			return err
		}
	}
	o.advance(single)
	return nil
}

// loadResidual decodes what the residual reads of the probe side, for all live
// rows: the predicate itself sees the candidates of one round only.
func (o *probe) loadResidual() error {
	for _, c := range o.pred.Columns() {
		if c < len(o.c.Left) {
			if err := o.cur.Cols[c].Load(o.cur.Sel); err != nil {
				return err
			}
		}
	}
	return nil
}

// note records which slots and build rows have matched.
func (o *probe) note(hits []int32) {
	for _, s := range hits {
		o.hit[s] = true
	}
	if o.c.keepsRight() {
		for _, s := range hits {
			o.t.matched(o.heads[s])
		}
	}
}

// ids lists the build rows of slots hits.
func (o *probe) ids(hits []int32) []uint32 {
	ids := o.scratch.ids[:0]
	for _, s := range hits {
		ids = append(ids, o.heads[s])
	}
	o.scratch.ids = ids
	return ids
}

// advance moves the chains on; what is left of them is expanded.
func (o *probe) advance(single bool) {
	k := 0
	if !single {
		t := o.t
		for _, s := range o.sel {
			o.sel[k] = s
			o.heads[s] = t.next[o.heads[s]]
			if o.heads[s] != rows.None && !(o.c.filters() && o.hit[s]) {
				k++
			}
		}
	}
	o.sel, o.walk = o.sel[:k], 0
}

// step expands some of what is left of the chains, or ends the page.
func (o *probe) step() error {
	if o.walk < len(o.sel) {
		return o.expand()
	}
	return o.finish()
}

// aligned narrows hits to those for which the residual holds. Columns of the
// build side are gathered to the slots of the page.
func (o *probe) aligned(hits []int32) ([]int32, error) {
	w := rows.Want{IDs: o.ids(hits), Slots: hits, N: o.cur.Rows}
	p := &page.Page{Cols: make([]*page.Vector, len(o.c.Left)+len(o.c.Right)), Rows: o.cur.Rows, Sel: slices.Clone(hits)}
	defer p.Release()
	for _, c := range o.pred.Columns() {
		if c < len(o.c.Left) {
			p.Cols[c] = o.cur.Cols[c].Retain()
			continue
		}
		v, err := o.t.store.Gather(o.b.at[c-len(o.c.Left)], w, o.mem)
		if err != nil {
			return nil, err
		}
		p.Cols[c] = v
	}
	if err := o.pred.Eval(p); err != nil {
		return nil, err
	}
	return append(hits[:0], p.Sel...), nil
}

func (o *probe) Close() error {
	if o.closed {
		return nil
	}
	o.closed = true
	for _, p := range o.pending {
		p.Release()
	}
	o.pending = nil
	o.cur.Release()
	o.cur = nil
	if o.part != nil {
		o.part.close()
		o.part = nil
	}
	err := o.in.Close()
	if !o.ended {
		err = errors.Join(err, o.end()) // others wait for this driver's end
	}
	return errors.Join(err, o.b.leave())
}
