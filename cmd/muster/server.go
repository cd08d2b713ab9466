package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/muster-sql/muster"
	"github.com/muster-sql/muster/connectors/builtin"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// serverCommand runs a node.
type serverCommand struct {
	Role        string   `help:"What this node does: all, coordinator or worker." placeholder:"ROLE"`
	Config      string   `help:"TOML file of settings; flags and MUSTER_* variables win." placeholder:"FILE" type:"path"`
	Catalogs    string   `help:"Folder of TOML files, one a catalog." placeholder:"DIR" type:"path"`
	Data        string   `help:"Folder for spill files and state." placeholder:"DIR" type:"path"`
	Coordinator string   `help:"The coordinator that a worker joins." placeholder:"HOST:PORT"`
	PG          string   `name:"pg" help:"Address of the PostgreSQL protocol (127.0.0.1:5440); port 0 picks one." placeholder:"ADDR"`
	HTTP        string   `name:"http" help:"Address of health and metrics (127.0.0.1:8440)." placeholder:"ADDR"`
	RPC         string   `name:"rpc" help:"Address for the other nodes (127.0.0.1:8441)." placeholder:"ADDR"`
	Memory      string   `help:"Memory budget of the node (4GiB)." placeholder:"SIZE"`
	Threads     int      `help:"CPU slots (the number of CPUs)." placeholder:"N"`
	Attach      []string `help:"Attach a catalog: NAME=URL. May be repeated." placeholder:"NAME=URL" sep:"none"`
	ReadyFile   string   `help:"Write the addresses as JSON to this file once the server answers." placeholder:"FILE" type:"path"`
	LogLevel    string   `help:"debug, info, warn or error." default:"info" enum:"debug,info,warn,error"`
}

// Run runs the node until SIGTERM (drains) or SIGINT (drains; a second one ends).
func (s *serverCommand) Run() error {
	var level slog.Level
	_ = level.UnmarshalText([]byte(s.LogLevel))
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	conf, err := s.config()
	if err != nil {
		return err
	}
	conf.Log = log
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	node, err := muster.New(conf, muster.Connectors(builtin.All()...))
	if err != nil {
		return err
	}
	if err := s.ready(node); err != nil {
		_ = node.Close()
		return err
	}
	a := node.Addrs()
	log.Info("ready", "role", conf.Role, "node", node.ID(), "pg", a.PG, "http", a.HTTP, "rpc", a.RPC)
	log.Info("draining", "signal", (<-signals).String())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return node.Drain(ctx)
}

// ready writes the ready file: complete or not at all.
func (s *serverCommand) ready(n *muster.Node) error {
	if s.ReadyFile == "" {
		return nil
	}
	b, err := json.Marshal(struct {
		muster.Addrs
		PID int `json:"pid"`
	}{n.Addrs(), os.Getpid()})
	if err != nil {
		return err
	}
	tmp := s.ReadyFile + ".tmp"
	if err := os.WriteFile(tmp, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("write ready file: %w", err)
	}
	return os.Rename(tmp, s.ReadyFile)
}

// describe prints an error with what a user can do about it.
func describe(err error) string {
	var e *sqlerr.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	out := err.Error()
	if e.Detail != "" {
		out += "\nDETAIL: " + e.Detail
	}
	if e.Hint != "" {
		out += "\nHINT: " + e.Hint
	}
	return out
}

// attachments reads NAME=URL flags.
func attachments(flags []string) ([]muster.Catalog, error) {
	var out []muster.Catalog
	for _, f := range flags {
		name, url, ok := strings.Cut(f, "=")
		if !ok || name == "" || url == "" {
			return nil, sqlerr.New(sqlerr.InvalidParameterValue, "--attach needs NAME=URL, got %q", f)
		}
		if strings.HasPrefix(url, ".") || strings.HasPrefix(url, "~") {
			if abs, err := filepath.Abs(url); err == nil {
				url = abs
			}
		}
		out = append(out, muster.Catalog{Name: name, URL: url})
	}
	return out, nil
}
