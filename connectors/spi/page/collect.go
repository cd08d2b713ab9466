package page

import (
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Collector gathers selected rows of many pages into compact pages: exchanges
// partition with it, drivers coalesce small pages with it. Strings are copied, so
// the result pins none of its sources; a column whose pages all share one
// dictionary stays codes. Not safe for concurrent use.
type Collector struct {
	pool Pool
	cols []column
	rows int
}

// column is one growing column: codes of a dictionary, or values.
type column struct {
	typ   types.Type
	build *Builder
	codes *Buffer // when dict is set
	dict  *Dictionary
	valid *Buffer
	nulls bool
	n     int
}

// NewCollector returns a collector for pages of these types.
func NewCollector(schema []types.Type, pool Pool) *Collector {
	c := &Collector{pool: pool, cols: make([]column, len(schema))}
	for i, t := range schema {
		c.cols[i].typ = t
	}
	return c
}

// Rows returns the number of rows collected.
func (c *Collector) Rows() int { return c.rows }

// Bytes returns about how many bytes are held.
func (c *Collector) Bytes() int {
	n := 0
	for i := range c.cols {
		n += c.cols[i].bytes()
	}
	return n
}

// Add appends slots sel of p's loaded columns (nil: all slots of the page). p
// stays the caller's. After an error only Release may follow.
func (c *Collector) Add(p *Page, sel []int32) error {
	if sel == nil {
		sel = p.Sel
	}
	n := len(sel)
	if sel == nil {
		n = p.Rows
	}
	for i := range c.cols {
		if err := c.cols[i].add(p.Cols[i], sel, n, c.pool); err != nil {
			return err
		}
	}
	c.rows += n
	return nil
}

// Take returns what was collected as a page, nil when there is nothing, and
// starts anew.
func (c *Collector) Take() (*Page, error) {
	if c.rows == 0 {
		return nil, nil
	}
	p := &Page{Rows: c.rows}
	c.rows = 0
	for i := range c.cols {
		v, err := c.cols[i].finish()
		if err != nil {
			p.Release()
			c.Release()
			return nil, err
		}
		p.Cols = append(p.Cols, v)
	}
	return p, nil
}

// Release drops what was collected.
func (c *Collector) Release() {
	for i := range c.cols {
		c.cols[i].release()
	}
	c.rows = 0
}

func (c *column) bytes() int {
	n := 0
	if c.codes != nil {
		n += len(c.codes.Data)
	}
	if c.build != nil {
		n += c.build.Bytes()
	}
	return n
}

func (c *column) add(v *Vector, sel []int32, n int, pool Pool) error {
	if n == 0 {
		return nil
	}
	if v.enc == Dict && (c.n == 0 || c.dict != nil && c.dict.ID == v.dict.ID) {
		return c.addCodes(v, sel, n, pool)
	}
	if c.dict != nil {
		if err := c.toValues(pool); err != nil {
			return err
		}
	}
	if c.build == nil {
		c.build = NewBuilder(c.typ, max(n, RowsMin), pool)
	}
	c.build.AppendAll(v, sel, n)
	c.n += n
	return c.build.Err()
}

// addCodes appends codes while every page has the same dictionary.
func (c *column) addCodes(v *Vector, sel []int32, n int, pool Pool) error {
	if c.dict == nil {
		c.dict = v.dict.Retain()
	}
	g := Builder{pool: pool}
	if !g.grow(&c.codes, 4*(c.n+n)) {
		return g.err
	}
	dst := SliceOf[int32](c.codes.Data)[c.n:]
	if sel == nil {
		copy(dst, v.Codes()[:n])
	} else {
		gather(dst, v.Codes(), sel)
	}
	if !g.grow(&c.valid, BitmapBytes(c.n+n)) {
		return g.err
	}
	c.nulls = appendBits(c.valid.Data, c.n, v, sel, n) || c.nulls
	c.n += n
	return nil
}

// appendBits writes the validity of n slots at bit at; it reports nulls.
func appendBits(dst []byte, at int, v *Vector, sel []int32, n int) bool {
	nulls := false
	for i := range n {
		s := i
		if sel != nil {
			s = int(sel[i])
		}
		if (at+i)&7 == 0 {
			dst[(at+i)>>3] = 0
		}
		if v.IsNull(s) {
			nulls = true
			BitClear(dst, at+i)
		} else {
			BitSet(dst, at+i)
		}
	}
	return nulls
}

func (c *column) toValues(pool Pool) error {
	v := c.takeDict()
	defer v.Release()
	c.build = NewBuilder(c.typ, max(2*v.n, RowsMin), pool)
	c.build.AppendAll(v, nil, v.n)
	c.n = v.n
	return c.build.Err()
}

func (c *column) takeDict() *Vector {
	codes := SliceOf[int32](c.codes.Data)[:c.n]
	var valid []byte
	if c.nulls {
		valid = c.valid.Data
	}
	v := MakeDict(c.dict, codes, valid, c.codes, c.valid)
	v.Type = c.typ
	c.codes, c.valid, c.dict, c.nulls, c.n = nil, nil, nil, false, 0
	return v
}

func (c *column) finish() (*Vector, error) {
	if c.dict != nil {
		return c.takeDict(), nil
	}
	c.n = 0
	b := c.build
	c.build = nil
	return b.Finish()
}

func (c *column) release() {
	if c.dict != nil {
		c.takeDict().Release()
	}
	if c.build != nil {
		c.build.Release()
		c.build = nil
	}
	c.n = 0
}
