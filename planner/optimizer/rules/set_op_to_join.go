package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/planner/logical"
)

// SetOpToJoin expresses set operations without duplicates by joins and groups,
// where NULL is equal to NULL.
//
//	Union (X) (Y)      =>  Distinct (Union All (X) (Y))
//	Intersect (X) (Y)  =>  Semi Join on x IS NOT DISTINCT FROM y (Distinct (X)) (Y)
//	Except (X) (Y)     =>  Anti Join on x IS NOT DISTINCT FROM y (Distinct (X)) (Y)
var SetOpToJoin Rule = setOpToJoin{}

type setOpToJoin struct{}

func (setOpToJoin) Name() string { return "SetOpToJoin" }

func (setOpToJoin) Apply(_ context.Context, env *Env, n logical.Node) (logical.Node, error) {
	s, ok := n.(*logical.SetOp)
	if !ok || s.Kind == logical.Union && s.All {
		return nil, nil
	}
	if s.Kind == logical.Union {
		c := *s
		c.All = true
		return &logical.Distinct{In: &c}, nil
	}
	if s.All {
		return countedSetOp(env, s)
	}
	left := mapped(s.In[0], s.Maps[0], s.Cols)
	rcols := make([]logical.Col, len(s.Cols))
	for k, c := range s.Cols {
		rcols[k] = env.IDs.Copy(c)
	}
	right := mapped(s.In[1], s.Maps[1], rcols)
	j := &logical.Join{Kind: logical.Semi, L: &logical.Distinct{In: left}, R: right}
	if s.Kind == logical.Except {
		j.Kind = logical.Anti
	}
	var on []expr.Expr
	for k, c := range s.Cols {
		e, err := env.Call(functions.IsDistinct, c.Ref(), rcols[k].Ref())
		if err != nil {
			return nil, err
		}
		on = append(on, not(e))
	}
	j.On = expr.AndAll(on)
	return j, nil
}

// mapped gives the columns of an input under other ids.
func mapped(n logical.Node, ids []int, as []logical.Col) logical.Node {
	schema := n.Schema()
	p := &logical.Project{In: n}
	for k, id := range ids {
		c, _ := logical.Find(schema, id)
		p.Items = append(p.Items, logical.Item{Col: as[k], Expr: c.Ref()})
	}
	return p
}
