package parser

import "github.com/muster-sql/muster/parser/ast"

func (p *parser) statement() ast.Statement { return p.preparable() }
func (p *parser) preparable() ast.Statement { return p.query() }
