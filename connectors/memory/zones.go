package memory

import (
	"context"
	"sync"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// zones are the bounds of a chunk's integer-like columns, found at first use.
type zones struct {
	once sync.Once
	cols []zone
}

// zone bounds the values of a column in a chunk, dead rows included.
type zone struct {
	values, nulls bool
	lo, hi        int64
}

// hasZone reports whether columns of a type are bounded.
func hasZone(t types.Type) bool {
	switch t.Phys() {
	case types.PhysI16, types.PhysI32, types.PhysI64:
		return true
	}
	return false
}

// mayHold reports whether some row of the chunk may satisfy t.
func (c *chunk) mayHold(t domain.Tuple) bool {
	if t.IsNone() {
		return false
	}
	for col, set := range t {
		if col >= len(c.cols) || !hasZone(c.cols[col].Type) {
			continue
		}
		c.zones.once.Do(c.bound)
		z := &c.zones.cols[col]
		if !z.values {
			if !z.nulls || !set.Null {
				return false
			}
			continue
		}
		lo, hi := domain.Bound{Val: types.IntValue(z.lo), Inclusive: true}, domain.Bound{Val: types.IntValue(z.hi), Inclusive: true}
		if !set.Overlaps(lo, hi, z.nulls) {
			return false
		}
	}
	return true
}

func (c *chunk) bound() {
	c.zones.cols = make([]zone, len(c.cols))
	for i, v := range c.cols {
		switch v.Type.Phys() {
		case types.PhysI16:
			c.zones.cols[i] = zoneOf[int16](v)
		case types.PhysI32:
			c.zones.cols[i] = zoneOf[int32](v)
		case types.PhysI64:
			c.zones.cols[i] = zoneOf[int64](v)
		}
	}
}

func zoneOf[T int16 | int32 | int64](v *page.Vector) zone {
	var z zone
	for i := range v.Len() {
		if v.IsNull(i) {
			z.nulls = true
			continue
		}
		x := int64(page.Get[T](v, i))
		if !z.values {
			z.lo, z.hi, z.values = x, x, true
		}
		z.lo, z.hi = min(z.lo, x), max(z.hi, x)
	}
	return z
}

// pushFilter keeps what conditions say of bounded columns, to skip chunks.
func (k *connector) pushFilter(scan spi.Scan, op *spi.FilterOp) (spi.Scan, []spi.Outcome) {
	out := spi.Refuse(op, spi.ReasonCapability, "the table is in memory, the engine reads it as it is")
	bounds := scan.Domain.Intersect(nil)
	for i, c := range op.Conjuncts {
		implied, _ := domain.Implied(c)
		for at, set := range implied {
			if at >= len(scan.Columns) || scan.Columns[at] < 0 || !hasZone(set.Type) {
				continue
			}
			out[i] = spi.Outcome{Part: i, Taken: spi.Superset, Note: "skips chunks by their least and greatest values"}
			bounds = bounds.Intersect(domain.Tuple{scan.Columns[at]: set})
		}
	}
	scan.Domain = bounds
	return scan, out
}

// skip drops the chunks at the front that cannot have rows of the result.
func (s *source) skip(ctx context.Context) error {
	var live domain.Tuple
	if s.live != nil {
		live, _ = s.live.Current()
	}
	for len(s.chunks) > 0 && (s.chunks[0].live() == 0 || !s.chunks[0].mayHold(s.domain) || !s.chunks[0].mayHold(live)) {
		s.pruned.Add(int64(s.chunks[0].live()))
		s.chunks = s.chunks[1:]
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}
