package parquet

import (
	"encoding/binary"
	"math/bits"

	"github.com/parquet-go/bitpack"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// padding is how many bytes beyond its end the memory of a page can be read:
// unpacking loads whole words.
const padding = 64

var errShort = sqlerr.New(sqlerr.DataCorrupted, "page ends before its last value")

// hybrid decodes runs of repeated and of bit-packed numbers of one width. It
// never looks beyond b but for padding, and makes only what it is asked for.
type hybrid struct {
	b      []byte // what is left, after the current run
	width  uint
	left   int   // numbers left of the current run
	value  int32 // of a repeated run
	packed []byte
	bit    int // of a packed run: position of the next number
	isRun  bool
}

// reset starts on b, which has padding after it, with numbers of width bits.
func (h *hybrid) reset(b []byte, width uint) {
	*h = hybrid{b: b, width: width}
}

// run reads the head of the next run.
func (h *hybrid) run() error {
	v, n := binary.Uvarint(h.b)
	if n <= 0 || v>>1 > 1<<31 {
		return errShort
	}
	h.b = h.b[n:]
	if v&1 == 0 {
		size := int(h.width+7) / 8
		if len(h.b) < size {
			return errShort
		}
		x := uint32(0)
		for i := range size {
			x |= uint32(h.b[i]) << (8 * i)
		}
		if h.width < 32 && x>>h.width != 0 {
			return sqlerr.New(sqlerr.DataCorrupted, "a run repeats a number of more than %d bits: %d", h.width, x)
		}
		h.b, h.left, h.value, h.isRun = h.b[size:], int(v>>1), int32(x), true
		return nil
	}
	groups := int(v >> 1)
	size := groups * int(h.width)
	h.left, h.bit, h.isRun = groups*8, 0, false
	if size > len(h.b) { // the last run of a page may be cut at its last value
		size = len(h.b)
		h.left = size * 8 / int(h.width)
	}
	h.packed, h.b = h.b[:size:min(size+padding, cap(h.b))], h.b[size:]
	return nil
}

// next fills dst.
func (h *hybrid) next(dst []int32) error {
	for len(dst) > 0 {
		if h.left == 0 {
			if err := h.refill(); err != nil {
				return err
			}
		}
		k := min(len(dst), h.left)
		if h.isRun {
			fill(dst[:k], h.value)
		} else {
			h.unpack(dst[:k])
		}
		h.left -= k
		dst = dst[k:]
	}
	return nil
}

// refill reads heads of runs until one has numbers.
func (h *hybrid) refill() error {
	for h.left == 0 {
		if h.width == 0 { // nothing needs to be stored
			h.left, h.value, h.isRun = 1<<31, 0, true
			return nil
		}
		if len(h.b) == 0 {
			return errShort
		}
		if err := h.run(); err != nil {
			return err
		}
	}
	return nil
}

func fill[T any](dst []T, v T) {
	for i := range dst {
		dst[i] = v
	}
}

// unpack reads len(dst) numbers of the current packed run.
func (h *hybrid) unpack(dst []int32) {
	w := int(h.width)
	for len(dst) > 0 && h.bit&7 != 0 {
		dst[0] = h.one()
		dst = dst[1:]
	}
	if n := len(dst) &^ 7; n > 0 {
		from := h.packed[h.bit>>3:]
		if need := (n*w+7)/8 + bitpack.PaddingInt32; need <= cap(from) {
			bitpack.Unpack(dst[:n], from[:cap(from)], h.width)
			h.bit += n * w
			dst = dst[n:]
		}
	}
	for i := range dst {
		dst[i] = h.one()
	}
}

func (h *hybrid) one() int32 {
	x := loadBits(h.packed, h.bit, h.width)
	h.bit += int(h.width)
	return int32(x)
}

// loadBits reads width bits (at most 57) of b from a bit position; bits
// beyond the end are zero.
func loadBits(b []byte, at int, width uint) uint64 {
	i := at >> 3
	var x uint64
	if i+8 <= len(b) {
		x = binary.LittleEndian.Uint64(b[i:])
	} else {
		for k := 0; i+k < len(b) && k < 8; k++ {
			x |= uint64(b[i+k]) << (8 * k)
		}
	}
	return x >> (at & 7) & (1<<width - 1)
}

// skip passes over n numbers.
func (h *hybrid) skip(n int) error {
	for n > 0 {
		if h.left == 0 {
			if err := h.refill(); err != nil {
				return err
			}
		}
		k := min(n, h.left)
		if !h.isRun {
			h.bit += k * int(h.width)
		}
		h.left -= k
		n -= k
	}
	return nil
}

// nextLevels fills dst with numbers that must not exceed limit.
func (h *hybrid) nextLevels(dst []uint8, limit uint8) error {
	for len(dst) > 0 {
		if h.left == 0 {
			if err := h.refill(); err != nil {
				return err
			}
		}
		k := min(len(dst), h.left)
		top := uint32(0)
		if h.isRun {
			top = uint32(h.value)
			fill(dst[:k], uint8(top))
		} else {
			for i := range dst[:k] {
				v := uint32(h.one())
				top = max(top, v)
				dst[i] = uint8(v)
			}
		}
		if top > uint32(limit) {
			return sqlerr.New(sqlerr.DataCorrupted, "page has a level beyond the schema's: %d", top)
		}
		h.left -= k
		dst = dst[k:]
	}
	return nil
}

// nextBits reads n numbers of width 1 into bits of dst from position at on,
// which are clear, and returns how many are 1.
func (h *hybrid) nextBits(dst []byte, at, n int) (ones int, err error) {
	for n > 0 {
		if h.left == 0 {
			if err := h.refill(); err != nil {
				return 0, err
			}
		}
		k := min(n, h.left)
		switch {
		case h.isRun && h.value == 1:
			setBits(dst, at, k)
			ones += k
		case h.isRun && h.value == 0:
		case h.isRun:
			return 0, sqlerr.New(sqlerr.DataCorrupted, "page has a level beyond the schema's: %d", h.value)
		default:
			ones += copyBits(dst, at, h.packed, h.bit, k)
			h.bit += k
		}
		h.left -= k
		at += k
		n -= k
	}
	return ones, nil
}

// allOnes reports whether the next n numbers are known to be 1, and takes them.
func (h *hybrid) allOnes(n int) bool {
	if h.left == 0 && h.refill() != nil {
		return false
	}
	if !h.isRun || h.value != 1 || h.left < n {
		return false
	}
	h.left -= n
	return true
}

// setBits sets n bits from position at on.
func setBits(b []byte, at, n int) {
	for ; n > 0 && at&7 != 0; at, n = at+1, n-1 {
		b[at>>3] |= 1 << (at & 7)
	}
	for ; n >= 8; at, n = at+8, n-8 {
		b[at>>3] = 0xFF
	}
	for ; n > 0; at, n = at+1, n-1 {
		b[at>>3] |= 1 << (at & 7)
	}
}

// copyBits copies n bits and returns how many are set. The target's are clear.
func copyBits(dst []byte, at int, src []byte, from, n int) (ones int) {
	for n > 0 {
		k := min(n, 32, 32-at&7) // up to a byte boundary, so that one load is enough
		x := loadBits(src, from, uint(k))
		ones += bits.OnesCount64(x)
		y := x << (at & 7)
		for i := at >> 3; y != 0; i++ {
			dst[i] |= byte(y)
			y >>= 8
		}
		at, from, n = at+k, from+k, n-k
	}
	return ones
}
