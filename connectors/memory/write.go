package memory

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// write is a write under way. Sinks stage copies of their rows in it; Commit
// picks those of the fragments it is given.
type write struct {
	id       string
	kind     spi.WriteKind
	name     spi.Name
	def      *spi.Table // as the statement saw it, or of the table to make
	tableID  uint64
	columns  []int  // table columns of the pages, behind the row id if there is one
	version  uint64 // of the state that the statement read
	replace  bool
	ifAbsent bool

	mu     sync.Mutex
	ended  bool
	staged map[string][]*chunk
}

// doneMax is how many committed writes are remembered, for repeated commits.
const doneMax = 1000

// drop gives the staged rows back; sinks that still run stage no more.
func (w *write) drop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, chunks := range w.staged {
		releaseChunks(chunks)
	}
	w.staged, w.ended = nil, true
}

// Begin implements spi.Writer.
func (k *connector) Begin(_ context.Context, s *spi.Session, w spi.Write) (spi.Target, error) {
	if w.Location != "" {
		return spi.Target{}, sqlerr.Unsupported("tables in memory cannot be written to a location")
	}
	for option := range w.Options {
		return spi.Target{}, sqlerr.New(sqlerr.InvalidParameterValue, "unrecognized parameter of a table in memory: \"%s\"", option)
	}
	p, err := k.store.begin(s.QueryID, w)
	if err != nil {
		return spi.Target{}, err
	}
	target := spi.Target{
		Catalog: k.catalog, Table: p.name, Kind: p.kind, Node: k.node,
		Detail: "rows are staged on this node and become visible at once", Private: []byte(p.id),
	}
	if p.kind == spi.WriteUpdate || p.kind == spi.WriteDelete {
		target.Types = append(target.Types, types.Of(types.Int64))
	}
	for _, c := range p.columns {
		target.Types = append(target.Types, p.def.Columns[c].Type)
	}
	return target, nil
}

// begin registers a write, or finds the one that the query began before.
func (s *store) begin(query string, w spi.Write) (*write, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &write{kind: w.Kind, name: w.Table.Name, columns: w.Columns, version: s.current.version,
		replace: w.Replace, ifAbsent: w.IfAbsent, staged: map[string][]*chunk{}}
	if version, n := binary.Uvarint(w.Snapshot.Private); n > 0 {
		p.version = version
	}
	if p.id = query + " " + p.name.String(); query == "" {
		s.made++
		p.id = fmt.Sprintf("write %d", s.made)
	}
	if old := s.writes[p.id]; old != nil {
		return old, nil
	}
	if err := s.resolve(p, w.Table); err != nil {
		return nil, err
	}
	s.writes[p.id] = p
	return p, nil
}

// resolve finds or defines the table of a write.
func (s *store) resolve(p *write, table *spi.Table) error {
	if p.kind == spi.WriteCreate {
		schema, ok := match(s.current.schemas, p.name.Schema)
		if !ok {
			return undefinedSchema(p.name.Schema)
		}
		p.name.Schema = schema
		if s.current.schemas[schema][p.name.Table] != nil && !p.replace && !p.ifAbsent {
			return duplicateTable(p.name.Table)
		}
		def, err := define(table, p.name)
		if err != nil {
			return err
		}
		s.tableIDs++
		p.def, p.tableID = def, s.tableIDs
	} else {
		name, t := s.current.find(p.name)
		if t == nil {
			return undefinedTable(p.name)
		}
		if t.isView() {
			return sqlerr.New(sqlerr.WrongObjectType, "cannot write to view \"%s\"", name.Table)
		}
		p.name, p.def, p.tableID = name, t.def, t.id
	}
	if p.columns == nil && p.kind != spi.WriteDelete {
		for i := range len(p.def.Columns) - 1 {
			p.columns = append(p.columns, i)
		}
	}
	for _, c := range p.columns {
		if c < 0 || c >= len(p.def.Columns)-1 {
			return sqlerr.Internalf("write to %s names a column that it does not have: %d", p.name, c)
		}
	}
	return nil
}

// Sink implements spi.Writer.
func (k *connector) Sink(_ context.Context, _ *spi.Session, t spi.Target, id spi.SinkID, _ spi.OpenEnv) (spi.PageSink, error) {
	k.store.mu.Lock()
	w := k.store.writes[string(t.Private)]
	k.store.mu.Unlock()
	if w == nil {
		return nil, sqlerr.New(sqlerr.ObjectNotInState, "write to a table in memory has ended, or runs on another node: %s", t.Table)
	}
	s := &sink{write: w, pool: k.store.pool, fragment: id.Task + "/" + strconv.Itoa(id.Driver) + "/" + strconv.Itoa(id.Attempt)}
	if w.kind == spi.WriteUpdate || w.kind == spi.WriteDelete {
		s.columns = append(s.columns, len(w.def.Columns)-1)
	}
	s.columns = append(s.columns, w.columns...)
	if w.kind == spi.WriteInsert || w.kind == spi.WriteCreate {
		for i, c := range w.def.Columns[:len(w.def.Columns)-1] {
			if c.NotNull && !c.Identity && !slices.Contains(w.columns, i) {
				s.missing = append(s.missing, i)
			}
		}
	}
	return s, nil
}

// sink copies pages into memory of the catalog.
type sink struct {
	write    *write
	pool     page.Pool
	fragment string
	columns  []int // table column of each column of the pages
	missing  []int // table columns that may not be NULL and are not written
	dicts    dictionaries
	chunks   []*chunk
}

var _ spi.PageSink = (*sink)(nil)

// Put implements spi.PageSink.
func (s *sink) Put(ctx context.Context, p *page.Page) error {
	defer p.Release()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if len(p.Cols) != len(s.columns) {
		return sqlerr.Internalf("page for %s has %d columns, not %d", s.write.name, len(p.Cols), len(s.columns))
	}
	if err := p.Load(); err != nil {
		return err
	}
	sel := p.Sel
	if sel == nil {
		sel = page.Iota(p.Rows)
	}
	if len(sel) == 0 {
		return nil
	}
	if err := s.checkNulls(p, sel); err != nil {
		return err
	}
	for len(sel) > 0 {
		n := min(len(sel), page.RowsMax)
		c, err := copyChunk(p, sel[:n], s.pool, &s.dicts)
		if err != nil {
			return err
		}
		sel = sel[n:]
		if s.chunks, err = appendChunk(s.pool, s.chunks, c); err != nil {
			return err
		}
	}
	return nil
}

// appendChunk adds c, whose reference it takes over, and merges small chunks
// at the end.
func appendChunk(pool page.Pool, chunks []*chunk, c *chunk) ([]*chunk, error) {
	chunks = append(chunks, c)
	for n := len(chunks); n > 1 && mergeable(chunks[n-2], chunks[n-1]); n-- {
		both, err := merge(pool, chunks[n-2], chunks[n-1])
		if err != nil {
			return chunks, err
		}
		releaseChunks(chunks[n-2:])
		chunks = append(chunks[:n-2], both)
	}
	return chunks, nil
}

// checkNulls refuses NULL where the table does.
func (s *sink) checkNulls(p *page.Page, sel []int32) error {
	columns := s.write.def.Columns
	if len(s.missing) > 0 {
		return notNull(s.write, columns[s.missing[0]].Name, s.columns, p, sel[0])
	}
	for i, v := range p.Cols {
		c := &columns[s.columns[i]]
		if !c.NotNull || !v.MayHaveNulls() {
			continue
		}
		for _, row := range sel {
			if v.IsNull(int(row)) {
				return notNull(s.write, c.Name, s.columns, p, row)
			}
		}
	}
	return nil
}

func notNull(w *write, column string, columns []int, p *page.Page, row int32) error {
	err := sqlerr.New(sqlerr.NotNullViolation, "null value in column \"%s\" of relation \"%s\" violates not-null constraint", column, w.name.Table)
	if w.kind != spi.WriteInsert && w.kind != spi.WriteCreate {
		return err
	}
	vals := make([]string, len(w.def.Columns)-1)
	for i := range vals {
		vals[i] = "null"
	}
	for i, c := range columns {
		vals[c] = display(p.Cols[i].Type, p.Cols[i].Value(int(row)))
	}
	return err.WithDetail("Failing row contains (%s).", join(vals))
}

// Finish implements spi.PageSink.
func (s *sink) Finish(context.Context) ([]byte, error) {
	s.write.mu.Lock()
	defer s.write.mu.Unlock()
	if s.write.ended {
		return nil, sqlerr.New(sqlerr.ObjectNotInState, "write to a table in memory has ended: %s", s.write.name)
	}
	if old := s.write.staged[s.fragment]; old != nil {
		releaseChunks(old)
	}
	s.write.staged[s.fragment] = s.chunks
	s.chunks = nil
	return []byte(s.fragment), nil
}

// Close implements spi.PageSink.
func (s *sink) Close() error {
	releaseChunks(s.chunks)
	s.chunks = nil
	s.dicts.release()
	return nil
}

// Commit implements spi.Writer.
func (k *connector) Commit(_ context.Context, _ *spi.Session, t spi.Target, fragments [][]byte) error {
	return k.store.commit(string(t.Private), fragments)
}

// Abort implements spi.Writer.
func (k *connector) Abort(_ context.Context, _ *spi.Session, t spi.Target) error {
	s := k.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.writes[string(t.Private)]; w != nil {
		delete(s.writes, w.id)
		w.drop()
	}
	return nil
}
