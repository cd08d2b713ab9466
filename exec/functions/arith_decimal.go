package functions

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Decimals keep a static precision and scale while the scale has a place in 38
// digits. A precision that would be larger is cut to 38: the loops then check
// each result, as they do for numeric.

func errNumericOverflow() error {
	return sqlerr.New(sqlerr.NumericValueOutOfRange, "value overflows numeric format").
		WithDetail("A numeric value holds at most %d digits.", types.MaxNumDigits)
}

func sumType(args []types.Type) (types.Type, error) {
	a, b := args[0], args[1]
	if a.Kind != types.Decimal || b.Kind != types.Decimal {
		return types.Of(types.Numeric), nil
	}
	s := max(a.S, b.S)
	p := min(max(a.P-a.S, b.P-b.S)+s+1, types.MaxNumDigits)
	return types.DecimalOf(int(p), int(s)), nil
}

func productType(args []types.Type) (types.Type, error) {
	a, b := args[0], args[1]
	if a.Kind != types.Decimal || b.Kind != types.Decimal || a.S+b.S > types.MaxNumDigits {
		return types.Of(types.Numeric), nil
	}
	return types.DecimalOf(int(min(a.P+b.P, types.MaxNumDigits)), int(a.S+b.S)), nil
}

// numReader gives the values of a decimal or numeric argument as Nums.
type numReader struct {
	i64   []int64
	i128  []types.Int128
	num   []types.Num
	scale int32
	mask  int
}

func numInput(v *page.Vector) numReader {
	r := numReader{scale: v.Type.S}
	switch v.Type.Phys() {
	case types.PhysI64:
		r.i64, r.mask = input[int64](v)
	case types.PhysI128:
		r.i128, r.mask = input[types.Int128](v)
	default:
		r.num, r.mask = input[types.Num](v)
	}
	return r
}

func (r *numReader) at(i int) types.Num {
	i &= r.mask
	switch {
	case r.i64 != nil:
		return types.NumOfDecimal(types.Int128Of(r.i64[i]), r.scale)
	case r.i128 != nil:
		return types.NumOfDecimal(r.i128[i], r.scale)
	}
	return r.num[i]
}

// wide returns the coefficient of a decimal argument.
func (r *numReader) wide(i int) types.Int128 {
	i &= r.mask
	if r.i64 != nil {
		return types.Int128Of(r.i64[i])
	}
	return r.i128[i]
}

// numOp computes on numerics of any form with f.
func numOp(f func(a, b types.Num) (types.Num, error)) func([]types.Type) (Kernel, error) {
	return fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (types.Num, error) {
		a, b := numInput(args[0]), numInput(args[1])
		return func(i int) (types.Num, error) { return f(a.at(i), b.at(i)) }
	})
}

// numFunc is numOp for one argument.
func numFunc(f func(a types.Num) (types.Num, error)) func([]types.Type) (Kernel, error) {
	return fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (types.Num, error) {
		a := numInput(args[0])
		return func(i int) (types.Num, error) { return f(a.at(i)) }
	})
}

// bindSum binds + (sign 1) and - (sign -1) of decimals and numerics.
func bindSum(sign int64) func(args []types.Type) (Kernel, error) {
	return func(args []types.Type) (Kernel, error) {
		t, _ := sumType(args)
		switch t.Phys() {
		case types.PhysI64:
			fa := types.Pow10Int64(int(t.S - args[0].S))
			fb := sign * types.Pow10Int64(int(t.S-args[1].S))
			return func(x *Exec, args []*page.Vector) (*page.Vector, error) { return sumDecimal64(x, args, fa, fb) }, nil
		case types.PhysI128:
			da, db := int(t.S-args[0].S), int(t.S-args[1].S)
			return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
				return sumDecimal128(x, args, da, db, sign < 0)
			}, nil
		}
		if sign < 0 {
			return numOp(types.Num.Sub)(args)
		}
		return numOp(types.Num.Add)(args)
	}
}

// sumDecimal64 cannot overflow: the result type has a digit more than either side.
func sumDecimal64(x *Exec, args []*page.Vector, fa, fb int64) (*page.Vector, error) {
	v, out, err := page.NewFixed[int64](x.Type, x.N, x.Pool)
	if err != nil {
		return nil, err
	}
	a, ma := input[int64](args[0])
	b, mb := input[int64](args[1])
	switch {
	case ma == 0 && mb != 0:
		b, c := b[:len(out)], a[0]*fa
		for i := range out {
			out[i] = c + b[i]*fb
		}
	case mb == 0 && ma != 0:
		a, c := a[:len(out)], b[0]*fb
		for i := range out {
			out[i] = a[i]*fa + c
		}
	default:
		for i := range out {
			out[i] = a[i&ma]*fa + b[i&mb]*fb
		}
	}
	return v, nil
}

func sumDecimal128(x *Exec, args []*page.Vector, da, db int, minus bool) (*page.Vector, error) {
	v, out, err := page.NewFixed[types.Int128](x.Type, x.N, x.Pool)
	if err != nil {
		return nil, err
	}
	a, b := numInput(args[0]), numInput(args[1])
	err = x.each(func(i int) error {
		p, ok1 := a.wide(i).MulPow10(da)
		q, ok2 := b.wide(i).MulPow10(db)
		if minus {
			q = q.Neg()
		}
		r, ok3 := p.AddCheck(q)
		if !ok1 || !ok2 || !ok3 || !r.FitsDigits(types.MaxNumDigits) {
			return errNumericOverflow()
		}
		out[i] = r
		return nil
	})
	return orRelease(v, err)
}

func bindProduct(args []types.Type) (Kernel, error) {
	t, _ := productType(args)
	switch {
	case t.Phys() == types.PhysI64:
		return mulDecimal64, nil
	case t.Phys() == types.PhysI128 && args[0].P <= 18 && args[1].P <= 18:
		return mulDecimal64To128, nil
	case t.Phys() == types.PhysI128:
		return mulDecimal128, nil
	}
	return numOp(types.Num.Mul)(args)
}

func mulDecimal64(x *Exec, args []*page.Vector) (*page.Vector, error) {
	v, out, err := page.NewFixed[int64](x.Type, x.N, x.Pool)
	if err != nil {
		return nil, err
	}
	a, ma := input[int64](args[0])
	b, mb := input[int64](args[1])
	for i := range out {
		out[i] = a[i&ma] * b[i&mb]
	}
	return v, nil
}

// mulDecimal64To128 cannot overflow: 18 and 18 digits give 36.
func mulDecimal64To128(x *Exec, args []*page.Vector) (*page.Vector, error) {
	v, out, err := page.NewFixed[types.Int128](x.Type, x.N, x.Pool)
	if err != nil {
		return nil, err
	}
	a, ma := input[int64](args[0])
	b, mb := input[int64](args[1])
	if ma&mb == 0 {
		for i := range out {
			out[i] = types.MulInt64(a[i&ma], b[i&mb])
		}
		return v, nil
	}
	a, b = a[:len(out)], b[:len(out)]
	for i := range out {
		out[i] = types.MulInt64(a[i], b[i])
	}
	return v, nil
}

func mulDecimal128(x *Exec, args []*page.Vector) (*page.Vector, error) {
	v, out, err := page.NewFixed[types.Int128](x.Type, x.N, x.Pool)
	if err != nil {
		return nil, err
	}
	a, b := numInput(args[0]), numInput(args[1])
	n := x.N
	if x.Sel != nil {
		n = len(x.Sel)
	}
	for k := range n {
		i := k
		if x.Sel != nil {
			i = int(x.Sel[k])
		}
		p, q := a.wide(i), b.wide(i)
		if p.IsInt64() && q.IsInt64() {
			out[i] = types.MulInt64(int64(p.Lo), int64(q.Lo))
			if out[i].Hi>>60 == out[i].Hi>>63 { // below 2^124: fits 37 digits
				continue
			}
		}
		r, ok := p.MulCheck(q)
		if !ok || !r.FitsDigits(types.MaxNumDigits) {
			v.Release()
			return nil, errNumericOverflow()
		}
		out[i] = r
	}
	return v, nil
}

// negType: a decimal stays what it is.
func bindNeg(args []types.Type) (Kernel, error) {
	switch args[0].Phys() {
	case types.PhysI64:
		return unary(func(_ *Exec, a int64) (int64, error) { return -a, nil })(args)
	case types.PhysI128:
		return unary(func(_ *Exec, a types.Int128) (types.Int128, error) { return a.Neg(), nil })(args)
	}
	return numFunc(func(a types.Num) (types.Num, error) { return a.Neg(), nil })(args)
}

func bindAbs(args []types.Type) (Kernel, error) {
	switch args[0].Phys() {
	case types.PhysI64:
		return unary(func(_ *Exec, a int64) (int64, error) { return max(a, -a), nil })(args)
	case types.PhysI128:
		return unary(func(_ *Exec, a types.Int128) (types.Int128, error) { return a.Abs(), nil })(args)
	}
	return numFunc(func(a types.Num) (types.Num, error) { return a.Abs(), nil })(args)
}
