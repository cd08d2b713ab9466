package agg

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/kernel"
	"github.com/muster-sql/muster/exec/rows"
)

// table numbers the distinct keys of the rows it is shown: dense groups from 0.
type table interface {
	// find writes the group of the k-th selected row to out[k], making new ones.
	find(keys []*page.Vector, n int, sel []int32, out []int32) error
	// need bounds the bytes that find may allocate for so many rows.
	need(keys []*page.Vector, n int, sel []int32) int
	groups() int
	hash(group int32) uint64
	// keys returns the key columns of groups ids.
	keys(ids []uint32, pool page.Pool) ([]*page.Vector, error)
	bytes() int
	// reset forgets all groups and gives the memory back.
	reset()
}

// newTable picks the table for keys of these types.
func newTable(ts []types.Type, pool page.Pool) table {
	if len(ts) == 1 {
		switch ts[0].Phys() {
		case types.PhysBool, types.PhysI16, types.PhysI32, types.PhysU32, types.PhysI64:
			return newIntTable(ts[0], pool)
		}
	}
	return newRowTable(ts, pool)
}

// batch is the most rows that a table looks up at once: it bounds the slots
// that have to be free before.
const batch = 1024

// slotsMin is the size of a new table.
const slotsMin = 1 << 11

// rowTable keeps keys of any types as rows. A slot holds 32 bits of the hash
// and the group plus one; 0 is free.
type rowTable struct {
	pool   page.Pool
	store  *rows.Store
	buf    *page.Buffer
	slots  []uint64
	mask   uint64
	hasher kernel.Hasher
	hashes []uint64
	pos    []uint64
	ids    []uint32
	cand   []int32
	next   []int32
	fresh  []int32 // slots of rows that made new groups
	freshH []uint64
	at     []int32 // slot of the k-th row of a batch
	layout *rows.Layout
}

func newRowTable(ts []types.Type, pool page.Pool) *rowTable {
	l := rows.NewLayout(ts, true)
	return &rowTable{
		pool: pool, layout: l, store: rows.NewStore(l, pool, nil),
		hashes: make([]uint64, batch), pos: make([]uint64, batch), ids: make([]uint32, batch),
		cand: make([]int32, 0, batch), next: make([]int32, 0, batch),
		fresh: make([]int32, 0, batch), freshH: make([]uint64, 0, batch), at: make([]int32, batch),
	}
}

func (t *rowTable) groups() int             { return t.store.Len() }
func (t *rowTable) hash(group int32) uint64 { return t.store.Hash(uint32(group)) }
func (t *rowTable) bytes() int              { return t.store.Bytes() + 8*len(t.slots) }

func (t *rowTable) need(keys []*page.Vector, n int, sel []int32) int {
	need := t.store.Need(keys, n, sel)
	if sel != nil {
		n = len(sel)
	}
	return need + growth(len(t.slots), t.groups()+n, 8)
}

// growth is the memory of the slots that a table of so many groups needs, when
// they are more than it has.
func growth(have, groups, width int) int {
	want := slotsFor(groups + batch)
	if want <= have {
		return 0
	}
	return page.BufferSize(want * width)
}

func slotsFor(groups int) int {
	size := slotsMin
	for size < 2*groups {
		size *= 2
	}
	return size
}

// reserve makes room for a batch of new groups.
func (t *rowTable) reserve() error {
	want := slotsFor(t.groups() + batch)
	if want <= len(t.slots) {
		return nil
	}
	if want < 4*len(t.slots) && t.groups() > 1<<15 {
		want *= 2 // large tables are rebuilt less often
	}
	buf, err := t.pool.Alloc(8 * want)
	if err != nil {
		return err
	}
	slots := page.SliceOf[uint64](buf.Data)
	clear(slots)
	mask := uint64(want - 1)
	for g := range uint32(t.groups()) {
		h := t.store.Hash(g)
		i := h & mask
		for slots[i] != 0 {
			i = (i + 1) & mask
		}
		slots[i] = h&^0xffffffff | uint64(g+1)
	}
	t.buf.Release()
	t.buf, t.slots, t.mask = buf, slots, mask
	return nil
}

func (t *rowTable) find(keys []*page.Vector, n int, sel []int32, out []int32) error {
	count := n
	if sel != nil {
		count = len(sel)
	}
	for from := 0; from < count; from += batch {
		part := min(batch, count-from)
		at := t.at[:part]
		if sel != nil {
			at = sel[from : from+part]
		} else {
			for k := range at {
				at[k] = int32(from + k)
			}
		}
		if err := t.reserve(); err != nil {
			return err
		}
		if err := t.findBatch(keys, n, at, out[from:from+part]); err != nil {
			return err
		}
	}
	return nil
}

// findBatch looks up the rows at. Rows whose slot is free make a group there;
// the others are compared column by column with the row that has the same hash
// bits; those that differ go on to the next slot.
func (t *rowTable) findBatch(keys []*page.Vector, n int, at []int32, out []int32) error {
	hashes, pos, ids := t.hashes[:len(at)], t.pos[:len(at)], t.ids[:len(at)]
	t.hasher.Columns(keys, n, at, hashes)
	left := t.next[:0]
	for k, h := range hashes {
		pos[k] = h & t.mask
		left = append(left, int32(k))
	}
	pairs := rows.Pairs{IDs: ids, Slots: at}
	for len(left) > 0 {
		cand := t.cand[:0]
		fresh, freshH := t.fresh[:0], t.freshH[:0]
		group := uint32(t.groups())
		for _, k := range left {
			h := hashes[k]
			for p := pos[k]; ; p = (p + 1) & t.mask {
				e := t.slots[p]
				if e == 0 {
					t.slots[p] = h&^0xffffffff | uint64(group+1)
					out[k] = int32(group)
					fresh, freshH = append(fresh, at[k]), append(freshH, h)
					group++
					break
				}
				if (e^h)>>32 == 0 {
					ids[k], pos[k] = uint32(e)-1, p
					cand = append(cand, k)
					break
				}
			}
		}
		if len(fresh) > 0 {
			if err := t.store.Append(keys, n, fresh, freshH); err != nil {
				return err
			}
		}
		left = left[:0]
		for c, v := range keys {
			cand, left = t.store.Equal(c, v, rows.NullsEqual, pairs, cand, left)
		}
		for _, k := range cand {
			out[k] = int32(ids[k])
		}
		for _, k := range left {
			pos[k] = (pos[k] + 1) & t.mask
		}
	}
	return nil
}

func (t *rowTable) keys(ids []uint32, pool page.Pool) ([]*page.Vector, error) {
	p, err := t.store.Page(ids, pool)
	if err != nil {
		return nil, err
	}
	return p.Cols, nil
}

func (t *rowTable) reset() {
	t.store.Reset()
	t.buf.Release()
	t.buf, t.slots, t.mask = nil, nil, 0
}
