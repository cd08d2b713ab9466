package analyzer

import (
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/logical"
)

// changing is an UPDATE or DELETE: the rows of its table with what joins them.
type changing struct {
	f     *found
	scope *scope
	node  logical.Node
	rowID logical.Col
	many  bool // joined with other tables: a row may be found more than once
}

// changing scans the table of an UPDATE or DELETE with its row ids, joined with
// further tables and filtered.
func (a *analyzer) changing(w *ast.With, t *ast.TableRef, others []ast.Relation, where ast.Expr, what Action, verb string) (*changing, error) {
	f, err := a.writable(t.Name, what, verb)
	if err != nil {
		return nil, err
	}
	sc := a.rootScope()
	if w != nil {
		if err := a.with(w, sc); err != nil {
			return nil, err
		}
	}
	n := newScan(a.ids, f, a.env.Session)
	c := &changing{f: f, scope: sc, node: n, many: len(others) > 0}
	for i, col := range f.table.Columns {
		if col.RowID {
			c.rowID = n.Cols[i]
		}
	}
	if c.rowID.ID == 0 {
		return nil, sqlerr.Unsupported("rows of table %s cannot be changed: it has no row ids", f.table.Name).At(t.At())
	}
	e := &ranged{alias: f.table.Name.Table, catalog: f.catalog, schema: f.table.Name.Schema, table: f.table}
	src, err := a.entry(relation{n, n.Cols}, e, t.Alias)
	if err != nil {
		return nil, err
	}
	for _, o := range others {
		r, err := a.relation(o, sc, src)
		if err != nil {
			return nil, err
		}
		if err := noTwins(src, r, o.At()); err != nil {
			return nil, err
		}
		src = joined(a.cross(src.node, r.node), src, r)
	}
	sc.src, c.node = src, src.node
	if where != nil {
		x := &exprs{a: a, scope: sc, clause: "WHERE"}
		pred, err := x.condition(where, "WHERE")
		if err != nil {
			return nil, err
		}
		c.node = &logical.Filter{In: applyAll(c.node, x.pending), Pred: pred}
	}
	return c, nil
}

// changed puts the write on the rows: the row id, then the new values.
func (a *analyzer) changed(c *changing, kind Kind, spec spi.WriteKind, columns []int, values []logical.Item) *Result {
	items := append([]logical.Item{{Col: c.rowID, Expr: c.rowID.Ref()}}, values...)
	var in logical.Node = &logical.Project{In: c.node, Items: items}
	if c.many {
		in = &logical.Distinct{In: in, On: []int{c.rowID.ID}, Keys: []logical.SortKey{{Col: c.rowID.ID}}}
		if len(values) == 0 {
			in = &logical.Distinct{In: &logical.Project{In: c.node, Items: items}}
		}
	}
	w := &logical.Write{In: in, Conn: c.f.conn, Catalog: c.f.catalog, Version: c.f.version}
	w.Spec = spi.Write{Kind: spec, Table: c.f.table, Snapshot: c.f.snap, Columns: columns}
	for _, it := range items {
		w.Columns = append(w.Columns, it.Col.ID)
	}
	return a.written(kind, w)
}

func (a *analyzer) delete(s *ast.Delete) (*Result, error) {
	if s.Returning != nil {
		return nil, sqlerr.Unsupported("RETURNING is not supported yet").At(s.At())
	}
	c, err := a.changing(s.With, s.Table, s.Using, s.Where, WriteDelete, "delete from")
	if err != nil {
		return nil, err
	}
	return a.changed(c, Delete, spi.WriteDelete, nil, nil), nil
}

func (a *analyzer) update(s *ast.Update) (*Result, error) {
	if s.Returning != nil {
		return nil, sqlerr.Unsupported("RETURNING is not supported yet").At(s.At())
	}
	c, err := a.changing(s.With, s.Table, s.From, s.Where, WriteUpdate, "update")
	if err != nil {
		return nil, err
	}
	x := &exprs{a: a, scope: c.scope, clause: "UPDATE"}
	var columns []int
	var values []logical.Item
	seen := map[int]bool{}
	for _, set := range s.Set {
		targets, exprs, err := x.assignments(set, c.f.table)
		if err != nil {
			return nil, err
		}
		for i, t := range targets {
			if seen[t] {
				return nil, sqlerr.New(sqlerr.SyntaxError, "multiple assignments to same column %q", c.f.table.Columns[t].Name).At(set.At())
			}
			seen[t] = true
			columns = append(columns, t)
			values = append(values, logical.Item{Col: a.ids.New(c.f.table.Columns[t].Name, exprs[i].Type()), Expr: exprs[i]})
		}
	}
	c.node = applyAll(c.node, x.pending)
	return a.changed(c, Update, spi.WriteUpdate, columns, values), nil
}

// assignments analyses one item of SET: a = x, or (a, b) = (x, y) or a subquery.
func (x *exprs) assignments(set ast.Assignment, t *spi.Table) ([]int, []expr.Expr, error) {
	targets := make([]int, len(set.Targets))
	for i, n := range set.Targets {
		ref, ok := n.(*ast.ColumnRef)
		if !ok || len(ref.Parts) != 1 {
			return nil, nil, sqlerr.Unsupported("assignment to parts of a column is not supported yet").At(n.At())
		}
		var err error
		if targets[i], err = tableColumn(t, ref.Parts[0]); err != nil {
			return nil, nil, err
		}
	}
	if !set.Multi {
		e, err := x.assignedExpr(set.Value, t, targets[0])
		return targets, []expr.Expr{e}, err
	}
	switch v := set.Value.(type) {
	case *ast.Row:
		if len(v.Elems) != len(targets) {
			break
		}
		out := make([]expr.Expr, len(targets))
		for i, el := range v.Elems {
			var err error
			if out[i], err = x.assignedExpr(el, t, targets[i]); err != nil {
				return nil, nil, err
			}
		}
		return targets, out, nil
	case *ast.Subquery:
		return x.assignedSubquery(v, t, targets)
	}
	return nil, nil, sqlerr.New(sqlerr.SyntaxError, "number of columns does not match number of values").At(set.At())
}

func (x *exprs) assignedSubquery(q *ast.Subquery, t *spi.Table, targets []int) ([]int, []expr.Expr, error) {
	r, err := x.inner(q.Query)
	if err != nil {
		return nil, nil, err
	}
	if len(r.cols) != len(targets) {
		return nil, nil, sqlerr.New(sqlerr.SyntaxError, "number of columns does not match number of values").At(q.At())
	}
	x.add(pending{kind: logical.ApplyInner, node: &logical.SingleRow{In: r.node}, col: r.cols[0]})
	out := make([]expr.Expr, len(targets))
	for i, c := range r.cols {
		if out[i], err = x.a.assigned(c.Ref(), t, targets[i], q.At()); err != nil {
			return nil, nil, err
		}
	}
	return targets, out, nil
}
