package analyzer

import (
	"strconv"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/logical"
)

// ordering analyses ORDER BY items against the select list: by number, by
// output name, else as an expression over the input.
type ordering struct {
	a      *analyzer
	x      *exprs
	items  []output
	clause string // empty: ORDER BY
}

func (o *ordering) word() string {
	if o.clause == "" {
		return "ORDER BY"
	}
	return o.clause
}

func (o *ordering) all(list []ast.OrderItem) ([]sorted, error) {
	var out []sorted
	for _, it := range list {
		if it.All {
			for i := range o.items {
				s := sorted{item: i, pos: it.At()}
				if err := direction(it, &s.desc, &s.nullsFirst); err != nil {
					return nil, err
				}
				out = append(out, s)
			}
			continue
		}
		s, err := o.one(it)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func (o *ordering) one(it ast.OrderItem) (sorted, error) {
	s := sorted{item: -1, pos: it.Expr.At()}
	if err := direction(it, &s.desc, &s.nullsFirst); err != nil {
		return s, err
	}
	i, ok, err := o.named(it.Expr)
	if err != nil {
		return s, err
	}
	if ok {
		s.item = i
		return s, nil
	}
	if s.e, err = o.x.expr(it.Expr); err != nil {
		return s, err
	}
	if s.e.Type().Kind == types.Unknown {
		if s.e, err = o.a.coerce(s.e, types.Of(types.Text), implicit); err != nil {
			return s, err
		}
	}
	for i := range o.items {
		if logical.Equal(o.items[i].e, s.e) {
			s.item, s.e = i, nil
			return s, nil
		}
	}
	return s, nil
}

// named finds the output item of an ordinal or of an output name.
func (o *ordering) named(e ast.Expr) (int, bool, error) {
	switch e := e.(type) {
	case *ast.NumberLit:
		i, err := ordinal(e, len(o.items), o.word())
		return i, err == nil, err
	case *ast.StringLit, *ast.NullLit, *ast.BoolLit:
		return 0, false, sqlerr.New(sqlerr.SyntaxError, "non-integer constant in %s", o.word()).At(e.At())
	case *ast.ColumnRef:
		if len(e.Parts) == 1 {
			return o.byName(e.Parts[0])
		}
	}
	return 0, false, nil
}

func (o *ordering) byName(n ast.Name) (int, bool, error) {
	at, best := -1, 0
	for i, it := range o.items {
		m := matches(n, it.name)
		switch {
		case m == 0 || m < best:
		case m > best:
			at, best = i, m
		case !logical.Equal(it.e, o.items[at].e):
			return 0, false, sqlerr.New(sqlerr.AmbiguousColumn, "%s %q is ambiguous", o.word(), n.Text).At(n.At())
		}
	}
	return at, at >= 0, nil
}

// ordinal reads a select-list position.
func ordinal(n *ast.NumberLit, width int, clause string) (int, error) {
	if !n.Integer {
		return 0, sqlerr.New(sqlerr.SyntaxError, "non-integer constant in %s", clause).At(n.At())
	}
	i, err := strconv.Atoi(n.Text)
	if err != nil || i < 1 || i > width {
		return 0, sqlerr.New(sqlerr.InvalidColumnRef, "%s position %s is not in select list", clause, n.Text).At(n.At())
	}
	return i - 1, nil
}

// direction reads ASC, DESC, USING and NULLS: NULL sorts as the greatest value
// unless said otherwise.
func direction(it ast.OrderItem, desc, nullsFirst *bool) error {
	switch {
	case it.Using == ">":
		*desc = true
	case it.Using != "" && it.Using != "<":
		return sqlerr.New(sqlerr.WrongObjectType, "operator %s is not a valid ordering operator", it.Using).At(it.At())
	default:
		*desc = it.Direction == ast.Descending
	}
	*nullsFirst = *desc
	if it.Nulls != ast.NullsUnspecified {
		*nullsFirst = it.Nulls == ast.NullsFirst
	}
	return nil
}

// callOrder analyses the ORDER BY inside an aggregate or window call.
func (x *exprs) callOrder(list []ast.OrderItem) ([]logical.Order, error) {
	var out []logical.Order
	for _, it := range list {
		if it.All {
			return nil, sqlerr.Unsupported("ORDER BY ALL is not supported here").At(it.At())
		}
		e, err := x.expr(it.Expr)
		if err != nil {
			return nil, err
		}
		if e.Type().Kind == types.Unknown {
			if e, err = x.a.coerce(e, types.Of(types.Text), implicit); err != nil {
				return nil, err
			}
		}
		o := logical.Order{Expr: e}
		if err := direction(it, &o.Desc, &o.NullsFirst); err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

// columnName is the name that an output column gets without an alias.
func columnName(e ast.Expr) string {
	if n, _ := figureName(e); n != "" {
		return n
	}
	return "?column?"
}

// figureName gives a name and how sure it is: 2 certain, 1 a type's name.
func figureName(e ast.Expr) (string, int) {
	switch e := e.(type) {
	case *ast.ColumnRef:
		return e.Parts[len(e.Parts)-1].Text, 2
	case *ast.FieldAccess:
		return e.Field.Text, 2
	case *ast.FuncCall:
		return e.Name.Last().Text, 2
	case *ast.Subscript:
		return figureName(e.X)
	case *ast.Collate:
		return figureName(e.X)
	case *ast.Cast:
		if n, sure := figureName(e.X); sure > 1 {
			return n, sure
		}
		return e.Type.Name.Last().Text, 1
	case *ast.TypedLit:
		return e.Type.Name.Last().Text, 1
	case *ast.IntervalLit:
		return "interval", 1
	case *ast.BoolLit:
		return "bool", 1
	case *ast.Case:
		if e.Else != nil {
			if n, sure := figureName(e.Else); sure > 0 {
				return n, sure
			}
		}
		return "case", 1
	case *ast.Exists:
		return "exists", 2
	case *ast.ArrayExpr, *ast.ArrayQuery:
		return "array", 2
	case *ast.Row:
		return "row", 2
	case *ast.Subquery:
		return subqueryName(e.Query.Body)
	}
	return "", 0
}

func subqueryName(b ast.QueryBody) (string, int) {
	switch b := b.(type) {
	case *ast.Query:
		return subqueryName(b.Body)
	case *ast.SetOp:
		return subqueryName(b.Left)
	case *ast.Select:
		if len(b.Items) == 1 {
			if !b.Items[0].Alias.IsZero() {
				return b.Items[0].Alias.Text, 2
			}
			return figureName(b.Items[0].Expr)
		}
	case *ast.Values:
		return "column1", 2
	}
	return "", 0
}

// ofColumn returns the id of a bare column.
func ofColumn(e expr.Expr) (int, bool) {
	c, ok := e.(*expr.Column)
	if !ok {
		return 0, false
	}
	return c.Index, true
}
