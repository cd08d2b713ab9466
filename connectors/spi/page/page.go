// Package page owns vectors and pages: columns of values in Arrow's memory
// layout with a selection, allocated from a pool. Connectors make them,
// operators transform them, the exchange moves them. It knows no expressions,
// no operators and no wire format.
package page

import (
	"fmt"

	"github.com/muster-sql/muster/connectors/spi/types"
)

// RowsMax is the most rows a page should have; RowsMin the size below which
// an operator that makes pages coalesces them.
const (
	RowsMax = 8192
	RowsMin = 2048
)

// Page is a batch of rows. It has exactly one owner: passing or returning a
// page passes ownership, its selection included. All columns have Rows slots.
// Sel, when not nil, lists the live slots in ascending order; slots that are
// not selected may hold anything, are never read and never raise an error.
// Filtered says that the source has applied the scan's filter already.
type Page struct {
	Cols     []*Vector
	Rows     int
	Sel      []int32
	Filtered bool
}

// New returns a page of cols, all of rows slots, with every row live.
func New(rows int, cols ...*Vector) *Page { return &Page{Cols: cols, Rows: rows} }

// Len returns the number of live rows.
func (p *Page) Len() int {
	if p.Sel != nil {
		return len(p.Sel)
	}
	return p.Rows
}

// Row maps the i-th live row to its slot.
func (p *Page) Row(i int) int {
	if p.Sel != nil {
		return int(p.Sel[i])
	}
	return i
}

// Release gives the memory of all columns back. The page must not be used after.
func (p *Page) Release() {
	if p == nil {
		return
	}
	for _, c := range p.Cols {
		c.Release()
	}
	p.Cols, p.Sel, p.Rows = nil, nil, 0
}

// Limit keeps the first n live rows; n >= Len changes nothing.
func (p *Page) Limit(n int) {
	if n >= p.Len() {
		return
	}
	if p.Sel == nil {
		p.Sel = Iota(p.Rows)
	}
	p.Sel = p.Sel[:n]
}

// Skip drops the first n live rows; n >= Len leaves none.
func (p *Page) Skip(n int) {
	if n <= 0 {
		return
	}
	if p.Sel == nil {
		p.Sel = Iota(p.Rows)
	}
	p.Sel = p.Sel[min(n, len(p.Sel)):]
}

// Load decodes every lazy column under the selection. Sinks and bridges call
// it, since a lazy column is valid only until its source's next Next or Close.
func (p *Page) Load() error {
	for _, c := range p.Cols {
		if err := c.Load(p.Sel); err != nil {
			return err
		}
	}
	return nil
}

// Compact returns a page of flat or dictionary columns that hold the live
// rows only, in new memory from pool, and releases p. On error p is released too.
func (p *Page) Compact(pool Pool) (*Page, error) {
	defer p.Release()
	if err := p.Load(); err != nil {
		return nil, err
	}
	out := &Page{Cols: make([]*Vector, 0, len(p.Cols)), Rows: p.Len(), Filtered: p.Filtered}
	sel := p.Sel
	if sel == nil {
		sel = Iota(p.Rows)
	}
	for _, c := range p.Cols {
		v, err := c.Gather(sel, pool)
		if err != nil {
			out.Release()
			return nil, err
		}
		out.Cols = append(out.Cols, v)
	}
	return out, nil
}

// Bytes returns the bytes that the page's columns hold, shared ones included.
func (p *Page) Bytes() int {
	n := 0
	for _, c := range p.Cols {
		n += c.Bytes()
	}
	return n
}

// Check panics when an invariant of the page is broken. Tests and builds with
// the tag invariants call it.
func (p *Page) Check(schema []types.Type) {
	if schema != nil && len(schema) != len(p.Cols) {
		panic(fmt.Sprintf("BUG: page with %d columns, schema has %d", len(p.Cols), len(schema)))
	}
	last := int32(-1)
	for _, s := range p.Sel {
		if s <= last || int(s) >= p.Rows {
			panic(fmt.Sprintf("BUG: selection is not ascending within %d rows: %d after %d", p.Rows, s, last))
		}
		last = s
	}
	for i, c := range p.Cols {
		if c.Len() != p.Rows {
			panic(fmt.Sprintf("BUG: column %d has %d slots, page has %d", i, c.Len(), p.Rows))
		}
		if schema != nil && c.Type.Kind != schema[i].Kind {
			panic(fmt.Sprintf("BUG: column %d is %v, schema says %v", i, c.Type, schema[i]))
		}
	}
}

// Iota returns 0, 1, … n-1. The result is the caller's.
func Iota(n int) []int32 {
	s := make([]int32, n)
	for i := range s {
		s[i] = int32(i)
	}
	return s
}
