package shell

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// completer proposes what may come at the cursor. Names come from the server
// through the second connection, are kept, and are never waited for long.
type completer struct {
	aside *aside
	ctx   context.Context

	mu    sync.Mutex
	known map[string]answer
}

// answer is a list of names with its age.
type answer struct {
	names []string
	at    time.Time
}

// How long completion waits for a server, and how long it believes it.
const (
	completeMax = 400 * time.Millisecond
	completeAge = 30 * time.Second
)

// candidate is one proposal.
type candidate struct{ text, kind string }

// names asks for the first column of a statement.
func (c *completer) names(sql string) []string {
	c.mu.Lock()
	a, ok := c.known[sql]
	c.mu.Unlock()
	if ok && time.Since(a.at) < completeAge {
		return a.names
	}
	rows, err := c.aside.ask(c.ctx, completeMax, sql)
	if err == nil {
		a.names = first(rows)
	}
	a.at = time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[sql] = a
	return a.names
}

// forget drops what is known, after statements that may have changed it.
func (c *completer) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.known)
}

// keywords that begin or join clauses; those a person types.
const keywords = `SELECT FROM WHERE GROUP BY ORDER HAVING LIMIT OFFSET JOIN LEFT RIGHT FULL INNER CROSS ON USING AS AND OR NOT IN
IS NULL LIKE ILIKE BETWEEN EXISTS CASE WHEN THEN ELSE END CAST DISTINCT UNION ALL EXCEPT INTERSECT WITH RECURSIVE VALUES INSERT INTO
UPDATE SET DELETE CREATE TABLE VIEW SCHEMA DROP ALTER TRUNCATE EXPLAIN ANALYZE PUSHDOWN SHOW CATALOGS SCHEMAS TABLES COLUMNS FUNCTIONS
DESCRIBE USE BEGIN COMMIT ROLLBACK PREPARE EXECUTE DEALLOCATE COPY TO ASC DESC NULLS FIRST LAST OVER PARTITION ROWS RANGE FILTER
INTERVAL DATE TIMESTAMP EXTRACT COUNT SUM AVG MIN MAX TRUE FALSE COALESCE NULLIF FETCH LATERAL UNNEST ROLLUP CUBE GROUPING SETS
KILL QUERY RESET`

// complete returns the start of the word before the cursor and what it may become.
func (c *completer) complete(line string) (start int, out []candidate) {
	start = len(line)
	for start > 0 && (isWord(rune(line[start-1])) || strings.IndexByte(`."$\`, line[start-1]) >= 0) {
		start--
	}
	word := line[start:]
	switch {
	case strings.HasPrefix(word, `\`):
		for _, m := range metas() {
			out = append(out, candidate{`\` + m.name, m.doc})
		}
	case strings.Contains(word, "."):
		out = c.dotted(line, word)
	default:
		out = c.words(line, word)
	}
	lower := strings.ToLower(word)
	out = slices.DeleteFunc(out, func(x candidate) bool {
		return !strings.HasPrefix(strings.ToLower(strings.ReplaceAll(x.text, `"`, "")), strings.ReplaceAll(lower, `"`, ""))
	})
	slices.SortStableFunc(out, func(a, b candidate) int { return cmp.Compare(rank(a.kind), rank(b.kind)) })
	return start, slices.CompactFunc(out, func(a, b candidate) bool { return a.text == b.text })
}

func rank(kind string) int {
	return slices.Index([]string{"column", "table", "schema", "catalog", "function", "keyword"}, kind)
}

// quoteIfNeeded is a name as it must be written.
func quoteIfNeeded(name string) string {
	if name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == "" && (name[0] < '0' || name[0] > '9') {
		return name
	}
	return ident(name)
}

func candidates(prefix, kind string, names []string) []candidate {
	out := make([]candidate, len(names))
	for i, n := range names {
		out[i] = candidate{prefix + quoteIfNeeded(n), kind}
	}
	return out
}

// dotted completes the last part of a name.
func (c *completer) dotted(line, word string) []candidate {
	p := parts(word)
	prefix := word[:strings.LastIndexByte(word, '.')+1]
	switch len(p) {
	case 2:
		out := candidates(prefix, "column", c.columnsOf(line, p[0]))
		if slices.Contains(c.names("SHOW CATALOGS"), p[0]) {
			out = append(out, candidates(prefix, "table", c.names("SHOW TABLES FROM "+ident(p[0])+".public"))...)
			return append(out, candidates(prefix, "schema", c.names("SHOW SCHEMAS FROM "+ident(p[0])))...)
		}
		return append(out, candidates(prefix, "table", c.names("SHOW TABLES FROM "+ident(p[0])))...)
	case 3:
		return candidates(prefix, "table", c.names("SHOW TABLES FROM "+ident(p[0])+"."+ident(p[1])))
	}
	return nil
}

// words completes a name without dots, or a keyword in the case it was begun.
func (c *completer) words(line, word string) []candidate {
	var out []candidate
	if afterTable.MatchString(line[:len(line)-len(word)]) {
		out = append(out, candidates("", "table", c.names("SHOW TABLES"))...)
		out = append(out, candidates("", "catalog", c.names("SHOW CATALOGS"))...)
		return append(out, candidates("", "schema", c.names("SHOW SCHEMAS"))...)
	}
	out = append(out, candidates("", "column", c.columnsOf(line, ""))...)
	if word != "" {
		out = append(out, candidates("", "function", c.names("SELECT DISTINCT function_name FROM system.public.functions ORDER BY 1"))...)
		out = append(out, candidates("", "catalog", c.names("SHOW CATALOGS"))...)
	}
	for _, k := range strings.Fields(keywords) {
		if word != "" && word[0] >= 'a' && word[0] <= 'z' {
			k = strings.ToLower(k)
		}
		out = append(out, candidate{k, "keyword"})
	}
	return out
}

var (
	afterTable = regexp.MustCompile(`(?i)\b(from|join|into|update|table|describe|\\dt?)\s+$`)
	tableNames = regexp.MustCompile(`(?i)\b(?:from|join|into|update)\s+((?:"[^"]*"|[\w$])+(?:\.(?:"[^"]*"|[\w$])+){0,2})(?:\s+(?:as\s+)?([a-z_]\w*))?`)
)

// columnsOf lists the columns of the tables of a statement; of one when a table
// or its alias is named.
func (c *completer) columnsOf(line, of string) []string {
	var out []string
	for _, m := range tableNames.FindAllStringSubmatch(line, columnTablesMax) {
		names := parts(m[1])
		if of != "" && names[len(names)-1] != of && !strings.EqualFold(m[2], of) {
			continue
		}
		out = append(out, c.names("DESCRIBE "+m[1])...)
	}
	return out
}

// columnTablesMax bounds the tables whose columns are looked up for one completion.
const columnTablesMax = 8
