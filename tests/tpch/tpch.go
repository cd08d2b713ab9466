// Package tpch asks the 22 queries of TPC-H over the wire and compares every
// cell with the published answers. make test and make nightly call it with the
// configurations that must all give the same rows; cmd/tpch asks any server.
package tpch

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Options say what is asked and what is expected.
type Options struct {
	URL       string
	Queries   string        // folder of NAME.sql
	Answers   string        // folder of NAME.csv, cells apart by |, names first
	Init      []string      // runs first on the connection
	Only      []string      // names; empty: all
	Tolerance float64       // relative, for values that the answer holds as a double
	Query     time.Duration // limit of one query; 0: five minutes
}

// Verdict is the outcome of one query.
type Verdict struct {
	Name string
	Err  error // nil: every cell is right
	Took time.Duration
}

// Ask runs the queries in order. The error is that of connecting.
func Ask(ctx context.Context, o Options) ([]Verdict, error) {
	if o.Query == 0 {
		o.Query = 5 * time.Minute
	}
	names, err := queries(o)
	if err != nil {
		return nil, err
	}
	c, err := connect(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close(context.Background()) }()
	var out []Verdict
	for _, name := range names {
		if c.IsClosed() {
			if c, err = connect(ctx, o); err != nil {
				return out, err
			}
		}
		begin := time.Now()
		err := ask(ctx, c, o, name)
		out = append(out, Verdict{Name: name, Err: err, Took: time.Since(begin)})
	}
	return out, nil
}

func queries(o Options) ([]string, error) {
	if len(o.Only) > 0 {
		return o.Only, nil
	}
	files, err := filepath.Glob(filepath.Join(o.Queries, "*.sql"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no queries in %s", o.Queries)
	}
	var out []string
	for _, f := range files {
		out = append(out, strings.TrimSuffix(filepath.Base(f), ".sql"))
	}
	sort.Strings(out)
	return out, err
}

func connect(ctx context.Context, o Options) (*pgconn.PgConn, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	config, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return nil, err
	}
	c, err := pgconn.ConnectConfig(ctx, &config.Config)
	if err != nil {
		return nil, err
	}
	for _, s := range o.Init {
		if _, err := c.Exec(ctx, s).ReadAll(); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", s, err), c.Close(ctx))
		}
	}
	return c, nil
}

func ask(ctx context.Context, c *pgconn.PgConn, o Options, name string) error {
	ctx, cancel := context.WithTimeout(ctx, o.Query)
	defer cancel()
	sql, err := os.ReadFile(filepath.Join(o.Queries, name+".sql"))
	if err != nil {
		return err
	}
	want, err := readAnswer(filepath.Join(o.Answers, name+".csv"))
	if err != nil {
		return err
	}
	results, err := c.Exec(ctx, string(sql)).ReadAll()
	if err != nil {
		return err
	}
	for i := len(results) - 1; i >= 0; i-- {
		if results[i].FieldDescriptions != nil {
			return compare(want, results[i], o.Tolerance)
		}
	}
	return errors.New("no result set")
}

func readAnswer(file string) ([][]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	// The csv package passes over blank lines, but under one column a blank
	// line is a null.
	text = bytes.ReplaceAll(text, []byte("\n\n"), []byte("\n\"\"\n"))
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma = '|'
	rows, err := r.ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("%s: no answer: %w", file, err)
	}
	return rows[1:], nil
}

func compare(want [][]string, got *pgconn.Result, tolerance float64) error {
	if len(want) != len(got.Rows) {
		return fmt.Errorf("%d rows, expected %d", len(got.Rows), len(want))
	}
	for i, row := range got.Rows {
		if len(row) != len(want[i]) {
			return fmt.Errorf("%d columns, expected %d", len(row), len(want[i]))
		}
		for k, v := range row {
			if !equal(want[i][k], v, got.FieldDescriptions[k].DataTypeOID, tolerance) {
				return fmt.Errorf("row %d column %s: %q, expected %q", i+1, got.FieldDescriptions[k].Name, v, want[i][k])
			}
		}
	}
	return nil
}

// Types that are compared digit by digit.
const (
	oidInt8    = 20
	oidInt2    = 21
	oidInt4    = 23
	oidNumeric = 1700
	// doubleDigits is what a double always keeps: an answer with more digits
	// was a double, and its last ones are noise.
	doubleDigits = 15
)

// equal compares a cell. Integers and decimals are compared exactly, whatever
// zeros end them; where the answer is a double, under the tolerance.
func equal(want string, got []byte, oid uint32, tolerance float64) bool {
	want = strings.TrimSpace(want)
	if got == nil {
		return want == "" || want == "NULL"
	}
	text := strings.TrimSpace(string(got))
	if want == text {
		return true
	}
	w, ok1 := new(big.Rat).SetString(want)
	g, ok2 := new(big.Rat).SetString(text)
	if !ok1 || !ok2 || !numeric(oid) {
		return false
	}
	if w.Cmp(g) == 0 {
		return true
	}
	if oid == oidInt2 || oid == oidInt4 || oid == oidInt8 || oid == oidNumeric && digits(want) < doubleDigits {
		return false
	}
	diff := new(big.Rat).Sub(w, g)
	diff.Abs(diff)
	limit := new(big.Rat).Abs(w)
	bound := new(big.Rat)
	bound.SetFloat64(tolerance)
	return diff.Cmp(limit.Mul(limit, bound)) <= 0
}

func numeric(oid uint32) bool {
	switch oid {
	case oidInt2, oidInt4, oidInt8, oidNumeric, 700, 701:
		return true
	}
	return false
}

// digits counts the significant digits of a number's text.
func digits(s string) int {
	s = strings.TrimLeft(strings.ReplaceAll(s, ".", ""), "-+0")
	return len(s)
}

// Summary is one line for people, and an error that names what failed.
func Summary(config string, verdicts []Verdict) (string, error) {
	var failed []error
	total := time.Duration(0)
	for _, v := range verdicts {
		total += v.Took
		if v.Err != nil {
			failed = append(failed, fmt.Errorf("%s %s: %w", config, v.Name, v.Err))
		}
	}
	line := fmt.Sprintf("counts: tpch %-28s %d of %d right, %s s", config, len(verdicts)-len(failed), len(verdicts), strconv.FormatFloat(total.Seconds(), 'f', 1, 64))
	return line, errors.Join(failed...)
}
