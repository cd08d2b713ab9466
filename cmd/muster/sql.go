package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/muster-sql/muster"
	"github.com/muster-sql/muster/cmd/muster/shell"
	"github.com/muster-sql/muster/connectors/builtin"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// sqlCommand is the shell.
type sqlCommand struct {
	URL        string   `arg:"" optional:"" help:"Server to connect to: postgres://user@host:port/database. Without one the engine runs in this process."`
	Attach     []string `help:"Attach a catalog in process: NAME=URL. May be repeated." placeholder:"NAME=URL" sep:"none"`
	Command    []string `short:"c" help:"Run this SQL or backslash command, then end. May be repeated." placeholder:"SQL" sep:"none"`
	File       string   `short:"f" help:"Run this file, then end; - is stdin." placeholder:"FILE"`
	Output     string   `short:"o" help:"Format of results: ${enum}." default:"table" enum:"table,csv,tsv,json,jsonl,markdown,vertical"`
	Database   string   `short:"d" help:"Catalog to start in (muster shows all)." placeholder:"NAME"`
	NoProgress bool     `help:"No progress line while a query runs."`
	Memory     string   `help:"Memory budget of the engine in this process (4GiB)." placeholder:"SIZE"`
	Threads    int      `help:"CPU slots of the engine in this process (the number of CPUs)." placeholder:"N"`
}

// Run runs the shell.
func (c *sqlCommand) Run() error {
	ctx := context.Background()
	config, closeNode, err := c.connection(ctx)
	if err != nil {
		return err
	}
	if c.Database != "" {
		config.Database = c.Database
	}
	err = shell.Run(ctx, shell.Options{
		Config: config, Commands: c.Command, File: c.File, Output: c.Output, Progress: !c.NoProgress,
		History: historyFile(), Banner: banner, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	})
	if cerr := closeNode(); err == nil {
		err = cerr
	}
	return err
}

// connection says how to reach the server: the one named, or one started here.
func (c *sqlCommand) connection(ctx context.Context) (*pgconn.Config, func() error, error) {
	if c.URL != "" {
		if len(c.Attach) > 0 {
			return nil, nil, usageError("--attach is for the engine in this process; on a server catalogs are attached where it starts")
		}
		config, err := pgconn.ParseConfig(c.URL)
		if err != nil {
			return nil, nil, usageError(err.Error())
		}
		if !strings.Contains(c.URL, "://") && !strings.Contains(c.URL, "=") {
			return nil, nil, usageError(fmt.Sprintf("not the URL of a server: %q; write postgres://user@host:port/database", c.URL))
		}
		return config, func() error { return nil }, nil
	}
	conf, err := c.inProcess()
	if err != nil {
		return nil, nil, err
	}
	node, err := muster.New(conf, muster.Connectors(builtin.All()...))
	if err != nil {
		return nil, nil, err
	}
	config, err := inside(ctx, node)
	return config, node.Close, err
}

// inProcess is the configuration of a node without listeners. What a shell has
// without being asked: tables in memory and TPC-H.
func (c *sqlCommand) inProcess() (muster.Config, error) {
	set := settings{Memory: c.Memory, Threads: c.Threads, PG: "-", HTTP: "-", RPC: "-"}
	conf, err := set.node()
	if err != nil {
		return conf, err
	}
	if conf.Catalogs, err = attachments(c.Attach); err != nil {
		return conf, err
	}
	for _, extra := range []muster.Catalog{{Name: "memory", URL: "memory:"}, {Name: "tpch", URL: "tpch:"}} {
		if !slices.ContainsFunc(conf.Catalogs, func(k muster.Catalog) bool { return k.Name == extra.Name }) {
			conf.Catalogs = append(conf.Catalogs, extra)
		}
	}
	return conf, nil
}

// inside is how a client in this process reaches a node.
func inside(_ context.Context, node *muster.Node) (*pgconn.Config, error) {
	config, err := pgconn.ParseConfig("host=" + shell.InProcess + " port=5440 dbname=muster sslmode=disable user=" + userName())
	if err != nil {
		return nil, err
	}
	config.Fallbacks = nil
	config.LookupFunc = func(context.Context, string) ([]string, error) { return []string{shell.InProcess}, nil }
	config.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) { return node.Dial(ctx) }
	return config, nil
}

func userName() string {
	for _, v := range []string{"USER", "LOGNAME"} {
		if u := os.Getenv(v); u != "" && !strings.ContainsAny(u, " '\\") {
			return u
		}
	}
	return "muster"
}

func banner(s *shell.Server) string {
	return "Muster " + muster.Version + ". \\? lists commands, \\l catalogs, \\q ends."
}

// historyFile is where the statements of the shell are kept: $MUSTER_HISTORY, or
// a file of the state folder.
func historyFile() string {
	if f, ok := os.LookupEnv("MUSTER_HISTORY"); ok {
		return f
	}
	dir := os.Getenv("XDG_STATE_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "muster", "history")
}

// usageError is an error of the arguments.
func usageError(text string) error {
	return sqlerr.New(sqlerr.InvalidParameterValue, "%s", text)
}
