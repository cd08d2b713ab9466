package eval

import (
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/kernel"
)

// Predicate narrows pages to the rows for which a boolean expression is true.
// It belongs to one goroutine.
type Predicate struct {
	state
	conjuncts []pred
	columns   []int
}

var _ spi.Predicate = (*Predicate)(nil)

// CompilePredicate prepares a filter; nil passes everything.
func CompilePredicate(e expr.Expr, env *Env) (*Predicate, error) {
	p := &Predicate{state: state{env: env}}
	if e == nil {
		return p, nil
	}
	p.columns = expr.Columns(e)
	c := newCompiler(env, []expr.Expr{e})
	root, err := c.pred(e, true)
	if err != nil {
		return nil, err
	}
	if and, ok := root.(*andPred); ok {
		p.conjuncts = and.list
	} else {
		p.conjuncts = []pred{root}
	}
	p.shared = c.shared
	return p, nil
}

// Columns implements spi.Predicate.
func (f *Predicate) Columns() []int { return f.columns }

// Eval implements spi.Predicate. Each conjunct sees only the rows that the ones
// before it left, and lazy columns are decoded for those.
func (f *Predicate) Eval(p *page.Page) error {
	sel := p.Sel
	if len(f.conjuncts) == 0 || p.Len() == 0 {
		return nil
	}
	var buf []int32
	for _, c := range f.conjuncts {
		f.begin(p, sel)
		if buf == nil {
			buf = make([]int32, max(p.Len(), 1))
		}
		k, err := c.narrow(&f.state, sel, buf)
		f.end()
		if err != nil {
			return err
		}
		if sel == nil && k == p.Rows {
			continue // all rows: the page stays without a selection
		}
		sel = buf[:k]
		if k == 0 {
			break
		}
	}
	p.Sel = sel
	return nil
}

// pred writes the rows of sel (nil: all) that pass to out, which has room for
// all of them and may be sel itself, and returns how many they are.
type pred interface {
	narrow(s *state, sel, out []int32) (int, error)
}

// pred compiles e to a filter for the rows where it is true, or false when want
// is not set; NULL rows never pass. So NOT disappears.
func (c *compiler) pred(e expr.Expr, want bool) (pred, error) {
	switch x := e.(type) {
	case *expr.Const:
		return &constPred{pass: !x.Val.Null && (x.Val.I != 0) == want}, nil
	case *expr.Logic:
		return c.logicPred(x, want)
	case *expr.IsNull:
		arg, err := c.node(x.Arg)
		return &nullPred{arg: arg, null: want}, err
	case *expr.In:
		return c.inPred(x, want)
	case *expr.Call:
		op, ok := kernel.Ops[x.Fn]
		if !ok || len(x.Args) != 2 || c.uses[c.number[e]] > 1 {
			break
		}
		if !want {
			op = op.Negate()
		}
		args, err := c.nodes(x.Args)
		if err != nil {
			return nil, err
		}
		if _, literal := args[0].(*constNode); literal {
			args[0], args[1], op = args[1], args[0], op.Swap()
		}
		return &comparePred{op: op, a: args[0], b: args[1], pos: x.At}, nil
	}
	n, err := c.node(e)
	return &boolPred{of: n, want: want}, err
}

func (c *compiler) logicPred(x *expr.Logic, want bool) (pred, error) {
	if x.Op == expr.Not {
		return c.pred(x.Args[0], !want)
	}
	var list []pred
	for _, a := range x.Args {
		p, err := c.pred(a, want)
		if err != nil {
			return nil, err
		}
		if k, ok := p.(*constPred); ok && k.pass == ((x.Op == expr.And) == want) {
			continue // true in a conjunction, false in a disjunction
		}
		if in, ok := p.(*andPred); ok && (x.Op == expr.And) == want {
			list = append(list, in.list...)
			continue
		}
		list = append(list, p)
	}
	if (x.Op == expr.And) == want {
		if len(list) == 0 {
			return &constPred{pass: true}, nil
		}
		return &andPred{list: fuseRanges(list)}, nil
	}
	if len(list) == 0 {
		return &constPred{}, nil
	}
	return &orPred{list: list}, nil
}

// constPred passes everything or nothing.
type constPred struct{ pass bool }

func (p *constPred) narrow(s *state, sel, out []int32) (int, error) {
	if !p.pass {
		return 0, nil
	}
	return everything(s.n, sel, out), nil
}

func everything(n int, sel, out []int32) int {
	if sel != nil {
		return copy(out, sel)
	}
	for i := range out[:n] {
		out[i] = int32(i)
	}
	return n
}

// andPred narrows by each part in turn.
type andPred struct{ list []pred }

func (p *andPred) narrow(s *state, sel, out []int32) (int, error) {
	k := 0
	for i, q := range p.list {
		var err error
		if k, err = q.narrow(s, sel, out); err != nil || k == 0 {
			return 0, err
		}
		if i == 0 || sel != nil || k < s.n {
			sel = out[:k]
		}
	}
	return k, nil
}

// orPred gives each part the rows that the ones before it did not pass.
type orPred struct {
	list             []pred
	rest, hits, both []int32
}

func (p *orPred) narrow(s *state, sel, out []int32) (int, error) {
	n := s.n
	if sel != nil {
		n = len(sel)
	}
	p.rest, p.hits, p.both = kernel.Buffer(p.rest, n), kernel.Buffer(p.hits, n), kernel.Buffer(p.both, n)
	rest, total := sel, 0
	acc, spare := p.both, out
	if sel != nil && n > 0 && len(out) > 0 && &sel[0] == &out[0] {
		spare = make([]int32, n) // sel is still needed: out may not be written yet
	}
	for i, q := range p.list {
		k, err := q.narrow(s, rest, p.hits)
		if err != nil {
			return 0, err
		}
		if i == 0 {
			total = copy(acc, p.hits[:k])
		} else {
			total = kernel.Union(acc[:total], p.hits[:k], spare)
			acc, spare = spare, acc
		}
		if i == len(p.list)-1 {
			break
		}
		left := kernel.Except(s.n, rest, p.hits[:k], p.rest)
		if rest = p.rest[:left]; left == 0 {
			break
		}
	}
	return copy(out, acc[:total]), nil
}

// nullPred passes NULLs, or what is not NULL.
type nullPred struct {
	arg  node
	null bool
}

func (p *nullPred) narrow(s *state, sel, out []int32) (int, error) {
	if sel != nil && len(sel) == 0 {
		return 0, nil
	}
	v, err := p.arg.eval(s, sel)
	if err != nil {
		return 0, err
	}
	defer v.Release()
	return selectNulls(v, p.null, s.n, sel, out), nil
}

func selectNulls(v *page.Vector, null bool, n int, sel, out []int32) int {
	if !v.MayHaveNulls() || v.Enc() == page.Const {
		if v.IsNull(0) == null && n > 0 {
			return everything(n, sel, out)
		}
		return 0
	}
	want := 1
	if null {
		want = 0
	}
	return kernel.SelectValid(v.Valid(), want, n, sel, out)
}

// boolPred passes the rows for which a boolean vector is want.
type boolPred struct {
	of   node
	want bool
	pass []uint8
}

func (p *boolPred) narrow(s *state, sel, out []int32) (int, error) {
	if sel != nil && len(sel) == 0 {
		return 0, nil
	}
	v, err := p.of.eval(s, sel)
	if err != nil {
		return 0, err
	}
	defer v.Release()
	want := uint8(0)
	if p.want {
		want = 1
	}
	if v.Enc() == page.Const {
		if !v.IsNull(0) && page.Values[uint8](v)[0] == want {
			return everything(s.n, sel, out), nil
		}
		return 0, nil
	}
	if v.MayHaveNulls() {
		k := kernel.SelectValid(v.Valid(), 1, s.n, sel, out)
		sel = out[:k]
	}
	if v.Enc() == page.Dict {
		vals := page.Values[uint8](v.Dictionary().Values)
		p.pass = append(p.pass[:0], vals...)
		if want == 0 {
			for i := range p.pass {
				p.pass[i] ^= 1
			}
		}
		return kernel.SelectCode(v.Codes(), p.pass, s.n, sel, out), nil
	}
	return kernel.SelectBool(page.Values[uint8](v), want, s.n, sel, out), nil
}

// comparePred passes the rows where a op b holds.
type comparePred struct {
	op     kernel.Op
	a, b   node
	pos    int
	dictID uint64
	pass   []uint8 // by code of the dictionary of a, when b is a literal
}

func (p *comparePred) narrow(s *state, sel, out []int32) (int, error) {
	if sel != nil && len(sel) == 0 {
		return 0, nil
	}
	a, err := p.a.eval(s, sel)
	if err != nil {
		return 0, err
	}
	defer a.Release()
	b, err := p.b.eval(s, sel)
	if err != nil {
		return 0, err
	}
	defer b.Release()
	if a.Enc() == page.Const && a.IsNull(0) || b.Enc() == page.Const && b.IsNull(0) {
		return 0, nil
	}
	for _, v := range []*page.Vector{a, b} {
		if v.MayHaveNulls() && v.Enc() != page.Const {
			if sel = out[:kernel.SelectValid(v.Valid(), 1, s.n, sel, out)]; len(sel) == 0 {
				return 0, nil
			}
		}
	}
	if _, literal := p.b.(*constNode); literal && a.Enc() == page.Dict && a.Dictionary().Values.Len() <= s.n {
		return p.byCode(a, b, s.n, sel, out), nil
	}
	fa, err := flatten(a, sel, s.env.Pool)
	if err != nil {
		return 0, err
	}
	defer fa.Release()
	fb, err := flatten(b, sel, s.env.Pool)
	if err != nil {
		return 0, err
	}
	defer fb.Release()
	return kernel.Compare(p.op, fa, fb, s.n, sel, out), nil
}

// byCode compares each value of the dictionary once.
func (p *comparePred) byCode(a, b *page.Vector, n int, sel, out []int32) int {
	d := a.Dictionary()
	if p.dictID != d.ID {
		m := d.Values.Len()
		p.dictID = d.ID
		p.pass = make([]uint8, m)
		hits := make([]int32, m)
		for _, i := range hits[:kernel.Compare(p.op, d.Values, b, m, nil, hits)] {
			p.pass[i] = 1
		}
	}
	if len(p.pass) == 0 {
		return 0
	}
	return kernel.SelectCode(a.Codes(), p.pass, n, sel, out)
}

// rangePred is a BETWEEN of integer-like values: lo <= a <= hi.
type rangePred struct {
	a      node
	lo, hi int64
}

func (p *rangePred) narrow(s *state, sel, out []int32) (int, error) {
	if sel != nil && len(sel) == 0 {
		return 0, nil
	}
	a, err := p.a.eval(s, sel)
	if err != nil {
		return 0, err
	}
	defer a.Release()
	if a.Enc() == page.Const {
		if x := a.Value(0); x.Null || x.I < p.lo || x.I > p.hi {
			return 0, nil
		}
		return everything(s.n, sel, out), nil
	}
	if a.MayHaveNulls() {
		sel = out[:kernel.SelectValid(a.Valid(), 1, s.n, sel, out)]
	}
	flat, err := flatten(a, sel, s.env.Pool)
	if err != nil {
		return 0, err
	}
	defer flat.Release()
	k, _ := kernel.Between(flat, p.lo, p.hi, s.n, sel, out)
	return k, nil
}

// fuseRanges joins neighbouring a >= x and a <= y over one column.
func fuseRanges(list []pred) []pred {
	var out []pred
	for i := 0; i < len(list); i++ {
		if i+1 < len(list) {
			if r := fuse(list[i], list[i+1]); r != nil {
				out = append(out, r)
				i++
				continue
			}
		}
		out = append(out, list[i])
	}
	return out
}

func fuse(p, q pred) pred {
	x, ok1 := p.(*comparePred)
	y, ok2 := q.(*comparePred)
	if !ok1 || !ok2 {
		return nil
	}
	a, ok1 := x.a.(*columnNode)
	b, ok2 := y.a.(*columnNode)
	if !ok1 || !ok2 || a.index != b.index {
		return nil
	}
	switch a.typ.Phys() {
	case types.PhysI16, types.PhysI32, types.PhysU32, types.PhysI64:
	default:
		return nil
	}
	r := &rangePred{a: a, lo: -1 << 63, hi: 1<<63 - 1}
	if !r.bound(x) || !r.bound(y) {
		return nil
	}
	return r
}

// bound narrows the range by a comparison with a literal.
func (p *rangePred) bound(c *comparePred) bool {
	k, ok := c.b.(*constNode)
	if !ok || k.one.IsNull(0) {
		return false
	}
	v := k.one.Value(0).I
	switch c.op {
	case kernel.Ge:
		p.lo = max(p.lo, v)
	case kernel.Le:
		p.hi = min(p.hi, v)
	case kernel.Gt:
		if v == 1<<63-1 {
			return false
		}
		p.lo = max(p.lo, v+1)
	case kernel.Lt:
		if v == -1<<63 {
			return false
		}
		p.hi = min(p.hi, v-1)
	default:
		return false
	}
	return true
}
