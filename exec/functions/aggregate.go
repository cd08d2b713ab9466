package functions

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Aggregate is an aggregate function: one overload of its name.
type Aggregate struct {
	Name     string
	Aliases  []string
	Doc      Doc
	Args     []Pattern // count(*) has none
	Variadic bool
	Optional int
	Return   func(args []types.Type) (types.Type, error)
	// Ordered says that the result depends on the order of the input, so that
	// ORDER BY within the call matters; such a call is not split in partial and
	// final when it has one.
	Ordered bool
	// DistinctNoop says that DISTINCT changes nothing (min, max, bool_and).
	DistinctNoop bool
	// Bind returns a maker of accumulators for exactly these argument types.
	Bind func(args []types.Type) (func(env *Env) Accumulator, error)
}

// Rows says which rows are added to which groups.
type Rows struct {
	N      int     // slots of the argument vectors
	Sel    []int32 // the slots to add; nil: all N
	Groups []int32 // group of the k-th of them; nil: all in group 0
}

// Len returns the number of rows.
func (r Rows) Len() int {
	if r.Sel != nil {
		return len(r.Sel)
	}
	return r.N
}

// Accumulator holds the states of one aggregate call for the groups of one
// table. Groups are dense ids from 0. It belongs to one goroutine. The caller
// evaluates arguments, FILTER (narrower rows) and DISTINCT (first occurrences only).
//
// Memory is plain Go memory that the caller accounts for: before Grow and
// Update it reserves GroupBytes for each new group and the bytes of the
// arguments when Variable is true, afterwards it corrects that by Bytes. To
// spill, it writes the vectors of Partial and reads them back with Merge.
type Accumulator interface {
	// PartialTypes are the types of the columns of Partial and Merge.
	PartialTypes() []types.Type
	// GroupBytes bounds the memory that a new group takes, without variable
	// parts. Variable says whether states grow with the values put in.
	GroupBytes() int
	Variable() bool
	// Grow makes states for groups 0..n-1; new ones are empty. n never shrinks.
	Grow(n int)
	// Update adds rows. Arguments are loaded vectors of any encoding; nulls are
	// skipped or not as the function demands. After an error only Reset may follow.
	Update(rows Rows, args []*page.Vector) error
	// Merge adds partial states that Partial made, on this node or another one.
	Merge(rows Rows, partial []*page.Vector) error
	// Partial returns the states of these groups, in that order, as columns;
	// Final returns their results. ids nil: all groups. Neither changes a state.
	Partial(ids []int32, pool page.Pool) ([]*page.Vector, error)
	Final(ids []int32, pool page.Pool) (*page.Vector, error)
	// Bytes is the memory held now.
	Bytes() int
	// Reset forgets all groups and gives their memory back.
	Reset()
}
