package shell

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"

	"github.com/rivo/uniseg"
)

// A table's widths follow from its first rows: so many, or so many bytes.
const (
	sampleRowsMax  = 1000
	sampleBytesMax = 1 << 20
)

// table prints aligned columns as psql does. Rows after the sample are printed
// as they come: a wider value pushes its row out of line.
type table struct {
	w       *bufio.Writer
	style   style
	cols    []column
	widths  []int
	sample  [][]string
	bytes   int
	rows    int64
	started bool
	tall    *vertical // instead, when the table is too wide
	lines   [][]string
}

// begin implements printer.
func (t *table) begin(cols []column) error {
	t.cols = cols
	t.widths = make([]int, len(cols))
	t.lines = make([][]string, len(cols))
	for i, c := range cols {
		t.widths[i] = width(c.name)
	}
	return nil
}

// row implements printer.
func (t *table) row(values [][]byte) error {
	t.rows++
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = t.cell(v)
		t.bytes += len(cells[i])
	}
	if t.started {
		return t.print(cells)
	}
	t.sample = append(t.sample, cells)
	if len(t.sample) < sampleRowsMax && t.bytes < sampleBytesMax {
		return nil
	}
	return t.start()
}

// cell is a value as it is shown.
func (t *table) cell(v []byte) string {
	if v == nil {
		return t.style.null
	}
	s := strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		if r < ' ' || r == 0x7f {
			return '·'
		}
		return r
	}, strings.ReplaceAll(strings.ReplaceAll(string(v), "\t", "    "), "\r\n", "\n"))
	if t.style.widthMax > 0 {
		s = shorten(s, t.style.widthMax)
	}
	return s
}

// shorten cuts a value that is wider than max, with an ellipsis.
func shorten(s string, max int) string {
	if len(s) <= max {
		return s
	}
	if cut := strings.IndexByte(s, '\n'); cut >= 0 {
		return shorten(s[:cut], max-1) + "…"
	}
	if uniseg.StringWidth(s) <= max {
		return s
	}
	var b strings.Builder
	for g, used := uniseg.NewGraphemes(s), 0; g.Next(); {
		if used += g.Width(); used >= max {
			break
		}
		b.WriteString(g.Str())
	}
	return b.String() + "…"
}

// width is that of the widest line.
func width(s string) int {
	w := 0
	for line := range strings.SplitSeq(s, "\n") {
		w = max(w, uniseg.StringWidth(line))
	}
	return w
}

// start prints the header and the sample once the widths are known.
func (t *table) start() error {
	t.started = true
	for _, cells := range t.sample {
		for i, c := range cells {
			t.widths[i] = max(t.widths[i], width(c))
		}
	}
	total := 0
	for _, w := range t.widths {
		total += w + 3
	}
	if t.style.expanded == expandedAuto && t.style.columns > 0 && total-1 > t.style.columns {
		t.tall = &vertical{w: t.w, style: t.style, cols: t.cols}
	} else if !t.style.tuplesOnly {
		t.header()
	}
	for _, cells := range t.sample {
		if err := t.print(cells); err != nil {
			return err
		}
	}
	t.sample = nil
	return nil
}

func (t *table) header() {
	for i, c := range t.cols {
		pad := t.widths[i] - width(c.name)
		fmt.Fprintf(t.w, "%s %s%s%s ", bar(i), spaces(pad/2), c.name, spaces(pad-pad/2))
	}
	_ = t.w.WriteByte('\n')
	for i, w := range t.widths {
		if i > 0 {
			_ = t.w.WriteByte('+')
		}
		_, _ = t.w.WriteString(strings.Repeat("-", w+2))
	}
	_ = t.w.WriteByte('\n')
}

func bar(i int) string {
	if i == 0 {
		return ""
	}
	return "|"
}

func spaces(n int) string { return strings.Repeat(" ", max(n, 0)) }

// print writes one row; a value with line breaks takes several lines, each but
// the last marked with a plus.
func (t *table) print(cells []string) error {
	if t.tall != nil {
		return t.tall.record(cells)
	}
	height := 1
	for i, c := range cells {
		t.lines[i] = strings.Split(c, "\n")
		height = max(height, len(t.lines[i]))
	}
	for n := range height {
		for i, lines := range t.lines {
			text, mark := "", " "
			if n < len(lines) {
				text = lines[n]
			}
			if n+1 < len(lines) {
				mark = "+"
			}
			pad := spaces(t.widths[i] - uniseg.StringWidth(text))
			last := i == len(t.lines)-1
			switch {
			case t.cols[i].right:
				text = pad + text
			case !last || mark == "+":
				text += pad
			}
			if last && mark == " " {
				mark = ""
			}
			_, _ = t.w.WriteString(bar(i) + " " + text + mark)
		}
		if err := t.w.WriteByte('\n'); err != nil {
			return err
		}
	}
	return nil
}

// end implements printer.
func (t *table) end() error {
	if !t.started {
		if err := t.start(); err != nil {
			return err
		}
	}
	if t.tall != nil {
		return t.tall.end()
	}
	if t.style.tuplesOnly {
		return nil
	}
	return footer(t.w, t.rows)
}

func footer(w *bufio.Writer, rows int64) error {
	_, err := w.WriteString("(" + countOf(rows, "row") + ")\n\n")
	return err
}

// countOf is "1 row" or "2 rows".
func countOf(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.FormatInt(n, 10) + " " + what + "s"
}

// vertical prints a record as lines of name and value.
type vertical struct {
	w     *bufio.Writer
	style style
	cols  []column
	rows  int64
	name  int // width of the widest name
}

// begin implements printer.
func (v *vertical) begin(cols []column) error {
	v.cols = cols
	return nil
}

// row implements printer.
func (v *vertical) row(values [][]byte) error {
	cells := make([]string, len(values))
	for i, x := range values {
		cells[i] = v.style.null
		if x != nil {
			cells[i] = string(x)
		}
	}
	return v.record(cells)
}

// record prints one record.
func (v *vertical) record(cells []string) error {
	for _, c := range v.cols {
		v.name = max(v.name, width(c.name))
	}
	v.rows++
	head := fmt.Sprintf("-[ RECORD %d ]", v.rows)
	rule := v.name + 2
	if len(head) < rule {
		head += strings.Repeat("-", rule-len(head)-1) + "+"
	}
	_, _ = v.w.WriteString(head + strings.Repeat("-", max(40-len(head), 0)) + "\n")
	for i, c := range cells {
		label := v.cols[i].name
		for line := range strings.SplitSeq(c, "\n") {
			if _, err := v.w.WriteString(label + spaces(v.name-width(label)) + " | " + line + "\n"); err != nil {
				return err
			}
			label = ""
		}
	}
	return nil
}

// end implements printer.
func (v *vertical) end() error {
	if v.rows == 0 && !v.style.tuplesOnly {
		_, _ = v.w.WriteString("(0 rows)\n")
	}
	return v.w.WriteByte('\n')
}
