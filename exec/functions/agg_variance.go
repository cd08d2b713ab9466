package functions

import (
	"math/big"
	"math/bits"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// spread is one of the four measures of dispersion.
type dispersion struct {
	name    string
	aliases []string
	sample  bool // divide by n-1
	root    bool
}

var dispersions = []dispersion{
	{"var_samp", []string{"variance"}, true, false}, {"var_pop", nil, false, false},
	{"stddev_samp", []string{"stddev"}, true, true}, {"stddev_pop", nil, false, true},
}

func varianceAggregates() []*Aggregate {
	var out []*Aggregate
	for _, d := range dispersions {
		doc := Doc{Family: "statistics", Summary: "The " + d.name + " of the values that are not NULL.",
			Example: "SELECT " + d.name + "(a) FROM (VALUES (2), (4), (4), (4), (5), (5), (7), (9)) t(a)",
			Result:  map[string]string{"var_samp": "4.5714285714285714", "var_pop": "4.0000000000000000", "stddev_samp": "2.1380899352993951", "stddev_pop": "2.0000000000000000"}[d.name]}
		for _, k := range []types.Kind{types.Int16, types.Int32, types.Int64, types.Numeric} {
			out = append(out, &Aggregate{Name: d.name, Aliases: d.aliases, Doc: doc, Args: patterns(k), Return: returns(types.Numeric),
				Bind: func(ts []types.Type) (func(*Env) Accumulator, error) {
					if ts[0].Kind == types.Numeric {
						return func(*Env) Accumulator { return &varNum{d: d} }, nil
					}
					return func(*Env) Accumulator { return &varExact{d: d, typ: ts[0]} }, nil
				}})
		}
		for _, k := range []types.Kind{types.Float32, types.Float64} {
			out = append(out, &Aggregate{Name: d.name, Aliases: d.aliases, Doc: doc, Args: patterns(k), Return: returns(types.Float64),
				Bind: func([]types.Type) (func(*Env) Accumulator, error) {
					return func(*Env) Accumulator { return &moments{vars: 1, final: floatDispersion(d)} }, nil
				}})
		}
	}
	return out
}

// u256 is an unsigned sum of squares, least word first.
type u256 [4]uint64

func (u *u256) add(v u256) bool {
	var c uint64
	for i := range u {
		u[i], c = bits.Add64(u[i], v[i], c)
	}
	return c == 0
}

func square(a types.Int128) u256 {
	a = a.Abs()
	h, l := uint64(a.Hi), a.Lo
	var r u256
	var c uint64
	hi, lo := bits.Mul64(l, l)
	r[0], r[1] = lo, hi
	hi, lo = bits.Mul64(h, h)
	r[2], r[3] = lo, hi
	hi, lo = bits.Mul64(h, l)
	for range 2 {
		r[1], c = bits.Add64(r[1], lo, 0)
		r[2], c = bits.Add64(r[2], hi, c)
		r[3] += c
	}
	return r
}

func (u u256) big() *big.Int {
	z := new(big.Int)
	for i := 3; i >= 0; i-- {
		z.Lsh(z, 64).Or(z, new(big.Int).SetUint64(u[i]))
	}
	return z
}

// varExact keeps exact sums of integers and decimals.
type varExact struct {
	d   dispersion
	typ types.Type
	in  aggInput
	n   []int64
	sum []types.Int128
	sq  []u256
}

func (s *varExact) PartialTypes() []types.Type {
	return []types.Type{int64Type, wideType, wideType, wideType}
}
func (s *varExact) GroupBytes() int { return 56 }
func (s *varExact) Variable() bool  { return false }
func (s *varExact) Grow(n int)      { s.n, s.sum, s.sq = grow(s.n, n), grow(s.sum, n), grow(s.sq, n) }
func (s *varExact) Bytes() int {
	return sizeOf(s.n) + sizeOf(s.sum) + sizeOf(s.sq) + s.in.bytes()
}
func (s *varExact) Reset() { *s = varExact{d: s.d, typ: s.typ} }

func (s *varExact) Update(r Rows, args []*page.Vector) error {
	s.in.resolve(r, args[0])
	var value func(i int) types.Int128
	switch s.typ.Phys() {
	case types.PhysI128:
		vals := page.Values[types.Int128](s.in.base)
		value = func(i int) types.Int128 { return vals[i] }
	default:
		ints := intValues(s.in.base)
		value = func(i int) types.Int128 { return types.Int128Of(ints(i)) }
	}
	for k := range s.in.n {
		g, x := s.in.group(k), value(s.in.slot(k))
		sum, ok := s.sum[g].AddCheck(x)
		if !ok || !s.sq[g].add(square(x)) {
			return errNumericOverflow()
		}
		s.sum[g] = sum
		s.n[g]++
	}
	return nil
}

// intValues reads the values of a flat integer vector of any width.
func intValues(v *page.Vector) func(i int) int64 {
	switch v.Type.Phys() {
	case types.PhysI16:
		a := page.Values[int16](v)
		return func(i int) int64 { return int64(a[i]) }
	case types.PhysI32:
		a := page.Values[int32](v)
		return func(i int) int64 { return int64(a[i]) }
	}
	a := page.Values[int64](v)
	return func(i int) int64 { return a[i] }
}

func (s *varExact) Merge(r Rows, partial []*page.Vector) error {
	for k := range r.Len() {
		i, g := k, 0
		if r.Sel != nil {
			i = int(r.Sel[k])
		}
		if r.Groups != nil {
			g = int(r.Groups[k])
		}
		lo, hi := page.Get[types.Int128](partial[2], i), page.Get[types.Int128](partial[3], i)
		sum, ok := s.sum[g].AddCheck(page.Get[types.Int128](partial[1], i))
		if !ok || !s.sq[g].add(u256{lo.Lo, uint64(lo.Hi), hi.Lo, uint64(hi.Hi)}) {
			return errNumericOverflow()
		}
		s.sum[g] = sum
		s.n[g] += page.Get[int64](partial[0], i)
	}
	return nil
}

func (s *varExact) half(from int) []types.Int128 {
	out := make([]types.Int128, len(s.sq))
	for g, q := range s.sq {
		out[g] = types.Int128{Lo: q[from], Hi: int64(q[from+1])}
	}
	return out
}

func (s *varExact) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	return together(
		func() (*page.Vector, error) { return column(int64Type, ids, s.n, nil, pool) },
		func() (*page.Vector, error) { return column(wideType, ids, s.sum, nil, pool) },
		func() (*page.Vector, error) { return column(wideType, ids, s.half(0), nil, pool) },
		func() (*page.Vector, error) { return column(wideType, ids, s.half(2), nil, pool) })
}

func (s *varExact) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	return finalColumn(types.Of(types.Numeric), ids, len(s.n), pool, func(g int) (types.Num, bool, error) {
		return s.d.exact(s.n[g], s.sum[g].Big(), s.sq[g].big(), s.typ.S)
	})
}

// exact computes the measure from n, the sum (of a scale) and the sum of
// squares (of twice the scale), with the digits that a division gives.
func (d dispersion) exact(n int64, sum, sq *big.Int, scale int32) (types.Num, bool, error) {
	if n == 0 || d.sample && n == 1 {
		return types.Num{}, false, nil
	}
	top := new(big.Int).Mul(sq, big.NewInt(n))
	top.Sub(top, new(big.Int).Mul(sum, sum))
	if top.Sign() <= 0 {
		return types.Num{}, true, nil
	}
	m := n
	if d.sample {
		m = n - 1
	}
	bottom := types.NumOfDecimal(types.MulInt64(n, m), 0)
	c, ok := types.Int128OfBig(top)
	if !ok || !c.FitsDigits(types.MaxNumDigits) {
		return d.rounded(top, bottom, 2*scale)
	}
	v, err := types.NumOfDecimal(c, 2*scale).Div(bottom)
	if err != nil || !d.root {
		return v, true, err
	}
	return sqrtAt(v)
}

// rounded is for sums beyond 38 digits: the result has the digits of a double.
func (d dispersion) rounded(top *big.Int, bottom types.Num, scale int32) (types.Num, bool, error) {
	q := new(big.Float).SetPrec(128).SetInt(top)
	q.Quo(q, new(big.Float).SetInt(bottom.Coef.Big()))
	q.Quo(q, new(big.Float).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)))
	if d.root {
		q.Sqrt(q)
	}
	f, _ := q.Float64()
	v, err := types.NumOfFloat64(f)
	return v, true, err
}

// sqrtAt is the root of v with v's own scale, rounded.
func sqrtAt(v types.Num) (types.Num, bool, error) {
	z := v.Coef.Big()
	z.Mul(z, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(v.Scale)), nil))
	r := new(big.Int).Sqrt(z)
	// Up when z is beyond the middle of r and r+1, which is r*r + r + 1/4.
	if z.Sub(z, new(big.Int).Mul(r, r)).Cmp(r) > 0 {
		r.Add(r, big.NewInt(1))
	}
	c, ok := types.Int128OfBig(r)
	if !ok {
		return v, false, errNumericOverflow()
	}
	return types.NumOfDecimal(c, v.Scale), true, nil
}

// varNum is for numerics, whose scales vary.
type varNum struct {
	d  dispersion
	in aggInput
	n  []int64
	s1 []types.Num
	s2 []types.Num
}

func (s *varNum) PartialTypes() []types.Type {
	return []types.Type{int64Type, types.Of(types.Numeric), types.Of(types.Numeric)}
}
func (s *varNum) GroupBytes() int { return 56 }
func (s *varNum) Variable() bool  { return false }
func (s *varNum) Grow(n int)      { s.n, s.s1, s.s2 = grow(s.n, n), grow(s.s1, n), grow(s.s2, n) }
func (s *varNum) Bytes() int      { return sizeOf(s.n) + sizeOf(s.s1) + sizeOf(s.s2) + s.in.bytes() }
func (s *varNum) Reset()          { *s = varNum{d: s.d} }

func (s *varNum) Update(r Rows, args []*page.Vector) error {
	s.in.resolve(r, args[0])
	vals := page.Values[types.Num](s.in.base)
	for k := range s.in.n {
		x := vals[s.in.slot(k)]
		sq, err := x.Mul(x)
		if err == nil {
			err = s.add(s.in.group(k), 1, x, sq)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *varNum) add(g int, n int64, x, sq types.Num) (err error) {
	if s.s1[g], err = s.s1[g].Add(x); err != nil {
		return err
	}
	s.s2[g], err = s.s2[g].Add(sq)
	s.n[g] += n
	return err
}

func (s *varNum) Merge(r Rows, partial []*page.Vector) error {
	for k := range r.Len() {
		i, g := k, 0
		if r.Sel != nil {
			i = int(r.Sel[k])
		}
		if r.Groups != nil {
			g = int(r.Groups[k])
		}
		if err := s.add(g, page.Get[int64](partial[0], i), page.Get[types.Num](partial[1], i), page.Get[types.Num](partial[2], i)); err != nil {
			return err
		}
	}
	return nil
}

func (s *varNum) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	num := types.Of(types.Numeric)
	return together(
		func() (*page.Vector, error) { return column(int64Type, ids, s.n, nil, pool) },
		func() (*page.Vector, error) { return column(num, ids, s.s1, nil, pool) },
		func() (*page.Vector, error) { return column(num, ids, s.s2, nil, pool) })
}

func (s *varNum) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	return finalColumn(types.Of(types.Numeric), ids, len(s.n), pool, func(g int) (types.Num, bool, error) {
		a, b := s.s1[g], s.s2[g]
		if !a.IsFinite() || !b.IsFinite() {
			return types.Num{Scale: types.NumNaN}, s.n[g] > 1 || !s.d.sample && s.n[g] > 0, nil
		}
		scale := a.Scale
		sq := b.Coef.Big()
		if up := 2*scale - b.Scale; up > 0 {
			sq.Mul(sq, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(up)), nil))
		}
		return s.d.exact(s.n[g], a.Coef.Big(), sq, scale)
	})
}
