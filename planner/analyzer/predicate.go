package analyzer

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/logical"
)

func (x *exprs) unary(e *ast.Unary) (expr.Expr, error) {
	// The sign belongs to the number: the least of a type has no positive twin.
	if n, ok := e.X.(*ast.NumberLit); ok && e.Op == "-" {
		return numberConst(&ast.NumberLit{Pos: e.Pos, Text: "-" + n.Text, Integer: n.Integer})
	}
	arg, err := x.expr(e.X)
	if err != nil {
		return nil, err
	}
	return x.a.call(e.Op, []expr.Expr{arg}, e.At())
}

func (x *exprs) binary(e *ast.Binary) (expr.Expr, error) {
	if isComparison(e.Op) {
		return x.comparison(e)
	}
	l, err := x.expr(e.Left)
	if err != nil {
		return nil, err
	}
	r, err := x.expr(e.Right)
	if err != nil {
		return nil, err
	}
	switch e.Op {
	case "~~", "!~~", "~~*", "!~~*":
		return x.likeOp(e.Op, l, r, e.At())
	}
	if e.Op == "!~" || e.Op == "!~*" {
		m, err := x.a.call(e.Op[1:], []expr.Expr{l, r}, e.At())
		if err != nil {
			return nil, err
		}
		return not(m, e.At()), nil
	}
	return x.a.call(e.Op, []expr.Expr{l, r}, e.At())
}

func isComparison(op string) bool {
	switch op {
	case "=", "<>", "<", "<=", ">", ">=":
		return true
	}
	return false
}

func (x *exprs) comparison(e *ast.Binary) (expr.Expr, error) {
	lr, lok := e.Left.(*ast.Row)
	rr, rok := e.Right.(*ast.Row)
	if lok && rok {
		l, err := x.all(lr.Elems)
		if err != nil {
			return nil, err
		}
		r, err := x.all(rr.Elems)
		if err != nil {
			return nil, err
		}
		return x.compareRows(e.Op, l, r, e.At())
	}
	if q, ok := e.Right.(*ast.Subquery); ok && lok {
		return x.rowSubquery(e.Op, lr, q, e.At())
	}
	l, err := x.expr(e.Left)
	if err != nil {
		return nil, err
	}
	r, err := x.expr(e.Right)
	if err != nil {
		return nil, err
	}
	return x.compare(e.Op, l, r, e.At())
}

func (x *exprs) all(list []ast.Expr) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(list))
	for i, e := range list {
		var err error
		if out[i], err = x.expr(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// compare compares two values.
func (x *exprs) compare(op string, l, r expr.Expr, pos int) (expr.Expr, error) {
	return x.a.call(op, []expr.Expr{l, r}, pos)
}

// compareRows compares member by member: (a, b) < (c, d) is a < c OR a = c AND b < d.
func (x *exprs) compareRows(op string, l, r []expr.Expr, pos int) (expr.Expr, error) {
	if len(l) != len(r) {
		return nil, sqlerr.New(sqlerr.SyntaxError, "unequal number of entries in row expressions").At(pos)
	}
	if len(l) == 0 {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "cannot compare rows of zero length").At(pos)
	}
	switch op {
	case "=", "<>":
		parts := make([]expr.Expr, len(l))
		for i := range l {
			var err error
			if parts[i], err = x.compare(op, l[i], r[i], pos); err != nil {
				return nil, err
			}
		}
		if op == "=" {
			return expr.AndAll(parts), nil
		}
		return orAll(parts, pos), nil
	}
	return x.lexicographic(op, l, r, pos)
}

func orAll(es []expr.Expr, pos int) expr.Expr {
	if len(es) == 1 {
		return es[0]
	}
	return &expr.Logic{Op: expr.Or, Args: es, At: pos}
}

func (x *exprs) lexicographic(op string, l, r []expr.Expr, pos int) (expr.Expr, error) {
	first := op
	if len(l) > 1 {
		first = op[:1] // < of the leading members, also for <=
	}
	less, err := x.compare(first, l[0], r[0], pos)
	if err != nil || len(l) == 1 {
		return less, err
	}
	eq, err := x.compare("=", l[0], r[0], pos)
	if err != nil {
		return nil, err
	}
	rest, err := x.lexicographic(op, l[1:], r[1:], pos)
	if err != nil {
		return nil, err
	}
	return orAll([]expr.Expr{less, expr.AndAll([]expr.Expr{eq, rest})}, pos), nil
}

func (x *exprs) isTest(e *ast.IsTest) (expr.Expr, error) {
	if row, ok := e.X.(*ast.Row); ok && e.Test == ast.IsNull {
		return x.rowIsNull(row, e)
	}
	var out expr.Expr
	switch e.Test {
	case ast.IsNull:
		arg, err := x.expr(e.X)
		if err != nil {
			return nil, err
		}
		if arg, err = x.a.coerce(arg, textIfUnknown(arg.Type()), implicit); err != nil {
			return nil, err
		}
		out = isNull(arg, e.At())
	case ast.IsTrue, ast.IsFalse, ast.IsUnknown:
		arg, err := x.condition(e.X, "IS "+[...]string{ast.IsTrue: "TRUE", ast.IsFalse: "FALSE", ast.IsUnknown: "UNKNOWN"}[e.Test])
		if err != nil {
			return nil, err
		}
		switch e.Test {
		case ast.IsTrue:
			out = isTrue(arg)
		case ast.IsFalse:
			out = isTrue(not(arg, e.At()))
		default:
			out = isNull(arg, e.At())
		}
	default:
		return nil, sqlerr.Unsupported("IS JSON, IS DOCUMENT and IS NORMALIZED are not supported yet").At(e.At())
	}
	if e.Not {
		out = not(out, e.At())
	}
	return out, nil
}

// rowIsNull: a row is null when all members are, and not null when none is.
func (x *exprs) rowIsNull(row *ast.Row, e *ast.IsTest) (expr.Expr, error) {
	parts := make([]expr.Expr, len(row.Elems))
	for i, el := range row.Elems {
		arg, err := x.expr(el)
		if err != nil {
			return nil, err
		}
		if arg, err = x.a.coerce(arg, textIfUnknown(arg.Type()), implicit); err != nil {
			return nil, err
		}
		parts[i] = isNull(arg, e.At())
		if e.Not {
			parts[i] = not(parts[i], e.At())
		}
	}
	if len(parts) == 0 {
		return &expr.Const{Typ: logical.BoolType(), Val: types.BoolValue(true), At: e.At()}, nil
	}
	return expr.AndAll(parts), nil
}

func (x *exprs) isDistinct(e *ast.IsDistinct) (expr.Expr, error) {
	var out expr.Expr
	lr, lok := e.Left.(*ast.Row)
	rr, rok := e.Right.(*ast.Row)
	if lok && rok && len(lr.Elems) == len(rr.Elems) && len(lr.Elems) > 0 {
		parts := make([]expr.Expr, len(lr.Elems))
		for i := range lr.Elems {
			p, err := x.isDistinct(&ast.IsDistinct{Pos: e.Pos, Left: lr.Elems[i], Right: rr.Elems[i]})
			if err != nil {
				return nil, err
			}
			parts[i] = p
		}
		out = orAll(parts, e.At())
	} else {
		l, err := x.expr(e.Left)
		if err != nil {
			return nil, err
		}
		r, err := x.expr(e.Right)
		if err != nil {
			return nil, err
		}
		if out, err = x.a.call(functions.IsDistinct, []expr.Expr{l, r}, e.At()); err != nil {
			return nil, err
		}
	}
	if e.Not {
		out = not(out, e.At())
	}
	return out, nil
}

func (x *exprs) between(e *ast.Between) (expr.Expr, error) {
	v, err := x.all([]ast.Expr{e.X, e.Low, e.High})
	if err != nil {
		return nil, err
	}
	span := func(lo, hi expr.Expr) (expr.Expr, error) {
		ge, err := x.compare(">=", v[0], lo, e.At())
		if err != nil {
			return nil, err
		}
		le, err := x.compare("<=", v[0], hi, e.At())
		if err != nil {
			return nil, err
		}
		return expr.AndAll([]expr.Expr{ge, le}), nil
	}
	out, err := span(v[1], v[2])
	if err != nil {
		return nil, err
	}
	if e.Symmetric {
		back, err := span(v[2], v[1])
		if err != nil {
			return nil, err
		}
		out = orAll([]expr.Expr{out, back}, e.At())
	}
	if e.Not {
		out = not(out, e.At())
	}
	return out, nil
}

func (x *exprs) inList(e *ast.InList) (expr.Expr, error) {
	var out expr.Expr
	var err error
	if row, ok := e.X.(*ast.Row); ok {
		out, err = x.rowInList(row, e)
	} else {
		out, err = x.valueInList(e)
	}
	if err != nil {
		return nil, err
	}
	if e.Not {
		out = not(out, e.At())
	}
	return out, nil
}

func (x *exprs) rowInList(row *ast.Row, e *ast.InList) (expr.Expr, error) {
	l, err := x.all(row.Elems)
	if err != nil {
		return nil, err
	}
	var parts []expr.Expr
	for _, it := range e.List {
		r, ok := it.(*ast.Row)
		if !ok {
			return nil, sqlerr.New(sqlerr.SyntaxError, "unequal number of entries in row expressions").At(it.At())
		}
		vals, err := x.all(r.Elems)
		if err != nil {
			return nil, err
		}
		eq, err := x.compareRows("=", l, vals, it.At())
		if err != nil {
			return nil, err
		}
		parts = append(parts, eq)
	}
	return orAll(parts, e.At()), nil
}

// valueInList makes an In when one type serves all members, else comparisons.
func (x *exprs) valueInList(e *ast.InList) (expr.Expr, error) {
	arg, err := x.expr(e.X)
	if err != nil {
		return nil, err
	}
	list, err := x.all(e.List)
	if err != nil {
		return nil, err
	}
	eqs := make([]expr.Expr, len(list))
	in := &expr.In{List: make([]expr.Expr, len(list)), At: e.At()}
	uniform := true
	for i, v := range list {
		eq, err := x.compare("=", arg, v, e.At())
		if err != nil {
			return nil, err
		}
		eqs[i] = eq
		c, ok := eq.(*expr.Call)
		if !ok || len(c.Args) != 2 || c.Fn != "=" {
			uniform = false
			continue
		}
		if i == 0 {
			in.Arg = c.Args[0]
		}
		uniform = uniform && logical.Equal(in.Arg, c.Args[0]) && sameBits(c.Args[0].Type(), c.Args[1].Type())
		in.List[i] = c.Args[1]
	}
	if !uniform || len(list) == 1 {
		return orAll(eqs, e.At()), nil
	}
	return in, nil
}

// sameBits reports whether equal values of both types have equal bytes.
func sameBits(a, b types.Type) bool {
	if a.Equal(b) {
		return true
	}
	return a.IsString() && b.IsString() || a.Kind == types.Decimal && b.Kind == types.Decimal && a.S == b.S && a.Phys() == b.Phys()
}

func (x *exprs) like(e *ast.LikeExpr) (expr.Expr, error) {
	args, err := x.all([]ast.Expr{e.X, e.Pattern})
	if err != nil {
		return nil, err
	}
	if e.Escape != nil {
		esc, err := x.expr(e.Escape)
		if err != nil {
			return nil, err
		}
		args = append(args, esc)
	}
	fn := "like"
	switch e.Kind {
	case ast.ILike:
		fn = "ilike"
	case ast.SimilarTo:
		fn = "similar_to"
	}
	out, err := x.a.call(fn, args, e.At())
	if err != nil {
		return nil, err
	}
	if e.Not {
		out = not(out, e.At())
	}
	return out, nil
}

// likeOp is LIKE written as an operator.
func (x *exprs) likeOp(op string, l, r expr.Expr, pos int) (expr.Expr, error) {
	fn := "like"
	if op[len(op)-1] == '*' {
		fn = "ilike"
	}
	out, err := x.a.call(fn, []expr.Expr{l, r}, pos)
	if err == nil && op[0] == '!' {
		out = not(out, pos)
	}
	return out, err
}
