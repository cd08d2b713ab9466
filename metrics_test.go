package muster_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/muster-sql/muster"
	"github.com/muster-sql/muster/connectors/tpch"
)

// get reads a page of a node's HTTP listener.
func get(t *testing.T, n *muster.Node, path string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Get("http://" + n.Addrs().HTTP + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", path, r.Status, err)
	}
	return string(b)
}

// The names of metrics are what dashboards are made of.
func TestMetricsTellOfQueriesAndTheNode(t *testing.T) {
	n, err := muster.New(muster.Config{PG: "-", HTTP: "127.0.0.1:0", RPC: "-", Catalogs: []muster.Catalog{{Name: "tpch", URL: "tpch:?sf=0.01"}}},
		muster.Connectors(tpch.Factory()))
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	for _, sql := range []string{"SELECT count(*) FROM tpch.nation", "SELECT 1 / (n_nationkey - n_nationkey) FROM tpch.nation"} {
		r, err := n.Query(t.Context(), sql)
		if err != nil {
			continue
		}
		for r.Next() {
		}
		_ = r.Close()
	}
	text := get(t, n, "/metrics")
	for _, line := range []string{
		`muster_queries_total{error="",state="FINISHED"} 1`, `muster_queries_total{error="user",state="FAILED"} 1`,
		`muster_queries{state="RUNNING"} 0`, `muster_query_duration_seconds_count 2`, `muster_query_rows_total 1`,
		`muster_query_rows_read_total`, `muster_query_start_seconds_count`, `muster_memory_reserved_bytes 0`, `muster_memory_limit_bytes`,
		`muster_memory_peak_bytes`, `muster_tasks 0`, `muster_nodes 1`, `muster_workers 1`, `muster_sessions 0`, `muster_draining 0`,
		`muster_build_info{role="all",version=`, `go_gc_duration_seconds`, `process_resident_memory_bytes`,
	} {
		if !strings.Contains(text, "\n"+line) {
			t.Errorf("no line %q", line)
		}
	}
	if get(t, n, "/health") != "ok\n" || get(t, n, "/ready") != "ready\n" {
		t.Error("not healthy or not ready")
	}
}

func TestAWorkerAnswersHealthChecks(t *testing.T) {
	n, err := muster.New(muster.Config{
		Role: muster.RoleWorker, Coordinator: "127.0.0.1:1", Secret: "s", RPC: "127.0.0.1:0", HTTP: "127.0.0.1:0",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if get(t, n, "/health") != "ok\n" || get(t, n, "/ready") != "ready\n" || !strings.Contains(get(t, n, "/metrics"), "\nmuster_tasks 0") {
		t.Error("not healthy or not ready")
	}
}
