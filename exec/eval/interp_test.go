package eval

import (
	"fmt"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/functions"
)

// interpret evaluates an expression over one row, value by value: SQL's rules
// for nulls and branches written out, and each function called with one flat
// row. Vectorized evaluation must answer the same.
func interpret(e expr.Expr, row []types.Value, env *Env) (types.Value, error) {
	switch x := e.(type) {
	case *expr.Column:
		return row[x.Index], nil
	case *expr.Const:
		return x.Val, nil
	case *expr.Logic:
		return interpretLogic(x, row, env)
	case *expr.Case:
		for _, w := range x.Whens {
			c, err := interpret(w.Cond, row, env)
			if err != nil {
				return c, err
			}
			if !c.Null && c.I != 0 {
				return interpret(w.Then, row, env)
			}
		}
		if x.Else == nil {
			return types.NullValue, nil
		}
		return interpret(x.Else, row, env)
	case *expr.Coalesce:
		for _, a := range x.Args {
			if v, err := interpret(a, row, env); err != nil || !v.Null {
				return v, err
			}
		}
		return types.NullValue, nil
	case *expr.IsNull:
		v, err := interpret(x.Arg, row, env)
		return types.BoolValue(v.Null), err
	case *expr.In:
		return interpretIn(x, row, env)
	case *expr.Cast:
		v, err := interpret(x.Arg, row, env)
		if err != nil || v.Null {
			return v, err
		}
		k, err := functions.BindCast(x.Arg.Type(), x.Typ, functions.CastOptions{Explicit: !x.Implicit, Try: x.Try})
		if err != nil {
			return v, err
		}
		return interpretKernel(k, x.Typ, []types.Type{x.Arg.Type()}, []types.Value{v}, env)
	case *expr.Call:
		return interpretCall(x, row, env)
	}
	return types.Value{}, fmt.Errorf("not interpreted: %T", e)
}

func interpretLogic(x *expr.Logic, row []types.Value, env *Env) (types.Value, error) {
	decisive := int64(0)
	if x.Op == expr.Or {
		decisive = 1
	}
	out := types.IntValue(1 - decisive)
	for _, a := range x.Args {
		v, err := interpret(a, row, env)
		switch {
		case err != nil:
			return v, err
		case x.Op == expr.Not:
			if !v.Null {
				v.I ^= 1
			}
			return v, nil
		case v.Null:
			out = v
		case v.I == decisive:
			return v, nil
		}
	}
	return out, nil
}

func interpretIn(x *expr.In, row []types.Value, env *Env) (types.Value, error) {
	v, err := interpret(x.Arg, row, env)
	if err != nil || v.Null {
		return v, err
	}
	out := types.BoolValue(false)
	for _, m := range x.List {
		w, err := interpret(m, row, env)
		switch {
		case err != nil:
			return w, err
		case w.Null:
			out = w
		case types.Compare(x.Arg.Type(), v, w) == 0:
			return types.BoolValue(true), nil
		}
	}
	return out, nil
}

func interpretCall(x *expr.Call, row []types.Value, env *Env) (types.Value, error) {
	ts := make([]types.Type, len(x.Args))
	vals := make([]types.Value, len(x.Args))
	null := false
	for i, a := range x.Args {
		var err error
		ts[i] = a.Type()
		if vals[i], err = interpret(a, row, env); err != nil {
			return vals[i], err
		}
		null = null || vals[i].Null
	}
	s, k, err := env.Registry.Bind(x.Fn, x.Sig, ts)
	if err != nil {
		return types.Value{}, err
	}
	if null && s.Nulls == functions.Propagate {
		return types.NullValue, nil
	}
	return interpretKernel(k, x.Typ, ts, vals, env)
}

func interpretKernel(k functions.Kernel, out types.Type, ts []types.Type, vals []types.Value, env *Env) (types.Value, error) {
	args := make([]*page.Vector, len(vals))
	for i, v := range vals {
		args[i], _ = page.FromValues(ts[i], []types.Value{v}, page.Unaccounted{})
	}
	v, err := k(&functions.Exec{Env: env, Pool: page.Unaccounted{}, Type: out, N: 1}, args)
	if err != nil {
		return types.Value{}, err
	}
	return v.Value(0), nil
}
