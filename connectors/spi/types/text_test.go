package types

import (
	"strings"
	"testing"
)

func parseAndPrint(op goldenOp, args []string) (string, error) {
	t, err := ParseType(strings.ReplaceAll(op.name, "_", " "))
	if err != nil {
		return "", err
	}
	v, err := Parse(t, args[0], op.format)
	if err != nil {
		return "", err
	}
	return FormatText(t, v, op.format), nil
}

func TestScalarsReadAndPrintAsInPostgreSQL(t *testing.T) { runGolden(t, "scalar_text", parseAndPrint) }

func TestDatetimesReadAndPrintAsInPostgreSQL(t *testing.T) {
	runGolden(t, "datetime_text", parseAndPrint)
}

func TestJSONIsThatOfPostgreSQL(t *testing.T) {
	runGolden(t, "json", func(op goldenOp, args []string) (string, error) {
		typ, err := ParseType(strings.ReplaceAll(op.name, "_", " "))
		if err != nil {
			return "", err
		}
		v, err := Parse(typ, args[0], op.format)
		if err != nil {
			return "", err
		}
		return string(AppendJSON(nil, typ, v, op.format)), nil
	})
}

func TestMapsReadWhatTheyPrint(t *testing.T) {
	typ := MapOf(Of(TimestampTZ), RowOf(Field{"n", Of(Numeric)}, Field{"", ArrayOf(Of(Float64))}))
	v, err := Parse(typ, `{"2020-01-01 00:00+00": {"n": 1.50, "f2": [1, "NaN"]}, "2021-01-01 10:00Z": null}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"2020-01-01 00:00:00+00": {"n":1.50,"f2":[1,"NaN"]}, "2021-01-01 10:00:00+00": null}`
	if got := FormatText(typ, v, nil); got != want {
		t.Errorf("prints as %s", got)
	}
	for _, bad := range []string{"", "null", "[]", "{", `{"x": 1}`, `{"2020-01-01": 5}`, `{"2020-01-01": null, "2020-01-01": null}`} {
		if _, err := Parse(typ, bad, nil); err == nil {
			t.Errorf("%s is read", bad)
		}
	}
}
