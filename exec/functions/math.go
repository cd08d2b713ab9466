package functions

import (
	"math"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

func mathFunctions() []*Scalar {
	num, f8, i4 := types.Numeric, types.Float64, types.Int32
	m := func(name, says, example, result string, args []Pattern, ret types.Kind, bind func([]types.Type) (Kernel, error), aliases ...string) *Scalar {
		return &Scalar{Name: name, Aliases: aliases, Doc: Doc{Family: "math", Summary: says, Example: example, Result: result}, Args: args, Return: returns(ret), Bind: bind}
	}
	both := func(name, says, example, result string, f func(float64) (float64, error), n func(types.Num) (types.Num, error), aliases ...string) []*Scalar {
		return []*Scalar{
			m(name, says, example, result, patterns(f8), f8, floatFunc(f), aliases...),
			m(name, says, example, result, patterns(num), num, numFunc(n), aliases...),
		}
	}
	plain := func(f func(float64) float64) func(float64) (float64, error) {
		return func(x float64) (float64, error) { return f(x), nil }
	}
	exactly := func(f func(types.Num) types.Num) func(types.Num) (types.Num, error) {
		return func(a types.Num) (types.Num, error) { return f(a), nil }
	}
	var out []*Scalar
	for _, list := range [][]*Scalar{
		both("ceil", "The least integer that is not less.", "ceil(-42.8)", "-42", plain(math.Ceil), exactly(types.Num.Ceil), "ceiling"),
		both("floor", "The greatest integer that is not greater.", "floor(-42.8)", "-43", plain(math.Floor), exactly(types.Num.Floor)),
		both("round", "The nearest integer; a numeric half goes away from zero, a double precision half to even.", "round(42.5)", "43", plain(math.RoundToEven), func(a types.Num) (types.Num, error) { return a.Round(0) }),
		both("trunc", "The integer part.", "trunc(-42.8)", "-42", plain(math.Trunc), func(a types.Num) (types.Num, error) { return a.Trunc(0) }, "truncate"),
		both("sign", "-1, 0 or 1.", "sign(-8.4)", "-1", signOf, signNum),
		both("sqrt", "The square root.", "sqrt(2.0)", "1.414213562373095", sqrt, types.Num.Sqrt),
		both("exp", "e to a power.", "exp(1.0)", "2.7182818284590452", exp, types.Num.Exp),
		both("ln", "The natural logarithm.", "ln(2.0)", "0.6931471805599453", logOf(math.Log), types.Num.Ln),
		both("log", "The logarithm to base 10.", "log(100.0)", "2.0000000000000000", logOf(math.Log10), log10, "log10"),
	} {
		out = append(out, list...)
	}
	return append(out,
		m("log", "The logarithm to a base.", "log(2.0, 64.0)", "6.0000000000000000", patterns(num, num), num, numOp(func(b, a types.Num) (types.Num, error) { return a.Log(b) })),
		m("log2", "The logarithm to base 2.", "log2(8)", "3", patterns(f8), f8, floatFunc(logOf(math.Log2))),
		m("round", "The number rounded to digits after the point, or before it when negative.", "round(42.4382, 2)", "42.44", patterns(num, i4), num, bindDigits(types.Num.Round)),
		m("trunc", "The number cut to digits after the point, or before it when negative.", "trunc(42.4382, 2)", "42.43", patterns(num, i4), num, bindDigits(types.Num.Trunc), "truncate"),
		m("power", "A number raised to a power.", "power(9, 3)", "729", patterns(f8, f8), f8, floatFunc2(power), "pow", "^"),
		m("power", "A number raised to a power.", "power(2.5, 2)", "6.2500000000000000", patterns(num, num), num, numOp(types.Num.Power), "pow", "^"),
		m("|/", "The square root.", "|/ 25", "5", patterns(f8), f8, floatFunc(sqrt)),
		m("cbrt", "The cube root.", "cbrt(8)", "2", patterns(f8), f8, floatFunc(plain(math.Cbrt)), "||/"),
		m("div", "The integer part of a quotient.", "div(9, 4)", "2", patterns(num, num), num, numOp(types.Num.QuoTrunc)),
		m("pi", "The number pi.", "pi()", "3.141592653589793", nil, f8, constFloat(math.Pi)),
		m("e", "Euler's number.", "e()", "2.718281828459045", nil, f8, constFloat(math.E)),
		m("infinity", "Positive infinity.", "infinity()", "Infinity", nil, f8, constFloat(math.Inf(1))),
		m("nan", "Not a number.", "nan()", "NaN", nil, f8, constFloat(types.NaN())),
		m("is_nan", "Whether a number is not a number.", "is_nan(nan())", "t", patterns(f8), types.Bool, unary(func(_ *Exec, a float64) (uint8, error) { return b2u(a != a), nil })),
		m("is_finite", "Whether a number is neither infinite nor NaN.", "is_finite(1)", "t", patterns(f8), types.Bool, unary(func(_ *Exec, a float64) (uint8, error) { return b2u(a-a == 0), nil })),
		m("is_infinite", "Whether a number is infinite.", "is_infinite(infinity())", "t", patterns(f8), types.Bool, unary(func(_ *Exec, a float64) (uint8, error) { return b2u(isInf(a)), nil })),
		m("degrees", "Radians as degrees.", "degrees(pi())", "180", patterns(f8), f8, floatFunc(func(x float64) (float64, error) { return x / (math.Pi / 180), nil })),
		m("radians", "Degrees as radians.", "radians(180)", "3.141592653589793", patterns(f8), f8, floatFunc(func(x float64) (float64, error) { return x * (math.Pi / 180), nil })),
		m("factorial", "n! as numeric.", "factorial(10)", "3628800", patterns(types.Int64), num, unary(factorial)),
		m("scale", "The digits after the point.", "scale(8.4100)", "4", patterns(num), i4, numTo(func(a types.Num) (int32, bool) { return a.Scale, a.IsFinite() })),
		m("min_scale", "The digits after the point that the number needs.", "min_scale(8.4100)", "2", patterns(num), i4, numTo(func(a types.Num) (int32, bool) { return a.Trim().Scale, a.IsFinite() })),
		m("trim_scale", "The number without zeros at its end.", "trim_scale(8.4100)", "8.41", patterns(num), num, numFunc(exactly(types.Num.Trim))),
		m("width_bucket", "The number of the bucket, of count equal ones between low and high, that a value is in.", "width_bucket(5.35, 0.024, 10.06, 5)", "3", patterns(f8, f8, f8, i4), i4, bindWidthBucket),
	)
}

func floatFunc(f func(float64) (float64, error)) func([]types.Type) (Kernel, error) {
	return unary(func(_ *Exec, a float64) (float64, error) { return f(a) })
}

func floatFunc2(f func(a, b float64) (float64, error)) func([]types.Type) (Kernel, error) {
	return binary(func(_ *Exec, a, b float64) (float64, error) { return f(a, b) })
}

func constFloat(f float64) func([]types.Type) (Kernel, error) {
	return func([]types.Type) (Kernel, error) {
		return func(x *Exec, _ []*page.Vector) (*page.Vector, error) {
			return page.NewConst(x.Type, types.FloatValue(f), x.N, x.Pool)
		}, nil
	}
}

// numTo makes a kernel of a property of a numeric, NULL where it has none.
func numTo[R page.Fixed](f func(a types.Num) (R, bool)) func([]types.Type) (Kernel, error) {
	return func([]types.Type) (Kernel, error) {
		return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
			a := numInput(args[0])
			return nullable(x, func(i int) (R, bool, error) {
				r, ok := f(a.at(i))
				return r, ok, nil
			})
		}, nil
	}
}

func bindDigits(f func(a types.Num, n int) (types.Num, error)) func([]types.Type) (Kernel, error) {
	return fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (types.Num, error) {
		a := numInput(args[0])
		n, m := input[int32](args[1])
		return func(i int) (types.Num, error) { return f(a.at(i), int(n[i&m])) }
	})
}

func signOf(x float64) (float64, error) {
	switch {
	case x > 0:
		return 1, nil
	case x < 0:
		return -1, nil
	}
	return x, nil // zero and NaN
}

func signNum(a types.Num) (types.Num, error) {
	if a.IsNaN() {
		return a, nil
	}
	return types.NumOf(int64(a.Sign())), nil
}

func sqrt(x float64) (float64, error) {
	if x < 0 {
		return 0, sqlerr.New(sqlerr.InvalidArgumentForPower, "cannot take square root of a negative number")
	}
	return math.Sqrt(x), nil
}

func exp(x float64) (float64, error) {
	r := math.Exp(x)
	switch {
	case isInf(r) && !isInf(x):
		return 0, errOverflow()
	case r == 0 && !isInf(x):
		return 0, errUnderflow()
	}
	return r, nil
}

func logOf(f func(float64) float64) func(float64) (float64, error) {
	return func(x float64) (float64, error) {
		switch {
		case x == 0:
			return 0, sqlerr.New(sqlerr.InvalidArgumentForLog, "cannot take logarithm of zero")
		case x < 0:
			return 0, sqlerr.New(sqlerr.InvalidArgumentForLog, "cannot take logarithm of a negative number")
		}
		return f(x), nil
	}
}

func log10(a types.Num) (types.Num, error) { return a.Log(types.NumOf(10)) }

func power(a, b float64) (float64, error) {
	switch {
	case a == 0 && b < 0:
		return 0, sqlerr.New(sqlerr.InvalidArgumentForPower, "zero raised to a negative power is undefined")
	case a < 0 && b != math.Floor(b) && !isInf(b):
		return 0, sqlerr.New(sqlerr.InvalidArgumentForPower, "a negative number raised to a non-integer power yields a complex result")
	}
	r := math.Pow(a, b)
	switch {
	case isInf(r) && !isInf(a) && !isInf(b):
		return 0, errOverflow()
	case r == 0 && a != 0 && !isInf(a) && !isInf(b):
		return 0, errUnderflow()
	}
	return r, nil
}

func factorial(_ *Exec, n int64) (types.Num, error) {
	if n < 0 {
		return types.Num{}, sqlerr.New(sqlerr.NumericValueOutOfRange, "factorial of a negative number is undefined")
	}
	r := types.NumOf(1)
	for k := int64(2); k <= n; k++ {
		var err error
		if r, err = r.Mul(types.NumOf(k)); err != nil {
			return r, err
		}
	}
	return r, nil
}

var bindWidthBucket = fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (int32, error) {
	a, ma := input[float64](args[0])
	lo, ml := input[float64](args[1])
	hi, mh := input[float64](args[2])
	n, mn := input[int32](args[3])
	return func(i int) (int32, error) {
		return widthBucket(a[i&ma], lo[i&ml], hi[i&mh], n[i&mn])
	}
})

func widthBucket(x, lo, hi float64, n int32) (int32, error) {
	bad := func(s string) (int32, error) { return 0, sqlerr.New("2201G", "%s", s) }
	switch {
	case n <= 0:
		return bad("count must be greater than zero")
	case x != x || lo != lo || hi != hi:
		return bad("operand, lower bound, and upper bound cannot be NaN")
	case isInf(lo) || isInf(hi):
		return bad("lower and upper bounds must be finite")
	case lo == hi:
		return bad("lower bound cannot equal upper bound")
	}
	down := lo > hi
	if down {
		x, lo, hi = -x, -lo, -hi
	}
	switch {
	case x < lo:
		return 0, nil
	case x >= hi:
		if n == math.MaxInt32 {
			return 0, outOfRange[int32]()
		}
		return n + 1, nil
	}
	return min(int32(float64(n)*((x-lo)/(hi-lo)))+1, n), nil
}
