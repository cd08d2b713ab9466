package harness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// readyMax bounds how long a process may take to write its ready file.
const readyMax = 30 * time.Second

// Node is one process of a cluster.
type Node struct {
	Role string // all, coordinator, worker
	Name string
	Addr Addresses

	cluster *Cluster
	dir     string // data/, log
	process *exec.Cmd
	exited  chan struct{}
	exit    error // valid when exited is closed
}

// Addresses is what a process writes to its ready file.
type Addresses struct {
	PG   string `json:"pg"`
	HTTP string `json:"http"`
	RPC  string `json:"rpc"`
	Pid  int    `json:"pid"`
}

func (n *Node) start() error {
	bin, err := Bin()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(n.dir, "data"), 0o755); err != nil {
		return err
	}
	ready := filepath.Join(n.dir, "ready.json")
	if err := os.Remove(ready); err != nil && !os.IsNotExist(err) {
		return err
	}
	log, err := os.OpenFile(filepath.Join(n.dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	n.process = exec.Command(bin, n.args(ready)...)
	n.process.Stdout, n.process.Stderr = log, log
	n.process.Env = append(append(environment(), "MUSTER_CLUSTER_SECRET="+n.cluster.secret), n.cluster.options.Env...)
	n.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := n.process.Start(); err != nil {
		return err
	}
	process, exited := n.process, make(chan struct{})
	n.exited = exited
	go func() { // ends with the process; Kill and Terminate wait for it
		n.exit = process.Wait()
		close(exited)
	}()
	return n.awaitReady(ready)
}

// environment is that of the test without the variables that configure a
// server: those of the tests themselves begin with MUSTER_ too.
func environment() []string {
	var out []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "MUSTER_") {
			out = append(out, v)
		}
	}
	return out
}

func (n *Node) args(ready string) []string {
	args := []string{
		"server", "--role", n.Role, "--data", filepath.Join(n.dir, "data"), "--ready-file", ready,
		"--http", "127.0.0.1:0", "--rpc", "127.0.0.1:0",
	}
	if n.Role == "worker" {
		args = append(args, "--coordinator", n.cluster.Coordinator().Addr.RPC)
	} else {
		args = append(args, "--pg", "127.0.0.1:0")
		for _, a := range n.cluster.options.Attach {
			args = append(args, "--attach", a)
		}
	}
	return append(args, n.cluster.options.Args...)
}

func (n *Node) awaitReady(file string) error {
	for begin := time.Now(); time.Since(begin) < readyMax; time.Sleep(5 * time.Millisecond) {
		select {
		case <-n.exited:
			return fmt.Errorf("%s ended before it was ready: %w\n%s", n.Name, n.exit, n.LogTail(3000))
		default:
		}
		text, err := os.ReadFile(file)
		if err != nil || json.Unmarshal(text, &n.Addr) != nil {
			continue
		}
		if n.Addr.Pid != n.process.Process.Pid {
			return fmt.Errorf("%s wrote another pid: %d, started %d", n.Name, n.Addr.Pid, n.process.Process.Pid)
		}
		return nil
	}
	return fmt.Errorf("%s is not ready after %v\n%s", n.Name, readyMax, n.LogTail(3000))
}

// Kill ends the process at once, as a power cut would, and waits for its end.
func (n *Node) Kill() {
	if n.process == nil {
		return
	}
	_ = syscall.Kill(n.process.Process.Pid, syscall.SIGKILL)
	<-n.exited
}

// Freeze stops the process without ending it.
func (n *Node) Freeze() { n.signal(syscall.SIGSTOP) }

// Cont lets a frozen process go on.
func (n *Node) Cont() { n.signal(syscall.SIGCONT) }

func (n *Node) signal(s syscall.Signal) {
	if n.process != nil {
		_ = syscall.Kill(n.process.Process.Pid, s)
	}
}

// Terminate asks the process to drain and returns its exit error.
func (n *Node) Terminate(t testing.TB, within time.Duration) error {
	t.Helper()
	n.signal(syscall.SIGTERM)
	select {
	case <-n.exited:
		return n.exit
	case <-time.After(within):
		t.Fatalf("%s runs on %v after SIGTERM", n.Name, within)
		return nil
	}
}

// Restart starts the process again over its data; addresses may change.
func (n *Node) Restart(t testing.TB) {
	t.Helper()
	n.Kill()
	if err := n.start(); err != nil {
		t.Fatal(err)
	}
}

// Alive reports whether the process runs.
func (n *Node) Alive() bool {
	select {
	case <-n.exited:
		return false
	default:
		return true
	}
}

// LogTail is the last part of what the process printed.
func (n *Node) LogTail(bytesMax int) string {
	text, _ := os.ReadFile(filepath.Join(n.dir, "log"))
	if len(text) > bytesMax {
		text = text[len(text)-bytesMax:]
	}
	return string(text)
}

// DataDir is the node's folder for local state, spill and logs.
func (n *Node) DataDir() string { return filepath.Join(n.dir, "data") }

// RSSBytes is the resident memory of the process.
func (n *Node) RSSBytes(t testing.TB) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.Addr.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kib << 10
		}
	}
	t.Fatal("no VmRSS in /proc/PID/status")
	return 0
}

// FDs is the number of files and sockets that the process has open.
func (n *Node) FDs(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", n.Addr.Pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// CPUSeconds is the processor time that the process has used, in steps of a
// hundredth; 0 when it cannot be read.
func (n *Node) CPUSeconds() float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", n.Addr.Pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100
}

// Goroutines counts the goroutines of the process over its debug endpoint; ok
// is false when it has none.
func (n *Node) Goroutines(t testing.TB) (count int, ok bool) {
	t.Helper()
	text, ok := n.get("/debug/pprof/goroutine?debug=1")
	if !ok {
		return 0, false
	}
	_, rest, _ := strings.Cut(text, "total ")
	count, err := strconv.Atoi(strings.Fields(rest + " x")[0])
	return count, err == nil
}

// Stacks lists the goroutines of the process, for a test that found too many.
func (n *Node) Stacks() string {
	text, _ := n.get("/debug/pprof/goroutine?debug=2")
	return text
}

func (n *Node) get(path string) (string, bool) {
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Get("http://" + n.Addr.HTTP + path)
	if err != nil {
		return "", false
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), err == nil && resp.StatusCode == http.StatusOK
}
