package shell

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// meta is a backslash command.
type meta struct {
	name  string
	args  string
	doc   string
	run   func(s *shell, ctx context.Context, c call) error
	query bool // it takes the statement before it
}

// call is a backslash command as written.
type call struct {
	name string
	args []string
	rest string // of the line, as it is
	sql  string // the statement before it, or the one that ran last
}

// arg returns an argument, or nothing.
func (c call) arg(i int) string {
	if i < len(c.args) {
		return c.args[i]
	}
	return ""
}

// metas lists the commands in the order of \?.
func metas() []meta {
	return []meta{
		{name: "?", doc: "list backslash commands", run: (*shell).helpCommands},
		{name: "h", args: "[STATEMENT]", doc: "where the documentation of SQL is", run: (*shell).helpSQL},
		{name: "q", doc: "quit", run: func(s *shell, _ context.Context, _ call) error { s.quit = true; return nil }},
		{name: "l", doc: "list catalogs", run: (*shell).listCatalogs},
		{name: "dn", args: "[PATTERN]", doc: "list schemas", run: (*shell).listSchemas},
		{name: "dt", args: "[PATTERN]", doc: "list tables: catalog, catalog.schema or catalog.schema.table, with * and ?", run: (*shell).listTables},
		{name: "d", args: "[NAME]", doc: "describe a table, or list tables", run: (*shell).describeTable},
		{name: "df", args: "[PATTERN]", doc: "list functions", run: (*shell).listFunctions},
		{name: "g", args: "[FILE]", doc: "run the statement, results to a file", run: (*shell).goCommand, query: true},
		{name: "gx", doc: "run the statement, one value a line", run: (*shell).goCommand, query: true},
		{name: "watch", args: "[SECONDS]", doc: "run the statement again and again until Ctrl-C", run: (*shell).watch, query: true},
		{name: "e", args: "[FILE]", doc: "edit the last statement, or a file, with $EDITOR", run: (*shell).edit, query: true},
		{name: "p", doc: "print the last statement", run: func(s *shell, _ context.Context, c call) error { return s.say("%s", c.sql) }, query: true},
		{name: "i", args: "FILE", doc: "run a file", run: (*shell).includeCommand},
		{name: "o", args: "[FILE]", doc: "results to a file, or back", run: (*shell).outputCommand},
		{name: "c", args: "[DATABASE|URL]", doc: "connect to another catalog or server", run: (*shell).connectCommand},
		{name: "conninfo", doc: "what this is connected to", run: (*shell).connectionInfo},
		{name: "x", args: "[on|off|auto]", doc: "one value a line", run: (*shell).expandedCommand},
		{name: "t", args: "[on|off]", doc: "rows without header and footer", run: (*shell).tuplesCommand},
		{name: "timing", args: "[on|off]", doc: "time of statements", run: (*shell).timingCommand},
		{name: "pset", args: "[NAME [VALUE]]", doc: "format, null, expanded, tuples_only, width", run: (*shell).pset},
		{name: "errverbose", doc: "the last error with its SQLSTATE", run: func(s *shell, _ context.Context, _ call) error {
			return s.say("%s", strings.TrimSuffix(s.lastErr, "\n"))
		}},
		{name: "set", args: "[NAME [VALUE]]", doc: "set a variable: :NAME, :'NAME' and :\"NAME\" stand for it", run: (*shell).setCommand},
		{name: "unset", args: "NAME", doc: "forget a variable", run: func(s *shell, _ context.Context, c call) error { delete(s.vars, c.arg(0)); return nil }},
		{name: "echo", args: "TEXT", doc: "print a text", run: func(s *shell, _ context.Context, c call) error { return s.say("%s", strings.Join(c.args, " ")) }},
	}
}

// aliases are other spellings.
var aliases = map[string]string{
	"quit": "q", "exit": "q", "help": "?", "d+": "d", "dt+": "dt", "dn+": "dn", "l+": "l", "df+": "df", "list": "l", "connect": "c",
	"include": "i", "out": "o", "edit": "e", "print": "p", "ir": "i", "dc": "l", "dtv": "dt", "dv": "dt", "qecho": "echo",
}

// command runs a backslash command.
func (s *shell) command(ctx context.Context, p piece) error {
	name, rest, _ := strings.Cut(strings.TrimPrefix(p.command, "\\"), " ")
	rest = strings.TrimSpace(strings.TrimSuffix(rest, ";"))
	name = strings.TrimSuffix(name, ";")
	c := call{name: name, rest: rest, args: s.words(rest), sql: p.sql}
	if a := aliases[name]; a != "" {
		name = a
	}
	list := metas()
	i := slices.IndexFunc(list, func(m meta) bool { return m.name == name })
	if i < 0 {
		return s.failed(fmt.Errorf("unknown command \\%s; \\? lists the commands", c.name))
	}
	if !list[i].query && p.sql != "" {
		return s.failed(fmt.Errorf("\\%s does not take a statement; end it with a semicolon", c.name))
	}
	if c.sql == "" {
		c.sql = s.last
	}
	if err := list[i].run(s, ctx, c); err != nil {
		var e Exit
		if errors.As(err, &e) || errors.Is(err, errInterrupted) {
			return err
		}
		var pe *pgconn.PgError
		if errors.As(err, &pe) || s.conn.IsClosed() {
			return s.settle(err, "", piece{})
		}
		return s.failed(err)
	}
	return s.out.Flush()
}

// words cuts arguments at blanks; quotes keep blanks, variables are replaced.
func (s *shell) words(rest string) []string {
	var out []string
	rest = s.interpolate(rest)
	for rest = strings.TrimLeft(rest, " \t"); rest != ""; rest = strings.TrimLeft(rest, " \t") {
		if rest[0] == '\'' {
			n, _ := quoted(rest, 1, '\'', false)
			out = append(out, strings.ReplaceAll(strings.Trim(rest[:n], "'"), "''", "'"))
			rest = rest[n:]
			continue
		}
		n := 0
		for n < len(rest) && rest[n] != ' ' && rest[n] != '\t' {
			if rest[n] == '"' {
				k, _ := quoted(rest[n:], 1, '"', false)
				n += k
				continue
			}
			n++
		}
		out = append(out, rest[:n])
		rest = rest[n:]
	}
	return out
}

func (s *shell) say(format string, args ...any) error {
	_, err := fmt.Fprintf(s.out, format+"\n", args...)
	return err
}

func (s *shell) helpCommands(context.Context, call) error {
	for _, m := range metas() {
		_ = s.say("  %-26s %s", "\\"+m.name+" "+m.args, m.doc)
	}
	return s.say("\nA statement ends with a semicolon. Ctrl-C cancels one that runs, Ctrl-D ends the shell.")
}

func (s *shell) helpSQL(context.Context, call) error {
	return s.say("The SQL is PostgreSQL's. \\df lists functions, SHOW ALL the settings, EXPLAIN and EXPLAIN (PUSHDOWN) what a statement does.")
}

func (s *shell) goCommand(ctx context.Context, c call) error {
	if c.sql == "" {
		return errors.New("there is no statement to run")
	}
	s.last = c.sql
	st := s.style
	if c.name == "gx" {
		st.format, st.expanded = formatVertical, expandedOn
	}
	if c.arg(0) != "" {
		back, err := s.redirect(c.arg(0))
		if err != nil {
			return err
		}
		defer back()
	}
	return s.send(ctx, s.interpolate(c.sql), st)
}

// watchMin is the shortest pause of \watch.
const watchMin = 100 * time.Millisecond

func (s *shell) watch(ctx context.Context, c call) error {
	pause := 2 * time.Second
	if a := c.arg(0); a != "" {
		f, err := strconv.ParseFloat(a, 64)
		if err != nil || f < 0 || f > 86400 {
			return fmt.Errorf("\\watch needs a number of seconds, not %s", a)
		}
		pause = max(time.Duration(f*float64(time.Second)), watchMin)
	}
	if c.sql == "" {
		return errors.New("there is no statement to run")
	}
	s.last = c.sql
	for {
		_ = s.say("%s (every %v)\n", time.Now().Format(time.DateTime), pause)
		if err := s.send(ctx, s.interpolate(c.sql), s.style); err != nil {
			return err
		}
		select {
		case <-time.After(pause):
		case <-s.signals:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (s *shell) edit(ctx context.Context, c call) error {
	if !s.people {
		return errors.New("\\e needs a terminal")
	}
	name := c.arg(0)
	if name == "" {
		f, err := os.CreateTemp("", "muster-*.sql")
		if err != nil {
			return err
		}
		name = f.Name()
		defer os.Remove(name)
		_, err = f.WriteString(c.sql + "\n")
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	editor := strings.Fields(firstOf(os.Getenv("VISUAL"), os.Getenv("EDITOR"), "vi"))
	cmd := exec.CommandContext(ctx, editor[0], append(editor[1:], name)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.o.Stdin, s.o.Stdout, s.o.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", editor[0], err)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return s.script(ctx, string(b))
}

func firstOf(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

func (s *shell) includeCommand(ctx context.Context, c call) error {
	if c.arg(0) == "" {
		return errors.New("\\i needs the name of a file")
	}
	name := c.arg(0)
	if c.name == "ir" && !path.IsAbs(name) && s.source != "" && s.source != "-" {
		name = path.Join(path.Dir(s.source), name)
	}
	return s.include(ctx, name)
}

func (s *shell) connectCommand(ctx context.Context, c call) error {
	config := s.o.Config.Copy()
	to := c.arg(0)
	if strings.Contains(to, "://") || strings.Contains(to, "=") {
		var err error
		if config, err = pgconn.ParseConfig(to); err != nil {
			return err
		}
	} else if to != "" && to != "-" {
		config.Database = strings.Trim(to, `"`)
	}
	if err := s.connect(ctx, config); err != nil {
		return errors.New(connectProblem(err))
	}
	return s.connectionInfo(ctx, c)
}

func (s *shell) connectionInfo(context.Context, call) error {
	c := s.o.Config
	where := fmt.Sprintf("at %s:%d", c.Host, c.Port)
	if c.Host == InProcess {
		where = "in this process"
	}
	secure := ""
	if c.TLSConfig != nil {
		secure = ", encrypted"
	}
	return s.say("Connected to database %q as user %q %s%s.", firstOf(c.Database, c.User), c.User, where, secure)
}

// InProcess is the host of a server that runs in this process.
const InProcess = "in-process"

func (s *shell) expandedCommand(_ context.Context, c call) error {
	switch a := expanded(strings.ToLower(c.arg(0))); a {
	case expandedOn, expandedOff, expandedAuto:
		s.style.expanded = a
	case "":
		if s.style.expanded == expandedOn {
			s.style.expanded = expandedOff
		} else {
			s.style.expanded = expandedOn
		}
	default:
		return fmt.Errorf("\\x takes on, off or auto, not %s", a)
	}
	return s.say("Expanded display is %s.", s.style.expanded)
}

// toggle sets a switch by word, or turns it over.
func toggle(v *bool, word string) error {
	switch strings.ToLower(word) {
	case "on", "true", "1":
		*v = true
	case "off", "false", "0":
		*v = false
	case "":
		*v = !*v
	default:
		return fmt.Errorf("not on or off: %s", word)
	}
	return nil
}

func onOff(v bool) string {
	if v {
		return "on"
	}
	return "off"
}

func (s *shell) tuplesCommand(_ context.Context, c call) error {
	if err := toggle(&s.style.tuplesOnly, c.arg(0)); err != nil {
		return err
	}
	return s.say("Tuples only is %s.", onOff(s.style.tuplesOnly))
}

func (s *shell) timingCommand(_ context.Context, c call) error {
	if err := toggle(&s.timing, c.arg(0)); err != nil {
		return err
	}
	return s.say("Timing is %s.", onOff(s.timing))
}

func (s *shell) pset(ctx context.Context, c call) error {
	switch v := c.arg(1); c.arg(0) {
	case "":
		return s.say("expanded     %s\nformat       %s\nnull         '%s'\ntuples_only  %s\nwidth        %d",
			s.style.expanded, s.style.format, s.style.null, onOff(s.style.tuplesOnly), s.style.widthMax)
	case "format":
		if v == "aligned" {
			v = formatTable
		}
		if v != "" && !slices.Contains(Formats(), v) {
			return fmt.Errorf("there is no format %s; there are: %s", v, strings.Join(Formats(), ", "))
		}
		s.style.format = firstOf(v, s.style.format)
		return s.say("Output format is %s.", s.style.format)
	case "null":
		s.style.null = v
		return s.say("Null display is \"%s\".", v)
	case "expanded", "x":
		return s.expandedCommand(ctx, call{args: c.args[1:]})
	case "tuples_only", "t":
		return s.tuplesCommand(ctx, call{args: c.args[1:]})
	case "width":
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			return fmt.Errorf("width is a number of columns, 0 for any, not %s", v)
		}
		s.style.widthMax = n
		return s.say("Values are cut at %d columns.", n)
	}
	return fmt.Errorf("\\pset knows no %s", c.arg(0))
}

func (s *shell) setCommand(_ context.Context, c call) error {
	if len(c.args) == 0 {
		for _, n := range slices.Sorted(maps.Keys(s.vars)) {
			_ = s.say("%s = '%s'", n, s.vars[n])
		}
		return nil
	}
	s.vars[c.args[0]] = strings.Join(c.args[1:], "")
	return nil
}
