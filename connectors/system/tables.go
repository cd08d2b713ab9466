package system

import (
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// table is a system table: its columns and how its rows are had.
type table struct {
	name    string
	comment string
	columns []spi.Column
	rows    func(r request) [][]types.Value
}

// request is one scan.
type request struct {
	feed    Feed
	session *spi.Session
	now     time.Time
}

func (t *table) describe() *spi.Table {
	return &spi.Table{
		Name: spi.Name{Schema: schemaName, Table: t.name}, Columns: t.columns, Kind: spi.SystemTable, Comment: t.comment,
	}
}

func text(name, comment string) spi.Column { return column(name, types.Text, comment) }

func number(name, comment string) spi.Column { return column(name, types.Int64, comment) }

func column(name string, k types.Kind, comment string) spi.Column {
	return spi.Column{Name: name, Type: types.Of(k), Comment: comment}
}

// tables is the registry of system tables, in the order of their names.
var tables = []table{
	{"catalogs", "Catalogs that are attached", []spi.Column{
		text("catalog_name", ""), text("kind", "of connector"), number("version", "of the definition"),
	}, catalogRows},
	{"functions", "Functions of the library, a row an overload", []spi.Column{
		text("function_name", ""), text("kind", "scalar or aggregate"), text("family", ""), text("arguments", ""),
		text("result", ""), text("summary", ""), text("example", ""),
	}, functionRows},
	{"nodes", "Members of the cluster", []spi.Column{
		text("node_id", ""), text("address", "for the other nodes"), text("version", ""),
		column("coordinator", types.Bool, ""), column("draining", types.Bool, ""), number("threads", ""), number("tasks", "that run"),
		number("memory_bytes", "budget"), number("memory_used_bytes", ""), column("started", types.TimestampTZ, ""),
	}, nodeRows},
	{"queries", "Queries that run, and the last that ended", []spi.Column{
		text("query_id", ""), text("user_name", ""), text("catalog_name", ""), text("state", ""), number("rows", "sent so far"), number("rows_read", "from sources"),
		column("created", types.TimestampTZ, ""), column("started", types.TimestampTZ, ""), column("ended", types.TimestampTZ, ""),
		column("elapsed_seconds", types.Float64, ""), number("memory_bytes", ""), number("memory_peak_bytes", ""),
		number("splits_done", ""), number("splits", "known so far"), column("splits_known", types.Bool, "all splits are known"),
		text("error_code", "SQLSTATE"), text("error", ""), text("query", ""),
	}, queryRows},
	{"settings", "Settings of this session", []spi.Column{
		text("setting_name", ""), text("value", ""), text("default_value", ""), text("kind", ""), text("description", ""),
	}, settingRows},
	{"tasks", "Tasks of running queries", []spi.Column{
		text("query_id", ""), text("task_id", ""), number("stage", ""), number("attempt", ""), text("node_id", ""), text("state", ""),
		number("splits_done", ""), number("splits", ""), number("rows_read", "from sources"),
		number("memory_bytes", ""), number("spilled_bytes", ""),
	}, taskRows},
}

func str(s string) types.Value { return types.StringValue(s) }

// orNull is NULL for an empty string.
func orNull(s string) types.Value {
	if s == "" {
		return types.NullValue
	}
	return str(s)
}

func num[T ~int | ~int64 | ~uint64](n T) types.Value { return types.IntValue(int64(n)) }

// moment is NULL for the zero time.
func moment(t time.Time) types.Value {
	if t.IsZero() {
		return types.NullValue
	}
	return types.IntValue(t.UnixMicro())
}

func rowsOf[T any](list []T, row func(T) []types.Value) [][]types.Value {
	out := make([][]types.Value, len(list))
	for i, x := range list {
		out[i] = row(x)
	}
	return out
}

func catalogRows(r request) [][]types.Value {
	return rowsOf(r.feed.Catalogs(), func(c Catalog) []types.Value {
		return []types.Value{str(c.Name), str(c.Kind), num(c.Version)}
	})
}

func functionRows(r request) [][]types.Value {
	return rowsOf(r.feed.Functions(), func(f Function) []types.Value {
		return []types.Value{
			str(f.Name), str(f.Kind), orNull(f.Family), str(f.Arguments), str(f.Result), orNull(f.Summary), orNull(f.Example),
		}
	})
}

func nodeRows(r request) [][]types.Value {
	return rowsOf(r.feed.Nodes(), func(n Node) []types.Value {
		return []types.Value{
			str(n.ID), str(n.Address), str(n.Version), types.BoolValue(n.Coordinator), types.BoolValue(n.Draining),
			num(n.Threads), num(n.Tasks), num(n.MemoryBytes), num(n.MemoryUsedBytes), moment(n.Started),
		}
	})
}

func queryRows(r request) [][]types.Value {
	return rowsOf(r.feed.Queries(), func(q Query) []types.Value {
		end := q.Ended
		if end.IsZero() {
			end = r.now
		}
		return []types.Value{
			str(q.ID), str(q.User), orNull(q.Catalog), str(q.State), num(q.Rows), num(q.RowsRead), moment(q.Created), moment(q.Started),
			moment(q.Ended), types.FloatValue(end.Sub(q.Created).Seconds()), num(q.MemoryBytes), num(q.MemoryPeakBytes),
			num(q.SplitsDone), num(q.SplitsTotal), types.BoolValue(q.SplitsKnown), orNull(q.ErrorCode), orNull(q.Error), str(q.Text),
		}
	})
}

func settingRows(r request) [][]types.Value {
	return rowsOf(r.feed.Settings(r.session), func(s Setting) []types.Value {
		return []types.Value{str(s.Name), str(s.Value), str(s.Default), str(s.Kind), orNull(s.Doc)}
	})
}

func taskRows(r request) [][]types.Value {
	return rowsOf(r.feed.Tasks(), func(t Task) []types.Value {
		return []types.Value{
			str(t.Query), str(t.ID), num(t.Stage), num(t.Attempt), str(t.Node), str(t.State), num(t.SplitsDone), num(t.Splits),
			num(t.RowsRead), num(t.MemoryBytes), num(t.SpilledBytes),
		}
	})
}
