package rules_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-sql/muster/connectors/catalog"
	"github.com/muster-sql/muster/connectors/memory"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/connectors/tpch"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/parser"
	"github.com/muster-sql/muster/planner/analyzer"
	"github.com/muster-sql/muster/planner/logical"
	"github.com/muster-sql/muster/planner/optimizer"
	"github.com/muster-sql/muster/planner/optimizer/rules"
	"github.com/muster-sql/muster/planner/stats"
)

var rewrite = flag.Bool("rewrite", false, "write what the rules give into testdata; read the difference")

// tables are what testdata queries: t, u and v of catalog memory, and tpch.
func catalogs(t *testing.T) *catalog.Set {
	t.Helper()
	ctx, s := context.Background(), &spi.Session{}
	m, err := memory.Factory().Open(ctx, "memory", nil, spi.Env{Pool: page.Unaccounted{}})
	if err != nil {
		t.Fatal(err)
	}
	column := func(name string, k types.Kind) spi.Column { return spi.Column{Name: name, Type: types.Of(k)} }
	for name, cols := range map[string][]spi.Column{
		"t": {column("a", types.Int32), column("b", types.Int32), column("c", types.Text)},
		"u": {column("x", types.Int32), column("y", types.Int32), column("z", types.Text)},
		"v": {column("l", types.Text), column("k", types.Int32), {Name: "n", Type: types.Of(types.Int32), NotNull: true}},
	} {
		if err := m.Caps().DDL.CreateTable(ctx, s, &spi.Table{Name: spi.Name{Schema: "public", Table: name}, Columns: cols}, false, nil); err != nil {
			t.Fatal(err)
		}
	}
	h, err := tpch.Factory().Open(ctx, "tpch", spi.Config{"sf": "1"}, spi.Env{})
	if err != nil {
		t.Fatal(err)
	}
	set := catalog.NewSet()
	set.Put(catalog.Key{Name: "memory", Version: 1}, m)
	set.Put(catalog.Key{Name: "tpch", Version: 1}, h)
	return set
}

// TestRulesGiveTheTreesOfTestdata runs all phases over the queries of testdata.
// A case is `opt expect=Rule expect-not=Rule disable=Rule`, a query, ----, and the
// tree that must come out.
func TestRulesGiveTheTreesOfTestdata(t *testing.T) {
	files, err := filepath.Glob("testdata/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	set := catalogs(t)
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			out := runFile(t, string(text), set)
			if *rewrite {
				if err := os.WriteFile(f, []byte(out), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if !bytes.Equal(text, []byte(out)) {
				t.Errorf("%s differs; got\n%s", f, out)
			}
		})
	}
}

// runFile returns the file as it should be.
func runFile(t *testing.T, text string, set *catalog.Set) string {
	var b strings.Builder
	for i, block := range strings.Split(strings.TrimRight(text, "\n"), "\n\n") {
		if i > 0 {
			b.WriteString("\n")
		}
		head, _, found := strings.Cut(block, "\n----\n")
		if !found {
			head = strings.TrimSuffix(block, "\n----")
		}
		b.WriteString(head + "\n----\n" + runCase(t, head, set))
	}
	return b.String()
}

func runCase(t *testing.T, head string, set *catalog.Set) string {
	var options []string
	var sql []string
	for _, line := range strings.Split(head, "\n") {
		switch {
		case strings.HasPrefix(line, "#"):
		case options == nil:
			options = strings.Fields(line)
		default:
			sql = append(sql, line)
		}
	}
	query := strings.Join(sql, "\n")
	tree, fired, err := optimize(query, options, set)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	for _, o := range options[1:] {
		what, rule, _ := strings.Cut(o, "=")
		if what == "expect" && !fired[rule] || what == "expect-not" && fired[rule] {
			t.Errorf("%s: %s does not hold", query, o)
		}
	}
	return tree
}

func optimize(query string, options []string, set *catalog.Set) (string, map[string]bool, error) {
	ctx, ids := context.Background(), &logical.IDs{}
	s := &spi.Session{Catalog: "memory"}
	stmt, err := parser.Parse(query)
	if err != nil {
		return "", nil, err
	}
	r, err := analyzer.Analyze(ctx, stmt, &analyzer.Env{Session: s, Catalogs: set, Functions: functions.Builtins(), IDs: ids, Parse: parser.Parse, ParseExpr: parser.ParseExpr})
	if err != nil {
		return "", nil, err
	}
	var disabled []string
	for _, o := range options {
		if rule, ok := strings.CutPrefix(o, "disable="); ok {
			disabled = append(disabled, rule)
		}
	}
	items := make([]logical.Item, len(r.Columns))
	for i, c := range r.Columns {
		items[i] = logical.Item{Col: c, Expr: c.Ref()}
	}
	env := &rules.Env{Session: s, Functions: functions.Builtins(), IDs: ids, Stats: stats.New(ctx, s)}
	n, traces, err := optimizer.Run(ctx, optimizer.Phases(), env, &logical.Project{In: r.Node, Items: items}, optimizer.Options{Disabled: disabled})
	if err != nil {
		return "", nil, err
	}
	if err := logical.Validate(n); err != nil {
		return "", nil, fmt.Errorf("%w\n%s", err, logical.Format(n, nil))
	}
	fired := map[string]bool{}
	for _, tr := range traces {
		if tr.Fired > 0 {
			fired[tr.Rule] = true
		}
	}
	return logical.Format(n, nil), fired, nil
}

func TestEveryRuleHasTestdata(t *testing.T) {
	text := ""
	files, _ := filepath.Glob("testdata/*")
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text += string(b)
	}
	for _, p := range optimizer.Phases() {
		for _, r := range p.Rules {
			if !strings.Contains(text, "expect="+r.Name()) {
				t.Errorf("no case expects %s", r.Name())
			}
		}
	}
}
