package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/reeflective/readline"
	"golang.org/x/term"
)

// valueWidthMax is how wide a value may be where a person looks.
const valueWidthMax = 80

// interact reads statements from a person until they leave.
func (s *shell) interact(ctx context.Context) error {
	s.people, s.timing = true, true
	s.style.expanded, s.style.widthMax = expandedAuto, valueWidthMax
	if s.o.Banner != nil {
		fmt.Fprintln(s.o.Stdout, s.o.Banner(&Server{Version: s.conn.ParameterStatus("server_version"), Database: s.o.Config.Database}))
	}
	rl := readline.NewShell()
	rl.Config.Vars["history-autosuggest"] = false
	rl.Prompt.Primary(s.prompt)
	rl.Prompt.Secondary(func() string { return strings.Repeat(" ", max(len(s.prompt())-3, 0)) + "-> " })
	rl.AcceptMultiline = func(line []rune) bool { return enough(string(line)) }
	names := &completer{aside: &s.aside, ctx: ctx, known: map[string]answer{}}
	rl.Completer = func(line []rune, cursor int) readline.Completions { return completions(names, string(line[:cursor])) }
	s.openHistory(rl)
	interrupts := 0
	for !s.quit {
		s.drainSignals()
		s.style.columns = s.screenColumns()
		line, err := rl.Readline()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			if strings.TrimSpace(line) == "" {
				if interrupts++; interrupts > 1 {
					return nil
				}
				fmt.Fprintln(s.o.Stderr, "Press Ctrl-C again, or Ctrl-D, to quit.")
			}
			continue
		case errors.Is(err, io.EOF):
			fmt.Fprintln(s.o.Stdout)
			return nil
		case err != nil:
			return fmt.Errorf("read the terminal: %w", err)
		}
		interrupts = 0
		if word, ok := plainWord(line); ok {
			line = word
		}
		if err := s.script(ctx, line); err != nil {
			return err
		}
		if changes.MatchString(line) {
			names.forget()
		}
	}
	return nil
}

// changes are statements after which names are asked for again.
var changes = regexp.MustCompile(`(?i)\b(create|drop|alter|use|set)\b|\\c`)

// plainWord gives commands that people type without a backslash.
func plainWord(line string) (string, bool) {
	switch strings.ToLower(strings.TrimSuffix(strings.TrimSpace(line), ";")) {
	case "exit", "quit":
		return `\q`, true
	case "help":
		return `\?`, true
	}
	return "", false
}

// enough reports whether Enter runs what was typed.
func enough(line string) bool {
	if _, ok := plainWord(line); ok {
		return true
	}
	return complete(line)
}

func (s *shell) drainSignals() {
	for {
		select {
		case <-s.signals:
		default:
			return
		}
	}
}

// prompt names the database and shows a transaction by a star, a failed one by
// an exclamation mark.
func (s *shell) prompt() string {
	mark := "=> "
	switch s.conn.TxStatus() {
	case 'T':
		mark = "=*> "
	case 'E':
		mark = "=!> "
	}
	return firstOf(s.o.Config.Database, s.o.Config.User) + mark
}

func completions(c *completer, line string) readline.Completions {
	start, list := c.complete(line)
	values := make([]readline.Completion, len(list))
	for i, x := range list {
		values[i] = readline.Completion{Value: x.text, Display: x.text, Description: x.kind}
	}
	out := readline.CompleteRaw(values).NoSort().NoSpace('.')
	out.PREFIX = line[start:]
	return out
}

// screenColumns is the width of the terminal, 0 when it is not known.
func (s *shell) screenColumns() int {
	if f, ok := s.o.Stdout.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil {
			return w
		}
	}
	return 0
}

// screenLines is how many lines a result may have without a pager.
func (s *shell) screenLines() int {
	if f, ok := s.o.Stdout.(*os.File); ok {
		if _, h, err := term.GetSize(int(f.Fd())); err == nil {
			return max(h-2, 1)
		}
	}
	return 1 << 30
}

// secretText is what a statement with a secret looks like: it is not remembered.
var secretText = regexp.MustCompile(`(?i)(password|secret|access_key|token)\w*['"]?\s*(=|:|'|is\b)|://[^/\s:@]+:[^/\s@]+@`)

// history keeps statements in a file, but for those with secrets.
type history struct {
	readline.History
}

// Write implements readline.History.
func (h history) Write(line string) (int, error) {
	if secretText.MatchString(line) {
		return h.Len(), nil
	}
	return h.History.Write(line)
}

func (s *shell) openHistory(rl *readline.Shell) {
	if s.o.History == "" {
		return
	}
	if err := os.MkdirAll(filepath.Dir(s.o.History), 0o700); err != nil {
		return
	}
	f, err := os.OpenFile(s.o.History, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		fmt.Fprintln(s.o.Stderr, "muster: statements are not remembered: "+err.Error())
		return
	}
	_ = f.Close()
	src, err := readline.NewHistoryFromFile(s.o.History)
	if err != nil {
		return
	}
	rl.History.Delete()
	rl.History.Add("statements", history{src})
}
