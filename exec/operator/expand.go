package operator

import (
	"context"
	"slices"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// expand repeats each page once for each grouping set: the input's columns,
// then the grouping columns with those NULL that are not in the set, then the
// set's number.
type expand struct {
	in     Operator
	groups []int
	types  []types.Type // of the groups
	sets   [][]int
	pool   page.Pool
	cur    *page.Page
	set    int
}

var _ Operator = (*expand)(nil)

// NewExpand returns an operator for grouping sets: sets are positions of groups.
func NewExpand(in Operator, groups []int, ts []types.Type, sets [][]int, pool page.Pool) Operator {
	return &expand{in: in, groups: groups, types: ts, sets: sets, pool: pool}
}

func (e *expand) Open(ctx context.Context) error { return e.in.Open(ctx) }

func (e *expand) Next(ctx context.Context) (*page.Page, error) {
	if e.cur == nil {
		p, err := e.in.Next(ctx)
		if err != nil {
			return nil, err
		}
		if err := p.Load(); err != nil {
			p.Release()
			return nil, err
		}
		e.cur, e.set = p, 0
	}
	out, err := e.page()
	if err != nil {
		return nil, err
	}
	if e.set++; e.set == len(e.sets) {
		e.cur.Release()
		e.cur = nil
	}
	return out, nil
}

func (e *expand) page() (*page.Page, error) {
	p := e.cur
	out := &page.Page{Rows: p.Rows, Sel: slices.Clone(p.Sel)}
	for _, c := range p.Cols {
		out.Cols = append(out.Cols, c.Retain())
	}
	for i, g := range e.groups {
		if slices.Contains(e.sets[e.set], i) {
			out.Cols = append(out.Cols, p.Cols[g].Retain())
			continue
		}
		v, err := page.NewConst(e.types[i], types.NullValue, p.Rows, e.pool)
		if err != nil {
			out.Release()
			return nil, err
		}
		out.Cols = append(out.Cols, v)
	}
	v, err := page.NewConst(types.Of(types.Int64), types.IntValue(int64(e.set)), p.Rows, e.pool)
	if err != nil {
		out.Release()
		return nil, err
	}
	out.Cols = append(out.Cols, v)
	return out, nil
}

func (e *expand) Close() error {
	e.cur.Release()
	e.cur = nil
	return e.in.Close()
}
