package logical

import (
	"fmt"
	"strings"

	"github.com/muster-sql/muster/connectors/spi/expr"
)

var (
	joinNames  = [...]string{"Inner", "Left", "Right", "Full", "Semi", "Anti", "Mark"}
	applyNames = [...]string{"Inner", "Left", "Mark"}
	setNames   = [...]string{"Union", "Intersect", "Except"}
)

// String returns the word that EXPLAIN prints.
func (k JoinKind) String() string { return joinNames[k] }

// String returns the word that EXPLAIN prints.
func (k ApplyKind) String() string { return applyNames[k] }

// String returns the word that EXPLAIN prints.
func (k SetKind) String() string { return setNames[k] }

// Label implements Node.
func (n *Scan) Label() string {
	s := fmt.Sprintf("Scan %s.%s [%s]", n.Source.Catalog, n.Source.Table, names(n.Cols))
	if n.Alias != "" && n.Alias != n.Source.Table.Table {
		s = fmt.Sprintf("Scan %s.%s %s [%s]", n.Source.Catalog, n.Source.Table, n.Alias, names(n.Cols))
	}
	if n.Source.Detail != "" {
		s += " {" + n.Source.Detail + "}"
	}
	if n.Source.Filter != nil {
		s += " filter " + expr.Format(n.Source.Filter)
	}
	if n.Source.Limit >= 0 {
		s += fmt.Sprintf(" limit %d a split", n.Source.Limit)
	}
	return s
}

// Label implements Node.
func (n *Values) Label() string {
	if len(n.Rows) > 3 || len(n.Cols) == 0 {
		return fmt.Sprintf("Values [%s] %d rows", names(n.Cols), len(n.Rows))
	}
	rows := make([]string, len(n.Rows))
	for i, r := range n.Rows {
		rows[i] = "(" + list(r) + ")"
	}
	return "Values [" + names(n.Cols) + "] " + strings.Join(rows, ", ")
}

// Label implements Node.
func (n *Series) Label() string { return "Series " + n.Col.Name + " (" + list(n.Args) + ")" }

// Label implements Node.
func (n *Filter) Label() string { return "Filter " + expr.Format(n.Pred) }

// Label implements Node.
func (n *Project) Label() string {
	parts := make([]string, len(n.Items))
	for i, it := range n.Items {
		parts[i] = expr.Format(it.Expr)
		if c, ok := it.Expr.(*expr.Column); (!ok || c.Name != it.Col.Name) && it.Col.Name != "" && it.Col.Name != "?column?" {
			parts[i] = it.Col.Name + ": " + parts[i]
		}
	}
	return "Project [" + strings.Join(parts, ", ") + "]"
}

// Label implements Node.
func (n *Aggregate) Label() string {
	s := "Aggregate"
	if len(n.Groups) > 0 {
		g := make([]Col, len(n.Groups))
		for i := range g {
			g[i] = n.Groups[i].Col
		}
		s += " by [" + names(g) + "]"
	}
	if n.Sets != nil {
		s += fmt.Sprintf(" sets %v", n.Sets)
	}
	return s + " [" + callList(n.Calls) + "]"
}

func callList(calls []Call) string {
	parts := make([]string, len(calls))
	for i := range calls {
		parts[i] = calls[i].String()
	}
	return strings.Join(parts, ", ")
}

// String prints the call as SQL.
func (c *Call) String() string {
	s := c.Fn + "("
	if c.Distinct {
		s += "DISTINCT "
	}
	s += list(c.Args)
	if c.Fn == "count" && len(c.Args) == 0 {
		s += "*"
	}
	for i, o := range c.Order {
		if i == 0 {
			s += " ORDER BY "
		} else {
			s += ", "
		}
		s += expr.Format(o.Expr)
		if o.Desc {
			s += " DESC"
		}
	}
	s += ")"
	if c.Filter != nil {
		s += " FILTER (WHERE " + expr.Format(c.Filter) + ")"
	}
	return s
}

// Label implements Node.
func (n *Join) Label() string {
	s := n.Kind.String() + " Join"
	if n.Kind == Inner && n.On == nil {
		s = "Cross Join"
	}
	if n.NullAware {
		s += " null-aware"
	}
	return s + on(n.On)
}

func on(e expr.Expr) string {
	if e == nil {
		return ""
	}
	return " on " + expr.Format(e)
}

// Label implements Node.
func (n *Apply) Label() string {
	s := n.Kind.String() + " Apply"
	if n.NullAware {
		s += " null-aware"
	}
	return s + on(n.On)
}

// Label implements Node.
func (n *Sort) Label() string { return "Sort by " + keys(n.Keys, n.In) }

// Label implements Node.
func (n *TopN) Label() string { return "TopN " + bounds(n.N, n.Offset) + " by " + keys(n.Keys, n.In) }

// Label implements Node.
func (n *Limit) Label() string {
	s := "Limit " + bounds(n.N, n.Offset)
	if n.Count != nil || n.Skip != nil {
		s = "Limit " + expr.Format(n.Count) + " offset " + expr.Format(n.Skip)
	}
	if n.WithTies {
		s += " with ties by " + keys(n.Keys, n.In)
	}
	return s
}

// Label implements Node.
func (n *Distinct) Label() string {
	if n.On == nil {
		return "Distinct"
	}
	parts := make([]string, len(n.On))
	for i, id := range n.On {
		parts[i] = colName(id, n.In)
	}
	return "Distinct on [" + strings.Join(parts, ", ") + "] by " + keys(n.Keys, n.In)
}

// Label implements Node.
func (n *SetOp) Label() string {
	s := n.Kind.String()
	if n.All {
		s += " All"
	}
	return s + " [" + names(n.Cols) + "]"
}

// Label implements Node.
func (n *SingleRow) Label() string { return "SingleRow" }

// Label implements Node.
func (n *Unnest) Label() string {
	s := "Unnest [" + list(n.Lists) + "]"
	if n.Ordinality != nil {
		s += " with ordinality"
	}
	if n.Outer {
		s = "Outer " + s
	}
	return s
}

// Label implements Node.
func (n *Window) Label() string {
	calls := make([]Call, len(n.Calls))
	for i := range calls {
		calls[i] = n.Calls[i].Call
	}
	return "Window [" + callList(calls) + "]"
}

// Label implements Node.
func (n *Write) Label() string {
	return fmt.Sprintf("Write %s.%s", n.Catalog, n.Spec.Table.Name)
}

// Label implements Node.
func (n *AssignID) Label() string { return "AssignID " + n.Col.Name }

// Label implements Node.
func (n *SharedRef) Label() string { return fmt.Sprintf("Shared %s#%d", n.Plan.Name, n.Plan.Seq) }

// Format prints a tree, one node a line; suffix, when not nil, is appended to each line.
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

func list(es []expr.Expr) string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = expr.Format(e)
	}
	return strings.Join(parts, ", ")
}

func names(cs []Col) string {
	parts := make([]string, len(cs))
	for i, c := range cs {
		parts[i] = c.Name
	}
	return strings.Join(parts, ", ")
}

func colName(id int, in Node) string {
	if c, ok := Find(in.Schema(), id); ok && c.Name != "" {
		return c.Name
	}
	return fmt.Sprintf("#%d", id)
}

func keys(ks []SortKey, in Node) string {
	parts := make([]string, len(ks))
	for i, k := range ks {
		parts[i] = colName(k.Col, in)
		if k.Desc {
			parts[i] += " desc"
		}
		switch {
		case k.NullsFirst && !k.Desc:
			parts[i] += " nulls first"
		case !k.NullsFirst && k.Desc:
			parts[i] += " nulls last"
		}
	}
	return strings.Join(parts, ", ")
}
