package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// PushLimitThroughProject moves a limit or top-N below a projection, so that
// only rows that survive are computed.
//
//	Limit n (Project e (X))  =>  Project e (Limit n (X))
//
// It does not fire for volatile expressions: fewer evaluations would be visible;
// nor for a top-N whose keys the projection computes.
var PushLimitThroughProject Rule = pushLimitThroughProject{}

type pushLimitThroughProject struct{}

func (pushLimitThroughProject) Name() string { return "PushLimitThroughProject" }

func (pushLimitThroughProject) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	var keys []logical.SortKey
	switch l := n.(type) {
	case *logical.Limit:
		keys = l.Keys
	case *logical.TopN:
		keys = l.Keys
	case *logical.Sort:
		keys = l.Keys
	default:
		return nil, nil
	}
	p, ok := n.Inputs()[0].(*logical.Project)
	if !ok || isEmpty(p.In) {
		return nil, nil
	}
	for _, it := range p.Items {
		if expr.IsVolatile(it.Expr) {
			return nil, nil
		}
	}
	below := logical.SetOf(p.In.Schema())
	for _, k := range keys {
		if !below[k.Col] {
			return nil, nil
		}
	}
	return p.WithInputs([]logical.Node{n.WithInputs([]logical.Node{p.In})}), nil
}
