package rules

import (
	"context"

	"github.com/muster-sql/muster/planner/logical"
)

// PushLimitIntoOuterJoin limits the preserved side of an outer join too: each of
// its rows gives one row or more.
//
//	Limit n (Left Join (L) (R))  =>  Limit n (Left Join (Limit n (L)) (R))
//
// A top-N moves when its keys are columns of that side.
var PushLimitIntoOuterJoin Rule = pushLimitIntoOuterJoin{}

type pushLimitIntoOuterJoin struct{}

func (pushLimitIntoOuterJoin) Name() string { return "PushLimitIntoOuterJoin" }

func (pushLimitIntoOuterJoin) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	var below logical.Node
	var keys []logical.SortKey
	var rows int64
	switch l := n.(type) {
	case *logical.Limit:
		if l.N < 0 || l.WithTies || l.Count != nil || l.Skip != nil {
			return nil, nil
		}
		below, rows = l.In, l.N+l.Offset
	case *logical.TopN:
		below, rows, keys = l.In, l.N+l.Offset, l.Keys
	default:
		return nil, nil
	}
	j, ok := below.(*logical.Join)
	if !ok || j.Kind != logical.Left && j.Kind != logical.Mark || limited(j.L) {
		return nil, nil
	}
	left := logical.SetOf(j.L.Schema())
	for _, k := range keys {
		if !left[k.Col] {
			return nil, nil
		}
	}
	var l logical.Node = &logical.Limit{In: j.L, N: rows}
	if keys != nil {
		l = &logical.TopN{In: j.L, Keys: keys, N: rows}
	}
	return n.WithInputs([]logical.Node{j.WithInputs([]logical.Node{l, j.R})}), nil
}
