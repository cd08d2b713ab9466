// Command cluster runs a coordinator and two workers over generated TPC-H
// tables until it is interrupted; `make cluster` is its name.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/muster-sql/muster/tests/harness"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func run() error {
	c, err := harness.New(harness.Options{Workers: 2, Attach: []string{"tpch=tpch:?sf=0.1", "memory=memory:"}})
	if err != nil {
		return err
	}
	defer c.Stop()
	if err := c.Run(); err != nil {
		return err
	}
	for _, n := range c.Nodes {
		fmt.Printf("%-12s pid %-7d http %-22s rpc %s\n", n.Name, n.Addr.Pid, n.Addr.HTTP, n.Addr.RPC)
	}
	fmt.Printf("\n  psql %s\n\nCtrl-C ends it.\n", c.URL("tpch"))
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	<-stop
	return nil
}
