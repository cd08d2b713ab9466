package rules

import (
	"context"

	"github.com/muster-sql/muster/planner/logical"
)

// RemoveRedundantSort drops a sort whose order nothing above keeps.
//
//	Aggregate by a [sum(b)] (Sort by b (X))  =>  Aggregate by a [sum(b)] (X)
//
// Calls that depend on the order of their input take the order over.
var RemoveRedundantSort Rule = removeRedundantSort{}

type removeRedundantSort struct{}

func (removeRedundantSort) Name() string { return "RemoveRedundantSort" }

func (removeRedundantSort) Apply(_ context.Context, env *Env, n logical.Node) (logical.Node, error) {
	switch m := n.(type) {
	case *logical.Aggregate, *logical.Join, *logical.SetOp, *logical.Sort, *logical.TopN, *logical.SingleRow:
	case *logical.Distinct:
		if m.On != nil {
			return nil, nil
		}
	default:
		return nil, nil
	}
	if a, ok := n.(*logical.Aggregate); ok {
		if out := withOrder(env, a); out != nil {
			return out, nil
		}
	}
	in := n.Inputs()
	changed := false
	out := make([]logical.Node, len(in))
	for i, c := range in {
		out[i] = unsorted(c)
		changed = changed || out[i] != c
	}
	if !changed {
		return nil, nil
	}
	return n.WithInputs(out), nil
}

// unsorted drops a sort on top of a relation, also below projections and filters.
func unsorted(n logical.Node) logical.Node {
	switch n := n.(type) {
	case *logical.Sort:
		return unsorted(n.In)
	case *logical.Project, *logical.Filter:
		in := n.Inputs()[0]
		if x := unsorted(in); x != in {
			return n.WithInputs([]logical.Node{x})
		}
	}
	return n
}

// withOrder gives calls that depend on the input's order a sort of their own.
func withOrder(env *Env, a *logical.Aggregate) logical.Node {
	s, ok := a.In.(*logical.Sort)
	if !ok {
		if p, isProject := a.In.(*logical.Project); isProject {
			s, ok = p.In.(*logical.Sort)
		}
	}
	if !ok {
		return nil
	}
	schema := a.In.Schema()
	var order []logical.Order
	for _, k := range s.Keys {
		c, ok := logical.Find(schema, k.Col)
		if !ok {
			break
		}
		order = append(order, logical.Order{Expr: c.Ref(), Desc: k.Desc, NullsFirst: k.NullsFirst})
	}
	c := *a
	c.Calls = append([]logical.Call(nil), a.Calls...)
	changed := false
	for i, call := range c.Calls {
		if len(call.Order) > 0 || call.Distinct || !orderSensitive(env, call) || len(order) == 0 {
			continue
		}
		c.Calls[i].Order, c.Calls[i].Splits, changed = order, false, true
	}
	if !changed {
		return nil
	}
	return &c
}

func orderSensitive(env *Env, c logical.Call) bool {
	res, err := env.Functions.ResolveAggregate(c.Fn, typesOf(c.Args))
	return err == nil && res.Aggregate.Ordered
}
