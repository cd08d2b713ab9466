// Command muster is the one binary: server, shell and demo.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"github.com/muster-sql/muster"
)

// cli is the command line; DESIGN names its flags.
type cli struct {
	Server  serverCommand    `cmd:"" help:"Run a node: coordinator, worker, or both in one process."`
	Version kong.VersionFlag `help:"Print the version."`
}

func main() {
	var c cli
	parser, err := kong.New(&c,
		kong.Name("muster"),
		kong.Description("One SQL query over every store: Parquet files, PostgreSQL and more, through the PostgreSQL protocol."),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Vars{"version": muster.Version},
	)
	if err != nil {
		fail(err)
	}
	ctx, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	if err := ctx.Run(); err != nil {
		fail(err)
	}
}

// exitCode is an error that has been printed already.
type exitCode int

// Error implements error.
func (e exitCode) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

func fail(err error) {
	var code exitCode
	if errors.As(err, &code) {
		os.Exit(int(code))
	}
	fmt.Fprintln(os.Stderr, "muster:", describe(err))
	os.Exit(1)
}
