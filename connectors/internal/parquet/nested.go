package parquet

import (
	"context"

	"github.com/muster-sql/muster/connectors/internal/objectstore"
	"github.com/muster-sql/muster/connectors/internal/parquet/format"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
)

// nested reads a column of arrays, maps and rows: each leaf below it with its
// levels, from which the vectors are put together.
type nested struct {
	root    *Node
	pool    page.Pool
	leaves  []*leafReader
	pending int
}

// elementsAtOnce bounds the elements of a page of nested values, on average.
const elementsAtOnce = 1 << 17

func newNested(root *Node, pool page.Pool, stats *spi.ScanStats) *nested {
	n := &nested{root: root, pool: pool}
	for _, l := range root.leaves(nil) {
		r := &leafReader{leaf: l, pool: pool, stats: stats}
		r.vals.node, r.vals.pool = l, pool
		n.leaves = append(n.leaves, r)
	}
	return n
}

func (n *nested) open(object objectstore.Object, group *format.RowGroup) {
	n.pending = 0
	for _, r := range n.leaves {
		r.open(object, group)
	}
}

func (n *nested) close() {
	for _, r := range n.leaves {
		r.close()
	}
}

func (n *nested) skip(k int) { n.pending += k }

// rowsAtOnce returns how many rows of the group a page should have.
func (n *nested) rowsAtOnce(g *format.RowGroup) int64 {
	rows := int64(page.RowsMax)
	for _, r := range n.leaves {
		each := g.Columns[r.leaf.leaf].Values/max(g.Rows, 1) + 1
		rows = min(rows, max(elementsAtOnce/each, 16))
	}
	return rows
}

// read implements column. All rows are read, whatever is selected.
func (n *nested) read(ctx context.Context, rows, _, _ int) (*page.Vector, error) {
	for _, r := range n.leaves {
		if err := r.read(ctx, n.pending, rows); err != nil {
			return nil, err
		}
	}
	n.pending = 0
	a := assembler{pool: n.pool, leaves: n.leaves}
	return a.build(n.root)
}

// assembler makes vectors of the fields of a tree from the leaves' levels.
type assembler struct {
	pool   page.Pool
	leaves []*leafReader
	next   int // leaf
}

// A slot of a field is an entry of any leaf below it that repeats at or above
// the field's level and at which the innermost list around it has an element.
func (n *Node) isSlot(def, rep uint8) bool { return rep <= n.rep && def >= n.base }

func (a *assembler) build(n *Node) (*page.Vector, error) {
	if n.kind == leafNode {
		r := a.leaves[a.next]
		a.next++
		return r.vector(a.pool)
	}
	levels := a.leaves[a.next]
	p := page.Parts{Type: n.Type}
	v, err := a.fill(n, levels, &p)
	if err != nil {
		for _, b := range p.Bufs {
			b.Release()
		}
		for _, k := range p.Kids {
			k.Release()
		}
	}
	return v, err
}

// fill sets the validity, offsets and children of a group.
func (a *assembler) fill(n *Node, levels *leafReader, p *page.Parts) (*page.Vector, error) {
	def, rep := levels.def, levels.rep
	for i := range def {
		if n.isSlot(def[i], rep[i]) {
			p.N++
		}
	}
	if n.Optional {
		if err := a.validity(n, def, rep, p); err != nil {
			return nil, err
		}
	}
	if n.kind != structNode {
		buf, err := a.pool.Alloc(4 * (p.N + 1))
		if err != nil {
			return nil, err
		}
		p.Bufs = append(p.Bufs, buf)
		p.Offs = page.SliceOf[int32](buf.Data)[:p.N+1]
		slot, elements := 0, int32(0)
		for i := range def {
			if n.isSlot(def[i], rep[i]) {
				p.Offs[slot] = elements
				slot++
			}
			if rep[i] <= n.rep+1 && def[i] >= n.elemDef {
				elements++
			}
		}
		p.Offs[slot] = elements
	}
	for _, k := range n.kids {
		v, err := a.build(k)
		if err != nil {
			return nil, err
		}
		p.Kids = append(p.Kids, v)
		want := p.N
		if n.kind != structNode {
			want = int(p.Offs[p.N])
		}
		if v.Len() != want {
			return nil, errLevels
		}
	}
	return page.MakeFlat(*p), nil
}

func (a *assembler) validity(n *Node, def, rep []uint8, p *page.Parts) error {
	buf, err := a.pool.Alloc(max(page.BitmapBytes(p.N), 1))
	if err != nil {
		return err
	}
	p.Bufs = append(p.Bufs, buf)
	clear(buf.Data)
	slot, nulls := 0, 0
	for i := range def {
		if !n.isSlot(def[i], rep[i]) {
			continue
		}
		if def[i] >= n.def {
			page.BitSet(buf.Data, slot)
		} else {
			nulls++
		}
		slot++
	}
	if nulls > 0 {
		p.Valid = buf.Data[:page.BitmapBytes(p.N)]
	}
	return nil
}

// vector makes the leaf's vector from the values of the rows read.
func (r *leafReader) vector(pool page.Pool) (*page.Vector, error) {
	slots := 0
	for i := range r.def {
		if r.leaf.isSlot(r.def[i], r.rep[i]) {
			slots++
		}
	}
	size := r.leaf.Type.Phys().Size()
	p := page.Parts{Type: r.leaf.Type, N: slots}
	if err := r.room(slots); err != nil {
		return nil, err
	}
	p.Data, p.Bufs = r.data.Data[:slots*size], []*page.Buffer{r.data}
	r.data = nil
	if r.count < slots {
		buf, err := pool.Alloc(page.BitmapBytes(slots) + 8)
		if err != nil {
			p.Bufs[0].Release()
			return nil, err
		}
		clear(buf.Data)
		slot := 0
		for i := range r.def {
			if !r.leaf.isSlot(r.def[i], r.rep[i]) {
				continue
			}
			if r.def[i] == r.leaf.def {
				page.BitSet(buf.Data, slot)
			}
			slot++
		}
		p.Valid, p.Bufs = buf.Data[:page.BitmapBytes(slots)], append(p.Bufs, buf)
		spreadBytes(p.Data, size, r.count, slots, buf.Data, 0)
	}
	r.heap.give(&p)
	return page.MakeFlat(p), nil
}
