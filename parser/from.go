package parser

import "github.com/muster-sql/muster/parser/ast"

// relations reads the items of FROM.
func (p *parser) relations() []ast.Relation {
	list := []ast.Relation{p.relation()}
	for p.accept(tokComma) {
		if p.endsSelectList() {
			break
		}
		list = append(list, p.relation())
	}
	return list
}

// relation reads one item of FROM with its joins.
func (p *parser) relation() ast.Relation {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	outer := p.high
	p.high = 0
	r := p.joins(p.relationPrimary())
	p.high = max(outer, p.high+1)
	return r
}

// joins extends left by the joins that follow it.
func (p *parser) joins(left ast.Relation) ast.Relation {
	for {
		j := &ast.Join{Pos: p.at(), Left: left}
		if !p.joinKind(j) {
			return left
		}
		p.grow()
		j.Right = p.relationPrimary()
		if j.Natural || j.Kind == ast.CrossJoin || j.Kind == ast.PositionalJoin {
			left = j
			continue
		}
		if !p.is(kwOn) && !p.is(kwUsing) {
			// a JOIN b JOIN c ON … ON …: the inner join is the right side.
			if !p.enter() {
				return nil
			}
			j.Right = p.joins(j.Right)
			p.leave()
		}
		p.joinCondition(j)
		left = j
	}
}

func (p *parser) joinCondition(j *ast.Join) {
	switch {
	case p.accept(kwOn):
		j.On = p.expr()
	case p.accept(kwUsing):
		j.Using = p.columnList()
		if p.accept(kwAs) {
			j.UsingAlias = p.columnName()
		}
	default:
		p.syntaxErrorHint("a join needs ON or USING; for all combinations write CROSS JOIN")
	}
}

// joinKind reads the words up to JOIN; false: there is no join here.
func (p *parser) joinKind(j *ast.Join) bool {
	switch p.tok.kind {
	case kwJoin:
		p.advance()
		return true
	case kwCross:
		p.advance()
		j.Kind = ast.CrossJoin
		p.expect(kwJoin)
		return true
	case kwNatural:
		p.advance()
		j.Natural = true
		if p.isWordJoin() {
			return p.wordJoin(j)
		}
		p.outerKind(j)
		p.expect(kwJoin)
		return true
	case kwInner, kwLeft, kwRight, kwFull:
		p.outerKind(j)
		p.expect(kwJoin)
		return true
	}
	return p.wordJoin(j)
}

// outerKind reads INNER, or LEFT, RIGHT, FULL [OUTER].
func (p *parser) outerKind(j *ast.Join) {
	switch p.tok.kind {
	case kwInner:
		p.advance()
		return
	case kwLeft:
		j.Kind = ast.LeftJoin
	case kwRight:
		j.Kind = ast.RightJoin
	case kwFull:
		j.Kind = ast.FullJoin
	default:
		return
	}
	p.advance()
	if j.Kind == ast.LeftJoin && p.ahead[0].kind == kwJoin {
		switch p.oneOf("semi", "anti") { // LEFT SEMI JOIN is SEMI JOIN
		case "semi":
			j.Kind = ast.SemiJoin
		case "anti":
			j.Kind = ast.AntiJoin
		}
	}
	p.accept(kwOuter)
}

// wordJoin reads the joins whose words are no key words: SEMI, ANTI, ASOF [LEFT]
// and POSITIONAL.
func (p *parser) wordJoin(j *ast.Join) bool {
	if !p.isWordJoin() {
		return false
	}
	switch p.oneOf("semi", "anti", "positional", "asof") {
	case "semi":
		j.Kind = ast.SemiJoin
	case "anti":
		j.Kind = ast.AntiJoin
	case "positional":
		j.Kind = ast.PositionalJoin
	case "asof":
		j.Kind = ast.AsOfJoin
		if p.accept(kwLeft) {
			p.accept(kwOuter)
			j.Kind = ast.AsOfLeftJoin
		}
	}
	p.expect(kwJoin)
	return true
}

// isWordJoin reports that the current word and JOIN are one of those joins, and
// so that it is no alias.
func (p *parser) isWordJoin() bool {
	if p.tok.kind != tokIdent {
		return false
	}
	switch p.ahead[0].kind {
	case kwJoin:
		return p.isWord("semi") || p.isWord("anti") || p.isWord("positional") || p.isWord("asof")
	case kwLeft:
		return p.isWord("asof")
	}
	return false
}

// relationPrimary reads a relation without joins.
func (p *parser) relationPrimary() ast.Relation {
	pos := p.at()
	switch k := p.tok.kind; {
	case k == tokLeftParen:
		return p.parenRelation()
	case k == kwLateral:
		p.advance()
		return p.lateral(pos)
	case p.isString():
		r := &ast.PathRef{Pos: pos, Path: p.stringValue()}
		r.Alias = p.alias()
		r.Sample = p.tableSample()
		return r
	case k == kwOnly:
		return p.only()
	case k == kwValues && startsValuesRow(p.ahead[0].kind):
		body := p.values()
		return p.subqueryRef(&ast.SubqueryRef{Pos: pos, Query: &ast.Query{Span: p.span(pos), Body: body}})
	case k == kwRows && p.ahead[0].kind == kwFrom:
		return p.rowsFrom(pos)
	case k == kwTable && p.ahead[0].kind == tokLeftParen:
		return p.tableFunction(pos)
	case p.ahead[0].kind == tokColon && isColumnName(k):
		return p.prefixAlias()
	case isColumnName(k) && p.ahead[0].kind != tokLeftParen:
		return p.tableOrFunction()
	case isTypeOrFunctionName(k) && p.ahead[0].kind == tokLeftParen:
		return p.funcRef(pos, p.plainCall(ast.ObjectName{p.takeName()}))
	}
	return p.exprRef(pos)
}

// exprRef reads a call with a syntax of its own, such as CAST(… AS …), in FROM.
func (p *parser) exprRef(pos ast.Pos) ast.Relation {
	switch p.tok.kind {
	case kwCast, kwCurrentDate, kwCurrentTime, kwCurrentTimestamp, kwLocaltime, kwLocaltimestamp, kwCurrentUser,
		kwCurrentRole, kwSessionUser, kwUser, kwCurrentCatalog, kwCurrentSchema, kwCoalesce, kwNullif, kwGreatest,
		kwLeast, kwExtract, kwSubstring, kwPosition, kwTrim, kwOverlay, kwNormalize, kwCollation:
		switch e := p.primary().(type) {
		case *ast.FuncCall:
			return p.funcRef(pos, e)
		case *ast.Cast:
			return p.funcRef(pos, e)
		}
	case kwSelect, kwWith:
		p.syntaxErrorHint("put a subquery in FROM in parentheses")
		return nil
	}
	p.syntaxError()
	return nil
}

// tableOrFunction reads a dotted name: a table, or a function if a parenthesis
// follows.
func (p *parser) tableOrFunction() ast.Relation {
	pos := p.at()
	name := p.tableName()
	if p.is(tokLeftParen) {
		return p.funcRef(pos, p.plainCall(name))
	}
	p.accept(tokStar)
	return p.tableRest(&ast.TableRef{Pos: pos, Name: name})
}

// tableRest reads FOR … AS OF, an alias and TABLESAMPLE.
func (p *parser) tableRest(t *ast.TableRef) ast.Relation {
	if p.is(kwFor) && (p.ahead[0].kind == kwVersion || p.ahead[0].kind == kwTimestamp) {
		p.advance()
		t.AsOf = &ast.AsOf{Pos: p.at(), Timestamp: p.is(kwTimestamp)}
		p.advance()
		p.expect(kwAs)
		p.expectWord("of")
		t.AsOf.Value = p.exprAt(precOperator)
	}
	t.Alias = p.alias()
	t.Sample = p.tableSample()
	return t
}

func (p *parser) only() ast.Relation {
	t := &ast.TableRef{Pos: p.at(), Only: true}
	p.advance()
	if p.accept(tokLeftParen) {
		t.Name = p.tableName()
		p.expect(tokRightParen)
	} else {
		t.Name = p.tableName()
	}
	return p.tableRest(t)
}

// prefixAlias reads DuckDB's alias: relation.
func (p *parser) prefixAlias() ast.Relation {
	a := &ast.Alias{Pos: p.at(), Name: p.takeName()}
	p.advance()
	if !p.enter() {
		return nil
	}
	r := p.relationPrimary()
	p.leave()
	if !setAlias(r, a) {
		p.syntaxError()
	}
	return r
}

// setAlias gives a relation an alias; false if it has one.
func setAlias(r ast.Relation, a *ast.Alias) bool {
	var slot **ast.Alias
	switch r := r.(type) {
	case *ast.TableRef:
		slot = &r.Alias
	case *ast.PathRef:
		slot = &r.Alias
	case *ast.SubqueryRef:
		slot = &r.Alias
	case *ast.FuncRef:
		slot = &r.Alias
	case *ast.Join:
		slot = &r.Alias
	}
	if slot == nil || *slot != nil {
		return false
	}
	*slot = a
	return true
}

// parenRelation reads (query), (a JOIN b) or (t). A query may begin with
// parentheses of its own, which is seen only after them.
func (p *parser) parenRelation() ast.Relation {
	pos := p.at()
	p.advance()
	if p.startsQuery() {
		s := &ast.SubqueryRef{Pos: pos, Query: p.query()}
		p.expect(tokRightParen)
		return p.subqueryRef(s)
	}
	inner := p.relation()
	if s, ok := inner.(*ast.SubqueryRef); ok && p.continuesQuery() && s.Alias == nil && s.Sample == nil && !s.Lateral {
		s.Pos = pos
		s.Query = p.continueQuery(s.Query)
		p.expect(tokRightParen)
		return p.subqueryRef(s)
	}
	p.expect(tokRightParen)
	if a := p.alias(); a != nil && !setAlias(inner, a) {
		p.syntaxErrorAt(token{kind: tokIdent, pos: int32(a.Pos), end: p.prev.end}, "")
	}
	return inner
}

// subqueryRef reads what follows the parenthesis of a subquery in FROM.
func (p *parser) subqueryRef(s *ast.SubqueryRef) ast.Relation {
	s.Alias = p.alias()
	s.Sample = p.tableSample()
	return s
}

// lateral reads what follows LATERAL.
func (p *parser) lateral(pos ast.Pos) ast.Relation {
	if p.is(kwLateral) {
		p.syntaxError()
		return nil
	}
	switch r := p.relationPrimary().(type) {
	case *ast.SubqueryRef:
		r.Pos, r.Lateral = pos, true
		return r
	case *ast.FuncRef:
		r.Pos, r.Lateral = pos, true
		return r
	}
	p.syntaxErrorHint("LATERAL takes a subquery in parentheses or a function")
	return nil
}
