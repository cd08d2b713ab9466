package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// FoldConstants computes expressions that do not depend on rows, once. What
// raises an error stays, to raise it where a row reaches it.
//
//	Filter a > 1 + 1  =>  Filter a > 2
var FoldConstants Rule = foldConstants{}

type foldConstants struct{}

func (foldConstants) Name() string { return "FoldConstants" }

func (foldConstants) Apply(_ context.Context, env *Env, n logical.Node) (logical.Node, error) {
	out := logical.MapExprs(n, func(e expr.Expr) expr.Expr {
		switch e.(type) {
		case *expr.Const, *expr.Column:
			return e
		}
		return env.Fold(e)
	})
	if out == n {
		return nil, nil
	}
	return out, nil
}
