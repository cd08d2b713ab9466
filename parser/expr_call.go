package parser

import "github.com/muster-sql/muster/parser/ast"

// call reads a call from its opening parenthesis on; name('x') with a constant
// behind it is a typed constant such as numeric(3,1) '1.5'.
func (p *parser) call(name ast.ObjectName) ast.Expr {
	c := p.callArgs(name)
	switch {
	case p.isString():
		return p.callToLiteral(c, "")
	case p.ahead[0].kind == kwTime && (p.is(kwWith) || p.is(kwWithout)) && isTimeName(name):
		suffix := ""
		if p.is(kwWith) {
			suffix = "tz"
		}
		p.advance()
		p.advance()
		p.expectWord("zone")
		if !p.isString() {
			p.syntaxError()
			return nil
		}
		return p.callToLiteral(c, suffix)
	}
	return p.callSuffix(c)
}

// isTimeName reports TIME and TIMESTAMP, which WITH TIME ZONE may follow.
func isTimeName(name ast.ObjectName) bool {
	return len(name) == 1 && !name[0].Quoted && (name[0].Text == "time" || name[0].Text == "timestamp")
}

// plainCall is call where only a call can stand.
func (p *parser) plainCall(name ast.ObjectName) *ast.FuncCall {
	return p.callSuffix(p.callArgs(name))
}

// callArgs reads ( … ).
func (p *parser) callArgs(name ast.ObjectName) *ast.FuncCall {
	c := &ast.FuncCall{Pos: ast.Pos(name.At()), Name: name}
	p.expect(tokLeftParen)
	if p.is(tokStar) && p.ahead[0].kind == tokRightParen {
		p.advance()
		c.Star = true
	}
	if p.accept(tokRightParen) {
		return c
	}
	if p.accept(kwDistinct) {
		c.Distinct = true
	} else {
		p.accept(kwAll)
	}
	c.Args = append(make([]ast.Expr, 0, 2), p.arg(c))
	p.moreArgs(c)
	return c
}

// moreArgs reads what follows the first argument, to the closing parenthesis.
func (p *parser) moreArgs(c *ast.FuncCall) {
	for p.is(tokComma) {
		if c.Variadic {
			p.syntaxError()
		}
		p.advance()
		c.Args = append(c.Args, p.arg(c))
	}
	if p.is(kwOrder) {
		c.OrderBy = p.orderBy()
	}
	c.Nulls = p.nullTreatment()
	p.expect(tokRightParen)
}

// arg reads one argument: [VARIADIC] value, or name => value.
func (p *parser) arg(c *ast.FuncCall) ast.Expr {
	if p.accept(kwVariadic) {
		c.Variadic = true
	}
	if k := p.ahead[0].kind; (k == tokFatArrow || k == tokColonEquals) && (isTypeOrFunctionName(p.tok.kind) || isColumnName(p.tok.kind)) {
		n := &ast.NamedArg{Pos: p.at(), Name: p.takeName()}
		p.advance()
		n.Value = p.argValue()
		return n
	}
	return p.argValue()
}

// argValue reads an expression, * or a lambda.
func (p *parser) argValue() ast.Expr {
	pos := p.at()
	p.argAt = p.tok.pos
	switch {
	case p.is(tokStar):
		return p.star()
	case p.is(kwLambda) && isColumnName(p.ahead[0].kind) && (p.ahead[1].kind == tokColon || p.ahead[1].kind == tokComma):
		p.advance()
		l := &ast.Lambda{Pos: pos, Params: p.columnNames()}
		p.expect(tokColon)
		l.Body = p.expr()
		return l
	case p.ahead[0].kind == tokLambdaArrow && isColumnName(p.tok.kind) && !isConstant(p.ahead[1].kind):
		n := p.takeName()
		return p.lambdaBody([]ast.Name{n})
	}
	e := p.expr()
	if s, ok := e.(*ast.Star); ok {
		p.starModifiers(s)
	}
	return e
}

// isConstant reports a token after which x -> … is the JSON operator.
func isConstant(k kind) bool {
	return isStringKind(k) || k == tokInteger || k == tokParam
}

// lambdaIsOperator is isConstant for what follows the arrow that is current.
func (p *parser) lambdaIsOperator() bool { return isConstant(p.ahead[0].kind) }

// lambdaParams returns the names of (), (x, y): a row of bare columns.
func lambdaParams(e ast.Expr) ([]ast.Name, bool) {
	row, ok := e.(*ast.Row)
	if !ok || row.Explicit {
		return nil, false
	}
	names := make([]ast.Name, 0, len(row.Elems))
	for _, x := range row.Elems {
		c, ok := x.(*ast.ColumnRef)
		if !ok || len(c.Parts) != 1 {
			return nil, false
		}
		names = append(names, c.Parts[0])
	}
	return names, true
}

// lambdaBody reads -> body.
func (p *parser) lambdaBody(params []ast.Name) ast.Expr {
	l := &ast.Lambda{Pos: p.at(), Params: params}
	p.expect(tokLambdaArrow)
	l.Body = p.expr()
	return l
}

func (p *parser) nullTreatment() ast.NullTreatment {
	if p.ahead[0].kind == kwNulls {
		switch {
		case p.is(kwIgnore):
			p.advance()
			p.advance()
			return ast.IgnoreNulls
		case p.is(kwRespect):
			p.advance()
			p.advance()
			return ast.RespectNulls
		}
	}
	return ast.NullsDefault
}

// callSuffix reads WITHIN GROUP, FILTER, IGNORE NULLS and OVER.
func (p *parser) callSuffix(c *ast.FuncCall) *ast.FuncCall {
	if p.is(kwWithin) && p.ahead[0].kind == kwGroup {
		p.advance()
		p.advance()
		p.expect(tokLeftParen)
		c.Within = p.orderBy()
		p.expect(tokRightParen)
	}
	if p.is(kwFilter) && p.ahead[0].kind == tokLeftParen {
		p.advance()
		p.advance()
		p.accept(kwWhere)
		c.Filter = p.expr()
		p.expect(tokRightParen)
	}
	if n := p.nullTreatment(); n != ast.NullsDefault {
		c.Nulls = n
	}
	if p.is(kwOver) {
		p.advance()
		c.Over = p.over()
	}
	return c
}

// over reads a window name or specification after OVER.
func (p *parser) over() *ast.WindowSpec {
	if p.is(tokLeftParen) {
		return p.windowSpec()
	}
	w := &ast.WindowSpec{Pos: p.at(), Named: true}
	w.Ref = p.columnName()
	return w
}

// callToLiteral turns numeric(3,1), which was read as a call, and the string that
// is current into a typed constant.
func (p *parser) callToLiteral(c *ast.FuncCall, suffix string) ast.Expr {
	t := &ast.TypeName{Pos: c.Pos, Name: c.Name}
	if len(c.Name) == 1 && !c.Name[0].Quoted {
		t.Name = ast.ObjectName{{Pos: c.Pos, Text: internalTypeName(c.Name[0].Text) + suffix}}
	}
	if c.Star || c.Distinct || c.Variadic || c.OrderBy != nil || c.Nulls != 0 {
		p.syntaxError()
		return nil
	}
	for _, a := range c.Args {
		n, ok := a.(*ast.NumberLit)
		if !ok || !n.Integer {
			p.syntaxError()
			return nil
		}
		t.Mods = append(t.Mods, p.smallInt(n))
	}
	return &ast.TypedLit{Pos: c.Pos, Type: t, Value: p.stringValue()}
}
