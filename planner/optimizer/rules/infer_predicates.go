package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
	"github.com/muster-sql/muster/planner/optimizer/joinorder"
)

// InferPredicates adds to the relations of a join what its conditions imply for
// them: a condition on a column holds for all columns equal to it, and a
// disjunction over several relations limits each of them.
//
//	Inner Join on a = b (Filter a > 5 (A)) (B)  =>  Inner Join on a = b (Filter a > 5 (A)) (Filter b > 5 (B))
//	(a = 1 AND b = 2) OR (a = 3 AND b = 4)      =>  also a = 1 OR a = 3 below, b = 2 OR b = 4 below
//
// It is called with the root only.
var InferPredicates Rule = inferPredicates{}

type inferPredicates struct{}

func (inferPredicates) Name() string { return "InferPredicates" }

func (inferPredicates) Apply(_ context.Context, env *Env, n logical.Node) (logical.Node, error) {
	return inferred(env, n), nil
}

func inferred(env *Env, n logical.Node) logical.Node {
	if !joinorder.IsRegion(n) {
		in := n.Inputs()
		out := make([]logical.Node, len(in))
		changed := false
		for i, c := range in {
			out[i] = inferred(env, c)
			changed = changed || out[i] != c
		}
		if !changed {
			return n
		}
		return n.WithInputs(out)
	}
	leaves := joinorder.Leaves(n)
	conds := joinorder.Conditions(n)
	changed := false
	for i, l := range leaves {
		leaves[i] = inferred(env, l)
		changed = changed || leaves[i] != l
	}
	added := inferFor(leaves, joinorder.Inner(n), conds)
	for i, extra := range added {
		if len(extra) > 0 {
			leaves[i], changed = filter(leaves[i], extra), true
		}
	}
	if !changed {
		return n
	}
	return joinorder.WithLeaves(n, leaves)
}

// inferFor returns what each leaf that is joined by an inner join may be filtered
// by in addition.
func inferFor(leaves []logical.Node, inner []bool, conds []expr.Expr) [][]expr.Expr {
	own := make([][]expr.Expr, len(leaves))
	schemas := make([]logical.Set, len(leaves))
	for i, l := range leaves {
		own[i] = known(l)
		schemas[i] = logical.SetOf(l.Schema())
	}
	out := make([][]expr.Expr, len(leaves))
	add := func(i int, e expr.Expr) {
		if inner[i] && !contains(own[i], e) {
			own[i] = append(own[i], e)
			out[i] = append(out[i], e)
		}
	}
	for _, class := range joinorder.EqualClasses(conds) {
		for _, from := range class {
			for _, list := range own {
				for _, e := range list {
					if !only(e, from.ID) || expr.IsVolatile(e) {
						continue
					}
					for _, to := range class {
						for i := range leaves {
							if to.ID != from.ID && schemas[i][to.ID] {
								add(i, logical.Substitute(e, map[int]expr.Expr{from.ID: to.Ref()}))
							}
						}
					}
				}
			}
		}
	}
	for _, c := range conds {
		for i := range leaves {
			if part := disjunctionFor(c, schemas[i]); part != nil {
				add(i, part)
			}
		}
	}
	return out
}

// known lists the conditions on top of a relation.
func known(n logical.Node) []expr.Expr {
	switch n := n.(type) {
	case *logical.Filter:
		return append(expr.Conjuncts(n.Pred), known(n.In)...)
	case *logical.Project:
		if len(n.Items) > 0 {
			return known(n.In)
		}
	}
	return nil
}

// only reports whether a condition reads one column and no other.
func only(e expr.Expr, id int) bool {
	cols := expr.Columns(e)
	return len(cols) == 1 && cols[0] == id
}

// disjunctionFor returns what an OR over several relations says of one, nil when
// a branch says nothing.
func disjunctionFor(e expr.Expr, schema logical.Set) expr.Expr {
	or, ok := e.(*expr.Logic)
	if !ok || or.Op != expr.Or || expr.IsVolatile(e) || schema.Covers(e) {
		return nil
	}
	var branches []expr.Expr
	for _, b := range or.Args {
		var own []expr.Expr
		for _, c := range expr.Conjuncts(b) {
			if schema.Covers(c) && len(expr.Columns(c)) > 0 {
				own = append(own, c)
			}
		}
		if len(own) == 0 {
			return nil
		}
		branches = append(branches, expr.AndAll(own))
	}
	return &expr.Logic{Op: expr.Or, Args: branches, At: or.At}
}
