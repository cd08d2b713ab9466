package types

import (
	"math"
	"strconv"
)

// AppendFloat64 appends f in the shortest form that reads back the same, laid
// out as PostgreSQL does: an exponent below -4 and from 15 on.
func AppendFloat64(dst []byte, f float64) []byte { return appendShortest(dst, f, 64) }

// AppendFloat32 is AppendFloat64 for a real; the exponent begins at 6.
func AppendFloat32(dst []byte, f float32) []byte { return appendShortest(dst, float64(f), 32) }

func appendSpecialFloat(dst []byte, f float64) ([]byte, bool) {
	switch {
	case f != f:
		return append(dst, "NaN"...), true
	case f > math.MaxFloat64:
		return append(dst, "Infinity"...), true
	case f < -math.MaxFloat64:
		return append(dst, "-Infinity"...), true
	}
	return dst, false
}

func appendShortest(dst []byte, f float64, bits int) []byte {
	dst, done := appendSpecialFloat(dst, f)
	if done {
		return dst
	}
	low, limit := 1e-4, 1e15
	if bits == 32 {
		low, limit = float64(float32(1e-4)), 1e6
	}
	if i := int64(f); float64(i) == f && f > -limit && f < limit && (f != 0 || !math.Signbit(f)) {
		return strconv.AppendInt(dst, i, 10)
	}
	if a := math.Abs(f); a >= low && a < limit || f == 0 {
		return strconv.AppendFloat(dst, f, 'f', -1, bits)
	}
	return strconv.AppendFloat(dst, f, 'e', -1, bits)
}

// appendFloat appends f as the session's extra_float_digits asks: shortest from
// 1 on, else 15 digits (6 of a real) and as many more or fewer.
func appendFloat(dst []byte, v float64, bits int, f *Format) []byte {
	if f == nil || f.ExtraFloatDigits >= 0 {
		return appendShortest(dst, v, bits)
	}
	dst, done := appendSpecialFloat(dst, v)
	if done {
		return dst
	}
	digits, extra := 15, f.ExtraFloatDigits
	if bits == 32 {
		digits = 6
	}
	if extra == FloatDigitsZero {
		extra = 0
	}
	return strconv.AppendFloat(dst, v, 'g', max(1, digits+extra), bits)
}

// FloatDigitsZero is the Format.ExtraFloatDigits of SET extra_float_digits = 0,
// as 0 itself means unset there.
const FloatDigitsZero = -100
