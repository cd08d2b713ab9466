package ast

import "strings"

// call writes a call in the spelling it was written in.
func (f *formatter) call(c *FuncCall) {
	arg := func(i int, floor int) { f.operand(c.Args[i], floor) }
	switch c.Syntax {
	case CallPlain:
		f.plainCall(c)
	case CallExtract:
		f.text("EXTRACT(")
		if s, ok := c.Args[0].(*StringLit); ok && isBareName(s.Value) {
			f.text(s.Value)
		} else {
			arg(0, printLowest)
		}
		f.text(" FROM ")
		arg(1, printLowest)
		f.text(")")
	case CallSubstring, CallSubstringFor, CallSimilarSubstring:
		f.substring(c)
	case CallPosition:
		f.text("POSITION(")
		arg(1, printOperator)
		f.text(" IN ")
		arg(0, printOperator)
		f.text(")")
	case CallTrim:
		f.text("TRIM(", map[string]string{"btrim": "BOTH", "ltrim": "LEADING", "rtrim": "TRAILING"}[c.Name.Last().Text], " FROM ")
		f.exprs(c.Args)
		f.text(")")
	case CallOverlay:
		f.text("OVERLAY(")
		arg(0, printLowest)
		f.text(" PLACING ")
		arg(1, printLowest)
		f.text(" FROM ")
		arg(2, printLowest)
		if len(c.Args) > 3 {
			f.text(" FOR ")
			arg(3, printLowest)
		}
		f.text(")")
	case CallAtTimeZone:
		arg(1, printAt)
		f.text(" AT TIME ZONE ")
		arg(0, printAt+1)
	case CallAtLocal:
		arg(0, printAt)
		f.text(" AT LOCAL")
	case CallOverlaps:
		f.parenExprs(c.Args[:2])
		f.text(" OVERLAPS ")
		f.parenExprs(c.Args[2:])
	case CallCollationFor:
		f.text("COLLATION FOR ")
		f.parenExprs(c.Args)
	case CallNormalize:
		f.text("NORMALIZE(")
		arg(0, printLowest)
		if len(c.Args) > 1 {
			f.text(", ", strings.ToUpper(c.Args[1].(*StringLit).Value))
		}
		f.text(")")
	case CallKeyword:
		f.text(strings.ToUpper(c.Name.Last().Text))
		if len(c.Args) > 0 {
			f.parenExprs(c.Args)
		}
	}
}

func (f *formatter) substring(c *FuncCall) {
	words := []string{"", " FROM ", " FOR "}
	args := c.Args
	switch c.Syntax {
	case CallSubstringFor:
		words = []string{"", " FOR "}
		args = []Expr{c.Args[0], c.Args[2]}
	case CallSimilarSubstring:
		words = []string{"", " SIMILAR ", " ESCAPE "}
	}
	f.text("SUBSTRING(")
	for i, a := range args {
		f.text(words[i])
		// SIMILAR and ESCAPE could be read as parts of a predicate.
		f.operand(a, printPredicate+1)
	}
	f.text(")")
}

func (f *formatter) plainCall(c *FuncCall) {
	f.names(c.Name)
	f.text("(")
	f.option(c.Star, "*")
	f.option(c.Distinct, "DISTINCT ")
	f.list(len(c.Args), func(i int) {
		f.option(c.Variadic && i == len(c.Args)-1, "VARIADIC ")
		if i == 0 && len(c.Name) == 1 && c.Name[0].Text == "position" {
			f.operand(c.Args[0], printOperator) // IN would make it POSITION(a IN b)
			return
		}
		f.argument(c.Args[i])
	})
	if len(c.OrderBy) > 0 {
		f.text(" ")
		f.orderBy(c.OrderBy)
	}
	f.text(")")
	if len(c.Within) > 0 {
		f.text(" WITHIN GROUP (")
		f.orderBy(c.Within)
		f.text(")")
	}
	if c.Filter != nil {
		f.text(" FILTER (WHERE ")
		f.expr(c.Filter)
		f.text(")")
	}
	switch c.Nulls {
	case IgnoreNulls:
		f.text(" IGNORE NULLS")
	case RespectNulls:
		f.text(" RESPECT NULLS")
	}
	if c.Over != nil {
		f.text(" OVER ")
		f.window(c.Over)
	}
}

// argument writes an argument. One that begins with column -> … would be read as a
// lambda, so it gets parentheses.
func (f *formatter) argument(e Expr) {
	if beginsLikeLambda(e) {
		f.text("(")
		f.bare(e)
		f.text(")")
		return
	}
	f.expr(e)
}

// beginsLikeLambda reports that the text of an expression begins with name ->.
func beginsLikeLambda(e Expr) bool {
	for {
		if b, ok := e.(*Binary); ok && b.Op == "->" && b.OpSchema == nil {
			if c, ok := b.Left.(*ColumnRef); ok && len(c.Parts) == 1 {
				return !beginsWithConstant(b.Right)
			}
		}
		if e = leftmost(e); e == nil {
			return false
		}
	}
}

// beginsWithConstant reports that the text of an expression begins with a string,
// an integer or a parameter.
func beginsWithConstant(e Expr) bool {
	for e != nil {
		switch x := e.(type) {
		case *StringLit, *Param:
			return true
		case *NumberLit:
			return x.Integer
		case *Subscript, *FieldAccess:
			return false
		}
		e = leftmost(e)
	}
	return false
}

// leftmost returns the operand that an expression's text begins with, or nil.
func leftmost(e Expr) Expr {
	switch e := e.(type) {
	case *Binary:
		return e.Left
	case *Quantified:
		return e.Left
	case *Logical:
		return e.Args[0]
	case *IsTest:
		return e.X
	case *IsDistinct:
		return e.Left
	case *Between:
		return e.X
	case *InList:
		return e.X
	case *InSubquery:
		return e.X
	case *LikeExpr:
		return e.X
	case *Collate:
		return e.X
	case *Subscript:
		return e.X
	case *FuncCall:
		switch e.Syntax {
		case CallAtTimeZone:
			return e.Args[1]
		case CallAtLocal:
			return e.Args[0]
		}
	}
	return nil
}

func (f *formatter) lambda(l *Lambda) {
	switch {
	case len(l.Params) == 1 && beginsWithConstant(l.Body):
		f.text("lambda ")
		f.name(l.Params[0])
		f.text(": ")
	case len(l.Params) == 1:
		f.name(l.Params[0])
		f.text(" -> ")
	default:
		f.columns(l.Params)
		f.text(" -> ")
	}
	f.expr(l.Body)
}

// window writes a window's name or its specification in parentheses.
func (f *formatter) window(w *WindowSpec) {
	if w.Named {
		f.name(w.Ref)
		return
	}
	separator := ""
	next := func() {
		f.text(separator)
		separator = " "
	}
	f.text("(")
	if !w.Ref.IsZero() {
		next()
		f.name(w.Ref)
	}
	if len(w.PartitionBy) > 0 {
		next()
		f.text("PARTITION BY ")
		f.exprs(w.PartitionBy)
	}
	if len(w.OrderBy) > 0 {
		next()
		f.orderBy(w.OrderBy)
	}
	if w.Frame != nil {
		next()
		f.frame(w.Frame)
	}
	f.text(")")
}

func (f *formatter) frame(w *Frame) {
	f.text([...]string{FrameRange: "RANGE ", FrameRows: "ROWS ", FrameGroups: "GROUPS "}[w.Mode])
	if w.Between {
		f.text("BETWEEN ")
		f.bound(w.Start)
		f.text(" AND ")
		f.bound(w.End)
	} else {
		f.bound(w.Start)
	}
	f.text([...]string{
		ExcludeNoOthers: "", ExcludeCurrentRow: " EXCLUDE CURRENT ROW",
		ExcludeGroup: " EXCLUDE GROUP", ExcludeTies: " EXCLUDE TIES",
	}[w.Exclude])
}

func (f *formatter) bound(b FrameBound) {
	if b.Offset != nil {
		// AND would end the bound, and a bare word could be UNBOUNDED or CURRENT.
		if c, ok := b.Offset.(*ColumnRef); ok && len(c.Parts) == 1 {
			f.parenExprs([]Expr{c})
		} else {
			f.operand(b.Offset, printOperator)
		}
	}
	f.text([...]string{
		UnboundedPreceding: "UNBOUNDED PRECEDING", OffsetPreceding: " PRECEDING", CurrentRow: "CURRENT ROW",
		OffsetFollowing: " FOLLOWING", UnboundedFollowing: "UNBOUNDED FOLLOWING",
	}[b.Kind])
}
