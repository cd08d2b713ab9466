package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/muster-sql/muster"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/coordinator"
)

// settings are what a configuration file and MUSTER_* variables can say; a
// variable is the key in upper case. Flags win, then variables, then the file.
type settings struct {
	Role           string            `toml:"role"`
	PG             string            `toml:"pg"`
	HTTP           string            `toml:"http"`
	RPC            string            `toml:"rpc"`
	Coordinator    string            `toml:"coordinator"`
	Memory         string            `toml:"memory"`
	QueryMemoryMax string            `toml:"query_memory_max"`
	Threads        int               `toml:"threads"`
	Data           string            `toml:"data"`
	Catalogs       string            `toml:"catalogs"`
	ClusterSecret  string            `toml:"cluster_secret"`
	WorkerLease    string            `toml:"worker_lease"`
	QueriesRunning int               `toml:"queries_running_max"`
	QueriesQueued  int               `toml:"queries_queued_max"`
	ResultHold     string            `toml:"result_hold"`
	BroadcastMax   string            `toml:"broadcast_max"`
	ConnectionsMax int               `toml:"connections_max"`
	TLSCert        string            `toml:"tls_cert"`
	TLSKey         string            `toml:"tls_key"`
	Users          map[string]string `toml:"users"` // name → password or SCRAM verifier, or a reference to one
}

// config puts flags, environment and file together.
func (s *serverCommand) config() (muster.Config, error) {
	var set settings
	file := s.Config
	if file == "" {
		file = os.Getenv("MUSTER_CONFIG")
	}
	if file != "" {
		if err := readTOML(file, &set); err != nil {
			return muster.Config{}, err
		}
	}
	if err := set.environment(os.Environ()); err != nil {
		return muster.Config{}, err
	}
	override(&set.Role, s.Role)
	override(&set.PG, s.PG)
	override(&set.HTTP, s.HTTP)
	override(&set.RPC, s.RPC)
	override(&set.Coordinator, s.Coordinator)
	override(&set.Memory, s.Memory)
	override(&set.Threads, s.Threads)
	override(&set.Data, s.Data)
	override(&set.Catalogs, s.Catalogs)
	c, err := set.node()
	if err != nil {
		return c, err
	}
	if set.Catalogs != "" {
		if c.Catalogs, err = catalogFolder(set.Catalogs); err != nil {
			return c, err
		}
	}
	attached, err := attachments(s.Attach)
	c.Catalogs = append(c.Catalogs, attached...)
	return c, err
}

func override[T comparable](v *T, flag T) {
	var zero T
	if flag != zero {
		*v = flag
	}
}

// node turns settings into the configuration of a node.
func (set *settings) node() (muster.Config, error) {
	c := muster.Config{
		Role: muster.Role(set.Role), PG: set.PG, HTTP: set.HTTP, RPC: set.RPC, Coordinator: set.Coordinator,
		Threads: set.Threads, Data: set.Data, QueriesRunning: set.QueriesRunning, QueriesQueued: set.QueriesQueued,
	}
	override(&c.Role, muster.RoleAll)
	if set.Role != "" {
		c.Role = muster.Role(set.Role)
	}
	if !slices.Contains([]muster.Role{muster.RoleAll, muster.RoleCoordinator, muster.RoleWorker}, c.Role) {
		return c, sqlerr.New(sqlerr.InvalidParameterValue, "role must be all, coordinator or worker, not %q", set.Role)
	}
	for _, b := range []struct {
		key  string
		text string
		to   *int64
	}{
		{"memory", set.Memory, &c.MemoryBytes}, {"query_memory_max", set.QueryMemoryMax, &c.QueryMemory},
		{"result_hold", set.ResultHold, &c.ResultHoldBytes}, {"broadcast_max", set.BroadcastMax, &c.BroadcastBytes},
	} {
		if b.text == "" {
			continue
		}
		n, err := spi.ParseBytes(b.text)
		if err != nil {
			return c, fmt.Errorf("%s: %w", b.key, err)
		}
		*b.to = n
	}
	if set.WorkerLease != "" {
		d, err := time.ParseDuration(set.WorkerLease)
		if err != nil || d <= 0 {
			return c, sqlerr.New(sqlerr.InvalidParameterValue, "worker_lease is not a duration: %q", set.WorkerLease)
		}
		c.Lease = d
	}
	var err error
	if c.Secret, err = muster.Secret(set.ClusterSecret); err != nil {
		return c, err
	}
	c.Access = coordinator.Access{ConnectionsMax: set.ConnectionsMax, TLSCert: set.TLSCert, TLSKey: set.TLSKey, Users: map[string]string{}}
	for name, ref := range set.Users {
		if c.Access.Users[name], err = muster.Secret(ref); err != nil {
			return c, err
		}
	}
	return c, nil
}

// readTOML reads a file strictly: an unknown key is an error with a guess.
func readTOML(path string, to any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return sqlerr.Wrap(sqlerr.ConfigFile, err, "read configuration")
	}
	d := toml.NewDecoder(bytes.NewReader(b)).DisallowUnknownFields()
	err = d.Decode(to)
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		key := strings.Join(strict.Errors[0].Key(), ".")
		row, _ := strict.Errors[0].Position()
		return unknownKey(fmt.Sprintf("%s:%d", path, row), key, keysOf(to))
	}
	if err != nil {
		return sqlerr.Wrap(sqlerr.ConfigFile, err, "read configuration %s", path)
	}
	return nil
}

func unknownKey(where, key string, known []string) error {
	e := sqlerr.New(sqlerr.ConfigFile, "%s: unknown setting %q", where, key)
	best, least := "", 4
	for _, k := range known {
		if d := distance(key, k); d < least {
			best, least = k, d
		}
	}
	if best != "" {
		return e.WithHint("did you mean %s?", best)
	}
	return e.WithHint("there are: %s", strings.Join(known, ", "))
}

func keysOf(v any) []string {
	var out []string
	t := reflect.TypeOf(v).Elem()
	if t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		out = append(out, t.Field(i).Tag.Get("toml"))
	}
	return out
}

// distance is the edit distance of two words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diag
			if a[i] != b[j] {
				cost++
			}
			diag = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// environment reads MUSTER_* variables; an unknown one is an error.
func (set *settings) environment(environ []string) error {
	v := reflect.ValueOf(set).Elem()
	for _, kv := range environ {
		name, val, _ := strings.Cut(kv, "=")
		key, ok := strings.CutPrefix(name, "MUSTER_")
		if !ok || slices.Contains(otherVariables, name) {
			continue
		}
		key = strings.ToLower(key)
		i := slices.Index(keysOf(set), key)
		if i < 0 || v.Field(i).Kind() == reflect.Map {
			return unknownKey("environment variable "+name, key, keysOf(set))
		}
		switch f := v.Field(i); f.Kind() {
		case reflect.Int:
			n, err := strconv.Atoi(val)
			if err != nil {
				return sqlerr.New(sqlerr.ConfigFile, "%s is not a number: %q", name, val)
			}
			f.SetInt(int64(n))
		default:
			f.SetString(val)
		}
	}
	return nil
}

// otherVariables start with MUSTER_ and are no settings of a server.
var otherVariables = []string{"MUSTER_CONFIG", "MUSTER_CACHE", "MUSTER_CORPORA", "MUSTER_HISTORY"}

// catalogFolder reads a folder of catalog files: NAME.toml with kind or url and options.
func catalogFolder(dir string) ([]muster.Catalog, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.toml"))
	if err != nil {
		return nil, err
	}
	var out []muster.Catalog
	for _, f := range files {
		raw := map[string]any{}
		if err := readTOML(f, &raw); err != nil {
			return nil, err
		}
		c := muster.Catalog{Name: strings.TrimSuffix(filepath.Base(f), ".toml"), Options: map[string]string{}}
		for _, k := range slices.Sorted(maps.Keys(raw)) {
			val := fmt.Sprint(raw[k])
			switch k {
			case "kind":
				c.Kind = val
			case "attach":
				c.URL = val
			default:
				c.Options[k] = val
			}
		}
		if (c.Kind == "") == (c.URL == "") {
			return nil, sqlerr.New(sqlerr.ConfigFile, "%s: a catalog needs either kind or attach", f)
		}
		out = append(out, c)
	}
	return out, nil
}
