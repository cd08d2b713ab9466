package ast

import (
	"strconv"
	"strings"
)

// Precedences of printing; they are the parser's, loosest first.
const (
	printLowest = iota
	printOr
	printAnd
	printNot
	printIs
	printCompare
	printPredicate
	printOperator
	printAdd
	printMultiply
	printPower
	printAt
	printCollate
	printUnary
	printAtom
)

// operatorPrecedence returns the precedence of an infix operator.
func operatorPrecedence(op string, schema []Name) int {
	if schema != nil {
		return printOperator
	}
	switch op {
	case "=", "<>", "<", ">", "<=", ">=":
		return printCompare
	case "+", "-":
		return printAdd
	case "*", "/", "%":
		return printMultiply
	case "^":
		return printPower
	}
	return printOperator
}

// precedence returns how tightly an expression's outermost part binds.
func precedence(e Expr) int {
	switch e := e.(type) {
	case *Lambda, *NamedArg:
		return printLowest
	case *Logical:
		if e.Op == Or {
			return printOr
		}
		return printAnd
	case *Not:
		return printNot
	case *IsTest, *IsDistinct:
		return printIs
	case *Between, *InList, *InSubquery, *LikeExpr:
		return printPredicate
	case *Binary:
		return operatorPrecedence(e.Op, e.OpSchema)
	case *Quantified:
		return operatorPrecedence(e.Op, e.OpSchema)
	case *Unary:
		if e.OpSchema == nil && (e.Op == "-" || e.Op == "+") {
			return printUnary
		}
		return printOperator
	case *Collate:
		return printCollate
	case *FuncCall:
		switch e.Syntax {
		case CallAtTimeZone, CallAtLocal:
			return printAt
		case CallOverlaps:
			return printPredicate
		}
	}
	return printAtom
}

// expr writes an expression where any fits.
func (f *formatter) expr(e Expr) { f.operand(e, printLowest) }

// operand writes an expression, in parentheses when it binds less tightly than
// floor.
func (f *formatter) operand(e Expr, floor int) {
	if e == nil {
		return
	}
	if precedence(e) < floor {
		f.text("(")
		f.bare(e)
		f.text(")")
		return
	}
	f.bare(e)
}

// bare writes an expression without parentheres around it.
func (f *formatter) bare(e Expr) {
	switch e := e.(type) {
	case *ColumnRef:
		f.names(e.Parts)
	case *Star:
		f.star(e)
	case *NumberLit:
		f.text(e.Text)
	case *StringLit:
		f.string(e.Value)
	case *BitLit:
		if e.Hex {
			f.text("X'", e.Digits, "'")
		} else {
			f.text("B'", e.Digits, "'")
		}
	case *BoolLit:
		f.text(strings.ToUpper(strconv.FormatBool(e.Value)))
	case *NullLit:
		f.text("NULL")
	case *DefaultExpr:
		f.text("DEFAULT")
	case *Param:
		f.text("$")
		f.number(e.Number)
	case *TypedLit:
		f.typeName(e.Type)
		f.text(" ")
		f.string(e.Value)
	case *IntervalLit:
		f.interval(e)
	case *Cast:
		f.option(e.Try, "TRY_")
		f.text("CAST(")
		f.expr(e.X)
		f.text(" AS ")
		f.typeName(e.Type)
		f.text(")")
	case *Exists:
		f.text("EXISTS ")
		f.subquery(e.Query)
	case *Subquery:
		f.subquery(e.Query)
	case *ArrayExpr:
		f.text("ARRAY[")
		f.exprs(e.Elems)
		f.text("]")
	case *ArrayQuery:
		f.text("ARRAY")
		f.subquery(e.Query)
	case *Row:
		f.option(e.Explicit, "ROW")
		f.parenExprs(e.Elems)
	case *StructLit:
		f.option(e.Map, "MAP ")
		f.text("{")
		f.list(len(e.Keys), func(i int) {
			f.expr(e.Keys[i])
			f.text(": ")
			f.expr(e.Values[i])
		})
		f.text("}")
	case *FieldAccess:
		f.indirect(e.X, true)
		f.text(".")
		f.name(e.Field)
	case *Subscript:
		f.subscript(e)
	case *Case:
		f.caseExpr(e)
	case *FuncCall:
		f.call(e)
	case *GroupingSet:
		f.text([...]string{Rollup: "ROLLUP ", Cube: "CUBE ", GroupingSets: "GROUPING SETS "}[e.Kind])
		f.parenExprs(e.Items)
	case *CurrentOf:
		f.text("CURRENT OF ")
		f.name(e.Cursor)
	default:
		f.operators(e)
	}
}

func (f *formatter) subquery(q *Query) {
	f.text("(")
	f.query(q)
	f.text(")")
}

// operators writes the expressions that have operands to their sides.
func (f *formatter) operators(e Expr) {
	switch e := e.(type) {
	case *Unary:
		f.unary(e)
	case *Binary:
		p := operatorPrecedence(e.Op, e.OpSchema)
		left := p
		if p == printCompare {
			left = p + 1
		}
		f.operand(e.Left, left)
		f.text(" ")
		f.operator(e.Op, e.OpSchema)
		f.text(" ")
		f.operand(e.Right, p+1)
	case *Quantified:
		f.quantified(e)
	case *Logical:
		p, word := printAnd, " AND "
		if e.Op == Or {
			p, word = printOr, " OR "
		}
		for i, a := range e.Args {
			if i > 0 {
				f.text(word)
			}
			f.operand(a, p+1)
		}
	case *Not:
		f.text("NOT ")
		f.operand(e.X, printNot)
	case *Collate:
		f.operand(e.X, printCollate)
		f.text(" COLLATE ")
		f.names(e.Collation)
	case *Lambda:
		f.lambda(e)
	case *NamedArg:
		f.name(e.Name)
		f.text(" => ")
		f.argument(e.Value)
	default:
		f.predicate(e)
	}
}

// predicate writes IS, BETWEEN, IN and LIKE.
func (f *formatter) predicate(e Expr) {
	not := func(on bool) { f.option(on, "NOT ") }
	switch e := e.(type) {
	case *IsTest:
		f.operand(e.X, printIs+1)
		f.text(" IS ")
		not(e.Not)
		if e.Test == IsNormalized && e.Form != "" {
			f.text(strings.ToUpper(e.Form), " ")
		}
		f.text([...]string{
			IsNull: "NULL", IsTrue: "TRUE", IsFalse: "FALSE", IsUnknown: "UNKNOWN",
			IsNormalized: "NORMALIZED", IsJSON: "JSON", IsDocument: "DOCUMENT",
		}[e.Test])
		if e.Test == IsJSON && e.Form != "" {
			f.text(" ", strings.ToUpper(e.Form))
		}
	case *IsDistinct:
		f.operand(e.Left, printIs+1)
		f.text(" IS ")
		not(e.Not)
		f.text("DISTINCT FROM ")
		f.operand(e.Right, printIs+1)
	case *Between:
		f.operand(e.X, printPredicate+1)
		f.text(" ")
		not(e.Not)
		f.text("BETWEEN ")
		f.option(e.Symmetric, "SYMMETRIC ")
		f.operand(e.Low, printOperator)
		f.text(" AND ")
		f.operand(e.High, printPredicate+1)
	case *InList:
		f.operand(e.X, printPredicate+1)
		f.text(" ")
		not(e.Not)
		f.text("IN ")
		f.parenExprs(e.List)
	case *InSubquery:
		f.operand(e.X, printPredicate+1)
		f.text(" ")
		not(e.Not)
		f.text("IN ")
		f.subquery(e.Query)
	case *LikeExpr:
		f.operand(e.X, printPredicate+1)
		f.text(" ")
		not(e.Not)
		f.text([...]string{Like: "LIKE ", ILike: "ILIKE ", SimilarTo: "SIMILAR TO "}[e.Kind])
		f.operand(e.Pattern, printPredicate+1)
		if e.Escape != nil {
			f.text(" ESCAPE ")
			f.operand(e.Escape, printPredicate+1)
		}
	}
}

func (f *formatter) operator(op string, schema []Name) {
	if schema == nil {
		f.text(op)
		return
	}
	f.text("OPERATOR(")
	f.names(schema)
	f.text(".", op, ")")
}

func (f *formatter) unary(e *Unary) {
	floor := precedence(e)
	if floor == printOperator {
		floor++
	}
	f.operator(e.Op, e.OpSchema)
	if _, nested := e.X.(*Unary); nested || floor != printUnary {
		f.text(" ")
	}
	f.operand(e.X, floor)
}

func (f *formatter) quantified(e *Quantified) {
	p := operatorPrecedence(e.Op, e.OpSchema)
	if p == printCompare {
		p++
	}
	f.operand(e.Left, p)
	f.text(" ")
	f.operator(e.Op, e.OpSchema)
	f.text([...]string{Any: " ANY ", All: " ALL "}[e.Quant])
	if e.Query != nil {
		f.subquery(e.Query)
		return
	}
	f.text("(")
	f.expr(e.Array)
	f.text(")")
}

func (f *formatter) caseExpr(e *Case) {
	f.text("CASE ")
	if e.Operand != nil {
		f.expr(e.Operand)
		f.text(" ")
	}
	for i := range e.Whens {
		f.text("WHEN ")
		f.expr(e.Whens[i].Cond)
		f.text(" THEN ")
		f.expr(e.Whens[i].Result)
		f.text(" ")
	}
	if e.Else != nil {
		f.text("ELSE ")
		f.expr(e.Else)
		f.text(" ")
	}
	f.text("END")
}

// indirect writes what .field or [index] applies to. A column before .field needs
// parentheses, for without them the field would be a part of its name.
func (f *formatter) indirect(x Expr, field bool) {
	switch x.(type) {
	case *Subscript, *FieldAccess, *Param:
		f.bare(x)
		return
	case *ColumnRef:
		if !field {
			f.bare(x)
			return
		}
	case *Subquery:
		f.bare(x)
		return
	}
	f.text("(")
	f.bare(x)
	f.text(")")
}

func (f *formatter) subscript(e *Subscript) {
	f.indirect(e.X, false)
	f.text("[")
	if !e.Slice {
		f.expr(e.Index)
		f.text("]")
		return
	}
	f.expr(e.Lower)
	f.text(":")
	f.expr(e.Upper)
	if e.Step != nil {
		f.text(" :")
		f.expr(e.Step)
	}
	f.text("]")
}

func (f *formatter) interval(e *IntervalLit) {
	f.text("INTERVAL")
	q := e.Qualifier
	if q != nil && q.From == FieldNone {
		f.intervalQualifier(q, "")
		q = nil
	}
	f.text(" ")
	f.option(e.Negative, "-")
	if s, ok := e.Value.(*StringLit); ok {
		f.string(s.Value)
	} else {
		f.text("(")
		f.expr(e.Value)
		f.text(")")
	}
	if q != nil {
		f.intervalQualifier(q, " ")
	}
}

func (f *formatter) star(s *Star) {
	switch {
	case s.Row != nil:
		f.indirect(s.Row, true)
		f.text(".")
	case len(s.Qualifier) > 0:
		f.names(s.Qualifier)
		f.text(".")
	}
	f.text("*")
	if s.Exclude != nil {
		f.text(" EXCLUDE (")
		f.objects(s.Exclude)
		f.text(")")
	}
	if s.Replace != nil {
		f.text(" REPLACE ")
		f.paren(len(s.Replace), func(i int) { f.selectItem(s.Replace[i]) })
	}
	if s.Rename != nil {
		f.text(" RENAME ")
		f.paren(len(s.Rename), func(i int) {
			f.names(s.Rename[i].From)
			f.text(" AS ")
			f.name(s.Rename[i].To)
		})
	}
}
