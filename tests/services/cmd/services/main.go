// Command services starts and stops the test servers for scripts: "up" prints
// shell variables with their addresses, "down" ends what up started.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/muster-sql/muster/tests/services"
)

// state is what up leaves for down.
type state struct {
	Pid  int    `json:"pid"`
	Data string `json:"data"`
	URL  string `json:"url"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "services:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	cache, err := services.CacheDir()
	if err != nil {
		return err
	}
	file := filepath.Join(cache, "services.json")
	switch {
	case len(args) == 1 && args[0] == "up":
		return up(file)
	case len(args) == 1 && args[0] == "down":
		return down(file)
	}
	return errors.New("usage: services up|down")
}

func up(file string) error {
	if err := down(file); err != nil {
		return err
	}
	p, err := services.StartPostgres(context.Background(), services.PGOptions{TPCH: true, Detached: true})
	if err != nil {
		return err
	}
	text, err := json.Marshal(state{Pid: p.Pid, Data: p.Data, URL: p.DSN()})
	if err == nil {
		err = os.WriteFile(file, text, 0o644)
	}
	if err != nil {
		p.Stop()
		return err
	}
	fmt.Printf("export MUSTER_TEST_POSTGRES=%s\n", p.DSN())
	return nil
}

func down(file string) error {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var s state
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	return errors.Join(services.StopPostgres(s.Pid, s.Data), os.Remove(file))
}
