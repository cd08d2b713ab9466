package lint

import (
	"go/ast"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestEachSQLStateHasOneName(t *testing.T) {
	tree := load(t)
	names := map[string]string{}
	var bad []string
	for _, f := range tree.Packages()["connectors/spi/sqlerr"] {
		if f.Test {
			continue
		}
		for _, d := range f.AST.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				typ, ok := v.Type.(*ast.Ident)
				if !ok || typ.Name != "Code" || len(v.Values) != 1 {
					continue
				}
				code, _ := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				if len(code) != 5 {
					bad = append(bad, tree.Line(v)+": a SQLSTATE has five characters: "+code)
				}
				if other := names[code]; other != "" {
					bad = append(bad, tree.Line(v)+": "+v.Names[0].Name+" and "+other+" are both "+code)
				}
				names[code] = v.Names[0].Name
			}
		}
	}
	if len(names) == 0 {
		t.Fatal("no Code constants found in connectors/spi/sqlerr")
	}
	report(t, bad)
}

// Messages are fixed text first, in lower case: clients and people search for
// them. A first word in capitals is a keyword or an acronym.
func TestErrorMessagesBeginInLowerCase(t *testing.T) {
	tree := load(t)
	var bad []string
	for _, f := range tree.Files {
		if f.Test || f.Generated {
			continue
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if text := messageOf(call); text != "" && !lowerCase(text) {
				bad = append(bad, tree.Line(call)+": error text begins in lower case, fixed text first: "+strconv.Quote(text))
			}
			return true
		})
	}
	report(t, bad)
}

// messageOf returns the literal text of an error constructor's call.
func messageOf(call *ast.CallExpr) string {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	pkg, ok := sel.X.(*ast.Ident)
	if !ok || pkg.Obj != nil {
		return ""
	}
	switch what := pkg.Name + "." + sel.Sel.Name; {
	case what == "errors.New", what == "fmt.Errorf", pkg.Name == "sqlerr":
	default:
		return ""
	}
	for _, arg := range call.Args {
		if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, _ := strconv.Unquote(lit.Value)
			return text
		}
	}
	return ""
}

func lowerCase(text string) bool {
	first, n := utf8.DecodeRuneInString(text)
	if !unicode.IsUpper(first) {
		return true
	}
	word, _, _ := strings.Cut(text[n:], " ")
	return word != "" && strings.ToLower(word) != word
}
