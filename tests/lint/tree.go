// Package lint holds the house rules that a compiler does not know, as tests:
// who may import whom, how long a file may be, which names are banned, whether
// the documents tell the truth. `make lint` runs it. It reads source text only
// and must not import any other package of the module.
package lint

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// Module is the path that go.mod declares.
const Module = "github.com/muster-sql/muster"

// File is one parsed Go file of the module or of a nested module.
type File struct {
	Path      string // from the module root, with slashes
	Dir       string // folder of Path; "." for the root
	AST       *ast.File
	Lines     int
	Test      bool // _test.go
	Generated bool
	Nested    bool // belongs to a module of its own under tests/
}

// Tree is the source of the module, read once.
type Tree struct {
	Root  string
	Fset  *token.FileSet
	Files []*File
	Paths map[string]bool // every file and folder from the root, with slashes
}

// Load reads the module that contains the working directory.
func Load() (*Tree, error) {
	root, err := moduleRoot()
	if err != nil {
		return nil, err
	}
	t := &Tree{Root: root, Fset: token.NewFileSet(), Paths: map[string]bool{}}
	nested := map[string]bool{}
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			return t.enter(rel, d.Name(), nested)
		}
		t.Paths[rel] = true
		if !strings.HasSuffix(rel, ".go") || strings.Contains("/"+rel, "/testdata/") {
			return nil
		}
		f, err := t.parse(rel)
		if err != nil {
			return err
		}
		f.Nested = nested[path.Dir(rel)]
		t.Files = append(t.Files, f)
		return nil
	})
	return t, err
}

// enter decides whether a folder is walked and notes nested modules.
func (t *Tree) enter(rel, name string, nested map[string]bool) error {
	if rel == "." {
		return nil
	}
	if name == ".git" || name == ".cache" || rel == "bin" || rel == "demo-data" {
		return fs.SkipDir
	}
	t.Paths[rel] = true
	if _, err := os.Stat(filepath.Join(t.Root, rel, "go.mod")); err == nil || nested[path.Dir(rel)] {
		nested[rel] = true
	}
	return nil
}

func (t *Tree) parse(rel string) (*File, error) {
	name := filepath.Join(t.Root, filepath.FromSlash(rel))
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	syntax, err := parser.ParseFile(t.Fset, rel, text, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	return &File{
		Path: rel, Dir: path.Dir(rel), AST: syntax,
		Lines:     bytes.Count(text, []byte("\n")),
		Test:      strings.HasSuffix(rel, "_test.go"),
		Generated: ast.IsGenerated(syntax),
	}, nil
}

// Line is the position of a node in the form that editors open.
func (t *Tree) Line(n ast.Node) string {
	p := t.Fset.Position(n.Pos())
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// Imports lists the import paths of the file.
func (f *File) Imports() []string {
	var out []string
	for _, s := range f.AST.Imports {
		if p, err := strconv.Unquote(s.Path.Value); err == nil {
			out = append(out, p)
		}
	}
	return out
}

// Packages groups the files of this module by folder, nested modules left out.
func (t *Tree) Packages() map[string][]*File {
	out := map[string][]*File{}
	for _, f := range t.Files {
		if !f.Nested {
			out[f.Dir] = append(out[f.Dir], f)
		}
	}
	return out
}

func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if text, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil && bytes.HasPrefix(text, []byte("module "+Module+"\n")) {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("no go.mod of the module above the working directory: %s", Module)
		}
		dir = up
	}
}

// ReadList reads a text file of one entry a line; text after # is a comment.
func ReadList(name string) ([]string, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var out []string
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		entry, _, _ := strings.Cut(lines.Text(), "#")
		if entry = strings.TrimSpace(entry); entry != "" {
			out = append(out, entry)
		}
	}
	return out, lines.Err()
}
