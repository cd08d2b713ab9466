package analyzer

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
)

// Action is what a statement does with a table.
type Action uint8

// The actions.
const (
	Read Action = iota
	WriteInsert
	WriteUpdate
	WriteDelete
	Create
)

// Policy restricts what an allowed reader sees of a table. Expressions read
// table columns by position. A masked column shows its mask instead.
type Policy struct {
	Filter expr.Expr         // rows for which it is true; nil: all
	Masks  map[int]expr.Expr // by table column
}

// Access decides over tables. The coordinator implements it; it is safe for
// concurrent use. A refusal is an error with 42501.
type Access interface {
	Table(ctx context.Context, s *spi.Session, catalog string, t *spi.Table, what Action) (Policy, error)
}

// AllowAll lets everybody do everything.
type AllowAll struct{}

// Table implements Access.
func (AllowAll) Table(context.Context, *spi.Session, string, *spi.Table, Action) (Policy, error) {
	return Policy{}, nil
}

func (a *analyzer) allowed(catalog string, t *spi.Table, what Action) (Policy, error) {
	if a.env.Access == nil {
		return Policy{}, nil
	}
	return a.env.Access.Table(a.ctx, a.env.Session, catalog, t, what)
}
