package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// FilterIntoScan hands what is left of the conditions to the scan operator,
// which decodes their columns first and the others only where rows pass.
//
//	Filter a > 1 (Scan [a, b])  =>  Scan [a, b] filter a > 1
//
// Volatile conditions stay above.
var FilterIntoScan Rule = filterIntoScan{}

type filterIntoScan struct{}

func (filterIntoScan) Name() string { return "FilterIntoScan" }

func (filterIntoScan) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	f, ok := n.(*logical.Filter)
	if !ok {
		return nil, nil
	}
	s, ok := f.In.(*logical.Scan)
	if !ok || s.Reduced {
		return nil, nil
	}
	at := scanPlaces(s)
	down, stay := split(f.Pred, func(expr.Expr) bool { return true })
	if len(down) == 0 {
		return nil, nil
	}
	out := *s
	conds := expr.Conjuncts(s.Source.Filter)
	for _, c := range down {
		conds = append(conds, expr.Remap(c, at))
	}
	out.Source.Filter = expr.AndAll(conds)
	return filter(&out, stay), nil
}
