package parquet

import (
	"encoding/binary"
	"math/bits"
)

// The Bloom filter of the format: 32-byte blocks chosen by the upper half of
// a value's xxHash, with one bit in each of eight words by the lower half.

var bloomSalt = [8]uint32{
	0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31,
}

// bloomBlockHas reports whether the block at the start of b may hold a hash.
func bloomBlockHas(b []byte, h uint32) bool {
	for i, s := range bloomSalt {
		if binary.LittleEndian.Uint32(b[4*i:])>>(h*s>>27)&1 == 0 {
			return false
		}
	}
	return true
}

// bloomAdd adds a hash to a filter of whole blocks.
func bloomAdd(b []byte, h uint64) {
	block, _ := bits.Mul64(h>>32<<32, uint64(len(b)/bloomBlockBytes))
	b = b[block*bloomBlockBytes:]
	for i, s := range bloomSalt {
		w := b[4*i:]
		binary.LittleEndian.PutUint32(w, binary.LittleEndian.Uint32(w)|1<<(uint32(h)*s>>27))
	}
}

const (
	xxPrime1 uint64 = 0x9E3779B185EBCA87
	xxPrime2 uint64 = 0xC2B2AE3D27D4EB4F
	xxPrime3 uint64 = 0x165667B19E3779F9
	xxPrime4 uint64 = 0x85EBCA77C2B2AE63
	xxPrime5 uint64 = 0x27D4EB2F165667C5
)

func xxRound(acc, x uint64) uint64 {
	return bits.RotateLeft64(acc+x*xxPrime2, 31) * xxPrime1
}

// xxh64 is xxHash with 64 bits and seed 0, as the format asks for.
func xxh64(b []byte) uint64 {
	h, n := xxPrime5, uint64(len(b))
	if len(b) >= 32 {
		p1 := xxPrime1 // a variable, since the sums overflow
		v := [4]uint64{p1 + xxPrime2, xxPrime2, 0, -p1}
		for ; len(b) >= 32; b = b[32:] {
			for i := range v {
				v[i] = xxRound(v[i], binary.LittleEndian.Uint64(b[8*i:]))
			}
		}
		h = bits.RotateLeft64(v[0], 1) + bits.RotateLeft64(v[1], 7) + bits.RotateLeft64(v[2], 12) + bits.RotateLeft64(v[3], 18)
		for _, x := range v {
			h = (h^xxRound(0, x))*xxPrime1 + xxPrime4
		}
	}
	h += n
	for ; len(b) >= 8; b = b[8:] {
		h = bits.RotateLeft64(h^xxRound(0, binary.LittleEndian.Uint64(b)), 27)*xxPrime1 + xxPrime4
	}
	if len(b) >= 4 {
		h = bits.RotateLeft64(h^uint64(binary.LittleEndian.Uint32(b))*xxPrime1, 23)*xxPrime2 + xxPrime3
		b = b[4:]
	}
	for _, c := range b {
		h = bits.RotateLeft64(h^uint64(c)*xxPrime5, 11) * xxPrime1
	}
	h = (h ^ h>>33) * xxPrime2
	h = (h ^ h>>29) * xxPrime3
	return h ^ h>>32
}
