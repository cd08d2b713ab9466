package shell

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
)

// redirect sends results to a file until the returned function is called.
func (s *shell) redirect(name string) (back func(), err error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	out, both := s.out, s.bar.both
	s.out, s.bar.both = bufio.NewWriterSize(f, 64<<10), false
	return func() {
		err := errors.Join(s.out.Flush(), f.Close())
		s.out, s.bar.both = out, both
		if err != nil {
			_ = s.failed(err)
		}
	}, nil
}

func (s *shell) outputCommand(_ context.Context, c call) error {
	err := s.out.Flush()
	if s.file != nil {
		err = errors.Join(err, s.file.Close())
		s.file = nil
	}
	s.out, s.bar.both = bufio.NewWriterSize(s.bar.before(s.o.Stdout), 64<<10), isTerminal(s.o.Stdout)
	if err != nil || c.arg(0) == "" {
		return err
	}
	f, err := os.Create(c.arg(0))
	if err != nil {
		return err
	}
	s.file, s.out, s.bar.both = f, bufio.NewWriterSize(f, 64<<10), false
	return nil
}

// pagerBytesMax is how much of a result is held back to see whether it fits the screen.
const pagerBytesMax = 1 << 20

// pageOf is where a result goes: a person's goes through $PAGER when it is
// taller than the screen.
func (s *shell) pageOf(st style) paged {
	pager := firstOf(os.Getenv("MUSTER_PAGER"), os.Getenv("PAGER"))
	if !s.people || s.file != nil || pager == "" || !forPeople(st.format) {
		return writerOf(s.out)
	}
	h := &held{shell: s, pager: pager, lines: s.screenLines()}
	w := bufio.NewWriterSize(h, 64<<10)
	return paged{w: w, end: func() error { return errors.Join(w.Flush(), h.end()) }}
}

// held keeps the beginning of a result until it is known to need a pager.
type held struct {
	shell *shell
	pager string
	lines int
	buf   bytes.Buffer
	cmd   *exec.Cmd
	pipe  io.WriteCloser
}

// Write implements io.Writer.
func (h *held) Write(b []byte) (int, error) {
	if h.pipe != nil {
		if _, err := h.pipe.Write(b); err != nil {
			return len(b), nil // the reader has seen enough
		}
		return len(b), nil
	}
	h.buf.Write(b)
	if bytes.Count(h.buf.Bytes(), []byte("\n")) > h.lines || h.buf.Len() > pagerBytesMax {
		return len(b), h.start()
	}
	return len(b), nil
}

func (h *held) start() error {
	s := h.shell
	s.bar.clear()
	if err := s.out.Flush(); err != nil {
		return err
	}
	words := strings.Fields(h.pager)
	h.cmd = exec.Command(words[0], words[1:]...)
	h.cmd.Stdout, h.cmd.Stderr = s.o.Stdout, s.o.Stderr
	h.cmd.Env = append(os.Environ(), "LESS="+firstOf(os.Getenv("LESS"), "-SRFX"))
	pipe, err := h.cmd.StdinPipe()
	if err == nil {
		err = h.cmd.Start()
	}
	if err != nil { // no pager: the terminal takes it all
		h.cmd = nil
		h.lines = 1 << 30
		_, err = s.out.Write(h.buf.Bytes())
		h.buf.Reset()
		h.pipe = toOutput{s.out}
		return err
	}
	h.pipe = pipe
	s.bar.mu.Lock()
	s.bar.silent = true
	s.bar.mu.Unlock()
	_, _ = pipe.Write(h.buf.Bytes())
	h.buf.Reset()
	return nil
}

// toOutput writes on without a pager.
type toOutput struct{ w *bufio.Writer }

// Write implements io.Writer.
func (o toOutput) Write(b []byte) (int, error) { return o.w.Write(b) }

// Close implements io.Closer.
func (o toOutput) Close() error { return nil }

func (h *held) end() error {
	if h.pipe == nil {
		_, err := h.shell.out.Write(h.buf.Bytes())
		return err
	}
	_ = h.pipe.Close()
	if h.cmd != nil {
		_ = h.cmd.Wait()
	}
	return nil
}
