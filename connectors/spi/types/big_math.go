package types

import "math/big"

// bigFloat returns a finite a to working precision.
func (a Num) bigFloat() *big.Float {
	f := new(big.Float).SetPrec(mathPrec).SetInt(a.Coef.Big())
	if a.Scale > 0 {
		f.Quo(f, new(big.Float).SetPrec(mathPrec).SetInt(bigPow10(a.Scale)))
	}
	return f
}

// numOfBigFloat rounds f half away from zero to scale digits after the point.
func numOfBigFloat(f *big.Float, scale int32) (Num, error) {
	g := new(big.Float).SetPrec(mathPrec).SetInt(bigPow10(scale))
	g.Mul(g, f)
	half := big.NewFloat(0.5)
	if g.Sign() < 0 {
		half.Neg(half)
	}
	if g.MantExp(nil) > 130 {
		return Num{}, errNumOverflow()
	}
	z, _ := g.Add(g, half).Int(nil)
	return numOfBig(z, scale)
}

func newFloat(i int64) *big.Float { return new(big.Float).SetPrec(mathPrec).SetInt64(i) }

// bigLn2 returns ln 2 = 2 atanh(1/3).
func bigLn2() *big.Float {
	x := newFloat(1)
	return atanhSeries(x.Quo(x, newFloat(3)))
}

// atanhSeries returns 2 atanh(x) = 2 (x + x^3/3 + x^5/5 + ...).
func atanhSeries(x *big.Float) *big.Float {
	sum := newFloat(0).Set(x)
	sq := newFloat(0).Mul(x, x)
	p := newFloat(0).Set(x)
	t := newFloat(0)
	for k := int64(3); ; k += 2 {
		p.Mul(p, sq)
		t.Quo(p, newFloat(k))
		if t.Sign() == 0 || t.MantExp(nil) < sum.MantExp(nil)-mathPrec {
			break
		}
		sum.Add(sum, t)
	}
	return sum.Mul(sum, newFloat(2))
}

// bigLn returns the natural logarithm of x > 0.
func bigLn(x *big.Float) *big.Float {
	// x = m × 2^e with m in [2/3, 4/3): next to 1 nothing cancels.
	m := newFloat(0)
	e := x.MantExp(m)
	if m.Cmp(big.NewFloat(2.0/3)) < 0 {
		m.Mul(m, newFloat(2))
		e--
	}
	num := newFloat(0).Sub(m, newFloat(1))
	if num.Sign() == 0 && e == 0 {
		return newFloat(0)
	}
	den := newFloat(0).Add(m, newFloat(1))
	r := newFloat(0)
	if num.Sign() != 0 {
		r = atanhSeries(num.Quo(num, den))
	}
	if e != 0 {
		l := bigLn2()
		r.Add(r, l.Mul(l, newFloat(int64(e))))
	}
	return r
}

// bigExp returns e^x for |x| below 10^4.
func bigExp(x *big.Float) *big.Float {
	const halvings = 16
	// x = k ln2 + r, e^x = 2^k (e^(r / 2^h))^(2^h).
	ln2 := bigLn2()
	q := newFloat(0).Quo(x, ln2)
	k, _ := q.Int64()
	r := newFloat(0).Sub(x, ln2.Mul(ln2, newFloat(k)))
	r.SetMantExp(r, -halvings)
	sum, t := newFloat(1), newFloat(1)
	for n := int64(1); ; n++ {
		t.Mul(t, r)
		t.Quo(t, newFloat(n))
		if t.Sign() == 0 || t.MantExp(nil) < -mathPrec {
			break
		}
		sum.Add(sum, t)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum.SetMantExp(sum, int(k))
}

// bigPowInt returns x^n by squaring; x > 0.
func bigPowInt(x *big.Float, n int) *big.Float {
	neg := n < 0
	if neg {
		n = -n
	}
	r, sq := newFloat(1), newFloat(0).Set(x)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			r.Mul(r, sq)
		}
		sq.Mul(sq, sq)
	}
	if neg {
		r.Quo(newFloat(1), r)
	}
	return r
}
