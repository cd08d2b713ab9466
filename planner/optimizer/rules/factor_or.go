package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// FactorOr takes out of an OR the conditions that all of its branches have, so
// that they can become join keys and filters.
//
//	(a AND b) OR (a AND c)  =>  a AND (b OR c)
var FactorOr Rule = factorOr{}

type factorOr struct{}

func (factorOr) Name() string { return "FactorOr" }

func (factorOr) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	switch n.(type) {
	case *logical.Filter, *logical.Join, *logical.Apply:
	default:
		return nil, nil
	}
	out := logical.MapExprs(n, func(e expr.Expr) expr.Expr {
		conds := expr.Conjuncts(e)
		changed := false
		var list []expr.Expr
		for _, c := range conds {
			f := factored(c)
			changed = changed || f != nil
			if f == nil {
				f = []expr.Expr{c}
			}
			list = append(list, f...)
		}
		if !changed {
			return e
		}
		return expr.AndAll(list)
	})
	if out == n {
		return nil, nil
	}
	return out, nil
}

// factored splits an OR, nil when its branches have nothing in common.
func factored(e expr.Expr) []expr.Expr {
	or, ok := e.(*expr.Logic)
	if !ok || or.Op != expr.Or || expr.IsVolatile(e) {
		return nil
	}
	branches := make([][]expr.Expr, len(or.Args))
	for i, a := range or.Args {
		branches[i] = expr.Conjuncts(a)
	}
	var common []expr.Expr
	for _, c := range branches[0] {
		all := true
		for _, b := range branches[1:] {
			all = all && contains(b, c)
		}
		if all {
			common = append(common, c)
		}
	}
	if len(common) == 0 {
		return nil
	}
	rest := make([]expr.Expr, len(branches))
	for i, b := range branches {
		var left []expr.Expr
		for _, c := range b {
			if !contains(common, c) {
				left = append(left, c)
			}
		}
		if len(left) == 0 {
			return common // this branch asks for no more
		}
		rest[i] = expr.AndAll(left)
	}
	return append(common, &expr.Logic{Op: expr.Or, Args: rest, At: or.At})
}
