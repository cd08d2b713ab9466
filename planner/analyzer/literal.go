package analyzer

import (
	"strconv"
	"strings"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/parser/ast"
)

// numberConst types a number: integer, bigint, then decimal of its own digits.
func numberConst(n *ast.NumberLit) (expr.Expr, error) {
	if n.Integer {
		if i, err := strconv.ParseInt(n.Text, 10, 64); err == nil {
			t := types.Of(types.Int64)
			if int64(int32(i)) == i {
				t = types.Of(types.Int32)
			}
			return &expr.Const{Typ: t, Val: types.IntValue(i), At: n.At()}, nil
		}
	}
	c, err := decimalConst(n.Text, n.At())
	return c, at(err, n.At())
}

// decimalConst reads a number with the precision that it is written in; NaN and
// numbers beyond 38 digits are numeric, or an error.
func decimalConst(text string, pos int) (*expr.Const, error) {
	v, err := types.ParseNum(text)
	if err != nil {
		return nil, err
	}
	t := types.Of(types.Numeric)
	if v.Scale < 0 {
		return &expr.Const{Typ: t, Val: types.Value{N: v}, At: pos}, nil
	}
	digits := strings.TrimLeft(v.Coef.String(), "-")
	p := max(len(digits), int(v.Scale), 1)
	if p > types.MaxNumDigits {
		return &expr.Const{Typ: t, Val: types.Value{N: v}, At: pos}, nil
	}
	t = types.DecimalOf(p, int(v.Scale))
	return &expr.Const{Typ: t, Val: types.DecimalValue(t, v.Coef), At: pos}, nil
}

func (x *exprs) typedLiteral(e *ast.TypedLit) (expr.Expr, error) {
	t, err := x.a.typeOf(e.Type)
	if err != nil {
		return nil, err
	}
	lit := &expr.Const{Typ: types.Of(types.Unknown), Val: types.StringValue(e.Value), At: e.At()}
	return x.a.coerce(lit, t, explicit)
}

var fieldWords = map[ast.IntervalField]string{
	ast.FieldYear: "year", ast.FieldMonth: "month", ast.FieldDay: "day", ast.FieldHour: "hour",
	ast.FieldMinute: "minute", ast.FieldSecond: "second", ast.FieldWeek: "week", ast.FieldQuarter: "quarter",
	ast.FieldDecade: "decade", ast.FieldCentury: "century", ast.FieldMillennium: "millennium",
	ast.FieldMillisecond: "millisecond", ast.FieldMicrosecond: "microsecond",
}

// interval reads INTERVAL '1' DAY and its relatives; of another expression
// than a text, INTERVAL x DAY is x times one day.
func (x *exprs) interval(e *ast.IntervalLit) (expr.Expr, error) {
	t := types.Of(types.Interval)
	lit, ok := e.Value.(*ast.StringLit)
	if !ok {
		return x.intervalTimes(e)
	}
	text := strings.TrimSpace(lit.Value)
	from, to := ast.FieldNone, ast.FieldNone
	if e.Qualifier != nil {
		from, to = e.Qualifier.From, e.Qualifier.To
	}
	last := to
	if last == ast.FieldNone {
		last = from
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil && last != ast.FieldNone {
		if last == ast.FieldQuarter {
			n, _ := strconv.Atoi(text)
			text = strconv.Itoa(3*n) + " month"
		} else {
			text += " " + fieldWords[last]
		}
	}
	c, err := x.a.literal(text, t, lit.At())
	if err != nil {
		return nil, err
	}
	v := *c
	if last != ast.FieldNone {
		v.Val.Iv = cutInterval(v.Val.Iv, from, last)
	}
	if e.Negative {
		v.Val.Iv.Months, v.Val.Iv.Days, v.Val.Iv.Micros = -v.Val.Iv.Months, -v.Val.Iv.Days, -v.Val.Iv.Micros
	}
	return &v, nil
}

// cutInterval drops what is finer than the last field.
func cutInterval(v types.IntervalValue, _, last ast.IntervalField) types.IntervalValue {
	const hour, minute = 3600e6, 60e6
	switch last {
	case ast.FieldYear:
		v.Months -= v.Months % 12
		v.Days, v.Micros = 0, 0
	case ast.FieldMonth:
		v.Days, v.Micros = 0, 0
	case ast.FieldDay:
		v.Micros = 0
	case ast.FieldHour:
		v.Micros -= v.Micros % hour
	case ast.FieldMinute:
		v.Micros -= v.Micros % minute
	}
	return v
}

func (x *exprs) intervalTimes(e *ast.IntervalLit) (expr.Expr, error) {
	n, err := x.expr(e.Value)
	if err != nil {
		return nil, err
	}
	if e.Qualifier == nil || e.Qualifier.From == ast.FieldNone || e.Qualifier.To != ast.FieldNone {
		return x.a.coerce(n, types.Of(types.Interval), explicit)
	}
	text := "1 " + fieldWords[e.Qualifier.From]
	if e.Qualifier.From == ast.FieldQuarter {
		text = "3 month"
	}
	unit, err := x.a.literal(text, types.Of(types.Interval), e.At())
	if err != nil {
		return nil, err
	}
	if n, err = x.a.coerce(n, types.Of(types.Float64), explicit); err != nil {
		return nil, err
	}
	return x.a.call("*", []expr.Expr{n, unit}, e.At())
}

// typeOf resolves a type as written.
func (a *analyzer) typeOf(n *ast.TypeName) (types.Type, error) {
	t, err := a.scalarType(n)
	if err != nil {
		return t, at(err, n.At())
	}
	for range n.Array {
		t = types.ArrayOf(t)
	}
	return t, nil
}

func (a *analyzer) scalarType(n *ast.TypeName) (types.Type, error) {
	name := n.Name.Last().Text
	switch {
	case n.SetOf:
		return types.Type{}, sqlerr.Unsupported("SETOF is not supported here")
	case len(n.Fields) > 0:
		t := types.Type{Kind: types.Row}
		for _, f := range n.Fields {
			ft, err := a.typeOf(f.Type)
			if err != nil {
				return t, err
			}
			t.Fields = append(t.Fields, types.Field{Name: f.Name.Text, Type: ft})
		}
		return t, nil
	case name == "array" && len(n.Params) == 1:
		t, err := a.typeOf(n.Params[0])
		return types.ArrayOf(t), err
	case name == "map" && len(n.Params) == 2:
		k, err := a.typeOf(n.Params[0])
		if err != nil {
			return k, err
		}
		v, err := a.typeOf(n.Params[1])
		return types.MapOf(k, v), err
	case len(n.Params) > 0 || len(n.Labels) > 0:
		return types.Type{}, sqlerr.Unsupported("type is not supported: %s", name)
	case name == "bpchar" && len(n.Mods) == 0 && !n.Name.Last().Quoted:
		return types.CharOf(1), nil
	}
	if len(n.Name) > 1 && n.Name[0].Text != "pg_catalog" {
		return types.Type{}, sqlerr.New(sqlerr.UndefinedObject, "type %q does not exist", plainName(n.Name))
	}
	return types.ParseName(name, n.Mods)
}
