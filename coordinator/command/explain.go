package command

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/coordinator/session"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/exec/rpc"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner"
	"github.com/muster-sql/muster/planner/fragment"
	"github.com/muster-sql/muster/planner/logical"
)

var planColumns = textColumns("QUERY PLAN")

// explaining is what EXPLAIN is asked for.
type explaining struct {
	analyze, verbose, pushdown, rules, logical, json bool
}

func readExplain(e *ast.Explain) (explaining, error) {
	x := explaining{analyze: e.Analyze, verbose: e.Verbose}
	for _, o := range e.Options {
		name := strings.ToLower(settingName(o.Name))
		text, _ := o.Text()
		text = strings.ToLower(text)
		on := text != "false" && text != "off" && text != "0"
		switch name {
		case "pushdown":
			x.pushdown = on
		case "rules":
			x.rules = on
		case "logical":
			x.logical = on
		case "format":
			switch text {
			case "text":
			case "json":
				x.json = true
			default:
				return x, sqlerr.Unsupported("EXPLAIN format is not supported: %s", text).At(o.At()).WithHint("Use FORMAT TEXT or FORMAT JSON.")
			}
		case "costs", "buffers", "timing", "summary", "settings", "wal", "generic_plan", "memory", "serialize":
		default:
			return x, sqlerr.New(sqlerr.SyntaxError, "unrecognized EXPLAIN option \"%s\"", name).At(o.At())
		}
	}
	return x, nil
}

// explain carries out EXPLAIN.
func (c *call) explain(e *ast.Explain) (session.Result, error) {
	x, err := readExplain(e)
	if err != nil {
		return nil, err
	}
	st := e.Statement
	if p, ok := st.(*ast.Execute); ok {
		if st, err = c.explainPrepared(p); err != nil {
			return nil, err
		}
	}
	switch st.(type) {
	case *ast.Query:
	case *ast.Insert, *ast.Update, *ast.Delete, *ast.Merge, *ast.CreateTableAs:
		if x.analyze {
			if err := c.s.CheckWrite(commandOf(st)); err != nil {
				return nil, err
			}
		}
	default:
		return nil, sqlerr.Unsupported("EXPLAIN is for queries and statements that write").At(st.At())
	}
	var lines []string
	if x.analyze {
		lines, err = c.analyzed(st, x)
	} else {
		lines, err = c.planned(st, x)
	}
	if err != nil {
		return nil, err
	}
	return c.giveText("EXPLAIN", planColumns, single(lines))
}

// explainPrepared gives the arguments of an EXECUTE to what follows.
func (c *call) explainPrepared(e *ast.Execute) (ast.Statement, error) {
	p, err := c.s.Prepared(e.Name.Text)
	if err != nil {
		return nil, err
	}
	if len(e.Args) != len(p.Params) {
		return nil, sqlerr.New(sqlerr.SyntaxError, "wrong number of parameters for prepared statement \"%s\"", p.Name).At(e.At())
	}
	c.args = session.Args{Types: p.Params}
	if len(e.Args) > 0 {
		if c.args.Values, err = c.evaluate(e.Args, p.Params); err != nil {
			return nil, err
		}
	}
	return p.Statement.AST, nil
}

// planned plans a statement and prints the plan.
func (c *call) planned(st ast.Statement, x explaining) ([]string, error) {
	s := c.s.ForStatement()
	nodes := c.r.o.Queries.Workers()
	env := c.env(s, c.args.Types, c.args.Values, nodes)
	defer c.release(env)
	p, err := planner.Plan(c.ctx, st, env)
	if err != nil {
		return nil, err
	}
	if p.Root == nil {
		return []string{"Nothing: the table exists"}, nil
	}
	return printPlan(p, x, nil), nil
}

// measured is what a statement took.
type measured struct {
	nodes             map[plan.NodeID]rpc.NodeStats
	decisions         map[plan.NodeID]plan.JoinDist
	rows              int64
	planning, running time.Duration
	memoryPeak        int64
	spilled           int64
}

// analyzed runs a statement, throws its rows away and prints what it took.
func (c *call) analyzed(st ast.Statement, x explaining) ([]string, error) {
	begin := c.r.o.Clock.Now()
	r, err := c.submit(st)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	started := c.r.o.Clock.Now()
	n, err := session.Drain(c.ctx, r)
	if err != nil {
		return nil, err
	}
	if r.Planned().Write != nil {
		n = r.Affected()
	}
	m := &measured{
		nodes: r.Stats(), decisions: r.Decisions(), rows: n, memoryPeak: r.Info().MemoryPeak, spilled: r.Spilled(),
		planning: started.Sub(begin), running: c.r.o.Clock.Now().Sub(started),
	}
	p := *r.plan
	p.Root = r.Planned().Root
	return printPlan(&p, x, m), nil
}

// printPlan prints a plan; m is nil for one that has not run.
func printPlan(p *fragment.Plan, x explaining, m *measured) []string {
	if x.json {
		return []string{planJSON(p, m)}
	}
	first := true
	text := plan.Format(p.Root, func(n plan.Node) string {
		out := estimates(n, first)
		first = false
		if m != nil {
			out += m.of(n, x.verbose)
		}
		return out
	})
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if m != nil {
		lines = append(lines, "Planning Time: "+millis(m.planning), "Execution Time: "+millis(m.running),
			fmt.Sprintf("Rows: %d", m.rows), "Peak Memory: "+bytesText(m.memoryPeak))
		if m.spilled > 0 {
			lines = append(lines, "Spilled to Disk: "+bytesText(m.spilled))
		}
	}
	if x.logical {
		lines = append(lines, "", "Logical plan:")
		lines = append(lines, strings.Split(strings.TrimRight(logical.Format(p.Logical, nil), "\n"), "\n")...)
	}
	if x.pushdown {
		lines = append(lines, pushdown(p.Logical)...)
	}
	if x.rules {
		lines = append(lines, "", "Rules:")
		for _, r := range p.Rules {
			if r.Fired > 0 {
				lines = append(lines, fmt.Sprintf("  %s / %s: fired %d times in %s", r.Phase, r.Rule, r.Fired, millis(time.Duration(r.Nanos))))
			}
		}
	}
	return lines
}

// estimates prints the planner's row count; the first line as PostgreSQL does,
// since tools read costs there.
func estimates(n plan.Node, first bool) string {
	est := estimate(n)
	if !first {
		if est < 0 {
			return ""
		}
		return fmt.Sprintf("  (rows=%.0f)", est)
	}
	cost, width := 0.0, 0
	plan.Walk(n, func(n plan.Node) { cost += max(estimate(n), 0) / 100 })
	for _, t := range n.Types() {
		width += max(t.Phys().Size(), 8)
	}
	return fmt.Sprintf("  (cost=0.00..%.2f rows=%.0f width=%d)", cost, max(est, 1), width)
}

func estimate(n plan.Node) float64 {
	if e, ok := n.(interface{ Estimate() float64 }); ok {
		return e.Estimate()
	}
	return -1
}

// of prints the counters of a node.
func (m *measured) of(n plan.Node, verbose bool) string {
	s, ok := m.nodes[n.ID()]
	if !ok {
		return "  (never executed)"
	}
	parts := []string{fmt.Sprintf("actual rows=%d", s.RowsOut), "time=" + millis(time.Duration(s.WallNanos))}
	add := func(name string, v int64) {
		if v != 0 {
			parts = append(parts, fmt.Sprintf("%s=%d", name, v))
		}
	}
	if s.BlockedNanos > int64(time.Millisecond) {
		parts = append(parts, "blocked="+millis(time.Duration(s.BlockedNanos)))
	}
	if s.MemoryPeak > 0 {
		parts = append(parts, "memory="+bytesText(s.MemoryPeak))
	}
	if s.SpilledBytes > 0 {
		parts = append(parts, "spilled="+bytesText(s.SpilledBytes))
	}
	if d, ok := m.decisions[n.ID()]; ok {
		parts = append(parts, "decided="+distName(d))
	}
	if verbose {
		add("input rows", s.RowsIn)
		add("pages", s.PagesOut)
	}
	scanCounters(s.Scan, add)
	for _, k := range slices.Sorted(keysOf(s.Extra)) {
		add(k, s.Extra[k])
	}
	return "  (" + strings.Join(parts, " ") + ")"
}

func keysOf(m map[string]int64) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func scanCounters(s spi.ScanStats, add func(string, int64)) {
	add("read rows", s.RowsRead)
	add("pruned rows", s.RowsPruned)
	add("dynamically filtered rows", s.FilteredByDyn)
	add("row groups read", s.GroupsRead)
	add("row groups pruned", s.GroupsPruned)
	add("pages pruned", s.PagesPruned)
	add("requests", s.Requests)
	add("bytes read", s.BytesRead)
}

func distName(d plan.JoinDist) string {
	switch d {
	case plan.DistBroadcast:
		return "broadcast"
	case plan.DistPartitioned:
		return "partitioned"
	case plan.DistBind:
		return "bind"
	case plan.DistLocal:
		return "local"
	}
	return "late"
}

func millis(d time.Duration) string {
	return fmt.Sprintf("%.3f ms", float64(d)/float64(time.Millisecond))
}

func bytesText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1fGiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1fMiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1fKiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%dB", n)
}

// pushdown reports what each source was asked to do and what it answered.
func pushdown(root logical.Node) []string {
	out := []string{"", "Pushdown:"}
	logical.Walk(root, func(n logical.Node) bool {
		s, ok := n.(*logical.Scan)
		if !ok {
			return true
		}
		out = append(out, fmt.Sprintf("  %s.%s", s.Source.Catalog, s.Source.Table))
		if s.Source.Detail != "" {
			out = append(out, "    remote: "+s.Source.Detail)
		}
		for _, p := range s.Pushed {
			line := fmt.Sprintf("    %s %s: %s", p.What, p.Part, takenName(p.Outcome.Taken))
			if p.Outcome.Reason != spi.ReasonNone {
				line += " (" + string(p.Outcome.Reason) + ")"
			}
			if p.Outcome.Note != "" {
				line += ": " + p.Outcome.Note
			}
			out = append(out, line)
		}
		return true
	})
	return out
}

func takenName(t spi.Taken) string {
	switch t {
	case spi.Exact:
		return "taken"
	case spi.PerSplit:
		return "taken per split"
	case spi.Superset:
		return "taken as a superset, checked again"
	}
	return "stays in the engine"
}
