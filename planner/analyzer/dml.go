package analyzer

import (
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/parser/ast"
)

func (a *analyzer) insert(s *ast.Insert) (*Result, error) {
	return nil, sqlerr.Unsupported("INSERT is not supported yet").At(s.At())
}

func (a *analyzer) update(s *ast.Update) (*Result, error) {
	return nil, sqlerr.Unsupported("UPDATE is not supported yet").At(s.At())
}

func (a *analyzer) delete(s *ast.Delete) (*Result, error) {
	return nil, sqlerr.Unsupported("DELETE is not supported yet").At(s.At())
}

func (a *analyzer) createTableAs(s *ast.CreateTableAs) (*Result, error) {
	return nil, sqlerr.Unsupported("CREATE TABLE AS is not supported yet").At(s.At())
}
