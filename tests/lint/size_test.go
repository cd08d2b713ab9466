package lint

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"os"
	"sort"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "lower the allowlists to what is there now; they are never raised")

const (
	fileLinesMax     = 500
	testFileLinesMax = 800
	funcLinesMax     = 70
	// flatCaseLinesMax is the longest case of a switch that still reads as a table.
	flatCaseLinesMax = 16
)

func TestFilesAreShort(t *testing.T) {
	tree := load(t)
	over := map[string]int{}
	for _, f := range tree.Files {
		limit := fileLinesMax
		if f.Test {
			limit = testFileLinesMax
		}
		if f.Lines > limit && !f.Generated {
			over[f.Path] = f.Lines
		}
	}
	ratchet(t, "testdata/allow_files.txt", over, fmt.Sprintf("at most %d lines a file, %d a test", fileLinesMax, testFileLinesMax))
}

func TestFunctionsAreShort(t *testing.T) {
	tree := load(t)
	over := map[string]int{}
	for _, f := range tree.Files {
		if f.Test || f.Generated {
			continue
		}
		eachFunc(f, func(name string, decl *ast.FuncDecl) {
			if n := funcLines(tree, decl); n > funcLinesMax {
				over[f.Path+" "+name] = n
			}
		})
	}
	ratchet(t, "testdata/allow_functions.txt", over, fmt.Sprintf("at most %d lines a function, flat switches not counted", funcLinesMax))
}

// funcLines counts the lines of a function, without its largest flat switch:
// one whose cases are all short and hold no loop and no other switch.
func funcLines(tree *Tree, decl *ast.FuncDecl) int {
	lines := span(tree, decl)
	flat := 0
	ast.Inspect(decl.Body, func(n ast.Node) bool {
		var body *ast.BlockStmt
		switch s := n.(type) {
		case *ast.SwitchStmt:
			body = s.Body
		case *ast.TypeSwitchStmt:
			body = s.Body
		case *ast.SelectStmt:
			body = s.Body
		default:
			return true
		}
		if isFlat(tree, body) {
			flat = max(flat, span(tree, body))
		}
		return true
	})
	return lines - flat
}

func isFlat(tree *Tree, body *ast.BlockStmt) bool {
	for _, c := range body.List {
		if span(tree, c) > flatCaseLinesMax {
			return false
		}
	}
	return true
}

func span(tree *Tree, n ast.Node) int {
	return tree.Fset.Position(n.End()).Line - tree.Fset.Position(n.Pos()).Line + 1
}

// ratchet compares what is over the limit with the allowlist, whose entries
// may only get smaller and fewer.
func ratchet(t *testing.T, name string, over map[string]int, rule string) {
	t.Helper()
	entries, err := ReadList(name)
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string]int{}
	for _, e := range entries {
		i := strings.LastIndexByte(e, ' ')
		var n int
		if i < 0 || len(e) == i+1 {
			t.Fatalf("%s: want a name and a number: %q", name, e)
		}
		if _, err := fmt.Sscan(e[i+1:], &n); err != nil {
			t.Fatalf("%s: %q: %v", name, e, err)
		}
		allowed[e[:i]] = n
	}
	var bad []string
	for what, n := range over {
		switch limit, listed := allowed[what]; {
		case !listed:
			bad = append(bad, fmt.Sprintf("%s: %d lines; %s: split it by subject", what, n, rule))
		case n > limit:
			bad = append(bad, fmt.Sprintf("%s: %d lines, was %d; the allowlist %s may only shrink", what, n, limit, name))
		}
	}
	report(t, bad)
	if *rewrite {
		writeRatchet(t, name, allowed, over)
	}
}

func writeRatchet(t *testing.T, name string, allowed, over map[string]int) {
	t.Helper()
	old, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, line := range strings.SplitAfter(string(old), "\n") {
		if strings.HasPrefix(line, "#") {
			out.WriteString(line)
		}
	}
	var keep []string
	for what, limit := range allowed {
		if n, still := over[what]; still {
			keep = append(keep, fmt.Sprintf("%s %d\n", what, min(n, limit)))
		}
	}
	sort.Strings(keep)
	for _, line := range keep {
		out.WriteString(line)
	}
	if err := os.WriteFile(name, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
