package eval

import (
	"flag"
	"fmt"
	"math"
	"math/rand"
	"strings"
	"testing"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/functions"
)

var rounds = flag.Int("rounds", 800, "random expressions to compare with the interpreter")

var sampleTypes = []types.Type{
	types.Of(types.Int16), i4, i8, types.Of(types.Float32), f8, types.DecimalOf(10, 2), types.DecimalOf(30, 5), types.Of(types.Numeric),
	txt, types.Of(types.Bool), types.Of(types.Date), types.Of(types.Timestamp), types.Of(types.TimestampTZ), types.Of(types.Time),
	types.Of(types.Interval), types.Of(types.Bytea), types.ArrayOf(i4), types.ArrayOf(txt), types.VarcharOf(5), types.MapOf(txt, i4),
	types.Of(types.UUID), types.Of(types.OID), types.RowOf(types.Field{Name: "a", Type: i4}, types.Field{Name: "b", Type: txt}),
}

var sampleTexts = []string{"", "a", "abc", "ABC", "žluť", "1", "12.5", "a,b,c", "%", "a%c", "x_y", "2024-02-29", "day", "year", "longer than twelve bytes", "(", "1 day"}

func sampleValue(t types.Type, r *rand.Rand) types.Value {
	if r.Intn(5) == 0 {
		return types.NullValue
	}
	small := int64(r.Intn(9) - 3)
	switch t.Kind {
	case types.Bool:
		return types.IntValue(int64(r.Intn(2)))
	case types.Int16:
		return types.IntValue([]int64{small, small, math.MaxInt16, math.MinInt16}[r.Intn(4)])
	case types.Int32:
		return types.IntValue([]int64{small, small, small, math.MaxInt32, math.MinInt32}[r.Intn(5)])
	case types.Int64:
		return types.IntValue([]int64{small, small, small, math.MaxInt64, math.MinInt64}[r.Intn(5)])
	case types.Float32:
		return types.FloatValue(float64(float32([]float64{float64(small), 0.5, -2.25, math.MaxFloat32}[r.Intn(4)])))
	case types.Float64:
		return types.FloatValue([]float64{float64(small), 0.5, -2.25, math.NaN(), math.Inf(1), 1e300}[r.Intn(6)])
	case types.Decimal:
		c := types.Int128Of(small * 137)
		if t.P > 18 && r.Intn(4) == 0 {
			c = types.Pow10(29)
		}
		return types.DecimalValue(t, c)
	case types.Numeric:
		n, _ := types.ParseNum([]string{"0", "1.50", "-2", "1e20", "NaN", "0.001"}[r.Intn(6)])
		return types.Value{N: n}
	case types.Varchar:
		s := sampleTexts[r.Intn(len(sampleTexts))]
		return types.StringValue(s[:min(len(s), 3)])
	case types.Date:
		return types.IntValue([]int64{0, 19782, -1, 100000, int64(types.DateInfinity)}[r.Intn(5)])
	case types.Timestamp, types.TimestampTZ:
		return types.IntValue([]int64{0, 1709209815123456, -1, types.TimestampInfinity, 1 << 55}[r.Intn(5)])
	case types.Time:
		return types.IntValue(r.Int63n(86400e6))
	case types.Interval:
		return types.Value{Iv: types.IntervalValue{Months: int32(small), Days: int32(r.Intn(40)), Micros: small * 3600e6}}
	case types.UUID:
		return types.StringValue(strings.Repeat(string(rune('a'+r.Intn(3))), 16))
	case types.OID:
		return types.IntValue(int64(r.Intn(30)))
	case types.Array, types.Row, types.Map:
		return sampleNested(t, r)
	}
	return types.StringValue(sampleTexts[r.Intn(len(sampleTexts))])
}

func sampleNested(t types.Type, r *rand.Rand) types.Value {
	v := types.Value{}
	switch t.Kind {
	case types.Array:
		for range r.Intn(4) {
			v.L = append(v.L, sampleValue(t.ElemType(), r))
		}
	case types.Map:
		for _, k := range []string{"a", "abc", "b"}[:r.Intn(4)] {
			v.L = append(v.L, types.StringValue(k), sampleValue(*t.Elem, r))
		}
	default:
		for _, k := range t.Children() {
			v.L = append(v.L, sampleValue(k, r))
		}
	}
	return v
}

// lazyColumn decodes what it is asked for and nothing else: other rows are garbage.
type lazyColumn struct {
	t    types.Type
	vals []types.Value
}

func (l lazyColumn) Load(sel []int32) (*page.Vector, error) {
	b := page.NewBuilder(l.t, len(l.vals), page.Unaccounted{})
	k := 0
	for i, v := range l.vals {
		if sel != nil && (k == len(sel) || int(sel[k]) != i) {
			v = l.vals[0]
		} else {
			k++
		}
		b.AppendValue(v)
	}
	return b.Finish()
}

func (lazyColumn) Drop() {}

// samplePage makes columns of all sample types in random encodings.
func samplePage(rows int, r *rand.Rand) (*page.Page, [][]types.Value) {
	p := page.New(rows)
	table := make([][]types.Value, rows)
	for _, t := range sampleTypes {
		vals := make([]types.Value, rows)
		one := sampleValue(t, r)
		enc := r.Intn(4)
		for i := range vals {
			if vals[i] = one; enc != 2 {
				vals[i] = sampleValue(t, r)
			}
		}
		v, _ := page.FromValues(t, vals, page.Unaccounted{})
		switch enc {
		case 1:
			v = reencode(v, rows, rand.New(rand.NewSource(3)))
			v = reencode(v, rows, rand.New(rand.NewSource(1)))
		case 2:
			v, _ = page.NewConst(t, one, rows, page.Unaccounted{})
		case 3:
			v = page.MakeLazy(t, rows, lazyColumn{t, vals})
		}
		p.Cols = append(p.Cols, v)
		for i := range rows {
			table[i] = append(table[i], vals[i])
		}
	}
	return p, table
}

// slow or unbounded for random arguments, or different by design.
var notSampled = " sequence repeat lpad rpad factorial random rand gen_random_uuid chr pg_typeof typeof make_interval approx_distinct date_add clock_timestamp power ^ "

type sampler struct {
	r       *rand.Rand
	scalars []*functions.Scalar
}

func newSampler(r *rand.Rand) *sampler {
	s := &sampler{r: r}
	for _, f := range functions.Builtins().Scalars() {
		if f.Volatility != functions.Volatile && f.Bind != nil && !strings.Contains(notSampled, " "+f.Name+" ") {
			s.scalars = append(s.scalars, f)
		}
	}
	return s
}

func (s *sampler) leaf() expr.Expr {
	c := s.r.Intn(len(sampleTypes))
	if s.r.Intn(3) == 0 {
		return &expr.Const{Typ: sampleTypes[c], Val: sampleValue(sampleTypes[c], s.r), At: -1}
	}
	return col(c, sampleTypes[c])
}

func (s *sampler) boolean(depth int) expr.Expr {
	for range 50 {
		if e := s.expr(depth); e.Type().Kind == types.Bool {
			return e
		}
	}
	return col(9, boolType)
}

// expr makes a random expression of any type.
func (s *sampler) expr(depth int) expr.Expr {
	if depth == 0 {
		return s.leaf()
	}
	switch s.r.Intn(10) {
	case 0:
		return &expr.Logic{Op: expr.LogicOp(s.r.Intn(2)), Args: []expr.Expr{s.boolean(depth - 1), s.boolean(depth - 1), s.boolean(0)}, At: -1}
	case 1:
		return &expr.Logic{Op: expr.Not, Args: []expr.Expr{s.boolean(depth - 1)}, At: -1}
	case 2:
		a, b := s.expr(depth-1), s.expr(depth-1)
		if a.Type().Equal(b.Type()) {
			return &expr.Case{Whens: []expr.When{{Cond: s.boolean(depth - 1), Then: a}}, Else: b, Typ: a.Type(), At: -1}
		}
		return &expr.Case{Whens: []expr.When{{Cond: s.boolean(depth - 1), Then: a}}, Typ: a.Type(), At: -1}
	case 3:
		a := s.expr(depth - 1)
		for range 20 {
			if b := s.expr(depth - 1); a.Type().Equal(b.Type()) {
				return &expr.Coalesce{Args: []expr.Expr{a, b}, Typ: a.Type(), At: -1}
			}
		}
		return &expr.IsNull{Arg: a, At: -1}
	case 4:
		if a := s.expr(depth - 1); !a.Type().IsNested() && a.Type().Kind != types.Row {
			in := &expr.In{Arg: a, At: -1}
			for range 1 + s.r.Intn(12) {
				in.List = append(in.List, &expr.Const{Typ: a.Type(), Val: sampleFor(a.Type(), s.r), At: -1})
			}
			return in
		}
	}
	for range 200 {
		f := s.scalars[s.r.Intn(len(s.scalars))]
		args := make([]expr.Expr, max(len(f.Args)-s.r.Intn(f.Optional+1), 0))
		for i := range args {
			args[i] = s.expr(s.r.Intn(depth))
		}
		if e, err := resolveCall(f.Name, args, -1); err == nil {
			return e
		}
	}
	return s.leaf()
}

// sampleFor is sampleValue for any type that an expression may have.
func sampleFor(t types.Type, r *rand.Rand) types.Value {
	for _, s := range sampleTypes {
		if s.Equal(t) {
			return sampleValue(t, r)
		}
	}
	return types.NullValue
}

func TestVectorsAnswerAsTheInterpreter(t *testing.T) {
	for seed := range int64(*rounds) {
		r := rand.New(rand.NewSource(seed))
		s := newSampler(r)
		e := s.expr(1 + r.Intn(3))
		p, table := samplePage(1+r.Intn(20), r)
		if r.Intn(2) == 0 {
			p.Sel = []int32{}
			for i := range p.Rows {
				if r.Intn(2) == 0 {
					p.Sel = append(p.Sel, int32(i))
				}
			}
		}
		if err := compareOne(e, p, table); err != nil {
			t.Fatalf("seed %d: %s\n%v", seed, expr.Format(e), err)
		}
	}
}

func compareOne(e expr.Expr, p *page.Page, table [][]types.Value) error {
	env := testEnv()
	var want []types.Value
	var failed error
	for k := range p.Len() {
		v, err := interpret(e, table[p.Row(k)], env)
		if err != nil {
			failed = err
		}
		want = append(want, v)
	}
	sel := p.Sel
	ev, err := Compile(e, env)
	if err != nil {
		return err
	}
	got, err := ev.Eval(p)
	if (err != nil) != (failed != nil) {
		return fmt.Errorf("error is %v, want %v", err, failed)
	}
	if err != nil {
		if sqlerr.KindOf(err) == sqlerr.Internal {
			return err
		}
		return nil
	}
	defer got.Release()
	for k, w := range want {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		if g := got.Value(i); fmt.Sprintf("%+v", g) != fmt.Sprintf("%+v", w) && !sameValue(e.Type(), g, w) {
			return fmt.Errorf("row %d %v: got %+v, want %+v", i, table[i], g, w)
		}
	}
	if e.Type().Kind != types.Bool {
		return nil
	}
	f, err := CompilePredicate(e, env)
	if err != nil {
		return err
	}
	if err := f.Eval(p); err != nil {
		return err
	}
	k := 0
	for j, w := range want {
		i := j
		if sel != nil {
			i = int(sel[j])
		}
		if !w.Null && w.I != 0 {
			if k >= p.Len() || p.Row(k) != i {
				return fmt.Errorf("the predicate lost row %d", i)
			}
			k++
		}
	}
	if k != p.Len() {
		return fmt.Errorf("the predicate passed %d rows, want %d", p.Len(), k)
	}
	return nil
}

func sameValue(t types.Type, a, b types.Value) bool {
	return a.Null == b.Null && (a.Null || types.Compare(t, a, b) == 0 &&
		string(types.AppendText(nil, t, a, nil)) == string(types.AppendText(nil, t, b, nil)))
}
