package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/planner/logical"
)

// CorrelatedAggregateToJoin computes a correlated aggregate for all outer rows
// at once, grouped by what they are correlated by.
//
//	Inner Apply (L) (Project 2 * s (Aggregate [s: sum(r)] (Filter k = l (R))))
//	  =>  Project 2 * s (Left Join on k = l (L) (Aggregate by k [s: sum(r)] (R)))
//
// A count is 0 where there is no group. It fires for equalities only.
var CorrelatedAggregateToJoin Rule = correlatedAggregateToJoin{}

type correlatedAggregateToJoin struct{}

func (correlatedAggregateToJoin) Name() string { return "CorrelatedAggregateToJoin" }

func (correlatedAggregateToJoin) Apply(_ context.Context, env *Env, n logical.Node) (logical.Node, error) {
	a, ok := n.(*logical.Apply)
	if !ok || a.Kind != logical.ApplyInner || !correlated(a) {
		return nil, nil
	}
	ops, agg := scalarChain(a.R)
	if agg == nil {
		return nil, nil
	}
	p := newPuller(a.L, a.R, true)
	if p.touches(logical.Exprs(agg)...) {
		return nil, nil
	}
	in, ok := p.pull(agg.In)
	if !ok {
		return nil, nil
	}
	grouped, on, ok := groupByKeys(env, p, in)
	if !ok {
		return nil, nil
	}
	calls, zeros := countsToZero(env, agg.Calls)
	grouped.Calls = calls
	var out logical.Node = &logical.Join{Kind: logical.Left, L: a.L, R: grouped, On: on}
	if len(zeros) > 0 {
		out = withItem(out, zeros...)
	}
	for i := len(ops) - 1; i >= 0; i-- {
		switch op := ops[i].(type) {
		case *logical.Project:
			out = &logical.Project{In: out, Items: append(passed(a.L), op.Items...)}
		case *logical.Filter:
			out = &logical.Filter{In: out, Pred: op.Pred}
		}
	}
	return out, nil
}

// scalarChain takes apart what stands above an aggregate without groups, the
// uppermost first.
func scalarChain(n logical.Node) (ops []logical.Node, agg *logical.Aggregate) {
	for {
		switch m := n.(type) {
		case *logical.Project:
			ops = append(ops, m)
			n = m.In
		case *logical.Filter:
			ops = append(ops, m)
			n = m.In
		case *logical.Sort:
			n = m.In
		case *logical.SingleRow:
			if !oneRow(m.In) {
				return nil, nil
			}
			n = m.In
		case *logical.Aggregate:
			if len(m.Groups) == 0 && m.Sets == nil {
				return ops, m
			}
			return nil, nil
		default:
			return nil, nil
		}
	}
}

// groupByKeys groups a relation by the inner sides of the equalities that were
// pulled out of it, and gives the condition of the join.
func groupByKeys(env *Env, p *puller, in logical.Node) (*logical.Aggregate, expr.Expr, bool) {
	inner := logical.SetOf(in.Schema())
	var computed []logical.Item
	agg := &logical.Aggregate{}
	var on []expr.Expr
	for _, cond := range p.conds {
		c, ok := cond.(*expr.Call)
		if !ok || c.Fn != "=" || len(c.Args) != 2 {
			return nil, nil, false
		}
		k, o := c.Args[0], c.Args[1]
		if !inner.Covers(k) || len(expr.Columns(k)) == 0 {
			k, o = o, k
		}
		if !inner.Covers(k) || len(expr.Columns(k)) == 0 || inner.Touches(o) {
			return nil, nil, false
		}
		var col logical.Col
		if ref, ok := k.(*expr.Column); ok {
			col, _ = logical.Find(in.Schema(), ref.Index)
		} else {
			col = env.IDs.New(expr.Format(k), k.Type())
			computed = append(computed, logical.Item{Col: col, Expr: k})
		}
		if !hasGroup(agg.Groups, col.ID) {
			agg.Groups = append(agg.Groups, logical.Group{In: col.ID, Col: col})
		}
		eq := *c
		eq.Args = []expr.Expr{o, col.Ref()}
		if re, err := env.Call("=", eq.Args...); err == nil {
			on = append(on, re)
		} else {
			on = append(on, &eq)
		}
	}
	agg.In = in
	if len(computed) > 0 {
		agg.In = withItem(in, computed...)
	}
	return agg, expr.AndAll(on), true
}

func hasGroup(groups []logical.Group, id int) bool {
	for _, g := range groups {
		if g.In == id {
			return true
		}
	}
	return false
}

// countsToZero gives the calls that are not NULL over no rows new columns, and
// what computes their own from them.
func countsToZero(env *Env, calls []logical.Call) ([]logical.Call, []logical.Item) {
	out := make([]logical.Call, len(calls))
	var zeros []logical.Item
	for i, c := range calls {
		out[i] = c
		if !countLike(c.Fn) {
			continue
		}
		own := c.Col
		out[i].Col = env.IDs.Copy(own)
		zero := &expr.Const{Typ: own.Type, Val: types.IntValue(0), At: -1}
		zeros = append(zeros, logical.Item{Col: own, Expr: &expr.Coalesce{Args: []expr.Expr{out[i].Col.Ref(), zero}, Typ: own.Type, At: -1}})
	}
	return out, zeros
}

// countLike reports whether an aggregate is 0 over no rows; all others are NULL.
func countLike(fn string) bool {
	switch fn {
	case "count", "count_if", "regr_count", "approx_distinct":
		return true
	}
	return false
}
