package functions

import (
	"strconv"
	"strings"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// ServerVersion is the version of PostgreSQL whose behaviour clients may expect.
const ServerVersion = "15.0"

// systemFunctions tell about the session, the server and types; drivers and
// tools ask them.
func systemFunctions() []*Scalar {
	name, text, oid, i4 := types.Name, types.Text, types.OID, types.Int32
	s := func(fn, says, example, result string, args []Pattern, ret types.Kind, v Volatility, bind func([]types.Type) (Kernel, error), aliases ...string) *Scalar {
		return &Scalar{Name: fn, Aliases: aliases, Doc: Doc{Family: "system", Summary: says, Example: example, Result: result},
			Args: args, Return: returns(ret), Volatility: v, Bind: bind}
	}
	str := func(f func(x *Exec) string) func([]types.Type) (Kernel, error) {
		return bindSession(func(x *Exec) types.Value { return types.StringValue(f(x)) })
	}
	setting := s("current_setting", "The value of a setting of the session.", "current_setting('server_encoding')", "UTF8", patterns(text, types.Bool), text, Stable, bindSetting)
	setting.Optional = 1
	desc := s("obj_description", "The comment of an object: none.", "obj_description(1, 'pg_class') IS NULL", "t", patterns(oid, name), text, Stable, bindNothing, "shobj_description")
	desc.Optional = 1
	getExpr := s("pg_get_expr", "The text of a stored expression.", "pg_get_expr('1', 0)", "1", patterns(text, oid, types.Bool), text, Stable, bindSame)
	getExpr.Optional = 1
	return []*Scalar{
		s("version", "What this server is.", "version() LIKE 'PostgreSQL 15%'", "t", nil, text, Stable, str(func(*Exec) string { return "PostgreSQL " + ServerVersion + " (Muster)" })),
		s("current_database", "The catalog of the session.", "current_database() = current_catalog", "t", nil, name, Stable, str(func(x *Exec) string { return x.Env.session().Catalog }), "current_catalog"),
		s("current_schema", "The first schema of the search path.", "current_schema() IS NOT NULL", "t", nil, name, Stable, str(currentSchema)),
		s("current_user", "The user of the session.", "current_user = session_user", "t", nil, name, Stable, str(func(x *Exec) string { return x.Env.session().User }), "session_user", "user", "current_role"),
		s("pg_backend_pid", "The number of the client's session.", "pg_backend_pid() >= 0", "t", nil, i4, Stable, bindSession(func(x *Exec) types.Value {
			pid, _ := strconv.ParseInt(x.Env.session().Settings["pg_backend_pid"], 10, 32)
			return types.IntValue(pid)
		})),
		s("set_config", "Sets a setting of the session, before the statement is planned, and returns its value.", "set_config('application_name', 'a', false)", "a", patterns(text, text, types.Bool), text, Stable, func([]types.Type) (Kernel, error) {
			return func(x *Exec, args []*page.Vector) (*page.Vector, error) { return retype(args[1], x.Type), nil }, nil
		}),
		s("pg_is_in_recovery", "Whether the server replays a log: never.", "pg_is_in_recovery()", "f", nil, types.Bool, Stable, bindSession(func(*Exec) types.Value { return types.BoolValue(false) })),
		s("pg_postmaster_start_time", "When the statement began; the server's own start is in system.nodes.", "pg_postmaster_start_time() IS NOT NULL", "t", nil, types.TimestampTZ, Stable, bindSession(func(x *Exec) types.Value { return types.IntValue(x.Env.Now().UnixMicro()) }), "pg_conf_load_time"),
		s("pg_client_encoding", "The encoding of the client: always UTF8.", "pg_client_encoding()", "UTF8", nil, name, Stable, str(func(*Exec) string { return "UTF8" })),
		s("current_timezone", "The session's time zone.", "current_timezone() IS NOT NULL", "t", nil, text, Stable, str(func(x *Exec) string { return x.Env.Zone().String() })),
		s("pg_encoding_to_char", "The name of an encoding.", "pg_encoding_to_char(6)", "UTF8", patterns(i4), name, Immutable, textOf(func(_ *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
			a := intInput(args[0])
			return func(dst []byte, i int) ([]byte, error) {
				if a(i) == 6 {
					dst = append(dst, "UTF8"...)
				}
				return dst, nil
			}
		})),
		s("pg_get_userbyid", "The name of a user.", "pg_get_userbyid(10) IS NOT NULL", "t", patterns(oid), name, Stable, bindOwner),
		s("pg_table_is_visible", "Whether an object is found without its schema.", "pg_table_is_visible(1)", "t", patterns(oid), types.Bool, Stable, bindTrue,
			"pg_type_is_visible", "pg_function_is_visible", "pg_operator_is_visible", "pg_collation_is_visible", "pg_conversion_is_visible", "pg_opclass_is_visible", "pg_opfamily_is_visible", "pg_ts_config_is_visible"),
		s("col_description", "The comment of a column: none.", "col_description(1, 1) IS NULL", "t", patterns(oid, i4), text, Stable, bindNothing),
		s("format_type", "The name of a type with its modifier.", "format_type(23, -1)", "integer", patterns(oid, i4), text, Stable, bindFormatType),
		desc, getExpr, setting,
		{Name: "pg_typeof", Doc: Doc{Family: "system", Summary: "The type of a value.", Example: "pg_typeof(1)", Result: "integer"},
			Args: []Pattern{Any()}, Return: returns(types.RegType), Nulls: Called, Bind: func(ts []types.Type) (Kernel, error) {
				return bindConstant(types.IntValue(int64(types.TypeOID(ts[0])))), nil
			}},
		{Name: "typeof", Doc: Doc{Family: "system", Summary: "The type of a value with its parameters.", Example: "typeof(1.50)", Result: "numeric(3,2)"},
			Args: []Pattern{Any()}, Return: returns(text), Nulls: Called, Bind: func(ts []types.Type) (Kernel, error) {
				return bindConstant(types.StringValue(ts[0].String())), nil
			}},
		{Name: "current_schemas", Doc: Doc{Family: "system", Summary: "The search path, with pg_catalog when asked for.", Example: "current_schemas(true) IS NOT NULL", Result: "t"},
			Args: patterns(types.Bool), Volatility: Stable, Return: func([]types.Type) (types.Type, error) { return types.ArrayOf(types.Of(name)), nil },
			Bind: builderOf(func(x *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
				return func(b *page.Builder, i int) error {
					if page.Get[uint8](args[0], i) != 0 {
						b.Child(0).AppendString("pg_catalog")
					}
					for _, p := range x.Env.session().SearchPath {
						b.Child(0).AppendString(p)
					}
					b.EndList()
					return nil
				}
			})},
	}
}

// privileges are granted: access control has decided before anything is evaluated.
func privileges() []*Scalar {
	var out []*Scalar
	for _, what := range []string{"table", "column", "any_column", "schema", "database", "function", "sequence", "type", "language", "tablespace"} {
		fn := "has_" + what + "_privilege"
		for _, args := range [][]types.Kind{
			{types.OID, types.Text}, {types.Text, types.Text}, {types.Name, types.OID, types.Text}, {types.Name, types.Text, types.Text}, {types.OID, types.OID, types.Text},
		} {
			if what == "column" {
				args = append(args[:len(args)-1:len(args)-1], types.Text, types.Text)
			}
			out = append(out, &Scalar{Name: fn, Args: patterns(args...), Return: returns(types.Bool), Volatility: Stable, Bind: bindTrue,
				Doc: Doc{Family: "system", Summary: "Whether the user has a privilege: what can be seen is allowed.", Example: privilegeExample(fn, what), Result: "t"}})
		}
	}
	return out
}

func privilegeExample(fn, what string) string {
	if what == "column" {
		return fn + "(1::oid, 'a', 'SELECT')"
	}
	return fn + "(1::oid, 'SELECT')"
}

func currentSchema(x *Exec) string {
	if p := x.Env.session().SearchPath; len(p) > 0 {
		return p[0]
	}
	return x.Env.session().Schema
}

func bindConstant(v types.Value) Kernel {
	return func(x *Exec, _ []*page.Vector) (*page.Vector, error) { return page.NewConst(x.Type, v, x.N, x.Pool) }
}

func bindTrue([]types.Type) (Kernel, error) {
	return func(x *Exec, _ []*page.Vector) (*page.Vector, error) {
		return page.NewConst(x.Type, types.BoolValue(true), x.N, x.Pool)
	}, nil
}

func bindNothing([]types.Type) (Kernel, error) {
	return func(x *Exec, _ []*page.Vector) (*page.Vector, error) {
		return page.NewConst(x.Type, types.NullValue, x.N, x.Pool)
	}, nil
}

func bindOwner([]types.Type) (Kernel, error) {
	return func(x *Exec, _ []*page.Vector) (*page.Vector, error) {
		return page.NewConst(x.Type, types.StringValue(x.Env.session().User), x.N, x.Pool)
	}, nil
}

var bindFormatType = textOf(func(_ *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
	o, mo := input[uint32](args[0])
	mod, mm := input[int32](args[1])
	return func(dst []byte, i int) ([]byte, error) {
		t, ok := types.FromOID(o[i&mo], mod[i&mm])
		if !ok {
			return append(dst, "???"...), nil
		}
		return append(dst, t.String()...), nil
	}
})

// fixedSettings are those that tools ask for and that nobody can change.
var fixedSettings = map[string]string{
	"server_version": ServerVersion, "server_version_num": "150000", "server_encoding": "UTF8", "client_encoding": "UTF8",
	"standard_conforming_strings": "on", "integer_datetimes": "on", "lc_collate": "C", "lc_ctype": "C", "max_identifier_length": "63",
	"max_index_keys": "32", "default_transaction_isolation": "read committed", "transaction_isolation": "read committed",
	"is_superuser": "off", "in_hot_standby": "off", "block_size": "8192", "wal_level": "replica",
}

func bindSetting(ts []types.Type) (Kernel, error) {
	return nullableText(func(x *Exec, args []*page.Vector) func(i int) ([]byte, error) {
		a := stringInput(args[0])
		return func(i int) ([]byte, error) {
			name := strings.ToLower(string(a.at(i)))
			s := x.Env.session()
			if v, ok := s.Settings[name]; ok {
				return append([]byte{}, v...), nil
			}
			if v, ok := fixedSettings[name]; ok {
				return []byte(v), nil
			}
			switch name {
			case "timezone":
				return append([]byte{}, s.Zone...), nil
			case "search_path":
				return append([]byte{}, strings.Join(s.SearchPath, ", ")...), nil
			}
			if len(args) > 1 && page.Get[uint8](args[1], i) != 0 {
				return nil, nil
			}
			return nil, sqlerr.New(sqlerr.UndefinedObject, "unrecognized configuration parameter \"%s\"", name)
		}
	})(ts)
}
