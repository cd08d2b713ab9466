package types

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// edge128 mixes random values of every width with the values around powers of two and ten.
func edge128(r *rand.Rand) Int128 {
	var v Int128
	switch r.IntN(6) {
	case 0:
		v = Int128{Lo: r.Uint64(), Hi: int64(r.Uint64())}
	case 1:
		v = Int128Of(int64(r.Uint64()) >> r.IntN(64))
	case 2:
		v = Pow10(r.IntN(39)).Add(Int128Of(int64(r.IntN(5) - 2)))
	case 3:
		v = u128{lo: 1}.shl(uint(r.IntN(128))).wrapSigned(false).Add(Int128Of(int64(r.IntN(5) - 2)))
	case 4:
		v = u128{hi: r.Uint64(), lo: r.Uint64()}.shr(uint(r.IntN(128))).wrapSigned(false)
	case 5:
		v = []Int128{MaxInt128, MinInt128, {}, Int128Of(-1), Int128Of(math.MinInt64)}[r.IntN(5)]
	}
	if r.IntN(2) == 0 {
		v = v.Neg()
	}
	return v
}

func wrapBig(z *big.Int) Int128 {
	m := new(big.Int).Lsh(big.NewInt(1), 128)
	z = new(big.Int).Mod(z, m)
	if z.Bit(127) == 1 {
		z.Sub(z, m)
	}
	v, _ := Int128OfBig(z)
	return v
}

func TestInt128AgreesWithBigIntegers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		a, b := edge128(r), edge128(r)
		x, y := a.Big(), b.Big()
		check := func(op string, got Int128, gotOK bool, want *big.Int) {
			w, ok := Int128OfBig(want)
			if gotOK != ok || ok && got != w {
				t.Fatalf("%s(%s, %s) = %s %v, want %s %v", op, x, y, got, gotOK, want, ok)
			}
		}
		s, ok := a.AddCheck(b)
		check("add", s, ok, new(big.Int).Add(x, y))
		s, ok = a.SubCheck(b)
		check("sub", s, ok, new(big.Int).Sub(x, y))
		s, ok = a.MulCheck(b)
		check("mul", s, ok, new(big.Int).Mul(x, y))
		check("mul wrapping", a.Mul(b), true, wrapBig(new(big.Int).Mul(x, y)).Big())
		if a.Cmp(b) != x.Cmp(y) || a.Less(b) != (x.Cmp(y) < 0) || a.Sign() != x.Sign() {
			t.Fatalf("order of %s and %s", x, y)
		}
		if !b.IsZero() && !(a == MinInt128 && b == Int128Of(-1)) {
			q, rem := a.QuoRem(b)
			wq, wr := new(big.Int).QuoRem(x, y, new(big.Int))
			check("quo", q, true, wq)
			check("rem", rem, true, wr)
			if d, fits := b.Int64(); fits {
				q, rem := a.QuoRem64(d)
				check("quo64", q, true, wq)
				check("rem64", Int128Of(rem), true, wr)
			}
		}
		if a.String() != x.String() {
			t.Fatalf("string %s, want %s", a, x)
		}
		if back, ok := ParseInt128(a.String()); !ok || back != a {
			t.Fatalf("parse %s gives %s", a, back)
		}
		if got, want := a.Digits(), len(new(big.Int).Abs(x).String()); got != want {
			t.Fatalf("digits of %s = %d, want %d", a, got, want)
		}
		if got, want := a.Float64(), bigFloat64(x); got != want {
			t.Fatalf("float of %s = %v, want %v", a, got, want)
		}
	}
}

func bigFloat64(x *big.Int) float64 {
	f, _ := new(big.Float).SetInt(x).Float64()
	return f
}

func TestWideDivisionAgreesWithBigIntegers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200_000 {
		a, b, d := edge128(r).mag(), edge128(r).mag(), edge128(r).mag()
		if d.isZero() {
			continue
		}
		big128 := func(u u128) *big.Int {
			z := new(big.Int).SetUint64(u.hi)
			return z.Lsh(z, 64).Or(z, new(big.Int).SetUint64(u.lo))
		}
		w := a.mulFull(b)
		prod := new(big.Int).Mul(big128(a), big128(b))
		wq, wr := new(big.Int).QuoRem(prod, big128(d), new(big.Int))
		q, rem, ok := w.quoRem(d)
		if ok != (wq.BitLen() <= 128) {
			t.Fatalf("%s / %s: fits = %v", prod, big128(d), ok)
		}
		if ok && (big128(q).Cmp(wq) != 0 || big128(rem).Cmp(wr) != 0) {
			t.Fatalf("%s / %s = %s rest %s, want %s rest %s", prod, big128(d), big128(q), big128(rem), wq, wr)
		}
	}
}

func TestMulInt64IsTheWholeProduct(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 100_000 {
		a, b := int64(r.Uint64())>>r.IntN(64), int64(r.Uint64())>>r.IntN(64)
		want := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
		if got := MulInt64(a, b).Big(); got.Cmp(want) != 0 {
			t.Fatalf("%d * %d = %s, want %s", a, b, got, want)
		}
		sum := Int128Of(a).AddInt64(b)
		if got, want := sum.Big(), new(big.Int).Add(big.NewInt(a), big.NewInt(b)); got.Cmp(want) != 0 {
			t.Fatalf("%d + %d = %s", a, b, got)
		}
	}
}

func TestPowersOfTenScaleAndRound(t *testing.T) {
	for _, c := range []struct {
		in         string
		n          int
		round, cut string
	}{
		{"15", 1, "2", "1"}, {"-15", 1, "-2", "-1"}, {"14", 1, "1", "1"}, {"-14", 1, "-1", "-1"},
		{"99999999999999999999999999999999999999", 38, "1", "0"},
		{"49999999999999999999999999999999999999", 38, "0", "0"},
		{"-50000000000000000000000000000000000000", 38, "-1", "0"},
		{"123", 0, "123", "123"}, {"123", 60, "0", "0"},
	} {
		v, _ := ParseInt128(c.in)
		if got := v.DivPow10(c.n).String(); got != c.round {
			t.Errorf("%s / 10^%d rounded = %s, want %s", c.in, c.n, got, c.round)
		}
		if got := v.TruncPow10(c.n).String(); got != c.cut {
			t.Errorf("%s / 10^%d truncated = %s, want %s", c.in, c.n, got, c.cut)
		}
	}
	if _, ok := Int128Of(10).MulPow10(37); ok {
		t.Error("10 * 10^37 has 39 digits and fits")
	}
	if v, ok := Int128Of(-9).MulPow10(37); !ok || v.String() != "-90000000000000000000000000000000000000" {
		t.Errorf("-9 * 10^37 = %s %v", v, ok)
	}
}

func TestInt128OfFloat64Truncates(t *testing.T) {
	for _, f := range []float64{0, 1.9, -1.9, 1e18, -1e30, 0x1p126, 12345678901234567e10, 0.5} {
		want, _ := new(big.Float).SetFloat64(f).Int(nil)
		if got, ok := Int128OfFloat64(f); !ok || got.Big().Cmp(want) != 0 {
			t.Errorf("%v gives %s, want %s", f, got, want)
		}
	}
	for _, f := range []float64{0x1p127, -0x1p128, math.NaN(), math.Inf(1)} {
		if _, ok := Int128OfFloat64(f); ok {
			t.Errorf("%v fits", f)
		}
	}
}

func TestInt128AllocatesNothing(t *testing.T) {
	a, b := Pow10(37), Int128Of(-123456789012)
	buf := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() {
		q, r := a.QuoRem(b)
		p, _ := q.MulCheck(r)
		buf = AppendInt128(buf[:0], p.Add(a))
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
