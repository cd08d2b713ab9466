package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// ApplyMarkOverOneRow compares with the one row of a subquery directly.
//
//	Mark Apply m on x = y (L) (Aggregate [y: max(a)] (X))
//	  =>  Project m: x = y (Inner Apply (L) (Aggregate [y: max(a)] (X)))
var ApplyMarkOverOneRow Rule = applyMarkOverOneRow{}

type applyMarkOverOneRow struct{}

func (applyMarkOverOneRow) Name() string { return "ApplyMarkOverOneRow" }

func (applyMarkOverOneRow) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	a, ok := n.(*logical.Apply)
	if !ok || a.Kind != logical.ApplyMark || !oneRow(a.R) {
		return nil, nil
	}
	var mark expr.Expr = truth(true)
	if a.On != nil {
		mark = a.On
		if !a.NullAware {
			mark = &expr.Coalesce{Args: []expr.Expr{mark, truth(false)}, Typ: logical.BoolType(), At: -1}
		}
	}
	in := &logical.Apply{Kind: logical.ApplyInner, L: a.L, R: a.R}
	return withItem(in, logical.Item{Col: a.Mark, Expr: mark}), nil
}
