package analyzer

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/parser/ast"
)

// params holds the types of $1, $2 … as far as they are known.
type params struct{ known []types.Type }

const paramsMax = 65535

func newParams(declared []types.Type) *params {
	return &params{known: append([]types.Type(nil), declared...)}
}

func (p *params) types() []types.Type { return p.known }

// use returns the parameter as an expression, of Unknown type until something
// expects a type of it.
func (p *params) use(n *ast.Param) (expr.Expr, error) {
	if n.Number < 1 || n.Number > paramsMax {
		return nil, sqlerr.New(sqlerr.UndefinedParameter, "there is no parameter $%d", n.Number).At(n.At())
	}
	for len(p.known) < n.Number {
		p.known = append(p.known, types.Of(types.Unknown))
	}
	return &expr.Param{N: n.Number, Typ: p.known[n.Number-1], At: n.At()}, nil
}

// settle gives an untyped parameter its type. One that has another by now is cast.
func (p *params) settle(e *expr.Param, t types.Type) expr.Expr {
	switch t.Kind {
	case types.Varchar, types.Char, types.Decimal, types.Timestamp, types.TimestampTZ, types.Time, types.TimeTZ:
		t = unsized(t)
	}
	if p.known[e.N-1].Kind == types.Unknown {
		p.known[e.N-1] = t
	}
	d := *e
	d.Typ = p.known[e.N-1]
	if d.Typ.Equal(t) {
		return &d
	}
	return &expr.Cast{Arg: &d, Typ: t, Implicit: true, At: e.At}
}

// unsized drops length and precision, which a value's context does not impose.
func unsized(t types.Type) types.Type {
	switch t.Kind {
	case types.Decimal:
		return types.Of(types.Numeric)
	case types.Varchar, types.Char, types.Timestamp, types.TimestampTZ, types.Time, types.TimeTZ:
		t.P = 0
	}
	return t
}
