package parquet

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// shred writes the rows sel of a column of a page (nil: all n rows).
func (b *branch) shred(v *page.Vector, sel []int32, n int) error {
	if sel == nil {
		sel = page.Iota(n)
	}
	if b.leaf != nil {
		return b.shredFlat(v, sel)
	}
	return b.shredNested(v, clone(sel), make([]uint8, len(sel)), make([]uint8, len(sel)), 0, 0)
}

// shredFlat writes a column without nesting.
func (b *branch) shredFlat(v *page.Vector, sel []int32) error {
	l := b.leaf
	if !v.MayHaveNulls() {
		l.level(l.maxDef, 0, len(sel))
		return l.values(v, sel)
	}
	live := make([]int32, 0, len(sel))
	for _, s := range sel {
		if v.IsNull(int(s)) {
			if !b.optional {
				return notNull(l.element.Name)
			}
			l.level(0, 0, 1)
			continue
		}
		l.level(1, 0, 1)
		live = append(live, s)
	}
	return l.values(v, live)
}

func notNull(name string) error {
	return sqlerr.New(sqlerr.NotNullViolation, "null value in column %q violates not-null constraint", name)
}

// shredNested writes slots of a nested value. A negative slot has ended above,
// with its levels as they are; others exist so far at level at, which repeats
// at level deep. def and rep are the callee's.
func (b *branch) shredNested(v *page.Vector, slots []int32, def, rep []uint8, at, deep uint8) error {
	if b.optional {
		for i, s := range slots {
			switch {
			case s < 0:
			case v.IsNull(int(s)):
				slots[i] = -1
			default:
				def[i]++
			}
		}
		at++
	} else {
		for _, s := range slots {
			if s >= 0 && v.IsNull(int(s)) {
				return notNull("of a nested value")
			}
		}
	}
	if b.leaf != nil {
		return b.shredLeaf(v, slots, def, rep)
	}
	if v.Enc() != page.Flat { // a constant or dictionary of nested values
		v = base(v, slots)
	}
	if b.typ.Phys() == types.PhysStruct {
		for i, k := range b.kids {
			if err := k.shredNested(v.Children()[i], clone(slots), clone(def), clone(rep), at, deep); err != nil {
				return err
			}
		}
		return nil
	}
	offs := v.Offsets()
	var inner []int32
	var innerDef, innerRep []uint8
	for i, s := range slots {
		if s < 0 || offs[s] == offs[s+1] {
			inner, innerDef, innerRep = append(inner, -1), append(innerDef, def[i]), append(innerRep, rep[i])
			continue
		}
		r := rep[i]
		for e := offs[s]; e < offs[s+1]; e++ {
			inner, innerDef, innerRep = append(inner, e), append(innerDef, at+1), append(innerRep, r)
			r = deep + 1
		}
	}
	for i, k := range b.kids {
		if err := k.shredNested(v.Children()[i], clone(inner), clone(innerDef), clone(innerRep), at+1, deep+1); err != nil {
			return err
		}
	}
	return nil
}

func clone[T any](s []T) []T { return append(make([]T, 0, len(s)), s...) }

// base resolves slots of a constant or dictionary to those of what stores it.
func base(v *page.Vector, slots []int32) *page.Vector {
	for i, s := range slots {
		if s >= 0 {
			_, j := v.Slot(int(s))
			slots[i] = int32(j)
		}
	}
	if v.Enc() == page.Dict {
		return v.Dictionary().Values
	}
	return v
}

func (b *branch) shredLeaf(v *page.Vector, slots []int32, def, rep []uint8) error {
	l := b.leaf
	live := make([]int32, 0, len(slots))
	for i, s := range slots {
		l.level(def[i], rep[i], 1)
		if s >= 0 {
			live = append(live, s)
		}
	}
	return l.values(v, live)
}
