package rules

import (
	"context"

	"github.com/muster-sql/muster/planner/logical"
)

// MergeLimits makes one limit of two.
//
//	Limit 10 (Limit 5 (X))   =>  Limit 5 (X)
//	Limit 3 (TopN 10 by a (X))  =>  TopN 3 by a (X)
var MergeLimits Rule = mergeLimits{}

type mergeLimits struct{}

func (mergeLimits) Name() string { return "MergeLimits" }

func (mergeLimits) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	l, ok := n.(*logical.Limit)
	if !ok || l.WithTies || l.Count != nil || l.Skip != nil {
		return nil, nil
	}
	switch in := l.In.(type) {
	case *logical.Limit:
		if in.WithTies || in.Count != nil || in.Skip != nil {
			return nil, nil
		}
		return &logical.Limit{In: in.In, N: within(l, in.N), Offset: in.Offset + l.Offset}, nil
	case *logical.TopN:
		return &logical.TopN{In: in.In, Keys: in.Keys, N: within(l, in.N), Offset: in.Offset + l.Offset}, nil
	}
	return nil, nil
}

// within is the number of rows that l leaves of n rows.
func within(l *logical.Limit, n int64) int64 {
	if n < 0 {
		return l.N
	}
	n = max(n-l.Offset, 0)
	if l.N >= 0 {
		n = min(n, l.N)
	}
	return n
}
