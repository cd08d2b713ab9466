package eval

import (
	"fmt"
	"strings"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/parser"
	"github.com/muster-sql/muster/parser/ast"
)

// binder gives parsed expressions their types, as much of it as these tests
// need: the real one is planner/analyzer, a layer above.
type binder struct {
	cols    map[string]*expr.Column
	lambdas []lambdaNames
}

type lambdaNames struct {
	names []ast.Name
	typs  []types.Type
}

// parseExpr parses and binds an SQL expression.
func parseExpr(sql string, cols ...*expr.Column) (expr.Expr, error) {
	e, err := parser.ParseExpr(sql)
	if err != nil {
		return nil, err
	}
	b := &binder{cols: map[string]*expr.Column{}}
	for _, c := range cols {
		b.cols[c.Name] = c
	}
	return b.bind(e)
}

func constOf(t types.Type, v types.Value, e ast.Expr) expr.Expr {
	return &expr.Const{Typ: t, Val: v, At: e.At()}
}

func (b *binder) bind(e ast.Expr) (expr.Expr, error) {
	switch x := e.(type) {
	case *ast.NumberLit:
		return bindNumber(x)
	case *ast.StringLit:
		return constOf(types.Of(types.Unknown), types.StringValue(x.Value), x), nil
	case *ast.BoolLit:
		return constOf(boolType, types.BoolValue(x.Value), x), nil
	case *ast.NullLit:
		return constOf(types.Of(types.Unknown), types.NullValue, x), nil
	case *ast.ColumnRef:
		return b.column(x)
	case *ast.TypedLit:
		t, err := bindType(x.Type)
		if err != nil {
			return nil, err
		}
		return castTo(constOf(types.Of(types.Unknown), types.StringValue(x.Value), x), t, true, x.At())
	case *ast.IntervalLit:
		s := x.Value.(*ast.StringLit).Value
		return castTo(constOf(types.Of(types.Unknown), types.StringValue(s), x), types.Of(types.Interval), true, x.At())
	case *ast.Cast:
		return b.cast(x)
	case *ast.Unary:
		if n, ok := x.X.(*ast.NumberLit); ok && x.Op == "-" {
			return bindNumber(&ast.NumberLit{Pos: x.Pos, Text: "-" + n.Text, Integer: n.Integer})
		}
		return b.call(x.Op, x, x.X)
	case *ast.Binary:
		return b.call(x.Op, x, x.Left, x.Right)
	case *ast.Not:
		return b.logic(expr.Not, x, x.X)
	case *ast.Logical:
		op := expr.And
		if x.Op == ast.Or {
			op = expr.Or
		}
		return b.logic(op, x, x.Args...)
	case *ast.LikeExpr:
		return b.like(x)
	case *ast.IsTest:
		arg, err := b.bind(x.X)
		return b.negated(x.Not, &expr.IsNull{Arg: arg, At: x.At()}), err
	case *ast.IsDistinct:
		c, err := b.call(functions.IsDistinct, x, x.Left, x.Right)
		return b.negated(x.Not, c), err
	case *ast.Between:
		lo, err := b.call(">=", x, x.X, x.Low)
		if err != nil {
			return nil, err
		}
		hi, err := b.call("<=", x, x.X, x.High)
		return b.negated(x.Not, &expr.Logic{Op: expr.And, Args: []expr.Expr{lo, hi}, At: x.At()}), err
	case *ast.InList:
		return b.in(x)
	case *ast.Case:
		return b.caseExpr(x)
	case *ast.FuncCall:
		return b.function(x)
	case *ast.ArrayExpr:
		return b.array(x)
	case *ast.Row:
		return b.call("row", x, x.Elems...)
	case *ast.Subscript:
		if x.Slice {
			return b.call("slice", x, x.X, x.Lower, x.Upper)
		}
		return b.call("subscript", x, x.X, x.Index)
	case *ast.Lambda:
		return nil, fmt.Errorf("a lambda in the wrong place")
	}
	return nil, fmt.Errorf("the tests do not bind %T", e)
}

func bindNumber(x *ast.NumberLit) (expr.Expr, error) {
	n, err := types.ParseNum(x.Text)
	if err != nil {
		return nil, err
	}
	if i, ok := n.Coef.Int64(); x.Integer && ok {
		if int64(int32(i)) == i {
			return constOf(i4, types.IntValue(i), x), nil
		}
		return constOf(i8, types.IntValue(i), x), nil
	}
	if n.Scale > 38 || n.Coef.Digits() > 38 {
		return constOf(types.Of(types.Numeric), types.Value{N: n}, x), nil
	}
	t := types.DecimalOf(max(n.Coef.Digits(), int(n.Scale), 1), int(n.Scale))
	return constOf(t, types.DecimalValue(t, n.Coef), x), nil
}

func bindType(t *ast.TypeName) (types.Type, error) {
	var out types.Type
	var err error
	if len(t.Params) > 0 {
		out, err = types.ParseType(strings.TrimSpace("map(text, integer)"))
	} else {
		out, err = types.ParseName(t.Name.Last().Text, t.Mods)
	}
	for range t.Array {
		out = types.ArrayOf(out)
	}
	return out, err
}

func castTo(e expr.Expr, t types.Type, explicit bool, pos int) (expr.Expr, error) {
	if e.Type().Equal(t) {
		return e, nil
	}
	if c, ok := e.(*expr.Const); ok && c.Typ.Kind == types.Unknown && c.Val.Null {
		return &expr.Const{Typ: t, Val: types.NullValue, At: c.At}, nil
	}
	return &expr.Cast{Arg: e, Typ: t, Implicit: !explicit, At: pos}, nil
}

func (b *binder) column(x *ast.ColumnRef) (expr.Expr, error) {
	name := x.Parts[len(x.Parts)-1].Text
	for d := len(b.lambdas) - 1; d >= 0; d-- {
		for i, n := range b.lambdas[d].names {
			if n.Text == name {
				return &expr.LambdaArg{Depth: len(b.lambdas) - 1 - d, Index: i, Typ: b.lambdas[d].typs[i], At: x.At()}, nil
			}
		}
	}
	if c := b.cols[name]; c != nil {
		return c, nil
	}
	return nil, sqlerr.New(sqlerr.UndefinedColumn, "column \"%s\" does not exist", name)
}

func (b *binder) negated(not bool, e expr.Expr) expr.Expr {
	if !not {
		return e
	}
	return &expr.Logic{Op: expr.Not, Args: []expr.Expr{e}, At: e.Pos()}
}

func (b *binder) cast(x *ast.Cast) (expr.Expr, error) {
	t, err := bindType(x.Type)
	if err != nil {
		return nil, err
	}
	if a, ok := x.X.(*ast.ArrayExpr); ok && len(a.Elems) == 0 {
		return constOf(t, types.Value{}, x), nil
	}
	arg, err := b.bind(x.X)
	if err != nil {
		return nil, err
	}
	if x.Try {
		return &expr.Cast{Arg: arg, Typ: t, Try: true, At: x.At()}, nil
	}
	return castTo(arg, t, true, x.At())
}

func (b *binder) logic(op expr.LogicOp, at ast.Expr, list ...ast.Expr) (expr.Expr, error) {
	l := &expr.Logic{Op: op, At: at.At()}
	for _, a := range list {
		e, err := b.bind(a)
		if err != nil {
			return nil, err
		}
		if e, err = castTo(e, boolType, false, a.At()); err != nil {
			return nil, err
		}
		l.Args = append(l.Args, e)
	}
	return l, nil
}

func (b *binder) like(x *ast.LikeExpr) (expr.Expr, error) {
	args := []ast.Expr{x.X, x.Pattern}
	if x.Escape != nil {
		args = append(args, x.Escape)
	}
	c, err := b.call([...]string{ast.Like: "like", ast.ILike: "ilike", ast.SimilarTo: "similar_to"}[x.Kind], x, args...)
	if err != nil {
		return nil, err
	}
	return b.negated(x.Not, c), nil
}

func (b *binder) call(fn string, at ast.Expr, list ...ast.Expr) (expr.Expr, error) {
	args := make([]expr.Expr, len(list))
	for i, a := range list {
		var err error
		if l, ok := a.(*ast.Lambda); ok {
			args[i], err = b.lambda(fn, l, args[:i])
		} else {
			args[i], err = b.bind(a)
		}
		if err != nil {
			return nil, err
		}
	}
	return resolveCall(fn, args, at.At())
}

func resolveCall(fn string, args []expr.Expr, pos int) (expr.Expr, error) {
	ts := make([]types.Type, len(args))
	for i, a := range args {
		ts[i] = a.Type()
	}
	res, err := functions.Builtins().Resolve(fn, ts)
	if err != nil {
		return nil, err
	}
	for i, a := range args {
		if ts[i].Kind == types.Function {
			continue
		}
		if args[i], err = castTo(a, res.Args[i], false, a.Pos()); err != nil {
			return nil, err
		}
	}
	return &expr.Call{Fn: res.Fn, Sig: res.Sig, Args: args, Typ: res.Return, Volatile: res.Volatility == functions.Volatile, At: pos}, nil
}

func (b *binder) lambda(fn string, l *ast.Lambda, before []expr.Expr) (expr.Expr, error) {
	var ts []types.Type
	for _, a := range before {
		switch t := a.Type(); t.Kind {
		case types.Array:
			ts = append(ts, t.ElemType())
		case types.Map:
			ts = append(ts, *t.Key, *t.Elem)
		}
	}
	if fn == "reduce" {
		ts = []types.Type{before[1].Type(), ts[0]}
	}
	ts = ts[:len(l.Params)]
	b.lambdas = append(b.lambdas, lambdaNames{l.Params, ts})
	body, err := b.bind(l.Body)
	b.lambdas = b.lambdas[:len(b.lambdas)-1]
	return &expr.Lambda{Params: ts, Body: body, At: l.At()}, err
}

func (b *binder) common(what string, list []ast.Expr) ([]expr.Expr, types.Type, error) {
	out := make([]expr.Expr, len(list))
	ts := make([]types.Type, len(list))
	for i, a := range list {
		e, err := b.bind(a)
		if err != nil {
			return nil, types.Type{}, err
		}
		out[i], ts[i] = e, e.Type()
	}
	t, err := functions.Common(what, ts...)
	for i := range out {
		if err == nil {
			out[i], err = castTo(out[i], t, false, list[i].At())
		}
	}
	return out, t, err
}

func (b *binder) in(x *ast.InList) (expr.Expr, error) {
	all, _, err := b.common("IN", append([]ast.Expr{x.X}, x.List...))
	if err != nil {
		return nil, err
	}
	for i := range all[1:] {
		all[i+1] = Fold(all[i+1], testEnv())
	}
	return b.negated(x.Not, &expr.In{Arg: all[0], List: all[1:], At: x.At()}), nil
}

func (b *binder) caseExpr(x *ast.Case) (expr.Expr, error) {
	var results []ast.Expr
	for _, w := range x.Whens {
		results = append(results, w.Result)
	}
	els := x.Else
	if els == nil {
		els = &ast.NullLit{Pos: x.Pos}
	}
	rs, t, err := b.common("CASE", append(results, els))
	if err != nil {
		return nil, err
	}
	c := &expr.Case{Typ: t, Else: rs[len(rs)-1], At: x.At()}
	for i, w := range x.Whens {
		var cond expr.Expr
		if x.Operand != nil {
			cond, err = b.call("=", x, x.Operand, w.Cond)
		} else {
			cond, err = b.bind(w.Cond)
		}
		if err != nil {
			return nil, err
		}
		c.Whens = append(c.Whens, expr.When{Cond: cond, Then: rs[i]})
	}
	return c, nil
}

func (b *binder) array(x *ast.ArrayExpr) (expr.Expr, error) {
	list, _, err := b.common("ARRAY", x.Elems)
	if err != nil {
		return nil, err
	}
	return resolveCall("array", list, x.At())
}

func (b *binder) function(x *ast.FuncCall) (expr.Expr, error) {
	name := x.Name.Last().Text
	switch name {
	case "coalesce":
		args, t, err := b.common("COALESCE", x.Args)
		return &expr.Coalesce{Args: args, Typ: t, At: x.At()}, err
	case "greatest", "least":
		args, _, err := b.common(strings.ToUpper(name), x.Args)
		if err != nil {
			return nil, err
		}
		return resolveCall(name, args, x.At())
	}
	return b.call(name, x, x.Args...)
}
