package tpch

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/muster-sql/muster/tests/services"
)

// tolerance is for averages and ratios, which the published answers hold as
// doubles.
const tolerance = 1e-12

// The runner, the generator and the loader are right when PostgreSQL gives the
// published answers over our rows.
func TestPostgreSQLGivesTheAnswers(t *testing.T) {
	p := services.PostgresTPCH(t)
	root := services.NeedCorpora(t, "bench", "tpch")
	verdicts, err := Ask(context.Background(), Options{
		URL: p.DSN(), Queries: filepath.Join(root, "queries"), Answers: filepath.Join(root, "answers", "sf0.01"), Tolerance: tolerance,
	})
	if err != nil {
		t.Fatal(err)
	}
	line, err := Summary("postgresql sf0.01", verdicts)
	t.Log(line)
	if err != nil {
		t.Error(err)
	}
}

func TestCellsAreComparedExactlyUnlessTheAnswerIsADouble(t *testing.T) {
	for _, c := range []struct {
		want, got string
		oid       uint32
		equal     bool
	}{
		{"380456", "380456.00", oidNumeric, true},
		{"532348211.65", "532348211.65", oidNumeric, true},
		{"532348211.65", "532348211.66", oidNumeric, false},
		{"25.575154611454693", "25.5751546114546921", oidNumeric, true},
		{"25.575154611454693", "25.5751546124546921", oidNumeric, false},
		{"14876", "14877", oidInt8, false},
		{"1995-03-05", "1995-03-05", 1082, true},
		{"a", "b", 25, false},
		{"1", "01", 25, false},
	} {
		if got := equal(c.want, []byte(c.got), c.oid, tolerance); got != c.equal {
			t.Errorf("%q against %q: %v", c.want, c.got, got)
		}
	}
	if !equal("NULL", nil, 25, 0) || equal("x", nil, 25, 0) {
		t.Error("null is an empty answer")
	}
}
