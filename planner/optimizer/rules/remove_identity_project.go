package rules

import (
	"context"

	"github.com/muster-sql/muster/planner/logical"
)

// RemoveIdentityProject drops a projection that passes all columns on.
//
//	Project [a, b] (X [b, a])  =>  X [b, a]
var RemoveIdentityProject Rule = removeIdentityProject{}

type removeIdentityProject struct{}

func (removeIdentityProject) Name() string { return "RemoveIdentityProject" }

func (removeIdentityProject) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	p, ok := n.(*logical.Project)
	if !ok || len(p.Items) != len(p.In.Schema()) {
		return nil, nil
	}
	for _, it := range p.Items {
		if !it.Passes() {
			return nil, nil
		}
	}
	return p.In, nil
}
