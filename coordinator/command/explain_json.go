package command

import (
	"encoding/json"
	"time"

	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/planner/fragment"
)

// planNode is a node of EXPLAIN (FORMAT JSON), with PostgreSQL's names, which
// plan viewers know.
type planNode struct {
	Type    string      `json:"Node Type"`
	Detail  string      `json:"Detail,omitempty"`
	Cost    float64     `json:"Total Cost"`
	Startup float64     `json:"Startup Cost"`
	Rows    float64     `json:"Plan Rows"`
	Width   int         `json:"Plan Width"`
	Actual  *int64      `json:"Actual Rows,omitempty"`
	Time    *float64    `json:"Actual Total Time,omitempty"`
	Loops   *int        `json:"Actual Loops,omitempty"`
	Memory  int64       `json:"Peak Memory,omitempty"`
	Spilled int64       `json:"Spilled Bytes,omitempty"`
	Plans   []*planNode `json:"Plans,omitempty"`
}

// planJSON prints a plan as JSON.
func planJSON(p *fragment.Plan, m *measured) string {
	top := map[string]any{"Plan": nodeJSON(p.Root, m)}
	if m != nil {
		top["Planning Time"] = float64(m.planning) / float64(time.Millisecond)
		top["Execution Time"] = float64(m.running) / float64(time.Millisecond)
	}
	b, err := json.MarshalIndent([]any{top}, "", "  ")
	if err != nil { // the parts are numbers and strings
		return "[]"
	}
	return string(b)
}

func nodeJSON(n plan.Node, m *measured) *planNode {
	word, detail := n.Label(), ""
	for i := range word {
		if word[i] == ' ' {
			word, detail = word[:i], word[i+1:]
			break
		}
	}
	out := &planNode{Type: word, Detail: detail, Rows: max(estimate(n), 0)}
	for _, t := range n.Types() {
		out.Width += max(t.Phys().Size(), 8)
	}
	plan.Walk(n, func(n plan.Node) { out.Cost += max(estimate(n), 0) / 100 })
	if m != nil {
		if s, ok := m.nodes[n.ID()]; ok {
			one, took := 1, float64(s.WallNanos)/float64(time.Millisecond)
			out.Actual, out.Time, out.Loops = &s.RowsOut, &took, &one
			out.Memory, out.Spilled = s.MemoryPeak, s.SpilledBytes
		}
	}
	for _, in := range n.Inputs() {
		out.Plans = append(out.Plans, nodeJSON(in, m))
	}
	return out
}
