// Package planner owns the way from a syntax tree to a plan: analyze, bind
// parameters, optimize, lower. The coordinator calls it for each query. It must
// not run anything and knows no tasks.
package planner

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/muster-sql/muster/connectors/catalog"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/analyzer"
	"github.com/muster-sql/muster/planner/fragment"
	"github.com/muster-sql/muster/planner/logical"
	"github.com/muster-sql/muster/planner/optimizer"
	"github.com/muster-sql/muster/planner/optimizer/rules"
	"github.com/muster-sql/muster/planner/physical"
	"github.com/muster-sql/muster/planner/stats"
)

// Env is what planning one statement needs. Access, Functions and Now may be nil.
type Env struct {
	Session   *spi.Session
	Catalogs  catalog.Catalogs
	Functions *functions.Registry
	// Snapshots is extended with what the statement touches. The caller releases
	// it when the statement or its transaction ends, also after an error.
	Snapshots *analyzer.Snapshots
	Access    analyzer.Access
	Parse     func(sql string) (ast.Statement, error)
	ParseExpr func(sql string) (ast.Expr, error)
	// Params are the declared types of parameters, Values what they are bound to.
	Params []types.Type
	Values []types.Value
	Nodes  int // that take part
	Now    func() time.Time
}

// Settings are the session settings that planning reads, for SHOW and SET.
func Settings() []spi.Setting {
	return []spi.Setting{
		{Name: "disabled_rules", Kind: spi.SettingString, Doc: "Optimizer rules that do not run, separated by commas."},
		{Name: "join_distribution", Kind: spi.SettingEnum, Default: "automatic", Enum: []string{"automatic", "broadcast", "partitioned"},
			Doc: "Where the rows of joins meet: decided by the build side's real size, or always one way."},
		{Name: "bind_joins", Kind: spi.SettingBool, Default: "true", Doc: "Whether the keys of a small build side may be looked up in the source of the other side."},
		{Name: "bind_rows_max", Kind: spi.SettingInt, Default: "50000", Doc: "Most build rows of a bind join."},
		{Name: "bind_batch", Kind: spi.SettingInt, Default: "1000", Doc: "Keys that a bind join looks up with one request."},
		{Name: "dynamic_filters", Kind: spi.SettingBool, Default: "true", Doc: "Whether scans are narrowed by the build sides of joins while a query runs."},
		{Name: "partial_aggregation", Kind: spi.SettingBool, Default: "true", Doc: "Whether rows are aggregated before they move between nodes."},
		{Name: "pushdown", Kind: spi.SettingBool, Default: "true", Doc: "Whether sources take over filters, projections, limits and aggregates."},
	}
}

// Prepared is what is known of a statement before its parameters have values.
type Prepared struct {
	Kind    analyzer.Kind
	Columns []plan.Column // nil for statements that give no rows
	Params  []types.Type  // Unknown where nothing says more
}

// Prepare analyses a statement for a client that will execute it later.
func Prepare(ctx context.Context, stmt ast.Statement, env *Env) (*Prepared, error) {
	r, _, err := analyze(ctx, stmt, env)
	if err != nil {
		return nil, err
	}
	p := &Prepared{Kind: r.Kind, Params: r.Params}
	if r.Kind == analyzer.Select {
		p.Columns = clientColumns(r.Columns)
	}
	return p, nil
}

// Plan plans a query or a statement that writes.
func Plan(ctx context.Context, stmt ast.Statement, env *Env) (*fragment.Plan, error) {
	r, ids, err := analyze(ctx, stmt, env)
	if err != nil {
		return nil, err
	}
	if r.Exists {
		return &fragment.Plan{Nodes: 1}, nil
	}
	if r.Node, err = bound(r.Node, r.Params, env.Values); err != nil {
		return nil, err
	}
	est := stats.New(ctx, env.Session)
	renv := &rules.Env{Session: env.Session, Functions: env.Functions, IDs: ids, Stats: est, NoPushdown: !boolSetting(env.Session, "pushdown", true)}
	n, traces, err := optimizer.Run(ctx, optimizer.Phases(), renv, rooted(r), optimizer.Options{Disabled: disabled(env.Session), Now: env.Now})
	if err != nil {
		return nil, err
	}
	root, err := physical.Lower(n, r.Columns, lowerOptions(env, est))
	if err != nil {
		return nil, err
	}
	p := &fragment.Plan{Root: root, Columns: clientColumns(r.Columns), Nodes: max(env.Nodes, 1), Logical: n}
	for _, t := range traces {
		p.Rules = append(p.Rules, fragment.RuleTrace{Phase: t.Phase, Rule: t.Rule, Fired: t.Fired, Nanos: t.Time.Nanoseconds()})
	}
	p.Write = writeOf(r, root)
	return p, nil
}

func analyze(ctx context.Context, stmt ast.Statement, env *Env) (*analyzer.Result, *logical.IDs, error) {
	if env.Functions == nil {
		env.Functions = functions.Builtins()
	}
	if env.Snapshots == nil {
		env.Snapshots = analyzer.NewSnapshots()
	}
	ids := &logical.IDs{}
	r, err := analyzer.Analyze(ctx, stmt, &analyzer.Env{
		Session: env.Session, Catalogs: env.Catalogs, Functions: env.Functions, Snapshots: env.Snapshots, Access: env.Access,
		IDs: ids, Params: env.Params, Parse: env.Parse, ParseExpr: env.ParseExpr,
	})
	return r, ids, err
}

// rooted puts the client's columns on top, so that rules know which are read.
func rooted(r *analyzer.Result) logical.Node {
	items := make([]logical.Item, len(r.Columns))
	for i, c := range r.Columns {
		items[i] = logical.Item{Col: c, Expr: c.Ref()}
	}
	return &logical.Project{In: r.Node, Items: items}
}

func clientColumns(cols []logical.Col) []plan.Column {
	out := make([]plan.Column, len(cols))
	for i, c := range cols {
		out[i] = plan.Column{Name: c.Name, Type: c.Type}
	}
	return out
}

// bound replaces parameters by their values.
func bound(n logical.Node, ts []types.Type, vals []types.Value) (logical.Node, error) {
	var missing error
	n = logical.TransformExprs(n, func(e expr.Expr) expr.Expr {
		return expr.Transform(e, func(x expr.Expr) expr.Expr {
			p, ok := x.(*expr.Param)
			if !ok {
				return x
			}
			if p.N > len(vals) {
				missing = sqlerr.New(sqlerr.UndefinedParameter, "there is no parameter $%d", p.N).At(p.At)
				return x
			}
			t := p.Typ
			if t.Kind == types.Unknown && p.N <= len(ts) {
				t = types.Of(types.Text)
			}
			return &expr.Const{Typ: t, Val: vals[p.N-1], At: p.At}
		})
	})
	return n, missing
}

func lowerOptions(env *Env, est *stats.Estimator) physical.Options {
	s := env.Session
	o := physical.Options{
		Nodes:     max(env.Nodes, 1),
		NoBind:    !boolSetting(s, "bind_joins", true),
		BindRows:  intSetting(s, "bind_rows_max"),
		BindBatch: int(intSetting(s, "bind_batch")),
		NoDynamic: !boolSetting(s, "dynamic_filters", true),
		NoPartial: !boolSetting(s, "partial_aggregation", true),
		Functions: env.Functions,
		RowsOf:    est.Rows,
	}
	switch s.Settings["join_distribution"] {
	case "broadcast":
		o.Joins = physical.Broadcast
	case "partitioned":
		o.Joins = physical.Partitioned
	}
	return o
}

func boolSetting(s *spi.Session, name string, def bool) bool {
	v, ok := s.Settings[name]
	if !ok {
		return def
	}
	switch strings.ToLower(v) {
	case "on", "true", "yes", "1":
		return true
	}
	return false
}

func intSetting(s *spi.Session, name string) int64 {
	i, _ := strconv.ParseInt(s.Settings[name], 10, 64)
	return i
}

func disabled(s *spi.Session) []string {
	var out []string
	for _, r := range strings.Split(s.Settings["disabled_rules"], ",") {
		if r = strings.TrimSpace(r); r != "" {
			out = append(out, r)
		}
	}
	return out
}

// writeOf describes the write of a plan, nil for a query.
func writeOf(r *analyzer.Result, root plan.Node) *fragment.Write {
	var w *logical.Write
	logical.Walk(r.Node, func(n logical.Node) bool {
		if x, ok := n.(*logical.Write); ok {
			w = x
		}
		return w == nil
	})
	if w == nil {
		return nil
	}
	out := &fragment.Write{Conn: w.Conn, Catalog: w.Catalog, Version: w.Version, Spec: w.Spec, Tag: tags[r.Kind]}
	plan.Walk(root, func(n plan.Node) {
		if x, ok := n.(*plan.Write); ok {
			out.Node = x.ID()
		}
	})
	return out
}

var tags = map[analyzer.Kind]string{
	analyzer.Insert: "INSERT 0", analyzer.Update: "UPDATE", analyzer.Delete: "DELETE", analyzer.CreateTableAs: "SELECT",
}
