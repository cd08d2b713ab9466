package rows

import (
	"encoding/binary"
	"unsafe"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/mempool"
)

// Spilled is rows of one layout on disk, by partition. A block in the file is
// rows as they are in memory and their heap. One goroutine adds; afterwards any
// number may read.
type Spilled struct {
	l     *Layout
	pool  *mempool.Pool
	file  *mempool.SpillFile
	parts []spillPart
	max   int // bytes of a partition's buffer
	used  int // charged for buffers
}

// spillPart is one partition: what is buffered and where its blocks are.
type spillPart struct {
	rows, heap []byte
	buffered   int
	at         []int64
	count      int
	bytes      int
}

// A partition's buffer is a share of the memory limit within these bounds.
const (
	spillBufferMin   = 4 << 10
	spillBufferMax   = 128 << 10
	spillBufferShare = 1024
)

// NewSpilled returns an empty set of so many partitions.
func NewSpilled(l *Layout, spill *mempool.Spill, parts int, pool *mempool.Pool) (*Spilled, error) {
	f, err := spill.Create()
	if err != nil {
		return nil, err
	}
	most := spillBufferMax
	if limit := pool.QueryLimit(); limit > 0 {
		most = min(max(int(limit/spillBufferShare), spillBufferMin), spillBufferMax)
	}
	return &Spilled{l: l, pool: pool, file: f, parts: make([]spillPart, parts), max: most}, nil
}

// Parts returns the number of partitions.
func (x *Spilled) Parts() int { return len(x.parts) }

// Rows returns the number of rows of a partition; Bytes what they take in memory.
func (x *Spilled) Rows(part int) int { return x.parts[part].count }

// Bytes returns the bytes that a partition's rows take in memory.
func (x *Spilled) Bytes(part int) int { return x.parts[part].bytes }

// Size returns the bytes on disk.
func (x *Spilled) Size() int64 {
	if x.file == nil {
		return 0
	}
	return x.file.Size()
}

// Layout returns the layout of the rows.
func (x *Spilled) Layout() *Layout { return x.l }

// Add appends rows ids of s, a store of the same layout, to a partition.
func (x *Spilled) Add(part int, s *Store, ids []uint32) error {
	p := &x.parts[part]
	segs := *s.heap.segs.Load()
	for _, id := range ids {
		before := cap(p.rows) + cap(p.heap)
		from := len(p.rows)
		p.rows = append(p.rows, unsafe.Slice((*byte)(s.at(id)), x.l.width)...)
		if x.l.heap {
			p.heap = x.l.moveOut(p.rows[from:], p.heap, segs)
		}
		p.buffered++
		if grown := cap(p.rows) + cap(p.heap) - before; grown != 0 {
			x.pool.Force(grown)
			x.used += grown
		}
		if len(p.rows)+len(p.heap) >= x.max {
			if err := x.flush(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// varlen calls do for each string or nested value of a row that is in the heap.
func (l *Layout) varlen(row []byte, do func(v *page.View)) {
	for c, p := range l.phys {
		if p < types.PhysView || row[c>>3]&(1<<(c&7)) != 0 {
			continue
		}
		v := (*page.View)(unsafe.Pointer(&row[l.offs[c]]))
		if v.Len > page.InlineMax || p != types.PhysView && v.Len > 0 {
			do(v)
		}
	}
}

// moveOut copies what a row has in the heap to the end of heap.
func (l *Layout) moveOut(row, heap []byte, segs [][]byte) []byte {
	l.varlen(row, func(v *page.View) {
		b := segs[v.Buf][v.Off : v.Off+v.Len]
		v.Buf, v.Off = 0, int32(len(heap))
		heap = append(heap, b...)
	})
	return heap
}

// flush writes the buffer of a partition as one block.
func (x *Spilled) flush(p *spillPart) error {
	if p.buffered == 0 {
		return nil
	}
	block := make([]byte, 8, 8+len(p.rows)+len(p.heap))
	binary.LittleEndian.PutUint32(block, uint32(p.buffered))
	binary.LittleEndian.PutUint32(block[4:], uint32(len(p.heap)))
	block = append(append(block, p.rows...), p.heap...)
	at, err := x.file.Append(block)
	if err != nil {
		return err
	}
	p.at = append(p.at, at)
	p.count += p.buffered
	p.bytes += len(p.rows) + len(p.heap)
	p.rows, p.heap, p.buffered = p.rows[:0], p.heap[:0], 0
	return nil
}

// Flush writes all buffers and gives their memory back.
func (x *Spilled) Flush() error {
	for i := range x.parts {
		if err := x.flush(&x.parts[i]); err != nil {
			return err
		}
		x.parts[i].rows, x.parts[i].heap = nil, nil
	}
	x.pool.Free(x.used)
	x.used = 0
	return nil
}

// Blocks returns the number of blocks of a partition, once flushed.
func (x *Spilled) Blocks(part int) int { return len(x.parts[part].at) }

// Read appends the i-th block of a partition to s. buf is scratch that is
// given back for the next call. Rows keep their order.
func (x *Spilled) Read(part, i int, s *Store, buf []byte) ([]byte, error) {
	block, _, err := x.file.ReadAt(x.parts[part].at[i], buf)
	if err != nil {
		return buf, err
	}
	if len(block) < 8 {
		return block, sqlerr.New(sqlerr.DataCorrupted, "spill block is damaged")
	}
	n, heap := int(binary.LittleEndian.Uint32(block)), int(binary.LittleEndian.Uint32(block[4:]))
	width := int(x.l.width)
	if len(block) != 8+n*width+heap {
		return block, sqlerr.New(sqlerr.DataCorrupted, "spill block is damaged")
	}
	return block, s.appendRows(block[8:8+n*width], block[8+n*width:], n)
}

// appendRows appends rows in memory form whose heap is in one piece.
func (s *Store) appendRows(raw, heap []byte, n int) error {
	seg := int32(-1)
	if len(heap) > 0 {
		buf, err := s.pool.Alloc(len(heap))
		if err != nil {
			return err
		}
		copy(buf.Data, heap)
		seg = s.addSegment(buf)
	}
	width := int(s.L.width)
	for n > 0 {
		part, err := s.room(n)
		if err != nil {
			return err
		}
		dst := unsafe.Slice((*byte)(s.at(uint32(s.n))), part*width)
		copy(dst, raw)
		if seg >= 0 {
			for i := range part {
				s.L.varlen(dst[i*width:(i+1)*width], func(v *page.View) { v.Buf = seg })
			}
		}
		s.n += part
		raw, n = raw[part*width:], n-part
	}
	return nil
}

// Close deletes the rows; idempotent.
func (x *Spilled) Close() error {
	if x == nil || x.file == nil {
		return nil
	}
	x.pool.Free(x.used)
	x.used, x.parts = 0, nil
	err := x.file.Close()
	x.file = nil
	return err
}
