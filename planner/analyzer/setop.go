package analyzer

import (
	"strconv"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/logical"
)

var setWords = [...]string{"UNION", "INTERSECT", "EXCEPT"}

func valuesName(k int) string { return "column" + strconv.Itoa(k+1) }

// setOp analyses UNION, INTERSECT and EXCEPT. A chain of one UNION is read as
// one node of many inputs, so that long ones do not nest.
func (a *analyzer) setOp(op *ast.SetOp, s *scope) (relation, error) {
	if op.Corresponding {
		return relation{}, sqlerr.Unsupported("CORRESPONDING is not supported").At(op.At())
	}
	word := setWords[op.Kind]
	sides := []ast.QueryBody{op.Right}
	left := op.Left
	for op.Kind == ast.Union && !op.ByName {
		l, ok := left.(*ast.SetOp)
		if !ok || l.Kind != ast.Union || l.All != op.All || l.ByName || l.Corresponding {
			break
		}
		sides = append(sides, l.Right)
		left = l.Left
	}
	sides = append(sides, left)
	rels := make([]relation, 0, len(sides))
	for i := len(sides) - 1; i >= 0; i-- {
		r, err := a.body(sides[i], s.sibling())
		if err != nil {
			return relation{}, err
		}
		rels = append(rels, r)
	}
	if op.ByName {
		if err := a.alignByName(rels); err != nil {
			return relation{}, err
		}
	}
	for i, r := range rels {
		if len(r.cols) != len(rels[0].cols) {
			return relation{}, sqlerr.New(sqlerr.SyntaxError, "each %s query must have the same number of columns", word).At(sides[len(sides)-1-i].At())
		}
	}
	return a.combined(op, rels, word)
}

func (a *analyzer) combined(op *ast.SetOp, rels []relation, word string) (relation, error) {
	want := make([]types.Type, len(rels[0].cols))
	for k := range want {
		ts := make([]types.Type, len(rels))
		for i, r := range rels {
			ts[i] = r.cols[k].Type
		}
		t, err := functions.Common(word, ts...)
		if err != nil {
			return relation{}, at(err, op.At())
		}
		want[k] = t
	}
	n := &logical.SetOp{Kind: logical.SetKind(op.Kind), All: op.All}
	for k, c := range rels[0].cols {
		col := logical.Col{ID: a.ids.Next(), Name: c.Name, Type: want[k], NotNull: true}
		for _, r := range rels {
			col.NotNull = col.NotNull && r.cols[k].NotNull
		}
		n.Cols = append(n.Cols, col)
	}
	for _, r := range rels {
		r, err := a.converted(r, want, func(i int) error {
			return sqlerr.New(sqlerr.DatatypeMismatch, "%s types %s and %s cannot be matched", word, r.cols[i].Type, want[i]).At(op.At())
		})
		if err != nil {
			return relation{}, err
		}
		n.In = append(n.In, r.node)
		n.Maps = append(n.Maps, logical.ColumnIDs(r.cols))
	}
	return relation{n, n.Cols}, nil
}

// alignByName gives all sides the columns of each, in order of first
// appearance; a side without one has NULL there.
func (a *analyzer) alignByName(rels []relation) error {
	var names []string
	have := map[string]bool{}
	for _, r := range rels {
		for _, c := range r.cols {
			if !have[c.Name] {
				have[c.Name] = true
				names = append(names, c.Name)
			}
		}
	}
	for i, r := range rels {
		items := make([]logical.Item, len(names))
		for k, n := range names {
			items[k] = logical.Item{Col: a.ids.New(n, types.Of(types.Unknown)), Expr: nullOf(types.Of(types.Unknown))}
			for _, c := range r.cols {
				if c.Name == n {
					items[k] = logical.Item{Col: c, Expr: c.Ref()}
				}
			}
		}
		p := &logical.Project{In: r.node, Items: items}
		rels[i] = relation{p, p.Schema()}
	}
	return nil
}
