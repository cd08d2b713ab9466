package lint

import (
	"fmt"
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	codeSpan   = regexp.MustCompile("`([^`\n]+)`")
	mdLink     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	identifier = regexp.MustCompile(`^([a-z][a-z0-9]*)\.(?:\(\*?([A-Za-z]\w*)\)\.)?([A-Z]\w*)(?:\.([A-Z]\w*))?(?:\(.*\))?$`)
	makeTarget = regexp.MustCompile(`^make ((?:[a-z]+ ?)+)`)
	pathLike   = regexp.MustCompile(`^[\w.*{},/-]+$`)
)

// topFolders begin a path of the repository in a document.
const topFolders = " cmd parser planner exec connectors coordinator worker docs tests .ci "

func TestPathsInDocumentsExist(t *testing.T) {
	tree := load(t)
	var bad []string
	eachDocument(t, tree, func(doc, line string, n int) {
		for _, m := range codeSpan.FindAllStringSubmatch(line, -1) {
			if p, ok := repositoryPath(m[1]); ok && !exists(tree, p) && !planned(p) {
				bad = append(bad, fmt.Sprintf("%s:%d: no such path: %s", doc, n, m[1]))
			}
		}
		for _, m := range mdLink.FindAllStringSubmatch(line, -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target == "" || strings.Contains(target, ":") {
				continue
			}
			if p := path.Join(path.Dir(doc), target); !exists(tree, p) {
				bad = append(bad, fmt.Sprintf("%s:%d: broken link: %s", doc, n, m[1]))
			}
		}
	})
	report(t, bad)
}

// planned says that the policy table names the package, or one below it.
func planned(p string) bool {
	for _, l := range policy {
		if l.pkg == p || l.pkg == p+"/..." {
			return true
		}
	}
	return p == "cmd/muster" || p == "coordinator/protocol" || p == "coordinator/query"
}

// repositoryPath tells a path of the repository from other code spans:
// its first element is a top-level folder or it is a file of the root.
func repositoryPath(span string) (string, bool) {
	span = strings.TrimPrefix(span, "./")
	if !pathLike.MatchString(span) {
		return "", false
	}
	top, rest, below := strings.Cut(span, "/")
	switch {
	case below && strings.Contains(topFolders, " "+top+" "):
		return strings.TrimSuffix(strings.TrimSuffix(span, "/..."), "/"), rest != "..."
	case below:
		return "", false
	}
	ext := path.Ext(span)
	return span, strings.ToUpper(span) == span && ext == ".MD" || span == "Makefile" || span == "Dockerfile"
}

// exists resolves stars and {a,b} lists; each alternative must exist.
func exists(tree *Tree, p string) bool {
	if i := strings.IndexByte(p, '{'); i >= 0 {
		j := strings.IndexByte(p[i:], '}')
		if j < 0 {
			return false
		}
		for _, alt := range strings.Split(p[i+1:i+j], ",") {
			if !exists(tree, p[:i]+strings.TrimSpace(alt)+p[i+j+1:]) {
				return false
			}
		}
		return true
	}
	if strings.Contains(p, "*") {
		for have := range tree.Paths {
			if ok, _ := path.Match(p, have); ok {
				return true
			}
		}
		return false
	}
	return tree.Paths[path.Clean(p)] || path.Clean(p) == "."
}

func TestIdentifiersInDocumentsExist(t *testing.T) {
	tree := load(t)
	packages, declared := declarations(tree)
	var bad []string
	eachDocument(t, tree, func(doc, line string, n int) {
		for _, m := range codeSpan.FindAllStringSubmatch(line, -1) {
			id := identifier.FindStringSubmatch(m[1])
			if id == nil || !packages[id[1]] {
				continue
			}
			name := id[1] + "."
			if id[2] != "" {
				name += id[2] + "."
			}
			name += id[3]
			if id[4] != "" {
				name += "." + id[4]
			}
			if !declared[name] {
				bad = append(bad, fmt.Sprintf("%s:%d: no such identifier: %s", doc, n, m[1]))
			}
		}
	})
	report(t, bad)
}

// declarations lists what the packages of the module declare, as pkg.Name,
// pkg.Type.Method and pkg.Type.Field.
func declarations(tree *Tree) (packages, declared map[string]bool) {
	packages, declared = map[string]bool{}, map[string]bool{}
	for _, f := range tree.Files {
		pkg := f.AST.Name.Name
		if f.Test || pkg == "main" {
			continue
		}
		packages[pkg] = true
		for _, d := range f.AST.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				name := d.Name.Name
				if d.Recv != nil && len(d.Recv.List) == 1 {
					name = receiver(d.Recv.List[0].Type) + "." + name
				}
				declared[pkg+"."+name] = true
			case *ast.GenDecl:
				for _, s := range d.Specs {
					declareSpec(declared, pkg, s)
				}
			}
		}
	}
	return packages, declared
}

func declareSpec(declared map[string]bool, pkg string, spec ast.Spec) {
	switch s := spec.(type) {
	case *ast.ValueSpec:
		for _, n := range s.Names {
			declared[pkg+"."+n.Name] = true
		}
	case *ast.TypeSpec:
		declared[pkg+"."+s.Name.Name] = true
		var fields *ast.FieldList
		switch x := s.Type.(type) {
		case *ast.StructType:
			fields = x.Fields
		case *ast.InterfaceType:
			fields = x.Methods
		default:
			return
		}
		for _, f := range fields.List {
			for _, n := range f.Names {
				declared[pkg+"."+s.Name.Name+"."+n.Name] = true
			}
		}
	}
}

func TestMakeTargetsInDocumentsExist(t *testing.T) {
	tree := load(t)
	text, err := os.ReadFile(filepath.Join(tree.Root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for _, line := range strings.Split(string(text), "\n") {
		if names, _, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, "\t") && !strings.HasPrefix(line, "#") {
			for _, n := range strings.Fields(names) {
				targets[n] = true
			}
		}
	}
	var bad []string
	eachDocument(t, tree, func(doc, line string, n int) {
		for _, m := range codeSpan.FindAllStringSubmatch(line, -1) {
			words := makeTarget.FindStringSubmatch(m[1])
			if words == nil {
				continue
			}
			for _, w := range strings.Fields(words[1]) {
				if !targets[w] {
					bad = append(bad, fmt.Sprintf("%s:%d: no such make target: %s", doc, n, w))
				}
			}
		}
	})
	report(t, bad)
}

// eachDocument calls do with every line of every Markdown file of the root and
// docs/, fenced code left out.
func eachDocument(t *testing.T, tree *Tree, do func(doc, line string, n int)) {
	t.Helper()
	for p := range tree.Paths {
		if path.Ext(p) != ".md" || strings.Contains(p, "/") && !strings.HasPrefix(p, "docs/") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(tree.Root, filepath.FromSlash(p)))
		if err != nil {
			t.Fatal(err)
		}
		fenced := false
		for i, line := range strings.Split(string(text), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "```") {
				fenced = !fenced
				continue
			}
			if !fenced {
				do(p, line, i+1)
			}
		}
	}
}
