package functions

import (
	"strconv"

	"github.com/muster-sql/muster/connectors/spi/types"
)

// Pattern describes what types an argument may have.
type Pattern struct {
	class patternClass
	typ   types.Type // of exact
	v     uint8      // number of the type variable
	as    types.Kind // of exact: what the argument is converted to; Unknown: its own type
}

type patternClass uint8

const (
	exact      patternClass = iota // this kind, any parameters
	numberExpr                     // decimal(p,s) or numeric: PostgreSQL's numeric
	anything                       // any type, unrelated to other arguments
	element                        // type variable
	arrayOf                        // array of the type variable
	mapOf                          // map from variable v to variable v+1
	anyRow                         // any row type
	comparison                     // both sides of a comparison
	printed                        // any type but arrays, as its text
	lambda                         // function of type variables
)

// Of is the pattern of a kind, whatever its parameters. Of(types.Text) takes all
// character strings as they are, Of(types.Numeric) all decimals.
func Of(k types.Kind) Pattern {
	if isNumericKind(k) {
		return Pattern{class: numberExpr, typ: types.Of(types.Numeric)}
	}
	return Pattern{typ: types.Of(k)}
}

// Exactly is the pattern of one type with its parameters, such as text[].
func Exactly(t types.Type) Pattern { return Pattern{typ: t} }

// Any is the pattern that every type matches; a literal of unknown type is text.
func Any() Pattern { return Pattern{class: anything} }

// Elem is the type variable n: all places with the same n have one common type.
func Elem(n int) Pattern { return Pattern{class: element, v: uint8(n)} }

// ArrayOf is the pattern of an array of the type variable n.
func ArrayOf(n int) Pattern { return Pattern{class: arrayOf, v: uint8(n)} }

// MapOf is the pattern of a map from the type variable n to n+1.
func MapOf(n int) Pattern { return Pattern{class: mapOf, v: uint8(n)} }

// Printed is the pattern of any value that is not an array; it is cast to text.
func Printed() Pattern { return Pattern{class: printed} }

// AnyRow is the pattern of row values.
func AnyRow() Pattern { return Pattern{class: anyRow} }

// Compared is the pattern of both sides of a comparison.
func Compared() Pattern { return Pattern{class: comparison} }

// Lambda is the pattern of a lambda.
func Lambda() Pattern { return Pattern{class: lambda} }

// String prints the pattern as documentation does.
func (p Pattern) String() string {
	n := ""
	if p.v > 0 {
		n = strconv.Itoa(int(p.v))
	}
	switch p.class {
	case anything, printed:
		return "any"
	case element:
		return "anyelement" + n
	case comparison:
		return "anyelement"
	case arrayOf:
		return "anyelement" + n + "[]"
	case mapOf:
		return "map"
	case anyRow:
		return "record"
	case lambda:
		return "function"
	}
	return p.typ.String()
}

// polymorphic reports whether the pattern is not one type of PostgreSQL.
func (p Pattern) polymorphic() bool { return p.class != exact && p.class != numberExpr }

const variables = 6

// bindings are the types of the type variables.
type bindings struct {
	t     [variables]types.Type
	bound [variables]bool
}

func (b *bindings) bind(v uint8, t types.Type) bool {
	if !b.bound[v] {
		b.t[v], b.bound[v] = t, true
		return true
	}
	c, ok := common2(b.t[v], t)
	b.t[v] = c
	return ok
}

// accepts checks one argument and binds type variables.
func (p Pattern) accepts(t types.Type, b *bindings) bool {
	switch p.class {
	case exact, numberExpr:
		return Implicit(t, p.typ)
	case anything, comparison:
		return t.Kind != types.Function
	case printed:
		return t.Kind != types.Function && t.Kind != types.Bytea && t.Kind != types.JSONB && category(t) != catArray
	case element:
		return t.Kind != types.Function && b.bind(p.v, t)
	case arrayOf:
		if t.Kind == types.Unknown {
			return true
		}
		return category(t) == catArray && b.bind(p.v, t.ElemType())
	case mapOf:
		if t.Kind == types.Unknown {
			return true
		}
		return t.Kind == types.Map && b.bind(p.v, *t.Key) && b.bind(p.v+1, *t.Elem)
	case anyRow:
		return isRow(t)
	default:
		return t.Kind == types.Function
	}
}

// coerced returns the type that an accepted argument has in the call.
func (p Pattern) coerced(t types.Type, b *bindings) types.Type {
	switch p.class {
	case exact:
		if p.as != types.Unknown {
			return types.Of(p.as)
		}
		return coercedTo(t, p.typ)
	case numberExpr:
		if d, ok := asDecimal(t); ok {
			return d
		}
		return p.typ
	case anything:
		if t.Kind == types.Unknown {
			return types.Of(types.Text)
		}
	case printed:
		return coercedTo(t, types.Of(types.Text))
	case element:
		return resolvedVar(b.t[p.v])
	case arrayOf:
		if t.Kind == types.Int2Vector || t.Kind == types.OIDVector {
			return t
		}
		return types.ArrayOf(resolvedVar(b.t[p.v]))
	case mapOf:
		return types.MapOf(resolvedVar(b.t[p.v]), resolvedVar(b.t[p.v+1]))
	}
	return t
}

func resolvedVar(t types.Type) types.Type {
	if t.Kind == types.Unknown {
		return types.Of(types.Text)
	}
	return t
}

// coercedTo keeps the argument's own type where values are the same bits.
func coercedTo(t, want types.Type) types.Type {
	switch {
	case t.Kind == types.Unknown:
		return want
	case want.Kind == types.Text && t.IsString():
		return t
	case t.Kind != want.Kind || t.Kind == types.Array:
		return want
	case t.IsNanos():
		return types.Of(t.Kind) // kernels count microseconds
	}
	return t
}
