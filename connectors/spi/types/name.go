package types

import (
	"slices"
	"strings"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// kindByName holds the names of types as in pg_type, SQL's spellings, and the
// aliases that other engines' users type.
var kindByName = map[string]Kind{
	"unknown": Unknown, "bool": Bool, "boolean": Bool,
	"int2": Int16, "smallint": Int16, "int16": Int16, "int4": Int32, "int": Int32, "integer": Int32, "int32": Int32,
	"int8": Int64, "bigint": Int64, "int64": Int64, "tinyint": Int8,
	"float4": Float32, "real": Float32, "float8": Float64, "double": Float64, "double precision": Float64,
	"float": Float64, "numeric": Numeric, "decimal": Numeric, "dec": Numeric,
	"date": Date, "time": Time, "time without time zone": Time, "timetz": TimeTZ, "time with time zone": TimeTZ,
	"timestamp": Timestamp, "timestamp without time zone": Timestamp, "datetime": Timestamp,
	"timestamptz": TimestampTZ, "timestamp with time zone": TimestampTZ, "interval": Interval,
	"text": Text, "string": Text, "varchar": Varchar, "character varying": Varchar, "char varying": Varchar,
	"bpchar": Char, "character": Char, "char": InternalChar,
	"bytea": Bytea, "varbinary": Bytea, "blob": Bytea, "binary": Bytea, "uuid": UUID, "json": JSON, "jsonb": JSONB,
	"name": Name, "oid": OID, "regclass": RegClass, "regtype": RegType, "regproc": RegProc,
	"regprocedure": RegProcedure, "regnamespace": RegNamespace, "regrole": RegRole, "regoper": RegOper,
	"regoperator": RegOperator, "regconfig": RegConfig, "regdictionary": RegDictionary,
	"regcollation": RegCollation, "int2vector": Int2Vector, "oidvector": OIDVector, "xid": XID,
	"record": Record, "void": Void, "anyarray": AnyArray, "anyelement": AnyElement,
}

// unsupportedNames are PostgreSQL's types that this engine knows of but has not got.
var unsupportedNames = []string{
	"bit", "varbit", "money", "inet", "cidr", "macaddr", "macaddr8", "point", "line", "lseg", "box", "path",
	"polygon", "circle", "xml", "tsvector", "tsquery", "txid_snapshot", "pg_lsn", "int4range", "int8range",
	"numrange", "tsrange", "tstzrange", "daterange", "cid", "tid", "jsonpath", "refcursor",
}

// ParseName returns the type called name in pg_type or SQL, with the arguments
// of its parentheses; "pg_catalog." before it and "[]" after it are understood.
// As in pg_type, char is the one-byte type and bpchar is SQL's character type.
func ParseName(name string, args []int) (Type, error) {
	folded := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(name)), "pg_catalog.")
	dims := 0
	for strings.HasSuffix(folded, "[]") {
		folded = strings.TrimRight(strings.TrimSuffix(folded, "[]"), " ")
		dims++
	}
	if rest, ok := strings.CutPrefix(folded, "_"); ok && dims == 0 { // pg_type's name of an array
		if k, known := kindByName[rest]; known {
			t, err := withArgs(rest, k, args)
			return ArrayOf(t), err
		}
	}
	k, ok := kindByName[strings.Trim(folded, `"`)]
	if !ok {
		return Type{}, unknownType(name, folded)
	}
	t, err := withArgs(folded, k, args)
	if err != nil {
		return Type{}, err
	}
	for range dims {
		t = ArrayOf(t)
	}
	return t, nil
}

func unknownType(name, folded string) error {
	if slices.Contains(unsupportedNames, folded) {
		return sqlerr.Unsupported("type is not supported: %s", folded)
	}
	err := sqlerr.New(sqlerr.UndefinedObject, "type \"%s\" does not exist", name)
	best, bestDistance := "", 3
	for known := range kindByName {
		if d := editDistance(folded, known); d < bestDistance || d == bestDistance && best != "" && known < best {
			best, bestDistance = known, d
		}
	}
	if best != "" && bestDistance < len(folded) {
		return err.WithHint("did you mean %s?", best)
	}
	return err
}

// editDistance counts insertions, deletions and substitutions.
func editDistance(a, b string) int {
	if len(a) > 40 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := diagonal
			if a[i] != b[j] {
				d = min(diagonal, row[j], row[j+1]) + 1
			}
			diagonal, row[j+1] = row[j+1], d
		}
	}
	return row[len(b)]
}

// lengthMax is the longest declared length of a character type.
const lengthMax = 10485760

func withArgs(name string, k Kind, args []int) (Type, error) {
	t := Of(k)
	if len(args) == 0 {
		return t, nil
	}
	a := args[0]
	switch {
	case k == Numeric && len(args) <= 2:
		return decimalArgs(args)
	case len(args) > 1:
		return Type{}, sqlerr.New(sqlerr.InvalidParameterValue, "invalid type modifier")
	case name == "float":
		return floatArgs(a)
	case k == Varchar || k == Char:
		what := "varchar"
		if k == Char {
			what = "char"
		}
		if a < 1 {
			return Type{}, sqlerr.New(sqlerr.InvalidParameterValue, "length for type %s must be at least 1", what)
		}
		if a > lengthMax {
			return Type{}, sqlerr.New(sqlerr.InvalidParameterValue, "length for type %s cannot exceed %d", what, lengthMax)
		}
		t.P = int32(a)
		return t, nil
	case k == Time || k == TimeTZ || k == Timestamp || k == TimestampTZ || k == Interval:
		return digitsArg(t, a)
	case k == Bytea && name != "bytea": // varbinary(n): the length is not enforced
		return t, nil
	}
	return Type{}, sqlerr.New(sqlerr.SyntaxError, "type modifier is not allowed for type \"%s\"", k.ScalarName())
}

func decimalArgs(args []int) (Type, error) {
	p, s := args[0], 0
	if len(args) == 2 {
		s = args[1]
	}
	switch {
	case p < 1 || p > 1000:
		return Type{}, sqlerr.New(sqlerr.InvalidParameterValue, "NUMERIC precision %d must be between 1 and 1000", p)
	case s < -1000 || s > 1000:
		return Type{}, sqlerr.New(sqlerr.InvalidParameterValue, "NUMERIC scale %d must be between -1000 and 1000", s)
	case p > MaxNumDigits:
		return Type{}, sqlerr.Unsupported("numeric precision above %d is not supported: %d", MaxNumDigits, p)
	case s < 0 || s > p:
		return Type{}, sqlerr.Unsupported("numeric scale outside of 0 to the precision is not supported: %d", s)
	}
	return DecimalOf(p, s), nil
}

func floatArgs(bits int) (Type, error) {
	switch {
	case bits < 1:
		return Type{}, sqlerr.New(sqlerr.InvalidParameterValue, "precision for type float must be at least 1 bit")
	case bits < 25:
		return Of(Float32), nil
	case bits < 54:
		return Of(Float64), nil
	}
	return Type{}, sqlerr.New(sqlerr.InvalidParameterValue, "precision for type float must be less than 54 bits")
}

// digitsArg gives a datetime type its fractional digits. Timestamps with more
// than 6 count nanoseconds; other types keep at most 6.
func digitsArg(t Type, n int) (Type, error) {
	switch {
	case n < 0:
		return Type{}, sqlerr.New(sqlerr.InvalidParameterValue, "%s(%d) precision must not be negative",
			strings.ToUpper(t.Kind.ScalarName()), n)
	case n <= 6:
		return t.WithDigits(n), nil
	case t.Kind != Timestamp && t.Kind != TimestampTZ:
		return t.WithDigits(6), nil
	case n <= 9:
		return t.WithDigits(9), nil
	}
	return Type{}, sqlerr.New(sqlerr.InvalidParameterValue, "timestamp precision must be at most 9: %d", n)
}
