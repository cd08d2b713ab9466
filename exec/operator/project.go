package operator

import (
	"context"
	"slices"

	"github.com/muster-sql/muster/connectors/spi/page"
)

// Projector computes expressions over a page, which stays the caller's. The
// slice is valid until the next call, the vectors are the caller's.
// eval.Evaluator implements it.
type Projector interface {
	EvalAll(p *page.Page) ([]*page.Vector, error)
}

// project computes columns.
type project struct {
	in    Operator
	exprs Projector
}

var _ Operator = (*project)(nil)

// NewProject returns an operator whose pages have the columns that exprs computes.
func NewProject(in Operator, exprs Projector) Operator { return &project{in: in, exprs: exprs} }

func (o *project) Open(ctx context.Context) error { return o.in.Open(ctx) }

func (o *project) Next(ctx context.Context) (*page.Page, error) {
	p, err := o.in.Next(ctx)
	if err != nil {
		return nil, err
	}
	cols, err := o.exprs.EvalAll(p)
	if err != nil {
		p.Release()
		return nil, err
	}
	out := &page.Page{Cols: slices.Clone(cols), Rows: p.Rows, Sel: p.Sel}
	p.Sel = nil
	p.Release()
	return out, nil
}

func (o *project) Close() error { return o.in.Close() }

// columns reorders, repeats and drops columns.
type columns struct {
	in   Operator
	cols []int
}

// NewColumns returns an operator whose pages have the columns cols of in's,
// undecoded ones included.
func NewColumns(in Operator, cols []int) Operator { return &columns{in: in, cols: cols} }

func (o *columns) Open(ctx context.Context) error { return o.in.Open(ctx) }

func (o *columns) Next(ctx context.Context) (*page.Page, error) {
	p, err := o.in.Next(ctx)
	if err != nil {
		return nil, err
	}
	out := &page.Page{Cols: make([]*page.Vector, len(o.cols)), Rows: p.Rows, Sel: p.Sel}
	for i, c := range o.cols {
		out.Cols[i] = p.Cols[c].Retain()
	}
	p.Sel = nil
	p.Release()
	return out, nil
}

func (o *columns) Close() error { return o.in.Close() }
