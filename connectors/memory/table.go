package memory

import (
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// rowIDName names the hidden column that tells rows apart.
const rowIDName = "$row_id"

// table is one version of a table or view: immutable and counted.
type table struct {
	id     uint64 // the same for all versions of a table
	def    *spi.Table
	chunks []*chunk // ascending row ids
	rows   int64
	nextID int64         // row id of the next row
	serial map[int]int64 // last value given to each identity column
	refs   atomic.Int64
	stats  sync.Once
	cached *spi.TableStats
}

func newTable(id uint64, def *spi.Table) *table {
	t := &table{id: id, def: def}
	t.retain()
	return t
}

// with returns a version of t that has these chunks, whose references it takes over.
func (t *table) with(chunks []*chunk) *table {
	n := &table{id: t.id, def: t.def, chunks: chunks, nextID: t.nextID, serial: t.serial}
	for _, c := range chunks {
		n.rows += int64(c.live())
	}
	n.retain()
	return n
}

func (t *table) retain() *table { t.refs.Add(1); return t }

func (t *table) release() {
	if t.refs.Add(-1) == 0 {
		releaseChunks(t.chunks)
	}
}

// share returns t's chunks with a reference to each.
func (t *table) share() []*chunk {
	out := slices.Clone(t.chunks)
	for _, c := range out {
		c.retain()
	}
	return out
}

// stored returns the table's columns but the row id, which is the last one.
func (t *table) stored() []spi.Column { return t.def.Columns[:len(t.def.Columns)-1] }

func (t *table) isView() bool { return t.def.Kind == spi.View }

// locate returns the chunk and slot of a row; ok is false when no live row has the id.
func (t *table) locate(id int64) (c *chunk, slot int, ok bool) {
	i := t.chunkFrom(id)
	if i == len(t.chunks) {
		return nil, 0, false
	}
	slot, ok = t.chunks[i].slot(id)
	return t.chunks[i], slot, ok
}

// chunkFrom returns the first chunk that ends at or behind a row id.
func (t *table) chunkFrom(id int64) int {
	return sort.Search(len(t.chunks), func(i int) bool { return t.chunks[i].lastID() >= id })
}

// chunk is some rows of a table: columns, which slots live, and their ids.
type chunk struct {
	cols    []*page.Vector
	rows    int
	first   int64    // row id of slot 0 while ids is nil: then slot i has first+i
	ids     []int64  // ascending
	sel     []int32  // live slots, nil: all
	changed []uint64 // version in which a slot was last updated, nil: none was
	zones   zones
	pool    page.Pool
	charged int
	refs    atomic.Int64
}

func newChunk(pool page.Pool, rows int, cols []*page.Vector) *chunk {
	c := &chunk{pool: pool, rows: rows, cols: cols}
	c.refs.Store(1)
	return c
}

// chargeOrRelease accounts for the slices of a new chunk; on error it is gone.
func (c *chunk) chargeOrRelease() error {
	n := 8*len(c.ids) + 4*len(c.sel) + 8*len(c.changed)
	if err := c.pool.Reserve(n); err != nil {
		c.release()
		return err
	}
	c.charged = n
	return nil
}

func (c *chunk) retain() *chunk { c.refs.Add(1); return c }

func (c *chunk) release() {
	if c.refs.Add(-1) > 0 {
		return
	}
	for _, v := range c.cols {
		v.Release()
	}
	c.pool.Free(c.charged)
}

func releaseChunks(chunks []*chunk) {
	for _, c := range chunks {
		c.release()
	}
}

// live returns the number of live rows.
func (c *chunk) live() int {
	if c.sel != nil {
		return len(c.sel)
	}
	return c.rows
}

// slots returns the live slots; the result is shared.
func (c *chunk) slots() []int32 {
	if c.sel != nil {
		return c.sel
	}
	return page.Iota(c.rows)
}

func (c *chunk) id(slot int) int64 {
	if c.ids != nil {
		return c.ids[slot]
	}
	return c.first + int64(slot)
}

func (c *chunk) lastID() int64 { return c.id(c.rows - 1) }

// slot returns the live slot of a row id.
func (c *chunk) slot(id int64) (int, bool) {
	i, found := int(id-c.first), id >= c.first && id < c.first+int64(c.rows)
	if c.ids != nil {
		i, found = slices.BinarySearch(c.ids, id)
	}
	if found && c.sel != nil {
		_, found = slices.BinarySearch(c.sel, int32(i))
	}
	return i, found
}

// copyChunk copies the live rows of a page into memory of the pool. dicts
// keeps copies of dictionaries that several pages share.
func copyChunk(p *page.Page, sel []int32, pool page.Pool, dicts *dictionaries) (*chunk, error) {
	c := newChunk(pool, len(sel), make([]*page.Vector, 0, len(p.Cols)))
	for _, v := range p.Cols {
		w, err := dicts.copy(v, sel, pool)
		if err != nil {
			c.release()
			return nil, err
		}
		c.cols = append(c.cols, w)
	}
	return c, nil
}

// dictionaries are the copies that a sink made of the dictionaries it met.
type dictionaries struct {
	copies map[uint64]*page.Dictionary
}

// dictionaryMax is the largest dictionary that is kept as one, in values a row.
const dictionaryMax = 2

// copy returns a vector of the slots sel of v that shares no memory with it.
func (d *dictionaries) copy(v *page.Vector, sel []int32, pool page.Pool) (*page.Vector, error) {
	switch {
	case v.Enc() == page.Flat && !v.Type.IsNested():
		return v.Gather(sel, pool)
	case v.Enc() == page.Dict && !v.Type.IsNested() && v.Dictionary().Values.Len() <= dictionaryMax*len(sel):
		return d.copyDict(v, sel, pool)
	}
	return rebuild(v.Type, pool, []*page.Vector{v}, [][]int32{sel})
}

func (d *dictionaries) copyDict(v *page.Vector, sel []int32, pool page.Pool) (*page.Vector, error) {
	from := v.Dictionary()
	to := d.copies[from.ID]
	if to == nil {
		vals, err := from.Values.Gather(page.Iota(from.Values.Len()), pool)
		if err != nil {
			return nil, err
		}
		to = page.NewDictionary(vals)
		if d.copies == nil {
			d.copies = map[uint64]*page.Dictionary{}
		}
		d.copies[from.ID] = to
	}
	buf, err := pool.Alloc(4 * len(sel))
	if err != nil {
		return nil, err
	}
	codes, old := page.SliceOf[int32](buf.Data), v.Codes()
	for i, s := range sel {
		codes[i] = old[s]
	}
	if !v.MayHaveNulls() {
		return page.MakeDict(to.Retain(), codes, nil, buf), nil
	}
	bits, err := pool.Alloc(page.BitmapBytes(len(sel)))
	if err != nil {
		buf.Release()
		return nil, err
	}
	page.BitFill(bits.Data, len(sel))
	for i, s := range sel {
		if v.IsNull(int(s)) {
			page.BitClear(bits.Data, i)
		}
	}
	return page.MakeDict(to.Retain(), codes, bits.Data, buf, bits), nil
}

func (d *dictionaries) release() {
	for _, x := range d.copies {
		x.Release()
	}
	d.copies = nil
}

// rebuild returns a flat vector of the chosen slots of several vectors, one
// after the other.
func rebuild(t types.Type, pool page.Pool, from []*page.Vector, sels [][]int32) (*page.Vector, error) {
	n := 0
	for _, sel := range sels {
		n += len(sel)
	}
	b := page.NewBuilder(t, n, pool)
	for i, v := range from {
		for _, s := range sels[i] {
			b.AppendFrom(v, int(s))
		}
	}
	return b.Finish()
}

// mergeable reports whether two neighbours should become one chunk: as the
// digits of a binary counter, so that a row is copied a few times only.
func mergeable(a, b *chunk) bool {
	return a.live() <= 2*b.live() && a.live()+b.live() <= page.RowsMin
}

// merge returns a chunk of the live rows of a and b, in that order.
func merge(pool page.Pool, a, b *chunk) (*chunk, error) {
	out := newChunk(pool, a.live()+b.live(), make([]*page.Vector, 0, len(a.cols)))
	sels := [][]int32{a.slots(), b.slots()}
	for i := range a.cols {
		v, err := rebuild(a.cols[i].Type, pool, []*page.Vector{a.cols[i], b.cols[i]}, sels)
		if err != nil {
			out.release()
			return nil, err
		}
		out.cols = append(out.cols, v)
	}
	out.takeRows(a, b)
	return out, out.chargeOrRelease()
}

// takeRows gives out the ids and versions of the live rows of some chunks.
func (c *chunk) takeRows(from ...*chunk) {
	ids, changed, updated := make([]int64, 0, c.rows), make([]uint64, 0, c.rows), false
	for _, f := range from {
		for _, s := range f.slots() {
			ids = append(ids, f.id(int(s)))
			version := uint64(0)
			if f.changed != nil {
				version, updated = f.changed[s], true
			}
			changed = append(changed, version)
		}
	}
	if updated {
		c.changed = changed
	}
	if n := len(ids); n > 0 {
		if c.first = ids[0]; ids[n-1] != c.first+int64(n-1) {
			c.ids = ids
		}
	}
}
