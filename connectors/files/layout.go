package files

import (
	"context"
	"strconv"

	"github.com/muster-sql/muster/connectors/internal/objectstore"
	"github.com/muster-sql/muster/connectors/internal/parquet"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Hidden columns of every table.
const (
	columnPath    = "$path"
	columnSize    = "$file_size"
	columnOrdinal = "$row_number"
)

var hiddenColumns = []spi.Column{
	{Name: columnPath, Type: types.Of(types.Text), NotNull: true, Hidden: true, Comment: "path of the row's file"},
	{Name: columnSize, Type: types.Of(types.Int64), NotNull: true, Hidden: true, Comment: "bytes of the row's file"},
	{Name: columnOrdinal, Type: types.Of(types.Int64), NotNull: true, Hidden: true, Comment: "number of the row within its file, from 0"},
}

// layout is a table: the union of the columns of its files, by name.
type layout struct {
	place   *place
	columns []spi.Column
	footers []*parquet.File
	paths   map[string]bool // columns whose values are in the paths of files
}

// columnNames returns the names of a file's columns, made unique.
func columnNames(f *parquet.File) []string {
	seen := map[string]bool{}
	out := make([]string, len(f.Fields))
	for i, n := range f.Fields {
		name := n.Name
		for k := 1; seen[name]; k++ {
			name = n.Name + "_" + strconv.Itoa(k)
		}
		seen[name] = true
		out[i] = name
	}
	return out
}

// layout reads the footers of a table's files.
func (k *connector) layout(ctx context.Context, p *place) (*layout, error) {
	l := &layout{place: p}
	at := map[string]int{} // column by name
	count := map[string]int{}
	for _, info := range p.files {
		f, err := k.footers.Get(ctx, info)
		if err != nil {
			return nil, err
		}
		l.footers = append(l.footers, f)
		for i, name := range columnNames(f) {
			n := f.Fields[i]
			count[name]++
			c, known := at[name]
			if !known {
				at[name] = len(l.columns)
				l.columns = append(l.columns, spi.Column{Name: name, Type: n.Type, NotNull: !n.Optional})
				continue
			}
			have := &l.columns[c]
			have.NotNull = have.NotNull && !n.Optional
			if have.Type, err = widest(f, i, have); err != nil {
				return nil, err
			}
		}
	}
	for i := range l.columns {
		if c := &l.columns[i]; count[c.Name] < len(p.files) {
			c.NotNull = false // NULL for the rows of files without it
		}
	}
	l.addPartitions(at)
	l.columns = append(l.columns, hiddenColumns...)
	return l, nil
}

// addPartitions adds the columns of paths; those that files have too take
// their values from the path.
func (l *layout) addPartitions(at map[string]int) {
	for _, c := range l.place.partitionColumns() {
		if l.paths == nil {
			l.paths = map[string]bool{}
		}
		l.paths[c.Name] = true
		if i, ok := at[c.Name]; ok {
			l.columns[i] = c
		} else {
			l.columns = append(l.columns, c)
		}
	}
}

// use returns how scans name column i.
func (l *layout) use(i int) columnUse {
	c := &l.columns[i]
	return columnUse{Table: i, Name: c.Name, Type: c.Type, Path: l.paths[c.Name] && !c.Hidden}
}

// widest returns the type that holds a column's values and those of field i of f.
func widest(f *parquet.File, i int, have *spi.Column) (types.Type, error) {
	n := f.Fields[i]
	switch {
	case n.Reads(have.Type):
		return have.Type, nil
	case wider(have.Type, n.Type):
		return n.Type, nil
	}
	return have.Type, sqlerr.New(sqlerr.DatatypeMismatch, "files of one table disagree about column %s: %v in %s, %v in the files before it",
		have.Name, n.Type, f.Info.Path, have.Type)
}

// wider reports whether every value of type from has a place in type to.
func wider(from, to types.Type) bool {
	switch {
	case from.IsInteger() && to.IsInteger():
		return from.Kind < to.Kind
	case from.Kind == types.Float32:
		return to.Kind == types.Float64
	case from.Kind == types.Decimal:
		return to.Kind == types.Decimal && to.S == from.S && to.P >= from.P
	}
	return from.Kind == types.JSON && to.Kind == types.Text
}

func (l *layout) table() *spi.Table {
	return &spi.Table{Name: l.place.name, Columns: l.columns}
}

// source says where a file has a column.
func source(f *parquet.File, names []string, u columnUse) parquet.Column {
	if u.Path {
		return parquet.Column{Source: parquet.FromConst, Type: u.Type, Const: partitionValue(f.Info.Path, u.Name, u.Type)}
	}
	for i, n := range names {
		if n == u.Name {
			return parquet.Column{Field: i, Type: u.Type}
		}
	}
	return virtual(f.Info, u.Name, u.Type)
}

// virtual returns a column that files do not have: a hidden one, or NULL.
func virtual(info objectstore.Info, name string, t types.Type) parquet.Column {
	c := parquet.Column{Source: parquet.FromConst, Type: t, Const: types.NullValue}
	switch name {
	case columnPath:
		c.Const = types.StringValue(info.Path)
	case columnSize:
		c.Const = types.IntValue(info.Bytes)
	case columnOrdinal:
		c.Source = parquet.FromOrdinal
	}
	return c
}
