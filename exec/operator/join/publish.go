package join

import (
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/kernel"
	"github.com/muster-sql/muster/exec/rows"
)

// A dynamic filter lists up to so many values; with more it is their span and
// a Bloom filter, and with very many rows the span alone.
const (
	dynamicValuesMax = 1000
	dynamicBloomMax  = 4 << 20
)

// publish tells the values of the published keys, once the build is complete.
func (b *Bridge) publish() {
	if b.c.Publish == nil {
		return
	}
	for _, k := range b.c.PublishKeys {
		b.c.Publish(k, b.valuesOf(k))
	}
}

// valuesOf returns the set of values of a key. What cannot be computed for
// want of memory becomes the set of all values.
func (b *Bridge) valuesOf(key int) domain.Set {
	s, col := b.store(), b.keys[key]
	t := s.L.Types[col]
	if b.disk != nil {
		return domain.All(t) // the filter of a build this large would pass most rows
	}
	c := collected{typ: t, seen: map[uint64]int{}}
	if s.Len() > dynamicValuesMax && s.Len() <= dynamicBloomMax {
		c.bloom = domain.NewBloom(s.Len())
	}
	ids := make([]uint32, 0, page.RowsMax)
	for i := range s.Blocks() {
		first, n := s.Block(i)
		for from := 0; from < n; from += page.RowsMax {
			ids = ids[:0]
			for k := from; k < min(n, from+page.RowsMax); k++ {
				ids = append(ids, first+uint32(k))
			}
			v, err := s.Gather(col, rows.All(ids), b.c.Pool)
			if err != nil {
				return domain.All(t)
			}
			c.add(v)
			v.Release()
		}
	}
	return c.set()
}

// collected gathers the values of a column.
type collected struct {
	typ    types.Type
	null   bool
	seen   map[uint64]int // place in vals of a hash; nil when there are too many
	vals   []types.Value
	lo, hi *types.Value
	bloom  *domain.Bloom
	hasher kernel.Hasher
	hashes []uint64
}

func (c *collected) add(v *page.Vector) {
	n := v.Len()
	if cap(c.hashes) < n {
		c.hashes = make([]uint64, max(n, page.RowsMax))
	}
	h := c.hashes[:n]
	c.hasher.Columns([]*page.Vector{v}, n, nil, h)
	lo, hi := -1, -1
	for i := range n {
		if v.IsNull(i) {
			c.null = true
			continue
		}
		if c.bloom != nil {
			c.bloom.Add(h[i])
		}
		if lo < 0 || kernel.CompareSlots(v, i, v, lo) < 0 {
			lo = i
		}
		if hi < 0 || kernel.CompareSlots(v, i, v, hi) > 0 {
			hi = i
		}
		if c.seen != nil {
			c.list(h[i], v, i)
		}
	}
	if lo >= 0 {
		a, z := v.Value(lo), v.Value(hi)
		if c.lo == nil || types.Compare(c.typ, a, *c.lo) < 0 {
			c.lo = &a
		}
		if c.hi == nil || types.Compare(c.typ, z, *c.hi) > 0 {
			c.hi = &z
		}
	}
}

// list adds slot i to the values unless it is there; two values of one hash are
// rare and both listed.
func (c *collected) list(h uint64, v *page.Vector, i int) {
	at, old := c.seen[h]
	if old && c.typ.Phys() <= types.PhysI64 {
		return // the hash of an integer is its own
	}
	x := v.Value(i)
	if old && types.Compare(c.typ, c.vals[at], x) == 0 {
		return
	}
	c.seen[h] = len(c.vals)
	c.vals = append(c.vals, x)
	if len(c.vals) > dynamicValuesMax {
		c.seen, c.vals = nil, nil
	}
}

func (c *collected) set() domain.Set {
	if c.lo == nil {
		return domain.Set{Type: c.typ, Null: c.null}
	}
	if c.seen != nil {
		s := domain.Of(c.typ, c.vals...)
		s.Null = c.null
		return s
	}
	s := domain.Between(c.typ, domain.Bound{Val: *c.lo, Inclusive: true}, domain.Bound{Val: *c.hi, Inclusive: true})
	s.Null, s.Bloom = c.null, c.bloom
	return s
}
