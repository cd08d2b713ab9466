package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/term"

	"github.com/muster-sql/muster"
	"github.com/muster-sql/muster/cmd/muster/shell"
	"github.com/muster-sql/muster/connectors/builtin"
	"github.com/muster-sql/muster/connectors/builtin/transfer"
	"github.com/muster-sql/muster/connectors/files"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/tpch"
)

// demoCommand shows a federated query and leaves a server and a shell.
type demoCommand struct {
	Folder   string  `name:"data" help:"Folder of the Parquet files; made at the first run, used again later." placeholder:"DIR" type:"path"`
	Scale    float64 `name:"sf" help:"TPC-H scale factor of the files." default:"0.1"`
	PG       string  `name:"pg" help:"Address of the PostgreSQL protocol; another port is taken when it is in use." default:"127.0.0.1:5440"`
	Postgres string  `help:"A PostgreSQL to join with, attached as pg: postgres://user@host:port/db. Its TPC-H tables are used if it has them." placeholder:"URL" env:"MUSTER_TEST_POSTGRES"`
	NoShell  bool    `help:"End after the queries."`
}

// Run runs the demonstration.
func (d *demoCommand) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	folder, err := d.files(ctx)
	if err != nil {
		return err
	}
	node, err := d.start(ctx, folder)
	if err != nil {
		return err
	}
	if err := d.show(ctx, node, folder); err != nil {
		return errors.Join(err, node.Close())
	}
	if !d.NoShell {
		err = d.stay(ctx, node)
	}
	return errors.Join(err, node.Close())
}

// demoTables are the tables of TPC-H.
const demoTables = "region nation supplier customer part partsupp orders lineitem"

// files generates the Parquet files, unless an earlier run has.
func (d *demoCommand) files(ctx context.Context) (string, error) {
	root := d.Folder
	if root == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("no folder for the files: %w; name one with --data", err)
		}
		root = filepath.Join(cache, "muster", "demo-data")
	}
	folder := filepath.Join(root, "tpch-sf"+strconv.FormatFloat(d.Scale, 'g', -1, 64))
	if _, err := os.Stat(folder); err == nil {
		fmt.Printf("Parquet files of TPC-H are in %s.\n", folder)
		return folder, nil
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", err
	}
	half, err := os.MkdirTemp(root, "making-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(half)
	fmt.Printf("Generating TPC-H at scale factor %v as Parquet in %s …\n", d.Scale, folder)
	begin := time.Now()
	rows, err := generate(ctx, half, d.Scale)
	if err != nil {
		return "", err
	}
	if err := os.Chmod(half, 0o755); err != nil {
		return "", err
	}
	if err := os.Rename(half, folder); err != nil {
		if _, serr := os.Stat(folder); serr != nil {
			return "", err
		} // another demonstration was faster
	}
	fmt.Printf("%d rows in %.1f s.\n", rows, time.Since(begin).Seconds())
	return folder, nil
}

// generate writes the tables into a folder.
func generate(ctx context.Context, folder string, scale float64) (int64, error) {
	env := spi.Env{Pool: page.Unaccounted{}}
	from, err := tpch.Factory().Open(ctx, "tpch", spi.Config{"sf": strconv.FormatFloat(scale, 'g', -1, 64)}, env)
	if err != nil {
		return 0, err
	}
	defer from.Close()
	to, err := files.Factory().Open(ctx, "lake", spi.Config{"path": folder}, env)
	if err != nil {
		return 0, err
	}
	defer to.Close()
	total := int64(0)
	for _, t := range strings.Fields(demoTables) {
		n := spi.Name{Schema: "public", Table: t}
		rows, err := transfer.Table(ctx, transfer.Options{
			From: from, To: to, Table: n, As: n, Threads: runtime.GOMAXPROCS(0), Pool: env.Pool, Session: &spi.Session{QueryID: t},
		})
		if err != nil {
			return 0, err
		}
		total += rows
	}
	return total, nil
}

// start boots the engine; a port that is taken is replaced by a free one. A
// PostgreSQL that cannot be attached is done without.
func (d *demoCommand) start(ctx context.Context, folder string) (*muster.Node, error) {
	conf := muster.Config{PG: d.PG, HTTP: "-", RPC: "-", Catalogs: []muster.Catalog{
		{Name: "lake", URL: "file://" + folder},
		{Name: "tpch", URL: "tpch:"},
		{Name: "memory", URL: "memory:"},
	}}
	l, err := net.Listen("tcp", d.PG)
	if err != nil {
		host, _, serr := net.SplitHostPort(d.PG)
		if serr != nil {
			return nil, usageError("not an address: " + d.PG)
		}
		conf.PG = net.JoinHostPort(host, "0")
	} else {
		_ = l.Close()
	}
	node, err := muster.New(conf, muster.Connectors(builtin.All()...))
	if err != nil {
		return nil, err
	}
	if at := node.Addrs().PG; conf.PG != d.PG {
		fmt.Printf("%s is taken; this server is at %s.\n", d.PG, at)
	}
	if d.Postgres != "" {
		if err := node.Attach(ctx, muster.Catalog{Name: "pg", URL: d.Postgres}); err != nil {
			fmt.Printf("PostgreSQL is not attached: %v\n", err)
			d.Postgres = ""
		}
	}
	return node, nil
}

// show runs the queries and prints how to go on.
func (d *demoCommand) show(ctx context.Context, node *muster.Node, folder string) error {
	pg := false
	if d.Postgres != "" {
		pg = d.has(ctx, node, "pg", "customer", "nation", "region")
	}
	for _, q := range demoQueries(pg) {
		fmt.Printf("\n-- %s\n%s;\n\n", q.title, q.sql)
		if err := d.run(ctx, node, []string{q.sql}, !q.quiet); err != nil {
			return err
		}
	}
	host, port, err := net.SplitHostPort(node.Addrs().PG)
	if err != nil {
		return err
	}
	fmt.Printf("The server speaks PostgreSQL's protocol:\n\n  psql -h %s -p %s -U demo muster\n\n", host, port)
	fmt.Printf("Catalogs: lake (Parquet in %s), tpch (generated), memory, system%s.\n", folder, map[bool]string{true: ", pg (PostgreSQL)"}[d.Postgres != ""])
	return nil
}

// has reports whether a catalog has all of these tables.
func (d *demoCommand) has(ctx context.Context, node *muster.Node, catalog string, tables ...string) bool {
	config, err := inside(ctx, node)
	if err != nil {
		return false
	}
	c, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return false
	}
	defer c.Close(ctx)
	for _, t := range tables {
		if _, err := c.Exec(ctx, "DESCRIBE "+catalog+".public."+t).ReadAll(); err != nil {
			fmt.Printf("%s has no table %s: the queries do without it.\n", catalog, t)
			return false
		}
	}
	return true
}

func (d *demoCommand) run(ctx context.Context, node *muster.Node, sql []string, timing bool) error {
	config, err := inside(ctx, node)
	if err != nil {
		return err
	}
	return shell.Run(ctx, shell.Options{
		Config: config, Commands: sql, Timing: timing, Progress: true, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	})
}

// stay leaves a shell to a person, else it waits for a signal.
func (d *demoCommand) stay(ctx context.Context, node *muster.Node) error {
	if !term.IsTerminal(int(os.Stdin.Fd())) || !term.IsTerminal(int(os.Stdout.Fd())) {
		ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
		defer stop()
		fmt.Println("Ctrl-C ends it.")
		<-ctx.Done()
		return nil
	}
	config, err := inside(ctx, node)
	if err != nil {
		return err
	}
	fmt.Println("This shell is connected to it; it ends with the shell.")
	err = shell.Run(ctx, shell.Options{
		Config: config, Progress: true, History: historyFile(), Banner: banner,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	})
	var code shell.Exit
	if errors.As(err, &code) {
		return nil
	}
	return err
}

// demoQuery is one query with what it shows.
type demoQuery struct {
	title, sql string
	quiet      bool // no time
}

// demoQueries are the queries; with a PostgreSQL that has TPC-H one more.
func demoQueries(pg bool) []demoQuery {
	out := []demoQuery{
		{title: "a table in memory: what each region should have sold", quiet: true, sql: `CREATE OR REPLACE TABLE memory.targets AS
SELECT * FROM (VALUES ('AFRICA', 84.0), ('AMERICA', 76.5), ('ASIA', 80.0), ('EUROPE', 75.0), ('MIDDLE EAST', 79.5)) AS t (region, target)`},
		{title: "three stores in one query: Parquet files, a generator, memory", sql: `SELECT r.r_name AS region, count(DISTINCT o.o_orderkey) AS orders,
       round(sum(l.l_extendedprice * (1 - l.l_discount)) / 1e6, 1) AS revenue, max(t.target) AS target
  FROM lake.orders o
  JOIN lake.lineitem l ON l.l_orderkey = o.o_orderkey
  JOIN lake.customer c ON c.c_custkey = o.o_custkey
  JOIN tpch.tiny.nation n ON n.n_nationkey = c.c_nationkey
  JOIN tpch.tiny.region r ON r.r_regionkey = n.n_regionkey
  JOIN memory.targets t ON t.region = r.r_name
 WHERE o.o_orderdate >= DATE '1995-01-01' AND o.o_orderdate < DATE '1996-01-01' AND l.l_returnflag = 'R'
 GROUP BY r.r_name ORDER BY revenue DESC`},
	}
	if pg {
		out = append(out, demoQuery{title: "Parquet files joined with tables of a PostgreSQL server", sql: `SELECT n.n_name AS nation, count(DISTINCT c.c_custkey) AS customers, round(sum(o.o_totalprice)) AS spent
  FROM lake.orders o
  JOIN pg.customer c ON c.c_custkey = o.o_custkey
  JOIN pg.nation n ON n.n_nationkey = c.c_nationkey
 WHERE c.c_mktsegment = 'BUILDING' AND o.o_orderdate >= DATE '1997-01-01'
 GROUP BY n.n_name ORDER BY spent DESC LIMIT 5`})
	}
	explained := demoQuery{title: "what the files do of a query, and what the engine does", quiet: true, sql: `EXPLAIN (PUSHDOWN) SELECT o_orderpriority, count(*)
  FROM lake.orders WHERE o_orderdate >= DATE '1998-07-01' AND o_comment LIKE '%special%' GROUP BY 1`}
	if pg {
		explained.title = "what PostgreSQL does of a query, and what the engine does"
		explained.sql = `EXPLAIN (PUSHDOWN) SELECT c_name, o_totalprice
  FROM pg.customer JOIN lake.orders ON o_custkey = c_custkey WHERE c_mktsegment = 'BUILDING' AND o_orderdate >= DATE '1998-07-01'`
	}
	return append(out, explained)
}
