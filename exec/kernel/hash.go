// Package kernel owns the typed loops over vectors that several parts of the
// engine share: hash, compare, select. Evaluation, row tables and exchanges
// call it. It knows no functions, expressions or operators.
package kernel

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Hasher hashes the rows of key columns. It keeps scratch memory and the hashes
// of the last dictionaries, and belongs to one goroutine.
type Hasher struct {
	next  []uint64
	dicts []dictHashes // by column
}

type dictHashes struct {
	id uint64
	h  []uint64
}

// Columns writes the hash of each selected row of cols to out: out[k] for the
// k-th row of sel (nil: all n). Columns must be loaded. One column gives its
// values' hashes, several are folded with types.HashCombine; a null counts as
// types.HashNull.
func (h *Hasher) Columns(cols []*page.Vector, n int, sel []int32, out []uint64) {
	if sel != nil {
		n = len(sel)
	}
	out = out[:n]
	for len(h.dicts) < len(cols) {
		h.dicts = append(h.dicts, dictHashes{})
	}
	for c, v := range cols {
		if c == 0 {
			h.column(c, v, sel, out)
			continue
		}
		if cap(h.next) < n {
			h.next = make([]uint64, max(n, page.RowsMax))
		}
		next := h.next[:n]
		h.column(c, v, sel, next)
		for k := range out {
			out[k] = types.HashCombine(out[k], next[k])
		}
	}
	if len(cols) == 0 {
		clear(out)
	}
}

func (h *Hasher) column(c int, v *page.Vector, sel []int32, out []uint64) {
	switch v.Enc() {
	case page.Const:
		var one [1]uint64
		if v.IsNull(0) {
			one[0] = types.HashNull
		} else {
			hashFlat(v, nil, one[:])
		}
		for k := range out {
			out[k] = one[0]
		}
		return
	case page.Dict:
		d := &h.dicts[c]
		if dict := v.Dictionary(); d.id != dict.ID {
			d.id = dict.ID
			d.h = make([]uint64, dict.Values.Len())
			hashFlat(dict.Values, nil, d.h)
		}
		hashCodes(d.h, v.Codes(), v.Valid(), sel, out)
		return
	}
	hashFlat(v, sel, out)
	hashNulls(v.Valid(), sel, out)
}

// hashCodes looks hashes up by code. Codes of null rows are in range.
func hashCodes(dict []uint64, codes []int32, valid []byte, sel []int32, out []uint64) {
	if sel == nil {
		for k := range out {
			out[k] = dict[codes[k]]
		}
	} else {
		for k, i := range sel {
			out[k] = dict[codes[i]]
		}
	}
	hashNulls(valid, sel, out)
}

func hashNulls(valid []byte, sel []int32, out []uint64) {
	if valid == nil {
		return
	}
	if sel == nil {
		for k := range out {
			if !page.BitGet(valid, k) {
				out[k] = types.HashNull
			}
		}
		return
	}
	for k, i := range sel {
		if !page.BitGet(valid, int(i)) {
			out[k] = types.HashNull
		}
	}
}

// hashFlat hashes the slots sel of a flat vector or the one of a constant.
// Null slots get any hash, without their strings being read.
func hashFlat(v *page.Vector, sel []int32, out []uint64) {
	switch v.Type.Phys() {
	case types.PhysBool:
		hashInts(page.Values[uint8](v), sel, out)
	case types.PhysI16:
		hashInts(page.Values[int16](v), sel, out)
	case types.PhysI32:
		hashInts(page.Values[int32](v), sel, out)
	case types.PhysU32:
		hashInts(page.Values[uint32](v), sel, out)
	case types.PhysI64:
		hashInts(page.Values[int64](v), sel, out)
	case types.PhysF32:
		hashFloats(page.Values[float32](v), sel, out)
	case types.PhysF64:
		hashFloats(page.Values[float64](v), sel, out)
	case types.PhysI128:
		hashEach(page.Values[types.Int128](v), sel, out, types.HashInt128)
	case types.PhysNum:
		hashEach(page.Values[types.Num](v), sel, out, types.Num.Hash)
	case types.PhysIval:
		hashEach(page.Values[types.IntervalValue](v), sel, out, types.IntervalValue.Hash)
	case types.PhysB16:
		hashEach(page.Values[[16]byte](v), sel, out, func(b [16]byte) uint64 { return types.HashBytes(b[:]) })
	case types.PhysView:
		hashViews(v, sel, out)
	default:
		for k := range out {
			i := k
			if sel != nil {
				i = int(sel[k])
			}
			out[k] = types.Hash(v.Type, v.Value(i))
		}
	}
}

func hashInts[T uint8 | int16 | int32 | uint32 | int64](vals []T, sel []int32, out []uint64) {
	if sel == nil {
		vals = vals[:len(out)]
		for k, x := range vals {
			out[k] = types.HashInt64(int64(x))
		}
		return
	}
	for k, i := range sel {
		out[k] = types.HashInt64(int64(vals[i]))
	}
}

func hashFloats[T float32 | float64](vals []T, sel []int32, out []uint64) {
	for k := range out {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		out[k] = types.HashFloat64(float64(vals[i]))
	}
}

// hashEach is for the layouts whose hash costs far more than the call.
func hashEach[T page.Fixed](vals []T, sel []int32, out []uint64, f func(T) uint64) {
	for k := range out {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		out[k] = f(vals[i])
	}
}

func hashViews(v *page.Vector, sel []int32, out []uint64) {
	views, heap, valid := v.Views(), v.Heap(), v.Valid()
	for k := range out {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		if valid == nil || page.BitGet(valid, i) {
			out[k] = types.HashBytes(views[i].Bytes(heap))
		}
	}
}
