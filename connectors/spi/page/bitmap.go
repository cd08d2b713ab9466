package page

import "math/bits"

// BitmapBytes returns the bytes of a bitmap of n bits.
func BitmapBytes(n int) int { return (n + 7) / 8 }

// BitGet reports whether bit i is set.
func BitGet(b []byte, i int) bool { return b[i>>3]&(1<<(i&7)) != 0 }

// BitSet sets bit i.
func BitSet(b []byte, i int) { b[i>>3] |= 1 << (i & 7) }

// BitClear clears bit i.
func BitClear(b []byte, i int) { b[i>>3] &^= 1 << (i & 7) }

// BitFill sets the first n bits and clears the rest of the last byte.
func BitFill(b []byte, n int) {
	for i := range b[:n/8] {
		b[i] = 0xFF
	}
	if n%8 != 0 {
		b[n/8] = 1<<(n%8) - 1
	}
}

// BitCount returns the number of set bits among the first n.
func BitCount(b []byte, n int) int {
	c := 0
	for _, x := range b[:n/8] {
		c += bits.OnesCount8(x)
	}
	if n%8 != 0 {
		c += bits.OnesCount8(b[n/8] & (1<<(n%8) - 1))
	}
	return c
}
