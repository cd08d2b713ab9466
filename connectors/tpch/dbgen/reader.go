package dbgen

import "slices"

// Reader makes ranges of rows of some columns of one table. It keeps scratch
// memory between calls; one goroutine uses it.
type Reader struct {
	g       *Generator
	table   Table
	columns []int
	lines   lines
	spans   spans
}

// NewReader returns a reader of the columns at the given positions of a table.
// What they do not need is not computed.
func (g *Generator) NewReader(t Table, columns []int) *Reader {
	return &Reader{g: g, table: t, columns: slices.Clone(columns)}
}

// Read makes n units (rows; orders for lineitem, parts for partsupp) from unit
// first on, which must exist, and returns how many rows they have. out has a
// vector for each column of the reader; its contents are replaced and its
// memory is used again where it is large enough.
func (r *Reader) Read(first, n int64, out []Vector) int {
	rows := int(n)
	switch r.table {
	case PartSupp:
		rows *= suppliersEach
	case Orders:
		r.lines.start(r.g, first, n)
	case LineItem:
		r.lines.start(r.g, first, n)
		rows = r.lines.rows()
	}
	for i, c := range r.columns {
		v := &out[i]
		switch r.g.columns[r.table][c].Kind {
		case Bigint, Decimal:
			v.Int64 = resize(v.Int64, rows)
		case Integer, Date, Enum:
			v.Int32 = resize(v.Int32, rows)
		case Text:
			v.Offsets = resize(v.Offsets, rows+1)
			v.Offsets[0] = 0
		}
		switch r.table {
		case Region, Nation:
			r.place(c, first, v)
		case Supplier:
			r.supplier(c, first, v)
		case Customer:
			r.customer(c, first, v)
		case Part:
			r.part(c, first, v)
		case PartSupp:
			r.partSupp(c, first, v)
		case Orders:
			r.order(c, first, v)
		default:
			r.lineItem(c, v)
		}
	}
	return rows
}

// resize returns s with n elements of any content.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// draw fills dst with one draw a row, uniform in low … high. The stream must
// take one draw a row.
func draw[T int32 | int64](s stream, first int64, low, high T, dst []T) {
	state, n := s.at(first), float64(high-low+1)
	for i := range dst {
		state = next(state)
		dst[i] = low + T(below(state, n))
	}
}

// sequence fills dst with from, from+1, …
func sequence[T int32 | int64](dst []T, from T) {
	for i := range dst {
		dst[i] = from + T(i)
	}
}
