package types

// oidEntry ties a kind to PostgreSQL's catalog.
type oidEntry struct {
	oid, array uint32
	len        int16
}

// oids is indexed by kind. A map has no counterpart: it travels as json, in
// its text form. A tinyint is an int2; a row is a record.
var oids = [kindEnd]oidEntry{
	Unknown: {705, 0, -2}, Bool: {16, 1000, 1}, Int16: {21, 1005, 2}, Int32: {23, 1007, 4},
	Int64: {20, 1016, 8}, Float32: {700, 1021, 4}, Float64: {701, 1022, 8},
	Decimal: {1700, 1231, -1}, Numeric: {1700, 1231, -1}, Date: {1082, 1182, 4},
	Time: {1083, 1183, 8}, TimeTZ: {1266, 1270, 12}, Timestamp: {1114, 1115, 8},
	TimestampTZ: {1184, 1185, 8}, Interval: {1186, 1187, 16}, Text: {25, 1009, -1},
	Varchar: {1043, 1015, -1}, Char: {1042, 1014, -1}, Bytea: {17, 1001, -1},
	UUID: {2950, 2951, 16}, JSON: {114, 199, -1}, JSONB: {3802, 3807, -1}, Name: {19, 1003, 64},
	InternalChar: {18, 1002, 1}, OID: {26, 1028, 4}, RegClass: {2205, 2210, 4},
	RegType: {2206, 2211, 4}, RegProc: {24, 1008, 4}, RegProcedure: {2202, 2207, 4},
	RegNamespace: {4089, 4090, 4}, RegRole: {4096, 4097, 4}, RegOper: {2203, 2208, 4},
	RegOperator: {2204, 2209, 4}, RegConfig: {3734, 3735, 4}, RegDictionary: {3769, 3770, 4},
	RegCollation: {4191, 4192, 4}, Int2Vector: {22, 1006, -1}, OIDVector: {30, 1013, -1},
	XID: {28, 1011, 4}, Int8: {21, 1005, 2}, Map: {114, 199, -1}, Row: {2249, 2287, -1},
	Record: {2249, 2287, -1}, Void: {2278, 0, 4}, AnyArray: {2277, 0, -1},
	AnyElement: {2283, 0, 4}, Function: {2281, 0, 8},
}

// TypeOID returns the PostgreSQL type that t is announced as; arrays of arrays are
// one array type, as there.
func TypeOID(t Type) uint32 {
	if t.Kind == Array {
		return ArrayOID(t.ElemType())
	}
	if t.Kind >= kindEnd {
		return oids[Unknown].oid
	}
	return oids[t.Kind].oid
}

// ArrayOID returns the type of an array of elem: text[] where PostgreSQL has none.
func ArrayOID(elem Type) uint32 {
	for elem.Kind == Array {
		elem = elem.ElemType()
	}
	if elem.Kind < kindEnd && oids[elem.Kind].array != 0 {
		return oids[elem.Kind].array
	}
	return oids[Text].array
}

// TypLen returns pg_type.typlen: the bytes of a value, or -1 where it varies.
func TypLen(t Type) int16 {
	if t.Kind == Array || t.Kind >= kindEnd {
		return -1
	}
	return oids[t.Kind].len
}

// varHeader is what PostgreSQL adds to lengths in a typmod.
const varHeader = 4

// Typmod returns t's parameters as PostgreSQL's type modifier, -1 without any.
func Typmod(t Type) int32 {
	switch t.Kind {
	case Decimal:
		return t.P<<16 | t.S&0x7ff + varHeader
	case Varchar, Char:
		if t.P > 0 {
			return t.P + varHeader
		}
	case Time, TimeTZ, Timestamp, TimestampTZ:
		if t.P != 0 {
			return int32(min(t.Digits(), 6))
		}
	case Interval:
		if t.P != 0 || t.S != 0 {
			p, r := int32(0xffff), t.S
			if t.P != 0 {
				p = int32(t.Digits())
			}
			if r == 0 {
				r = intervalFull
			}
			return r<<16 | p
		}
	case Array:
		return Typmod(t.ElemType())
	}
	return -1
}

// FromOID returns the type of a PostgreSQL oid and modifier; false where this
// engine has no such type.
func FromOID(oid uint32, typmod int32) (Type, bool) {
	switch oid {
	case 0:
		return Type{}, false
	case oids[Int16].oid, oids[Int16].array, oids[JSON].oid, oids[JSON].array, oids[Numeric].oid, oids[Numeric].array:
		// Several kinds share these.
		return fromShared(oid, typmod), true
	}
	for k := range Kind(kindEnd) {
		switch e := oids[k]; {
		case e.oid == oid && k != Int8 && k != Row:
			return withTypmod(Of(k), typmod), true
		case e.array == oid && k != Int8 && k != Row:
			return ArrayOf(withTypmod(Of(k), typmod)), true
		}
	}
	return Type{}, false
}

func fromShared(oid uint32, typmod int32) Type {
	switch oid {
	case oids[Int16].oid:
		return Of(Int16)
	case oids[Int16].array:
		return ArrayOf(Of(Int16))
	case oids[JSON].oid:
		return Of(JSON)
	case oids[JSON].array:
		return ArrayOf(Of(JSON))
	case oids[Numeric].oid:
		return withTypmod(Of(Numeric), typmod)
	}
	return ArrayOf(withTypmod(Of(Numeric), typmod))
}

// withTypmod gives t the parameters of a type modifier. A numeric(p,s) that a
// decimal cannot hold stays a numeric.
func withTypmod(t Type, typmod int32) Type {
	if typmod < 0 {
		return t
	}
	switch t.Kind {
	case Numeric:
		m := typmod - varHeader
		p, s := m>>16, (m&0x7ff^1024)-1024
		if m >= 0 && 0 < p && p <= MaxNumDigits && 0 <= s && s <= p {
			return DecimalOf(int(p), int(s))
		}
	case Varchar, Char:
		if typmod > varHeader {
			t.P = typmod - varHeader
		}
	case Time, TimeTZ, Timestamp, TimestampTZ:
		return t.WithDigits(int(min(typmod, 6)))
	case Interval:
		if p := typmod & 0xffff; p <= 6 {
			t = t.WithDigits(int(p))
		}
		if r := typmod >> 16 & 0x7fff; r != intervalFull {
			t.S = r
		}
	}
	return t
}
