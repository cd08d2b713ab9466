package kernel

import (
	"bytes"
	"math"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Op is a comparison.
type Op uint8

// The comparisons.
const (
	Eq Op = iota
	Ne
	Lt
	Le
	Gt
	Ge
)

// Ops names the comparisons as SQL does.
var Ops = map[string]Op{"=": Eq, "<>": Ne, "<": Lt, "<=": Le, ">": Gt, ">=": Ge}

// Negate returns the comparison that holds where op does not.
func (op Op) Negate() Op { return [...]Op{Ne, Eq, Ge, Gt, Le, Lt}[op] }

// Swap returns the comparison with its sides exchanged.
func (op Op) Swap() Op { return [...]Op{Eq, Ne, Gt, Ge, Lt, Le}[op] }

// Compare writes the rows where a op b holds to out and returns how many they
// are. a and b have the same layout and are flat or constant; no row of sel
// is null in either. sel nil means 0..n-1; out may be sel.
func Compare(op Op, a, b *page.Vector, n int, sel, out []int32) int {
	if a.Enc() == page.Const {
		if b.Enc() == page.Const {
			if !op.Holds(CompareSlots(a, 0, b, 0)) {
				return 0
			}
			return all(n, sel, out)
		}
		a, b, op = b, a, op.Swap()
	}
	switch a.Type.Phys() {
	case types.PhysBool:
		return compareInts[uint8](op, a, b, n, sel, out)
	case types.PhysI16:
		return compareInts[int16](op, a, b, n, sel, out)
	case types.PhysI32:
		return compareInts[int32](op, a, b, n, sel, out)
	case types.PhysU32:
		return compareInts[uint32](op, a, b, n, sel, out)
	case types.PhysI64:
		return compareInts[int64](op, a, b, n, sel, out)
	case types.PhysF32:
		return compareFloats[float32](op, a, b, n, sel, out)
	case types.PhysF64:
		return compareFloats[float64](op, a, b, n, sel, out)
	case types.PhysView:
		if b.Enc() == page.Const && op <= Ne {
			return selectViewEqual(a, b.Views()[0], b.Heap(), b2i(op == Ne), n, sel, out)
		}
	}
	return compareSlots(op, a, b, n, sel, out)
}

func all(n int, sel, out []int32) int {
	if sel != nil {
		return copy(out, sel)
	}
	out = out[:n]
	for i := range out {
		out[i] = int32(i)
	}
	return n
}

// Holds reports whether op is true of a three-way comparison's result.
func (op Op) Holds(c int) bool {
	switch op {
	case Eq:
		return c == 0
	case Ne:
		return c != 0
	case Lt:
		return c < 0
	case Le:
		return c <= 0
	case Gt:
		return c > 0
	default:
		return c >= 0
	}
}

func compareInts[T integer](op Op, a, b *page.Vector, n int, sel, out []int32) int {
	x := page.Values[T](a)
	if b.Enc() != page.Const {
		y := page.Values[T](b)
		switch op {
		case Eq:
			return selectEqual(x, y, 0, n, sel, out)
		case Ne:
			return selectEqual(x, y, 1, n, sel, out)
		case Lt:
			return selectLess(x, y, 0, n, sel, out)
		case Ge:
			return selectLess(x, y, 1, n, sel, out)
		case Gt:
			return selectLess(y, x, 0, n, sel, out)
		default:
			return selectLess(y, x, 1, n, sel, out)
		}
	}
	c := int64(page.Values[T](b)[0])
	switch op {
	case Eq:
		return selectRange(x, c, c, 0, n, sel, out)
	case Ne:
		return selectRange(x, c, c, 1, n, sel, out)
	case Le:
		return selectRange(x, math.MinInt64, c, 0, n, sel, out)
	case Gt:
		return selectRange(x, math.MinInt64, c, 1, n, sel, out)
	case Ge:
		return selectRange(x, c, math.MaxInt64, 0, n, sel, out)
	default:
		return selectRange(x, c, math.MaxInt64, 1, n, sel, out)
	}
}

// Between keeps the rows of an integer-like layout with lo <= v <= hi; false
// when the layout is not one.
func Between(v *page.Vector, lo, hi int64, n int, sel, out []int32) (int, bool) {
	if lo > hi {
		return 0, v.Type.Phys() <= types.PhysI64
	}
	switch v.Type.Phys() {
	case types.PhysI16:
		return selectRange(page.Values[int16](v), lo, hi, 0, n, sel, out), true
	case types.PhysI32:
		return selectRange(page.Values[int32](v), lo, hi, 0, n, sel, out), true
	case types.PhysU32:
		return selectRange(page.Values[uint32](v), lo, hi, 0, n, sel, out), true
	case types.PhysI64:
		return selectRange(page.Values[int64](v), lo, hi, 0, n, sel, out), true
	}
	return 0, false
}

func compareFloats[T float](op Op, a, b *page.Vector, n int, sel, out []int32) int {
	x, y := page.Values[T](a), page.Values[T](b)
	base, inv := op, 0
	switch op {
	case Ne, Ge, Gt: // the inverse of Eq, Lt, Le
		base, inv = op.Negate(), 1
	}
	if b.Enc() != page.Const {
		return selectFloats(x, y, base, inv, n, sel, out)
	}
	if c := y[0]; c == c {
		return selectFloat(x, c, base, inv, n, sel, out)
	}
	return compareSlots(op, a, b, n, sel, out)
}

// compareSlots is for layouts whose comparison costs far more than the call.
func compareSlots(op Op, a, b *page.Vector, n int, sel, out []int32) int {
	if sel != nil {
		n = len(sel)
	}
	k := 0
	for j := range n {
		i := int32(j)
		if sel != nil {
			i = sel[j]
		}
		x := 0
		if b.Enc() != page.Const {
			x = int(i)
		}
		out[k] = i
		k += b2i(op.Holds(CompareSlots(a, int(i), b, x)))
	}
	return k
}

// CompareSlots orders slot i of a and slot j of b, of one layout and not null,
// in any loaded encoding: for sorts, min, max and nested values.
func CompareSlots(a *page.Vector, i int, b *page.Vector, j int) int {
	a, i = a.Slot(i)
	b, j = b.Slot(j)
	switch a.Type.Phys() {
	case types.PhysBool:
		return int(page.Values[uint8](a)[i]) - int(page.Values[uint8](b)[j])
	case types.PhysI16:
		return int(page.Values[int16](a)[i]) - int(page.Values[int16](b)[j])
	case types.PhysI32:
		return order(page.Values[int32](a)[i], page.Values[int32](b)[j])
	case types.PhysU32:
		return order(page.Values[uint32](a)[i], page.Values[uint32](b)[j])
	case types.PhysI64:
		return order(page.Values[int64](a)[i], page.Values[int64](b)[j])
	case types.PhysF32:
		return orderFloat(page.Values[float32](a)[i], page.Values[float32](b)[j])
	case types.PhysF64:
		return orderFloat(page.Values[float64](a)[i], page.Values[float64](b)[j])
	case types.PhysI128:
		return page.Values[types.Int128](a)[i].Cmp(page.Values[types.Int128](b)[j])
	case types.PhysNum:
		return page.Values[types.Num](a)[i].Cmp(page.Values[types.Num](b)[j])
	case types.PhysIval:
		return page.Values[types.IntervalValue](a)[i].Cmp(page.Values[types.IntervalValue](b)[j])
	case types.PhysB16:
		x, y := page.Values[[16]byte](a)[i], page.Values[[16]byte](b)[j]
		return bytes.Compare(x[:], y[:])
	case types.PhysView:
		return bytes.Compare(a.Views()[i].Bytes(a.Heap()), b.Views()[j].Bytes(b.Heap()))
	default:
		return types.Compare(a.Type, a.Value(i), b.Value(j))
	}
}

func order[T integer](a, b T) int { return b2i(a > b) - b2i(a < b) }

func orderFloat[T float](a, b T) int { return b2i(floatLess(b, a)) - b2i(floatLess(a, b)) }
