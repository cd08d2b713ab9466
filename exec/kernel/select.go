package kernel

import (
	"github.com/muster-sql/muster/connectors/spi/page"
)

// The selecting loops write the rows that pass to out and return how many they
// are. sel lists the candidates, nil means 0..n-1. out may be sel itself: a row
// is written after it was read. They have no branch on the data.

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Buffer returns buf with room for n rows, never nil: a nil selection is all rows.
func Buffer(buf []int32, n int) []int32 {
	if buf == nil || cap(buf) < n {
		return make([]int32, max(n, 1024))
	}
	return buf[:n]
}

// SelectValid keeps the rows that are not null, or with want 0 the null ones.
func SelectValid(valid []byte, want int, n int, sel, out []int32) int {
	k := 0
	if sel == nil {
		out = out[:n]
		for i := range n {
			out[k] = int32(i)
			k += int(valid[i>>3]>>(i&7)&1) ^ want ^ 1
		}
		return k
	}
	for _, i := range sel {
		out[k] = i
		k += int(valid[i>>3]>>(i&7)&1) ^ want ^ 1
	}
	return k
}

// SelectBool keeps the rows whose byte is want (0 or 1).
func SelectBool(vals []uint8, want uint8, n int, sel, out []int32) int {
	k := 0
	if sel == nil {
		out = out[:n]
		for i, x := range vals[:n] {
			out[k] = int32(i)
			k += int(x^want) ^ 1
		}
		return k
	}
	for _, i := range sel {
		out[k] = i
		k += int(vals[i]^want) ^ 1
	}
	return k
}

// SelectCode keeps the rows whose dictionary code is marked 1 in pass.
func SelectCode(codes []int32, pass []uint8, n int, sel, out []int32) int {
	k := 0
	if sel == nil {
		out = out[:n]
		for i, c := range codes[:n] {
			out[k] = int32(i)
			k += int(pass[c])
		}
		return k
	}
	for _, i := range sel {
		out[k] = i
		k += int(pass[codes[i]])
	}
	return k
}

// Except writes the rows of sel (nil: 0..n-1) that are not in gone, both ascending.
func Except(n int, sel, gone, out []int32) int {
	k, g := 0, 0
	if sel == nil {
		for i := range int32(n) {
			if g < len(gone) && gone[g] == i {
				g++
				continue
			}
			out[k] = i
			k++
		}
		return k
	}
	for _, i := range sel {
		if g < len(gone) && gone[g] == i {
			g++
			continue
		}
		out[k] = i
		k++
	}
	return k
}

// Union merges two disjoint ascending selections into out, which must be neither.
func Union(a, b, out []int32) int {
	k := 0
	for len(a) > 0 && len(b) > 0 {
		if a[0] < b[0] {
			out[k], a = a[0], a[1:]
		} else {
			out[k], b = b[0], b[1:]
		}
		k++
	}
	k += copy(out[k:], a)
	return k + copy(out[k:], b)
}

type integer interface {
	uint8 | int16 | int32 | uint32 | int64
}

// selectRange keeps rows with lo <= v <= hi, or with inv 1 the others. lo <= hi.
func selectRange[T integer](vals []T, lo, hi int64, inv int, n int, sel, out []int32) int {
	k := 0
	first, span := uint64(lo), uint64(hi)-uint64(lo)
	if sel == nil {
		out = out[:n]
		for i, x := range vals[:n] {
			out[k] = int32(i)
			k += b2i(uint64(x)-first <= span) ^ inv
		}
		return k
	}
	for _, i := range sel {
		out[k] = i
		k += b2i(uint64(vals[i])-first <= span) ^ inv
	}
	return k
}

type ordered interface {
	integer | float32 | float64
}

// selectLess keeps rows with a < b, or with inv 1 the others.
func selectLess[T ordered](a, b []T, inv int, n int, sel, out []int32) int {
	k := 0
	if sel == nil {
		out, a, b = out[:n], a[:n], b[:n]
		for i := range a {
			out[k] = int32(i)
			k += b2i(a[i] < b[i]) ^ inv
		}
		return k
	}
	for _, i := range sel {
		out[k] = i
		k += b2i(a[i] < b[i]) ^ inv
	}
	return k
}

// selectEqual keeps rows with a = b, or with inv 1 the others.
func selectEqual[T integer](a, b []T, inv int, n int, sel, out []int32) int {
	k := 0
	if sel == nil {
		out, a, b = out[:n], a[:n], b[:n]
		for i := range a {
			out[k] = int32(i)
			k += b2i(a[i] == b[i]) ^ inv
		}
		return k
	}
	for _, i := range sel {
		out[k] = i
		k += b2i(a[i] == b[i]) ^ inv
	}
	return k
}

type float interface{ float32 | float64 }

// selectFloat compares with a constant that is a number. op is Eq, Lt or Le;
// NaN is above every number, so that the inverse is exact.
func selectFloat[T float](vals []T, c T, op Op, inv int, n int, sel, out []int32) int {
	if sel == nil {
		return selectFloatAll(vals[:n], c, op, inv, out[:n])
	}
	k := 0
	switch op {
	case Eq:
		for _, i := range sel {
			out[k] = i
			k += b2i(vals[i] == c) ^ inv
		}
	case Lt:
		for _, i := range sel {
			out[k] = i
			k += b2i(vals[i] < c) ^ inv
		}
	default:
		for _, i := range sel {
			out[k] = i
			k += b2i(vals[i] <= c) ^ inv
		}
	}
	return k
}

func selectFloatAll[T float](vals []T, c T, op Op, inv int, out []int32) int {
	k := 0
	switch op {
	case Eq:
		for i, x := range vals {
			out[k] = int32(i)
			k += b2i(x == c) ^ inv
		}
	case Lt:
		for i, x := range vals {
			out[k] = int32(i)
			k += b2i(x < c) ^ inv
		}
	default:
		for i, x := range vals {
			out[k] = int32(i)
			k += b2i(x <= c) ^ inv
		}
	}
	return k
}

// floatLess is PostgreSQL's order: NaN is above every number and equal to itself.
func floatLess[T float](a, b T) bool { return a < b || b != b && a == a }

// selectFloats compares two columns; op is Eq, Lt or Le.
func selectFloats[T float](a, b []T, op Op, inv int, n int, sel, out []int32) int {
	k := 0
	if sel != nil {
		n = len(sel)
	}
	for j := range n {
		i := int32(j)
		if sel != nil {
			i = sel[j]
		}
		x, y := a[i], b[i]
		var r bool
		switch op {
		case Eq:
			r = x == y || x != x && y != y
		case Lt:
			r = floatLess(x, y)
		default:
			r = !floatLess(y, x)
		}
		out[k] = i
		k += b2i(r) ^ inv
	}
	return k
}

// selectViewEqual compares strings with one constant for equality.
func selectViewEqual(v *page.Vector, c page.View, cheap [][]byte, inv int, n int, sel, out []int32) int {
	views, heap := v.Views(), v.Heap()
	if sel != nil {
		n = len(sel)
	}
	k := 0
	want := c.Bytes(cheap)
	for j := range n {
		i := int32(j)
		if sel != nil {
			i = sel[j]
		}
		x := &views[i]
		eq := x.Len == c.Len && x.Prefix == c.Prefix
		if eq && c.Len > 4 {
			eq = string(x.Bytes(heap)) == string(want)
		}
		out[k] = i
		k += b2i(eq) ^ inv
	}
	return k
}

// SelectAmong keeps the rows whose value is among a few, or with want 0 the others.
func SelectAmong[T integer](vals []T, among []int64, want int, n int, sel, out []int32) int {
	if sel != nil {
		n = len(sel)
	}
	k := 0
	for j := range n {
		i := int32(j)
		if sel != nil {
			i = sel[j]
		}
		x, hit := int64(vals[i]), 0
		for _, c := range among {
			hit |= b2i(x == c)
		}
		out[k] = i
		k += hit ^ want ^ 1
	}
	return k
}
