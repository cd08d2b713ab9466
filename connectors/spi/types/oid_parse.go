package types

import (
	"math"
	"strconv"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// parseOID reads an object identifier. Names of objects are looked up where the
// catalogs are; here only numbers, "-" for none, and the names of types.
func parseOID(t Type, s string) (uint32, error) {
	w := trimSpace(s)
	plain := t.Kind == OID || t.Kind == XID
	if !plain && w == "-" {
		return 0, nil
	}
	if v, err := strconv.ParseInt(w, 10, 64); err == nil && w[0] != '+' {
		if v > math.MaxUint32 || v < math.MinInt32 || v < 0 && !plain {
			return 0, ErrOutOfRange(t.Kind, s)
		}
		return uint32(v), nil
	}
	switch t.Kind {
	case OID, XID:
		if n := digitsPrefix(w); n > 0 && n == len(w) {
			return 0, ErrOutOfRange(t.Kind, s)
		}
		return 0, errSyntax(t.Kind.ScalarName(), s)
	case RegType:
		u, err := ParseType(s)
		if err != nil {
			return 0, err
		}
		return TypeOID(u), nil
	}
	return 0, errNoObject(t.Kind, s)
}

// errNoObject is what PostgreSQL says of an unknown name.
func errNoObject(k Kind, s string) error {
	code, what := sqlerr.UndefinedObject, ""
	switch k {
	case RegClass:
		code, what = sqlerr.UndefinedTable, "relation"
	case RegProc, RegProcedure:
		code, what = sqlerr.UndefinedFunction, "function"
	case RegOper, RegOperator:
		code, what = sqlerr.UndefinedFunction, "operator"
	case RegNamespace:
		code, what = sqlerr.InvalidSchemaName, "schema"
	case RegRole:
		what = "role"
	case RegConfig:
		what = "text search configuration"
	case RegDictionary:
		what = "text search dictionary"
	case RegCollation:
		what = "collation"
	}
	return sqlerr.New(code, "%s \"%s\" does not exist", what, s)
}
