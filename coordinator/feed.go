package coordinator

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/connectors/system"
	"github.com/muster-sql/muster/coordinator/query"
	"github.com/muster-sql/muster/coordinator/scheduler"
	"github.com/muster-sql/muster/coordinator/session"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/exec/rpc"
)

// feed tells the system catalog what the coordinator knows.
type feed struct{ co *Coordinator }

var _ system.Feed = feed{}

// Feed returns what the system catalog shows.
func (co *Coordinator) Feed() system.Feed { return feed{co} }

// reportMax bounds how long running queries may take to tell of their tasks.
const reportMax = 200 * time.Millisecond

func (f feed) tasks() []scheduler.TaskReport {
	ctx, stop := context.WithTimeout(context.Background(), reportMax)
	defer stop()
	return f.co.manager.Tasks(ctx)
}

// Queries implements system.Feed.
func (f feed) Queries() []system.Query {
	live := map[string][]scheduler.TaskReport{}
	for _, t := range f.tasks() {
		live[t.ID.Query] = append(live[t.ID.Query], t)
	}
	infos := f.co.manager.Infos()
	out := make([]system.Query, len(infos))
	for i, q := range infos {
		if q.Ended.IsZero() {
			q.Splits = query.Splits(live[q.ID])
			for _, t := range live[q.ID] {
				q.RowsRead += rowsRead(t)
			}
		}
		out[i] = system.Query{
			ID: q.ID, User: q.User, Catalog: q.Catalog, State: q.State.String(), Text: strings.ToValidUTF8(q.Text, "?"), Rows: q.Rows, RowsRead: q.RowsRead,
			Created: q.Created, Started: q.Started, Ended: q.Ended, MemoryBytes: q.MemoryBytes, MemoryPeakBytes: q.MemoryPeak,
			SplitsTotal: q.Splits.Total, SplitsDone: q.Splits.Done, SplitsKnown: q.Splits.Known,
		}
		if q.Err != nil {
			out[i].ErrorCode, out[i].Error = string(sqlerr.CodeOf(q.Err)), strings.ToValidUTF8(q.Err.Error(), "?")
		}
	}
	return out
}

// Tasks implements system.Feed.
func (f feed) Tasks() []system.Task {
	reports := f.tasks()
	out := make([]system.Task, len(reports))
	for i, t := range reports {
		out[i] = system.Task{
			Query: t.ID.Query, ID: t.ID.Name(), Stage: int(t.ID.Stage), Attempt: t.ID.Attempt, Node: t.Node, State: stateName(t.Status.State),
			Splits: t.Splits, SplitsDone: t.SplitsDone, RowsRead: rowsRead(t), MemoryBytes: t.Status.Memory, SpilledBytes: t.Status.Spilled,
		}
	}
	return out
}

func rowsRead(t scheduler.TaskReport) (n int64) {
	for _, s := range t.Status.Nodes {
		n += s.Scan.RowsRead
	}
	return n
}

func stateName(s rpc.State) string {
	switch s {
	case rpc.Finished:
		return "FINISHED"
	case rpc.Failed:
		return "FAILED"
	}
	return "RUNNING"
}

// Nodes implements system.Feed.
func (f feed) Nodes() []system.Node {
	var out []system.Node
	for _, n := range f.co.members.All() {
		i := n.Report()
		out = append(out, system.Node{
			ID: i.ID, Address: i.Addr, Version: i.Version, Coordinator: n.Self, Draining: i.Draining, Threads: i.Threads,
			Tasks: i.Tasks, MemoryBytes: i.Memory, MemoryUsedBytes: i.Used, Started: i.Started,
		})
	}
	return out
}

// Catalogs implements system.Feed.
func (f feed) Catalogs() []system.Catalog {
	var out []system.Catalog
	for _, d := range f.co.env.Catalogs.Definitions() {
		out = append(out, system.Catalog{Name: d.Name, Kind: d.Kind, Version: d.Version})
	}
	return out
}

// Functions implements system.Feed.
func (f feed) Functions() []system.Function {
	r := functions.Builtins()
	var out []system.Function
	add := func(kind, name string, d functions.Doc, args []functions.Pattern, result func([]types.Type) (types.Type, error)) {
		if functions.IsOperator(name) {
			return
		}
		out = append(out, system.Function{
			Name: name, Kind: kind, Family: d.Family, Arguments: patterns(args), Result: resultOf(args, result),
			Summary: d.Summary, Example: d.Example,
		})
	}
	for _, s := range r.Scalars() {
		add("scalar", s.Name, s.Doc, s.Args, s.Return)
	}
	for _, a := range r.Aggregates() {
		add("aggregate", a.Name, a.Doc, a.Args, a.Return)
	}
	slices.SortFunc(out, func(a, b system.Function) int {
		return strings.Compare(a.Name+"\x00"+a.Arguments, b.Name+"\x00"+b.Arguments)
	})
	return out
}

func patterns(args []functions.Pattern) string {
	out := make([]string, len(args))
	for i, p := range args {
		out[i] = p.String()
	}
	return strings.Join(out, ", ")
}

// resultOf names the result of a function whose arguments have one type each.
func resultOf(args []functions.Pattern, result func([]types.Type) (types.Type, error)) string {
	ts := make([]types.Type, len(args))
	for i, p := range args {
		t, err := types.ParseType(p.String())
		if err != nil {
			return "by arguments"
		}
		ts[i] = t
	}
	t, err := result(ts)
	if err != nil {
		return "by arguments"
	}
	return t.String()
}

// Settings implements system.Feed: the values of the session that asks.
func (f feed) Settings(s *spi.Session) []system.Setting {
	var out []system.Setting
	for _, d := range f.co.sessions.Settings().All() {
		v, ok := s.Settings[d.Name]
		if !ok {
			v = d.Default
		}
		if d.Secret {
			v = "********"
		}
		out = append(out, system.Setting{Name: d.Name, Value: v, Default: d.Default, Kind: kindName(d), Doc: d.Doc})
	}
	return out
}

func kindName(d *session.Setting) string {
	names := [...]string{"string", "bool", "int", "float", "bytes", "duration", "enum"}
	if int(d.Kind) < len(names) {
		return names[d.Kind]
	}
	return fmt.Sprint(d.Kind)
}
