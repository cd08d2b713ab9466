package planner_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/muster-sql/muster/connectors/catalog"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/tpch"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/parser"
	"github.com/muster-sql/muster/planner"
	"github.com/muster-sql/muster/tests/services"
)

func environment(t *testing.T, nodes int) *planner.Env {
	t.Helper()
	c, err := tpch.Factory().Open(context.Background(), "tpch", spi.Config{"sf": "0.01"}, spi.Env{})
	if err != nil {
		t.Fatal(err)
	}
	set := catalog.NewSet()
	set.Put(catalog.Key{Name: "tpch", Version: 1}, c)
	return &planner.Env{
		Session:   &spi.Session{User: "test", Catalog: "tpch"},
		Catalogs:  set,
		Parse:     parser.Parse,
		ParseExpr: parser.ParseExpr,
		Nodes:     nodes,
	}
}

func TestASimpleQueryIsPlanned(t *testing.T) {
	stmt, err := parser.Parse("select o_orderstatus, count(*), sum(o_totalprice) from orders where o_orderdate < date '1995-01-01' group by 1 order by 1 limit 3")
	if err != nil {
		t.Fatal(err)
	}
	for _, nodes := range []int{1, 3} {
		p, err := planner.Plan(context.Background(), stmt, environment(t, nodes))
		if err != nil {
			t.Fatal(err)
		}
		t.Log("\n" + plan.Format(p.Root, nil))
	}
}

func TestTPCHQueriesArePlanned(t *testing.T) {
	dir := services.NeedCorpora(t, "bench", "tpch", "queries")
	files, err := filepath.Glob(filepath.Join(dir, "*.sql"))
	if err != nil || len(files) != 22 {
		t.Fatalf("%d queries in %s: %v", len(files), dir, err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			stmt, err := parser.Parse(string(text))
			if err != nil {
				t.Fatal(err)
			}
			for _, nodes := range []int{1, 3} {
				p, err := planner.Plan(context.Background(), stmt, environment(t, nodes))
				if err != nil {
					t.Errorf("%d nodes: %v", nodes, err)
					continue
				}
				t.Logf("%d nodes\n%s", nodes, plan.Format(p.Root, func(n plan.Node) string {
					return fmt.Sprintf("  ~%.0f", n.(interface{ Estimate() float64 }).Estimate())
				}))
			}
		})
	}
}
