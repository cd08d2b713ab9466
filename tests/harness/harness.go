// Package harness runs the built binary as users do: one process, or a
// coordinator and workers, on free ports, with their logs kept for a test that
// fails. Tests kill, freeze and restart the processes through it. It knows the
// command line and the wire, and nothing inside the engine.
package harness

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Options say which processes to start.
type Options struct {
	Workers int      // 0: one process is all; else a coordinator and so many workers
	Attach  []string // NAME=URL catalogs
	Args    []string // further flags of every node
	Env     []string // further environment of every node, NAME=VALUE
}

// Cluster is a running engine.
type Cluster struct {
	Nodes   []*Node // the coordinator, or the only process, first
	options Options
	secret  string
	dir     string
}

// binary is built once a test process.
var binary = sync.OnceValues(build)

// Bin is the path of the muster binary: $MUSTER_BIN, or built from the source
// that the working directory is part of.
func Bin() (string, error) { return binary() }

func build() (string, error) {
	if bin := os.Getenv("MUSTER_BIN"); bin != "" {
		return bin, nil
	}
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	// One path a source tree: builds that the go command finds up to date cost
	// a second, and no test run leaves a binary behind.
	bin := filepath.Join(dir, "muster", "bin-"+hex.EncodeToString([]byte(filepath.Base(strings.TrimSpace(string(root))))), "muster")
	if err := os.MkdirAll(filepath.Dir(bin), 0o755); err != nil {
		return "", err
	}
	half := fmt.Sprintf("%s.%d", bin, os.Getpid())
	cmd := exec.Command("go", "build", "-o", half, "./cmd/muster")
	cmd.Dir = strings.TrimSpace(string(root))
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the binary: %w\n%s", err, out)
	}
	return bin, os.Rename(half, bin)
}

// Start runs the processes and returns when all answer. They end with the test.
func Start(t testing.TB, o Options) *Cluster {
	t.Helper()
	if testing.Short() {
		t.Skip("starts processes; not run with -short")
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			for _, n := range c.Nodes {
				t.Logf("end of the log of %s:\n%s", n.Name, n.LogTail(6000))
			}
		}
		c.Stop()
	})
	if err := c.start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// New makes a cluster that is not running; Run starts it outside of tests.
func New(o Options) (*Cluster, error) {
	dir, err := os.MkdirTemp("", "muster-cluster-")
	if err != nil {
		return nil, err
	}
	secret := make([]byte, 16)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	c := &Cluster{options: o, secret: hex.EncodeToString(secret), dir: dir}
	if o.Workers == 0 {
		c.add("all", "all")
		return c, nil
	}
	c.add("coordinator", "coordinator")
	for i := range o.Workers {
		c.add("worker", fmt.Sprintf("worker%d", i+1))
	}
	return c, nil
}

// Run starts every process of a cluster that New made.
func (c *Cluster) Run() error { return c.start() }

func (c *Cluster) add(role, name string) {
	c.Nodes = append(c.Nodes, &Node{Role: role, Name: name, cluster: c, dir: filepath.Join(c.dir, name)})
}

func (c *Cluster) start() error {
	for _, n := range c.Nodes {
		if err := n.start(); err != nil {
			return err
		}
	}
	return c.awaitWorkers()
}

// Stop ends every process and removes their folders.
func (c *Cluster) Stop() {
	for _, n := range slices.Backward(c.Nodes) {
		n.Kill()
	}
	os.RemoveAll(c.dir)
}

// Coordinator is the process that clients connect to.
func (c *Cluster) Coordinator() *Node { return c.Nodes[0] }

// Workers are the other processes.
func (c *Cluster) Workers() []*Node { return c.Nodes[1:] }

// URL is the connection string of a database, which is a catalog or "muster".
func (c *Cluster) URL(database string) string {
	return "postgres://muster@" + c.Coordinator().Addr.PG + "/" + database + "?sslmode=disable"
}

// Connect opens a connection that ends with the test.
func (c *Cluster) Connect(t testing.TB, database string) *pgx.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.URL(database))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = conn.Close(ctx)
	})
	return conn
}

// AwaitWorkers waits until the coordinator knows every worker that runs.
func (c *Cluster) AwaitWorkers(t testing.TB) {
	t.Helper()
	if err := c.awaitWorkers(); err != nil {
		t.Fatal(err)
	}
}

func (c *Cluster) awaitWorkers() error {
	missing := ""
	for begin := time.Now(); time.Since(begin) < readyMax; time.Sleep(20 * time.Millisecond) {
		known, err := c.Members()
		if err != nil {
			missing = err.Error()
			continue
		}
		missing = ""
		for _, w := range c.Workers() {
			if w.Alive() && !slices.Contains(known, w.Addr.RPC) {
				missing = w.Name + " is not a member"
			}
		}
		if missing == "" {
			return nil
		}
	}
	return fmt.Errorf("the cluster is not whole: %s", missing)
}

// Members lists the rpc addresses of the nodes that the coordinator holds for
// alive and that take work.
func (c *Cluster) Members() ([]string, error) {
	text, ok := c.Coordinator().get("/v1/nodes")
	if !ok {
		return nil, fmt.Errorf("the coordinator does not answer /v1/nodes")
	}
	var nodes []struct {
		Addr     string `json:"addr"`
		Draining bool   `json:"draining"`
	}
	if err := json.Unmarshal([]byte(text), &nodes); err != nil {
		return nil, err
	}
	var out []string
	for _, n := range nodes {
		if !n.Draining {
			out = append(out, n.Addr)
		}
	}
	return out, nil
}
