package files

import (
	"context"
	"path"
	"strings"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// definitions implements spi.DDL: tables are made and removed, and nothing else.
type definitions struct{ k *connector }

var _ spi.DDL = definitions{}

func (d definitions) CreateSchema(_ context.Context, _ *spi.Session, schema string, ifAbsent spi.IfAbsent) error {
	if strings.EqualFold(schema, publicSchema) {
		if ifAbsent {
			return nil
		}
		return sqlerr.New(sqlerr.DuplicateSchema, "schema %q already exists", schema)
	}
	return sqlerr.Unsupported("a folder of files has one schema, %s", publicSchema)
}

func (d definitions) DropSchema(context.Context, *spi.Session, string, spi.Drop) error {
	return sqlerr.Unsupported("a folder of files has one schema, %s", publicSchema)
}

// CreateTable makes a folder with a file that has no rows.
func (d definitions) CreateTable(ctx context.Context, s *spi.Session, t *spi.Table, ifAbsent spi.IfAbsent, options map[string]string) error {
	if len(t.PrimaryKey) > 0 || len(t.Unique) > 0 {
		return sqlerr.Unsupported("keys of tables of files are not supported, nothing would enforce them")
	}
	for _, c := range t.Columns {
		if c.Default != "" || c.Identity {
			return sqlerr.Unsupported("defaults of tables of files are not supported: column %s", c.Name)
		}
	}
	target, err := d.k.Begin(ctx, s, spi.Write{Kind: spi.WriteCreate, Table: t, Options: options})
	if err != nil {
		if bool(ifAbsent) && sqlerr.Is(err, sqlerr.DuplicateTable) {
			return nil
		}
		return err
	}
	if err := d.k.Commit(ctx, s, target, nil); err != nil {
		_ = d.k.Abort(ctx, s, target) // the first error is reported
		return err
	}
	return nil
}

// DropTable removes a table's file, or its folder when that holds nothing but
// Parquet files.
func (d definitions) DropTable(ctx context.Context, s *spi.Session, n spi.Name, drop spi.Drop) error {
	k := d.k
	if !k.writable {
		return errReadOnly
	}
	p, err := k.find(ctx, n)
	if err != nil {
		return err
	}
	if p == nil {
		if drop.IfExists {
			return nil
		}
		return sqlerr.New(sqlerr.UndefinedTable, "table %q does not exist", n.Table)
	}
	if strings.Contains(n.Table, "/") {
		return sqlerr.Unsupported("only tables of the catalog's folder can be dropped: %s", n.Table)
	}
	if p.folder == "" {
		return k.store.Remove(ctx, p.files[0].Path)
	}
	if err := k.onlyData(ctx, p.folder); err != nil {
		return err
	}
	gone := path.Join(k.root, hiddenPrefix+safeName(s.QueryID)+"-dropped")
	if err := k.store.Rename(ctx, p.folder, gone); err != nil {
		return err
	}
	return k.removeFolder(ctx, gone)
}

// onlyData refuses a folder with files that are not a table's.
func (k *connector) onlyData(ctx context.Context, folder string) error {
	members, err := k.store.List(ctx, folder)
	if err != nil {
		return err
	}
	for _, m := range members {
		switch {
		case m.Folder:
			if err := k.onlyData(ctx, m.Path); err != nil {
				return err
			}
		case dataFile(m.Name), ownHidden(m.Name), m.Name == "_SUCCESS":
		default:
			return sqlerr.New(sqlerr.DependentObjects, "folder holds more than Parquet files and is not removed: %s", m.Path)
		}
	}
	return nil
}

func (d definitions) CreateView(_ context.Context, _ *spi.Session, t *spi.Table, _ spi.Replace) error {
	return sqlerr.Unsupported("a folder of files holds no views: %s", t.Name)
}

func (d definitions) DropView(_ context.Context, _ *spi.Session, n spi.Name, drop spi.Drop) error {
	if drop.IfExists {
		return nil
	}
	return sqlerr.New(sqlerr.UndefinedTable, "view %q does not exist", n.Table)
}

// Truncate replaces a folder's files by one without rows.
func (d definitions) Truncate(ctx context.Context, s *spi.Session, n spi.Name) error {
	k := d.k
	p, err := k.find(ctx, n)
	if err != nil {
		return err
	}
	if p == nil {
		return sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", n.Table)
	}
	if p.folder == "" {
		return sqlerr.Unsupported("a table that is one file cannot be emptied: %s", n)
	}
	if err := k.onlyData(ctx, p.folder); err != nil {
		return err
	}
	l, err := k.layout(ctx, p)
	if err != nil {
		return err
	}
	target, err := k.Begin(ctx, s, spi.Write{Kind: spi.WriteCreate, Table: l.table(), Replace: true})
	if err != nil {
		return err
	}
	if err := k.Commit(ctx, s, target, nil); err != nil {
		_ = k.Abort(ctx, s, target) // the first error is reported
		return err
	}
	return nil
}

// Rename gives a table's folder or file another name.
func (d definitions) Rename(ctx context.Context, _ *spi.Session, n, to spi.Name) error {
	k := d.k
	if !k.writable {
		return errReadOnly
	}
	folder, err := k.tableFolder(to)
	if err != nil {
		return err
	}
	p, err := k.find(ctx, n)
	if err != nil {
		return err
	}
	if p == nil || strings.Contains(n.Table, "/") {
		return sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", n.Table)
	}
	if other, err := k.find(ctx, to); err != nil || other != nil {
		if err == nil {
			err = duplicate(to)
		}
		return err
	}
	if p.folder == "" {
		return k.store.Rename(ctx, p.files[0].Path, folder+path.Ext(p.files[0].Path))
	}
	return k.store.Rename(ctx, p.folder, folder)
}

func (d definitions) AlterTable(_ context.Context, _ *spi.Session, n spi.Name, _ spi.TableChange) error {
	return sqlerr.Unsupported("columns of tables of files cannot be changed: %s", n)
}
