package logical

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Equal reports whether two expressions compute the same from the same row.
// Positions and names do not count; volatile calls equal nothing.
func Equal(a, b expr.Expr) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if !sameHead(a, b) {
		return false
	}
	x, y := a.Children(), b.Children()
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if !Equal(x[i], y[i]) {
			return false
		}
	}
	return true
}

// sameHead compares two nodes without their children.
func sameHead(a, b expr.Expr) bool {
	if !a.Type().Equal(b.Type()) {
		return false
	}
	switch a := a.(type) {
	case *expr.Column:
		b, ok := b.(*expr.Column)
		return ok && a.Index == b.Index
	case *expr.Const:
		b, ok := b.(*expr.Const)
		return ok && SameValue(a.Typ, a.Val, b.Val)
	case *expr.Param:
		b, ok := b.(*expr.Param)
		return ok && a.N == b.N
	case *expr.Call:
		b, ok := b.(*expr.Call)
		return ok && a.Fn == b.Fn && a.Sig == b.Sig && !a.Volatile && !b.Volatile
	case *expr.Cast:
		b, ok := b.(*expr.Cast)
		return ok && a.Try == b.Try && a.Implicit == b.Implicit
	case *expr.Logic:
		b, ok := b.(*expr.Logic)
		return ok && a.Op == b.Op
	case *expr.Case:
		b, ok := b.(*expr.Case)
		return ok && len(a.Whens) == len(b.Whens) && (a.Else == nil) == (b.Else == nil)
	case *expr.Coalesce:
		_, ok := b.(*expr.Coalesce)
		return ok
	case *expr.In:
		_, ok := b.(*expr.In)
		return ok
	case *expr.IsNull:
		_, ok := b.(*expr.IsNull)
		return ok
	case *expr.LambdaArg:
		b, ok := b.(*expr.LambdaArg)
		return ok && a.Depth == b.Depth && a.Index == b.Index
	case *expr.Lambda:
		_, ok := b.(*expr.Lambda)
		return ok
	case *expr.Field:
		b, ok := b.(*expr.Field)
		return ok && a.Index == b.Index
	}
	return false
}

// SameValue reports whether two values of a type are one and the same, NULL
// being equal to NULL, and 1.0 not to 1.00.
func SameValue(t types.Type, a, b types.Value) bool {
	if a.Null || b.Null {
		return a.Null && b.Null
	}
	if t.Phys() == types.PhysNum && a.N != b.N || t.Phys() == types.PhysIval && a.Iv != b.Iv {
		return false
	}
	if t.IsNested() && len(a.L) != len(b.L) {
		return false
	}
	return types.Compare(t, a, b) == 0
}

// Substitute replaces columns by expressions.
func Substitute(e expr.Expr, by map[int]expr.Expr) expr.Expr {
	if e == nil {
		return nil
	}
	return expr.Transform(e, func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Column); ok {
			if to, ok := by[c.Index]; ok {
				return to
			}
		}
		return x
	})
}
