package functions

import (
	"math"
	"strconv"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// CastOptions say how a cast treats what does not fit.
type CastOptions struct {
	Explicit bool // cut character strings to their length instead of refusing
	Try      bool // NULL instead of an error
}

// BindCast returns the kernel that converts from one type to another. The common
// pairs are typed loops, all others go through types.CastValue one by one.
func BindCast(from, to types.Type, o CastOptions) (Kernel, error) {
	if from.Equal(to) {
		return bindSame(nil)
	}
	if !castExists(from, to) {
		return nil, sqlerr.New(sqlerr.CannotCoerce, "cannot cast type %s to %s", from, to)
	}
	fast := fastCast(from, to)
	slow := castByValue(from, to, o)
	if fast == nil {
		return slow, nil
	}
	if !o.Try {
		return fast, nil
	}
	return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
		v, err := fast(x, args)
		if err != nil && sqlerr.KindOf(err) == sqlerr.User {
			return slow(x, args)
		}
		return v, err
	}, nil
}

// castExists is Castable plus what a literal of unknown type may become.
func castExists(from, to types.Type) bool {
	return from.Kind == types.Unknown || Castable(from, to)
}

// fastCast returns the loop of a common pair, or nil.
func fastCast(from, to types.Type) Kernel {
	switch {
	case sameBits(from, to):
		k, _ := bindSame(nil)
		return k
	case from.IsInteger() && to.IsInteger():
		return castInts(from, to)
	case from.IsInteger() && to.IsFloat():
		return castIntFloat(from, to)
	case from.IsFloat() && to.IsInteger():
		return castFloatInt(from, to)
	case from.Kind == types.Float32 && to.Kind == types.Float64:
		return castLoop(func(_ *Exec, a float32) (float64, error) { return float64(a), nil })
	case from.Kind == types.Float64 && to.Kind == types.Float32:
		return castLoop(float64To32)
	case isNumericKind(from.Kind) && isNumericKind(to.Kind):
		return castDecimals(from, to)
	case from.IsInteger() && isNumericKind(to.Kind):
		return castIntDecimal(from, to)
	case isNumericKind(from.Kind) && to.IsInteger():
		return castDecimalInt(to)
	case isNumericKind(from.Kind) && to.IsFloat():
		return castDecimalFloat(to)
	case from.Kind == types.Bool && to.Kind == types.Int32:
		return castLoop(func(_ *Exec, a uint8) (int32, error) { return int32(a), nil })
	case from.Kind == types.Int32 && to.Kind == types.Bool:
		return castLoop(func(_ *Exec, a int32) (uint8, error) { return b2u(a != 0), nil })
	}
	if from.IsFloat() && to.Kind == types.Numeric {
		return castFloatNum(from)
	}
	if to.Kind == types.Text || to.Kind == types.Varchar && to.P == 0 {
		return castToText(from)
	}
	return castDatetimes(from, to)
}

// castToText prints values.
func castToText(from types.Type) Kernel {
	k, _ := textOf(func(x *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
		v, f := args[0], x.Env.Format()
		if from.IsInteger() {
			a := intInput(v)
			return func(dst []byte, i int) ([]byte, error) { return types.AppendInt64(dst, a(i)), nil }
		}
		if from.Kind == types.Bool { // the cast writes words, not the output's letters
			return func(dst []byte, i int) ([]byte, error) {
				return strconv.AppendBool(dst, page.Get[uint8](v, i) != 0), nil
			}
		}
		return func(dst []byte, i int) ([]byte, error) { return types.AppendText(dst, from, v.Value(i), f), nil }
	})(nil)
	return k
}

// sameBits reports whether values of from are values of to as they are.
func sameBits(from, to types.Type) bool {
	switch {
	case from.Kind == types.Unknown:
		return to.Kind == types.Text || to.Kind == types.Varchar && to.P == 0
	case to.Kind == types.Text || to.Kind == types.Varchar && to.P == 0:
		return from.Kind == types.Text || from.Kind == types.Varchar || from.Kind == types.Char || from.Kind == types.Name
	case from.Kind == types.Varchar && to.Kind == types.Varchar:
		return from.P > 0 && from.P <= to.P
	case from.Kind == types.Decimal && to.Kind == types.Decimal:
		return from.S == to.S && from.P <= to.P && from.Phys() == to.Phys()
	case from.IsOIDLike() && to.IsOIDLike():
		return true
	case isRow(from) && isRow(to):
		return rowsMatch(from, to, func(a, b types.Type) bool { return a.Equal(b) })
	}
	return false
}

func castLoop[A, B page.Fixed](f func(x *Exec, a A) (B, error)) Kernel {
	k, _ := unary(f)(nil)
	return k
}

func castInts(from, to types.Type) Kernel {
	switch from.Phys() {
	case types.PhysI16:
		return castIntsFrom[int16](to)
	case types.PhysI32:
		return castIntsFrom[int32](to)
	}
	return castIntsFrom[int64](to)
}

func castIntsFrom[A signed](to types.Type) Kernel {
	switch to.Kind {
	case types.Int8:
		return castLoop(func(_ *Exec, a A) (int16, error) {
			if int64(a) != int64(int8(a)) {
				return 0, sqlerr.New(sqlerr.NumericValueOutOfRange, "tinyint out of range")
			}
			return int16(a), nil
		})
	case types.Int16:
		return convertInts[A, int16]
	case types.Int32:
		return convertInts[A, int32]
	}
	return convertInts[A, int64]
}

// convertInts converts every slot and looks closer only when one did not fit.
func convertInts[A, B signed](x *Exec, args []*page.Vector) (*page.Vector, error) {
	v, out, err := page.NewFixed[B](x.Type, x.N, x.Pool)
	if err != nil {
		return nil, err
	}
	a, ma := input[A](args[0])
	var lost int64
	for i := range out {
		n := int64(a[i&ma])
		out[i] = B(n)
		lost |= n ^ int64(B(n))
	}
	if lost == 0 {
		return v, nil
	}
	return orRelease(v, x.each(func(i int) error {
		if int64(a[i&ma]) != int64(out[i]) {
			return outOfRange[B]()
		}
		return nil
	}))
}

func castIntFloat(from, to types.Type) Kernel {
	if to.Kind == types.Float32 {
		return pickInt(from, intsTo[int16, float32], intsTo[int32, float32], intsTo[int64, float32])
	}
	return pickInt(from, intsTo[int16, float64], intsTo[int32, float64], intsTo[int64, float64])
}

func pickInt(t types.Type, i16, i32, i64 Kernel) Kernel {
	switch t.Phys() {
	case types.PhysI16:
		return i16
	case types.PhysI32:
		return i32
	}
	return i64
}

func intsTo[A signed, B float](x *Exec, args []*page.Vector) (*page.Vector, error) {
	v, out, err := page.NewFixed[B](x.Type, x.N, x.Pool)
	if err != nil {
		return nil, err
	}
	a, ma := input[A](args[0])
	for i := range out {
		out[i] = B(a[i&ma])
	}
	return v, nil
}

func castFloatInt(from, to types.Type) Kernel {
	if from.Kind == types.Float32 {
		return floatTo[float32](to)
	}
	return floatTo[float64](to)
}

func floatTo[A float](to types.Type) Kernel {
	switch to.Kind {
	case types.Int8:
		return nil
	case types.Int16:
		return castLoop(func(_ *Exec, a A) (int16, error) { return floatToInt[int16](float64(a), -1<<15, 1<<15) })
	case types.Int32:
		return castLoop(func(_ *Exec, a A) (int32, error) { return floatToInt[int32](float64(a), -1<<31, 1<<31) })
	}
	return castLoop(func(_ *Exec, a A) (int64, error) { return floatToInt[int64](float64(a), -1<<63, 1<<63) })
}

// floatToInt rounds half to even, as PostgreSQL does.
func floatToInt[B signed](f, lo, end float64) (B, error) {
	f = math.RoundToEven(f)
	if !(f >= lo && f < end) {
		return 0, outOfRange[B]()
	}
	return B(f), nil
}

func float64To32(_ *Exec, a float64) (float32, error) {
	f := float32(a)
	switch {
	case isInf(f) && !isInf(a):
		return 0, errOverflow()
	case f == 0 && a != 0:
		return 0, errUnderflow()
	}
	return f, nil
}

const microsPerDay = 86400e6

func dateToTimestamp(d int32) (int64, error) {
	switch {
	case d == types.DateInfinity:
		return types.TimestampInfinity, nil
	case d == types.DateNegInfinity:
		return types.TimestampNegInfinity, nil
	}
	ts := int64(d) * microsPerDay
	if ts/microsPerDay != int64(d) || !types.IsTimestamp(ts) {
		return 0, sqlerr.New(sqlerr.DatetimeFieldOverflow, "date out of range for timestamp")
	}
	return ts, nil
}

func timestampToDate(ts int64) int32 {
	switch ts {
	case types.TimestampInfinity:
		return types.DateInfinity
	case types.TimestampNegInfinity:
		return types.DateNegInfinity
	}
	d, _ := types.SplitMicros(ts)
	return int32(d)
}
