// Package thread proves the hard parts of the engine on processes of the built
// binary, one instance each: what is decided by real sizes, filters that cross
// exchanges, spilling, memory given back between queries, commits that survive
// a lost worker, nested values, and look-ups instead of scans.
package thread

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/muster-sql/muster/tests/harness"
)

// lake starts a cluster with an empty folder "lake" and TPC-H rows to fill it from.
func lake(t *testing.T, workers int, attach ...string) (*harness.Cluster, string) {
	t.Helper()
	dir := t.TempDir()
	return harness.Start(t, harness.Options{
		Workers: workers,
		Attach:  append([]string{"lake=" + dir, "tpch=tpch:?sf=0.1", "memory=memory:"}, attach...),
	}), dir
}

// run executes statements on one connection and fails the test on an error.
func run(t *testing.T, c *harness.Cluster, statements ...string) [][]string {
	t.Helper()
	rows, err := try(c, statements...)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// try executes statements on one connection and returns the rows of the last, as text.
func try(c *harness.Cluster, statements ...string) ([][]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	conn, err := pgconn.Connect(ctx, c.URL("lake"))
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	var out [][]string
	for _, sql := range statements {
		results, err := conn.Exec(ctx, sql).ReadAll()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", sql, err)
		}
		out = nil
		for _, r := range results {
			for _, row := range r.Rows {
				var line []string
				for _, v := range row {
					if v == nil {
						line = append(line, "NULL")
					} else {
						line = append(line, string(v))
					}
				}
				out = append(out, line)
			}
		}
	}
	return out, nil
}

// text joins the rows of a plan.
func text(rows [][]string) string {
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(strings.Join(r, "|") + "\n")
	}
	return b.String()
}

// number finds the first number that pattern's group matches in a plan.
func number(t *testing.T, plan, pattern string) int64 {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(plan)
	if m == nil {
		t.Fatalf("%q is not in the plan:\n%s", pattern, plan)
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(m[1], ",", ""), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTheRealSizeOfTheBuildSideDecidesTheDistribution(t *testing.T) {
	c, _ := lake(t, 3)
	q := "SELECT count(*), sum(l_quantity) FROM tpch.public.lineitem, tpch.public.orders WHERE l_orderkey = o_orderkey AND o_orderpriority = '1-URGENT'"
	small := text(run(t, c, "EXPLAIN ANALYZE "+q))
	if !strings.Contains(small, "decided=broadcast") {
		t.Errorf("a small build side was not broadcast:\n%s", small)
	}
	large := text(run(t, c, "SET broadcast_max = '1kB'", "EXPLAIN ANALYZE "+q))
	if !strings.Contains(large, "decided=partitioned") {
		t.Errorf("a large build side was not partitioned:\n%s", large)
	}
	a, b := text(run(t, c, q)), text(run(t, c, "SET broadcast_max = '1kB'", q))
	if a != b {
		t.Errorf("broadcast gives %s, partitioned %s", a, b)
	}
}

func TestADynamicFilterSkipsRowGroupsAcrossTheExchange(t *testing.T) {
	c, _ := lake(t, 3)
	run(t, c, "CREATE TABLE lake.public.big AS SELECT l_orderkey, l_quantity FROM tpch.public.lineitem ORDER BY l_orderkey")
	run(t, c, "CREATE TABLE memory.public.few AS SELECT o_orderkey AS k FROM tpch.public.orders WHERE o_orderkey < 100")
	q := "SELECT count(*) FROM lake.public.big, memory.public.few WHERE l_orderkey = k"
	for _, set := range []string{"SET broadcast_max = '16MB'", "SET join_distribution = 'partitioned'"} {
		plan := text(run(t, c, set, "EXPLAIN ANALYZE "+q))
		on := number(t, plan, `Scan lake\.public\.big.*?actual rows=(\d+)`)
		if on > 2000 {
			t.Errorf("%s: the scan gave %d rows in spite of the filter:\n%s", set, on, plan)
		}
		off := text(run(t, c, set, "SET dynamic_filters = off", "EXPLAIN ANALYZE "+q))
		if all := number(t, off, `Scan lake\.public\.big.*?actual rows=(\d+)`); all < 500_000 && all <= on {
			t.Errorf("%s: without the filter the scan gave %d rows", set, all)
		}
		with, without := text(run(t, c, set, q)), text(run(t, c, set, "SET dynamic_filters = off", q))
		if with != without {
			t.Errorf("%s: %s with the filter, %s without", set, with, without)
		}
	}
}

// spilled queries need 20 times the memory they get.
var spilled = []string{
	"SELECT count(*), sum(n), sum(q) FROM (SELECT l_orderkey, l_linenumber, l_comment, count(*) AS n, sum(l_quantity) AS q FROM tpch.public.lineitem GROUP BY 1, 2, 3) g",
	"SELECT count(*), sum(a.l_quantity), max(b.l_comment) FROM tpch.public.lineitem a JOIN tpch.public.lineitem b ON a.l_orderkey = b.l_orderkey AND a.l_linenumber = b.l_linenumber",
	"SELECT count(*), max(l_comment) FROM (SELECT l_comment, l_extendedprice FROM tpch.public.lineitem ORDER BY l_comment, l_extendedprice OFFSET 1000) s",
}

func TestAggregationJoinAndSortOverTheirMemoryAreExactAndLeaveNoFile(t *testing.T) {
	c, _ := lake(t, 0)
	for _, q := range spilled {
		want := text(run(t, c, q))
		got := text(run(t, c, "SET query_memory_max = '8MB'", q))
		if got != want {
			t.Errorf("%s\nwith little memory: %swith enough: %s", q, got, want)
		}
		plan := text(run(t, c, "SET query_memory_max = '8MB'", "EXPLAIN ANALYZE "+q))
		if !strings.Contains(strings.ToLower(plan), "spill") {
			t.Errorf("nothing was spilled:\n%s", plan)
		}
	}
	var left []string
	_ = filepath.WalkDir(filepath.Join(c.Coordinator().DataDir(), "spill"), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasSuffix(path, "lock") {
			left = append(left, path)
		}
		return nil
	})
	if len(left) > 0 {
		t.Errorf("spill files were left: %v", left)
	}
}

func TestTwoQueriesInOneSmallPoolBothFinish(t *testing.T) {
	dir := t.TempDir()
	c := harness.Start(t, harness.Options{
		Attach: []string{"lake=" + dir, "tpch=tpch:?sf=0.1"}, Env: []string{"MUSTER_MEMORY=64MiB"},
	})
	want := make([]string, len(spilled))
	for i, q := range spilled {
		want[i] = text(run(t, c, q))
	}
	type answer struct {
		i    int
		rows [][]string
		err  error
	}
	answers := make(chan answer)
	for i := range 4 {
		go func() {
			rows, err := try(c, spilled[i%2])
			answers <- answer{i % 2, rows, err}
		}()
	}
	for range 4 {
		a := <-answers
		if a.err != nil {
			t.Errorf("query %d: %v", a.i, a.err)
		} else if got := text(a.rows); got != want[a.i] {
			t.Errorf("query %d gave %s, alone it gives %s", a.i, got, want[a.i])
		}
	}
}

func TestATableIsWrittenOnceThoughAWorkerDies(t *testing.T) {
	c, dir := lake(t, 3)
	want := text(run(t, c, "SELECT count(*), count(DISTINCT (l_orderkey, l_linenumber)), sum(l_quantity) FROM tpch.public.lineitem"))
	for round := range 3 {
		name := fmt.Sprintf("copy%d", round)
		done := make(chan error, 1)
		go func() {
			_, err := try(c, "CREATE TABLE lake.public."+name+" AS SELECT * FROM tpch.public.lineitem")
			done <- err
		}()
		time.Sleep(time.Duration(40+60*round) * time.Millisecond)
		victim := c.Workers()[round%3]
		victim.Kill()
		err := <-done
		victim.Restart(t)
		c.AwaitWorkers(t)
		if err != nil {
			if rows, qerr := try(c, "SELECT count(*) FROM lake.public."+name); qerr == nil {
				t.Errorf("the statement failed (%v) but the table is there: %v", err, rows)
			}
			t.Logf("round %d: one clean error: %v", round, err)
		} else if got := text(run(t, c, "SELECT count(*), count(DISTINCT (l_orderkey, l_linenumber)), sum(l_quantity) FROM lake.public."+name)); got != want {
			t.Errorf("round %d: the copy holds %s, the original %s", round, got, want)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !regexp.MustCompile(`^copy\d$`).MatchString(e.Name()) {
			t.Errorf("a trace was left in the folder: %s", e.Name())
		}
	}
}

func TestNestedValuesGoThroughFilterJoinGroupAndExchangeToTheWire(t *testing.T) {
	for _, workers := range []int{0, 3} {
		c, _ := lake(t, workers)
		run(t, c, `CREATE TABLE lake.public.nested AS SELECT o_orderkey AS k, o_custkey AS c,
			ARRAY[o_orderkey, NULL, o_custkey] AS a,
			map(ARRAY['key', 'customer'], ARRAY[o_orderkey, o_custkey]) AS m,
			row(o_orderkey, o_orderpriority) AS r
			FROM tpch.public.orders WHERE o_orderkey < 4000`)
		q := `SELECT n.k, n.a, n.m, n.r, count(*) FROM lake.public.nested n
			JOIN tpch.public.lineitem ON l_orderkey = n.k
			WHERE n.a[1] % 2 = 1 AND cardinality(n.a) = 3 GROUP BY n.k, n.a, n.m, n.r ORDER BY n.k LIMIT 3`
		rows := run(t, c, q)
		if len(rows) != 3 || rows[0][0] != "1" || !strings.HasPrefix(rows[0][1], "{1,NULL,") || !strings.HasPrefix(rows[0][2], `{"key": 1, "customer": `) || !strings.HasPrefix(rows[0][3], "(1,") {
			t.Errorf("%d workers: %v", workers, rows)
		}
		ctx := t.Context()
		conn, err := pgx.Connect(ctx, c.URL("lake"))
		if err != nil {
			t.Fatal(err)
		}
		var k int64
		var a []*int64
		if err := conn.QueryRow(ctx, "SELECT k, a FROM lake.public.nested WHERE k = 7").Scan(&k, &a); err != nil {
			t.Errorf("binary: %v", err)
		} else if len(a) != 3 || *a[0] != 7 || a[1] != nil {
			t.Errorf("binary gave %v", a)
		}
		conn.Close(ctx)
	}
}
