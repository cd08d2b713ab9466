package functions

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"strconv"
	"sync/atomic"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// trigonometry is the functions of angles.
func trigonometry() []*Scalar {
	f8 := types.Float64
	t := func(name, example, result string, f func(float64) (float64, error)) *Scalar {
		return &Scalar{Name: name, Doc: Doc{Family: "math", Summary: "The function " + name + " of an angle in radians, or its inverse.", Example: example, Result: result},
			Args: patterns(f8), Return: returns(f8), Bind: floatFunc(f)}
	}
	finite := func(f func(float64) float64) func(float64) (float64, error) {
		return func(x float64) (float64, error) {
			if isInf(x) {
				return 0, errInputRange()
			}
			return f(x), nil
		}
	}
	within := func(f func(float64) float64, lo, hi float64) func(float64) (float64, error) {
		return func(x float64) (float64, error) {
			if x < lo || x > hi {
				return 0, errInputRange()
			}
			return f(x), nil
		}
	}
	inf := math.Inf(1)
	return []*Scalar{
		t("sin", "sin(0)", "0", finite(math.Sin)), t("cos", "cos(0)", "1", finite(math.Cos)), t("tan", "tan(0)", "0", finite(math.Tan)),
		t("cot", "round(cot(1)::numeric, 6)", "0.642093", finite(func(x float64) float64 { return 1 / math.Tan(x) })),
		t("asin", "asin(0)", "0", within(math.Asin, -1, 1)), t("acos", "acos(1)", "0", within(math.Acos, -1, 1)), t("atan", "atan(0)", "0", within(math.Atan, -inf, inf)),
		t("sinh", "sinh(0)", "0", within(math.Sinh, -inf, inf)), t("cosh", "cosh(0)", "1", within(math.Cosh, -inf, inf)), t("tanh", "tanh(0)", "0", within(math.Tanh, -inf, inf)),
		t("asinh", "asinh(0)", "0", within(math.Asinh, -inf, inf)), t("acosh", "acosh(1)", "0", within(math.Acosh, 1, inf)), t("atanh", "atanh(0)", "0", within(math.Atanh, -1, 1)),
		t("sind", "sind(30)", "0.5", finite(func(x float64) float64 { return exactDegrees(math.Sin, x) })),
		t("cosd", "cosd(60)", "0.5", finite(func(x float64) float64 { return exactDegrees(math.Sin, 90-x) })),
		t("tand", "tand(45)", "1", finite(func(x float64) float64 { return exactDegrees(math.Sin, x) / exactDegrees(math.Sin, 90-x) })),
		{Name: "atan2", Doc: Doc{Family: "math", Summary: "The angle of a point given by y and x.", Example: "atan2(0, 1)", Result: "0"},
			Args: patterns(f8, f8), Return: returns(f8), Bind: floatFunc2(func(a, b float64) (float64, error) { return math.Atan2(a, b), nil })},
	}
}

func errInputRange() error {
	return sqlerr.New(sqlerr.NumericValueOutOfRange, "input is out of range")
}

// exactDegrees gives exact results at the angles that have one.
func exactDegrees(sin func(float64) float64, x float64) float64 {
	x = math.Mod(x, 360)
	if x < 0 {
		x += 360
	}
	sign := 1.0
	if x >= 180 {
		x, sign = x-180, -1
	}
	if x > 90 {
		x = 180 - x
	}
	switch x {
	case 0:
		return 0
	case 30:
		return sign * 0.5
	case 90:
		return sign
	}
	return sign * sin(x*math.Pi/180)
}

// integers is bits, divisors and bases.
func integers() []*Scalar {
	var out []*Scalar
	out = append(out, bitOps[int16](types.Int16, 16)...)
	out = append(out, bitOps[int32](types.Int32, 32)...)
	out = append(out, bitOps[int64](types.Int64, 64)...)
	text, i8 := types.Text, types.Int64
	return append(out,
		&Scalar{Name: "bit_count", Doc: Doc{Family: "math", Summary: "The number of bits set.", Example: "bit_count(7::bigint)", Result: "3"}, Args: patterns(i8), Return: returns(i8),
			Bind: unary(func(_ *Exec, a int64) (int64, error) { return int64(bits.OnesCount64(uint64(a))), nil })},
		&Scalar{Name: "to_base", Doc: Doc{Family: "math", Summary: "An integer in a base from 2 to 36.", Example: "to_base(255, 2)", Result: "11111111"}, Args: patterns(i8, types.Int32), Return: returns(text), Bind: bindToBase},
		&Scalar{Name: "from_base", Doc: Doc{Family: "math", Summary: "The integer that a text in a base from 2 to 36 spells.", Example: "from_base('ff', 16)", Result: "255"}, Args: patterns(text, types.Int32), Return: returns(i8), Bind: bindFromBase},
		&Scalar{Name: "random", Aliases: []string{"rand"}, Doc: Doc{Family: "math", Summary: "A random number from 0 up to 1.", Example: "random() BETWEEN 0 AND 1", Result: "t"},
			Return: returns(types.Float64), Volatility: Volatile, Bind: bindRandom(func(r *rand.Rand, _ func(int) int64, _ int) (float64, error) { return r.Float64(), nil })},
		&Scalar{Name: "random", Aliases: []string{"rand"}, Doc: Doc{Family: "math", Summary: "A random integer from 0 up to n.", Example: "random(10) BETWEEN 0 AND 9", Result: "t"},
			Args: patterns(i8), Return: returns(i8), Volatility: Volatile, Bind: bindRandom(func(r *rand.Rand, n func(int) int64, i int) (int64, error) {
				if n(i) <= 0 {
					return 0, sqlerr.New(sqlerr.InvalidParameterValue, "bound must be positive: %d", n(i))
				}
				return r.Int64N(n(i)), nil
			})},
		&Scalar{Name: "gen_random_uuid", Aliases: []string{"uuid"}, Doc: Doc{Family: "system", Summary: "A random UUID of version 4.", Example: "length(gen_random_uuid()::text)", Result: "36"},
			Return: returns(types.UUID), Volatility: Volatile, Bind: bindRandom(func(r *rand.Rand, _ func(int) int64, _ int) ([16]byte, error) {
				var u [16]byte
				for k := range 8 {
					u[k], u[8+k] = byte(r.Uint64()), byte(r.Uint64())
				}
				u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
				return u, nil
			})},
	)
}

func bitOps[T signed](k types.Kind, width int32) []*Scalar {
	two, ret := patterns(k, k), returns(k)
	op := func(name, says, example, result string, args []Pattern, bind func([]types.Type) (Kernel, error), aliases ...string) *Scalar {
		return &Scalar{Name: name, Aliases: aliases, Doc: Doc{Family: "math", Summary: says, Example: example, Result: result}, Args: args, Return: ret, Bind: bind}
	}
	shift := patterns(k, types.Int32)
	return []*Scalar{
		op("&", "The bits that both have.", "12 & 10", "8", two, binary(func(_ *Exec, a, b T) (T, error) { return a & b, nil }), "bitwise_and"),
		op("|", "The bits that either has.", "12 | 10", "14", two, binary(func(_ *Exec, a, b T) (T, error) { return a | b, nil }), "bitwise_or"),
		op("#", "The bits that one of them has.", "12 # 10", "6", two, binary(func(_ *Exec, a, b T) (T, error) { return a ^ b, nil }), "bitwise_xor"),
		op("~", "The bits that it has not.", "~ 1", "-2", patterns(k), unary(func(_ *Exec, a T) (T, error) { return ^a, nil }), "bitwise_not"),
		op("<<", "The bits moved to the left.", "1 << 4", "16", shift, binary(func(_ *Exec, a T, n int32) (T, error) { return a << (uint32(n) % uint32(max(width, 32))), nil }), "bitwise_left_shift"),
		op(">>", "The bits moved to the right, the sign kept.", "-8 >> 1", "-4", shift, binary(func(_ *Exec, a T, n int32) (T, error) { return a >> (uint32(n) % uint32(max(width, 32))), nil }), "bitwise_right_shift_arithmetic"),
		op("gcd", "The greatest common divisor.", "gcd(1071, 462)", "21", two, binary(func(_ *Exec, a, b T) (T, error) { return gcd(a, b) })),
		op("lcm", "The least common multiple.", "lcm(1071, 462)", "23562", two, binary(func(_ *Exec, a, b T) (T, error) { return lcm(a, b) })),
	}
}

func gcd[T signed](a, b T) (T, error) {
	for b != 0 {
		if b == -1 {
			return 1, nil // the least integer % -1 would trap
		}
		a, b = b, a%b
	}
	if a < 0 {
		if a = -a; a < 0 {
			return 0, outOfRange[T]()
		}
	}
	return a, nil
}

func lcm[T signed](a, b T) (T, error) {
	if a == 0 || b == 0 {
		return 0, nil
	}
	g, err := gcd(a, b)
	if err != nil {
		return 0, err
	}
	q := a / g
	r := q * b
	if mulWraps(q, b, r) < 0 || r == -r {
		return 0, outOfRange[T]()
	}
	return max(r, -r), nil
}

func errBase(b int32) error {
	return sqlerr.New(sqlerr.InvalidParameterValue, "base must be between 2 and 36: %d", b)
}

var bindToBase = textOf(func(_ *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
	a := intInput(args[0])
	base, m := input[int32](args[1])
	return func(dst []byte, i int) ([]byte, error) {
		if b := base[i&m]; b < 2 || b > 36 {
			return nil, errBase(b)
		}
		return strconv.AppendInt(dst, a(i), int(base[i&m])), nil
	}
})

var bindFromBase = fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (int64, error) {
	a := stringInput(args[0])
	base, m := input[int32](args[1])
	return func(i int) (int64, error) {
		if b := base[i&m]; b < 2 || b > 36 {
			return 0, errBase(b)
		}
		n, err := strconv.ParseInt(string(a.at(i)), int(base[i&m]), 64)
		if err != nil {
			return 0, sqlerr.New(sqlerr.InvalidParameterValue, "not a number in base %d: \"%s\"", base[i&m], a.at(i))
		}
		return n, nil
	}
})

// generators tells the generators of one process apart.
var generators atomic.Uint64

// bindRandom makes a kernel with a generator of its own, seeded by the session.
func bindRandom[R page.Fixed](f func(r *rand.Rand, n func(int) int64, i int) (R, error)) func([]types.Type) (Kernel, error) {
	return func(ts []types.Type) (Kernel, error) {
		var r *rand.Rand
		return fixedOf(func(x *Exec, args []*page.Vector) func(i int) (R, error) {
			if r == nil {
				seed := x.Env.Task
				if x.Env.Session != nil {
					seed ^= x.Env.Session.Seed
				}
				r = rand.New(rand.NewPCG(seed, generators.Add(1)))
			}
			var n func(int) int64
			if len(args) > 0 {
				n = intInput(args[0])
			}
			return func(i int) (R, error) { return f(r, n, i) }
		})(ts)
	}
}
