package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// FilterMarkToSemiJoin joins without a mark when the mark only decides whether
// a row stays.
//
//	Filter m (Mark Join m on l = r (L) (R))      =>  Semi Join on l = r (L) (R)
//	Filter NOT m (Mark Join m on l = r (L) (R))  =>  Anti Join on l = r (L) (R)
//
// An anti join stays null-aware: NOT IN passes nothing beside a NULL.
var FilterMarkToSemiJoin Rule = filterMarkToSemiJoin{}

type filterMarkToSemiJoin struct{}

func (filterMarkToSemiJoin) Name() string { return "FilterMarkToSemiJoin" }

func (filterMarkToSemiJoin) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	f, ok := n.(*logical.Filter)
	if !ok {
		return nil, nil
	}
	j, ok := f.In.(*logical.Join)
	if !ok || j.Kind != logical.Mark {
		return nil, nil
	}
	var rest []expr.Expr
	positive, negative := false, false
	for _, c := range expr.Conjuncts(f.Pred) {
		switch markTest(c, j.Mark.ID) {
		case 1:
			positive = true
		case -1:
			negative = true
		default:
			rest = append(rest, c)
		}
	}
	if positive == negative {
		return nil, nil
	}
	s := *j
	s.Mark = logical.Col{}
	s.Kind = logical.Semi
	s.NullAware = false
	if negative {
		s.Kind, s.NullAware = logical.Anti, j.NullAware
	}
	// Whoever else reads the mark finds it constant.
	return filter(withItem(&s, logical.Item{Col: j.Mark, Expr: truth(positive)}), rest), nil
}

// markTest tells whether a condition is the mark itself (1) or its negation (-1).
func markTest(e expr.Expr, mark int) int {
	if c, ok := e.(*expr.Column); ok && c.Index == mark {
		return 1
	}
	if l, ok := e.(*expr.Logic); ok && l.Op == expr.Not {
		return -markTest(l.Args[0], mark)
	}
	return 0
}
