package rows

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"unsafe"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Key orders rows by a column.
type Key struct {
	Col        int
	Desc       bool
	NullsFirst bool
}

// Compare orders row a of s and row b of t, stores of one layout, by keys.
func Compare(s *Store, a uint32, t *Store, b uint32, keys []Key) int {
	for _, k := range keys {
		x, y := s.IsNull(a, k.Col), t.IsNull(b, k.Col)
		if x || y {
			if x == y {
				continue
			}
			if x == k.NullsFirst {
				return -1
			}
			return 1
		}
		c := compareField(s, a, t, b, k.Col)
		if c == 0 {
			continue
		}
		if k.Desc {
			return -c
		}
		return c
	}
	return 0
}

func field[T any](s *Store, id uint32, off uintptr) T { return *(*T)(unsafe.Add(s.at(id), off)) }

func compareField(s *Store, a uint32, t *Store, b uint32, col int) int {
	off := s.L.offs[col]
	switch s.L.phys[col] {
	case types.PhysBool:
		return cmp.Compare(field[uint8](s, a, off), field[uint8](t, b, off))
	case types.PhysI16:
		return cmp.Compare(field[int16](s, a, off), field[int16](t, b, off))
	case types.PhysI32:
		return cmp.Compare(field[int32](s, a, off), field[int32](t, b, off))
	case types.PhysU32:
		return cmp.Compare(field[uint32](s, a, off), field[uint32](t, b, off))
	case types.PhysI64:
		return cmp.Compare(field[int64](s, a, off), field[int64](t, b, off))
	case types.PhysF32:
		return compareFloats(float64(field[float32](s, a, off)), float64(field[float32](t, b, off)))
	case types.PhysF64:
		return compareFloats(field[float64](s, a, off), field[float64](t, b, off))
	case types.PhysI128:
		return field[types.Int128](s, a, off).Cmp(field[types.Int128](t, b, off))
	case types.PhysNum:
		return field[types.Num](s, a, off).Cmp(field[types.Num](t, b, off))
	case types.PhysIval:
		return field[types.IntervalValue](s, a, off).Cmp(field[types.IntervalValue](t, b, off))
	case types.PhysB16:
		x, y := field[[16]byte](s, a, off), field[[16]byte](t, b, off)
		return bytes.Compare(x[:], y[:])
	case types.PhysView:
		x := (*page.View)(unsafe.Add(s.at(a), off))
		y := (*page.View)(unsafe.Add(t.at(b), off))
		return bytes.Compare(x.Bytes(*s.heap.segs.Load()), y.Bytes(*t.heap.segs.Load()))
	default:
		return types.Compare(s.L.Types[col], s.Value(a, col), t.Value(b, col))
	}
}

// compareFloats puts NaN last, equal to itself.
func compareFloats(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	case a == a:
		return -1
	case b == b:
		return 1
	}
	return 0
}

// Prefix returns 64 bits that order as the first key does: rows with a smaller
// prefix come first. exact says that equal prefixes mean equal first keys.
func (s *Store) Prefix(id uint32, k Key) uint64 {
	if s.IsNull(id, k.Col) {
		if k.NullsFirst {
			return 0
		}
		return math.MaxUint64
	}
	p := s.normal(id, k.Col)
	if k.Desc {
		p = ^p
	}
	// The ends are for NULLs; values there are still ordered by Compare.
	return min(max(p, 1), math.MaxUint64-1)
}

const signBit = 1 << 63

// normal maps a value to 64 bits with the same order, ties possible.
func (s *Store) normal(id uint32, col int) uint64 {
	off := s.L.offs[col]
	switch s.L.phys[col] {
	case types.PhysBool:
		return uint64(field[uint8](s, id, off)) + 1
	case types.PhysI16:
		return uint64(int64(field[int16](s, id, off))) ^ signBit
	case types.PhysI32:
		return uint64(int64(field[int32](s, id, off))) ^ signBit
	case types.PhysU32:
		return uint64(field[uint32](s, id, off)) ^ signBit
	case types.PhysI64:
		return uint64(field[int64](s, id, off)) ^ signBit
	case types.PhysF32:
		return normalFloat(float64(field[float32](s, id, off)))
	case types.PhysF64:
		return normalFloat(field[float64](s, id, off))
	case types.PhysI128:
		return uint64(field[types.Int128](s, id, off).Hi) ^ signBit
	case types.PhysB16:
		x := field[[16]byte](s, id, off)
		return binary.BigEndian.Uint64(x[:])
	case types.PhysView:
		return s.normalView((*page.View)(unsafe.Add(s.at(id), off)))
	}
	return signBit // by Compare alone
}

func normalFloat(f float64) uint64 {
	if f != f {
		return math.MaxUint64
	}
	if f == 0 {
		f = 0
	}
	b := math.Float64bits(f)
	if b&signBit != 0 {
		return ^b
	}
	return b | signBit
}

func (s *Store) normalView(v *page.View) uint64 {
	var b [8]byte
	if v.Len <= page.InlineMax {
		copy(b[:], v.Bytes(nil))
	} else {
		copy(b[:], v.Bytes(*s.heap.segs.Load()))
	}
	return binary.BigEndian.Uint64(b[:])
}

// ExactPrefix says that rows with equal prefixes have equal values of type t.
func ExactPrefix(t types.Type) bool {
	switch t.Phys() {
	case types.PhysBool, types.PhysI16, types.PhysI32, types.PhysU32:
		return true
	}
	return false
}
