package analyzer

import (
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/parser/ast"
)

// TypeOf resolves a type as written, for definitions and parameters.
func TypeOf(n *ast.TypeName) (types.Type, error) { return (&analyzer{}).typeOf(n) }
