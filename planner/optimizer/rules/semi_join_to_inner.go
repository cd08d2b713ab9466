package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// SemiJoinToInner joins with the distinct keys of a large right side, so that
// the small left side is the one that is built, and filters the large one while
// it is read.
//
//	Semi Join on l = r (L) (R)  =>  Inner Join on l = r (Aggregate by r (R)) (L)
//
// It fires for equalities of columns when R is estimated to be much larger.
var SemiJoinToInner Rule = semiJoinToInner{}

type semiJoinToInner struct{}

// semiFactor is how much larger the right side must be, semiRowsMin how large.
const (
	semiFactor  = 5
	semiRowsMin = 1000
)

func (semiJoinToInner) Name() string { return "SemiJoinToInner" }

func (semiJoinToInner) Apply(_ context.Context, env *Env, n logical.Node) (logical.Node, error) {
	j, ok := n.(*logical.Join)
	if !ok || j.Kind != logical.Semi || j.On == nil {
		return nil, nil
	}
	l, r := logical.SetOf(j.L.Schema()), logical.SetOf(j.R.Schema())
	agg := &logical.Aggregate{In: j.R}
	for _, c := range expr.Conjuncts(j.On) {
		call, ok := c.(*expr.Call)
		if !ok || call.Fn != "=" || len(call.Args) != 2 {
			return nil, nil
		}
		a, b := call.Args[0], call.Args[1]
		if !l.Covers(a) {
			a, b = b, a
		}
		col, ok := b.(*expr.Column)
		if !ok || !l.Covers(a) || len(expr.Columns(a)) == 0 || !r[col.Index] {
			return nil, nil
		}
		agg.Groups = withGroup(agg.Groups, j.R, col.Index)
	}
	left := env.Stats.Of(j.L)
	if right := env.Stats.Rows(j.R); !left.Known || right < semiRowsMin || left.Rows*semiFactor > right {
		return nil, nil
	}
	return exactly(&logical.Join{Kind: logical.Inner, L: agg, R: j.L, On: j.On}, j.Schema()), nil
}
