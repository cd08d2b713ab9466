package parquet

import (
	"github.com/muster-sql/muster/connectors/internal/parquet/format"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// conversion is how a stored value becomes a value of a vector.
type conversion uint8

const (
	convCopy32      conversion = iota // the same four bytes
	convCopy64                        // the same eight bytes
	convCopy16B                       // the same sixteen bytes
	convBool                          // bit to byte
	convI32toI16                      // within range by the annotation
	convU8toI16                       //
	convU16toI32                      //
	convI32toI64                      //
	convU32toI64                      //
	convI32toI128                     //
	convI64toI128                     //
	convU64toI128                     //
	convMillis32                      // milliseconds to microseconds
	convMillis64                      //
	convNanosTime                     // nanoseconds to microseconds
	convInt96                         // nanoseconds of the day and Julian day to microseconds
	convF32toF64                      //
	convF16toF32                      //
	convBigToI64                      // big-endian two's complement of a fixed length
	convBigToI128                     //
	convInterval                      // months, days, milliseconds
	convBytes                         // strings
	convFixedBytes                    // strings of one length
	convBytesToI64                    // big-endian two's complement of any length
	convBytesToI128                   //
	convBigToNum                      // decimals of more than 38 digits, whose values have fewer
	convBytesToNum                    //
)

// width returns the bytes of a stored value, 0 for byte arrays and booleans.
func (n *Node) width() int {
	switch n.element.Type {
	case format.Int32, format.Float:
		return 4
	case format.Int64, format.Double:
		return 8
	case format.Int96:
		return 12
	case format.FixedLenByteArray:
		return int(n.element.TypeLength)
	}
	return 0
}

// leafType gives a leaf its SQL type and conversion.
func leafType(n *Node) {
	e := n.element
	if e.Logical.Kind == format.LogDecimal || e.Logical.Kind == format.NoLogical && e.Converted == format.ConvDecimal {
		decimalType(n)
		return
	}
	n.filter = true
	switch e.Type {
	case format.Boolean:
		n.Type, n.conv = types.Of(types.Bool), convBool
	case format.Int32:
		int32Type(n)
	case format.Int64:
		int64Type(n)
	case format.Int96:
		n.Type, n.conv, n.filter = types.Of(types.Timestamp), convInt96, false
	case format.Float:
		n.Type, n.conv = types.Of(types.Float32), convCopy32
	case format.Double:
		n.Type, n.conv = types.Of(types.Float64), convCopy64
	case format.ByteArray:
		bytesType(n)
	default:
		fixedType(n)
	}
	if n.wrongAnnotation() {
		n.refused = "its annotation does not fit its physical type " + e.Type.String()
	}
}

// wrongAnnotation reports an annotation that belongs to another physical type.
func (n *Node) wrongAnnotation() bool {
	e := n.element
	want := format.Type(-1)
	switch e.Converted {
	case format.ConvDate, format.ConvTimeMillis, format.ConvUint8, format.ConvUint16, format.ConvUint32,
		format.ConvInt8, format.ConvInt16, format.ConvInt32:
		want = format.Int32
	case format.ConvTimeMicros, format.ConvTimestampMillis, format.ConvTimestampMicros, format.ConvUint64, format.ConvInt64:
		want = format.Int64
	case format.ConvInterval:
		want = format.FixedLenByteArray
	}
	return want >= 0 && e.Type != want
}

func int32Type(n *Node) {
	e := n.element
	n.Type, n.conv = types.Of(types.Int32), convCopy32
	switch {
	case e.Logical.Kind == format.LogDate || e.Converted == format.ConvDate:
		n.Type = types.Of(types.Date)
	case e.Logical.Kind == format.LogTime || e.Converted == format.ConvTimeMillis:
		n.Type, n.conv = types.Of(types.Time), convMillis32
	case e.Logical.Kind == format.LogInteger || e.Converted >= format.ConvUint8 && e.Converted <= format.ConvInt64:
		bits, signed := integerOf(e)
		switch {
		case bits == 8 && signed, bits == 16 && signed:
			n.Type, n.conv = types.Of(types.Int16), convI32toI16
		case bits == 8:
			n.Type, n.conv = types.Of(types.Int16), convU8toI16
		case bits == 16 && !signed:
			n.Type, n.conv = types.Of(types.Int32), convU16toI32
		case !signed:
			n.Type, n.conv = types.Of(types.Int64), convU32toI64
		}
	}
}

func integerOf(e *format.SchemaElement) (bits int8, signed bool) {
	if e.Logical.Kind == format.LogInteger {
		return e.Logical.Bits, e.Logical.Signed
	}
	switch e.Converted {
	case format.ConvUint8:
		return 8, false
	case format.ConvUint16:
		return 16, false
	case format.ConvUint32:
		return 32, false
	case format.ConvUint64:
		return 64, false
	case format.ConvInt8:
		return 8, true
	case format.ConvInt16:
		return 16, true
	case format.ConvInt32:
		return 32, true
	}
	return 64, true
}

// scale returns the scale of a decimal.
func (n *Node) scale() int32 {
	if n.element.Logical.Kind == format.LogDecimal {
		return n.element.Logical.Scale
	}
	return n.element.Scale
}

// unsigned reports whether statistics order values as unsigned numbers.
func (n *Node) unsigned() bool {
	e := n.element
	if e.Logical.Kind == format.LogInteger || e.Converted >= format.ConvUint8 && e.Converted <= format.ConvInt64 {
		_, signed := integerOf(e)
		return !signed
	}
	return false
}

func int64Type(n *Node) {
	e := n.element
	n.Type, n.conv = types.Of(types.Int64), convCopy64
	unit := e.Logical.Unit
	switch {
	case e.Logical.Kind == format.LogTimestamp:
		n.Type = types.Of(types.Timestamp)
		if e.Logical.UTC {
			n.Type = types.Of(types.TimestampTZ)
		}
		switch unit {
		case format.Millis:
			n.conv = convMillis64
		case format.Nanos:
			n.Type.P = 9
		}
	case e.Logical.Kind == format.LogTime:
		n.Type = types.Of(types.Time)
		if unit == format.Nanos {
			n.conv, n.filter = convNanosTime, false
		}
	case e.Converted == format.ConvTimestampMillis:
		n.Type, n.conv = types.Of(types.Timestamp), convMillis64
	case e.Converted == format.ConvTimestampMicros:
		n.Type = types.Of(types.Timestamp)
	case e.Converted == format.ConvTimeMicros:
		n.Type = types.Of(types.Time)
	case n.unsigned():
		n.Type, n.conv = types.DecimalOf(20, 0), convU64toI128
	}
}

func bytesType(n *Node) {
	e := n.element
	n.Type, n.conv = types.Of(types.Bytea), convBytes
	switch {
	case e.Logical.Kind == format.LogString || e.Logical.Kind == format.LogEnum,
		e.Converted == format.ConvUTF8 || e.Converted == format.ConvEnum:
		n.Type = types.Of(types.Text)
	case e.Logical.Kind == format.LogJSON || e.Converted == format.ConvJSON:
		n.Type, n.filter = types.Of(types.JSON), false
	case e.Logical.Kind == format.LogGeometry || e.Logical.Kind == format.LogGeography:
		n.filter = false // bounds of another kind
	}
}

func fixedType(n *Node) {
	e := n.element
	n.Type, n.conv = types.Of(types.Bytea), convFixedBytes
	switch {
	case e.Logical.Kind == format.LogUUID && e.TypeLength == 16:
		n.Type, n.conv = types.Of(types.UUID), convCopy16B
	case e.Logical.Kind == format.LogFloat16 && e.TypeLength == 2:
		n.Type, n.conv, n.filter = types.Of(types.Float32), convF16toF32, false
	case e.Converted == format.ConvInterval && e.TypeLength == 12:
		n.Type, n.conv, n.filter = types.Of(types.Interval), convInterval, false
	}
}

func decimalType(n *Node) {
	e := n.element
	p, s := e.Precision, e.Scale
	if e.Logical.Kind == format.LogDecimal {
		p, s = e.Logical.Precision, e.Logical.Scale
	}
	n.filter = true
	if s < 0 || p <= 0 || s > p {
		n.refused = "its decimal precision and scale are impossible"
		n.Type, n.conv = types.DecimalOf(38, 0), convBytes
		return
	}
	if p > types.MaxNumDigits { // its values may still fit
		n.Type, n.conv, n.filter = types.Of(types.Numeric), convBytesToNum, false
		if e.Type == format.FixedLenByteArray {
			n.conv = convBigToNum
		} else if e.Type != format.ByteArray || s > types.MaxNumDigits {
			n.refused = "decimals of more than 38 digits are not supported"
		}
		return
	}
	n.Type = types.DecimalOf(int(p), int(s))
	small := p <= 18
	switch e.Type {
	case format.Int32:
		n.conv = pick(small, convI32toI64, convI32toI128)
	case format.Int64:
		n.conv = pick(small, convCopy64, convI64toI128)
	case format.FixedLenByteArray:
		n.conv = pick(small, convBigToI64, convBigToI128)
	case format.ByteArray:
		n.conv = pick(small, convBytesToI64, convBytesToI128)
	default:
		n.refused = "a decimal cannot be stored as " + e.Type.String()
	}
}

func pick(first bool, a, b conversion) conversion {
	if first {
		return a
	}
	return b
}

// widened returns n as a reader of type t: n itself when it has that type, a
// copy with another conversion when t holds each of its values, else nil.
func (n *Node) widened(t types.Type) *Node {
	if n.Type.Equal(t) {
		return n
	}
	if n.kind != leafNode {
		return nil
	}
	w := *n
	w.Type = t
	from := n.Type
	switch {
	case from.IsString() && t.IsString() || from.Kind == types.JSON && t.Kind == types.Text:
	case t.Kind == types.Int64 && n.conv == convCopy32 && from.Kind == types.Int32,
		t.Kind == types.Int64 && (n.conv == convI32toI16 || n.conv == convU8toI16 || n.conv == convU16toI32):
		w.conv = convI32toI64
	case t.Kind == types.Int32 && (n.conv == convI32toI16 || n.conv == convU8toI16):
		w.conv = convCopy32
	case t.Kind == types.Float64 && n.conv == convCopy32 && from.Kind == types.Float32:
		w.conv = convF32toF64
	case t.Kind == types.Decimal && from.Kind == types.Decimal && t.S == from.S && t.P >= from.P:
		decimalWider(&w, from, t)
	default:
		return nil
	}
	return &w
}

func decimalWider(w *Node, from, t types.Type) {
	if from.Phys() == t.Phys() {
		return
	}
	switch w.conv {
	case convI32toI64:
		w.conv = convI32toI128
	case convCopy64:
		w.conv = convI64toI128
	case convBigToI64:
		w.conv = convBigToI128
	case convBytesToI64:
		w.conv = convBytesToI128
	}
}

// Reads reports whether the field can be read as values of type t.
func (n *Node) Reads(t types.Type) bool { return n.widened(t) != nil }
