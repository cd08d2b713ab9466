package parquet

import (
	"context"
	"sort"

	"github.com/muster-sql/muster/connectors/internal/objectstore"
	"github.com/muster-sql/muster/connectors/internal/parquet/format"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// column reads one output column of a row group, in row order.
type column interface {
	// open starts at the first row of a row group.
	open(object objectstore.Object, group *format.RowGroup)
	// read returns a vector of n rows of which those from lo up to hi matter.
	read(ctx context.Context, n, lo, hi int) (*page.Vector, error)
	// skip passes over n rows; pages that lie in them whole are not loaded.
	skip(n int)
	// close gives all memory back; open may follow.
	close()
}

// flat reads a column without nesting.
type flat struct {
	chunk
	leaf    *Node
	pool    page.Pool
	stats   *spi.ScanStats
	vals    values
	defs    hybrid
	page    pageBytes
	inPage  int // rows left in the page
	pending int // rows to skip before the next read
	sought  int // page number plus one that the index led to
	dict    *page.Dictionary
	coded   bool // the page holds codes

	// The vector under construction.
	n       int
	lo      int          // first slot that matters
	codes   *page.Buffer // of codes, while all of it is coded
	data    *page.Buffer // of values
	valid   *page.Buffer
	heap    heapSet
	nulls   int
	scratch []int32
}

func newFlat(leaf *Node, pool page.Pool, stats *spi.ScanStats) *flat {
	f := &flat{leaf: leaf, pool: pool, stats: stats}
	f.vals.node, f.vals.pool = leaf, pool
	return f
}

func (f *flat) open(object objectstore.Object, group *format.RowGroup) {
	f.chunk.open(object, &group.Columns[f.leaf.leaf], f.leaf, f.pool, f.stats)
	f.inPage, f.pending, f.sought = 0, 0, 0
}

func (f *flat) close() {
	f.dropVector()
	f.page.close()
	f.vals.close()
	f.window.close()
	if f.dict != nil {
		f.dict.Release()
		f.dict = nil
	}
	f.inPage, f.pending = 0, 0
}

func (f *flat) dropVector() {
	f.codes.Release()
	f.data.Release()
	f.valid.Release()
	f.heap.release()
	f.codes, f.data, f.valid = nil, nil, nil
}

func (f *flat) skip(n int) { f.pending += n }

// advance brings a page with rows into memory, the next one when the current
// one is done, and passes over the rows to skip.
func (f *flat) advance(ctx context.Context) error {
	for {
		if f.inPage > 0 {
			k := min(f.pending, f.inPage)
			if err := f.skipInPage(k); err != nil {
				return err
			}
			f.pending -= k
			if f.inPage > 0 {
				return nil
			}
		}
		if err := f.nextPage(ctx); err != nil {
			return err
		}
	}
}

func (f *flat) nextPage(ctx context.Context) error {
	f.page.close()
	if f.left == 0 {
		return errShort
	}
	if f.index != nil && f.pending > 0 {
		f.seek()
	}
	if err := f.peek(ctx); err != nil {
		return err
	}
	if err := f.checkSought(); err != nil {
		return err
	}
	switch f.head.Kind {
	case format.DictionaryPage:
		return f.dictionary(ctx)
	case format.DataPage, format.DataPageV2:
	default:
		f.pass()
		return nil
	}
	rows := int(f.head.Values)
	if rows <= f.pending {
		f.pending -= rows
		f.stats.PagesPruned++
		f.pass()
		return nil
	}
	if err := f.chunk.data(ctx, &f.page); err != nil {
		return err
	}
	enc := f.head.Encoding
	f.coded = enc == format.PlainDictionary || enc == format.RLEDictionary
	if f.coded && f.dict == nil {
		return sqlerr.New(sqlerr.DataCorrupted, "page refers to a dictionary that is not there")
	}
	if f.maxDef > 0 {
		f.defs.reset(f.page.def, 1)
	}
	f.inPage = rows
	return f.vals.start(enc, f.page.buf, f.page.base, f.page.values)
}

// seek goes straight to the page that holds the next row wanted.
func (f *flat) seek() {
	if f.dict == nil && f.next < f.index[0].Offset {
		return // the dictionary comes first
	}
	at := f.meta.Values - f.left
	row := at + int64(f.pending)
	i := sort.Search(len(f.index), func(i int) bool { return f.index[i].FirstRow > row }) - 1
	if i < 0 || f.index[i].FirstRow <= at {
		return
	}
	rows := f.index[i].FirstRow - at
	f.pending -= int(rows)
	f.left -= rows
	f.next, f.peeked = f.index[i].Offset, false
	f.stats.PagesPruned++
	f.sought = i + 1
}

// checkSought compares the page that an index led to with the index.
func (f *flat) checkSought() error {
	if f.sought == 0 {
		return nil
	}
	end := f.meta.Values
	if f.sought < len(f.index) {
		end = f.index[f.sought].FirstRow
	}
	rows := end - f.index[f.sought-1].FirstRow
	f.sought = 0
	if f.head.Kind != format.DataPage && f.head.Kind != format.DataPageV2 || int64(f.head.Values) != rows {
		return sqlerr.New(sqlerr.DataCorrupted, "offset index disagrees with the page at byte %d", f.next)
	}
	return nil
}

func (f *flat) skipInPage(k int) error {
	if k == 0 {
		return nil
	}
	f.inPage -= k
	if f.inPage == 0 { // nobody reads on in this page
		return nil
	}
	m := k
	if f.maxDef > 0 && !f.defs.allOnes(k) {
		var err error
		if m, err = f.countDefs(k); err != nil {
			return err
		}
	}
	return f.vals.skip(m)
}

// countDefs passes over k levels and returns how many say "not null".
func (f *flat) countDefs(k int) (m int, err error) {
	var tmp [1024]byte
	for k > 0 {
		c := min(k, 8*len(tmp))
		clear(tmp[:(c+7)/8])
		ones, err := f.defs.nextBits(tmp[:], 0, c)
		if err != nil {
			return 0, err
		}
		m, k = m+ones, k-c
	}
	return m, nil
}

func (f *flat) dictionary(ctx context.Context) error {
	if f.dict != nil {
		return sqlerr.New(sqlerr.DataCorrupted, "column chunk has two dictionaries")
	}
	d, err := f.chunk.dictionary(ctx, &f.vals)
	if err != nil {
		return err
	}
	f.dict = d
	return nil
}

// dictionary loads the peeked dictionary page and goes on behind it.
func (c *chunk) dictionary(ctx context.Context, vals *values) (*page.Dictionary, error) {
	n, enc := int(c.head.Values), c.head.Encoding
	if enc != format.Plain && enc != format.PlainDictionary {
		return nil, sqlerr.Unsupported("encoding %d of a dictionary is not supported", enc)
	}
	buf, b, err := c.load(ctx)
	if err != nil {
		return nil, err
	}
	defer buf.Release()
	c.pass()
	if err := vals.start(format.Plain, buf, offsetIn(buf, b), b); err != nil {
		return nil, err
	}
	v, err := vals.flat(n)
	if err != nil {
		return nil, err
	}
	return page.NewDictionary(v), nil
}

// flat reads n values into a vector of their own.
func (v *values) flat(n int) (*page.Vector, error) {
	phys := v.node.Type.Phys()
	buf, err := v.pool.Alloc(max(n*phys.Size(), 1))
	if err != nil {
		return nil, err
	}
	p := page.Parts{Type: v.node.Type, N: n, Data: buf.Data[:n*phys.Size()], Bufs: []*page.Buffer{buf}}
	var heap heapSet
	if phys == types.PhysView {
		err = v.views(page.SliceOf[page.View](p.Data), &heap)
	} else {
		err = v.fixed(p.Data, n)
	}
	if err != nil {
		buf.Release()
		heap.release()
		return nil, err
	}
	heap.give(&p)
	return page.MakeFlat(p), nil
}

// read implements column.
func (f *flat) read(ctx context.Context, n, lo, hi int) (v *page.Vector, err error) {
	f.n, f.lo, f.nulls = n, lo, 0
	f.pending += lo
	for at := lo; at < hi; {
		if err = f.advance(ctx); err != nil {
			break
		}
		k := min(hi-at, f.inPage)
		if err = f.segment(at, k); err != nil {
			break
		}
		f.inPage -= k
		at += k
	}
	f.pending += n - hi
	if err == nil {
		v, err = f.finish(lo, hi)
	}
	if err != nil {
		f.dropVector()
	}
	return v, err
}

// segment reads k rows of the current page to slot at on.
func (f *flat) segment(at, k int) error {
	m, err := f.validity(at, k)
	if err != nil {
		return err
	}
	if f.coded && f.data == nil {
		return f.segmentCodes(at, k, m)
	}
	if f.data == nil {
		if err := f.flatten(at); err != nil {
			return err
		}
	}
	size := f.leaf.Type.Phys().Size()
	dst := f.data.Data[at*size : (at+k)*size]
	switch {
	case f.coded:
		err = f.gatherCodes(dst, m)
	case f.leaf.Type.Phys() == types.PhysView:
		err = f.vals.views(page.SliceOf[page.View](dst)[:m], &f.heap)
	default:
		err = f.vals.fixed(dst, m)
	}
	if err == nil && m < k {
		spreadBytes(dst, size, m, k, f.valid.Data, at)
	}
	return err
}

// validity reads the nulls of k rows and returns how many have a value.
func (f *flat) validity(at, k int) (int, error) {
	if f.maxDef == 0 || f.defs.allOnes(k) {
		if f.valid != nil {
			setBits(f.valid.Data, at, k)
		}
		return k, nil
	}
	if f.valid == nil {
		buf, err := f.pool.Alloc(page.BitmapBytes(f.n) + 8)
		if err != nil {
			return 0, err
		}
		clear(buf.Data)
		setBits(buf.Data, 0, at)
		f.valid = buf
	}
	m, err := f.defs.nextBits(f.valid.Data, at, k)
	f.nulls += k - m
	return m, err
}

func (f *flat) segmentCodes(at, k, m int) error {
	if f.codes == nil {
		buf, err := f.pool.Alloc(4 * f.n)
		if err != nil {
			return err
		}
		f.codes = buf
	}
	dst := page.SliceOf[int32](f.codes.Data)[at : at+k]
	if err := f.vals.codes(dst[:m], f.dict.Values.Len()); err != nil {
		return err
	}
	if m < k {
		spread(dst, m, f.valid.Data, at)
	}
	return nil
}

// flatten makes room for values; what was read as codes up to slot at becomes values.
func (f *flat) flatten(at int) error {
	size := f.leaf.Type.Phys().Size()
	buf, err := f.pool.Alloc(f.n * size)
	if err != nil {
		return err
	}
	f.data = buf
	if f.codes == nil {
		return nil
	}
	if f.dict.Values.Len() == 0 { // all null
		clear(buf.Data[:at*size])
	} else {
		codes := page.SliceOf[int32](f.codes.Data)[:at]
		clear(codes[:min(f.lo, at)])
		lookup(buf.Data, f.dict.Values, codes, &f.heap)
	}
	f.codes.Release()
	f.codes = nil
	return nil
}

// gatherCodes reads m codes and stores their values.
func (f *flat) gatherCodes(dst []byte, m int) error {
	if cap(f.scratch) < m {
		f.scratch = make([]int32, m)
	}
	codes := f.scratch[:m]
	if err := f.vals.codes(codes, f.dict.Values.Len()); err != nil {
		return err
	}
	if m > 0 {
		lookup(dst, f.dict.Values, codes, &f.heap)
	}
	return nil
}

// finish makes the vector. Slots outside of lo up to hi are cleared.
func (f *flat) finish(lo, hi int) (*page.Vector, error) {
	var valid []byte
	var bufs []*page.Buffer
	if f.nulls > 0 {
		valid = f.valid.Data[:page.BitmapBytes(f.n)]
		bufs = append(bufs, f.valid)
	} else {
		f.valid.Release()
	}
	f.valid = nil
	if f.codes != nil {
		codes := page.SliceOf[int32](f.codes.Data)[:f.n]
		clear(codes[:lo])
		clear(codes[hi:])
		bufs = append(bufs, f.codes)
		f.codes = nil
		if f.dict.Values.Len() > 0 {
			return page.MakeDict(f.dict.Retain(), codes, valid, bufs...), nil
		}
		return f.allNull(codes, valid, bufs)
	}
	if f.data == nil { // no row was asked for
		if err := f.flatten(0); err != nil {
			return nil, err
		}
	}
	size := f.leaf.Type.Phys().Size()
	data := f.data.Data[:f.n*size]
	clear(data[:lo*size])
	clear(data[hi*size:])
	p := page.Parts{Type: f.leaf.Type, N: f.n, Valid: valid, Data: data, Bufs: append(bufs, f.data)}
	f.heap.give(&p)
	f.data = nil
	return page.MakeFlat(p), nil
}

// allNull makes the vector of a chunk whose dictionary is empty.
func (f *flat) allNull(codes []int32, valid []byte, bufs []*page.Buffer) (*page.Vector, error) {
	size := f.leaf.Type.Phys().Size()
	buf, err := f.pool.Alloc(max(len(codes)*size, 1))
	if err != nil {
		for _, b := range bufs {
			b.Release()
		}
		return nil, err
	}
	clear(buf.Data)
	return page.MakeFlat(page.Parts{Type: f.leaf.Type, N: len(codes), Valid: valid, Data: buf.Data[:len(codes)*size], Bufs: append(bufs, buf)}), nil
}
