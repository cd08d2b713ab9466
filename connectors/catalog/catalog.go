// Package catalog owns which catalogs live: from a name and a version of its
// definition to the connector. The planner resolves names with it, workers open
// splits, the coordinator changes it. It knows the SPI only.
package catalog

import (
	"slices"
	"strings"
	"sync"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// DefaultSchema is the schema that a catalog's own tables are in, when it has one.
const DefaultSchema = "public"

// Catalogs finds live catalogs; it is safe for concurrent use.
type Catalogs interface {
	// Get returns the connector of a catalog and the version of its definition;
	// an unknown one is 3D000. Names match exactly first, then without case.
	Get(name string) (c spi.Connector, version uint64, err error)
	// Names lists the catalogs in order.
	Names() []string
}

// Key is a version of a catalog's definition.
type Key struct {
	Name    string
	Version uint64
}

// Set is the catalogs of one node.
type Set struct {
	mu      sync.RWMutex
	current map[string]uint64
	all     map[Key]spi.Connector
}

var _ Catalogs = (*Set)(nil)

// NewSet returns a set without catalogs.
func NewSet() *Set { return &Set{current: map[string]uint64{}, all: map[Key]spi.Connector{}} }

// Put makes c the current version of a catalog; earlier ones stay until Drop.
func (s *Set) Put(k Key, c spi.Connector) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[k] = c
	s.current[k.Name] = k.Version
}

// Retire makes a catalog unknown to new statements; its versions stay until Drop.
func (s *Set) Retire(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.current, name)
}

// Drop forgets a version and returns its connector for the caller to close, nil
// when there is none.
func (s *Set) Drop(k Key) spi.Connector {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.all[k]
	delete(s.all, k)
	if s.current[k.Name] == k.Version {
		delete(s.current, k.Name)
	}
	return c
}

// Keys lists every version that is there, in order.
func (s *Set) Keys() []Key {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]Key, 0, len(s.all))
	for k := range s.all {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b Key) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return int(a.Version) - int(b.Version)
	})
	return out
}

// Get implements Catalogs.
func (s *Set) Get(name string) (spi.Connector, uint64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if v, ok := s.current[name]; ok {
		return s.all[Key{name, v}], v, nil
	}
	found := ""
	for n := range s.current {
		if strings.EqualFold(n, name) {
			if found != "" {
				return nil, 0, sqlerr.New(sqlerr.InvalidCatalogName, "catalog name is ambiguous: %q", name)
			}
			found = n
		}
	}
	if found == "" {
		return nil, 0, sqlerr.New(sqlerr.InvalidCatalogName, "catalog does not exist: %q", name)
	}
	v := s.current[found]
	return s.all[Key{found, v}], v, nil
}

// At returns a version of a catalog, current or not.
func (s *Set) At(name string, version uint64) (spi.Connector, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if c, ok := s.all[Key{name, version}]; ok {
		return c, nil
	}
	return nil, sqlerr.New(sqlerr.InvalidCatalogName, "catalog has no such version on this node: %q version %d", name, version)
}

// Names implements Catalogs.
func (s *Set) Names() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]string, 0, len(s.current))
	for n := range s.current {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}
