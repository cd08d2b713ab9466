package plan

import (
	"fmt"
	"strings"

	"github.com/muster-sql/muster/connectors/spi/expr"
)

var (
	joinNames     = [...]string{"Inner", "Left", "Right", "Full", "Semi", "Anti", "Mark", "RightSemi", "RightAnti"}
	distNames     = [...]string{"local", "broadcast", "partitioned", "late", "bind"}
	exchangeNames = [...]string{"Gather", "Hash", "Broadcast", "RoundRobin", "LateBound"}
	stepNames     = [...]string{"", "Partial", "Final"}
)

// String returns the word that EXPLAIN prints.
func (k JoinKind) String() string { return joinNames[k] }

// String returns the word that EXPLAIN prints.
func (d JoinDist) String() string { return distNames[d] }

// String returns the word that EXPLAIN prints.
func (k ExchangeKind) String() string { return exchangeNames[k] }

// Label implements Node.
func (n *Scan) Label() string {
	s := fmt.Sprintf("Scan %s.%s [%s]", n.Source.Catalog, n.Source.Table, names(n.Out))
	if n.Source.Detail != "" {
		s += " {" + n.Source.Detail + "}"
	}
	if n.Source.Filter != nil {
		s += " filter " + expr.Format(n.Source.Filter)
	}
	if n.Source.Limit >= 0 && n.Source.Limit < 1<<62 {
		s += fmt.Sprintf(" limit %d a split", n.Source.Limit)
	}
	for _, d := range n.Dyn {
		s += fmt.Sprintf(" dynamic %s = %s", n.Out[d.Col].Name, d.Filter)
	}
	return s
}

// Label implements Node.
func (n *Values) Label() string { return fmt.Sprintf("Values %d rows", len(n.Rows)) }

// Label implements Node.
func (n *Series) Label() string { return "Series" }

// Label implements Node.
func (n *Filter) Label() string { return "Filter " + expr.Format(n.Pred) }

// Label implements Node.
func (n *Project) Label() string {
	parts := make([]string, len(n.Exprs))
	for i, e := range n.Exprs {
		parts[i] = expr.Format(e)
	}
	return "Project [" + strings.Join(parts, ", ") + "]"
}

// Label implements Node.
func (n *Limit) Label() string {
	return partial(n.Partial) + "Limit " + bounds(n.N, n.Offset)
}

// Label implements Node.
func (n *Sort) Label() string {
	name := "Sort"
	if n.N >= 0 {
		name = "TopN " + bounds(n.N, n.Offset)
	}
	return partial(n.Partial) + name + " by " + keys(n.Keys, n.In.(interface{ Columns() []Column }).Columns())
}

// Label implements Node.
func (n *Aggregate) Label() string {
	in := n.In.(interface{ Columns() []Column }).Columns()
	parts := make([]string, len(n.Calls))
	for i, c := range n.Calls {
		parts[i] = c.label(in)
	}
	s := strings.TrimSpace(stepNames[n.Step] + " Aggregate")
	if len(n.Groups) > 0 {
		s += " by [" + cols(n.Groups, in) + "]"
	}
	return s + " [" + strings.Join(parts, ", ") + "]"
}

func (c AggCall) label(in []Column) string {
	s := c.Fn + "("
	if c.Distinct {
		s += "DISTINCT "
	}
	s += cols(c.Args, in) + ")"
	if c.Filter >= 0 {
		s += " filter " + in[c.Filter].Name
	}
	return s
}

// Label implements Node.
func (n *Join) Label() string {
	l := n.L.(interface{ Columns() []Column }).Columns()
	r := n.R.(interface{ Columns() []Column }).Columns()
	s := n.Kind.String() + " Join"
	if len(n.LKeys) == 0 {
		s += " nested loop"
	}
	for i := range n.LKeys {
		if i == 0 {
			s += " on "
		} else {
			s += " and "
		}
		s += l[n.LKeys[i]].Name + " = " + r[n.RKeys[i]].Name
	}
	if n.Residual != nil {
		s += " where " + expr.Format(n.Residual)
	}
	s += " (" + n.Dist.String() + ")"
	for _, d := range n.Dyn {
		s += " publishes " + d.Filter
	}
	return s
}

// Label implements Node.
func (n *LookupJoin) Label() string {
	return fmt.Sprintf("Bind Join %s into %s.%s in batches of %d", n.Kind, n.Source.Catalog, n.Source.Table, n.BatchMax)
}

// Label implements Node.
func (n *Union) Label() string { return "Union" }

// Label implements Node.
func (n *Unnest) Label() string { return "Unnest" }

// Label implements Node.
func (n *SingleRow) Label() string { return "SingleRow" }

// Label implements Node.
func (n *Exchange) Label() string {
	s := n.Kind.String() + " Exchange"
	if n.Kind == Hash {
		s += " by [" + cols(n.Cols, n.Out) + "]"
	}
	if n.Merge != nil {
		s += " merging " + keys(n.Merge, n.Out)
	}
	return s
}

// Label implements Node.
func (n *Remote) Label() string {
	s := fmt.Sprintf("Remote stage %d", n.Stage)
	if n.Merge != nil {
		s += " merging " + keys(n.Merge, n.Out)
	}
	return s
}

// Label implements Node.
func (n *Write) Label() string {
	return fmt.Sprintf("Write %s.%s {%s}", n.Target.Catalog, n.Target.Table, n.Target.Detail)
}

// Label implements Node.
func (n *AssignID) Label() string { return "AssignID" }

// Format prints a tree, one node a line, with suffix appended to each line.
func Format(n Node, suffix func(Node) string) string {
	var b strings.Builder
	format(&b, n, "", "", suffix)
	return b.String()
}

func format(b *strings.Builder, n Node, first, rest string, suffix func(Node) string) {
	b.WriteString(first + n.Label())
	if suffix != nil {
		b.WriteString(suffix(n))
	}
	b.WriteByte('\n')
	in := n.Inputs()
	for i, c := range in {
		if i == len(in)-1 {
			format(b, c, rest+"└── ", rest+"    ", suffix)
		} else {
			format(b, c, rest+"├── ", rest+"│   ", suffix)
		}
	}
}

func partial(p bool) string {
	if p {
		return "Partial "
	}
	return ""
}

func bounds(n, offset int64) string {
	s := "all"
	if n >= 0 {
		s = fmt.Sprint(n)
	}
	if offset > 0 {
		s += fmt.Sprintf(" offset %d", offset)
	}
	return s
}

func names(cs []Column) string {
	parts := make([]string, len(cs))
	for i, c := range cs {
		parts[i] = c.Name
	}
	return strings.Join(parts, ", ")
}

func cols(idx []int, in []Column) string {
	parts := make([]string, len(idx))
	for i, c := range idx {
		parts[i] = in[c].Name
	}
	return strings.Join(parts, ", ")
}

func keys(ks []SortKey, in []Column) string {
	parts := make([]string, len(ks))
	for i, k := range ks {
		parts[i] = in[k.Col].Name
		if k.Desc {
			parts[i] += " desc"
		}
		if k.NullsFirst != k.Desc {
			parts[i] += map[bool]string{true: " nulls first", false: " nulls last"}[k.NullsFirst]
		}
	}
	return strings.Join(parts, ", ")
}
