package analyzer

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/logical"
)

// windows collects the window calls of a SELECT.
type windows struct {
	defs  []ast.WindowDef
	calls []windowed
}

// windowed is a call with its window.
type windowed struct {
	call      logical.WindowCall
	partition []expr.Expr
	order     []logical.Order
}

// each calls f for every expression of the call.
func (w *windowed) each(f func(*expr.Expr)) {
	for i := range w.call.Args {
		f(&w.call.Args[i])
	}
	if w.call.Filter != nil {
		f(&w.call.Filter)
	}
	for i := range w.partition {
		f(&w.partition[i])
	}
	for i := range w.order {
		f(&w.order[i].Expr)
	}
}

// cols are the columns that window calls make.
func (w *windows) cols() logical.Set {
	s := logical.Set{}
	for _, c := range w.calls {
		s[c.call.Col.ID] = true
	}
	return s
}

func (x *exprs) windowCall(name string, e *ast.FuncCall) (expr.Expr, error) {
	if x.wins == nil || x.inAgg {
		return nil, sqlerr.New(sqlerr.WindowingError, "window functions are not allowed in %s", x.clause).At(e.At())
	}
	in := &exprs{a: x.a, scope: x.scope, clause: "window", aggs: x.aggs}
	spec, err := x.wins.spec(e.Over)
	if err != nil {
		return nil, err
	}
	w := windowed{}
	if w.partition, err = in.all(spec.PartitionBy); err != nil {
		return nil, err
	}
	if w.order, err = in.callOrder(spec.OrderBy); err != nil {
		return nil, err
	}
	if spec.Frame != nil {
		if w.call.Frame, err = in.frame(spec.Frame); err != nil {
			return nil, err
		}
	}
	w.call.IgnoreNulls = e.Nulls == ast.IgnoreNulls
	if err := in.windowFunction(name, e, &w.call.Call); err != nil {
		return nil, err
	}
	x.pending = append(x.pending, in.pending...)
	x.wins.calls = append(x.wins.calls, w)
	return at2(w.call.Col.Ref(), e.At()), nil
}

// spec resolves a named window and what is added to it.
func (w *windows) spec(s *ast.WindowSpec) (*ast.WindowSpec, error) {
	if s.Ref.IsZero() {
		return s, nil
	}
	for _, d := range w.defs {
		if matches(s.Ref, d.Name.Text) == 0 {
			continue
		}
		base, err := (&windows{defs: w.defs[:0]}).spec(d.Spec)
		if err != nil || s.Named {
			return base, err
		}
		out := *base
		if len(s.PartitionBy) > 0 {
			return nil, sqlerr.New(sqlerr.WindowingError, "cannot override PARTITION BY clause of window %q", s.Ref.Text).At(s.At())
		}
		if len(s.OrderBy) > 0 {
			if len(base.OrderBy) > 0 {
				return nil, sqlerr.New(sqlerr.WindowingError, "cannot override ORDER BY clause of window %q", s.Ref.Text).At(s.At())
			}
			out.OrderBy = s.OrderBy
		}
		out.Frame = s.Frame
		return &out, nil
	}
	return nil, sqlerr.New(sqlerr.UndefinedObject, "window %q does not exist", s.Ref.Text).At(s.Ref.At())
}

func (x *exprs) frame(f *ast.Frame) (*logical.Frame, error) {
	out := &logical.Frame{Mode: uint8(f.Mode), Exclude: uint8(f.Exclude)}
	bounds := []struct {
		from ast.FrameBound
		to   *logical.FrameBound
	}{{f.Start, &out.Start}, {f.End, &out.End}}
	for _, b := range bounds {
		b.to.Kind = uint8(b.from.Kind)
		if b.from.Offset == nil {
			continue
		}
		v, err := x.exprAs(b.from.Offset, types.Of(types.Int64), "argument of ROWS")
		if err != nil {
			return nil, err
		}
		b.to.Offset = v
	}
	if !f.Between {
		out.End.Kind = uint8(ast.CurrentRow)
	}
	return out, nil
}

// rankings are the window functions without arguments, by result type.
var rankings = map[string]types.Kind{
	"row_number": types.Int64, "rank": types.Int64, "dense_rank": types.Int64,
	"percent_rank": types.Float64, "cume_dist": types.Float64,
}

func (x *exprs) windowFunction(name string, e *ast.FuncCall, c *logical.Call) error {
	if x.a.env.Functions.IsAggregate(name) {
		if e.Distinct {
			return sqlerr.New(sqlerr.FeatureNotSupported, "DISTINCT is not implemented for window functions").At(e.At())
		}
		if len(e.OrderBy) > 0 {
			return sqlerr.New(sqlerr.FeatureNotSupported, "aggregate ORDER BY is not implemented for window functions").At(e.At())
		}
		args, err := x.args(name, e.Args)
		if err != nil {
			return err
		}
		call, err := x.a.aggregateCall(name, args, e.At())
		if err != nil {
			return err
		}
		*c = *call
		if e.Filter != nil {
			c.Filter, err = x.condition(e.Filter, "FILTER")
		}
		return err
	}
	args, err := x.args(name, e.Args)
	if err != nil {
		return err
	}
	t, err := x.windowType(name, args, e.At())
	if err != nil {
		return err
	}
	*c = logical.Call{Col: x.a.ids.New(name, t), Fn: name, Args: args}
	return nil
}

func (x *exprs) windowType(name string, args []expr.Expr, pos int) (types.Type, error) {
	bad := func() (types.Type, error) {
		return types.Type{}, sqlerr.New(sqlerr.UndefinedFunction, "window function %s with %d arguments does not exist", name, len(args)).At(pos)
	}
	if k, ok := rankings[name]; ok {
		if len(args) > 0 {
			return bad()
		}
		return types.Of(k), nil
	}
	var err error
	switch name {
	case "ntile":
		if len(args) != 1 {
			return bad()
		}
		args[0], err = x.a.coerce(args[0], types.Of(types.Int32), implicit)
		return types.Of(types.Int32), err
	case "lag", "lead":
		if len(args) < 1 || len(args) > 3 {
			return bad()
		}
	case "first_value", "last_value":
		if len(args) != 1 {
			return bad()
		}
	case "nth_value":
		if len(args) != 2 {
			return bad()
		}
	default:
		return types.Type{}, sqlerr.New(sqlerr.WrongObjectType, "OVER specified, but %s is not a window function nor an aggregate function", name).At(pos)
	}
	if args[0], err = x.a.coerce(args[0], textIfUnknown(args[0].Type()), implicit); err != nil {
		return types.Type{}, err
	}
	if len(args) > 1 {
		if args[1], err = x.a.coerce(args[1], types.Of(types.Int32), implicit); err != nil {
			return types.Type{}, err
		}
	}
	if len(args) > 2 {
		if args[2], err = x.a.coerce(args[2], args[0].Type(), implicit); err != nil {
			return types.Type{}, err
		}
	}
	return args[0].Type(), nil
}

// build puts a Window node for each call above in.
func (w *windows) build(a *analyzer, in logical.Node) (logical.Node, error) {
	for _, c := range w.calls {
		var computed []logical.Item
		column := func(e expr.Expr) int {
			if col, ok := passed(in, e); ok {
				return col.ID
			}
			col := logical.Col{ID: a.ids.Next(), Name: exprName(e), Type: e.Type()}
			computed = append(computed, logical.Item{Col: col, Expr: e})
			return col.ID
		}
		n := &logical.Window{Calls: []logical.WindowCall{c.call}}
		for _, e := range c.partition {
			n.Partition = append(n.Partition, column(e))
		}
		for _, o := range c.order {
			n.Order = append(n.Order, logical.SortKey{Col: column(o.Expr), Desc: o.Desc, NullsFirst: o.NullsFirst})
		}
		n.In = withItems(in, computed)
		in = n
	}
	return in, nil
}
