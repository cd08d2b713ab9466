package types

import (
	"math"
	"math/bits"
	"strconv"
)

// u128 is an unsigned 128-bit integer: the magnitude of an Int128.
type u128 struct{ hi, lo uint64 }

// u256 is the product of two u128, least significant word first.
type u256 [4]uint64

// pow10 holds 10^0 to 10^38; all are below 2^127.
var pow10 = makePow10()

func makePow10() (t [MaxNumDigits + 1]u128) {
	t[0].lo = 1
	for i := 1; i < len(t); i++ {
		t[i], _ = t[i-1].mulAdd10(0)
	}
	return t
}

// mag returns |a|.
func (a Int128) mag() u128 {
	if a.Hi < 0 {
		a = a.Neg()
	}
	return u128{hi: uint64(a.Hi), lo: a.Lo}
}

// signed returns u or -u as an Int128 and whether it fits.
func (u u128) signed(neg bool) (Int128, bool) {
	v := u.wrapSigned(neg)
	if neg {
		return v, u.hi < 1<<63 || u.hi == 1<<63 && u.lo == 0
	}
	return v, u.hi < 1<<63
}

func (u u128) wrapSigned(neg bool) Int128 {
	v := Int128{Lo: u.lo, Hi: int64(u.hi)}
	if neg {
		return v.Neg()
	}
	return v
}

func (u u128) isZero() bool { return u.hi|u.lo == 0 }

func (u u128) less(v u128) bool { return u.hi < v.hi || u.hi == v.hi && u.lo < v.lo }

func (u u128) add64(v uint64) u128 {
	lo, c := bits.Add64(u.lo, v, 0)
	return u128{hi: u.hi + c, lo: lo}
}

func (u u128) sub(v u128) u128 {
	lo, b := bits.Sub64(u.lo, v.lo, 0)
	hi, _ := bits.Sub64(u.hi, v.hi, b)
	return u128{hi: hi, lo: lo}
}

func (u u128) shl(n uint) u128 {
	if n >= 64 {
		return u128{hi: u.lo << (n - 64)}
	}
	return u128{hi: u.hi<<n | u.lo>>(64-n), lo: u.lo << n}
}

func (u u128) shr(n uint) u128 {
	if n >= 64 {
		return u128{lo: u.hi >> (n - 64)}
	}
	return u128{hi: u.hi >> n, lo: u.lo>>n | u.hi<<(64-n)}
}

func (u u128) bitLen() int {
	if u.hi != 0 {
		return 64 + bits.Len64(u.hi)
	}
	return bits.Len64(u.lo)
}

// digits returns the number of decimal digits; 0 for 0.
func (u u128) digits() int {
	n := u.bitLen() * 1233 >> 12 // log10(2): right, or one too few
	if n < len(pow10) && !u.less(pow10[n]) {
		n++
	}
	return n
}

// mul returns u × v and whether it fits 128 bits.
func (u u128) mul(v u128) (u128, bool) {
	if u.hi != 0 && v.hi != 0 {
		return u128{}, false
	}
	hi, lo := bits.Mul64(u.lo, v.lo)
	h1, l1 := bits.Mul64(u.hi, v.lo)
	h2, l2 := bits.Mul64(u.lo, v.hi)
	hi, c1 := bits.Add64(hi, l1, 0)
	hi, c2 := bits.Add64(hi, l2, 0)
	return u128{hi: hi, lo: lo}, h1|h2|c1|c2 == 0
}

// mulAdd10 returns u × 10 + d and whether it fits.
func (u u128) mulAdd10(d byte) (u128, bool) {
	hi, lo := bits.Mul64(u.lo, 10)
	over, h := bits.Mul64(u.hi, 10)
	h, c := bits.Add64(h, hi, 0)
	lo, c2 := bits.Add64(lo, uint64(d), 0)
	h, c3 := bits.Add64(h, 0, c2)
	return u128{hi: h, lo: lo}, over|c|c3 == 0
}

// mulFull returns the whole product.
func (u u128) mulFull(v u128) u256 {
	var w u256
	h0, l0 := bits.Mul64(u.lo, v.lo)
	h1, l1 := bits.Mul64(u.hi, v.lo)
	h2, l2 := bits.Mul64(u.lo, v.hi)
	h3, l3 := bits.Mul64(u.hi, v.hi)
	var c, d uint64
	w[0] = l0
	w[1], c = bits.Add64(h0, l1, 0)
	w[2], c = bits.Add64(h1, l3, c)
	w[3] = h3 + c
	w[1], d = bits.Add64(w[1], l2, 0)
	w[2], d = bits.Add64(w[2], h2, d)
	w[3] += d
	return w
}

func (u u128) quoRem64(d uint64) (u128, uint64) {
	if u.hi == 0 {
		return u128{lo: u.lo / d}, u.lo % d
	}
	qh, r := u.hi/d, u.hi%d
	ql, r := bits.Div64(r, u.lo, d)
	return u128{hi: qh, lo: ql}, r
}

// quoRem divides u by v, which is not 0.
func (u u128) quoRem(v u128) (q, r u128) {
	if v.hi == 0 {
		q, rem := u.quoRem64(v.lo)
		return q, u128{lo: rem}
	}
	if u.less(v) {
		return u128{}, u
	}
	// Divide the top words by the normalised divisor: one too many at most.
	n := uint(bits.LeadingZeros64(v.hi))
	vn, un := v.shl(n), u.shr(1)
	t, _ := bits.Div64(un.hi, un.lo, vn.hi)
	t >>= 63 - n
	if t != 0 {
		t--
	}
	q = u128{lo: t}
	p, _ := v.mul(q)
	r = u.sub(p)
	if !r.less(v) {
		q, r = q.add64(1), r.sub(v)
	}
	return q, r
}

// quoRem divides w by v, which is not 0; ok says whether the quotient fits 128 bits.
func (w u256) quoRem(v u128) (q, r u128, ok bool) {
	if w[3]|w[2] == 0 {
		q, r = u128{hi: w[1], lo: w[0]}.quoRem(v)
		return q, r, true
	}
	if top := (u128{hi: w[3], lo: w[2]}); !top.less(v) {
		return u128{}, u128{}, false
	}
	if v.hi == 0 {
		q.hi, w[1] = bits.Div64(w[2], w[1], v.lo) // w[3] is 0, w[2] < v
		q.lo, r.lo = bits.Div64(w[1], w[0], v.lo)
		return q, r, true
	}
	// Schoolbook division with 64-bit digits by a normalised divisor.
	n := uint(bits.LeadingZeros64(v.hi))
	v = v.shl(n)
	if n > 0 {
		w[3] = w[3]<<n | w[2]>>(64-n)
		w[2] = w[2]<<n | w[1]>>(64-n)
		w[1] = w[1]<<n | w[0]>>(64-n)
		w[0] <<= n
	}
	rem := u128{hi: w[3], lo: w[2]}
	q.hi, rem = divStep(rem, w[1], v)
	q.lo, rem = divStep(rem, w[0], v)
	return q, rem.shr(n), true
}

// divStep divides rem:next by v, where rem < v and v's top bit is set.
func divStep(rem u128, next uint64, v u128) (uint64, u128) {
	var q uint64
	if rem.hi >= v.hi {
		q = math.MaxUint64
	} else {
		q, _ = bits.Div64(rem.hi, rem.lo, v.hi)
	}
	for {
		// p = q × v in three words; rem:next - p must not be negative.
		h0, p0 := bits.Mul64(q, v.lo)
		h1, p1 := bits.Mul64(q, v.hi)
		p1, c := bits.Add64(p1, h0, 0)
		p2 := h1 + c
		r0, b := bits.Sub64(next, p0, 0)
		r1, b := bits.Sub64(rem.lo, p1, b)
		_, b = bits.Sub64(rem.hi, p2, b)
		if b == 0 {
			return q, u128{hi: r1, lo: r0}
		}
		q--
	}
}

// float64 returns the nearest float64, ties to even.
func (u u128) float64() float64 {
	if u.hi == 0 {
		return float64(u.lo)
	}
	n := uint(u.bitLen() - 64)
	top := u.shr(n).lo
	if u.shl(128-n).hi|u.shl(128-n).lo != 0 {
		top |= 1 // sticky: 64 bits are enough to round to 53
	}
	return math.Ldexp(float64(top), int(n))
}

const chunk19 = 10_000_000_000_000_000_000 // 10^19

func appendU128(dst []byte, u u128) []byte {
	if u.hi == 0 {
		return strconv.AppendUint(dst, u.lo, 10)
	}
	top, low := u.quoRem64(chunk19)
	dst = appendU128(dst, top)
	return appendPadded(dst, low, 19)
}

// appendPadded appends u with leading zeros to width digits.
func appendPadded(dst []byte, u uint64, width int) []byte {
	n := len(dst)
	for range width {
		dst = append(dst, '0')
	}
	for i := n + width - 1; u != 0 && i >= n; i-- {
		dst[i] = byte('0' + u%10)
		u /= 10
	}
	return dst
}
