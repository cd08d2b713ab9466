package parquet

import (
	"context"
	"math"
	"slices"

	"github.com/muster-sql/muster/connectors/internal/objectstore"
	"github.com/muster-sql/muster/connectors/internal/parquet/format"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Summary adds up what the footers of a table's files say, for the planner.
type Summary struct {
	rows    int64
	columns []columnSummary
	sampled int // row groups whose dictionaries were looked at
	pool    page.Pool
}

// columnSummary is one column over all row groups.
type columnSummary struct {
	typ      types.Type
	nulls    int64
	counted  bool // nulls are known
	lo, hi   *types.Value
	open     bool // some group has no bounds
	bytes    int64
	known    bool
	distinct float64 // sum of what row groups have, where known
	most     float64 // of one group
	inRows   int64   // rows of the groups whose distinct values are known
	groups   int
	spans    float64 // sum of the groups' ranges, for numbers
}

// Row groups whose dictionaries are counted, and those of which some rows are
// read where there is no dictionary.
const (
	sampleGroupsMax = 16
	sampleReadsMax  = 2
	sampleRows      = 4096
)

// NewSummary returns a summary of a table of n columns. Samples use pool.
func NewSummary(n int, pool page.Pool) *Summary {
	s := &Summary{columns: make([]columnSummary, n), pool: pool}
	for i := range s.columns {
		s.columns[i].counted = true
	}
	return s
}

// Add adds a file; table says where it has the columns.
func (s *Summary) Add(ctx context.Context, f *File, table []Column, store objectstore.Store) error {
	var object objectstore.Object
	defer func() {
		if object != nil {
			_ = object.Close()
		}
	}()
	for g := range f.Groups {
		group := &f.Groups[g]
		s.rows += group.Rows
		sample := group.Rows > 0 && s.sampled < sampleGroupsMax
		if sample {
			s.sampled++
			if object == nil {
				var err error
				if object, err = store.Open(ctx, f.Info); err != nil {
					return err
				}
			}
		}
		for i := range table {
			c := &s.columns[i]
			c.typ = table[i].Type
			n := f.prunable(&table[i])
			switch {
			case table[i].Source == FromConst && table[i].Const.Null:
				c.nulls += group.Rows
				continue
			case n == nil:
				c.counted, c.open = false, true
				continue
			}
			chunk := &group.Columns[n.leaf]
			span := f.span(n, chunk)
			c.add(span, chunk, n)
			if d := float64(chunk.Stats.Distinct); d > 0 {
				c.count(d, group.Rows, span.width(n.Type))
			} else if sample {
				if err := s.sample(ctx, c, f, g, n, object); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// sample counts the dictionary of a chunk, or the values of some rows.
func (s *Summary) sample(ctx context.Context, c *columnSummary, f *File, g int, n *Node, object objectstore.Object) error {
	group := &f.Groups[g]
	chunk := &group.Columns[n.leaf]
	if chunk.AllDict {
		d, err := dictionarySize(ctx, object, chunk)
		if d > 0 {
			span := f.span(n, chunk)
			c.count(float64(d), group.Rows, span.width(n.Type))
		}
		return err
	}
	if s.sampled > sampleReadsMax || n.refused != "" {
		return nil
	}
	var stats spi.ScanStats
	col := newFlat(n, s.pool, &stats)
	defer col.close()
	col.open(object, group)
	rows := int(min(group.Rows, sampleRows))
	v, err := col.read(ctx, rows, 0, rows)
	if err != nil {
		return nil // what is wrong with the file is said when it is read
	}
	defer v.Release()
	hashes := make([]uint64, 0, rows)
	lo, hi := math.Inf(1), math.Inf(-1)
	for i := range rows {
		if v.IsNull(i) {
			continue
		}
		b, j := v.Slot(i)
		x := entry(b, j)
		hashes = append(hashes, types.Hash(n.Type, x))
		lo, hi = min(lo, float64(x.I)), max(hi, float64(x.I))
	}
	if len(hashes) == 0 {
		return nil
	}
	slices.Sort(hashes)
	w := 0.0
	if integers(n.Type) {
		w = hi - lo + 1
	}
	c.count(float64(len(slices.Compact(hashes))), int64(rows), w)
	return nil
}

func (c *columnSummary) add(s span, chunk *format.ColumnChunk, n *Node) {
	c.known = true
	c.bytes += chunk.Uncompressed
	if chunk.Stats.Nulls >= 0 && chunk.Stats.Nulls <= chunk.Values {
		c.nulls += chunk.Stats.Nulls
	} else if n.Optional {
		c.counted = false
	}
	if !s.values || chunk.Values == 0 {
		return
	}
	if s.lo.Inf || s.hi.Inf {
		c.open = true
		return
	}
	if c.lo == nil || types.Compare(n.Type, s.lo.Val, *c.lo) < 0 {
		v := s.lo.Val
		c.lo = &v
	}
	if c.hi == nil || types.Compare(n.Type, s.hi.Val, *c.hi) > 0 {
		v := s.hi.Val
		c.hi = &v
	}
}

// count adds d distinct values of some rows, integers from a range of a width.
func (c *columnSummary) count(d float64, rows int64, width float64) {
	c.distinct += d
	c.most = max(c.most, d)
	c.inRows += rows
	c.groups++
	c.spans += width
}

// width returns how many integers the bounds enclose, 0 where that is unknown.
func (s *span) width(t types.Type) float64 {
	if s.lo.Inf || s.hi.Inf {
		return 0
	}
	return width(t, s.lo.Val, s.hi.Val)
}

// width returns how many integers there are from lo to hi, 0 for other types.
func width(t types.Type, lo, hi types.Value) float64 {
	if !integers(t) {
		return 0
	}
	return float64(hi.I) - float64(lo.I) + 1
}

func integers(t types.Type) bool {
	switch t.Phys() {
	case types.PhysI16, types.PhysI32, types.PhysI64, types.PhysU32:
		return true
	}
	return false
}

// dictionarySize returns the entries of a chunk's dictionary, 0 without one.
func dictionarySize(ctx context.Context, o objectstore.Object, chunk *format.ColumnChunk) (int32, error) {
	start, size := extent(chunk)
	b := make([]byte, min(size, headerBytes))
	if len(b) == 0 {
		return 0, nil
	}
	if err := o.ReadAt(ctx, b, start); err != nil {
		return 0, err
	}
	var h format.PageHeader
	if _, _, err := format.ReadPageHeader(b, &h); err != nil || h.Kind != format.DictionaryPage {
		return 0, nil
	}
	return h.Values, nil
}

// Table returns the estimates.
func (s *Summary) Table() *spi.TableStats {
	out := &spi.TableStats{Rows: float64(s.rows), Exact: true, Columns: make([]spi.ColumnStats, len(s.columns))}
	for i := range s.columns {
		out.Columns[i] = s.columns[i].stats(float64(s.rows))
	}
	return out
}

func (c *columnSummary) stats(rows float64) spi.ColumnStats {
	out := spi.ColumnStats{NullFrac: -1}
	if c.counted && rows > 0 {
		out.NullFrac = float64(c.nulls) / rows
	}
	if !c.open {
		out.Min, out.Max = c.lo, c.hi
	}
	if !c.known || rows == 0 {
		return out
	}
	if size := c.typ.Phys().Size(); size > 0 && c.typ.Phys() != types.PhysView {
		out.WidthMean = float64(size)
	} else {
		out.WidthMean = max(float64(c.bytes)/rows, 1)
	}
	values := rows
	if c.counted {
		values = rows - float64(c.nulls)
	}
	out.Distinct = c.estimate(values)
	return out
}

// estimate extrapolates the distinct values of some row groups to all rows:
// where the groups' ranges overlap, as draws from one set; where they follow
// each other, in proportion.
func (c *columnSummary) estimate(values float64) float64 {
	all := math.Inf(1)
	if c.lo != nil && c.hi != nil && !c.open {
		if w := width(c.typ, *c.lo, *c.hi); w > 0 {
			all = w
		}
	}
	if c.typ.Kind == types.Bool {
		all = 2
	}
	if c.groups == 0 { // the dictionaries were given up: most values differ
		return min(0.9*values, all)
	}
	each := c.distinct / float64(c.groups)
	rowsEach := float64(c.inRows) / float64(c.groups)
	total := drawnFrom(each, rowsEach)
	// A group that spans a small part of the range has its own values.
	if all < math.Inf(1) && c.spans > 0 && c.spans/float64(c.groups) < all/2 {
		total = max(each*values/max(rowsEach, 1), c.most)
	} else if total < values {
		total = total * (1 - math.Pow(1-1/max(total, 2), values)) // those that were drawn
	}
	return max(min(total, 0.95*values, all), min(c.most, values))
}

// drawnFrom returns the size of the set from which n draws have d different
// values: d = D·(1 − e^(−n/D)).
func drawnFrom(d, n float64) float64 {
	if d >= n*0.98 {
		return math.Inf(1) // beyond what the draws can tell
	}
	lo, hi := d, n*25
	for range 60 {
		mid := (lo + hi) / 2
		if mid*(1-math.Exp(-n/mid)) < d {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}
