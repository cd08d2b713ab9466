package logical

import (
	"testing"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

func intValues(ids *IDs, names ...string) *Values {
	v := &Values{Rows: [][]expr.Expr{{}}}
	for _, n := range names {
		v.Cols = append(v.Cols, ids.New(n, types.Of(types.Int64)))
		v.Rows[0] = append(v.Rows[0], &expr.Const{Typ: types.Of(types.Int64), Val: types.IntValue(1)})
	}
	return v
}

func equal(a, b Col) expr.Expr {
	return &expr.Call{Fn: "=", Args: []expr.Expr{a.Ref(), b.Ref()}, Typ: BoolType()}
}

func TestATreePrintsWithItsColumns(t *testing.T) {
	ids := &IDs{}
	l, r := intValues(ids, "a", "b"), intValues(ids, "c")
	n := &Filter{In: &Join{Kind: Left, L: l, R: r, On: equal(l.Cols[0], r.Cols[0])}, Pred: equal(l.Cols[1], r.Cols[0])}
	want := "Filter b = c\n" +
		"└── Left Join on a = c\n" +
		"    ├── Values [a, b] (1, 1)\n" +
		"    └── Values [c] (1)\n"
	if got := Format(n, nil); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if err := Validate(n); err != nil {
		t.Error(err)
	}
}

func TestValidateRefusesColumnsThatNoInputHas(t *testing.T) {
	ids := &IDs{}
	l, r := intValues(ids, "a"), intValues(ids, "c")
	if err := Validate(&Filter{In: l, Pred: equal(l.Cols[0], r.Cols[0])}); err == nil {
		t.Error("a filter over a foreign column passed")
	}
	if err := Validate(&Join{L: l, R: l}); err == nil {
		t.Error("a join that gives a column twice passed")
	}
}

func TestFreeColumnsAreThoseOfOuterRelations(t *testing.T) {
	ids := &IDs{}
	outer, in := intValues(ids, "o"), intValues(ids, "i")
	sub := &Filter{In: in, Pred: equal(outer.Cols[0], in.Cols[0])}
	free := Free(sub)
	if len(free) != 1 || !free[outer.Cols[0].ID] {
		t.Errorf("free columns are %v", free)
	}
	apply := &Apply{Kind: ApplyInner, L: outer, R: sub}
	if f := Free(apply); len(f) != 0 {
		t.Errorf("an apply leaves %v free", f)
	}
	if err := Validate(apply); err != nil {
		t.Error(err)
	}
}

func TestRenameGivesEveryColumnANewID(t *testing.T) {
	ids := &IDs{}
	v := intValues(ids, "a", "b")
	sum := ids.New("s", types.Of(types.Int64))
	n := &Aggregate{In: &Filter{In: v, Pred: equal(v.Cols[0], v.Cols[1])},
		Groups: []Group{{In: v.Cols[0].ID, Col: v.Cols[0]}},
		Calls:  []Call{{Col: sum, Fn: "sum", Args: []expr.Expr{v.Cols[1].Ref()}}}}
	c, to := Rename(n, ids)
	if err := Validate(c); err != nil {
		t.Fatal(err)
	}
	old := SetOf(append(n.Schema(), v.Cols...))
	for _, col := range c.Schema() {
		if old[col.ID] {
			t.Errorf("column %s kept its id %d", col.Name, col.ID)
		}
	}
	if to[sum.ID] != c.Schema()[1].ID {
		t.Errorf("the mapping %v does not give the new columns", to)
	}
}

func TestRenameKeepsADistinctOfAllColumns(t *testing.T) {
	ids := &IDs{}
	c, _ := Rename(&Distinct{In: intValues(ids, "a")}, ids)
	if d := c.(*Distinct); d.On != nil {
		t.Errorf("distinct on %v instead of all columns", d.On)
	}
}
