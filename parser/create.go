package parser

import "github.com/muster-sql/muster/parser/ast"

// createFlags are the words between CREATE and the kind of object.
type createFlags struct {
	pos          ast.Pos
	orReplace    bool
	temp         bool
	unlogged     bool
	recursive    bool
	materialized bool
	unique       bool
}

// create reads CREATE ….
func (p *parser) create() ast.Statement {
	f := createFlags{pos: p.at()}
	p.advance()
	f.orReplace = p.acceptWord("or", "replace")
	if p.isWord("global") || p.isWord("local") {
		p.advance()
	}
	switch {
	case p.acceptWord("temp"), p.acceptWord("temporary"):
		f.temp = true
	case p.acceptWord("unlogged"):
		f.unlogged = true
	}
	f.recursive = p.accept(kwRecursive)
	f.materialized = p.isWord("materialized") && p.nextIsWord("view") && p.acceptWord("materialized")
	f.unique = p.accept(kwUnique)
	switch {
	case p.is(kwTable):
		return p.createTable(f)
	case p.acceptWord("view"):
		return p.createView(f)
	case p.acceptWord("index"):
		return p.createIndex(f)
	case p.acceptWord("schema"):
		return p.createSchema(f)
	case p.acceptWord("catalog"):
		return p.createCatalog(f)
	case p.acceptWord("sequence"):
		return p.createSequence(f)
	case p.acceptWord("type"):
		return p.createType(f)
	case p.acceptWord("domain"):
		return p.createDomain(f)
	case p.acceptWord("macro"):
		return p.createMacro(f)
	}
	return p.genericObject(f.pos, "CREATE")
}

// createView reads CREATE VIEW after VIEW.
func (p *parser) createView(f createFlags) ast.Statement {
	v := &ast.CreateView{OrReplace: f.orReplace, Temp: f.temp, Recursive: f.recursive, Materialized: f.materialized}
	v.IfNotExists = p.ifNotExists()
	v.Name = p.tableName()
	v.Columns = p.optionalColumnList()
	v.Comment = p.optionalComment()
	if p.acceptWord("security") {
		v.Security = p.oneOf("definer", "invoker")
		if v.Security == "" {
			p.syntaxError()
		}
	}
	v.Options = p.withOptions()
	if f.materialized && p.accept(kwUsing) {
		p.columnName()
	}
	p.expect(kwAs)
	v.Query = p.query()
	switch {
	case f.materialized:
		v.WithNoData = p.withData()
	case p.accept(kwWith):
		v.CheckOption = p.oneOf("local", "cascaded")
		if v.CheckOption == "" {
			v.CheckOption = "cascaded"
		}
		p.expectWord("check", "option")
	}
	v.Span = p.span(f.pos)
	return v
}

// withData reads WITH [NO] DATA; true for WITH NO DATA.
func (p *parser) withData() bool {
	if p.acceptWord("with", "no", "data") {
		return true
	}
	p.acceptWord("with", "data")
	return false
}

// createIndex reads CREATE INDEX after INDEX.
func (p *parser) createIndex(f createFlags) ast.Statement {
	x := &ast.CreateIndex{Unique: f.unique}
	x.Concurrently = p.accept(kwConcurrently)
	x.IfNotExists = p.ifNotExists()
	if !p.is(kwOn) {
		x.Name = p.columnName()
	}
	p.expect(kwOn)
	x.Only = p.accept(kwOnly)
	x.Table = p.tableName()
	if p.accept(kwUsing) {
		x.Using = p.columnName()
	}
	x.Items = p.indexItems()
	if p.acceptWord("include") {
		x.Include = p.columnList()
	}
	if p.acceptWord("nulls", "not", "distinct") {
		x.NullsNotDistinct = true
	} else {
		p.acceptWord("nulls", "distinct")
	}
	x.Options = p.withOptions()
	if p.acceptWord("tablespace") {
		x.Tablespace = p.columnName()
	}
	if p.accept(kwWhere) {
		x.Where = p.expr()
	}
	x.Span = p.span(f.pos)
	return x
}

// indexItems reads (a DESC, (a + b) opclass).
func (p *parser) indexItems() []ast.IndexItem {
	var list []ast.IndexItem
	p.expect(tokLeftParen)
	for {
		list = append(list, p.indexItem())
		if !p.accept(tokComma) {
			break
		}
	}
	p.expect(tokRightParen)
	return list
}

// indexItem reads a column, a call or an expression in parentheses, with its
// collation, operator class and order.
func (p *parser) indexItem() ast.IndexItem {
	it := ast.IndexItem{Pos: p.at(), Expr: p.exprAt(precUnary)}
	if p.accept(kwCollate) {
		it.Collation = p.objectName()
	}
	if isColumnName(p.tok.kind) && !p.is(kwNulls) {
		it.OpClass = p.objectName()
		if p.is(tokLeftParen) {
			p.optionList()
		}
	}
	it.Direction = p.direction()
	it.Nulls = p.nullsOrder()
	return it
}

// createSchema reads CREATE SCHEMA after SCHEMA.
func (p *parser) createSchema(f createFlags) ast.Statement {
	s := &ast.CreateSchema{IfNotExists: p.ifNotExists()}
	if !p.is(kwAuthorization) {
		s.Name = p.tableName()
	}
	if p.accept(kwAuthorization) {
		s.Authorization = p.roleName()
	}
	s.Options = p.withOptions()
	for p.err == nil && (p.is(kwCreate) || p.is(kwGrant)) {
		s.Elements = append(s.Elements, p.statement())
	}
	s.Span = p.span(f.pos)
	return s
}

// createCatalog reads CREATE CATALOG after CATALOG.
func (p *parser) createCatalog(f createFlags) ast.Statement {
	c := &ast.CreateCatalog{OrReplace: f.orReplace, IfNotExists: p.ifNotExists()}
	c.Name = p.columnName()
	p.expect(kwUsing)
	c.Connector = p.columnName()
	c.Comment = p.optionalComment()
	c.Options = p.withOptions()
	c.Span = p.span(f.pos)
	return c
}

// createSequence reads CREATE SEQUENCE after SEQUENCE.
func (p *parser) createSequence(f createFlags) ast.Statement {
	s := &ast.CreateSequence{Temp: f.temp, OrReplace: f.orReplace, IfNotExists: p.ifNotExists()}
	s.Name = p.tableName()
	s.Options = p.sequenceOptions()
	s.Span = p.span(f.pos)
	return s
}

// sequenceOptions reads START WITH 1 INCREMENT BY 2 and so on.
func (p *parser) sequenceOptions() []ast.Option {
	var list []ast.Option
	for p.err == nil {
		pos := p.at()
		o := func(name string, v ast.Expr) {
			list = append(list, ast.Option{Pos: pos, Name: ast.ObjectName{{Pos: pos, Text: name}}, Value: v})
		}
		switch {
		case p.acceptWord("as"):
			t := p.typeName()
			if t != nil {
				o("as", &ast.ColumnRef{Pos: t.Pos, Parts: t.Name})
			}
		case p.acceptWord("start"):
			p.accept(kwWith)
			o("start", p.signedNumber())
		case p.acceptWord("restart"):
			p.accept(kwWith)
			if p.is(tokInteger) || p.is(tokMinus) {
				o("restart", p.signedNumber())
			} else {
				o("restart", nil)
			}
		case p.acceptWord("increment"):
			p.accept(kwBy)
			o("increment", p.signedNumber())
		case p.acceptWord("minvalue"):
			o("minvalue", p.signedNumber())
		case p.acceptWord("maxvalue"):
			o("maxvalue", p.signedNumber())
		case p.acceptWord("cache"):
			o("cache", p.signedNumber())
		case p.acceptWord("cycle"):
			o("cycle", nil)
		case p.acceptWord("no", "minvalue"):
			o("minvalue", nil)
		case p.acceptWord("no", "maxvalue"):
			o("maxvalue", nil)
		case p.acceptWord("no", "cycle"):
			o("cycle", &ast.BoolLit{Pos: pos})
		case p.acceptWord("owned", "by"):
			o("owned", &ast.ColumnRef{Pos: p.at(), Parts: p.dotted(p.label())})
		default:
			return list
		}
	}
	return list
}

func (p *parser) signedNumber() ast.Expr {
	pos := p.at()
	if p.is(tokPlus) || p.is(tokMinus) {
		return &ast.Unary{Pos: pos, Op: p.takeOperator().name, X: p.signedNumber()}
	}
	if !p.is(tokInteger) && !p.is(tokNumber) {
		p.syntaxError()
		return nil
	}
	return &ast.NumberLit{Pos: pos, Integer: p.is(tokInteger), Text: p.numberText()}
}

// createType reads CREATE TYPE after TYPE.
func (p *parser) createType(f createFlags) ast.Statement {
	if f.orReplace {
		return p.generic(f.pos, "CREATE TYPE")
	}
	p.ifNotExists()
	t := &ast.CreateType{Name: p.tableName()}
	if !p.accept(kwAs) {
		return p.generic(f.pos, "CREATE TYPE")
	}
	switch {
	case p.acceptWord("enum"):
		t.Enum = true
		p.expect(tokLeftParen)
		if p.startsQuery() {
			return p.generic(f.pos, "CREATE TYPE")
		}
		for p.isString() {
			t.Labels = append(t.Labels, p.stringValue())
			if !p.accept(tokComma) {
				break
			}
		}
		p.expect(tokRightParen)
	case p.isWord("range"):
		return p.generic(f.pos, "CREATE TYPE")
	case p.accept(tokLeftParen):
		for !p.is(tokRightParen) && p.err == nil {
			field := ast.TypeField{Pos: p.at(), Name: p.columnName(), Type: p.typeName()}
			if p.accept(kwCollate) {
				p.objectName()
			}
			t.Fields = append(t.Fields, field)
			if !p.accept(tokComma) {
				break
			}
		}
		p.expect(tokRightParen)
	default:
		t.Of = p.typeName()
	}
	t.Span = p.span(f.pos)
	return t
}

// createDomain reads CREATE DOMAIN after DOMAIN.
func (p *parser) createDomain(f createFlags) ast.Statement {
	d := &ast.CreateDomain{Name: p.tableName()}
	p.accept(kwAs)
	d.Type = p.typeName()
	if p.accept(kwCollate) {
		d.Collation = p.objectName()
	}
	for p.err == nil {
		c, ok := p.columnConstraint()
		if !ok {
			break
		}
		d.Constraints = append(d.Constraints, c)
	}
	d.Span = p.span(f.pos)
	return d
}

// createMacro reads CREATE MACRO after MACRO.
func (p *parser) createMacro(f createFlags) ast.Statement {
	m := &ast.CreateMacro{Temp: f.temp, OrReplace: f.orReplace, IfNotExists: p.ifNotExists()}
	m.Name = p.dotted(p.label())
	for {
		m.Overloads = append(m.Overloads, p.macroBody())
		if !p.accept(tokComma) {
			break
		}
	}
	m.Span = p.span(f.pos)
	return m
}

func (p *parser) macroBody() ast.MacroBody {
	b := ast.MacroBody{Pos: p.at()}
	p.expect(tokLeftParen)
	for !p.is(tokRightParen) && p.err == nil {
		a := ast.MacroParam{Pos: p.at(), Name: p.columnName()}
		if !p.is(tokComma) && !p.is(tokRightParen) && !p.is(tokColonEquals) {
			a.Type = p.typeName()
		}
		if p.accept(tokColonEquals) {
			a.Default = p.expr()
		}
		b.Params = append(b.Params, a)
		if !p.accept(tokComma) {
			break
		}
	}
	p.expect(tokRightParen)
	p.expect(kwAs)
	if p.accept(kwTable) {
		b.Query = p.query()
	} else {
		b.Expr = p.expr()
	}
	return b
}
