package rules

import (
	"context"

	"github.com/muster-sql/muster/planner/logical"
)

// PushFilterThroughAggregate drops rows before they are grouped, by conditions
// on the groups.
//
//	Filter g > 1 (Aggregate by g (X))  =>  Aggregate by g (Filter g > 1 (X))
//
// It does not fire under grouping sets, where g is NULL in some rows, and not
// for aggregates without groups, which give a row in any case.
var PushFilterThroughAggregate Rule = pushFilterThroughAggregate{}

type pushFilterThroughAggregate struct{}

func (pushFilterThroughAggregate) Name() string { return "PushFilterThroughAggregate" }

func (pushFilterThroughAggregate) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	f, ok := n.(*logical.Filter)
	if !ok {
		return nil, nil
	}
	groups := logical.Set{}
	switch in := f.In.(type) {
	case *logical.Aggregate:
		if in.Sets != nil {
			return nil, nil
		}
		for _, g := range in.Groups {
			groups[g.Col.ID] = true
		}
	case *logical.Distinct:
		ids := in.On
		if ids == nil {
			ids = logical.ColumnIDs(in.Schema())
		}
		for _, id := range ids {
			groups[id] = true
		}
	case *logical.Window:
		for _, id := range in.Partition {
			groups[id] = true
		}
	default:
		return nil, nil
	}
	down, stay := split(f.Pred, groups.Covers)
	if len(down) == 0 {
		return nil, nil
	}
	below := filter(f.In.Inputs()[0], down)
	return filter(f.In.WithInputs([]logical.Node{below}), stay), nil
}
