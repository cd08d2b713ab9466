package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// MergeProjects computes two projections in one, where no expression of the
// lower one would be evaluated twice.
//
//	Project b + 1 (Project b: a * 2 (X))  =>  Project a * 2 + 1 (X)
//
// It does not fire when a volatile expression would be merged.
var MergeProjects Rule = mergeProjects{}

type mergeProjects struct{}

func (mergeProjects) Name() string { return "MergeProjects" }

func (mergeProjects) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	p, ok := n.(*logical.Project)
	if !ok {
		return nil, nil
	}
	in, ok := p.In.(*logical.Project)
	if !ok {
		return nil, nil
	}
	uses := map[int]int{}
	for _, it := range p.Items {
		countUses(it.Expr, uses)
	}
	by := map[int]expr.Expr{}
	for _, it := range in.Items {
		if expr.IsVolatile(it.Expr) || !cheap(it.Expr) && uses[it.Col.ID] > 1 {
			return nil, nil
		}
		by[it.Col.ID] = it.Expr
	}
	out := &logical.Project{In: in.In, Items: make([]logical.Item, len(p.Items))}
	for i, it := range p.Items {
		out.Items[i] = logical.Item{Col: it.Col, Expr: logical.Substitute(it.Expr, by)}
	}
	return out, nil
}

func countUses(e expr.Expr, uses map[int]int) {
	expr.Walk(e, func(x expr.Expr) bool {
		if c, ok := x.(*expr.Column); ok {
			uses[c.Index]++
		}
		return true
	})
}

// cheap reports whether evaluating an expression again costs nothing.
func cheap(e expr.Expr) bool {
	switch x := e.(type) {
	case *expr.Column, *expr.Const:
		return true
	case *expr.Field:
		return cheap(x.Arg)
	}
	return false
}
