package rules

import (
	"context"

	"github.com/muster-sql/muster/planner/logical"
)

// DistinctToAggregate drops duplicates by grouping.
//
//	Distinct (X [a, b])  =>  Aggregate by a, b (X)
var DistinctToAggregate Rule = distinctToAggregate{}

type distinctToAggregate struct{}

func (distinctToAggregate) Name() string { return "DistinctToAggregate" }

func (distinctToAggregate) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	d, ok := n.(*logical.Distinct)
	if !ok || d.On != nil {
		return nil, nil
	}
	if len(d.Schema()) == 0 {
		return &logical.Limit{In: d.In, N: 1}, nil
	}
	if a, ok := d.In.(*logical.Aggregate); ok && a.Sets == nil && len(a.Groups) > 0 {
		return a, nil // its groups are distinct already
	}
	out := &logical.Aggregate{In: d.In}
	for _, c := range d.Schema() {
		out.Groups = append(out.Groups, logical.Group{In: c.ID, Col: c})
	}
	return out, nil
}
