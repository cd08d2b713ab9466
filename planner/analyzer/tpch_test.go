package analyzer_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/muster-sql/muster/connectors/catalog"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/tpch"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/parser"
	"github.com/muster-sql/muster/planner/analyzer"
	"github.com/muster-sql/muster/planner/logical"
)

func environment(t *testing.T) *analyzer.Env {
	t.Helper()
	c, err := tpch.Factory().Open(context.Background(), "tpch", spi.Config{"sf": "0.01"}, spi.Env{})
	if err != nil {
		t.Fatal(err)
	}
	set := catalog.NewSet()
	set.Put(catalog.Key{Name: "tpch", Version: 1}, c)
	return &analyzer.Env{
		Session:   &spi.Session{User: "test", Catalog: "tpch"},
		Catalogs:  set,
		Functions: functions.Builtins(),
		IDs:       &logical.IDs{},
		Parse:     parser.Parse,
		ParseExpr: parser.ParseExpr,
	}
}

func TestTPCHQueriesAnalyze(t *testing.T) {
	files, _ := filepath.Glob("/work/shared/corpora/bench/tpch/queries/*.sql")
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		stmt, err := parser.Parse(string(text))
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		r, err := analyzer.Analyze(context.Background(), stmt, environment(t))
		if err != nil {
			t.Errorf("%s: %+v", filepath.Base(f), err)
			continue
		}
		if err := logical.Validate(r.Node); err != nil {
			t.Errorf("%s: %v\n%s", filepath.Base(f), err, logical.Format(r.Node, nil))
		}
		t.Logf("%s\n%s", filepath.Base(f), logical.Format(r.Node, nil))
	}
}
