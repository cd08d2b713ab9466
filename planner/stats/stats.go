// Package stats estimates the rows of logical trees and the values of their
// columns. The optimizer compares join orders with it, physical decides sides
// and EXPLAIN prints it. It asks connectors for statistics and knows no rules.
package stats

import (
	"context"
	"math"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/planner/logical"
)

// Guesses where nothing is known.
const (
	rowsUnknown     = 10_000 // of a table
	distinctUnknown = 0.1    // distinct values a row
	equalUnknown    = 0.05   // rows that an equality passes
	rangeUnknown    = 1.0 / 3
	likeContains    = 0.1
	likePrefix      = 0.05
	filterUnknown   = 0.3
	widthUnknown    = 16 // bytes a value
)

// Col is what is known of a column's values.
type Col struct {
	Distinct float64 // 0: unknown
	NullFrac float64
	Width    float64
	Min, Max *types.Value
	Type     types.Type
}

// Rel is an estimate of a relation.
type Rel struct {
	Rows  float64
	Cols  map[int]Col
	Known bool // it rests on statistics, not on guesses alone
}

// Estimator estimates trees and remembers what it found. It is not safe for
// concurrent use; one planning run uses it.
type Estimator struct {
	ctx     context.Context
	session *spi.Session
	memo    map[logical.Node]Rel
	tables  map[*spi.Table]*spi.TableStats
}

// New returns an estimator for one statement.
func New(ctx context.Context, s *spi.Session) *Estimator {
	return &Estimator{ctx: ctx, session: s, memo: map[logical.Node]Rel{}, tables: map[*spi.Table]*spi.TableStats{}}
}

// Rows estimates the number of rows.
func (e *Estimator) Rows(n logical.Node) float64 { return e.Of(n).Rows }

// Bytes estimates the size of the rows.
func (e *Estimator) Bytes(n logical.Node) float64 { return e.Rows(n) * e.Width(n) }

// Width estimates the bytes of a row.
func (e *Estimator) Width(n logical.Node) float64 {
	r := e.Of(n)
	w := 0.0
	for _, c := range n.Schema() {
		w += r.width(c)
	}
	return max(w, 1)
}

func (r Rel) width(c logical.Col) float64 {
	if s, ok := r.Cols[c.ID]; ok && s.Width > 0 {
		return s.Width
	}
	if size := c.Type.Phys().Size(); size > 0 && c.Type.Phys() != types.PhysView {
		return float64(size)
	}
	return widthUnknown
}

// Of estimates a relation.
func (e *Estimator) Of(n logical.Node) Rel {
	if r, ok := e.memo[n]; ok {
		return r
	}
	r := e.compute(n)
	if math.IsNaN(r.Rows) || r.Rows < 0 {
		r.Rows = 0
	}
	e.memo[n] = r
	return r
}

func (e *Estimator) compute(n logical.Node) Rel {
	switch n := n.(type) {
	case *logical.Scan:
		return e.scan(n)
	case *logical.Values:
		return values(n)
	case *logical.Filter:
		in := e.Of(n.In)
		return in.filtered(n.Pred)
	case *logical.Project:
		return e.project(n)
	case *logical.Aggregate:
		return e.aggregate(n)
	case *logical.Join:
		return e.join(n)
	case *logical.Apply:
		l, r := e.Of(n.L), e.Of(n.R)
		out := Rel{Rows: l.Rows * max(r.Rows, 1), Cols: both(l, r), Known: l.Known}
		if n.Kind == logical.ApplyMark {
			out.Rows = l.Rows
		}
		return out
	case *logical.TopN:
		return e.Of(n.In).limited(n.N)
	case *logical.Limit:
		return e.Of(n.In).limited(n.N)
	case *logical.Distinct:
		return e.distinct(n)
	case *logical.SetOp:
		return e.setOp(n)
	case *logical.SingleRow:
		in := e.Of(n.In)
		in.Rows = 1
		return in
	case *logical.Unnest:
		in := e.Of(n.In)
		in.Rows *= 5
		return in
	case *logical.Series:
		return Rel{Rows: seriesRows(n), Cols: map[int]Col{}, Known: true}
	case *logical.SharedRef:
		return Rel{Rows: e.Rows(n.Plan.In), Cols: map[int]Col{}}
	}
	if in := n.Inputs(); len(in) == 1 {
		return e.Of(in[0])
	}
	return Rel{Rows: rowsUnknown, Cols: map[int]Col{}}
}

func seriesRows(n *logical.Series) float64 {
	var v [3]float64
	v[2] = 1
	for i, a := range n.Args {
		c, ok := a.(*expr.Const)
		if !ok || !c.Typ.IsInteger() || i > 2 {
			return 1000
		}
		v[i] = float64(c.Val.I)
	}
	if v[2] == 0 {
		return 0
	}
	return max(math.Floor((v[1]-v[0])/v[2])+1, 0)
}

// Table returns the connector's statistics of a scan's table, nil when there
// are none; a source that does not answer has none.
func (e *Estimator) Table(n *logical.Scan) *spi.TableStats {
	if n.Conn == nil || n.Table == nil {
		return nil
	}
	if t, ok := e.tables[n.Table]; ok {
		return t
	}
	var t *spi.TableStats
	if s := n.Conn.Caps().Stats; s != nil {
		if got, err := s.Stats(e.ctx, e.session, n.Source.Snapshot, n.Table); err == nil {
			t = got
		}
	}
	e.tables[n.Table] = t
	return t
}

func (e *Estimator) scan(n *logical.Scan) Rel {
	r := Rel{Rows: rowsUnknown, Cols: map[int]Col{}}
	t := e.Table(n)
	if t != nil && t.Rows >= 0 {
		r.Rows, r.Known = t.Rows, true
	}
	for i, c := range n.Cols {
		col := Col{Type: c.Type}
		at := -1
		if i < len(n.Source.Columns) {
			at = n.Source.Columns[i]
		}
		if t != nil && at >= 0 && at < len(t.Columns) {
			s := t.Columns[at]
			col.Distinct, col.NullFrac, col.Width = max(s.Distinct, 0), max(s.NullFrac, 0), s.WidthMean
			col.Min, col.Max = s.Min, s.Max
		}
		if col.Distinct == 0 && n.Table != nil && at >= 0 && len(n.Table.PrimaryKey) == 1 && n.Table.PrimaryKey[0] == at {
			col.Distinct = r.Rows
		}
		r.Cols[c.ID] = col
	}
	if n.Source.Filter != nil {
		at := map[int]int{}
		for i, c := range n.Cols {
			at[i] = c.ID
		}
		r = r.filtered(expr.Remap(n.Source.Filter, at))
	} else if len(n.Source.Domain) > 0 || filterTaken(n) {
		r.Rows *= takenShare(n)
	}
	if n.Grouped {
		r.Rows = max(r.Rows*distinctUnknown, 1)
	}
	return r
}

// filterTaken reports whether the source took conditions that are not in the
// plan any more.
func filterTaken(n *logical.Scan) bool {
	for _, p := range n.Pushed {
		if p.What == "filter" && p.Outcome.Taken == spi.Exact {
			return true
		}
	}
	return false
}

func takenShare(n *logical.Scan) float64 {
	share := 1.0
	for _, p := range n.Pushed {
		if p.What == "filter" && p.Outcome.Taken == spi.Exact {
			share *= filterUnknown
		}
	}
	return share
}

func values(n *logical.Values) Rel {
	r := Rel{Rows: float64(len(n.Rows)), Cols: map[int]Col{}, Known: true}
	for k, c := range n.Cols {
		seen := map[string]bool{}
		for _, row := range n.Rows {
			seen[expr.Format(row[k])] = true
		}
		r.Cols[c.ID] = Col{Distinct: float64(len(seen)), Type: c.Type}
	}
	return r
}

func (e *Estimator) project(n *logical.Project) Rel {
	in := e.Of(n.In)
	out := Rel{Rows: in.Rows, Cols: map[int]Col{}, Known: in.Known}
	for _, it := range n.Items {
		out.Cols[it.Col.ID] = in.of(it.Expr)
	}
	return out
}

// of describes the values of an expression.
func (r Rel) of(e expr.Expr) Col {
	switch x := e.(type) {
	case *expr.Column:
		return r.Cols[x.Index]
	case *expr.Const:
		return Col{Distinct: 1, Type: x.Typ}
	case *expr.Cast:
		c := r.of(x.Arg)
		if !x.Arg.Type().Equal(x.Typ) {
			c.Min, c.Max = nil, nil
		}
		c.Type = x.Typ
		return c
	}
	out := Col{Type: e.Type(), Distinct: 1}
	for _, id := range expr.Columns(e) {
		c := r.Cols[id]
		if c.Distinct == 0 {
			return Col{Type: e.Type()}
		}
		out.Distinct *= c.Distinct
	}
	out.Distinct = min(out.Distinct, max(r.Rows, 1))
	if c, ok := e.(*expr.Call); ok && c.Fn == "extract" {
		out.Distinct = min(out.Distinct, 31)
	}
	return out
}

// distinctOf is the number of distinct values of a column, at most the rows.
func (r Rel) distinctOf(c Col) float64 {
	if c.Distinct == 0 {
		return max(r.Rows*distinctUnknown, 1)
	}
	return max(min(c.Distinct, r.Rows), 1)
}

func (e *Estimator) aggregate(n *logical.Aggregate) Rel {
	in := e.Of(n.In)
	out := Rel{Rows: 1, Cols: map[int]Col{}, Known: in.Known}
	groups := 1.0
	for _, g := range n.Groups {
		c := in.Cols[g.In]
		groups *= in.distinctOf(c)
		out.Cols[g.Col.ID] = c
	}
	if len(n.Groups) > 0 {
		out.Rows = min(groups, max(in.Rows, 0))
	}
	if n.Sets != nil {
		out.Rows *= float64(len(n.Sets))
	}
	return out
}

func (e *Estimator) distinct(n *logical.Distinct) Rel {
	in := e.Of(n.In)
	groups := 1.0
	ids := n.On
	if ids == nil {
		ids = logical.ColumnIDs(n.In.Schema())
	}
	for _, id := range ids {
		groups *= in.distinctOf(in.Cols[id])
	}
	in.Rows = min(in.Rows, groups)
	return in
}

func (r Rel) limited(n int64) Rel {
	if n >= 0 {
		r.Rows = min(r.Rows, float64(n))
	}
	return r
}

func (e *Estimator) setOp(n *logical.SetOp) Rel {
	out := Rel{Cols: map[int]Col{}, Known: true}
	for i, in := range n.In {
		r := e.Of(in)
		out.Known = out.Known && r.Known
		switch {
		case i == 0, n.Kind == logical.Union:
			out.Rows += r.Rows
		case n.Kind == logical.Intersect:
			out.Rows = min(out.Rows, r.Rows)
		}
		for k, c := range n.Cols {
			s := r.Cols[n.Maps[i][k]]
			have := out.Cols[c.ID]
			have.Type = c.Type
			have.Distinct += s.Distinct
			out.Cols[c.ID] = have
		}
	}
	return out
}

func both(l, r Rel) map[int]Col {
	out := make(map[int]Col, len(l.Cols)+len(r.Cols))
	for id, c := range l.Cols {
		out[id] = c
	}
	for id, c := range r.Cols {
		out[id] = c
	}
	return out
}
