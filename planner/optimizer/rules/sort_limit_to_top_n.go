package rules

import (
	"context"

	"github.com/muster-sql/muster/planner/logical"
)

// SortLimitToTopN keeps only the rows that a limit asks for while sorting.
//
//	Limit 10 (Sort by a (X))  =>  TopN 10 by a (X)
var SortLimitToTopN Rule = sortLimitToTopN{}

type sortLimitToTopN struct{}

func (sortLimitToTopN) Name() string { return "SortLimitToTopN" }

// topRowsMax bounds a top-N: above it rows are sorted as any others.
const topRowsMax = 1_000_000

func (sortLimitToTopN) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	l, ok := n.(*logical.Limit)
	if !ok || l.WithTies || l.N < 0 || l.Count != nil || l.Skip != nil || l.N+l.Offset > topRowsMax {
		return nil, nil
	}
	s, ok := l.In.(*logical.Sort)
	if !ok {
		return nil, nil
	}
	return &logical.TopN{In: s.In, Keys: s.Keys, N: l.N, Offset: l.Offset}, nil
}
