package parquet

import (
	"encoding/binary"

	"github.com/parquet-go/bitpack"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// Bounds of DELTA_BINARY_PACKED: writers use blocks of 128 to 4,096 values.
const (
	deltaBlockMax = 1 << 16
	deltaMinisMax = 512
)

var errDelta = sqlerr.New(sqlerr.DataCorrupted, "malformed DELTA_BINARY_PACKED values")

// delta decodes DELTA_BINARY_PACKED integers as they are asked for.
type delta struct {
	b      []byte // what is left after the current miniblock
	left   int    // values left in all
	size   int    // values of a block
	minis  int
	per    int // values of a miniblock
	widths []byte
	mini   []byte // current miniblock
	bit    int
	width  uint
	inMini int // values left in it
	least  int64
	last   int64
	first  bool
}

// reset reads the header; the values follow.
func (d *delta) reset(b []byte) error {
	*d = delta{b: b, first: true}
	var h [3]uint64
	for i := range h {
		v, n := binary.Uvarint(d.b)
		if n <= 0 {
			return errDelta
		}
		h[i], d.b = v, d.b[n:]
	}
	first, n := binary.Varint(d.b)
	if n <= 0 || h[0] == 0 || h[0] > deltaBlockMax || h[1] == 0 || h[1] > deltaMinisMax || h[2] > 1<<31 ||
		h[0]%h[1] != 0 || h[0]/h[1]%8 != 0 {
		return errDelta
	}
	d.b, d.last, d.size, d.minis, d.left = d.b[n:], first, int(h[0]), int(h[1]), int(h[2])
	d.per = d.size / d.minis
	return nil
}

// miniblock goes on to the next miniblock, of the next block if need be.
func (d *delta) miniblock() error {
	if len(d.widths) == 0 {
		least, n := binary.Varint(d.b)
		if n <= 0 || len(d.b)-n < d.minis {
			return errDelta
		}
		d.least, d.b = least, d.b[n:]
		d.widths, d.b = d.b[:d.minis], d.b[d.minis:]
	}
	w := int(d.widths[0])
	d.widths = d.widths[1:]
	size := d.per * w / 8
	if w > 64 {
		return errDelta
	}
	if size > len(d.b) { // the last one may be cut at its last value
		if need := (min(d.left, d.per)*w + 7) / 8; need > len(d.b) {
			return errDelta
		}
		size = len(d.b)
	}
	d.mini, d.b, d.bit, d.width, d.inMini = d.b[:size], d.b[size:], 0, uint(w), d.per
	return nil
}

// next fills dst.
func (d *delta) next(dst []int64) error {
	if len(dst) > d.left {
		return errDelta
	}
	if d.first && len(dst) > 0 {
		d.first = false
		d.left--
		dst[0], dst = d.last, dst[1:]
	}
	for len(dst) > 0 {
		if d.inMini == 0 {
			if err := d.miniblock(); err != nil {
				return err
			}
		}
		k := min(len(dst), d.inMini)
		d.unpack(dst[:k])
		d.inMini -= k
		d.left -= k
		dst = dst[k:]
	}
	return nil
}

func (d *delta) unpack(dst []int64) {
	if d.width > 0 && d.bit&7 == 0 {
		n := len(dst) &^ 7
		from := d.mini[min(d.bit>>3, len(d.mini)):]
		if need := n*int(d.width)/8 + bitpack.PaddingInt64; n > 0 && need <= cap(from) && n*int(d.width)/8 <= len(from) {
			bitpack.Unpack(dst[:n], from[:cap(from)], d.width)
			d.bit += n * int(d.width)
			d.add(dst[:n])
			dst = dst[n:]
		}
	}
	d.unpackSlowly(dst)
}

// add turns differences into values.
func (d *delta) add(dst []int64) {
	last, least := d.last, d.least
	for i, v := range dst {
		last += least + v
		dst[i] = last
	}
	d.last = last
}

func (d *delta) unpackSlowly(dst []int64) {
	last, least := d.last, d.least
	switch {
	case d.width == 0:
		for i := range dst {
			last += least
			dst[i] = last
		}
	case d.width <= 57:
		for i := range dst {
			last += least + int64(loadBits(d.mini, d.bit, d.width))
			d.bit += int(d.width)
			dst[i] = last
		}
	default:
		for i := range dst {
			low := loadBits(d.mini, d.bit, 32)
			high := loadBits(d.mini, d.bit+32, d.width-32)
			d.bit += int(d.width)
			last += least + int64(low|high<<32)
			dst[i] = last
		}
	}
	d.last = last
}

// skip passes over n values.
func (d *delta) skip(n int) error {
	var tmp [128]int64
	for n > 0 {
		k := min(n, len(tmp))
		if err := d.next(tmp[:k]); err != nil {
			return err
		}
		n -= k
	}
	return nil
}

// rest returns the bytes after the last value, without decoding any.
func (d delta) rest() ([]byte, error) {
	if d.first && d.left > 0 {
		d.left--
		d.first = false
	}
	for d.left > 0 {
		if err := d.miniblock(); err != nil {
			return nil, err
		}
		d.left -= min(d.left, d.per)
	}
	return d.b, nil
}
