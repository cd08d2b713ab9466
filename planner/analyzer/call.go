package analyzer

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/parser/ast"
)

// Functions that the analyzer relies on beside operators.
const (
	fnArray     = "array"
	fnRow       = "row"
	fnMap       = "map"
	fnSubscript = "subscript"
	fnSlice     = "slice"
)

func (x *exprs) funcCall(e *ast.FuncCall) (expr.Expr, error) {
	name, err := functionName(e.Name)
	if err != nil {
		return nil, err
	}
	if e.Over != nil {
		return x.windowCall(name, e)
	}
	if name == "grouping" {
		return x.grouping(e)
	}
	if x.a.env.Functions.IsAggregate(name) {
		return x.aggregate(name, e)
	}
	if err := plainCall(name, e); err != nil {
		return nil, err
	}
	if isSetReturning(name) {
		return x.setCall(name, e)
	}
	if out, ok, err := x.special(name, e); ok {
		return out, err
	}
	args, err := x.args(name, e.Args)
	if err != nil {
		return nil, err
	}
	return x.a.call(name, args, e.At())
}

// functionName drops pg_catalog; functions have no other schemas.
func functionName(n ast.ObjectName) (string, error) {
	if len(n) > 1 && n[len(n)-2].Text != "pg_catalog" {
		return "", sqlerr.New(sqlerr.UndefinedFunction, "function %s does not exist", plainName(n)).At(n.At())
	}
	return n.Last().Text, nil
}

// plainCall refuses what only aggregates take.
func plainCall(name string, e *ast.FuncCall) error {
	what := ""
	switch {
	case e.Star:
		return sqlerr.New(sqlerr.WrongObjectType, "%s(*) specified, but %s is not an aggregate function", name, name).At(e.At())
	case e.Distinct:
		what = "DISTINCT"
	case e.Filter != nil:
		what = "FILTER"
	case len(e.OrderBy) > 0:
		what = "ORDER BY"
	case len(e.Within) > 0:
		what = "WITHIN GROUP"
	}
	if what != "" {
		return sqlerr.New(sqlerr.WrongObjectType, "%s specified, but %s is not an aggregate function", what, name).At(e.At())
	}
	if e.Variadic {
		return sqlerr.Unsupported("VARIADIC arguments are not supported yet").At(e.At())
	}
	return nil
}

// args analyses arguments; lambdas get the element types of the arrays and
// maps before them.
func (x *exprs) args(name string, list []ast.Expr) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(list))
	for i, e := range list {
		var err error
		if l, ok := e.(*ast.Lambda); ok {
			out[i], err = x.lambda(l, out[:i])
		} else {
			out[i], err = x.expr(e)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(out) > 127 && name != fnArray && name != fnRow {
		return nil, sqlerr.New(sqlerr.TooManyArguments, "cannot pass more than 127 arguments to a function").At(list[0].At())
	}
	return out, nil
}

func (x *exprs) lambda(l *ast.Lambda, before []expr.Expr) (expr.Expr, error) {
	var elems []types.Type
	for _, a := range before {
		switch t := a.Type(); t.Kind {
		case types.Array:
			elems = append(elems, t.ElemType())
		case types.Map:
			elems = append(elems, *t.Key, *t.Elem)
		}
	}
	for len(elems) < len(l.Params) {
		elems = append(elems, types.Of(types.Unknown))
	}
	elems = elems[:len(l.Params)]
	x.lambdas = append(x.lambdas, lambdaScope{names: l.Params, types: elems})
	body, err := x.expr(l.Body)
	x.lambdas = x.lambdas[:len(x.lambdas)-1]
	if err != nil {
		return nil, err
	}
	return &expr.Lambda{Params: elems, Body: body, At: l.At()}, nil
}

// special analyses calls that are forms of their own.
func (x *exprs) special(name string, e *ast.FuncCall) (expr.Expr, bool, error) {
	var out expr.Expr
	var err error
	switch name {
	case "coalesce":
		out, err = x.coalesce(e)
	case "nullif":
		out, err = x.nullIf(e)
	case "greatest", "least":
		out, err = x.extreme(name, e)
	case "if", "iff":
		out, err = x.ifCall(e)
	default:
		return nil, false, nil
	}
	return out, true, err
}

func (x *exprs) coalesce(e *ast.FuncCall) (expr.Expr, error) {
	args, err := x.all(e.Args)
	if err != nil {
		return nil, err
	}
	if len(args) == 0 {
		return nil, sqlerr.New(sqlerr.SyntaxError, "COALESCE needs at least one argument").At(e.At())
	}
	args, t, err := x.a.common("COALESCE", args)
	if err != nil || len(args) == 1 {
		return first(args), err
	}
	return &expr.Coalesce{Args: args, Typ: t, At: e.At()}, nil
}

func first(es []expr.Expr) expr.Expr {
	if len(es) == 0 {
		return nil
	}
	return es[0]
}

// nullIf is CASE WHEN a = b THEN NULL ELSE a END.
func (x *exprs) nullIf(e *ast.FuncCall) (expr.Expr, error) {
	args, err := x.all(e.Args)
	if err != nil {
		return nil, err
	}
	if len(args) != 2 {
		return nil, sqlerr.New(sqlerr.SyntaxError, "NULLIF needs two arguments").At(e.At())
	}
	eq, err := x.compare("=", args[0], args[1], e.At())
	if err != nil {
		return nil, err
	}
	v := args[0]
	if v.Type().Kind == types.Unknown {
		if v, err = x.a.coerce(v, types.Of(types.Text), implicit); err != nil {
			return nil, err
		}
	}
	return &expr.Case{Whens: []expr.When{{Cond: eq, Then: nullOf(v.Type())}}, Else: v, Typ: v.Type(), At: e.At()}, nil
}

func (x *exprs) extreme(name string, e *ast.FuncCall) (expr.Expr, error) {
	args, err := x.all(e.Args)
	if err != nil {
		return nil, err
	}
	if len(args) == 0 {
		return nil, sqlerr.New(sqlerr.SyntaxError, "%s needs at least one argument", name).At(e.At())
	}
	word := "GREATEST"
	if name == "least" {
		word = "LEAST"
	}
	if args, _, err = x.a.common(word, args); err != nil {
		return nil, err
	}
	if len(args) == 1 {
		return args[0], nil
	}
	return x.a.call(name, args, e.At())
}

func (x *exprs) ifCall(e *ast.FuncCall) (expr.Expr, error) {
	if len(e.Args) < 2 || len(e.Args) > 3 {
		return nil, sqlerr.New(sqlerr.UndefinedFunction, "function if takes two or three arguments").At(e.At())
	}
	c := &ast.Case{Pos: e.Pos, Whens: []ast.When{{Pos: e.Pos, Cond: e.Args[0], Result: e.Args[1]}}}
	if len(e.Args) == 3 {
		c.Else = e.Args[2]
	}
	return x.caseExpr(c)
}

// row makes a row value.
func (x *exprs) row(elems []ast.Expr, pos int) (expr.Expr, error) {
	args, err := x.all(elems)
	if err != nil {
		return nil, err
	}
	return x.rowOf(args, nil, pos)
}

// rowOf makes a row of values with names.
func (x *exprs) rowOf(args []expr.Expr, names []string, pos int) (expr.Expr, error) {
	if !x.a.env.Functions.IsScalar(fnRow) {
		return nil, sqlerr.Unsupported("row values are not supported here yet").At(pos)
	}
	for i := range args {
		var err error
		if args[i], err = x.a.coerce(args[i], textIfUnknown(args[i].Type()), implicit); err != nil {
			return nil, err
		}
	}
	out, err := x.a.call(fnRow, args, pos)
	if err != nil || names == nil {
		return out, err
	}
	c := *out.(*expr.Call)
	c.Typ.Fields = append([]types.Field(nil), c.Typ.Fields...)
	for i := range c.Typ.Fields {
		c.Typ.Fields[i].Name = names[i]
	}
	return &c, nil
}

func (x *exprs) array(e *ast.ArrayExpr) (expr.Expr, error) {
	if len(e.Elems) == 0 {
		return nil, sqlerr.New(sqlerr.IndeterminateDatatype, "cannot determine type of empty array").At(e.At()).
			WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[].")
	}
	args, err := x.all(e.Elems)
	if err != nil {
		return nil, err
	}
	if args, _, err = x.a.common("ARRAY", args); err != nil {
		return nil, err
	}
	if !x.a.env.Functions.IsScalar(fnArray) {
		return x.constArray(args, e.At())
	}
	return x.a.call(fnArray, args, e.At())
}

// constArray makes an array of constants.
func (x *exprs) constArray(args []expr.Expr, pos int) (expr.Expr, error) {
	c := &expr.Const{Typ: types.ArrayOf(args[0].Type()), At: pos}
	for _, a := range args {
		v, ok := x.a.folded(a).(*expr.Const)
		if !ok {
			return nil, sqlerr.Unsupported("ARRAY of values that are not constant is not supported yet").At(pos)
		}
		c.Val.L = append(c.Val.L, v.Val)
	}
	return c, nil
}

func (x *exprs) structLit(e *ast.StructLit) (expr.Expr, error) {
	vals, err := x.all(e.Values)
	if err != nil {
		return nil, err
	}
	if !e.Map {
		names := make([]string, len(e.Keys))
		for i, k := range e.Keys {
			if s, ok := k.(*ast.StringLit); ok {
				names[i] = s.Value
			}
		}
		return x.rowOf(vals, names, e.At())
	}
	keys, err := x.all(e.Keys)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 || !x.a.env.Functions.IsScalar(fnMap) || !x.a.env.Functions.IsScalar(fnArray) {
		return nil, sqlerr.Unsupported("map values are not supported here yet").At(e.At())
	}
	var arrays [2]expr.Expr
	for i, list := range [][]expr.Expr{keys, vals} {
		if list, _, err = x.a.common("MAP", list); err != nil {
			return nil, err
		}
		if arrays[i], err = x.a.call(fnArray, list, e.At()); err != nil {
			return nil, err
		}
	}
	return x.a.call(fnMap, arrays[:], e.At())
}

func (x *exprs) subscript(e *ast.Subscript) (expr.Expr, error) {
	arg, err := x.expr(e.X)
	if err != nil {
		return nil, err
	}
	if e.Slice {
		return x.slice(arg, e)
	}
	idx, err := x.expr(e.Index)
	if err != nil {
		return nil, err
	}
	switch t := arg.Type(); t.Kind {
	case types.Array, types.Map, types.Int2Vector, types.OIDVector:
		return x.a.call(fnSubscript, []expr.Expr{arg, idx}, e.At())
	case types.JSONB, types.JSON:
		return x.a.call("->", []expr.Expr{arg, idx}, e.At())
	case types.Row:
		if c, ok := x.a.folded(idx).(*expr.Const); ok && c.Typ.IsInteger() && c.Val.I >= 1 && int(c.Val.I) <= len(t.Fields) {
			return &expr.Field{Arg: arg, Index: int(c.Val.I) - 1, Typ: t.Fields[c.Val.I-1].Type, At: e.At()}, nil
		}
	}
	return nil, sqlerr.New(sqlerr.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", arg.Type()).At(e.At())
}

func (x *exprs) slice(arg expr.Expr, e *ast.Subscript) (expr.Expr, error) {
	if e.Step != nil {
		return nil, sqlerr.Unsupported("slices with a step are not supported yet").At(e.At())
	}
	bounds := []expr.Expr{
		&expr.Const{Typ: types.Of(types.Int32), Val: types.IntValue(1), At: -1},
		&expr.Const{Typ: types.Of(types.Int32), Val: types.IntValue(1<<31 - 1), At: -1},
	}
	for i, b := range []ast.Expr{e.Lower, e.Upper} {
		if b == nil {
			continue
		}
		var err error
		if bounds[i], err = x.expr(b); err != nil {
			return nil, err
		}
	}
	return x.a.call(fnSlice, append([]expr.Expr{arg}, bounds...), e.At())
}
