package ast

import "strings"

var objectKindWords = [...]string{
	ObjectTable: "TABLE", ObjectView: "VIEW", ObjectMaterializedView: "MATERIALIZED VIEW", ObjectIndex: "INDEX",
	ObjectSchema: "SCHEMA", ObjectCatalog: "CATALOG", ObjectSequence: "SEQUENCE", ObjectType: "TYPE",
	ObjectDomain: "DOMAIN", ObjectFunction: "FUNCTION", ObjectMacro: "MACRO", ObjectColumn: "COLUMN",
	ObjectDatabase: "DATABASE", ObjectRole: "ROLE", ObjectForeignTable: "FOREIGN TABLE",
}

// String returns the key words of the kind of object.
func (k ObjectKind) String() string { return objectKindWords[k] }

// create writes CREATE [OR REPLACE] [TEMP] … kind [IF NOT EXISTS].
func (f *formatter) create(orReplace, temp bool, kind string, ifNotExists bool) {
	f.text("CREATE ")
	f.option(orReplace, "OR REPLACE ")
	f.option(temp, "TEMP ")
	f.text(kind, " ")
	f.option(ifNotExists, "IF NOT EXISTS ")
}

// definition writes a statement that defines something.
func (f *formatter) definition(s Statement) {
	switch s := s.(type) {
	case *CreateTable:
		f.createTable(s)
	case *CreateTableAs:
		f.createTableAs(s)
	case *CreateView:
		f.createView(s)
	case *CreateIndex:
		f.createIndex(s)
	case *CreateSchema:
		f.create(false, false, "SCHEMA", s.IfNotExists)
		f.names(s.Name)
		if !s.Authorization.IsZero() {
			f.option(s.Name != nil, " ")
			f.text("AUTHORIZATION ")
			f.name(s.Authorization)
		}
		f.withOptions(s.Options)
		for _, e := range s.Elements {
			f.text(" ")
			f.statement(e)
		}
	case *CreateCatalog:
		f.create(s.OrReplace, false, "CATALOG", s.IfNotExists)
		f.name(s.Name)
		f.text(" USING ")
		f.name(s.Connector)
		f.optionalString(" COMMENT ", s.Comment)
		f.withOptions(s.Options)
	case *AlterCatalog:
		f.alterCatalog(s)
	case *CreateSequence:
		f.create(s.OrReplace, s.Temp, "SEQUENCE", s.IfNotExists)
		f.names(s.Name)
		f.sequenceOptions(s.Options)
	case *CreateType:
		f.createType(s)
	case *CreateDomain:
		f.text("CREATE DOMAIN ")
		f.names(s.Name)
		f.text(" AS ")
		f.typeName(s.Type)
		if s.Collation != nil {
			f.text(" COLLATE ")
			f.names(s.Collation)
		}
		f.columnConstraints(s.Constraints)
	case *CreateMacro:
		f.createMacro(s)
	case *Drop:
		f.drop(s)
	case *Alter:
		f.alter(s)
	case *Comment:
		f.text("COMMENT ON ", s.Kind.String(), " ")
		f.names(s.Name)
		if s.Text == nil {
			f.text(" IS NULL")
		}
		f.optionalString(" IS ", s.Text)
	case *Refresh:
		f.text("REFRESH MATERIALIZED VIEW ")
		f.option(s.Concurrently, "CONCURRENTLY ")
		f.names(s.Name)
		f.option(s.WithNoData, " WITH NO DATA")
	default:
		f.utility(s)
	}
}

func (f *formatter) tableHead(orReplace, temp, unlogged, ifNotExists bool, name ObjectName) {
	kind := "TABLE"
	if unlogged {
		kind = "UNLOGGED TABLE"
	}
	f.create(orReplace, temp, kind, ifNotExists)
	f.names(name)
}

func (f *formatter) createTable(t *CreateTable) {
	f.tableHead(t.OrReplace, t.Temp, t.Unlogged, t.IfNotExists, t.Name)
	if o := t.PartitionOf; o != nil {
		f.text(" PARTITION OF ")
		f.names(o.Parent)
	}
	if n := len(t.Columns) + len(t.Likes) + len(t.Constraints); n > 0 || t.PartitionOf == nil {
		f.text(" ")
		f.paren(n, func(i int) { f.tableElement(t, i) })
	}
	if o := t.PartitionOf; o != nil {
		f.partitionBound(o)
	}
	if t.Inherits != nil {
		f.text(" INHERITS (")
		f.objects(t.Inherits)
		f.text(")")
	}
	f.tableClauses(t.PartitionBy, t.Using, t.Options, t.OnCommit, t.Tablespace, t.Comment)
}

func (f *formatter) tableElement(t *CreateTable, i int) {
	if i < len(t.Columns) {
		f.columnDef(t.Columns[i])
		return
	}
	if i -= len(t.Columns); i >= len(t.Likes) {
		f.tableConstraint(t.Constraints[i-len(t.Likes)])
		return
	}
	l := t.Likes[i]
	f.text("LIKE ")
	f.names(l.Table)
	for _, w := range l.Including {
		f.text(" INCLUDING ", strings.ToUpper(w))
	}
	for _, w := range l.Excluding {
		f.text(" EXCLUDING ", strings.ToUpper(w))
	}
}

func (f *formatter) partitionBound(o *PartitionOf) {
	switch {
	case o.Default:
		f.text(" DEFAULT")
	case o.In != nil:
		f.text(" FOR VALUES IN ")
		f.parenExprs(o.In)
	case o.With != nil:
		f.text(" FOR VALUES WITH ")
		f.options(o.With)
	default:
		f.text(" FOR VALUES FROM ")
		f.parenExprs(o.From)
		f.text(" TO ")
		f.parenExprs(o.To)
	}
}

func (f *formatter) tableClauses(by *PartitionBy, using Name, options []Option, onCommit string, space Name, comment *string) {
	f.optionalString(" COMMENT ", comment)
	if by != nil {
		f.text(" PARTITION BY ")
		if by.Strategy != "" {
			f.text(QuoteIfNeeded(by.Strategy), " ")
		}
		f.indexItems(by.Items)
	}
	if !using.IsZero() {
		f.text(" USING ")
		f.name(using)
	}
	f.withOptions(options)
	if onCommit != "" {
		f.text(" ON COMMIT ", strings.ToUpper(onCommit))
	}
	if !space.IsZero() {
		f.text(" TABLESPACE ")
		f.name(space)
	}
}

func (f *formatter) createTableAs(t *CreateTableAs) {
	f.tableHead(t.OrReplace, t.Temp, t.Unlogged, t.IfNotExists, t.Name)
	f.optionalColumns(t.Columns)
	f.tableClauses(t.PartitionBy, t.Using, t.Options, t.OnCommit, t.Tablespace, t.Comment)
	f.text(" AS ")
	f.statement(t.Query)
	f.option(t.WithNoData, " WITH NO DATA")
}

func (f *formatter) columnDef(d *ColumnDef) {
	f.name(d.Name)
	if d.Type != nil {
		f.text(" ")
		f.typeName(d.Type)
	}
	if d.Storage != "" {
		f.text(" STORAGE ", strings.ToUpper(d.Storage))
	}
	if !d.Compression.IsZero() {
		f.text(" COMPRESSION ")
		f.name(d.Compression)
	}
	if d.Collation != nil {
		f.text(" COLLATE ")
		f.names(d.Collation)
	}
	f.columnConstraints(d.Constraints)
	f.withOptions(d.Options)
	f.optionalString(" COMMENT ", d.Comment)
}

func (f *formatter) createView(v *CreateView) {
	kind := "VIEW"
	if v.Materialized {
		kind = "MATERIALIZED VIEW"
	}
	if v.Recursive {
		kind = "RECURSIVE VIEW"
	}
	f.create(v.OrReplace, v.Temp, kind, v.IfNotExists)
	f.names(v.Name)
	f.optionalColumns(v.Columns)
	f.optionalString(" COMMENT ", v.Comment)
	if v.Security != "" {
		f.text(" SECURITY ", strings.ToUpper(v.Security))
	}
	f.withOptions(v.Options)
	f.text(" AS ")
	f.query(v.Query)
	if v.CheckOption != "" {
		f.text(" WITH ", strings.ToUpper(v.CheckOption), " CHECK OPTION")
	}
	f.option(v.WithNoData, " WITH NO DATA")
}

func (f *formatter) createIndex(x *CreateIndex) {
	f.text("CREATE ")
	f.option(x.Unique, "UNIQUE ")
	f.text("INDEX ")
	f.option(x.Concurrently, "CONCURRENTLY ")
	f.option(x.IfNotExists, "IF NOT EXISTS ")
	if !x.Name.IsZero() {
		f.name(x.Name)
		f.text(" ")
	}
	f.text("ON ")
	f.option(x.Only, "ONLY ")
	f.names(x.Table)
	if !x.Using.IsZero() {
		f.text(" USING ")
		f.name(x.Using)
	}
	f.text(" ")
	f.indexItems(x.Items)
	if x.Include != nil {
		f.text(" INCLUDE ")
		f.columns(x.Include)
	}
	f.option(x.NullsNotDistinct, " NULLS NOT DISTINCT")
	f.withOptions(x.Options)
	if !x.Tablespace.IsZero() {
		f.text(" TABLESPACE ")
		f.name(x.Tablespace)
	}
	f.clause(" WHERE ", x.Where)
}

func (f *formatter) alterCatalog(c *AlterCatalog) {
	f.text("ALTER CATALOG ")
	f.name(c.Name)
	switch {
	case c.Set != nil:
		f.text(" SET ")
		f.options(c.Set)
	case c.Reset != nil:
		f.text(" RESET (")
		f.objects(c.Reset)
		f.text(")")
	default:
		f.text(" RENAME TO ")
		f.name(c.RenameTo)
	}
}

func (f *formatter) createType(t *CreateType) {
	f.text("CREATE TYPE ")
	f.names(t.Name)
	f.text(" AS ")
	switch {
	case t.Enum:
		f.text("ENUM ")
		f.paren(len(t.Labels), func(i int) { f.string(t.Labels[i]) })
	case t.Of != nil:
		f.typeName(t.Of)
	default:
		f.paren(len(t.Fields), func(i int) {
			f.name(t.Fields[i].Name)
			f.text(" ")
			f.typeName(t.Fields[i].Type)
		})
	}
}

func (f *formatter) createMacro(m *CreateMacro) {
	f.create(m.OrReplace, m.Temp, "MACRO", m.IfNotExists)
	f.names(m.Name)
	f.list(len(m.Overloads), func(i int) {
		b := m.Overloads[i]
		f.paren(len(b.Params), func(j int) {
			f.name(b.Params[j].Name)
			if b.Params[j].Type != nil {
				f.text(" ")
				f.typeName(b.Params[j].Type)
			}
			f.clause(" := ", b.Params[j].Default)
		})
		f.text(" AS ")
		if b.Query != nil {
			f.text("TABLE ")
			f.query(b.Query)
		} else {
			f.expr(b.Expr)
		}
	})
}

func (f *formatter) drop(d *Drop) {
	f.text("DROP ", d.Kind.String(), " ")
	f.option(d.Concurrently, "CONCURRENTLY ")
	f.option(d.IfExists, "IF EXISTS ")
	f.list(len(d.Names), func(i int) {
		f.names(d.Names[i])
		if i < len(d.Signatures) && d.Signatures[i] != nil {
			f.paren(len(d.Signatures[i]), func(j int) { f.typeName(d.Signatures[i][j]) })
		}
	})
	f.dependents(d.Cascade, d.Restrict)
}

func (f *formatter) dependents(cascade, restrict bool) {
	f.option(cascade, " CASCADE")
	f.option(restrict, " RESTRICT")
}
