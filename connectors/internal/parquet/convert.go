package parquet

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

const (
	julianUnixEpoch = 2440588
	microsPerDay    = 86400 * 1000 * 1000
	daysMax         = math.MaxInt64/microsPerDay - 1
)

func outOfRange(n *Node) error {
	return sqlerr.New(sqlerr.DatetimeFieldOverflow, "timestamp out of range in column %s", n.Name)
}

// convert turns m stored values of a fixed width into values of n's type. dst
// is aligned and has room for them; raw may be anywhere.
func (n *Node) convert(dst, raw []byte, m int) error {
	switch n.conv {
	case convCopy32:
		copy(dst[:4*m], raw)
	case convCopy64:
		copy(dst[:8*m], raw)
	case convCopy16B:
		copy(dst[:16*m], raw)
	case convI32toI16:
		out := page.SliceOf[int16](dst)[:m]
		for i := range out {
			out[i] = int16(i32at(raw, i))
		}
	case convU8toI16:
		out := page.SliceOf[int16](dst)[:m]
		for i := range out {
			out[i] = int16(uint8(i32at(raw, i)))
		}
	case convU16toI32:
		out := page.SliceOf[int32](dst)[:m]
		for i := range out {
			out[i] = int32(uint16(i32at(raw, i)))
		}
	case convI32toI64:
		out := page.SliceOf[int64](dst)[:m]
		for i := range out {
			out[i] = int64(i32at(raw, i))
		}
	case convU32toI64:
		out := page.SliceOf[int64](dst)[:m]
		for i := range out {
			out[i] = int64(uint32(i32at(raw, i)))
		}
	case convMillis32:
		out := page.SliceOf[int64](dst)[:m]
		for i := range out {
			out[i] = int64(i32at(raw, i)) * 1000
		}
	case convMillis64:
		return n.convertMillis(page.SliceOf[int64](dst)[:m], raw)
	case convNanosTime:
		out := page.SliceOf[int64](dst)[:m]
		for i := range out {
			out[i] = i64at(raw, i) / 1000
		}
	case convInt96:
		return n.convertInt96(page.SliceOf[int64](dst)[:m], raw)
	case convF32toF64:
		out := page.SliceOf[float64](dst)[:m]
		for i := range out {
			out[i] = float64(math.Float32frombits(uint32(i32at(raw, i))))
		}
	case convF16toF32:
		out := page.SliceOf[float32](dst)[:m]
		for i := range out {
			out[i] = float16(binary.LittleEndian.Uint16(raw[2*i:]))
		}
	default:
		return n.convertWide(dst, raw, m)
	}
	return nil
}

// convertWide handles what becomes 128 bits or comes from big-endian bytes.
func (n *Node) convertWide(dst, raw []byte, m int) error {
	w := n.width()
	switch n.conv {
	case convI32toI128:
		out := page.SliceOf[types.Int128](dst)[:m]
		for i := range out {
			out[i] = types.Int128Of(int64(i32at(raw, i)))
		}
	case convI64toI128:
		out := page.SliceOf[types.Int128](dst)[:m]
		for i := range out {
			out[i] = types.Int128Of(i64at(raw, i))
		}
	case convU64toI128:
		out := page.SliceOf[types.Int128](dst)[:m]
		for i := range out {
			out[i] = types.Int128OfUint64(uint64(i64at(raw, i)))
		}
	case convBigToI64:
		out := page.SliceOf[int64](dst)[:m]
		for i := range out {
			v, ok := bigEndian(raw[i*w : i*w+w])
			if !ok || !v.IsInt64() {
				return n.tooWide()
			}
			out[i] = int64(v.Lo)
		}
	case convBigToI128:
		out := page.SliceOf[types.Int128](dst)[:m]
		for i := range out {
			v, ok := bigEndian(raw[i*w : i*w+w])
			if !ok {
				return n.tooWide()
			}
			out[i] = v
		}
	case convBigToNum:
		out := page.SliceOf[types.Num](dst)[:m]
		for i := range out {
			v, ok := bigEndian(raw[i*w : i*w+w])
			if !ok || !v.FitsDigits(types.MaxNumDigits) {
				return n.tooWide()
			}
			out[i] = types.Num{Coef: v, Scale: n.scale()}
		}
	case convInterval:
		out := page.SliceOf[types.IntervalValue](dst)[:m]
		for i := range out {
			b := raw[12*i : 12*i+12]
			out[i] = types.IntervalValue{
				Months: int32(binary.LittleEndian.Uint32(b)), Days: int32(binary.LittleEndian.Uint32(b[4:])),
				Micros: int64(binary.LittleEndian.Uint32(b[8:])) * 1000,
			}
		}
	default:
		return sqlerr.Internalf("no conversion of fixed-width values for column %s", n.Name)
	}
	return nil
}

func (n *Node) tooWide() error {
	return sqlerr.New(sqlerr.NumericValueOutOfRange, "decimal does not fit its declared precision in column %s", n.Name)
}

func i32at(b []byte, i int) int32 { return int32(binary.LittleEndian.Uint32(b[4*i:])) }

func i64at(b []byte, i int) int64 { return int64(binary.LittleEndian.Uint64(b[8*i:])) }

func (n *Node) convertMillis(out []int64, raw []byte) error {
	bad := false
	for i := range out {
		v := i64at(raw, i)
		out[i] = v * 1000
		bad = bad || v > math.MaxInt64/1000 || v < math.MinInt64/1000
	}
	if bad {
		return outOfRange(n)
	}
	return nil
}

func (n *Node) convertInt96(out []int64, raw []byte) error {
	for i := range out {
		b := raw[12*i : 12*i+12]
		nanos := int64(binary.LittleEndian.Uint64(b))
		days := int64(int32(binary.LittleEndian.Uint32(b[8:]))) - julianUnixEpoch
		if days > daysMax || days < -daysMax || nanos < 0 || nanos > 2*microsPerDay*1000 {
			return outOfRange(n)
		}
		out[i] = days*microsPerDay + nanos/1000
	}
	return nil
}

// bigEndian reads a two's complement number; ok is false beyond 128 bits.
func bigEndian(b []byte) (v types.Int128, ok bool) {
	if len(b) == 0 {
		return v, true
	}
	sign := int64(int8(b[0])) >> 7
	for len(b) > 16 {
		if b[0] != byte(sign) {
			return v, false
		}
		b = b[1:]
	}
	if len(b) <= 8 {
		x := uint64(sign)
		for _, c := range b {
			x = x<<8 | uint64(c)
		}
		return types.Int128{Lo: x, Hi: sign}, true
	}
	hi, lo := uint64(sign), uint64(0)
	for _, c := range b[:len(b)-8] {
		hi = hi<<8 | uint64(c)
	}
	for _, c := range b[len(b)-8:] {
		lo = lo<<8 | uint64(c)
	}
	return types.Int128{Lo: lo, Hi: int64(hi)}, int64(hi)>>63 == sign
}

// float16 converts an IEEE 754 half.
func float16(h uint16) float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h)&1023
	switch {
	case exp == 31:
		return math.Float32frombits(sign | 255<<23 | frac<<13)
	case exp != 0:
		return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
	case frac == 0:
		return math.Float32frombits(sign)
	}
	shift := uint32(bits.LeadingZeros16(uint16(frac)) - 5) // a subnormal becomes normal
	return math.Float32frombits(sign | (113-shift)<<23 | frac<<shift&1023<<13)
}

// convertBytes turns decimals stored as byte arrays into numbers.
func (n *Node) convertBytes(dst []byte, views []page.View, heap [][]byte) error {
	if n.conv == convBytesToI64 {
		out := page.SliceOf[int64](dst)[:len(views)]
		for i := range out {
			v, ok := bigEndian(views[i].Bytes(heap))
			if !ok || !v.IsInt64() {
				return n.tooWide()
			}
			out[i] = int64(v.Lo)
		}
		return nil
	}
	if n.conv == convBytesToNum {
		out := page.SliceOf[types.Num](dst)[:len(views)]
		for i := range out {
			v, ok := bigEndian(views[i].Bytes(heap))
			if !ok || !v.FitsDigits(types.MaxNumDigits) {
				return n.tooWide()
			}
			out[i] = types.Num{Coef: v, Scale: n.scale()}
		}
		return nil
	}
	out := page.SliceOf[types.Int128](dst)[:len(views)]
	for i := range out {
		v, ok := bigEndian(views[i].Bytes(heap))
		if !ok {
			return n.tooWide()
		}
		out[i] = v
	}
	return nil
}
