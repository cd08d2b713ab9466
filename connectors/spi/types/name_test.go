package types

import (
	"strings"
	"testing"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

func TestTypeNamesReadAndPrint(t *testing.T) {
	for _, c := range [][2]string{
		{"INT", "integer"}, {"int4", "integer"}, {"pg_catalog.int8", "bigint"}, {"tinyint", "tinyint"},
		{"float(24)", "real"}, {"float(25)", "double precision"}, {"DOUBLE", "double precision"},
		{"double  precision", "double precision"}, {"dec(10)", "numeric(10,0)"}, {"decimal", "numeric"},
		{"numeric(38, 10)", "numeric(38,10)"}, {"varchar", "character varying"}, {"character varying(5)", "character varying(5)"},
		{"char", "character(1)"}, {"character(3)", "character(3)"}, {"bpchar", "bpchar"}, {`"char"`, `"char"`},
		{"timestamp(0)", "timestamp(0) without time zone"}, {"timestamp (9) with time zone", "timestamp(9) with time zone"},
		{"timestamptz(3)", "timestamp(3) with time zone"}, {"time without time zone", "time without time zone"},
		{"interval", "interval"}, {"interval year to month", "interval year to month"},
		{"interval second(3)", "interval second(3)"}, {"interval(2)", "interval(2)"},
		{"int[]", "integer[]"}, {"integer[3][]", "integer[][]"}, {"array(map(text, int))", "map(text, integer)[]"},
		{"row(a int, b double precision, \"C d\" text[])", `row(a integer, b double precision, "C d" text[])`},
		{"row(int, timestamp with time zone)", "row(integer, timestamp with time zone)"},
		{"row(date date, time time)", `row("date" date, "time" time without time zone)`},
		{"varbinary(10)", "bytea"}, {"string", "text"}, {"regclass", "regclass"}, {"void", "void"},
	} {
		got, err := ParseType(c[0])
		if err != nil || got.String() != c[1] {
			t.Errorf("%s is %s (%v), want %s", c[0], got, err, c[1])
			continue
		}
		if back, err := ParseType(got.String()); err != nil || !back.Equal(got) {
			t.Errorf("%s reads back as %s (%v)", got, back, err)
		}
	}
}

func TestInternalNamesAreThoseOfTheCatalog(t *testing.T) {
	for _, c := range []struct {
		name string
		args []int
		want Type
	}{
		{"char", nil, Of(InternalChar)}, {"bpchar", []int{4}, CharOf(4)}, {"_text", nil, ArrayOf(Of(Text))},
		{"numeric", []int{12, 2}, DecimalOf(12, 2)}, {"int4[][]", nil, ArrayOf(ArrayOf(Of(Int32)))},
	} {
		if got, err := ParseName(c.name, c.args); err != nil || !got.Equal(c.want) {
			t.Errorf("%s%v is %s (%v)", c.name, c.args, got, err)
		}
	}
}

func TestWrongTypeNamesExplainThemselves(t *testing.T) {
	for _, c := range []struct {
		name string
		code sqlerr.Code
		text string
	}{
		{"integr", sqlerr.UndefinedObject, `type "integr" does not exist`},
		{"money", sqlerr.FeatureNotSupported, "type is not supported: money"},
		{"numeric(0)", sqlerr.InvalidParameterValue, "NUMERIC precision 0 must be between 1 and 1000"},
		{"numeric(50,2)", sqlerr.FeatureNotSupported, "numeric precision above 38 is not supported: 50"},
		{"varchar(0)", sqlerr.InvalidParameterValue, "length for type varchar must be at least 1"},
		{"int(3)", sqlerr.SyntaxError, `type modifier is not allowed for type "integer"`},
		{"float(54)", sqlerr.InvalidParameterValue, "precision for type float must be less than 54 bits"},
		{"map(int)", sqlerr.SyntaxError, `invalid type name: "map(int)"`},
		{"row(a int", sqlerr.SyntaxError, `invalid type name: "row(a int"`},
		{"int x", sqlerr.SyntaxError, `invalid type name: "int x"`},
		{strings.Repeat("array(", 10000), sqlerr.StatementTooComplex, "type is nested too deeply"},
		{"int" + strings.Repeat("[]", 10000), sqlerr.StatementTooComplex, "type is nested too deeply"},
	} {
		_, err := ParseType(c.name)
		if !sqlerr.Is(err, c.code) || err.Error() != c.text {
			t.Errorf("%.30s: %v", c.name, err)
		}
	}
	_, err := ParseType("integr")
	if h := sqlerr.As(err).Hint; h != "did you mean integer?" {
		t.Errorf("hint %q", h)
	}
}

func TestObjectIdentifiersGoBothWays(t *testing.T) {
	for k := range Kind(kindEnd) {
		switch k {
		case Int8, Map, Row, Decimal, Function, Array:
			continue // announced as another type
		}
		got, ok := FromOID(TypeOID(Of(k)), -1)
		if !ok || got.Kind != k {
			t.Errorf("%s has oid %d, which is %s", Of(k), TypeOID(Of(k)), got)
		}
		if oids[k].array != 0 && k != AnyArray {
			if got, ok := FromOID(ArrayOID(Of(k)), -1); !ok || !got.Equal(ArrayOf(Of(k))) {
				t.Errorf("array of %s is %s", Of(k), got)
			}
		}
	}
	for _, s := range []string{"numeric(12,4)", "varchar(7)", "char(3)", "timestamp(0)", "timestamptz(3)", "time(6)",
		"interval(2)", "interval year to month", "interval second(3)", "varchar(9)[]", "numeric(30,0)[]"} {
		want, err := ParseType(s)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := FromOID(TypeOID(want), Typmod(want)); !ok || !got.Equal(want) {
			t.Errorf("%s comes back as %s", want, got)
		}
	}
	if got, _ := FromOID(1700, 50<<16|2+4); got.Kind != Numeric {
		t.Errorf("numeric(50,2) is %s", got)
	}
	if _, ok := FromOID(869, -1); ok {
		t.Error("inet is known")
	}
}
