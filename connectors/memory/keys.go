package memory

import (
	"strings"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// tableKeys are the primary and unique keys of a table's newest version.
type tableKeys struct {
	def      *spi.Table
	indexes  []*keyIndex
	reserved int
}

// keyIndex finds the rows that may have a key by its hash.
type keyIndex struct {
	name    string
	columns []int
	one     map[uint64]int64
	more    map[uint64][]int64 // further rows of the same hash
}

// keyBytes is what an entry of an index takes, about.
const keyBytes = 48

func (x *keyIndex) add(h uint64, id int64) {
	if _, taken := x.one[h]; !taken {
		x.one[h] = id
		return
	}
	x.more[h] = append(x.more[h], id)
}

func (x *keyIndex) remove(h uint64, id int64) {
	rest := x.more[h]
	if x.one[h] == id {
		if len(rest) == 0 {
			delete(x.one, h)
			return
		}
		x.one[h], rest = rest[0], rest[1:]
	} else {
		for i, r := range rest {
			if r == id {
				rest = append(rest[:i:i], rest[i+1:]...)
				break
			}
		}
	}
	if x.more[h] = rest; len(rest) == 0 {
		delete(x.more, h)
	}
}

// candidates calls f with the rows of a hash until it returns false.
func (x *keyIndex) candidates(h uint64, f func(id int64) bool) {
	id, ok := x.one[h]
	if !ok || !f(id) {
		return
	}
	for _, id := range x.more[h] {
		if !f(id) {
			return
		}
	}
}

// hash returns the hash of a row's key; ok is false when it has a NULL, which
// equals no other key.
func (x *keyIndex) hash(c *chunk, slot int) (h uint64, ok bool) {
	for i, col := range x.columns {
		v := c.cols[col]
		if v.IsNull(slot) {
			return 0, false
		}
		k := types.Hash(v.Type, v.Value(slot))
		if h = k; i > 0 {
			h = types.HashCombine(h, k)
		}
	}
	return h, true
}

func (x *keyIndex) equal(a *chunk, i int, b *chunk, j int) bool {
	for _, col := range x.columns {
		if types.Compare(a.cols[col].Type, a.cols[col].Value(i), b.cols[col].Value(j)) != 0 {
			return false
		}
	}
	return true
}

// keysOf lists the constraints of a definition; their rows are added apart.
func keysOf(def *spi.Table) []*keyIndex {
	var out []*keyIndex
	add := func(columns []int, name string) {
		out = append(out, &keyIndex{name: name, columns: columns, one: map[uint64]int64{}, more: map[uint64][]int64{}})
	}
	if len(def.PrimaryKey) > 0 {
		add(def.PrimaryKey, def.Name.Table+"_pkey")
	}
	for _, u := range def.Unique {
		name := def.Name.Table
		for _, c := range u {
			name += "_" + def.Columns[c].Name
		}
		add(u, name+"_key")
	}
	return out
}

func (k *tableKeys) release(pool page.Pool) {
	pool.Free(k.reserved)
	k.reserved = 0
}

// keysFor returns the keys of a table's newest version, made if need be.
func (s *store) keysFor(t *table) (*tableKeys, error) {
	if k := s.keys[t.id]; k != nil {
		if k.def == t.def {
			return k, nil
		}
		k.release(s.pool)
		delete(s.keys, t.id)
	}
	k := &tableKeys{def: t.def, indexes: keysOf(t.def)}
	if len(k.indexes) == 0 {
		return k, nil
	}
	for _, c := range t.chunks {
		if err := k.reserve(s.pool, c.live()); err != nil {
			k.release(s.pool)
			return nil, err
		}
		for _, x := range k.indexes {
			for _, slot := range c.slots() {
				if h, ok := x.hash(c, int(slot)); ok {
					x.add(h, c.id(int(slot)))
				}
			}
		}
	}
	s.keys[t.id] = k
	return k, nil
}

func (k *tableKeys) reserve(pool page.Pool, n int) error {
	bytes := n * keyBytes * len(k.indexes)
	if err := pool.Reserve(bytes); err != nil {
		return err
	}
	k.reserved += bytes
	return nil
}

func (k *tableKeys) unreserve(pool page.Pool, n int) {
	bytes := n * keyBytes * len(k.indexes)
	pool.Free(bytes)
	k.reserved -= bytes
}

// checkKeys refuses a change that makes two rows with one key, and otherwise
// brings the keys up to next. Nothing that follows may fail.
func (s *store) checkKeys(c *change, next *table) error {
	defer c.releaseAdded()
	keys, err := s.keysFor(c.base)
	if err != nil || len(keys.indexes) == 0 {
		return err
	}
	n := 0
	for _, r := range c.added {
		n += len(r.slots)
	}
	n = max(n-len(c.removed), 0)
	if err := keys.reserve(s.pool, n); err != nil {
		return err
	}
	gone := make(map[int64]bool, len(c.removed))
	for _, id := range c.removed {
		gone[id] = true
	}
	for _, x := range keys.indexes {
		if err := x.check(c, next, gone); err != nil {
			keys.unreserve(s.pool, n)
			return err
		}
	}
	for _, x := range keys.indexes {
		x.apply(c)
	}
	s.keys[next.id] = keys
	return nil
}

// check looks for the keys of the added rows among the rows that stay and
// among each other. Every candidate is a row of next.
func (x *keyIndex) check(c *change, next *table, gone map[int64]bool) error {
	fresh := &keyIndex{one: map[uint64]int64{}, more: map[uint64][]int64{}}
	for _, r := range c.added {
		for _, slot := range r.slots {
			h, ok := x.hash(r.chunk, int(slot))
			if !ok {
				continue
			}
			duplicate := false
			same := func(id int64) bool {
				other, at, _ := next.locate(id)
				duplicate = x.equal(r.chunk, int(slot), other, at)
				return !duplicate
			}
			x.candidates(h, func(id int64) bool { return gone[id] || same(id) })
			if !duplicate {
				fresh.candidates(h, same)
			}
			if duplicate {
				return x.violation(c.base.def, r.chunk, int(slot))
			}
			fresh.add(h, r.chunk.id(int(slot)))
		}
	}
	return nil
}

func (x *keyIndex) apply(c *change) {
	for _, id := range c.removed {
		if old, slot, ok := c.base.locate(id); ok {
			if h, ok := x.hash(old, slot); ok {
				x.remove(h, id)
			}
		}
	}
	for _, r := range c.added {
		for _, slot := range r.slots {
			if h, ok := x.hash(r.chunk, int(slot)); ok {
				x.add(h, r.chunk.id(int(slot)))
			}
		}
	}
}

func (x *keyIndex) violation(def *spi.Table, c *chunk, slot int) error {
	names, vals := make([]string, len(x.columns)), make([]string, len(x.columns))
	for i, col := range x.columns {
		names[i] = def.Columns[col].Name
		vals[i] = display(def.Columns[col].Type, c.cols[col].Value(slot))
	}
	return sqlerr.New(sqlerr.UniqueViolation, "duplicate key value violates unique constraint \"%s\"", x.name).
		WithDetail("Key (%s)=(%s) already exists.", join(names), join(vals))
}

func join(s []string) string { return strings.Join(s, ", ") }
