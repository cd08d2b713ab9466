package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// SplitDistinctAggregate groups by the arguments first when all calls are
// DISTINCT over the same ones, so that the work spreads over tasks.
//
//	Aggregate by g [count(DISTINCT a)] (X)  =>  Aggregate by g [count(a)] (Aggregate by g, a (X))
var SplitDistinctAggregate Rule = splitDistinctAggregate{}

type splitDistinctAggregate struct{}

func (splitDistinctAggregate) Name() string { return "SplitDistinctAggregate" }

func (splitDistinctAggregate) Apply(_ context.Context, env *Env, n logical.Node) (logical.Node, error) {
	a, ok := n.(*logical.Aggregate)
	if !ok || a.Sets != nil || len(a.Calls) == 0 {
		return nil, nil
	}
	first := a.Calls[0]
	for _, c := range a.Calls {
		if !c.Distinct || c.Filter != nil || len(c.Order) > 0 || len(c.Args) != 1 || !logical.Equal(c.Args[0], first.Args[0]) {
			return nil, nil
		}
	}
	if expr.IsVolatile(first.Args[0]) {
		return nil, nil
	}
	in, inner := a.In, &logical.Aggregate{}
	arg, isColumn := first.Args[0].(*expr.Column)
	if !isColumn {
		col := env.IDs.New(expr.Format(first.Args[0]), first.Args[0].Type())
		in = withItem(in, logical.Item{Col: col, Expr: first.Args[0]})
		arg = col.Ref()
	}
	inner.In = in
	for _, g := range a.Groups {
		inner.Groups = append(inner.Groups, logical.Group{In: g.In, Col: g.Col})
	}
	inner.Groups = withGroup(inner.Groups, in, arg.Index)
	out := *a
	out.In = inner
	out.Calls = append([]logical.Call(nil), a.Calls...)
	for i := range out.Calls {
		out.Calls[i].Distinct, out.Calls[i].Splits = false, true
		out.Calls[i].Args = []expr.Expr{arg}
	}
	return &out, nil
}
