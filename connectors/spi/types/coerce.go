package types

// CastContext is where a conversion happens by itself; a later one includes
// the earlier ones.
type CastContext uint8

// The contexts of casts.
const (
	CastNever      CastContext = iota
	CastExplicit               // CAST only
	CastAssignment             // storing into a column, too
	CastImplicit               // wherever the target is expected
)

// castRule lists what values of a kind become, apart from text.
type castRule struct{ implicit, assignment, explicit []Kind }

// castRules are pg_cast's; kinds of object identifiers and of text follow rules
// of their own. The numeric kinds are ordered by numberOrder.
var castRules = map[Kind]castRule{
	Bool:         {explicit: []Kind{Int32}},
	Int32:        {explicit: []Kind{Bool, InternalChar}},
	InternalChar: {explicit: []Kind{Int32}},
	Date:         {implicit: []Kind{Timestamp, TimestampTZ}},
	Time:         {implicit: []Kind{TimeTZ, Interval}},
	TimeTZ:       {assignment: []Kind{Time}},
	Timestamp:    {implicit: []Kind{TimestampTZ}, assignment: []Kind{Date, Time}},
	TimestampTZ:  {assignment: []Kind{Date, Time, Timestamp, TimeTZ}},
	Interval:     {assignment: []Kind{Time}},
	JSON:         {assignment: []Kind{JSONB}},
	JSONB: {assignment: []Kind{JSON},
		explicit: []Kind{Bool, Int8, Int16, Int32, Int64, Float32, Float64, Decimal, Numeric}},
}

func (r castRule) context(to Kind) CastContext {
	for c, kinds := range [...][]Kind{r.explicit, r.assignment, r.implicit} {
		for _, k := range kinds {
			if k == to {
				return CastExplicit + CastContext(c)
			}
		}
	}
	return CastNever
}

// numberOrder orders the numeric kinds: upwards is implicit, downwards assignment.
func numberOrder(k Kind) int {
	switch k {
	case Int8:
		return 1
	case Int16:
		return 2
	case Int32:
		return 3
	case Int64:
		return 4
	case Decimal, Numeric:
		return 5
	case Float32:
		return 6
	case Float64:
		return 7
	}
	return 0
}

// CanCast returns in which contexts a value of from becomes one of to, by
// PostgreSQL's rules; parameters such as lengths do not count.
func CanCast(from, to Type) CastContext {
	a, b := numberOrder(from.Kind), numberOrder(to.Kind)
	switch {
	case to.Kind == Void || to.Kind == Function || from.Kind == Function:
		return CastNever
	case from.Kind == Unknown || from.Kind == to.Kind && !from.IsNested():
		return CastImplicit
	case a > 0 && b > 0 && a <= b:
		return CastImplicit
	case a > 0 && b > 0:
		return CastAssignment
	case from.IsString() && to.IsString():
		return castStrings(from.Kind, to.Kind)
	case from.IsOIDLike() || to.IsOIDLike():
		return castOIDs(from, to)
	case from.IsNested() && to.IsNested():
		return castNested(from, to)
	}
	if c := castRules[from.Kind].context(to.Kind); c != CastNever {
		return c
	}
	switch {
	case from.Kind == InternalChar || to.Kind == InternalChar:
		return CastNever // not a string where conversions through text are concerned
	case to.IsString() && from.Kind != Void:
		return CastAssignment
	case from.IsString():
		return CastExplicit
	case (to.Kind == JSON || to.Kind == JSONB) && (from.IsNested() || a > 0 || from.Kind == Bool):
		return CastExplicit // a convenience PostgreSQL has as to_json
	}
	return CastNever
}

func castStrings(from, to Kind) CastContext {
	text := func(k Kind) bool { return k == Text || k == Varchar || k == Char }
	switch {
	case from == InternalChar && to == Text, from == Name && to == Text:
		return CastImplicit
	case text(from) && (text(to) || to == Name):
		return CastImplicit
	case to == Unknown, from == Name && to == InternalChar:
		return CastExplicit
	}
	return CastAssignment
}

// castOIDs: every kind of identifier is an oid, integers become any of them.
func castOIDs(from, to Type) CastContext {
	switch {
	case from.Kind == XID || to.Kind == XID:
		if from.IsString() {
			return CastExplicit
		}
		if to.IsString() {
			return CastAssignment
		}
		return CastNever
	case from.IsInteger() || from.Kind == OID && to.IsOIDLike() || to.Kind == OID && from.IsOIDLike():
		return CastImplicit
	case from.Kind == InternalChar || to.Kind == InternalChar:
		return CastNever
	case to.Kind == RegClass && (from.Kind == Text || from.Kind == Varchar):
		return CastImplicit
	case from.IsOIDLike() && to.IsOIDLike():
		return regTwin(from.Kind, to.Kind)
	case to.Kind == Int32 || to.Kind == Int64 || to.IsString():
		return CastAssignment
	case from.IsString():
		return CastExplicit
	}
	return CastNever
}

// regTwin: a function or operator with and without its signature.
func regTwin(a, b Kind) CastContext {
	pair := [2]Kind{min(a, b), max(a, b)}
	if pair == [2]Kind{RegProc, RegProcedure} || pair == [2]Kind{RegOper, RegOperator} {
		return CastImplicit
	}
	return CastExplicit
}

// castNested is the narrowest context of the parts.
func castNested(from, to Type) CastContext {
	list := func(k Kind) bool { return k == Array || k == Int2Vector || k == OIDVector }
	row := func(k Kind) bool { return k == Row || k == Record }
	switch {
	case list(from.Kind) && (to.Kind == Array || from.Kind == to.Kind):
	case from.Kind == Map && to.Kind == Map:
	case row(from.Kind) && row(to.Kind) && len(from.Fields) == len(to.Fields):
	default:
		return CastNever
	}
	c := CastImplicit
	kids := to.Children()
	for i, k := range from.Children() {
		c = min(c, CanCast(k, kids[i]))
	}
	return c
}
