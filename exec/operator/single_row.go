package operator

import (
	"context"
	"io"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// singleRow passes exactly one row: a scalar subquery.
type singleRow struct {
	in    Operator
	types []types.Type
	pool  page.Pool
	done  bool
}

var _ Operator = (*singleRow)(nil)

// NewSingleRow returns an operator that fails with 21000 on a second row and
// gives a row of NULLs for none. It runs in one driver.
func NewSingleRow(in Operator, ts []types.Type, pool page.Pool) Operator {
	return &singleRow{in: in, types: ts, pool: pool}
}

func (s *singleRow) Open(ctx context.Context) error { return s.in.Open(ctx) }

func (s *singleRow) Next(ctx context.Context) (*page.Page, error) {
	if s.done {
		return nil, io.EOF
	}
	s.done = true
	first, err := s.in.Next(ctx)
	if err == io.EOF {
		return s.nulls()
	}
	if err != nil {
		return nil, err
	}
	tooMany := first.Len() > 1
	if !tooMany {
		// The input may reuse what first refers to: copy before asking for more.
		if first, err = first.Compact(s.pool); err != nil {
			return nil, err
		}
		second, err := s.in.Next(ctx)
		if err == io.EOF {
			return first, nil
		}
		if err != nil {
			first.Release()
			return nil, err
		}
		second.Release()
	}
	first.Release()
	return nil, sqlerr.New(sqlerr.CardinalityViolation, "more than one row returned by a subquery used as an expression")
}

func (s *singleRow) nulls() (*page.Page, error) {
	p := &page.Page{Rows: 1}
	for _, t := range s.types {
		v, err := page.NewConst(t, types.NullValue, 1, s.pool)
		if err != nil {
			p.Release()
			return nil, err
		}
		p.Cols = append(p.Cols, v)
	}
	return p, nil
}

func (s *singleRow) Close() error { return s.in.Close() }
