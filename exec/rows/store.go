package rows

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// None is the id of no row: Gather makes a NULL of it.
const None = ^uint32(0)

// Store holds rows of one layout, numbered from 0. Rows never move in number;
// they are immutable once appended. One goroutine appends; when that is over
// any number may read.
type Store struct {
	L      *Layout
	pool   page.Pool
	heap   *Heap
	shift  uint
	mask   uint32
	blocks []*page.Buffer
	base   []unsafe.Pointer // of each block
	counts []int            // rows of each block, when stores were joined
	n      int
	cur    segment
	segs   []int32 // of the heap, that this store has made
	held   int     // their bytes
}

// Heap holds the long strings and nested values of one store or of several
// that will be joined. Segments are never moved.
type Heap struct {
	mu    sync.Mutex
	segs  atomic.Pointer[[][]byte]
	bufs  []*page.Buffer // nil: dropped
	stale bool           // segments have come or gone since owner was made
	owner *page.Vector   // keeps the segments alive for gathered vectors
}

// segment is the part of the heap that a store fills.
type segment struct {
	id   int32
	buf  []byte
	used int
}

// NewHeap returns an empty heap.
func NewHeap() *Heap {
	h := &Heap{}
	h.segs.Store(new([][]byte))
	return h
}

// NewStore returns an empty store; heap nil makes one of its own.
func NewStore(l *Layout, pool page.Pool, heap *Heap) *Store {
	if heap == nil {
		heap = NewHeap()
	}
	s := l.blockShift()
	return &Store{L: l, pool: pool, heap: heap, shift: s, mask: 1<<s - 1}
}

// Len returns the number of rows.
func (s *Store) Len() int { return s.n }

// Bytes returns the memory of the rows and of what they have in the heap.
func (s *Store) Bytes() int {
	n := s.held
	for _, b := range s.blocks {
		n += page.BufferSize(len(b.Data))
	}
	return n
}

func (s *Store) at(id uint32) unsafe.Pointer {
	return unsafe.Add(s.base[id>>s.shift], uintptr(id&s.mask)*s.L.width)
}

// Hash returns the hash of a row of a hashed layout.
func (s *Store) Hash(id uint32) uint64 {
	return *(*uint64)(unsafe.Add(s.at(id), s.L.hash))
}

// IsNull reports whether column col of the row is NULL.
func (s *Store) IsNull(id uint32, col int) bool {
	return *(*byte)(unsafe.Add(s.at(id), col>>3))&(1<<(col&7)) != 0
}

// A new segment is a share of what the store has in the heap already.
const (
	segmentMin   = 1 << 10
	segmentMax   = 1 << 20
	segmentShare = 4
	blockMin     = 2 << 10
)

// Need bounds the bytes that appending these rows may allocate.
func (s *Store) Need(cols []*page.Vector, n int, sel []int32) int {
	rows := n
	if sel != nil {
		rows = len(sel)
	}
	need := s.needBlocks(rows)
	if !s.L.heap {
		return need
	}
	long := 0
	for c, v := range cols {
		switch {
		case s.L.phys[c] == types.PhysView:
			long += LongBytes(v, n, sel)
		case s.L.phys[c] > types.PhysView:
			long += 2 * v.Bytes()
		}
	}
	if long > 0 {
		need += 2*long + segmentMin + 2*min(s.held/segmentShare, segmentMax)
	}
	return need
}

// needBlocks is what room will allocate for n more rows.
func (s *Store) needBlocks(n int) int {
	per, width, need := int(s.mask)+1, int(s.L.width), 0
	if last := len(s.blocks) - 1; last < 0 {
		first := min(per, max(n, blockMin/width, 1))
		need, n = page.BufferSize(first*width), n-first
	} else {
		have, used := len(s.blocks[last].Data)/width, s.n-last*per
		if have < per && used+n > have {
			have = min(per, max(2*have, used+n))
			need = page.BufferSize(have * width)
		}
		n -= have - used
	}
	if n > 0 {
		need += (n + per - 1) / per * page.BufferSize(per*width)
	}
	return need
}

// LongBytes returns the bytes of the selected strings of v that are not held by
// their views.
func LongBytes(v *page.Vector, n int, sel []int32) int {
	if v.Enc() == page.Const {
		k := n
		if sel != nil {
			k = len(sel)
		}
		if !v.IsNull(0) && v.Views()[0].Len > page.InlineMax {
			return k * int(v.Views()[0].Len)
		}
		return 0
	}
	sum := 0
	src, idx := v, []int32(nil)
	if v.Enc() == page.Dict {
		src, idx = v.Dictionary().Values, v.Codes()
	}
	views := src.Views()
	count := n
	if sel != nil {
		count = len(sel)
	}
	for k := range count {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		if v.IsNull(i) {
			continue
		}
		if idx != nil {
			i = int(idx[i])
		}
		if l := int(views[i].Len); l > page.InlineMax {
			sum += l
		}
	}
	return sum
}

// Append adds the rows sel (nil: all n) of cols, which are loaded and as many
// as the layout has columns. hashes has one entry a row when the layout is
// hashed. The first new row has the number Len had before. After an error only
// Release may follow.
func (s *Store) Append(cols []*page.Vector, n int, sel []int32, hashes []uint64) error {
	count := n
	if sel != nil {
		count = len(sel)
	}
	for done := 0; done < count; {
		part, err := s.room(count - done)
		if err != nil {
			return err
		}
		first := uint32(s.n)
		s.clearNulls(first, part)
		if s.L.hash != 0 {
			putFixed(s, s.L.hash, first, hashes[done:done+part])
		}
		for c, v := range cols {
			if err := s.scatter(c, v, done, part, sel, first); err != nil {
				return err
			}
		}
		s.n += part
		done += part
	}
	return nil
}

// room makes room for up to want rows in the last block and returns for how many.
func (s *Store) room(want int) (int, error) {
	per := int(s.mask) + 1
	used := s.n & int(s.mask)
	last := len(s.blocks) - 1
	if s.n == len(s.blocks)*per { // the last block is full, or there is none
		rows := per
		if last < 0 {
			rows = min(per, max(want, blockMin/int(s.L.width), 1))
		}
		b, err := s.pool.Alloc(rows * int(s.L.width))
		if err != nil {
			return 0, err
		}
		s.blocks = append(s.blocks, b)
		s.base = append(s.base, unsafe.Pointer(unsafe.SliceData(b.Data)))
		last, used = last+1, 0
	}
	have := len(s.blocks[last].Data) / int(s.L.width)
	if have < per && used+want > have { // the first block grows
		rows := min(per, max(2*have, used+want))
		b, err := s.pool.Alloc(rows * int(s.L.width))
		if err != nil {
			return 0, err
		}
		copy(b.Data, s.blocks[last].Data[:used*int(s.L.width)])
		s.blocks[last].Release()
		s.blocks[last], s.base[last] = b, unsafe.Pointer(unsafe.SliceData(b.Data))
		have = rows
	}
	return min(want, have-used), nil
}

func (s *Store) clearNulls(first uint32, n int) {
	words := (len(s.L.Types) + 63) / 64
	p := s.at(first)
	for range n {
		for w := range words {
			*(*uint64)(unsafe.Add(p, 8*w)) = 0
		}
		p = unsafe.Add(p, s.L.width)
	}
}

// put stores a long value in the heap and returns its place.
func (s *Store) put(b []byte) (id, off int32, err error) {
	if len(s.cur.buf)-s.cur.used < len(b) {
		buf, err := s.pool.Alloc(max(min(max(segmentMin, s.held/segmentShare), segmentMax), len(b)))
		if err != nil {
			return 0, 0, err
		}
		s.cur = segment{id: s.addSegment(buf), buf: buf.Data}
	}
	off = int32(s.cur.used)
	s.cur.used += copy(s.cur.buf[s.cur.used:], b)
	return s.cur.id, off, nil
}

// addSegment gives the heap a segment of this store and returns its number.
func (s *Store) addSegment(b *page.Buffer) int32 {
	id := s.heap.add(b)
	s.segs, s.held = append(s.segs, id), s.held+page.BufferSize(len(b.Data))
	return id
}

// add takes over a segment and returns its number.
func (h *Heap) add(b *page.Buffer) int32 {
	h.mu.Lock()
	defer h.mu.Unlock()
	segs := append(*h.segs.Load(), b.Data)
	h.segs.Store(&segs)
	h.bufs, h.stale = append(h.bufs, b), true
	return int32(len(segs) - 1)
}

// drop releases segments; their numbers stay unused.
func (h *Heap) drop(ids []int32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range ids {
		if int(id) < len(h.bufs) {
			h.bufs[id].Release()
			h.bufs[id] = nil
		}
	}
	h.stale = true
}

// share returns a reference that keeps the segments alive.
func (h *Heap) share() *page.Vector {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.owner == nil || h.stale {
		h.renew()
	}
	return h.owner.Retain()
}

// renew makes the owner anew after segments have come or gone.
func (h *Heap) renew() {
	bufs := make([]*page.Buffer, 0, len(h.bufs))
	for _, b := range h.bufs {
		if b != nil {
			bufs = append(bufs, b.Retain())
		}
	}
	h.owner.Release()
	h.owner, h.stale = page.MakeFlat(page.Parts{Type: types.Of(types.Bool), Bufs: bufs}), false
}

// Release gives the heap's memory back, as soon as nothing gathered refers to it.
func (h *Heap) Release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, b := range h.bufs {
		b.Release()
	}
	h.owner.Release()
	h.bufs, h.owner = nil, nil
	h.segs.Store(new([][]byte))
}

// Join moves the rows of other, a store of the same layout and heap, to the
// end of s. Row numbers get gaps: Blocks tells which exist.
func (s *Store) Join(other *Store) {
	s.count()
	other.count()
	s.blocks = append(s.blocks, other.blocks...)
	s.base = append(s.base, other.base...)
	s.counts = append(s.counts, other.counts...)
	s.segs, s.held = append(s.segs, other.segs...), s.held+other.held
	s.n += other.n
	other.blocks, other.base, other.counts, other.n = nil, nil, nil, 0
	other.segs, other.held, other.cur = nil, 0, segment{}
}

func (s *Store) count() {
	per := int(s.mask) + 1
	if s.counts != nil || len(s.blocks) == 0 {
		return
	}
	for left := s.n; left > 0; left -= per {
		s.counts = append(s.counts, min(left, per))
	}
}

// Blocks returns the number of blocks; Block the first row of the i-th and how
// many it has.
func (s *Store) Blocks() int { return len(s.blocks) }

// Block returns the first row number and the number of rows of a block.
func (s *Store) Block(i int) (first uint32, n int) {
	per := int(s.mask) + 1
	if s.counts != nil {
		n = s.counts[i]
	} else {
		n = min(per, s.n-i*per)
	}
	return uint32(i * per), n
}

// Slots returns the bound of row numbers, gaps included.
func (s *Store) Slots() int {
	if s.counts != nil {
		return len(s.blocks) << s.shift
	}
	return s.n
}

// Reset forgets all rows and gives the memory back, the heap's too.
func (s *Store) Reset() {
	s.ReleaseRows()
	s.heap.Release()
}

// Drop gives the memory of the rows and of their part of the heap back, for
// stores that share a heap and go on.
func (s *Store) Drop() {
	s.heap.drop(s.segs)
	s.ReleaseRows()
}

// ReleaseRows gives the memory of the rows back; their strings go with the heap.
func (s *Store) ReleaseRows() {
	for _, b := range s.blocks {
		b.Release()
	}
	s.blocks, s.base, s.counts, s.n, s.cur = nil, nil, nil, 0, segment{}
	s.segs, s.held = nil, 0
}

// Gap returns the number that the first row of another store gets when it is
// joined to the end of s.
func (s *Store) Gap() int { return len(s.blocks) << s.shift }
