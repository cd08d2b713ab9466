package types

import (
	"cmp"
	"math/big"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// maxNumScale bounds the digits after the point of a Num, as PostgreSQL does.
const maxNumScale = 16383

// NumOf returns i as a Num of scale 0.
func NumOf(i int64) Num { return Num{Coef: Int128Of(i)} }

// NumOfDecimal returns coef × 10^-scale: the value of a decimal.
func NumOfDecimal(coef Int128, scale int32) Num { return Num{Coef: coef, Scale: scale} }

// IsNaN reports whether a is not a number.
func (a Num) IsNaN() bool { return a.Scale == NumNaN }

// IsFinite reports whether a is neither NaN nor infinite.
func (a Num) IsFinite() bool { return a.Scale >= 0 }

// IsInf reports whether a is an infinity.
func (a Num) IsInf() bool { return a.Scale == NumInf || a.Scale == NumNegInf }

// Sign returns -1, 0 or 1; a NaN is 1, as it sorts above all.
func (a Num) Sign() int {
	switch a.Scale {
	case NumNegInf:
		return -1
	case NumInf, NumNaN:
		return 1
	}
	return a.Coef.Sign()
}

func numNaN() Num { return Num{Scale: NumNaN} }

// numInf returns the infinity of sign's sign; sign 0 gives NaN.
func numInf(sign int) Num {
	switch {
	case sign > 0:
		return Num{Scale: NumInf}
	case sign < 0:
		return Num{Scale: NumNegInf}
	}
	return numNaN()
}

func errNumOverflow() error {
	return sqlerr.New(sqlerr.NumericValueOutOfRange, "value overflows numeric format").
		WithDetail("A numeric value holds at most %d digits.", MaxNumDigits)
}

// ErrDivisionByZero returns the error of every division by zero: 22012.
func ErrDivisionByZero() error { return sqlerr.New(sqlerr.DivisionByZero, "division by zero") }

// checked returns c × 10^-scale unless it has too many digits.
func checked(c Int128, scale int32) (Num, error) {
	if !c.FitsDigits(MaxNumDigits) || scale > maxNumScale {
		return Num{}, errNumOverflow()
	}
	return Num{Coef: c, Scale: scale}, nil
}

func numOfBig(z *big.Int, scale int32) (Num, error) {
	c, ok := Int128OfBig(z)
	if !ok {
		return Num{}, errNumOverflow()
	}
	return checked(c, scale)
}

// bigPow10 returns 10^n.
func bigPow10(n int32) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// bigAt returns a's coefficient at a scale that is not smaller than a's.
func (a Num) bigAt(scale int32) *big.Int {
	z := a.Coef.Big()
	if scale > a.Scale {
		z.Mul(z, bigPow10(scale-a.Scale))
	}
	return z
}

// align returns the coefficients of a and b at their larger scale, and whether both fit.
func align(a, b Num) (x, y Int128, scale int32, ok bool) {
	switch {
	case a.Scale == b.Scale:
		return a.Coef, b.Coef, a.Scale, true
	case a.Scale < b.Scale:
		x, ok = a.Coef.MulPow10(int(b.Scale - a.Scale))
		return x, b.Coef, b.Scale, ok
	default:
		y, ok = b.Coef.MulPow10(int(a.Scale - b.Scale))
		return a.Coef, y, a.Scale, ok
	}
}

// Add returns a + b with the larger of the scales.
func (a Num) Add(b Num) (Num, error) {
	if !a.IsFinite() || !b.IsFinite() {
		return addSpecial(a, b), nil
	}
	if x, y, scale, ok := align(a, b); ok {
		return checked(x.Add(y), scale) // two 38-digit numbers: no wrap
	}
	scale := max(a.Scale, b.Scale)
	return numOfBig(new(big.Int).Add(a.bigAt(scale), b.bigAt(scale)), scale)
}

func addSpecial(a, b Num) Num {
	switch {
	case a.IsNaN() || b.IsNaN():
		return numNaN()
	case a.IsInf() && b.IsInf() && a.Scale != b.Scale:
		return numNaN()
	case a.IsInf():
		return a
	}
	return b
}

// Sub returns a - b with the larger of the scales.
func (a Num) Sub(b Num) (Num, error) { return a.Add(b.Neg()) }

// Neg returns -a.
func (a Num) Neg() Num {
	switch a.Scale {
	case NumNaN:
		return a
	case NumInf:
		return Num{Scale: NumNegInf}
	case NumNegInf:
		return Num{Scale: NumInf}
	}
	a.Coef = a.Coef.Neg()
	return a
}

// Abs returns |a|.
func (a Num) Abs() Num {
	if a.Sign() < 0 {
		return a.Neg()
	}
	return a
}

// Mul returns a × b with the sum of the scales.
func (a Num) Mul(b Num) (Num, error) {
	if !a.IsFinite() || !b.IsFinite() {
		if a.IsNaN() || b.IsNaN() {
			return numNaN(), nil
		}
		return numInf(a.Sign() * b.Sign()), nil
	}
	c, ok := a.Coef.MulCheck(b.Coef)
	if !ok {
		return Num{}, errNumOverflow()
	}
	return checked(c, a.Scale+b.Scale)
}

// Div returns a / b with at least 16 significant digits and no fewer digits
// after the point than a and b have: PostgreSQL's rule, so that 1/3 prints as
// 0.33333333333333333333.
func (a Num) Div(b Num) (Num, error) {
	if !a.IsFinite() || !b.IsFinite() {
		return divSpecial(a, b)
	}
	if b.Coef.IsZero() {
		return Num{}, ErrDivisionByZero()
	}
	return divRound(a, b, divScale(a, b))
}

// divSpecial divides where a or b is NaN or infinite.
func divSpecial(a, b Num) (Num, error) {
	switch {
	case a.IsNaN() || b.IsNaN() || a.IsInf() && b.IsInf():
		return numNaN(), nil
	case b.IsInf():
		return Num{}, nil
	case b.Coef.IsZero():
		return Num{}, ErrDivisionByZero()
	}
	return numInf(a.Sign() * b.Sign()), nil
}

// leading returns the weight of a's first digit in base 10000 and that digit.
func (a Num) leading() (weight, digit int) {
	u := a.Coef.mag()
	d := u.digits()
	if d == 0 {
		return 0, 0
	}
	whole := d - int(a.Scale) // digits before the point; may be negative
	weight = (whole+3)>>2 - 1
	n := whole - weight*4 // decimal digits in the first one: 1 to 4
	if d >= n {
		q, _ := u.quoRem(pow10[d-n])
		return weight, int(q.lo)
	}
	return weight, int(u.lo * pow10[n-d].lo)
}

const (
	minSigDigits    = 16   // of a quotient or a transcendental result
	maxDisplayScale = 1000 // no rule picks more digits after the point
)

func clampScale(s int) int32 { return int32(min(max(s, 0), maxDisplayScale)) }

func divScale(a, b Num) int32 {
	w1, d1 := a.leading()
	w2, d2 := b.leading()
	weight := w1 - w2
	if d1 <= d2 {
		weight--
	}
	return clampScale(max(minSigDigits-weight*4, int(a.Scale), int(b.Scale)))
}

// divRound returns a / b rounded half away from zero to scale.
func divRound(a, b Num, scale int32) (Num, error) {
	shift := scale + b.Scale - a.Scale
	neg := a.Coef.Hi^b.Coef.Hi < 0
	if shift < 0 || shift > MaxNumDigits {
		return divBig(a, b, scale, shift)
	}
	u, d := a.Coef.mag(), b.Coef.mag()
	q, r, ok := u.mulFull(pow10[shift]).quoRem(d)
	if !ok {
		return Num{}, errNumOverflow()
	}
	if !r.less(d.sub(r)) {
		q = q.add64(1)
	}
	if !q.less(pow10[MaxNumDigits]) {
		return Num{}, errNumOverflow()
	}
	return Num{Coef: q.wrapSigned(neg), Scale: scale}, nil
}

func divBig(a, b Num, scale, shift int32) (Num, error) {
	x, y := a.Coef.Big(), b.Coef.Big()
	neg := x.Sign()*y.Sign() < 0
	x.Abs(x)
	y.Abs(y)
	if shift >= 0 {
		x.Mul(x, bigPow10(shift))
	} else {
		y.Mul(y, bigPow10(-shift))
	}
	r := new(big.Int)
	x.QuoRem(x, y, r)
	if r.Lsh(r, 1).Cmp(y) >= 0 {
		x.Add(x, big.NewInt(1))
	}
	if neg {
		x.Neg(x)
	}
	return numOfBig(x, scale)
}

// QuoTrunc returns a / b truncated to an integer: SQL's div(a, b).
func (a Num) QuoTrunc(b Num) (Num, error) {
	if !a.IsFinite() || !b.IsFinite() {
		return divSpecial(a, b)
	}
	if b.Coef.IsZero() {
		return Num{}, ErrDivisionByZero()
	}
	if x, y, _, ok := align(a, b); ok {
		q, _ := x.QuoRem(y)
		return Num{Coef: q}, nil
	}
	scale := max(a.Scale, b.Scale)
	return numOfBig(new(big.Int).Quo(a.bigAt(scale), b.bigAt(scale)), 0)
}

// Mod returns the remainder of a / b truncated; it has the sign of a.
func (a Num) Mod(b Num) (Num, error) {
	switch {
	case a.IsNaN() || b.IsNaN():
		return numNaN(), nil
	case b.IsFinite() && b.Coef.IsZero():
		return Num{}, ErrDivisionByZero()
	case a.IsInf():
		return numNaN(), nil
	case b.IsInf():
		return a, nil
	}
	if x, y, scale, ok := align(a, b); ok {
		_, r := x.QuoRem(y)
		return Num{Coef: r, Scale: scale}, nil
	}
	scale := max(a.Scale, b.Scale)
	return numOfBig(new(big.Int).Rem(a.bigAt(scale), b.bigAt(scale)), scale)
}

// rescale returns a with n digits after the point, rounded half away from zero.
func (a Num) rescale(n int32) (Num, error) {
	if n <= a.Scale {
		return Num{Coef: a.Coef.DivPow10(int(a.Scale - n)), Scale: n}, nil
	}
	c, ok := a.Coef.MulPow10(int(n - a.Scale))
	if !ok || n > maxNumScale {
		return Num{}, errNumOverflow()
	}
	return Num{Coef: c, Scale: n}, nil
}

// Round rounds to n digits after the point, half away from zero; a negative n
// rounds before it.
func (a Num) Round(n int) (Num, error) {
	if !a.IsFinite() {
		return a, nil
	}
	if n >= 0 {
		return a.rescale(int32(min(n, 2000)))
	}
	c := a.Coef.DivPow10(min(int(a.Scale)-n, MaxNumDigits+1))
	return scaledUp(c, -n)
}

// Trunc cuts to n digits after the point; a negative n cuts before it.
func (a Num) Trunc(n int) (Num, error) {
	if !a.IsFinite() {
		return a, nil
	}
	switch {
	case n > int(a.Scale):
		return a.rescale(int32(min(n, 2000)))
	case n >= 0:
		return Num{Coef: a.Coef.TruncPow10(int(a.Scale) - n), Scale: int32(n)}, nil
	}
	c := a.Coef.TruncPow10(min(int(a.Scale)-n, MaxNumDigits+1))
	return scaledUp(c, -n)
}

func scaledUp(c Int128, n int) (Num, error) {
	v, ok := c.MulPow10(n)
	if !ok {
		return Num{}, errNumOverflow()
	}
	return Num{Coef: v}, nil
}

// Ceil returns the least integer that is not less than a.
func (a Num) Ceil() Num { return a.toward(1) }

// Floor returns the greatest integer that is not greater than a.
func (a Num) Floor() Num { return a.toward(-1) }

// toward rounds to an integer in the direction of sign.
func (a Num) toward(sign int) Num {
	if a.Scale <= 0 {
		return a
	}
	c := a.Coef.TruncPow10(int(a.Scale))
	exact := false
	if a.Scale <= MaxNumDigits {
		_, r := a.Coef.QuoRem(Pow10(int(a.Scale)))
		exact = r.IsZero()
	} else {
		exact = a.Coef.IsZero()
	}
	if !exact && a.Coef.Sign() == sign {
		c = c.AddInt64(int64(sign))
	}
	return Num{Coef: c}
}

// Cmp orders by value, ignoring scales; NaN equals NaN and is above all else.
func (a Num) Cmp(b Num) int {
	if a.Scale == b.Scale {
		return a.Coef.Cmp(b.Coef) // specials have no coefficient
	}
	if !a.IsFinite() || !b.IsFinite() {
		return cmp.Compare(a.rank(), b.rank())
	}
	if s, t := a.Coef.Sign(), b.Coef.Sign(); s != t || s == 0 {
		return cmp.Compare(s, t)
	}
	u, v := a.Coef.mag(), b.Coef.mag()
	c := (u.digits() - int(a.Scale)) - (v.digits() - int(b.Scale))
	if c == 0 { // as many digits before the point: aligning cannot overflow
		if a.Scale < b.Scale {
			u, _ = u.mul(pow10[b.Scale-a.Scale])
		} else {
			v, _ = v.mul(pow10[a.Scale-b.Scale])
		}
		switch {
		case u.less(v):
			c = -1
		case v.less(u):
			c = 1
		}
	}
	c = cmp.Compare(c, 0)
	if a.Coef.Hi < 0 {
		return -c
	}
	return c
}

// rank orders -Infinity, numbers, Infinity, NaN.
func (a Num) rank() int {
	switch a.Scale {
	case NumNegInf:
		return -1
	case NumInf:
		return 1
	case NumNaN:
		return 2
	}
	return 0
}
