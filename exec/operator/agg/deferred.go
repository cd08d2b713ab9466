package agg

import (
	"slices"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/rows"
)

// deferred keeps the rows of a call with DISTINCT or ORDER BY until all are
// there: columns are the group, the arguments, then the sort keys. DISTINCT
// keeps one row of each group and arguments.
type deferred struct {
	c     *Config
	call  *Call
	pool  *mempool.Pool
	types []types.Type
	cols  []int // input columns after the group
	order []rows.Key
	table *rowTable   // DISTINCT
	store *rows.Store // otherwise
	vecs  []*page.Vector
	out   []int32
}

func newDeferred(c *Config, call *Call, pool *mempool.Pool) *deferred {
	d := &deferred{c: c, call: call, pool: pool, types: []types.Type{types.Of(types.Int32)}}
	d.cols = slices.Clone(call.Args)
	for _, k := range call.Order {
		at := slices.Index(d.cols, k.Col)
		if at < 0 {
			at = len(d.cols)
			d.cols = append(d.cols, k.Col)
		}
		d.order = append(d.order, rows.Key{Col: at + 1, Desc: k.Desc, NullsFirst: k.NullsFirst})
	}
	for _, i := range d.cols {
		d.types = append(d.types, c.In[i])
	}
	d.vecs = make([]*page.Vector, len(d.types))
	if call.Distinct {
		d.table = newRowTable(d.types, pool)
		d.store = d.table.store
	} else {
		d.store = rows.NewStore(rows.NewLayout(d.types, false), pool, nil)
	}
	return d
}

func (d *deferred) need(p *page.Page) int {
	bytes := 0
	for _, c := range d.cols {
		bytes += bytesOf(p.Cols[c], p)
	}
	return d.needRows(p.Len(), bytes) + 4*p.Rows
}

// bytesOf bounds the bytes of a column's live values beyond their fixed width.
func bytesOf(v *page.Vector, p *page.Page) int {
	switch phys := v.Type.Phys(); {
	case phys == types.PhysView:
		return rows.LongBytes(v, p.Rows, p.Sel)
	case phys > types.PhysView:
		return v.Bytes()
	}
	return 0
}

// needRows bounds what keeping n rows with values of so many bytes takes.
func (d *deferred) needRows(n, bytes int) int {
	need := 2*n*d.store.L.Width() + 2*bytes + 4*n + min(d.store.Bytes(), 1<<20) + 4<<10
	if d.table != nil {
		need += growth(len(d.table.slots), d.table.groups()+n, 8)
	}
	return need
}

func (d *deferred) bytes() int {
	if d.table != nil {
		return d.table.bytes()
	}
	return d.store.Bytes()
}

// add keeps rows of an input page.
func (d *deferred) add(p *page.Page, r functions.Rows) error {
	if r.Len() == 0 {
		return nil
	}
	v, ids, err := page.NewFixed[int32](d.types[0], p.Rows, d.pool)
	if err != nil {
		return err
	}
	defer v.Release()
	if r.Groups == nil {
		clear(ids)
	} else if r.Sel == nil {
		copy(ids, r.Groups)
	} else {
		for k, i := range r.Sel {
			ids[i] = r.Groups[k]
		}
	}
	d.vecs[0] = v
	for i, c := range d.cols {
		d.vecs[i+1] = p.Cols[c]
	}
	return d.keep(p.Rows, r.Sel)
}

func (d *deferred) keep(n int, sel []int32) error {
	if d.table == nil {
		return d.store.Append(d.vecs, n, sel, nil)
	}
	count := n
	if sel != nil {
		count = len(sel)
	}
	if cap(d.out) < count {
		d.out = make([]int32, max(count, page.RowsMax))
	}
	return d.table.find(d.vecs, n, sel, d.out[:count])
}

// take adds rows ids of from, another driver's, whose groups are renumbered.
func (d *deferred) take(from *deferred, ids []uint32, renumber []int32) error {
	for len(ids) > 0 {
		n := min(len(ids), page.RowsMax)
		p, err := from.store.Page(ids[:n], d.pool)
		if err != nil {
			return err
		}
		groups := page.Values[int32](p.Cols[0])
		for i, g := range groups {
			groups[i] = renumber[g]
		}
		copy(d.vecs, p.Cols)
		err = d.keep(n, nil)
		p.Release()
		if err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// feed gives all rows to acc, in the order of the call.
func (d *deferred) feed(acc functions.Accumulator) error {
	ids := make([]uint32, d.store.Len())
	if err := d.pool.Reserve(4 * len(ids)); err != nil {
		return err
	}
	defer d.pool.Free(4 * len(ids))
	for i := range ids {
		ids[i] = uint32(i)
	}
	if len(d.order) > 0 {
		keys := append([]rows.Key{{Col: 0}}, d.order...)
		slices.SortFunc(ids, func(a, b uint32) int { return rows.Compare(d.store, a, d.store, b, keys) })
	}
	for len(ids) > 0 {
		n := min(len(ids), page.RowsMax)
		p, err := d.store.Page(ids[:n], d.pool)
		if err != nil {
			return err
		}
		r := functions.Rows{N: n, Groups: page.Values[int32](p.Cols[0])}
		err = acc.Update(r, p.Cols[1:1+len(d.call.Args)])
		p.Release()
		if err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

func (d *deferred) release() {
	if d.table != nil {
		d.table.reset()
		return
	}
	d.store.Reset()
}
