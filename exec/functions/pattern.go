package functions

import "github.com/muster-sql/muster/connectors/spi/types"

// Pattern describes what types an argument may have.
type Pattern struct {
	class patternClass
	typ   types.Type // of exact
	v     uint8      // number of the type variable
}

type patternClass uint8

const (
	exact      patternClass = iota // this kind, any parameters
	anyNumeric                     // decimal(p,s) or numeric: PostgreSQL's numeric
	anything                       // any type, unrelated to other arguments
	element                        // type variable
	arrayOf                        // array of the type variable
	mapOf                          // map from variable v to variable v+1
	anyRow                         // any row type
	lambda                         // function of type variables
)

// Of is the pattern of a kind, whatever its parameters. Of(Text) takes all
// character strings.
func Of(k types.Kind) Pattern {
	if k == types.Decimal || k == types.Numeric {
		return Pattern{class: anyNumeric}
	}
	return Pattern{typ: types.Of(k)}
}

// Any is the pattern that every type matches.
func Any() Pattern { return Pattern{class: anything} }

// Elem is the type variable n: all places with the same n have one common type.
func Elem(n int) Pattern { return Pattern{class: element, v: uint8(n)} }

// ArrayOf is the pattern of an array of the type variable n.
func ArrayOf(n int) Pattern { return Pattern{class: arrayOf, v: uint8(n)} }

// MapOf is the pattern of a map from the type variable n to n+1.
func MapOf(n int) Pattern { return Pattern{class: mapOf, v: uint8(n)} }

// AnyRow is the pattern of row values.
func AnyRow() Pattern { return Pattern{class: anyRow} }

// Lambda is the pattern of a lambda.
func Lambda() Pattern { return Pattern{class: lambda} }
