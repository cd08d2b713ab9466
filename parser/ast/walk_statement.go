package ast

func (w walker) statementChildren(s Statement) {
	switch s := s.(type) {
	case *Query:
		w.with(s.With)
		if s.Body != nil {
			w.node(s.Body)
		}
		w.order(s.OrderBy)
		w.expr(s.Limit)
		w.expr(s.Offset)
	case *Insert:
		w.with(s.With)
		w.exprs(s.Targets)
		w.query(s.Query)
		if s.OnConflict != nil {
			w.node(s.OnConflict)
		}
		w.items(s.Returning)
	case *Update:
		w.with(s.With)
		w.node(s.Table)
		w.assignments(s.Set)
		w.relations(s.From)
		w.expr(s.Where)
		w.items(s.Returning)
	case *Delete:
		w.with(s.With)
		w.node(s.Table)
		w.relations(s.Using)
		w.expr(s.Where)
		w.items(s.Returning)
	case *Merge:
		w.with(s.With)
		w.node(s.Table)
		w.node(s.Source)
		w.expr(s.On)
		for i := range s.Clauses {
			w.node(&s.Clauses[i])
		}
		w.items(s.Returning)
	case *Copy:
		w.statement(s.Query)
		w.options(s.Options)
		w.expr(s.Where)
	case *CreateTable:
		w.columnDefs(s.Columns)
		for _, c := range s.Constraints {
			w.node(c)
		}
		w.partitionBy(s.PartitionBy)
		if s.PartitionOf != nil {
			w.node(s.PartitionOf)
		}
		w.options(s.Options)
	case *CreateTableAs:
		w.partitionBy(s.PartitionBy)
		w.options(s.Options)
		w.statement(s.Query)
	case *CreateView:
		w.options(s.Options)
		w.query(s.Query)
	case *CreateIndex:
		w.indexItems(s.Items)
		w.options(s.Options)
		w.expr(s.Where)
	case *CreateSchema:
		w.options(s.Options)
		for _, e := range s.Elements {
			w.statement(e)
		}
	case *CreateDomain:
		w.typeName(s.Type)
		w.columnConstraints(s.Constraints)
	case *CreateMacro:
		for i := range s.Overloads {
			w.node(&s.Overloads[i])
		}
	case *Alter:
		for i := range s.Actions {
			w.node(&s.Actions[i])
		}
	default:
		w.utilityChildren(s)
	}
}

func (w walker) utilityChildren(s Statement) {
	switch s := s.(type) {
	case *CreateCatalog:
		w.options(s.Options)
	case *AlterCatalog:
		w.options(s.Set)
	case *CreateSequence:
		w.options(s.Options)
	case *CreateType:
		for i := range s.Fields {
			w.node(&s.Fields[i])
		}
		w.typeName(s.Of)
	case *Drop:
		for _, sig := range s.Signatures {
			w.types(sig)
		}
	case *Explain:
		w.options(s.Options)
		w.statement(s.Statement)
	case *Set:
		w.exprs(s.Values)
	case *Show:
		w.query(s.Query)
	case *Describe:
		w.statement(s.Statement)
	case *Prepare:
		w.types(s.Types)
		w.statement(s.Statement)
	case *Execute:
		w.exprs(s.Args)
	case *DeclareCursor:
		w.query(s.Query)
	case *Call:
		if s.Call != nil {
			w.node(s.Call)
		}
	case *Analyze:
		w.options(s.Options)
	case *Vacuum:
		w.options(s.Options)
	case *KillQuery:
		w.expr(s.ID)
	case *Truncate, *Comment, *Refresh, *SetTransaction, *SetRole, *Reset, *Use, *Transaction, *Deallocate,
		*Fetch, *ClosePortal, *Discard, *Listen, *Notify, *Grant, *Lock, *Checkpoint, *Do, *Generic:
	}
}

// definitionChildren walks the parts of DDL and DML.
func (w walker) definitionChildren(n Node) {
	switch n := n.(type) {
	case *OnConflict:
		w.indexItems(n.Target)
		w.expr(n.TargetWhere)
		w.assignments(n.Set)
		w.expr(n.Where)
	case *Assignment:
		w.exprs(n.Targets)
		w.expr(n.Value)
	case *MergeClause:
		w.expr(n.Cond)
		w.assignments(n.Set)
		w.exprs(n.Values)
	case *Option:
		w.expr(n.Value)
	case *ColumnDef:
		w.typeName(n.Type)
		w.columnConstraints(n.Constraints)
		w.options(n.Options)
	case *ColumnConstraint:
		w.expr(n.Expr)
		w.options(n.Options)
	case *TableConstraint:
		w.expr(n.Expr)
		for i := range n.Exclusions {
			w.node(&n.Exclusions[i].Item)
		}
		w.options(n.Options)
	case *PartitionBy:
		w.indexItems(n.Items)
	case *PartitionOf:
		w.exprs(n.In)
		w.exprs(n.From)
		w.exprs(n.To)
		w.options(n.With)
	case *IndexItem:
		w.expr(n.Expr)
	case *MacroBody:
		for i := range n.Params {
			w.node(&n.Params[i])
		}
		w.expr(n.Expr)
		w.query(n.Query)
	case *MacroParam:
		w.typeName(n.Type)
		w.expr(n.Default)
	case *AlterAction:
		if n.Def != nil {
			w.node(n.Def)
		}
		w.typeName(n.Type)
		w.expr(n.Expr)
		if n.Constraint != nil {
			w.node(n.Constraint)
		}
		w.options(n.Options)
		if n.Call != nil {
			w.node(n.Call)
		}
	}
}

func (w walker) with(c *With) {
	if c != nil {
		w.node(c)
	}
}

func (w walker) partitionBy(p *PartitionBy) {
	if p != nil {
		w.node(p)
	}
}

func (w walker) options(list []Option) {
	for i := range list {
		w.node(&list[i])
	}
}

func (w walker) assignments(list []Assignment) {
	for i := range list {
		w.node(&list[i])
	}
}

func (w walker) indexItems(list []IndexItem) {
	for i := range list {
		w.node(&list[i])
	}
}

func (w walker) columnDefs(list []*ColumnDef) {
	for _, d := range list {
		w.node(d)
	}
}

func (w walker) columnConstraints(list []ColumnConstraint) {
	for i := range list {
		w.node(&list[i])
	}
}
