package main

import (
	_ "embed" // the script below
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/muster-sql/muster/tests/services"
)

// duckVersion is what ratios are taken against.
const duckVersion = "1.5.5"

//go:embed duck.py
var duckScript string

// duck is a Python with DuckDB in it.
type duck struct{ python string }

// newDuck installs DuckDB into the cache when it is not there.
func newDuck() (*duck, error) {
	cache, err := services.CacheDir()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(cache, "duckdb-"+duckVersion)
	python := filepath.Join(dir, "bin", "python")
	if exec.Command(python, "-c", "import duckdb").Run() == nil {
		return &duck{python}, nil
	}
	for _, args := range [][]string{{"python3", "-m", "venv", dir}, {python, "-m", "pip", "install", "-q", "duckdb==" + duckVersion}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, out)
		}
	}
	return &duck{python}, nil
}

// measure runs the queries in one process of DuckDB.
func (d *duck) measure(o options, files []string, threads int) (map[string]cost, error) {
	cmd := exec.Command(d.python, append([]string{"-c", duckScript, o.data, strconv.Itoa(threads), o.memory, strconv.Itoa(o.runs)}, wanted(o, files)...)...)
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("DuckDB: %w", err)
	}
	var rows map[string][2]float64
	if err := json.Unmarshal(text, &rows); err != nil {
		return nil, err
	}
	out := map[string]cost{}
	for name, v := range rows {
		out[name] = cost{cpu: v[0], wall: v[1]}
	}
	return out, nil
}
