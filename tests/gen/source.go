package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/muster-sql/muster/connectors/builtin"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/coordinator/session"
	"github.com/muster-sql/muster/planner"
)

// classes are PostgreSQL's names of the first two characters of a SQLSTATE.
var classes = map[string]string{
	"00": "successful completion", "01": "warning", "08": "connection exception", "0A": "feature not supported", "21": "cardinality violation",
	"22": "data exception", "23": "integrity constraint violation", "24": "invalid cursor state", "25": "invalid transaction state",
	"26": "invalid SQL statement name", "28": "invalid authorization specification", "2B": "dependent privilege descriptors still exist",
	"34": "invalid cursor name", "3D": "invalid catalog name", "3F": "invalid schema name", "40": "transaction rollback",
	"42": "syntax error or access rule violation", "53": "insufficient resources", "54": "program limit exceeded",
	"55": "object not in prerequisite state", "57": "operator intervention", "58": "system error", "72": "snapshot failure",
	"F0": "configuration file error", "HV": "foreign data wrapper error", "XX": "internal error",
}

// errorCodes lists the constants of connectors/spi/sqlerr.
func errorCodes(root string) ([]byte, error) {
	files, err := parseFolder(filepath.Join(root, "connectors/spi/sqlerr"))
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || len(v.Values) != 1 {
				return true
			}
			if typ, ok := v.Type.(*ast.Ident); ok && typ.Name == "Code" {
				code, _ := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				names[code] = v.Names[0].Name
			}
			return true
		})
	}
	out := head("Error codes", "`connectors/spi/sqlerr/codes.go`")
	out.WriteString("Every error has a SQLSTATE; the codes are PostgreSQL's. Class 53 and 54: a limit of this system was reached. 08, 57, 58, HV: a\n" +
		"source, a client or an operator. XX: a bug of ours, please report it. Else the statement or its data.\n\n| SQLSTATE | name | class |\n|---|---|---|\n")
	codes := make([]string, 0, len(names))
	for c := range names {
		codes = append(codes, c)
	}
	sort.Strings(codes)
	for _, c := range codes {
		fmt.Fprintf(out, "| %s | %s | %s |\n", c, words(names[c]), classes[c[:2]])
	}
	return out.Bytes(), nil
}

// connectors lists the kinds of catalogs and their options.
func connectors(string) ([]byte, error) {
	out := head("Connectors", "`connectors/builtin`")
	out.WriteString("A catalog is made with `--attach NAME=URL`, a file of the catalogs folder, or `CREATE CATALOG name USING kind WITH (…)`;\n" +
		"the options are the same in all three.\n")
	for _, f := range builtin.All() {
		fmt.Fprintf(out, "\n## %s\n\n%s\n", f.Kind, f.Doc)
		if len(f.Schemes) > 0 {
			fmt.Fprintf(out, "\nURLs begin with: %s.\n", strings.Join(f.Schemes, ", "))
		}
		settingsTable(out, f.Options)
	}
	return out.Bytes(), nil
}

// settingKinds are the words for spi.SettingKind.
var settingKinds = [...]string{"text", "boolean", "integer", "number", "size in bytes", "duration", "one of a list"}

func settingsTable(out *bytes.Buffer, settings []spi.Setting) {
	if len(settings) == 0 {
		return
	}
	out.WriteString("\n| option | type | default | |\n|---|---|---|---|\n")
	for _, s := range settings {
		kind := settingKinds[s.Kind]
		if len(s.Enum) > 0 {
			kind = strings.Join(s.Enum, ", ")
		}
		doc := s.Doc
		if s.Secret {
			doc += " Secret: give a reference such as `${ENV:NAME}`."
		}
		fmt.Fprintf(out, "| %s | %s | %s | %s |\n", s.Name, kind, s.Default, strings.ReplaceAll(doc, "\n", " "))
	}
}

// rules lists the optimizer's rules with the comments of their types.
func rules(root string) ([]byte, error) {
	files, err := parseFolder(filepath.Join(root, "planner/optimizer/rules"))
	if err != nil || len(files) == 0 {
		return nil, err
	}
	docs := map[string]string{}
	named := map[string]string{} // type to the name that its Name method returns
	for _, f := range files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						docs[s.Name.Name] += d.Doc.Text()
					case *ast.ValueSpec:
						docs[s.Names[0].Name] += d.Doc.Text()
					}
				}
			case *ast.FuncDecl:
				if name := returnedName(d); name != "" {
					named[name] = receiver(d)
				}
			}
		}
	}
	out := head("Optimizer rules", "`planner/optimizer/rules`")
	out.WriteString("`EXPLAIN (RULES)` prints the rules that fired; `SET disabled_rules` takes their names.\n")
	list := make([]string, 0, len(named))
	for n := range named {
		list = append(list, n)
	}
	sort.Strings(list)
	for _, n := range list {
		doc := docs[n] // of the variable, else of the type
		if doc == "" {
			doc = docs[named[n]]
		}
		fmt.Fprintf(out, "\n## %s\n\n%s", n, markdown(doc))
	}
	return out.Bytes(), nil
}

// returnedName is the literal that a method Name returns.
func returnedName(d *ast.FuncDecl) string {
	if d.Name.Name != "Name" || d.Recv == nil || d.Body == nil || len(d.Body.List) != 1 {
		return ""
	}
	ret, ok := d.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(ret.Results) != 1 {
		return ""
	}
	lit, ok := ret.Results[0].(*ast.BasicLit)
	if !ok {
		return ""
	}
	name, _ := strconv.Unquote(lit.Value)
	return name
}

func receiver(d *ast.FuncDecl) string {
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// markdown turns the indented parts of a comment into code.
func markdown(doc string) string {
	var out strings.Builder
	for _, line := range strings.Split(strings.TrimRight(doc, "\n"), "\n") {
		if rest, ok := strings.CutPrefix(line, "\t"); ok {
			line = "    " + rest
		}
		out.WriteString(line + "\n")
	}
	return out.String()
}

func parseFolder(dir string) ([]*ast.File, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var out []*ast.File
	for _, n := range names {
		if strings.HasSuffix(n, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), n, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

var wordStart = regexp.MustCompile(`([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])`)

// words takes a name of Go apart: DivisionByZero is "division by zero".
func words(name string) string {
	return strings.ToLower(wordStart.ReplaceAllString(name, "$1$3 $2$4"))
}

// settings lists what SET takes.
func settings(string) ([]byte, error) {
	out := head("Session settings", "`coordinator/session`")
	out.WriteString("`SET name TO value`, `SHOW name`, `RESET name`. A setting that PostgreSQL has means what it means there; \"Accepted\" says that\nclients may set it and nothing changes.\n")
	out.WriteString("\n| setting | type | default | |\n|---|---|---|---|\n")
	for _, s := range session.NewRegistry(planner.Settings()...).All() {
		kind := settingKinds[s.Kind]
		switch {
		case s.Fixed:
			kind = "read only"
		case len(s.Enum) > 0:
			kind = strings.Join(s.Enum, ", ")
		}
		fmt.Fprintf(out, "| %s | %s | %s | %s |\n", s.Name, kind, cell(s.Default), cell(s.Doc))
	}
	return out.Bytes(), nil
}
