package domain

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Implied returns what a condition says of single columns: for each input
// column that it bounds, a set that holds the column's value of every row that
// passes. Columns that are absent may have any value. Exact says that the
// reverse holds too: a row passes when each of these columns is in its set.
//
// It understands comparisons of a column with a constant of its type, IN lists
// of constants, IS NULL, a boolean column, and AND, OR, NOT of these; of
// anything else it knows nothing.
func Implied(e expr.Expr) (t Tuple, exact bool) {
	switch e := e.(type) {
	case *expr.Logic:
		return impliedLogic(e)
	case *expr.Call:
		if len(e.Args) == 2 {
			return impliedComparison(e)
		}
	case *expr.In:
		return impliedIn(e)
	case *expr.IsNull:
		if c, ok := e.Arg.(*expr.Column); ok {
			return Tuple{c.Index: {Type: c.Typ, Null: true}}, true
		}
	case *expr.Column:
		if e.Typ.Kind == types.Bool {
			return Tuple{e.Index: Of(e.Typ, types.BoolValue(true))}, true
		}
	}
	return nil, false
}

func impliedLogic(e *expr.Logic) (Tuple, bool) {
	switch e.Op {
	case expr.And:
		out, exact := Tuple{}, true
		for _, a := range e.Args {
			t, ok := Implied(a)
			out, exact = out.Intersect(t), exact && ok
		}
		return out, exact
	case expr.Or:
		out, exact := Implied(e.Args[0])
		for _, a := range e.Args[1:] {
			t, ok := Implied(a)
			// (a, b) ∪ (c, d) is no product of sets unless one column differs.
			exact = exact && ok && len(out) == 1 && len(t) == 1
			out = union(out, t)
			exact = exact && len(out) == 1
		}
		return out, exact
	default:
		return impliedNot(e.Args[0])
	}
}

// union returns the sets of the columns that both bound.
func union(a, b Tuple) Tuple {
	out := Tuple{}
	for c, s := range a {
		if o, ok := b[c]; ok {
			out[c] = s.Union(o)
		}
	}
	return out
}

// impliedNot inverts conditions on one column. A comparison with NULL is
// unknown, and so is its negation: NULL passes neither.
func impliedNot(e expr.Expr) (Tuple, bool) {
	switch x := e.(type) {
	case *expr.Call, *expr.Column:
	case *expr.In:
		for _, v := range x.List {
			if c, ok := v.(*expr.Const); !ok || c.Val.Null {
				return nil, false
			}
		}
	case *expr.IsNull:
		if c, ok := x.Arg.(*expr.Column); ok {
			return Tuple{c.Index: NotNull(c.Typ)}, true
		}
		return nil, false
	default:
		return nil, false
	}
	t, exact := Implied(e)
	if !exact || len(t) != 1 {
		return nil, false
	}
	for c, s := range t {
		if s.IsNone() {
			return nil, false // a comparison with NULL
		}
		inverse, ok := s.Complement()
		if !ok {
			return nil, false
		}
		inverse.Null = false
		t[c] = inverse
	}
	return t, true
}

// impliedComparison handles column op constant, either way round.
func impliedComparison(e *expr.Call) (Tuple, bool) {
	op := e.Fn
	col, ok := e.Args[0].(*expr.Column)
	val, isConst := e.Args[1].(*expr.Const)
	if !ok || !isConst {
		col, ok = e.Args[1].(*expr.Column)
		val, isConst = e.Args[0].(*expr.Const)
		if !ok || !isConst {
			return nil, false
		}
		op = mirrored(op)
	}
	if !comparable(col.Typ, val.Typ) {
		return nil, false
	}
	s, ok := compared(op, col.Typ, val.Val)
	if !ok {
		return nil, false
	}
	return Tuple{col.Index: s}, true
}

func mirrored(op string) string {
	switch op {
	case "<":
		return ">"
	case "<=":
		return ">="
	case ">":
		return "<"
	case ">=":
		return "<="
	}
	return op
}

// compared returns the values x of a type for which x op v holds.
func compared(op string, t types.Type, v types.Value) (Set, bool) {
	inf, at, open := Bound{Inf: true}, Bound{Val: v, Inclusive: true}, Bound{Val: v}
	var s Set
	switch op {
	case "=":
		s = Set{Type: t, Ranges: []Range{{at, at}}}
	case "<>", "!=":
		s = Set{Type: t, Ranges: []Range{{inf, open}, {open, inf}}}
	case "<":
		s = Set{Type: t, Ranges: []Range{{inf, open}}}
	case "<=":
		s = Set{Type: t, Ranges: []Range{{inf, at}}}
	case ">":
		s = Set{Type: t, Ranges: []Range{{open, inf}}}
	case ">=":
		s = Set{Type: t, Ranges: []Range{{at, inf}}}
	default:
		return Set{}, false
	}
	if v.Null {
		return None(t), true
	}
	return s, true
}

func impliedIn(e *expr.In) (Tuple, bool) {
	col, ok := e.Arg.(*expr.Column)
	if !ok {
		return nil, false
	}
	vals := make([]types.Value, 0, len(e.List))
	for _, x := range e.List {
		c, ok := x.(*expr.Const)
		if !ok || !comparable(col.Typ, c.Typ) {
			return nil, false
		}
		if !c.Val.Null {
			vals = append(vals, c.Val)
		}
	}
	return Tuple{col.Index: Of(col.Typ, vals...)}, true
}

// comparable reports whether values of both types have one layout and order,
// so that a constant of one can bound a column of the other.
func comparable(col, val types.Type) bool {
	switch {
	case col.IsNested() || val.IsNested():
		return false
	case col.Kind == types.Decimal || val.Kind == types.Decimal:
		return col.Kind == val.Kind && col.S == val.S && col.Phys() == val.Phys()
	case col.Kind == val.Kind:
		return col.Coll == val.Coll && col.P == val.P || col.IsString() && col.Kind != types.Char && col.Coll == val.Coll
	case col.IsString() && val.IsString():
		return col.Kind != types.Char && val.Kind != types.Char && col.Coll == val.Coll
	}
	return col.IsInteger() && val.IsInteger()
}
