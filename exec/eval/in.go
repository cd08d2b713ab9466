package eval

import (
	"slices"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/kernel"
)

// A list of constants becomes a set. A list with other members becomes a
// disjunction of equalities, which has SQL's null rules by itself.

func (c *compiler) inSet(x *expr.In) (*set, error) {
	var vals []types.Value
	t := x.Arg.Type()
	for _, e := range x.List {
		k, ok := e.(*expr.Const)
		if !ok {
			return nil, nil
		}
		if k.Typ.Phys() != t.Phys() || k.Typ.Kind != types.Unknown && t.S != k.Typ.S {
			return nil, at(sqlerr.Internalf("list of IN has type %s, argument has %s", k.Typ, t), x.At)
		}
		vals = append(vals, k.Val)
	}
	return newSet(t, vals), nil
}

// disjunction rewrites x IN (a, b) to x = a OR x = b. The argument is shared.
func disjunction(x *expr.In) expr.Expr {
	args := make([]expr.Expr, len(x.List))
	for i, e := range x.List {
		args[i] = &expr.Call{Fn: "=", Args: []expr.Expr{x.Arg, e}, Typ: boolType, At: x.At}
	}
	if len(args) == 1 {
		return args[0]
	}
	return &expr.Logic{Op: expr.Or, Args: args, At: x.At}
}

func (c *compiler) inNode(x *expr.In) (node, error) {
	set, err := c.inSet(x)
	if err != nil {
		return nil, err
	}
	if set == nil {
		return c.rewritten(disjunction(x))
	}
	arg, err := c.node(x.Arg)
	return &inNode{arg: arg, set: set}, err
}

// rewritten compiles an expression that was not part of what was counted.
func (c *compiler) rewritten(e expr.Expr) (node, error) {
	c.count(e)
	return c.node(e)
}

func (c *compiler) inPred(x *expr.In, want bool) (pred, error) {
	set, err := c.inSet(x)
	if err != nil {
		return nil, err
	}
	if set == nil {
		e := disjunction(x)
		c.count(e)
		return c.pred(e, want)
	}
	arg, err := c.node(x.Arg)
	return &inPred{arg: arg, set: set, want: want}, err
}

// set holds distinct constants of one type in an open-addressing table.
type set struct {
	typ   types.Type
	null  bool         // NULL is a member
	vals  *page.Vector // flat, one slot a member
	table []int32      // slot of the member plus one
	mask  uint64
	ints  []int64 // sorted, for a few integers
	hash  kernel.Hasher
	hs    []uint64
}

const linearMax = 8

func newSet(t types.Type, vals []types.Value) *set {
	s := &set{typ: t}
	keep := make([]types.Value, 0, len(vals))
	for _, v := range vals {
		if v.Null {
			s.null = true
			continue
		}
		keep = append(keep, v)
	}
	slices.SortFunc(keep, func(a, b types.Value) int { return types.Compare(t, a, b) })
	keep = slices.CompactFunc(keep, func(a, b types.Value) bool { return types.Compare(t, a, b) == 0 })
	if p := t.Phys(); p <= types.PhysI64 && len(keep) <= linearMax {
		for _, v := range keep {
			s.ints = append(s.ints, v.I)
		}
	}
	s.vals, _ = page.FromValues(t, keep, page.Unaccounted{})
	size := 4
	for size < 2*len(keep) {
		size *= 2
	}
	s.table, s.mask = make([]int32, size), uint64(size-1)
	for i, v := range keep {
		h := types.Hash(t, v) & s.mask
		for s.table[h] != 0 {
			h = (h + 1) & s.mask
		}
		s.table[h] = int32(i) + 1
	}
	return s
}

// find writes the rows whose value is a member (with want 0: is not) to out. a
// is flat and no row of sel is null.
func (s *set) find(a *page.Vector, want int, n int, sel, out []int32) int {
	if len(s.ints) > 0 {
		if k, ok := s.findInts(a, want, n, sel, out); ok {
			return k
		}
	}
	m := n
	if sel != nil {
		m = len(sel)
	}
	if cap(s.hs) < m {
		s.hs = make([]uint64, max(m, page.RowsMax))
	}
	hs := s.hs[:m]
	s.hash.Columns([]*page.Vector{a}, n, sel, hs)
	k := 0
	for j, h := range hs {
		i := int32(j)
		if sel != nil {
			i = sel[j]
		}
		out[k] = i
		if s.member(a, int(i), h) == (want == 1) {
			k++
		}
	}
	return k
}

func (s *set) member(a *page.Vector, i int, h uint64) bool {
	for h &= s.mask; s.table[h] != 0; h = (h + 1) & s.mask {
		if kernel.CompareSlots(a, i, s.vals, int(s.table[h]-1)) == 0 {
			return true
		}
	}
	return false
}

func (s *set) findInts(a *page.Vector, want int, n int, sel, out []int32) (int, bool) {
	switch a.Type.Phys() {
	case types.PhysI16:
		return kernel.SelectAmong(page.Values[int16](a), s.ints, want, n, sel, out), true
	case types.PhysI32:
		return kernel.SelectAmong(page.Values[int32](a), s.ints, want, n, sel, out), true
	case types.PhysI64:
		return kernel.SelectAmong(page.Values[int64](a), s.ints, want, n, sel, out), true
	}
	return 0, false
}

// inPred passes the members of the set, or with want unset the others.
type inPred struct {
	arg    node
	set    *set
	want   bool
	dictID uint64
	pass   []uint8
}

func (p *inPred) narrow(s *state, sel, out []int32) (int, error) {
	if sel != nil && len(sel) == 0 || !p.want && p.set.null {
		return 0, nil // NOT IN with a NULL in the list is never true
	}
	a, err := p.arg.eval(s, sel)
	if err != nil {
		return 0, err
	}
	defer a.Release()
	want := 0
	if p.want {
		want = 1
	}
	if a.Enc() == page.Const {
		var one [1]int32
		if a.IsNull(0) || p.set.find(constSlot(a), want, 1, nil, one[:]) == 0 {
			return 0, nil
		}
		return everything(s.n, sel, out), nil
	}
	if a.MayHaveNulls() {
		sel = out[:kernel.SelectValid(a.Valid(), 1, s.n, sel, out)]
	}
	if d := a.Dictionary(); a.Enc() == page.Dict && d.Values.Len() <= s.n && d.Values.Len() > 0 {
		if p.dictID != d.ID {
			m := d.Values.Len()
			p.dictID, p.pass = d.ID, make([]uint8, m)
			hits := make([]int32, m)
			for _, i := range hits[:p.set.find(d.Values, want, m, nil, hits)] {
				p.pass[i] = 1
			}
		}
		return kernel.SelectCode(a.Codes(), p.pass, s.n, sel, out), nil
	}
	flat, err := flatten(a, sel, s.env.Pool)
	if err != nil {
		return 0, err
	}
	defer flat.Release()
	return p.set.find(flat, want, s.n, sel, out), nil
}

// constSlot sees the slot of a constant as a flat vector; a must outlive it.
func constSlot(a *page.Vector) *page.Vector {
	return page.MakeFlat(page.Parts{Type: a.Type, N: 1, Data: a.Raw(), Heap: a.Heap(), Offs: a.Offsets(), Kids: a.Children()})
}

// inNode is IN as a value.
type inNode struct {
	arg        node
	set        *set
	rows, hits []int32
}

func (n *inNode) eval(s *state, sel []int32) (*page.Vector, error) {
	a, err := n.arg.eval(s, sel)
	if err != nil {
		return nil, err
	}
	defer a.Release()
	if a.Enc() == page.Const && a.IsNull(0) || n.set.vals.Len() == 0 && n.set.null {
		return s.null(boolType)
	}
	v, out, err := page.NewFixed[uint8](boolType, s.n, s.env.Pool)
	if err != nil {
		return nil, err
	}
	clear(out)
	n.rows, n.hits = kernel.Buffer(n.rows, s.n), kernel.Buffer(n.hits, s.n)
	p := inPred{arg: held{a}, set: n.set, want: true}
	k, err := p.narrow(s, sel, n.hits)
	if err != nil {
		v.Release()
		return nil, err
	}
	for _, i := range n.hits[:k] {
		out[i] = 1
	}
	if !n.set.null {
		if a.Enc() == page.Const || !a.MayHaveNulls() {
			return v, nil
		}
		return withNulls(v, []*page.Vector{a}, s.n, s.env.Pool)
	}
	bits, err := v.NewValid(page.AllNull, s.env.Pool)
	if err != nil {
		v.Release()
		return nil, err
	}
	for _, i := range n.hits[:k] {
		page.BitSet(bits, int(i))
	}
	return v, nil
}

// held gives out a vector that is there already.
type held struct{ v *page.Vector }

func (h held) eval(*state, []int32) (*page.Vector, error) { return h.v.Retain(), nil }
