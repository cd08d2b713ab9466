package types

import (
	"math"
	"math/big"
	"math/bits"
)

// The largest and smallest Int128.
var (
	MaxInt128 = Int128{Lo: math.MaxUint64, Hi: math.MaxInt64}
	MinInt128 = Int128{Hi: math.MinInt64}
)

// Int128Of returns i widened.
func Int128Of(i int64) Int128 { return Int128{Lo: uint64(i), Hi: i >> 63} }

// Int128OfUint64 returns u widened.
func Int128OfUint64(u uint64) Int128 { return Int128{Lo: u} }

// IsZero reports whether a is 0.
func (a Int128) IsZero() bool { return a.Lo == 0 && a.Hi == 0 }

// Sign returns -1, 0 or 1.
func (a Int128) Sign() int {
	if a.Hi < 0 {
		return -1
	}
	if a.Hi == 0 && a.Lo == 0 {
		return 0
	}
	return 1
}

// Cmp returns -1, 0 or 1 as a is less than, equal to or greater than b.
func (a Int128) Cmp(b Int128) int {
	switch {
	case a.Hi < b.Hi:
		return -1
	case a.Hi > b.Hi:
		return 1
	case a.Lo < b.Lo:
		return -1
	case a.Lo > b.Lo:
		return 1
	}
	return 0
}

// Less reports whether a < b.
func (a Int128) Less(b Int128) bool {
	return a.Hi < b.Hi || a.Hi == b.Hi && a.Lo < b.Lo
}

// Neg returns -a; MinInt128 wraps to itself.
func (a Int128) Neg() Int128 {
	lo, borrow := bits.Sub64(0, a.Lo, 0)
	hi, _ := bits.Sub64(0, uint64(a.Hi), borrow)
	return Int128{Lo: lo, Hi: int64(hi)}
}

// Add returns a + b, wrapping.
func (a Int128) Add(b Int128) Int128 {
	lo, carry := bits.Add64(a.Lo, b.Lo, 0)
	return Int128{Lo: lo, Hi: a.Hi + b.Hi + int64(carry)}
}

// AddInt64 returns a + b, wrapping: the step of sum(bigint).
func (a Int128) AddInt64(b int64) Int128 {
	lo, carry := bits.Add64(a.Lo, uint64(b), 0)
	return Int128{Lo: lo, Hi: a.Hi + b>>63 + int64(carry)}
}

// Sub returns a - b, wrapping.
func (a Int128) Sub(b Int128) Int128 {
	lo, borrow := bits.Sub64(a.Lo, b.Lo, 0)
	return Int128{Lo: lo, Hi: a.Hi - b.Hi - int64(borrow)}
}

// AddCheck returns a + b and whether it fits.
func (a Int128) AddCheck(b Int128) (sum Int128, ok bool) {
	sum = a.Add(b)
	return sum, (a.Hi^sum.Hi)&(b.Hi^sum.Hi) >= 0
}

// SubCheck returns a - b and whether it fits.
func (a Int128) SubCheck(b Int128) (diff Int128, ok bool) {
	diff = a.Sub(b)
	return diff, (a.Hi^b.Hi)&(a.Hi^diff.Hi) >= 0
}

// MulInt64 returns the full product of two int64.
func MulInt64(a, b int64) Int128 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	// The unsigned product counts a negative factor as 2^64 too much.
	h := int64(hi) - (a>>63)&b - (b>>63)&a
	return Int128{Lo: lo, Hi: h}
}

// Mul returns a × b, wrapping.
func (a Int128) Mul(b Int128) Int128 {
	hi, lo := bits.Mul64(a.Lo, b.Lo)
	hi += uint64(a.Hi)*b.Lo + a.Lo*uint64(b.Hi)
	return Int128{Lo: lo, Hi: int64(hi)}
}

// MulCheck returns a × b and whether it fits.
func (a Int128) MulCheck(b Int128) (product Int128, ok bool) {
	if a.IsInt64() && b.IsInt64() {
		return MulInt64(int64(a.Lo), int64(b.Lo)), true
	}
	ua, ub := a.mag(), b.mag()
	if ua.hi != 0 && ub.hi != 0 {
		return Int128{}, false
	}
	p, ok := ua.mul(ub)
	if !ok {
		return Int128{}, false
	}
	return p.signed(a.Hi^b.Hi < 0)
}

// QuoRem returns the quotient truncated toward zero and the remainder, which
// has the sign of a. b must not be zero; MinInt128 / -1 wraps.
func (a Int128) QuoRem(b Int128) (quo, rem Int128) {
	if a.IsInt64() && b.IsInt64() && !(int64(a.Lo) == math.MinInt64 && int64(b.Lo) == -1) {
		x, y := int64(a.Lo), int64(b.Lo)
		return Int128Of(x / y), Int128Of(x % y)
	}
	q, r := a.mag().quoRem(b.mag())
	return q.wrapSigned(a.Hi^b.Hi < 0), r.wrapSigned(a.Hi < 0)
}

// QuoRem64 is QuoRem with a divisor of 64 bits.
func (a Int128) QuoRem64(b int64) (quo Int128, rem int64) {
	ub := uint64(b)
	if b < 0 {
		ub = -ub
	}
	q, r := a.mag().quoRem64(ub)
	if a.Hi < 0 {
		r = -r
	}
	return q.wrapSigned(a.Hi < 0 != (b < 0)), int64(r)
}

// IsInt64 reports whether a fits an int64.
func (a Int128) IsInt64() bool { return a.Hi == int64(a.Lo)>>63 }

// Int64 returns a as an int64 and whether it fits.
func (a Int128) Int64() (int64, bool) { return int64(a.Lo), a.IsInt64() }

// Abs returns |a|; MinInt128 wraps to itself.
func (a Int128) Abs() Int128 {
	if a.Hi < 0 {
		return a.Neg()
	}
	return a
}

// Float64 returns the nearest float64.
func (a Int128) Float64() float64 {
	if a.IsInt64() {
		return float64(int64(a.Lo))
	}
	f := a.mag().float64()
	if a.Hi < 0 {
		return -f
	}
	return f
}

// Int128OfFloat64 returns f truncated toward zero and whether it fits.
func Int128OfFloat64(f float64) (Int128, bool) {
	f = math.Trunc(f)
	if !(f >= -0x1p127 && f < 0x1p127) {
		return Int128{}, false
	}
	m, e := math.Frexp(math.Abs(f)) // f = m × 2^e
	u := u128{lo: uint64(m * (1 << 53))}
	if e >= 53 {
		u = u.shl(uint(e - 53))
	} else {
		u = u.shr(uint(53 - e))
	}
	return u.wrapSigned(f < 0), true
}

// Big returns a as a big.Int.
func (a Int128) Big() *big.Int {
	u := a.mag()
	z := new(big.Int).SetUint64(u.hi)
	z.Lsh(z, 64).Or(z, new(big.Int).SetUint64(u.lo))
	if a.Hi < 0 {
		z.Neg(z)
	}
	return z
}

// Int128OfBig returns z and whether it fits.
func Int128OfBig(z *big.Int) (Int128, bool) {
	if z.BitLen() > 128 {
		return Int128{}, false
	}
	var w [16]byte
	new(big.Int).Abs(z).FillBytes(w[:])
	var u u128
	for i := range 8 {
		u.hi = u.hi<<8 | uint64(w[i])
		u.lo = u.lo<<8 | uint64(w[i+8])
	}
	return u.signed(z.Sign() < 0)
}

// Digits returns the number of decimal digits of |a|; 1 for 0.
func (a Int128) Digits() int {
	return max(1, a.mag().digits())
}

// FitsDigits reports whether |a| < 10^p, for p up to MaxNumDigits.
func (a Int128) FitsDigits(p int) bool { return a.mag().less(pow10[p]) }

// Pow10 returns 10^n, for n from 0 to MaxNumDigits.
func Pow10(n int) Int128 { u := pow10[n]; return Int128{Lo: u.lo, Hi: int64(u.hi)} }

// Pow10Int64 returns 10^n, for n from 0 to 18.
func Pow10Int64(n int) int64 { return int64(pow10[n].lo) }

// MulPow10 returns a × 10^n and whether it has at most MaxNumDigits digits.
func (a Int128) MulPow10(n int) (Int128, bool) {
	if a.IsZero() {
		return a, true
	}
	if n > MaxNumDigits {
		return Int128{}, false
	}
	p, ok := a.mag().mul(pow10[n])
	if !ok || !p.less(pow10[MaxNumDigits]) {
		return Int128{}, false
	}
	return p.wrapSigned(a.Hi < 0), true
}

// DivPow10 returns a / 10^n rounded half away from zero; n is 0 or more.
func (a Int128) DivPow10(n int) Int128 {
	if n == 0 {
		return a
	}
	if n > MaxNumDigits {
		return Int128{} // |a| < 2^127 < 10^39 / 2
	}
	q, r := a.mag().quoRem(pow10[n])
	if !r.less(pow10[n].shr(1)) { // 10^n is even
		q = q.add64(1)
	}
	return q.wrapSigned(a.Hi < 0)
}

// TruncPow10 returns a / 10^n truncated toward zero; n is 0 or more.
func (a Int128) TruncPow10(n int) Int128 {
	if n == 0 {
		return a
	}
	if n > MaxNumDigits {
		return Int128{}
	}
	q, _ := a.mag().quoRem(pow10[n])
	return q.wrapSigned(a.Hi < 0)
}

// String prints a in decimal.
func (a Int128) String() string { return string(AppendInt128(nil, a)) }

// AppendInt128 appends a in decimal.
func AppendInt128(dst []byte, a Int128) []byte {
	u := a.mag()
	if a.Hi < 0 {
		dst = append(dst, '-')
	}
	return appendU128(dst, u)
}

// ParseInt128 reads an optional sign and decimal digits; nothing else.
func ParseInt128(s string) (Int128, bool) {
	neg := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		neg, s = s[0] == '-', s[1:]
	}
	if s == "" {
		return Int128{}, false
	}
	var u u128
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return Int128{}, false
		}
		var ok bool
		if u, ok = u.mulAdd10(d); !ok {
			return Int128{}, false
		}
	}
	return u.signed(neg)
}
