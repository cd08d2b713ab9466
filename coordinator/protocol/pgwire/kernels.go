package pgwire

import (
	"encoding/binary"
	"math"
	"unsafe"

	"github.com/muster-sql/muster/connectors/spi/types"
)

// textKernel returns the loop that prints values of t.
func textKernel(t types.Type, f *types.Format) kernel {
	switch t.Kind {
	case types.Bool:
		return fixed(func(dst []byte, v uint8) []byte { return types.AppendBool(dst, v != 0) })
	case types.Int8, types.Int16:
		return integers[int16]
	case types.Int32:
		return integers[int32]
	case types.Int64:
		return integers[int64]
	case types.OID, types.XID:
		return integers[uint32]
	case types.Decimal:
		scale := int(t.S)
		if t.Phys() == types.PhysI64 {
			return fixed(func(dst []byte, v int64) []byte { return types.AppendDecimal64(dst, v, scale) })
		}
		return fixed(func(dst []byte, v types.Int128) []byte { return types.AppendDecimal128(dst, v, scale) })
	case types.Numeric:
		return fixed(types.AppendNum)
	case types.Float64:
		if f.ExtraFloatDigits >= 0 {
			return fixed(types.AppendFloat64)
		}
	case types.Float32:
		if f.ExtraFloatDigits >= 0 {
			return fixed(types.AppendFloat32)
		}
	case types.Text, types.Varchar, types.Name, types.JSON, types.JSONB, types.Unknown:
		return views
	case types.Char:
		width := int(t.P)
		return through(func(dst, s []byte) []byte { return types.AppendChar(dst, peek(s), width) })
	case types.Bytea:
		return through(func(dst, s []byte) []byte { return types.AppendBytea(dst, peek(s), f) })
	case types.UUID:
		return fixed(func(dst []byte, v [16]byte) []byte { return types.AppendUUID(dst, peek(v[:])) })
	}
	if k := datetimeKernel(t, f); k != nil {
		return k
	}
	return singly(func(dst []byte, t types.Type, v types.Value) ([]byte, error) {
		return types.AppendText(dst, t, v, f), nil
	})
}

// datetimeKernel returns the loop that prints dates and times, nil for others.
func datetimeKernel(t types.Type, f *types.Format) kernel {
	switch t.Kind {
	case types.Date:
		return fixed(func(dst []byte, v int32) []byte { return types.AppendDate(dst, v, f) })
	case types.Time:
		return fixed(types.AppendTime)
	case types.TimeTZ:
		return fixed(types.AppendTimeTZ)
	case types.Interval:
		return fixed(func(dst []byte, v types.IntervalValue) []byte { return types.AppendInterval(dst, v, f) })
	case types.Timestamp:
		if t.IsNanos() {
			return fixed(func(dst []byte, v int64) []byte { return types.AppendTimestampNanos(dst, v, nil, f) })
		}
		return fixed(func(dst []byte, v int64) []byte { return types.AppendTimestamp(dst, v, f) })
	case types.TimestampTZ:
		zone := f.TimeZone()
		if t.IsNanos() {
			return fixed(func(dst []byte, v int64) []byte { return types.AppendTimestampNanos(dst, v, zone, f) })
		}
		return fixed(func(dst []byte, v int64) []byte { return types.AppendTimestampTZ(dst, v, zone, f) })
	}
	return nil
}

// peek sees bytes as a string while they are not changed.
func peek(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// binaryKernel returns the loop that writes values of t in binary form.
func binaryKernel(t types.Type) kernel {
	be := binary.BigEndian
	switch t.Kind {
	case types.Bool:
		return fixed(func(dst []byte, v uint8) []byte { return append(dst, v) })
	case types.Int8, types.Int16:
		return fixed(func(dst []byte, v int16) []byte { return be.AppendUint16(dst, uint16(v)) })
	case types.Int32:
		return fixed(func(dst []byte, v int32) []byte { return be.AppendUint32(dst, uint32(v)) })
	case types.Int64, types.Time:
		return fixed(func(dst []byte, v int64) []byte { return be.AppendUint64(dst, uint64(v)) })
	case types.Float32:
		return fixed(func(dst []byte, v float32) []byte { return be.AppendUint32(dst, math.Float32bits(v)) })
	case types.Float64:
		return fixed(func(dst []byte, v float64) []byte { return be.AppendUint64(dst, math.Float64bits(v)) })
	case types.Numeric:
		return fixed(types.AppendNumBinary)
	case types.Decimal:
		scale := int(t.S)
		if t.Phys() == types.PhysI64 {
			return fixed(func(dst []byte, v int64) []byte { return types.AppendDecimalBinary(dst, types.Int128Of(v), scale) })
		}
		return fixed(func(dst []byte, v types.Int128) []byte { return types.AppendDecimalBinary(dst, v, scale) })
	case types.Date:
		return fixed(types.AppendDateBinary)
	case types.Timestamp, types.TimestampTZ:
		if !t.IsNanos() {
			return fixed(types.AppendTimestampBinary)
		}
	case types.TimeTZ:
		return fixed(types.AppendTimeTZBinary)
	case types.Interval:
		return fixed(types.AppendIntervalBinary)
	case types.UUID:
		return fixed(func(dst []byte, v [16]byte) []byte { return append(dst, v[:]...) })
	case types.Text, types.Varchar, types.Name, types.JSON, types.Unknown, types.Bytea:
		return views
	case types.JSONB:
		return through(func(dst, s []byte) []byte { return append(append(dst, 1), s...) })
	}
	if t.IsOIDLike() {
		return fixed(func(dst []byte, v uint32) []byte { return be.AppendUint32(dst, v) })
	}
	return singly(types.AppendBinary)
}
