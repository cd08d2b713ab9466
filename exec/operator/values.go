package operator

import (
	"context"
	"io"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// values gives constant rows.
type values struct {
	types []types.Type
	rows  [][]types.Value
	pool  page.Pool
	max   int
}

var _ Operator = (*values)(nil)

// NewValues returns a source of constant rows in pages of at most rowsMax.
func NewValues(ts []types.Type, rows [][]types.Value, pool page.Pool, rowsMax int) Operator {
	return &values{types: ts, rows: rows, pool: pool, max: rowsMax}
}

func (v *values) Open(context.Context) error { return nil }

func (v *values) Next(ctx context.Context) (*page.Page, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	n := min(len(v.rows), v.max)
	if n == 0 {
		return nil, io.EOF
	}
	p := &page.Page{Rows: n}
	for c, t := range v.types {
		b := page.NewBuilder(t, n, v.pool)
		for _, r := range v.rows[:n] {
			b.AppendValue(r[c])
		}
		col, err := b.Finish()
		if err != nil {
			p.Release()
			return nil, err
		}
		p.Cols = append(p.Cols, col)
	}
	v.rows = v.rows[n:]
	return p, nil
}

func (v *values) Close() error { v.rows = nil; return nil }

// empty gives no rows.
type empty struct{}

// Empty returns a source without rows, for drivers that have nothing to do.
func Empty() Operator { return empty{} }

func (empty) Open(context.Context) error               { return nil }
func (empty) Next(context.Context) (*page.Page, error) { return nil, io.EOF }
func (empty) Close() error                             { return nil }
