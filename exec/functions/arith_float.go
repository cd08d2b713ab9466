package functions

import (
	"math"
	"unsafe"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

type float interface{ float32 | float64 }

func errOverflow() error {
	return sqlerr.New(sqlerr.NumericValueOutOfRange, "value out of range: overflow")
}

func errUnderflow() error {
	return sqlerr.New(sqlerr.NumericValueOutOfRange, "value out of range: underflow")
}

// floatLimit is the largest finite value of T.
func floatLimit[T float]() T {
	var z T
	limit := math.MaxFloat64 // a variable: the constant does not convert to float32
	if unsafe.Sizeof(z) == 4 {
		limit = math.MaxFloat32
	}
	return T(limit)
}

func isInf[T float](x T) bool { limit := floatLimit[T](); return x > limit || x < -limit }

// floatOp is an arithmetic operator on floats. The loop computes every slot
// and reports whether some result needs a look: infinite, not a number, or zero
// where a result of zero may be an underflow.
type floatOp[T float] struct {
	loop  func(out, a []T, ma int, b []T, mb int) bool
	check func(a, b, r T) error
}

func (op floatOp[T]) bind([]types.Type) (Kernel, error) {
	return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
		v, out, err := page.NewFixed[T](x.Type, x.N, x.Pool)
		if err != nil {
			return nil, err
		}
		a, ma := input[T](args[0])
		b, mb := input[T](args[1])
		if !op.loop(out, a, ma, b, mb) {
			return v, nil
		}
		return orRelease(v, x.each(func(i int) error { return op.check(a[i&ma], b[i&mb], out[i]) }))
	}, nil
}

func checkSum[T float](a, b, r T) error {
	if isInf(r) && !isInf(a) && !isInf(b) {
		return errOverflow()
	}
	return nil
}

func addFloats[T float](out, a []T, ma int, b []T, mb int) bool {
	limit, odd := floatLimit[T](), false
	for i := range out {
		r := a[i&ma] + b[i&mb]
		if !(r <= limit && r >= -limit) {
			odd = true
		}
		out[i] = r
	}
	return odd
}

func subFloats[T float](out, a []T, ma int, b []T, mb int) bool {
	limit, odd := floatLimit[T](), false
	for i := range out {
		r := a[i&ma] - b[i&mb]
		if !(r <= limit && r >= -limit) {
			odd = true
		}
		out[i] = r
	}
	return odd
}

func mulFloats[T float](out, a []T, ma int, b []T, mb int) bool {
	limit, odd := floatLimit[T](), false
	for i := range out {
		p, q := a[i&ma], b[i&mb]
		r := p * q
		if !(r <= limit && r >= -limit) || r == 0 && p != 0 && q != 0 {
			odd = true
		}
		out[i] = r
	}
	return odd
}

func checkProduct[T float](a, b, r T) error {
	if r == 0 && a != 0 && b != 0 {
		return errUnderflow()
	}
	return checkSum(a, b, r)
}

func divFloats[T float](out, a []T, ma int, b []T, mb int) bool {
	limit, odd := floatLimit[T](), false
	for i := range out {
		p, q := a[i&ma], b[i&mb]
		r := p / q
		if q == 0 || !(r <= limit && r >= -limit) || r == 0 && p != 0 {
			odd = true
		}
		out[i] = r
	}
	return odd
}

func checkQuotient[T float](a, b, r T) error {
	switch {
	case b == 0 && a == a:
		return types.ErrDivisionByZero()
	case isInf(r) && !isInf(a):
		return errOverflow()
	case r == 0 && a != 0 && !isInf(b):
		return errUnderflow()
	}
	return nil
}

func negFloats[T float]([]types.Type) (Kernel, error) {
	return unary(func(_ *Exec, a T) (T, error) { return -a, nil })(nil)
}

func absFloats[T float]([]types.Type) (Kernel, error) {
	return unary(func(_ *Exec, a T) (T, error) { return T(math.Abs(float64(a))), nil })(nil)
}
