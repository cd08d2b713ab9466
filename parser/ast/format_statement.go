package ast

import "strings"

// statement writes a statement.
func (f *formatter) statement(s Statement) {
	switch s := s.(type) {
	case nil:
	case *Query:
		f.query(s)
	case *Insert:
		f.insert(s)
	case *Update:
		f.optionalWith(s.With)
		f.text("UPDATE ")
		f.tableRef(s.Table)
		f.text(" SET ")
		f.assignments(s.Set)
		if len(s.From) > 0 {
			f.text(" FROM ")
			f.relations(s.From)
		}
		f.clause(" WHERE ", s.Where)
		f.returning(s.Returning)
	case *Delete:
		f.optionalWith(s.With)
		f.text("DELETE FROM ")
		f.tableRef(s.Table)
		if len(s.Using) > 0 {
			f.text(" USING ")
			f.relations(s.Using)
		}
		f.clause(" WHERE ", s.Where)
		f.returning(s.Returning)
	case *Truncate:
		f.text("TRUNCATE TABLE ")
		f.objects(s.Tables)
		f.option(s.RestartIdentity, " RESTART IDENTITY")
		f.option(s.Cascade, " CASCADE")
	case *Merge:
		f.merge(s)
	case *Copy:
		f.copyStatement(s)
	default:
		f.definition(s)
	}
}

func (f *formatter) optionalWith(w *With) {
	if w != nil {
		f.with(w)
	}
}

func (f *formatter) returning(list []SelectItem) {
	if len(list) > 0 {
		f.text(" RETURNING ")
		f.selectItems(list)
	}
}

func (f *formatter) insert(s *Insert) {
	f.optionalWith(s.With)
	f.text("INSERT ")
	f.option(s.OrReplace, "OR REPLACE ")
	f.option(s.OrIgnore, "OR IGNORE ")
	f.text("INTO ")
	f.names(s.Table)
	if !s.Alias.IsZero() {
		f.text(" AS ")
		f.name(s.Alias)
	}
	if s.Targets != nil {
		f.text(" ")
		f.parenExprs(s.Targets)
	} else {
		f.optionalColumns(s.Columns)
	}
	f.option(s.ByName, " BY NAME")
	f.overriding(s.Overriding)
	if s.DefaultValues {
		f.text(" DEFAULT VALUES")
	} else {
		f.text(" ")
		f.query(s.Query)
	}
	if s.OnConflict != nil {
		f.onConflict(s.OnConflict)
	}
	f.returning(s.Returning)
}

func (f *formatter) overriding(which string) {
	if which != "" {
		f.text(" OVERRIDING ", strings.ToUpper(which), " VALUE")
	}
}

func (f *formatter) onConflict(c *OnConflict) {
	f.text(" ON CONFLICT")
	if !c.Constraint.IsZero() {
		f.text(" ON CONSTRAINT ")
		f.name(c.Constraint)
	}
	if len(c.Target) > 0 {
		f.text(" ")
		f.indexItems(c.Target)
		f.clause(" WHERE ", c.TargetWhere)
	}
	if c.DoNothing {
		f.text(" DO NOTHING")
		return
	}
	f.text(" DO UPDATE SET ")
	f.assignments(c.Set)
	f.clause(" WHERE ", c.Where)
}

func (f *formatter) assignments(list []Assignment) {
	f.list(len(list), func(i int) {
		a := list[i]
		if a.Multi {
			f.parenExprs(a.Targets)
		} else {
			f.exprs(a.Targets)
		}
		f.text(" = ")
		f.expr(a.Value)
	})
}

func (f *formatter) merge(s *Merge) {
	f.optionalWith(s.With)
	f.text("MERGE INTO ")
	f.tableRef(s.Table)
	f.text(" USING ")
	f.relation(s.Source)
	f.clause(" ON ", s.On)
	for _, c := range s.Clauses {
		f.text([...]string{
			WhenMatched: " WHEN MATCHED", WhenNotMatched: " WHEN NOT MATCHED",
			WhenNotMatchedBySource: " WHEN NOT MATCHED BY SOURCE",
		}[c.When])
		f.clause(" AND ", c.Cond)
		f.text(" THEN ")
		switch c.Action {
		case MergeDoNothing:
			f.text("DO NOTHING")
		case MergeDelete:
			f.text("DELETE")
		case MergeUpdate:
			f.text("UPDATE SET ")
			f.assignments(c.Set)
		case MergeInsert:
			f.text("INSERT")
			f.optionalColumns(c.Columns)
			f.overriding(c.Overriding)
			if c.DefaultValues {
				f.text(" DEFAULT VALUES")
			} else {
				f.text(" VALUES ")
				f.parenExprs(c.Values)
			}
		}
	}
	f.returning(s.Returning)
}

func (f *formatter) copyStatement(s *Copy) {
	f.text("COPY ")
	if s.Query != nil {
		f.text("(")
		f.statement(s.Query)
		f.text(")")
	} else {
		f.names(s.Table)
		f.optionalColumns(s.Columns)
	}
	direction, client := " TO ", "STDOUT"
	if s.From {
		direction, client = " FROM ", "STDIN"
	}
	f.text(direction)
	switch {
	case s.Client:
		f.text(client)
	case s.Program:
		f.text("PROGRAM ")
		f.string(s.Path)
	default:
		f.string(s.Path)
	}
	f.withOptions(s.Options)
	f.clause(" WHERE ", s.Where)
}

// withOptions writes WITH (a = 1), or nothing.
func (f *formatter) withOptions(list []Option) {
	if len(list) > 0 {
		f.text(" WITH ")
		f.options(list)
	}
}

// options writes (a = 1, b).
func (f *formatter) options(list []Option) {
	f.paren(len(list), func(i int) {
		n := list[i].Name
		if len(n) == 1 && n[0].Quoted && n[0].Text == "" {
			f.text("''")
		} else {
			f.names(n)
		}
		if list[i].Value != nil {
			f.text(" = ")
			f.expr(list[i].Value)
		}
	})
}

// indexItems writes (a DESC, (a + b) opclass).
func (f *formatter) indexItems(list []IndexItem) {
	f.paren(len(list), func(i int) { f.indexItem(list[i]) })
}

func (f *formatter) indexItem(x IndexItem) {
	switch e := x.Expr.(type) {
	case *ColumnRef:
		f.bare(e)
	case *FuncCall:
		f.operand(e, printAtom)
	default:
		f.parenExprs([]Expr{e})
	}
	if x.Collation != nil {
		f.text(" COLLATE ")
		f.names(x.Collation)
	}
	if x.OpClass != nil {
		f.text(" ")
		f.names(x.OpClass)
	}
	f.sortOrder(x.Direction, x.Nulls)
}
