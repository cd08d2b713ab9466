package eval

import (
	"strings"
	"testing"

	"github.com/muster-sql/muster/exec/functions"
)

// notBound are the examples with syntax that the binder of these tests has not;
// the logic tests run them.
var notBound = []string{" any", " all"}

func TestEachExampleGivesItsResult(t *testing.T) {
	env := goldenEnv(t)
	env.Session.Zone, env.Session.Format.Zone = "UTC", nil
	for _, f := range functions.Builtins().Scalars() {
		if f.Doc.Summary == "" || f.Doc.Example == "" || f.Doc.Family == "" {
			t.Errorf("%s has no documentation", f.Name)
			continue
		}
		skip := false
		for _, s := range notBound {
			skip = skip || strings.HasSuffix(f.Name, s)
		}
		if skip {
			continue
		}
		got, _, _ := strings.Cut(answer(f.Doc.Example, env), "\t")
		if got != f.Doc.Result {
			t.Errorf("%s: %s\n  got  %q\n  want %q\n  %s", f.Name, f.Doc.Example, got, f.Doc.Result, answer(f.Doc.Example, env))
		}
	}
}
