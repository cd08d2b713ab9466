package pgwire

import (
	"encoding/binary"
	"strconv"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/plan"
)

// A block of rows is encoded column by column and then put together row by row.
// Its size follows the width of the rows, so that a block stays near the size
// of a write.
const (
	blockRowsMin = 16
	blockRowsMax = 1024
	blockBytes   = 48 << 10
	rowBytesMax  = 1<<30 - 1
)

// encoder turns pages into DataRow messages.
type encoder struct {
	cols  []column
	block int
	slots []int32
	index []int32
	null  []bool
}

// column encodes one column. cells holds the encoded values of a block with
// their lengths in front; ends says where each ends.
type column struct {
	typ   types.Type
	cells []byte
	ends  []int
	fill  kernel
}

// kernel encodes the values of base at index, where null does not say NULL.
type kernel func(c *column, base *page.Vector, index []int32, null []bool) error

func newEncoder(cols []plan.Column, formats []int16, f *types.Format) *encoder {
	e := &encoder{cols: make([]column, len(cols)), block: blockRowsMin}
	for i, c := range cols {
		e.cols[i].typ = c.Type
		if formatOf(formats, i) == 1 {
			e.cols[i].fill = binaryKernel(c.Type)
		} else {
			e.cols[i].fill = textKernel(c.Type, f)
		}
	}
	return e
}

// appendRows appends the DataRow messages of the live rows from … to-1 of p,
// whose columns are loaded.
func (e *encoder) appendRows(dst []byte, p *page.Page, from, to int) ([]byte, error) {
	n := to - from
	e.choose(p, from, n)
	for i := range e.cols {
		if err := e.encode(&e.cols[i], p.Cols[i]); err != nil {
			return dst, err
		}
	}
	at := len(dst)
	dst, err := e.interleave(dst, n)
	e.adapt(len(dst) - at)
	return dst, err
}

// adapt chooses the size of the next block by that of the last one.
func (e *encoder) adapt(size int) {
	switch {
	case size < blockBytes/2 && e.block < blockRowsMax:
		e.block *= 2
	case size > 2*blockBytes && e.block > 1:
		e.block /= 2
	}
}

// choose lists the slots of a block.
func (e *encoder) choose(p *page.Page, from, n int) {
	if p.Sel != nil {
		e.slots = append(e.slots[:0], p.Sel[from:from+n]...)
		return
	}
	e.slots = e.slots[:0]
	for i := range n {
		e.slots = append(e.slots, int32(from+i))
	}
}

// encode fills the cells of a column: the vector's encoding and its nulls are
// looked at once, outside of the loop over values.
func (e *encoder) encode(c *column, v *page.Vector) error {
	base, index := v, e.slots
	switch v.Enc() {
	case page.Dict:
		codes := v.Codes()
		e.index = e.index[:0]
		for _, s := range e.slots {
			e.index = append(e.index, codes[s])
		}
		base, index = v.Dictionary().Values, e.index
	case page.Const:
		e.index = e.index[:0]
		for range e.slots {
			e.index = append(e.index, 0)
		}
		index = e.index
	}
	var null []bool
	if valid := v.Valid(); valid != nil {
		e.null = e.null[:0]
		for _, s := range e.slots {
			if v.Enc() == page.Const {
				s = 0
			}
			e.null = append(e.null, !page.BitGet(valid, int(s)))
		}
		null = e.null
	}
	c.cells = c.cells[:0]
	if cap(c.ends) < len(index) {
		c.ends = make([]int, blockRowsMax)
	}
	c.ends = c.ends[:len(index)]
	return c.fill(c, base, index, null)
}

// interleave puts the cells of all columns together, row by row.
func (e *encoder) interleave(dst []byte, n int) ([]byte, error) {
	for r := range n {
		at := len(dst)
		dst = append(dst, 'D', 0, 0, 0, 0, byte(len(e.cols)>>8), byte(len(e.cols)))
		for i := range e.cols {
			dst = append(dst, e.cols[i].cell(r)...)
		}
		size := len(dst) - at - 1
		if size > rowBytesMax {
			return dst[:at], sqlerr.New(sqlerr.ProgramLimit, "result row is too large: %d bytes", size)
		}
		binary.BigEndian.PutUint32(dst[at+1:], uint32(size))
	}
	return dst, nil
}

// cell returns the value of the r-th row of the block, with its length in front.
func (c *column) cell(r int) []byte {
	if r == 0 {
		return c.cells[:c.ends[0]]
	}
	return c.cells[c.ends[r-1]:c.ends[r]]
}

// nullCell is the length of NULL.
var nullCell = [4]byte{0xff, 0xff, 0xff, 0xff}

// fixed returns a kernel over fixed-width values.
func fixed[T page.Fixed](put func(dst []byte, v T) []byte) kernel {
	return func(c *column, base *page.Vector, index []int32, null []bool) error {
		values, buf := page.Values[T](base), c.cells
		for i, j := range index {
			if null != nil && null[i] {
				buf = append(buf, nullCell[:]...)
				c.ends[i] = len(buf)
				continue
			}
			at := len(buf)
			buf = put(append(buf, 0, 0, 0, 0), values[j])
			binary.BigEndian.PutUint32(buf[at:], uint32(len(buf)-at-4))
			c.ends[i] = len(buf)
		}
		c.cells = buf
		return nil
	}
}

// integers is fixed for the decimal text of integers, the most common cells.
func integers[T ~int16 | ~int32 | ~int64 | ~uint32](c *column, base *page.Vector, index []int32, null []bool) error {
	values, buf := page.SliceOf[T](base.Raw()), c.cells
	for i, j := range index {
		if null != nil && null[i] {
			buf = append(buf, nullCell[:]...)
			c.ends[i] = len(buf)
			continue
		}
		at := len(buf)
		buf = strconv.AppendInt(append(buf, 0, 0, 0, 0), int64(values[j]), 10)
		buf[at+3] = byte(len(buf) - at - 4)
		c.ends[i] = len(buf)
	}
	c.cells = buf
	return nil
}

// views is the kernel of bytes that go out as they are.
func views(c *column, base *page.Vector, index []int32, null []bool) error {
	values, heap, buf := base.Views(), base.Heap(), c.cells
	for i, j := range index {
		if null != nil && null[i] {
			buf = append(buf, nullCell[:]...)
			c.ends[i] = len(buf)
			continue
		}
		s := values[j].Bytes(heap)
		buf = append(binary.BigEndian.AppendUint32(buf, uint32(len(s))), s...)
		c.ends[i] = len(buf)
	}
	c.cells = buf
	return nil
}

// through returns a kernel over bytes that are changed on the way.
func through(put func(dst, s []byte) []byte) kernel {
	return func(c *column, base *page.Vector, index []int32, null []bool) error {
		values, heap, buf := base.Views(), base.Heap(), c.cells
		for i, j := range index {
			if null != nil && null[i] {
				buf = append(buf, nullCell[:]...)
				c.ends[i] = len(buf)
				continue
			}
			at := len(buf)
			buf = put(append(buf, 0, 0, 0, 0), values[j].Bytes(heap))
			binary.BigEndian.PutUint32(buf[at:], uint32(len(buf)-at-4))
			c.ends[i] = len(buf)
		}
		c.cells = buf
		return nil
	}
}

// singly returns a kernel for types without a loop of their own: nested ones.
func singly(put func(dst []byte, t types.Type, v types.Value) ([]byte, error)) kernel {
	return func(c *column, base *page.Vector, index []int32, null []bool) error {
		for i, j := range index {
			if null != nil && null[i] {
				c.cells = append(c.cells, nullCell[:]...)
				c.ends[i] = len(c.cells)
				continue
			}
			at := len(c.cells)
			buf, err := put(append(c.cells, 0, 0, 0, 0), c.typ, base.Value(int(j)))
			if err != nil {
				return err
			}
			binary.BigEndian.PutUint32(buf[at:], uint32(len(buf)-at-4))
			c.cells, c.ends[i] = buf, len(buf)
		}
		return nil
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
