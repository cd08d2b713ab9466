package command

import (
	"io"
	"strings"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/coordinator/session"
	"github.com/muster-sql/muster/parser/ast"
)

var errEnd = io.EOF

// setting carries out SET and its relatives.
func (c *call) setting(st ast.Statement) (session.Result, error) {
	switch a := st.(type) {
	case *ast.Set:
		return session.Done("SET"), c.set(a)
	case *ast.SetTransaction:
		return session.Done("SET"), c.s.SetTransaction(a.Modes, session.Persistent(a.Session))
	case *ast.SetRole:
		name, value := "role", a.Role.Text
		if a.SessionAuthorization {
			name = "session_authorization"
		}
		if value == "" {
			value = "none"
		}
		return session.Done("SET"), c.s.Set(name, value, session.InSession)
	case *ast.Reset:
		if a.All {
			c.s.ResetAll()
			return session.Done("RESET"), nil
		}
		return session.Done("RESET"), c.s.Reset(settingName(a.Name), session.InSession)
	case *ast.Use:
		return session.Done("USE"), c.use(a)
	}
	return c.discard(st.(*ast.Discard))
}

// settingName joins the parts of a name; those of connectors have two.
func settingName(n ast.ObjectName) string {
	parts := make([]string, len(n))
	for i, p := range n {
		parts[i] = p.Text
	}
	return strings.Join(parts, ".")
}

func (c *call) set(a *ast.Set) error {
	scope := session.InSession
	switch a.Scope {
	case ast.ScopeLocal:
		scope = session.InTransaction
	case ast.ScopeGlobal:
		return sqlerr.Unsupported("SET GLOBAL is not supported: settings belong to a session")
	}
	name := settingName(a.Name)
	if a.Default {
		return c.s.Reset(name, scope)
	}
	if strings.EqualFold(name, "catalog") {
		v, _ := ast.Option{Value: a.Values[0]}.Text()
		return c.useNames(v, "")
	}
	var parts []string
	for _, v := range a.Values {
		text, err := settingValue(v)
		if err != nil {
			return err
		}
		if len(a.Values) > 1 || strings.EqualFold(name, "search_path") {
			text = quotePath(v, text)
		}
		parts = append(parts, text)
	}
	return c.s.Set(name, strings.Join(parts, ", "), scope)
}

// quotePath writes a schema as search_path stores it. One string may be a whole
// list, as clients send it.
func quotePath(v ast.Expr, text string) string {
	if lit, ok := v.(*ast.StringLit); ok && strings.ContainsAny(lit.Value, `,"`) {
		return text
	}
	if text == "" {
		return `""`
	}
	return ast.QuoteIfNeeded(text)
}

// settingValue returns the text of a value; an interval is a time zone.
func settingValue(v ast.Expr) (string, error) {
	if ref, ok := v.(*ast.ColumnRef); ok {
		return settingName(ref.Parts), nil
	}
	if text, ok := (ast.Option{Value: v}).Text(); ok {
		return text, nil
	}
	if iv, ok := v.(*ast.IntervalLit); ok {
		if text, ok := (ast.Option{Value: iv.Value}).Text(); ok {
			return intervalHours(text)
		}
	}
	return "", sqlerr.New(sqlerr.SyntaxError, "value of a setting must be a constant").At(v.At())
}

// intervalHours turns the hours and minutes of SET TIME ZONE INTERVAL into an
// offset as POSIX writes it.
func intervalHours(text string) (string, error) {
	west := strings.HasPrefix(text, "-")
	clock := strings.TrimLeft(strings.TrimSpace(text), "+-")
	if strings.Trim(clock, "0123456789:") != "" || clock == "" {
		return "", sqlerr.New(sqlerr.InvalidParameterValue, "invalid interval of a time zone: \"%s\"", text)
	}
	if strings.Trim(clock, "0:") == "" {
		return "UTC", nil
	}
	if west {
		return "<-" + clock + ">+" + clock, nil
	}
	return "<+" + clock + ">-" + clock, nil
}

// use makes a catalog, or a schema of one, the place of unqualified names.
func (c *call) use(u *ast.Use) error {
	switch len(u.Name) {
	case 1:
		name := u.Name[0].Text
		if _, _, err := c.r.o.Catalogs.Get(name); err == nil || name == session.AllCatalogs {
			return c.useNames(name, "")
		}
		if c.s.Catalog() == session.AllCatalogs {
			return sqlerr.New(sqlerr.InvalidCatalogName, "catalog \"%s\" does not exist", name).At(u.Name.At()).
				WithHint("Catalogs: %s.", strings.Join(c.r.o.Catalogs.Names(), ", "))
		}
		return c.useSchema(c.s.Catalog(), name, u)
	case 2:
		return c.useSchema(u.Name[0].Text, u.Name[1].Text, u)
	}
	return sqlerr.New(sqlerr.InvalidName, "USE takes a catalog, a schema, or catalog.schema").At(u.Name.At())
}

func (c *call) useNames(catalog, schema string) error {
	if catalog != session.AllCatalogs {
		if _, _, err := c.r.o.Catalogs.Get(catalog); err != nil {
			return err
		}
	}
	return c.s.Use(catalog, schema)
}

func (c *call) useSchema(catalog, schema string, u *ast.Use) error {
	conn, _, err := c.r.o.Catalogs.Get(catalog)
	if err != nil {
		return sqlerr.As(err).At(u.Name.At())
	}
	list, err := conn.Schemas(c.ctx, c.s.ForStatement())
	if err != nil {
		return err
	}
	for _, s := range list {
		if strings.EqualFold(s, schema) {
			return c.s.Use(catalog, s)
		}
	}
	return sqlerr.New(sqlerr.InvalidSchemaName, "schema \"%s\" does not exist in catalog \"%s\"", schema, catalog).At(u.Name.At())
}

func (c *call) discard(d *ast.Discard) (session.Result, error) {
	what := strings.ToUpper(d.What)
	if what == "ALL" {
		if c.s.InBlock() {
			return nil, sqlerr.New(sqlerr.ActiveTransaction, "DISCARD ALL cannot run inside a transaction block")
		}
		c.s.CloseCursors()
		c.s.DeallocateAll()
		c.s.ResetAll()
	}
	return session.Done("DISCARD " + what), nil
}

// configure applies the calls of set_config in a query before it is planned:
// the session's settings are part of what planning reads.
func (c *call) configure(q *ast.Query) error {
	var failed error
	ast.Walk(q, func(n ast.Node) {
		f, ok := n.(*ast.FuncCall)
		if !ok || failed != nil || f.Name.Last().Text != "set_config" || len(f.Args) != 3 {
			return
		}
		name, ok1 := ast.Option{Value: f.Args[0]}.Text()
		value, ok2 := ast.Option{Value: f.Args[1]}.Text()
		local, ok3 := f.Args[2].(*ast.BoolLit)
		if !ok1 || !ok2 || !ok3 {
			failed = sqlerr.Unsupported("set_config takes constants only").At(f.At())
			return
		}
		scope := session.InSession
		if local.Value {
			scope = session.InTransaction
		}
		failed = c.s.Set(name, value, scope)
	})
	return failed
}
