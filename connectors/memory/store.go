package memory

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// state is all definitions and rows of a catalog at one moment: immutable,
// counted by the snapshots and scans that read it.
type state struct {
	version uint64
	schemas map[string]map[string]*table
	refs    atomic.Int64
}

func (s *state) retain() *state { s.refs.Add(1); return s }

func (s *state) release() {
	if s.refs.Add(-1) == 0 {
		releaseTables(s.schemas)
	}
}

func releaseTables(schemas map[string]map[string]*table) {
	for _, tables := range schemas {
		for _, t := range tables {
			t.release()
		}
	}
}

// find resolves a name: exactly first, then the one match without case.
func (s *state) find(n spi.Name) (spi.Name, *table) {
	schema, ok := match(s.schemas, n.Schema)
	if !ok {
		return n, nil
	}
	name, ok := match(s.schemas[schema], n.Table)
	if !ok {
		return n, nil
	}
	return spi.Name{Schema: schema, Table: name}, s.schemas[schema][name]
}

func match[V any](m map[string]V, name string) (string, bool) {
	if _, ok := m[name]; ok {
		return name, true
	}
	found, n := "", 0
	for k := range m {
		if strings.EqualFold(k, name) {
			found = k
			n++
		}
	}
	return found, n == 1
}

// store is the data of a catalog: its newest state, the older ones that
// snapshots hold, and the writes under way.
type store struct {
	pool  *limitedPool
	users int // connectors; guarded by the registry

	mu        sync.Mutex
	current   *state
	snapshots map[string]*state
	made      uint64 // snapshots so far
	tableIDs  uint64
	keys      map[uint64]*tableKeys // by table id: of the current state
	writes    map[string]*write
	done      []string // committed writes, oldest first
}

func newStore(pool *limitedPool) *store {
	s := &store{
		pool: pool, snapshots: map[string]*state{}, keys: map[uint64]*tableKeys{}, writes: map[string]*write{},
		current: &state{version: 1, schemas: map[string]map[string]*table{defaultSchema: {}}},
	}
	s.current.retain()
	return s
}

// snapshot holds the current state until it is released.
func (s *store) snapshot() spi.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made++
	snap := spi.Snapshot{
		ID: fmt.Sprintf("%d.%d", s.current.version, s.made), Kind: spi.SnapshotHeld,
		Private: binary.AppendUvarint(nil, s.current.version),
	}
	s.snapshots[snap.ID] = s.current.retain()
	return snap
}

func (s *store) release(snap spi.Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if held := s.snapshots[snap.ID]; held != nil {
		delete(s.snapshots, snap.ID)
		held.release()
	}
}

// at returns the state that a snapshot holds, the current one for the zero
// snapshot, with a reference for the caller.
func (s *store) at(snap spi.Snapshot) (*state, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if snap.ID == "" {
		return s.current.retain(), nil
	}
	held := s.snapshots[snap.ID]
	if held == nil {
		return nil, sqlerr.New(sqlerr.SnapshotTooOld, "snapshot of tables in memory has ended: %s", snap.ID)
	}
	return held.retain(), nil
}

// schemas is what a change works on: definitions and tables it may replace.
type schemas map[string]map[string]*table

// put stores a table and takes over its reference.
func (m schemas) put(n spi.Name, t *table) {
	m.drop(n)
	m[n.Schema][n.Table] = t
}

// drop forgets a table.
func (m schemas) drop(n spi.Name) {
	if old := m[n.Schema][n.Table]; old != nil {
		delete(m[n.Schema], n.Table)
		old.release()
	}
}

// change runs f on a copy of the current state and makes the copy current
// unless f fails. f gets the version that its result will have.
func (s *store) change(f func(m schemas, version uint64) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changeLocked(f)
}

func (s *store) changeLocked(f func(m schemas, version uint64) error) error {
	next := &state{version: s.current.version + 1, schemas: maps.Clone(s.current.schemas)}
	for name, tables := range next.schemas {
		next.schemas[name] = maps.Clone(tables)
		for _, t := range tables {
			t.retain()
		}
	}
	next.retain()
	if err := f(next.schemas, next.version); err != nil {
		next.release()
		return err
	}
	s.current.release()
	s.current = next
	s.dropKeys()
	return nil
}

// dropKeys forgets the keys of tables that are gone.
func (s *store) dropKeys() {
	if len(s.keys) == 0 {
		return
	}
	alive := map[uint64]bool{}
	for _, tables := range s.current.schemas {
		for _, t := range tables {
			alive[t.id] = true
		}
	}
	for id, k := range s.keys {
		if !alive[id] {
			k.release(s.pool)
			delete(s.keys, id)
		}
	}
}

// close gives everything back; scans still open keep what they read.
func (s *store) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, held := range s.snapshots {
		held.release()
	}
	for _, w := range s.writes {
		w.drop()
	}
	for _, k := range s.keys {
		k.release(s.pool)
	}
	s.snapshots, s.writes, s.keys, s.done = map[string]*state{}, map[string]*write{}, map[uint64]*tableKeys{}, nil
	s.current.release()
	s.current = &state{version: s.current.version + 1, schemas: map[string]map[string]*table{}}
	s.current.retain()
}

func sortedNames[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
