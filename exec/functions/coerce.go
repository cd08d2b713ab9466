package functions

import (
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// The type categories of PostgreSQL that matter for resolving calls.
const (
	catUnknown  = 'X'
	catNumber   = 'N'
	catString   = 'S'
	catDatetime = 'D'
	catSpan     = 'T'
	catBool     = 'B'
	catArray    = 'A'
	catRow      = 'C'
	catOther    = 'U'
)

func category(t types.Type) byte {
	switch t.Kind {
	case types.Unknown:
		return catUnknown
	case types.Text, types.Varchar, types.Char, types.Name, types.InternalChar:
		return catString
	case types.Date, types.Time, types.TimeTZ, types.Timestamp, types.TimestampTZ:
		return catDatetime
	case types.Interval:
		return catSpan
	case types.Bool:
		return catBool
	case types.Array, types.Int2Vector, types.OIDVector:
		return catArray
	case types.Row, types.Record:
		return catRow
	}
	if t.IsNumeric() || t.IsOIDLike() && t.Kind != types.XID {
		return catNumber
	}
	return catOther
}

func preferred(t types.Type) bool {
	switch t.Kind {
	case types.Float64, types.OID, types.Text, types.TimestampTZ, types.Interval, types.Bool:
		return true
	}
	return false
}

// isNumericKind reports whether t is PostgreSQL's numeric: decimal or numeric.
func isNumericKind(k types.Kind) bool { return k == types.Decimal || k == types.Numeric }

// sameKind reports whether a and b are one type to PostgreSQL, parameters aside.
func sameKind(a, b types.Type) bool {
	if a.Kind == b.Kind {
		switch a.Kind {
		case types.Array:
			return sameKind(a.ElemType(), b.ElemType())
		case types.Map:
			return sameKind(*a.Key, *b.Key) && sameKind(*a.Elem, *b.Elem)
		case types.Row, types.Record:
			return rowsMatch(a, b, sameKind)
		}
		return true
	}
	if isRow(a) && isRow(b) {
		return rowsMatch(a, b, sameKind)
	}
	return isNumericKind(a.Kind) && isNumericKind(b.Kind)
}

func isRow(t types.Type) bool { return t.Kind == types.Row || t.Kind == types.Record }

func rowsMatch(a, b types.Type, match func(a, b types.Type) bool) bool {
	if len(a.Fields) != len(b.Fields) {
		return false
	}
	for i := range a.Fields {
		if !match(a.Fields[i].Type, b.Fields[i].Type) {
			return false
		}
	}
	return true
}

// Implicit reports whether a value of from may stand where to is expected,
// without a cast being written. Parameters (length, precision) do not count.
func Implicit(from, to types.Type) bool { return types.CanCast(from, to) == types.CastImplicit }

// Assignable reports whether INSERT and UPDATE may store a value of from in a
// column of to: numbers in any other kind of number, anything in a string.
func Assignable(from, to types.Type) bool { return types.CanCast(from, to) >= types.CastAssignment }

// Castable reports whether CAST(from AS to) exists.
func Castable(from, to types.Type) bool { return types.CanCast(from, to) != types.CastNever }

// Common returns the one type that the values of a CASE, COALESCE, VALUES,
// array or set operation take, by PostgreSQL's rule. what names the construct
// in the error 42804.
func Common(what string, ts ...types.Type) (types.Type, error) {
	out := types.Of(types.Unknown)
	for _, t := range ts {
		next, ok := common2(out, t)
		if !ok {
			return out, sqlerr.New(sqlerr.DatatypeMismatch, "%s types %s and %s cannot be matched", what, out, t)
		}
		out = next
	}
	if out.Kind == types.Unknown {
		out = types.Of(types.Text)
	}
	return out, nil
}

func common2(a, b types.Type) (types.Type, bool) {
	switch {
	case a.Kind == types.Unknown:
		return b, true
	case b.Kind == types.Unknown || a.Equal(b):
		return a, true
	case sameKind(a, b):
		return commonParams(a, b), true
	case a.IsInteger() && b.Kind == types.Decimal, b.IsInteger() && a.Kind == types.Decimal:
		return types.Of(types.Numeric), true // as written: 1 stays 1 beside 1.50
	case a.Kind == types.Array && b.Kind == types.Array:
		e, ok := common2(a.ElemType(), b.ElemType())
		return types.ArrayOf(e), ok
	case a.Kind == types.Map && b.Kind == types.Map:
		k, ok1 := common2(*a.Key, *b.Key)
		v, ok2 := common2(*a.Elem, *b.Elem)
		return types.MapOf(k, v), ok1 && ok2
	case isRow(a) && isRow(b):
		return commonRow(a, b)
	case category(a) != category(b):
		return a, false
	case !preferred(a) && Implicit(a, b) && !Implicit(b, a), Implicit(a, b) && !Implicit(b, a):
		return noParams(b), true
	case Implicit(b, a):
		return noParams(a), true
	case Implicit(a, b):
		return noParams(b), true
	}
	return a, false
}

// noParams drops length and precision, which do not survive mixing types.
func noParams(t types.Type) types.Type {
	switch t.Kind {
	case types.Varchar, types.Char, types.Timestamp, types.TimestampTZ, types.Time, types.TimeTZ:
		t.P = 0
		if t.Kind == types.Char {
			t.Kind = types.Text // char without a length is char(1)
		}
	case types.Decimal:
		return types.Of(types.Numeric)
	}
	return t
}

// commonParams joins two types of one kind that differ in their parameters.
func commonParams(a, b types.Type) types.Type {
	switch a.Kind {
	case types.Decimal:
		if b.Kind == types.Decimal && a.S == b.S {
			return types.DecimalOf(int(max(a.P, b.P)), int(a.S))
		}
		return types.Of(types.Numeric)
	case types.Numeric:
		return a
	case types.Array:
		e, _ := common2(a.ElemType(), b.ElemType())
		return types.ArrayOf(e)
	case types.Map:
		k, _ := common2(*a.Key, *b.Key)
		v, _ := common2(*a.Elem, *b.Elem)
		return types.MapOf(k, v)
	case types.Row, types.Record:
		t, _ := commonRow(a, b)
		return t
	case types.Timestamp, types.TimestampTZ:
		if a.IsNanos() {
			return a
		}
		if b.IsNanos() {
			return b
		}
	}
	return noParams(a)
}

func commonRow(a, b types.Type) (types.Type, bool) {
	if len(a.Fields) != len(b.Fields) {
		return a, false
	}
	out := types.Type{Kind: types.Row, Fields: make([]types.Field, len(a.Fields))}
	for i := range a.Fields {
		t, ok := common2(a.Fields[i].Type, b.Fields[i].Type)
		if !ok {
			return a, false
		}
		out.Fields[i] = types.Field{Name: a.Fields[i].Name, Type: t}
		if a.Fields[i].Name != b.Fields[i].Name {
			out.Fields[i].Name = ""
		}
	}
	return out, true
}

// comparable2 returns the types that the two sides of a comparison take.
func comparable2(a, b types.Type) (x, y types.Type, ok bool) {
	if a.Kind == types.Unknown && b.Kind == types.Unknown {
		return types.Of(types.Text), types.Of(types.Text), true
	}
	if a.IsFloat() && b.IsNumeric() || b.IsFloat() && a.IsNumeric() {
		if a.Kind == b.Kind {
			return a, b, true
		}
		f := types.Of(types.Float64)
		return f, f, true
	}
	da, isA := asDecimal(a)
	db, isB := asDecimal(b)
	if isA && isB && !(a.IsInteger() && b.IsInteger()) {
		return comparableDecimals(a, b, da, db)
	}
	t, ok := common2(a, b)
	if !ok {
		return a, b, false
	}
	x, y = t, t
	if keepsLayout(a, t) {
		x = a
	}
	if keepsLayout(b, t) {
		y = b
	}
	return x, y, true
}

// keepsLayout reports whether values of a are those of t, bit by bit.
func keepsLayout(a, t types.Type) bool {
	if a.Kind == types.Unknown || a.IsNested() {
		return false
	}
	if a.IsString() && t.IsString() {
		return true
	}
	return a.Kind == t.Kind && a.S == t.S && a.Phys() == t.Phys() &&
		a.IsNanos() == t.IsNanos() || a.IsOIDLike() && t.IsOIDLike()
}

// asDecimal returns the decimal that holds every value of an integer or decimal type.
func asDecimal(t types.Type) (types.Type, bool) {
	switch t.Kind {
	case types.Int8:
		return types.DecimalOf(3, 0), true
	case types.Int16:
		return types.DecimalOf(5, 0), true
	case types.Int32:
		return types.DecimalOf(10, 0), true
	case types.Int64:
		return types.DecimalOf(19, 0), true
	case types.Decimal:
		return t, true
	}
	return t, false
}

func comparableDecimals(a, b, da, db types.Type) (x, y types.Type, ok bool) {
	s := max(da.S, db.S)
	p := max(da.P-da.S, db.P-db.S) + s
	if p > types.MaxNumDigits {
		n := types.Of(types.Numeric)
		return n, n, true
	}
	t := types.DecimalOf(int(p), int(s))
	x, y = t, t
	if keepsLayout(a, t) {
		x = a
	}
	if keepsLayout(b, t) {
		y = b
	}
	return x, y, true
}
