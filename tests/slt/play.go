package slt

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Isolation keeps the tables of files apart.
type Isolation int

// The isolations.
const (
	InSchema  Isolation = iota // each file in a new schema of its own
	Dropped                    // in the current schema; what the file made is dropped after it
	Unguarded                  // nothing
)

// Options say how a file is played.
type Options struct {
	URL         string
	Isolation   Isolation
	ExtraSchema string // searched after the file's own
	Labels      []string
	Vars        map[string]string // ${name} in the files
	Init        []string          // runs at the start of each connection
	Statement   time.Duration     // limit of a statement
	File        time.Duration     // limit of a file
	LoopsMax    int               // values of a loop that are played
	Tolerance   float64           // relative, for numbers with a fraction
	Strict      bool              // our own files: exact text, checked SQLSTATEs
	Rewrite     bool              // put what the server answers into the file
}

// Defaults are the options of the public sets.
func Defaults(url string) Options {
	return Options{
		URL: url, Labels: []string{"postgresql", "postgres"}, Statement: 30 * time.Second,
		File: 10 * time.Minute, LoopsMax: 100, Tolerance: 1e-6,
	}
}

// Status is the outcome of a record.
type Status int

// The outcomes.
const (
	Pass Status = iota
	Fail
	Skip
)

// Outcome is what happened to one record, each time that it was played.
type Outcome struct {
	File    string
	Line    int
	IsQuery bool
	IsError bool // an error was expected
	Status  Status
	Why     string
	Code    string // SQLSTATE, when the server refused
	SQL     string
}

// errStop ends a file early: halt, or a requirement that is not met.
var errStop = errors.New("stop")

// Play runs a file and returns the outcomes of its records. The error says why
// the file was left before its end.
func Play(ctx context.Context, path, name, schema string, o Options) ([]Outcome, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p := newPlayer(ctx, path, name, schema, o)
	defer p.finish()
	if _, err = p.conn(""); err == nil {
		err = p.all(Parse(string(text)))
	}
	if err == errStop {
		err = nil
	}
	if o.Rewrite && len(p.rewrites) > 0 {
		err = errors.Join(err, p.apply(string(text)))
	}
	return p.outcomes, err
}

type player struct {
	ctx      context.Context
	path     string
	name     string
	schema   string
	o        Options
	conns    map[string]*conn
	current  string // name of the connection that records use
	made     bool   // the schema exists
	vars     map[string]string
	labels   map[string]string
	created  [][2]string // kind and name, for Dropped
	sort     string      // control sortmode
	skipping bool
	loops    int
	lost     int
	deadline time.Time
	compare  comparer
	outcomes []Outcome
	rewrites []rewrite
}

func newPlayer(ctx context.Context, path, name, schema string, o Options) *player {
	p := &player{
		ctx: ctx, path: path, name: name, schema: schema, o: o,
		conns: map[string]*conn{}, vars: map[string]string{}, labels: map[string]string{},
		deadline: time.Now().Add(o.File), compare: comparer{strict: o.Strict, tolerance: o.Tolerance},
	}
	for k, v := range o.Vars {
		p.vars[k] = v
	}
	return p
}

// conn returns the named connection, opened when it is not.
func (p *player) conn(name string) (*conn, error) {
	if name == "" {
		name = p.current
	}
	if c := p.conns[name]; c != nil && !c.closed {
		return c, nil
	}
	c, err := connect(p.ctx, p.o.URL)
	if err != nil {
		return nil, err
	}
	p.conns[name] = c
	var setup []string
	if p.o.Isolation == InSchema {
		if !p.made {
			setup = append(setup, "DROP SCHEMA IF EXISTS "+p.schema+" CASCADE", "CREATE SCHEMA "+p.schema)
		}
		path := "SET search_path TO " + p.schema
		if p.o.ExtraSchema != "" {
			path += ", " + p.o.ExtraSchema
		}
		setup = append(setup, path)
	}
	for _, s := range setup {
		if _, err := c.query(s, p.o.Statement); err != nil {
			return nil, fmt.Errorf("set up the schema: %s: %w", s, err)
		}
	}
	p.made = true
	for _, s := range p.o.Init {
		if _, err := c.query(s, p.o.Statement); err != nil && p.o.Strict {
			return nil, fmt.Errorf("set up the connection: %s: %w", s, err)
		}
	}
	return c, nil
}

// finish drops what the file made and closes its connections.
func (p *player) finish() {
	for _, c := range p.conns {
		if !c.closed {
			_, _ = c.query("ROLLBACK", 5*time.Second)
		}
	}
	if c, err := p.conn(""); err == nil {
		switch p.o.Isolation {
		case InSchema:
			_, _ = c.query("DROP SCHEMA IF EXISTS "+p.schema+" CASCADE", 30*time.Second)
		case Dropped:
			for _, thing := range slices.Backward(p.created) {
				_, _ = c.query("DROP "+thing[0]+" IF EXISTS "+thing[1], 20*time.Second)
			}
		}
	}
	for _, c := range p.conns {
		c.close()
	}
}

func (p *player) all(records []*Record) error {
	for _, r := range records {
		if time.Now().After(p.deadline) {
			return errors.New("file time limit")
		}
		if err := p.ctx.Err(); err != nil {
			return err
		}
		var err error
		switch r.Kind {
		case Control:
			err = p.control(r)
		case Loop:
			err = p.loop(r)
		default:
			err = p.play(r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// play runs one statement or query and notes its outcome.
func (p *player) play(r *Record) error {
	if p.skipping {
		p.note(r, Skip, "mode skip", "")
		return nil
	}
	if why := p.condition(r.Conds); why != "" {
		p.note(r, Skip, why, "")
		return nil
	}
	sql := p.substitute(r.SQL)
	if strings.TrimSpace(sql) == "" {
		return nil
	}
	if r.Kind == Query && p.sort != "" && r.Sort == "nosort" {
		r.Sort = p.sort
	}
	for _, m := range createdThing.FindAllStringSubmatch(sql, -1) {
		p.created = append(p.created, [2]string{strings.ToUpper(m[1]), m[2]})
	}
	c, err := p.conn(r.Conn)
	if err != nil {
		return err
	}
	results, err := c.query(sql, p.o.Statement)
	if err != nil {
		return p.refused(r, sql, err)
	}
	p.answered(r, results)
	return nil
}

// refused judges an error.
func (p *player) refused(r *Record, sql string, err error) error {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		p.note(r, Fail, err.Error(), "")
		if errors.Is(err, errLost) {
			if p.lost++; p.lost > 5 {
				return errors.New("connection lost too often")
			}
		}
		return nil
	}
	switch {
	case r.Expect == "error":
		why := ""
		if p.o.Strict {
			why = errorDiffers(r.ErrorText, refused)
			p.rewriteError(r, refused)
		}
		if why != "" {
			p.note(r, Fail, why, refused.Code)
		} else {
			p.note(r, Pass, "", refused.Code)
		}
	case r.Expect == "maybe" || r.Expect == "debug":
		p.note(r, Skip, "maybe", refused.Code)
	case !p.o.Strict && engineSetting.MatchString(sql):
		p.note(r, Skip, "engine setting: "+refused.Message, refused.Code)
	default:
		p.note(r, Fail, "error: "+refused.Message, refused.Code)
	}
	return nil
}

// errorDiffers compares an error with "SQLSTATE text": both may be left out,
// the text may be any part of the message.
func errorDiffers(want string, got *pgconn.PgError) string {
	code, text, _ := strings.Cut(want, " ")
	if !sqlstate.MatchString(code) {
		code, text = "", want
	}
	if code != "" && code != got.Code || !strings.Contains(got.Message, text) {
		return fmt.Sprintf("expected error %q, got %s %s", want, got.Code, got.Message)
	}
	return ""
}

// answered judges a success.
func (p *player) answered(r *Record, results []Result) {
	if r.Expect == "error" {
		p.note(r, Fail, "expected an error, got success", "")
		return
	}
	tag := ""
	if len(results) > 0 {
		tag = trailingNumber.FindString(results[len(results)-1].Tag)
	}
	if r.Kind == Statement {
		if r.Expect == "count" && tag != "" && len(r.Args) > 0 && r.Args[0] != "" && tag != r.Args[0] {
			p.note(r, Fail, "count "+tag+", expected "+r.Args[0], "")
			return
		}
		p.note(r, Pass, "", "")
		return
	}
	last := -1
	for i, res := range results {
		if res.Cols != nil {
			last = i
		}
	}
	if last < 0 {
		// DuckDB's queries may be DML, which answers its count
		if len(r.Results) == 0 || len(r.Results) == 1 && r.Results[0] == tag {
			p.note(r, Pass, "", "")
		} else {
			p.note(r, Fail, "no result set", "")
		}
		return
	}
	p.rows(r, results[last])
}

func (p *player) rows(r *Record, res Result) {
	if r.HasResults {
		want := make([]string, len(r.Results))
		for i, l := range r.Results {
			want[i] = p.substitute(l)
		}
		if r.Header && len(want) > 0 {
			want = want[1:]
		}
		if len(want) > 0 && strings.HasPrefix(want[0], "<FILE>:") {
			p.note(r, Skip, "results in a file", "")
			return
		}
		if p.o.Strict && r.Types != "" && !strings.Contains(r.Types, "?") && len(r.Types) != len(res.Cols) {
			p.note(r, Fail, fmt.Sprintf("%d columns, expected %d", len(res.Cols), len(r.Types)), "")
			p.rewriteRows(r, res)
			return
		}
		if why := p.compare.compare(r, want, res); why != "" {
			p.note(r, Fail, "result: "+why, "")
			p.rewriteRows(r, res)
			return
		}
	}
	if r.Label != "" && r.Sort != "nosort" {
		if first, ok := p.labels[r.Label]; !ok {
			p.labels[r.Label] = fingerprint(res)
		} else if first != fingerprint(res) {
			p.note(r, Fail, "result: label "+r.Label+" differs from an earlier query", "")
			return
		}
	}
	p.note(r, Pass, "", "")
}

// fingerprint is equal for results that are equal as multisets.
func fingerprint(res Result) string {
	keys := make([]string, len(res.Rows))
	for i, row := range res.Rows {
		keys[i] = sortKey(row, cellText)
	}
	slices.Sort(keys)
	sum := md5.Sum([]byte(strings.Join(keys, "\n")))
	return string(sum[:])
}

func (p *player) note(r *Record, s Status, why, code string) {
	p.outcomes = append(p.outcomes, Outcome{
		File: p.name, Line: r.Line, IsQuery: r.Kind == Query || r.IsQuery, IsError: r.Expect == "error",
		Status: s, Why: why, Code: code, SQL: r.SQL,
	})
}

var (
	sqlstate       = regexp.MustCompile(`^[0-9A-Z]{5}$`)
	trailingNumber = regexp.MustCompile(`\d+$`)
	comparison     = regexp.MustCompile(`^(\w+)(=|!=|<=|>=|<|>)(.+)$`)
	createdThing   = regexp.MustCompile(`(?i)\bCREATE\s+(?:OR\s+REPLACE\s+)?(?:LOCAL\s+|GLOBAL\s+)?(?:TEMP(?:ORARY)?\s+)?(?:UNLOGGED\s+|EXTERNAL\s+)?` +
		`(TABLE|VIEW|MATERIALIZED\s+VIEW|SEQUENCE|TYPE|SCHEMA|FUNCTION|MACRO)\s+(?:IF\s+NOT\s+EXISTS\s+)?((?:"[^"]+"|[\w.]+)+)`)
	// engineSetting matches statements that set another engine's switches; they may fail.
	engineSetting = regexp.MustCompile(`(?i)^\s*(PRAGMA\b|SET\s+(SESSION\s+|GLOBAL\s+)?(default_null_order|threads|debug_\w+|` +
		`enable_\w+|immediate_transaction_mode|scalar_subquery_error_on_multiple_rows|ieee_floating_point_ops|old_implicit_casting|` +
		`order_by_non_integer_literal|preserve_insertion_order|disabled_optimizers|timezone_data|storage_compatibility_version|` +
		`datafusion\.[\w.]+|RW_\w+|streaming\w*|QUERY_MODE|CREATE_COMPACTION\w*|integer_division|arrow_\w+|errors_as_json|` +
		`temp_directory|memory_limit|max_memory|allow_\w+)\b|LOAD\b|INSTALL\b|VACUUM\b|ANALYZE\b|CHECKPOINT\b|FLUSH\b)`)
)

// substitute puts variables in: ${name}, and {name} inside loops.
func (p *player) substitute(s string) string {
	if !strings.ContainsAny(s, "${") && !strings.Contains(s, "__") {
		return s
	}
	for name, v := range p.vars {
		s = strings.ReplaceAll(s, "${"+name+"}", v)
		upper := name == strings.ToUpper(name)
		if upper || p.loops > 0 {
			s = strings.ReplaceAll(s, "{"+name+"}", v)
		}
		if upper {
			s = strings.ReplaceAll(s, "__"+name+"__", v)
		}
	}
	return s
}

// condition returns the skipif or onlyif line that rules the record out.
func (p *player) condition(conds []Condition) string {
	for _, c := range conds {
		hit := slices.Contains(p.o.Labels, strings.ToLower(c.Label))
		if m := comparison.FindStringSubmatch(c.Label); m != nil {
			hit = compareValues(p.vars[m[1]], m[2], m[3])
		}
		if hit == (c.Word == "skipif") {
			return c.Word + " " + c.Label
		}
	}
	return ""
}

func compareValues(a, op, b string) bool {
	order := strings.Compare(a, b)
	if x, err := strconv.ParseFloat(a, 64); err == nil {
		if y, err := strconv.ParseFloat(b, 64); err == nil {
			order = 0
			if x < y {
				order = -1
			} else if x > y {
				order = 1
			}
		}
	}
	switch op {
	case "=":
		return order == 0
	case "!=":
		return order != 0
	case "<":
		return order < 0
	case ">":
		return order > 0
	case "<=":
		return order <= 0
	}
	return order >= 0
}

// include plays other files in place.
func (p *player) include(patterns []string) error {
	for _, pattern := range patterns {
		files, err := filepath.Glob(filepath.Join(filepath.Dir(p.path), p.substitute(pattern)))
		if err != nil {
			return err
		}
		slices.Sort(files)
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				return err
			}
			keep := p.path
			p.path = f
			err = p.all(Parse(string(text)))
			p.path = keep
			if err != nil {
				return err
			}
		}
	}
	return nil
}
