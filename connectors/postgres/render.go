package postgres

import (
	"github.com/muster-sql/muster/connectors/internal/sqlsource"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// refusal says why an expression has no form on the server that gives the
// engine's answer.
type refusal struct {
	reason spi.Reason
	note   string
}

func no(reason spi.Reason, note string) *refusal { return &refusal{reason, note} }

// renderer writes expressions in PostgreSQL's SQL, or refuses. What it writes
// has the value that the engine would compute: anything that could differ is
// refused. One renderer serves one SELECT.
type renderer struct {
	t      *sqlsource.Text
	rel    *relation
	nested bool // they are those of a SELECT below, not of the table
	depth  int
}

// depthMax bounds expressions; deeper ones stay with the engine.
const depthMax = 200

// expr writes e.
func (r *renderer) expr(e expr.Expr) *refusal {
	if r.depth++; r.depth > depthMax {
		return no(spi.ReasonCapability, "the expression is nested too deeply")
	}
	defer func() { r.depth-- }()
	switch e := e.(type) {
	case *expr.Column:
		return r.column(e)
	case *expr.Const:
		return r.constant(e)
	case *expr.Logic:
		return r.logic(e)
	case *expr.IsNull:
		return r.wrap("(", e.Arg, " IS NULL)")
	case *expr.In:
		return r.in(e)
	case *expr.Call:
		return r.call(e)
	case *expr.Cast:
		return r.cast(e)
	case *expr.Case:
		return r.branches(e)
	case *expr.Coalesce:
		return r.list("COALESCE(", e.Args, ", ", ")")
	case *expr.Param:
		return no(spi.ReasonCapability, "the parameter has no value yet")
	}
	return no(spi.ReasonCapability, "the server has no such expression")
}

func (r *renderer) wrap(open sqlsource.Fixed, e expr.Expr, shut sqlsource.Fixed) *refusal {
	r.t.Add(open)
	if err := r.expr(e); err != nil {
		return err
	}
	r.t.Add(shut)
	return nil
}

func (r *renderer) list(open sqlsource.Fixed, es []expr.Expr, sep, shut sqlsource.Fixed) *refusal {
	r.t.Add(open)
	for i, e := range es {
		if i > 0 {
			r.t.Add(sep)
		}
		if err := r.expr(e); err != nil {
			return err
		}
	}
	r.t.Add(shut)
	return nil
}

// column writes a column of the table or of the SELECT below.
func (r *renderer) column(c *expr.Column) *refusal {
	if r.nested {
		r.t.Ident(outputName(c.Index))
		return nil
	}
	col := &r.rel.Cols[c.Index]
	switch col.Read {
	case readText:
		r.t.Add("(").Ident(col.Name).Add("::text)")
	case readTexts:
		r.t.Add("(").Ident(col.Name).Add("::text[])")
	default:
		r.t.Ident(col.Name)
	}
	return nil
}

// constant binds a value; the server learns its type with it.
func (r *renderer) constant(c *expr.Const) *refusal {
	t, ok := paramType(c.Typ)
	if c.Val.Null {
		if !ok {
			r.t.Add("NULL")
			return nil
		}
		r.t.Arg(t, c.Val)
		return nil
	}
	if !ok || !sendable(t, c.Val, r.rel.Number) {
		return no(spi.ReasonType, "the server has no value of type "+c.Typ.String()+" that is the same")
	}
	r.t.Arg(t, c.Val)
	return nil
}

// paramType is the type that a value of t is sent as.
func paramType(t types.Type) (types.Type, bool) {
	switch t.Kind {
	case types.Text, types.Varchar, types.Name:
		return types.Of(types.Text), true // without a length, which would cut
	case types.Char:
		return types.Of(types.Char), true
	case types.Bool, types.Int16, types.Int32, types.Int64, types.Float32, types.Float64, types.Date, types.Time, types.Bytea,
		types.UUID, types.OID, types.Interval:
		return types.Of(t.Kind), true
	case types.Decimal:
		return t, true
	case types.Numeric:
		return types.Of(types.Numeric), true
	case types.Timestamp, types.TimestampTZ:
		return types.Of(t.Kind), !t.IsNanos()
	}
	return t, false
}

// sendable reports whether the server takes the value as it is.
func sendable(t types.Type, v types.Value, version int) bool {
	switch t.Kind {
	case types.Text, types.Char:
		return types.CheckUTF8([]byte(v.S)) == nil
	case types.Numeric:
		return !v.N.IsInf() || version >= 140000
	}
	return true
}

func (r *renderer) logic(e *expr.Logic) *refusal {
	switch e.Op {
	case expr.Not:
		return r.wrap("(NOT ", e.Args[0], ")")
	case expr.And:
		return r.list("(", e.Args, " AND ", ")")
	}
	return r.list("(", e.Args, " OR ", ")")
}

func (r *renderer) branches(e *expr.Case) *refusal {
	r.t.Add("(CASE")
	for _, w := range e.Whens {
		if err := r.wrap(" WHEN ", w.Cond, ""); err != nil {
			return err
		}
		if err := r.wrap(" THEN ", w.Then, ""); err != nil {
			return err
		}
	}
	if e.Else != nil {
		if err := r.wrap(" ELSE ", e.Else, ""); err != nil {
			return err
		}
	}
	r.t.Add(" END)")
	return nil
}

// in writes x IN (a, b): constants of one type as one array.
func (r *renderer) in(e *expr.In) *refusal {
	for _, v := range e.List {
		if err := r.comparable("=", e.Arg, v); err != nil {
			return err
		}
	}
	if len(e.List) == 0 {
		return no(spi.ReasonCapability, "the list is empty")
	}
	r.t.Add("(")
	if err := r.operand("=", e.Arg, e.List[0]); err != nil {
		return err
	}
	if arr, vals, ok := constantList(e.List); ok {
		for _, v := range vals {
			if !v.Null && !sendable(arr.ElemType(), v, r.rel.Number) {
				return no(spi.ReasonType, "the server has no value of type "+e.Arg.Type().String()+" that is the same")
			}
		}
		r.t.Add(" = ANY(").Arg(arr, types.Value{L: vals}).Add("))")
		return nil
	}
	return r.list(" IN (", e.List, ", ", "))")
}

// constantList makes an array of constants of one type.
func constantList(es []expr.Expr) (types.Type, []types.Value, bool) {
	var vals []types.Value
	var elem types.Type
	for i, e := range es {
		c, ok := e.(*expr.Const)
		if !ok {
			return elem, nil, false
		}
		t, ok := paramType(c.Typ)
		if !ok || i > 0 && !t.Equal(elem) {
			return elem, nil, false
		}
		elem = t
		vals = append(vals, c.Val)
	}
	return types.ArrayOf(elem), vals, true
}

// outputName is the name of an output column of a nested SELECT.
func outputName(i int) string { return "c" + string(appendInt(nil, i)) }

func appendInt(b []byte, i int) []byte { return types.AppendInt64(b, int64(i)) }
