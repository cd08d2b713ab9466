package numbers

import (
	"context"
	"net"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/muster-sql/muster"
)

// An embedding program links the engine, gives it a connector of its own and
// asks it over a connection in the process.
func TestAnEmbeddingProgramAttachesItsOwnConnector(t *testing.T) {
	node, err := muster.New(muster.Config{
		PG: "-", HTTP: "-", RPC: "-", Data: t.TempDir(),
		Catalogs: []muster.Catalog{{Name: "numbers", URL: "numbers:?rows=25000"}},
	}, muster.Connectors(Factory()))
	if err != nil {
		t.Fatal(err)
	}
	defer node.Close()
	ctx := context.Background()
	config, err := pgx.ParseConfig("postgres://me@in-process/numbers?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	config.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) { return node.Dial(ctx) }
	config.LookupFunc = func(context.Context, string) ([]string, error) { return []string{"127.0.0.1"}, nil }
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	for sql, want := range map[string]string{
		"SELECT count(*) || ' ' || sum(n) FROM numbers":                                               "25000 312512500",
		"SELECT count(*)::text FROM numbers WHERE digit = 'seven'":                                    "2500",
		"SELECT string_agg(digit, ' ' ORDER BY digit) FROM (SELECT DISTINCT digit FROM numbers) AS d": "eight five four nine one seven six three two zero",
		"SELECT count(*)::text FROM numbers AS a JOIN numbers AS b ON a.n = b.n * 2":                  "12500",
		"SELECT count(*)::text FROM (SELECT * FROM numbers LIMIT 12345) AS l":                         "12345",
	} {
		var got string
		if err := c.QueryRow(ctx, sql).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %q %v, expected %q", sql, got, err, want)
		}
	}
}
