package slt

import (
	"fmt"
	"io"
	"sort"
	"strings"
)

// Counts sums a report up.
type Counts struct {
	Set            string
	List           string
	Records        int
	Pass           int
	Skip           int
	Fail           int
	QueriesRight   int
	QueriesAsked   int
	ErrorsExpected int            // part of Pass: an error was expected and came
	Reasons        map[string]int // of Skip, features cut off
	Features       map[string]int // not built
	Codes          map[string]int // SQLSTATEs of Fail; "result" for wrong rows
}

// Counts sums the report up.
func (r *Report) Counts() Counts {
	c := Counts{Set: r.Set, List: strings.TrimSuffix(r.List, ".json"), Reasons: map[string]int{}, Features: map[string]int{}, Codes: map[string]int{}}
	for _, o := range r.Outcomes {
		c.Records++
		if o.IsQuery && !o.IsError {
			c.QueriesAsked++
		}
		switch o.Status {
		case Pass:
			c.Pass++
			if o.IsError {
				c.ErrorsExpected++
			} else if o.IsQuery {
				c.QueriesRight++
			}
		case Skip:
			c.Skip++
			word, feature, _ := strings.Cut(o.Why, ": ")
			if !reasons[word] {
				word = "conditions of the file"
			}
			c.Reasons[word]++
			if word == "not-built" {
				c.Features[feature]++
			}
		case Fail:
			c.Fail++
			code := o.Code
			if code == "" {
				code, _, _ = strings.Cut(o.Why, ":")
			}
			c.Codes[code]++
		}
	}
	return c
}

// Line is the summary of one set on one line.
func (c Counts) Line() string {
	return fmt.Sprintf("counts: %-12s %-9s records %6d  pass %6d  skip %5d  fail %5d  queries %d/%d", c.Set, c.List, c.Records, c.Pass, c.Skip, c.Fail, c.QueriesRight, c.QueriesAsked)
}

// Table prints the counts as Markdown.
func Table(w io.Writer, all []Counts) {
	fmt.Fprintln(w, "| set | list | records | pass | of them expected errors | skipped with a reason | fail | share |")
	fmt.Fprintln(w, "|---|---|--:|--:|--:|--:|--:|--:|")
	for _, c := range all {
		fmt.Fprintf(w, "| %s | %s | %d | %d | %d | %d | %d | %.1f %% |\n", c.Set, c.List, c.Records, c.Pass, c.ErrorsExpected, c.Skip, c.Fail,
			100*float64(c.Pass)/float64(max(1, c.Records)))
	}
}

// Top lists the n largest entries of a count, largest first.
func Top(counts map[string]int, n int) []string {
	keys := make([]string, 0, len(counts))
	for k := range counts {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool {
		return counts[keys[i]] > counts[keys[j]] || counts[keys[i]] == counts[keys[j]] && keys[i] < keys[j]
	})
	for i, k := range keys {
		keys[i] = fmt.Sprintf("%s (%d)", k, counts[k])
	}
	return keys[:min(n, len(keys))]
}
