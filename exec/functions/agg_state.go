package functions

import (
	"unsafe"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// input rows of one argument, its nulls dropped and its encoding resolved: row
// k is value at[k] of the base vector (nil: k) for group of[k] (nil: 0).
type aggInput struct {
	base *page.Vector
	of   []int32
	at   []int32
	n    int

	groups, slots []int32 // scratch
}

// resolve prepares the rows of v. Flat vectors without nulls cost nothing.
func (in *aggInput) resolve(r Rows, v *page.Vector) {
	in.base, in.of, in.at, in.n = v, r.Groups, r.Sel, r.Len()
	switch v.Enc() {
	case page.Const:
		if v.IsNull(0) {
			in.n = 0
			return
		}
		in.slots = scratch(in.slots, in.n)
		clear(in.slots)
		in.at = in.slots
		return
	case page.Dict:
		in.base, _ = v.Slot0()
		in.viaDict(r, v.Codes(), v.Valid())
		return
	}
	if v.Valid() != nil {
		in.withoutNulls(r, v.Valid())
	}
}

func scratch(s []int32, n int) []int32 {
	if cap(s) < n || s == nil {
		return make([]int32, n, max(n, page.RowsMax))
	}
	return s[:n]
}

func (in *aggInput) viaDict(r Rows, codes []int32, valid []byte) {
	if valid != nil {
		in.withoutNulls(r, valid)
	}
	at := in.at
	in.slots = scratch(in.slots, in.n)
	if at == nil {
		in.at = codes[:in.n]
		return
	}
	for k, i := range at {
		in.slots[k] = codes[i]
	}
	in.at = in.slots
}

func (in *aggInput) withoutNulls(r Rows, valid []byte) {
	n := r.Len()
	in.slots, in.groups = scratch(in.slots, n), scratch(in.groups, n)
	k := 0
	for j := range n {
		i := j
		if r.Sel != nil {
			i = int(r.Sel[j])
		}
		in.slots[k] = int32(i)
		if r.Groups != nil {
			in.groups[k] = r.Groups[j]
		}
		k += int(valid[i>>3] >> (i & 7) & 1)
	}
	in.at, in.n = in.slots[:k], k
	if r.Groups != nil {
		in.of = in.groups[:k]
	}
}

func (in *aggInput) group(k int) int {
	if in.of == nil {
		return 0
	}
	return int(in.of[k])
}

func (in *aggInput) slot(k int) int {
	if in.at == nil {
		return k
	}
	return int(in.at[k])
}

func (in *aggInput) bytes() int { return 4 * (cap(in.groups) + cap(in.slots)) }

// grow lengthens states to n; new ones are zero.
func grow[T any](s []T, n int) []T {
	if n <= cap(s) {
		return s[:max(n, len(s))]
	}
	out := make([]T, n, max(n, 2*cap(s), 16))
	copy(out, s)
	return out
}

func sizeOf[T any](s []T) int {
	var z T
	return cap(s) * int(unsafe.Sizeof(z))
}

// outputs is the number of groups that Partial or Final writes.
func outputs(ids []int32, groups int) int {
	if ids == nil {
		return groups
	}
	return len(ids)
}

func groupAt(ids []int32, k int) int {
	if ids == nil {
		return k
	}
	return int(ids[k])
}

// column makes a vector of a fixed layout from states, NULL where seen is 0
// (seen nil: never).
func column[T page.Fixed](t types.Type, ids []int32, st []T, seen []uint8, pool page.Pool) (*page.Vector, error) {
	n := outputs(ids, len(st))
	v, out, err := page.NewFixed[T](t, n, pool)
	if err != nil {
		return nil, err
	}
	for k := range out {
		out[k] = st[groupAt(ids, k)]
	}
	return withSeen(v, ids, seen, n, pool)
}

func withSeen(v *page.Vector, ids []int32, seen []uint8, n int, pool page.Pool) (*page.Vector, error) {
	if seen == nil {
		return v, nil
	}
	var valid []byte
	for k := range n {
		if seen[groupAt(ids, k)] != 0 {
			continue
		}
		if valid == nil {
			var err error
			if valid, err = v.NewValid(page.AllValid, pool); err != nil {
				v.Release()
				return nil, err
			}
		}
		page.BitClear(valid, k)
	}
	return v, nil
}

// each makes a column by computing each group's value; ok false is NULL.
func finalColumn[T page.Fixed](t types.Type, ids []int32, groups int, pool page.Pool, f func(g int) (x T, ok bool, err error)) (*page.Vector, error) {
	n := outputs(ids, groups)
	v, out, err := page.NewFixed[T](t, n, pool)
	if err != nil {
		return nil, err
	}
	var valid []byte
	for k := range out {
		x, ok, err := f(groupAt(ids, k))
		if err != nil {
			v.Release()
			return nil, err
		}
		out[k] = x
		if ok {
			continue
		}
		if valid == nil {
			if valid, err = v.NewValid(page.AllValid, pool); err != nil {
				v.Release()
				return nil, err
			}
		}
		page.BitClear(valid, k)
	}
	return v, nil
}

// together collects columns and releases all when one fails.
func together(cols ...func() (*page.Vector, error)) ([]*page.Vector, error) {
	out := make([]*page.Vector, 0, len(cols))
	for _, f := range cols {
		v, err := f()
		if err != nil {
			for _, o := range out {
				o.Release()
			}
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// one returns a single column as a list.
func one(v *page.Vector, err error) ([]*page.Vector, error) {
	if err != nil {
		return nil, err
	}
	return []*page.Vector{v}, nil
}
