package types

import (
	"math"
	"strconv"
	"strings"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// AppendNum appends a as PostgreSQL prints numeric.
func AppendNum(dst []byte, a Num) []byte {
	switch a.Scale {
	case NumNaN:
		return append(dst, "NaN"...)
	case NumInf:
		return append(dst, "Infinity"...)
	case NumNegInf:
		return append(dst, "-Infinity"...)
	}
	return AppendDecimal128(dst, a.Coef, int(a.Scale))
}

// String prints a.
func (a Num) String() string { return string(AppendNum(nil, a)) }

// AppendDecimal64 appends coef × 10^-scale.
func AppendDecimal64(dst []byte, coef int64, scale int) []byte {
	if scale == 0 {
		return strconv.AppendInt(dst, coef, 10)
	}
	if scale > 18 {
		return AppendDecimal128(dst, Int128Of(coef), scale)
	}
	u := uint64(coef)
	if coef < 0 {
		dst = append(dst, '-')
		u = -u
	}
	unit := pow10[scale].lo
	dst = strconv.AppendUint(dst, u/unit, 10)
	return appendPadded(append(dst, '.'), u%unit, scale)
}

// AppendDecimal128 appends coef × 10^-scale.
func AppendDecimal128(dst []byte, coef Int128, scale int) []byte {
	if scale == 0 {
		return AppendInt128(dst, coef)
	}
	if i, ok := coef.Int64(); ok && scale <= 18 {
		return AppendDecimal64(dst, i, scale)
	}
	if coef.Hi < 0 {
		dst = append(dst, '-')
	}
	u := coef.mag()
	if zeros := scale - MaxNumDigits; zeros > 0 {
		dst = append(dst, '0', '.')
		for range zeros {
			dst = append(dst, '0')
		}
		return appendFraction(dst, u, MaxNumDigits)
	}
	whole, frac := u.quoRem(pow10[scale])
	dst = append(appendU128(dst, whole), '.')
	return appendFraction(dst, frac, scale)
}

// appendFraction appends u < 10^width with leading zeros.
func appendFraction(dst []byte, u u128, width int) []byte {
	top, low := u.quoRem64(chunk19)
	if width <= 19 {
		return appendPadded(dst, low, width)
	}
	return appendPadded(appendPadded(dst, top.lo, width-19), low, 19)
}

// decimalText is a decimal number's text taken apart.
type decimalText struct {
	neg         bool
	whole, frac string
	exp         int
}

func (d decimalText) digit(i int) byte {
	if i < len(d.whole) {
		return d.whole[i]
	}
	if i -= len(d.whole); i < len(d.frac) {
		return d.frac[i]
	}
	return '0'
}

// coef returns the number × 10^scale rounded half away from zero, and whether
// it has at most MaxNumDigits digits.
func (d decimalText) coef(scale int) (Int128, bool) {
	n := len(d.whole) + d.exp + scale // digits to take
	if n < 0 {
		return Int128{}, true
	}
	total := len(d.whole) + len(d.frac)
	first := 0
	for first < total && d.digit(first) == '0' {
		first++
	}
	if first == total {
		return Int128{}, true
	}
	var u u128
	for i := first; i < n; i++ {
		var ok bool
		if u, ok = u.mulAdd10(d.digit(i) - '0'); !ok {
			return Int128{}, false
		}
	}
	if d.digit(n) >= '5' {
		u = u.add64(1)
	}
	return u.wrapSigned(d.neg), u.less(pow10[MaxNumDigits])
}

// expMax bounds exponents in text; larger ones cannot give a number that fits.
const expMax = 1 << 20

// scanDecimal takes the trimmed text of a decimal number apart.
func scanDecimal(s string) (d decimalText, ok bool) {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		d.neg, s = s[0] == '-', s[1:]
	}
	n := digitsPrefix(s)
	d.whole, s = s[:n], s[n:]
	if s != "" && s[0] == '.' {
		n = digitsPrefix(s[1:])
		d.frac, s = s[1:1+n], s[1+n:]
	}
	if d.whole == "" && d.frac == "" {
		return d, false
	}
	if s == "" {
		return d, true
	}
	if s[0] != 'e' && s[0] != 'E' {
		return d, false
	}
	s = s[1:]
	neg := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		neg, s = s[0] == '-', s[1:]
	}
	if s == "" || digitsPrefix(s) != len(s) {
		return d, false
	}
	for i := range len(s) {
		d.exp = min(d.exp*10+int(s[i]-'0'), expMax)
	}
	if neg {
		d.exp = -d.exp
	}
	return d, true
}

// digitsPrefix returns how many decimal digits s begins with.
func digitsPrefix(s string) int {
	n := 0
	for n < len(s) && s[n]-'0' <= 9 {
		n++
	}
	return n
}

// trimSpace removes the white space that PostgreSQL's input functions skip.
func trimSpace(s string) string { return strings.Trim(s, " \t\n\v\f\r") }

func errSyntax(typeName, s string) error {
	return sqlerr.New(sqlerr.InvalidTextRepr, "invalid input syntax for type %s: \"%s\"", typeName, s)
}

// specialNum reads NaN and the infinities.
func specialNum(s string) (Num, bool) {
	switch strings.ToLower(s) {
	case "nan":
		return numNaN(), true
	case "inf", "+inf", "infinity", "+infinity":
		return numInf(1), true
	case "-inf", "-infinity":
		return numInf(-1), true
	}
	return Num{}, false
}

// ParseNum reads the text of a numeric.
func ParseNum(s string) (Num, error) {
	t := trimSpace(s)
	d, ok := scanDecimal(t)
	if !ok {
		if v, ok := specialNum(t); ok {
			return v, nil
		}
		return Num{}, errSyntax("numeric", s)
	}
	scale := max(0, len(d.frac)-d.exp)
	if scale > maxNumScale {
		return Num{}, errNumOverflow()
	}
	c, ok := d.coef(scale)
	if !ok {
		return Num{}, errNumOverflow()
	}
	return Num{Coef: c, Scale: int32(scale)}, nil
}

// ParseDecimal reads the text of a numeric(p,s): its coefficient, rounded half
// away from zero.
func ParseDecimal(s string, p, scale int) (Int128, error) {
	t := trimSpace(s)
	d, ok := scanDecimal(t)
	if !ok {
		if v, ok := specialNum(t); ok {
			return v.Decimal(p, scale)
		}
		return Int128{}, errSyntax("numeric", s)
	}
	if c, ok := d.coef(scale); ok && c.FitsDigits(p) {
		return c, nil
	}
	return Int128{}, ErrDecimalOverflow(p, scale)
}

// ErrDecimalOverflow returns the error of a number too large for numeric(p,s).
func ErrDecimalOverflow(p, s int) error {
	bound := "1"
	if p != s {
		bound = "10^" + strconv.Itoa(p-s)
	}
	return sqlerr.New(sqlerr.NumericValueOutOfRange, "numeric field overflow").
		WithDetail("A field with precision %d, scale %d must round to an absolute value less than %s.", p, s, bound)
}

// Decimal returns the coefficient of a as a numeric(p,s), rounded half away from zero.
func (a Num) Decimal(p, s int) (Int128, error) {
	if !a.IsFinite() {
		what := "an infinite value"
		if a.IsNaN() {
			what = "NaN"
		}
		return Int128{}, sqlerr.New(sqlerr.NumericValueOutOfRange, "numeric field overflow").
			WithDetail("A field with precision %d, scale %d cannot hold %s.", p, s, what)
	}
	return RescaleDecimal(a.Coef, int(a.Scale), p, s)
}

// RescaleDecimal returns the coefficient of coef × 10^-scale as a numeric(p,s).
func RescaleDecimal(coef Int128, scale, p, s int) (Int128, error) {
	ok := true
	if s <= scale {
		coef = coef.DivPow10(scale - s)
	} else {
		coef, ok = coef.MulPow10(s - scale)
	}
	if !ok || !coef.FitsDigits(p) {
		return Int128{}, ErrDecimalOverflow(p, s)
	}
	return coef, nil
}

// Int128 returns a rounded half away from zero; false for NaN and infinities.
func (a Num) Int128() (Int128, bool) {
	if !a.IsFinite() {
		return Int128{}, false
	}
	return a.Coef.DivPow10(int(a.Scale)), true
}

// NaN is not a number with the bits that PostgreSQL sends; math.NaN has others.
func NaN() float64 { return math.Float64frombits(0x7FF8000000000000) }

// Float64 returns the nearest float64.
func (a Num) Float64() float64 {
	switch a.Scale {
	case NumNaN:
		return NaN()
	case NumInf:
		return math.Inf(1)
	case NumNegInf:
		return math.Inf(-1)
	}
	return DecimalFloat64(a.Coef, int(a.Scale))
}

// DecimalFloat64 returns the float64 nearest to coef × 10^-scale.
func DecimalFloat64(coef Int128, scale int) float64 {
	if scale == 0 {
		return coef.Float64()
	}
	const exact = 1 << 53
	if i, ok := coef.Int64(); ok && -exact <= i && i <= exact && scale <= 22 {
		return float64(i) / exactPow10(scale) // both exact: one rounding
	}
	var buf [64]byte
	b := append(AppendInt128(buf[:0], coef), 'e')
	b = strconv.AppendInt(b, int64(-scale), 10)
	f, _ := strconv.ParseFloat(string(b), 64)
	return f
}

// exactPow10 returns 10^n for n up to 22, where float64 is exact.
func exactPow10(n int) float64 {
	if n < 19 {
		return float64(pow10[n].lo)
	}
	return pow10[n].float64()
}

// NumOfFloat64 returns f with 15 significant digits, as PostgreSQL's cast does.
func NumOfFloat64(f float64) (Num, error) { return numOfFloat(f, 15) }

// NumOfFloat32 returns f with 6 significant digits, as PostgreSQL's cast does.
func NumOfFloat32(f float32) (Num, error) { return numOfFloat(float64(f), 6) }

func numOfFloat(f float64, digits int) (Num, error) {
	switch {
	case math.IsNaN(f):
		return numNaN(), nil
	case math.IsInf(f, 0):
		return numInf(int(math.Copysign(1, f))), nil
	case f == 0:
		return Num{}, nil
	}
	var buf [32]byte
	b := strconv.AppendFloat(buf[:0], f, 'e', digits-1, 64) // d.ddde±xx
	var u uint64
	i, neg := 0, b[0] == '-'
	if neg {
		i++
	}
	for ; b[i] != 'e'; i++ {
		if b[i] != '.' {
			u = u*10 + uint64(b[i]-'0')
		}
	}
	exp, _ := strconv.Atoi(string(b[i+1:]))
	exp -= digits - 1
	for u%10 == 0 {
		u, exp = u/10, exp+1
	}
	c := u128{lo: u}.wrapSigned(neg)
	if exp <= 0 {
		return Num{Coef: c, Scale: int32(-exp)}, nil
	}
	c, ok := c.MulPow10(exp)
	if !ok {
		return Num{}, errNumOverflow()
	}
	return Num{Coef: c}, nil
}
