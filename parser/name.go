package parser

import (
	"strings"

	"github.com/muster-sql/muster/parser/ast"
)

// namePartsMax bounds the dots of a name: beyond it a name is hostile.
const namePartsMax = 64

// isColumnName reports that a token can name a column, table or alias.
func isColumnName(k kind) bool {
	switch {
	case k == tokIdent || k == tokQuotedIdent || k == tokUnicodeIdent:
		return true
	case k >= keywordsFrom:
		return keywordClass[k] == ast.Plain || keywordClass[k] == ast.Unreserved || keywordClass[k] == ast.ColumnName
	}
	return false
}

// isTypeOrFunctionName reports that a token can name a type or function.
func isTypeOrFunctionName(k kind) bool {
	switch {
	case k == tokIdent || k == tokQuotedIdent || k == tokUnicodeIdent:
		return true
	case k >= keywordsFrom:
		return keywordClass[k] == ast.Plain || keywordClass[k] == ast.Unreserved || keywordClass[k] == ast.TypeOrFunction
	}
	return false
}

// isLabel reports that a token can be a name after AS or a dot.
func isLabel(k kind) bool {
	return k == tokIdent || k == tokQuotedIdent || k == tokUnicodeIdent || k >= keywordsFrom
}

// isBareLabel reports that a token can be a column label without AS.
func isBareLabel(k kind) bool {
	switch k {
	case tokIdent, tokQuotedIdent, tokUnicodeIdent:
		return true
	}
	return k >= keywordsFrom && !keywordNeedsAs[k]
}

// word returns the folded text of a token that is a word.
func (p *parser) word(t token) string {
	if t.kind >= keywordsFrom {
		return keywordText[t.kind-keywordsFrom]
	}
	return foldName(p.sql[t.pos:t.end])
}

// takeName makes a Name of the current token, whatever it is, and moves past it.
func (p *parser) takeName() ast.Name {
	t := p.tok
	n := ast.Name{Pos: ast.Pos(t.pos)}
	switch t.kind {
	case tokQuotedIdent:
		n.Quoted = true
		n.Text = unquoteName(p.sql[t.pos+1 : t.end-1])
		p.advance()
	case tokUnicodeIdent:
		n.Quoted = true
		p.advance()
		n.Text = p.decodeUnicode(unquoteName(p.sql[t.pos+3:t.end-1]), t)
		if n.Text == "" && p.err == nil {
			p.fail(codeSyntax, int(t.pos), "", "zero-length delimited identifier")
		}
	case tokStop:
	default:
		n.Text = p.word(t)
		p.advance()
	}
	return n
}

// columnName reads a name of a column, table, schema, alias and the like.
func (p *parser) columnName() ast.Name {
	if !isColumnName(p.tok.kind) {
		p.syntaxError()
		return ast.Name{}
	}
	return p.takeName()
}

// label reads a name after AS or a dot, where every word is allowed.
func (p *parser) label() ast.Name {
	if !isLabel(p.tok.kind) {
		p.syntaxError()
		return ast.Name{}
	}
	return p.takeName()
}

// roleName reads a role: a name, or CURRENT_USER and its like.
func (p *parser) roleName() ast.Name {
	switch p.tok.kind {
	case kwCurrentUser, kwCurrentRole, kwSessionUser, kwUser:
		return p.takeName()
	}
	return p.columnName()
}

// objectName reads a dotted name of a table, schema, collation and the like.
func (p *parser) objectName() ast.ObjectName {
	return p.dotted(p.columnName())
}

// functionName reads a dotted name of a function or type.
func (p *parser) functionName() ast.ObjectName {
	if !isTypeOrFunctionName(p.tok.kind) && !isColumnName(p.tok.kind) {
		p.syntaxError()
		return nil
	}
	return p.dotted(p.takeName())
}

// dotted reads the rest of a name after its first part.
func (p *parser) dotted(first ast.Name) ast.ObjectName {
	name := ast.ObjectName{first}
	for p.is(tokDot) && isLabel(p.ahead[0].kind) {
		p.advance()
		name = append(name, p.takeName())
		if len(name) > namePartsMax {
			p.tooManyDots(name)
		}
	}
	return name
}

func (p *parser) tooManyDots(name []ast.Name) {
	p.fail(codeSyntax, int(name[0].Pos), "", "improper qualified name (too many dotted names)")
}

// tableName is objectName for tables; it may have four parts.
func (p *parser) tableName() ast.ObjectName {
	n := p.objectName()
	if len(n) > 4 {
		p.tooManyDots(n)
	}
	return n
}

// columnList reads (a, b, c).
func (p *parser) columnList() []ast.Name {
	p.expect(tokLeftParen)
	list := p.columnNames()
	p.expect(tokRightParen)
	return list
}

// optionalColumnList reads (a, b, c) if there is a parenthesis.
func (p *parser) optionalColumnList() []ast.Name {
	if p.is(tokLeftParen) {
		return p.columnList()
	}
	return nil
}

func (p *parser) columnNames() []ast.Name {
	list := []ast.Name{p.columnName()}
	for p.accept(tokComma) {
		list = append(list, p.columnName())
	}
	return list
}

func (p *parser) objectNames() []ast.ObjectName {
	list := []ast.ObjectName{p.objectName()}
	for p.accept(tokComma) {
		list = append(list, p.objectName())
	}
	return list
}

// foldName folds A-Z, and nothing else, to lower case.
func foldName(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if b[i] >= 'A' && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

func unquoteName(s string) string {
	if strings.IndexByte(s, '"') < 0 {
		return s
	}
	return strings.ReplaceAll(s, `""`, `"`)
}
