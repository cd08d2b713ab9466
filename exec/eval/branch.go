package eval

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/kernel"
)

// caseNode evaluates each branch for the rows that reach it.
type caseNode struct {
	typ   types.Type
	conds []pred
	thens []node
	els   node // nil: NULL
	merge merger
	rest  []int32
	hits  [][]int32
}

func (c *compiler) caseNode(x *expr.Case) (node, error) {
	n := &caseNode{typ: x.Typ}
	for _, w := range x.Whens {
		p, err := c.pred(w.Cond, true)
		if err != nil {
			return nil, err
		}
		t, err := c.node(w.Then)
		if err != nil {
			return nil, err
		}
		n.conds, n.thens = append(n.conds, p), append(n.thens, t)
	}
	n.hits = make([][]int32, len(n.conds))
	if x.Else != nil {
		e, err := c.node(x.Else)
		if err != nil {
			return nil, err
		}
		n.els = e
	}
	return n, nil
}

func (n *caseNode) eval(s *state, sel []int32) (*page.Vector, error) {
	live := s.n
	if sel != nil {
		live = len(sel)
	}
	n.merge.begin()
	defer n.merge.end()
	n.rest = kernel.Buffer(n.rest, live)
	rest, left := sel, live
	for i, cond := range n.conds {
		if left == 0 {
			break
		}
		n.hits[i] = kernel.Buffer(n.hits[i], live)
		k, err := cond.narrow(s, rest, n.hits[i])
		if err != nil {
			return nil, err
		}
		if k == 0 {
			continue
		}
		hits := n.hits[i][:k]
		if k == live {
			return n.thens[i].eval(s, sel) // one branch takes all
		}
		v, err := n.thens[i].eval(s, hits)
		if err != nil {
			return nil, err
		}
		n.merge.add(v, hits)
		left = kernel.Except(s.n, rest, hits, n.rest)
		rest = n.rest[:left]
	}
	if left > 0 && n.els != nil {
		v, err := n.els.eval(s, rest)
		if err != nil || left == live {
			return v, err
		}
		n.merge.add(v, rest)
	}
	return n.merge.finish(n.typ, s)
}

// coalesceNode evaluates each argument for the rows that the ones before it
// left NULL.
type coalesceNode struct {
	typ   types.Type
	args  []node
	merge merger
	rest  []int32
	hits  [][]int32
}

func (c *compiler) coalesce(x *expr.Coalesce) (node, error) {
	args, err := c.nodes(x.Args)
	return &coalesceNode{typ: x.Typ, args: args, hits: make([][]int32, len(args))}, err
}

func (n *coalesceNode) eval(s *state, sel []int32) (*page.Vector, error) {
	live := s.n
	if sel != nil {
		live = len(sel)
	}
	n.merge.begin()
	defer n.merge.end()
	n.rest = kernel.Buffer(n.rest, live)
	rest, left := sel, live
	for i, a := range n.args {
		if left == 0 {
			break
		}
		v, err := a.eval(s, rest)
		if err != nil {
			return nil, err
		}
		if left == live && (i == len(n.args)-1 || !v.MayHaveNulls()) {
			return v, nil
		}
		n.hits[i] = kernel.Buffer(n.hits[i], live)
		hits := n.hits[i][:selectNulls(v, false, s.n, rest, n.hits[i])]
		n.merge.add(v, hits)
		left = kernel.Except(s.n, rest, hits, n.rest)
		rest = n.rest[:left]
	}
	return n.merge.finish(n.typ, s)
}

// merger puts one vector together from several, each defined for its own rows.
// Rows of none are NULL.
type merger struct {
	vecs []*page.Vector
	rows [][]int32
}

func (m *merger) begin() { m.end() }

func (m *merger) end() {
	for _, v := range m.vecs {
		v.Release()
	}
	m.vecs, m.rows = m.vecs[:0], m.rows[:0]
}

// add takes over v.
func (m *merger) add(v *page.Vector, rows []int32) {
	m.vecs, m.rows = append(m.vecs, v), append(m.rows, rows)
}

func (m *merger) finish(t types.Type, s *state) (*page.Vector, error) {
	if len(m.vecs) == 0 {
		return s.null(t)
	}
	phys := t.Phys()
	if phys.Size() == 0 {
		return m.nested(t, s)
	}
	pool := s.env.Pool
	buf, err := pool.Alloc(phys.Size() * s.n)
	if err != nil {
		return nil, err
	}
	p := page.Parts{Type: t, N: s.n, Data: buf.Data, Bufs: []*page.Buffer{buf}}
	vbuf, err := pool.Alloc(page.BitmapBytes(s.n))
	if err != nil {
		buf.Release()
		return nil, err
	}
	p.Valid, p.Bufs = vbuf.Data, append(p.Bufs, vbuf)
	clear(p.Valid)
	for k, v := range m.vecs {
		rows := m.rows[k]
		src, _ := v.Slot0()
		switch phys {
		case types.PhysView:
			scatterViews(page.SliceOf[page.View](p.Data), v, rows, int32(len(p.Heap)))
			if len(src.Heap()) > 0 {
				p.Heap = append(p.Heap, src.Heap()...)
				p.Deps = append(p.Deps, v.Retain())
			}
		default:
			scatterBySize(phys.Size(), p.Data, v, rows)
		}
		for _, i := range rows {
			if !v.IsNull(int(i)) {
				page.BitSet(p.Valid, int(i))
			}
		}
	}
	return page.MakeFlat(p), nil
}

func scatterBySize(size int, data []byte, v *page.Vector, rows []int32) {
	switch size {
	case 1:
		scatter(page.SliceOf[uint8](data), v, rows)
	case 2:
		scatter(page.SliceOf[int16](data), v, rows)
	case 4:
		scatter(page.SliceOf[int32](data), v, rows)
	case 8:
		scatter(page.SliceOf[int64](data), v, rows)
	case 16:
		scatter(page.SliceOf[types.Int128](data), v, rows)
	default:
		scatter(page.SliceOf[types.Num](data), v, rows)
	}
}

func scatter[T page.Fixed](out []T, v *page.Vector, rows []int32) {
	switch v.Enc() {
	case page.Const:
		c := page.Values[T](v)[0]
		for _, i := range rows {
			out[i] = c
		}
	case page.Dict:
		lookUp(out, page.Values[T](v.Dictionary().Values), v.Codes(), rows)
	default:
		vals := page.Values[T](v)
		for _, i := range rows {
			out[i] = vals[i]
		}
	}
}

// scatterViews copies views, whose buffers come to stand at base.
func scatterViews(out []page.View, v *page.Vector, rows []int32, base int32) {
	for _, i := range rows {
		if v.IsNull(int(i)) {
			out[i] = page.View{}
			continue
		}
		b, j := v.Slot(int(i))
		w := b.Views()[j]
		if w.Len > page.InlineMax {
			w.Buf += base
		}
		out[i] = w
	}
}

// nested builds lists and rows value by value.
func (m *merger) nested(t types.Type, s *state) (*page.Vector, error) {
	from := make([]int32, s.n)
	for k, rows := range m.rows {
		for _, i := range rows {
			from[i] = int32(k) + 1
		}
	}
	b := page.NewBuilder(t, s.n, s.env.Pool)
	for i, k := range from {
		if k == 0 {
			b.AppendNull()
		} else {
			b.AppendFrom(m.vecs[k-1], i)
		}
	}
	return b.Finish()
}
