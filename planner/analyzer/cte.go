package analyzer

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/logical"
)

// with is a chain of common table expressions, the nearest first.
type with struct {
	outer  *with
	name   string
	rel    relation
	used   bool
	shared *logical.SharedPlan // set when each reference must see the same rows
}

// with analyses the expressions of a WITH clause and puts them in scope.
func (a *analyzer) with(w *ast.With, s *scope) error {
	seen := map[string]bool{}
	for _, c := range w.CTEs {
		if seen[c.Name.Text] {
			return sqlerr.New(sqlerr.DuplicateAlias, "WITH query name %q specified more than once", c.Name.Text).At(c.Name.At())
		}
		seen[c.Name.Text] = true
		q, ok := c.Stmt.(*ast.Query)
		if !ok {
			return sqlerr.Unsupported("INSERT, UPDATE and DELETE in WITH are not supported").At(c.Stmt.At())
		}
		if c.Search != nil || c.Cycle != nil || c.UsingKey != nil {
			return sqlerr.Unsupported("SEARCH, CYCLE and USING KEY are not supported").At(c.At())
		}
		if w.Recursive && refersTo(q, c.Name) {
			return sqlerr.Unsupported("recursive common table expressions are not supported yet").At(c.At())
		}
		r, err := a.query(q, s)
		if err != nil {
			return err
		}
		r = a.settled(r)
		if r.cols, err = renamed(r.cols, c.Columns, c.Name); err != nil {
			return err
		}
		def := &with{outer: s.with, name: c.Name.Text, rel: r}
		if isVolatile(r.node) {
			a.shared++
			def.shared = &logical.SharedPlan{Name: def.name, In: r.node, Seq: a.shared}
		}
		s.with = def
	}
	return nil
}

// renamed gives columns the names of an alias list.
func renamed(cols []logical.Col, names []ast.Name, owner ast.Name) ([]logical.Col, error) {
	if len(names) > len(cols) {
		return nil, sqlerr.New(sqlerr.InvalidColumnRef, "table %q has %d columns available but %d columns specified", owner.Text, len(cols), len(names)).At(names[len(cols)].At())
	}
	out := append([]logical.Col(nil), cols...)
	for i, n := range names {
		out[i].Name = n.Text
	}
	return out, nil
}

func refersTo(q *ast.Query, name ast.Name) bool {
	found := false
	ast.Walk(q, func(n ast.Node) {
		if t, ok := n.(*ast.TableRef); ok && len(t.Name) == 1 && matches(t.Name[0], name.Text) > 0 {
			found = true
		}
	})
	return found
}

func isVolatile(n logical.Node) bool {
	v := false
	logical.Walk(n, func(n logical.Node) bool {
		for _, e := range logical.Exprs(n) {
			v = v || expr.IsVolatile(e)
		}
		return !v
	})
	return v
}

// find returns the common table expression of a name.
func (w *with) find(n ast.Name) *with {
	for ; w != nil; w = w.outer {
		if matches(n, w.name) > 0 {
			return w
		}
	}
	return nil
}

// reference gives the rows of a common table expression: the first reference
// its own tree, later ones a copy.
func (a *analyzer) reference(w *with) (relation, error) {
	if w.shared != nil {
		w.shared.Refs++
		ref := &logical.SharedRef{Plan: w.shared, Maps: logical.ColumnIDs(w.rel.cols)}
		for _, c := range w.rel.cols {
			ref.Cols = append(ref.Cols, a.ids.Copy(c))
		}
		return relation{ref, ref.Cols}, a.count(1)
	}
	if !w.used {
		w.used = true
		return w.rel, nil
	}
	size := 0
	logical.Walk(w.rel.node, func(logical.Node) bool { size++; return true })
	if err := a.count(size); err != nil {
		return relation{}, err
	}
	node, to := logical.Rename(w.rel.node, a.ids)
	cols := append([]logical.Col(nil), w.rel.cols...)
	for i := range cols {
		if id, ok := to[cols[i].ID]; ok {
			cols[i].ID = id
		}
	}
	return relation{node, cols}, nil
}

// count adds n relations to the statement's budget.
func (a *analyzer) count(n int) error {
	if a.nodes += n; a.nodes > relationsMax {
		return sqlerr.New(sqlerr.StatementTooComplex, "statement is too complex: its views and common table expressions expand to more than %d relations", relationsMax)
	}
	return nil
}

// inlined puts a shared plan that is read once in the place of its reference.
func inlined(n logical.Node) logical.Node {
	out, _ := logical.Transform(n, func(n logical.Node) (logical.Node, error) {
		ref, ok := n.(*logical.SharedRef)
		if !ok || ref.Plan.Refs != 1 {
			return n, nil
		}
		p := &logical.Project{In: inlined(ref.Plan.In)}
		schema := ref.Plan.In.Schema()
		for k, id := range ref.Maps {
			c, _ := logical.Find(schema, id)
			p.Items = append(p.Items, logical.Item{Col: ref.Cols[k], Expr: c.Ref()})
		}
		return p, nil
	})
	return out
}
