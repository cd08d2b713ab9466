package parquet

import (
	"strconv"

	"github.com/muster-sql/muster/connectors/internal/parquet/format"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// statKind is how the bounds of a leaf's values are ordered.
type statKind uint8

const (
	statNone  statKind = iota
	statInt            // signed
	statFloat          // NaN left out
	statBytes          // unsigned bytes
	statBig            // signed, big-endian
)

// numericScale is the scale that numbers of numeric without precision are stored with.
const numericScale = 18

// branch is a field of the schema that is written: a tree like that of the type.
type branch struct {
	typ      types.Type
	optional bool
	kids     []*branch
	leaf     *leafWriter // of leaves
}

// schemaWriter collects the elements and leaves of a schema.
type schemaWriter struct {
	elements []format.SchemaElement
	leaves   []*leafWriter
}

func group(name string, rep format.Repetition, kids int) format.SchemaElement {
	return format.SchemaElement{Type: -1, Name: name, Repetition: rep, Children: int32(kids), Converted: format.NoConverted}
}

// field adds a field below path with the levels of where it stands.
func (w *schemaWriter) field(name string, t types.Type, optional bool, path []string, def, rep uint8) (*branch, error) {
	path = append(path[:len(path):len(path)], name)
	b := &branch{typ: t, optional: optional}
	repetition := format.Required
	if optional {
		repetition = format.Optional
		def++
	}
	if def >= 250 {
		return nil, sqlerr.New(sqlerr.ProgramLimit, "type is nested too deeply for Parquet: %s", name)
	}
	switch t.Kind {
	case types.Array, types.Int2Vector, types.OIDVector:
		e := group(name, repetition, 1)
		e.Converted, e.Logical.Kind = format.ConvList, format.LogList
		w.elements = append(w.elements, e, group("list", format.Repeated, 1))
		return b, w.kid(b, "element", t.ElemType(), true, append(path, "list"), def+1, rep+1)
	case types.Map:
		e := group(name, repetition, 1)
		e.Converted, e.Logical.Kind = format.ConvMap, format.LogMap
		w.elements = append(w.elements, e, group("key_value", format.Repeated, 2))
		if err := w.kid(b, "key", *t.Key, false, append(path, "key_value"), def+1, rep+1); err != nil {
			return nil, err
		}
		return b, w.kid(b, "value", *t.Elem, true, append(path, "key_value"), def+1, rep+1)
	case types.Row, types.Record:
		if len(t.Fields) == 0 {
			return nil, sqlerr.Unsupported("a row without fields cannot be stored in Parquet: column %s", name)
		}
		w.elements = append(w.elements, group(name, repetition, len(t.Fields)))
		for i, f := range t.Fields {
			if f.Name == "" {
				f.Name = "f" + strconv.Itoa(i+1)
			}
			if err := w.kid(b, f.Name, f.Type, true, path, def, rep); err != nil {
				return nil, err
			}
		}
		return b, nil
	}
	leaf, err := newLeafWriter(name, t)
	if err != nil {
		return nil, err
	}
	leaf.element.Name, leaf.element.Repetition = name, repetition
	leaf.path, leaf.maxDef, leaf.maxRep = path, def, rep
	w.elements = append(w.elements, leaf.element)
	w.leaves = append(w.leaves, leaf)
	b.leaf = leaf
	return b, nil
}

func (w *schemaWriter) kid(b *branch, name string, t types.Type, optional bool, path []string, def, rep uint8) error {
	k, err := w.field(name, t, optional, path, def, rep)
	if err == nil {
		b.kids = append(b.kids, k)
	}
	return err
}

// newLeafWriter says how values of a type are stored.
func newLeafWriter(name string, t types.Type) (*leafWriter, error) {
	l := &leafWriter{typ: t, stat: statInt, width: 8}
	l.element = format.SchemaElement{Type: format.Int64, Converted: format.NoConverted, FieldID: -1}
	e := &l.element
	set := func(p format.Type, width int, stat statKind) { e.Type, l.width, l.stat = p, width, stat }
	switch t.Kind {
	case types.Bool:
		set(format.Boolean, 1, statInt)
	case types.Int8, types.Int16:
		set(format.Int32, 4, statInt)
		e.Converted, e.Logical = format.ConvInt16, format.Logical{Kind: format.LogInteger, Bits: 16, Signed: true}
	case types.Int32:
		set(format.Int32, 4, statInt)
	case types.Float32:
		set(format.Float, 4, statFloat)
	case types.Float64:
		set(format.Double, 8, statFloat)
	case types.Date:
		set(format.Int32, 4, statInt)
		e.Converted, e.Logical.Kind = format.ConvDate, format.LogDate
	case types.Time:
		e.Converted, e.Logical = format.ConvTimeMicros, format.Logical{Kind: format.LogTime, Unit: format.Micros}
	case types.Timestamp, types.TimestampTZ:
		e.Logical = format.Logical{Kind: format.LogTimestamp, Unit: format.Micros, UTC: t.Kind == types.TimestampTZ}
		if t.P == 9 {
			e.Logical.Unit = format.Nanos
		}
	case types.Decimal, types.Numeric:
		decimalWriter(l, t)
	case types.Bytea:
		set(format.ByteArray, 0, statBytes)
	case types.UUID:
		set(format.FixedLenByteArray, 16, statBytes)
		e.TypeLength, e.Logical.Kind = 16, format.LogUUID
	case types.JSON, types.JSONB:
		set(format.ByteArray, 0, statNone)
		e.Converted, e.Logical.Kind = format.ConvJSON, format.LogJSON
	case types.Interval:
		set(format.FixedLenByteArray, 12, statNone)
		e.TypeLength, e.Converted = 12, format.ConvInterval
	default:
		switch {
		case t.Phys() == types.PhysView && t.IsString():
			set(format.ByteArray, 0, statBytes)
			e.Converted, e.Logical.Kind = format.ConvUTF8, format.LogString
		case t.Phys() != types.PhysU32 && t.Kind != types.Int64:
			return nil, sqlerr.Unsupported("type %v cannot be stored in Parquet: column %s", t, name)
		}
	}
	return l, nil
}

func decimalWriter(l *leafWriter, t types.Type) {
	p, s := t.P, t.S
	if t.Kind == types.Numeric {
		p, s = types.MaxNumDigits, numericScale
	}
	e := &l.element
	e.Converted, e.Scale, e.Precision = format.ConvDecimal, s, p
	e.Logical = format.Logical{Kind: format.LogDecimal, Scale: s, Precision: p}
	if p > 18 {
		e.Type, e.TypeLength, l.width, l.stat = format.FixedLenByteArray, 16, 16, statBig
	}
}
