package spitest

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// orders reports whether the suite compares values of t.
func orders(t types.Type) bool {
	switch t.Kind {
	case types.JSON, types.JSONB, types.XID, types.InternalChar, types.Unknown:
		return false
	}
	return !t.IsNested()
}

// values picks some values of a column, without NULL.
func values(rows [][]types.Value, c, n int, r *rand.Rand) []types.Value {
	var out []types.Value
	for range 20 * n {
		if v := rows[r.IntN(len(rows))][c]; !v.Null && len(out) < n {
			out = append(out, v)
		}
	}
	return out
}

func call(op string, a, b expr.Expr) expr.Expr {
	return &expr.Call{Fn: op, Args: []expr.Expr{a, b}, Typ: types.Of(types.Bool), At: -1}
}

func logic(op expr.LogicOp, args ...expr.Expr) expr.Expr {
	return &expr.Logic{Op: op, Args: args, At: -1}
}

// conditions makes conditions on a column from values that it has.
func conditions(scan *spi.Scan, rows [][]types.Value, c int, r *rand.Rand) []expr.Expr {
	col := column(scan, c)
	out := []expr.Expr{&expr.IsNull{Arg: col, At: -1}, logic(expr.Not, &expr.IsNull{Arg: col, At: -1})}
	if col.Typ.Kind == types.Bool {
		out = append(out, col, logic(expr.Not, col))
	}
	vals := values(rows, c, 3, r)
	if !orders(col.Typ) || len(vals) == 0 {
		return out
	}
	k := func(i int) expr.Expr { return &expr.Const{Typ: col.Typ, Val: vals[i%len(vals)], At: -1} }
	null := &expr.Const{Typ: col.Typ, Val: types.NullValue, At: -1}
	for _, op := range []string{"=", "<>", "<", "<=", ">", ">="} {
		out = append(out, call(op, col, k(0)), call(op, k(1), col))
	}
	return append(out,
		logic(expr.And, call(">=", col, k(0)), call("<=", col, k(1))),
		logic(expr.Or, call("=", col, k(0)), call(">", col, k(2)), &expr.IsNull{Arg: col, At: -1}),
		logic(expr.Not, logic(expr.Or, call("=", col, k(0)), call("<", col, k(1)))),
		&expr.In{Arg: col, List: []expr.Expr{k(0), k(1), k(2)}, At: -1},
		&expr.In{Arg: col, List: []expr.Expr{k(0), null}, At: -1},
		logic(expr.Not, &expr.In{Arg: col, List: []expr.Expr{k(0), null}, At: -1}),
		call("=", col, null),
		call("=", col, col),
	)
}

func filters(b *bench) {
	scan, _ := b.scan()
	rows := b.all(scan)
	r := rand.New(rand.NewPCG(1, 2))
	var each []expr.Expr
	for c := range scan.Output {
		for _, e := range conditions(&scan, rows, c, r) {
			each = append(each, e)
			b.filtered(scan, rows, e)
		}
	}
	for range 40 { // several columns at once
		list := make([]expr.Expr, 1+r.IntN(3))
		for i := range list {
			list[i] = each[r.IntN(len(each))]
			if r.IntN(3) == 0 {
				list[i] = logic(expr.Or, list[i], each[r.IntN(len(each))])
			}
		}
		b.filtered(scan, rows, list...)
	}
}

// filtered offers conditions and reads as the engine would: what was not taken
// exactly is handed over as Scan.Filter and checked again.
func (b *bench) filtered(scan spi.Scan, rows [][]types.Value, conds ...expr.Expr) {
	b.Helper()
	out, outcomes := b.pushed(scan, &spi.FilterOp{Conjuncts: conds})
	what := ""
	var exact, stay []expr.Expr
	for i, c := range conds {
		what += fmt.Sprintf("%s [%d] ", expr.Format(c), outcomes[i].Taken)
		if outcomes[i].Taken == spi.Exact {
			exact = append(exact, c)
		} else {
			stay = append(stay, c)
		}
		if outcomes[i].Taken == spi.PerSplit {
			b.Errorf("%s: a condition cannot be taken per split", what)
		}
	}
	var promised, want [][]types.Value
	for _, row := range rows {
		if passAll(exact, row) {
			promised = append(promised, row)
			if passAll(stay, row) {
				want = append(want, row)
			}
		}
	}
	ts := scan.Types()
	raw, _ := b.read(out, how{})
	b.contained(what+"(before the engine)", ts, raw, promised)
	b.contained(what+"(before the engine)", ts, want, raw)
	if len(stay) == 0 {
		return
	}
	out.Filter = expr.AndAll(stay)
	implied, _ := domain.Implied(out.Filter)
	out.Domain = out.Domain.Intersect(tableColumns(&out, implied))
	got, _ := b.read(out, how{filter: &predicate{out.Filter, len(ts)}})
	b.same(what, ts, got, want)
}

func passAll(conds []expr.Expr, row []types.Value) bool {
	for _, c := range conds {
		if !passes(c, row) {
			return false
		}
	}
	return true
}

// tableColumns turns a domain over outputs into one over columns of the table.
func tableColumns(scan *spi.Scan, t domain.Tuple) domain.Tuple {
	out := domain.Tuple{}
	for c, s := range t {
		if scan.Columns[c] >= 0 {
			out = out.Intersect(domain.Tuple{scan.Columns[c]: s})
		}
	}
	return out
}

// live is a dynamic filter that is there from the start.
type live struct{ t domain.Tuple }

// Current implements spi.LiveFilter.
func (l live) Current() (domain.Tuple, uint64) { return l.t, 1 }

// Wait implements spi.LiveFilter.
func (l live) Wait(_ context.Context, newerThan uint64) bool { return newerThan < 1 }

func liveFilters(b *bench) {
	scan, _ := b.scan()
	rows := b.all(scan)
	r := rand.New(rand.NewPCG(3, 4))
	ts := scan.Types()
	for c, o := range scan.Output {
		vals := values(rows, c, 5, r)
		if !orders(o.Type) || len(vals) < 2 {
			continue
		}
		lo, hi := vals[0], vals[1]
		if types.Compare(o.Type, lo, hi) > 0 {
			lo, hi = hi, lo
		}
		for _, set := range []domain.Set{
			domain.Of(o.Type, vals...), domain.Of(o.Type, vals[0]), domain.None(o.Type), domain.All(o.Type), domain.NotNull(o.Type),
			domain.Between(o.Type, domain.Bound{Val: lo, Inclusive: true}, domain.Bound{Val: hi}),
			{Type: o.Type, Null: true, Ranges: domain.Of(o.Type, vals[0]).Ranges},
		} {
			f := live{domain.Tuple{scan.Columns[c]: set}}
			var must [][]types.Value
			for _, row := range rows {
				if set.Contains(row[c]) {
					must = append(must, row)
				}
			}
			got, _ := b.read(scan, how{live: f})
			what := "dynamic filter on " + o.Name
			b.contained(what, ts, must, got)
			b.contained(what, ts, got, rows)
		}
	}
}

func lookups(b *bench) {
	look := b.c.Caps().Lookup
	if look == nil {
		b.Skip("the connector looks nothing up")
	}
	scan, _ := b.scan()
	rows := b.all(scan)
	r := rand.New(rand.NewPCG(5, 6))
	if look.CanLookup(scan, nil) {
		b.Error("a lookup without keys is promised")
	}
	tried := 0
	for c := range scan.Output {
		for _, cols := range [][]int{{c}, {c, (c + 1) % len(scan.Output)}} {
			if cols[0] == cols[len(cols)-1] && len(cols) > 1 || !look.CanLookup(scan, cols) {
				continue
			}
			tried++
			b.lookup(look, scan, rows, cols, r)
		}
	}
	if tried == 0 {
		b.Error("nothing of the table of the suite can be looked up")
	}
}

func (b *bench) lookup(look spi.Lookup, scan spi.Scan, rows [][]types.Value, cols []int, r *rand.Rand) {
	b.Helper()
	scan.Lookup = cols
	wanted := map[string]bool{}
	var keys [][]types.Value
	ts := make([]types.Type, len(cols))
	for i, c := range cols {
		ts[i] = scan.Output[c].Type
	}
	for range 20 {
		key := pick([][]types.Value{rows[r.IntN(len(rows))]}, cols)
		s := text(ts, key)[0]
		null := false
		for _, v := range key[0] {
			null = null || v.Null
		}
		if !null && !wanted[s] {
			wanted[s] = true
			keys = append(keys, key[0])
		}
	}
	if len(keys) == 0 {
		return
	}
	p := b.page(ts, keys)
	defer p.Release()
	src, err := look.Lookup(context.Background(), b.session, scan, p, spi.OpenEnv{Pool: b.pool})
	b.check(err)
	got, err := b.rows(context.Background(), src, &scan, nil)
	b.check(err)
	b.check(src.Close())
	var want [][]types.Value
	for _, row := range rows {
		if wanted[text(ts, pick([][]types.Value{row}, cols))[0]] {
			want = append(want, row)
		}
	}
	b.same(fmt.Sprintf("lookup by columns %v", cols), scan.Types(), got, want)
}

// page makes a page of rows.
func (b *bench) page(ts []types.Type, rows [][]types.Value) *page.Page {
	b.Helper()
	p := &page.Page{Rows: len(rows)}
	for c, t := range ts {
		build := page.NewBuilder(t, len(rows), b.pool)
		for _, r := range rows {
			build.AppendValue(r[c])
		}
		v, err := build.Finish()
		b.check(err)
		p.Cols = append(p.Cols, v)
	}
	return p
}
