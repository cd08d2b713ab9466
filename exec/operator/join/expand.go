package join

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/exec/rows"
)

// expand compares further chain entries as pairs.
func (o *probe) expand() error {
	o.pairs.slots, o.pairs.ids = o.pairs.slots[:0], o.pairs.ids[:0]
	t := o.t
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
			o.t.matched(o.pairs.ids[k])
		}
	}
	if o.c.filters() || o.c.rightOnly() || len(o.pairs.ids) == 0 {
		return nil
	}
	return o.emitPairs(o.pairs.slots, o.pairs.ids)
}

// residualPairs narrows the pairs to those for which the residual holds.
func (o *probe) residualPairs() error {
	n := len(o.pairs.ids)
	p := &page.Page{Cols: make([]*page.Vector, len(o.c.Left)+len(o.c.Right)), Rows: n}
	defer p.Release()
	for _, c := range o.pred.Columns() {
		var err error
		if c < len(o.c.Left) {
			p.Cols[c], err = take(o.cur.Cols[c], o.pairs.slots, o.mem)
		} else {
			p.Cols[c], err = o.t.store.Gather(o.b.at[c-len(o.c.Left)], rows.All(o.pairs.ids), o.mem)
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
