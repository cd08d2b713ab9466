package expr

import "github.com/muster-sql/muster/connectors/spi/codec"

// The members of the closed set, in the order of their wire tags: append only.
var _ = codec.Register[Expr](
	(*Column)(nil), (*Const)(nil), (*Param)(nil), (*Call)(nil), (*Cast)(nil), (*Logic)(nil),
	(*Case)(nil), (*Coalesce)(nil), (*In)(nil), (*IsNull)(nil), (*Lambda)(nil), (*LambdaArg)(nil),
	(*Field)(nil),
)

// Marshal returns the binary form of e; Unmarshal reads it.
func Marshal(e Expr) ([]byte, error) { return codec.Marshal(e) }

// Unmarshal reads what Marshal wrote; malformed input is 22P03.
func Unmarshal(b []byte) (Expr, error) { return codec.Unmarshal[Expr](b) }
