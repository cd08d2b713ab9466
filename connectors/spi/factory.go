package spi

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/muster-sql/muster/connectors/spi/page"
)

// Factory makes connectors of one kind.
type Factory struct {
	Kind    string
	Schemes []string // of attach URLs; empty: Kind
	Doc     string
	Options []Setting // typed, documented, secret or not
	// ParseURL turns an attach URL into options; nil: query parameters are the
	// options and the rest is option "url".
	ParseURL func(url string) (Config, error)
	Open     func(ctx context.Context, name string, c Config, env Env) (Connector, error)
}

// Config is the validated options of a catalog, secrets resolved, by name.
type Config map[string]string

// Env is what the engine lends a connector. Every field is set.
type Env struct {
	Clock    Clock
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
	Pool     page.Pool // for memory beyond queries: caches, tables
	Log      *slog.Logger
	Node     string // id of this node
	Governor Governor
}

// Clock is the source of time (D12).
type Clock interface {
	Now() time.Time
	// After sends the time after d; the timer is freed when ctx ends.
	After(ctx context.Context, d time.Duration) <-chan time.Time
}

// Governor limits the use of one catalog across the cluster.
type Governor interface {
	// Acquire waits for leave to open a connection or run a statement; release gives it back.
	Acquire(ctx context.Context) (release func(), err error)
}
