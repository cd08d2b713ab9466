// Package join owns joins: the build of a hash table by several drivers, its
// probe for all kinds with SQL's null rules, nested loops, lookups in a source,
// and spilling. exec/build makes its sinks and operators. It knows expressions
// by their predicates and no plans.
package join

import (
	"slices"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/mempool"
)

// Kind is the kind of a join; the left input probes, the right one is built.
type Kind uint8

// The kinds, as plan.JoinKind has them.
const (
	Inner Kind = iota
	Left
	Right
	Full
	Semi
	Anti
	Mark
	RightSemi
	RightAnti
)

// Config describes a join. Without keys it is a nested loop.
type Config struct {
	Kind      Kind
	Left      []types.Type
	Right     []types.Type
	LKeys     []int
	RKeys     []int
	NullSafe  []bool // per key: NULLs are equal; nil: none
	NullAware bool   // Anti and Mark: as IN has it
	// Residual makes a predicate over left ++ right columns for one driver; nil: none.
	Residual func(pool page.Pool) (spi.Predicate, error)
	// Publish gets the values of the keys PublishKeys when the build is complete.
	Publish     func(key int, set domain.Set)
	PublishKeys []int
	Pool        *mempool.Pool
	Spill       *mempool.Spill
	RowsMax     int
	SpillForce  int // rows after which the build spills, for tests; 0: when memory is short
}

func (c *Config) nullSafe(key int) bool { return c.NullSafe != nil && c.NullSafe[key] }

// filters reports whether the output is left rows only, perhaps with a mark.
func (c *Config) filters() bool { return c.Kind == Semi || c.Kind == Anti || c.Kind == Mark }

// rightOnly reports whether the output is build rows, chosen by their matches.
func (c *Config) rightOnly() bool { return c.Kind == RightSemi || c.Kind == RightAnti }

// keepsRight reports whether build rows are output at the end, by their matches.
func (c *Config) keepsRight() bool { return c.Kind == Right || c.Kind == Full || c.rightOnly() }

// keepsLeft reports whether unmatched probe rows are output with NULLs.
func (c *Config) keepsLeft() bool { return c.Kind == Left || c.Kind == Full }

// general reports whether IN's NULL needs the rows, not only the fact that
// there was a NULL: several keys, or a condition beside them.
func (c *Config) general() bool {
	return c.NullAware && (len(c.LKeys) > 1 || c.Residual != nil)
}

// stored lists the right columns that the build keeps: all, or for joins whose
// output has none of them, what keys and residual read.
func (c *Config) stored(residual spi.Predicate) []int {
	if !c.filters() {
		return page32(len(c.Right))
	}
	var cols []int
	cols = append(cols, c.RKeys...)
	if residual != nil {
		for _, i := range residual.Columns() {
			if i >= len(c.Left) {
				cols = append(cols, i-len(c.Left))
			}
		}
	}
	slices.Sort(cols)
	return slices.Compact(cols)
}

func page32(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}
