package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// RemoveTrivialFilter drops conditions that are always true, and all rows when
// one is never true.
//
//	Filter true (X)           =>  X
//	Filter a > 1 AND false    =>  no rows
var RemoveTrivialFilter Rule = removeTrivialFilter{}

type removeTrivialFilter struct{}

func (removeTrivialFilter) Name() string { return "RemoveTrivialFilter" }

func (removeTrivialFilter) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	f, ok := n.(*logical.Filter)
	if !ok {
		return nil, nil
	}
	all := expr.Conjuncts(f.Pred)
	var keep []expr.Expr
	for _, c := range all {
		switch {
		case isFalse(c):
			return empty(f.Schema()), nil
		case !isTrue(c):
			keep = append(keep, c)
		}
	}
	if len(keep) == len(all) {
		return nil, nil
	}
	return filter(f.In, keep), nil
}

// empty is the relation of these columns without rows.
func empty(cols []logical.Col) logical.Node { return &logical.Values{Cols: cols} }

func isEmpty(n logical.Node) bool {
	v, ok := n.(*logical.Values)
	return ok && len(v.Rows) == 0
}
