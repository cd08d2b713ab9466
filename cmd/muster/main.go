// Command muster is the one binary: server, shell and demo.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"github.com/muster-sql/muster"
	"github.com/muster-sql/muster/cmd/muster/shell"
)

// cli is the command line; DESIGN names its flags.
type cli struct {
	Server  serverCommand    `cmd:"" help:"Run a node: coordinator, worker, or both in one process."`
	SQL     sqlCommand       `cmd:"" name:"sql" help:"Run SQL: in a shell, from arguments, a file or stdin."`
	Demo    demoCommand      `cmd:"" help:"Join Parquet files, PostgreSQL and more with generated data; leaves a shell."`
	Version kong.VersionFlag `help:"Print the version."`
}

func main() {
	var c cli
	parser, err := kong.New(&c,
		kong.Name("muster"),
		kong.Description("One SQL query over every store: Parquet files, PostgreSQL and more, through the PostgreSQL protocol."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Vars{"version": muster.Version},
	)
	if err != nil {
		fail(err)
	}
	ctx, err := parser.Parse(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "muster: %v\nRun muster --help, or --help after a command, to see what there is.\n", err)
		os.Exit(shell.ExitUsage)
	}
	if err := ctx.Run(); err != nil {
		fail(err)
	}
}

func fail(err error) {
	var code shell.Exit
	if errors.As(err, &code) {
		os.Exit(int(code))
	}
	fmt.Fprintln(os.Stderr, "muster:", describe(err))
	os.Exit(1)
}
