package files

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-sql/muster/connectors/internal/parquet"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// file writes a Parquet file with rows of values.
func (b *bed) file(name string, fields []parquet.Field, rows ...[]types.Value) {
	b.Helper()
	b.check(os.MkdirAll(filepath.Dir(name), 0o755))
	f, err := os.Create(name)
	b.check(err)
	w, err := parquet.NewWriter(f, parquet.WriteOptions{Fields: fields, Pool: b.pool})
	b.check(err)
	p := &page.Page{Rows: len(rows)}
	for c, f := range fields {
		var vals []types.Value
		for _, r := range rows {
			vals = append(vals, r[c])
		}
		v, err := page.FromValues(f.Type, vals, b.pool)
		b.check(err)
		p.Cols = append(p.Cols, v)
	}
	b.check(w.Write(p))
	p.Release()
	b.check(w.Finish())
	b.check(f.Close())
}

func field(name string, t types.Type) parquet.Field { return parquet.Field{Name: name, Type: t} }

// texts returns the rows of a scan of columns, as text.
func (b *bed) texts(t *spi.Table, columns ...string) (out []string) {
	b.Helper()
	s := b.scan(t, columns...)
	_, err := b.read(s, spi.OpenEnv{}, func(p *page.Page) {
		for i := range p.Len() {
			var cells []string
			for c := range p.Cols {
				v := p.Cols[c].Value(p.Row(i))
				cells = append(cells, types.FormatText(s.Output[c].Type, v, &types.Format{}))
			}
			out = append(out, strings.Join(cells, " "))
		}
	})
	b.check(err)
	return out
}

func TestAFolderIsTheUnionOfItsFilesByName(t *testing.T) {
	dir := t.TempDir()
	b := attach(t, spi.Config{"path": dir})
	i4, i8, text := types.Of(types.Int32), types.Of(types.Int64), types.Of(types.Text)
	one, two := types.IntValue(1), types.IntValue(2)
	b.file(dir+"/t/a.parquet", []parquet.Field{field("x", i4), field("s", text)}, []types.Value{one, types.StringValue("a")})
	b.file(dir+"/t/sub/b.parquet", []parquet.Field{field("s", text), field("x", i8), field("more", i4)}, []types.Value{types.StringValue("b"), two, one})
	b.check(os.WriteFile(dir+"/t/_SUCCESS", nil, 0o644))
	b.check(os.WriteFile(dir+"/t/.muster-q-left.parquet", []byte("half"), 0o644))
	table := b.table("t")
	if c := table.Columns[0]; c.Name != "x" || c.Type.Kind != types.Int64 {
		t.Errorf("column x is %v", c.Type)
	}
	got := b.texts(table, "x", "s", "more", "$file_size")
	if len(got) != 2 || !strings.HasPrefix(got[0], "1 a NULL ") || !strings.HasPrefix(got[1], "2 b 1 ") {
		t.Errorf("got %q", got)
	}
	b.file(dir+"/t/c.parquet", []parquet.Field{field("x", text)}, []types.Value{types.StringValue("no")})
	_, err := b.k.Find(context.Background(), b.s, spi.Snapshot{}, []spi.Name{{Schema: "public", Table: "t"}})
	if !sqlerr.Is(err, sqlerr.DatatypeMismatch) || !strings.Contains(err.Error(), "c.parquet") || !strings.Contains(err.Error(), "x") {
		t.Errorf("a drifted file: %v", err)
	}
}

func TestPathsAndPatternsAreTables(t *testing.T) {
	dir := t.TempDir()
	b := attach(t, spi.Config{"path": dir})
	i4 := types.Of(types.Int32)
	for i, n := range []string{"a", "b", "c"} {
		b.file(dir+"/"+n+".parquet", []parquet.Field{field("x", i4)}, []types.Value{types.IntValue(int64(i))})
	}
	read := b.k.Caps().Functions[0]
	text := types.Of(types.Text)
	for arg, want := range map[string]int{dir + "/*.parquet": 3, "a.parquet": 1, dir + "/{a,c}.parquet": 2, "file://" + dir + "/a.parquet": 1, dir: 3} {
		table, err := read.Bind(context.Background(), b.s, []spi.Arg{{Typ: text, Val: types.StringValue(arg)}})
		b.check(err)
		if got := b.texts(table, "x"); len(got) != want {
			t.Errorf("%s: got %q", arg, got)
		}
	}
	list := types.Value{L: []types.Value{types.StringValue("b.parquet"), types.StringValue(dir + "/a.parquet")}}
	table, err := read.Bind(context.Background(), b.s, []spi.Arg{{Typ: types.ArrayOf(text), Val: list}})
	b.check(err)
	if got := b.texts(table, "x", "$path"); len(got) != 2 || !strings.HasSuffix(got[0], "b.parquet") {
		t.Errorf("got %q", got)
	}
	if _, err := read.Bind(context.Background(), b.s, []spi.Arg{{Typ: text, Val: types.StringValue("/nowhere/*.parquet")}}); !sqlerr.Is(err, sqlerr.UndefinedFile) {
		t.Errorf("no file: %v", err)
	}
	closed := attach(t, spi.Config{"path": dir, "outside": "false"})
	for _, name := range []string{"/etc/passwd", "../x.parquet", dir + "x/a.parquet"} {
		_, err := closed.k.Caps().Functions[0].Bind(context.Background(), b.s, []spi.Arg{{Typ: text, Val: types.StringValue(name)}})
		if !sqlerr.Is(err, sqlerr.InsufficientPrivilege) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOtherFormatsAreRefusedInASentence(t *testing.T) {
	dir := t.TempDir()
	b := attach(t, spi.Config{"path": dir})
	b.check(os.WriteFile(dir+"/data.csv", []byte("a,b\n"), 0o644))
	b.check(os.WriteFile(dir+"/broken.parquet", []byte("PAR1 this is no Parquet file"), 0o644))
	find := func(n string) error {
		_, err := b.k.Find(context.Background(), b.s, spi.Snapshot{}, []spi.Name{{Schema: "public", Table: n}})
		return err
	}
	if err := find("data"); !sqlerr.Is(err, sqlerr.FeatureNotSupported) {
		t.Errorf("CSV: %v", err)
	}
	if err := find(dir + "/data.csv"); !sqlerr.Is(err, sqlerr.FeatureNotSupported) {
		t.Errorf("CSV by path: %v", err)
	}
	if err := find("broken"); !sqlerr.Is(err, sqlerr.DataCorrupted) || !strings.Contains(err.Error(), "broken.parquet") {
		t.Errorf("a broken file: %v", err)
	}
	if err := find("nothing"); err != nil {
		t.Errorf("no table: %v", err)
	}
}

func TestAttachURLs(t *testing.T) {
	for url, want := range map[string]string{"/a/b": "/a/b", "file:///a/b": "/a/b", "file:///a%20b?write=false": "/a b", "files:/x": "/x", "file://localhost/x": "/x"} {
		c, err := parseURL(url)
		if err != nil || c["path"] != want {
			t.Errorf("%s: got %v, %v", url, c, err)
		}
	}
	if c, err := parseURL("file:///x?write=false&outside=false"); err != nil || c["write"] != "false" || c["outside"] != "false" {
		t.Errorf("got %v, %v", c, err)
	}
	if _, err := parseURL("file://host/x"); err == nil {
		t.Error("a host was taken")
	}
}

func TestKeysInPathsAreColumns(t *testing.T) {
	dir := t.TempDir()
	b := attach(t, spi.Config{"path": dir})
	i4 := types.Of(types.Int32)
	for i, at := range []string{"year=2024/day=2024-01-31/r=a%20b", "year=2025/day=2025-02-01/r=__HIVE_DEFAULT_PARTITION__"} {
		b.file(dir+"/t/"+at+"/f.parquet", []parquet.Field{field("x", i4), field("year", i4)}, []types.Value{types.IntValue(int64(i)), types.IntValue(0)})
	}
	table := b.table("t")
	got := b.texts(table, "x", "year", "day", "r")
	if len(got) != 2 || got[0] != "0 2024 2024-01-31 a b" || got[1] != "1 2025 2025-02-01 NULL" {
		t.Errorf("got %q", got)
	}
	s := b.scan(table, "x")
	s.Domain = domain.Tuple{1: domain.Of(types.Of(types.Int64), types.IntValue(2025))}
	rows := 0
	stats, err := b.read(s, spi.OpenEnv{}, func(p *page.Page) { rows += p.Len() })
	b.check(err)
	if rows != 1 || stats.GroupsPruned != 1 {
		t.Errorf("got %d rows, %+v", rows, stats)
	}
	_, err = b.k.Caps().Write.Begin(context.Background(), b.s, spi.Write{Kind: spi.WriteInsert, Table: table})
	if !sqlerr.Is(err, sqlerr.FeatureNotSupported) {
		t.Errorf("an insert: %v", err)
	}
}
