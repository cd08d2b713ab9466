package eval

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// flatten returns v itself (one more reference) when it is flat or constant,
// else a flat vector in which the rows sel are defined.
func flatten(v *page.Vector, sel []int32, pool page.Pool) (*page.Vector, error) {
	if v.Enc() != page.Dict {
		return v.Retain(), nil
	}
	src, codes := v.Dictionary().Values, v.Codes()
	phys := v.Type.Phys()
	if phys.Size() == 0 {
		return flattenNested(v, sel, pool)
	}
	buf, err := pool.Alloc(phys.Size() * v.Len())
	if err != nil {
		return nil, err
	}
	p := page.Parts{Type: v.Type, N: v.Len(), Valid: v.Valid(), Data: buf.Data, Bufs: []*page.Buffer{buf}}
	if v.Valid() != nil {
		p.Deps = append(p.Deps, v.Retain())
	}
	switch phys.Size() {
	case 1:
		lookUp(page.SliceOf[uint8](buf.Data), page.Values[uint8](src), codes, sel)
	case 2:
		lookUp(page.SliceOf[int16](buf.Data), page.Values[int16](src), codes, sel)
	case 4:
		lookUp(page.SliceOf[int32](buf.Data), page.Values[int32](src), codes, sel)
	case 8:
		lookUp(page.SliceOf[int64](buf.Data), page.Values[int64](src), codes, sel)
	case 16:
		lookUp(page.SliceOf[types.Int128](buf.Data), page.Values[types.Int128](src), codes, sel)
		if phys == types.PhysView {
			p.Heap, p.Deps = src.Heap(), append(p.Deps, src.Retain())
		}
	default:
		lookUp(page.SliceOf[types.Num](buf.Data), page.Values[types.Num](src), codes, sel)
	}
	return page.MakeFlat(p), nil
}

func lookUp[T page.Fixed](out, values []T, codes, sel []int32) {
	if len(values) == 0 {
		return // every row is null
	}
	if sel == nil {
		codes = codes[:len(out)]
		for i, c := range codes {
			out[i] = values[c]
		}
		return
	}
	for _, i := range sel {
		out[i] = values[codes[i]]
	}
}

func flattenNested(v *page.Vector, sel []int32, pool page.Pool) (*page.Vector, error) {
	b := page.NewBuilder(v.Type, v.Len(), pool)
	k := 0
	for i := range v.Len() {
		switch {
		case sel == nil:
			b.AppendFrom(v, i)
		case k < len(sel) && int(sel[k]) == i:
			b.AppendFrom(v, i)
			k++
		default:
			b.AppendNull()
		}
	}
	return b.Finish()
}

// dictionaryMax is the most values a dictionary may have for its results to be
// kept from page to page.
const dictionaryMax = 1 << 16

// peeled is the result of a call over the values of one dictionary.
type peeled struct {
	id    uint64
	rows  int // seen with this dictionary, before it was worth it
	bad   bool
	dict  *page.Dictionary // results, without nulls
	one   *page.Vector     // a single result for all values; instead of dict
	valid []byte           // nulls among the results
	hold  *page.Vector
}

func (p *peeled) reset(id uint64) {
	if p.dict != nil {
		p.dict.Release()
	}
	p.one.Release()
	p.hold.Release()
	*p = peeled{id: id}
}

// peel computes a call once per distinct value. done is false when the page has
// to be computed row by row: the dictionary is too large for what was seen of
// it, or one of its values raises an error, which may be on no selected row.
func (n *callNode) peel(s *state, sel []int32) (v *page.Vector, done bool, err error) {
	src := n.vals[n.dict]
	d := src.Dictionary()
	if n.peeled.id != d.ID {
		n.peeled.reset(d.ID)
	}
	p := &n.peeled
	if p.bad {
		return nil, false, nil
	}
	if p.dict == nil && p.one == nil {
		live := s.n
		if sel != nil {
			live = len(sel)
		}
		p.rows += live
		if m := d.Values.Len(); m == 0 || m > dictionaryMax || m > 256 && p.rows < m {
			return nil, false, nil
		}
		if !n.peelValues(d) {
			p.bad = true
			return nil, false, nil
		}
	}
	v, err = p.wrap(src, s)
	return v, true, err
}

// peelValues computes the results over the dictionary, in memory of no pool: it
// outlives the page.
func (n *callNode) peelValues(d *page.Dictionary) bool {
	vals := make([]*page.Vector, len(n.vals))
	copy(vals, n.vals)
	vals[n.dict] = d.Values
	pool := n.x.Pool
	n.x.Pool = page.Unaccounted{}
	defer func() { n.x.Pool = pool }()
	r, err := n.run(vals, d.Values.Len(), nil)
	if err != nil {
		return false
	}
	if r.Enc() == page.Dict {
		flat, err := flatten(r, nil, n.x.Pool)
		r.Release()
		if err != nil {
			return false
		}
		r = flat
	}
	p := &n.peeled
	if r.Enc() == page.Const {
		p.one = r
		return true
	}
	if r.MayHaveNulls() {
		p.valid, p.hold = r.Valid(), r
		if r, err = copyOf(r, n.x.Pool); err != nil {
			return false
		}
		r.DropValid()
	} else if r == d.Values {
		r.Release()
		p.dict = d.Retain()
		return true
	}
	p.dict = page.NewDictionary(r)
	return true
}

// wrap gives the results to the rows of src.
func (p *peeled) wrap(src *page.Vector, s *state) (*page.Vector, error) {
	if p.one != nil {
		if p.one.IsNull(0) || !src.MayHaveNulls() {
			return p.one.Gather(make([]int32, s.n), s.env.Pool)
		}
		flat, err := p.one.Gather(make([]int32, s.n), s.env.Pool)
		if err != nil {
			return nil, err
		}
		v, err := flat.Flatten(s.env.Pool)
		flat.Release()
		if err != nil {
			return nil, err
		}
		v.ShareValid(src)
		return v, nil
	}
	v := page.MakeDict(p.dict.Retain(), src.Codes(), src.Valid())
	v.Depend(src.Retain())
	if p.valid == nil {
		return v, nil
	}
	bits, err := v.NewValid(page.AllNull, s.env.Pool)
	if err != nil {
		v.Release()
		return nil, err
	}
	codes, old := src.Codes(), src.Valid()
	for i := range s.n {
		if old != nil && !page.BitGet(old, i) {
			continue
		}
		// An unselected row may have any code.
		if c := uint32(codes[i]); c < uint32(p.dict.Values.Len()) && page.BitGet(p.valid, int(c)) {
			page.BitSet(bits, i)
		}
	}
	return v, nil
}
