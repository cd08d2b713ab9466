package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// PushFilterIntoJoin moves conditions above a join to the side that they are
// about, or into the condition of an inner join.
//
//	Filter l > 1 AND r > 2 AND l = r (Cross Join (L) (R))
//	  =>  Inner Join on l = r (Filter l > 1 (L)) (Filter r > 2 (R))
//
// Below an outer join only conditions of the preserved side move.
var PushFilterIntoJoin Rule = pushFilterIntoJoin{}

type pushFilterIntoJoin struct{}

func (pushFilterIntoJoin) Name() string { return "PushFilterIntoJoin" }

func (pushFilterIntoJoin) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	f, ok := n.(*logical.Filter)
	if !ok {
		return nil, nil
	}
	switch j := f.In.(type) {
	case *logical.Join:
		return filterIntoJoin(f, j), nil
	case *logical.Apply:
		l := logical.SetOf(j.L.Schema())
		down, stay := split(f.Pred, l.Covers)
		if len(down) == 0 {
			return nil, nil
		}
		return filter(j.WithInputs([]logical.Node{filter(j.L, down), j.R}), stay), nil
	}
	return nil, nil
}

// split separates the conditions that may move and pass a test from the others.
// A condition without columns goes nowhere.
func split(pred expr.Expr, test func(expr.Expr) bool) (yes, no []expr.Expr) {
	for _, c := range expr.Conjuncts(pred) {
		if !expr.IsVolatile(c) && len(expr.Columns(c)) > 0 && test(c) {
			yes = append(yes, c)
		} else {
			no = append(no, c)
		}
	}
	return yes, no
}

func filterIntoJoin(f *logical.Filter, j *logical.Join) logical.Node {
	l, r := logical.SetOf(j.L.Schema()), logical.SetOf(j.R.Schema())
	var left, right, on, stay []expr.Expr
	for _, c := range expr.Conjuncts(f.Pred) {
		switch {
		case expr.IsVolatile(c) || len(expr.Columns(c)) == 0:
			stay = append(stay, c)
		case l.Covers(c) && j.Kind != logical.Right && j.Kind != logical.Full:
			left = append(left, c)
		case r.Covers(c) && (j.Kind == logical.Inner || j.Kind == logical.Right):
			right = append(right, c)
		case j.Kind == logical.Inner:
			on = append(on, c)
		default:
			stay = append(stay, c)
		}
	}
	if len(stay) == len(expr.Conjuncts(f.Pred)) {
		return nil
	}
	c := *j
	c.L, c.R = filter(j.L, left), filter(j.R, right)
	if len(on) > 0 {
		c.On = expr.AndAll(append(expr.Conjuncts(j.On), on...))
	}
	return filter(&c, stay)
}
