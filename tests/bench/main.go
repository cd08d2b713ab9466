// Command bench runs the 22 TPC-H queries over the same Parquet files on Muster
// and on DuckDB, one after the other, and prints the processor seconds of each
// and their ratio. DuckDB comes from Python's package index, into a folder of
// the cache. It measures the built binary from outside.
//
//	go run ./tests/bench -sf 1 -threads 1,2 -runs 3
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/muster-sql/muster/tests/harness"
	"github.com/muster-sql/muster/tests/services"
)

type options struct {
	scale   string
	threads []int
	runs    int
	data    string
	queries string
	only    string
	memory  string
}

func main() {
	var o options
	var threads string
	flag.StringVar(&o.scale, "sf", "1", "scale factor")
	flag.StringVar(&threads, "threads", "1,2", "numbers of threads, apart by commas")
	flag.IntVar(&o.runs, "runs", 3, "runs of each query after a first one that is not counted")
	flag.StringVar(&o.data, "data", "", "folder of the Parquet files; default: made in the cache")
	flag.StringVar(&o.queries, "queries", filepath.Join(services.Corpora(), "bench", "tpch", "queries"), "folder of the queries")
	flag.StringVar(&o.only, "only", "", "names of queries, apart by commas")
	flag.StringVar(&o.memory, "memory", "4GiB", "memory limit of both")
	flag.Parse()
	for _, n := range strings.Split(threads, ",") {
		v, err := strconv.Atoi(n)
		if err != nil {
			fail(err)
		}
		o.threads = append(o.threads, v)
	}
	if err := run(o); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "bench:", err)
	os.Exit(1)
}

func run(o options) error {
	files, err := filepath.Glob(filepath.Join(o.queries, "*.sql"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no queries in %s: %w", o.queries, err)
	}
	if o.data == "" {
		if o.data, err = makeData(o.scale); err != nil {
			return fmt.Errorf("make the files: %w", err)
		}
	}
	duck, err := newDuck()
	if err != nil {
		return err
	}
	for _, n := range o.threads {
		ours, err := measureMuster(o, files, n)
		if err != nil {
			return err
		}
		theirs, err := duck.measure(o, files, n)
		if err != nil {
			return err
		}
		report(o, n, ours, theirs)
	}
	return nil
}

// cost is what one query took.
type cost struct{ cpu, wall float64 }

func report(o options, threads int, ours, theirs map[string]cost) {
	fmt.Printf("\nTPC-H SF %s over Parquet, %d threads, %s, %d runs: mean CPU, least wall\n\n", o.scale, threads, o.memory, o.runs)
	fmt.Println("| query | Muster CPU s | DuckDB CPU s | ratio | Muster wall s | DuckDB wall s |")
	fmt.Println("|---|--:|--:|--:|--:|--:|")
	var us, them cost
	for i := 1; i <= 99; i++ {
		name := fmt.Sprintf("q%02d", i)
		a, ok := ours[name]
		b, both := theirs[name]
		if !ok || !both {
			continue
		}
		us.cpu, us.wall = us.cpu+a.cpu, us.wall+a.wall
		them.cpu, them.wall = them.cpu+b.cpu, them.wall+b.wall
		fmt.Printf("| %s | %.3f | %.3f | %.2f | %.3f | %.3f |\n", name, a.cpu, b.cpu, a.cpu/max(b.cpu, 1e-3), a.wall, b.wall)
	}
	fmt.Printf("| all | %.2f | %.2f | %.2f | %.2f | %.2f |\n", us.cpu, them.cpu, us.cpu/max(them.cpu, 1e-3), us.wall, them.wall)
}

// wanted are the queries of the files that -only names, or all.
func wanted(o options, files []string) []string {
	var out []string
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".sql")
		if o.only == "" || strings.Contains(","+o.only+",", ","+name+",") {
			out = append(out, f)
		}
	}
	return out
}

func measureMuster(o options, files []string, threads int) (map[string]cost, error) {
	c, err := harness.New(harness.Options{
		Attach: []string{"files=" + o.data},
		Args:   []string{"--threads", strconv.Itoa(threads), "--memory", o.memory},
		Env:    []string{"GOMAXPROCS=" + strconv.Itoa(threads)},
	})
	if err != nil {
		return nil, err
	}
	defer c.Stop()
	if err := c.Run(); err != nil {
		return nil, err
	}
	ctx := context.Background()
	conn, err := pgconn.Connect(ctx, c.URL("files"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }()
	out := map[string]cost{}
	for _, f := range wanted(o, files) {
		sql, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(filepath.Base(f), ".sql")
		best, before := cost{wall: 1e9}, 0.0
		for i := range o.runs + 1 {
			begin := time.Now()
			if _, err := conn.Exec(ctx, string(sql)).ReadAll(); err != nil {
				fmt.Printf("muster %s: %v\n", name, err)
				best.wall = 1e9
				break
			}
			if i == 0 {
				before = c.Coordinator().CPUSeconds()
				continue
			}
			best.wall = min(best.wall, time.Since(begin).Seconds())
		}
		if best.wall < 1e9 {
			best.cpu = (c.Coordinator().CPUSeconds() - before) / float64(o.runs)
			out[name] = best
		}
	}
	return out, nil
}

// makeData writes the tables as Parquet files, by the engine itself.
func makeData(scale string) (string, error) {
	cache, err := services.CacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "tpch-parquet-sf"+scale)
	if _, err := os.Stat(filepath.Join(dir, "done")); err == nil {
		return dir, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	c, err := harness.New(harness.Options{Attach: []string{"tpch=tpch:?sf=" + scale, "files=" + dir}})
	if err != nil {
		return "", err
	}
	defer c.Stop()
	if err := c.Run(); err != nil {
		return "", err
	}
	ctx := context.Background()
	conn, err := pgconn.Connect(ctx, c.URL("tpch"))
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, t := range strings.Fields("region nation supplier customer part partsupp orders lineitem") {
		if _, err := conn.Exec(ctx, "CREATE TABLE files.public."+t+" AS SELECT * FROM tpch.public."+t).ReadAll(); err != nil {
			return "", fmt.Errorf("%s: %w", t, err)
		}
	}
	return dir, os.WriteFile(filepath.Join(dir, "done"), nil, 0o644)
}
