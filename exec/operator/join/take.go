package join

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// take returns slots sel of v, a loaded vector, which may repeat and need not
// ascend. Strings stay where they are, kept alive by a reference.
func take(v *page.Vector, sel []int32, pool page.Pool) (*page.Vector, error) {
	if v.Enc() != page.Flat || v.Type.Phys() != types.PhysView {
		return v.Gather(sel, pool)
	}
	out, views, err := page.NewFixed[page.View](v.Type, len(sel), pool)
	if err != nil {
		return nil, err
	}
	from := v.Views()
	if v.Valid() == nil {
		for i, s := range sel {
			views[i] = from[s]
		}
	} else {
		valid, err := out.NewValid(page.AllNull, pool)
		if err != nil {
			out.Release()
			return nil, err
		}
		for i, s := range sel {
			if page.BitGet(v.Valid(), int(s)) {
				views[i] = from[s]
				page.BitSet(valid, i)
			} else {
				views[i] = page.View{}
			}
		}
	}
	out.ShareHeap(v)
	return out, nil
}

// constant returns a vector of n slots that hold slot i of v.
func constant(v *page.Vector, i, n int, pool page.Pool) (*page.Vector, error) {
	one, err := v.Gather([]int32{int32(i)}, pool)
	if err != nil {
		return nil, err
	}
	flat, err := one.Flatten(pool)
	one.Release()
	if err != nil {
		return nil, err
	}
	return page.MakeConst(flat, n), nil
}

// nulls returns n NULLs of a type.
func nulls(t types.Type, n int, pool page.Pool) (*page.Vector, error) {
	return page.NewConst(t, types.NullValue, n, pool)
}
