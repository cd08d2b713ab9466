// Package shell owns the SQL shell: it reads statements from arguments, files
// or a person, sends them to a server over PostgreSQL's protocol and prints what
// comes back. cmd/muster calls it; it must not know the engine.
package shell

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Options say what to connect to, what to run and how to print it.
type Options struct {
	Config   *pgconn.Config
	Commands []string // run in order; then the shell ends
	File     string   // run after Commands; "-" is Stdin
	Output   string   // a format; empty: table
	Timing   bool     // print the time of statements from the start
	// Progress allows a progress line on Stderr when that is a terminal.
	Progress bool
	History  string // file of the line editor; empty: nothing is kept
	Banner   func(s *Server) string
	Stdin    *os.File
	Stdout   io.Writer
	Stderr   io.Writer
}

// Server is what a banner can say of the server.
type Server struct{ Version, Database string }

// The exit codes.
const (
	ExitUsage      = 1 // arguments or files that cannot be used
	ExitConnection = 2 // no connection, or it was lost
	ExitScript     = 3 // a statement failed
	ExitInterrupt  = 130
)

// Exit is an error that has been printed and ends the process with its code.
type Exit int

// Error implements error.
func (e Exit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// shell is one session at the server with what the user has set.
type shell struct {
	o        Options
	conn     *pgconn.PgConn
	aside    aside // a connection for questions while a query runs
	signals  chan os.Signal
	style    style
	timing   bool
	verbose  verbosity
	vars     map[string]string
	out      *bufio.Writer
	file     io.Closer // of \o
	last     string    // the statement that \g and \watch run again
	lastErr  string    // for \errverbose
	sent     string    // what was sent last, which positions count in
	people   bool      // a person types
	terminal bool      // Stderr is one
	source   string    // name of the file that is run, for messages
	depth    int       // of \i
	bar      *progress
	quit     bool
}

// Run runs the shell until its input ends. Errors of statements are printed; the
// result is then an Exit.
func Run(ctx context.Context, o Options) error {
	s := &shell{
		o: o, vars: map[string]string{"ON_ERROR_STOP": "on"}, signals: make(chan os.Signal, 2), timing: o.Timing,
		style:    style{format: o.Output, null: "NULL", expanded: expandedOff},
		terminal: isTerminal(o.Stderr),
	}
	if s.style.format == "" {
		s.style.format = formatTable
	}
	s.bar = &progress{w: o.Stderr, allowed: o.Progress && s.terminal, both: isTerminal(o.Stdout)}
	s.out = bufio.NewWriterSize(s.bar.before(o.Stdout), 64<<10)
	if err := s.connect(ctx, o.Config); err != nil {
		fmt.Fprintln(o.Stderr, "muster: "+connectProblem(err))
		return Exit(ExitConnection)
	}
	defer s.close()
	signal.Notify(s.signals, os.Interrupt)
	defer signal.Stop(s.signals)
	err := s.all(ctx)
	if ferr := s.out.Flush(); err == nil && ferr != nil {
		return fmt.Errorf("write results: %w", ferr)
	}
	return err
}

// all runs what the options name, or what stdin has.
func (s *shell) all(ctx context.Context) error {
	for _, c := range s.o.Commands {
		if err := s.script(ctx, c); err != nil || s.quit {
			return err
		}
	}
	switch {
	case s.o.File != "":
		return s.include(ctx, s.o.File)
	case len(s.o.Commands) > 0:
		return nil
	case isTerminal(s.o.Stdin) && isTerminal(s.o.Stdout):
		return s.interact(ctx)
	}
	return s.include(ctx, "-")
}

func (s *shell) connect(ctx context.Context, c *pgconn.Config) error {
	c = c.Copy()
	c.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		s.bar.clear()
		_ = s.out.Flush()
		fmt.Fprint(s.o.Stderr, describe((*pgconn.PgError)(n), s.sent, s.verbose))
	}
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "muster sql"
	}
	conn, err := pgconn.ConnectConfig(ctx, c)
	if err != nil {
		return err
	}
	if s.conn != nil {
		_ = s.conn.Close(ctx)
	}
	s.aside.reset(ctx, c)
	s.conn, s.o.Config = conn, c
	return nil
}

// connectProblem says why there is no connection without the driver's prose.
func connectProblem(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return strings.TrimSuffix(describe(e, "", brief), "\n")
	}
	return err.Error()
}

func (s *shell) close() {
	ctx, stop := context.WithTimeout(context.Background(), closeMax)
	defer stop()
	s.aside.close(ctx)
	if s.conn != nil {
		_ = s.conn.Close(ctx)
	}
	if s.file != nil {
		_ = s.out.Flush()
		_ = s.file.Close()
	}
}

// closeMax bounds how long the shell waits for servers when it ends.
const closeMax = 2 * time.Second

// include runs a file; "-" is stdin.
func (s *shell) include(ctx context.Context, name string) error {
	if s.depth >= includeDepthMax {
		return s.failed(errors.New("files include each other too deeply"))
	}
	var b []byte
	var err error
	if name == "-" {
		b, err = io.ReadAll(s.o.Stdin)
	} else {
		b, err = os.ReadFile(name)
	}
	if err != nil {
		fmt.Fprintln(s.o.Stderr, "muster: "+err.Error())
		if s.people {
			return nil
		}
		return Exit(ExitUsage)
	}
	outer := s.source
	s.source = name
	s.depth++
	defer func() { s.source, s.depth = outer, s.depth-1 }()
	return s.script(ctx, string(b))
}

// includeDepthMax bounds files that include files.
const includeDepthMax = 16

// script runs the statements and commands of a text.
func (s *shell) script(ctx context.Context, text string) error {
	pieces, rest := split(text)
	if rest.sql != "" {
		pieces = append(pieces, rest)
	}
	for _, p := range pieces {
		if err := s.do(ctx, text, p); err != nil || s.quit {
			return err
		}
	}
	return nil
}

// do runs one piece. An error that is returned ends the shell.
func (s *shell) do(ctx context.Context, text string, p piece) error {
	s.bar.clear()
	if p.command != "" {
		return s.command(ctx, p)
	}
	err := s.statement(ctx, p.sql)
	return s.settle(err, text, p)
}

// settle prints the error of a statement and says whether the shell goes on.
func (s *shell) settle(err error, text string, p piece) error {
	if err == nil {
		return nil
	}
	s.bar.clear()
	_ = s.out.Flush()
	if s.source != "" && s.source != "-" && !s.people {
		fmt.Fprintf(s.o.Stderr, "%s:%d: ", s.source, strings.Count(text[:p.offset], "\n")+1)
	}
	fmt.Fprint(s.o.Stderr, report(err, s.sent, s.verbose))
	s.lastErr = report(err, s.sent, verbose)
	if errors.Is(err, errInterrupted) {
		return Exit(ExitInterrupt)
	}
	if s.conn.IsClosed() {
		return s.lost(context.Background())
	}
	if s.people || !s.stops() {
		return nil
	}
	return Exit(ExitScript)
}

// lost handles the end of a connection: a person gets a new one.
func (s *shell) lost(ctx context.Context) error {
	if s.people {
		ctx, stop := context.WithTimeout(ctx, reconnectMax)
		defer stop()
		if err := s.connect(ctx, s.o.Config); err == nil {
			fmt.Fprintln(s.o.Stderr, "The connection was lost; there is a new one.")
			return nil
		}
	}
	fmt.Fprintln(s.o.Stderr, "muster: the connection to the server was lost")
	return Exit(ExitConnection)
}

// reconnectMax bounds the attempt to connect again.
const reconnectMax = 5 * time.Second

// stops reports whether a script ends at an error.
func (s *shell) stops() bool {
	switch strings.ToLower(s.vars["ON_ERROR_STOP"]) {
	case "off", "0", "false", "no":
		return false
	}
	return true
}

// failed prints an error of the shell itself.
func (s *shell) failed(err error) error {
	_ = s.out.Flush()
	fmt.Fprintln(s.o.Stderr, "muster: "+err.Error())
	if s.people || !s.stops() {
		return nil
	}
	return Exit(ExitScript)
}
