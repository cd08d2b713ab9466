package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
	"github.com/muster-sql/muster/planner/optimizer/joinorder"
)

// ReorderJoins joins relations in the order of least estimated cost, the smaller
// side on the right, where it is built.
//
//	Inner Join (Inner Join (big) (bigger)) (small)  =>  Inner Join (bigger) (Inner Join (big) (small))
//
// It is called with the root only.
var ReorderJoins Rule = reorderJoins{}

type reorderJoins struct{}

func (reorderJoins) Name() string { return "ReorderJoins" }

func (reorderJoins) Apply(_ context.Context, env *Env, n logical.Node) (logical.Node, error) {
	return reordered(env, n)
}

func reordered(env *Env, n logical.Node) (logical.Node, error) {
	if !joinorder.IsRegion(n) {
		in := n.Inputs()
		out := make([]logical.Node, len(in))
		changed := false
		for i, c := range in {
			x, err := reordered(env, c)
			if err != nil {
				return nil, err
			}
			out[i], changed = x, changed || x != c
		}
		if !changed {
			return n, nil
		}
		return n.WithInputs(out), nil
	}
	leaves := joinorder.Leaves(n)
	for i, l := range leaves {
		x, err := reordered(env, l)
		if err != nil {
			return nil, err
		}
		leaves[i] = x
	}
	n = joinorder.WithLeaves(n, leaves)
	return joinorder.Order(n, env.Stats, func(a, b logical.Col) (expr.Expr, error) { return env.Call("=", a.Ref(), b.Ref()) })
}
