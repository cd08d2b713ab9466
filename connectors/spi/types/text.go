package types

import (
	"strconv"
	"unicode/utf8"
)

// AppendText appends v, which is not null, as PostgreSQL prints a value of t.
// A nil Format is the default one. A map, which PostgreSQL has not, prints as
// JSON.
func AppendText(dst []byte, t Type, v Value, f *Format) []byte {
	switch t.Kind {
	case Bool:
		return AppendBool(dst, v.I != 0)
	case Int8, Int16, Int32, Int64, OID, XID:
		return AppendInt64(dst, v.I)
	case Float32:
		return appendFloat(dst, v.F, 32, f)
	case Float64:
		return appendFloat(dst, v.F, 64, f)
	case Decimal:
		return AppendDecimal128(dst, decimalCoef(t, v), int(t.S))
	case Numeric:
		return AppendNum(dst, v.N)
	case Date, Time, TimeTZ, Timestamp, TimestampTZ, Interval:
		return appendDatetime(dst, t, v, f)
	case Char:
		return AppendChar(dst, v.S, int(t.P))
	case Bytea:
		return AppendBytea(dst, v.S, f)
	case UUID:
		return AppendUUID(dst, v.S)
	case InternalChar:
		return appendInternalChar(dst, v.S)
	case RegType:
		return appendRegType(dst, uint32(v.I))
	case Array, Int2Vector, OIDVector:
		return appendList(dst, t, v, f)
	case Map:
		return AppendJSON(dst, t, v, f)
	case Row, Record:
		return appendRow(dst, t, v, f)
	}
	if t.Phys() == PhysU32 {
		return appendReg(dst, v.I)
	}
	return append(dst, v.S...)
}

// FormatText returns v as AppendText appends it; NULL is "NULL". For messages and tests.
func FormatText(t Type, v Value, f *Format) string {
	if v.Null {
		return "NULL"
	}
	return string(AppendText(nil, t, v, f))
}

// decimalCoef returns the coefficient of a decimal of either width.
func decimalCoef(t Type, v Value) Int128 {
	if t.P <= 18 {
		return Int128Of(v.I)
	}
	return v.N.Coef
}

// TimeZone returns the zone of the session's timestamps, UTC unless set.
func (f *Format) TimeZone() *Zone {
	if f == nil {
		return zoneUTC
	}
	return ZoneOf(f.Zone)
}

func appendDatetime(dst []byte, t Type, v Value, f *Format) []byte {
	switch t.Kind {
	case Date:
		return AppendDate(dst, int32(v.I), f)
	case Time:
		return AppendTime(dst, v.I)
	case TimeTZ:
		return AppendTimeTZ(dst, v.TimeTZ())
	case Interval:
		return AppendInterval(dst, v.Iv, f)
	}
	var z *Zone
	if t.Kind == TimestampTZ {
		z = f.TimeZone()
	}
	switch {
	case t.IsNanos():
		return AppendTimestampNanos(dst, v.I, z, f)
	case z != nil:
		return AppendTimestampTZ(dst, v.I, z, f)
	}
	return AppendTimestamp(dst, v.I, f)
}

// AppendBool appends t or f.
func AppendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 't')
	}
	return append(dst, 'f')
}

// AppendInt64 appends an integer of any width.
func AppendInt64(dst []byte, v int64) []byte { return strconv.AppendInt(dst, v, 10) }

// AppendChar appends s padded with spaces to n characters.
func AppendChar(dst []byte, s string, n int) []byte {
	dst = append(dst, s...)
	for have := utf8.RuneCountInString(s); have < n; have++ {
		dst = append(dst, ' ')
	}
	return dst
}

const hexDigits = "0123456789abcdef"

// AppendBytea appends bytes in the session's form: hex, or escapes.
func AppendBytea(dst []byte, s string, f *Format) []byte {
	if f != nil && f.ByteaEscape {
		for i := range len(s) {
			switch c := s[i]; {
			case c == '\\':
				dst = append(dst, '\\', '\\')
			case c < 0x20 || c > 0x7e:
				dst = append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
			default:
				dst = append(dst, c)
			}
		}
		return dst
	}
	dst = append(dst, '\\', 'x')
	for i := range len(s) {
		dst = append(dst, hexDigits[s[i]>>4], hexDigits[s[i]&15])
	}
	return dst
}

// AppendUUID appends the 16 bytes of s in the usual form.
func AppendUUID(dst []byte, s string) []byte {
	for i := range len(s) {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, hexDigits[s[i]>>4], hexDigits[s[i]&15])
	}
	return dst
}

// appendInternalChar appends a "char": a byte beyond ASCII as \ooo, 0 as nothing.
func appendInternalChar(dst []byte, s string) []byte {
	if s == "" || s[0] == 0 {
		return dst
	}
	if c := s[0]; c >= 0x80 {
		return append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
	}
	return append(dst, s[0])
}

// appendReg appends an object identifier whose name is resolved elsewhere.
func appendReg(dst []byte, v int64) []byte {
	if v == 0 {
		return append(dst, '-')
	}
	return AppendInt64(dst, v)
}

func appendRegType(dst []byte, oid uint32) []byte {
	if t, ok := FromOID(oid, -1); ok {
		return append(dst, t.String()...)
	}
	return appendReg(dst, int64(oid))
}

// TimeTZ returns v as a time with zone.
func (v Value) TimeTZ() TimeTZValue { return TimeTZValue{Micros: v.I, Zone: v.Iv.Days} }

// TimeTZOf returns the value of a time with zone.
func TimeTZOf(t TimeTZValue) Value { return Value{I: t.Micros, Iv: IntervalValue{Days: t.Zone}} }

// DecimalValue returns the value of a decimal of type t.
func DecimalValue(t Type, coef Int128) Value {
	if t.P <= 18 {
		return Value{I: int64(coef.Lo)}
	}
	return Value{N: Num{Coef: coef}}
}
