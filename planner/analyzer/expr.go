package analyzer

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/logical"
)

// exprs is the context in which expressions of one clause are analysed.
type exprs struct {
	a      *analyzer
	scope  *scope
	clause string
	// pending are the subqueries met so far: the clause's node must be applied to
	// them before it evaluates an expression.
	pending []pending
	aggs    *aggs         // nil: aggregates are not allowed
	wins    *windows      // nil: window calls are not allowed
	sets    *setReturning // nil: functions that return sets are not allowed
	inAgg   bool
	lambdas []lambdaScope
	depth   int
}

// exprDepthMax bounds the height of an expression.
const exprDepthMax = 10_000

// condition analyses a predicate.
func (x *exprs) condition(e ast.Expr, clause string) (expr.Expr, error) {
	return x.exprAs(e, logical.BoolType(), "argument of "+clause)
}

// exprAs analyses an expression of which a type is required.
func (x *exprs) exprAs(e ast.Expr, t types.Type, what string) (expr.Expr, error) {
	out, err := x.expr(e)
	if err != nil {
		return nil, err
	}
	from := out.Type()
	if !implicitly(from, t) {
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "%s must be type %s, not type %s", what, t, from).At(e.At())
	}
	return x.a.coerce(out, t, implicit)
}

// expr gives the meaning of an expression. Its type may be Unknown for literals
// and parameters that nothing has determined.
func (x *exprs) expr(e ast.Expr) (expr.Expr, error) {
	x.depth++
	defer func() { x.depth-- }()
	if x.depth > exprDepthMax {
		return nil, sqlerr.New(sqlerr.StatementTooComplex, "expression is nested too deeply: more than %d levels", exprDepthMax).At(e.At())
	}
	switch e := e.(type) {
	case *ast.NumberLit:
		return numberConst(e)
	case *ast.StringLit:
		return &expr.Const{Typ: types.Of(types.Unknown), Val: types.StringValue(e.Value), At: e.At()}, nil
	case *ast.BoolLit:
		return &expr.Const{Typ: logical.BoolType(), Val: types.BoolValue(e.Value), At: e.At()}, nil
	case *ast.NullLit:
		return &expr.Const{Typ: types.Of(types.Unknown), Val: types.NullValue, At: e.At()}, nil
	case *ast.Param:
		return x.a.params.use(e)
	case *ast.ColumnRef:
		return x.column(e)
	case *ast.TypedLit:
		return x.typedLiteral(e)
	case *ast.IntervalLit:
		return x.interval(e)
	case *ast.Cast:
		return x.cast(e)
	case *ast.FuncCall:
		return x.funcCall(e)
	case *ast.Subquery, *ast.Exists, *ast.InSubquery, *ast.Quantified, *ast.ArrayQuery:
		return x.subquery(e)
	case *ast.DefaultExpr:
		return nil, sqlerr.New(sqlerr.SyntaxError, "DEFAULT is not allowed in this context").At(e.At())
	case *ast.GroupingSet:
		return nil, sqlerr.New(sqlerr.SyntaxError, "ROLLUP, CUBE and GROUPING SETS are only allowed in GROUP BY").At(e.At())
	case *ast.Star:
		return nil, sqlerr.New(sqlerr.SyntaxError, "* is not allowed in this context").At(e.At())
	case *ast.BitLit:
		return nil, sqlerr.Unsupported("bit strings are not supported").At(e.At())
	case *ast.CurrentOf:
		return nil, sqlerr.Unsupported("WHERE CURRENT OF is not supported").At(e.At())
	}
	if out, err := x.operator(e); out != nil || err != nil {
		return out, err
	}
	return x.nested(e)
}

// operator analyses operators and predicates; nil, nil for what is none.
func (x *exprs) operator(e ast.Expr) (expr.Expr, error) {
	switch e := e.(type) {
	case *ast.Unary:
		return x.unary(e)
	case *ast.Binary:
		return x.binary(e)
	case *ast.Logical:
		return x.logical(e)
	case *ast.Not:
		arg, err := x.condition(e.X, "NOT")
		if err != nil {
			return nil, err
		}
		return not(arg, e.At()), nil
	case *ast.IsTest:
		return x.isTest(e)
	case *ast.IsDistinct:
		return x.isDistinct(e)
	case *ast.Between:
		return x.between(e)
	case *ast.InList:
		return x.inList(e)
	case *ast.LikeExpr:
		return x.like(e)
	case *ast.Case:
		return x.caseExpr(e)
	}
	return nil, nil
}

// nested analyses arrays, rows and their parts.
func (x *exprs) nested(e ast.Expr) (expr.Expr, error) {
	switch e := e.(type) {
	case *ast.Row:
		return x.row(e.Elems, e.At())
	case *ast.ArrayExpr:
		return x.array(e)
	case *ast.StructLit:
		return x.structLit(e)
	case *ast.FieldAccess:
		arg, err := x.expr(e.X)
		if err != nil {
			return nil, err
		}
		return x.field(arg, e.Field)
	case *ast.Subscript:
		return x.subscript(e)
	case *ast.Lambda:
		return nil, sqlerr.New(sqlerr.SyntaxError, "a lambda is only allowed as an argument of a function").At(e.At())
	case *ast.NamedArg:
		return nil, sqlerr.Unsupported("named arguments are not supported here").At(e.At())
	case *ast.Collate:
		return x.collate(e)
	}
	return nil, sqlerr.Unsupported("this expression is not supported yet").At(e.At())
}

func (x *exprs) collate(e *ast.Collate) (expr.Expr, error) {
	arg, err := x.expr(e.X)
	if err != nil {
		return nil, err
	}
	switch n := e.Collation.Last().Text; n {
	case "C", "POSIX", "default", "ucs_basic", "c", "posix":
	default:
		return nil, sqlerr.Unsupported("collation is not supported: %q", n).At(e.At())
	}
	if t := arg.Type(); !t.IsString() {
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "collations are not supported by type %s", t).At(e.At())
	}
	return arg, nil
}

// column resolves a name of one to four parts: a column, a field of one, or the
// row of a FROM entry.
func (x *exprs) column(e *ast.ColumnRef) (expr.Expr, error) {
	if out := x.lambdaArg(e); out != nil {
		return out, nil
	}
	if len(e.Parts) == 1 {
		return x.simpleColumn(e)
	}
	// The longest qualifier wins: a.b.c is column c of a.b before field c of a.b.
	for cut := min(len(e.Parts)-1, 3); cut >= 1; cut-- {
		r, err := x.scope.entry(e.Parts[:cut])
		if err != nil {
			return nil, err
		}
		if r == nil {
			continue
		}
		name := e.Parts[cut]
		v, err := r.column(name)
		if err != nil {
			return nil, err
		}
		if v == nil {
			return nil, r.missingColumn(name, e.At())
		}
		return x.fields(x.read(v, e.At()), e.Parts[cut+1:])
	}
	v, err := x.scope.unqualified(e.Parts[0])
	if err != nil {
		return nil, err
	}
	if v != nil && (isRowType(v.col.Type)) {
		return x.fields(x.read(v, e.At()), e.Parts[1:])
	}
	return nil, x.scope.missingEntry(e.Parts[:len(e.Parts)-1])
}

func (x *exprs) simpleColumn(e *ast.ColumnRef) (expr.Expr, error) {
	n := e.Parts[0]
	v, err := x.scope.unqualified(n)
	if err != nil {
		return nil, err
	}
	if v != nil {
		return x.read(v, e.At()), nil
	}
	r, err := x.scope.entry(e.Parts)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, x.scope.missingColumn(n)
	}
	if r.scalar {
		return x.read(&r.cols[0], e.At()), nil
	}
	var fields []expr.Expr
	var names []string
	for i := range r.cols {
		if !r.cols[i].hidden {
			fields = append(fields, x.read(&r.cols[i], e.At()))
			names = append(names, r.cols[i].name)
		}
	}
	return x.rowOf(fields, names, e.At())
}

func (x *exprs) read(v *visible, pos int) expr.Expr {
	return &expr.Column{Index: v.col.ID, Typ: v.col.Type, Name: v.name, At: pos}
}

func isRowType(t types.Type) bool { return t.Kind == types.Row || t.Kind == types.Record }

func (x *exprs) fields(e expr.Expr, names []ast.Name) (expr.Expr, error) {
	var err error
	for _, n := range names {
		if e, err = x.field(e, n); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func (x *exprs) field(e expr.Expr, n ast.Name) (expr.Expr, error) {
	t := e.Type()
	if !isRowType(t) {
		return nil, sqlerr.New(sqlerr.WrongObjectType, "column notation .%s applied to type %s, which is not a composite type", n.Text, t).At(n.At())
	}
	best, at := 0, -1
	for i, f := range t.Fields {
		if m := matches(n, f.Name); m > best {
			best, at = m, i
		}
	}
	if at < 0 {
		names := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			names[i] = f.Name
		}
		err := sqlerr.New(sqlerr.UndefinedColumn, "column %q not found in data type %s", n.Text, t).At(n.At())
		if near := nearest(n.Text, names); near != "" {
			return nil, err.WithHint("Did you mean %q?", near)
		}
		return nil, err
	}
	return &expr.Field{Arg: e, Index: at, Typ: t.Fields[at].Type, At: n.At()}, nil
}

// not negates a condition.
func not(e expr.Expr, pos int) expr.Expr {
	return &expr.Logic{Op: expr.Not, Args: []expr.Expr{e}, At: pos}
}

func (x *exprs) logical(e *ast.Logical) (expr.Expr, error) {
	op, word := expr.And, "AND"
	if e.Op == ast.Or {
		op, word = expr.Or, "OR"
	}
	args := make([]expr.Expr, len(e.Args))
	for i, a := range e.Args {
		var err error
		if args[i], err = x.condition(a, word); err != nil {
			return nil, err
		}
	}
	return &expr.Logic{Op: op, Args: args, At: e.At()}, nil
}

// lambdaScope are the parameters of a lambda that is being analysed.
type lambdaScope struct {
	names []ast.Name
	types []types.Type
}

func (x *exprs) lambdaArg(e *ast.ColumnRef) expr.Expr {
	for depth := range x.lambdas {
		l := x.lambdas[len(x.lambdas)-1-depth]
		for i, n := range l.names {
			if len(e.Parts) == 1 && matches(e.Parts[0], n.Text) > 0 && i < len(l.types) {
				return &expr.LambdaArg{Depth: depth, Index: i, Typ: l.types[i], At: e.At()}
			}
		}
	}
	return nil
}
