package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// PushFilterThroughSetOp filters the inputs of a set operation instead of its
// rows.
//
//	Filter a > 1 (Union (X) (Y))  =>  Union (Filter x > 1 (X)) (Filter y > 1 (Y))
var PushFilterThroughSetOp Rule = pushFilterThroughSetOp{}

type pushFilterThroughSetOp struct{}

func (pushFilterThroughSetOp) Name() string { return "PushFilterThroughSetOp" }

func (pushFilterThroughSetOp) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	f, ok := n.(*logical.Filter)
	if !ok {
		return nil, nil
	}
	s, ok := f.In.(*logical.SetOp)
	if !ok {
		return nil, nil
	}
	down, stay := split(f.Pred, logical.SetOf(s.Cols).Covers)
	if len(down) == 0 {
		return nil, nil
	}
	in := make([]logical.Node, len(s.In))
	for i, x := range s.In {
		by := map[int]expr.Expr{}
		schema := x.Schema()
		for k, c := range s.Cols {
			col, _ := logical.Find(schema, s.Maps[i][k])
			by[c.ID] = col.Ref()
		}
		conds := make([]expr.Expr, len(down))
		for k, c := range down {
			conds[k] = logical.Substitute(c, by)
		}
		in[i] = filter(x, conds)
	}
	return filter(s.WithInputs(in), stay), nil
}
