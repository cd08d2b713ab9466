package parquet

import (
	"context"
	"io"

	"github.com/muster-sql/muster/connectors/internal/objectstore"
	"github.com/muster-sql/muster/connectors/internal/parquet/format"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

var errLevels = sqlerr.New(sqlerr.DataCorrupted, "levels of the columns of a nested field disagree")

// levelsBlock is how many levels are decoded at a time.
const levelsBlock = 1024

// leafReader reads the levels and values of a leaf of a nested column, whole
// rows at a time.
type leafReader struct {
	chunk
	leaf  *Node
	pool  page.Pool
	stats *spi.ScanStats
	vals  values
	defs  hybrid
	reps  hybrid
	page  pageBytes
	dict  *page.Dictionary
	coded bool
	first bool // the next entry is the first of the chunk

	inPage  int     // entries of the page whose levels were not decoded
	blockD  []uint8 // levels decoded but not consumed
	blockR  []uint8
	storeD  [levelsBlock]uint8
	storeR  [levelsBlock]uint8
	scratch []int32

	// The rows read last.
	def, rep []uint8
	charged  int // bytes reserved for def and rep
	data     *page.Buffer
	heap     heapSet
	count    int // values in data
}

func (r *leafReader) open(object objectstore.Object, group *format.RowGroup) {
	r.chunk.open(object, &group.Columns[r.leaf.leaf], r.leaf, r.pool, r.stats)
	r.inPage, r.blockD, r.blockR, r.first = 0, nil, nil, true
}

func (r *leafReader) close() {
	r.data.Release()
	r.data = nil
	r.heap.release()
	r.page.close()
	r.vals.close()
	r.window.close()
	if r.dict != nil {
		r.dict.Release()
		r.dict = nil
	}
	r.pool.Free(r.charged)
	r.charged, r.def, r.rep = 0, nil, nil
}

// read passes over skip rows and then reads rows rows.
func (r *leafReader) read(ctx context.Context, skip, rows int) error {
	r.data.Release()
	r.data = nil
	r.heap.release()
	if err := r.rows(ctx, skip, false); err != nil {
		return err
	}
	r.def, r.rep, r.count = r.def[:0], r.rep[:0], 0
	return r.rows(ctx, rows, true)
}

// rows consumes the entries of n rows, up to the start of the next one.
func (r *leafReader) rows(ctx context.Context, n int, keep bool) error {
	if n == 0 {
		return nil
	}
	for started := 0; ; { // rows whose first entry was consumed
		if len(r.blockD) == 0 {
			droppable := 0
			if !keep {
				droppable = n - started
			}
			dropped, err := r.block(ctx, droppable)
			n -= dropped
			if err == io.EOF && started == n {
				return nil
			}
			if err != nil {
				return err
			}
		}
		k := 0
		for ; k < len(r.blockR); k++ {
			if r.blockR[k] != 0 {
				if r.first {
					return sqlerr.New(sqlerr.DataCorrupted, "column does not start with a row")
				}
				continue
			}
			if started == n {
				break
			}
			started++
			r.first = false
		}
		done := k < len(r.blockR)
		if err := r.consume(k, keep); err != nil || done {
			return err
		}
	}
}

// block decodes the next levels; io.EOF at the end of the chunk. Pages of at
// most droppable rows in all are passed over, as far as their headers tell.
func (r *leafReader) block(ctx context.Context, droppable int) (dropped int, err error) {
	for r.inPage == 0 {
		r.page.close()
		if r.left == 0 {
			return dropped, io.EOF
		}
		if err := r.peek(ctx); err != nil {
			return 0, err
		}
		switch r.head.Kind {
		case format.DictionaryPage:
			if r.dict != nil {
				return 0, sqlerr.New(sqlerr.DataCorrupted, "column chunk has two dictionaries")
			}
			if r.dict, err = r.chunk.dictionary(ctx, &r.vals); err != nil {
				return 0, err
			}
			continue
		case format.DataPageV2:
			if rows := int(r.head.Rows); rows > 0 && dropped+rows <= droppable {
				dropped += rows
				r.first = false
				r.stats.PagesPruned++
				r.pass()
				continue
			}
		case format.DataPage:
		default:
			r.pass()
			continue
		}
		if err := r.startPage(ctx); err != nil {
			return 0, err
		}
	}
	k := min(r.inPage, levelsBlock)
	r.inPage -= k
	r.blockD, r.blockR = r.storeD[:k], r.storeR[:k]
	clear(r.blockD)
	clear(r.blockR)
	if r.maxDef > 0 {
		if err := r.defs.nextLevels(r.blockD, r.maxDef); err != nil {
			return 0, err
		}
	}
	if r.maxRep > 0 {
		err = r.reps.nextLevels(r.blockR, r.maxRep)
	}
	return dropped, err
}

func (r *leafReader) startPage(ctx context.Context) error {
	n, enc := int(r.head.Values), r.head.Encoding
	if err := r.chunk.data(ctx, &r.page); err != nil {
		return err
	}
	r.coded = enc == format.PlainDictionary || enc == format.RLEDictionary
	if r.coded && r.dict == nil {
		return sqlerr.New(sqlerr.DataCorrupted, "page refers to a dictionary that is not there")
	}
	r.defs.reset(r.page.def, levelWidth(r.maxDef))
	r.reps.reset(r.page.rep, levelWidth(r.maxRep))
	r.inPage = n
	return r.vals.start(enc, r.page.buf, r.page.base, r.page.values)
}

// consume takes the first k entries of the block.
func (r *leafReader) consume(k int, keep bool) error {
	m := 0
	for _, d := range r.blockD[:k] {
		if d == r.maxDef {
			m++
		}
	}
	if keep {
		if err := r.keep(r.blockD[:k], r.blockR[:k]); err != nil {
			return err
		}
	}
	r.blockD, r.blockR = r.blockD[k:], r.blockR[k:]
	if m == 0 {
		return nil
	}
	if !keep {
		return r.vals.skip(m)
	}
	if err := r.room(r.count + m); err != nil {
		return err
	}
	size := r.leaf.Type.Phys().Size()
	dst := r.data.Data[r.count*size : (r.count+m)*size]
	r.count += m
	switch {
	case r.coded:
		return r.lookup(dst, m)
	case r.leaf.Type.Phys() == types.PhysView:
		return r.vals.views(page.SliceOf[page.View](dst), &r.heap)
	default:
		return r.vals.fixed(dst, m)
	}
}

// keep appends levels; their memory is reserved as it grows.
func (r *leafReader) keep(def, rep []uint8) error {
	if need := len(r.def) + len(def); need > cap(r.def) {
		size := max(2*cap(r.def), need, 4*levelsBlock)
		if err := r.pool.Reserve(2*size - r.charged); err != nil {
			return err
		}
		r.charged = 2 * size
		r.def = append(make([]uint8, 0, size), r.def...)
		r.rep = append(make([]uint8, 0, size), r.rep...)
	}
	r.def, r.rep = append(r.def, def...), append(r.rep, rep...)
	return nil
}

// room makes place for n values.
func (r *leafReader) room(n int) error {
	size := r.leaf.Type.Phys().Size()
	if r.data != nil && len(r.data.Data) >= n*size {
		return nil
	}
	want := max(n*size, 64)
	if r.data != nil {
		want = max(want, 2*len(r.data.Data))
	}
	buf, err := r.pool.Alloc(want)
	if err != nil {
		return err
	}
	if r.data != nil {
		copy(buf.Data, r.data.Data[:r.count*size])
		r.data.Release()
	}
	r.data = buf
	return nil
}

// lookup reads m codes and stores their values.
func (r *leafReader) lookup(dst []byte, m int) error {
	if cap(r.scratch) < m {
		r.scratch = make([]int32, max(m, levelsBlock))
	}
	codes := r.scratch[:m]
	if err := r.vals.codes(codes, r.dict.Values.Len()); err != nil {
		return err
	}
	lookup(dst, r.dict.Values, codes, &r.heap)
	return nil
}
