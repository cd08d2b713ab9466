package tpch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/muster-sql/muster/tests/harness"
	"github.com/muster-sql/muster/tests/services"
)

// config is one way of running the queries; all must give the same answers.
type config struct {
	name    string
	workers int
	source  func(t *testing.T, sf string) source
	init    []string
	sf      []string // run by make test
	nightly []string // run by make nightly too
}

// source is where the tables are: catalogs, and the database or search path
// that makes them known by their short names.
type source struct {
	attach   []string
	database string
	init     []string
}

var configs = []config{
	{name: "tpch, one process", source: generated, sf: []string{"0.01"}, nightly: []string{"0.1"}},
	{name: "tpch, three workers", workers: 3, source: generated, sf: []string{"0.01"}, nightly: []string{"0.1"}},
	{name: "parquet, one process", source: parquet, sf: []string{"0.01"}, nightly: []string{"0.1"}},
	{name: "parquet, three workers", workers: 3, source: parquet, sf: []string{"0.01", "0.1"}},
	{name: "parquet and postgresql", source: mixed, sf: []string{"0.01"}},
	{name: "parquet and postgresql, three workers", workers: 3, source: mixed, sf: []string{"0.01"}},
	{name: "pages of one row", source: parquet, init: []string{"SET page_rows_max TO 1"}, sf: []string{"0.01"}},
	{name: "forced spill", source: parquet, init: []string{"SET spill_force TO on"}, sf: []string{"0.01"}, nightly: []string{"0.1"}},
}

func TestEveryConfigurationGivesTheAnswers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes; not run with -short")
	}
	root := services.NeedCorpora(t, "bench", "tpch")
	for _, c := range configs {
		scales := c.sf
		if os.Getenv("MUSTER_NIGHTLY") != "" {
			scales = append(scales[:len(scales):len(scales)], c.nightly...)
		}
		for _, sf := range scales {
			t.Run(c.name+", sf"+sf, func(t *testing.T) {
				s := c.source(t, sf)
				cluster := harness.Start(t, harness.Options{Workers: c.workers, Attach: s.attach})
				verdicts, err := Ask(context.Background(), Options{
					URL: cluster.URL(s.database), Init: append(s.init, c.init...), Tolerance: tolerance,
					Queries: filepath.Join(root, "queries"), Answers: filepath.Join(root, "answers", "sf"+sf),
				})
				if err != nil {
					t.Fatal(err)
				}
				line, err := Summary(c.name+" sf"+sf, verdicts)
				fmt.Println(line)
				if err != nil {
					t.Error(err)
				}
				for _, n := range cluster.Nodes {
					if !n.Alive() {
						t.Errorf("%s has ended", n.Name)
					}
				}
			})
		}
	}
}

func generated(_ *testing.T, sf string) source {
	return source{attach: []string{"tpch=tpch:?sf=" + sf}, database: "tpch"}
}

func parquet(t *testing.T, sf string) source {
	dir := services.NeedCorpora(t, "bench", "tpch", "data", "sf"+sf)
	return source{attach: []string{"files=" + dir}, database: "files"}
}

// mixed takes the large tables from Parquet and the small ones from PostgreSQL.
func mixed(t *testing.T, sf string) source {
	dir := services.NeedCorpora(t, "bench", "tpch", "data", "sf"+sf)
	some := t.TempDir()
	for _, table := range []string{"lineitem", "orders", "partsupp", "nation"} {
		name := table + ".parquet"
		if err := os.Symlink(filepath.Join(dir, name), filepath.Join(some, name)); err != nil {
			t.Fatal(err)
		}
	}
	p := services.PostgresTPCH(t)
	p.Exec(t, "tpch", "DROP TABLE lineitem, orders, partsupp, nation")
	return source{
		attach:   []string{"files=" + some, "pg=" + p.DSN()},
		database: "muster",
		init:     []string{`SET search_path TO "files.public", "pg.public"`},
	}
}
