package types

import (
	"encoding/binary"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// A numeric travels as digits of base 10000 with the weight of the first one,
// a sign word and the display scale.
const (
	wirePositive    = 0x0000
	wireNegative    = 0x4000
	wireNaN         = 0xC000
	wireInfinity    = 0xD000
	wireNegInfinity = 0xF000
)

// AppendNumBinary appends a numeric in binary form.
func AppendNumBinary(dst []byte, a Num) []byte {
	sign := 0
	switch a.Scale {
	case NumNaN:
		sign = wireNaN
	case NumInf:
		sign = wireInfinity
	case NumNegInf:
		sign = wireNegInfinity
	default:
		return AppendDecimalBinary(dst, a.Coef, int(a.Scale))
	}
	scale := byte(0)
	if a.IsInf() {
		scale = 0x20 // as PostgreSQL's infinities have it
	}
	return append(dst, 0, 0, 0, 0, byte(sign>>8), byte(sign), 0, scale)
}

// wireDigitsMax is the most base-10000 digits of 38 decimal ones and padding.
const wireDigitsMax = 12

// AppendDecimalBinary appends coef × 10^-scale in binary form.
func AppendDecimalBinary(dst []byte, coef Int128, scale int) []byte {
	sign := uint16(wirePositive)
	if coef.Hi < 0 {
		sign = wireNegative
	}
	var digits [wireDigitsMax]uint16
	n := len(digits)
	u := coef.mag()
	// The last digit holds the decimals that do not fill one.
	weight := -(scale + 3) / 4
	if odd := scale % 4; odd != 0 && !u.isZero() {
		q, r := u.quoRem64(pow10[odd].lo)
		n--
		digits[n] = uint16(r * pow10[4-odd].lo)
		u = q
		weight++
	}
	for !u.isZero() {
		if u.hi == 0 && u.lo < 1e16 { // the usual case: no 128-bit division
			for lo := u.lo; lo != 0; lo /= 10000 {
				n--
				digits[n] = uint16(lo % 10000)
				weight++
			}
			break
		}
		q, r := u.quoRem64(10000)
		n--
		digits[n] = uint16(r)
		u = q
		weight++
	}
	used := digits[n:]
	weight-- // of the first digit
	for len(used) > 0 && used[0] == 0 {
		used = used[1:]
		weight--
	}
	for len(used) > 0 && used[len(used)-1] == 0 {
		used = used[:len(used)-1]
	}
	if len(used) == 0 {
		weight, sign = 0, wirePositive
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(used)))
	dst = binary.BigEndian.AppendUint16(dst, uint16(int16(weight)))
	dst = binary.BigEndian.AppendUint16(dst, sign)
	dst = binary.BigEndian.AppendUint16(dst, uint16(scale))
	for _, d := range used {
		dst = binary.BigEndian.AppendUint16(dst, d)
	}
	return dst
}

func errNumBinary(detail string) error {
	return sqlerr.New(sqlerr.InvalidBinaryRepr, "%s", "invalid "+detail+" in external \"numeric\" value")
}

// ParseNumBinary reads the binary form of a numeric. More than 38 digits are 22003.
func ParseNumBinary(b []byte) (Num, error) {
	if len(b) < 8 || len(b)%2 != 0 {
		return Num{}, errBinary(Of(Numeric))
	}
	n := int(binary.BigEndian.Uint16(b))
	weight := int(int16(binary.BigEndian.Uint16(b[2:])))
	sign := binary.BigEndian.Uint16(b[4:])
	scale := int(binary.BigEndian.Uint16(b[6:]))
	digits := b[8:]
	switch sign {
	case wireNaN:
		return numNaN(), nil
	case wireInfinity:
		return numInf(1), nil
	case wireNegInfinity:
		return numInf(-1), nil
	case wirePositive, wireNegative:
	default:
		return Num{}, errNumBinary("sign")
	}
	if scale > maxNumScale {
		return Num{}, errNumBinary("scale")
	}
	if len(digits) != 2*n {
		return Num{}, errNumBinary("length")
	}
	for i := range n {
		if binary.BigEndian.Uint16(digits[2*i:]) > 9999 {
			return Num{}, errNumBinary("digit")
		}
	}
	// The digits count units of 10000^(weight-n+1); bring them to 10^-scale.
	// What is beyond the scale is cut, as PostgreSQL does.
	shift := (weight-n+1)*4 + scale
	for shift <= -4 && n > 0 {
		n--
		shift += 4
	}
	u, ok := u128{}, true
	for i := 0; i < n && ok; i++ {
		d := u128{lo: uint64(binary.BigEndian.Uint16(digits[2*i:]))}
		unit := 10000
		if i == n-1 && shift < 0 {
			d.lo /= pow10[-shift].lo
			unit = int(pow10[4+shift].lo)
		}
		u, ok = u.mul(u128{lo: uint64(unit)})
		next := u.add64(d.lo)
		u, ok = next, ok && !next.less(u)
	}
	if !ok {
		return Num{}, errNumOverflow()
	}
	return scaleWire(u, sign == wireNegative, max(shift, 0), scale)
}

// scaleWire returns u × 10^shift as a coefficient of scale.
func scaleWire(u u128, neg bool, shift, scale int) (Num, error) {
	if u.isZero() {
		return Num{Scale: int32(scale)}, nil
	}
	if shift > MaxNumDigits {
		return Num{}, errNumOverflow()
	}
	u, ok := u.mul(pow10[shift])
	if !ok || !u.less(pow10[MaxNumDigits]) {
		return Num{}, errNumOverflow()
	}
	return Num{Coef: u.wrapSigned(neg), Scale: int32(scale)}, nil
}
