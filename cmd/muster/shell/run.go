package shell

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

var errInterrupted = errors.New("interrupted")

// statement sends one statement and prints its results.
func (s *shell) statement(ctx context.Context, sql string) error {
	s.last = sql
	return s.send(ctx, s.interpolate(sql), s.style)
}

// send runs a statement while Ctrl-C cancels it and a progress line shows.
func (s *shell) send(ctx context.Context, sql string, st style) error {
	s.sent = sql
	start := time.Now()
	done := make(chan struct{})
	var watchers sync.WaitGroup
	interrupted := false
	watchers.Go(func() { interrupted = s.watchSignals(ctx, done) })
	if s.bar.allowed {
		s.bar.begin()
		watchers.Go(func() { s.bar.run(ctx, done, &s.aside, sql) })
	}
	err := s.results(ctx, sql, st)
	close(done)
	watchers.Wait()
	s.bar.clear()
	if interrupted {
		return errInterrupted
	}
	if err == nil && s.timing && forPeople(st.format) {
		fmt.Fprintf(s.out, "Time: %s\n", duration(time.Since(start)))
	}
	if err == nil {
		err = s.out.Flush()
	}
	return err
}

// duration is a time with its unit as people read it.
func duration(d time.Duration) string {
	ms := float64(d.Microseconds()) / 1000
	switch {
	case d < time.Second:
		return fmt.Sprintf("%.3f ms", ms)
	case d < time.Minute:
		return fmt.Sprintf("%.3f ms (%.3f s)", ms, d.Seconds())
	}
	return fmt.Sprintf("%.3f ms (%s)", ms, clockTime(d))
}

// watchSignals cancels the statement at the first Ctrl-C and cuts the
// connection at the second; true: it did.
func (s *shell) watchSignals(ctx context.Context, done <-chan struct{}) bool {
	for n := 0; ; n++ {
		select {
		case <-done:
			return false
		case <-s.signals:
		}
		if n > 0 || !s.people && n > 0 {
			_ = s.conn.Conn().Close()
			return true
		}
		cctx, stop := context.WithTimeout(ctx, cancelMax)
		if err := s.conn.CancelRequest(cctx); err != nil {
			s.bar.clear()
			fmt.Fprintln(s.o.Stderr, "muster: the cancel request failed: "+err.Error())
		}
		stop()
	}
}

// cancelMax bounds a cancel request.
const cancelMax = 5 * time.Second

var (
	copyOut = regexp.MustCompile(`(?is)^copy\b.*\bto\s+stdout\b`)
	copyIn  = regexp.MustCompile(`(?is)^copy\b.*\bfrom\s+stdin\b`)
)

// results reads what the server answers.
func (s *shell) results(ctx context.Context, sql string, st style) error {
	switch {
	case copyOut.MatchString(sql):
		_, err := s.conn.CopyTo(ctx, s.out, sql)
		return err
	case copyIn.MatchString(sql):
		return errors.New(`COPY … FROM STDIN needs data on stdin: muster sql -c "COPY …" reads none; use \copy of psql`)
	}
	all := s.conn.Exec(ctx, sql)
	for all.NextResult() {
		if err := s.result(all.ResultReader(), st); err != nil {
			_ = all.Close()
			return err
		}
	}
	return all.Close()
}

// result prints one result.
func (s *shell) result(r *pgconn.ResultReader, st style) error {
	fields := r.FieldDescriptions()
	if len(fields) == 0 {
		tag, err := r.Close()
		if err == nil && forPeople(st.format) && !st.tuplesOnly && tag.String() != "" {
			fmt.Fprintln(s.out, tag)
		}
		return err
	}
	page := s.pageOf(st)
	p := newPrinter(st, page.w)
	err := p.begin(columnsOf(fields))
	for err == nil && r.NextRow() {
		s.bar.rows.Add(1)
		err = p.row(r.Values())
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write results: %w", err), page.end())
	}
	if _, err := r.Close(); err != nil {
		return errors.Join(err, page.end())
	}
	return errors.Join(p.end(), page.end())
}

// paged is where a result goes: straight to the output, or to a pager.
type paged struct {
	w   *bufio.Writer
	end func() error
}

// fetch returns the rows of a statement of the shell's own as text.
func fetch(ctx context.Context, c *pgconn.PgConn, sql string) ([][]string, error) {
	results, err := c.Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, err
	}
	var out [][]string
	for _, r := range results {
		if r.Err != nil {
			return nil, r.Err
		}
		for _, row := range r.Rows {
			cells := make([]string, len(row))
			for i, v := range row {
				cells[i] = string(v)
			}
			out = append(out, cells)
		}
	}
	return out, nil
}

// aside is a second connection for questions of the shell's own: completion and
// progress. It is made when it is first needed. Safe for concurrent use.
type aside struct {
	mu     sync.Mutex
	config *pgconn.Config
	conn   *pgconn.PgConn
}

// reset makes the next question go to another server.
func (a *aside) reset(ctx context.Context, c *pgconn.Config) {
	a.close(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.config = c.Copy()
	a.config.OnNotice = nil
}

func (a *aside) close(ctx context.Context) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.conn != nil {
		_ = a.conn.Close(ctx)
		a.conn = nil
	}
}

// ask runs a statement within max.
func (a *aside) ask(ctx context.Context, max time.Duration, sql string) ([][]string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	ctx, stop := context.WithTimeout(ctx, max)
	defer stop()
	if a.conn == nil || a.conn.IsClosed() {
		c, err := pgconn.ConnectConfig(ctx, a.config)
		if err != nil {
			return nil, err
		}
		a.conn = c
	}
	return fetch(ctx, a.conn, sql)
}

// literal is a string constant of SQL.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// ident is a quoted name.
func ident(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// interpolate replaces :name, :'name' and :"name" of variables that are set.
func (s *shell) interpolate(sql string) string {
	if !strings.Contains(sql, ":") {
		return sql
	}
	var b strings.Builder
	for i := 0; i < len(sql); {
		if sql[i] == ':' && (i == 0 || sql[i-1] != ':') {
			if text, n := s.variable(sql[i+1:]); n > 0 {
				b.WriteString(text)
				i += 1 + n
				continue
			}
		}
		n, _ := token(sql[i:])
		b.WriteString(sql[i : i+n])
		i += n
	}
	return b.String()
}

// variable resolves a reference after its colon; n is its length, 0: none.
func (s *shell) variable(text string) (value string, n int) {
	quote := byte(0)
	if text != "" && (text[0] == '\'' || text[0] == '"') {
		quote = text[0]
		n = 1
	}
	start := n
	for n < len(text) && isWord(rune(text[n])) {
		n++
	}
	v, set := s.vars[text[start:n]]
	if !set {
		return "", 0
	}
	if quote == 0 {
		return v, n
	}
	if n == len(text) || text[n] != quote {
		return "", 0
	}
	if quote == '"' {
		return ident(v), n + 1
	}
	return literal(v), n + 1
}

// writerOf is a buffered writer without an end of its own.
func writerOf(w *bufio.Writer) paged { return paged{w: w, end: func() error { return nil }} }

var _ io.Writer = (*quiet)(nil)
