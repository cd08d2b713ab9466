package types

import (
	"strings"
	"testing"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

func TestCastsAreThoseOfPostgreSQL(t *testing.T) {
	runGolden(t, "cast", func(op goldenOp, args []string) (string, error) {
		a, b, _ := strings.Cut(strings.ReplaceAll(op.name, "_", " "), ">")
		from, err := ParseType(a)
		if err != nil {
			return "", err
		}
		to, err := ParseType(b)
		if err != nil {
			return "", err
		}
		v, err := Parse(from, args[0], op.format)
		if err != nil {
			return "", err
		}
		out, err := CastValue(v, from, to, op.format, CastExplicit)
		if sqlerr.Is(err, sqlerr.CannotCoerce) != (CanCast(from, to) == CastNever) {
			t.Errorf("CanCast(%s, %s) = %v, casting: %v", from, to, CanCast(from, to), err)
		}
		if err != nil {
			return "", err
		}
		if out.Null {
			return "", nil
		}
		return FormatText(to, out, op.format), nil
	})
}

// pgCasts is pg_cast by context: i implicit, a assignment, e explicit.
const pgCasts = `
bool>text a, bool>int4 e, bpchar>varchar i, bpchar>name i, "char">text i, "char">varchar a, "char">int4 e,
date>timestamp i, date>timestamptz i, float4>int2 a, float4>numeric a, float4>float8 i, float8>float4 a,
float8>numeric a, int2>int4 i, int2>numeric i, int2>oid i, int2>regclass i, int4>bool e, int4>"char" e, int4>int2 a,
int8>int4 a, int8>float4 i, int8>oid i, interval>time a, json>jsonb a, jsonb>json a, jsonb>int4 e, name>text i,
name>varchar a, numeric>int8 a, numeric>float4 i, oid>int4 a, oid>int8 a, oid>regclass i, regclass>oid i,
regclass>int4 a, regproc>regprocedure i, text>"char" a, text>name i, text>regclass i, text>varchar i, time>interval i,
time>timetz i, timestamp>date a, timestamp>timestamptz i, timestamptz>timestamp a, timestamptz>timetz a, timetz>time a,
text>int4 e, int4>text a, date>int4 n, uuid>bytea n, time>date n, bool>int8 n, date>time n, int4>date n, interval>int4 n,
uuid>text a, text>uuid e, int4[]>int8[] i, int8[]>int4[] a, int4[]>text[] a, text[]>int4[] e, int4[]>text a, xid>int4 n,
bool>name a, bool>"char" n, "char">date n, name>"char" e, "char">name a, oid>"char" n`

func TestCastContextsAreThoseOfTheCatalog(t *testing.T) {
	want := map[string]CastContext{"n": CastNever, "e": CastExplicit, "a": CastAssignment, "i": CastImplicit}
	for entry := range strings.SplitSeq(pgCasts, ",") {
		pair, c, _ := strings.Cut(strings.TrimSpace(entry), " ")
		a, b, _ := strings.Cut(pair, ">")
		from, err := ParseType(a)
		if err != nil {
			t.Fatal(err)
		}
		to, err := ParseType(b)
		if err != nil {
			t.Fatal(err)
		}
		if got := CanCast(from, to); got != want[c] {
			t.Errorf("%s: %v, want %v", pair, got, want[c])
		}
	}
}

func TestAssignmentRefusesWhatAnExplicitCastCuts(t *testing.T) {
	for _, to := range []Type{VarcharOf(3), CharOf(3)} {
		_, err := CastValue(StringValue("abcd"), Of(Text), to, nil, CastAssignment)
		if !sqlerr.Is(err, sqlerr.StringDataRightTrunc) || err.Error() != "value too long for type "+to.String() {
			t.Errorf("%s: %v", to, err)
		}
		if v, err := CastValue(StringValue("abc  "), Of(Text), to, nil, CastAssignment); err != nil || v.S != "abc" {
			t.Errorf("%s: %q %v", to, v.S, err)
		}
		if v, err := CastValue(StringValue("abcd"), Of(Text), to, nil, CastExplicit); err != nil || v.S != "abc" {
			t.Errorf("%s: %q %v", to, v.S, err)
		}
	}
}

func TestNanosecondsRoundWhenTheyAreCastAway(t *testing.T) {
	nanos := Type{Kind: Timestamp, P: 9}
	for _, c := range [][2]string{
		{"2020-01-01 00:00:00.123456789", "2020-01-01 00:00:00.123457"}, {"2020-01-01 00:00:00.1234565", "2020-01-01 00:00:00.123457"},
		{"1980-01-01 00:00:00.1234565", "1980-01-01 00:00:00.123456"}, {"infinity", "infinity"},
	} {
		v, err := Parse(nanos, c[0], nil)
		if err != nil || FormatText(nanos, v, nil) != c[0] {
			t.Errorf("%s reads as %s (%v)", c[0], FormatText(nanos, v, nil), err)
		}
		out, err := CastValue(v, nanos, Of(Timestamp), nil, CastExplicit)
		if err != nil || FormatText(Of(Timestamp), out, nil) != c[1] {
			t.Errorf("%s becomes %s (%v)", c[0], FormatText(Of(Timestamp), out, nil), err)
		}
	}
	far, _ := Parse(Of(Timestamp), "2300-01-01", nil)
	if _, err := CastValue(far, Of(Timestamp), nanos, nil, CastExplicit); !sqlerr.Is(err, sqlerr.DatetimeFieldOverflow) {
		t.Errorf("2300 in nanoseconds: %v", err)
	}
}
