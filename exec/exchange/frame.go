package exchange

import (
	"encoding/binary"
	"unsafe"

	"github.com/zeebo/xxh3"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// A frame is one page on the wire: a header, then the columns depth first, each
// a 16-byte column header and its buffers, padded to 8 bytes so that a reader
// can use them in place. Integers are little-endian.
//
//	frame   magic u32, rows u32, columns u32, 0 u32, xxh3 of the rest u64
//	column  encoding u8, flags u8, 0 u16, slots u32, buffers u32, children u32,
//	        then buffers × (length u64), buffers, children
const (
	frameMagic  = 0x4d465231 // "MFR1"
	frameHeader = 24
	flagValid   = 1
	flagDict    = 2 // the dictionary follows as a child
)

// EncodeFrame appends the frame of p to dst. All columns are loaded and p has
// no selection. sent holds the ids of dictionaries that the reader of this
// stream has: such a dictionary is named, not repeated.
func EncodeFrame(dst []byte, p *page.Page, sent map[uint64]bool) []byte {
	start := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, frameMagic)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(p.Rows))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(p.Cols)))
	dst = binary.LittleEndian.AppendUint32(dst, 0)
	dst = binary.LittleEndian.AppendUint64(dst, 0)
	for _, c := range p.Cols {
		dst = encodeColumn(dst, c, sent)
	}
	sum := xxh3.Hash(dst[start+frameHeader:])
	binary.LittleEndian.PutUint64(dst[start+16:], sum)
	return dst
}

func encodeColumn(dst []byte, v *page.Vector, sent map[uint64]bool) []byte {
	flags := byte(0)
	if v.MayHaveNulls() {
		flags |= flagValid
	}
	var bufs [][]byte
	kids := v.Children()
	if v.MayHaveNulls() {
		n := v.Len()
		if v.Enc() == page.Const {
			n = 1
		}
		bufs = append(bufs, v.Valid()[:page.BitmapBytes(n)])
	}
	if v.Enc() == page.Dict {
		var id [8]byte
		binary.LittleEndian.PutUint64(id[:], v.Dictionary().ID)
		bufs = append(bufs, v.Raw(), id[:])
		if kids = nil; !sent[v.Dictionary().ID] {
			flags |= flagDict
			kids = []*page.Vector{v.Dictionary().Values}
			sent[v.Dictionary().ID] = true
		}
	} else {
		switch v.Type.Phys() {
		case types.PhysList:
			bufs = append(bufs, page.BytesOf(v.Offsets()))
		case types.PhysStruct:
		case types.PhysView:
			bufs = append(append(bufs, v.Raw()), v.Heap()...)
		default:
			bufs = append(bufs, v.Raw())
		}
	}
	dst = append(dst, byte(v.Enc()), flags, 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(v.Len()))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(bufs)))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(kids)))
	for _, b := range bufs {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(len(b)))
	}
	for _, b := range bufs {
		dst = append(dst, b...)
		dst = append(dst, make([]byte, -len(b)&7)...)
	}
	for _, k := range kids {
		dst = encodeColumn(dst, k, sent)
	}
	return dst
}

// Decoder turns the frames of one stream into pages; it remembers the stream's
// dictionaries. Close releases them.
type Decoder struct {
	schema []types.Type
	pool   page.Pool
	dicts  map[uint64]*page.Dictionary
}

// NewDecoder returns a decoder of pages of these types, charged to pool.
func NewDecoder(schema []types.Type, pool page.Pool) *Decoder {
	return &Decoder{schema: schema, pool: pool, dicts: map[uint64]*page.Dictionary{}}
}

// Close releases the dictionaries.
func (d *Decoder) Close() {
	for _, x := range d.dicts {
		x.Release()
	}
	d.dicts = map[uint64]*page.Dictionary{}
}

func corrupt(what string) error {
	return sqlerr.New(sqlerr.DataCorrupted, "exchange frame is corrupt: %s", what)
}

// Page copies frame into memory of the pool, verifies its checksum, and
// returns the page whose vectors lie in that copy.
func (d *Decoder) Page(frame []byte) (*page.Page, error) {
	if len(frame) < frameHeader || binary.LittleEndian.Uint32(frame) != frameMagic {
		return nil, corrupt("no frame header")
	}
	buf, err := d.pool.Alloc(len(frame))
	if err != nil {
		return nil, err
	}
	defer buf.Release() // columns hold references of their own
	copy(buf.Data, frame)
	if xxh3.Hash(buf.Data[frameHeader:]) != binary.LittleEndian.Uint64(buf.Data[16:]) {
		return nil, corrupt("checksum does not match")
	}
	rows := int(binary.LittleEndian.Uint32(buf.Data[4:]))
	if int(binary.LittleEndian.Uint32(buf.Data[8:])) != len(d.schema) {
		return nil, corrupt("wrong number of columns")
	}
	r := frameReader{d: d, buf: buf, rest: buf.Data[frameHeader:]}
	p := &page.Page{Rows: rows}
	for _, t := range d.schema {
		v, err := r.column(t)
		if err == nil && v.Len() != rows {
			v.Release()
			err = corrupt("columns differ in length")
		}
		if err != nil {
			p.Release()
			return nil, err
		}
		p.Cols = append(p.Cols, v)
	}
	return p, nil
}

type frameReader struct {
	d    *Decoder
	buf  *page.Buffer
	rest []byte
}

func (r *frameReader) take(n uint64) ([]byte, error) {
	if n > uint64(len(r.rest)) {
		return nil, corrupt("truncated")
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b, nil
}

func (r *frameReader) column(t types.Type) (*page.Vector, error) {
	h, err := r.take(16)
	if err != nil {
		return nil, err
	}
	enc, flags := page.Encoding(h[0]), h[1]
	n := int(binary.LittleEndian.Uint32(h[4:]))
	nbufs, nkids := binary.LittleEndian.Uint32(h[8:]), int(binary.LittleEndian.Uint32(h[12:]))
	lens, err := r.take(8 * uint64(nbufs))
	if err != nil {
		return nil, err
	}
	bufs := make([][]byte, nbufs)
	for i := range bufs {
		size := binary.LittleEndian.Uint64(lens[8*i:])
		if bufs[i], err = r.take(size); err != nil {
			return nil, err
		}
		if _, err = r.take(-size & 7); err != nil {
			return nil, err
		}
	}
	p := page.Parts{Type: t, N: n}
	if flags&flagValid != 0 && len(bufs) > 0 {
		p.Valid, bufs = bufs[0], bufs[1:]
	}
	if enc == page.Dict {
		return r.dictColumn(t, p, bufs, flags)
	}
	if enc == page.Const {
		p.N = 1
	}
	if err := r.values(&p, bufs, nkids); err != nil {
		return nil, err
	}
	v := page.MakeFlat(p)
	if enc == page.Const {
		return page.MakeConst(v, n), nil
	}
	return v, nil
}

func (r *frameReader) dictColumn(t types.Type, p page.Parts, bufs [][]byte, flags byte) (*page.Vector, error) {
	if len(bufs) != 2 || len(bufs[1]) != 8 || len(bufs[0]) != 4*p.N {
		return nil, corrupt("dictionary column")
	}
	id := binary.LittleEndian.Uint64(bufs[1])
	if flags&flagDict != 0 {
		vals, err := r.column(t)
		if err != nil {
			return nil, err
		}
		// The dictionary outlives the frame: give it memory of its own.
		own, err := vals.Gather(page.Iota(vals.Len()), r.d.pool)
		vals.Release()
		if err != nil {
			return nil, err
		}
		if old := r.d.dicts[id]; old != nil {
			old.Release()
		}
		r.d.dicts[id] = page.NewDictionary(own)
	}
	dict := r.d.dicts[id]
	if dict == nil {
		return nil, corrupt("unknown dictionary")
	}
	return page.MakeDict(dict.Retain(), page.SliceOf[int32](bufs[0]), p.Valid, r.buf.Retain()), nil
}

func (r *frameReader) values(p *page.Parts, bufs [][]byte, nkids int) error {
	phys := p.Type.Phys()
	kids := p.Type.Children()
	if len(kids) != nkids {
		return corrupt("wrong number of children")
	}
	switch {
	case phys == types.PhysStruct:
	case len(bufs) == 0:
		return corrupt("missing buffer")
	case phys == types.PhysList:
		p.Offs = page.SliceOf[int32](bufs[0])
		if len(p.Offs) != p.N+1 {
			return corrupt("offsets")
		}
	default:
		p.Data = bufs[0]
		if len(p.Data) != p.N*phys.Size() {
			return corrupt("values")
		}
		p.Heap = bufs[1:]
	}
	for _, t := range kids {
		k, err := r.column(t)
		if err != nil {
			for _, x := range p.Kids {
				x.Release()
			}
			return err
		}
		p.Kids = append(p.Kids, k)
	}
	p.Bufs = []*page.Buffer{r.buf.Retain()}
	return nil
}

// FrameSize returns about the bytes that EncodeFrame appends for p.
func FrameSize(p *page.Page) int {
	return frameHeader + p.Bytes() + len(p.Cols)*(16+8*4) + int(unsafe.Sizeof(*p))
}
