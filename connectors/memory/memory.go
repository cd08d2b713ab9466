// Package memory owns catalogs whose tables live in the coordinator's memory:
// columns of immutable vectors in versions that statements read while others
// write. The engine calls it through the SPI; it knows no engine, and SQL text
// (defaults, views) only as text that it keeps.
package memory

import (
	"context"
	"sync"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

const (
	optionLimit   = "memory"
	defaultSchema = "public"
)

// Factory returns the factory of catalogs of kind memory. A catalog keeps its
// tables while any connector of the same name and node is open, so that its
// settings can be changed without losing them.
func Factory() spi.Factory {
	r := &registry{stores: map[storeKey]*store{}}
	return spi.Factory{
		Kind: "memory",
		Doc:  "Tables in the memory of the coordinator; they are gone when it stops.",
		Options: []spi.Setting{
			{Name: optionLimit, Kind: spi.SettingBytes, Doc: "Most memory that the tables may take; without it only the server's own limit holds."},
		},
		Open: r.open,
	}
}

// storeKey names the data of a catalog on a node.
type storeKey struct{ catalog, node string }

// registry holds the data of the open catalogs of a process.
type registry struct {
	mu     sync.Mutex
	stores map[storeKey]*store
}

func (r *registry) open(_ context.Context, name string, c spi.Config, env spi.Env) (spi.Connector, error) {
	limit, err := parseBytes(c[optionLimit])
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	key := storeKey{name, env.Node}
	s := r.stores[key]
	if s == nil {
		s = newStore(&limitedPool{inner: env.Pool})
		r.stores[key] = s
	}
	s.users++
	s.pool.limit.Store(limit)
	return &connector{registry: r, key: key, store: s, node: env.Node, catalog: name}, nil
}

// connector is a catalog's view of its data.
type connector struct {
	registry *registry
	key      storeKey
	store    *store
	node     string
	catalog  string
	closing  sync.Once
}

var _ spi.Connector = (*connector)(nil)

// Snapshot implements spi.Connector: the state of all tables at one moment.
func (k *connector) Snapshot(_ context.Context, _ *spi.Session, prev spi.Snapshot, _ []spi.Name) (spi.Snapshot, error) {
	if prev.ID != "" {
		return prev, nil
	}
	return k.store.snapshot(), nil
}

// Release implements spi.Connector.
func (k *connector) Release(_ context.Context, snap spi.Snapshot) error {
	k.store.release(snap)
	return nil
}

// Caps implements spi.Connector.
func (k *connector) Caps() spi.Caps {
	return spi.Caps{Push: k, Stats: k, Write: k, DDL: k, Local: true}
}

// Close implements spi.Connector. The data goes with the last connector.
func (k *connector) Close() error {
	k.closing.Do(func() {
		k.registry.mu.Lock()
		defer k.registry.mu.Unlock()
		if k.store.users--; k.store.users == 0 {
			delete(k.registry.stores, k.key)
			k.store.close()
		}
	})
	return nil
}

// Push implements spi.Pusher: columns are chosen and a limit ends splits early.
func (k *connector) Push(_ context.Context, _ *spi.Session, scan spi.Scan, op spi.Op) (spi.Scan, []spi.Outcome, error) {
	switch op := op.(type) {
	case *spi.FilterOp:
		scan, out := k.pushFilter(scan, op)
		return scan, out, nil
	case *spi.ProjectOp:
		scan, out := spi.TakeColumns(scan, op)
		return scan, out, nil
	case *spi.LimitOp:
		scan, out := spi.TakeLimit(scan, op)
		return scan, out, nil
	}
	return scan, spi.Refuse(op, spi.ReasonCapability, "the table is in memory, the engine reads it as it is"), nil
}

func undefinedTable(n spi.Name) error {
	return sqlerr.New(sqlerr.UndefinedTable, "relation \"%s.%s\" does not exist", n.Schema, n.Table)
}
