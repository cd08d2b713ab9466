package eval

import (
	"testing"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

func TestLambdasReadTheRowAroundThem(t *testing.T) {
	list := types.ArrayOf(i4)
	v := func(xs ...int64) types.Value {
		out := types.Value{}
		for _, x := range xs {
			out.L = append(out.L, types.IntValue(x))
		}
		return out
	}
	arr, err := page.FromValues(list, []types.Value{v(1, 2, 3), v(), types.NullValue, v(5, 4)}, page.Unaccounted{})
	if err != nil {
		t.Fatal(err)
	}
	cols := []*expr.Column{{Index: 0, Typ: list, Name: "arr"}, {Index: 1, Typ: i4, Name: "a"}}
	for _, c := range []struct {
		sql  string
		sel  []int32
		want []string
	}{
		{"transform(arr, x -> x + a)", nil, []string{"{11,12,13}", "{}", "NULL", "{NULL,NULL}"}},
		{"transform(arr, x -> x + a)", []int32{0, 3}, []string{"{11,12,13}", "{NULL,NULL}"}},
		{"transform(ARRAY[1, 2], x -> x * a)", nil, []string{"{10,20}", "{20,40}", "{30,60}", "{NULL,NULL}"}},
		{"transform(arr, x -> cardinality(filter(arr, y -> y < x)))", nil, []string{"{0,1,2}", "{}", "NULL", "{1,0}"}},
		{"filter(arr, x -> any_match(ARRAY[2, 5], y -> y = x))", nil, []string{"{2}", "{}", "NULL", "{5}"}},
		{"all_match(arr, x -> (10 / x) > 1)", nil, []string{"t", "t", "NULL", "t"}},
		{"zip_with(arr, ARRAY[100], (x, y) -> coalesce(x, 0) + coalesce(y, 0) + a)", []int32{0, 1}, []string{"{111,12,13}", "{120}"}},
	} {
		e, err := parseExpr(c.sql, cols...)
		if err != nil {
			t.Fatal(c.sql, err)
		}
		ev, err := Compile(e, testEnv())
		if err != nil {
			t.Fatal(c.sql, err)
		}
		p := page.New(4, arr.Retain(), ints(t, i4, 10, 20, 30, nil))
		p.Sel = c.sel
		got, err := ev.Eval(p)
		if err != nil {
			t.Fatal(c.sql, err)
		}
		for k, w := range c.want {
			x, text := got.Value(p.Row(k)), "NULL"
			if !x.Null {
				text = string(types.AppendText(nil, got.Type, x, nil))
			}
			if text != w {
				t.Errorf("%s, row %d: got %s, want %s", c.sql, p.Row(k), text, w)
			}
		}
		got.Release()
		p.Release()
	}
	e, err := parseExpr("transform(arr, x -> (1 / (x - 4)))", cols...)
	if err != nil {
		t.Fatal(err)
	}
	ev, _ := Compile(e, testEnv())
	p := page.New(4, arr, ints(t, i4, 1, 1, 1, 1))
	p.Sel = []int32{0}
	if _, err := ev.Eval(p); err != nil {
		t.Errorf("a row that is not selected raised %v", err)
	}
}
