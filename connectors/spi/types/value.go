package types

// Int128 is a two's complement 128-bit integer, little-endian as Arrow's decimal128.
type Int128 struct {
	Lo uint64
	Hi int64
}

// Num is a value of numeric without precision: Coef × 10^-Scale. A NaN has
// Scale NumNaN. Two equal numbers may differ in scale (1.0 and 1.00); their
// text shows it, comparison and hashing ignore it.
type Num struct {
	Coef  Int128
	Scale int32
	_     int32
}

// NumNaN marks a Num that is not a number; NumInf and NumNegInf the infinities.
const (
	NumNaN    int32 = -1
	NumInf    int32 = -2
	NumNegInf int32 = -3
)

// MaxNumDigits is the most decimal digits a Num or Decimal holds; beyond it: 22003.
const MaxNumDigits = 38

// IntervalValue is PostgreSQL's interval: three fields that do not mix.
type IntervalValue struct {
	Micros int64
	Days   int32
	Months int32
}

// TimeTZValue is a time of day with its zone, seconds west of UTC as PostgreSQL keeps it.
type TimeTZValue struct {
	Micros int64
	Zone   int32
	_      int32
}

// Value is one SQL value outside of a page: constants, parameters, bounds,
// partition values. Which field holds it depends on the type's Phys:
//
//	PhysBool, PhysI16, PhysI32, PhysU32, PhysI64  I (oids zero-extended)
//	PhysF32, PhysF64                              F
//	PhysI128, PhysNum                             N (I128 uses N.Coef)
//	PhysView                                      S
//	PhysB16                                       S, 16 bytes
//	PhysIval                                      Iv
//	PhysTimeTZ                                    I and Iv.Days as Zone
//	PhysList of Array                             L
//	PhysList of Map                               L, alternating key and value
//	PhysStruct                                    L, one a field
type Value struct {
	Null bool
	I    int64
	F    float64
	N    Num
	S    string
	Iv   IntervalValue
	L    []Value
}

// NullValue is SQL's NULL.
var NullValue = Value{Null: true}

// IntValue returns the value of an integer, date, time, timestamp or decimal64.
func IntValue(i int64) Value { return Value{I: i} }

// FloatValue returns the value of a float.
func FloatValue(f float64) Value { return Value{F: f} }

// StringValue returns the value of a string-like type.
func StringValue(s string) Value { return Value{S: s} }

// BoolValue returns the value of a boolean.
func BoolValue(b bool) Value {
	if b {
		return Value{I: 1}
	}
	return Value{}
}
