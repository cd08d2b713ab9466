package exchange

import (
	"math/bits"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/exec/kernel"
)

// scatter is the scratch space of one Put: row numbers by partition.
type scatter struct {
	hasher kernel.Hasher
	hashes []uint64
	sels   [][]int32
	cols   []*page.Vector
}

// route appends the rows of p, which stays the caller's, to the partitions.
func (b *Buffer) route(p *page.Page) error {
	switch b.o.Kind {
	case Hash:
		if len(b.parts) > 1 {
			return b.scatter(p)
		}
		return b.fill(0, p, nil)
	case RoundRobin:
		return b.fill(int(b.turn.Add(1)-1)%len(b.parts), p, nil)
	default:
		return b.fill(0, p, nil)
	}
}

func (b *Buffer) scatter(p *page.Page) error {
	s := b.scratch.Get().(*scatter)
	defer b.scratch.Put(s)
	if len(s.sels) != len(b.parts) {
		s.sels = make([][]int32, len(b.parts))
	}
	for i := range s.sels {
		s.sels[i] = s.sels[i][:0]
	}
	s.cols = s.cols[:0]
	for _, c := range b.o.Cols {
		s.cols = append(s.cols, p.Cols[c])
	}
	if cap(s.hashes) < p.Rows {
		s.hashes = make([]uint64, max(p.Rows, page.RowsMax))
	}
	s.hashes = s.hashes[:p.Rows]
	s.hasher.Columns(s.cols, p.Rows, p.Sel, s.hashes)
	n := uint64(len(b.parts))
	for j := range p.Len() {
		k := PartitionOf(s.hashes[j], n)
		s.sels[k] = append(s.sels[k], int32(p.Row(j)))
	}
	clear(s.cols)
	for k, sel := range s.sels {
		if len(sel) == 0 {
			continue
		}
		if err := b.fill(k, p, sel); err != nil {
			return err
		}
	}
	return nil
}

// PartitionOf maps a hash to one of n partitions. It uses other bits than hash
// tables and radix partitions do, which look at the ends of the hash.
func PartitionOf(h, n uint64) int {
	hi, _ := bits.Mul64(bits.RotateLeft64(h, 29)*0x9e3779b97f4a7c15, n)
	return int(hi)
}

// fill appends slots sel of p (nil: its live rows) to partition k.
func (b *Buffer) fill(k int, p *page.Page, sel []int32) error {
	part := b.parts[k]
	part.fill.Lock()
	defer part.fill.Unlock()
	if sel == nil {
		sel = p.Sel
	}
	n := len(sel)
	if sel == nil {
		n = p.Rows
	}
	for from := 0; from < n; {
		to := min(n, from+b.o.RowsMax-part.coll.Rows())
		if from == 0 && to == n {
			if err := part.coll.Add(p, sel); err != nil {
				return err
			}
		} else {
			if sel == nil {
				sel = page.Iota(p.Rows)
			}
			if err := part.coll.Add(p, sel[from:to]); err != nil {
				return err
			}
		}
		from = to
		if part.coll.Rows() >= b.o.RowsMax || part.coll.Bytes() >= frameTarget {
			if err := b.flush(k, part); err != nil {
				return err
			}
		}
	}
	// A consumer that waits gets what there is rather than a full page later.
	if part.coll.Rows() > 0 && b.starving(part) {
		return b.flush(k, part)
	}
	return nil
}

func (b *Buffer) starving(part *partition) bool {
	if b.o.Kind == Hash && part.coll.Rows() < page.RowsMin && b.o.RowsMax >= page.RowsMin {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return part.read == len(part.items)
}

// flush turns what partition k has collected into an item. part.fill is held.
func (b *Buffer) flush(k int, part *partition) error {
	pg, err := part.coll.Take()
	if err != nil || pg == nil {
		return err
	}
	it := item{page: pg, size: int64(pg.Bytes())}
	if b.o.Retain {
		raw := EncodeFrame(make([]byte, 0, FrameSize(pg)), pg, part.sent)
		pg.Release()
		buf, err := b.o.Pool.Alloc(len(raw))
		if err != nil {
			return err
		}
		copy(buf.Data, raw)
		it = item{frame: buf, size: int64(len(raw))}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		it.page.Release()
		it.frame.Release()
		return b.err
	}
	b.bytes.Add(it.size)
	to := []*partition{part}
	if b.o.Kind == Broadcast {
		to = b.parts
	}
	for _, q := range to {
		if q.enough && !b.o.Retain {
			continue
		}
		q.items = append(q.items, it.share())
		q.unread += it.size
		b.held += it.size
	}
	it.page.Release()
	it.frame.Release()
	err = b.spool()
	b.signal()
	return err
}

// share returns a further reference to the same rows.
func (it item) share() item {
	if it.frame != nil {
		it.frame.Retain()
		return it
	}
	cols := make([]*page.Vector, len(it.page.Cols))
	for i, c := range it.page.Cols {
		cols[i] = c.Retain()
	}
	it.page = &page.Page{Cols: cols, Rows: it.page.Rows}
	return it
}

// spool moves retained frames that were read to disk while too much is held. b.mu is held.
func (b *Buffer) spool() error {
	if b.o.Spool == nil || !b.o.Retain {
		return nil
	}
	for _, p := range b.parts {
		for b.held > b.o.BytesMax && p.spilled < p.read {
			it := &p.items[p.spilled]
			at, err := b.o.Spool.Append(it.frame.Data)
			if err != nil {
				return err
			}
			it.frame.Release()
			it.frame, it.at = nil, at
			b.held -= it.size
			p.spilled++
		}
	}
	return nil
}
