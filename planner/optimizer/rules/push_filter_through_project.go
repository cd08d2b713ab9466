package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// PushFilterThroughProject evaluates conditions before columns are computed.
//
//	Filter b > 2 (Project b: a + 1 (X))  =>  Project b: a + 1 (Filter a + 1 > 2 (X))
//
// It does not fire for conditions that read volatile columns.
var PushFilterThroughProject Rule = pushFilterThroughProject{}

type pushFilterThroughProject struct{}

func (pushFilterThroughProject) Name() string { return "PushFilterThroughProject" }

func (pushFilterThroughProject) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	f, ok := n.(*logical.Filter)
	if !ok {
		return nil, nil
	}
	p, ok := f.In.(*logical.Project)
	if !ok {
		return nil, nil
	}
	by := map[int]expr.Expr{}
	volatile := logical.Set{}
	for _, it := range p.Items {
		by[it.Col.ID] = it.Expr
		if expr.IsVolatile(it.Expr) {
			volatile[it.Col.ID] = true
		}
	}
	var down, stay []expr.Expr
	for _, c := range expr.Conjuncts(f.Pred) {
		if expr.IsVolatile(c) || volatile.Touches(c) {
			stay = append(stay, c)
		} else {
			down = append(down, logical.Substitute(c, by))
		}
	}
	if len(down) == 0 {
		return nil, nil
	}
	return filter(p.WithInputs([]logical.Node{filter(p.In, down)}), stay), nil
}
