package command

import (
	"strings"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/coordinator/session"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/parser/ast"
)

// copy carries out COPY to and from the client.
func (c *call) copy(a *ast.Copy) (session.Result, error) {
	if !a.Client {
		return nil, sqlerr.Unsupported("COPY to or from a file of the server is not supported").At(a.At()).
			WithHint("Use COPY with STDIN or STDOUT, or psql's \\copy.")
	}
	if a.From {
		return c.copyIn(a)
	}
	q, err := copiedQuery(a)
	if err != nil {
		return nil, err
	}
	r, err := c.submit(q)
	if err != nil {
		return nil, err
	}
	f, err := readCopyFormat(a, r.Columns())
	if err != nil {
		_ = r.Close()
		return nil, err
	}
	return &copyOut{running: r, format: f}, nil
}

// copiedQuery is the query whose rows a COPY gives.
func copiedQuery(a *ast.Copy) (*ast.Query, error) {
	if a.Query != nil {
		q, ok := a.Query.(*ast.Query)
		if !ok {
			return nil, sqlerr.Unsupported("COPY of a statement that writes is not supported").At(a.Query.At())
		}
		return q, nil
	}
	sel := &ast.Select{From: []ast.Relation{&ast.TableRef{Pos: ast.Pos(a.Table.At()), Name: a.Table}}}
	for _, n := range a.Columns {
		sel.Items = append(sel.Items, ast.SelectItem{Pos: n.Pos, Expr: &ast.ColumnRef{Pos: n.Pos, Parts: []ast.Name{n}}})
	}
	if len(a.Columns) == 0 {
		sel.Items = []ast.SelectItem{{Expr: &ast.Star{Pos: ast.Pos(a.Table.At())}}}
	}
	return &ast.Query{Span: a.Extent(), Body: sel}, nil
}

// copyOut is a query whose rows go out as the data of a COPY.
type copyOut struct {
	*running
	format *session.CopyFormat
}

var _ session.CopyOut = (*copyOut)(nil)

// Copy implements session.CopyOut.
func (o *copyOut) Copy() *session.CopyFormat { return o.format }

// Tag implements session.Result.
func (o *copyOut) Tag(rows int64) string { return "COPY " + itoa(rows) }

// readCopyFormat reads the options of a COPY over columns.
func readCopyFormat(a *ast.Copy, cols []plan.Column) (*session.CopyFormat, error) {
	f := &session.CopyFormat{Delimiter: '\t', Null: `\N`, Quote: '"'}
	for _, o := range a.Options {
		if strings.EqualFold(settingName(o.Name), "format") {
			switch v, _ := o.Text(); strings.ToLower(v) {
			case "text":
			case "csv":
				f.Kind, f.Delimiter, f.Null = session.CopyCSV, ',', ""
			case "binary":
				f.Kind = session.CopyBinary
			default:
				return nil, sqlerr.New(sqlerr.InvalidParameterValue, "COPY format \"%s\" not recognized", v).At(o.At())
			}
		}
	}
	for _, o := range a.Options {
		if err := copyOption(f, o, a.From, cols); err != nil {
			return nil, err
		}
	}
	if f.Escape == 0 {
		f.Escape = f.Quote
	}
	if f.Kind == session.CopyCSV && (f.Delimiter == f.Quote || strings.ContainsAny(f.Null, string([]byte{f.Quote, '\n', '\r'}))) {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "COPY delimiter, quote and null marker must be different").At(a.At())
	}
	return f, nil
}

// copyOption applies one option.
func copyOption(f *session.CopyFormat, o ast.Option, from bool, cols []plan.Column) error {
	name := strings.ToLower(settingName(o.Name))
	text, _ := o.Text()
	var err error
	one := func(to *byte, csvOnly bool) error {
		switch {
		case f.Kind == session.CopyBinary || csvOnly && f.Kind != session.CopyCSV:
			return sqlerr.New(sqlerr.SyntaxError, "COPY %s is not available in this format", strings.ToUpper(name)).At(o.At())
		case len(text) != 1 || strings.ContainsAny(text, "\n\r"):
			return sqlerr.New(sqlerr.InvalidParameterValue, "COPY %s must be a single one-byte character", name).At(o.At())
		}
		*to = text[0]
		return nil
	}
	switch name {
	case "format", "freeze", "default":
		if name == "default" {
			err = sqlerr.Unsupported("COPY option DEFAULT is not supported").At(o.At())
		}
	case "delimiter":
		err = one(&f.Delimiter, false)
	case "quote":
		err = one(&f.Quote, true)
	case "escape":
		err = one(&f.Escape, true)
	case "null":
		f.Null = text
	case "header":
		f.Header = o.Value == nil || !strings.EqualFold(text, "false") && text != "0" && !strings.EqualFold(text, "off")
		if f.Header && f.Kind == session.CopyBinary {
			err = sqlerr.New(sqlerr.SyntaxError, "COPY HEADER is not available in binary mode").At(o.At())
		}
	case "encoding":
		if u := strings.ToUpper(strings.ReplaceAll(text, "-", "")); u != "UTF8" {
			err = sqlerr.Unsupported("COPY in encoding %s is not supported", text).At(o.At())
		}
	case "force_quote":
		f.ForceQuote, err = chosen(o, cols)
	case "force_not_null":
		f.ForceNotNull, err = chosen(o, cols)
	case "force_null":
		f.ForceNull, err = chosen(o, cols)
	default:
		err = sqlerr.New(sqlerr.SyntaxError, "option \"%s\" not recognized", name).At(o.At())
	}
	if err == nil && strings.HasPrefix(name, "force_") && (f.Kind != session.CopyCSV || from == (name == "force_quote")) {
		err = sqlerr.New(sqlerr.SyntaxError, "COPY option %s is not available here", strings.ToUpper(name)).At(o.At())
	}
	return err
}

// chosen marks the columns that an option lists; * is all.
func chosen(o ast.Option, cols []plan.Column) ([]bool, error) {
	out := make([]bool, len(cols))
	mark := func(n ast.Name) error {
		for i, c := range cols {
			if c.Name == n.Text {
				out[i] = true
				return nil
			}
		}
		return sqlerr.New(sqlerr.UndefinedColumn, "column \"%s\" is not among those that are copied", n.Text).At(n.At())
	}
	switch v := o.Value.(type) {
	case *ast.Star:
		for i := range out {
			out[i] = true
		}
	case *ast.ColumnRef:
		return out, mark(v.Parts[len(v.Parts)-1])
	case *ast.Row:
		for _, e := range v.Elems {
			ref, ok := e.(*ast.ColumnRef)
			if !ok {
				return nil, sqlerr.New(sqlerr.SyntaxError, "option takes a list of columns").At(e.At())
			}
			if err := mark(ref.Parts[len(ref.Parts)-1]); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
