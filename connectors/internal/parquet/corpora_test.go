package parquet

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"sort"
	"testing"

	"github.com/muster-sql/muster/connectors/internal/objectstore"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// corpora returns the folder of public test files, or skips.
func corpora(t testing.TB, parts ...string) string {
	t.Helper()
	if dir := os.Getenv("MUSTER_CORPORA"); dir != "" {
		return filepath.Join(append([]string{dir}, parts...)...)
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if c := filepath.Join(dir, "shared", "corpora"); exists(c) {
			return filepath.Join(append([]string{c}, parts...)...)
		}
	}
	t.Skip("SKIPPED: the public corpora are not here; set MUSTER_CORPORA to their folder")
	return ""
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// openFile reads the footer of a local file.
func openFile(t testing.TB, name string, pool page.Pool) (*File, objectstore.Object, error) {
	t.Helper()
	store := &objectstore.Local{}
	info, err := store.Stat(context.Background(), name)
	if err != nil {
		return nil, nil, err
	}
	o, err := store.Open(context.Background(), info)
	if err != nil {
		return nil, nil, err
	}
	f, err := ReadFile(context.Background(), o, pool)
	if err != nil {
		_ = o.Close()
		return nil, nil, err
	}
	return f, o, nil
}

// allColumns returns options that read everything readable.
func allColumns(f *File, o objectstore.Object, pool page.Pool) Options {
	opt := Options{Object: o, Pool: pool, Limit: -1}
	for i, n := range f.Fields {
		opt.Table = append(opt.Table, Column{Field: i, Type: n.Type})
		if n.refusal() == "" {
			opt.Output = append(opt.Output, i)
		}
	}
	for i := range f.Groups {
		opt.Groups = append(opt.Groups, i)
	}
	return opt
}

// drain reads a scan to its end.
func drain(s *Scanner, each func(p *page.Page)) (rows int64, err error) {
	defer s.Close()
	for {
		p, err := s.Next(context.Background())
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		p.Check(nil)
		rows += int64(p.Len())
		if each != nil {
			each(p)
		}
		p.Release()
	}
}

type answer struct {
	Path  string
	Rows  *int64
	Error string `json:"duckdb_error"`
}

func answers(t testing.TB) (root string, names []string, all map[string]answer) {
	root = corpora(t, "parquet")
	b, err := os.ReadFile(filepath.Join(root, "answers.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	for n := range all {
		names = append(names, n)
	}
	sort.Strings(names)
	return root, names, all
}

func TestPublicFilesHaveTheirRowsOrASentence(t *testing.T) {
	root, names, all := answers(t)
	for _, n := range names {
		a := all[n]
		pool := &countingPool{limit: 256 << 20}
		f, o, err := openFile(t, filepath.Join(root, a.Path), pool)
		if err == nil {
			var s *Scanner
			if s, err = f.Scan(allColumns(f, o, pool)); err == nil {
				var rows int64
				rows, err = drain(s, func(p *page.Page) {
					for _, c := range p.Cols {
						for i := range p.Rows {
							c.Value(i)
						}
					}
				})
				if err == nil && a.Rows != nil && rows != *a.Rows {
					t.Errorf("%s: %d rows, want %d", a.Path, rows, *a.Rows)
				}
			}
			_ = o.Close()
		}
		if err != nil && (sqlerr.CodeOf(err) == sqlerr.InternalError) {
			t.Errorf("%s: an error without a code: %v", a.Path, err)
		}
		if err != nil || a.Error != "" {
			t.Logf("%s: %v (the other reader: %.60s)", a.Path, err, a.Error)
		}
		if used := pool.used.Load(); used != 0 {
			t.Errorf("%s: %d bytes leaked", a.Path, used)
		}
	}
}

func TestEncryptedFilesAreRefused(t *testing.T) {
	names, err := filepath.Glob(corpora(t, "parquet", "apache", "data", "*.parquet.encrypted"))
	if err != nil || len(names) < 5 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		f, o, err := openFile(t, name, page.Unaccounted{})
		if err == nil {
			var s *Scanner
			if s, err = f.Scan(allColumns(f, o, page.Unaccounted{})); err == nil {
				_, err = drain(s, nil)
			}
		}
		if !sqlerr.Is(err, sqlerr.FeatureNotSupported) {
			t.Errorf("%s: %v", filepath.Base(name), err)
		}
	}
}
