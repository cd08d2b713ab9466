package sort

import (
	"context"
	"io"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/kernel"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/rows"
)

// merge merges sorted inputs: a heap of their heads.
type merge struct {
	ins  []operator.Operator
	keys []rows.Key
	max  int
	coll *page.Collector
	heap []*cursor
	sel  []int32 // rows of sel's page that are next in the order
	of   *cursor
	open bool
}

// cursor is the current page of an input.
type cursor struct {
	in   operator.Operator
	page *page.Page
	at   int // next live row
}

var _ operator.Operator = (*merge)(nil)

// NewMerge returns the rows of sorted inputs in their order. It runs in one driver.
func NewMerge(ins []operator.Operator, ts []types.Type, keys []rows.Key, rowsMax int, pool page.Pool) operator.Operator {
	return &merge{ins: ins, keys: keys, max: rowsMax, coll: page.NewCollector(ts, pool)}
}

func (m *merge) Open(ctx context.Context) error {
	for _, in := range m.ins {
		if err := in.Open(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (m *merge) Next(ctx context.Context) (*page.Page, error) {
	if !m.open {
		m.open = true
		for _, in := range m.ins {
			c := &cursor{in: in}
			more, err := c.load(ctx)
			if err != nil {
				return nil, err
			}
			if more {
				m.heap = append(m.heap, c)
			}
		}
		for i := len(m.heap)/2 - 1; i >= 0; i-- {
			m.down(i)
		}
	}
	for len(m.heap) > 0 && m.coll.Rows()+len(m.sel) < m.max {
		if err := m.take(ctx); err != nil {
			return nil, err
		}
	}
	if err := m.flush(); err != nil {
		return nil, err
	}
	if m.coll.Rows() == 0 {
		return nil, io.EOF
	}
	return m.coll.Take()
}

// take moves the least row to the output.
func (m *merge) take(ctx context.Context) error {
	c := m.heap[0]
	if m.of != c {
		if err := m.flush(); err != nil {
			return err
		}
		m.of = c
	}
	m.sel = append(m.sel, int32(c.page.Row(c.at)))
	if c.at++; c.at == c.page.Len() {
		if err := m.flush(); err != nil {
			return err
		}
		more, err := c.load(ctx)
		if err != nil {
			return err
		}
		if !more {
			last := len(m.heap) - 1
			m.heap[0] = m.heap[last]
			m.heap = m.heap[:last]
		}
	}
	m.down(0)
	return nil
}

// flush copies the chosen rows of one page.
func (m *merge) flush() error {
	if len(m.sel) == 0 {
		return nil
	}
	err := m.coll.Add(m.of.page, m.sel)
	m.sel, m.of = m.sel[:0], nil
	return err
}

func (c *cursor) load(ctx context.Context) (bool, error) {
	c.page.Release()
	c.page, c.at = nil, 0
	p, err := c.in.Next(ctx)
	if err == io.EOF {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	c.page = p
	return true, p.Load()
}

func (m *merge) down(i int) {
	for {
		least := i
		for k := 2*i + 1; k <= 2*i+2 && k < len(m.heap); k++ {
			if m.less(m.heap[k], m.heap[least]) {
				least = k
			}
		}
		if least == i {
			return
		}
		m.heap[i], m.heap[least] = m.heap[least], m.heap[i]
		i = least
	}
}

func (m *merge) less(a, b *cursor) bool {
	x, y := a.page.Row(a.at), b.page.Row(b.at)
	for _, k := range m.keys {
		v, w := a.page.Cols[k.Col], b.page.Cols[k.Col]
		vn, wn := v.IsNull(x), w.IsNull(y)
		if vn || wn {
			if vn == wn {
				continue
			}
			return vn == k.NullsFirst
		}
		c := kernel.CompareSlots(v, x, w, y)
		if c == 0 {
			continue
		}
		return (c < 0) != k.Desc
	}
	return false
}

func (m *merge) Close() error {
	var first error
	for _, c := range m.heap {
		c.page.Release()
		c.page = nil
	}
	m.heap, m.sel = nil, nil
	m.coll.Release()
	for _, in := range m.ins {
		if err := in.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
