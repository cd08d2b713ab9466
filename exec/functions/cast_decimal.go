package functions

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

func castDecimals(from, to types.Type) Kernel {
	if to.Kind == types.Numeric {
		k, _ := numFunc(func(a types.Num) (types.Num, error) { return a, nil })(nil)
		return k
	}
	if from.Kind == types.Numeric {
		return decimalFrom(to, func(_ *Exec, args []*page.Vector) func(i int) (types.Int128, error) {
			a := numInput(args[0])
			return func(i int) (types.Int128, error) { return a.num[i&a.mask].Decimal(int(to.P), int(to.S)) }
		})
	}
	if up := int(to.S - from.S); up >= 0 && from.Phys() == types.PhysI64 && to.Phys() == types.PhysI64 && to.P-to.S >= from.P-from.S {
		f := types.Pow10Int64(up) // nothing can be lost
		return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
			v, out, err := page.NewFixed[int64](x.Type, x.N, x.Pool)
			if err != nil {
				return nil, err
			}
			a, ma := input[int64](args[0])
			for i := range out {
				out[i] = a[i&ma] * f
			}
			return v, nil
		}
	}
	return decimalFrom(to, func(_ *Exec, args []*page.Vector) func(i int) (types.Int128, error) {
		a := numInput(args[0])
		return func(i int) (types.Int128, error) {
			return types.RescaleDecimal(a.wide(i), int(from.S), int(to.P), int(to.S))
		}
	})
}

// decimalFrom makes decimals of either width from coefficients.
func decimalFrom(to types.Type, f func(x *Exec, args []*page.Vector) func(i int) (types.Int128, error)) Kernel {
	if to.Phys() == types.PhysI128 {
		k, _ := fixedOf(f)(nil)
		return k
	}
	k, _ := fixedOf(func(x *Exec, args []*page.Vector) func(i int) (int64, error) {
		g := f(x, args)
		return func(i int) (int64, error) {
			c, err := g(i)
			return int64(c.Lo), err
		}
	})(nil)
	return k
}

// intInput gives the values of an integer argument of any width.
func intInput(v *page.Vector) func(i int) int64 {
	switch v.Type.Phys() {
	case types.PhysI16:
		a, m := input[int16](v)
		return func(i int) int64 { return int64(a[i&m]) }
	case types.PhysI32:
		a, m := input[int32](v)
		return func(i int) int64 { return int64(a[i&m]) }
	}
	a, m := input[int64](v)
	return func(i int) int64 { return a[i&m] }
}

func castIntDecimal(from, to types.Type) Kernel {
	if to.Kind == types.Numeric {
		k, _ := fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (types.Num, error) {
			a := intInput(args[0])
			return func(i int) (types.Num, error) { return types.NumOf(a(i)), nil }
		})(nil)
		return k
	}
	if d, _ := asDecimal(from); to.P-to.S >= d.P && to.Phys() == types.PhysI64 {
		f := types.Pow10Int64(int(to.S))
		return pickInt(from, scaleInts[int16](f), scaleInts[int32](f), scaleInts[int64](f))
	}
	return decimalFrom(to, func(_ *Exec, args []*page.Vector) func(i int) (types.Int128, error) {
		a := intInput(args[0])
		return func(i int) (types.Int128, error) {
			return types.RescaleDecimal(types.Int128Of(a(i)), 0, int(to.P), int(to.S))
		}
	})
}

func scaleInts[A signed](f int64) Kernel {
	return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
		v, out, err := page.NewFixed[int64](x.Type, x.N, x.Pool)
		if err != nil {
			return nil, err
		}
		a, ma := input[A](args[0])
		for i := range out {
			out[i] = int64(a[i&ma]) * f
		}
		return v, nil
	}
}

func castDecimalInt(to types.Type) Kernel {
	switch to.Kind {
	case types.Int8:
		return nil
	case types.Int16:
		return numToInt[int16]()
	case types.Int32:
		return numToInt[int32]()
	}
	return numToInt[int64]()
}

func numToInt[B signed]() Kernel {
	k, _ := fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (B, error) {
		a := numInput(args[0])
		return func(i int) (B, error) { return numInt[B](a.at(i)) }
	})(nil)
	return k
}

// numInt rounds half away from zero.
func numInt[B signed](a types.Num) (B, error) {
	c, ok := a.Int128()
	if !ok {
		return 0, errCannotConvert(a, outOfRange[B]())
	}
	n, ok := c.Int64()
	if !ok || int64(B(n)) != n {
		return 0, outOfRange[B]()
	}
	return B(n), nil
}

func castDecimalFloat(to types.Type) Kernel {
	if to.Kind == types.Float64 {
		k, _ := fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (float64, error) {
			a := numInput(args[0])
			return func(i int) (float64, error) { return a.at(i).Float64(), nil }
		})(nil)
		return k
	}
	k, _ := fixedOf(func(x *Exec, args []*page.Vector) func(i int) (float32, error) {
		a := numInput(args[0])
		return func(i int) (float32, error) { return float64To32(x, a.at(i).Float64()) }
	})(nil)
	return k
}

func castFloatNum(from types.Type) Kernel {
	if from.Kind == types.Float32 {
		return castLoop(func(_ *Exec, a float32) (types.Num, error) { return types.NumOfFloat32(a) })
	}
	return castLoop(func(_ *Exec, a float64) (types.Num, error) { return types.NumOfFloat64(a) })
}
