package muster

import (
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// newMetrics returns the metrics that every node has; a coordinator adds its own.
func (n *Node) newMetrics() *prometheus.Registry {
	r := prometheus.NewRegistry()
	gauge := func(name, help string, value func() float64) {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "muster", Name: name, Help: help}, value))
	}
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "muster", Name: "build_info", Help: "The version of this node; the value is 1.",
		ConstLabels: prometheus.Labels{"version": Version, "role": string(n.c.Role)},
	}, func() float64 { return 1 }))
	gauge("memory_reserved_bytes", "Bytes that queries of this node hold.", func() float64 { return float64(n.pool.InUse()) })
	gauge("memory_limit_bytes", "The memory budget of this node.", func() float64 { return float64(n.pool.Limit()) })
	gauge("memory_peak_bytes", "The most bytes that queries of this node have held.", func() float64 { return float64(n.pool.Peak()) })
	gauge("tasks", "Tasks that this node has.", func() float64 { return float64(n.worker.Info().Tasks) })
	gauge("draining", "1 while this node takes no new work.", func() float64 {
		if n.worker.Info().Draining {
			return 1
		}
		return 0
	})
	return r
}

// listenHTTP opens the listener of a worker's health and metrics, if it has an
// address; a coordinator has its own.
func (n *Node) listenHTTP() error {
	if n.c.Role != RoleWorker || n.c.HTTP == "" || n.c.HTTP == "-" {
		return nil
	}
	var err error
	if n.httpListener, err = net.Listen("tcp", n.c.HTTP); err != nil {
		return sqlerr.Wrap(sqlerr.ConnectionUnable, err, "listen for http").WithHint("another process may have the port; port 0 picks a free one")
	}
	return nil
}

// serveHTTP answers health checks of a worker until the node closes.
func (n *Node) serveHTTP() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, _ *http.Request) {
		if n.worker.Info().Draining {
			http.Error(w, "the worker is draining", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(n.metrics, promhttp.HandlerOpts{}))
	web := &http.Server{Handler: mux, ReadHeaderTimeout: headerMax}
	n.work.Go(func() {
		if err := web.Serve(n.httpListener); !errors.Is(err, http.ErrServerClosed) {
			n.c.Log.Error("http ended", "err", err)
		}
	})
	n.work.Go(func() {
		<-n.ctx.Done()
		_ = web.Close()
	})
}

// headerMax bounds how long a client may take to send the head of a request.
const headerMax = 10 * time.Second
