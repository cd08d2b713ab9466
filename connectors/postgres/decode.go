package postgres

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// form is how a column's binary values become those of a page.
type form uint8

const (
	formBool form = iota
	form16
	form32
	form64
	formDate
	formTimestamp
	formDec64
	formDec128
	formNum
	formUUID
	formText
	formBytes
	formJSONB
	formPadded
	formOther // by types.ParseBinary
)

func formOf(t types.Type) form {
	switch t.Kind {
	case types.Bool:
		return formBool
	case types.Int16:
		return form16
	case types.Int32, types.Float32, types.OID, types.XID:
		return form32
	case types.Int64, types.Float64:
		return form64
	case types.Date:
		return formDate
	case types.Timestamp, types.TimestampTZ:
		if t.P == 0 {
			return formTimestamp
		}
	case types.Decimal:
		if t.Phys() == types.PhysI64 {
			return formDec64
		}
		return formDec128
	case types.Numeric:
		return formNum
	case types.UUID:
		return formUUID
	case types.Text, types.Varchar, types.Name, types.JSON:
		return formText
	case types.Char:
		return formPadded
	case types.Bytea:
		return formBytes
	case types.JSONB:
		return formJSONB
	}
	return formOther
}

// The epoch of PostgreSQL's dates and timestamps, 2000-01-01, since 1970.
const (
	epochDays   = 10957
	epochMicros = epochDays * 86400 * 1_000_000
)

// column fills one column of a page from the wire. Fixed-width values go to a
// buffer that is as long as a page may become, others to a builder.
type column struct {
	typ   types.Type
	form  form
	width int
	buf   *page.Buffer
	valid *page.Buffer
	build *page.Builder
	nulls bool
}

// begin gets memory for a page of at most rows rows.
func (c *column) begin(rows int, pool page.Pool) error {
	c.nulls = false
	if c.form >= formText {
		c.build = page.NewBuilder(c.typ, rows, pool)
		return c.build.Err()
	}
	var err error
	if c.buf, err = pool.Alloc(rows * c.width); err != nil {
		return err
	}
	c.valid, err = pool.Alloc(page.BitmapBytes(rows))
	return err
}

// put stores the value of row i; nil is NULL.
func (c *column) put(i int, b []byte) error {
	if c.form >= formText {
		return c.append(b)
	}
	if i&7 == 0 {
		c.valid.Data[i>>3] = 0xFF
	}
	at := c.buf.Data[i*c.width : (i+1)*c.width]
	if b == nil {
		clear(at)
		page.BitClear(c.valid.Data, i)
		c.nulls = true
		return nil
	}
	switch c.form {
	case formBool:
		if len(b) != 1 || b[0] > 1 {
			return c.malformed()
		}
		at[0] = b[0]
	case form16:
		if len(b) != 2 {
			return c.malformed()
		}
		binary.NativeEndian.PutUint16(at, binary.BigEndian.Uint16(b))
	case form32:
		if len(b) != 4 {
			return c.malformed()
		}
		binary.NativeEndian.PutUint32(at, binary.BigEndian.Uint32(b))
	case form64:
		if len(b) != 8 {
			return c.malformed()
		}
		binary.NativeEndian.PutUint64(at, binary.BigEndian.Uint64(b))
	case formUUID:
		if len(b) != 16 {
			return c.malformed()
		}
		copy(at, b)
	default:
		return c.convert(i, b)
	}
	return nil
}

// convert stores values that are computed.
func (c *column) convert(i int, b []byte) error {
	switch c.form {
	case formDate:
		if len(b) != 4 {
			return c.malformed()
		}
		d := int32(binary.BigEndian.Uint32(b))
		if types.IsFiniteDate(d) {
			if d > math.MaxInt32-epochDays || !types.IsDate(int64(d)+epochDays) {
				return sqlerr.New(sqlerr.DatetimeFieldOverflow, "date out of range")
			}
			d += epochDays
		}
		page.SliceOf[int32](c.buf.Data)[i] = d
	case formTimestamp:
		if len(b) != 8 {
			return c.malformed()
		}
		ts := int64(binary.BigEndian.Uint64(b))
		if types.IsFiniteTimestamp(ts) {
			if ts > math.MaxInt64-epochMicros || !types.IsTimestamp(ts+epochMicros) {
				return sqlerr.New(sqlerr.DatetimeFieldOverflow, "timestamp out of range")
			}
			ts += epochMicros
		}
		page.SliceOf[int64](c.buf.Data)[i] = ts
	case formDec64:
		if v, ok := decimal64(b, int(c.typ.P), int(c.typ.S)); ok {
			page.SliceOf[int64](c.buf.Data)[i] = v
			return nil
		}
		v, err := c.decimal(b)
		if err != nil {
			return err
		}
		page.SliceOf[int64](c.buf.Data)[i], _ = v.Int64()
	case formDec128:
		v, err := c.decimal(b)
		if err != nil {
			return err
		}
		page.SliceOf[types.Int128](c.buf.Data)[i] = v
	case formNum:
		n, err := types.ParseNumBinary(b)
		if err != nil {
			return err
		}
		page.SliceOf[types.Num](c.buf.Data)[i] = n
	}
	return nil
}

// decimal reads a value of a numeric(p,s), which on the server may be NaN.
func (c *column) decimal(b []byte) (types.Int128, error) {
	n, err := types.ParseNumBinary(b)
	if err != nil {
		return types.Int128{}, err
	}
	if !n.IsFinite() {
		return types.Int128{}, sqlerr.New(sqlerr.NumericValueOutOfRange, "value of %s is not a number: %s", c.typ, n).
			WithHint("leave such rows out with a condition that the server evaluates, or make the column numeric without precision")
	}
	return n.Decimal(int(c.typ.P), int(c.typ.S))
}

// decimal64 reads a numeric whose digits fill at most 18 decimals and whose
// scale is that of the type, the usual case: no 128-bit arithmetic.
func decimal64(b []byte, p, s int) (int64, bool) {
	if len(b) < 8 {
		return 0, false
	}
	n := int(binary.BigEndian.Uint16(b))
	weight := int(int16(binary.BigEndian.Uint16(b[2:])))
	sign := binary.BigEndian.Uint16(b[4:])
	scale := int(binary.BigEndian.Uint16(b[6:]))
	if scale != s || sign != 0 && sign != 0x4000 || len(b) != 8+2*n || n > 5 {
		return 0, false
	}
	v := int64(0)
	for i := range n {
		d := binary.BigEndian.Uint16(b[8+2*i:])
		if d > 9999 {
			return 0, false
		}
		shift := 4*(weight-i) + s // power of ten of the digit's unit
		switch {
		case shift >= 0 && shift <= 14: // the sum stays below 10^18
			v += int64(d) * types.Pow10Int64(shift)
		case shift > -4 && shift < 0:
			cut := types.Pow10Int64(-shift)
			if int64(d)%cut != 0 {
				return 0, false
			}
			v += int64(d) / cut
		case d != 0:
			return 0, false
		}
	}
	if v >= types.Pow10Int64(min(p, 18)) {
		return 0, false
	}
	if sign != 0 {
		v = -v
	}
	return v, true
}

// append stores a value of variable length or of a rare type.
func (c *column) append(b []byte) error {
	if b == nil {
		c.build.AppendNull()
		return c.build.Err()
	}
	switch c.form {
	case formText, formPadded, formJSONB:
		if c.form == formJSONB {
			if len(b) == 0 || b[0] != 1 {
				return c.malformed()
			}
			b = b[1:]
		}
		if !utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0 {
			return sqlerr.New(sqlerr.CharacterNotInRepertoire, "text of a remote table is not valid UTF-8")
		}
		if c.form == formPadded {
			b = bytes.TrimRight(b, " ")
		}
		c.build.AppendBytes(b)
	case formBytes:
		c.build.AppendBytes(b)
	default:
		v, err := types.ParseBinary(c.typ, b)
		if err != nil {
			return err
		}
		if c.typ.Kind == types.InternalChar && v.S == "\x00" {
			v.S = ""
		}
		c.build.AppendValue(v)
	}
	return c.build.Err()
}

func (c *column) malformed() error {
	return sqlerr.New(sqlerr.ProtocolViolation, "PostgreSQL sent a value that is none of its type: %s", c.typ)
}

// finish makes the vector of the first n rows.
func (c *column) finish(n int) (*page.Vector, error) {
	if c.build != nil {
		b := c.build
		c.build = nil
		return b.Finish()
	}
	p := page.Parts{Type: c.typ, N: n, Data: c.buf.Data[:n*c.width], Bufs: []*page.Buffer{c.buf, c.valid}}
	if c.nulls {
		p.Valid = c.valid.Data[:page.BitmapBytes(n)]
	}
	c.buf, c.valid = nil, nil
	return page.MakeFlat(p), nil
}

// release gives memory back that became no vector.
func (c *column) release() {
	c.buf.Release()
	c.valid.Release()
	if c.build != nil {
		c.build.Release()
	}
	c.buf, c.valid, c.build = nil, nil, nil
}

// bytes returns about how much the column holds.
func (c *column) bytes(rows int) int {
	if c.build != nil {
		return c.build.Bytes()
	}
	return rows * c.width
}

// outputColumns prepares the columns of a scan.
func outputColumns(ts []types.Type) []column {
	out := make([]column, len(ts))
	for i, t := range ts {
		out[i] = column{typ: t, form: formOf(t), width: t.Phys().Size()}
	}
	return out
}

// inColumn names the column that a value could not be read into.
func inColumn(name string, err error) error { return fmt.Errorf("column %s: %w", name, err) }
