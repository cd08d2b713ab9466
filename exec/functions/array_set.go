package functions

import (
	"bytes"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/kernel"
)

// arraySets treats arrays as sets, and turns them into text and back.
func arraySets() []*Scalar {
	a := func(name, says, example, result string, args []Pattern, ret func([]types.Type) (types.Type, error), bind func([]types.Type) (Kernel, error), aliases ...string) *Scalar {
		return &Scalar{Name: name, Aliases: aliases, Doc: Doc{Family: "array", Summary: says, Example: example, Result: result}, Args: args, Return: ret, Bind: bind}
	}
	arr, text := ArrayOf(0), Of(types.Text)
	two := []Pattern{arr, arr}
	isBool := returns(types.Bool)
	toString := a("array_to_string", "The text of the elements, joined; NULLs are left out or written as given.", "array_to_string(ARRAY[1, 2, NULL], ',', '*')", "1,2,*", []Pattern{arr, text, text}, returns(types.Text), bindArrayToString, "array_join")
	toString.Optional, toString.Nulls, toString.Volatility = 1, Called, Stable
	fromString := a("string_to_array", "The parts of a string between delimiters, NULL where they are a given text; a NULL delimiter parts characters.", "string_to_array('a,b,', ',')", "{a,b,\"\"}", []Pattern{text, text, text}, arrayOfKind(types.Text), bindStringToArray, "split")
	fromString.Optional, fromString.Nulls = 1, Called
	out := []*Scalar{
		a("array_distinct", "The elements without repetitions.", "array_distinct(ARRAY[1, 2, 1])", "{1,2}", []Pattern{arr}, sameAs(0), bindSetOp(func(_, _ bool) bool { return true })),
		a("array_union", "The elements of either array, without repetitions.", "array_union(ARRAY[1, 2], ARRAY[2, 3])", "{1,2,3}", two, sameAs(0), bindUnion),
		a("array_intersect", "The elements that both arrays have, without repetitions.", "array_intersect(ARRAY[1, 2], ARRAY[2, 3])", "{2}", two, sameAs(0), bindSetOp(func(_, in bool) bool { return in })),
		a("array_except", "The elements that only the first array has, without repetitions.", "array_except(ARRAY[1, 2], ARRAY[2, 3])", "{1}", two, sameAs(0), bindSetOp(func(_, in bool) bool { return !in })),
		a("&&", "Whether two arrays have an element in common.", "ARRAY[1, 2] && ARRAY[2, 3]", "t", two, isBool, bindOverlapArrays, "arrays_overlap"),
		a("@>", "Whether the first array has all elements of the second.", "ARRAY[1, 2] @> ARRAY[2]", "t", two, isBool, bindContainsAll(0, 1)),
		a("<@", "Whether the second array has all elements of the first.", "ARRAY[2] <@ ARRAY[1, 2]", "t", two, isBool, bindContainsAll(1, 0)),
		toString, fromString,
	}
	for _, name := range []string{"=", "<>", "<", "<=", ">", ">="} {
		out = append(out, quantified(name, false), quantified(name, true))
	}
	seq := func(k types.Kind, example, result string) *Scalar {
		s := a("sequence", "The numbers from one to another, by a step.", example, result, patterns(k, k, k), arrayOfKind(k), bindSequence(k))
		s.Optional = 1
		return s
	}
	return append(out, seq(types.Int32, "sequence(1, 4)", "{1,2,3,4}"), seq(types.Int64, "sequence(1::bigint, 7, 3)", "{1,4,7}"))
}

// quantified is x op ANY(array) and x op ALL(array), named "= any", "< all" and so on.
func quantified(op string, all bool) *Scalar {
	o := kernel.Ops[op]
	s := &Scalar{Name: op + " any", Args: []Pattern{Elem(0), ArrayOf(0)}, Return: returns(types.Bool),
		Doc: Doc{Family: "array", Summary: "Whether x " + op + " ANY(array) holds.", Example: "1 " + op + " ANY (ARRAY[0, 1, 2])", Result: "t"}}
	if all {
		s.Name = op + " all"
		s.Doc = Doc{Family: "array", Summary: "Whether x " + op + " ALL(array) holds.", Example: "1 " + op + " ALL (ARRAY[]::integer[])", Result: "t"}
		o = o.Negate()
	}
	s.Bind = func([]types.Type) (Kernel, error) {
		return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
			return nullable(x, func(i int) (uint8, bool, error) {
				r, ok, err := anyEqual(args[1], args[0], i, o)
				if all {
					r ^= 1
				}
				return r, ok, err
			})
		}, nil
	}
	return s
}

// elementSet finds repetitions among few elements by comparing them all, and by
// their hashes when they are many.
type elementSet struct {
	hashes map[uint64][]setElement
}

type setElement struct {
	v *page.Vector
	i int
}

func (s *elementSet) reset() { s.hashes = map[uint64][]setElement{} }

func hashElement(v *page.Vector, i int) uint64 { return types.Hash(v.Type, v.Value(i)) }

func (s *elementSet) has(v *page.Vector, i int) bool {
	for _, e := range s.hashes[hashElement(v, i)] {
		if same(e.v, e.i, v, i) {
			return true
		}
	}
	return false
}

// add reports whether the element was not there.
func (s *elementSet) add(v *page.Vector, i int) bool {
	if s.has(v, i) {
		return false
	}
	h := hashElement(v, i)
	s.hashes[h] = append(s.hashes[h], setElement{v, i})
	return true
}

func (s *elementSet) addAll(l *listIn, i int) {
	for k, hi := l.at(i); k < hi; k++ {
		s.add(l.kids[0], k)
	}
}

// bindSetOp keeps distinct elements of the first array by whether they are in the second.
func bindSetOp(keep func(isNull, inSecond bool) bool) func([]types.Type) (Kernel, error) {
	return listOf(func(_ *Exec, args []*page.Vector, l *listIn) func(lo, hi, i int, take func(k int)) error {
		var seen, second elementSet
		var other *listIn
		if len(args) > 1 {
			o := listInput(args[1])
			other = &o
		}
		return func(lo, hi, i int, take func(k int)) error {
			seen.reset()
			second.reset()
			if other != nil {
				second.addAll(other, i)
			}
			for k := lo; k < hi; k++ {
				if keep(l.kids[0].IsNull(k), second.has(l.kids[0], k)) && seen.add(l.kids[0], k) {
					take(k)
				}
			}
			return nil
		}
	})
}

var bindUnion = builderOf(func(_ *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
	var seen elementSet
	lists := []listIn{listInput(args[0]), listInput(args[1])}
	return func(b *page.Builder, i int) error {
		seen.reset()
		for n := range lists {
			l := &lists[n]
			for k, hi := l.at(i); k < hi; k++ {
				if seen.add(l.kids[0], k) {
					b.Child(0).AppendFrom(l.kids[0], k)
				}
			}
		}
		b.EndList()
		return nil
	}
})

var bindOverlapArrays = fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (uint8, error) {
	a, b := listInput(args[0]), listInput(args[1])
	var set elementSet
	return func(i int) (uint8, error) {
		set.reset()
		set.addAll(&b, i)
		for k, hi := a.at(i); k < hi; k++ {
			if !a.kids[0].IsNull(k) && set.has(a.kids[0], k) {
				return 1, nil
			}
		}
		return 0, nil
	}
})

func bindContainsAll(whole, part int) func([]types.Type) (Kernel, error) {
	return fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (uint8, error) {
		a, b := listInput(args[whole]), listInput(args[part])
		var set elementSet
		return func(i int) (uint8, error) {
			set.reset()
			set.addAll(&a, i)
			for k, hi := b.at(i); k < hi; k++ {
				if b.kids[0].IsNull(k) || !set.has(b.kids[0], k) {
					return 0, nil
				}
			}
			return 1, nil
		}
	})
}

var bindArrayToString = nullableText(func(x *Exec, args []*page.Vector) func(i int) ([]byte, error) {
	f := x.Env.Format()
	var dst []byte
	return func(i int) ([]byte, error) {
		if args[0].IsNull(i) || args[1].IsNull(i) {
			return nil, nil
		}
		sep := args[1].Str(i)
		l := listInput(args[0])
		dst = append(dst[:0], []byte{}...)
		first := true
		for k, hi := l.at(i); k < hi; k++ {
			null := l.kids[0].IsNull(k)
			if null && (len(args) < 3 || args[2].IsNull(i)) {
				continue
			}
			if !first {
				dst = append(dst, sep...)
			}
			first = false
			if null {
				dst = append(dst, args[2].Str(i)...)
			} else {
				dst = types.AppendText(dst, l.kids[0].Type, l.kids[0].Value(k), f)
			}
		}
		if dst == nil {
			dst = []byte{}
		}
		return dst, nil
	}
})

var bindStringToArray = builderOf(func(_ *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
	return func(b *page.Builder, i int) error {
		if args[0].IsNull(i) {
			b.AppendNull()
			return nil
		}
		add := func(s []byte) {
			if len(args) > 2 && !args[2].IsNull(i) && string(args[2].Str(i)) == string(s) {
				b.Child(0).AppendNull()
			} else {
				b.Child(0).AppendBytes(s)
			}
		}
		s := args[0].Str(i)
		switch {
		case len(s) == 0:
		case args[1].IsNull(i):
			for len(s) > 0 {
				n := skipRunes(s, 1)
				add(s[:n])
				s = s[n:]
			}
		case len(args[1].Str(i)) == 0:
			add(s)
		default:
			for _, p := range bytes.Split(s, args[1].Str(i)) {
				add(p)
			}
		}
		b.EndList()
		return nil
	}
})

// sequenceMax is the most numbers of a sequence.
const sequenceMax = 1 << 20

func bindSequence(k types.Kind) func([]types.Type) (Kernel, error) {
	return builderOf(func(_ *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
		from, to := intInput(args[0]), intInput(args[1])
		var by func(int) int64
		if len(args) > 2 {
			by = intInput(args[2])
		}
		return func(b *page.Builder, i int) error {
			lo, hi, step := from(i), to(i), int64(1)
			if lo > hi {
				step = -1
			}
			if by != nil {
				step = by(i)
			}
			if step == 0 || (hi-lo)/step > sequenceMax {
				return sqlerr.New(sqlerr.InvalidParameterValue, "sequence must have a step other than 0 and at most %d numbers", sequenceMax)
			}
			for n := lo; step > 0 && n <= hi || step < 0 && n >= hi; n += step {
				if k == types.Int32 {
					page.Append(b.Child(0), int32(n))
				} else {
					page.Append(b.Child(0), n)
				}
				if next := n + step; (n^next)&(step^next) < 0 {
					break
				}
			}
			b.EndList()
			return nil
		}
	})
}
