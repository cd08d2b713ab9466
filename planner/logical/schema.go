package logical

import "slices"

// Schema implements Node.
func (n *Scan) Schema() []Col { return n.Cols }

// Schema implements Node.
func (n *Values) Schema() []Col { return n.Cols }

// Schema implements Node.
func (n *Series) Schema() []Col { return []Col{n.Col} }

// Schema implements Node.
func (n *Filter) Schema() []Col { return n.In.Schema() }

// Schema implements Node.
func (n *Project) Schema() []Col {
	out := make([]Col, len(n.Items))
	for i, it := range n.Items {
		out[i] = it.Col
	}
	return out
}

// Schema implements Node.
func (n *Aggregate) Schema() []Col {
	out := make([]Col, 0, len(n.Groups)+len(n.Calls)+1)
	for _, g := range n.Groups {
		out = append(out, g.Col)
	}
	if n.Sets != nil {
		out = append(out, n.SetCol)
	}
	for _, c := range n.Calls {
		out = append(out, c.Col)
	}
	return out
}

// Schema implements Node.
func (n *Join) Schema() []Col {
	l := n.L.Schema()
	switch n.Kind {
	case Semi, Anti:
		return l
	case Mark:
		return append(slices.Clip(l), n.Mark)
	}
	r := n.R.Schema()
	if n.Kind == Left || n.Kind == Full {
		r = Nullable(r)
	}
	if n.Kind == Right || n.Kind == Full {
		l = Nullable(l)
	}
	return append(slices.Clip(l), r...)
}

// Nullable returns the columns as an outer join gives them.
func Nullable(cols []Col) []Col {
	out := slices.Clone(cols)
	for i := range out {
		out[i].NotNull = false
	}
	return out
}

// Schema implements Node.
func (n *Apply) Schema() []Col {
	l := n.L.Schema()
	switch n.Kind {
	case ApplyMark:
		return append(slices.Clip(l), n.Mark)
	case ApplyLeft:
		return append(slices.Clip(l), Nullable(n.R.Schema())...)
	default:
		return append(slices.Clip(l), n.R.Schema()...)
	}
}

// Schema implements Node.
func (n *Sort) Schema() []Col { return n.In.Schema() }

// Schema implements Node.
func (n *TopN) Schema() []Col { return n.In.Schema() }

// Schema implements Node.
func (n *Limit) Schema() []Col { return n.In.Schema() }

// Schema implements Node.
func (n *Distinct) Schema() []Col { return n.In.Schema() }

// Schema implements Node.
func (n *SetOp) Schema() []Col { return n.Cols }

// Schema implements Node.
func (n *SingleRow) Schema() []Col { return Nullable(n.In.Schema()) }

// Schema implements Node.
func (n *Unnest) Schema() []Col {
	out := append(slices.Clip(n.In.Schema()), n.Cols...)
	if n.Ordinality != nil {
		out = append(out, *n.Ordinality)
	}
	return out
}

// Schema implements Node.
func (n *Window) Schema() []Col {
	out := slices.Clip(n.In.Schema())
	for _, c := range n.Calls {
		out = append(out, c.Col)
	}
	return out
}

// Schema implements Node.
func (n *Write) Schema() []Col { return n.Out[:] }

// Schema implements Node.
func (n *AssignID) Schema() []Col { return append(slices.Clip(n.In.Schema()), n.Col) }

// Schema implements Node.
func (n *SharedRef) Schema() []Col { return n.Cols }
