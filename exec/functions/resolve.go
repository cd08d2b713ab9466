package functions

import (
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// candidate is an overload that accepts the arguments.
type candidate struct {
	index int
	pats  []Pattern    // one an argument
	args  []types.Type // after coercion
}

// match checks an overload against arguments.
func match(pats []Pattern, variadic bool, optional int, args []types.Type, index int) (candidate, bool) {
	switch {
	case variadic && len(args) < len(pats)-optional:
		return candidate{}, false
	case !variadic && (len(args) > len(pats) || len(args) < len(pats)-optional):
		return candidate{}, false
	}
	c := candidate{index: index, pats: make([]Pattern, len(args)), args: make([]types.Type, len(args))}
	var b bindings
	for i, t := range args {
		p := pats[min(i, len(pats)-1)]
		if !p.accepts(t, &b) {
			return candidate{}, false
		}
		c.pats[i] = p
	}
	for i, t := range args {
		c.args[i] = c.pats[i].coerced(t, &b)
	}
	if len(args) == 2 && c.pats[0].class == comparison {
		var ok bool
		if c.args[0], c.args[1], ok = comparable2(args[0], args[1]); !ok {
			return candidate{}, false
		}
	}
	return c, true
}

// exactAt reports whether argument i needs no conversion to another type.
func (c *candidate) exactAt(i int, t types.Type) bool {
	switch c.pats[i].class {
	case exact, numberExpr:
		return sameKind(t, c.pats[i].typ)
	}
	return t.Kind != types.Unknown && sameKind(t, c.args[i])
}

// concreteAt is exactAt for the overloads that are written for one type.
func (c *candidate) concreteAt(i int, t types.Type) bool {
	return t.Kind != types.Unknown && !c.pats[i].polymorphic() && sameKind(t, c.pats[i].typ)
}

// preferredAt reports whether the overload wants the preferred type of its category.
func (c *candidate) preferredAt(i int) bool {
	return !c.pats[i].polymorphic() && preferred(c.pats[i].typ)
}

// choose applies PostgreSQL's rules for ambiguous calls, in its order.
func (r *Registry) choose(name string, args []types.Type, cands []candidate, known bool) (candidate, error) {
	if len(cands) == 0 {
		return candidate{}, r.undefined(name, args, known)
	}
	guess := args
	if IsOperator(name) && len(args) == 2 && (args[0].Kind == types.Unknown) != (args[1].Kind == types.Unknown) {
		// An operator's literal of unknown type is tried as the other side's type first.
		guess = []types.Type{args[0], args[1]}
		if args[0].Kind == types.Unknown {
			guess[0] = args[1]
		} else {
			guess[1] = args[0]
		}
		if c, ok := exactMatch(cands, guess); ok {
			return c, nil
		}
	}
	if c, ok := exactMatch(cands, args); ok {
		return c, nil
	}
	cands = mostExact(cands, args)
	if len(cands) > 1 {
		cands = mostPreferred(cands, args)
	}
	if len(cands) > 1 {
		cands = byCategory(cands, args)
	}
	if len(cands) > 1 {
		cands = byKnownType(cands, args)
	}
	if len(cands) == 1 {
		return cands[0], nil
	}
	if IsOperator(name) {
		return candidate{}, sqlerr.New(sqlerr.AmbiguousFunction, "operator is not unique: %s", operatorCall(name, args)).
			WithHint("Could not choose a best candidate operator. You might need to add explicit type casts.")
	}
	return candidate{}, sqlerr.New(sqlerr.AmbiguousFunction, "function %s(%s) is not unique", name, typeList(args)).
		WithHint("Could not choose a best candidate function. You might need to add explicit type casts.")
}

func exactMatch(cands []candidate, args []types.Type) (candidate, bool) {
	for poly := range 2 { // a concrete overload wins over a polymorphic one
		for _, c := range cands {
			ok := true
			for i, t := range args {
				ok = ok && c.exactAt(i, t) && (poly == 1 || !c.pats[i].polymorphic())
			}
			if ok {
				return c, true
			}
		}
	}
	return candidate{}, false
}

// best keeps the candidates with the highest score.
func best(cands []candidate, score func(*candidate) int) []candidate {
	top := -1
	var out []candidate
	for i := range cands {
		switch s := score(&cands[i]); {
		case s > top:
			top, out = s, append(out[:0:0], cands[i])
		case s == top:
			out = append(out, cands[i])
		}
	}
	return out
}

func mostExact(cands []candidate, args []types.Type) []candidate {
	return best(cands, func(c *candidate) int {
		n := 0
		for i, t := range args {
			if c.concreteAt(i, t) {
				n++
			}
		}
		return n
	})
}

func mostPreferred(cands []candidate, args []types.Type) []candidate {
	return best(cands, func(c *candidate) int {
		n := 0
		for i, t := range args {
			if t.Kind != types.Unknown && (c.concreteAt(i, t) || c.preferredAt(i)) {
				n++
			}
		}
		return n
	})
}

// byCategory settles literals of unknown type: strings if any candidate takes
// one there, else the category that all agree on; then its preferred type.
func byCategory(cands []candidate, args []types.Type) []candidate {
	out := cands
	for i, t := range args {
		if t.Kind != types.Unknown {
			continue
		}
		cat, agree := category(cands[0].args[i]), true
		for _, c := range cands {
			switch next := category(c.args[i]); {
			case next == catString:
				cat = catString
			case next != cat:
				agree = false
			}
		}
		if cat != catString && !agree {
			return cands
		}
		var keep, pref []candidate
		for _, c := range out {
			if category(c.args[i]) == cat {
				keep = append(keep, c)
				if c.preferredAt(i) {
					pref = append(pref, c)
				}
			}
		}
		if len(pref) > 0 {
			keep = pref
		}
		if len(keep) > 0 {
			out = keep
		}
	}
	return out
}

// byKnownType takes literals of unknown type as the one type of the others.
func byKnownType(cands []candidate, args []types.Type) []candidate {
	known := types.Of(types.Unknown)
	for _, t := range args {
		switch {
		case t.Kind == types.Unknown:
		case known.Kind == types.Unknown:
			known = t
		case !sameKind(known, t):
			return cands
		}
	}
	if known.Kind == types.Unknown {
		return cands
	}
	var keep []candidate
	for _, c := range cands {
		ok := true
		for i := range args {
			ok = ok && Implicit(known, c.args[i])
		}
		if ok {
			keep = append(keep, c)
		}
	}
	if len(keep) == 1 {
		return keep
	}
	return cands
}

func operatorCall(name string, args []types.Type) string {
	if len(args) == 1 {
		return name + " " + args[0].String()
	}
	return args[0].String() + " " + name + " " + args[1].String()
}

func (r *Registry) undefined(name string, args []types.Type, known bool) error {
	if IsOperator(name) && len(args) > 0 && len(args) < 3 {
		return sqlerr.New(sqlerr.UndefinedFunction, "operator does not exist: %s", operatorCall(name, args)).
			WithHint("No operator matches the given name and argument types. You might need to add explicit type casts.")
	}
	err := sqlerr.New(sqlerr.UndefinedFunction, "function %s(%s) does not exist", name, typeList(args))
	if !known {
		if like := r.Similar(name); like != "" {
			return err.WithHint("Did you mean %s?", like)
		}
	}
	return err.WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
}

// Similar returns the function whose name is nearest to a mistyped one, or "".
func (r *Registry) Similar(name string) string {
	out, least := "", min(2, len(name)/3)+1
	try := func(n string) {
		if !IsOperator(n) {
			if d := distance(name, n, least); d < least {
				out, least = n, d
			}
		}
	}
	for _, n := range sortedKeys(r.scalars) {
		try(n)
	}
	for _, n := range sortedKeys(r.aggregates) {
		try(n)
	}
	return out
}

// distance is the number of edits (insert, delete, change, swap neighbours)
// between a and b, or limit when it is not less.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit || len(b) > 64 || len(a) > 64 {
		return limit
	}
	var prev, cur, before [65]int
	for j := range len(b) + 1 {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev = prev, cur
	}
	return min(prev[len(b)], limit)
}
