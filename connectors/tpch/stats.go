package tpch

import (
	"context"
	"math"
	"slices"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/connectors/tpch/dbgen"
)

// linesScaleMax is the largest scale factor, in thousandths, for which the rows
// of lineitem are counted (40 ms) when they were not published.
const linesScaleMax = 10_000

// countLines returns the rows of lineitem: exactly, but for large scale
// factors that are not the benchmark's.
func (s *scale) countLines() int64 {
	switch s.Scale() / 1000 {
	case 100:
		return 600_037_902
	case 300:
		return 1_799_989_091
	case 1000:
		return 5_999_989_709
	case 3000:
		return 18_000_048_306
	case 10000:
		return 59_999_994_267
	}
	if s.Scale() <= linesScaleMax {
		return s.Generator.Rows(dbgen.LineItem)
	}
	return 4 * s.Units(dbgen.Orders)
}

func (s *scale) rows(t dbgen.Table) int64 {
	if t == dbgen.LineItem {
		return s.lines()
	}
	return s.Generator.Rows(t)
}

// Stats implements spi.Statistics. Bounds enclose every value; counts of
// distinct values are those that the drawing of the column makes likely.
func (k *connector) Stats(_ context.Context, _ *spi.Session, _ spi.Snapshot, table *spi.Table) (*spi.TableStats, error) {
	_, t, s := k.table(table.Name)
	if s == nil {
		return nil, nil
	}
	rows := s.rows(t)
	out := &spi.TableStats{Rows: float64(rows), Exact: t != dbgen.LineItem || s.Scale() <= linesScaleMax}
	columns := s.Columns(t)
	for i := range columns {
		c := s.estimate(t, i, float64(rows))
		if columns[i].Kind == dbgen.Enum {
			c = enumStats(columns[i].Values, float64(rows))
			if t == dbgen.Region || t == dbgen.Nation {
				c.Distinct = float64(rows)
			}
		}
		if columns[i].Kind == dbgen.Text && c.WidthMean == 0 {
			c.WidthMean = float64(columns[i].Length)
		}
		c.Distinct = min(math.Round(c.Distinct), float64(rows))
		out.Columns = append(out.Columns, c)
	}
	return out, nil
}

func enumStats(values []string, rows float64) spi.ColumnStats {
	bytes := 0
	for _, v := range values {
		bytes += len(v)
	}
	lo, hi := types.StringValue(slices.Min(values)), types.StringValue(slices.Max(values))
	return spi.ColumnStats{Distinct: distinct(rows, float64(len(values))), WidthMean: float64(bytes) / float64(len(values)), Min: &lo, Max: &hi}
}

// distinct returns how many different values n draws from m are likely to give.
func distinct(n, m float64) float64 { return -m * math.Expm1(-n/m) }

// bounded describes a column of integers, decimals or dates from lo to hi.
func bounded(n, lo, hi int64) spi.ColumnStats {
	a, b := types.IntValue(lo), types.IntValue(hi)
	return spi.ColumnStats{Distinct: float64(n), Min: &a, Max: &b}
}

// drawn describes a column of independent draws from lo to hi.
func drawn(rows float64, lo, hi int64) spi.ColumnStats {
	c := bounded(0, lo, hi)
	c.Distinct = distinct(rows, float64(hi-lo+1))
	return c
}

// words describes a column of text: as many values as rows unless fewer, and
// their mean length.
func words(n, width float64) spi.ColumnStats {
	return spi.ColumnStats{Distinct: n, WidthMean: width}
}

const (
	daysFirst = 8035 // 1992-01-01
	orderDays = 2406
)

// estimate describes a column that is not enumerated; columns are in the order
// of the benchmark.
func (s *scale) estimate(t dbgen.Table, column int, rows float64) spi.ColumnStats {
	switch t {
	case dbgen.Region, dbgen.Nation:
		return [...]spi.ColumnStats{bounded(int64(rows), 0, int64(rows)-1), {}, bounded(5, 0, 4), words(rows, 72)}[columnOfPlace(t, column)]
	case dbgen.Supplier:
		return s.estimateTrader(column, rows, 63)
	case dbgen.Customer:
		if column == 7 {
			return words(rows, 73)
		}
		return s.estimateTrader(column, rows, 73)
	case dbgen.Part:
		return s.estimatePart(column, rows)
	case dbgen.PartSupp:
		return [...]spi.ColumnStats{
			bounded(s.Units(dbgen.Part), 1, s.Units(dbgen.Part)), bounded(s.Units(dbgen.Supplier), 1, s.Units(dbgen.Supplier)),
			drawn(rows, 1, 9_999), drawn(rows, 100, 100_000), words(rows, 124)}[column]
	case dbgen.Orders:
		return s.estimateOrders(column, rows)
	default:
		return s.estimateLines(column, rows)
	}
}

// columnOfPlace maps region's columns, which lack the third of nation's, to nation's.
func columnOfPlace(t dbgen.Table, column int) int {
	if t == dbgen.Region && column == 2 {
		return 3
	}
	return column
}

// estimateTrader describes the columns that supplier and customer share.
func (s *scale) estimateTrader(column int, rows, comment float64) spi.ColumnStats {
	switch column {
	case 0:
		return bounded(int64(rows), 1, int64(rows))
	case 1:
		return words(rows, 18)
	case 2:
		return words(rows, 25)
	case 3:
		return drawn(rows, 0, 24)
	case 4:
		return words(rows, 15)
	case 5:
		return drawn(rows, -99_999, 999_999)
	default:
		return words(rows, comment)
	}
}

func (s *scale) estimatePart(column int, rows float64) spi.ColumnStats {
	switch column {
	case 0:
		return bounded(int64(rows), 1, int64(rows))
	case 1:
		return words(rows, 33)
	case 5:
		return drawn(rows, 1, 50)
	case 7:
		return bounded(int64(prices(rows)), 90_000, 209_900)
	default:
		return words(distinct(rows, 10<<20), 14)
	}
}

// prices returns how many different prices parts have: those of neighbours
// coincide in 100 residues, shifted by every 1,000 parts.
func prices(parts float64) float64 { return min(100*(parts/1000+9), 119_901) }

func (s *scale) estimateOrders(column int, rows float64) spi.ColumnStats {
	switch column {
	case 0:
		return bounded(int64(rows), 1, dbgen.OrderKey(int64(rows)-1))
	case 1: // every third customer has no order
		c := bounded(0, 1, s.Units(dbgen.Customer))
		c.Distinct = distinct(rows, math.Ceil(float64(s.Units(dbgen.Customer))*2/3))
		return c
	case 3: // one to seven lines of one to fifty pieces
		c := bounded(0, 90_000*90/100, 7*50*209_900/100*108)
		c.Distinct = distinct(rows, 31e6)
		return c
	case 4:
		return drawn(rows, daysFirst, daysFirst+orderDays-1)
	case 6:
		return words(distinct(rows, float64(max(s.Scale(), 1000))), 15)
	case 7:
		return bounded(1, 0, 0)
	default:
		return words(rows, 49)
	}
}

func (s *scale) estimateLines(column int, rows float64) spi.ColumnStats {
	orders := s.Units(dbgen.Orders)
	switch column {
	case 0:
		return bounded(orders, 1, dbgen.OrderKey(orders-1))
	case 1:
		return drawn(rows, 1, s.Units(dbgen.Part))
	case 2:
		return drawn(rows, 1, s.Units(dbgen.Supplier))
	case 3:
		return bounded(7, 1, 7)
	case 4:
		return bounded(50, 100, 5_000)
	case 5:
		c := bounded(0, 90_000, 50*209_900)
		c.Distinct = distinct(rows, min(50*prices(float64(s.Units(dbgen.Part))), 4e6))
		return c
	case 6:
		return bounded(11, 0, 10)
	case 7:
		return bounded(9, 0, 8)
	case 10: // 1 to 121 days after the order
		return drawn(rows, daysFirst+1, daysFirst+orderDays-1+121)
	case 11: // 30 to 90
		return drawn(rows, daysFirst+30, daysFirst+orderDays-1+90)
	case 12: // 1 to 30 after the shipment
		return drawn(rows, daysFirst+2, daysFirst+orderDays-1+151)
	default:
		return words(distinct(rows, 15e6), 27)
	}
}
