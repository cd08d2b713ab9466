package files

import (
	"context"
	"path"
	"strings"

	"github.com/muster-sql/muster/connectors/internal/objectstore"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/codec"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// place is where a table's files lie.
type place struct {
	name   spi.Name
	folder string // of a table that is a folder
	files  []objectstore.Info
}

// dataFile reports whether name ends as Parquet files do.
func dataFile(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".parquet", ".parq", ".pq":
		return !objectstore.Hidden(name)
	}
	return false
}

// otherFile reports whether name is of a format that is not read yet.
func otherFile(name string) bool {
	lower := strings.ToLower(name)
	for _, ext := range []string{".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".csv.gz", ".json.gz", ".avro", ".orc"} {
		if strings.HasSuffix(lower, ext) {
			return true
		}
	}
	return false
}

func unsupported(name string) error {
	return sqlerr.Unsupported("only Parquet files can be read as tables: %s", name)
}

// stem returns a table's name for a member of the folder.
func stem(e objectstore.Entry) string {
	if e.Folder {
		return e.Name
	}
	return strings.TrimSuffix(e.Name, path.Ext(e.Name))
}

// Schemas implements spi.Metadata.
func (k *connector) Schemas(context.Context, *spi.Session) ([]string, error) {
	return []string{publicSchema}, nil
}

// Tables implements spi.Metadata.
func (k *connector) Tables(ctx context.Context, _ *spi.Session, schema string) ([]spi.Name, error) {
	if !strings.EqualFold(schema, publicSchema) || k.root == "" {
		return nil, nil
	}
	members, err := k.members(ctx)
	if err != nil {
		return nil, err
	}
	var out []spi.Name
	seen := map[string]bool{}
	for _, e := range members {
		if e.Folder {
			files, err := k.folderFiles(ctx, e.Path)
			if err != nil {
				return nil, err
			}
			if len(files) == 0 {
				continue
			}
		}
		if name := stem(e); !seen[name] {
			seen[name] = true
			out = append(out, spi.Name{Schema: publicSchema, Table: name})
		}
	}
	return out, nil
}

// members returns the files and folders that can be tables.
func (k *connector) members(ctx context.Context) ([]objectstore.Entry, error) {
	if k.oneFile {
		info, err := k.store.Stat(ctx, k.root)
		if err != nil {
			return nil, err
		}
		return []objectstore.Entry{{Name: path.Base(k.root), Path: k.root, Info: info}}, nil
	}
	all, err := k.store.List(ctx, k.root)
	if err != nil {
		return nil, err
	}
	out := all[:0]
	for _, e := range all {
		if !objectstore.Hidden(e.Name) && (e.Folder || dataFile(e.Name)) {
			out = append(out, e)
		}
	}
	return out, nil
}

// folderFiles returns the Parquet files of a folder and its sub-folders.
func (k *connector) folderFiles(ctx context.Context, folder string) ([]objectstore.Info, error) {
	all, err := objectstore.Glob(ctx, k.store, escape(folder)+"/**")
	if err != nil {
		return nil, err
	}
	out := all[:0]
	for _, f := range all {
		if dataFile(path.Base(f.Path)) {
			out = append(out, f)
		}
	}
	return out, nil
}

// escape makes a pattern that matches exactly name.
func escape(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}

// find resolves a name; nil: there is no such table.
func (k *connector) find(ctx context.Context, n spi.Name) (*place, error) {
	if n.Schema != "" && !strings.EqualFold(n.Schema, publicSchema) {
		return nil, nil
	}
	if strings.Contains(n.Table, "/") || objectstore.IsGlob(n.Table) || dataFile(n.Table) {
		return k.findPath(ctx, n)
	}
	if k.root == "" {
		return nil, nil
	}
	members, err := k.members(ctx)
	if err != nil {
		return nil, err
	}
	var found *objectstore.Entry
	loose := 0
	for i := range members {
		switch name := stem(members[i]); {
		case name == n.Table:
			return k.placeOf(ctx, &members[i])
		case strings.EqualFold(name, n.Table):
			found = &members[i]
			loose++
		}
	}
	if loose != 1 {
		return nil, k.explainMissing(ctx, n)
	}
	return k.placeOf(ctx, found)
}

// explainMissing says why a file that is there is no table; nil when there is none.
func (k *connector) explainMissing(ctx context.Context, n spi.Name) error {
	if k.oneFile {
		return nil
	}
	all, err := k.store.List(ctx, k.root)
	if err != nil {
		return err
	}
	for _, e := range all {
		if first, _, _ := strings.Cut(e.Name, "."); !e.Folder && otherFile(e.Name) && strings.EqualFold(first, n.Table) {
			return unsupported(e.Path)
		}
	}
	return nil
}

func (k *connector) placeOf(ctx context.Context, e *objectstore.Entry) (*place, error) {
	p := &place{name: spi.Name{Schema: publicSchema, Table: stem(*e)}}
	if !e.Folder {
		p.files = []objectstore.Info{e.Info}
		return p, nil
	}
	var err error
	p.folder = e.Path
	if p.files, err = k.folderFiles(ctx, e.Path); err != nil || len(p.files) == 0 {
		return nil, err
	}
	return p, nil
}

// findPath resolves a quoted path or pattern. A folder means the files below it.
func (k *connector) findPath(ctx context.Context, n spi.Name) (*place, error) {
	name, err := k.absolute(n.Table)
	if err != nil {
		return nil, err
	}
	p := &place{name: spi.Name{Schema: publicSchema, Table: n.Table}}
	if p.files, err = objectstore.Glob(ctx, k.store, name); err != nil {
		return nil, err
	}
	if len(p.files) == 0 && !objectstore.IsGlob(name) {
		files, err := k.folderFiles(ctx, name)
		if err != nil {
			return nil, err
		}
		p.files = files
	}
	for _, f := range p.files {
		if !dataFile(path.Base(f.Path)) && otherFile(f.Path) {
			return nil, unsupported(f.Path)
		}
	}
	if len(p.files) == 0 {
		return nil, nil
	}
	return p, nil
}

// bindParquet implements read_parquet(path) and read_parquet(array of paths).
func (k *connector) bindParquet(ctx context.Context, s *spi.Session, args []spi.Arg) (*spi.Table, error) {
	if len(args) != 1 || args[0].Val.Null || args[0].Name != "" && args[0].Name != "path" {
		return nil, sqlerr.New(sqlerr.UndefinedFunction, "read_parquet takes one argument, a path or an array of paths")
	}
	var names []string
	switch a := args[0]; {
	case a.Typ.IsString():
		names = []string{a.Val.S}
	case a.Typ.Kind == types.Array && a.Typ.ElemType().IsString():
		for _, v := range a.Val.L {
			if v.Null || strings.ContainsAny(v.S, ",{}") {
				return nil, sqlerr.New(sqlerr.InvalidParameterValue, "path of an array cannot be NULL or have commas and braces: %q", v.S)
			}
			names = append(names, v.S)
		}
	default:
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "read_parquet takes a path or an array of paths, not %v", a.Typ)
	}
	pattern := strings.Join(names, ",")
	if len(names) != 1 {
		for i := range names {
			var err error
			if names[i], err = k.absolute(names[i]); err != nil {
				return nil, err
			}
		}
		pattern = "/{" + strings.Join(names, ",") + "}"
	}
	if !strings.Contains(pattern, "/") {
		pattern = "./" + pattern
	}
	n := spi.Name{Schema: publicSchema, Table: pattern}
	found, err := k.Find(ctx, s, spi.Snapshot{}, []spi.Name{n})
	if err != nil {
		return nil, err
	}
	if found[0] == nil {
		return nil, sqlerr.New(sqlerr.UndefinedFile, "no files match: %s", strings.Join(names, ", "))
	}
	return found[0], nil
}

// Find implements spi.Metadata.
func (k *connector) Find(ctx context.Context, _ *spi.Session, snap spi.Snapshot, names []spi.Name) ([]*spi.Table, error) {
	out := make([]*spi.Table, len(names))
	fixed, err := decodeSnapshot(snap)
	if err != nil {
		return nil, err
	}
	for i, n := range names {
		p := fixed.find(n)
		if p == nil {
			if p, err = k.find(ctx, n); err != nil {
				return nil, err
			}
		}
		if p == nil {
			continue
		}
		l, err := k.layout(ctx, p)
		if err != nil {
			return nil, err
		}
		out[i] = l.table()
	}
	return out, nil
}

// snapshot is the private part of spi.Snapshot: the files of each table.
type snapshot struct{ Tables []tableFiles }

// tableFiles are the files of one table, by the name it was asked for.
type tableFiles struct {
	Asked, Name spi.Name
	Folder      string
	Files       []objectstore.Info
}

func decodeSnapshot(s spi.Snapshot) (snapshot, error) {
	if len(s.Private) == 0 {
		return snapshot{}, nil
	}
	return codec.Unmarshal[snapshot](s.Private)
}

func (s snapshot) find(n spi.Name) *place {
	for i := range s.Tables {
		if t := &s.Tables[i]; t.Asked == n || t.Name == n {
			return &place{name: t.Name, folder: t.Folder, files: t.Files}
		}
	}
	return nil
}
