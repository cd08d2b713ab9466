// Command gen writes the documents that the code is the source of: error
// codes, connectors with their options, optimizer rules, functions. make gen
// runs it; CI fails when the tree is different afterwards.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// generators make one file each below docs/; a nil text leaves it out.
var generators = []struct {
	file string
	make func(root string) ([]byte, error)
}{
	{"errors.md", errorCodes},
	{"connectors.md", connectors},
	{"rules.md", rules},
}

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	for _, g := range generators {
		text, err := g.make(root)
		if err != nil {
			return fmt.Errorf("%s: %w", g.file, err)
		}
		file := filepath.Join(root, "docs", g.file)
		if text == nil {
			continue
		}
		if old, err := os.ReadFile(file); err == nil && bytes.Equal(old, text) {
			continue
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// head is the first lines of every generated document.
func head(title, source string) *bytes.Buffer {
	return bytes.NewBufferString(fmt.Sprintf("<!-- Written by make gen from %s. Do not edit. -->\n\n# %s\n\n", source, title))
}
