package join

import (
	"sync"
	"sync/atomic"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/exec/rows"
)

// table finds build rows by hash. A slot holds 32 bits of the hash and the
// number of a row plus one; rows whose hashes agree so far are chained.
type table struct {
	store *rows.Store
	once  sync.Once
	err   error
	buf   *page.Buffer
	slots []uint64
	mask  uint64
	nbuf  *page.Buffer
	next  []uint32 // by row: the next of its chain, None
	flags []uint32 // by row, for Right and Full: a bit is set when it matched
	fbuf  *page.Buffer
	dups  atomic.Bool
	job   atomic.Int32
	left  atomic.Int32
}

// slotsOf is the size of the directory of so many rows.
func slotsOf(n int) int {
	size := 1 << 10
	for size < 2*n {
		size *= 2
	}
	return size
}

// tableBytes is the memory of the table over n rows.
func tableBytes(n int) int {
	return page.BufferSize(8*slotsOf(n)) + page.BufferSize(4*max(n, 1)) + page.BufferSize(n/8+4)
}

// allocate makes an empty table over the store's rows.
func (t *table) allocate(b *Bridge, pool page.Pool) error {
	s := t.store
	size := slotsOf(s.Len())
	var err error
	if t.buf, err = pool.Alloc(8 * size); err != nil {
		return err
	}
	t.slots, t.mask = page.SliceOf[uint64](t.buf.Data), uint64(size-1)
	clear(t.slots)
	if t.nbuf, err = pool.Alloc(4 * max(s.Slots(), 1)); err != nil {
		return err
	}
	t.next = page.SliceOf[uint32](t.nbuf.Data)
	t.left.Store(int32(s.Blocks()))
	return t.allocateFlags(b, pool)
}

// allocateFlags makes the flags of matched rows, all clear, if the join needs them.
func (t *table) allocateFlags(b *Bridge, pool page.Pool) error {
	if !b.c.keepsRight() {
		return nil
	}
	var err error
	if t.fbuf, err = pool.Alloc(4 * (t.store.Slots()/32 + 1)); err != nil {
		return err
	}
	t.flags = page.SliceOf[uint32](t.fbuf.Data)
	clear(t.flags)
	return nil
}

// work inserts blocks of rows until none is left, together with other drivers;
// it reports whether this one inserted the last.
func (t *table) work(b *Bridge) bool {
	for {
		i := int(t.job.Add(1)) - 1
		if i >= t.store.Blocks() {
			return false
		}
		t.insert(b, i)
		if t.left.Add(-1) == 0 {
			return true
		}
	}
}

func (t *table) insert(b *Bridge, block int) {
	s := t.store
	first, n := s.Block(block)
	skip := b.hasNull.Load() && (b.c.keepsRight() || b.c.general())
	dups := false
	for id := first; id < first+uint32(n); id++ {
		t.next[id] = rows.None
		if skip && b.nullKey(s, id) {
			continue
		}
		dups = t.put(s.Hash(id), id) || dups
	}
	if dups {
		t.dups.Store(true)
	}
}

// put inserts a row and reports whether its chain had rows before.
func (t *table) put(h uint64, id uint32) bool {
	e := h&^0xffffffff | uint64(id+1)
	for p := h & t.mask; ; {
		old := atomic.LoadUint64(&t.slots[p])
		switch {
		case old == 0:
			if atomic.CompareAndSwapUint64(&t.slots[p], 0, e) {
				return false
			}
		case (old^h)>>32 == 0:
			t.next[id] = uint32(old) - 1
			if atomic.CompareAndSwapUint64(&t.slots[p], old, e) {
				return true
			}
		default:
			p = (p + 1) & t.mask
		}
	}
}

// nullKey reports whether a row has a NULL in a key where NULL matches nothing.
func (b *Bridge) nullKey(s *rows.Store, id uint32) bool {
	for i, c := range b.keys {
		if !b.c.nullSafe(i) && s.IsNull(id, c) {
			return true
		}
	}
	return false
}

// find returns the head of the chain of a hash, None when there is none.
func (t *table) find(h uint64) uint32 {
	for p := h & t.mask; ; p = (p + 1) & t.mask {
		e := t.slots[p]
		if e == 0 {
			return rows.None
		}
		if (e^h)>>32 == 0 {
			return uint32(e) - 1
		}
	}
}

// matched sets the flag of a build row.
func (t *table) matched(id uint32) {
	w, bit := &t.flags[id/32], uint32(1)<<(id%32)
	if atomic.LoadUint32(w)&bit == 0 {
		atomic.OrUint32(w, bit)
	}
}

// release gives the table back, but for the rows.
func (t *table) release() {
	t.buf.Release()
	t.nbuf.Release()
	t.fbuf.Release()
	t.buf, t.nbuf, t.fbuf, t.slots, t.next, t.flags = nil, nil, nil, nil, nil, nil
}
