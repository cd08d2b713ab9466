package types

import (
	"math/rand/v2"
	"testing"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// sampleTexts are values for hostileTypes, by kind.
var sampleTexts = map[Kind][]string{
	Bool: {"t", "f"}, Int16: {"-32768", "5"}, Int8: {"-128"}, Int64: {"9223372036854775807", "-1"},
	Float64: {"-0", "NaN", "1e300", "-Infinity"}, Numeric: {"NaN", "Infinity", "-1.500", "0.00", "99999999999999999999999999999999999999"},
	Decimal: {"12.5", "-0.01"}, Date: {"infinity", "2020-01-01", "0044-01-01 BC"}, Time: {"24:00", "01:02:03.5"},
	TimeTZ: {"10:00+02", "10:00-08:30"}, Timestamp: {"-infinity", "1999-01-08 04:05:06.789"}, TimestampTZ: {"2020-01-01 00:00+00"},
	Interval: {"1 mon -2 days 03:04:05.6"}, Text: {"", "äöü"}, Char: {"ab"}, Varchar: {"abc"}, UUID: {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
	JSON: {`{"a" : 1}`}, JSONB: {`{"b": 1, "a": [null]}`}, InternalChar: {"x"}, OID: {"4294967295"}, RegType: {"integer"},
	Int2Vector: {"1 2 3"}, Map: {`{"a": 1.5, "b": null}`}, Row: {`(1,"{""1"",""{}""}")`, "(,)"}, Bytea: {`\x00ff`}, Name: {"n"},
}

func samples(t *testing.T, typ Type) []Value {
	texts := sampleTexts[typ.Kind]
	if typ.Kind == Array {
		texts = []string{"{}", "{1,NULL}"}
		if typ.ElemType().Kind == Array {
			texts = []string{"{{a,b},{NULL,\"\"}}"}
		}
	}
	out := []Value{NullValue}
	for _, s := range texts {
		v, err := Parse(typ, s, nil)
		if err != nil {
			t.Fatal(typ, s, err)
		}
		out = append(out, v)
	}
	return out
}

func TestTypesAndValuesSurviveTheCodec(t *testing.T) {
	for _, typ := range append(hostileTypes, Type{Kind: Text, Coll: 7}, Of(Timestamp).WithDigits(0), Type{Kind: Interval, S: intervalDay}) {
		b := EncodeType(nil, typ)
		got, rest, err := DecodeType(append(b, 9))
		if err != nil || !got.Equal(typ) || len(rest) != 1 {
			t.Errorf("%s comes back as %s (%v)", typ, got, err)
		}
		for _, v := range samples(t, typ) {
			e := EncodeValue(nil, typ, v)
			back, rest, err := DecodeValue(typ, append(e, 9))
			if err != nil || !SameValue(typ, back, v) || len(rest) != 1 {
				t.Errorf("%s %s comes back as %s (%v)", typ, FormatText(typ, v, nil), FormatText(typ, back, nil), err)
			}
			if typ.Kind == Numeric && !v.Null && back.N.Scale != v.N.Scale {
				t.Errorf("the scale of %s is lost", v.N)
			}
			for cut := range e {
				if _, _, err := DecodeValue(typ, e[:cut]); !sqlerr.Is(err, sqlerr.InvalidBinaryRepr) {
					t.Errorf("%s cut to %d bytes: %v", typ, cut, err)
				}
			}
		}
	}
}

func TestDecodersSurviveRandomBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 11))
	for i := range 100_000 {
		b := make([]byte, r.IntN(60))
		for j := range b {
			b[j] = byte(r.IntN(256))
			if r.IntN(2) == 0 {
				b[j] = byte(r.IntN(48))
			}
		}
		typ, rest, err := DecodeType(b)
		if err != nil {
			typ, rest = hostileTypes[i%len(hostileTypes)], b
		}
		if v, _, err := DecodeValue(typ, rest); err == nil {
			EncodeValue(nil, typ, v)
			FormatText(typ, v, nil)
			Compare(typ, v, v)
			Hash(typ, v)
		}
	}
}

func TestEqualValuesHashAlike(t *testing.T) {
	for _, typ := range hostileTypes {
		vs := samples(t, typ)
		for i, a := range vs {
			for j, b := range vs {
				if a.Null || b.Null {
					continue
				}
				c, d := Compare(typ, a, b), Compare(typ, b, a)
				if c > 0 != (d < 0) || i == j && c != 0 {
					t.Errorf("%s: %d and %d compare as %d and %d", typ, i, j, c, d)
				}
				if c == 0 && Hash(typ, a) != Hash(typ, b) {
					t.Errorf("%s: equal values %d and %d hash apart", typ, i, j)
				}
			}
		}
	}
	for _, c := range []struct {
		typ  Type
		a, b string
		want int
	}{
		{Of(Numeric), "1.0", "1.000", 0}, {Of(Numeric), "0", "-0.00", 0}, {Of(Numeric), "NaN", "Infinity", 1},
		{Of(Float64), "0", "-0", 0}, {Of(Float64), "NaN", "NaN", 0}, {Of(Float64), "NaN", "Infinity", 1},
		{Of(Interval), "1 mon", "30 days", 0}, {Of(Interval), "1 day", "24:00", 0}, {Of(Interval), "-1 mon", "-29 days", -1},
		{Of(TimeTZ), "10:00+00", "12:00+02", 1}, {Of(TimeTZ), "10:00+00", "11:00+02", 1},
		{ArrayOf(Of(Int32)), "{1,2}", "{1}", 1}, {ArrayOf(Of(Int32)), "{NULL}", "{5}", 1}, {ArrayOf(Of(Int32)), "{}", "{NULL}", -1},
		{CharOf(5), "ab", "ab   ", 0}, {Of(Date), "-infinity", "4713-01-01 BC", -1},
	} {
		a, err := Parse(c.typ, c.a, nil)
		b, err2 := Parse(c.typ, c.b, nil)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if got := Compare(c.typ, a, b); got != c.want {
			t.Errorf("%s %s against %s: %d, want %d", c.typ, c.a, c.b, got, c.want)
		}
		if c.want == 0 && Hash(c.typ, a) != Hash(c.typ, b) {
			t.Errorf("%s %s and %s hash apart", c.typ, c.a, c.b)
		}
	}
}
