package types

import (
	"testing"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// roundTrip parses s and, where that works, expects its print to read the same.
func roundTrip(t *testing.T, typ Type, s string) {
	v, err := Parse(typ, s, nil)
	if err != nil {
		if sqlerr.CodeOf(err) == sqlerr.InternalError {
			t.Fatalf("%s from %q: %v", typ, s, err)
		}
		return
	}
	text := FormatText(typ, v, nil)
	back, err := Parse(typ, text, nil)
	if err != nil {
		t.Fatalf("%s %q prints as %q: %v", typ, s, text, err)
	}
	if again := FormatText(typ, back, nil); again != text {
		t.Fatalf("%s %q prints as %q, then as %q", typ, s, text, again)
	}
	if Compare(typ, v, back) != 0 {
		t.Fatalf("%s %q changes when %q is read", typ, s, text)
	}
}

func FuzzDatetime(f *testing.F) {
	for _, s := range []string{"1999-01-08 04:05:06.789+02", "Jan 8, 99 BC", "j2451187.5", "10:00 pst", "y2001m02d04", "2020-W1", "infinity",
		"19970210T173201-05", "04:05 am america/new_york", "epoch", "1.1.20"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, typ := range []Type{Of(Date), Of(Timestamp), Of(TimestampTZ), Of(Time), Of(TimeTZ), {Kind: Timestamp, P: 9}} {
			roundTrip(t, typ, s)
		}
	})
}

func FuzzInterval(f *testing.F) {
	for _, s := range []string{"1 year 2 mons -3 days 04:05:06.7", "P1Y2M3DT4H5M6S", "P0001-02-03T04:05:06", "@ 1 hour ago", "1-2 3 4:05:06", "1.5 weeks"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		roundTrip(t, Of(Interval), s)
		v, err := ParseInterval(s, Of(Interval), nil)
		if err != nil {
			return
		}
		for _, style := range []IntervalStyle{IntervalVerbose, IntervalSQLStandard, IntervalISO8601} {
			format := &Format{Interval: style}
			text := string(AppendInterval(nil, v, format))
			back, err := ParseInterval(text, Of(Interval), format)
			if err != nil || back != v {
				t.Fatalf("style %d: %q prints as %q, which is %+v (%v), not %+v", style, s, text, back, err, v)
			}
		}
	})
}

func FuzzNumeric(f *testing.F) {
	for _, s := range []string{"1.50", "-0", "1e-5", ".5", "NaN", "99999999999999999999999999999999999999", "1e38", "  7 "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, typ := range []Type{Of(Numeric), DecimalOf(18, 4), DecimalOf(38, 10), Of(Float64), Of(Float32), Of(Int64), Of(Int16)} {
			roundTrip(t, typ, s)
		}
		a, err := ParseNum(s)
		if err != nil {
			return
		}
		if back, err := ParseNumBinary(AppendNumBinary(nil, a)); err != nil || back.Cmp(a) != 0 || back.Scale != a.Scale {
			t.Fatalf("%s is %s in binary (%v)", a, back, err)
		}
		if q, err := a.Div(NumOf(7)); err == nil && a.IsFinite() {
			if p, err := q.Mul(NumOf(7)); err == nil {
				if d, err := p.Sub(a); err == nil && d.Abs().Cmp(Num{Coef: Int128Of(4), Scale: q.Scale}) > 0 {
					t.Fatalf("%s / 7 = %s, times 7 = %s", a, q, p)
				}
			}
		}
	})
}

func FuzzNested(f *testing.F) {
	for _, s := range []string{`{1,NULL,"3"}`, `{{a,b},{"c d",NULL}}`, `(1,"{x,""y""}")`, `{"a": [1, 2], "b": null}`, `[1:2]={1,2}`, `{"a\"b"}`} {
		f.Add(s)
	}
	row := RowOf(Field{"a", Of(Text)}, Field{"b", ArrayOf(Of(Text))})
	f.Fuzz(func(t *testing.T, s string) {
		for _, typ := range []Type{ArrayOf(Of(Text)), ArrayOf(Of(Int32)), ArrayOf(ArrayOf(Of(Text))), row, ArrayOf(row),
			MapOf(Of(Text), ArrayOf(Of(Numeric))), Of(JSONB), Of(JSON), Of(Bytea), Of(UUID), Of(OIDVector)} {
			roundTrip(t, typ, s)
		}
	})
}

func FuzzTypeName(f *testing.F) {
	for _, s := range []string{"numeric(10,2)[]", "row(a int, \"b c\" map(text, date))", "interval day to second(3)", "timestamp(3) with time zone"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		typ, err := ParseType(s)
		if err != nil {
			return
		}
		if back, err := ParseType(typ.String()); err != nil || !back.Equal(typ) {
			t.Fatalf("%q is %s, which reads as %s (%v)", s, typ, back, err)
		}
	})
}
