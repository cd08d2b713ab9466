package lint

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

// binaries are the programs and packages whose dependencies are written down
// in testdata/deps; `make gen` refreshes them.
var binaries = map[string]string{
	"muster": "./cmd/muster",
	"worker": "./worker",
	"spi":    "./connectors/spi",
	"embed":  ".",
}

// forbiddenDeps are packages of ours that a binary must not link.
var forbiddenDeps = map[string][]string{
	"worker": {"planner", "parser", "coordinator"},
	"spi":    {"parser", "planner", "exec", "coordinator", "worker"},
	"embed":  {"connectors/builtin", "connectors/postgres", "connectors/files"},
}

// The modules that each binary links are a committed list, so that a new one
// is seen in review.
func TestModulesOfEachBinaryAreWrittenDown(t *testing.T) {
	tree := load(t)
	for name, pkg := range binaries {
		t.Run(name, func(t *testing.T) {
			if !hasGo(tree, strings.TrimPrefix(pkg, "./")) {
				t.Skip("not there yet: " + pkg)
			}
			modules, packages := goDeps(t, tree.Root, pkg)
			file := filepath.Join("testdata", "deps", name+".txt")
			got := strings.Join(modules, "\n") + "\n"
			if *rewrite {
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, _ := os.ReadFile(file)
			if got != string(want) {
				t.Errorf("the modules of %s changed; if that is meant, run make gen and commit tests/lint/%s\n%s", name, file, diff(string(want), got))
			}
			for _, p := range packages {
				for _, no := range forbiddenDeps[name] {
					if p == Module+"/"+no || strings.HasPrefix(p, Module+"/"+no+"/") {
						t.Errorf("%s links %s, which it must not know", name, p)
					}
				}
			}
		})
	}
}

// goDeps lists the foreign modules and our own packages that pkg links.
func goDeps(t *testing.T, root, pkg string) (modules, packages []string) {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}} {{.ImportPath}}", pkg)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	seen := map[string]bool{}
	for _, line := range strings.Split(strings.TrimRight(string(out), "\n"), "\n") {
		module, p, _ := strings.Cut(line, " ")
		switch {
		case module == Module:
			packages = append(packages, p)
		case module != "" && !seen[module]:
			seen[module] = true
			modules = append(modules, module)
		}
	}
	sort.Strings(modules)
	return modules, packages
}

func hasGo(tree *Tree, dir string) bool {
	if dir == "" {
		dir = "."
	}
	for _, f := range tree.Files {
		if f.Dir == dir && !f.Test {
			return true
		}
	}
	return false
}

// diff lists the lines that only one side has.
func diff(want, got string) string {
	var out strings.Builder
	for _, side := range []struct{ sign, a, b string }{{"-", want, got}, {"+", got, want}} {
		other := "\n" + side.b
		for _, line := range strings.Split(strings.TrimSpace(side.a), "\n") {
			if line != "" && !strings.Contains(other, "\n"+line+"\n") {
				out.WriteString(side.sign + line + "\n")
			}
		}
	}
	return out.String()
}
