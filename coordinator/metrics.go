package coordinator

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/coordinator/query"
)

// metrics counts queries. Labels have few values: nothing of a query's own.
type metrics struct {
	ended    *prometheus.CounterVec
	duration prometheus.Histogram
	queued   prometheus.Histogram
	rows     prometheus.Counter
	rowsRead prometheus.Counter
}

// newMetrics registers the coordinator's metrics.
func (co *Coordinator) newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "muster", Name: "queries_total", Help: "Queries that have ended, by state and kind of error.",
		}, []string{"state", "error"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "muster", Name: "query_duration_seconds", Help: "Time of queries from their arrival to their end.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 11),
		}),
		queued: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "muster", Name: "query_start_seconds", Help: "Time that queries wait for their turn and their plan.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 10),
		}),
		rows: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "muster", Name: "query_rows_total", Help: "Rows sent to clients.",
		}),
		rowsRead: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "muster", Name: "query_rows_read_total", Help: "Rows read from sources.",
		}),
	}
	for _, kind := range errorKinds {
		m.ended.WithLabelValues(query.Failed.String(), kind)
	}
	m.ended.WithLabelValues(query.Finished.String(), "")
	r.MustRegister(m.ended, m.duration, m.queued, m.rows, m.rowsRead)
	for _, s := range []query.State{query.Queued, query.Planning, query.Running} {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: "muster", Name: "queries", Help: "Queries that are there, by state.", ConstLabels: prometheus.Labels{"state": s.String()},
		}, func() float64 { return float64(co.manager.Count(s)) }))
	}
	gauge := func(name, help string, value func() int) {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "muster", Name: name, Help: help},
			func() float64 { return float64(value()) }))
	}
	gauge("nodes", "Nodes that are alive, this one included.", func() int { return len(co.members.All()) })
	gauge("workers", "Nodes that take new work.", func() int { return len(co.members.Workers()) })
	gauge("sessions", "Clients that are connected.", func() int { return len(co.sessions.Infos()) })
	return m
}

// errorKinds are the values of the label error, by sqlerr.Kind.
var errorKinds = [...]string{sqlerr.User: "user", sqlerr.Resources: "resources", sqlerr.External: "external", sqlerr.Internal: "internal"}

// queryEnded counts a query.
func (m *metrics) queryEnded(i query.Info) {
	kind := ""
	if i.Err != nil {
		kind = errorKinds[sqlerr.KindOf(i.Err)]
	}
	m.ended.WithLabelValues(i.State.String(), kind).Inc()
	m.duration.Observe(i.Ended.Sub(i.Created).Seconds())
	if !i.Started.IsZero() {
		m.queued.Observe(i.Started.Sub(i.Created).Seconds())
	}
	m.rows.Add(float64(i.Rows))
	m.rowsRead.Add(float64(i.RowsRead))
}
