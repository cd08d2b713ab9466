package memory

import (
	"cmp"
	"slices"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// commit makes the rows of some fragments of a write visible, all or none.
func (s *store) commit(id string, fragments [][]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.writes[id]
	if w == nil {
		if slices.Contains(s.done, id) {
			return nil
		}
		return sqlerr.New(sqlerr.StatementUnknown, "write is not known any more, it may or may not have been committed: %s", id)
	}
	staged, err := w.take(fragments)
	if err != nil {
		return err
	}
	err = s.changeLocked(func(m schemas, version uint64) error {
		c := &change{store: s, write: w, version: version, staged: staged}
		return c.apply(m)
	})
	if err != nil {
		return err
	}
	delete(s.writes, id)
	w.drop()
	if s.done = append(s.done, id); len(s.done) > doneMax {
		s.done = slices.Delete(s.done, 0, len(s.done)-doneMax)
	}
	return nil
}

// take returns the staged chunks of fragments, still owned by the write.
func (w *write) take(fragments [][]byte) ([]*chunk, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []*chunk
	for _, f := range fragments {
		chunks, ok := w.staged[string(f)]
		if !ok {
			return nil, sqlerr.Internalf("fragment of a write is unknown: %s", f)
		}
		out = append(out, chunks...)
	}
	return out, nil
}

// change is the application of a write to the newest state.
type change struct {
	store   *store
	write   *write
	version uint64 // that the change makes
	staged  []*chunk

	base *table
	// What the change did to rows, for the check of keys.
	added   []rows
	removed []int64
}

// rows are some slots of a chunk.
type rows struct {
	chunk *chunk
	slots []int32
}

func (c *change) apply(m schemas) error {
	w := c.write
	if err := c.findBase(m); err != nil || c.base == nil {
		return err
	}
	defer c.base.release()
	var next *table
	var err error
	switch w.kind {
	case spi.WriteUpdate:
		next, err = c.update()
	case spi.WriteDelete:
		next, err = c.delete()
	default:
		next, err = c.insert()
	}
	if err != nil {
		return err
	}
	if err := c.store.checkKeys(c, next); err != nil {
		next.release()
		return err
	}
	m.put(w.name, next)
	return nil
}

// findBase sets the version of the table that the write changes, with a
// reference; none when there is nothing to do.
func (c *change) findBase(m schemas) error {
	w := c.write
	old := m[w.name.Schema][w.name.Table]
	if w.kind == spi.WriteCreate {
		switch {
		case m[w.name.Schema] == nil:
			return undefinedSchema(w.name.Schema)
		case old != nil && w.ifAbsent:
			return nil
		case old != nil && !w.replace:
			return duplicateTable(w.name.Table)
		case old != nil && old.isView():
			return sqlerr.New(sqlerr.WrongObjectType, "\"%s\" is not a table", w.name.Table)
		}
		c.base = newTable(w.tableID, w.def)
		return nil
	}
	if old == nil || old.id != w.tableID {
		return undefinedTable(w.name)
	}
	if old.def != w.def {
		return sqlerr.New(sqlerr.SerializationFailure, "could not serialize access: table \"%s\" was altered", w.name.Table)
	}
	c.base = old.retain()
	return nil
}

// insert appends the staged rows.
func (c *change) insert() (*table, error) {
	pool, chunks, nextID := c.store.pool, c.base.share(), c.base.nextID
	serial := map[int]int64{}
	for k, v := range c.base.serial {
		serial[k] = v
	}
	for _, s := range c.staged {
		full, err := c.complete(s, serial)
		if err == nil {
			full.first = nextID
			nextID += int64(full.rows)
			c.added = append(c.added, rows{full.retain(), page.Iota(full.rows)})
			chunks, err = appendChunk(pool, chunks, full)
		}
		if err != nil {
			releaseChunks(chunks)
			c.releaseAdded()
			return nil, err
		}
	}
	next := c.base.with(chunks)
	next.nextID, next.serial = nextID, serial
	return next, nil
}

func (c *change) releaseAdded() {
	for _, r := range c.added {
		r.chunk.release()
	}
	c.added = nil
}

// complete returns a staged chunk with the columns that were not written:
// numbers for identity columns, NULL for others.
func (c *change) complete(s *chunk, serial map[int]int64) (*chunk, error) {
	stored := c.base.stored()
	out := newChunk(c.store.pool, s.rows, make([]*page.Vector, 0, len(stored)))
	for i, column := range stored {
		var v *page.Vector
		var err error
		if at := slices.Index(c.write.columns, i); at >= 0 {
			v = s.cols[at].Retain()
		} else if column.Identity {
			v, err = numbers(column.Type, s.rows, serial[i], c.store.pool)
			serial[i] += int64(s.rows)
		} else {
			v, err = page.NewConst(column.Type, types.NullValue, s.rows, c.store.pool)
		}
		if err != nil {
			out.release()
			return nil, err
		}
		out.cols = append(out.cols, v)
	}
	return out, nil
}

// numbers returns a column of last+1, last+2, …
func numbers(t types.Type, n int, last int64, pool page.Pool) (*page.Vector, error) {
	b := page.NewBuilder(t, n, pool)
	for i := range int64(n) {
		b.AppendValue(types.IntValue(last + 1 + i))
	}
	return b.Finish()
}

// hit is a staged row that changes a row of the table.
type hit struct {
	id     int64
	staged *chunk
	slot   int32 // in staged
}

// hits returns the rows to change by ascending id; of several for one row the
// first counts.
func (c *change) hits() []hit {
	var out []hit
	for _, s := range c.staged {
		for i := range s.rows {
			out = append(out, hit{page.Get[int64](s.cols[0], i), s, int32(i)})
		}
	}
	slices.SortStableFunc(out, func(a, b hit) int { return cmp.Compare(a.id, b.id) })
	return slices.CompactFunc(out, func(a, b hit) bool { return a.id == b.id })
}

// eachChunk calls f with every chunk that hits fall into, its place, the hits
// and their slots. A row that has changed since it was read is an error.
func (c *change) eachChunk(f func(i int, old *chunk, hits []hit, slots []int32) error) error {
	verb := "update"
	if c.write.kind == spi.WriteDelete {
		verb = "delete"
	}
	conflict := sqlerr.New(sqlerr.SerializationFailure, "could not serialize access due to concurrent %s", verb)
	for hits := c.hits(); len(hits) > 0; {
		i := c.base.chunkFrom(hits[0].id)
		if i == len(c.base.chunks) {
			return conflict
		}
		old, n := c.base.chunks[i], 0
		var slots []int32
		for ; n < len(hits) && hits[n].id <= old.lastID(); n++ {
			slot, ok := old.slot(hits[n].id)
			if !ok || old.changed != nil && old.changed[slot] > c.write.version {
				return conflict
			}
			slots = append(slots, int32(slot))
			c.removed = append(c.removed, hits[n].id)
		}
		if err := f(i, old, hits[:n], slots); err != nil {
			return err
		}
		hits = hits[n:]
	}
	return nil
}

// update replaces values in place: rows keep their ids and order.
func (c *change) update() (*table, error) {
	chunks := c.base.share()
	err := c.eachChunk(func(i int, old *chunk, hits []hit, slots []int32) error {
		next, err := c.updateChunk(old, hits, slots)
		if err != nil {
			return err
		}
		chunks[i].release()
		chunks[i] = next
		c.added = append(c.added, rows{next.retain(), slots})
		return nil
	})
	if err != nil {
		releaseChunks(chunks)
		c.releaseAdded()
		return nil, err
	}
	next := c.base.with(chunks)
	return next, nil
}

func (c *change) updateChunk(old *chunk, hits []hit, slots []int32) (*chunk, error) {
	next := newChunk(c.store.pool, old.rows, make([]*page.Vector, 0, len(old.cols)))
	next.first, next.ids, next.sel = old.first, old.ids, old.sel
	next.changed = make([]uint64, old.rows)
	copy(next.changed, old.changed)
	for _, s := range slots {
		next.changed[s] = c.version
	}
	for i, v := range old.cols {
		at := slices.Index(c.write.columns, i)
		if at < 0 {
			next.cols = append(next.cols, v.Retain())
			continue
		}
		b := page.NewBuilder(v.Type, old.rows, c.store.pool)
		k := 0
		for row := range old.rows {
			if k < len(slots) && int(slots[k]) == row {
				b.AppendFrom(hits[k].staged.cols[at+1], int(hits[k].slot))
				k++
			} else {
				b.AppendFrom(v, row)
			}
		}
		w, err := b.Finish()
		if err != nil {
			next.release()
			return nil, err
		}
		next.cols = append(next.cols, w)
	}
	return next, next.chargeOrRelease()
}

// delete narrows the chunks to the rows that stay.
func (c *change) delete() (*table, error) {
	chunks := c.base.share()
	err := c.eachChunk(func(i int, old *chunk, _ []hit, slots []int32) error {
		next, err := old.without(slots)
		if err != nil {
			return err
		}
		chunks[i].release()
		chunks[i] = next
		return nil
	})
	chunks = slices.DeleteFunc(chunks, func(c *chunk) bool { return c == nil })
	if err != nil {
		releaseChunks(chunks)
		return nil, err
	}
	return c.base.with(chunks), nil
}

// without returns c without some live slots, nil when none stays.
func (c *chunk) without(dead []int32) (*chunk, error) {
	stay := make([]int32, 0, c.live()-len(dead))
	for _, s := range c.slots() {
		if len(dead) > 0 && dead[0] == s {
			dead = dead[1:]
			continue
		}
		stay = append(stay, s)
	}
	if len(stay) == 0 {
		return nil, nil
	}
	if len(stay) < c.rows/2 {
		// Below half the dead rows cost more than a copy of the live ones.
		return c.compact(stay)
	}
	next := newChunk(c.pool, c.rows, make([]*page.Vector, 0, len(c.cols)))
	next.first, next.ids, next.sel, next.changed = c.first, c.ids, stay, c.changed
	for _, v := range c.cols {
		next.cols = append(next.cols, v.Retain())
	}
	return next, next.chargeOrRelease()
}

// compact returns a chunk of some slots of c.
func (c *chunk) compact(sel []int32) (*chunk, error) {
	next := newChunk(c.pool, len(sel), make([]*page.Vector, 0, len(c.cols)))
	for _, v := range c.cols {
		w, err := v.Gather(sel, c.pool)
		if err != nil {
			next.release()
			return nil, err
		}
		next.cols = append(next.cols, w)
	}
	next.takeRows(&chunk{rows: c.rows, first: c.first, ids: c.ids, sel: sel, changed: c.changed})
	return next, next.chargeOrRelease()
}
