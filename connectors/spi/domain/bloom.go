package domain

import "math/bits"

// Bloom is a split-block Bloom filter over 64-bit hashes (types.Hash, or the
// engine's column hash, which is the same function): 256-bit blocks with one
// bit in each of eight words, after Putze, Sanders and Singler, "Cache-, hash-
// and space-efficient Bloom filters" (2007).
type Bloom struct {
	Words []uint32 // 8 a block; the number of blocks is a power of two
}

var bloomSalt = [8]uint32{
	0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31,
}

// NewBloom returns a filter for n values at about 12 bits each.
func NewBloom(n int) *Bloom {
	blocks := 1
	for blocks*256 < n*12 && blocks < 1<<17 {
		blocks *= 2
	}
	return &Bloom{Words: make([]uint32, 8*blocks)}
}

func (b *Bloom) block(h uint64) []uint32 {
	n := uint64(len(b.Words) / 8)
	hi, _ := bits.Mul64(h, n)
	return b.Words[8*hi : 8*hi+8 : 8*hi+8]
}

// Add inserts a hash.
func (b *Bloom) Add(h uint64) {
	blk := b.block(h)
	for i, s := range bloomSalt {
		blk[i] |= 1 << (uint32(h) * s >> 27)
	}
}

// MayContain reports whether h may have been added. All eight bits are looked
// at: the first that is missing is not worth a branch that cannot be foreseen.
func (b *Bloom) MayContain(h uint64) bool {
	hi, _ := bits.Mul64(h, uint64(len(b.Words)/8))
	w := (*[8]uint32)(b.Words[8*hi:])
	x := uint32(h)
	return w[0]>>(x*bloomSalt[0]>>27)&(w[1]>>(x*bloomSalt[1]>>27))&
		(w[2]>>(x*bloomSalt[2]>>27))&(w[3]>>(x*bloomSalt[3]>>27))&
		(w[4]>>(x*bloomSalt[4]>>27))&(w[5]>>(x*bloomSalt[5]>>27))&
		(w[6]>>(x*bloomSalt[6]>>27))&(w[7]>>(x*bloomSalt[7]>>27))&1 != 0
}

// Merge adds all of o, a filter of the same size, and reports whether it could.
func (b *Bloom) Merge(o *Bloom) bool {
	if len(b.Words) != len(o.Words) {
		return false
	}
	for i, w := range o.Words {
		b.Words[i] |= w
	}
	return true
}
