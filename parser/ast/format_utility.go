package ast

import (
	"strconv"
	"strings"
)

// utility writes a statement that neither defines nor changes data.
func (f *formatter) utility(s Statement) {
	switch s := s.(type) {
	case *Explain:
		f.text("EXPLAIN ")
		f.option(s.Analyze, "ANALYZE ")
		f.option(s.Verbose, "VERBOSE ")
		if len(s.Options) > 0 {
			f.options(s.Options)
			f.text(" ")
		}
		f.statement(s.Statement)
	case *Set:
		f.set(s)
	case *SetTransaction:
		if s.Session {
			f.text("SET SESSION CHARACTERISTICS AS TRANSACTION")
		} else {
			f.text("SET TRANSACTION")
		}
		f.modes(s.Modes)
	case *SetRole:
		f.text("SET ", s.Scope.word())
		role := "NONE"
		if s.SessionAuthorization {
			f.text("SESSION AUTHORIZATION ")
			role = "DEFAULT"
		} else {
			f.text("ROLE ")
		}
		if !s.Role.IsZero() {
			role = s.Role.String()
		}
		f.text(role)
	case *Reset:
		f.text("RESET ")
		f.option(s.All, "ALL")
		f.names(s.Name)
	case *Show:
		f.show(s)
	case *Describe:
		f.describe(s)
	case *Use:
		f.text("USE ")
		f.names(s.Name)
	case *Transaction:
		f.transaction(s)
	case *Prepare:
		f.text("PREPARE ")
		f.name(s.Name)
		if s.Types != nil {
			f.text(" ")
			f.paren(len(s.Types), func(i int) { f.typeName(s.Types[i]) })
		}
		f.text(" AS ")
		f.statement(s.Statement)
	case *Execute:
		f.execute(s)
	case *Deallocate:
		f.text("DEALLOCATE ")
		f.option(s.All, "ALL")
		f.optionalName(s.Name)
	case *DeclareCursor:
		f.text("DECLARE ")
		f.name(s.Name)
		f.option(s.Binary, " BINARY")
		f.option(s.Insensitive, " INSENSITIVE")
		f.option(s.Scroll, " SCROLL")
		f.option(s.NoScroll, " NO SCROLL")
		f.text(" CURSOR ")
		f.option(s.Hold, "WITH HOLD ")
		f.text("FOR ")
		f.query(s.Query)
	case *Fetch:
		f.fetch(s)
	case *ClosePortal:
		f.text("CLOSE ")
		f.option(s.All, "ALL")
		f.optionalName(s.Name)
	default:
		f.administration(s)
	}
}

// administration writes the remaining statements.
func (f *formatter) administration(s Statement) {
	switch s := s.(type) {
	case *Discard:
		f.text("DISCARD ", strings.ToUpper(s.What))
	case *Listen:
		if !s.Stop {
			f.text("LISTEN ")
		} else {
			f.text("UNLISTEN ")
		}
		f.option(s.All, "*")
		f.optionalName(s.Channel)
	case *Notify:
		f.text("NOTIFY ")
		f.name(s.Channel)
		if s.Payload != "" {
			f.text(", ")
			f.string(s.Payload)
		}
	case *Call:
		f.text("CALL ")
		f.expr(s.Call)
	case *Analyze:
		f.text("ANALYZE")
		if len(s.Options) > 0 {
			f.text(" ")
			f.options(s.Options)
		}
		f.option(s.Verbose, " VERBOSE")
		f.analyzeTables(s.Tables)
	case *Vacuum:
		f.text("VACUUM")
		if len(s.Options) > 0 {
			f.text(" ")
			f.options(s.Options)
		}
		f.option(s.Full, " FULL")
		f.option(s.Freeze, " FREEZE")
		f.option(s.Verbose, " VERBOSE")
		f.option(s.Analyze, " ANALYZE")
		f.analyzeTables(s.Tables)
	case *KillQuery:
		f.text("KILL QUERY ")
		f.expr(s.ID)
	case *Grant:
		f.grant(s)
	case *Lock:
		f.text("LOCK TABLE ")
		f.objects(s.Tables)
		if s.Mode != "" {
			f.text(" IN ", strings.ToUpper(s.Mode), " MODE")
		}
		f.option(s.NoWait, " NOWAIT")
	case *Checkpoint:
		f.text("CHECKPOINT")
	case *Do:
		f.text("DO ")
		if !s.Language.IsZero() {
			f.text("LANGUAGE ")
			f.name(s.Language)
			f.text(" ")
		}
		f.string(s.Body)
	case *Generic:
		f.text(s.Text)
	}
}

func (f *formatter) optionalName(n Name) {
	if !n.IsZero() {
		f.name(n)
	}
}

// word returns the key word of the scope and a space.
func (s SetScope) word() string {
	return [...]string{ScopeDefault: "", ScopeSession: "SESSION ", ScopeLocal: "LOCAL ", ScopeGlobal: "GLOBAL "}[s]
}

func (f *formatter) set(s *Set) {
	f.text("SET ", s.Scope.word())
	f.names(s.Name)
	f.text(" = ")
	if s.Default {
		f.text("DEFAULT")
	}
	f.list(len(s.Values), func(i int) {
		// A bare word would be a string.
		if c, ok := s.Values[i].(*ColumnRef); ok && len(c.Parts) == 1 {
			f.parenExprs(s.Values[i : i+1])
			return
		}
		f.expr(s.Values[i])
	})
}

func (f *formatter) show(s *Show) {
	f.text("SHOW ")
	switch s.Kind {
	case ShowSetting:
		f.names(s.Name)
		return
	case ShowCreate:
		f.text("CREATE ", s.Object.String(), " ")
		f.names(s.Name)
		return
	case ShowStats:
		f.text("STATS FOR ")
		if s.Query != nil {
			f.subquery(s.Query)
		}
		f.names(s.Name)
		return
	}
	f.text([...]string{
		ShowAll: "ALL", ShowCatalogs: "CATALOGS", ShowSchemas: "SCHEMAS", ShowTables: "TABLES", ShowColumns: "COLUMNS",
		ShowFunctions: "FUNCTIONS", ShowSession: "SESSION", ShowRoles: "ROLES", ShowGrants: "GRANTS",
	}[s.Kind])
	if s.Name != nil {
		word := " FROM "
		if s.Kind == ShowGrants {
			word = " ON "
		}
		f.text(word)
		f.names(s.Name)
	}
	f.optionalString(" LIKE ", s.Like)
	f.optionalString(" ESCAPE ", s.Escape)
}

func (f *formatter) describe(d *Describe) {
	if d.Summarize {
		f.text("SUMMARIZE ")
	} else {
		f.text("DESCRIBE ")
	}
	switch {
	case !d.Input.IsZero():
		f.text("INPUT ")
		f.name(d.Input)
	case !d.Output.IsZero():
		f.text("OUTPUT ")
		f.name(d.Output)
	case d.Statement != nil:
		f.statement(d.Statement)
	case len(d.Name) == 1 && d.Name[0].Quoted:
		f.string(d.Name[0].Text) // a name or a path: both read back as this
	default:
		f.names(d.Name)
	}
}

func (f *formatter) modes(m TransactionModes) {
	separator := " "
	for _, w := range []string{prefixed("isolation level ", m.Isolation), m.Access, m.Deferrable} {
		if w != "" {
			f.text(separator, strings.ToUpper(w))
			separator = ", "
		}
	}
	if m.Snapshot != "" {
		f.text(" SNAPSHOT ")
		f.string(m.Snapshot)
	}
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func (f *formatter) transaction(t *Transaction) {
	f.text([...]string{
		BeginTransaction: "BEGIN", CommitTransaction: "COMMIT", RollbackTransaction: "ROLLBACK",
		Savepoint: "SAVEPOINT ", ReleaseSavepoint: "RELEASE SAVEPOINT ", RollbackToSavepoint: "ROLLBACK TO SAVEPOINT ",
		PrepareTransaction: "PREPARE TRANSACTION ", CommitPrepared: "COMMIT PREPARED ", RollbackPrepared: "ROLLBACK PREPARED ",
	}[t.Kind])
	switch t.Kind {
	case PrepareTransaction, CommitPrepared, RollbackPrepared:
		f.string(t.GID)
	}
	f.modes(t.Modes)
	f.optionalName(t.Name)
	f.option(t.Chain, " AND CHAIN")
}

func (f *formatter) execute(s *Execute) {
	f.text("EXECUTE ")
	if s.Immediate != nil {
		f.optionalString("IMMEDIATE ", s.Immediate)
		if len(s.Args) > 0 {
			f.text(" USING ")
			f.exprs(s.Args)
		}
		return
	}
	f.name(s.Name)
	if len(s.Args) > 0 {
		f.text(" ")
		f.parenExprs(s.Args)
	}
}

func (f *formatter) fetch(s *Fetch) {
	if s.Move {
		f.text("MOVE ")
	} else {
		f.text("FETCH ")
	}
	f.text([...]string{FetchForward: "FORWARD", FetchBackward: "BACKWARD", FetchAbsolute: "ABSOLUTE", FetchRelative: "RELATIVE"}[s.Direction])
	if s.All {
		f.text(" ALL")
	} else {
		f.text(" ", strconv.FormatInt(s.Count, 10))
	}
	f.text(" FROM ")
	f.name(s.Cursor)
}

func (f *formatter) analyzeTables(list []AnalyzeTable) {
	if len(list) == 0 {
		return
	}
	f.text(" ")
	f.list(len(list), func(i int) {
		f.names(list[i].Name)
		f.optionalColumns(list[i].Columns)
	})
}

func (f *formatter) grant(g *Grant) {
	f.text(strings.ToUpper(g.Verb), " ")
	f.option(g.OptionFor, "GRANT OPTION FOR ")
	f.list(len(g.Privileges), func(i int) {
		f.text(g.Privileges[i])
		f.optionalColumns(g.Columns[i])
	})
	if g.ObjectKind != "" {
		f.text(" ON ", strings.ToUpper(g.ObjectKind), " ")
		f.objects(g.Objects)
	}
	if g.Verb == "revoke" {
		f.text(" FROM ")
	} else {
		f.text(" TO ")
	}
	f.list(len(g.Grantees), func(i int) { f.name(g.Grantees[i]) })
	f.option(g.GrantOption, " WITH GRANT OPTION")
	if !g.GrantedBy.IsZero() {
		f.text(" GRANTED BY ")
		f.name(g.GrantedBy)
	}
	f.option(g.Cascade, " CASCADE")
}
