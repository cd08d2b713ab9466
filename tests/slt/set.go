package slt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Set is one of the public collections under slt/ of the test sets.
type Set struct {
	Name      string
	List      string // the records that count: a JSON {file: [line, …]}
	Labels    []string
	Isolation Isolation
	Alone     bool   // one file at a time
	Fixture   string // statements that make the tables its files share
	Settings  []string
}

// fixtureSchema holds the tables of a set's fixture.
const fixtureSchema = "slt_fixture"

// Sets are the public collections, each with its most portable list.
var Sets = []Set{
	{Name: "sqlite", List: "portable.json"},
	{Name: "duckdb", List: "portable.json", Labels: []string{"postgresql"}},
	{Name: "datafusion", List: "portable.json", Labels: []string{"postgresql", "postgres", "datafusion"}},
	{Name: "calcite", List: "portable.json"},
	{Name: "cockroach", List: "portable.json"},
	{Name: "pgregress", List: "portable.json", Fixture: "fixture/pg_regress_base.sql", Settings: []string{"SET TimeZone TO 'UTC'", "SET DateStyle TO 'ISO'"}},
	{Name: "pgdoc", List: "portable.json"},
	{Name: "prestodoc", List: "portable.json"},
	{Name: "sqltest", List: "pg.json", Alone: true},
	{Name: "bi_analytic", List: "pg.json", Isolation: Dropped, Alone: true},
}

// Run says which part of a set is played, and how.
type Run struct {
	Root     string // folder of the public test sets
	Options  Options
	Parallel int    // files at the same time
	Match    string // part of the file names to play; empty: all
	List     string // instead of the set's own list; "none" counts every record
	Skips    Skips
}

// Report is the outcome of a set.
type Report struct {
	Set      string
	List     string
	Outcomes []Outcome         // those that count, in order of file and line
	Left     map[string]string // files left before their end, and why
}

// Play runs a set's files and keeps the outcomes of its list.
func (s Set) Play(ctx context.Context, r Run) (*Report, error) {
	dir := filepath.Join(r.Root, "slt", s.Name)
	report := &Report{Set: s.Name, List: s.List, Left: map[string]string{}}
	if r.List != "" {
		report.List = r.List
	}
	scored, err := readList(dir, report.List)
	if err != nil {
		return nil, err
	}
	files, err := gather(dir)
	if err != nil {
		return nil, err
	}
	o := r.Options
	o.Isolation = s.Isolation
	o.Init = append(o.Init[:len(o.Init):len(o.Init)], s.Settings...)
	if s.Labels != nil {
		o.Labels = s.Labels
	}
	if s.Fixture != "" {
		if err := s.loadFixture(ctx, filepath.Join(dir, s.Fixture), o); err != nil {
			report.Left["fixture"] = err.Error()
		}
		o.ExtraSchema = fixtureSchema
		defer s.dropFixture(ctx, o)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, r.Parallel))
	if s.Alone {
		group.SetLimit(1)
	}
	var mu sync.Mutex
	for i, f := range files {
		if scored != nil && scored[f] == nil || !strings.Contains(f, r.Match) {
			continue
		}
		group.Go(func() error {
			outcomes, err := Play(ctx, filepath.Join(dir, f), f, fmt.Sprintf("slt_%d_%s_%d", os.Getpid(), s.Name, i), o)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				report.Left[f] = err.Error()
			}
			report.keep(f, outcomes, scored, r.Skips)
			return ctx.Err()
		})
	}
	err = group.Wait()
	sort.SliceStable(report.Outcomes, func(i, j int) bool {
		a, b := report.Outcomes[i], report.Outcomes[j]
		return a.File < b.File || a.File == b.File && a.Line < b.Line
	})
	return report, err
}

// keep adds the outcomes that count. A scored record that a file left early
// never played has failed.
func (r *Report) keep(file string, outcomes []Outcome, scored map[string]map[int]bool, skips Skips) {
	played := map[int]bool{}
	for _, o := range outcomes {
		if scored != nil && !scored[file][o.Line] {
			continue
		}
		played[o.Line] = true
		if o.Status == Fail {
			if reason := skips.Reason(r.Set, o); reason != "" {
				o.Status, o.Why = Skip, reason
			}
		}
		r.Outcomes = append(r.Outcomes, o)
	}
	for line := range scored[file] {
		if !played[line] && r.Left[file] != "" {
			r.Outcomes = append(r.Outcomes, Outcome{File: file, Line: line, Status: Fail, Why: "not reached: " + r.Left[file]})
		}
	}
}

func (s Set) loadFixture(ctx context.Context, file string, o Options) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	c, err := connect(ctx, o.URL)
	if err != nil {
		return err
	}
	defer c.close()
	for _, sql := range []string{"DROP SCHEMA IF EXISTS " + fixtureSchema + " CASCADE", "CREATE SCHEMA " + fixtureSchema, "SET search_path TO " + fixtureSchema, string(text)} {
		if _, err := c.query(sql, o.Statement); err != nil {
			return err
		}
	}
	return nil
}

func (s Set) dropFixture(ctx context.Context, o Options) {
	if c, err := connect(context.WithoutCancel(ctx), o.URL); err == nil {
		_, _ = c.query("DROP SCHEMA IF EXISTS "+fixtureSchema+" CASCADE", o.Statement)
		c.close()
	}
}

func readList(dir, name string) (map[string]map[int]bool, error) {
	if name == "none" {
		return nil, nil
	}
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	var lists map[string][]int
	if err := json.Unmarshal(text, &lists); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	out := map[string]map[int]bool{}
	for f, lines := range lists {
		out[f] = map[int]bool{}
		for _, l := range lines {
			out[f][l] = true
		}
	}
	return out, nil
}

// gather lists the test files of a folder, as paths below it.
func gather(dir string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch filepath.Ext(name) {
		case ".slt", ".test", ".test_slow":
			rel, err := filepath.Rel(dir, name)
			out = append(out, filepath.ToSlash(rel))
			return err
		}
		return nil
	})
	sort.Strings(out)
	return out, err
}

// reasons is the closed list of why a record that PostgreSQL or its origin
// passes may fail here.
var reasons = map[string]bool{
	"contradicts-postgresql": true, "order-or-precision-open": true, "administers-another-server": true, "error-text-only": true, "not-built": true,
}

// Skips are the rules of skip.txt.
type Skips []skipRule

type skipRule struct {
	set, file string // file is a pattern as of path.Match
	line      string // or "*"
	text      *regexp.Regexp
	reason    string
}

// ReadSkips reads rules of the form "set file:line reason [feature] [/pattern/]":
// the pattern is searched in the statement. "*" stands for any.
func ReadSkips(name string) (Skips, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var out Skips
	for n, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		rule, err := parseSkip(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n+1, err)
		}
		out = append(out, rule)
	}
	return out, nil
}

func parseSkip(line string) (skipRule, error) {
	var rule skipRule
	if i := strings.Index(line, " /"); i >= 0 && strings.HasSuffix(line, "/") {
		re, err := regexp.Compile(line[i+2 : len(line)-1])
		if err != nil {
			return rule, err
		}
		rule.text, line = re, line[:i]
	}
	words := strings.Fields(line)
	if len(words) < 3 {
		return rule, errors.New("want: set file:line reason")
	}
	rule.set = words[0]
	rule.file, rule.line, _ = strings.Cut(words[1], ":")
	rule.reason = strings.Join(words[2:], " ")
	word, feature, named := strings.Cut(rule.reason, ": ")
	switch {
	case !reasons[word]:
		return rule, fmt.Errorf("not one of the closed list of reasons: %s", word)
	case (word == "not-built") != (named && feature != ""):
		return rule, errors.New(`"not-built: FEATURE" names its feature, other reasons name none`)
	}
	return rule, nil
}

// Reason says why the outcome does not count as a failure, or nothing. What
// the engine itself refuses as not supported is "not-built" with its words.
func (s Skips) Reason(set string, o Outcome) string {
	for _, r := range s {
		file, _ := filepath.Match(r.file, o.File)
		if (r.set == "*" || r.set == set) && (file || r.file == "*") && (r.line == "" || r.line == "*" || r.line == fmt.Sprint(o.Line)) &&
			(r.text == nil || r.text.MatchString(o.SQL)) {
			return r.reason
		}
	}
	if o.Code == "0A000" {
		feature, _, _ := strings.Cut(strings.TrimPrefix(o.Why, "error: "), ":")
		return "not-built: " + strings.TrimSpace(strings.TrimSuffix(feature, "is not supported"))
	}
	return ""
}
