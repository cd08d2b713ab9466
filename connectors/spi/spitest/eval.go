package spitest

import (
	"fmt"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Eval evaluates a condition or value over one row, in the plainest way. It
// knows columns, constants, comparisons, AND, OR, NOT, IN and IS NULL.
func Eval(e expr.Expr, row []types.Value) types.Value {
	switch e := e.(type) {
	case *expr.Column:
		return row[e.Index]
	case *expr.Const:
		return e.Val
	case *expr.IsNull:
		return types.BoolValue(Eval(e.Arg, row).Null)
	case *expr.Logic:
		return evalLogic(e, row)
	case *expr.In:
		out := types.BoolValue(false)
		for _, x := range e.List {
			switch v := compare("=", e.Arg.Type(), Eval(e.Arg, row), Eval(x, row)); {
			case v.Null:
				out = v
			case v.I == 1:
				return v
			}
		}
		return out
	case *expr.Call:
		return compare(e.Fn, e.Args[0].Type(), Eval(e.Args[0], row), Eval(e.Args[1], row))
	}
	panic(fmt.Sprintf("BUG: the suite made a %T", e))
}

func evalLogic(e *expr.Logic, row []types.Value) types.Value {
	if e.Op == expr.Not {
		v := Eval(e.Args[0], row)
		v.I ^= 1
		if v.Null {
			return types.NullValue
		}
		return v
	}
	decides := int64(0)
	if e.Op == expr.Or {
		decides = 1
	}
	out := types.Value{I: 1 - decides}
	for _, a := range e.Args {
		switch v := Eval(a, row); {
		case v.Null:
			out = types.NullValue
		case v.I == decides:
			return v
		}
	}
	return out
}

func compare(op string, t types.Type, a, b types.Value) types.Value {
	if a.Null || b.Null {
		return types.NullValue
	}
	c := types.Compare(t, a, b)
	switch op {
	case "=":
		return types.BoolValue(c == 0)
	case "<>":
		return types.BoolValue(c != 0)
	case "<":
		return types.BoolValue(c < 0)
	case "<=":
		return types.BoolValue(c <= 0)
	case ">":
		return types.BoolValue(c > 0)
	case ">=":
		return types.BoolValue(c >= 0)
	}
	panic("BUG: the suite made a call of " + op)
}

// passes reports whether a condition is true for a row.
func passes(e expr.Expr, row []types.Value) bool {
	v := Eval(e, row)
	return !v.Null && v.I == 1
}

// predicate lends Eval to a connector as the engine lends its evaluator.
type predicate struct {
	e     expr.Expr
	width int
}

var _ spi.Predicate = (*predicate)(nil)

// Columns implements spi.Predicate.
func (p *predicate) Columns() []int { return expr.Columns(p.e) }

// Eval implements spi.Predicate.
func (p *predicate) Eval(pg *page.Page) error {
	row := make([]types.Value, p.width)
	var sel []int32
	for i := range pg.Len() {
		slot := pg.Row(i)
		for _, c := range p.Columns() {
			if pg.Cols[c] == nil {
				return fmt.Errorf("column %d is not there when the condition is evaluated", c)
			}
			if err := pg.Cols[c].Load(pg.Sel); err != nil {
				return err
			}
			row[c] = pg.Cols[c].Value(slot)
		}
		if passes(p.e, row) {
			sel = append(sel, int32(slot))
		}
	}
	if pg.Sel = sel; sel == nil {
		pg.Sel = []int32{}
	}
	return nil
}
