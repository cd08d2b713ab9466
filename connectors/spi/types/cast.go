package types

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// CastValue converts one value as PostgreSQL's cast does. In an explicit cast a
// string is cut to its declared length; elsewhere a longer one is 22001. It is
// the meaning of a cast that vectorised kernels have to match.
func CastValue(v Value, from, to Type, f *Format, c CastContext) (Value, error) {
	switch {
	case v.Null || from.Equal(to):
		return v, nil
	case CanCast(from, to) == CastNever:
		return Value{}, ErrCannotCast(from, to)
	case from.IsString():
		return castFromString(v, from, to, f, c)
	case to.IsString():
		return castToString(v, from, to, f, c)
	case numberOrder(from.Kind) > 0 && numberOrder(to.Kind) > 0:
		return castNumber(v, from, to)
	case from.IsDatetime() || from.Kind == Interval:
		return castDatetime(v, from, to, f)
	case from.IsOIDLike() || to.IsOIDLike():
		return castOID(v, from, to)
	case to.Kind == JSON || to.Kind == JSONB:
		return castToJSON(v, from, to, f)
	case from.Kind == JSON || from.Kind == JSONB:
		return castFromJSON(v, to)
	case from.IsNested() && to.IsNested() && CanCast(from, to) != CastNever:
		return castParts(v, from, to, f, c)
	case from.Kind == Bool && to.Kind == Int32:
		return IntValue(v.I), nil
	case from.Kind == Int32 && to.Kind == Bool:
		return BoolValue(v.I != 0), nil
	}
	return Value{}, ErrCannotCast(from, to)
}

// ErrCannotCast returns the error of a cast that does not exist: 42846.
func ErrCannotCast(from, to Type) error {
	return sqlerr.New(sqlerr.CannotCoerce, "cannot cast type %s to %s", from, to)
}

func castFromString(v Value, from, to Type, f *Format, c CastContext) (Value, error) {
	s := v.S
	if from.Kind == InternalChar {
		if to.Kind == Int32 {
			if s == "" {
				return IntValue(0), nil
			}
			return IntValue(int64(int8(s[0]))), nil
		}
		s = string(appendInternalChar(nil, s))
	}
	if to.IsString() {
		return fitString(s, to, c)
	}
	return Parse(to, s, f)
}

// fitString gives a string the length of its new type.
func fitString(s string, to Type, c CastContext) (Value, error) {
	if c == CastExplicit && (to.Kind == Varchar || to.Kind == Char) {
		s, _ = FitLength(s, int(to.P))
	}
	return Parse(to, s, nil)
}

func castToString(v Value, from, to Type, f *Format, c CastContext) (Value, error) {
	switch {
	case from.Kind == Void || from.Kind == Function:
		return Value{}, ErrCannotCast(from, to)
	case from.Kind == Bool:
		s := "false"
		if v.I != 0 {
			s = "true"
		}
		return fitString(s, to, c)
	case from.Kind == Int32 && to.Kind == InternalChar:
		if v.I < math.MinInt8 || v.I > math.MaxInt8 {
			return Value{}, sqlerr.New(sqlerr.NumericValueOutOfRange, "\"char\" out of range")
		}
		return StringValue(string([]byte{byte(v.I)})), nil
	}
	return fitString(string(AppendText(nil, from, v, f)), to, c)
}

// numOf returns an integer or decimal as a Num.
func numOf(v Value, from Type) Num {
	switch from.Kind {
	case Numeric:
		return v.N
	case Decimal:
		return Num{Coef: decimalCoef(from, v), Scale: from.S}
	}
	return NumOf(v.I)
}

func castNumber(v Value, from, to Type) (Value, error) {
	switch {
	case from.IsFloat() && to.IsFloat():
		return castFloats(v, to)
	case from.IsFloat() && to.IsInteger():
		i, ok := RoundFloatToInt(v.F, to.Kind)
		if !ok {
			return Value{}, errIntRange(to.Kind)
		}
		return IntValue(i), nil
	case from.IsFloat():
		n, err := NumOfFloat64(v.F)
		if from.Kind == Float32 {
			n, err = NumOfFloat32(float32(v.F))
		}
		if err != nil && to.Kind == Decimal {
			err = ErrDecimalOverflow(int(to.P), int(to.S))
		}
		if err != nil {
			return Value{}, err
		}
		return castNum(n, to)
	case from.IsInteger() && to.IsInteger():
		if lo, hi := intBounds(to.Kind); v.I < lo || v.I > hi {
			return Value{}, errIntRange(to.Kind)
		}
		return v, nil
	case from.IsInteger() && to.Kind == Float32:
		return FloatValue(float64(float32(v.I))), nil
	case from.IsInteger() && to.Kind == Float64:
		return FloatValue(float64(v.I)), nil
	}
	return castNum(numOf(v, from), to)
}

// castFloats is the way down from double precision to real, and up.
func castFloats(v Value, to Type) (Value, error) {
	if to.Kind == Float64 {
		return v, nil
	}
	f := float64(float32(v.F))
	switch {
	case math.IsInf(f, 0) && !math.IsInf(v.F, 0):
		return Value{}, sqlerr.New(sqlerr.NumericValueOutOfRange, "value out of range: overflow")
	case f == 0 && v.F != 0:
		return Value{}, sqlerr.New(sqlerr.NumericValueOutOfRange, "value out of range: underflow")
	}
	return FloatValue(f), nil
}

// RoundFloatToInt returns f rounded to the nearest integer, ties to even, and
// whether kind k holds it.
func RoundFloatToInt(f float64, k Kind) (int64, bool) {
	r := math.RoundToEven(f)
	if !(r >= -0x1p63 && r < 0x1p63) {
		return 0, false
	}
	i := int64(r)
	lo, hi := intBounds(k)
	return i, lo <= i && i <= hi
}

// castNum converts a numeric to any numeric kind.
func castNum(n Num, to Type) (Value, error) {
	switch to.Kind {
	case Numeric:
		return Value{N: n}, nil
	case Decimal:
		c, err := n.Decimal(int(to.P), int(to.S))
		return DecimalValue(to, c), err
	case Float64, Float32:
		return numToFloat(n, to)
	}
	i, err := n.ToInt(to.Kind)
	return IntValue(i), err
}

func numToFloat(n Num, to Type) (Value, error) {
	f := n.Float64()
	if !n.IsFinite() {
		return FloatValue(f), nil
	}
	if to.Kind == Float32 {
		// From the text: rounding to double first could round twice.
		return Parse(to, n.String(), nil)
	}
	if f == 0 && !n.Coef.IsZero() {
		return Value{}, sqlerr.New(sqlerr.NumericValueOutOfRange, "\"%s\" is out of range for type double precision", n)
	}
	return FloatValue(f), nil
}

// ToInt returns a rounded half away from zero as an integer of kind k.
func (a Num) ToInt(k Kind) (int64, error) {
	i128, ok := a.Int128()
	if !ok {
		what := "infinity"
		if a.IsNaN() {
			what = "NaN"
		}
		return 0, sqlerr.New(sqlerr.FeatureNotSupported, "cannot convert %s to %s", what, k.ScalarName())
	}
	i, ok := i128.Int64()
	if lo, hi := intBounds(k); !ok || i < lo || i > hi {
		return 0, errIntRange(k)
	}
	return i, nil
}

func castOID(v Value, from, to Type) (Value, error) {
	switch {
	case from.IsOIDLike() && to.IsOIDLike() && CanCast(from, to) != CastNever, from.IsOIDLike() && to.Kind == Int64:
		return v, nil
	case from.IsOIDLike() && to.Kind == Int32:
		return IntValue(int64(int32(v.I))), nil
	case from.Kind == Int64 && to.Kind != XID:
		if v.I < 0 || v.I > math.MaxUint32 {
			return Value{}, sqlerr.New(sqlerr.NumericValueOutOfRange, "OID out of range")
		}
		return v, nil
	case from.IsInteger() && to.Kind != XID:
		return IntValue(int64(uint32(v.I))), nil
	}
	return Value{}, ErrCannotCast(from, to)
}

func castToJSON(v Value, from, to Type, f *Format) (Value, error) {
	s := v.S
	if from.Kind != JSON && from.Kind != JSONB {
		if CanCast(from, to) == CastNever {
			return Value{}, ErrCannotCast(from, to)
		}
		s = string(AppendJSON(nil, from, v, f))
	}
	if to.Kind == JSONB && from.Kind != JSONB {
		n, err := NormalizeJSONB(s)
		return StringValue(n), err
	}
	return StringValue(s), nil
}

// castFromJSON takes a number or boolean out of JSON.
func castFromJSON(v Value, to Type) (Value, error) {
	if to.Kind != Bool && numberOrder(to.Kind) == 0 {
		return Value{}, ErrCannotCast(Of(JSONB), to)
	}
	n, err := parseJSON(v.S)
	if err != nil {
		return Value{}, err
	}
	switch {
	case to.Kind == Bool && (n.kind == 't' || n.kind == 'f'):
		return BoolValue(n.kind == 't'), nil
	case to.Kind != Bool && n.kind == '0':
		if to.IsFloat() || to.Kind == Decimal {
			return Parse(to, n.text, nil)
		}
		num, err := ParseNum(n.text)
		if err != nil {
			return Value{}, err
		}
		return castNum(num, to)
	}
	name := map[byte]string{'n': "null", 't': "boolean", 'f': "boolean", '0': "numeric", '"': "string", '[': "array", '{': "object"}[n.kind]
	return Value{}, sqlerr.New(sqlerr.InvalidParameterValue, "cannot cast jsonb %s to type %s", name, to.Kind.ScalarName())
}

// castParts converts the elements of lists, maps and rows.
func castParts(v Value, from, to Type, f *Format, c CastContext) (Value, error) {
	a, b := from.Children(), to.Children()
	if len(a) == 0 || len(a) != len(b) {
		return v, nil
	}
	out := Value{L: make([]Value, len(v.L))}
	for i, e := range v.L {
		var err error
		if out.L[i], err = CastValue(e, a[i%len(a)], b[i%len(b)], f, c); err != nil {
			return Value{}, err
		}
	}
	return out, nil
}

// PadChar returns a character value as it compares and prints, blanks restored.
func PadChar(s string, n int) string {
	if have := utf8.RuneCountInString(s); have < n {
		return s + strings.Repeat(" ", n-have)
	}
	return s
}
