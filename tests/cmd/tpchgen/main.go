// Command tpchgen writes the eight tables of TPC-H as folders of Parquet
// files: tpchgen -sf 1 -out DIR. Benchmarks and tests attach the folder.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/muster-sql/muster/connectors/builtin/transfer"
	"github.com/muster-sql/muster/connectors/files"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/tpch"
)

func main() {
	scale := flag.Float64("sf", 1, "scale factor")
	out := flag.String("out", "", "folder, made when it is not there")
	threads := flag.Int("threads", runtime.GOMAXPROCS(0), "threads")
	compression := flag.String("compression", "zstd", "zstd, snappy, gzip, lz4_raw or uncompressed")
	flag.Parse()
	if err := run(*scale, *out, *threads, *compression); err != nil {
		fmt.Fprintln(os.Stderr, "tpchgen:", err)
		os.Exit(1)
	}
}

func run(scale float64, out string, threads int, compression string) error {
	if out == "" {
		return fmt.Errorf("-out is missing")
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	ctx := context.Background()
	env := spi.Env{Pool: page.Unaccounted{}}
	from, err := tpch.Factory().Open(ctx, "tpch", spi.Config{"sf": strconv.FormatFloat(scale, 'g', -1, 64)}, env)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := files.Factory().Open(ctx, "files", spi.Config{"path": out}, env)
	if err != nil {
		return err
	}
	defer to.Close()
	for _, table := range strings.Fields("region nation supplier customer part partsupp orders lineitem") {
		start := time.Now()
		n := spi.Name{Schema: "public", Table: table}
		rows, err := transfer.Table(ctx, transfer.Options{From: from, To: to, Table: n, As: n, Threads: threads, Pool: env.Pool,
			Session: &spi.Session{QueryID: table}, With: map[string]string{"compression": compression}})
		if err != nil {
			return err
		}
		fmt.Printf("%-10s %10d rows  %v\n", table, rows, time.Since(start).Round(time.Millisecond))
	}
	return nil
}
