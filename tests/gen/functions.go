package main

import (
	"bytes"
	"fmt"
	"sort"
	"strings"

	"github.com/muster-sql/muster/exec/functions"
)

// entry is one overload of a function.
type entry struct {
	name    string
	aliases []string
	doc     functions.Doc
}

// functionFamilies writes a document for each family of the function library
// and an index.
func functionFamilies(string) (map[string][]byte, error) {
	families := map[string][]entry{}
	names := map[string]bool{}
	add := func(name string, aliases []string, doc functions.Doc) {
		names[name] = true
		families[doc.Family] = append(families[doc.Family], entry{name: name, aliases: aliases, doc: doc})
	}
	for _, s := range functions.Builtins().Scalars() {
		add(s.Name, s.Aliases, s.Doc)
	}
	for _, a := range functions.Builtins().Aggregates() {
		add(a.Name, a.Aliases, a.Doc)
	}
	if len(names) == 0 {
		return nil, nil
	}
	out := map[string][]byte{}
	order := make([]string, 0, len(families))
	for f := range families {
		order = append(order, f)
	}
	sort.Strings(order)
	index := head("Functions and operators", "`exec/functions`")
	fmt.Fprintf(index, "%d names. Every example here is run, on Muster and on PostgreSQL, by `make test`.\n\n", len(names))
	for _, f := range order {
		file := strings.ReplaceAll(f, " ", "-") + ".md"
		fmt.Fprintf(index, "- [%s](%s): %s\n", f, file, listed(families[f]))
		out["functions/"+file] = family(f, families[f])
	}
	out["functions/README.md"] = index.Bytes()
	return out, nil
}

// family is the document of one family.
func family(name string, entries []entry) []byte {
	out := head("Functions: "+name, "`exec/functions`")
	out.WriteString("| name | | example | result |\n|---|---|---|---|\n")
	for _, e := range entries {
		text := e.doc.Summary
		if len(e.aliases) > 0 {
			text += " Also: " + code(strings.Join(e.aliases, "`, `")) + "."
		}
		fmt.Fprintf(out, "| %s | %s | %s | %s |\n", code(e.name), cell(text), code(e.doc.Example), code(e.doc.Result))
	}
	return out.Bytes()
}

// listed names the functions of a family once each.
func listed(entries []entry) string {
	var out bytes.Buffer
	last := ""
	for _, e := range entries {
		if e.name != last {
			if last != "" {
				out.WriteString(", ")
			}
			out.WriteString(code(e.name))
		}
		last = e.name
	}
	return out.String()
}

// code is text in a cell of a table, as code.
func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + cell(s) + "`"
}

func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ").Replace(s)
}
