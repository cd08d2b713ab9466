package agg

import (
	"github.com/muster-sql/muster/connectors/spi/page"
)

// codesMax is the most combinations of dictionary codes that get an array.
const codesMax = 1 << 14

// coded remembers the groups of combinations of dictionary codes, so that a
// page whose keys are all dictionaries costs an array access a row. It is
// valid as long as the dictionaries stay the same.
type coded struct {
	dicts []uint64 // ids; 0: a constant
	sizes []int    // codes of each column, one more for NULL
	group []int32  // by combination: group+1, 0 unknown
	codes []int32
	miss  []int32 // rows with unknown combinations, one each
	found []int32
}

// usable reports whether the keys of a page have few combinations of codes.
func (c *coded) usable(keys []*page.Vector) bool {
	total := 1
	for _, v := range keys {
		if v.Enc() != page.Dict {
			return false
		}
		total *= v.Dictionary().Values.Len() + 1
		if total > codesMax {
			return false
		}
	}
	if len(c.dicts) == len(keys) {
		same := true
		for i, v := range keys {
			same = same && c.dicts[i] == v.Dictionary().ID
		}
		if same {
			return true
		}
	}
	c.dicts, c.sizes = c.dicts[:0], c.sizes[:0]
	for _, v := range keys {
		c.dicts = append(c.dicts, v.Dictionary().ID)
		c.sizes = append(c.sizes, v.Dictionary().Values.Len()+1)
	}
	if cap(c.group) < total {
		c.group = make([]int32, total)
	}
	c.group = c.group[:total]
	clear(c.group)
	return true
}

// forget drops what is remembered, after the table was reset.
func (c *coded) forget() { c.dicts = c.dicts[:0] }

// find is table.find by way of the codes.
func (c *coded) find(t table, keys []*page.Vector, n int, sel []int32, out []int32) error {
	if cap(c.codes) < n {
		c.codes = make([]int32, max(n, page.RowsMax))
	}
	count := n
	if sel != nil {
		count = len(sel)
	}
	codes := c.codes[:count]
	for i, v := range keys {
		combine(codes, v, sel, int32(c.sizes[i]), i == 0)
	}
	const pending = -1
	c.miss = c.miss[:0]
	for k, x := range codes {
		if c.group[x] == 0 {
			c.group[x] = pending
			slot := int32(k)
			if sel != nil {
				slot = sel[k]
			}
			c.miss = append(c.miss, slot)
		}
	}
	if len(c.miss) > 0 {
		if cap(c.found) < len(c.miss) {
			c.found = make([]int32, len(c.miss))
		}
		found := c.found[:len(c.miss)]
		if err := t.find(keys, n, c.miss, found); err != nil {
			c.forget()
			return err
		}
		m := 0
		for _, x := range codes {
			if c.group[x] == pending {
				c.group[x] = found[m] + 1
				m++
			}
		}
	}
	out = out[:count]
	for k, x := range codes {
		out[k] = c.group[x] - 1
	}
	return nil
}

// combine folds the codes of one more column; NULL is the last code.
func combine(codes []int32, v *page.Vector, sel []int32, size int32, first bool) {
	col := v.Codes()
	if first {
		clear(codes)
	}
	switch {
	case v.Valid() != nil:
		for k := range codes {
			i := k
			if sel != nil {
				i = int(sel[k])
			}
			x := size - 1
			if page.BitGet(v.Valid(), i) {
				x = col[i]
			}
			codes[k] = codes[k]*size + x
		}
	case sel == nil:
		for k, x := range col[:len(codes)] {
			codes[k] = codes[k]*size + x
		}
	default:
		for k, i := range sel {
			codes[k] = codes[k]*size + col[i]
		}
	}
}
