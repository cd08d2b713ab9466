package operator

import (
	"context"
	"io"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// coalesce gathers small pages, which a selective filter or join leaves, into
// larger ones, so that the operators above pay their overhead less often.
type coalesce struct {
	in   Operator
	coll *page.Collector
	min  int // pages of fewer rows are gathered
	max  int
	held *page.Page // a large page that waits until the gathered rows have left
	err  error
}

var _ Operator = (*coalesce)(nil)

// NewCoalesce returns an operator that gathers pages of fewer than rowsMin rows.
func NewCoalesce(in Operator, ts []types.Type, rowsMin, rowsMax int, pool page.Pool) Operator {
	return &coalesce{in: in, coll: page.NewCollector(ts, pool), min: rowsMin, max: rowsMax}
}

func (c *coalesce) Open(ctx context.Context) error { return c.in.Open(ctx) }

func (c *coalesce) Next(ctx context.Context) (*page.Page, error) {
	if c.held != nil {
		p := c.held
		c.held = nil
		return p, nil
	}
	for c.err == nil {
		p, err := c.in.Next(ctx)
		if err != nil {
			c.err = err
			break
		}
		if p.Len() >= c.min || c.coll.Rows()+p.Len() > c.max {
			if c.coll.Rows() == 0 {
				return p, nil
			}
			c.held = p
			return c.coll.Take()
		}
		if err := c.add(p); err != nil {
			return nil, err
		}
		if c.coll.Rows() >= c.min {
			return c.coll.Take()
		}
	}
	if c.err == io.EOF && c.coll.Rows() > 0 {
		return c.coll.Take()
	}
	return nil, c.err
}

func (c *coalesce) add(p *page.Page) error {
	defer p.Release()
	if err := p.Load(); err != nil {
		return err
	}
	return c.coll.Add(p, nil)
}

func (c *coalesce) Close() error {
	c.held.Release()
	c.held = nil
	c.coll.Release()
	return c.in.Close()
}
