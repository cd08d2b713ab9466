package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// MergeFilters makes one filter of two. The lower conditions stay first.
//
//	Filter b (Filter a (X))  =>  Filter a AND b (X)
var MergeFilters Rule = mergeFilters{}

type mergeFilters struct{}

func (mergeFilters) Name() string { return "MergeFilters" }

func (mergeFilters) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	f, ok := n.(*logical.Filter)
	if !ok {
		return nil, nil
	}
	in, ok := f.In.(*logical.Filter)
	if !ok {
		return nil, nil
	}
	conds := expr.Conjuncts(in.Pred)
	for _, c := range expr.Conjuncts(f.Pred) {
		if !contains(conds, c) {
			conds = append(conds, c)
		}
	}
	return filter(in.In, conds), nil
}

func contains(list []expr.Expr, e expr.Expr) bool {
	for _, x := range list {
		if logical.Equal(x, e) {
			return true
		}
	}
	return false
}
