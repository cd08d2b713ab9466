package parquet

import "encoding/binary"

// appendRuns appends numbers of width bits in the hybrid encoding: runs of
// eight and more equal ones are repeated, the others packed in groups of eight.
func appendRuns[T uint8 | int32](dst []byte, vals []T, width uint) []byte {
	for at := 0; at < len(vals); {
		if n := runLength(vals[at:]); n >= 8 {
			dst = binary.AppendUvarint(dst, uint64(n)<<1)
			for i := uint(0); i < width; i += 8 {
				dst = append(dst, byte(uint32(vals[at])>>i))
			}
			at += n
			continue
		}
		// Packed groups go on until a long run starts at a group's border.
		end := at
		for end < len(vals) && (end == at || runLength(vals[end:min(end+packedProbe, len(vals))]) < packedProbe) {
			end += 8
		}
		groups := (end - at) / 8
		dst = binary.AppendUvarint(dst, uint64(groups)<<1|1)
		dst = appendPacked(dst, vals[at:min(end, len(vals))], groups*8, width)
		at = end
	}
	return dst
}

// packedProbe is the length of a run that ends a packed one.
const packedProbe = 24

func runLength[T comparable](vals []T) int {
	n := 1
	for n < len(vals) && vals[n] == vals[0] {
		n++
	}
	return n
}

// appendPacked packs vals, filled up with zeros to n, a multiple of eight.
func appendPacked[T uint8 | int32](dst []byte, vals []T, n int, width uint) []byte {
	var acc uint64
	var have uint
	for i := range n {
		if i < len(vals) {
			acc |= uint64(uint32(vals[i])) << have
		}
		for have += width; have >= 8; have -= 8 {
			dst = append(dst, byte(acc))
			acc >>= 8
		}
	}
	return dst
}
