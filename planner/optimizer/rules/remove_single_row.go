package rules

import (
	"context"

	"github.com/muster-sql/muster/planner/logical"
)

// RemoveSingleRow drops the check for one row where there is exactly one.
//
//	SingleRow (Aggregate [count(*)] (X))  =>  Aggregate [count(*)] (X)
var RemoveSingleRow Rule = removeSingleRow{}

type removeSingleRow struct{}

func (removeSingleRow) Name() string { return "RemoveSingleRow" }

func (removeSingleRow) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	s, ok := n.(*logical.SingleRow)
	if !ok || !oneRow(s.In) {
		return nil, nil
	}
	return s.In, nil
}

// oneRow reports whether a relation has exactly one row.
func oneRow(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Aggregate:
		return len(n.Groups) == 0 && n.Sets == nil
	case *logical.Values:
		return len(n.Rows) == 1
	case *logical.Project:
		return oneRow(n.In)
	case *logical.Sort:
		return oneRow(n.In)
	case *logical.SingleRow:
		return true
	case *logical.Join:
		return n.Kind == logical.Inner && n.On == nil && oneRow(n.L) && oneRow(n.R)
	}
	return false
}
