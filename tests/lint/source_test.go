package lint

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"strings"
	"sync"
	"testing"
)

var loadOnce = sync.OnceValues(Load)

func load(t *testing.T) *Tree {
	t.Helper()
	tree, err := loadOnce()
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// bannedNames say nothing about what a file or a package holds.
const bannedNames = " util utils common helper helpers misc base "

func TestFileAndPackageNamesSayWhatTheyHold(t *testing.T) {
	tree := load(t)
	var bad []string
	for _, f := range tree.Files {
		stem := strings.TrimSuffix(strings.TrimSuffix(path.Base(f.Path), ".go"), "_test")
		words := append(strings.Split(f.Dir, "/"), stem, stem[strings.LastIndexByte(stem, '_')+1:])
		for _, w := range words {
			if strings.Contains(bannedNames, " "+w+" ") {
				bad = append(bad, f.Path+": the name says nothing: "+w)
				break
			}
		}
	}
	report(t, bad)
}

func TestEachPackageHasAShortComment(t *testing.T) {
	tree := load(t)
	var bad []string
	for dir, files := range tree.Packages() {
		commented := false
		for _, f := range files {
			doc := f.AST.Doc
			if doc == nil || f.Generated {
				continue
			}
			text := strings.TrimSpace(doc.Text())
			want := "Package " + strings.TrimSuffix(f.AST.Name.Name, "_test") + " "
			if f.AST.Name.Name == "main" {
				want = "Command "
			}
			if !strings.HasPrefix(text, want) {
				continue // a licence or a build note
			}
			if commented && !f.Test {
				bad = append(bad, f.Path+": a second package comment; one file owns it")
			}
			commented = true
			if n := strings.Count(text, "\n") + 1; n > 6 {
				bad = append(bad, fmt.Sprintf("%s: package comment of %d lines, at most 6", f.Path, n))
			}
		}
		if !commented {
			bad = append(bad, dir+": no package comment (what it owns, who calls it, what it must not know)")
		}
	}
	report(t, bad)
}

// Goroutines are started by errgroup or sync.WaitGroup.Go in an owner that
// waits. testdata/allow_go.txt names the functions that are such an owner.
func TestNoGoroutineWithoutAnOwner(t *testing.T) {
	tree := load(t)
	allowed := allowedLines(t, "testdata/allow_go.txt")
	var bad []string
	for _, f := range tree.Files {
		if f.Test || f.Generated {
			continue
		}
		eachFunc(f, func(name string, decl *ast.FuncDecl) {
			ast.Inspect(decl, func(n ast.Node) bool {
				if g, ok := n.(*ast.GoStmt); ok && !allowed[f.Path+" "+name] {
					bad = append(bad, tree.Line(g)+": bare go statement in "+name+
						"; use errgroup or sync.WaitGroup.Go in an owner that waits, or list it in tests/lint/testdata/allow_go.txt with the reason")
				}
				return true
			})
		})
	}
	report(t, bad)
}

func TestNoInitFunctions(t *testing.T) {
	tree := load(t)
	var bad []string
	for _, f := range tree.Files {
		if f.Test || f.Generated {
			continue
		}
		eachFunc(f, func(name string, decl *ast.FuncDecl) {
			if name == "init" {
				bad = append(bad, tree.Line(decl)+": init runs behind the reader's back; call it from a constructor")
			}
		})
	}
	report(t, bad)
}

// A package variable may hold a table or a compiled pattern; it is never
// written after its declaration.
func TestPackageVariablesAreNeverWritten(t *testing.T) {
	tree := load(t)
	var bad []string
	for _, files := range tree.Packages() {
		globals := map[string]bool{}
		specs := map[any]bool{}
		for _, f := range files {
			for _, d := range f.AST.Decls {
				g, ok := d.(*ast.GenDecl)
				if !ok || g.Tok != token.VAR {
					continue
				}
				for _, s := range g.Specs {
					specs[s] = true
					for _, n := range s.(*ast.ValueSpec).Names {
						globals[n.Name] = true
					}
				}
			}
		}
		for _, f := range files {
			if f.Test || f.Generated {
				continue
			}
			ast.Inspect(f.AST, func(n ast.Node) bool {
				for _, id := range written(n) {
					local := id.Obj != nil && !specs[id.Obj.Decl]
					if globals[id.Name] && !local {
						bad = append(bad, tree.Line(id)+": package variable is written: "+id.Name)
					}
				}
				return true
			})
		}
	}
	report(t, bad)
}

// written lists the identifiers that a statement assigns to, directly or
// through an index.
func written(n ast.Node) []*ast.Ident {
	var targets []ast.Expr
	switch s := n.(type) {
	case *ast.AssignStmt:
		if s.Tok != token.DEFINE {
			targets = s.Lhs
		}
	case *ast.IncDecStmt:
		targets = []ast.Expr{s.X}
	}
	var out []*ast.Ident
	for _, e := range targets {
		if x, ok := e.(*ast.IndexExpr); ok {
			e = x.X
		}
		if id, ok := e.(*ast.Ident); ok && id.Name != "_" {
			out = append(out, id)
		}
	}
	return out
}

// forbidden calls, by folder: planner and exec take the clock from what runs
// them and print nothing.
func TestPlannerAndExecNeitherPrintNorReadTheClock(t *testing.T) {
	tree := load(t)
	allowed := allowedLines(t, "testdata/allow_calls.txt")
	var bad []string
	for _, f := range tree.Files {
		if f.Test || f.Generated || !(strings.HasPrefix(f.Path, "planner/") || strings.HasPrefix(f.Path, "exec/")) {
			continue
		}
		eachFunc(f, func(name string, decl *ast.FuncDecl) {
			ast.Inspect(decl, func(n ast.Node) bool {
				call, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				pkg, ok := call.X.(*ast.Ident)
				if !ok || pkg.Obj != nil {
					return true
				}
				what := pkg.Name + "." + call.Sel.Name
				printing := pkg.Name == "fmt" && strings.HasPrefix(call.Sel.Name, "Print")
				if (printing || what == "time.Now" || what == "time.Since") && !allowed[f.Path+" "+name] {
					bad = append(bad, tree.Line(n)+": "+what+" is forbidden in planner and exec; take the clock or the writer as an argument")
				}
				return true
			})
		})
	}
	report(t, bad)
}

// eachFunc calls do with each function of the file, named as name or Type.name.
func eachFunc(f *File, do func(name string, decl *ast.FuncDecl)) {
	for _, d := range f.AST.Decls {
		decl, ok := d.(*ast.FuncDecl)
		if !ok || decl.Body == nil {
			continue
		}
		name := decl.Name.Name
		if decl.Recv != nil && len(decl.Recv.List) == 1 {
			name = receiver(decl.Recv.List[0].Type) + "." + name
		}
		do(name, decl)
	}
}

func receiver(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.StarExpr:
		return receiver(x.X)
	case *ast.IndexExpr:
		return receiver(x.X)
	case *ast.IndexListExpr:
		return receiver(x.X)
	case *ast.Ident:
		return x.Name
	}
	return "?"
}

func allowedLines(t *testing.T, name string) map[string]bool {
	t.Helper()
	entries, err := ReadList(name)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, e := range entries {
		out[e] = true
	}
	return out
}
