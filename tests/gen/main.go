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

// generators make files below docs/, by name; a nil text leaves a file out.
var generators = []func(root string) (map[string][]byte, error){
	one("errors.md", errorCodes),
	one("connectors.md", connectors),
	one("rules.md", rules),
	one("settings.md", settings),
	functionFamilies,
}

func one(file string, write func(root string) ([]byte, error)) func(string) (map[string][]byte, error) {
	return func(root string) (map[string][]byte, error) {
		text, err := write(root)
		return map[string][]byte{file: text}, err
	}
}

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	for _, generate := range generators {
		files, err := generate(root)
		if err != nil {
			return err
		}
		for name, text := range files {
			if text == nil {
				continue
			}
			file := filepath.Join(root, "docs", name)
			if old, err := os.ReadFile(file); err == nil && bytes.Equal(old, text) {
				continue
			}
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(file, text, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// head is the first lines of every generated document.
func head(title, source string) *bytes.Buffer {
	return bytes.NewBufferString(fmt.Sprintf("<!-- Written by make gen from %s. Do not edit. -->\n\n# %s\n\n", source, title))
}
