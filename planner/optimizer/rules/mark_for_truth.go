package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// MarkForTruth forgets the difference between false and NULL of a subquery's
// mark where the filter above does not see it.
//
//	Filter m (Mark Apply null-aware m on x = y)      =>  Filter m (Mark Apply m on x = y)
//	Filter NOT m (Mark Apply null-aware m on x = y)  =>  Filter NOT m (Mark Apply m on coalesce(x = y, true))
//
// The second form is for subqueries that read an outer row, of whatever level;
// others stay null-aware, which a hash join can do.
var MarkForTruth Rule = markForTruth{}

type markForTruth struct{}

func (markForTruth) Name() string { return "MarkForTruth" }

func (markForTruth) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	f, ok := n.(*logical.Filter)
	if !ok {
		return nil, nil
	}
	a, ok := f.In.(*logical.Apply)
	if !ok || a.Kind != logical.ApplyMark || !a.NullAware {
		return nil, nil
	}
	sign := 0
	for _, c := range expr.Conjuncts(f.Pred) {
		if t := markTest(c, a.Mark.ID); t != 0 {
			sign = t
		} else if (logical.Set{a.Mark.ID: true}).Touches(c) {
			return nil, nil
		}
	}
	c := *a
	c.NullAware = false
	switch {
	case sign == 0:
		return nil, nil
	case sign > 0 || neverNull(a):
	case len(logical.Free(a.R)) > 0 || !plainEquality(a.On, a.L, a.R):
		c.On = &expr.Coalesce{Args: []expr.Expr{a.On, truth(true)}, Typ: logical.BoolType(), At: -1}
	default:
		return nil, nil
	}
	return f.WithInputs([]logical.Node{&c}), nil
}

// correlated reports whether the right side reads columns of the left one.
func correlated(a *logical.Apply) bool {
	free := logical.Free(a.R)
	for _, c := range a.L.Schema() {
		if free[c.ID] {
			return true
		}
	}
	return false
}

// neverNull reports whether the condition compares columns without NULLs.
func neverNull(a *logical.Apply) bool {
	cols := append(append([]logical.Col(nil), a.L.Schema()...), a.R.Schema()...)
	for _, c := range expr.Conjuncts(a.On) {
		call, ok := c.(*expr.Call)
		if !ok || len(call.Args) != 2 {
			return false
		}
		for _, arg := range call.Args {
			if !argNotNull(arg, cols) {
				return false
			}
		}
	}
	return a.On != nil
}

func argNotNull(e expr.Expr, cols []logical.Col) bool {
	switch e := e.(type) {
	case *expr.Column:
		c, ok := logical.Find(cols, e.Index)
		return ok && c.NotNull
	case *expr.Const:
		return !e.Val.Null
	case *expr.Cast:
		return e.Implicit && argNotNull(e.Arg, cols)
	}
	return false
}

// plainEquality reports whether a condition is one equality of the two sides.
func plainEquality(on expr.Expr, l, r logical.Node) bool {
	c, ok := on.(*expr.Call)
	if !ok || c.Fn != "=" || len(c.Args) != 2 || c.Volatile {
		return false
	}
	ls, rs := logical.SetOf(l.Schema()), logical.SetOf(r.Schema())
	a, b := c.Args[0], c.Args[1]
	one := func(x, y expr.Expr) bool {
		return len(expr.Columns(x)) > 0 && ls.Covers(x) && rs.Covers(y) && len(expr.Columns(y)) > 0
	}
	return one(a, b) || one(b, a)
}
