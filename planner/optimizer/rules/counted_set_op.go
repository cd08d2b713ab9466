package rules

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/planner/logical"
)

// countedSetOp expresses INTERSECT ALL and EXCEPT ALL: rows are counted on each
// side, then given as often as is left of them.
//
//	Except All (X) (Y)  =>  Unnest sequence(1, n) (Project n: l - r (Aggregate by … [l: count X, r: count Y] (Union All (X) (Y))))
func countedSetOp(env *Env, s *logical.SetOp) (logical.Node, error) {
	bigint := types.Of(types.Int64)
	sideCol := env.IDs.New("side", types.Of(types.Bool))
	union := &logical.SetOp{Kind: logical.Union, All: true, Cols: append(append([]logical.Col(nil), s.Cols...), sideCol)}
	for i, in := range s.In {
		mark := env.IDs.New("side", types.Of(types.Bool))
		union.In = append(union.In, withItem(in, logical.Item{Col: mark, Expr: truth(i == 0)}))
		union.Maps = append(union.Maps, append(append([]int(nil), s.Maps[i]...), mark.ID))
	}
	agg := &logical.Aggregate{In: union}
	for _, c := range s.Cols {
		agg.Groups = append(agg.Groups, logical.Group{In: c.ID, Col: c})
	}
	for _, cond := range []expr.Expr{sideCol.Ref(), not(sideCol.Ref())} {
		call, err := env.Aggregate("count", "count")
		if err != nil {
			return nil, err
		}
		call.Filter = cond
		agg.Calls = append(agg.Calls, call)
	}
	l, r := agg.Calls[0].Col.Ref(), agg.Calls[1].Col.Ref()
	n, err := env.Call("-", l, r)
	if s.Kind == logical.Intersect {
		n, err = env.Call("least", l, r)
	}
	if err != nil {
		return nil, err
	}
	zero := &expr.Const{Typ: bigint, Val: types.IntValue(0), At: -1}
	some, err := env.Call(">", n, zero)
	if err != nil {
		return nil, err
	}
	list, err := env.Call("sequence", &expr.Const{Typ: bigint, Val: types.IntValue(1), At: -1}, n)
	if err != nil {
		return nil, err
	}
	u := &logical.Unnest{In: &logical.Filter{In: agg, Pred: some}, Lists: []expr.Expr{list}, Cols: []logical.Col{env.IDs.New("n", list.Type().ElemType())}}
	return exactly(u, s.Cols), nil
}
