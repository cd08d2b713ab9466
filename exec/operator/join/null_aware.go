package join

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/exec/rows"
)

// unknownGeneral finds the rows for which IN over several keys, or with a
// condition beside the keys, is NULL: some build row satisfies the condition
// and differs in no key, where a comparison with NULL is no difference.
func (o *probe) unknownGeneral() ([]int32, error) {
	if err := o.cur.Load(); err != nil {
		return nil, err
	}
	s := o.t.store
	var out []int32
	for i := range o.cur.Len() {
		slot := int32(o.cur.Row(i))
		if o.hit[slot] {
			continue
		}
		probeNull := false
		for _, v := range o.keys {
			probeNull = probeNull || v.IsNull(int(slot))
		}
		if !probeNull && !o.b.hasNull.Load() {
			continue
		}
		found := false
		for b := 0; b < s.Blocks() && !found; b++ {
			first, n := s.Block(b)
			for at := 0; at < n && !found; at += page.RowsMax {
				var err error
				if found, err = o.maybe(slot, first+uint32(at), min(page.RowsMax, n-at), probeNull); err != nil {
					return nil, err
				}
			}
		}
		if found {
			out = append(out, slot)
		}
	}
	return out, nil
}

// maybe reports whether one of n build rows from first might equal the slot.
func (o *probe) maybe(slot int32, first uint32, n int, probeNull bool) (bool, error) {
	s := o.t.store
	o.pairs.slots, o.pairs.ids = o.pairs.slots[:0], o.pairs.ids[:0]
	for id := first; id < first+uint32(n); id++ {
		if probeNull || o.b.nullKey(s, id) {
			o.pairs.slots, o.pairs.ids = append(o.pairs.slots, slot), append(o.pairs.ids, id)
		}
	}
	cand := o.scratch.cand[:0]
	for i := range o.pairs.ids {
		cand = append(cand, int32(i))
	}
	for i, v := range o.keys {
		if v.IsNull(int(slot)) {
			continue
		}
		var null, rest []int32
		for _, k := range cand {
			if s.IsNull(o.pairs.ids[k], o.b.keys[i]) {
				null = append(null, k)
			} else {
				rest = append(rest, k)
			}
		}
		rest, _ = s.Equal(o.b.keys[i], v, rows.NullsDiffer, rows.Pairs{IDs: o.pairs.ids, Slots: o.pairs.slots}, rest, nil)
		cand = append(null, rest...)
	}
	if len(cand) == 0 || o.pred == nil {
		return len(cand) > 0, nil
	}
	for k, i := range cand {
		o.pairs.ids[k] = o.pairs.ids[i]
	}
	o.pairs.slots, o.pairs.ids = o.pairs.slots[:len(cand)], o.pairs.ids[:len(cand)]
	if err := o.residualPairs(); err != nil {
		return false, err
	}
	return len(o.pairs.ids) > 0, nil
}
