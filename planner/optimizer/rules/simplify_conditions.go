package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// SimplifyConditions writes conditions so that other rules and sources see their
// parts: where false and NULL are the same, and without NOT above comparisons.
//
//	Filter coalesce(p, false)      =>  Filter p
//	Filter NOT (a < b)             =>  Filter a >= b
//	Filter NOT (p OR q)            =>  Filter NOT p AND NOT q
var SimplifyConditions Rule = simplifyConditions{}

type simplifyConditions struct{}

func (simplifyConditions) Name() string { return "SimplifyConditions" }

func (simplifyConditions) Apply(_ context.Context, env *Env, n logical.Node) (logical.Node, error) {
	switch m := n.(type) {
	case *logical.Filter:
	case *logical.Join:
		if m.NullAware {
			return nil, nil
		}
	default:
		return nil, nil
	}
	out := logical.MapExprs(n, func(e expr.Expr) expr.Expr {
		conds := expr.Conjuncts(e)
		changed := false
		var list []expr.Expr
		for _, c := range conds {
			s := simplified(env, c)
			changed = changed || s != c
			list = append(list, expr.Conjuncts(s)...)
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

// simplified rewrites one condition of which only truth counts.
func simplified(env *Env, e expr.Expr) expr.Expr {
	switch e := e.(type) {
	case *expr.Coalesce:
		if c, ok := e.Args[len(e.Args)-1].(*expr.Const); ok && len(e.Args) == 2 && isFalse(c) {
			return e.Args[0]
		}
	case *expr.Logic:
		if e.Op == expr.Not {
			return negated(env, e)
		}
	}
	return e
}

// opposite comparisons are NULL for the same arguments.
var opposite = map[string]string{"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "<>", "<>": "="}

// negated moves a NOT inwards.
func negated(env *Env, n *expr.Logic) expr.Expr {
	switch x := n.Args[0].(type) {
	case *expr.Call:
		op, ok := opposite[x.Fn]
		if !ok || len(x.Args) != 2 || x.Volatile {
			return n
		}
		if out, err := env.Call(op, x.Args...); err == nil {
			return out
		}
	case *expr.Logic:
		switch x.Op {
		case expr.Not:
			return x.Args[0]
		case expr.Or:
			parts := make([]expr.Expr, len(x.Args))
			for i, a := range x.Args {
				parts[i] = simplified(env, not(a))
			}
			return expr.AndAll(parts)
		}
	}
	return n
}
