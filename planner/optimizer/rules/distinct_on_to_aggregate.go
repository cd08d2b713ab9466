package rules

import (
	"context"

	"github.com/muster-sql/muster/planner/logical"
)

// DistinctOnToAggregate takes the first row of each group by an ordered
// aggregate of each column.
//
//	Distinct on a by a, b (X [a, c])  =>  Aggregate by a [c: first(c ORDER BY a, b)] (X)
var DistinctOnToAggregate Rule = distinctOnToAggregate{}

type distinctOnToAggregate struct{}

func (distinctOnToAggregate) Name() string { return "DistinctOnToAggregate" }

// fnFirst is the aggregate that gives the first value, NULL or not.
const fnFirst = "first"

func (distinctOnToAggregate) Apply(_ context.Context, env *Env, n logical.Node) (logical.Node, error) {
	d, ok := n.(*logical.Distinct)
	if !ok || d.On == nil || !env.Functions.IsAggregate(fnFirst) {
		return nil, nil
	}
	schema := d.Schema()
	out := &logical.Aggregate{In: d.In}
	groups := logical.Set{}
	for _, id := range d.On {
		c, _ := logical.Find(schema, id)
		groups[id] = true
		out.Groups = append(out.Groups, logical.Group{In: id, Col: c})
	}
	var order []logical.Order
	for _, k := range d.Keys {
		if groups[k.Col] {
			continue // equal within the group
		}
		c, _ := logical.Find(schema, k.Col)
		order = append(order, logical.Order{Expr: c.Ref(), Desc: k.Desc, NullsFirst: k.NullsFirst})
	}
	items := make([]logical.Item, 0, len(schema))
	for _, c := range schema {
		if groups[c.ID] {
			items = append(items, logical.Item{Col: c, Expr: c.Ref()})
			continue
		}
		call, err := env.Aggregate(fnFirst, c.Name, c.Ref())
		if err != nil {
			return nil, err
		}
		call.Order, call.Splits = order, false
		out.Calls = append(out.Calls, call)
		items = append(items, logical.Item{Col: c, Expr: call.Col.Ref()})
	}
	return &logical.Project{In: out, Items: items}, nil
}
