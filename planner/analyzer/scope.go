package analyzer

import (
	"strings"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/logical"
)

// visible is a column as names see it.
type visible struct {
	name   string
	col    logical.Col
	hidden bool // found by name, not by *
}

// ranged is an entry of FROM: what stands before the dot in a.b.
type ranged struct {
	alias   string
	catalog string // of a table without an alias, for longer names
	schema  string
	cols    []visible
	table   *spi.Table // of a base table: keys and row ids
	scalar  bool       // a function of one column: its alias is the value
}

// source is an analysed FROM: a node, its entries, and the columns that an
// unqualified name or * sees, in order.
type source struct {
	node logical.Node
	rels []*ranged
	cols []visible
}

// scope is where names of one query level are looked up; outer is the level
// around it, whose columns make a subquery correlated.
type scope struct {
	outer *scope
	src   *source
	with  *with
	path  searchPath
	// x is the clause in which a subquery is being analysed: an aggregate of outer
	// columns belongs there.
	x *exprs
	// blocked are the entries to the left of an item of FROM that is not
	// LATERAL: they explain errors only.
	blocked *source
}

func (a *analyzer) rootScope() *scope { return &scope{path: sessionPath(a.env.Session)} }

// below returns a scope for a subquery of s.
func (s *scope) below() *scope { return &scope{outer: s, with: s.with, path: s.path} }

// matches reports how a stored name answers to a written one: 2 exactly, 1
// without case, 0 not.
func matches(n ast.Name, stored string) int {
	switch {
	case n.Text == stored:
		return 2
	case !n.Quoted && strings.EqualFold(n.Text, stored):
		return 1
	}
	return 0
}

// pick returns the columns that a name means: the exact matches, else those
// that match without case.
func pick(cols []visible, n ast.Name) []visible {
	var exact, folded []visible
	for _, c := range cols {
		switch matches(n, c.name) {
		case 2:
			exact = append(exact, c)
		case 1:
			folded = append(folded, c)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return folded
}

// unqualified finds a column by its name alone, here or further out.
func (s *scope) unqualified(n ast.Name) (*visible, error) {
	for l := s; l != nil; l = l.outer {
		if l.src == nil {
			continue
		}
		got := pick(l.src.cols, n)
		switch {
		case len(got) == 1:
			return &got[0], nil
		case len(got) > 1:
			return nil, ambiguousColumn(n, got)
		}
	}
	return nil, nil
}

func ambiguousColumn(n ast.Name, got []visible) error {
	err := sqlerr.New(sqlerr.AmbiguousColumn, "column reference %q is ambiguous", n.Text).At(n.At())
	names := map[string]bool{}
	var list []string
	for _, c := range got {
		if !names[c.name] {
			names[c.name] = true
			list = append(list, c.name)
		}
	}
	if len(list) > 1 {
		return err.WithHint("Several columns differ only in case: %s. Quote the one that is meant.", quoted(list))
	}
	return err
}

// entry finds the FROM entry that the parts before a column name: alias,
// schema.table or catalog.schema.table.
func (s *scope) entry(parts []ast.Name) (*ranged, error) {
	for l := s; l != nil; l = l.outer {
		if l.src == nil {
			continue
		}
		got := named(l.src.rels, parts)
		switch {
		case len(got) == 1:
			return got[0], nil
		case len(got) > 1:
			last := parts[len(parts)-1]
			return nil, sqlerr.New(sqlerr.AmbiguousAlias, "table reference %q is ambiguous", last.Text).At(last.At())
		}
	}
	return nil, nil
}

func named(rels []*ranged, parts []ast.Name) []*ranged {
	var exact, folded []*ranged
	for _, r := range rels {
		switch r.answers(parts) {
		case 2:
			exact = append(exact, r)
		case 1:
			folded = append(folded, r)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return folded
}

func (r *ranged) answers(parts []ast.Name) int {
	m := matches(parts[len(parts)-1], r.alias)
	if len(parts) == 1 {
		return m
	}
	if r.schema == "" {
		return 0
	}
	if len(parts) == 2 {
		whole := ast.Name{Text: parts[0].Text, Quoted: parts[0].Quoted}
		return min(m, max(matches(whole, r.schema), matches(whole, r.catalog+"."+r.schema), matches(whole, r.catalog)))
	}
	return min(m, matches(parts[1], r.schema), matches(parts[0], r.catalog))
}

// missingColumn is the error for an unqualified name that is nowhere.
func (s *scope) missingColumn(n ast.Name) error {
	err := sqlerr.New(sqlerr.UndefinedColumn, "column %q does not exist", n.Text).At(n.At())
	if s.blocked != nil {
		for _, r := range s.blocked.rels {
			if len(pick(r.cols, n)) > 0 {
				return err.WithDetail("There is a column named %q in table %q, but it cannot be referenced from this part of the query.", n.Text, r.alias)
			}
		}
	}
	if hint := s.nearColumn(n.Text); hint != "" {
		return err.WithHint("%s", hint)
	}
	return err
}

func (s *scope) nearColumn(name string) string {
	var names []string
	owner := map[string]string{}
	for l := s; l != nil; l = l.outer {
		if l.src == nil {
			continue
		}
		for _, r := range l.src.rels {
			for _, c := range r.cols {
				if _, ok := owner[c.name]; !ok {
					owner[c.name] = r.alias
					names = append(names, c.name)
				}
			}
		}
	}
	near := nearest(name, names)
	if near == "" {
		return ""
	}
	if owner[near] != "" {
		near = owner[near] + "." + near
	}
	return `Perhaps you meant to reference the column "` + near + `".`
}

// missingEntry is the error for a qualifier that FROM does not have.
func (s *scope) missingEntry(parts []ast.Name) error {
	n := parts[len(parts)-1]
	if s.blocked != nil {
		if len(named(s.blocked.rels, parts)) > 0 {
			return sqlerr.New(sqlerr.UndefinedTable, "invalid reference to FROM-clause entry for table %q", n.Text).At(parts[0].At()).
				WithDetail("There is an entry for table %q, but it cannot be referenced from this part of the query.", n.Text).
				WithHint("To reference that table, you must mark this subquery with LATERAL.")
		}
	}
	err := sqlerr.New(sqlerr.UndefinedTable, "missing FROM-clause entry for table %q", n.Text).At(parts[0].At())
	var names []string
	for l := s; l != nil; l = l.outer {
		if l.src == nil {
			continue
		}
		for _, r := range l.src.rels {
			names = append(names, r.alias)
		}
	}
	if near := nearest(n.Text, names); near != "" {
		return err.WithHint("Perhaps you meant to reference the table alias %q.", near)
	}
	return err
}

// entryColumn finds a column of a FROM entry.
func (r *ranged) column(n ast.Name) (*visible, error) {
	got := pick(r.cols, n)
	switch {
	case len(got) == 1:
		return &got[0], nil
	case len(got) > 1:
		return nil, ambiguousColumn(n, got)
	}
	return nil, nil
}

func (r *ranged) missingColumn(n ast.Name, pos int) error {
	err := sqlerr.New(sqlerr.UndefinedColumn, "column %s.%s does not exist", r.alias, n.Text).At(pos)
	names := make([]string, len(r.cols))
	for i, c := range r.cols {
		names[i] = c.name
	}
	if near := nearest(n.Text, names); near != "" {
		return err.WithHint("Perhaps you meant to reference the column \"%s.%s\".", r.alias, near)
	}
	return err
}

// joined puts two sources side by side.
func joined(node logical.Node, l, r *source) *source {
	return &source{
		node: node,
		rels: append(append([]*ranged(nil), l.rels...), r.rels...),
		cols: append(append([]visible(nil), l.cols...), r.cols...),
	}
}

// visibleCols makes columns visible under their names.
func visibleCols(cols []logical.Col) []visible {
	out := make([]visible, len(cols))
	for i, c := range cols {
		out[i] = visible{name: c.Name, col: c}
	}
	return out
}
