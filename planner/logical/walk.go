package logical

import (
	"slices"

	"github.com/muster-sql/muster/connectors/spi/expr"
)

// Walk calls f for n and all below it, parents first; false skips the inputs.
func Walk(n Node, f func(Node) bool) {
	if !f(n) {
		return
	}
	for _, in := range n.Inputs() {
		Walk(in, f)
	}
}

// Transform rewrites a tree bottom-up: f gets each node with rewritten inputs
// and returns its replacement, itself to keep it. Unchanged subtrees are shared.
func Transform(n Node, f func(Node) (Node, error)) (Node, error) {
	in := n.Inputs()
	var changed []Node
	for i, c := range in {
		x, err := Transform(c, f)
		if err != nil {
			return nil, err
		}
		if x != c && changed == nil {
			changed = slices.Clone(in)
		}
		if changed != nil {
			changed[i] = x
		}
	}
	if changed != nil {
		n = n.WithInputs(changed)
	}
	return f(n)
}

// TransformExprs rewrites every expression of a tree by f.
func TransformExprs(n Node, f func(expr.Expr) expr.Expr) Node {
	out, _ := Transform(n, func(n Node) (Node, error) { return MapExprs(n, f), nil })
	return out
}

// OwnColumns returns the ids that the node itself reads outside of expressions.
func OwnColumns(n Node) []int {
	var out []int
	switch n := n.(type) {
	case *Aggregate:
		for _, g := range n.Groups {
			out = append(out, g.In)
		}
	case *Sort:
		out = keyColumns(n.Keys)
	case *TopN:
		out = keyColumns(n.Keys)
	case *Limit:
		out = keyColumns(n.Keys)
	case *Distinct:
		out = append(keyColumns(n.Keys), n.On...)
	case *SetOp:
		for _, m := range n.Maps {
			out = append(out, m...)
		}
	case *Window:
		out = append(keyColumns(n.Order), n.Partition...)
	case *Write:
		out = n.Columns
	}
	return out
}

func keyColumns(keys []SortKey) []int {
	out := make([]int, len(keys))
	for i, k := range keys {
		out[i] = k.Col
	}
	return out
}

// Free returns the columns that a tree reads and does not produce: what makes a
// subquery correlated.
func Free(n Node) Set {
	free := Set{}
	addFree(n, free)
	return free
}

func addFree(n Node, free Set) {
	inputs := n.Inputs()
	if len(inputs) == 0 {
		free.Add(n.exprs()...)
		return
	}
	used := Set{}.Add(n.exprs()...)
	for _, id := range OwnColumns(n) {
		used[id] = true
	}
	for i, in := range inputs {
		if _, ok := n.(*Apply); ok && i == 1 {
			for id := range Free(in) {
				used[id] = true
			}
			continue
		}
		addFree(in, free)
	}
	for _, in := range inputs {
		for _, c := range in.Schema() {
			delete(used, c.ID)
		}
	}
	for id := range used {
		free[id] = true
	}
}

// Rename returns a tree in which every column that it produces has a new id, so
// that it can stand beside the original; to maps old ids to new ones.
func Rename(n Node, ids *IDs) (out Node, to map[int]int) {
	r := renamer{ids: ids, to: map[int]int{}}
	return r.node(n), r.to
}

type renamer struct {
	ids *IDs
	to  map[int]int
}

func (r *renamer) id(id int) int {
	if n, ok := r.to[id]; ok {
		return n
	}
	return id
}

func (r *renamer) col(c Col) Col {
	if n, ok := r.to[c.ID]; ok {
		c.ID = n
		return c
	}
	n := r.ids.Next()
	r.to[c.ID] = n
	c.ID = n
	return c
}

func (r *renamer) cols(cs []Col) []Col {
	out := make([]Col, len(cs))
	for i, c := range cs {
		out[i] = r.col(c)
	}
	return out
}

func (r *renamer) list(ids []int) []int {
	if ids == nil {
		return nil // of Distinct: all columns
	}
	out := make([]int, len(ids))
	for i, id := range ids {
		out[i] = r.id(id)
	}
	return out
}

func (r *renamer) keys(ks []SortKey) []SortKey {
	out := slices.Clone(ks)
	for i := range out {
		out[i].Col = r.id(out[i].Col)
	}
	return out
}

func (r *renamer) expr(e expr.Expr) expr.Expr {
	return expr.Transform(e, func(x expr.Expr) expr.Expr {
		c, ok := x.(*expr.Column)
		if !ok {
			return x
		}
		n, ok := r.to[c.Index]
		if !ok {
			return x
		}
		d := *c
		d.Index = n
		return &d
	})
}

func (r *renamer) node(n Node) Node {
	if in := n.Inputs(); len(in) > 0 {
		kids := make([]Node, len(in))
		for i, c := range in {
			kids[i] = r.node(c)
		}
		n = n.WithInputs(kids)
	}
	return r.own(MapExprs(n, r.expr))
}

// own renames what the node itself makes and reads outside of expressions.
func (r *renamer) own(n Node) Node {
	switch n := n.(type) {
	case *Scan:
		c := *n
		c.Cols = r.cols(n.Cols)
		return &c
	case *Values:
		c := *n
		c.Cols = r.cols(n.Cols)
		return &c
	case *Series:
		c := *n
		c.Col = r.col(n.Col)
		return &c
	case *SharedRef:
		c := *n
		c.Cols = r.cols(n.Cols)
		return &c
	case *Project:
		c := *n
		c.Items = slices.Clone(n.Items)
		for i := range c.Items {
			c.Items[i].Col = r.col(n.Items[i].Col)
		}
		return &c
	case *Aggregate:
		return r.aggregate(n)
	case *Join:
		if n.Kind == Mark {
			c := *n
			c.Mark = r.col(n.Mark)
			return &c
		}
	case *Apply:
		if n.Kind == ApplyMark {
			c := *n
			c.Mark = r.col(n.Mark)
			return &c
		}
	case *AssignID:
		c := *n
		c.Col = r.col(n.Col)
		return &c
	default:
		return r.ordered(n)
	}
	return n
}

func (r *renamer) aggregate(n *Aggregate) Node {
	c := *n
	c.Groups = slices.Clone(n.Groups)
	for i := range c.Groups {
		c.Groups[i].In = r.id(c.Groups[i].In)
		c.Groups[i].Col = r.col(c.Groups[i].Col)
	}
	if n.Sets != nil {
		c.SetCol = r.col(n.SetCol)
	}
	c.Calls = slices.Clone(n.Calls)
	for i := range c.Calls {
		c.Calls[i].Col = r.col(c.Calls[i].Col)
	}
	return &c
}

// ordered renames the nodes that hold ids in sort keys and lists.
func (r *renamer) ordered(n Node) Node {
	switch n := n.(type) {
	case *Sort:
		c := *n
		c.Keys = r.keys(n.Keys)
		return &c
	case *TopN:
		c := *n
		c.Keys = r.keys(n.Keys)
		return &c
	case *Limit:
		c := *n
		c.Keys = r.keys(n.Keys)
		return &c
	case *Distinct:
		c := *n
		c.Keys, c.On = r.keys(n.Keys), r.list(n.On)
		return &c
	case *SetOp:
		c := *n
		c.Cols = r.cols(n.Cols)
		c.Maps = make([][]int, len(n.Maps))
		for i, m := range n.Maps {
			c.Maps[i] = r.list(m)
		}
		return &c
	case *Unnest:
		c := *n
		c.Cols = r.cols(n.Cols)
		if n.Ordinality != nil {
			o := r.col(*n.Ordinality)
			c.Ordinality = &o
		}
		return &c
	case *Window:
		c := *n
		c.Order, c.Partition = r.keys(n.Order), r.list(n.Partition)
		c.Calls = slices.Clone(n.Calls)
		for i := range c.Calls {
			c.Calls[i].Col = r.col(c.Calls[i].Col)
		}
		return &c
	case *Write:
		c := *n
		c.Columns = r.list(n.Columns)
		return &c
	}
	return n
}
