package eval

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/kernel"
)

var boolType = types.Of(types.Bool)

// logicNode is AND and OR as a value. A row is decided as soon as one argument
// is decisive (false for AND, true for OR); later arguments are evaluated for
// the other rows only.
type logicNode struct {
	args     []node
	decisive uint8
	open     []int32
}

func (c *compiler) logic(x *expr.Logic) (node, error) {
	args, err := c.nodes(x.Args)
	if err != nil {
		return nil, err
	}
	if x.Op == expr.Not {
		return &notNode{arg: args[0]}, nil
	}
	n := &logicNode{args: args}
	if x.Op == expr.Or {
		n.decisive = 1
	}
	return n, nil
}

func (n *logicNode) eval(s *state, sel []int32) (*page.Vector, error) {
	v, out, err := page.NewFixed[uint8](boolType, s.n, s.env.Pool)
	if err != nil {
		return nil, err
	}
	valid, err := v.NewValid(page.AllValid, s.env.Pool)
	if err != nil {
		v.Release()
		return nil, err
	}
	for i := range out {
		out[i] = n.decisive ^ 1
	}
	nulls := false
	open := sel
	for _, a := range n.args {
		if open != nil && len(open) == 0 {
			break
		}
		arg, err := a.eval(s, open)
		if err != nil {
			v.Release()
			return nil, err
		}
		n.open = kernel.Buffer(n.open, s.n)
		k, some := n.step(arg, s.n, open, out, valid)
		arg.Release()
		nulls = nulls || some
		open = n.open[:k]
	}
	if !nulls {
		v.DropValid()
	}
	return v, nil
}

// step decides rows by one argument and writes those still open to n.open.
func (n *logicNode) step(arg *page.Vector, rows int, open []int32, out []uint8, valid []byte) (k int, nulls bool) {
	if open != nil {
		rows = len(open)
	}
	for j := range rows {
		i := j
		if open != nil {
			i = int(open[j])
		}
		if arg.IsNull(i) {
			page.BitClear(valid, i)
			nulls = true
		} else if page.Get[uint8](arg, i) == n.decisive {
			out[i] = n.decisive
			page.BitSet(valid, i)
			continue
		}
		n.open[k] = int32(i)
		k++
	}
	return k, nulls
}

// notNode is NOT as a value.
type notNode struct{ arg node }

func (n *notNode) eval(s *state, sel []int32) (*page.Vector, error) {
	a, err := n.arg.eval(s, sel)
	if err != nil {
		return nil, err
	}
	defer a.Release()
	flat, err := flatten(a, sel, s.env.Pool)
	if err != nil {
		return nil, err
	}
	defer flat.Release()
	if flat.Enc() == page.Const {
		x := flat.Value(0)
		if !x.Null {
			x.I ^= 1
		}
		return page.NewConst(boolType, x, s.n, s.env.Pool)
	}
	v, out, err := page.NewFixed[uint8](boolType, s.n, s.env.Pool)
	if err != nil {
		return nil, err
	}
	for i, x := range page.Values[uint8](flat) {
		out[i] = x ^ 1
	}
	v.ShareValid(flat)
	return v, nil
}

// isNullNode is IS NULL as a value.
type isNullNode struct{ arg node }

func (n *isNullNode) eval(s *state, sel []int32) (*page.Vector, error) {
	a, err := n.arg.eval(s, sel)
	if err != nil {
		return nil, err
	}
	defer a.Release()
	if !a.MayHaveNulls() || a.Enc() == page.Const {
		return page.NewConst(boolType, types.BoolValue(a.IsNull(0)), s.n, s.env.Pool)
	}
	v, out, err := page.NewFixed[uint8](boolType, s.n, s.env.Pool)
	if err != nil {
		return nil, err
	}
	valid := a.Valid()
	for i := range out {
		out[i] = valid[i>>3]>>(i&7)&1 ^ 1
	}
	return v, nil
}

// fieldNode reads a member of a row.
type fieldNode struct {
	arg   node
	index int
	typ   types.Type
}

func (n *fieldNode) eval(s *state, sel []int32) (*page.Vector, error) {
	a, err := n.arg.eval(s, sel)
	if err != nil {
		return nil, err
	}
	defer a.Release()
	if a.Enc() == page.Const {
		x := a.Value(0)
		if !x.Null {
			x = x.L[n.index]
		}
		return page.NewConst(n.typ, x, s.n, s.env.Pool)
	}
	flat, err := flatten(a, sel, s.env.Pool)
	if err != nil {
		return nil, err
	}
	defer flat.Release()
	child := flat.Children()[n.index]
	if !flat.MayHaveNulls() {
		return child.Retain(), nil
	}
	c, err := flatten(child, sel, s.env.Pool)
	if err != nil {
		return nil, err
	}
	if c, err = unshared(c, s.env.Pool); err != nil {
		return nil, err
	}
	return withNulls(c, []*page.Vector{flat}, s.n, s.env.Pool)
}

// unshared gives up v for a vector with the same slots whose validity may be changed.
func unshared(v *page.Vector, pool page.Pool) (*page.Vector, error) {
	defer v.Release()
	return copyOf(v, pool)
}
