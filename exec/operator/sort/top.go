package sort

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/exec/kernel"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/rows"
)

// topSlack is how many rows beyond the wanted ones are gathered before they
// are sorted and cut.
const topSlack = 4096

// top cuts a driver's rows to the first of the order and drops rows that
// cannot be among them before they are stored.
type top struct {
	c     *Config
	pool  *mempool.Pool
	bound *page.Vector // one slot: the first key of the last wanted row
}

func newTop(c *Config, pool *mempool.Pool) *top { return &top{c: c, pool: pool} }

// prune sorts and cuts the rows when they are many more than wanted.
func (t *top) prune(s *rows.Store, l *rows.Layout) (*rows.Store, error) {
	keep := int(t.c.keep())
	if s.Len() < 2*keep+topSlack {
		return s, nil
	}
	o, err := sortRows(s, t.c.Keys, t.pool)
	if err != nil {
		return s, err
	}
	defer o.release()
	ids := make([]uint32, keep)
	for i := range ids {
		ids[i] = uint32(o.entries[i].Hi)
	}
	out := rows.NewStore(l, t.pool, nil)
	if err := copyRows(out, s, ids, t.pool); err != nil {
		out.Reset()
		return s, err
	}
	if keep > 0 && len(t.c.Keys) > 0 {
		t.bound.Release()
		t.bound, err = s.Gather(t.c.Keys[0].Col, rows.All(ids[keep-1:]), t.pool)
		if err == nil && t.c.Bound != nil {
			t.c.Bound(t.bound.Value(0))
		}
	}
	s.Reset()
	return out, err
}

// narrow drops rows of p whose first key is behind the bound.
func (t *top) narrow(p *page.Page) error {
	if t.c.keep() == 0 {
		p.Limit(0)
		return nil
	}
	if t.bound == nil {
		return nil
	}
	k := t.c.Keys[0]
	v := p.Cols[k.Col]
	if err := v.Load(p.Sel); err != nil {
		return err
	}
	ties := len(t.c.Keys) > 1
	sel := make([]int32, 0, p.Len())
	for i := range p.Len() {
		s := p.Row(i)
		c := compareNulls(v, s, t.bound, k)
		if c < 0 || c == 0 && ties {
			sel = append(sel, int32(s))
		}
	}
	p.Sel = sel
	return nil
}

// compareNulls orders slot i of v and the one slot of b in the order of k.
func compareNulls(v *page.Vector, i int, b *page.Vector, k rows.Key) int {
	x, y := v.IsNull(i), b.IsNull(0)
	switch {
	case x && y:
		return 0
	case x || y:
		if x == k.NullsFirst {
			return -1
		}
		return 1
	}
	c := kernel.CompareSlots(v, i, b, 0)
	if k.Desc {
		return -c
	}
	return c
}

func (t *top) release() {
	t.bound.Release()
	t.bound = nil
}
