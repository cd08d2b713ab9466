package types

import (
	"math"
	"math/big"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// mathPrec is the working precision of transcendental functions: the 38 digits
// of a result and of its argument, with room for the exponent.
const mathPrec = 512

const log10e = 0.434294481903252

// Trim returns a without trailing zeros after the point.
func (a Num) Trim() Num {
	for a.Scale >= 8 {
		q, r := a.Coef.QuoRem64(1e8)
		if r != 0 {
			break
		}
		a.Coef, a.Scale = q, a.Scale-8
	}
	for a.Scale > 0 {
		q, r := a.Coef.QuoRem64(10)
		if r != 0 {
			break
		}
		a.Coef, a.Scale = q, a.Scale-1
	}
	return a
}

// Sqrt returns the square root with at least 16 significant digits.
func (a Num) Sqrt() (Num, error) {
	switch {
	case a.IsNaN() || a.Scale == NumInf:
		return a, nil
	case a.Sign() < 0:
		return Num{}, sqlerr.New(sqlerr.InvalidArgumentForPower, "cannot take square root of a negative number")
	}
	weight, _ := a.leading()
	sweight := floorDiv((weight+1)*4, 2) - 1
	if a.Coef.IsZero() {
		sweight = 1
	}
	scale := clampScale(max(minSigDigits-sweight, int(a.Scale)))
	// The root of coef × 10^(2 scale - a.Scale), rounded.
	z := a.bigAt(2 * scale)
	root := new(big.Int).Sqrt(z)
	rest := new(big.Int).Sub(z, new(big.Int).Mul(root, root))
	if rest.Cmp(root) > 0 { // (root + 1/2)^2 = root^2 + root + 1/4
		root.Add(root, big.NewInt(1))
	}
	return numOfBig(root, scale)
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// Exp returns e raised to a.
func (a Num) Exp() (Num, error) {
	switch a.Scale {
	case NumNaN, NumInf:
		return a, nil
	case NumNegInf:
		return Num{}, nil
	}
	weight := min(max(a.Float64()*log10e, -2000), 2000)
	scale := clampScale(max(minSigDigits-int(weight), int(a.Scale)))
	return expScaled(a.bigFloat(), weight, scale)
}

// expScaled returns e^x, about 10^weight, with scale digits after the point.
func expScaled(x *big.Float, weight float64, scale int32) (Num, error) {
	switch {
	case weight > MaxNumDigits:
		return Num{}, errNumOverflow()
	case weight < -maxDisplayScale-1:
		return Num{Scale: scale}, nil
	}
	return numOfBigFloat(bigExp(x), scale)
}

// Ln returns the natural logarithm.
func (a Num) Ln() (Num, error) {
	if err := a.checkLog(); err != nil {
		return Num{}, err
	}
	if !a.IsFinite() {
		return a, nil
	}
	scale := clampScale(max(minSigDigits-a.lnWeight(), int(a.Scale)))
	return numOfBigFloat(bigLn(a.bigFloat()), scale)
}

func (a Num) checkLog() error {
	switch {
	case a.Sign() < 0:
		return sqlerr.New(sqlerr.InvalidArgumentForLog, "cannot take logarithm of a negative number")
	case a.Sign() == 0:
		return sqlerr.New(sqlerr.InvalidArgumentForLog, "cannot take logarithm of zero")
	}
	return nil
}

// Log returns the logarithm of a to base b.
func (a Num) Log(b Num) (Num, error) {
	if a.IsNaN() || b.IsNaN() {
		return numNaN(), nil
	}
	if err := b.checkLog(); err != nil {
		return Num{}, err
	}
	if err := a.checkLog(); err != nil {
		return Num{}, err
	}
	switch {
	case a.IsInf() && b.IsInf():
		return numNaN(), nil
	case a.IsInf():
		return a, nil
	case b.IsInf():
		return Num{}, nil
	}
	base := bigLn(b.bigFloat())
	if base.Sign() == 0 {
		return Num{}, ErrDivisionByZero()
	}
	weight := a.lnWeight() - b.lnWeight()
	scale := clampScale(max(minSigDigits-weight, int(a.Scale), int(b.Scale)))
	x := bigLn(a.bigFloat())
	return numOfBigFloat(x.Quo(x, base), scale)
}

// lnWeight estimates the decimal weight of ln(a) the way PostgreSQL does; the
// scale of the result depends on it.
func (a Num) lnWeight() int {
	if a.Cmp(Num{Coef: Int128Of(9), Scale: 1}) >= 0 && a.Cmp(Num{Coef: Int128Of(11), Scale: 1}) <= 0 {
		x, err := a.Sub(NumOf(1))
		if err != nil || x.Coef.IsZero() {
			return 0
		}
		w, d := x.leading()
		return w*4 + int(math.Log10(float64(d)))
	}
	w, d := a.leading()
	digits, weight := float64(d), w*4
	if rest := a.secondDigit(); rest >= 0 {
		digits, weight = digits*10000+float64(rest), weight-4
	}
	ln := math.Log(digits) + float64(weight)*2.302585092994046
	return int(math.Log10(math.Abs(ln)))
}

// secondDigit returns the second base-10000 digit of a, or -1 where nothing
// but zeros follows the first.
func (a Num) secondDigit() int {
	w, _ := a.leading()
	below := w*4 + int(a.Scale) // decimal digits after the first digit
	if below <= 0 {
		return -1
	}
	_, rest := a.Coef.mag().quoRem(pow10[below])
	switch {
	case rest.isZero():
		return -1
	case below < 4:
		return int(rest.lo * pow10[4-below].lo)
	}
	q, _ := rest.quoRem(pow10[below-4])
	return int(q.lo)
}

// Power returns a raised to b.
func (a Num) Power(b Num) (Num, error) {
	if r, done, err := powerSpecial(a, b); done {
		return r, err
	}
	if n, ok := b.smallInteger(); ok {
		return a.powerInt(n, b.Scale)
	}
	if a.Coef.IsZero() {
		return Num{Scale: minSigDigits}, nil
	}
	lnNum := bigLn(a.Abs().bigFloat())
	lnNum.Mul(lnNum, b.bigFloat())
	f, _ := lnNum.Float64()
	weight := min(max(f*log10e, -2000), 2000)
	scale := clampScale(max(minSigDigits-int(weight), int(a.Scale), int(b.Scale)))
	return expScaled(lnNum, weight, scale)
}

// powerSpecial answers where a or b is special or the power is not defined.
func powerSpecial(a, b Num) (r Num, done bool, err error) {
	one := NumOf(1)
	switch {
	case a.IsNaN() || b.IsNaN():
		if !a.IsNaN() && a.IsFinite() && a.Cmp(one) == 0 || b.IsFinite() && b.Coef.IsZero() {
			return one, true, nil
		}
		return numNaN(), true, nil
	case a.IsFinite() && b.IsFinite():
		switch {
		case a.Coef.IsZero() && b.Sign() < 0:
			return Num{}, true, sqlerr.New(sqlerr.InvalidArgumentForPower, "zero raised to a negative power is undefined")
		case a.Sign() < 0 && !b.isInteger():
			return Num{}, true, errPowerComplex()
		}
		return Num{}, false, nil
	case b.IsInf():
		return powerToInf(a, b)
	}
	// An infinite base.
	switch {
	case b.Sign() == 0:
		return one, true, nil
	case a.Scale == NumNegInf && !b.isInteger():
		return Num{}, true, errPowerComplex()
	case b.Sign() < 0:
		return Num{}, true, nil
	case a.Scale == NumNegInf && b.isOdd():
		return a, true, nil
	}
	return numInf(1), true, nil
}

func errPowerComplex() error {
	return sqlerr.New(sqlerr.InvalidArgumentForPower,
		"a negative number raised to a non-integer power yields a complex result")
}

// powerToInf raises a to an infinite power.
func powerToInf(a, b Num) (Num, bool, error) {
	c := a.Abs().Cmp(NumOf(1))
	switch {
	case a.Sign() == 0 && b.Sign() < 0:
		return Num{}, true, sqlerr.New(sqlerr.InvalidArgumentForPower, "zero raised to a negative power is undefined")
	case c == 0:
		return NumOf(1), true, nil
	case c > 0 == (b.Sign() > 0):
		return numInf(1), true, nil
	}
	return Num{}, true, nil
}

func (a Num) isInteger() bool { return a.Trim().Scale == 0 }

func (a Num) isOdd() bool { t := a.Trim(); return t.Scale == 0 && t.Coef.Lo&1 == 1 }

// smallInteger returns a as an int32 where it is one.
func (a Num) smallInteger() (int, bool) {
	t := a.Trim()
	i, ok := t.Coef.Int64()
	if t.Scale != 0 || !ok || i != int64(int32(i)) {
		return 0, false
	}
	return int(i), true
}

// powerInt returns a^n; expScale is the scale of the exponent as written.
func (a Num) powerInt(n int, expScale int32) (Num, error) {
	if a.Coef.IsZero() {
		if n == 0 {
			return NumOf(1).rescale(minSigDigits)
		}
		return Num{Scale: clampScale(max(minSigDigits, int(a.Scale)))}, nil
	}
	x := a.Abs().bigFloat()
	l := bigLn(x)
	f, _ := l.Mul(l, new(big.Float).SetInt64(int64(n))).Float64()
	weight := f / math.Ln10
	if weight > MaxNumDigits+1 {
		return Num{}, errNumOverflow()
	}
	scale := clampScale(max(minSigDigits-int(weight), int(a.Scale), int(expScale)))
	if weight < -maxDisplayScale-1 {
		return Num{Scale: scale}, nil
	}
	r := bigPowInt(x, n)
	if a.Sign() < 0 && n&1 == 1 {
		r.Neg(r)
	}
	return numOfBigFloat(r, scale)
}
