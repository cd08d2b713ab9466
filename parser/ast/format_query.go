package ast

import "strings"

// query writes a whole query expression.
func (f *formatter) query(q *Query) {
	if q.With != nil {
		f.with(q.With)
	}
	f.body(q.Body)
	if len(q.OrderBy) > 0 {
		f.text(" ")
		f.orderBy(q.OrderBy)
	}
	switch {
	case q.WithTies:
		// FETCH FIRST takes a constant or parentheses.
		f.text(" FETCH FIRST ")
		switch q.Limit.(type) {
		case *NumberLit, *Param:
			f.bare(q.Limit)
		default:
			f.parenExprs([]Expr{q.Limit})
		}
		f.text(" ROWS WITH TIES")
	case q.Limit != nil:
		f.text(" LIMIT ")
		f.expr(q.Limit)
		f.option(q.Percent, " PERCENT")
	}
	if q.Offset != nil {
		f.text(" OFFSET ")
		f.expr(q.Offset)
	}
	for _, l := range q.Locking {
		f.text(" FOR ", strings.ToUpper(l.Strength))
		if len(l.Of) > 0 {
			f.text(" OF ")
			f.objects(l.Of)
		}
		if l.Wait != "" {
			f.text(" ", strings.ToUpper(l.Wait))
		}
	}
}

func (f *formatter) with(w *With) {
	f.text("WITH ")
	f.option(w.Recursive, "RECURSIVE ")
	f.list(len(w.CTEs), func(i int) { f.cte(w.CTEs[i]) })
	f.text(" ")
}

func (f *formatter) cte(c *CTE) {
	f.name(c.Name)
	f.optionalColumns(c.Columns)
	if c.UsingKey != nil {
		f.text(" USING KEY ")
		f.columns(c.UsingKey)
	}
	f.text(" AS ", [...]string{MaterializedDefault: "", Materialized: "MATERIALIZED ", NotMaterialized: "NOT MATERIALIZED "}[c.Materialized], "(")
	f.statement(c.Stmt)
	f.text(")")
	if s := c.Search; s != nil {
		order := "DEPTH"
		if s.Breadth {
			order = "BREADTH"
		}
		f.text(" SEARCH ", order, " FIRST BY ")
		f.list(len(s.By), func(i int) { f.name(s.By[i]) })
		f.text(" SET ")
		f.name(s.Set)
	}
	if y := c.Cycle; y != nil {
		f.text(" CYCLE ")
		f.list(len(y.Columns), func(i int) { f.name(y.Columns[i]) })
		f.text(" SET ")
		f.name(y.Set)
		if y.To != nil {
			f.text(" TO ")
			f.expr(y.To)
			f.text(" DEFAULT ")
			f.expr(y.Default)
		}
		f.text(" USING ")
		f.name(y.Using)
	}
}

// body writes what stands between WITH and ORDER BY.
func (f *formatter) body(b QueryBody) {
	switch b := b.(type) {
	case *Select:
		f.selectClause(b)
	case *Values:
		f.text("VALUES ")
		f.list(len(b.Rows), func(i int) { f.parenExprs(b.Rows[i]) })
	case *TableQuery:
		f.text("TABLE ")
		f.option(b.Only, "ONLY ")
		f.names(b.Table)
	case *Query:
		f.subquery(b)
	case *SetOp:
		f.setOperand(b.Left, b.Kind, false)
		f.text([...]string{Union: " UNION", Intersect: " INTERSECT", Except: " EXCEPT"}[b.Kind])
		f.option(b.All, " ALL")
		f.option(b.ByName, " BY NAME")
		f.option(b.Corresponding, " CORRESPONDING")
		f.text(" ")
		f.setOperand(b.Right, b.Kind, true)
	}
}

// setOperand writes one side of a set operation, in parentheses where the
// operations would group otherwise.
func (f *formatter) setOperand(b QueryBody, outer SetOpKind, right bool) {
	inner, ok := b.(*SetOp)
	if !ok {
		f.body(b)
		return
	}
	tighter := inner.Kind == Intersect && outer != Intersect
	same := (inner.Kind == Intersect) == (outer == Intersect)
	if tighter || same && !right {
		f.body(b)
		return
	}
	f.text("(")
	f.body(b)
	f.text(")")
}

func (f *formatter) selectClause(s *Select) {
	f.text("SELECT")
	f.option(s.Distinct, " DISTINCT")
	if s.DistinctOn != nil {
		f.text(" ON ")
		f.parenExprs(s.DistinctOn)
	}
	if len(s.Items) > 0 {
		f.text(" ")
		f.selectItems(s.Items)
	}
	if s.Into != nil {
		f.text(" INTO ")
		f.option(s.Into.Temp, "TEMP ")
		f.names(s.Into.Name)
	}
	if len(s.From) > 0 {
		f.text(" FROM ")
		f.relations(s.From)
	}
	f.clause(" WHERE ", s.Where)
	if s.GroupBy != nil {
		f.groupBy(s.GroupBy)
	}
	f.clause(" HAVING ", s.Having)
	if len(s.Windows) > 0 {
		f.text(" WINDOW ")
		f.list(len(s.Windows), func(i int) {
			f.name(s.Windows[i].Name)
			f.text(" AS ")
			f.window(s.Windows[i].Spec)
		})
	}
	f.clause(" QUALIFY ", s.Qualify)
	if s.Sample != nil {
		f.text(" USING SAMPLE ")
		f.sample(s.Sample)
	}
}

// clause writes a word and an expression, or nothing.
func (f *formatter) clause(word string, e Expr) {
	if e != nil {
		f.text(word)
		f.expr(e)
	}
}

func (f *formatter) selectItems(list []SelectItem) {
	f.list(len(list), func(i int) { f.selectItem(list[i]) })
}

func (f *formatter) selectItem(s SelectItem) {
	f.expr(s.Expr)
	if !s.Alias.IsZero() {
		f.text(" AS ")
		f.name(s.Alias)
	}
}

func (f *formatter) groupBy(g *GroupBy) {
	f.text(" GROUP BY ")
	if g.All {
		f.text("ALL")
		return
	}
	f.option(g.Distinct, "DISTINCT ")
	f.exprs(g.Items)
}

func (f *formatter) orderBy(list []OrderItem) {
	f.text("ORDER BY ")
	f.list(len(list), func(i int) { f.orderItem(list[i]) })
}

func (f *formatter) orderItem(o OrderItem) {
	if o.All {
		f.text("ALL")
	} else {
		f.expr(o.Expr)
	}
	if o.Using != "" {
		f.text(" USING ", o.Using)
	}
	f.sortOrder(o.Direction, o.Nulls)
}

func (f *formatter) sortOrder(d SortDirection, n NullsOrder) {
	f.text([...]string{SortDefault: "", Ascending: " ASC", Descending: " DESC"}[d])
	f.text([...]string{NullsUnspecified: "", NullsFirst: " NULLS FIRST", NullsLast: " NULLS LAST"}[n])
}

func (f *formatter) relations(list []Relation) {
	f.list(len(list), func(i int) { f.relation(list[i]) })
}

// relation writes an item of FROM.
func (f *formatter) relation(r Relation) {
	switch r := r.(type) {
	case *TableRef:
		f.tableRef(r)
	case *PathRef:
		f.string(r.Path)
		f.alias(r.Alias)
		f.tableSample(r.Sample)
	case *SubqueryRef:
		f.option(r.Lateral, "LATERAL ")
		f.subquery(r.Query)
		f.alias(r.Alias)
		f.tableSample(r.Sample)
	case *FuncRef:
		f.funcRef(r)
	case *Join:
		if r.Alias != nil {
			f.text("(")
			f.join(r)
			f.text(")")
			f.alias(r.Alias)
			return
		}
		f.join(r)
	}
}

func (f *formatter) tableRef(t *TableRef) {
	f.option(t.Only, "ONLY ")
	f.names(t.Name)
	if t.AsOf != nil {
		what := "VERSION"
		if t.AsOf.Timestamp {
			what = "TIMESTAMP"
		}
		f.text(" FOR ", what, " AS OF ")
		f.operand(t.AsOf.Value, printOperator)
	}
	f.alias(t.Alias)
	f.tableSample(t.Sample)
}

func (f *formatter) funcRef(r *FuncRef) {
	f.option(r.Lateral, "LATERAL ")
	if r.RowsFrom {
		f.text("ROWS FROM ")
		f.paren(len(r.Calls), func(i int) {
			f.expr(r.Calls[i].Call)
			if r.Calls[i].Defs != nil {
				f.text(" AS ")
				f.columnDefs(r.Calls[i].Defs)
			}
		})
	} else {
		f.expr(r.Calls[0].Call)
	}
	f.option(r.WithOrdinality, " WITH ORDINALITY")
	f.alias(r.Alias)
	f.tableSample(r.Sample)
}

func (f *formatter) columnDefs(list []*ColumnDef) {
	f.paren(len(list), func(i int) { f.columnDef(list[i]) })
}

func (f *formatter) alias(a *Alias) {
	if a == nil {
		return
	}
	f.text(" AS ")
	if !a.Name.IsZero() {
		f.name(a.Name)
	}
	switch {
	case a.Defs != nil:
		f.columnDefs(a.Defs)
	case a.Columns != nil:
		f.columns(a.Columns)
	}
}

func (f *formatter) join(j *Join) {
	f.relation(j.Left)
	f.option(j.Natural, " NATURAL")
	f.text([...]string{
		InnerJoin: "", LeftJoin: " LEFT", RightJoin: " RIGHT", FullJoin: " FULL", CrossJoin: " CROSS", SemiJoin: " SEMI",
		AntiJoin: " ANTI", AsOfJoin: " ASOF", AsOfLeftJoin: " ASOF LEFT", PositionalJoin: " POSITIONAL",
	}[j.Kind], " JOIN ")
	if right, ok := j.Right.(*Join); ok && right.Alias == nil {
		f.text("(")
		f.join(right)
		f.text(")")
	} else {
		f.relation(j.Right)
	}
	f.clause(" ON ", j.On)
	if j.Using != nil {
		f.text(" USING ")
		f.columns(j.Using)
		if !j.UsingAlias.IsZero() {
			f.text(" AS ")
			f.name(j.UsingAlias)
		}
	}
}

func (f *formatter) tableSample(s *Sample) {
	if s != nil {
		f.text(" TABLESAMPLE ")
		f.sample(s)
	}
}

// sample writes method (args) REPEATABLE (seed).
func (f *formatter) sample(s *Sample) {
	f.names(s.Method)
	f.text("(")
	f.list(len(s.Args), func(i int) {
		floor := printLowest
		if i == 0 {
			floor = printUnary
		}
		f.operand(s.Args[i], floor)
		f.option(i == 0 && s.Percent, " PERCENT")
		f.option(i == 0 && s.Rows, " ROWS")
	})
	f.text(")")
	if s.Repeatable != nil {
		f.text(" REPEATABLE ")
		f.parenExprs([]Expr{s.Repeatable})
	}
}
