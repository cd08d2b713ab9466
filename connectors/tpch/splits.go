package tpch

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/tpch/dbgen"
)

// A split is some ranges of units: rows, or the orders and parts that the rows
// of lineitem and partsupp belong to.
const (
	splitUnitsMin   = 4 << 10
	splitUnitsMax   = 64 << 10
	splitsPerTable  = 32 // while the limits above allow
	splitRangesMax  = 1000
	rangeGapIgnored = 64 // units between ranges that are rather made than skipped
)

// span is a range of units.
type span struct{ first, end int64 }

// Splits implements spi.Connector.
func (k *connector) Splits(_ context.Context, _ *spi.Session, scan spi.Scan, _ spi.LiveFilter) (spi.SplitSource, error) {
	_, t, s := k.table(scan.Table)
	if s == nil {
		return nil, sqlerr.New(sqlerr.UndefinedTable, "table does not exist: %s", scan.Table)
	}
	units := s.Units(t)
	src := &splitSource{scale: s, table: t, spans: merge([]span{{0, units}}), step: min(max(units/splitsPerTable, splitUnitsMin), splitUnitsMax)}
	if t == dbgen.PartSupp || t == dbgen.LineItem {
		src.step = max(src.step/4, splitUnitsMin/4)
	}
	if scan.OneSplit {
		src.step, src.single = math.MaxInt64, true
	}
	for c, set := range scan.Domain {
		switch {
		case set.IsNone():
			src.spans = nil
		case c == 0: // the key that units go by is each table's first column
			src.spans = merge(unitsOf(t, set, units))
		}
	}
	return src, nil
}

// unitsOf returns the units whose keys are in set.
func unitsOf(t dbgen.Table, set domain.Set, units int64) []span {
	out := make([]span, 0, len(set.Ranges))
	for _, r := range set.Ranges {
		lo, hi := int64(0), int64(math.MaxInt64-1)
		if !r.Lo.Inf {
			lo = max(lo, r.Lo.Val.I)
			if !r.Lo.Inclusive && lo == r.Lo.Val.I && lo < hi {
				lo++
			}
		}
		if !r.Hi.Inf {
			hi = min(hi, r.Hi.Val.I)
			if !r.Hi.Inclusive && hi == r.Hi.Val.I {
				hi--
			}
		}
		s := span{unitOf(t, lo), units}
		if hi < math.MaxInt64-1 {
			s.end = min(unitOf(t, hi+1), units)
		}
		if s.first < s.end {
			out = append(out, s)
		}
	}
	return out
}

// unitOf returns the first unit whose key is at least key.
func unitOf(t dbgen.Table, key int64) int64 {
	switch t {
	case dbgen.Region, dbgen.Nation:
		return max(key, 0)
	case dbgen.Orders, dbgen.LineItem:
		return dbgen.OrderRow(key)
	default:
		return max(key-1, 0)
	}
}

// merge joins ascending spans with small gaps between them.
func merge(spans []span) []span {
	var out []span
	for _, s := range spans {
		if n := len(out); n > 0 && s.first-out[n-1].end <= rangeGapIgnored {
			out[n-1].end = max(out[n-1].end, s.end)
			continue
		}
		out = append(out, s)
	}
	return out
}

// splitSource cuts spans into splits.
type splitSource struct {
	scale  *scale
	table  dbgen.Table
	spans  []span
	step   int64
	single bool // exactly one split, even an empty one
	made   int
}

// Next implements spi.SplitSource.
func (p *splitSource) Next(ctx context.Context, n int) ([]spi.Split, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	var out []spi.Split
	for len(out) < n && (len(p.spans) > 0 || p.single && p.made == 0) {
		out = append(out, p.split())
	}
	if len(p.spans) == 0 {
		return out, io.EOF
	}
	return out, nil
}

func (p *splitSource) split() spi.Split {
	var units int64
	var private []byte
	first := int64(0)
	for ranges := 0; len(p.spans) > 0 && units < p.step && (p.single || ranges < splitRangesMax); ranges++ {
		s := p.spans[0]
		if s.end-s.first > p.step-units {
			s.end = s.first + p.step - units
			p.spans[0].first = s.end
		} else {
			p.spans = p.spans[1:]
		}
		if ranges == 0 {
			first = s.first
		}
		private = binary.AppendUvarint(binary.AppendUvarint(private, uint64(s.first)), uint64(s.end-s.first))
		units += s.end - s.first
	}
	p.made++
	rows := units
	switch p.table {
	case dbgen.PartSupp, dbgen.LineItem:
		rows *= 4
	}
	return spi.Split{
		ID:      fmt.Sprintf("%s-%d-%d", tableNames[p.table], p.made-1, first),
		Rows:    rows,
		Detail:  fmt.Sprintf("%d %s from %d on", units, unitNames(p.table), first),
		Private: private,
	}
}

func unitNames(t dbgen.Table) string {
	switch t {
	case dbgen.LineItem:
		return "orders"
	case dbgen.PartSupp:
		return "parts"
	}
	return "rows"
}

// Close implements spi.SplitSource.
func (p *splitSource) Close() error { return nil }

// decodeSpans reads a split's ranges and checks that the table has them.
func decodeSpans(b []byte, units int64) ([]span, error) {
	var out []span
	for len(b) > 0 {
		first, n := binary.Uvarint(b)
		count, m := binary.Uvarint(b[max(n, 0):])
		if n <= 0 || m <= 0 || first > uint64(units) || count > uint64(units)-first {
			return nil, sqlerr.Internalf("split of a generated table is damaged")
		}
		out = append(out, span{int64(first), int64(first + count)})
		b = b[n+m:]
	}
	return slices.Clip(out), nil
}
