package command

import (
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/coordinator/session"
	"github.com/muster-sql/muster/parser/ast"
)

// copy carries out COPY.
func (c *call) copy(a *ast.Copy) (session.Result, error) {
	return nil, sqlerr.Unsupported("COPY is not supported yet").At(a.At())
}
