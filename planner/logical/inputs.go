package logical

import "slices"

// Inputs implements Node.
func (n *Scan) Inputs() []Node { return nil }

// Inputs implements Node.
func (n *Values) Inputs() []Node { return nil }

// Inputs implements Node.
func (n *Series) Inputs() []Node { return nil }

// Inputs implements Node.
func (n *Filter) Inputs() []Node { return []Node{n.In} }

// Inputs implements Node.
func (n *Project) Inputs() []Node { return []Node{n.In} }

// Inputs implements Node.
func (n *Aggregate) Inputs() []Node { return []Node{n.In} }

// Inputs implements Node.
func (n *Join) Inputs() []Node { return []Node{n.L, n.R} }

// Inputs implements Node.
func (n *Apply) Inputs() []Node { return []Node{n.L, n.R} }

// Inputs implements Node.
func (n *Sort) Inputs() []Node { return []Node{n.In} }

// Inputs implements Node.
func (n *TopN) Inputs() []Node { return []Node{n.In} }

// Inputs implements Node.
func (n *Limit) Inputs() []Node { return []Node{n.In} }

// Inputs implements Node.
func (n *Distinct) Inputs() []Node { return []Node{n.In} }

// Inputs implements Node.
func (n *SetOp) Inputs() []Node { return n.In }

// Inputs implements Node.
func (n *SingleRow) Inputs() []Node { return []Node{n.In} }

// Inputs implements Node.
func (n *Unnest) Inputs() []Node { return []Node{n.In} }

// Inputs implements Node.
func (n *Window) Inputs() []Node { return []Node{n.In} }

// Inputs implements Node.
func (n *Write) Inputs() []Node { return []Node{n.In} }

// Inputs implements Node.
func (n *AssignID) Inputs() []Node { return []Node{n.In} }

// Inputs implements Node: the shared plan is not the reference's own.
func (n *SharedRef) Inputs() []Node { return nil }

// WithInputs implements Node.
func (n *Scan) WithInputs([]Node) Node { return n }

// WithInputs implements Node.
func (n *Values) WithInputs([]Node) Node { return n }

// WithInputs implements Node.
func (n *Series) WithInputs([]Node) Node { return n }

// WithInputs implements Node.
func (n *Filter) WithInputs(in []Node) Node { c := *n; c.In = in[0]; return &c }

// WithInputs implements Node.
func (n *Project) WithInputs(in []Node) Node { c := *n; c.In = in[0]; return &c }

// WithInputs implements Node.
func (n *Aggregate) WithInputs(in []Node) Node { c := *n; c.In = in[0]; return &c }

// WithInputs implements Node.
func (n *Join) WithInputs(in []Node) Node { c := *n; c.L, c.R = in[0], in[1]; return &c }

// WithInputs implements Node.
func (n *Apply) WithInputs(in []Node) Node { c := *n; c.L, c.R = in[0], in[1]; return &c }

// WithInputs implements Node.
func (n *Sort) WithInputs(in []Node) Node { c := *n; c.In = in[0]; return &c }

// WithInputs implements Node.
func (n *TopN) WithInputs(in []Node) Node { c := *n; c.In = in[0]; return &c }

// WithInputs implements Node.
func (n *Limit) WithInputs(in []Node) Node { c := *n; c.In = in[0]; return &c }

// WithInputs implements Node.
func (n *Distinct) WithInputs(in []Node) Node { c := *n; c.In = in[0]; return &c }

// WithInputs implements Node.
func (n *SetOp) WithInputs(in []Node) Node { c := *n; c.In = slices.Clone(in); return &c }

// WithInputs implements Node.
func (n *SingleRow) WithInputs(in []Node) Node { c := *n; c.In = in[0]; return &c }

// WithInputs implements Node.
func (n *Unnest) WithInputs(in []Node) Node { c := *n; c.In = in[0]; return &c }

// WithInputs implements Node.
func (n *Window) WithInputs(in []Node) Node { c := *n; c.In = in[0]; return &c }

// WithInputs implements Node.
func (n *Write) WithInputs(in []Node) Node { c := *n; c.In = in[0]; return &c }

// WithInputs implements Node.
func (n *AssignID) WithInputs(in []Node) Node { c := *n; c.In = in[0]; return &c }

// WithInputs implements Node.
func (n *SharedRef) WithInputs([]Node) Node { return n }
