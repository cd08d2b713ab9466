package eval

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/functions"
)

// Fold replaces what does not depend on columns by its value. Volatile calls
// stay; calls that depend on the session are folded when env has one. What
// raises an error stays, to raise it at run time where a row reaches it.
func Fold(e expr.Expr, env *Env) expr.Expr {
	if env.Registry == nil || env.Pool == nil {
		c := *env
		c.Pool = page.Unaccounted{}
		if c.Registry == nil {
			c.Registry = functions.Builtins()
		}
		env = &c
	}
	return expr.Transform(e, func(x expr.Expr) expr.Expr { return foldNode(x, env) })
}

func foldNode(e expr.Expr, env *Env) expr.Expr {
	switch x := e.(type) {
	case *expr.Logic:
		return foldLogic(x)
	case *expr.Case:
		return foldCase(x)
	case *expr.Coalesce:
		return foldCoalesce(x)
	case *expr.Call:
		return foldCall(x, env)
	case *expr.Cast:
		if !isConst(x.Arg) || !foldableCast(x, env) {
			return e
		}
	case *expr.In, *expr.IsNull, *expr.Field:
		for _, k := range e.Children() {
			if !isConst(k) {
				return e
			}
		}
	default:
		return e
	}
	return evaluate(e, env)
}

// foldableCast: texts of dates depend on the session's format and zone.
func foldableCast(x *expr.Cast, env *Env) bool {
	return env.Session != nil || !dependsOnSession(x.Arg.Type()) && !dependsOnSession(x.Typ)
}

func dependsOnSession(t types.Type) bool {
	switch t.Kind {
	case types.Date, types.Timestamp, types.TimestampTZ, types.TimeTZ, types.Interval, types.Bytea, types.Float32, types.Float64,
		types.RegClass, types.RegType, types.RegProc, types.RegNamespace, types.RegRole:
		return true
	}
	for _, k := range t.Children() {
		if dependsOnSession(k) {
			return true
		}
	}
	return false
}

func isConst(e expr.Expr) bool {
	_, ok := e.(*expr.Const)
	return ok
}

// evaluate computes an expression without columns over one row.
func evaluate(e expr.Expr, env *Env) expr.Expr {
	ev, err := Compile(e, env)
	if err != nil {
		return e
	}
	v, err := ev.Eval(page.New(1))
	if err != nil {
		return e
	}
	defer v.Release()
	return &expr.Const{Typ: e.Type(), Val: v.Value(0), At: e.Pos()}
}

func foldCall(x *expr.Call, env *Env) expr.Expr {
	if x.Volatile {
		return x
	}
	ts := make([]types.Type, len(x.Args))
	null, all := false, true
	for i, a := range x.Args {
		ts[i] = a.Type()
		c, ok := a.(*expr.Const)
		null = null || ok && c.Val.Null
		all = all && ok
	}
	if !all && !null {
		return x
	}
	res, err := env.Registry.Resolve(x.Fn, ts)
	if err != nil || res.Volatility == functions.Volatile || res.Volatility == functions.Stable && env.Session == nil {
		return x
	}
	if null && res.Scalar.Nulls == functions.Propagate && !expr.IsVolatile(x) {
		return &expr.Const{Typ: x.Typ, Val: types.NullValue, At: x.At}
	}
	if !all {
		return x
	}
	return evaluate(x, env)
}

func foldLogic(x *expr.Logic) expr.Expr {
	if x.Op == expr.Not {
		switch a := x.Args[0].(type) {
		case *expr.Const:
			v := a.Val
			if !v.Null {
				v.I ^= 1
			}
			return &expr.Const{Typ: boolType, Val: v, At: x.At}
		case *expr.Logic:
			if a.Op == expr.Not {
				return a.Args[0]
			}
		}
		return x
	}
	// A neutral argument goes; a decisive one makes the ones after it unreachable.
	decisive := int64(0)
	if x.Op == expr.Or {
		decisive = 1
	}
	var keep []expr.Expr
	for _, a := range x.Args {
		c, ok := a.(*expr.Const)
		if !ok || c.Val.Null {
			keep = append(keep, a)
			continue
		}
		if c.Val.I != decisive {
			continue
		}
		if len(keep) == 0 {
			return c
		}
		keep = append(keep, a)
		break
	}
	switch {
	case len(keep) == len(x.Args):
		return x
	case len(keep) == 0:
		return &expr.Const{Typ: boolType, Val: types.IntValue(1 - decisive), At: x.At}
	case len(keep) == 1:
		return keep[0]
	}
	return &expr.Logic{Op: x.Op, Args: keep, At: x.At}
}

func foldCase(x *expr.Case) expr.Expr {
	var whens []expr.When
	els, cut := x.Else, false
	for _, w := range x.Whens {
		c, ok := w.Cond.(*expr.Const)
		if !ok {
			whens = append(whens, w)
			continue
		}
		cut = true
		if !c.Val.Null && c.Val.I != 0 {
			els = w.Then
			break
		}
	}
	switch {
	case !cut:
		return x
	case len(whens) > 0:
		return &expr.Case{Whens: whens, Else: els, Typ: x.Typ, At: x.At}
	case els == nil:
		return &expr.Const{Typ: x.Typ, Val: types.NullValue, At: x.At}
	case els.Type().Equal(x.Typ):
		return els
	}
	return x
}

func foldCoalesce(x *expr.Coalesce) expr.Expr {
	var keep []expr.Expr
	for _, a := range x.Args {
		c, ok := a.(*expr.Const)
		if ok && c.Val.Null {
			continue
		}
		keep = append(keep, a)
		if ok {
			break
		}
	}
	switch {
	case len(keep) == len(x.Args):
		return x
	case len(keep) == 0:
		return &expr.Const{Typ: x.Typ, Val: types.NullValue, At: x.At}
	case len(keep) == 1 && keep[0].Type().Equal(x.Typ):
		return keep[0]
	}
	return &expr.Coalesce{Args: keep, Typ: x.Typ, At: x.At}
}
