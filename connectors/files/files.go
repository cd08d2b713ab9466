// Package files owns catalogs of files in a folder: each Parquet file or
// sub-folder of them is a table. The engine calls it through the SPI; bytes
// come from objectstore, their meaning from parquet. It knows no engine.
package files

import (
	"context"
	"net/url"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"github.com/zeebo/xxh3"

	"github.com/muster-sql/muster/connectors/internal/objectstore"
	"github.com/muster-sql/muster/connectors/internal/parquet"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

const (
	optionPath    = "path"
	optionOutside = "outside"
	optionWrite   = "write"

	publicSchema = "public"
)

// Factory returns the factory of catalogs of kind files.
func Factory() spi.Factory {
	return spi.Factory{
		Kind:    "files",
		Schemes: []string{"file", "files"},
		Doc: "Files of a folder of this machine. Each Parquet file, and each sub-folder of Parquet files, is a table of schema public, " +
			"named without its extension.",
		Options: []spi.Setting{
			{Name: optionPath, Kind: spi.SettingString, Doc: "The folder, or one file. Without it there are no tables, only read_parquet and quoted paths."},
			{Name: optionOutside, Kind: spi.SettingBool, Default: "true",
				Doc: "Whether read_parquet and quoted paths may name files outside of the folder. Turn it off where users are not trusted with the server's files."},
			{Name: optionWrite, Kind: spi.SettingBool, Default: "true", Doc: "Whether tables can be created, written and dropped."},
		},
		ParseURL: parseURL,
		Open:     open,
	}
}

// parseURL takes /path, file:///path and files:path, with options as query parameters.
func parseURL(s string) (spi.Config, error) {
	c := spi.Config{}
	if strings.HasPrefix(s, "/") || strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../") {
		c[optionPath] = s
		return c, nil
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "malformed URL of files: %v", err)
	}
	if u.Host != "" && u.Host != "localhost" {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "files are on this machine, the URL names host %s", u.Host).
			WithHint("write file:///path with three slashes")
	}
	if c[optionPath] = u.Path; u.Opaque != "" {
		if c[optionPath], err = url.PathUnescape(u.Opaque); err != nil {
			return nil, sqlerr.New(sqlerr.InvalidParameterValue, "malformed URL of files: %v", err)
		}
	}
	for k, v := range u.Query() {
		c[k] = v[len(v)-1]
	}
	return c, nil
}

// connector reads and writes the files below root.
type connector struct {
	store    *objectstore.Local
	footers  *parquet.Cache
	pool     page.Pool
	root     string // "" none; a folder or a file
	oneFile  bool   // root is a file
	outside  bool
	writable bool

	mu        sync.Mutex
	claims    map[string]objectstore.Lock      // by staging folder
	summaries map[xxh3.Uint128]*spi.TableStats // by hash of the files
}

var _ spi.Connector = (*connector)(nil)

func open(ctx context.Context, _ string, c spi.Config, env spi.Env) (spi.Connector, error) {
	store := &objectstore.Local{}
	k := &connector{store: store, pool: env.Pool, outside: on(c[optionOutside]), writable: on(c[optionWrite]),
		footers: parquet.NewCache(store, env.Pool, parquet.CacheBytesMax), claims: map[string]objectstore.Lock{}, summaries: map[xxh3.Uint128]*spi.TableStats{}}
	if c[optionPath] == "" {
		return k, nil
	}
	root, err := filepath.Abs(c[optionPath])
	if err != nil {
		return nil, sqlerr.New(sqlerr.UndefinedFile, "path has no absolute form: %s: %v", c[optionPath], err)
	}
	k.root = filepath.ToSlash(root)
	if _, err := store.List(ctx, k.root); err != nil {
		if _, fileErr := store.Stat(ctx, k.root); fileErr != nil {
			return nil, err
		}
		k.oneFile = true
	} else if k.writable {
		if err := k.sweep(ctx, k.root); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// on reads a boolean option that is true by default.
func on(v string) bool {
	switch strings.ToLower(v) {
	case "false", "off", "no", "0", "f", "n":
		return false
	}
	return true
}

// Caps implements spi.Connector.
func (k *connector) Caps() spi.Caps {
	c := spi.Caps{Push: k, Stats: k, Functions: []spi.TableFunction{{
		Name: "read_parquet",
		Doc:  "The rows of the Parquet files that a path or pattern names: *, ?, [a-z], {a,b}, ** for any folders.",
		Bind: k.bindParquet,
	}, {
		Name: "read_csv",
		Doc:  "Not supported yet.",
		Bind: func(context.Context, *spi.Session, []spi.Arg) (*spi.Table, error) {
			return nil, sqlerr.Unsupported("CSV files cannot be read yet, only Parquet")
		},
	}, {
		Name: "read_json",
		Doc:  "Not supported yet.",
		Bind: func(context.Context, *spi.Session, []spi.Arg) (*spi.Table, error) {
			return nil, sqlerr.Unsupported("JSON files cannot be read yet, only Parquet")
		},
	}}}
	if k.writable {
		c.Write, c.DDL = k, definitions{k}
	}
	return c
}

// Release implements spi.Connector.
func (k *connector) Release(context.Context, spi.Snapshot) error { return nil }

// Close implements spi.Connector.
func (k *connector) Close() error {
	k.footers.Close()
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, l := range k.claims {
		l.Release()
	}
	clear(k.claims)
	return nil
}

// absolute returns the place that a quoted path means: below the folder when
// it is relative.
func (k *connector) absolute(name string) (string, error) {
	name = strings.TrimPrefix(name, "file://")
	if !path.IsAbs(name) {
		base := k.root
		if base == "" {
			var err error
			if base, err = filepath.Abs("."); err != nil {
				return "", sqlerr.New(sqlerr.UndefinedFile, "path has no absolute form: %s", name)
			}
		}
		name = path.Join(base, name)
	}
	name = path.Clean(name)
	if !k.outside && !(k.root != "" && (name == k.root || strings.HasPrefix(name, strings.TrimSuffix(k.root, "/")+"/"))) {
		return "", sqlerr.New(sqlerr.InsufficientPrivilege, "file is outside of the catalog's folder: %s", name).
			WithHint("the option outside of the catalog allows other folders")
	}
	return name, nil
}
