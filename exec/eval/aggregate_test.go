package eval

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/parser"
	"github.com/muster-sql/muster/parser/ast"
)

// aggregateOf is SELECT agg(args) FROM (VALUES …) t(a, b): the call and its
// arguments as columns of one page. Ordered-set calls are written with their
// values in order.
type aggregateOf struct {
	fn   string
	res  functions.ResolvedAggregate
	args []*page.Vector
	rows int
}

func parseAggregate(sql string, env *Env) (*aggregateOf, error) {
	e, err := parser.ParseExpr(sql)
	if err != nil {
		return nil, err
	}
	sel := e.(*ast.Subquery).Query.Body.(*ast.Select)
	call := sel.Items[0].Expr.(*ast.FuncCall)
	sub := sel.From[0].(*ast.SubqueryRef)
	vals := sub.Query.Body.(*ast.Values)
	b := &binder{cols: map[string]*expr.Column{}}
	p := page.New(len(vals.Rows))
	for c, name := range sub.Alias.Columns {
		col := make([]ast.Expr, len(vals.Rows))
		for r := range vals.Rows {
			col[r] = vals.Rows[r][c]
		}
		list, t, err := b.common("VALUES", col)
		if err != nil {
			return nil, err
		}
		var cells []types.Value
		for _, x := range list {
			k, ok := Fold(x, env).(*expr.Const)
			if !ok {
				return nil, fmt.Errorf("not a constant")
			}
			cells = append(cells, k.Val)
		}
		v, err := page.FromValues(t, cells, page.Unaccounted{})
		if err != nil {
			return nil, err
		}
		p.Cols = append(p.Cols, v)
		b.cols[name.Text] = &expr.Column{Index: c, Typ: t, Name: name.Text, At: -1}
	}
	if err := sortRows(b, p, call.OrderBy, env); err != nil {
		return nil, err
	}
	list := call.Args
	for i := len(call.Within) - 1; i >= 0; i-- {
		list = append([]ast.Expr{call.Within[i].Expr}, list...)
	}
	return bindAggregate(b, call.Name.Last().Text, list, p, env)
}

// sortRows puts the page's rows in the order that the call asks for.
func sortRows(b *binder, p *page.Page, items []ast.OrderItem, env *Env) error {
	for k := len(items) - 1; k >= 0; k-- {
		e, err := b.bind(items[k].Expr)
		if err != nil {
			return err
		}
		ev, err := Compile(e, env)
		if err != nil {
			return err
		}
		v, err := ev.Eval(p)
		if err != nil {
			return err
		}
		order := page.Iota(p.Rows)
		slices.SortStableFunc(order, func(i, j int32) int {
			c := types.Compare(e.Type(), v.Value(int(i)), v.Value(int(j)))
			if items[k].Direction == ast.Descending {
				c = -c
			}
			return c
		})
		for c := range p.Cols {
			if p.Cols[c], err = p.Cols[c].Gather(order, page.Unaccounted{}); err != nil {
				return err
			}
		}
	}
	return nil
}

func bindAggregate(b *binder, fn string, list []ast.Expr, p *page.Page, env *Env) (*aggregateOf, error) {
	a := &aggregateOf{fn: fn, rows: p.Rows}
	var es []expr.Expr
	var ts []types.Type
	for _, x := range list {
		e, err := b.bind(x)
		if err != nil {
			return nil, err
		}
		es, ts = append(es, e), append(ts, e.Type())
	}
	var err error
	if a.res, err = functions.Builtins().ResolveAggregate(fn, ts); err != nil {
		return nil, err
	}
	for i, e := range es {
		if e, err = castTo(e, a.res.Args[i], false, -1); err != nil {
			return nil, err
		}
		ev, err := Compile(e, env)
		if err != nil {
			return nil, err
		}
		v, err := ev.Eval(p)
		if err != nil {
			return nil, err
		}
		a.args = append(a.args, v)
	}
	return a, nil
}

func (a *aggregateOf) make(env *Env) (functions.Accumulator, error) {
	return functions.Builtins().Accumulator(a.res.Fn, a.res.Sig, a.res.Args, env)
}

// at once: one Update of all rows.
func (a *aggregateOf) whole(env *Env) (types.Value, error) {
	acc, err := a.make(env)
	if err != nil {
		return types.Value{}, err
	}
	acc.Grow(1)
	if err := acc.Update(functions.Rows{N: a.rows}, a.args); err != nil {
		return types.Value{}, err
	}
	v, err := acc.Final(nil, page.Unaccounted{})
	if err != nil {
		return types.Value{}, err
	}
	return v.Value(0), nil
}

// pieces: rows in runs to several accumulators, under selections, in group 3 of
// five while other groups get rows too; partial states are merged.
func (a *aggregateOf) pieces(env *Env, r *rand.Rand) (types.Value, error) {
	final, err := a.make(env)
	if err != nil {
		return types.Value{}, err
	}
	final.Grow(2)
	args := make([]*page.Vector, len(a.args))
	for i, v := range a.args {
		args[i] = reencode(v, a.rows, r)
	}
	for from := 0; from < a.rows || from == 0; {
		to := from + 1 + r.Intn(3)
		acc, err := a.make(env)
		if err != nil {
			return types.Value{}, err
		}
		acc.Grow(5)
		var sel, groups []int32
		for i := from; i < min(to, a.rows); i++ {
			sel, groups = append(sel, int32(i)), append(groups, 3)
		}
		if sel == nil {
			sel, groups = []int32{}, []int32{}
		}
		if err := acc.Update(functions.Rows{N: a.rows, Sel: sel, Groups: groups}, args); err != nil {
			return types.Value{}, err
		}
		if len(sel) > 0 {
			if err := acc.Update(functions.Rows{N: a.rows, Sel: sel[:1], Groups: []int32{1}}, args); err != nil {
				return types.Value{}, err
			}
		}
		part, err := acc.Partial([]int32{0, 3, 1}, page.Unaccounted{})
		if err != nil {
			return types.Value{}, err
		}
		if err := final.Merge(functions.Rows{N: 3, Sel: []int32{1}, Groups: []int32{1}}, part); err != nil {
			return types.Value{}, err
		}
		if acc.Bytes() < 0 || acc.GroupBytes() < 0 || len(part) != len(acc.PartialTypes()) {
			return types.Value{}, fmt.Errorf("the accumulator contradicts itself")
		}
		for i, t := range acc.PartialTypes() {
			if part[i].Type.Phys() != t.Phys() {
				return types.Value{}, fmt.Errorf("partial column %d is %s, not %s", i, part[i].Type, t)
			}
		}
		acc.Reset()
		from = to
	}
	v, err := final.Final([]int32{1}, page.Unaccounted{})
	if err != nil {
		return types.Value{}, err
	}
	return v.Value(0), nil
}

// reencode returns a column with the same values as a dictionary, a constant
// where they are all alike, or as it is.
func reencode(v *page.Vector, rows int, r *rand.Rand) *page.Vector {
	if v.Enc() != page.Flat || v.Type.IsNested() || r.Intn(2) == 0 {
		return v
	}
	var distinct []types.Value
	codes := make([]int32, rows)
	valid := make([]byte, page.BitmapBytes(rows))
	for i := range rows {
		x := v.Value(i)
		if x.Null {
			continue
		}
		page.BitSet(valid, i)
		k := -1
		for j, d := range distinct {
			if types.Compare(v.Type, d, x) == 0 && fmt.Sprint(d) == fmt.Sprint(x) {
				k = j
			}
		}
		if k < 0 {
			k, distinct = len(distinct), append(distinct, x)
		}
		codes[i] = int32(k)
	}
	if len(distinct) == 0 {
		return v
	}
	vals, _ := page.FromValues(v.Type, distinct, page.Unaccounted{})
	return page.MakeDict(page.NewDictionary(vals), codes, valid)
}

// answerAggregate computes an aggregate at once and in pieces, which must agree.
func answerAggregate(sql string, env *Env) string {
	fail := func(err error) string { return fmt.Sprintf("ERROR %s\t%v", sqlerr.CodeOf(err), err) }
	a, err := parseAggregate(sql, env)
	if err != nil {
		return fail(err)
	}
	text := func(x types.Value) string {
		if x.Null {
			return "NULL"
		}
		return string(types.AppendText(nil, a.res.Return, x, env.Format()))
	}
	x, err := a.whole(env)
	if err != nil {
		return fail(err)
	}
	r := rand.New(rand.NewSource(1))
	for range 5 {
		y, err := a.pieces(env, r)
		if err != nil {
			return fail(err)
		}
		if text(y) != text(x) && !a.res.Return.IsFloat() {
			return fmt.Sprintf("at once %s, in pieces %s", text(x), text(y))
		}
	}
	return text(x) + "\t" + pgType(a.res.Return)
}

func TestEachAggregateExampleGivesItsResult(t *testing.T) {
	env := goldenEnv(t)
	for _, f := range functions.Builtins().Aggregates() {
		if f.Doc.Summary == "" || f.Doc.Family == "" || !strings.HasPrefix(f.Doc.Example, "SELECT ") {
			t.Errorf("%s has no documentation", f.Name)
			continue
		}
		got, _, _ := strings.Cut(answer("("+f.Doc.Example+")", env), "\t")
		if got != f.Doc.Result {
			t.Errorf("%s: %s\n  got  %q\n  want %q", f.Name, f.Doc.Example, got, f.Doc.Result)
		}
	}
}
