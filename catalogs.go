package muster

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/muster-sql/muster/connectors/catalog"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/system"
	"github.com/muster-sql/muster/coordinator/session"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/rpc"
)

// catalogs opens connectors and remembers what they were opened with, so that
// workers can open the same. Definitions keep secrets as references.
type catalogs struct {
	*catalog.Set
	n       *Node
	opening sync.Mutex // one at a time opens versions for queries
	mu      sync.Mutex
	defs    map[catalog.Key]rpc.Catalog
	pools   map[catalog.Key]*mempool.Pool
	next    uint64
}

func newCatalogs(n *Node) *catalogs {
	// Versions start from the time, so that a worker never takes a catalog of a
	// coordinator's earlier life for one of this.
	return &catalogs{
		Set: catalog.NewSet(), n: n, defs: map[catalog.Key]rpc.Catalog{},
		pools: map[catalog.Key]*mempool.Pool{}, next: uint64(n.clock.Now().UnixNano()),
	}
}

// reserved are names that no catalog of a user may have: the catalog of the
// engine itself, and the database that shows all catalogs.
var reserved = []string{system.Kind, session.AllCatalogs}

// attachSystem attaches the catalog that shows the engine to itself.
func (n *Node) attachSystem() error {
	n.factories = append(n.factories, system.Factory(func() system.Feed { return n.coordinator.Feed() }))
	_, err := n.catalogs.open(n.ctx, rpc.Catalog{Name: system.Kind, Kind: system.Kind}, current)
	return err
}

// Attach opens a catalog and makes it known to new statements.
func (n *Node) Attach(ctx context.Context, def Catalog) error {
	if slices.Contains(reserved, strings.ToLower(def.Name)) {
		return sqlerr.New(sqlerr.InvalidName, "catalog name is reserved: %q", def.Name)
	}
	d, err := n.catalogs.define(def)
	if err != nil {
		return err
	}
	_, err = n.catalogs.open(ctx, d, current)
	return err
}

// Definitions lists the current catalogs as workers need them.
func (c *catalogs) Definitions() []rpc.Catalog {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]rpc.Catalog, 0, len(c.defs))
	for _, d := range c.defs {
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b rpc.Catalog) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// define turns a URL into kind and options.
func (c *catalogs) define(def Catalog) (rpc.Catalog, error) {
	d := rpc.Catalog{Name: def.Name, Kind: def.Kind, Config: def.Options}
	if def.Name == "" {
		return d, sqlerr.New(sqlerr.InvalidName, "a catalog needs a name").WithHint("attach it as NAME=URL")
	}
	if def.URL == "" {
		return d, nil
	}
	scheme, _, ok := strings.Cut(def.URL, ":")
	if !ok || strings.HasPrefix(def.URL, "/") || strings.HasPrefix(def.URL, ".") {
		scheme = "file"
	}
	f := c.factoryOf(func(f *spi.Factory) bool {
		return slices.Contains(f.Schemes, scheme) || len(f.Schemes) == 0 && f.Kind == scheme
	})
	if f == nil {
		return d, sqlerr.New(sqlerr.UndefinedObject, "no connector reads URLs of scheme %q", scheme).
			WithHint("there are: %s", strings.Join(c.schemes(), ", "))
	}
	conf, err := parseURL(f, def.URL)
	if err != nil {
		return d, err
	}
	d.Kind, d.Config = f.Kind, conf
	return d, nil
}

func parseURL(f *spi.Factory, raw string) (spi.Config, error) {
	if f.ParseURL != nil {
		return f.ParseURL(raw)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "URL of a catalog is malformed")
	}
	conf := spi.Config{}
	for k, v := range u.Query() {
		conf[k] = v[len(v)-1]
	}
	u.RawQuery = ""
	if s := u.String(); s != f.Kind+":" {
		conf["url"] = s
	}
	return conf, nil
}

func (c *catalogs) factoryOf(match func(*spi.Factory) bool) *spi.Factory {
	for i := range c.n.factories {
		if match(&c.n.factories[i]) {
			return &c.n.factories[i]
		}
	}
	return nil
}

func (c *catalogs) schemes() []string {
	var out []string
	for _, f := range c.n.factories {
		if len(f.Schemes) == 0 {
			out = append(out, f.Kind)
		}
		out = append(out, f.Schemes...)
	}
	slices.Sort(out)
	return out
}

// life says whether an opened version is for new statements or for one query.
type life bool

const (
	current life = true
	held    life = false
)

// open makes the connector of a definition and keeps both.
func (c *catalogs) open(ctx context.Context, d rpc.Catalog, l life) (spi.Connector, error) {
	f := c.factoryOf(func(f *spi.Factory) bool { return f.Kind == d.Kind })
	if f == nil {
		return nil, sqlerr.New(sqlerr.UndefinedObject, "there is no connector of kind %q", d.Kind)
	}
	conf, err := c.resolve(f, d)
	if err != nil {
		return nil, err
	}
	pool := c.n.pool.Child("catalog " + d.Name)
	conn, err := f.Open(ctx, d.Name, conf, spi.Env{
		Clock: c.n.clock, Dial: (&net.Dialer{}).DialContext, Pool: pool,
		Log: c.n.c.Log.With("catalog", d.Name), Node: c.n.id, Governor: unlimited{},
	})
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if l == current {
		c.next++
		d.Version = c.next
	}
	k := catalog.Key{Name: d.Name, Version: d.Version}
	c.Put(k, conn)
	if l == held {
		c.Retire(d.Name)
	}
	c.defs[k], c.pools[k] = d, pool
	return conn, nil
}

// resolve checks options against the factory's and replaces references to secrets.
func (c *catalogs) resolve(f *spi.Factory, d rpc.Catalog) (spi.Config, error) {
	conf := spi.Config{}
	for k, v := range d.Config {
		known := slices.ContainsFunc(f.Options, func(s spi.Setting) bool { return s.Name == k })
		if !known && k != "url" {
			var names []string
			for _, o := range f.Options {
				names = append(names, o.Name)
			}
			return nil, sqlerr.New(sqlerr.InvalidParameterValue, "catalog has no such option: %q", k).
				WithHint("connector %s has: %s", f.Kind, strings.Join(names, ", "))
		}
		r, err := Secret(v)
		if err != nil {
			return nil, err
		}
		conf[k] = r
	}
	return conf, nil
}

// Secret resolves a value that is a reference: ${ENV:NAME} or ${FILE:/path}.
// Other values are themselves.
func Secret(v string) (string, error) {
	for {
		i := strings.Index(v, "${")
		if i < 0 {
			return v, nil
		}
		j := strings.Index(v[i:], "}")
		if j < 0 {
			return v, nil
		}
		kind, arg, _ := strings.Cut(v[i+2:i+j], ":")
		var got string
		switch kind {
		case "ENV":
			var ok bool
			if got, ok = os.LookupEnv(arg); !ok {
				return "", sqlerr.New(sqlerr.ConfigFile, "environment variable of a secret is not set: %s", arg)
			}
		case "FILE":
			b, err := os.ReadFile(arg)
			if err != nil {
				return "", sqlerr.New(sqlerr.ConfigFile, "file of a secret cannot be read: %s", arg)
			}
			got = strings.TrimRight(string(b), "\r\n")
		default:
			return v, nil
		}
		v = v[:i] + got + v[i+j+1:]
	}
}

// load returns the connector of a version that a coordinator names; a worker
// opens it on first use.
func (c *catalogs) load(ctx context.Context, d rpc.Catalog) (spi.Connector, error) {
	c.opening.Lock()
	defer c.opening.Unlock()
	if conn, err := c.At(d.Name, d.Version); err == nil {
		return conn, nil
	}
	if d.Kind == "" {
		return nil, sqlerr.New(sqlerr.InvalidCatalogName, "catalog is not known on this node: %q", d.Name)
	}
	return c.open(ctx, d, held)
}

func (c *catalogs) close() error {
	var errs []error
	for _, k := range c.Keys() {
		if conn := c.Drop(k); conn != nil {
			errs = append(errs, conn.Close(), c.pools[k].Close())
		}
	}
	return errors.Join(errs...)
}

// unlimited is the governor of catalogs without limits.
type unlimited struct{}

// Acquire implements spi.Governor.
func (unlimited) Acquire(context.Context) (func(), error) { return func() {}, nil }
