package rules

import (
	"context"

	"github.com/muster-sql/muster/planner/logical"
)

// UncorrelatedApplyToJoin evaluates a subquery once that reads nothing of the
// outer row.
//
//	Inner Apply (L) (R)      =>  Cross Join (L) (R)
//	Mark Apply m on c (L) (R)  =>  Mark Join m on c (L) (R)
var UncorrelatedApplyToJoin Rule = uncorrelatedApplyToJoin{}

type uncorrelatedApplyToJoin struct{}

func (uncorrelatedApplyToJoin) Name() string { return "UncorrelatedApplyToJoin" }

func (uncorrelatedApplyToJoin) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	a, ok := n.(*logical.Apply)
	if !ok || correlated(a) {
		return nil, nil
	}
	j := &logical.Join{L: a.L, R: a.R, On: a.On, NullAware: a.NullAware, Mark: a.Mark}
	switch a.Kind {
	case logical.ApplyInner:
		j.Kind = logical.Inner
	case logical.ApplyLeft:
		j.Kind = logical.Left
	default:
		j.Kind = logical.Mark
		if a.On == nil {
			j.R = &logical.Limit{In: a.R, N: 1} // one row says all
		}
	}
	return j, nil
}
