package operator

import (
	"context"
	"slices"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// UnnestConfig says what to expand.
type UnnestConfig struct {
	Keep       []int // columns to repeat
	Lists      []int // list columns, expanded side by side
	Ordinality bool
	Outer      bool // keep rows whose lists are all empty
	RowsMax    int
}

// unnest expands list columns.
type unnest struct {
	UnnestConfig
	in   Operator
	pool page.Pool
	cur  *page.Page
	row  int // next live row of cur
	elem int // next element of that row
	rows []int32
	ord  []int32 // element number of each output row, -1: none
}

var _ Operator = (*unnest)(nil)

// NewUnnest returns the kept columns, then the elements of each list (a map
// gives keys and values), then the number of the element.
func NewUnnest(in Operator, c UnnestConfig, pool page.Pool) Operator {
	return &unnest{UnnestConfig: c, in: in, pool: pool}
}

func (u *unnest) Open(ctx context.Context) error { return u.in.Open(ctx) }

func (u *unnest) Next(ctx context.Context) (*page.Page, error) {
	for {
		if u.cur == nil {
			p, err := u.in.Next(ctx)
			if err != nil {
				return nil, err
			}
			if err := p.Load(); err != nil {
				p.Release()
				return nil, err
			}
			u.cur, u.row, u.elem = p, 0, 0
		}
		u.plan()
		if len(u.rows) == 0 {
			u.drop()
			continue
		}
		return u.page()
	}
}

// plan chooses the next output rows: pairs of an input row and an element.
func (u *unnest) plan() {
	u.rows, u.ord = u.rows[:0], u.ord[:0]
	for u.row < u.cur.Len() && len(u.rows) < u.RowsMax {
		slot := u.cur.Row(u.row)
		n := 0
		for _, l := range u.Lists {
			n = max(n, listLen(u.cur.Cols[l], slot))
		}
		if n == 0 && u.Outer {
			u.rows, u.ord = append(u.rows, int32(slot)), append(u.ord, -1)
		}
		for ; u.elem < n && len(u.rows) < u.RowsMax; u.elem++ {
			u.rows, u.ord = append(u.rows, int32(slot)), append(u.ord, int32(u.elem))
		}
		if u.elem >= n {
			u.row, u.elem = u.row+1, 0
		}
	}
}

func listLen(v *page.Vector, slot int) int {
	if v.IsNull(slot) {
		return 0
	}
	flat, j := v.Slot(slot)
	return int(flat.Offsets()[j+1] - flat.Offsets()[j])
}

func (u *unnest) page() (*page.Page, error) {
	out := &page.Page{Rows: len(u.rows)}
	for _, c := range u.Keep {
		v, err := u.cur.Cols[c].Gather(u.rows, u.pool)
		if err != nil {
			out.Release()
			return nil, err
		}
		out.Cols = append(out.Cols, v)
	}
	for _, l := range u.Lists {
		cols, err := u.elements(u.cur.Cols[l])
		if err != nil {
			out.Release()
			return nil, err
		}
		out.Cols = append(out.Cols, cols...)
	}
	if u.Ordinality {
		v, err := u.ordinals()
		if err != nil {
			out.Release()
			return nil, err
		}
		out.Cols = append(out.Cols, v)
	}
	return out, nil
}

// elements returns the chosen element of each output row, one column for each child.
func (u *unnest) elements(v *page.Vector) ([]*page.Vector, error) {
	var cols []*page.Vector
	for k, t := range v.Type.Children() {
		b := page.NewBuilder(t, len(u.rows), u.pool)
		for i, slot := range u.rows {
			if e := u.ord[i]; e < 0 || int(e) >= listLen(v, int(slot)) {
				b.AppendNull()
			} else {
				flat, j := v.Slot(int(slot))
				b.AppendFrom(flat.Children()[k], int(flat.Offsets()[j]+e))
			}
		}
		col, err := b.Finish()
		if err != nil {
			for _, c := range cols {
				c.Release()
			}
			return nil, err
		}
		cols = append(cols, col)
	}
	return cols, nil
}

func (u *unnest) ordinals() (*page.Vector, error) {
	v, out, err := page.NewFixed[int64](types.Of(types.Int64), len(u.ord), u.pool)
	if err != nil {
		return nil, err
	}
	for i, e := range u.ord {
		out[i] = int64(e) + 1
	}
	if !slices.Contains(u.ord, -1) {
		return v, nil
	}
	valid, err := v.NewValid(page.AllValid, u.pool)
	if err != nil {
		v.Release()
		return nil, err
	}
	for i, e := range u.ord {
		if e < 0 {
			page.BitClear(valid, i)
		}
	}
	return v, nil
}

func (u *unnest) drop() {
	u.cur.Release()
	u.cur = nil
}

func (u *unnest) Close() error {
	u.drop()
	return u.in.Close()
}
