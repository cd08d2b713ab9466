package rules

import (
	"context"

	"github.com/muster-sql/muster/planner/logical"
)

// PushFilterBelowOrder filters before rows are sorted, numbered or expanded.
//
//	Filter a > 1 (Sort by a (X))  =>  Sort by a (Filter a > 1 (X))
var PushFilterBelowOrder Rule = pushFilterBelowOrder{}

type pushFilterBelowOrder struct{}

func (pushFilterBelowOrder) Name() string { return "PushFilterBelowOrder" }

func (pushFilterBelowOrder) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	f, ok := n.(*logical.Filter)
	if !ok {
		return nil, nil
	}
	switch f.In.(type) {
	case *logical.Sort, *logical.Unnest, *logical.AssignID:
	default:
		return nil, nil
	}
	below := f.In.Inputs()[0]
	down, stay := split(f.Pred, logical.SetOf(below.Schema()).Covers)
	if len(down) == 0 {
		return nil, nil
	}
	return filter(f.In.WithInputs([]logical.Node{filter(below, down)}), stay), nil
}
