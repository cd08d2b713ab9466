package types

import (
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

func TestBinaryFormsAreThoseOfPostgreSQL(t *testing.T) {
	runGolden(t, "binary", func(op goldenOp, args []string) (string, error) {
		typ, err := ParseType(strings.ReplaceAll(op.name, "_", " "))
		if err != nil {
			return "", err
		}
		v, err := Parse(typ, args[0], op.format)
		if err != nil {
			return "", err
		}
		b, err := AppendBinary(nil, typ, v)
		if err != nil {
			return "", err
		}
		back, err := ParseBinary(typ, b)
		if err != nil || FormatText(typ, back, nil) != FormatText(typ, v, nil) {
			t.Errorf("%s %s comes back as %s (%v)", typ, args[0], FormatText(typ, back, nil), err)
		}
		return hex.EncodeToString(b), nil
	})
}

func TestNestedValuesGoBothWaysInBinary(t *testing.T) {
	row := RowOf(Field{"a", Of(Int32)}, Field{"b", ArrayOf(Of(Text))}, Field{"c", RowOf(Field{"d", Of(Numeric)})})
	for _, c := range []struct {
		typ  Type
		text string
	}{
		{row, `(1,"{x,""y z"",NULL}","(1.50)")`}, {row, `(,,)`}, {ArrayOf(row), `{"(1,{},)",NULL}`},
		{MapOf(Of(Text), ArrayOf(Of(Int32))), `{"a": [1,2], "b": null}`},
		{MapOf(Of(Int32), Of(Date)), `{"1": "2020-01-01"}`},
		{Type{Kind: Timestamp, P: 9}, "2020-01-01 00:00:00.123456"},
	} {
		v, err := Parse(c.typ, c.text, nil)
		if err != nil {
			t.Fatal(c.text, err)
		}
		if got := FormatText(c.typ, v, nil); got != c.text {
			t.Errorf("%s prints as %s, want %s", c.typ, got, c.text)
		}
		b, err := AppendBinary(nil, c.typ, v)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := ParseBinary(c.typ, b); err != nil || Compare(c.typ, back, v) != 0 {
			t.Errorf("%s comes back as %s (%v)", c.text, FormatText(c.typ, back, nil), err)
		}
	}
	ragged, _ := Parse(ArrayOf(ArrayOf(Of(Int32))), "{{1},{2,3}}", nil)
	if _, err := AppendBinary(nil, ArrayOf(ArrayOf(Of(Int32))), ragged); !sqlerr.Is(err, sqlerr.FeatureNotSupported) {
		t.Errorf("ragged array: %v", err)
	}
}

// hostileTypes are the types whose decoders face foreign bytes and texts.
var hostileTypes = []Type{
	Of(Bool), Of(Int16), Of(Int8), Of(Int64), Of(Float64), Of(Numeric), DecimalOf(10, 2), DecimalOf(38, 4), Of(Date), Of(Time),
	Of(TimeTZ), Of(Timestamp), Of(TimestampTZ), {Kind: TimestampTZ, P: 9}, Of(Interval), Of(Text), CharOf(3), VarcharOf(3),
	Of(UUID), Of(JSON), Of(JSONB), Of(InternalChar), Of(OID), Of(RegType), Of(Int2Vector), ArrayOf(Of(Int32)), ArrayOf(ArrayOf(Of(Text))),
	MapOf(Of(Text), Of(Numeric)), RowOf(Field{"a", Of(Int32)}, Field{"b", ArrayOf(Of(JSONB))}), Of(Record), Of(Void), Of(Bytea), Of(Name),
}

func TestRandomBytesNeverPanic(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for i := range 60_000 {
		typ := hostileTypes[i%len(hostileTypes)]
		b := make([]byte, r.IntN(40))
		for j := range b {
			b[j] = byte(r.IntN(256))
			if r.IntN(2) == 0 {
				b[j] = byte(r.IntN(4))
			}
		}
		v, err := ParseBinary(typ, b)
		if err != nil {
			if sqlerr.CodeOf(err) == sqlerr.InternalError {
				t.Fatalf("%s from %x: %v", typ, b, err)
			}
			continue
		}
		text := FormatText(typ, v, nil)
		if back, err := AppendBinary(nil, typ, v); err == nil {
			if again, err := ParseBinary(typ, back); err != nil || FormatText(typ, again, nil) != text {
				t.Fatalf("%s %s from %x: again %s (%v)", typ, text, b, FormatText(typ, again, nil), err)
			}
		}
	}
}

func TestWrongBinaryIsRefused(t *testing.T) {
	for _, c := range []struct {
		typ  Type
		hex  string
		code sqlerr.Code
	}{
		{Of(Int32), "0000", sqlerr.InvalidBinaryRepr},
		{Of(Numeric), "0001000000000000", sqlerr.InvalidBinaryRepr},
		{Of(Numeric), "0001000000000000ffff", sqlerr.InvalidBinaryRepr},
		{Of(Numeric), "000100ff000000000001", sqlerr.NumericValueOutOfRange},
		{DecimalOf(3, 0), "00010001000000000001", sqlerr.NumericValueOutOfRange},
		{Of(Timestamp), "7ffffffffffffff0", sqlerr.DatetimeFieldOverflow},
		{Of(Text), "ff", sqlerr.CharacterNotInRepertoire}, {Of(Text), "6100", sqlerr.CharacterNotInRepertoire},
		{VarcharOf(1), "6162", sqlerr.StringDataRightTrunc}, {Of(JSONB), "027b7d", sqlerr.InvalidBinaryRepr},
		{ArrayOf(Of(Int32)), "0000000100000000000000177fffffff00000001", sqlerr.InvalidBinaryRepr},
		{ArrayOf(Of(Int32)), "000000010000000000000019000000010000000100000000", sqlerr.DatatypeMismatch},
	} {
		b, _ := hex.DecodeString(c.hex)
		if v, err := ParseBinary(c.typ, b); !sqlerr.Is(err, c.code) {
			t.Errorf("%s %s: %s, %v", c.typ, c.hex, FormatText(c.typ, v, nil), err)
		}
	}
}

func TestAppendersAllocateNothing(t *testing.T) {
	z, err := LoadZone("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() {
		b := AppendDate(buf[:0], 18000, nil)
		b = AppendTimestamp(b, 1577934245678901, nil)
		b = AppendTimestampTZ(b, 1577934245678901, z, nil)
		b = AppendInterval(b, IntervalValue{Months: 14, Days: -3, Micros: 1234567}, nil)
		b = AppendNumBinary(b, Num{Coef: Pow10(30), Scale: 7})
		b = AppendTimestampBinary(b, 5)
		b = AppendBytea(b, "abc", nil)
		b = QuoteArrayElement(append(b, "a b"...), len(b))
		_ = AppendDecimal128(b, Pow10(30), 12)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
