package rules

import (
	"context"

	"github.com/muster-sql/muster/planner/logical"
)

// GraftApply computes over the outer row what a subquery computes over no
// table.
//
//	Inner Apply (L) (Unnest [l.list] (one row))  =>  Unnest [l.list] (L)
var GraftApply Rule = graftApply{}

type graftApply struct{}

func (graftApply) Name() string { return "GraftApply" }

func (graftApply) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	a, ok := n.(*logical.Apply)
	if !ok || a.Kind != logical.ApplyInner {
		return nil, nil
	}
	return grafted(a.R, a.L), nil
}

// grafted puts l in the place of the one row at the bottom of a chain, nil when
// r is no such chain.
func grafted(r, l logical.Node) logical.Node {
	switch r := r.(type) {
	case *logical.Values:
		if len(r.Rows) == 1 && len(r.Cols) == 0 {
			return l
		}
	case *logical.Filter:
		if in := grafted(r.In, l); in != nil {
			return r.WithInputs([]logical.Node{in})
		}
	case *logical.Unnest:
		if in := grafted(r.In, l); in != nil {
			return r.WithInputs([]logical.Node{in})
		}
	case *logical.SingleRow:
		if oneRow(r.In) {
			return grafted(r.In, l)
		}
	case *logical.Project:
		if in := grafted(r.In, l); in != nil {
			return &logical.Project{In: in, Items: append(passed(l), r.Items...)}
		}
	}
	return nil
}

// passed hands every column of a node on.
func passed(n logical.Node) []logical.Item {
	var items []logical.Item
	for _, c := range n.Schema() {
		items = append(items, logical.Item{Col: c, Expr: c.Ref()})
	}
	return items
}
