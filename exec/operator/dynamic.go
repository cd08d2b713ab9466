package operator

import (
	"math"

	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/kernel"
)

// DynamicFilter narrows a column of a scan to the values that a join's build
// side has. Source is safe for concurrent use.
type DynamicFilter struct {
	Col    int // output column of the scan
	Source DynamicSource
}

// DynamicSource gives the current set and its version; version 0: nothing yet.
type DynamicSource interface {
	Set() (domain.Set, uint64)
}

// A filter that lets more than this share of the rows pass after this many
// rows is not worth its cost.
const (
	dynamicTrialRows = 64 << 10
	dynamicPassMax   = 0.85
)

// dynamicState is one driver's compiled form of a dynamic filter.
type dynamicState struct {
	DynamicFilter
	version    uint64
	set        domain.Set
	none       bool
	useless    bool
	ranged     bool // lo and hi bound an integer-like column
	lo, hi     int64
	hashes     *hashSet
	bloom      *domain.Bloom
	hasher     kernel.Hasher
	scratch    []uint64
	cols       [1]*page.Vector
	seen, pass int
}

// refresh compiles the set anew when it has changed.
func (d *dynamicState) refresh() {
	set, version := d.Source.Set()
	if version == d.version {
		return
	}
	if version == 0 { // taken back
		d.version, d.none = 0, false
		return
	}
	d.version, d.set, d.none = version, set, set.IsNone()
	d.seen, d.pass, d.useless = 0, 0, set.IsAll() || set.Null
	d.hashes, d.bloom, d.ranged = nil, set.Bloom, false
	if vals, ok := set.Values(); ok {
		d.hashes = newHashSet(len(vals))
		for _, v := range vals {
			d.hashes.add(types.Hash(set.Type, v))
		}
	}
	switch set.Type.Phys() {
	case types.PhysI16, types.PhysI32, types.PhysU32, types.PhysI64:
		d.ranged, d.lo, d.hi = true, math.MinInt64, math.MaxInt64
		if r, ok := set.Span(); ok {
			if !r.Lo.Inf {
				d.lo = r.Lo.Val.I
			}
			if !r.Hi.Inf {
				d.hi = r.Hi.Val.I
			}
		}
	}
}

// apply narrows the selection of p to rows whose value may be in the set.
func (d *dynamicState) apply(p *page.Page) error {
	d.refresh()
	if d.version == 0 || d.useless {
		return nil
	}
	if d.none {
		p.Limit(0)
		return nil
	}
	before := p.Len()
	v := p.Cols[d.Col]
	if err := v.Load(p.Sel); err != nil {
		return err
	}
	d.range1(p, v)
	d.hashed(p, v)
	d.seen, d.pass = d.seen+before, d.pass+p.Len()
	if d.seen > dynamicTrialRows && float64(d.pass) > dynamicPassMax*float64(d.seen) {
		d.useless = true
	}
	return nil
}

// range1 applies the bounds to an integer-like flat column.
func (d *dynamicState) range1(p *page.Page, v *page.Vector) {
	if !d.ranged || v.Enc() != page.Flat || v.Type.Phys() != d.set.Type.Phys() {
		return
	}
	out := p.Sel
	if out == nil {
		out = make([]int32, p.Rows)
	}
	n, ok := kernel.Between(v, d.lo, d.hi, p.Rows, p.Sel, out)
	if !ok {
		return
	}
	if v.Valid() != nil {
		n = kernel.SelectValid(v.Valid(), 1, p.Rows, out[:n], out)
	}
	p.Sel = out[:n]
}

// hashed keeps rows whose hash is among those of the set.
func (d *dynamicState) hashed(p *page.Page, v *page.Vector) {
	if d.hashes == nil && d.bloom == nil || p.Len() == 0 || v.Type.Phys() != d.set.Type.Phys() {
		return
	}
	if cap(d.scratch) < p.Len() {
		d.scratch = make([]uint64, max(p.Len(), page.RowsMax))
	}
	h := d.scratch[:p.Len()]
	d.cols[0] = v
	d.hasher.Columns(d.cols[:], p.Rows, p.Sel, h)
	d.cols[0] = nil
	sel := p.Sel
	if sel == nil {
		sel = page.Iota(p.Rows)
	}
	k := 0
	if d.hashes != nil {
		for i, s := range sel {
			sel[k] = s
			if d.hashes.has(h[i]) {
				k++
			}
		}
	} else {
		for i, s := range sel {
			sel[k] = s
			if d.bloom.MayContain(h[i]) {
				k++
			}
		}
	}
	p.Sel = sel[:k]
	if v.Valid() != nil { // a NULL equals nothing
		p.Sel = p.Sel[:selectNotNull(v, p.Sel)]
	}
}

func selectNotNull(v *page.Vector, sel []int32) int {
	k := 0
	for _, s := range sel {
		sel[k] = s
		if !v.IsNull(int(s)) {
			k++
		}
	}
	return k
}

// hashSet is a flat set of hashes.
type hashSet struct {
	slots []uint64
	mask  uint64
	zero  bool
}

func newHashSet(n int) *hashSet {
	size := 16
	for size < 4*n {
		size *= 2
	}
	return &hashSet{slots: make([]uint64, size), mask: uint64(size - 1)}
}

func (s *hashSet) add(h uint64) {
	if h == 0 {
		s.zero = true
		return
	}
	i := h & s.mask
	for s.slots[i] != 0 && s.slots[i] != h {
		i = (i + 1) & s.mask
	}
	s.slots[i] = h
}

func (s *hashSet) has(h uint64) bool {
	if h == 0 {
		return s.zero
	}
	for i := h & s.mask; ; i = (i + 1) & s.mask {
		switch s.slots[i] {
		case h:
			return true
		case 0:
			return false
		}
	}
}
