package shell

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/term"
)

// progress is the line that tells how far a query has got. It shows when a
// query takes longer than progressAfter and goes when anything else is printed.
type progress struct {
	w       io.Writer
	allowed bool
	both    bool // results go to the same terminal
	rows    atomic.Int64

	mu     sync.Mutex
	start  time.Time
	shown  bool
	silent bool // results are on the terminal
}

// When the line comes, how often it changes and how often the server is asked.
const (
	progressAfter = 500 * time.Millisecond
	progressEvery = 200 * time.Millisecond
	askEvery      = time.Second
	askMax        = 700 * time.Millisecond
)

// begin starts to time a query.
func (p *progress) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.start, p.shown, p.silent = time.Now(), false, false
	p.rows.Store(0)
}

// report is what the server says of a query.
type serverReport struct {
	splits, done, read int64
	known              bool
	state              string
}

// run draws the line until done.
func (p *progress) run(ctx context.Context, done <-chan struct{}, a *aside, sql string) {
	timer := time.NewTimer(progressAfter)
	defer timer.Stop()
	var r serverReport
	asked := time.Time{}
	able := true
	for {
		select {
		case <-done:
			return
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if able && time.Since(asked) > askEvery {
			r, able = askProgress(ctx, a, sql)
			asked = time.Now()
		}
		p.draw(r)
		timer.Reset(progressEvery)
	}
}

// askProgress looks the query up; false: this server cannot tell.
func askProgress(ctx context.Context, a *aside, sql string) (serverReport, bool) {
	rows, err := a.ask(ctx, askMax, "SELECT state, splits_done, splits, splits_known, rows_read FROM system.queries WHERE ended IS NULL AND query = "+
		literal(strings.TrimSpace(sql))+" ORDER BY created DESC LIMIT 1")
	if err != nil || len(rows) == 0 || len(rows[0]) != 5 {
		return serverReport{}, err == nil
	}
	c := rows[0]
	number := func(s string) int64 { n, _ := strconv.ParseInt(s, 10, 64); return n }
	return serverReport{state: c[0], done: number(c[1]), splits: number(c[2]), known: c[3] == "t", read: number(c[4])}, true
}

func (p *progress) draw(r serverReport) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.silent {
		return
	}
	p.shown = true
	fmt.Fprint(p.w, "\r\x1b[K"+progressLine(time.Since(p.start), p.rows.Load(), r))
}

// barCells is the length of the bar.
const barCells = 20

// progressLine is the text of the line.
func progressLine(elapsed time.Duration, rows int64, r serverReport) string {
	var parts []string
	if r.known && r.splits > 0 {
		full := int(r.done * barCells / r.splits)
		parts = append(parts, strings.Repeat("█", full)+strings.Repeat("░", barCells-full)+fmt.Sprintf(" %d%%", r.done*100/r.splits))
	}
	parts = append(parts, clockTime(elapsed))
	if r.known && r.done > 0 && r.done < r.splits {
		parts = append(parts, "ETA "+clockTime(elapsed*time.Duration(r.splits-r.done)/time.Duration(r.done)))
	}
	if r.state != "" && r.state != "RUNNING" {
		parts = append(parts, strings.ToLower(r.state))
	}
	if r.read > 0 {
		parts = append(parts, magnitude(r.read)+" rows read")
	}
	if rows > 0 {
		parts = append(parts, magnitude(rows)+" rows")
	}
	if r.splits > 0 {
		parts = append(parts, fmt.Sprintf("%d/%d splits", r.done, r.splits))
	}
	return strings.Join(parts, " · ")
}

// clockTime is minutes and seconds.
func clockTime(d time.Duration) string {
	s := int(d.Seconds())
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// magnitude is a count in three digits and a unit.
func magnitude(n int64) string {
	f, unit := float64(n), ""
	for _, u := range []string{"k", "M", "G", "T"} {
		if f < 1000 {
			break
		}
		f, unit = f/1000, u
	}
	if unit == "" {
		return strconv.FormatInt(n, 10)
	}
	return strconv.FormatFloat(f, 'g', 3, 64) + unit
}

// clear takes the line away.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

// before returns a writer that takes the line away before it writes, for good
// if both go to a terminal.
func (p *progress) before(w io.Writer) io.Writer { return &quiet{p, w} }

type quiet struct {
	p *progress
	w io.Writer
}

// Write implements io.Writer.
func (q *quiet) Write(b []byte) (int, error) {
	q.p.clear()
	if q.p.both {
		q.p.mu.Lock()
		q.p.silent = true
		q.p.mu.Unlock()
	}
	return q.w.Write(b)
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && f != nil && term.IsTerminal(int(f.Fd()))
}
