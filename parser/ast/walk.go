package ast

// Inspect calls visit for a node and, when it returns true, for each of its
// children in the order they were written. After the children visit is called
// with nil. Lists and chains of any length are walked without recursion over
// their length; depth is bounded by the parser's limits.
func Inspect(n Node, visit func(Node) bool) {
	if n == nil || !visit(n) {
		return
	}
	w := walker{visit: visit}
	switch n := n.(type) {
	case Expr:
		w.exprChildren(n)
	case Statement:
		w.statementChildren(n)
	case Relation:
		w.relationChildren(n)
	case QueryBody:
		w.bodyChildren(n)
	default:
		w.partChildren(n)
	}
	visit(nil)
}

// Walk calls visit for a node and all that is below it, parents first.
func Walk(n Node, visit func(Node)) {
	Inspect(n, func(n Node) bool {
		if n != nil {
			visit(n)
		}
		return true
	})
}

type walker struct {
	visit func(Node) bool
}

func (w walker) node(n Node) { Inspect(n, w.visit) }

func (w walker) expr(e Expr) {
	if e != nil {
		Inspect(e, w.visit)
	}
}

func (w walker) exprs(list []Expr) {
	for _, e := range list {
		w.expr(e)
	}
}

func (w walker) query(q *Query) {
	if q != nil {
		Inspect(q, w.visit)
	}
}

func (w walker) statement(s Statement) {
	if s != nil {
		Inspect(s, w.visit)
	}
}

func (w walker) typeName(t *TypeName) {
	if t != nil {
		Inspect(t, w.visit)
	}
}

func (w walker) types(list []*TypeName) {
	for _, t := range list {
		w.typeName(t)
	}
}

func (w walker) order(list []OrderItem) {
	for i := range list {
		Inspect(&list[i], w.visit)
	}
}

func (w walker) items(list []SelectItem) {
	for i := range list {
		Inspect(&list[i], w.visit)
	}
}

func (w walker) relations(list []Relation) {
	for _, r := range list {
		Inspect(r, w.visit)
	}
}

func (w walker) window(s *WindowSpec) {
	if s != nil {
		Inspect(s, w.visit)
	}
}

func (w walker) exprChildren(e Expr) {
	switch e := e.(type) {
	case *Star:
		w.expr(e.Row)
		w.items(e.Replace)
	case *TypedLit:
		w.typeName(e.Type)
	case *IntervalLit:
		w.expr(e.Value)
	case *Cast:
		w.expr(e.X)
		w.typeName(e.Type)
	case *Unary:
		w.expr(e.X)
	case *Binary:
		w.expr(e.Left)
		w.expr(e.Right)
	case *Logical:
		w.exprs(e.Args)
	case *Not:
		w.expr(e.X)
	case *IsTest:
		w.expr(e.X)
	case *IsDistinct:
		w.expr(e.Left)
		w.expr(e.Right)
	case *Between:
		w.expr(e.X)
		w.expr(e.Low)
		w.expr(e.High)
	case *InList:
		w.expr(e.X)
		w.exprs(e.List)
	case *InSubquery:
		w.expr(e.X)
		w.query(e.Query)
	case *LikeExpr:
		w.expr(e.X)
		w.expr(e.Pattern)
		w.expr(e.Escape)
	case *Quantified:
		w.expr(e.Left)
		w.expr(e.Array)
		w.query(e.Query)
	case *Exists:
		w.query(e.Query)
	case *Subquery:
		w.query(e.Query)
	case *ArrayExpr:
		w.exprs(e.Elems)
	case *ArrayQuery:
		w.query(e.Query)
	case *Row:
		w.exprs(e.Elems)
	case *StructLit:
		for i := range e.Keys {
			w.expr(e.Keys[i])
			w.expr(e.Values[i])
		}
	case *FieldAccess:
		w.expr(e.X)
	case *Subscript:
		w.expr(e.X)
		w.expr(e.Index)
		w.expr(e.Lower)
		w.expr(e.Upper)
		w.expr(e.Step)
	case *Case:
		w.expr(e.Operand)
		for i := range e.Whens {
			Inspect(&e.Whens[i], w.visit)
		}
		w.expr(e.Else)
	case *Collate:
		w.expr(e.X)
	case *Lambda:
		w.expr(e.Body)
	case *NamedArg:
		w.expr(e.Value)
	case *FuncCall:
		w.exprs(e.Args)
		w.order(e.OrderBy)
		w.order(e.Within)
		w.expr(e.Filter)
		w.window(e.Over)
	case *GroupingSet:
		w.exprs(e.Items)
	case *ColumnRef, *NumberLit, *StringLit, *BitLit, *BoolLit, *NullLit, *DefaultExpr, *Param, *CurrentOf:
	}
}

func (w walker) relationChildren(r Relation) {
	switch r := r.(type) {
	case *TableRef:
		if r.AsOf != nil {
			w.node(r.AsOf)
		}
		w.alias(r.Alias)
		w.sample(r.Sample)
	case *PathRef:
		w.alias(r.Alias)
		w.sample(r.Sample)
	case *SubqueryRef:
		w.query(r.Query)
		w.alias(r.Alias)
		w.sample(r.Sample)
	case *FuncRef:
		for i := range r.Calls {
			w.node(&r.Calls[i])
		}
		w.alias(r.Alias)
		w.sample(r.Sample)
	case *Join:
		w.node(r.Left)
		w.node(r.Right)
		w.expr(r.On)
		w.alias(r.Alias)
	}
}

func (w walker) alias(a *Alias) {
	if a != nil {
		w.node(a)
	}
}

func (w walker) sample(s *Sample) {
	if s != nil {
		w.node(s)
	}
}

func (w walker) bodyChildren(b QueryBody) {
	switch b := b.(type) {
	case *Select:
		w.exprs(b.DistinctOn)
		w.items(b.Items)
		w.relations(b.From)
		w.expr(b.Where)
		if b.GroupBy != nil {
			w.node(b.GroupBy)
		}
		w.expr(b.Having)
		for i := range b.Windows {
			w.node(&b.Windows[i])
		}
		w.expr(b.Qualify)
		w.sample(b.Sample)
	case *SetOp:
		w.node(b.Left)
		w.node(b.Right)
	case *Values:
		for _, row := range b.Rows {
			w.exprs(row)
		}
	case *TableQuery, *Query:
	}
}

// partChildren walks the nodes that are neither statement, expression, relation
// nor query body.
func (w walker) partChildren(n Node) {
	switch n := n.(type) {
	case *SelectItem:
		w.expr(n.Expr)
	case *OrderItem:
		w.expr(n.Expr)
	case *When:
		w.expr(n.Cond)
		w.expr(n.Result)
	case *WindowDef:
		w.window(n.Spec)
	case *WindowSpec:
		w.exprs(n.PartitionBy)
		w.order(n.OrderBy)
		if n.Frame != nil {
			w.expr(n.Frame.Start.Offset)
			w.expr(n.Frame.End.Offset)
		}
	case *GroupBy:
		w.exprs(n.Items)
	case *With:
		for _, c := range n.CTEs {
			w.node(c)
		}
	case *CTE:
		w.statement(n.Stmt)
		if n.Cycle != nil {
			w.expr(n.Cycle.To)
			w.expr(n.Cycle.Default)
		}
	case *Alias:
		w.columnDefs(n.Defs)
	case *FuncItem:
		w.expr(n.Call)
		w.columnDefs(n.Defs)
	case *AsOf:
		w.expr(n.Value)
	case *Sample:
		w.exprs(n.Args)
		w.expr(n.Repeatable)
	case *TypeName:
		w.types(n.Params)
		for i := range n.Fields {
			w.node(&n.Fields[i])
		}
	case *TypeField:
		w.typeName(n.Type)
	default:
		w.definitionChildren(n)
	}
}
