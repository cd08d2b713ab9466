package parser

import "github.com/muster-sql/muster/parser/ast"

// copyStatement reads COPY.
func (p *parser) copyStatement() ast.Statement {
	pos := p.at()
	p.advance()
	s := &ast.Copy{}
	binary := p.isWord("binary") && p.ahead[0].kind != kwFrom && p.ahead[0].kind != kwTo && p.acceptWord("binary")
	if p.accept(tokLeftParen) {
		s.Query = p.preparable()
		p.expect(tokRightParen)
	} else {
		s.Table = p.tableName()
		s.Columns = p.optionalColumnList()
	}
	switch {
	case p.is(kwFrom) && s.Query == nil:
		p.advance()
		s.From = true
	default:
		p.expect(kwTo)
	}
	p.copyTarget(s)
	if binary {
		s.Options = append(s.Options, wordOption(pos, "format", "binary"))
	}
	p.copyOptions(s)
	if s.From && p.accept(kwWhere) {
		s.Where = p.expr()
	}
	s.Span = p.span(pos)
	return s
}

// copyTarget reads STDIN, STDOUT, 'path' or PROGRAM 'command'.
func (p *parser) copyTarget(s *ast.Copy) {
	switch {
	case p.acceptWord("stdin"), p.acceptWord("stdout"):
		s.Client = true
	case p.acceptWord("program"):
		s.Program = true
		s.Path = p.stringLiteral()
	default:
		s.Path = p.stringLiteral()
	}
}

func wordOption(pos ast.Pos, name, word string) ast.Option {
	return ast.Option{
		Pos:   pos,
		Name:  ast.ObjectName{{Pos: pos, Text: name}},
		Value: &ast.ColumnRef{Pos: pos, Parts: []ast.Name{{Pos: pos, Text: word}}},
	}
}

// copyOptions reads [WITH] (…), or the old form [WITH] CSV HEADER DELIMITER ','.
func (p *parser) copyOptions(s *ast.Copy) {
	p.accept(kwWith)
	if p.is(tokLeftParen) {
		s.Options = append(s.Options, p.optionList()...)
		return
	}
	for p.err == nil {
		pos := p.at()
		text := func(name string) {
			p.accept(kwAs)
			at := p.at()
			s.Options = append(s.Options, ast.Option{
				Pos: pos, Name: ast.ObjectName{{Pos: pos, Text: name}},
				Value: &ast.StringLit{Pos: at, Value: p.stringLiteral()},
			})
		}
		columns := func(name string) {
			o := ast.Option{Pos: pos, Name: ast.ObjectName{{Pos: pos, Text: name}}, Value: &ast.Star{Pos: p.at()}}
			if !p.accept(tokStar) {
				row := &ast.Row{Pos: p.at()}
				for _, n := range p.columnNames() {
					row.Elems = append(row.Elems, &ast.ColumnRef{Pos: n.Pos, Parts: []ast.Name{n}})
				}
				o.Value = row
			}
			s.Options = append(s.Options, o)
		}
		switch word := p.oneOf("binary", "csv", "header", "freeze", "delimiter", "null", "quote", "escape", "encoding", "force"); word {
		case "binary", "csv":
			s.Options = append(s.Options, wordOption(pos, "format", word))
		case "header", "freeze":
			s.Options = append(s.Options, ast.Option{Pos: pos, Name: ast.ObjectName{{Pos: pos, Text: word}}, Value: &ast.BoolLit{Pos: pos, Value: true}})
		case "delimiter", "null", "quote", "escape", "encoding":
			text(word)
		case "force":
			switch {
			case p.acceptWord("quote"):
				columns("force_quote")
			case p.acceptWord("not", "null"):
				columns("force_not_null")
			default:
				p.expectWord("null")
				columns("force_null")
			}
		default:
			return
		}
	}
}
