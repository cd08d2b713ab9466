package types

// appendList appends an array, or a vector of numbers parted by spaces.
func appendList(dst []byte, t Type, v Value, f *Format) []byte {
	elem := t.ElemType()
	if t.Kind != Array {
		for i, e := range v.L {
			if i > 0 {
				dst = append(dst, ' ')
			}
			dst = AppendInt64(dst, e.I)
		}
		return dst
	}
	dst = append(dst, '{')
	for i, e := range v.L {
		if i > 0 {
			dst = append(dst, ',')
		}
		if e.Null {
			dst = append(dst, "NULL"...)
			continue
		}
		from := len(dst)
		dst = AppendText(dst, elem, e, f)
		if elem.Kind != Array {
			dst = QuoteArrayElement(dst, from)
		}
	}
	return append(dst, '}')
}

// appendRow appends a composite value.
func appendRow(dst []byte, t Type, v Value, f *Format) []byte {
	dst = append(dst, '(')
	for i, e := range v.L {
		if i > 0 {
			dst = append(dst, ',')
		}
		if e.Null || i >= len(t.Fields) {
			continue
		}
		from := len(dst)
		dst = AppendText(dst, t.Fields[i].Type, e, f)
		dst = QuoteRowField(dst, from)
	}
	return append(dst, ')')
}

// quoteRule says when a text needs quotes in an array or row.
type quoteRule struct {
	special   [256]bool // needs quotes
	backslash bool      // escapes with \ instead of doubling
}

var (
	arrayQuotes = makeQuoteRule(`{},"\`, true)
	rowQuotes   = makeQuoteRule(`(),"\`, false)
)

func makeQuoteRule(special string, backslash bool) *quoteRule {
	r := quoteRule{backslash: backslash}
	for _, c := range []byte(special + " \t\n\v\f\r") {
		r.special[c] = true
	}
	return &r
}

// QuoteArrayElement puts dst[from:], the text of an array's element, in quotes
// where it needs them.
func QuoteArrayElement(dst []byte, from int) []byte {
	s := dst[from:]
	null := len(s) == 4 && s[0]|0x20 == 'n' && s[1]|0x20 == 'u' && s[2]|0x20 == 'l' && s[3]|0x20 == 'l'
	return quoteTail(dst, from, arrayQuotes, null)
}

// QuoteRowField puts dst[from:], the text of a row's field, in quotes where it
// needs them.
func QuoteRowField(dst []byte, from int) []byte { return quoteTail(dst, from, rowQuotes, false) }

func quoteTail(dst []byte, from int, rule *quoteRule, force bool) []byte {
	n := len(dst) - from
	force = force || n == 0
	escapes := 0
	for _, c := range dst[from:] {
		force = force || rule.special[c]
		if c == '"' || c == '\\' {
			escapes++
		}
	}
	if !force {
		return dst
	}
	for range escapes + 2 {
		dst = append(dst, '"')
	}
	// From the end, so that nothing is overwritten before it has moved.
	w := len(dst) - 2
	for i := from + n - 1; i >= from; i-- {
		c := dst[i]
		dst[w] = c
		w--
		if c == '"' || c == '\\' {
			dst[w] = c
			if rule.backslash {
				dst[w] = '\\'
			}
			w--
		}
	}
	dst[from] = '"'
	return dst
}
