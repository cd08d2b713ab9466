package join

import (
	"context"
	"io"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/exec/rows"
)

// part joins one partition from disk. Its build rows are taken in as many
// chunks as the memory asks for, usually one; the probe rows are read again for
// each, and what has matched so far is remembered between them.
type part struct {
	o      *probe
	number int
	build  cursor // next build block
	probe  cursor // next probe block
	t      *table
	heap   *rows.Heap
	first  bool   // the first chunk
	last   bool   // no build rows are left after this chunk
	hits   []bool // by probe row, when there are several chunks
	at     int    // probe rows given in this chunk
	page   int    // of the current page: its first row
	s      *rows.Store
	from   int // next row of s
	buf    []byte
	rest   *unmatched
}

// chunkShare is the share of the memory limit that a chunk may take.
const chunkShare = 8

// cursor is a place in the blocks of several files.
type cursor struct{ file, block int }

// next moves c to the next block of a partition; false at the end.
func (c *cursor) next(xs []*rows.Spilled, number int) bool {
	for c.file < len(xs) && c.block == xs[c.file].Blocks(number) {
		c.file, c.block = c.file+1, 0
	}
	return c.file < len(xs)
}

// nextPart begins the next partition that is not in memory; io.EOF at the end.
// All probe drivers have ended their input before.
func (o *probe) nextPart(ctx context.Context) error {
	d := o.b.disk
	if err := await(ctx, o.slot, d.ended); err != nil {
		return err
	}
	for {
		n := int(d.next.Add(1)) - 1
		if n >= len(d.resident) {
			return io.EOF
		}
		if d.resident[n] {
			continue
		}
		o.part = &part{o: o, number: n, first: true}
		return o.part.chunk()
	}
}

// chunk loads the next build rows, as many as there is memory for.
func (p *part) chunk() error {
	o, d := p.o, p.o.b.disk
	p.release()
	p.heap = rows.NewHeap()
	pool := o.pool.Overdraft() // the first block has to come in any case
	s := rows.NewStore(o.b.layout, pool, p.heap)
	p.t = &table{store: s}
	most := int(o.pool.QueryLimit() / chunkShare)
	for p.build.next(d.build, p.number) {
		x := d.build[p.build.file]
		n := x.Rows(p.number) / x.Blocks(p.number)
		more := 2*x.Bytes(p.number)/x.Blocks(p.number) + tableBytes(s.Len()+2*n)
		if s.Len() > 0 && (o.c.SpillForce > 0 || most > 0 && s.Bytes()+more > most || !o.pool.Available(more)) {
			break
		}
		var err error
		if p.buf, err = x.Read(p.number, p.build.block, s, p.buf); err != nil {
			return err
		}
		p.build.block++
	}
	p.last = !p.build.next(d.build, p.number)
	if p.first && !p.last {
		n := 0
		for _, x := range d.probe {
			n += x.Rows(p.number)
		}
		o.pool.Force(n)
		p.hits = make([]bool, n)
	}
	if err := p.t.allocate(o.b, pool); err != nil {
		return err
	}
	p.t.work(o.b)
	p.probe, p.at, p.from = cursor{}, 0, 0
	o.t = p.t
	return nil
}

// next gives the next page of probe rows; io.EOF at the end of the chunk.
func (p *part) next() (*page.Page, error) {
	o, d := p.o, p.o.b.disk
	if p.s == nil || p.from == p.s.Len() {
		p.dropRows()
		if !p.probe.next(d.probe, p.number) {
			return nil, io.EOF
		}
		p.s, p.from = rows.NewStore(d.layout, o.pool.Overdraft(), nil), 0
		var err error
		if p.buf, err = d.probe[p.probe.file].Read(p.number, p.probe.block, p.s, p.buf); err != nil {
			return nil, err
		}
		p.probe.block++
	}
	ids := make([]uint32, min(o.c.RowsMax, p.s.Len()-p.from))
	for i := range ids {
		ids[i] = uint32(p.from + i)
	}
	p.from += len(ids)
	p.page = p.at
	p.at += len(ids)
	return p.s.Page(ids, o.pool.Overdraft())
}

// recall sets what has matched in earlier chunks.
func (p *part) recall(hit []bool) {
	if p.hits != nil {
		copy(hit, p.hits[p.page:p.at])
	}
}

// remember keeps what has matched, when another chunk follows.
func (p *part) remember(hit []bool) { copy(p.hits[p.page:p.at], hit) }

// end follows the last probe page of a chunk: build rows without a match, then
// the next chunk. It returns io.EOF when the partition is done.
func (p *part) end() (*page.Page, error) {
	o := p.o
	if o.c.keepsRight() {
		if p.rest == nil {
			p.rest = &unmatched{o: o}
		}
		if out, err := p.rest.next(); err != io.EOF {
			return out, err
		}
		p.rest = nil
	}
	if p.last {
		p.close()
		return nil, io.EOF
	}
	p.first = false
	return nil, p.chunk()
}

func (p *part) dropRows() {
	if p.s != nil {
		p.s.Reset()
		p.s = nil
	}
}

// release gives the chunk back.
func (p *part) release() {
	p.dropRows()
	if p.t == nil {
		return
	}
	p.t.store.ReleaseRows()
	p.t.release()
	p.heap.Release()
	p.t = nil
}

func (p *part) close() {
	p.release()
	p.o.pool.Free(len(p.hits))
	p.hits = nil
}

// divert sends the rows of the new page whose partition is on disk there and
// leaves the others in it. o.keys are loaded.
func (o *probe) divert() error {
	p, d := o.cur, o.b.disk
	sel := o.candidates(p)
	h := o.hashes[:len(sel)]
	o.hasher.Columns(o.keys, p.Rows, sel, h)
	k := 0
	for i, s := range sel {
		if d.resident[partition(h[i], d.bits)] {
			continue
		}
		o.hit[s] = true
		sel[k], h[k] = s, h[i]
		k++
	}
	if k == 0 {
		return nil
	}
	if err := p.Load(); err != nil {
		return err
	}
	if o.disk == nil {
		var err error
		if o.disk, err = d.newProbe(o.b, o.pool); err != nil {
			return err
		}
	}
	st := rows.NewStore(d.layout, o.pool.Overdraft(), nil)
	defer st.Reset()
	if err := st.Append(p.Cols, p.Rows, sel[:k], h[:k]); err != nil {
		return err
	}
	before := o.disk.Size()
	if err := addRows(o.disk, st, d.bits); err != nil {
		return err
	}
	o.b.bytes.Add(o.disk.Size() - before)
	kept := make([]int32, 0, p.Len()-k)
	for i := range p.Len() {
		if s := p.Row(i); !o.hit[s] {
			kept = append(kept, int32(s))
		}
	}
	for _, s := range sel[:k] {
		o.hit[s] = false
	}
	p.Sel = kept
	return nil
}
