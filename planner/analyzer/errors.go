package analyzer

import (
	"errors"
	"slices"
	"strings"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// at gives an error without a position that of the syntax it is about.
func at(err error, pos int) error {
	var e *sqlerr.Error
	if err == nil || pos < 0 || !errors.As(err, &e) || e.Pos != 0 {
		return err
	}
	if errors.Unwrap(err) == nil || err == error(e) {
		return e.At(pos)
	}
	return err
}

// nearest returns the candidate with the least edit distance to name, or "" if
// none is near enough to be a mistyping.
func nearest(name string, candidates []string) string {
	best, least := "", max(1, len(name)/3)+1
	for _, c := range candidates {
		if d := distance(strings.ToLower(name), strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance counts the edits between a and b: insertions, deletions, changes.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := diagonal
			if a[i-1] != b[j-1] {
				change++
			}
			diagonal = row[j]
			row[j] = min(change, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

// quoted lists names for a message.
func quoted(names []string) string {
	names = slices.Clone(names)
	slices.Sort(names)
	for i, n := range names {
		names[i] = `"` + n + `"`
	}
	return strings.Join(names, ", ")
}
