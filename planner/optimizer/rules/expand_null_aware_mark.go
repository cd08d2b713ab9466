package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/planner/logical"
)

// ExpandNullAwareMark computes a three-valued mark from two plain ones, where
// the join cannot: whether some row matches, and whether the comparison with
// some row is unknown.
//
//	Mark Apply null-aware m on c (L) (R)
//	  =>  Project m: CASE WHEN yes THEN true WHEN unknown THEN NULL ELSE false END
//	        (Mark Apply unknown on c IS NULL (Mark Apply yes on c (L) (R)) (R'))
//
// An uncorrelated subquery compared by one equality stays as it is.
var ExpandNullAwareMark Rule = expandNullAwareMark{}

type expandNullAwareMark struct{}

func (expandNullAwareMark) Name() string { return "ExpandNullAwareMark" }

func (expandNullAwareMark) Apply(_ context.Context, env *Env, n logical.Node) (logical.Node, error) {
	a, ok := n.(*logical.Apply)
	if !ok || a.Kind != logical.ApplyMark || !a.NullAware || a.On == nil {
		return nil, nil
	}
	if neverNull(a) {
		c := *a
		c.NullAware = false
		return &c, nil
	}
	if len(logical.Free(a.R)) == 0 && plainEquality(a.On, a.L, a.R) {
		return nil, nil
	}
	boolean := logical.BoolType()
	yes, unknown := env.IDs.New("matches", boolean), env.IDs.New("unknown", boolean)
	copied, to := logical.Rename(a.R, env.IDs)
	by := map[int]expr.Expr{}
	for _, c := range a.R.Schema() {
		if id, ok := to[c.ID]; ok {
			d := c
			d.ID = id
			by[c.ID] = d.Ref()
		}
	}
	first := &logical.Apply{Kind: logical.ApplyMark, L: a.L, R: a.R, On: a.On, Mark: yes}
	second := &logical.Apply{Kind: logical.ApplyMark, L: first, R: copied, On: &expr.IsNull{Arg: logical.Substitute(a.On, by), At: -1}, Mark: unknown}
	mark := &expr.Case{
		Whens: []expr.When{
			{Cond: yes.Ref(), Then: truth(true)},
			{Cond: unknown.Ref(), Then: &expr.Const{Typ: boolean, Val: types.NullValue, At: -1}},
		},
		Else: truth(false), Typ: boolean, At: -1,
	}
	return withItem(second, logical.Item{Col: a.Mark, Expr: mark}), nil
}
