package coordinator

import (
	"encoding/json"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// nodeStatus is a member in the answer of /v1/nodes.
type nodeStatus struct {
	ID       string `json:"id"`
	Addr     string `json:"addr"`
	Version  string `json:"version"`
	Tasks    int    `json:"tasks"`
	Memory   int64  `json:"memory_bytes"`
	Used     int64  `json:"used_bytes"`
	Draining bool   `json:"draining"`
}

// handler answers health checks and says what there is: no secrets, no data.
func (co *Coordinator) handler() *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, _ *http.Request) {
		if len(co.members.Workers()) == 0 {
			http.Error(w, "no worker is alive", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	})
	mux.HandleFunc("GET /v1/nodes", func(w http.ResponseWriter, _ *http.Request) {
		nodes := []nodeStatus{}
		for _, n := range co.members.All() {
			i := n.Report()
			nodes = append(nodes, nodeStatus{i.ID, i.Addr, i.Version, i.Tasks, i.Memory, i.Used, i.Draining})
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(nodes)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(co.env.Metrics, promhttp.HandlerOpts{}))
	if loopback(co.http.Addr().String()) { // profiles tell too much to strangers
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	}
	return &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
}
