package logical

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Validate checks what every rewrite must keep: columns are read only where an
// input produces them, ids are distinct, predicates are boolean, columns of set
// operations agree. An error is a bug of the planner, XX000.
func Validate(n Node) error { return validate(n, Set{}) }

func validate(n Node, outer Set) error {
	in := n.Inputs()
	avail := Set{}
	for id := range outer {
		avail[id] = true
	}
	for i, c := range in {
		scope := outer
		if _, ok := n.(*Apply); ok && i == 1 {
			scope = avail
		}
		if err := validate(c, scope); err != nil {
			return err
		}
		for _, col := range c.Schema() {
			avail[col.ID] = true
		}
	}
	if err := distinctIDs(n); err != nil {
		return err
	}
	for _, id := range OwnColumns(n) {
		if !avail[id] {
			return sqlerr.Internalf("plan is invalid: %s reads column %d, which no input has", n.Label(), id)
		}
	}
	for _, e := range n.exprs() {
		if err := readable(n, e, avail); err != nil {
			return err
		}
	}
	return checkOwn(n)
}

func distinctIDs(n Node) error {
	seen := Set{}
	for _, c := range n.Schema() {
		if seen[c.ID] {
			return sqlerr.Internalf("plan is invalid: %s gives column %s#%d twice", n.Label(), c.Name, c.ID)
		}
		seen[c.ID] = true
	}
	return nil
}

func readable(n Node, e expr.Expr, avail Set) error {
	for _, id := range expr.Columns(e) {
		if !avail[id] {
			return sqlerr.Internalf("plan is invalid: %s reads column #%d, which no input has", n.Label(), id)
		}
	}
	return nil
}

func isPredicate(n Node, e expr.Expr) error {
	if e != nil && e.Type().Kind != types.Bool {
		return sqlerr.Internalf("plan is invalid: condition of type %s in %s", e.Type(), n.Label())
	}
	return nil
}

// checkOwn checks what is special to a kind of node.
func checkOwn(n Node) error {
	switch n := n.(type) {
	case *Scan:
		if len(n.Cols) != len(n.Source.Output) {
			return sqlerr.Internalf("plan is invalid: scan of %d columns with %d names", len(n.Source.Output), len(n.Cols))
		}
		for i, c := range n.Cols {
			if !c.Type.Equal(n.Source.Output[i].Type) {
				return sqlerr.Internalf("plan is invalid: scan column %s is %s, the source gives %s", c.Name, c.Type, n.Source.Output[i].Type)
			}
		}
	case *Values:
		for _, r := range n.Rows {
			if len(r) != len(n.Cols) {
				return sqlerr.Internalf("plan is invalid: row of %d values, schema of %d", len(r), len(n.Cols))
			}
		}
	case *Filter:
		return isPredicate(n, n.Pred)
	case *Join:
		return isPredicate(n, n.On)
	case *Apply:
		return isPredicate(n, n.On)
	case *Project:
		for _, it := range n.Items {
			if !it.Col.Type.Equal(it.Expr.Type()) {
				return sqlerr.Internalf("plan is invalid: column %s is %s, its expression %s", it.Col.Name, it.Col.Type, it.Expr.Type())
			}
		}
	case *SetOp:
		return checkSetOp(n)
	}
	return nil
}

func checkSetOp(n *SetOp) error {
	for i, m := range n.Maps {
		schema := n.In[i].Schema()
		for k, id := range m {
			c, ok := Find(schema, id)
			if !ok || !c.Type.Equal(n.Cols[k].Type) {
				return sqlerr.Internalf("plan is invalid: input %d of a set operation has no column #%d of type %s", i, id, n.Cols[k].Type)
			}
		}
	}
	return nil
}

// ValidateIn is Validate for a subtree that may read the outer columns.
func ValidateIn(n Node, outer Set) error { return validate(n, outer) }
