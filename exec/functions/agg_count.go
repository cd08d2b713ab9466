package functions

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

var int64Type = types.Of(types.Int64)

func countAggregates() []*Aggregate {
	ret := returns(types.Int64)
	return []*Aggregate{
		{Name: "count", Doc: Doc{Family: "aggregate", Summary: "The number of rows.", Example: "SELECT count(*) FROM (VALUES (1), (NULL)) t(a)", Result: "2"},
			Return: ret, Bind: func([]types.Type) (func(*Env) Accumulator, error) {
				return func(*Env) Accumulator { return &countAll{} }, nil
			}},
		{Name: "count", Doc: Doc{Family: "aggregate", Summary: "The number of rows where the argument is not NULL.", Example: "SELECT count(a) FROM (VALUES (1), (NULL)) t(a)", Result: "1"},
			Args: []Pattern{Any()}, Return: ret, Bind: func([]types.Type) (func(*Env) Accumulator, error) {
				return func(*Env) Accumulator { return &countSome{} }, nil
			}},
		{Name: "count_if", Doc: Doc{Family: "aggregate", Summary: "The number of rows where the argument is true.", Example: "SELECT count_if(a > 1) FROM (VALUES (1), (2), (3)) t(a)", Result: "2"},
			Args: patterns(types.Bool), Return: ret, Bind: func([]types.Type) (func(*Env) Accumulator, error) {
				return func(*Env) Accumulator { return &countIf{} }, nil
			}},
	}
}

// counts is the state of all counting aggregates.
type counts struct{ n []int64 }

func (c *counts) PartialTypes() []types.Type { return []types.Type{int64Type} }
func (c *counts) GroupBytes() int            { return 8 }
func (c *counts) Variable() bool             { return false }
func (c *counts) Grow(n int)                 { c.n = grow(c.n, n) }
func (c *counts) Bytes() int                 { return sizeOf(c.n) }
func (c *counts) Reset()                     { c.n = nil }

func (c *counts) Merge(r Rows, partial []*page.Vector) error {
	var in aggInput
	in.resolve(r, partial[0])
	vals := page.Values[int64](in.base)
	for k := range in.n {
		c.n[in.group(k)] += vals[in.slot(k)]
	}
	return nil
}

func (c *counts) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	return one(c.Final(ids, pool))
}

func (c *counts) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	return column(int64Type, ids, c.n, nil, pool)
}

// add counts n rows of groups.
func (c *counts) add(groups []int32, n int) {
	if groups == nil {
		c.n[0] += int64(n)
		return
	}
	for _, g := range groups[:n] {
		c.n[g]++
	}
}

type countAll struct{ counts }

func (c *countAll) Update(r Rows, _ []*page.Vector) error {
	c.add(r.Groups, r.Len())
	return nil
}

type countSome struct {
	counts
	in aggInput
}

func (c *countSome) Update(r Rows, args []*page.Vector) error {
	c.in.resolve(r, args[0])
	c.add(c.in.of, c.in.n)
	return nil
}

func (c *countSome) Bytes() int { return c.counts.Bytes() + c.in.bytes() }

type countIf struct {
	counts
	in aggInput
}

func (c *countIf) Update(r Rows, args []*page.Vector) error {
	c.in.resolve(r, args[0])
	vals := page.Values[uint8](c.in.base)
	for k := range c.in.n {
		c.n[c.in.group(k)] += int64(vals[c.in.slot(k)])
	}
	return nil
}
