package operator

import (
	"context"
	"io"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/exec/kernel"
)

// ties is LIMIT … WITH TIES over sorted input: after the last row of the limit
// it passes the rows that equal it in the sort keys.
type ties struct {
	in      Operator
	skip, n int64
	keys    []int
	pool    page.Pool
	last    []*page.Vector // one slot each: the keys of the last row of the limit
	done    bool
}

var _ Operator = (*ties)(nil)

// NewTies returns LIMIT n WITH TIES after offset, over input sorted by the
// columns keys. It runs in one driver.
func NewTies(in Operator, n, offset int64, keys []int, pool page.Pool) Operator {
	return &ties{in: in, n: n, skip: offset, keys: keys, pool: pool}
}

func (t *ties) Open(ctx context.Context) error { return t.in.Open(ctx) }

func (t *ties) Next(ctx context.Context) (*page.Page, error) {
	for !t.done && !(t.n == 0 && t.last == nil) {
		p, err := t.in.Next(ctx)
		if err != nil {
			return nil, err
		}
		skipped := min(int64(p.Len()), t.skip)
		t.skip -= skipped
		p.Skip(int(skipped))
		if err := t.pass(p); err != nil {
			p.Release()
			return nil, err
		}
		if p.Len() > 0 {
			return p, nil
		}
		p.Release()
	}
	t.done = true
	return nil, io.EOF
}

// pass keeps of p what belongs to the limit or ties with its last row.
func (t *ties) pass(p *page.Page) error {
	if t.n >= int64(p.Len()) {
		t.n -= int64(p.Len())
		if t.n > 0 || p.Len() == 0 {
			return nil
		}
		return t.remember(p, p.Row(p.Len()-1))
	}
	keep := int(t.n)
	if t.n > 0 {
		if err := t.remember(p, p.Row(keep-1)); err != nil {
			return err
		}
		t.n = 0
	}
	for keep < p.Len() && t.equal(p, p.Row(keep)) {
		keep++
	}
	t.done = keep < p.Len()
	p.Limit(keep)
	return nil
}

func (t *ties) remember(p *page.Page, row int) error {
	t.forget()
	for _, k := range t.keys {
		if err := p.Cols[k].Load(p.Sel); err != nil {
			return err
		}
		v, err := p.Cols[k].Gather([]int32{int32(row)}, t.pool)
		if err != nil {
			return err
		}
		t.last = append(t.last, v)
	}
	if t.last == nil { // no keys: every row ties
		t.last = []*page.Vector{}
	}
	return nil
}

func (t *ties) equal(p *page.Page, row int) bool {
	for i, k := range t.keys {
		a, b := t.last[i], p.Cols[k]
		if b.Load(p.Sel) != nil {
			return false
		}
		if x, y := a.IsNull(0), b.IsNull(row); x || y {
			if x != y {
				return false
			}
			continue
		}
		if kernel.CompareSlots(a, 0, b, row) != 0 {
			return false
		}
	}
	return true
}

func (t *ties) forget() {
	for _, v := range t.last {
		v.Release()
	}
	t.last = nil
}

func (t *ties) Close() error {
	t.forget()
	t.done = true
	return t.in.Close()
}
