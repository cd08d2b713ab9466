package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// PullUpCorrelatedConditions turns a correlated subquery into a join when it
// reads the outer row only in conditions that can be evaluated last.
//
//	Mark Apply m (L) (Filter r = l AND r > 1 (R))  =>  Mark Join m on r = l (L) (Filter r > 1 (R))
var PullUpCorrelatedConditions Rule = pullUpCorrelatedConditions{}

type pullUpCorrelatedConditions struct{}

func (pullUpCorrelatedConditions) Name() string { return "PullUpCorrelatedConditions" }

func (pullUpCorrelatedConditions) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	a, ok := n.(*logical.Apply)
	if !ok || !correlated(a) || a.NullAware {
		return nil, nil
	}
	p := newPuller(a.L, a.R, a.Kind != logical.ApplyMark)
	r, ok := p.pull(a.R)
	if !ok {
		return nil, nil
	}
	on := append(p.conds, expr.Conjuncts(logical.Substitute(a.On, p.by))...)
	j := &logical.Join{L: a.L, R: r, On: expr.AndAll(on), Mark: a.Mark}
	switch a.Kind {
	case logical.ApplyMark:
		j.Kind = logical.Mark
	case logical.ApplyLeft:
		j.Kind = logical.Left
	default:
		j.Kind = logical.Inner
	}
	return j, nil
}
