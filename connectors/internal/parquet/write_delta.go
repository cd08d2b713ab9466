package parquet

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/muster-sql/muster/connectors/internal/parquet/format"
)

// Sizes of DELTA_BINARY_PACKED blocks that are written.
const (
	deltaBlock = 512
	deltaMini  = 128
)

// number returns value i of a leaf of 4 or 8 bytes.
func (l *leafWriter) number(i int) int64 {
	if l.width == 4 {
		return int64(int32(binary.LittleEndian.Uint32(l.raw[4*i:])))
	}
	return int64(binary.LittleEndian.Uint64(l.raw[8*i:]))
}

// appendDelta appends values from up to to of a leaf of integers.
func (l *leafWriter) appendDelta(dst []byte, from, to int) []byte {
	first := int64(0)
	if from < to {
		first = l.number(from)
	}
	dst = binary.AppendUvarint(dst, deltaBlock)
	dst = binary.AppendUvarint(dst, deltaBlock/deltaMini)
	dst = binary.AppendUvarint(dst, uint64(to-from))
	dst = binary.AppendVarint(dst, first)
	var diffs [deltaBlock]int64
	last := first
	for i := from + 1; i < to; {
		n := 0
		for ; n < deltaBlock && i < to; n, i = n+1, i+1 {
			v := l.number(i)
			diffs[n] = v - last
			if l.width == 4 {
				diffs[n] = int64(int32(diffs[n])) // readers add with 32 bits
			}
			last = v
		}
		dst = appendDeltaBlock(dst, diffs[:n])
	}
	return dst
}

func appendDeltaBlock(dst []byte, diffs []int64) []byte {
	least := slices.Min(diffs)
	dst = binary.AppendVarint(dst, least)
	at := len(dst)
	for range deltaBlock / deltaMini {
		dst = append(dst, 0)
	}
	for m := 0; m*deltaMini < len(diffs); m++ {
		mini := diffs[m*deltaMini : min((m+1)*deltaMini, len(diffs))]
		or := uint64(0)
		for _, d := range mini {
			or |= uint64(d - least)
		}
		width := uint(bits.Len64(or))
		dst[at+m] = byte(width)
		dst = appendPacked64(dst, mini, least, width)
	}
	return dst
}

// appendPacked64 packs the differences to least, filled up to a miniblock.
func appendPacked64(dst []byte, mini []int64, least int64, width uint) []byte {
	var acc, high uint64 // 128 bits
	have := uint(0)
	for i := range deltaMini {
		if i < len(mini) {
			v := uint64(mini[i] - least)
			acc |= v << have
			if have > 0 {
				high = v >> (64 - have)
			}
		}
		if have += width; have >= 64 {
			dst = binary.LittleEndian.AppendUint64(dst, acc)
			acc, high, have = high, 0, have-64
		}
	}
	for ; have > 0; have -= min(have, 8) {
		dst = append(dst, byte(acc))
		acc >>= 8
	}
	return dst
}

// integers reports whether values may be written as differences.
func (l *leafWriter) integers() bool {
	return (l.element.Type == format.Int32 || l.element.Type == format.Int64) && l.width > 1
}

// sampleValues is how many values decide on encoding and compression.
const sampleValues = 8192

// choose decides whether differences are smaller than the values, and whether
// compression pays.
func (c *chunkWriter) choose() error {
	l := c.l
	n := min(l.count, sampleValues)
	var sample []byte
	switch {
	case c.coded:
		sample = appendRuns(nil, l.codes[:n], c.width)
	case l.integers() && n > 1:
		sample = l.appendDelta(nil, 0, n)
		if c.delta = len(sample) < n*l.width*7/8; !c.delta {
			sample = l.raw[:n*l.width]
		}
	case l.width == 1:
		sample = appendPacked(nil, l.raw[:n], (n+7)&^7, 1)
	case l.width > 0:
		sample = l.raw[:n*l.width]
	default:
		end := len(l.raw)
		if n < len(l.starts) {
			end = l.starts[n]
		}
		sample = l.raw[:min(end, pageBytesGoal)]
	}
	if l.decided || c.meta.Codec == format.Uncompressed {
		if l.decided { // some readers believe that all row groups are as the first
			c.meta.Codec = l.codec
		}
		return nil
	}
	packed, err := compress(c.meta.Codec, nil, sample)
	if err == nil && len(packed) > len(sample)*9/10 {
		c.meta.Codec = format.Uncompressed
	}
	l.codec, l.decided = c.meta.Codec, true
	return err
}
