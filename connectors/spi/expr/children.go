package expr

import (
	"fmt"
	"slices"
)

// Children implements Expr.
func (e *Column) Children() []Expr { return nil }

// Children implements Expr.
func (e *Const) Children() []Expr { return nil }

// Children implements Expr.
func (e *Param) Children() []Expr { return nil }

// Children implements Expr.
func (e *LambdaArg) Children() []Expr { return nil }

// Children implements Expr.
func (e *Call) Children() []Expr { return e.Args }

// Children implements Expr.
func (e *Cast) Children() []Expr { return []Expr{e.Arg} }

// Children implements Expr.
func (e *Logic) Children() []Expr { return e.Args }

// Children implements Expr.
func (e *Coalesce) Children() []Expr { return e.Args }

// Children implements Expr: Arg, then the list.
func (e *In) Children() []Expr { return append([]Expr{e.Arg}, e.List...) }

// Children implements Expr.
func (e *IsNull) Children() []Expr { return []Expr{e.Arg} }

// Children implements Expr.
func (e *Lambda) Children() []Expr { return []Expr{e.Body} }

// Children implements Expr.
func (e *Field) Children() []Expr { return []Expr{e.Arg} }

// Children implements Expr: condition and result of each branch, then Else.
func (e *Case) Children() []Expr {
	var out []Expr
	for _, w := range e.Whens {
		out = append(out, w.Cond, w.Then)
	}
	if e.Else != nil {
		out = append(out, e.Else)
	}
	return out
}

// WithChildren implements Expr.
func (e *Column) WithChildren([]Expr) Expr { return e }

// WithChildren implements Expr.
func (e *Const) WithChildren([]Expr) Expr { return e }

// WithChildren implements Expr.
func (e *Param) WithChildren([]Expr) Expr { return e }

// WithChildren implements Expr.
func (e *LambdaArg) WithChildren([]Expr) Expr { return e }

// WithChildren implements Expr.
func (e *Call) WithChildren(k []Expr) Expr { c := *e; c.Args = k; return &c }

// WithChildren implements Expr.
func (e *Cast) WithChildren(k []Expr) Expr { c := *e; c.Arg = k[0]; return &c }

// WithChildren implements Expr.
func (e *Logic) WithChildren(k []Expr) Expr { c := *e; c.Args = k; return &c }

// WithChildren implements Expr.
func (e *Coalesce) WithChildren(k []Expr) Expr { c := *e; c.Args = k; return &c }

// WithChildren implements Expr.
func (e *In) WithChildren(k []Expr) Expr { c := *e; c.Arg, c.List = k[0], k[1:]; return &c }

// WithChildren implements Expr.
func (e *IsNull) WithChildren(k []Expr) Expr { c := *e; c.Arg = k[0]; return &c }

// WithChildren implements Expr.
func (e *Lambda) WithChildren(k []Expr) Expr { c := *e; c.Body = k[0]; return &c }

// WithChildren implements Expr.
func (e *Field) WithChildren(k []Expr) Expr { c := *e; c.Arg = k[0]; return &c }

// WithChildren implements Expr.
func (e *Case) WithChildren(k []Expr) Expr {
	c := *e
	c.Whens = make([]When, len(e.Whens))
	for i := range c.Whens {
		c.Whens[i] = When{Cond: k[2*i], Then: k[2*i+1]}
	}
	if e.Else != nil {
		c.Else = k[len(k)-1]
	}
	return &c
}

// Transform rewrites e bottom-up: f gets each node with rewritten children and
// returns its replacement (itself to keep it). Unchanged subtrees are shared.
func Transform(e Expr, f func(Expr) Expr) Expr {
	kids := e.Children()
	var changed []Expr
	for i, k := range kids {
		n := Transform(k, f)
		if n != k && changed == nil {
			changed = slices.Clone(kids)
		}
		if changed != nil {
			changed[i] = n
		}
	}
	if changed != nil {
		e = e.WithChildren(changed)
	}
	return f(e)
}

// Walk calls f for e and all below it, parents first; false skips the children.
func Walk(e Expr, f func(Expr) bool) {
	if e == nil || !f(e) {
		return
	}
	for _, k := range e.Children() {
		Walk(k, f)
	}
}

// Columns returns the set of column indexes that e reads, ascending.
func Columns(es ...Expr) []int {
	seen := map[int]bool{}
	var out []int
	for _, e := range es {
		Walk(e, func(x Expr) bool {
			if c, ok := x.(*Column); ok && !seen[c.Index] {
				seen[c.Index] = true
				out = append(out, c.Index)
			}
			return true
		})
	}
	slices.Sort(out)
	return out
}

// Remap replaces each column index i by to[i]; a missing one is a bug.
func Remap(e Expr, to map[int]int) Expr {
	return Transform(e, func(x Expr) Expr {
		c, ok := x.(*Column)
		if !ok {
			return x
		}
		n, ok := to[c.Index]
		if !ok {
			panic(fmt.Sprintf("BUG: column %d (%s) is not in the mapping", c.Index, c.Name))
		}
		d := *c
		d.Index = n
		return &d
	})
}

// IsVolatile reports whether e contains a volatile call.
func IsVolatile(e Expr) bool {
	v := false
	Walk(e, func(x Expr) bool {
		if c, ok := x.(*Call); ok && c.Volatile {
			v = true
		}
		return !v
	})
	return v
}

// Conjuncts splits e at its top-level ANDs. nil gives none.
func Conjuncts(e Expr) []Expr {
	if e == nil {
		return nil
	}
	l, ok := e.(*Logic)
	if !ok || l.Op != And {
		return []Expr{e}
	}
	var out []Expr
	for _, a := range l.Args {
		out = append(out, Conjuncts(a)...)
	}
	return out
}

// AndAll joins conjuncts; none gives nil.
func AndAll(es []Expr) Expr {
	switch len(es) {
	case 0:
		return nil
	case 1:
		return es[0]
	}
	return &Logic{Op: And, Args: slices.Clone(es), At: -1}
}
