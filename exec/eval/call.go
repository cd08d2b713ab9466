package eval

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/exec/kernel"
)

// callNode applies a kernel.
type callNode struct {
	typ      types.Type
	pos      int
	called   bool // the kernel sees nulls
	volatile bool
	kernel   functions.Kernel
	args     []node
	vals     []*page.Vector
	sel      []int32 // scratch: rows without null arguments
	x        functions.Exec
	dict     int // argument that may be a dictionary while the others are literals; -1
	peeled   peeled
}

func newCall(t types.Type, pos int, nulls functions.NullPolicy, v functions.Volatility, k functions.Kernel, args []node, env *Env) *callNode {
	n := &callNode{typ: t, pos: pos, called: nulls == functions.Called, volatile: v == functions.Volatile,
		kernel: k, args: args, vals: make([]*page.Vector, len(args)), dict: -1}
	n.x = functions.Exec{Env: env, Pool: env.Pool, Type: t}
	if n.volatile || n.called {
		return n
	}
	for i, a := range args {
		if _, literal := a.(*constNode); literal {
			continue
		}
		if n.dict >= 0 {
			n.dict = -1
			break
		}
		n.dict = i
	}
	return n
}

func (n *callNode) eval(s *state, sel []int32) (*page.Vector, error) {
	if sel != nil && len(sel) == 0 {
		return s.null(n.typ)
	}
	consts := 0
	for i, a := range n.args {
		v, err := a.eval(s, sel)
		if err != nil {
			n.release(i)
			return nil, err
		}
		n.vals[i] = v
		if v.Enc() == page.Const {
			consts++
		}
	}
	defer n.release(len(n.args))
	v, err := n.apply(s, sel, consts)
	return v, at(err, n.pos)
}

func (n *callNode) release(k int) {
	for i := range n.vals[:k] {
		n.vals[i].Release()
		n.vals[i] = nil
	}
}

func (n *callNode) apply(s *state, sel []int32, consts int) (*page.Vector, error) {
	if !n.called {
		for _, v := range n.vals {
			if v.Enc() == page.Const && v.IsNull(0) {
				return s.null(n.typ)
			}
		}
	}
	if consts == len(n.vals) && !n.volatile {
		return n.once(s.n)
	}
	if n.dict >= 0 && n.vals[n.dict].Enc() == page.Dict {
		if v, done, err := n.peel(s, sel); done {
			return v, err
		}
	}
	for i, v := range n.vals {
		flat, err := flatten(v, sel, s.env.Pool)
		if err != nil {
			return nil, err
		}
		v.Release()
		n.vals[i] = flat
	}
	return n.run(n.vals, s.n, sel)
}

// once computes a call whose arguments are all constant.
func (n *callNode) once(rows int) (*page.Vector, error) {
	v, err := n.run(n.vals, 1, nil)
	if err != nil {
		return nil, err
	}
	return spread(v, rows, n.x.Pool)
}

// spread makes a constant of rows slots from the single slot of v.
func spread(v *page.Vector, rows int, pool page.Pool) (*page.Vector, error) {
	if v.Enc() == page.Flat {
		return page.MakeConst(v, rows), nil
	}
	defer v.Release()
	if v.Enc() == page.Const {
		return v.Gather(make([]int32, rows), pool)
	}
	b := page.NewBuilder(v.Type, 1, pool)
	b.AppendFrom(v, 0)
	one, err := b.Finish()
	if err != nil {
		return nil, err
	}
	return page.MakeConst(one, rows), nil
}

// run applies the kernel to flat and constant arguments and sets the nulls.
func (n *callNode) run(vals []*page.Vector, rows int, sel []int32) (*page.Vector, error) {
	n.x.N, n.x.Sel = rows, sel
	if n.called {
		return n.kernel(&n.x, vals)
	}
	nulls := 0
	for _, v := range vals {
		if v.MayHaveNulls() && v.Enc() != page.Const {
			nulls++
			n.sel = kernel.Buffer(n.sel, rows)
			k := kernel.SelectValid(v.Valid(), 1, rows, n.x.Sel, n.sel)
			n.x.Sel = n.sel[:k]
		}
	}
	if nulls > 0 && len(n.x.Sel) == 0 {
		return page.NewConst(n.typ, types.NullValue, rows, n.x.Pool)
	}
	v, err := n.kernel(&n.x, vals)
	if err != nil || nulls == 0 {
		return v, err
	}
	return withNulls(v, vals, rows, n.x.Pool)
}

// withNulls makes v null where one of vals is.
func withNulls(v *page.Vector, vals []*page.Vector, rows int, pool page.Pool) (*page.Vector, error) {
	var from *page.Vector
	several, shared := false, false
	for _, a := range vals {
		if a.MayHaveNulls() && a.Enc() != page.Const {
			several, from = from != nil, a
		}
		shared = shared || a == v
	}
	if shared && !several && from == v {
		return v, nil
	}
	if shared || v.Enc() == page.Const {
		w, err := copyOf(v, pool)
		v.Release()
		if err != nil {
			return nil, err
		}
		v = w
	}
	if !several && !v.MayHaveNulls() {
		v.ShareValid(from)
		return v, nil
	}
	old := v.Valid()
	bits, err := v.NewValid(page.AllValid, pool)
	if err != nil {
		v.Release()
		return nil, err
	}
	andBits(bits, old)
	for _, a := range vals {
		if a.Enc() != page.Const {
			andBits(bits, a.Valid())
		}
	}
	return v, nil
}

func andBits(dst, src []byte) {
	if src == nil {
		return
	}
	src = src[:len(dst)]
	for i := range dst {
		dst[i] &= src[i]
	}
}

// copyOf returns a flat or dictionary vector with v's slots whose validity may be changed.
func copyOf(v *page.Vector, pool page.Pool) (*page.Vector, error) {
	switch v.Enc() {
	case page.Const:
		return v.Flatten(pool)
	case page.Dict:
		w := page.MakeDict(v.Dictionary().Retain(), v.Codes(), v.Valid())
		w.Depend(v.Retain())
		return w, nil
	}
	return page.MakeFlat(page.Parts{Type: v.Type, N: v.Len(), Valid: v.Valid(), Data: v.Raw(), Heap: v.Heap(),
		Offs: v.Offsets(), Kids: retained(v.Children()), Deps: []*page.Vector{v.Retain()}}), nil
}

func retained(vs []*page.Vector) []*page.Vector {
	out := make([]*page.Vector, len(vs))
	for i, v := range vs {
		out[i] = v.Retain()
	}
	return out
}
