package types

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// The binary format of PostgreSQL's wire: what typsend and typreceive speak,
// without the length before a value. A map travels as json text; a timestamp
// of nanoseconds as one of microseconds, cut.

// AppendBinary appends v, which is not null, in binary form. It fails only for
// what PostgreSQL cannot hold: an array of arrays of different lengths.
func AppendBinary(dst []byte, t Type, v Value) ([]byte, error) {
	switch t.Phys() {
	case PhysBool:
		return append(dst, byte(v.I)), nil
	case PhysI16:
		return binary.BigEndian.AppendUint16(dst, uint16(v.I)), nil
	case PhysU32:
		return binary.BigEndian.AppendUint32(dst, uint32(v.I)), nil
	case PhysI32:
		if t.Kind == Date {
			return AppendDateBinary(dst, int32(v.I)), nil
		}
		return binary.BigEndian.AppendUint32(dst, uint32(v.I)), nil
	case PhysI64:
		switch t.Kind {
		case Decimal:
			return AppendDecimalBinary(dst, Int128Of(v.I), int(t.S)), nil
		case Timestamp, TimestampTZ:
			ts := v.I
			if t.IsNanos() && IsFiniteTimestamp(ts) {
				ts = floorDiv64(ts, 1000)
			}
			return AppendTimestampBinary(dst, ts), nil
		}
		return binary.BigEndian.AppendUint64(dst, uint64(v.I)), nil
	case PhysF32:
		return binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(v.F))), nil
	case PhysF64:
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(v.F)), nil
	case PhysI128:
		return AppendDecimalBinary(dst, v.N.Coef, int(t.S)), nil
	case PhysNum:
		return AppendNumBinary(dst, v.N), nil
	case PhysIval:
		return AppendIntervalBinary(dst, v.Iv), nil
	case PhysTimeTZ:
		return AppendTimeTZBinary(dst, v.TimeTZ()), nil
	case PhysList, PhysStruct:
		return appendNestedBinary(dst, t, v)
	}
	switch t.Kind {
	case JSONB:
		return append(append(dst, 1), v.S...), nil
	case Char:
		return AppendChar(dst, v.S, int(t.P)), nil
	case InternalChar:
		if v.S == "" {
			return append(dst, 0), nil
		}
		return append(dst, v.S[0]), nil
	}
	return append(dst, v.S...), nil
}

// AppendDateBinary appends days since 1970 in binary form.
func AppendDateBinary(dst []byte, days int32) []byte {
	if IsFiniteDate(days) {
		days -= pgEpochDays
	}
	return binary.BigEndian.AppendUint32(dst, uint32(days))
}

// AppendTimestampBinary appends microseconds since 1970 in binary form.
func AppendTimestampBinary(dst []byte, ts int64) []byte {
	if IsFiniteTimestamp(ts) {
		ts -= pgEpochMicros
	}
	return binary.BigEndian.AppendUint64(dst, uint64(ts))
}

// AppendTimeTZBinary appends a time with zone in binary form.
func AppendTimeTZBinary(dst []byte, t TimeTZValue) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(t.Micros))
	return binary.BigEndian.AppendUint32(dst, uint32(t.Zone))
}

// AppendIntervalBinary appends an interval in binary form.
func AppendIntervalBinary(dst []byte, iv IntervalValue) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(iv.Micros))
	dst = binary.BigEndian.AppendUint32(dst, uint32(iv.Days))
	return binary.BigEndian.AppendUint32(dst, uint32(iv.Months))
}

func errBinary(t Type) error {
	return sqlerr.New(sqlerr.InvalidBinaryRepr, "incorrect binary data format for type %s", t)
}

// ParseBinary reads the binary form of a value of t. Errors are 22P03, or those
// of the type's range.
func ParseBinary(t Type, b []byte) (Value, error) {
	switch t.Phys() {
	case PhysBool, PhysI16, PhysU32, PhysI32, PhysF32, PhysF64:
		return parseFixedBinary(t, b)
	case PhysI64:
		if t.Kind != Decimal {
			return parseFixedBinary(t, b)
		}
		return parseDecimalBinary(t, b)
	case PhysI128:
		return parseDecimalBinary(t, b)
	case PhysNum:
		n, err := ParseNumBinary(b)
		return Value{N: n}, err
	case PhysIval:
		if len(b) != 16 {
			return Value{}, errBinary(t)
		}
		iv := IntervalValue{
			Micros: int64(binary.BigEndian.Uint64(b)),
			Days:   int32(binary.BigEndian.Uint32(b[8:])),
			Months: int32(binary.BigEndian.Uint32(b[12:])),
		}
		return Value{Iv: FitInterval(iv, t)}, nil
	case PhysTimeTZ:
		if len(b) != 12 {
			return Value{}, errBinary(t)
		}
		v := TimeTZValue{Micros: int64(binary.BigEndian.Uint64(b)), Zone: int32(binary.BigEndian.Uint32(b[8:]))}
		if v.Micros < 0 || v.Micros > microsPerDay {
			return Value{}, sqlerr.New(sqlerr.DatetimeFieldOverflow, "time out of range")
		}
		if v.Zone <= -16*3600 || v.Zone >= 16*3600 {
			return Value{}, sqlerr.New("22009", "time zone displacement out of range")
		}
		v.Micros = RoundTime(v.Micros, t)
		return TimeTZOf(v), nil
	case PhysB16:
		if len(b) != 16 {
			return Value{}, errBinary(t)
		}
		return StringValue(string(b)), nil
	case PhysList, PhysStruct:
		return parseNestedBinary(t, b, 0)
	}
	return parseStringBinary(t, b)
}

func parseDecimalBinary(t Type, b []byte) (Value, error) {
	n, err := ParseNumBinary(b)
	if err != nil {
		return Value{}, err
	}
	c, err := n.Decimal(int(t.P), int(t.S))
	return DecimalValue(t, c), err
}

// parseFixedBinary reads big-endian numbers.
func parseFixedBinary(t Type, b []byte) (Value, error) {
	want := t.Phys().Size()
	if len(b) != want {
		return Value{}, errBinary(t)
	}
	switch t.Phys() {
	case PhysBool:
		return BoolValue(b[0] != 0), nil
	case PhysI16:
		v := int64(int16(binary.BigEndian.Uint16(b)))
		if lo, hi := intBounds(t.Kind); v < lo || v > hi {
			return Value{}, errIntRange(t.Kind)
		}
		return IntValue(v), nil
	case PhysU32:
		return IntValue(int64(binary.BigEndian.Uint32(b))), nil
	case PhysF32:
		return FloatValue(float64(math.Float32frombits(binary.BigEndian.Uint32(b)))), nil
	case PhysF64:
		return FloatValue(math.Float64frombits(binary.BigEndian.Uint64(b))), nil
	case PhysI32:
		v := int64(int32(binary.BigEndian.Uint32(b)))
		if t.Kind == Date && IsFiniteDate(int32(v)) {
			if v += pgEpochDays; !IsDate(v) {
				return Value{}, sqlerr.New(sqlerr.DatetimeFieldOverflow, "date out of range")
			}
		}
		return IntValue(v), nil
	}
	return parseInt64Binary(t, int64(binary.BigEndian.Uint64(b)))
}

func parseInt64Binary(t Type, v int64) (Value, error) {
	switch t.Kind {
	case Time:
		if v < 0 || v > microsPerDay {
			return Value{}, sqlerr.New(sqlerr.DatetimeFieldOverflow, "time out of range")
		}
		v = RoundTime(v, t)
	case Timestamp, TimestampTZ:
		if !IsFiniteTimestamp(v) {
			break
		}
		ts, ok := Int128Of(v).AddInt64(pgEpochMicros).Int64()
		if ok && t.IsNanos() {
			ts, ok = MulInt64(ts, 1000).Int64()
		} else if ok = ok && IsTimestamp(ts); ok {
			ts = RoundTimestamp(ts, t)
		}
		if !ok {
			return Value{}, errTimestampRange()
		}
		v = ts
	}
	return IntValue(v), nil
}

func errTimestampRange() error {
	return sqlerr.New(sqlerr.DatetimeFieldOverflow, "timestamp out of range")
}

func errIntRange(k Kind) error {
	return sqlerr.New(sqlerr.NumericValueOutOfRange, "%s out of range", k.ScalarName())
}

// CheckUTF8 refuses what is no UTF-8 text, or holds a zero byte: 22021.
func CheckUTF8(b []byte) error {
	for i := 0; i < len(b); {
		if c := b[i]; c != 0 && c < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == 0 || r == utf8.RuneError && n <= 1 {
			return sqlerr.New(sqlerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": 0x%02x", b[i])
		}
		i += n
	}
	return nil
}

func parseStringBinary(t Type, b []byte) (Value, error) {
	switch t.Kind {
	case Bytea:
		return StringValue(string(b)), nil
	case InternalChar:
		if len(b) != 1 {
			return Value{}, errBinary(t)
		}
		return StringValue(string(b)), nil
	case JSONB:
		if len(b) == 0 || b[0] != 1 {
			return Value{}, sqlerr.New(sqlerr.InvalidBinaryRepr, "unsupported jsonb version number")
		}
		b = b[1:]
	}
	if err := CheckUTF8(b); err != nil {
		return Value{}, err
	}
	return Parse(t, string(b), nil)
}
