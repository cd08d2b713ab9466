package objectstore

import (
	"context"
	"path"
	"strings"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// globFilesMax bounds what one pattern may match, globDepthMax the folders
// that ** descends.
const (
	globFilesMax = 1_000_000
	globDepthMax = 64
)

// IsGlob reports whether name holds a wildcard: *, ?, [ or {.
func IsGlob(name string) bool { return strings.ContainsAny(name, "*?[{") }

// Hidden reports whether a name is not data: it starts with a dot or an underscore.
func Hidden(name string) bool { return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") }

// Glob returns the objects that match an absolute pattern, in the order of
// their folders. An element matches as path.Match says, {a,b} is either, **
// any number of folders. Hidden names match only a pattern that names them.
func Glob(ctx context.Context, s Store, pattern string) ([]Info, error) {
	var out []Info
	seen := map[string]bool{}
	for _, p := range braces(pattern) {
		elements := strings.Split(strings.Trim(path.Clean(p), "/"), "/")
		for _, e := range elements {
			if _, err := path.Match(e, ""); err != nil {
				return nil, sqlerr.New(sqlerr.InvalidParameterValue, "malformed pattern: %s", pattern)
			}
		}
		g := globber{store: s, seen: seen}
		if err := g.walk(ctx, "/", elements, 0); err != nil {
			return nil, err
		}
		out = append(out, g.out...)
	}
	return out, nil
}

// braces expands the alternatives of a pattern.
func braces(p string) []string {
	open := strings.IndexByte(p, '{')
	if open < 0 {
		return []string{p}
	}
	end := strings.IndexByte(p[open:], '}')
	if end < 0 {
		return []string{p}
	}
	var out []string
	for _, alt := range strings.Split(p[open+1:open+end], ",") {
		for _, rest := range braces(p[open+end+1:]) {
			out = append(out, p[:open]+alt+rest)
		}
	}
	return out
}

type globber struct {
	store Store
	seen  map[string]bool
	out   []Info
}

func (g *globber) add(i Info) error {
	if g.seen[i.Path] {
		return nil
	}
	g.seen[i.Path] = true
	if g.out = append(g.out, i); len(g.seen) > globFilesMax {
		return sqlerr.New(sqlerr.ProgramLimit, "pattern matches more than %d files", globFilesMax)
	}
	return nil
}

func (g *globber) walk(ctx context.Context, folder string, rest []string, depth int) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if depth > globDepthMax {
		return sqlerr.New(sqlerr.ProgramLimit, "folders are nested too deeply below %s", folder)
	}
	head, last := rest[0], len(rest) == 1
	if !IsGlob(head) { // a plain name needs no listing
		next := path.Join(folder, head)
		if !last {
			return g.walk(ctx, next, rest[1:], depth+1)
		}
		i, err := g.store.Stat(ctx, next)
		if sqlerr.Is(err, sqlerr.UndefinedFile) {
			return nil
		}
		if err != nil {
			return err
		}
		return g.add(i)
	}
	members, err := g.store.List(ctx, folder)
	if sqlerr.Is(err, sqlerr.UndefinedFile) || err != nil && depth > 0 && sqlerr.Is(err, sqlerr.IOError) {
		return nil // not a folder
	}
	if err != nil {
		return err
	}
	if head == "**" {
		return g.descend(ctx, folder, members, rest, depth)
	}
	for _, m := range members {
		ok, _ := path.Match(head, m.Name)
		if !ok || Hidden(m.Name) && !Hidden(head) {
			continue
		}
		switch {
		case last && !m.Folder:
			err = g.add(m.Info)
		case !last && m.Folder:
			err = g.walk(ctx, m.Path, rest[1:], depth+1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// descend matches ** with no folder, then with each.
func (g *globber) descend(ctx context.Context, folder string, members []Entry, rest []string, depth int) error {
	if len(rest) > 1 {
		if err := g.walk(ctx, folder, rest[1:], depth); err != nil {
			return err
		}
	}
	for _, m := range members {
		var err error
		switch {
		case Hidden(m.Name):
		case m.Folder:
			err = g.walk(ctx, m.Path, rest, depth+1)
		case len(rest) == 1:
			err = g.add(m.Info)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
