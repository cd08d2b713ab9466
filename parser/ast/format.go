package ast

import (
	"strconv"
	"strings"
)

// Format prints a node as SQL on one line. Parsing the text of a statement,
// expression or type gives the same tree again, positions apart.
func Format(n Node) string {
	var f formatter
	f.node(n)
	return f.String()
}

// formatter is the text made so far.
type formatter struct {
	strings.Builder
}

func (f *formatter) node(n Node) {
	switch n := n.(type) {
	case nil:
	case Statement:
		f.statement(n)
	case Expr:
		f.expr(n)
	case Relation:
		f.relation(n)
	case QueryBody:
		f.body(n)
	case *TypeName:
		f.typeName(n)
	case *SelectItem:
		f.selectItem(*n)
	case *OrderItem:
		f.orderItem(*n)
	case *WindowSpec:
		f.window(n)
	case *ColumnDef:
		f.columnDef(n)
	case ObjectName:
		f.names(n)
	}
}

// text writes its arguments as they are.
func (f *formatter) text(parts ...string) {
	for _, s := range parts {
		f.WriteString(s)
	}
}

// option writes a word and a space when a flag is set.
func (f *formatter) option(on bool, text string) {
	if on {
		f.text(text)
	}
}

// list calls item for 0 … n-1 with commas between.
func (f *formatter) list(n int, item func(int)) {
	for i := range n {
		if i > 0 {
			f.text(", ")
		}
		item(i)
	}
}

// paren is list in parentheses.
func (f *formatter) paren(n int, item func(int)) {
	f.text("(")
	f.list(n, item)
	f.text(")")
}

func (f *formatter) name(n Name) { f.text(QuoteName(n)) }

func (f *formatter) names(parts []Name) {
	for i, n := range parts {
		if i > 0 {
			f.text(".")
		}
		f.name(n)
	}
}

// columns writes (a, b).
func (f *formatter) columns(list []Name) {
	f.paren(len(list), func(i int) { f.name(list[i]) })
}

// optionalColumns writes (a, b) after a space, or nothing.
func (f *formatter) optionalColumns(list []Name) {
	if len(list) > 0 {
		f.text(" ")
		f.columns(list)
	}
}

func (f *formatter) objects(list []ObjectName) {
	f.list(len(list), func(i int) { f.names(list[i]) })
}

func (f *formatter) number(n int) { f.text(strconv.Itoa(n)) }

func (f *formatter) string(s string) { f.text(QuoteString(s)) }

func (f *formatter) exprs(list []Expr) {
	f.list(len(list), func(i int) { f.expr(list[i]) })
}

func (f *formatter) parenExprs(list []Expr) {
	f.text("(")
	f.exprs(list)
	f.text(")")
}

// typeName writes a type.
func (f *formatter) typeName(t *TypeName) {
	if t == nil {
		return
	}
	f.option(t.SetOf, "SETOF ")
	f.names(t.Name)
	if t.Interval != nil {
		f.intervalQualifier(t.Interval, " ")
	}
	switch {
	case t.Fields != nil:
		f.paren(len(t.Fields), func(i int) {
			if n := t.Fields[i].Name; !n.IsZero() {
				f.name(n)
				f.text(" ")
			}
			f.typeName(t.Fields[i].Type)
		})
	case len(t.Params)+len(t.Mods)+len(t.Labels) > 0:
		f.text("(")
		f.list(len(t.Params), func(i int) { f.typeName(t.Params[i]) })
		f.option(len(t.Params) > 0 && len(t.Mods)+len(t.Labels) > 0, ", ")
		f.list(len(t.Mods), func(i int) { f.number(t.Mods[i]) })
		f.option(len(t.Mods) > 0 && len(t.Labels) > 0, ", ")
		f.list(len(t.Labels), func(i int) { f.string(t.Labels[i]) })
		f.text(")")
	}
	for _, n := range t.Array {
		f.text("[")
		if n > 0 {
			f.number(n)
		}
		f.text("]")
	}
}

var intervalFieldWords = [...]string{
	FieldYear: "YEAR", FieldMonth: "MONTH", FieldDay: "DAY", FieldHour: "HOUR", FieldMinute: "MINUTE",
	FieldSecond: "SECOND", FieldWeek: "WEEK", FieldQuarter: "QUARTER", FieldDecade: "DECADE",
	FieldCentury: "CENTURY", FieldMillennium: "MILLENNIUM", FieldMillisecond: "MILLISECOND",
	FieldMicrosecond: "MICROSECOND",
}

// String returns the key word of the field.
func (i IntervalField) String() string { return intervalFieldWords[i] }

// intervalQualifier writes DAY TO SECOND(3), after a separator; a precision alone
// is (3).
func (f *formatter) intervalQualifier(q *IntervalQualifier, separator string) {
	if q.From != FieldNone {
		f.text(separator, q.From.String())
	}
	if q.To != FieldNone {
		f.text(" TO ", q.To.String())
	}
	if q.Precision != nil {
		f.text("(", strconv.Itoa(*q.Precision), ")")
	}
}

// optionalString writes a word and a string after it, or nothing.
func (f *formatter) optionalString(word string, s *string) {
	if s != nil {
		f.text(word)
		f.string(*s)
	}
}
