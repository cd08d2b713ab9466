// Package dbgen makes the rows of the TPC-H benchmark, byte for byte those of
// the reference generator, for any range of rows of any table at any scale
// factor, a column at a time. The tpch connector and tests call it; it knows
// no pages, no SQL types and no connectors.
package dbgen

import (
	"math"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// Table names one of the eight tables.
type Table uint8

// The tables.
const (
	Region Table = iota
	Nation
	Supplier
	Customer
	Part
	PartSupp
	Orders
	LineItem
	TableCount
)

// The scale factors that can be generated. Below the least one the reference
// generator makes no sense; above the most it changes to other sequences.
const (
	ScaleMin = 0.001
	ScaleMax = 10000
)

// Options say what to generate.
type Options struct {
	// Scale is the scale factor. As in the reference generator one below 1
	// counts in whole thousandths; other fractions are rounded to thousandths.
	Scale float64
	// Comments is the text that comments are cut from; 0 means ShortText.
	Comments TextBytes
	// Text may be shared by all generators of a process; nil makes a new one.
	Text *TextPool
}

// Generator makes the tables of one scale factor. It is immutable and safe for
// concurrent use; readers made from it are not.
type Generator struct {
	thousandths int64 // of the scale factor
	textBytes   int64
	text        *TextPool
	colors      []string
	columns     [TableCount][]Column
}

// New returns the generator that o describes.
func New(o Options) (*Generator, error) {
	if !(o.Scale >= ScaleMin && o.Scale <= ScaleMax) {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue,
			"scale factor is out of the range %g to %g: %g", ScaleMin, float64(ScaleMax), o.Scale)
	}
	if o.Comments == 0 {
		o.Comments = ShortText
	}
	if o.Comments != ShortText && o.Comments != FullText {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue,
			"size of the comment text must be %d or %d bytes: %d", ShortText, FullText, o.Comments)
	}
	if o.Text == nil {
		o.Text = NewTextPool()
	}
	g := &Generator{thousandths: int64(math.Round(o.Scale * 1000)), textBytes: int64(o.Comments), text: o.Text, colors: list(colors)}
	if o.Scale < 1 {
		g.thousandths = int64(o.Scale * 1000)
	}
	for t := range TableCount {
		g.columns[t] = columnsOf(t)
	}
	return g, nil
}

// Scale returns the scale factor in thousandths.
func (g *Generator) Scale() int64 { return g.thousandths }

// Units returns how many rows of randomness a table has: the rows that ranges
// of Read count in. They are the table's rows, save that those of lineitem are
// orders and those of partsupp are parts.
func (g *Generator) Units(t Table) int64 {
	switch t {
	case Region:
		return regionCount
	case Nation:
		return nationCount
	case Supplier:
		return g.scaled(10_000)
	case Customer:
		return g.scaled(150_000)
	case Part, PartSupp:
		return g.scaled(200_000)
	default:
		return g.scaled(1_500_000)
	}
}

func (g *Generator) scaled(base int64) int64 { return max(base*g.thousandths/1000, 1) }

// Rows returns the rows of a table. For lineitem it draws the number of lines
// of every order, about four milliseconds for each unit of the scale factor.
func (g *Generator) Rows(t Table) int64 {
	switch t {
	case PartSupp:
		return g.Units(Part) * suppliersEach
	case LineItem:
		return g.lineCount(0, g.Units(Orders))
	}
	return g.Units(t)
}

// lineCount returns the lines of n orders from order first on.
func (g *Generator) lineCount(first, n int64) int64 {
	state, total := orderLinesStream.at(first), int64(0)
	for range n {
		state = next(state)
		total += between(state, 1, linesMax)
	}
	return total
}

// clerks returns how many clerks take orders.
func (g *Generator) clerks() int64 { return max(g.thousandths, 1000) }

// OrderKey returns the key of an order. Of every 32 keys the first eight are used.
func OrderKey(row int64) int64 {
	i := row + 1
	return i>>3<<5 | i&7
}

// OrderRow returns the first order (row counted from 0) whose key is at least key.
func OrderRow(key int64) int64 {
	if key <= 0 {
		return 0
	}
	i := key>>5<<3 + min(key&31, 8)
	return max(i-1, 0)
}

// supplierOf returns the key of the k-th supplier (0 to 3) of a part.
func supplierOf(part, k, suppliers int64) int64 {
	return (part+k*(suppliers/suppliersEach+(part-1)/suppliers))%suppliers + 1
}

// retailPrice returns a part's price in cents.
func retailPrice(part int64) int64 {
	return 90_000 + part/10%20_001 + part%1000*100
}
