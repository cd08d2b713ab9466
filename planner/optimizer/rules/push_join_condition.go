package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// PushJoinCondition moves the parts of a join condition that are about one side
// below the join, where dropping a row of that side early means the same.
//
//	Left Join on l = r AND r > 2 (L) (R)  =>  Left Join on l = r (L) (Filter r > 2 (R))
var PushJoinCondition Rule = pushJoinCondition{}

type pushJoinCondition struct{}

func (pushJoinCondition) Name() string { return "PushJoinCondition" }

func (pushJoinCondition) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	j, ok := n.(*logical.Join)
	if !ok || j.On == nil || j.NullAware || j.Kind == logical.Full {
		return nil, nil
	}
	l, r := logical.SetOf(j.L.Schema()), logical.SetOf(j.R.Schema())
	var left, right, on []expr.Expr
	for _, c := range expr.Conjuncts(j.On) {
		switch {
		case expr.IsVolatile(c):
			on = append(on, c)
		case isTrue(c):
		case len(expr.Columns(c)) == 0:
			on = append(on, c)
		case l.Covers(c) && (j.Kind == logical.Inner || j.Kind == logical.Semi || j.Kind == logical.Right):
			left = append(left, c)
		case r.Covers(c) && j.Kind != logical.Right:
			right = append(right, c)
		default:
			on = append(on, c)
		}
	}
	if len(on) == len(expr.Conjuncts(j.On)) {
		return nil, nil
	}
	c := *j
	c.L, c.R, c.On = filter(j.L, left), filter(j.R, right), expr.AndAll(on)
	return &c, nil
}
