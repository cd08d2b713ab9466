package operator

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// assignID adds a bigint column that is unique within the query.
type assignID struct {
	in   Operator
	next int64
	pool page.Pool
}

var _ Operator = (*assignID)(nil)

// NewAssignID returns an operator that numbers rows from first; callers give
// each driver of each task a range of its own.
func NewAssignID(in Operator, first int64, pool page.Pool) Operator {
	return &assignID{in: in, next: first, pool: pool}
}

func (a *assignID) Open(ctx context.Context) error { return a.in.Open(ctx) }

func (a *assignID) Next(ctx context.Context) (*page.Page, error) {
	p, err := a.in.Next(ctx)
	if err != nil {
		return nil, err
	}
	v, ids, err := page.NewFixed[int64](types.Of(types.Int64), p.Rows, a.pool)
	if err != nil {
		p.Release()
		return nil, err
	}
	for i := range ids {
		ids[i] = a.next + int64(i)
	}
	a.next += int64(p.Rows)
	p.Cols = append(p.Cols, v)
	return p, nil
}

func (a *assignID) Close() error { return a.in.Close() }
