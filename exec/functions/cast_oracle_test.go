package functions

import (
	"testing"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// castSamples are texts of each type, the awkward ones first.
var castSamples = []struct {
	typ   string
	texts []string
}{
	{"boolean", []string{"t", "f"}}, {"tinyint", []string{"-128", "127"}}, {"smallint", []string{"-32768", "32767", "5"}},
	{"integer", []string{"-2147483648", "2147483647", "0", "7", "-129"}}, {"bigint", []string{"9223372036854775807", "-9223372036854775808", "4294967296", "-1", "12"}},
	{"real", []string{"0.5", "1.5", "-2.5", "1e30", "NaN", "-Infinity", "16777216"}},
	{"double precision", []string{"0.5", "1.5", "2.5", "-0.5", "9.3e18", "1e-300", "1e300", "NaN", "Infinity", "2147483647.5", "123456.789", "1e39"}},
	{"numeric", []string{"0.5", "-0.5", "2.50", "NaN", "Infinity", "99999999999999999999999999999999999999", "1e-30", "32767.5", "0.00", "12345678.905"}},
	{"numeric(10,2)", []string{"0.50", "-0.50", "99999999.99", "21474836.50", "-1.49"}}, {"numeric(4,0)", []string{"9999", "-1"}},
	{"numeric(38,10)", []string{"0.5", "-9999999999999999999999999999.9999999999", "9223372036854775807.4999999999"}}, {"numeric(20,4)", []string{"1.2345"}},
	{"text", []string{"abc  ", "1", " 2.5 ", "2020-01-02", "t", "", "10:11", "1 day", "äöü", "{1,2}"}},
	{"character varying(3)", []string{"abc", "1"}}, {"character varying(5)", []string{"12 ", "äöüßx"}}, {"character(4)", []string{"ab", "1"}}, {"name", []string{"x"}},
	{"date", []string{"2020-03-08", "infinity", "-infinity", "0044-03-15 BC", "5874897-12-31"}},
	{"timestamp", []string{"2021-03-14 02:30:00", "2021-11-07 01:30:00", "infinity", "1969-12-31 23:59:59.999999", "0044-03-15 12:00 BC"}},
	{"timestamp(2)", []string{"2020-01-01 00:00:00.55"}}, {"timestamp(9)", []string{"2020-01-01 00:00:00.123456789", "1980-01-01 00:00:00.0000005"}},
	{"timestamptz", []string{"2021-03-14 07:30:00+00", "-infinity", "2021-11-07 05:30:00+00"}},
	{"time", []string{"23:59:59.999999", "24:00", "00:00"}}, {"time(0)", []string{"10:11:12"}}, {"timetz", []string{"10:11:12.5+05:30"}},
	{"interval", []string{"1 mon -1 day 25:00:00.5", "-1:00", "0"}}, {"interval day", []string{"3 days"}},
	{"bytea", []string{`\x00ff`}}, {"uuid", []string{"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}}, {"json", []string{`{"b":1, "a":2}`, "1"}}, {"jsonb", []string{"1.5", "true", `"x"`, "null"}},
	{"oid", []string{"4294967295", "5"}}, {"regtype", []string{"integer"}}, {`"char"`, []string{"a"}},
	{"integer[]", []string{"{1,NULL,3}", "{}"}}, {"numeric(10,2)[]", []string{"{1.50,2.50}"}}, {"text[]", []string{"{1,2}", "{x}"}}, {"int2vector", []string{"1 2"}},
	{"map(text, integer)", []string{`{"a": 1, "b": null}`}}, {"map(text, bigint)", []string{"{}"}},
	{"row(a integer, b text)", []string{"(1,x)", "(,)"}}, {"row(a bigint, b varchar(1))", []string{"(2,y)"}},
}

// TestCastLoopsAgreeWithCastValue casts every sample to every type, alone and
// in a column, and expects what types.CastValue says of the value.
func TestCastLoopsAgreeWithCastValue(t *testing.T) {
	z, err := types.LoadZone("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	session := &spi.Session{Start: time.Unix(1_700_000_000, 0), Format: types.Format{Zone: z.Location(), Now: 1_700_000_000_000_000}}
	env := NewEnv(session, page.Unaccounted{})
	for _, a := range castSamples {
		from := mustType(t, a.typ)
		var vals []types.Value
		for _, s := range a.texts {
			v, err := types.Parse(from, s, &session.Format)
			if err != nil {
				t.Fatal(a.typ, s, err)
			}
			vals = append(vals, v)
		}
		for _, b := range castSamples {
			for _, explicit := range []bool{true, false} {
				checkCast(t, env, from, mustType(t, b.typ), vals, explicit)
			}
		}
	}
}

func mustType(t *testing.T, s string) types.Type {
	typ, err := types.ParseType(s)
	if err != nil {
		t.Fatal(s, err)
	}
	return typ
}

func checkCast(t *testing.T, env *Env, from, to types.Type, vals []types.Value, explicit bool) {
	kernel, err := BindCast(from, to, CastOptions{Explicit: explicit})
	if exists := types.CanCast(from, to) != types.CastNever; exists != (err == nil) {
		t.Errorf("%s to %s: CanCast says %v, BindCast %v", from, to, exists, err)
	}
	if err != nil {
		return
	}
	context := types.CastAssignment
	if explicit {
		context = types.CastExplicit
	}
	var good, want []types.Value
	for _, v := range vals {
		w, wantErr := types.CastValue(v, from, to, env.Format(), context)
		got, gotErr := castColumnOf(t, env, kernel, from, to, []types.Value{v})
		switch {
		case wantErr != nil || gotErr != nil:
			if sqlerr.CodeOf(wantErr) != sqlerr.CodeOf(gotErr) || wantErr == nil || gotErr == nil || wantErr.Error() != gotErr.Error() {
				t.Errorf("%s %s to %s: error %v, want %v", from, types.FormatText(from, v, nil), to, gotErr, wantErr)
			}
			continue
		case !sameText(to, got[0], w):
			t.Errorf("%s %s to %s: %s, want %s", from, types.FormatText(from, v, nil), to,
				types.FormatText(to, got[0], nil), types.FormatText(to, w, nil))
		}
		good, want = append(good, types.NullValue, v), append(want, types.NullValue, w)
	}
	got, err := castColumnOf(t, env, kernel, from, to, good)
	if err != nil {
		t.Errorf("%s to %s in a column: %v", from, to, err)
		return
	}
	for i := range want {
		if !sameText(to, got[i], want[i]) {
			t.Errorf("%s to %s, row %d: %s, want %s", from, to, i, types.FormatText(to, got[i], nil), types.FormatText(to, want[i], nil))
		}
	}
}

func sameText(t types.Type, a, b types.Value) bool {
	return a.Null == b.Null && types.FormatText(t, a, nil) == types.FormatText(t, b, nil)
}

func castColumnOf(t *testing.T, env *Env, k Kernel, from, to types.Type, vals []types.Value) ([]types.Value, error) {
	b := page.NewBuilder(from, len(vals), page.Unaccounted{})
	for _, v := range vals {
		b.AppendValue(v)
	}
	in, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	x := &Exec{Env: env, Pool: page.Unaccounted{}, Type: to, N: len(vals)}
	for i, v := range vals { // kernels see no null rows
		if !v.Null {
			x.Sel = append(x.Sel, int32(i))
		}
	}
	if len(vals) == 0 {
		return nil, nil
	}
	res, err := k(x, []*page.Vector{in})
	if err != nil {
		return nil, err
	}
	out := make([]types.Value, len(vals))
	for i := range out {
		if out[i] = types.NullValue; !vals[i].Null {
			out[i] = res.Value(i)
		}
	}
	return out, nil
}
