package system

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// at is the time of the tests.
var at = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

type clock struct{}

func (clock) Now() time.Time { return at }

func (clock) After(context.Context, time.Duration) <-chan time.Time { return nil }

// sample is a feed with one or two rows of each kind.
type sample struct{}

func (sample) Queries() []Query {
	return []Query{
		{ID: "q2", User: "ann", State: "RUNNING", Text: "SELECT 1", Created: at.Add(-2 * time.Second), Started: at.Add(-time.Second), SplitsTotal: 10, SplitsDone: 4},
		{ID: "q1", User: "bob", Catalog: "lake", State: "FAILED", Text: "SELECT 1/0", Created: at.Add(-9 * time.Second), Ended: at.Add(-8 * time.Second),
			ErrorCode: "22012", Error: "division by zero", SplitsKnown: true},
	}
}

func (sample) Tasks() []Task {
	return []Task{{Query: "q2", ID: "q2.1.0", Stage: 1, Attempt: 0, Node: "n", State: "RUNNING", Splits: 10, SplitsDone: 4}}
}

func (sample) Nodes() []Node {
	return []Node{{ID: "n", Address: "local:n", Version: "1", Coordinator: true, Threads: 2, Started: at}}
}

func (sample) Catalogs() []Catalog { return []Catalog{{Name: "lake", Kind: "files", Version: 7}} }

func (sample) Functions() []Function {
	return []Function{{Name: "abs", Kind: "scalar", Arguments: "bigint", Result: "bigint"}}
}

func (sample) Settings(s *spi.Session) []Setting {
	return []Setting{{Name: "TimeZone", Value: s.Zone, Default: "UTC", Kind: "string"}}
}

func openCatalog(t *testing.T, f Feed) spi.Connector {
	t.Helper()
	c, err := Factory(func() Feed { return f }).Open(t.Context(), Kind, nil, spi.Env{Node: "n", Clock: clock{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// read scans all columns of a table as text; NULL is "NULL".
func read(t *testing.T, c spi.Connector, name string) [][]string {
	t.Helper()
	found, err := c.Find(t.Context(), nil, spi.Snapshot{}, []spi.Name{{Schema: "Public", Table: name}})
	if err != nil || found[0] == nil {
		t.Fatalf("find %s: %v, %v", name, found, err)
	}
	scan := spi.Scan{Table: found[0].Name, Limit: -1}
	for i, col := range found[0].Columns {
		scan.Columns = append(scan.Columns, i)
		scan.Output = append(scan.Output, spi.OutputCol{Name: col.Name, Type: col.Type})
	}
	s := &spi.Session{Zone: "Europe/Berlin"}
	src, err := c.Open(t.Context(), s, scan, spi.Split{}, spi.OpenEnv{Pool: page.Unaccounted{}})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var out [][]string
	for {
		p, err := src.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		p.Check(scan.Types())
		for r := range p.Len() {
			row := make([]string, len(p.Cols))
			for i, v := range p.Cols {
				row[i] = "NULL"
				if x := v.Value(p.Row(r)); !x.Null {
					row[i] = types.FormatText(v.Type, x, &types.Format{})
				}
			}
			out = append(out, row)
		}
		p.Release()
	}
}

func TestEachTableHasTheColumnsThatItsRowsFill(t *testing.T) {
	c := openCatalog(t, sample{})
	names, err := c.Tables(t.Context(), nil, schemaName)
	if err != nil || len(names) != len(tables) {
		t.Fatalf("tables: %v, %v", names, err)
	}
	for _, n := range names {
		if rows := read(t, c, n.Table); len(rows) == 0 {
			t.Errorf("%s has no rows", n)
		}
	}
}

func TestQueriesShowStateTimesAndErrors(t *testing.T) {
	rows := read(t, openCatalog(t, sample{}), "queries")
	if got := rows[0]; got[3] != "RUNNING" || got[8] != "NULL" || got[9] != "2" || got[12] != "4" || got[13] != "10" {
		t.Errorf("running query: %v", got)
	}
	if got := rows[1]; got[2] != "lake" || got[9] != "1" || got[15] != "22012" || got[16] != "division by zero" {
		t.Errorf("failed query: %v", got)
	}
}

func TestSplitsArePinnedToTheNodeThatIsAsked(t *testing.T) {
	c := openCatalog(t, sample{})
	src, err := c.Splits(t.Context(), nil, spi.Scan{Table: spi.Name{Schema: schemaName, Table: "nodes"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	splits, err := src.Next(t.Context(), 10)
	if len(splits) != 1 || splits[0].Node != "n" || !errors.Is(err, io.EOF) || !c.Caps().Local {
		t.Fatalf("splits %v, %v", splits, err)
	}
}

func TestACatalogWithoutAFeedHasNoRows(t *testing.T) {
	if rows := read(t, openCatalog(t, nil), "queries"); len(rows) != 0 {
		t.Fatalf("rows: %v", rows)
	}
}
