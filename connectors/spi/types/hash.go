package types

import (
	"math"
	"math/bits"

	"github.com/zeebo/xxh3"
)

// The hash of a value is the same everywhere: join tables, groups, exchanges,
// Bloom filters and this package compute it with these functions, so that a
// filter built on one node can be probed on another. Equal values of one type
// hash alike.

// HashNull is the hash of NULL.
const HashNull uint64 = 0x9ae16a3b2f90404f

// HashInt64 hashes the layouts bool, i16, i32, u32 and i64 by their value.
func HashInt64(v int64) uint64 {
	x := uint64(v)
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	x ^= x >> 32
	return x
}

// HashFloat64 hashes floats of both widths: -0 as 0, every NaN alike.
func HashFloat64(f float64) uint64 {
	if f == 0 {
		f = 0
	}
	if f != f {
		return HashInt64(int64(math.Float64bits(math.NaN())))
	}
	return HashInt64(int64(math.Float64bits(f)))
}

// HashBytes hashes strings, bytea and uuids.
func HashBytes(b []byte) uint64 { return xxh3.Hash(b) }

// HashString hashes as HashBytes.
func HashString(s string) uint64 { return xxh3.HashString(s) }

// HashInt128 hashes 128-bit decimals.
func HashInt128(v Int128) uint64 { return HashCombine(HashInt64(v.Hi), HashInt64(int64(v.Lo))) }

// HashCombine folds the hash of a further column into h.
func HashCombine(h, next uint64) uint64 {
	return (bits.RotateLeft64(h, 23) ^ next) * 0x9fb21c651e98df25
}
