package analyzer

import (
	"path"
	"strings"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/logical"
)

func isSetReturning(name string) bool { return name == "generate_series" || name == "unnest" }

// setReturning collects the calls in a select list that give several rows.
type setReturning struct{ calls []setCall }

type setCall struct {
	fn   string
	args []expr.Expr
	col  logical.Col
	pos  int
}

func (x *exprs) setCall(name string, e *ast.FuncCall) (expr.Expr, error) {
	if x.sets == nil || x.inAgg {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "set-returning functions are not allowed in %s", x.clause).At(e.At())
	}
	args, err := x.all(e.Args)
	if err != nil {
		return nil, err
	}
	args, t, err := x.a.setArgs(name, args, e.At())
	if err != nil {
		return nil, err
	}
	c := setCall{fn: name, args: args, col: x.a.ids.New(name, t), pos: e.At()}
	x.sets.calls = append(x.sets.calls, c)
	return at2(c.col.Ref(), e.At()), nil
}

// setArgs types the arguments of a set-returning function and its column.
func (a *analyzer) setArgs(name string, args []expr.Expr, pos int) ([]expr.Expr, types.Type, error) {
	if name == "unnest" {
		if len(args) != 1 || args[0].Type().Kind != types.Array && args[0].Type().Kind != types.Int2Vector && args[0].Type().Kind != types.OIDVector {
			return nil, types.Type{}, sqlerr.New(sqlerr.UndefinedFunction, "function unnest takes an array").At(pos)
		}
		return args, args[0].Type().ElemType(), nil
	}
	return a.seriesArgs(args, pos)
}

// seriesArgs types generate_series: integers become bigint inside.
func (a *analyzer) seriesArgs(args []expr.Expr, pos int) ([]expr.Expr, types.Type, error) {
	none := types.Type{}
	if len(args) < 2 || len(args) > 3 {
		return nil, none, sqlerr.New(sqlerr.UndefinedFunction, "function generate_series takes two or three arguments").At(pos)
	}
	ends, t, err := a.common("generate_series", args[:2])
	if err != nil {
		return nil, none, err
	}
	step := types.Of(types.Int64)
	switch {
	case t.IsInteger():
		t = types.Of(types.Int64)
	case t.Kind == types.Decimal || t.Kind == types.Numeric:
		t, step = types.Of(types.Numeric), types.Of(types.Numeric)
	case t.Kind == types.Date:
		t, step = types.Of(types.Timestamp), types.Of(types.Interval)
	case t.Kind == types.Timestamp || t.Kind == types.TimestampTZ:
		step = types.Of(types.Interval)
	default:
		return nil, none, sqlerr.New(sqlerr.UndefinedFunction, "function generate_series(%s, %s) does not exist", args[0].Type(), args[1].Type()).At(pos)
	}
	out := append([]expr.Expr(nil), ends...)
	if len(args) == 3 {
		out = append(out, args[2])
	} else if step.Kind == types.Interval {
		return nil, none, sqlerr.New(sqlerr.UndefinedFunction, "function generate_series(%s, %s) needs a step", args[0].Type(), args[1].Type()).At(pos)
	} else {
		out = append(out, &expr.Const{Typ: types.Of(types.Int64), Val: types.IntValue(1), At: -1})
	}
	for i, want := range []types.Type{t, t, step} {
		if out[i], err = a.coerce(out[i], want, implicit); err != nil {
			return nil, none, err
		}
	}
	return out, t, nil
}

// build expands the rows of in by the calls. Several unnests go side by side.
func (s *setReturning) build(a *analyzer, in logical.Node) (logical.Node, error) {
	if len(s.calls) == 0 {
		return in, nil
	}
	if len(s.calls) == 1 && s.calls[0].fn == "generate_series" {
		c := s.calls[0]
		return a.cross2(in, &logical.Series{Col: c.col, Args: c.args}), nil
	}
	n := &logical.Unnest{In: in}
	for _, c := range s.calls {
		if c.fn != "unnest" {
			return nil, sqlerr.Unsupported("several set-returning functions in one select list are not supported yet").At(c.pos)
		}
		n.Lists = append(n.Lists, c.args[0])
		n.Cols = append(n.Cols, c.col)
	}
	return n, nil
}

// cross2 applies or joins, as cross does.
func (a *analyzer) cross2(l, r logical.Node) logical.Node { return a.cross(l, r) }

// funcRef analyses a function in FROM; it may read the items to its left.
func (a *analyzer) funcRef(r *ast.FuncRef, s *scope, left *source) (*source, error) {
	if err := noSample(r.Sample); err != nil {
		return nil, err
	}
	if len(r.Calls) != 1 {
		return nil, sqlerr.Unsupported("ROWS FROM with several functions is not supported yet").At(r.At())
	}
	call, ok := r.Calls[0].Call.(*ast.FuncCall)
	if !ok || len(r.Calls[0].Defs) > 0 {
		return nil, sqlerr.Unsupported("this function in FROM is not supported yet").At(r.At())
	}
	sc := s
	if in := lateralScope(s, left, true); in.src != nil {
		sc = in
	} else {
		sc = &scope{outer: s.outer, with: s.with, path: s.path}
	}
	x := &exprs{a: a, scope: sc, clause: "functions in FROM"}
	rel, e, err := a.functionRows(r, call, x)
	if err != nil {
		return nil, err
	}
	if len(x.pending) > 0 {
		return nil, sqlerr.Unsupported("subqueries in arguments of a function in FROM are not supported yet").At(r.At())
	}
	if r.Alias != nil && e.table == nil && len(rel.cols) == 1 && len(r.Alias.Columns) == 0 && !r.Alias.Name.IsZero() {
		rel.cols = append([]logical.Col(nil), rel.cols...)
		rel.cols[0].Name = r.Alias.Name.Text // a function of one column gives it its alias
	}
	return a.entry(rel, e, r.Alias)
}

func (a *analyzer) functionRows(r *ast.FuncRef, call *ast.FuncCall, x *exprs) (relation, *ranged, error) {
	name := call.Name.Last().Text
	e := &ranged{alias: name, scalar: true}
	switch {
	case name == "unnest" && len(call.Name) == 1:
		rel, err := a.unnestRows(r, call, x)
		e.scalar = len(rel.cols) == 1
		return rel, e, err
	case name == "generate_series" || name == "range":
		rel, err := a.seriesRows(r, call, x)
		return rel, e, err
	}
	if rel, t, ok, err := a.connectorFunction(call, x); ok || err != nil {
		e.scalar, e.table = false, t
		return rel, e, err
	}
	v, err := x.funcCall(call)
	if err != nil {
		return relation{}, e, err
	}
	if r.WithOrdinality {
		return relation{}, e, sqlerr.Unsupported("WITH ORDINALITY of this function is not supported yet").At(r.At())
	}
	if isRowType(v.Type()) {
		e.scalar = false
		n := &logical.Project{In: logical.OneRow()}
		for i, f := range v.Type().Fields {
			n.Items = append(n.Items, logical.Item{Col: a.ids.New(f.Name, f.Type), Expr: &expr.Field{Arg: v, Index: i, Typ: f.Type, At: -1}})
		}
		return relation{n, n.Schema()}, e, nil
	}
	col := a.ids.New(name, v.Type())
	return relation{&logical.Project{In: logical.OneRow(), Items: []logical.Item{{Col: col, Expr: v}}}, []logical.Col{col}}, e, nil
}

func (a *analyzer) seriesRows(r *ast.FuncRef, call *ast.FuncCall, x *exprs) (relation, error) {
	if r.WithOrdinality {
		return relation{}, sqlerr.Unsupported("WITH ORDINALITY of generate_series is not supported yet").At(r.At())
	}
	args, err := x.all(call.Args)
	if err != nil {
		return relation{}, err
	}
	name := call.Name.Last().Text
	if name == "range" {
		if args, err = a.rangeArgs(args, call.At()); err != nil {
			return relation{}, err
		}
	}
	narrow := len(args) > 0 && name != "range"
	for _, arg := range args {
		narrow = narrow && (arg.Type().Kind == types.Int32 || arg.Type().Kind == types.Int16 || arg.Type().Kind == types.Unknown)
	}
	args, t, err := a.setArgs("generate_series", args, call.At())
	if err != nil {
		return relation{}, err
	}
	n := &logical.Series{Col: a.ids.New(name, t), Args: args}
	if !narrow || t.Kind != types.Int64 {
		return relation{n, n.Schema()}, nil
	}
	col := a.ids.New("generate_series", types.Of(types.Int32))
	p := &logical.Project{In: n, Items: []logical.Item{{Col: col, Expr: &expr.Cast{Arg: n.Col.Ref(), Typ: col.Type, Implicit: true, At: -1}}}}
	return relation{p, []logical.Col{col}}, nil
}

// rangeArgs turns range([start,] end [, step]), which leaves out the end, into
// the arguments of generate_series.
func (a *analyzer) rangeArgs(args []expr.Expr, pos int) ([]expr.Expr, error) {
	one := func(i int64) expr.Expr {
		return &expr.Const{Typ: types.Of(types.Int64), Val: types.IntValue(i), At: -1}
	}
	switch len(args) {
	case 1:
		args = []expr.Expr{one(0), args[0], one(1)}
	case 2:
		args = []expr.Expr{args[0], args[1], one(1)}
	case 3:
	default:
		return nil, sqlerr.New(sqlerr.UndefinedFunction, "function range takes one to three arguments").At(pos)
	}
	step, ok := a.folded(args[2]).(*expr.Const)
	if !ok || !step.Typ.IsInteger() || step.Val.Null {
		return nil, sqlerr.Unsupported("range is supported over integers with a constant step only").At(pos)
	}
	back := int64(1)
	if step.Val.I < 0 {
		back = -1
	}
	end, err := a.coerce(args[1], types.Of(types.Int64), implicit)
	if err != nil {
		return nil, err
	}
	if end, err = a.call("-", []expr.Expr{end, one(back)}, pos); err != nil {
		return nil, err
	}
	return []expr.Expr{args[0], a.folded(end), step}, nil
}

func (a *analyzer) unnestRows(r *ast.FuncRef, call *ast.FuncCall, x *exprs) (relation, error) {
	args, err := x.all(call.Args)
	if err != nil {
		return relation{}, err
	}
	n := &logical.Unnest{In: logical.OneRow()}
	for i, arg := range args {
		switch t := arg.Type(); {
		case t.Kind == types.Map:
			n.Cols = append(n.Cols, a.ids.New("key", *t.Key), a.ids.New("value", *t.Elem))
		case t.Kind == types.Array && isRowType(t.ElemType()):
			return relation{}, sqlerr.Unsupported("unnest of an array of rows is not supported yet").At(call.Args[i].At())
		case t.Kind == types.Array || t.Kind == types.Int2Vector || t.Kind == types.OIDVector:
			n.Cols = append(n.Cols, a.ids.New("unnest", t.ElemType()))
		default:
			return relation{}, sqlerr.New(sqlerr.UndefinedFunction, "function unnest(%s) does not exist", t).At(call.At())
		}
		n.Lists = append(n.Lists, arg)
	}
	if len(args) == 0 {
		return relation{}, sqlerr.New(sqlerr.UndefinedFunction, "function unnest() does not exist").At(call.At())
	}
	if r.WithOrdinality {
		o := a.ids.New("ordinality", types.Of(types.Int64))
		o.NotNull = true
		n.Ordinality = &o
	}
	return relation{n, n.Schema()}, nil
}

// connectorFunction calls a table function of a catalog, as read_parquet('…').
func (a *analyzer) connectorFunction(call *ast.FuncCall, x *exprs) (rel relation, t *spi.Table, ok bool, err error) {
	f, cat, conn, version := a.findFunction(call.Name)
	if f == nil {
		return relation{}, nil, false, nil
	}
	var args []spi.Arg
	for _, e := range call.Args {
		arg := spi.Arg{}
		if n, ok := e.(*ast.NamedArg); ok {
			arg.Name, e = n.Name.Text, n.Value
		}
		v, err := x.expr(e)
		if err != nil {
			return relation{}, nil, true, err
		}
		if v, err = a.coerce(v, textIfUnknown(v.Type()), implicit); err != nil {
			return relation{}, nil, true, err
		}
		c, ok := a.folded(v).(*expr.Const)
		if !ok {
			return relation{}, nil, true, sqlerr.Unsupported("arguments of %s must be constants", f.Name).At(e.At())
		}
		arg.Typ, arg.Val = c.Typ, c.Val
		args = append(args, arg)
	}
	rel, t, err = a.boundTable(f, cat, conn, version, args, call.At())
	return rel, t, true, err
}

// findFunction looks for a table function in the catalogs, the current one
// first; a name of two parts names the catalog.
func (a *analyzer) findFunction(n ast.ObjectName) (*spi.TableFunction, string, spi.Connector, uint64) {
	names := a.env.Catalogs.Names()
	if c, ok := a.names.hasCatalog(ast.Name{Text: a.env.Session.Catalog}); ok {
		names = append([]string{c}, names...)
	}
	if len(n) > 1 {
		c, ok := a.names.hasCatalog(n[0])
		if !ok {
			return nil, "", nil, 0
		}
		names = []string{c}
	}
	for _, name := range names {
		conn, version, err := a.env.Catalogs.Get(name)
		if err != nil {
			continue
		}
		list := conn.Caps().Functions
		for i := range list {
			if list[i].Name == n.Last().Text {
				return &list[i], name, conn, version
			}
		}
	}
	return nil, "", nil, 0
}

func (a *analyzer) boundTable(f *spi.TableFunction, cat string, conn spi.Connector, version uint64, args []spi.Arg, pos int) (relation, *spi.Table, error) {
	t, err := f.Bind(a.ctx, a.env.Session, args)
	if err != nil {
		return relation{}, nil, at(err, pos)
	}
	snap, err := a.names.env.Snapshots.Extend(a.ctx, a.env.Session, cat, conn, []spi.Name{t.Name})
	if err != nil {
		return relation{}, nil, at(err, pos)
	}
	found := &found{place: place{cat, t.Name}, conn: conn, version: version, table: t, snap: snap}
	policy, err := a.allowed(cat, t, Read)
	if err != nil {
		return relation{}, nil, at(err, pos)
	}
	a.tables = append(a.tables, TableUse{Catalog: cat, Name: t.Name})
	n := newScan(a.ids, found, a.env.Session)
	return a.restricted(relation{n, n.Cols}, policy), t, nil
}

// readers are the table functions for files, by extension.
var readers = map[string]string{
	".parquet": "read_parquet", ".pq": "read_parquet", ".csv": "read_csv", ".tsv": "read_csv",
	".json": "read_json", ".jsonl": "read_json", ".ndjson": "read_json",
}

// pathRef analyses FROM 'path'.
func (a *analyzer) pathRef(r *ast.PathRef) (*source, error) {
	if err := noSample(r.Sample); err != nil {
		return nil, err
	}
	plain := r.Path
	for _, z := range []string{".gz", ".zst", ".bz2"} {
		plain = strings.TrimSuffix(plain, z)
	}
	fn, ok := readers[strings.ToLower(path.Ext(plain))]
	if !ok {
		return nil, sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", r.Path).At(r.At()).
			WithHint("A file is read by its extension, such as .parquet; name a reader as in read_parquet('…') otherwise.")
	}
	f, cat, conn, version := a.findFunction(ast.ObjectName{{Text: fn}})
	if f == nil {
		return nil, sqlerr.Unsupported("no catalog reads such files: %q", r.Path).At(r.At()).
			WithHint("Attach a folder, for example with --attach files=/path.")
	}
	arg := spi.Arg{Typ: types.Of(types.Text), Val: types.StringValue(r.Path)}
	rel, t, err := a.boundTable(f, cat, conn, version, []spi.Arg{arg}, r.At())
	if err != nil {
		return nil, err
	}
	name := strings.TrimSuffix(path.Base(plain), path.Ext(plain))
	return a.entry(rel, &ranged{alias: name, table: t}, r.Alias)
}
