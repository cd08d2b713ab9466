package eval

import (
	"testing"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/functions"
)

var (
	i4  = types.Of(types.Int32)
	i8  = types.Of(types.Int64)
	f8  = types.Of(types.Float64)
	txt = types.Of(types.Text)
)

func testEnv() *Env { return functions.NewEnv(nil, page.Unaccounted{}) }

func col(i int, t types.Type) expr.Expr { return &expr.Column{Index: i, Typ: t, At: -1} }

func lit(t types.Type, v types.Value) expr.Expr { return &expr.Const{Typ: t, Val: v, At: -1} }

func num(i int64) expr.Expr { return lit(i4, types.IntValue(i)) }

func str(s string) expr.Expr { return lit(txt, types.StringValue(s)) }

// call resolves a function and casts the arguments as the analyzer does.
func call(t testing.TB, fn string, args ...expr.Expr) expr.Expr {
	t.Helper()
	ts := make([]types.Type, len(args))
	for i, a := range args {
		ts[i] = a.Type()
	}
	res, err := functions.Builtins().Resolve(fn, ts)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		if !a.Type().Equal(res.Args[i]) {
			args[i] = &expr.Cast{Arg: a, Typ: res.Args[i], Implicit: true, At: -1}
		}
	}
	return &expr.Call{Fn: res.Fn, Sig: res.Sig, Args: args, Typ: res.Return, Volatile: res.Volatility == functions.Volatile, At: 7}
}

func ints(t testing.TB, typ types.Type, vals ...any) *page.Vector {
	t.Helper()
	var out []types.Value
	for _, v := range vals {
		switch x := v.(type) {
		case nil:
			out = append(out, types.NullValue)
		case int:
			out = append(out, types.IntValue(int64(x)))
		case float64:
			out = append(out, types.FloatValue(x))
		case string:
			out = append(out, types.StringValue(x))
		}
	}
	v, err := page.FromValues(typ, out, page.Unaccounted{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func evalInts(t testing.TB, e expr.Expr, p *page.Page) []any {
	t.Helper()
	ev, err := Compile(e, testEnv())
	if err != nil {
		t.Fatal(err)
	}
	v, err := ev.Eval(p)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Release()
	var out []any
	for k := range p.Len() {
		x := v.Value(p.Row(k))
		switch {
		case x.Null:
			out = append(out, nil)
		case v.Type.Phys() == types.PhysView:
			out = append(out, x.S)
		default:
			out = append(out, int(x.I))
		}
	}
	return out
}

func equal(t testing.TB, got []any, want ...any) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

func TestArithmeticUnderASelection(t *testing.T) {
	p := page.New(4, ints(t, i4, 1, 1<<31-1, nil, 4), ints(t, i4, 10, 1, 30, 40))
	sum := call(t, "+", col(0, i4), col(1, i4))
	p.Sel = []int32{0, 2, 3}
	equal(t, evalInts(t, sum, p), 11, nil, 44) // the overflow is not selected
	p.Sel = nil
	ev, _ := Compile(sum, testEnv())
	if _, err := ev.Eval(p); !sqlerr.Is(err, sqlerr.NumericValueOutOfRange) || sqlerr.As(err).Pos != 8 {
		t.Fatalf("want 22003 with a position, got %v", err)
	}
}

func TestCaseEvaluatesOnlyReachedRows(t *testing.T) {
	p := page.New(3, ints(t, i4, 0, 2, nil))
	zero := call(t, "=", col(0, i4), num(0))
	e := &expr.Case{Whens: []expr.When{{Cond: zero, Then: num(-1)}}, Else: call(t, "/", num(10), col(0, i4)), Typ: i4, At: -1}
	equal(t, evalInts(t, e, p), -1, 5, nil)
}

func TestLogicEvaluatesOnlyOpenRows(t *testing.T) {
	p := page.New(3, ints(t, i4, 0, 2, nil))
	and := &expr.Logic{Op: expr.And, At: -1, Args: []expr.Expr{
		call(t, "<>", col(0, i4), num(0)),
		call(t, ">", call(t, "/", num(10), col(0, i4)), num(4)),
	}}
	equal(t, evalInts(t, and, p), 0, 1, nil)
	equal(t, evalInts(t, &expr.Logic{Op: expr.Not, Args: []expr.Expr{and}, At: -1}, p), 1, 0, nil)
	f, err := CompilePredicate(&expr.Logic{Op: expr.Not, Args: []expr.Expr{and}, At: -1}, testEnv())
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Eval(p); err != nil || len(p.Sel) != 1 || p.Sel[0] != 0 {
		t.Fatalf("got %v %v", p.Sel, err)
	}
}

func TestDictionariesAreEvaluatedOncePerValue(t *testing.T) {
	d := page.NewDictionary(ints(t, i4, 1, 2, 0))
	v := page.MakeDict(d, []int32{0, 1, 0, 2, 1}, []byte{0b10111})
	p := page.New(5, v)
	equal(t, evalInts(t, call(t, "+", col(0, i4), num(5)), p), 6, 7, 6, nil, 7)
	p.Sel = []int32{0, 4}
	equal(t, evalInts(t, call(t, "/", num(6), col(0, i4)), p), 6, 3) // the zero is not selected
}

func TestInWithNulls(t *testing.T) {
	p := page.New(4, ints(t, i4, 1, 2, nil, 9))
	in := &expr.In{Arg: col(0, i4), List: []expr.Expr{num(1), num(9)}, At: -1}
	equal(t, evalInts(t, in, p), 1, 0, nil, 1)
	withNull := &expr.In{Arg: col(0, i4), List: []expr.Expr{num(1), lit(i4, types.NullValue)}, At: -1}
	equal(t, evalInts(t, withNull, p), 1, nil, nil, nil)
	f, _ := CompilePredicate(&expr.Logic{Op: expr.Not, Args: []expr.Expr{in}, At: -1}, testEnv())
	if err := f.Eval(p); err != nil || len(p.Sel) != 1 || p.Sel[0] != 1 {
		t.Fatalf("got %v %v", p.Sel, err)
	}
}

func TestDecimalArithmetic(t *testing.T) {
	price, disc := types.DecimalOf(15, 2), types.DecimalOf(15, 2)
	p := page.New(2, ints(t, price, 12345, 200), ints(t, disc, 5, 10))
	e := call(t, "*", col(0, price), call(t, "-", num(1), col(1, disc)))
	ev, err := Compile(e, testEnv())
	if err != nil {
		t.Fatal(err)
	}
	v, err := ev.Eval(p)
	if err != nil {
		t.Fatal(err)
	}
	if v.Type.Kind != types.Decimal || v.Type.S != 4 || v.Value(0).N.Coef.Lo != 12345*95 {
		t.Fatalf("got %v %v", v.Type, v.Value(0))
	}
}

func TestPredicates(t *testing.T) {
	mk := func() *page.Page {
		return page.New(6, ints(t, i4, 1, 2, 3, 4, nil, 6), ints(t, txt, "a", "bb", "a", nil, "ccccccccccccccccccc", "bb"))
	}
	lt := func(n int64) expr.Expr { return call(t, "<", col(0, i4), num(n)) }
	gt := func(n int64) expr.Expr { return call(t, ">", col(0, i4), num(n)) }
	or := func(a ...expr.Expr) expr.Expr { return &expr.Logic{Op: expr.Or, Args: a, At: -1} }
	and := func(a ...expr.Expr) expr.Expr { return &expr.Logic{Op: expr.And, Args: a, At: -1} }
	not := func(a expr.Expr) expr.Expr { return &expr.Logic{Op: expr.Not, Args: []expr.Expr{a}, At: -1} }
	for _, c := range []struct {
		name string
		e    expr.Expr
		want []int32
	}{
		{"less", lt(3), []int32{0, 1}},
		{"range", and(gt(1), lt(6)), []int32{1, 2, 3}},
		{"or keeps order", or(gt(5), lt(2), call(t, "=", col(1, txt), str("bb"))), []int32{0, 1, 5}},
		{"not or", not(or(gt(5), lt(2))), []int32{1, 2, 3}},
		{"nested", or(and(gt(1), lt(3)), and(gt(3), not(gt(5)))), []int32{1, 3}},
		{"and of or", and(or(lt(3), gt(3)), or(call(t, "=", col(1, txt), str("a")), gt(5))), []int32{0, 5}},
		{"null", &expr.IsNull{Arg: col(0, i4), At: -1}, []int32{4}},
		{"text order", call(t, ">=", col(1, txt), str("bb")), []int32{1, 4, 5}},
		{"never", call(t, "=", col(0, i4), lit(i4, types.NullValue)), []int32{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := CompilePredicate(c.e, testEnv())
			if err != nil {
				t.Fatal(err)
			}
			p := mk()
			if err := f.Eval(p); err != nil {
				t.Fatal(err)
			}
			if len(p.Sel) != len(c.want) {
				t.Fatalf("got %v, want %v", p.Sel, c.want)
			}
			for i := range p.Sel {
				if p.Sel[i] != c.want[i] {
					t.Fatalf("got %v, want %v", p.Sel, c.want)
				}
			}
			p.Check(nil)
		})
	}
}

func TestFold(t *testing.T) {
	e := Fold(call(t, "+", num(1), call(t, "*", num(2), num(3))), testEnv())
	if c, ok := e.(*expr.Const); !ok || c.Val.I != 7 {
		t.Fatalf("got %#v", e)
	}
	if _, ok := Fold(call(t, "/", num(1), num(0)), testEnv()).(*expr.Call); !ok {
		t.Fatal("an error was folded")
	}
	_ = i8
	_ = f8
}
