package postgres

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/spitest"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// canaryRuns is how many random conditions are sent; CANARY_RUNS asks for more.
func canaryRuns() int {
	if n, err := strconv.Atoi(os.Getenv("CANARY_RUNS")); err == nil {
		return n
	}
	return 2000
}

// pieces are what statements that were put together wrongly break on.
var pieces = []string{"'", "''", `"`, `""`, `\`, `\'`, "--", "/*", "*/", ";", "$$", "$1", "$tag$", "\u2019", "\u02bc", "\uff07", "é", "\u0301", "\U0001F600", "\n", "\r", "\t", "\x01", "\x7f",
	" ", "%", "_", "\\%", "x", "DROP TABLE canary", "E'", "U&'\\0027", "{", "}", "NULL", "::text", "\u00a0", "?", ":a", "@", "`", "\x00", "\xff", "\xc3", "\xed\xa0\x80"}

func hostileText(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(6) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

// hostileName is a text that can be a name: not empty, valid, short.
func hostileName(r *rand.Rand, seen map[string]bool) string {
	for {
		s := strings.ToValidUTF8(strings.ReplaceAll(hostileText(r), "\x00", ""), "")
		if s != "" && len(s) <= nameBytesMax && !seen[s] {
			seen[s] = true
			return s
		}
	}
}

// Random names and values are sent and the answers compared with an evaluation
// here; a table beside must never change.
func TestNamesAndValuesNeverBecomePartOfAStatement(t *testing.T) {
	r := rand.New(rand.NewPCG(20, 26))
	pg, db := database(t, "CREATE TABLE canary AS SELECT 1 AS alive")
	k := attach(t, pg.URL(db), spi.Config{optionMinSplit: "2"})
	ctx := context.Background()
	done := 0
	for done < canaryRuns() {
		seen := map[string]bool{}
		schema, name, col, num := hostileName(r, seen), hostileName(r, seen), hostileName(r, seen), hostileName(r, seen)
		ddl := definitions{k}
		if err := ddl.CreateSchema(ctx, session(), schema, false); err != nil {
			if strings.HasPrefix(schema, "pg_") {
				continue
			}
			t.Fatalf("schema %q: %v", schema, err)
		}
		made := &spi.Table{Name: spi.Name{Schema: schema, Table: name}, Columns: []spi.Column{{Name: col, Type: types.Of(types.Text)}, {Name: num, Type: types.Of(types.Int32)}}}
		rows := writeHostile(t, k, made, r)
		found, err := k.Find(ctx, session(), spi.Snapshot{}, []spi.Name{made.Name})
		if err != nil || found[0] == nil || found[0].Columns[0].Name != col {
			t.Fatalf("table %q.%q (%q): %v %v", schema, name, col, found[0], err)
		}
		scan := scanOf(found[0])
		scan.Snapshot = held(t, k, made.Name)
		for range 50 {
			done++
			hostileScan(t, k, scan, rows, r)
			if t.Failed() {
				return
			}
		}
		if err := k.Release(ctx, scan.Snapshot); err != nil {
			t.Fatal(err)
		}
		if err := ddl.DropSchema(ctx, session(), schema, spi.Drop{Cascade: true}); err != nil {
			t.Fatal(err)
		}
	}
	c := dialPG(t, pg.URL(db))
	alive := ""
	if err := c.QueryRow(ctx, "SELECT string_agg(alive::text, ',') FROM canary").Scan(&alive); err != nil || alive != "1" {
		t.Errorf("the canary: %q, %v", alive, err)
	}
	tables := 0
	if err := c.QueryRow(ctx, "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace >= 16384 OR relname = 'canary'").Scan(&tables); err != nil || tables != 1 {
		t.Errorf("%d tables are left, %v", tables, err)
	}
}

// writeHostile makes the table and writes rows through the connector.
func writeHostile(t *testing.T, k *connector, table *spi.Table, r *rand.Rand) [][]types.Value {
	t.Helper()
	ctx, s, pool := context.Background(), session(), newPool(t)
	var rows [][]types.Value
	for i := range 40 {
		row := []types.Value{types.StringValue(strings.ToValidUTF8(strings.ReplaceAll(hostileText(r), "\x00", ""), "")), types.IntValue(int64(i - 20))}
		if i%9 == 0 {
			row[0] = types.NullValue
		}
		rows = append(rows, row)
	}
	target, err := k.Begin(ctx, s, spi.Write{Kind: spi.WriteCreate, Table: table, Columns: []int{0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	sink, err := k.Sink(ctx, s, target, spi.SinkID{Task: "t'\"\\"}, spi.OpenEnv{Pool: pool})
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Put(ctx, pageOf(t, target.Types, rows, pool)); err != nil {
		t.Fatal(err)
	}
	fragment, err := sink.Finish(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	if err := k.Commit(ctx, s, target, [][]byte{fragment}); err != nil {
		t.Fatal(err)
	}
	return rows
}

// hostileScan offers a random condition on the text column and compares.
func hostileScan(t *testing.T, k *connector, scan spi.Scan, rows [][]types.Value, r *rand.Rand) {
	t.Helper()
	col := &expr.Column{Index: 0, Typ: types.Of(types.Text), At: -1}
	value := func() expr.Expr {
		s := hostileText(r)
		if r.IntN(2) == 0 {
			if v := rows[r.IntN(len(rows))][0]; !v.Null {
				s = v.S
			}
		}
		return &expr.Const{Typ: types.Of(types.Text), Val: types.StringValue(s), At: -1}
	}
	var cond expr.Expr
	switch op := r.IntN(8); op {
	case 6:
		cond = &expr.In{Arg: col, List: []expr.Expr{value(), value(), value()}, At: -1}
	case 7:
		cond = &expr.Logic{Op: expr.Not, At: -1, Args: []expr.Expr{&expr.In{Arg: col, List: []expr.Expr{value(), value()}, At: -1}}}
	default:
		cond = &expr.Call{Fn: []string{"=", "<>", "<", "<=", ">", ">="}[op], Args: []expr.Expr{col, value()}, Typ: types.Of(types.Bool), At: -1}
	}
	out, outcomes, err := k.Push(context.Background(), session(), scan, &spi.FilterOp{Conjuncts: []expr.Expr{cond}})
	if err != nil {
		t.Fatalf("%s: %v", expr.Format(cond), err)
	}
	want := 0
	for _, row := range rows {
		if v := spitest.Eval(cond, row); outcomes[0].Taken == spi.No || !v.Null && v.I == 1 {
			want++
		}
	}
	got, err := readScan(context.Background(), t, k, out, nil)
	if err != nil || len(got) != want {
		t.Errorf("%q: %d rows, want %d, %v: %s", expr.Format(cond), len(got), want, err, out.Detail)
	}
}

func TestNamesThatTheServerWouldCutAreRefused(t *testing.T) {
	pg, db := database(t)
	k := attach(t, pg.URL(db), nil)
	long := strings.Repeat("x", nameBytesMax+1)
	err := definitions{k}.CreateSchema(context.Background(), session(), long, false)
	if !sqlerr.Is(err, sqlerr.NameTooLong) {
		t.Errorf("got %v", err)
	}
	found, err := k.Find(context.Background(), session(), spi.Snapshot{}, []spi.Name{{Schema: "pg_catalog", Table: "pg_class" + long}, {Schema: "pg_catalog", Table: "pg_class"}})
	if err != nil || found[0] != nil || found[1] == nil {
		t.Errorf("%v %v", found, err)
	}
	if err := (definitions{k}).DropTable(context.Background(), session(), spi.Name{Schema: "public", Table: "nothing"}, spi.Drop{}); !sqlerr.Is(err, sqlerr.UndefinedTable) {
		t.Errorf("got %v", err)
	}
}
