package files

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/muster-sql/muster/connectors/internal/objectstore"
	"github.com/muster-sql/muster/connectors/internal/parquet"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/codec"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// Options of a table that is written.
const (
	optionCompression = "compression"
	optionGroupRows   = "row_group_rows"
	optionBloom       = "bloom_filter_columns"
)

// hiddenPrefix marks what is not published. Listings pass over it.
const hiddenPrefix = ".muster-"

// fileBytesMax is where a sink goes on with another file.
const fileBytesMax = 512 << 20

// target is the private part of spi.Target. Sinks write hidden files into
// Staging. Commit gives those of the fragments visible names and then moves
// the folder, or its only file, to its place: one rename publishes all.
type target struct {
	QueryID     string
	Staging     string
	Final       string // of a new table or a COPY: the folder or file that appears
	OneFile     bool   // Final is a file
	Replace     bool
	Insert      bool // Final is the folder of a table that is there
	Fields      []parquet.Field
	Compression string
	GroupRows   int
}

// written is a file of a fragment.
type written struct {
	Name  string
	Bytes int64
	Rows  int64
}

var errReadOnly = sqlerr.New(sqlerr.ReadOnlyTransaction, "the catalog of files is read-only").
	WithHint("the option write of the catalog allows writing")

// Begin implements spi.Writer.
func (k *connector) Begin(ctx context.Context, s *spi.Session, w spi.Write) (spi.Target, error) {
	if !k.writable {
		return spi.Target{}, errReadOnly
	}
	t := target{QueryID: safeName(s.QueryID)}
	var err error
	switch {
	case w.Location != "":
		err = k.beginCopy(&t, w.Location)
	case w.Kind == spi.WriteCreate:
		err = k.beginCreate(ctx, &t, w)
	case w.Kind == spi.WriteInsert:
		err = k.beginInsert(ctx, &t, w.Table.Name)
	default:
		err = sqlerr.Unsupported("rows of Parquet files cannot be changed or deleted: %s", w.Table.Name)
	}
	if err != nil {
		return spi.Target{}, err
	}
	if err := t.options(w.Options); err != nil {
		return spi.Target{}, err
	}
	out := spi.Target{Table: w.Table.Name, Kind: w.Kind, Single: t.OneFile,
		Detail: "files are written to a hidden folder, which one rename publishes"}
	columns := w.Columns
	if columns == nil {
		for i, c := range w.Table.Columns {
			if !c.Hidden {
				columns = append(columns, i)
			}
		}
	}
	bloom := bloomColumns(w.Options[optionBloom])
	for _, i := range columns {
		c := w.Table.Columns[i]
		t.Fields = append(t.Fields, parquet.Field{Name: c.Name, Type: c.Type, NotNull: c.NotNull, Bloom: bloom[c.Name]})
		out.Types = append(out.Types, c.Type)
	}
	if err := t.checkFields(k); err != nil {
		return spi.Target{}, err
	}
	if err := k.stage(ctx, &t); err != nil {
		return spi.Target{}, err
	}
	out.Private, err = codec.Marshal(t)
	return out, err
}

// safeName keeps what is harmless in a file name.
func safeName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, s)
}

func bloomColumns(list string) map[string]bool {
	out := map[string]bool{}
	for _, c := range strings.Split(list, ",") {
		if c = strings.TrimSpace(c); c != "" {
			out[c] = true
		}
	}
	return out
}

func (t *target) options(options map[string]string) error {
	for name, v := range options {
		switch strings.ToLower(name) {
		case optionCompression:
			t.Compression = v
		case optionGroupRows:
			n, err := strconv.Atoi(v)
			if err != nil || n < 1 {
				return sqlerr.New(sqlerr.InvalidParameterValue, "option %s must be a positive number: %q", name, v)
			}
			t.GroupRows = n
		case optionBloom:
		case "format":
			if !strings.EqualFold(v, "parquet") {
				return sqlerr.Unsupported("only Parquet files can be written: format %s", v)
			}
		default:
			return sqlerr.New(sqlerr.InvalidParameterValue, "unknown option of a table of files: %q", name).
				WithHint("there are %s, %s and %s", optionCompression, optionGroupRows, optionBloom)
		}
	}
	_, err := parquet.Codec(t.Compression)
	return err
}

// checkFields fails now rather than in a sink when a column has no form in a file.
func (t *target) checkFields(k *connector) error {
	seen := map[string]bool{}
	for _, f := range t.Fields {
		if seen[f.Name] {
			return sqlerr.New(sqlerr.DuplicateColumn, "column %q specified more than once", f.Name)
		}
		seen[f.Name] = true
	}
	w, err := parquet.NewWriter(discard{}, t.writeOptions(k.pool))
	if err == nil {
		w.Abandon()
	}
	return err
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

func (t *target) writeOptions(pool page.Pool) parquet.WriteOptions {
	return parquet.WriteOptions{Fields: t.Fields, Compression: t.Compression, GroupRows: t.GroupRows, Pool: pool}
}

// tableFolder returns the folder that a new table of this name gets.
func (k *connector) tableFolder(n spi.Name) (string, error) {
	switch {
	case k.root == "" || k.oneFile:
		return "", sqlerr.New(sqlerr.ObjectNotInState, "the catalog has no folder to make tables in")
	case n.Schema != "" && !strings.EqualFold(n.Schema, publicSchema):
		return "", sqlerr.New(sqlerr.InvalidSchemaName, "schema %q does not exist", n.Schema)
	case n.Table == "" || strings.ContainsAny(n.Table, "/\x00") || objectstore.Hidden(n.Table) || len(n.Table) > 200:
		return "", sqlerr.New(sqlerr.InvalidName, "not a name for a folder: %q", n.Table)
	}
	return path.Join(k.root, n.Table), nil
}

func (k *connector) beginCreate(ctx context.Context, t *target, w spi.Write) error {
	folder, err := k.tableFolder(w.Table.Name)
	if err != nil {
		return err
	}
	p, err := k.find(ctx, w.Table.Name)
	if err != nil {
		return err
	}
	if p != nil && (!w.Replace || p.folder == "") {
		return duplicate(w.Table.Name)
	}
	t.Final, t.Replace = folder, w.Replace && p != nil
	t.Staging = path.Join(k.root, hiddenPrefix+t.QueryID)
	return nil
}

func duplicate(n spi.Name) error {
	return sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists", n.Table)
}

func (k *connector) beginInsert(ctx context.Context, t *target, n spi.Name) error {
	p, err := k.find(ctx, n)
	switch {
	case err != nil:
		return err
	case p == nil:
		return sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", n.Table)
	case p.folder == "":
		return sqlerr.Unsupported("rows can be added to a folder of Parquet files only, the table is one file: %s", n)
	}
	if len(p.partitionColumns()) > 0 {
		return sqlerr.Unsupported("rows cannot be added to a table whose columns are in the paths of its files: %s", n)
	}
	t.Final, t.Insert = p.folder, true
	t.Staging = path.Join(p.folder, hiddenPrefix+t.QueryID)
	return nil
}

// beginCopy prepares COPY TO: a file when its name ends as one of Parquet, else a folder.
func (k *connector) beginCopy(t *target, location string) error {
	name, err := k.absolute(location)
	if err != nil {
		return err
	}
	if otherFile(name) {
		return sqlerr.Unsupported("only Parquet files can be written: %s", name)
	}
	t.Final, t.OneFile = name, dataFile(path.Base(name))
	t.Staging = path.Join(path.Dir(name), hiddenPrefix+t.QueryID)
	return nil
}

// Sink implements spi.Writer.
func (k *connector) Sink(_ context.Context, _ *spi.Session, t spi.Target, id spi.SinkID, env spi.OpenEnv) (spi.PageSink, error) {
	d, err := codec.Unmarshal[target](t.Private)
	if err != nil {
		return nil, err
	}
	return &sink{k: k, target: d, name: fmt.Sprintf(".%s-%d-%d", safeName(id.Task), id.Attempt, id.Driver), pool: env.Pool}, nil
}

// sink writes the pages of one driver.
type sink struct {
	k       *connector
	target  target
	name    string
	pool    page.Pool
	file    objectstore.Writer
	current string
	writer  *parquet.Writer
	files   []written
}

// Put implements spi.PageSink.
func (s *sink) Put(ctx context.Context, p *page.Page) error {
	defer p.Release()
	if err := p.Load(); err != nil {
		return err
	}
	if s.writer == nil {
		if err := s.open(ctx); err != nil {
			return err
		}
	}
	if err := s.writer.Write(p); err != nil {
		return err
	}
	if s.writer.Bytes() < fileBytesMax || s.target.OneFile {
		return nil
	}
	return s.finish(ctx)
}

func (s *sink) open(ctx context.Context) (err error) {
	s.current = fmt.Sprintf("%s-%d.parquet", s.name, len(s.files))
	if s.file, err = s.k.store.Create(ctx, path.Join(s.target.Staging, s.current), objectstore.Always); err != nil {
		return fmt.Errorf("write to the staging folder, which all nodes must share: %w", err)
	}
	s.writer, err = parquet.NewWriter(s.file, s.target.writeOptions(s.pool))
	return err
}

// finish makes the current file durable.
func (s *sink) finish(ctx context.Context) error {
	w := s.writer
	s.writer = nil
	if err := w.Finish(); err != nil {
		return err
	}
	info, err := s.file.Commit(ctx)
	if err != nil {
		return err
	}
	s.files = append(s.files, written{Name: s.current, Bytes: info.Bytes, Rows: w.Rows()})
	f := s.file
	s.file = nil
	return f.Close()
}

// Finish implements spi.PageSink.
func (s *sink) Finish(ctx context.Context) ([]byte, error) {
	if s.writer != nil {
		if err := s.finish(ctx); err != nil {
			return nil, err
		}
	}
	return codec.Marshal(s.files)
}

// Close implements spi.PageSink.
func (s *sink) Close() error {
	if s.writer != nil {
		s.writer.Abandon()
		s.writer = nil
	}
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return f.Close()
}

// emptyFile writes a file without rows, which carries the columns.
func (k *connector) emptyFile(ctx context.Context, t *target, name string) (written, error) {
	s := &sink{k: k, target: *t, name: name, pool: k.pool}
	if err := s.open(ctx); err != nil {
		_ = s.Close()
		return written{}, err
	}
	if err := s.finish(ctx); err != nil {
		_ = s.Close()
		return written{}, err
	}
	return s.files[0], nil
}
