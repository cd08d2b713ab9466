package join

import (
	"context"
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
	p := &probe{b: b, c: b.c, in: in, pool: pool, slot: slot}
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
	o.begun = true
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
		if o.eof {
			return o.last()
		}
		if o.b.nothing() && !o.c.keepsRight() {
			o.eof = true // no row can come out, so none is read
			continue
		}
		p, err := o.in.Next(ctx)
		if err == io.EOF {
			o.end()
			continue
		}
		if err != nil {
			return nil, err
		}
		o.cur = p
		if err := o.start(); err != nil {
			return nil, err
		}
	}
}

// nothing reports whether an empty build side makes an empty result.
func (b *Bridge) nothing() bool {
	return b.rows.Load() == 0 && (b.c.Kind == Inner || b.c.Kind == Semi || b.c.Kind == Right)
}

func (o *probe) end() {
	o.eof = true
	if o.b.probes.Add(-1) == 0 && o.c.keepsRight() {
		o.rest = &unmatched{o: o}
	}
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
	o.sel = o.candidates(p)
	h := o.hashes[:len(o.sel)]
	o.hasher.Columns(o.keys, p.Rows, o.sel, h)
	t := &o.b.table
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
	s := o.b.store()
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
	single := !o.b.table.dups.Load()
	switch {
	case o.c.filters():
	case single && o.c.keepsLeft():
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
			o.b.table.matched(o.heads[s])
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
		t := &o.b.table
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

// expand compares further chain entries as pairs.
func (o *probe) expand() error {
	o.pairs.slots, o.pairs.ids = o.pairs.slots[:0], o.pairs.ids[:0]
	t := &o.b.table
	for o.walk < len(o.sel) && len(o.pairs.ids) < o.c.RowsMax {
		s := o.sel[o.walk]
		if o.c.filters() && o.hit[s] {
			o.walk++
			continue
		}
		id := o.heads[s]
		for id != rows.None && len(o.pairs.ids) < o.c.RowsMax {
			o.pairs.slots, o.pairs.ids = append(o.pairs.slots, s), append(o.pairs.ids, id)
			id = t.next[id]
		}
		o.heads[s] = id
		if id == rows.None {
			o.walk++
		}
	}
	cand := o.scratch.cand[:0]
	for i := range o.pairs.ids {
		cand = append(cand, int32(i))
	}
	o.scratch.cand = cand
	cand = o.equal(rows.Pairs{IDs: o.pairs.ids, Slots: o.pairs.slots}, cand)
	return o.matchPairs(cand)
}

// matchPairs keeps the pairs cand, checks the residual, records and emits them.
func (o *probe) matchPairs(cand []int32) error {
	for k, i := range cand {
		o.pairs.slots[k], o.pairs.ids[k] = o.pairs.slots[i], o.pairs.ids[i]
	}
	o.pairs.slots, o.pairs.ids = o.pairs.slots[:len(cand)], o.pairs.ids[:len(cand)]
	if len(cand) == 0 {
		return nil
	}
	if o.pred != nil {
		if err := o.loadResidual(); err != nil {
			return err
		}
		if err := o.residualPairs(); err != nil {
			return err
		}
	}
	for k, s := range o.pairs.slots {
		o.hit[s] = true
		if o.c.keepsRight() {
			o.b.table.matched(o.pairs.ids[k])
		}
	}
	if o.c.filters() || len(o.pairs.ids) == 0 {
		return nil
	}
	return o.emitPairs(o.pairs.slots, o.pairs.ids)
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
		v, err := o.b.store().Gather(o.b.at[c-len(o.c.Left)], w, o.pool)
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

// residualPairs narrows the pairs to those for which the residual holds.
func (o *probe) residualPairs() error {
	n := len(o.pairs.ids)
	p := &page.Page{Cols: make([]*page.Vector, len(o.c.Left)+len(o.c.Right)), Rows: n}
	defer p.Release()
	for _, c := range o.pred.Columns() {
		var err error
		if c < len(o.c.Left) {
			p.Cols[c], err = take(o.cur.Cols[c], o.pairs.slots, o.pool)
		} else {
			p.Cols[c], err = o.b.store().Gather(o.b.at[c-len(o.c.Left)], rows.All(o.pairs.ids), o.pool)
		}
		if err != nil {
			return err
		}
	}
	if err := o.pred.Eval(p); err != nil {
		return err
	}
	if p.Sel == nil {
		return nil
	}
	for k, i := range p.Sel {
		o.pairs.slots[k], o.pairs.ids[k] = o.pairs.slots[i], o.pairs.ids[i]
	}
	o.pairs.slots, o.pairs.ids = o.pairs.slots[:len(p.Sel)], o.pairs.ids[:len(p.Sel)]
	return nil
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
	err := o.in.Close()
	o.b.leave()
	return err
}
