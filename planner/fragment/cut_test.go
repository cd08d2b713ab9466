package fragment_test

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
	"github.com/muster-sql/muster/connectors/tpch"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/parser"
	"github.com/muster-sql/muster/planner"
	"github.com/muster-sql/muster/planner/fragment"
	"github.com/muster-sql/muster/tests/services"
)

var rewrite = flag.Bool("rewrite", false, "write what Cut gives into testdata; read the difference")

var widths = [...]string{"source", "hashed", "single", "pinned"}

func env(t *testing.T, nodes int) *planner.Env {
	t.Helper()
	set := catalog.NewSet()
	for name, f := range map[string]spi.Factory{"tpch": tpch.Factory(), "memory": memory.Factory()} {
		config := spi.Config{}
		if name == "tpch" {
			config["sf"] = "1"
		}
		c, err := f.Open(context.Background(), name, config, spi.Env{Pool: page.Unaccounted{}})
		if err != nil {
			t.Fatal(err)
		}
		set.Put(catalog.Key{Name: name, Version: 1}, c)
	}
	return &planner.Env{Session: &spi.Session{Catalog: "tpch"}, Catalogs: set, Parse: parser.Parse, ParseExpr: parser.ParseExpr, Nodes: nodes}
}

func planned(t *testing.T, sql string, nodes int) *fragment.Plan {
	t.Helper()
	stmt, err := parser.Parse(sql)
	if err != nil {
		t.Fatal(err)
	}
	p, err := planner.Plan(context.Background(), stmt, env(t, nodes))
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return p
}

// TestCutGivesTheStagesOfTestdata cuts the plans of testdata. A case is `cut
// nodes=N decide=D`, a query, ----, and the stages: first those before the late
// joins are decided, then all.
func TestCutGivesTheStagesOfTestdata(t *testing.T) {
	files, err := filepath.Glob("testdata/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for i, block := range strings.Split(strings.TrimRight(string(text), "\n"), "\n\n") {
			if i > 0 {
				b.WriteString("\n")
			}
			head, _, _ := strings.Cut(block+"\n", "\n----\n")
			line, sql, _ := strings.Cut(head, "\n")
			nodes, decide := 1, plan.DistBroadcast
			for _, o := range strings.Fields(line)[1:] {
				switch k, v, _ := strings.Cut(o, "="); k {
				case "nodes":
					fmt.Sscan(v, &nodes)
				case "decide":
					decide = map[string]plan.JoinDist{"broadcast": plan.DistBroadcast, "partitioned": plan.DistPartitioned}[v]
				}
			}
			b.WriteString(head + "\n----\n")
			p := planned(t, sql, nodes)
			first := fragment.Cut(p.Root, nil, nodes)
			if first.Root == 0 {
				b.WriteString("-- undecided\n" + stagesText(first))
			}
			b.WriteString("-- all\n" + stagesText(decideAll(t, p, nodes, func(fragment.Late) plan.JoinDist { return decide })))
		}
		if *rewrite {
			if err := os.WriteFile(f, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if !bytes.Equal(text, []byte(b.String())) {
			t.Errorf("%s differs; got\n%s", f, b.String())
		}
	}
}

func stagesText(s fragment.Stages) string {
	var b strings.Builder
	for _, st := range s.Stages {
		fmt.Fprintf(&b, "stage %d %s gives %s%v to %d", st.ID, widths[st.Width], st.Output, st.OutputCols, st.Consumer)
		if st.Join != 0 {
			fmt.Fprintf(&b, " for join %d", st.Join)
		}
		b.WriteString("\n")
		for _, line := range strings.Split(strings.TrimRight(plan.Format(st.Root, nil), "\n"), "\n") {
			b.WriteString("  " + line + "\n")
		}
	}
	return b.String()
}

// decideAll decides the joins one after another, as the scheduler does, and
// checks each cut.
func decideAll(t *testing.T, p *fragment.Plan, nodes int, how func(fragment.Late) plan.JoinDist) fragment.Stages {
	t.Helper()
	decided := map[plan.NodeID]plan.JoinDist{}
	seen := map[plan.StageID]bool{}
	for range 100 {
		s := fragment.Cut(p.Root, decided, nodes)
		check(t, s, seen)
		if s.Root != 0 {
			if len(s.Undecided) != 0 {
				t.Fatalf("a complete cut leaves %v undecided", s.Undecided)
			}
			return s
		}
		if len(s.Undecided) == 0 {
			t.Fatalf("nothing is undecided, but there is no root:\n%s", stagesText(s))
		}
		decided[s.Undecided[0].Join] = how(s.Undecided[0])
	}
	t.Fatal("cutting does not end")
	return fragment.Stages{}
}

// check asserts what the scheduler relies on: stages that were there stay,
// producers come first, every Remote names a producer.
func check(t *testing.T, s fragment.Stages, seen map[plan.StageID]bool) {
	t.Helper()
	here := map[plan.StageID]bool{}
	nodes := map[plan.NodeID]plan.StageID{}
	for _, st := range s.Stages {
		if here[st.ID] {
			t.Errorf("stage %d is there twice", st.ID)
		}
		here[st.ID] = true
		plan.Walk(st.Root, func(n plan.Node) {
			if other, ok := nodes[n.ID()]; ok {
				t.Errorf("node %d is in stages %d and %d", n.ID(), other, st.ID)
			}
			nodes[n.ID()] = st.ID
			if r, ok := n.(*plan.Remote); ok && (!here[r.Stage] || r.Stage == st.ID) {
				t.Errorf("stage %d reads stage %d, which is not before it", st.ID, r.Stage)
			}
			if x, ok := n.(*plan.Exchange); ok {
				t.Errorf("stage %d holds %s", st.ID, x.Label())
			}
		})
		if _, err := plan.Encode(st.Root); err != nil {
			t.Errorf("stage %d cannot be encoded: %v", st.ID, err)
		}
	}
	for id := range seen {
		if !here[id] {
			t.Errorf("stage %d is gone", id)
		}
	}
	for id := range here {
		seen[id] = true
	}
}

func TestEveryTPCHQueryIsCutUnderAllDecisions(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(services.NeedCorpora(t, "bench", "tpch", "queries"), "*.sql"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, nodes := range []int{1, 3} {
			p := planned(t, string(text), nodes)
			turn := 0
			for _, how := range []func(fragment.Late) plan.JoinDist{
				func(fragment.Late) plan.JoinDist { return plan.DistBroadcast },
				func(fragment.Late) plan.JoinDist { return plan.DistPartitioned },
				func(fragment.Late) plan.JoinDist { turn++; return plan.JoinDist(1 + turn%2) },
			} {
				s := decideAll(t, p, nodes, how)
				if nodes == 1 && len(s.Stages) != 1 {
					t.Errorf("%s: %d stages on one node", f, len(s.Stages))
				}
			}
		}
	}
}
