package postgres

import (
	"github.com/muster-sql/muster/connectors/internal/sqlsource"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// family groups types whose values compare with each other in one way.
type family uint8

const (
	familyNone family = iota
	familyBool
	familyExact // integers and decimals
	familyFloat
	familyText
	familyPadded // character(n)
	familyOwn    // with its own kind only
)

func familyOf(t types.Type) family {
	switch t.Kind {
	case types.Bool:
		return familyBool
	case types.Int16, types.Int32, types.Int64, types.Decimal, types.Numeric:
		return familyExact
	case types.Float32, types.Float64:
		return familyFloat
	case types.Text, types.Varchar, types.Name:
		return familyText
	case types.Char:
		return familyPadded
	case types.Date, types.Time, types.UUID, types.Bytea, types.OID, types.Interval:
		return familyOwn
	case types.Timestamp, types.TimestampTZ:
		if !t.IsNanos() {
			return familyOwn
		}
	}
	return familyNone
}

func isOrder(op string) bool { return op == "<" || op == "<=" || op == ">" || op == ">=" }

// comparable refuses pairs whose comparison may differ on the server.
func (r *renderer) comparable(op string, a, b expr.Expr) *refusal {
	at, bt := a.Type(), b.Type()
	f, g := familyOf(at), familyOf(bt)
	if isNullConst(a) {
		f, at = g, bt
	}
	if isNullConst(b) {
		g, bt = f, at
	}
	switch {
	case f == familyNone || g == familyNone:
		return no(spi.ReasonType, "values of type "+at.String()+" are compared by the engine")
	case f != g || f == familyOwn && at.Kind != bt.Kind || f == familyFloat && at.Kind != bt.Kind:
		return no(spi.ReasonType, "values of types "+at.String()+" and "+bt.String()+" are compared by the engine")
	case f == familyPadded && isOrder(op):
		return no(spi.ReasonCollation, "padded text is ordered by the engine")
	case f == familyText && isOrder(op) && !r.rel.UTF8:
		return no(spi.ReasonCollation, "the server's text is not UTF-8: its bytes are ordered otherwise")
	}
	return nil
}

func isNullConst(e expr.Expr) bool {
	c, ok := e.(*expr.Const)
	return ok && c.Val.Null
}

// operand writes the left side of a comparison with other: of text with the
// collation C where its own one might answer otherwise. An integer loses a
// cast to a wider one, which would hide an index and changes no answer.
func (r *renderer) operand(op string, e, other expr.Expr) *refusal {
	if err := r.expr(narrowed(e, other)); err != nil {
		return err
	}
	if familyOf(e.Type()) == familyText && r.needsC(op, e, other) {
		r.t.Add(` COLLATE "C"`)
	}
	return nil
}

// needsC reports whether a comparison of text must name the collation.
func (r *renderer) needsC(op string, e, other expr.Expr) bool {
	a, b := r.collationOf(e), r.collationOf(other)
	if isConst(e) {
		a = b
	}
	if isConst(other) {
		b = a
	}
	switch {
	case !isConst(e) && !isConst(other):
		return true // two collations may not meet
	case op == "like":
		return a == collOther
	case isOrder(op):
		return a != collBytes
	}
	return a == collOther || b == collOther
}

// isConst reports whether e has no collation of its own.
func isConst(e expr.Expr) bool { _, ok := e.(*expr.Const); return ok }

// collationOf is how a text expression compares by itself.
func (r *renderer) collationOf(e expr.Expr) collation {
	switch e := e.(type) {
	case *expr.Column:
		if !r.nested {
			return r.rel.Cols[e.Index].Coll
		}
		return collOther
	case *expr.Cast:
		return r.collationOf(e.Arg)
	case *expr.Const:
		return collBytes
	}
	return collOther
}

// narrowed takes casts from an integer to a wider one off e when it meets an
// integer: the server compares integers of all widths.
func narrowed(e, other expr.Expr) expr.Expr {
	c, ok := e.(*expr.Cast)
	if !ok || !c.Typ.IsInteger() || !other.Type().IsInteger() || !widens(c.Arg.Type(), c.Typ) {
		return e
	}
	return c.Arg
}

func widens(from, to types.Type) bool {
	return from.IsInteger() && from.Kind != types.Int8 && to.IsInteger() && from.Phys().Size() <= to.Phys().Size()
}

// call writes functions and operators that the server computes alike.
func (r *renderer) call(e *expr.Call) *refusal {
	if e.Volatile {
		return no(spi.ReasonFunction, "a volatile function is evaluated once a row by the engine")
	}
	if len(e.Args) == 2 {
		switch e.Fn {
		case "=", "<>", "<", "<=", ">", ">=":
			return r.comparison(e.Fn, sqlsource.Fixed(" "+e.Fn+" "), e.Args)
		case "is distinct from":
			return r.comparison("=", " IS DISTINCT FROM ", e.Args)
		case "+", "-", "*", "/", "%":
			return r.arithmetic(e)
		case "||":
			if familyOf(e.Args[0].Type()) == familyText && familyOf(e.Args[1].Type()) == familyText {
				return r.list("(", e.Args, " || ", ")")
			}
		case "extract":
			return r.extract(e)
		}
	}
	switch e.Fn {
	case "like", "not like":
		return r.like(e)
	case "-", "abs":
		if len(e.Args) == 1 && familyOf(e.Args[0].Type()) == familyExact {
			return r.wrap(map[string]sqlsource.Fixed{"-": "(- ", "abs": "abs("}[e.Fn], e.Args[0], ")")
		}
	case "substring", "substr":
		return r.substring(e)
	}
	return no(spi.ReasonFunction, "function "+e.Fn+" is computed by the engine")
}

func (r *renderer) comparison(op string, written sqlsource.Fixed, args []expr.Expr) *refusal {
	if err := r.comparable(op, args[0], args[1]); err != nil {
		return err
	}
	r.t.Add("(")
	if err := r.operand(op, args[0], args[1]); err != nil {
		return err
	}
	r.t.Add(written)
	if err := r.expr(narrowed(args[1], args[0])); err != nil {
		return err
	}
	r.t.Add(")")
	return nil
}

// arithmetic writes what is exact and fails alike: sums and products of
// integers of one width or of decimals, and quotients of integers by a
// constant. A division by a column could fail for rows that another condition,
// tested first by the engine, leaves out.
func (r *renderer) arithmetic(e *expr.Call) *refusal {
	a, b := e.Args[0].Type(), e.Args[1].Type()
	ints := a.IsInteger() && a.Kind == b.Kind && a.Kind != types.Int8
	switch {
	case e.Fn == "/" || e.Fn == "%":
		c, ok := e.Args[1].(*expr.Const)
		if !ints || !ok || c.Val.Null || c.Val.I == 0 {
			return no(spi.ReasonFunction, "a quotient is computed by the engine")
		}
	case ints, familyOf(a) == familyExact && familyOf(b) == familyExact && !a.IsInteger() && !b.IsInteger():
	case e.Fn != "*" && a.Kind == types.Date && b.Kind == types.Int32:
	case e.Fn == "-" && a.Kind == types.Date && b.Kind == types.Date:
	case e.Fn != "*" && (a.Kind == types.Date || a.Kind == types.Timestamp && !a.IsNanos()) && b.Kind == types.Interval:
	default:
		return no(spi.ReasonFunction, "arithmetic of "+a.String()+" and "+b.String()+" is done by the engine")
	}
	return r.list("(", e.Args, sqlsource.Fixed(" "+e.Fn+" "), ")")
}

// like writes LIKE with a constant pattern that the server cannot refuse.
func (r *renderer) like(e *expr.Call) *refusal {
	pattern, ok := e.Args[1].(*expr.Const)
	if !ok || len(e.Args) != 2 || pattern.Val.Null || familyOf(e.Args[0].Type()) != familyText || familyOf(pattern.Typ) != familyText {
		return no(spi.ReasonFunction, "this LIKE is computed by the engine")
	}
	slashes := 0
	for i := len(pattern.Val.S) - 1; i >= 0 && pattern.Val.S[i] == '\\'; i-- {
		slashes++
	}
	if slashes%2 == 1 || !r.rel.UTF8 {
		return no(spi.ReasonFunction, "this LIKE is computed by the engine")
	}
	r.t.Add("(")
	if err := r.operand("like", e.Args[0], pattern); err != nil {
		return err
	}
	if e.Fn == "not like" {
		r.t.Add(" NOT")
	}
	r.t.Add(" LIKE ")
	if err := r.expr(pattern); err != nil {
		return err
	}
	r.t.Add(")")
	return nil
}

// substring takes characters, counted from 1, of UTF-8 text.
func (r *renderer) substring(e *expr.Call) *refusal {
	if !r.rel.UTF8 || len(e.Args) < 2 || len(e.Args) > 3 || familyOf(e.Args[0].Type()) != familyText {
		return no(spi.ReasonFunction, "this substring is computed by the engine")
	}
	for i, a := range e.Args[1:] {
		c, ok := a.(*expr.Const)
		if !ok || c.Val.Null || c.Typ.Kind != types.Int32 || i == 1 && c.Val.I < 0 {
			return no(spi.ReasonFunction, "this substring is computed by the engine")
		}
	}
	return r.list("substr(", e.Args, ", ", ")")
}

// extract writes fields of dates that are the same number on both sides.
func (r *renderer) extract(e *expr.Call) *refusal {
	field, ok := e.Args[0].(*expr.Const)
	k := e.Args[1].Type()
	if !ok || r.rel.Number < 140000 || k.Kind != types.Date && (k.Kind != types.Timestamp || k.IsNanos()) {
		return no(spi.ReasonFunction, "this extract is computed by the engine")
	}
	name := map[string]sqlsource.Fixed{"year": "year", "month": "month", "day": "day", "quarter": "quarter", "dow": "dow", "doy": "doy", "isodow": "isodow"}[field.Val.S]
	if name == "" {
		return no(spi.ReasonFunction, "this field is extracted by the engine")
	}
	return r.wrap("extract("+name+" FROM ", e.Args[1], ")")
}

// cast writes conversions that keep the value, or change it alike.
func (r *renderer) cast(e *expr.Cast) *refusal {
	from, to := e.Arg.Type(), e.Typ
	f, g := familyOf(from), familyOf(to)
	ok := false
	switch {
	case e.Try:
	case f == familyExact && g == familyExact:
		ok = !to.IsInteger() || widens(from, to)
	case f == familyExact && to.Kind == types.Float64:
		ok = true
	case from.Kind == types.Float32 && to.Kind == types.Float64:
		ok = true
	case f == familyText && g == familyText, f == familyPadded && g == familyText:
		ok = to.P == 0
	case from.IsInteger() && g == familyText:
		ok = to.P == 0
	case from.Kind == types.Date && to.Kind == types.Timestamp, from.Kind == types.Timestamp && !from.IsNanos() && to.Kind == types.Date:
		ok = to.P == 0
	}
	name, known := typeName(to)
	if !ok || !known {
		return no(spi.ReasonType, "a cast from "+from.String()+" to "+to.String()+" is done by the engine")
	}
	if from.Kind == to.Kind && f == familyText {
		return r.expr(e.Arg)
	}
	return r.wrap("(", e.Arg, "::"+name+")")
}

// typeName is the name of a type on the server.
func typeName(t types.Type) (sqlsource.Fixed, bool) {
	switch t.Kind {
	case types.Bool, types.Int16, types.Int32, types.Int64, types.Float32, types.Float64, types.Decimal, types.Numeric, types.Date,
		types.Time, types.TimeTZ, types.Timestamp, types.TimestampTZ, types.Interval, types.Text, types.Varchar, types.Char, types.Bytea,
		types.UUID, types.JSON, types.JSONB, types.Name, types.InternalChar, types.OID, types.XID:
		return sqlsource.Fixed(t.String()), !t.IsNanos()
	case types.Int8:
		return "smallint", true
	case types.Unknown:
		return "text", true
	case types.Array:
		elem, ok := typeName(t.ElemType())
		return elem + "[]", ok && t.ElemType().Kind != types.Unknown
	}
	return "", false
}
