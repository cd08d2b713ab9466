package analyzer

import (
	"strings"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/eval"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/logical"
)

// coercion says how far a conversion may go.
type coercion uint8

const (
	implicit   coercion = iota // without a cast being written
	assignment                 // INSERT and UPDATE
	explicit                   // CAST
)

func implicitly(from, to types.Type) bool {
	return from.Equal(to) || functions.Implicit(from, to)
}

// coerce converts an expression to a type, or is an error that says it cannot.
func (a *analyzer) coerce(e expr.Expr, t types.Type, how coercion) (expr.Expr, error) {
	from := e.Type()
	if from.Equal(t) {
		return e, nil
	}
	if from.Kind == types.Unknown {
		switch u := e.(type) {
		case *expr.Const:
			return a.fromLiteral(u, t, how)
		case *expr.Param:
			return a.fromParam(u, t, how), nil
		}
		return &expr.Cast{Arg: e, Typ: t, At: e.Pos()}, nil
	}
	ok := false
	switch how {
	case implicit:
		ok = functions.Implicit(from, t)
	case assignment:
		ok = functions.Assignable(from, t)
	default:
		ok = functions.Castable(from, t)
	}
	if !ok {
		return nil, sqlerr.New(sqlerr.CannotCoerce, "cannot cast type %s to %s", from, t).At(e.Pos())
	}
	return &expr.Cast{Arg: e, Typ: t, Implicit: how != explicit, At: e.Pos()}, nil
}

// fromLiteral reads a literal as a value of a type.
func (a *analyzer) fromLiteral(c *expr.Const, t types.Type, how coercion) (expr.Expr, error) {
	if c.Val.Null {
		return &expr.Const{Typ: t, Val: types.NullValue, At: c.At}, nil
	}
	if how == explicit && (t.Kind == types.Varchar || t.Kind == types.Char) && t.P > 0 {
		text := &expr.Const{Typ: types.Of(types.Text), Val: c.Val, At: c.At}
		return a.folded(&expr.Cast{Arg: text, Typ: t, At: c.At}), nil
	}
	if t.Kind == types.Unknown {
		return c, nil
	}
	out, err := a.literal(c.Val.S, t, c.At)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// literal parses text as a value; what a name stands for (regclass) is settled
// when the statement runs.
func (a *analyzer) literal(text string, t types.Type, pos int) (*expr.Const, error) {
	v, err := types.Parse(t, text, &a.env.Session.Format)
	if err != nil {
		return nil, at(err, pos)
	}
	return &expr.Const{Typ: t, Val: v, At: pos}, nil
}

// fromParam gives a parameter its type. A length in a cast is applied to its value.
func (a *analyzer) fromParam(p *expr.Param, t types.Type, how coercion) expr.Expr {
	e := a.params.settle(p, t)
	if how == explicit && !e.Type().Equal(t) {
		return &expr.Cast{Arg: e, Typ: t, At: p.At}
	}
	if !e.Type().Equal(t) {
		return &expr.Cast{Arg: e, Typ: t, Implicit: true, At: p.At}
	}
	return e
}

// folded computes what does not depend on rows.
func (a *analyzer) folded(e expr.Expr) expr.Expr {
	env := functions.NewEnv(a.env.Session, nil)
	env.Registry = a.env.Functions
	return eval.Fold(e, env)
}

// call resolves a function or operator over analysed arguments.
func (a *analyzer) call(fn string, args []expr.Expr, pos int) (expr.Expr, error) {
	res, args, err := a.resolve(fn, args)
	if err != nil {
		return nil, at(err, pos)
	}
	out := make([]expr.Expr, len(args))
	for i, arg := range args {
		if out[i], err = a.argument(arg, res.Args[i]); err != nil {
			return nil, at(err, pos)
		}
	}
	return &expr.Call{Fn: res.Fn, Sig: res.Sig, Args: out, Typ: res.Return, Volatile: res.Volatility == functions.Volatile, At: pos}, nil
}

// resolve finds the function. A literal that meets a decimal is read as the
// decimal that it spells, not cut to the other side's digits.
func (a *analyzer) resolve(fn string, args []expr.Expr) (functions.Resolved, []expr.Expr, error) {
	res, err := a.env.Functions.Resolve(fn, exprTypes(args))
	if err != nil {
		return res, args, err
	}
	again := false
	for i, arg := range args {
		c, ok := arg.(*expr.Const)
		if !ok || c.Typ.Kind != types.Unknown || c.Val.Null || res.Args[i].Kind != types.Decimal {
			continue
		}
		d, err := decimalConst(strings.TrimSpace(c.Val.S), c.At)
		if err != nil {
			return res, args, at(err, c.At)
		}
		args = append([]expr.Expr(nil), args...)
		args[i], again = d, true
	}
	if again {
		res, err = a.env.Functions.Resolve(fn, exprTypes(args))
	}
	return res, args, err
}

func exprTypes(es []expr.Expr) []types.Type {
	out := make([]types.Type, len(es))
	for i, e := range es {
		out[i] = e.Type()
	}
	return out
}

// argument converts an argument to the type of a signature. A character literal
// is never cut to the other side's length.
func (a *analyzer) argument(e expr.Expr, t types.Type) (expr.Expr, error) {
	if c, ok := e.(*expr.Const); ok && c.Typ.Kind == types.Unknown && !c.Val.Null {
		switch t.Kind {
		case types.Varchar:
			return &expr.Const{Typ: t, Val: c.Val, At: c.At}, nil
		case types.Char:
			return &expr.Const{Typ: t, Val: types.StringValue(strings.TrimRight(c.Val.S, " ")), At: c.At}, nil
		}
	}
	if e.Type().Equal(t) {
		return e, nil
	}
	if e.Type().Kind == types.Unknown {
		out, err := a.coerce(e, t, implicit)
		if err != nil {
			return nil, err
		}
		if out.Type().Equal(t) {
			return out, nil
		}
		e = out
	}
	return &expr.Cast{Arg: e, Typ: t, Implicit: true, At: e.Pos()}, nil
}

func (x *exprs) cast(e *ast.Cast) (expr.Expr, error) {
	t, err := x.a.typeOf(e.Type)
	if err != nil {
		return nil, err
	}
	if arr, ok := e.X.(*ast.ArrayExpr); ok && len(arr.Elems) == 0 && t.Kind == types.Array {
		return x.a.literal("{}", t, e.At())
	}
	if lit, ok := e.X.(*ast.StringLit); ok && e.Type.Interval != nil && t.Kind == types.Interval {
		return x.interval(&ast.IntervalLit{Pos: e.Pos, Value: lit, Qualifier: e.Type.Interval})
	}
	arg, err := x.expr(e.X)
	if err != nil {
		return nil, err
	}
	if e.Try {
		if !functions.Castable(arg.Type(), t) && arg.Type().Kind != types.Unknown {
			return nil, sqlerr.New(sqlerr.CannotCoerce, "cannot cast type %s to %s", arg.Type(), t).At(e.At())
		}
		if arg, err = x.a.coerce(arg, textIfUnknown(arg.Type()), implicit); err != nil {
			return nil, err
		}
		return &expr.Cast{Arg: arg, Typ: t, Try: true, At: e.At()}, nil
	}
	out, err := x.a.coerce(arg, t, explicit)
	return out, at(err, e.At())
}

func textIfUnknown(t types.Type) types.Type {
	if t.Kind == types.Unknown {
		return types.Of(types.Text)
	}
	return t
}

// common brings expressions to the type they have in common. Unknown literals
// stay when nothing says more and keep is set.
func (a *analyzer) common(what string, es []expr.Expr) ([]expr.Expr, types.Type, error) {
	t, err := functions.Common(what, exprTypes(es)...)
	if err != nil {
		return nil, t, at(err, firstOther(es))
	}
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		if out[i], err = a.argument(e, t); err != nil {
			return nil, t, err
		}
	}
	return out, t, nil
}

func (x *exprs) caseExpr(e *ast.Case) (expr.Expr, error) {
	var operand expr.Expr
	var err error
	if e.Operand != nil {
		if operand, err = x.expr(e.Operand); err != nil {
			return nil, err
		}
	}
	results := make([]expr.Expr, 0, len(e.Whens)+1)
	out := &expr.Case{At: e.At()}
	for _, w := range e.Whens {
		cond, err := x.whenCond(operand, w)
		if err != nil {
			return nil, err
		}
		then, err := x.expr(w.Result)
		if err != nil {
			return nil, err
		}
		out.Whens = append(out.Whens, expr.When{Cond: cond})
		results = append(results, then)
	}
	if e.Else != nil {
		els, err := x.expr(e.Else)
		if err != nil {
			return nil, err
		}
		// PostgreSQL lets the ELSE decide first.
		results = append([]expr.Expr{els}, results...)
	}
	if results, out.Typ, err = x.a.common("CASE", results); err != nil {
		return nil, err
	}
	if e.Else != nil {
		out.Else, results = results[0], results[1:]
	}
	for i := range out.Whens {
		out.Whens[i].Then = results[i]
	}
	return out, nil
}

func (x *exprs) whenCond(operand expr.Expr, w ast.When) (expr.Expr, error) {
	if operand == nil {
		return x.condition(w.Cond, "CASE/WHEN")
	}
	v, err := x.expr(w.Cond)
	if err != nil {
		return nil, err
	}
	return x.compare("=", operand, v, w.At())
}

// isNull tests for NULL.
func isNull(e expr.Expr, pos int) expr.Expr { return &expr.IsNull{Arg: e, At: pos} }

// isTrue is e IS TRUE: never NULL.
func isTrue(e expr.Expr) expr.Expr {
	return &expr.Coalesce{Args: []expr.Expr{e, &expr.Const{Typ: logical.BoolType(), At: -1}}, Typ: logical.BoolType(), At: e.Pos()}
}
