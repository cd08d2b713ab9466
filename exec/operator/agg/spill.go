package agg

import (
	"errors"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/kernel"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/rows"
)

// spilled is what one state has on disk, by partition of the groups' hashes:
// keys and states, and for each deferred call keys and rows.
type spilled struct {
	depth    int
	groups   *rows.Spilled
	deferred []*rows.Spilled // by call, nil: not deferred
}

// depthMax is how often a partition that does not fit is split again.
const depthMax = 8

// spillChunk is how many groups are converted at once.
const spillChunk = 512

// newSpilled makes the files of a state.
func (s *state) newSpilled() (*spilled, error) {
	keys := s.c.groupTypes()
	groups := keys
	for i, a := range s.accs {
		if s.deferred[i] == nil {
			groups = append(groups[:len(groups):len(groups)], a.PartialTypes()...)
		}
	}
	out := &spilled{depth: s.depth, deferred: make([]*rows.Spilled, len(s.accs))}
	var err error
	parts := 1 << mergeBits
	if out.groups, err = rows.NewSpilled(rows.NewLayout(groups, true), s.c.Spill, parts, s.pool); err != nil {
		return nil, err
	}
	for i, d := range s.deferred {
		if d == nil {
			continue
		}
		ts := append(keys[:len(keys):len(keys)], d.types[1:]...)
		if out.deferred[i], err = rows.NewSpilled(rows.NewLayout(ts, true), s.c.Spill, parts, s.pool); err != nil {
			return nil, errors.Join(err, out.close())
		}
	}
	return out, nil
}

// size returns the bytes and files on disk.
func (x *spilled) size() (bytes, files int64) {
	if x == nil {
		return 0, 0
	}
	bytes, files = x.groups.Size(), 1
	for _, d := range x.deferred {
		if d != nil {
			bytes, files = bytes+d.Size(), files+1
		}
	}
	return bytes, files
}

func (x *spilled) close() error {
	if x == nil {
		return nil
	}
	errs := []error{x.groups.Close()}
	for _, d := range x.deferred {
		errs = append(errs, d.Close())
	}
	return errors.Join(errs...)
}

// spill writes all groups and gives their memory back.
func (s *state) spill() error {
	if s.size() == 0 {
		return nil
	}
	if s.out == nil {
		out, err := s.newSpilled()
		if err != nil {
			return err
		}
		s.out = out
	}
	if err := s.spillGroups(); err != nil {
		return err
	}
	for i, d := range s.deferred {
		if d == nil {
			continue
		}
		if err := s.spillDeferred(d, s.out.deferred[i]); err != nil {
			return err
		}
	}
	s.release()
	return nil
}

func (s *state) spillGroups() error {
	x := s.out.groups
	w := newSpillWriter(x, s.depth, s.pool)
	ids := make([]uint32, 0, spillChunk)
	for from := 0; from < s.size(); from += spillChunk {
		ids = ids[:0]
		for g := from; g < min(from+spillChunk, s.size()); g++ {
			h := uint64(0)
			if s.table != nil {
				h = s.table.hash(int32(g))
			}
			ids, w.hashes = append(ids, uint32(g)), append(w.hashes, h)
		}
		p, err := s.partials(ids, w.pool)
		if err != nil {
			return err
		}
		err = w.write(p.Cols, len(ids))
		p.Release()
		if err != nil {
			return err
		}
	}
	return x.Flush()
}

// spillDeferred writes the kept rows of a call, with the keys of their groups.
// Without groups they are partitioned by their own values.
func (s *state) spillDeferred(d *deferred, x *rows.Spilled) error {
	w := newSpillWriter(x, s.depth, s.pool)
	ids := make([]uint32, 0, spillChunk)
	var hasher kernel.Hasher
	for from := 0; from < d.store.Len(); from += spillChunk {
		ids = ids[:0]
		for r := from; r < min(from+spillChunk, d.store.Len()); r++ {
			ids = append(ids, uint32(r))
		}
		p, err := d.store.Page(ids, w.pool)
		if err != nil {
			return err
		}
		err = s.writeDeferred(w, &hasher, p)
		p.Release()
		if err != nil {
			return err
		}
	}
	return x.Flush()
}

func (s *state) writeDeferred(w *spillWriter, hasher *kernel.Hasher, p *page.Page) error {
	if s.table == nil {
		w.hashes = append(w.hashes, make([]uint64, p.Rows)...)
		hasher.Columns(p.Cols[1:], p.Rows, nil, w.hashes)
		return w.write(p.Cols[1:], p.Rows)
	}
	groups := make([]uint32, p.Rows)
	for i, g := range page.Values[int32](p.Cols[0]) {
		groups[i] = uint32(g)
		w.hashes = append(w.hashes, s.table.hash(g))
	}
	keys, err := s.table.keys(groups, w.pool)
	if err != nil {
		return err
	}
	defer func() {
		for _, k := range keys {
			k.Release()
		}
	}()
	return w.write(append(keys[:len(keys):len(keys)], p.Cols[1:]...), p.Rows)
}

// spillWriter turns columns into rows and hands them to their partitions.
type spillWriter struct {
	x      *rows.Spilled
	depth  int
	pool   page.Pool
	hashes []uint64
	lists  [][]uint32
}

func newSpillWriter(x *rows.Spilled, depth int, pool *mempool.Pool) *spillWriter {
	return &spillWriter{x: x, depth: depth, pool: pool.Overdraft(), lists: make([][]uint32, x.Parts())}
}

// write writes n rows with the hashes that were gathered for them.
func (w *spillWriter) write(cols []*page.Vector, n int) error {
	s := rows.NewStore(w.x.Layout(), w.pool, nil)
	defer s.Reset()
	hashes := w.hashes
	w.hashes = w.hashes[:0]
	if err := s.Append(cols, n, nil, hashes); err != nil {
		return err
	}
	for i := range w.lists {
		w.lists[i] = w.lists[i][:0]
	}
	for i, h := range hashes {
		p := partition(h, w.depth, mergeBits)
		w.lists[p] = append(w.lists[p], uint32(i))
	}
	for p, ids := range w.lists {
		if err := w.x.Add(p, s, ids); err != nil {
			return err
		}
	}
	return nil
}

// load adds a partition of what another state has spilled. guard is called
// with what the next step needs and may spill s.
func (s *state) load(x *spilled, part int, guard func(need func() int) error) error {
	var buf []byte
	out := make([]int32, page.RowsMax)
	err := s.eachPage(x.groups, part, &buf, func(p *page.Page) error {
		if err := guard(func() int { return s.mergeNeed(p) }); err != nil {
			return err
		}
		return s.merge(p, out)
	})
	if err != nil || s.table == nil {
		return err
	}
	for i, d := range x.deferred {
		if d == nil {
			continue
		}
		err := s.eachPage(d, part, &buf, func(p *page.Page) error {
			need := func() int {
				return s.table.need(p.Cols[:len(s.keys)], p.Rows, nil) + s.deferred[i].needRows(p.Rows, p.Bytes())
			}
			if err := guard(need); err != nil {
				return err
			}
			return s.mergeDeferred(i, p, out)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eachPage reads the blocks of a partition as pages.
func (s *state) eachPage(x *rows.Spilled, part int, buf *[]byte, do func(p *page.Page) error) error {
	pool := s.pool.Overdraft()
	for i := range x.Blocks(part) {
		st := rows.NewStore(x.Layout(), pool, nil)
		var err error
		if *buf, err = x.Read(part, i, st, *buf); err != nil {
			st.Reset()
			return err
		}
		for from := 0; from < st.Len() && err == nil; from += spillChunk {
			var p *page.Page
			ids := firstIDs(from, min(from+spillChunk, st.Len()))
			if p, err = st.Page(ids, pool); err == nil {
				err = do(p)
				p.Release()
			}
		}
		st.Reset()
		if err != nil {
			return err
		}
	}
	return nil
}

func firstIDs(from, to int) []uint32 {
	ids := make([]uint32, to-from)
	for i := range ids {
		ids[i] = uint32(from + i)
	}
	return ids
}

// feedSpilled gives the deferred rows of an aggregation without groups to its
// accumulators, a partition at a time: equal values are in one partition.
func (s *state) feedSpilled(xs []*spilled) error {
	for i, d := range s.deferred {
		if d == nil {
			continue
		}
		s.accs[i].Grow(1)
		files := make([]*rows.Spilled, len(xs))
		for k, x := range xs {
			files[k] = x.deferred[i]
		}
		for part := range 1 << mergeBits {
			if err := s.feedPart(i, files, part, 1); err != nil {
				return err
			}
		}
		s.deferred[i] = nil
	}
	return s.charge()
}

// feedPart feeds one partition of the files, split again when it does not fit.
func (s *state) feedPart(i int, files []*rows.Spilled, part, depth int) error {
	d, n, bytes := s.deferred[i], 0, 0
	for _, x := range files {
		n, bytes = n+x.Rows(part), bytes+x.Bytes(part)
	}
	if n == 0 {
		return nil
	}
	var buf []byte
	if depth < depthMax && !s.pool.Available(d.needRows(n, bytes)) && n > spillChunk {
		return s.feedSplit(i, files, part, depth)
	}
	zeros := make([]int32, page.RowsMax)
	for _, x := range files {
		err := s.eachPage(x, part, &buf, func(p *page.Page) error {
			return d.keepGroups(zeros[:p.Rows], p.Cols)
		})
		if err != nil {
			return err
		}
	}
	err := d.feed(s.accs[i])
	d.release()
	return err
}

// feedSplit writes a partition as partitions of the next depth and feeds them.
func (s *state) feedSplit(i int, files []*rows.Spilled, part, depth int) (err error) {
	next, err := rows.NewSpilled(files[0].Layout(), s.c.Spill, 1<<mergeBits, s.pool)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, next.Close()) }()
	w := newSpillWriter(next, depth, s.pool)
	var hasher kernel.Hasher
	var buf []byte
	for _, x := range files {
		err := s.eachPage(x, part, &buf, func(p *page.Page) error {
			w.hashes = append(w.hashes, make([]uint64, p.Rows)...)
			hasher.Columns(p.Cols, p.Rows, nil, w.hashes)
			return w.write(p.Cols, p.Rows)
		})
		if err != nil {
			return err
		}
	}
	if err := next.Flush(); err != nil {
		return err
	}
	for sub := range next.Parts() {
		if err := s.feedPart(i, []*rows.Spilled{next}, sub, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// spillable reports whether the state can be given up: an ORDER BY within a
// call needs all rows of a group at once, and without groups all are one.
func (s *state) spillable() bool {
	if s.c.Spill == nil || s.depth >= depthMax {
		return false
	}
	for i := range s.c.Calls {
		if s.table == nil && len(s.c.Calls[i].Order) > 0 {
			return false
		}
	}
	return true
}

// mergeNeed bounds the memory that merge of p takes.
func (s *state) mergeNeed(p *page.Page) int {
	need := 0
	if s.table != nil {
		need = s.table.need(p.Cols[:len(s.keys)], p.Rows, nil)
	}
	for i, a := range s.accs {
		if s.deferred[i] != nil {
			continue
		}
		need += 2*a.GroupBytes()*p.Rows + a.Bytes()
		if a.Variable() {
			need += 2 * p.Bytes()
		}
	}
	return need
}

// mergeDeferred adds rows of a deferred call: keys, then the call's columns.
func (s *state) mergeDeferred(i int, p *page.Page, out []int32) error {
	n := len(s.keys)
	if err := s.table.find(p.Cols[:n], p.Rows, nil, out[:p.Rows]); err != nil {
		return err
	}
	s.accs[i].Grow(max(s.size(), 1))
	return s.deferred[i].keepGroups(out[:p.Rows], p.Cols[n:])
}

// keepGroups adds rows whose groups are known.
func (d *deferred) keepGroups(groups []int32, cols []*page.Vector) error {
	v, ids, err := page.NewFixed[int32](types.Of(types.Int32), len(groups), d.pool)
	if err != nil {
		return err
	}
	defer v.Release()
	copy(ids, groups)
	d.vecs[0] = v
	copy(d.vecs[1:], cols)
	return d.keep(len(groups), nil)
}
