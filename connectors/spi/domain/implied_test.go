package domain

import (
	"fmt"
	"testing"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

func TestImpliedSetsHoldExactlyTheRowsThatPass(t *testing.T) {
	bigint := types.Of(types.Int64)
	col := func(i int) expr.Expr { return &expr.Column{Index: i, Typ: bigint} }
	num := func(i int64) expr.Expr { return &expr.Const{Typ: bigint, Val: types.IntValue(i)} }
	null := &expr.Const{Typ: bigint, Val: types.NullValue}
	cmp := func(op string, a, b expr.Expr) expr.Expr { return &expr.Call{Fn: op, Args: []expr.Expr{a, b}} }
	logic := func(op expr.LogicOp, args ...expr.Expr) expr.Expr { return &expr.Logic{Op: op, Args: args} }
	in := func(list ...expr.Expr) expr.Expr { return &expr.In{Arg: col(0), List: list} }
	isNull := &expr.IsNull{Arg: col(0)}
	for _, c := range []struct {
		name  string
		e     expr.Expr
		want  string // members of column 0 among NULL, 0 … 5
		exact bool
	}{
		{"equal", cmp("=", col(0), num(3)), "3", true},
		{"less, mirrored", cmp("<", num(3), col(0)), "4 5", true},
		{"at least, mirrored", cmp("<=", num(3), col(0)), "3 4 5", true},
		{"not equal", cmp("<>", col(0), num(3)), "0 1 2 4 5", true},
		{"compared with null", cmp("<>", col(0), null), "", true},
		{"between", logic(expr.And, cmp(">", col(0), num(1)), cmp("<=", col(0), num(4))), "2 3 4", true},
		{"either end", logic(expr.Or, cmp("<", col(0), num(1)), cmp(">", col(0), num(4))), "0 5", true},
		{"or null", logic(expr.Or, isNull, cmp(">", col(0), num(4))), "null 5", true},
		{"in", in(num(4), num(1), null), "1 4", true},
		{"not in", logic(expr.Not, in(num(4), num(1))), "0 2 3 5", true},
		{"not in with null is unknown", logic(expr.Not, in(num(4), null)), "any", false},
		{"not less", logic(expr.Not, cmp("<", col(0), num(3))), "3 4 5", true},
		{"not compared with null is unknown", logic(expr.Not, cmp("=", col(0), null)), "any", false},
		{"not null", logic(expr.Not, isNull), "0 1 2 3 4 5", true},
		{"and with the unknown", logic(expr.And, cmp(">", col(0), num(3)), cmp("=", col(0), col(1))), "4 5", false},
		{"or with the unknown", logic(expr.Or, cmp(">", col(0), num(3)), cmp("=", col(0), col(1))), "any", false},
		{"or of another column", logic(expr.Or, cmp(">", col(0), num(3)), cmp("=", col(1), num(1))), "any", false},
		{"function", cmp("like", col(0), num(1)), "any", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			tuple, exact := Implied(c.e)
			if got := members(tuple); got != c.want || exact != c.exact {
				t.Errorf("got %q exact %v, want %q exact %v", got, exact, c.want, c.exact)
			}
		})
	}
}

func members(t Tuple) string {
	s, ok := t[0]
	if !ok {
		return "any"
	}
	out := ""
	if s.Contains(types.NullValue) {
		out = "null"
	}
	for i := range int64(6) {
		if s.Contains(types.IntValue(i)) {
			if out != "" {
				out += " "
			}
			out += fmt.Sprint(i)
		}
	}
	return out
}

func TestImpliedRefusesConstantsOfAnotherOrder(t *testing.T) {
	for _, c := range []struct{ col, val types.Type }{
		{types.DecimalOf(15, 2), types.DecimalOf(15, 3)},
		{types.DecimalOf(15, 2), types.DecimalOf(30, 2)},
		{types.Of(types.Date), types.Of(types.Timestamp)},
		{types.Of(types.Int64), types.Of(types.Float64)},
		{types.CharOf(3), types.Of(types.Text)},
	} {
		e := &expr.Call{Fn: "=", Args: []expr.Expr{&expr.Column{Typ: c.col}, &expr.Const{Typ: c.val}}}
		if got, exact := Implied(e); len(got) > 0 || exact {
			t.Errorf("%v = constant of %v: got %v", c.col, c.val, got)
		}
	}
}
