package files

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"path"
	"sort"

	"github.com/zeebo/xxh3"

	"github.com/muster-sql/muster/connectors/internal/objectstore"
	"github.com/muster-sql/muster/connectors/internal/parquet"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/codec"
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// A split ends when it has a fair part of the table to read, within these
// bounds, or this many files. Row groups are not divided.
const (
	splitsPerTable = 64
	splitRowsMin   = 100_000
	splitRowsMax   = 1 << 20
	splitBytesMax  = 32 << 20 // of the columns that are read, compressed
	splitFiles     = 64
)

// Snapshot implements spi.Connector: the files of each table with their sizes
// and versions, which are compared when a file is opened.
func (k *connector) Snapshot(ctx context.Context, _ *spi.Session, prev spi.Snapshot, tables []spi.Name) (spi.Snapshot, error) {
	fixed, err := decodeSnapshot(prev)
	if err != nil {
		return prev, err
	}
	for _, n := range tables {
		if fixed.find(n) != nil {
			continue
		}
		p, err := k.find(ctx, n)
		if err != nil {
			return prev, err
		}
		if p != nil {
			fixed.Tables = append(fixed.Tables, tableFiles{Asked: n, Name: p.name, Folder: p.folder, Files: p.files})
		}
	}
	private, err := codec.Marshal(fixed)
	if err != nil {
		return prev, err
	}
	sum := xxh3.Hash128(private).Bytes()
	return spi.Snapshot{ID: "files-" + hex.EncodeToString(sum[:8]), Kind: spi.SnapshotDurable, Private: private}, nil
}

// scanned returns the files of a scan's table.
func (k *connector) scanned(ctx context.Context, scan *spi.Scan) (*place, error) {
	fixed, err := decodeSnapshot(scan.Snapshot)
	if err != nil {
		return nil, err
	}
	if p := fixed.find(scan.Table); p != nil {
		return p, nil
	}
	p, err := k.find(ctx, scan.Table)
	if err == nil && p == nil {
		err = sqlerr.New(sqlerr.UndefinedTable, "table does not exist: %s", scan.Table)
	}
	return p, err
}

// splitData is the private part of a split: everything that reading needs.
type splitData struct {
	Columns []columnUse
	Parts   []part
	// Groups and Rows were left out in front of this split, by statistics.
	PrunedGroups, PrunedRows int64
}

// columnUse is a table column that the scan returns or is bounded by.
type columnUse struct {
	Table int
	Name  string
	Type  types.Type
	Path  bool // its value is in the path of a file
}

// part is some row groups of a file.
type part struct {
	File   objectstore.Info
	Groups []int
}

// Splits implements spi.Connector: runs of row groups, small files together.
func (k *connector) Splits(ctx context.Context, _ *spi.Session, scan spi.Scan, live spi.LiveFilter) (spi.SplitSource, error) {
	p, err := k.scanned(ctx, &scan)
	if err != nil {
		return nil, err
	}
	l, err := k.layout(ctx, p)
	if err != nil {
		return nil, err
	}
	used := map[int]bool{}
	for _, c := range scan.Columns {
		used[c] = true
	}
	for c := range scan.Domain {
		used[c] = true
	}
	s := &splitSource{layout: l, live: live, bound: scan.Domain, one: scan.OneSplit, columns: len(l.columns)}
	for c := range used {
		if c < 0 || c >= len(l.columns) {
			return nil, sqlerr.Internalf("scan of %s names a column that it does not have: %d", scan.Table, c)
		}
		s.use = append(s.use, l.use(c))
	}
	rows := int64(0)
	for _, f := range l.footers {
		rows += f.Rows
	}
	s.rowsGoal = min(max(rows/splitsPerTable, splitRowsMin), splitRowsMax)
	sort.Slice(s.use, func(i, j int) bool { return s.use[i].Table < s.use[j].Table })
	return s, nil
}

type splitSource struct {
	layout  *layout
	live    spi.LiveFilter
	bound   domain.Tuple
	use     []columnUse
	columns int // of the table
	one     bool

	rowsGoal    int64 // of a split
	file, group int   // next
	seen        uint64
	table       []parquet.Column // of the current file
	data        splitData
	rows, bytes int64
	made        int
	ended       bool
}

// Next implements spi.SplitSource.
func (s *splitSource) Next(ctx context.Context, n int) (out []spi.Split, err error) {
	for len(out) < n && !s.ended {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		split, err := s.next()
		if err != nil {
			return nil, err
		}
		if split != nil {
			out = append(out, *split)
		}
	}
	if s.ended && len(out) < n {
		return out, io.EOF
	}
	return out, nil
}

// next collects row groups until there are enough for a split.
func (s *splitSource) next() (*spi.Split, error) {
	if s.live != nil {
		if now, version := s.live.Current(); version != s.seen {
			s.seen, s.bound = version, s.bound.Intersect(now)
		}
	}
	for s.file < len(s.layout.footers) {
		f := s.layout.footers[s.file]
		if s.group == 0 {
			s.table = tableOf(f, s.use, s.columns)
		}
		if s.group == len(f.Groups) {
			s.file, s.group = s.file+1, 0
			continue
		}
		g := s.group
		s.group++
		if f.Groups[g].Rows == 0 || !f.MayMatch(g, s.table, s.bound) {
			s.data.PrunedGroups++
			s.data.PrunedRows += f.Groups[g].Rows
			continue
		}
		s.add(f, g)
		full := s.rows >= s.rowsGoal || s.bytes >= splitBytesMax || len(s.data.Parts) >= splitFiles && s.group == len(f.Groups)
		if !s.one && full {
			return s.finish()
		}
	}
	s.ended = true
	if len(s.data.Parts) > 0 || s.one || s.data.PrunedGroups > 0 { // one that reads nothing tells what was left out
		return s.finish()
	}
	return nil, nil
}

func (s *splitSource) add(f *parquet.File, g int) {
	last := len(s.data.Parts) - 1
	if last < 0 || s.data.Parts[last].File != f.Info {
		s.data.Parts = append(s.data.Parts, part{File: f.Info})
		last++
	}
	p := &s.data.Parts[last]
	p.Groups = append(p.Groups, g)
	s.rows += f.Groups[g].Rows
	for _, u := range s.use {
		if c := s.table[u.Table]; c.Source == parquet.FromField {
			s.bytes += f.FieldBytes(g, c.Field)
		}
	}
}

func (s *splitSource) finish() (*spi.Split, error) {
	s.data.Columns = s.use
	private, err := codec.Marshal(s.data)
	if err != nil {
		return nil, err
	}
	out := &spi.Split{ID: fmt.Sprintf("%d", s.made), Rows: s.rows, Bytes: s.bytes, Private: private, Detail: detail(s.data.Parts)}
	s.made++
	s.data, s.rows, s.bytes = splitData{}, 0, 0
	return out, nil
}

func detail(parts []part) string {
	if len(parts) == 0 {
		return "nothing"
	}
	first := parts[0]
	out := path.Base(first.File.Path)
	if n := len(first.Groups); n > 0 {
		out += fmt.Sprintf(" row groups %d to %d", first.Groups[0], first.Groups[n-1])
	}
	if len(parts) > 1 {
		out += fmt.Sprintf(" and %d more files", len(parts)-1)
	}
	return out
}

// Close implements spi.SplitSource.
func (s *splitSource) Close() error { return nil }

// tableOf returns a file's columns by table column; those that nobody uses are NULL.
func tableOf(f *parquet.File, use []columnUse, columns int) []parquet.Column {
	names := columnNames(f)
	out := make([]parquet.Column, columns)
	for i := range out {
		out[i] = parquet.Column{Source: parquet.Unused}
	}
	for _, u := range use {
		out[u.Table] = source(f, names, u)
	}
	return out
}
