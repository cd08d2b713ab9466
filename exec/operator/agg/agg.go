// Package agg owns hash aggregation: tables of groups, local aggregation in
// each driver, the merge of drivers by partition, partial aggregation within a
// pipeline, and spilling. exec/build makes its sinks and sources. It knows
// accumulators by their interface and no plans.
package agg

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/rows"
)

// Call is one aggregate call. Columns are those of the input.
type Call struct {
	// New makes an accumulator; each driver has its own.
	New      func() functions.Accumulator
	Args     []int
	Filter   int // boolean column, -1 none
	Distinct bool
	Order    []rows.Key
}

// deferred reports whether rows are kept until all are there.
func (c *Call) deferred() bool { return c.Distinct || len(c.Order) > 0 }

// Config describes an aggregation. Output columns are the groups, then one a
// call, or with Partial the state columns of each call.
type Config struct {
	In      []types.Type // columns of the input
	Groups  []int
	Calls   []Call
	Merge   bool // Args are state columns that a partial step made
	Partial bool // the output is states
	// EmptySets are numbers of grouping sets without columns: with no input they
	// give a row, whose last group column is the number, the others NULL.
	EmptySets []int64
	Pool      *mempool.Pool
	Spill     *mempool.Spill // nil: never
	RowsMax   int
	// SpillForce spills after every so many rows, for tests; 0: when memory is short.
	SpillForce int
}

func (c *Config) groupTypes() []types.Type {
	ts := make([]types.Type, len(c.Groups))
	for i, g := range c.Groups {
		ts[i] = c.In[g]
	}
	return ts
}

// state is one set of groups with their accumulators.
type state struct {
	c        *Config
	pool     *mempool.Pool
	table    table // nil: no group columns, everything is group 0
	coded    coded
	accs     []functions.Accumulator // nil entries: deferred
	deferred []*deferred
	charged  int // bytes reserved for accumulators
	ids      []int32
	keys     []*page.Vector
	args     []*page.Vector
	sel      []int32
	groups   []int32
	rowsIn   int
	depth    int      // of the partition that this state aggregates
	out      *spilled // what it has on disk
}

func newState(c *Config, pool *mempool.Pool) *state {
	s := &state{c: c, pool: pool, keys: make([]*page.Vector, len(c.Groups))}
	if len(c.Groups) > 0 {
		s.table = newTable(c.groupTypes(), pool)
	}
	for i := range c.Calls {
		call := &c.Calls[i]
		s.accs = append(s.accs, call.New())
		var d *deferred
		if call.deferred() {
			d = newDeferred(c, call, pool)
		}
		s.deferred = append(s.deferred, d)
	}
	return s
}

// size returns the number of groups.
func (s *state) size() int {
	if s.table == nil {
		if s.rowsIn > 0 {
			return 1
		}
		return 0
	}
	return s.table.groups()
}

// need bounds the memory that add of p may take.
func (s *state) need(p *page.Page) int {
	n := p.Len()
	need := 0
	if s.table != nil {
		s.pick(p)
		need = s.table.need(s.keys, p.Rows, p.Sel)
	}
	for i, a := range s.accs {
		if d := s.deferred[i]; d != nil {
			need += d.need(p)
			continue
		}
		fresh := n
		if s.table == nil {
			fresh = 1
		}
		need += 2 * a.GroupBytes() * fresh
		if s.table != nil && s.table.groups() > 0 {
			need += a.Bytes() // it may double
		}
		need += 16 * p.Len() // scratch of the accumulator
		if a.Variable() {
			for _, c := range s.c.Calls[i].Args {
				need += 2 * (bytesOf(p.Cols[c], p) + 24*n)
			}
		}
	}
	return need
}

func (s *state) pick(p *page.Page) {
	for i, g := range s.c.Groups {
		s.keys[i] = p.Cols[g]
	}
}

// add aggregates the rows of p, which is loaded and stays the caller's.
func (s *state) add(p *page.Page) error {
	n := p.Len()
	s.rowsIn += n
	var ids []int32
	if s.table != nil {
		if cap(s.ids) < n {
			s.ids = make([]int32, max(n, page.RowsMax))
		}
		ids = s.ids[:n]
		s.pick(p)
		var err error
		if s.coded.usable(s.keys) {
			err = s.coded.find(s.table, s.keys, p.Rows, p.Sel, ids)
		} else {
			err = s.table.find(s.keys, p.Rows, p.Sel, ids)
		}
		if err != nil {
			return err
		}
	}
	for i := range s.accs {
		if err := s.update(i, p, ids); err != nil {
			return err
		}
	}
	return s.charge()
}

// update adds the rows of p to call i.
func (s *state) update(i int, p *page.Page, ids []int32) error {
	call := &s.c.Calls[i]
	sel := p.Sel
	if call.Filter >= 0 {
		sel, ids = s.filter(p.Cols[call.Filter], p, ids)
	}
	r := functions.Rows{N: p.Rows, Sel: sel, Groups: ids}
	if d := s.deferred[i]; d != nil {
		return d.add(p, r)
	}
	s.args = s.args[:0]
	for _, c := range call.Args {
		s.args = append(s.args, p.Cols[c])
	}
	acc := s.accs[i]
	acc.Grow(max(s.size(), 1))
	if r.Len() == 0 {
		return nil
	}
	if s.c.Merge {
		return acc.Merge(r, s.args)
	}
	return acc.Update(r, s.args)
}

// filter keeps the rows whose boolean column is true.
func (s *state) filter(v *page.Vector, p *page.Page, ids []int32) (sel, groups []int32) {
	if cap(s.sel) < p.Rows {
		s.sel, s.groups = make([]int32, max(p.Rows, page.RowsMax)), make([]int32, max(p.Rows, page.RowsMax))
	}
	k := 0
	for i := range p.Len() {
		slot := p.Row(i)
		if v.IsNull(slot) || page.Get[uint8](v, slot) == 0 {
			continue
		}
		s.sel[k] = int32(slot)
		if ids != nil {
			s.groups[k] = ids[i]
		}
		k++
	}
	if ids == nil {
		return s.sel[:k], nil
	}
	return s.sel[:k], s.groups[:k]
}

// charge corrects the reservation to what the accumulators hold.
func (s *state) charge() error {
	now := 0
	for i, a := range s.accs {
		if s.deferred[i] == nil {
			now += a.Bytes()
		}
	}
	return s.chargeTo(now)
}

func (s *state) chargeTo(now int) error {
	switch {
	case now > s.charged && s.spillable():
		s.pool.Force(now - s.charged) // need was an estimate; the next spill gives it back
	case now > s.charged:
		if err := s.pool.Reserve(now - s.charged); err != nil {
			return err
		}
	default:
		s.pool.Free(s.charged - now)
	}
	s.charged = now
	return nil
}

// bytes is what a spill would free.
func (s *state) bytes() int {
	n := s.charged
	if s.table != nil {
		n += s.table.bytes()
	}
	for _, d := range s.deferred {
		if d != nil {
			n += d.bytes()
		}
	}
	return n
}

// release gives all memory back.
func (s *state) release() {
	if s.table != nil {
		s.table.reset()
	}
	s.coded.forget()
	for i, a := range s.accs {
		a.Reset()
		if s.deferred[i] != nil {
			s.deferred[i].release()
		}
	}
	s.rowsIn = 0
	s.pool.Free(s.charged)
	s.charged = 0
}

// settle feeds the deferred calls to their accumulators: no more rows will come.
func (s *state) settle() error {
	for i, d := range s.deferred {
		if d == nil {
			continue
		}
		s.accs[i].Grow(max(s.size(), 1))
		if err := d.feed(s.accs[i]); err != nil {
			return err
		}
		d.release()
		s.deferred[i] = nil
	}
	return s.charge()
}

// output returns the groups ids as a page: keys, then results or states.
func (s *state) output(ids []uint32, pool page.Pool) (*page.Page, error) {
	n := len(ids)
	p := &page.Page{Rows: n}
	if s.table != nil {
		keys, err := s.table.keys(ids, pool)
		if err != nil {
			return nil, err
		}
		p.Cols = keys
	}
	signed := make([]int32, n)
	for i, id := range ids {
		signed[i] = int32(id)
	}
	for _, a := range s.accs {
		a.Grow(max(s.size(), 1))
		if s.c.Partial {
			cols, err := a.Partial(signed, pool)
			if err != nil {
				p.Release()
				return nil, err
			}
			p.Cols = append(p.Cols, cols...)
			continue
		}
		v, err := a.Final(signed, pool)
		if err != nil {
			p.Release()
			return nil, err
		}
		p.Cols = append(p.Cols, v)
	}
	return p, nil
}

// partials returns the groups ids as keys and states, whatever the step.
func (s *state) partials(ids []uint32, pool page.Pool) (*page.Page, error) {
	p := &page.Page{Rows: len(ids)}
	if s.table != nil {
		keys, err := s.table.keys(ids, pool)
		if err != nil {
			return nil, err
		}
		p.Cols = keys
	}
	signed := make([]int32, len(ids))
	for i, id := range ids {
		signed[i] = int32(id)
	}
	for i, a := range s.accs {
		if s.deferred[i] != nil {
			continue
		}
		a.Grow(max(s.size(), 1))
		cols, err := a.Partial(signed, pool)
		if err != nil {
			p.Release()
			return nil, err
		}
		p.Cols = append(p.Cols, cols...)
	}
	return p, nil
}

// merge adds a page that partials made and returns the group of each row.
func (s *state) merge(p *page.Page, out []int32) error {
	s.rowsIn += p.Rows
	at := len(s.keys)
	if s.table != nil {
		if err := s.table.find(p.Cols[:at], p.Rows, nil, out[:p.Rows]); err != nil {
			return err
		}
	} else {
		clear(out[:p.Rows])
	}
	for i, a := range s.accs {
		a.Grow(max(s.size(), 1))
		if s.deferred[i] != nil {
			continue
		}
		n := len(a.PartialTypes())
		if err := a.Merge(functions.Rows{N: p.Rows, Groups: out[:p.Rows]}, p.Cols[at:at+n]); err != nil {
			return err
		}
		at += n
	}
	return s.charge()
}
