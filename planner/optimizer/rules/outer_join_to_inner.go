package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/planner/logical"
)

// OuterJoinToInner makes an outer join narrower when a condition above it drops
// the rows that have NULLs for the other side.
//
//	Filter r > 1 (Left Join on l = r (L) (R))  =>  Filter r > 1 (Inner Join on l = r (L) (R))
var OuterJoinToInner Rule = outerJoinToInner{}

type outerJoinToInner struct{}

func (outerJoinToInner) Name() string { return "OuterJoinToInner" }

func (outerJoinToInner) Apply(_ context.Context, env *Env, n logical.Node) (logical.Node, error) {
	f, ok := n.(*logical.Filter)
	if !ok {
		return nil, nil
	}
	j, ok := f.In.(*logical.Join)
	if !ok || j.Kind != logical.Left && j.Kind != logical.Right && j.Kind != logical.Full {
		return nil, nil
	}
	needsL := rejectsNulls(env, f.Pred, j.L.Schema())
	needsR := rejectsNulls(env, f.Pred, j.R.Schema())
	kind := j.Kind
	switch {
	case kind == logical.Left && needsR, kind == logical.Right && needsL, kind == logical.Full && needsL && needsR:
		kind = logical.Inner
	case kind == logical.Full && needsL:
		kind = logical.Left
	case kind == logical.Full && needsR:
		kind = logical.Right
	default:
		return nil, nil
	}
	c := *j
	c.Kind = kind
	return f.WithInputs([]logical.Node{&c}), nil
}

// rejectsNulls reports whether a condition is not true for any row in which all
// of cols are NULL.
func rejectsNulls(env *Env, pred expr.Expr, cols []logical.Col) bool {
	set := logical.SetOf(cols)
	null := map[int]expr.Expr{}
	for _, c := range cols {
		null[c.ID] = &expr.Const{Typ: c.Type, Val: types.NullValue, At: -1}
	}
	for _, c := range expr.Conjuncts(pred) {
		if set.Touches(c) && !expr.IsVolatile(c) && isFalse(env.Fold(logical.Substitute(c, null))) {
			return true
		}
	}
	return false
}
