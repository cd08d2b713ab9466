// Package types owns the SQL types, their values and their text and binary
// forms. Everything above shares it: parsing and printing of a type's text
// happens here and nowhere else. It knows no pages and no expressions.
package types

import (
	"strconv"
	"strings"
)

// Kind names a SQL type without its parameters. The numbers are part of the
// plan codec: append only.
type Kind uint8

// All kinds (D16). The comment is the layout of a value in a page.
const (
	Unknown       Kind = iota // untyped literal or NULL; a string view
	Bool                      // one byte, 0 or 1
	Int16                     // int16
	Int32                     // int32
	Int64                     // int64
	Float32                   // float32
	Float64                   // float64
	Decimal                   // DECIMAL(p,s): p <= 18 int64, else Int128
	Numeric                   // numeric without precision: Num
	Date                      // int32, days since 1970-01-01
	Time                      // int64, microseconds of the day
	TimeTZ                    // TimeTZValue
	Timestamp                 // int64, microseconds since 1970; with P = 9: nanoseconds
	TimestampTZ               // int64, microseconds since 1970 UTC; with P = 9: nanoseconds
	Interval                  // IntervalValue
	Text                      // string view
	Varchar                   // string view; P is the length, 0 unlimited
	Char                      // string view without the padding; P is the length
	Bytea                     // string view
	UUID                      // 16 bytes
	JSON                      // string view, text as given
	JSONB                     // string view, normalised text
	Name                      // string view
	InternalChar              // "char": string view of one byte
	OID                       // uint32
	RegClass                  // uint32
	RegType                   // uint32
	RegProc                   // uint32
	RegProcedure              // uint32
	RegNamespace              // uint32
	RegRole                   // uint32
	RegOper                   // uint32
	RegOperator               // uint32
	RegConfig                 // uint32
	RegDictionary             // uint32
	RegCollation              // uint32
	Int2Vector                // list of int16
	OIDVector                 // list of oid
	XID                       // uint32
	Int8                      // tinyint of other systems: int16 on the wire; int16 in a page, range -128..127
	Array                     // list: offsets and one child
	Map                       // list of key and value: offsets and two children
	Row                       // struct: one child a field
	Record                    // anonymous row: as Row
	Void                      // no value
	AnyArray                  // pseudo type of signatures
	AnyElement                // pseudo type of signatures
	Function                  // a lambda as an argument
	kindEnd
)

// Field is a named member of a Row.
type Field struct {
	Name string
	Type Type
}

// Type is a SQL type: a value, comparable with Equal, immutable.
type Type struct {
	Kind   Kind
	P      int32 // precision of Decimal, length of Varchar and Char; of datetime kinds see Digits
	S      int32 // scale of Decimal; of an Interval the fields it is restricted to
	Coll   uint32
	Elem   *Type // Array: element; Map: value
	Key    *Type // Map: key
	Fields []Field
}

// Phys is the layout of a column's values in memory.
type Phys uint8

// The layouts. Fixed ones have the size that Size returns.
const (
	PhysBool   Phys = iota // one byte a value
	PhysI16                // int16
	PhysI32                // int32; dates too
	PhysU32                // uint32; oids
	PhysI64                // int64; decimals to 18 digits, timestamps
	PhysF32                // float32
	PhysF64                // float64
	PhysI128               // Int128; decimals to 38 digits
	PhysNum                // Num; numeric
	PhysB16                // [16]byte; uuid
	PhysIval               // IntervalValue
	PhysTimeTZ             // TimeTZValue
	PhysView               // 16-byte string views and data buffers
	PhysList               // int32 offsets and children
	PhysStruct             // children only
)

// Size returns the bytes of one fixed-width value, 16 for views, 0 for nested ones.
func (p Phys) Size() int {
	switch p {
	case PhysBool:
		return 1
	case PhysI16:
		return 2
	case PhysI32, PhysU32, PhysF32:
		return 4
	case PhysI64, PhysF64:
		return 8
	case PhysI128, PhysB16, PhysIval, PhysTimeTZ, PhysView:
		return 16
	case PhysNum:
		return 24
	default:
		return 0
	}
}

// Phys returns the layout of t's values.
func (t Type) Phys() Phys {
	switch t.Kind {
	case Bool:
		return PhysBool
	case Int8, Int16:
		return PhysI16
	case Int32, Date:
		return PhysI32
	case Int64, Time, Timestamp, TimestampTZ:
		return PhysI64
	case Float32:
		return PhysF32
	case Float64:
		return PhysF64
	case Decimal:
		if t.P <= 18 {
			return PhysI64
		}
		return PhysI128
	case Numeric:
		return PhysNum
	case TimeTZ:
		return PhysTimeTZ
	case Interval:
		return PhysIval
	case UUID:
		return PhysB16
	case OID, RegClass, RegType, RegProc, RegProcedure, RegNamespace, RegRole, RegOper,
		RegOperator, RegConfig, RegDictionary, RegCollation, XID:
		return PhysU32
	case Array, Map, Int2Vector, OIDVector:
		return PhysList
	case Row, Record:
		return PhysStruct
	default:
		return PhysView
	}
}

// Constructors of parameterised types.

// DecimalOf returns DECIMAL(p,s).
func DecimalOf(p, s int) Type { return Type{Kind: Decimal, P: int32(p), S: int32(s)} }

// VarcharOf returns VARCHAR(n); n = 0 is unlimited.
func VarcharOf(n int) Type { return Type{Kind: Varchar, P: int32(n)} }

// CharOf returns CHAR(n).
func CharOf(n int) Type { return Type{Kind: Char, P: int32(n)} }

// ArrayOf returns the array of elem.
func ArrayOf(elem Type) Type { return Type{Kind: Array, Elem: &elem} }

// MapOf returns the map from key to value.
func MapOf(key, value Type) Type { return Type{Kind: Map, Key: &key, Elem: &value} }

// RowOf returns the row of fields.
func RowOf(fields ...Field) Type { return Type{Kind: Row, Fields: fields} }

// Of returns the type of kind without parameters.
func Of(k Kind) Type { return Type{Kind: k} }

// ElemType returns the element type of a list kind: of an array, int2vector or oidvector.
func (t Type) ElemType() Type {
	switch t.Kind {
	case Int2Vector:
		return Of(Int16)
	case OIDVector:
		return Of(OID)
	}
	if t.Elem == nil {
		return Of(Unknown)
	}
	return *t.Elem
}

// Children returns the types of t's child vectors: an array's element, a map's
// key and value, a row's fields.
func (t Type) Children() []Type {
	switch t.Kind {
	case Array, Int2Vector, OIDVector:
		return []Type{t.ElemType()}
	case Map:
		return []Type{*t.Key, *t.Elem}
	case Row, Record:
		out := make([]Type, len(t.Fields))
		for i, f := range t.Fields {
			out[i] = f.Type
		}
		return out
	}
	return nil
}

// Equal reports whether t and u are the same type, parameters included;
// collations and the names of row fields count.
func (t Type) Equal(u Type) bool {
	if t.Kind != u.Kind || t.P != u.P || t.S != u.S || t.Coll != u.Coll || len(t.Fields) != len(u.Fields) {
		return false
	}
	if !ptrEqual(t.Elem, u.Elem) || !ptrEqual(t.Key, u.Key) {
		return false
	}
	for i := range t.Fields {
		if t.Fields[i].Name != u.Fields[i].Name || !t.Fields[i].Type.Equal(u.Fields[i].Type) {
			return false
		}
	}
	return true
}

func ptrEqual(a, b *Type) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// IsString reports whether values are character strings.
func (t Type) IsString() bool {
	switch t.Kind {
	case Text, Varchar, Char, Name, InternalChar, Unknown:
		return true
	}
	return false
}

// IsInteger reports whether t is one of the integer kinds.
func (t Type) IsInteger() bool {
	switch t.Kind {
	case Int8, Int16, Int32, Int64:
		return true
	}
	return false
}

// IsFloat reports whether t is a binary floating point kind.
func (t Type) IsFloat() bool { return t.Kind == Float32 || t.Kind == Float64 }

// IsNumeric reports whether t is a number of any kind.
func (t Type) IsNumeric() bool {
	return t.IsInteger() || t.IsFloat() || t.Kind == Decimal || t.Kind == Numeric
}

// IsDatetime reports whether t is a date, time or timestamp.
func (t Type) IsDatetime() bool {
	switch t.Kind {
	case Date, Time, TimeTZ, Timestamp, TimestampTZ:
		return true
	}
	return false
}

// IsNested reports whether t has children.
func (t Type) IsNested() bool {
	switch t.Kind {
	case Array, Map, Row, Record, Int2Vector, OIDVector:
		return true
	}
	return false
}

// IsOIDLike reports whether values are object identifiers.
func (t Type) IsOIDLike() bool { return t.Phys() == PhysU32 }

// ScalarName returns the canonical SQL name of a kind without parameters.
func (k Kind) ScalarName() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind" + strconv.Itoa(int(k))
}

var kindNames = [...]string{
	Unknown: "unknown", Bool: "boolean", Int16: "smallint", Int32: "integer", Int64: "bigint",
	Float32: "real", Float64: "double precision", Decimal: "numeric", Numeric: "numeric",
	Date: "date", Time: "time without time zone", TimeTZ: "time with time zone",
	Timestamp: "timestamp without time zone", TimestampTZ: "timestamp with time zone",
	Interval: "interval", Text: "text", Varchar: "character varying", Char: "character",
	Bytea: "bytea", UUID: "uuid", JSON: "json", JSONB: "jsonb", Name: "name", InternalChar: "\"char\"",
	OID: "oid", RegClass: "regclass", RegType: "regtype", RegProc: "regproc",
	RegProcedure: "regprocedure", RegNamespace: "regnamespace", RegRole: "regrole",
	RegOper: "regoper", RegOperator: "regoperator", RegConfig: "regconfig",
	RegDictionary: "regdictionary", RegCollation: "regcollation", Int2Vector: "int2vector",
	OIDVector: "oidvector", XID: "xid", Int8: "tinyint", Array: "array", Map: "map", Row: "row",
	Record: "record", Void: "void", AnyArray: "anyarray", AnyElement: "anyelement", Function: "function",
}

// String prints the type as SQL: "numeric(15,2)", "integer[]",
// "map(text, bigint)", "row(a integer, b text)".
func (t Type) String() string {
	switch t.Kind {
	case Decimal:
		return "numeric(" + strconv.Itoa(int(t.P)) + "," + strconv.Itoa(int(t.S)) + ")"
	case Varchar, Char:
		if t.P > 0 {
			return t.Kind.ScalarName() + "(" + strconv.Itoa(int(t.P)) + ")"
		}
		if t.Kind == Char {
			return "bpchar"
		}
	case Timestamp, TimestampTZ, Time, TimeTZ:
		if t.P != 0 {
			base, zone, _ := strings.Cut(t.Kind.ScalarName(), " ")
			return base + "(" + strconv.Itoa(t.Digits()) + ") " + zone
		}
	case Interval:
		name := "interval"
		for _, f := range intervalFields {
			if f.mask == t.S {
				name += " " + f.name
			}
		}
		if t.P != 0 {
			name += "(" + strconv.Itoa(t.Digits()) + ")"
		}
		return name
	case Array:
		return t.ElemType().String() + "[]"
	case Map:
		return "map(" + t.Key.String() + ", " + t.Elem.String() + ")"
	case Row:
		var b strings.Builder
		b.WriteString("row(")
		for i, f := range t.Fields {
			if i > 0 {
				b.WriteString(", ")
			}
			if f.Name != "" {
				b.WriteString(quoteName(f.Name) + " ")
			}
			b.WriteString(f.Type.String())
		}
		return b.String() + ")"
	}
	return t.Kind.ScalarName()
}

// quoteName puts a field's name in quotes where it needs them.
func quoteName(name string) string {
	plain := name[0]-'0' > 9
	for i := range len(name) {
		if c := name[i]; !isWordByte(c) || 'A' <= c && c <= 'Z' {
			plain = false
		}
	}
	if _, isType := kindByName[name]; plain && !isType {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}
