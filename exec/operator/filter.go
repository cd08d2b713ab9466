package operator

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
)

// filter keeps the rows for which the predicate is true.
type filter struct {
	in   Operator
	pred spi.Predicate
}

var _ Operator = (*filter)(nil)

// NewFilter returns an operator that narrows the selection of in's pages.
func NewFilter(in Operator, pred spi.Predicate) Operator { return &filter{in: in, pred: pred} }

func (f *filter) Open(ctx context.Context) error { return f.in.Open(ctx) }

func (f *filter) Next(ctx context.Context) (*page.Page, error) {
	for {
		p, err := f.in.Next(ctx)
		if err != nil {
			return nil, err
		}
		if err := f.pred.Eval(p); err != nil {
			p.Release()
			return nil, err
		}
		if p.Len() > 0 {
			return p, nil
		}
		p.Release()
	}
}

func (f *filter) Close() error { return f.in.Close() }
