package parquet

import (
	"github.com/muster-sql/muster/connectors/internal/parquet/format"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Bounds of a schema.
const (
	schemaDepthMax  = 64
	schemaLeavesMax = 100_000
)

type nodeKind uint8

const (
	leafNode nodeKind = iota
	structNode
	listNode // one child
	mapNode  // key and value
)

// Node is a field of a file's schema with the SQL type it is read as. Levels
// are those of the Dremel encoding.
type Node struct {
	Name     string
	Type     types.Type
	Optional bool
	FieldID  int32 // -1 none

	kind    nodeKind
	def     uint8 // definition level from which the value is not null
	rep     uint8 // repetition level of the slots of this field
	base    uint8 // definition level from which the slot exists
	elemDef uint8 // of lists: level from which an element exists
	kids    []*Node
	leaf    int // of leaves: number of the column chunk
	element *format.SchemaElement
	conv    conversion
	refused string // why the column cannot be read; empty: it can
	filter  bool   // bounds of statistics order as the SQL type does
}

// leaves appends the leaves below n in order.
func (n *Node) leaves(to []*Node) []*Node {
	if n.kind == leafNode {
		return append(to, n)
	}
	for _, k := range n.kids {
		to = k.leaves(to)
	}
	return to
}

// refusal returns why the field cannot be read, of the first leaf that cannot.
func (n *Node) refusal() string {
	if n.refused != "" {
		return n.refused
	}
	for _, k := range n.kids {
		if r := k.refusal(); r != "" {
			return r
		}
	}
	return ""
}

// schemaReader turns the depth-first list of elements into trees.
type schemaReader struct {
	elements []format.SchemaElement
	pos      int
	leaves   []*Node
}

// levels are where a field stands.
type levels struct{ def, rep, base uint8 }

func buildSchema(f *format.Footer) (fields, leaves []*Node, err error) {
	if len(f.Schema) == 0 || f.Schema[0].Children < 0 {
		return nil, nil, sqlerr.New(sqlerr.DataCorrupted, "schema has no root")
	}
	r := &schemaReader{elements: f.Schema, pos: 1}
	for range f.Schema[0].Children {
		n, err := r.field(levels{}, 1)
		if err != nil {
			return nil, nil, err
		}
		fields = append(fields, n)
	}
	if r.pos != len(r.elements) {
		return nil, nil, sqlerr.New(sqlerr.DataCorrupted, "schema has fields that belong to nothing: %d", len(r.elements)-r.pos)
	}
	return fields, r.leaves, nil
}

func (r *schemaReader) next(depth int) (*format.SchemaElement, error) {
	if r.pos >= len(r.elements) {
		return nil, sqlerr.New(sqlerr.DataCorrupted, "schema ends too early")
	}
	e := &r.elements[r.pos]
	r.pos++
	group := e.Type < 0
	switch {
	case depth > schemaDepthMax:
		return nil, sqlerr.New(sqlerr.ProgramLimit, "schema is nested more than %d deep: %s", schemaDepthMax, e.Name)
	case e.Children < 0 || int(e.Children) > len(r.elements)-r.pos:
		return nil, sqlerr.New(sqlerr.DataCorrupted, "field has an impossible number of children: %s", e.Name)
	case group && e.Children == 0:
		return nil, sqlerr.New(sqlerr.DataCorrupted, "field has neither a type nor children: %s", e.Name)
	case !group && e.Children > 0:
		return nil, sqlerr.New(sqlerr.DataCorrupted, "field has both a type and children: %s", e.Name)
	case e.Type > format.FixedLenByteArray:
		return nil, sqlerr.New(sqlerr.DataCorrupted, "field has an unknown physical type: %s", e.Name)
	case e.Repetition > format.Repeated:
		return nil, sqlerr.New(sqlerr.DataCorrupted, "field has an unknown repetition: %s", e.Name)
	case e.Type == format.FixedLenByteArray && (e.TypeLength <= 0 || e.TypeLength > fixedLengthMax):
		return nil, sqlerr.New(sqlerr.DataCorrupted, "field has an impossible length of %d bytes: %s", e.TypeLength, e.Name)
	}
	return e, nil
}

const fixedLengthMax = 1 << 20

// field reads a field whose repetition has not been looked at.
func (r *schemaReader) field(at levels, depth int) (*Node, error) {
	e, err := r.next(depth)
	if err != nil {
		return nil, err
	}
	if e.Repetition != format.Repeated {
		return r.value(e, at, e.Repetition == format.Optional, depth)
	}
	// A repeated field outside of a LIST is a list of required elements.
	list := &Node{Name: e.Name, kind: listNode, FieldID: e.FieldID, def: at.def, rep: at.rep, base: at.base, elemDef: at.def + 1}
	elem, err := r.value(e, inside(at), false, depth+1)
	if err != nil {
		return nil, err
	}
	list.kids, list.Type = []*Node{elem}, types.ArrayOf(elem.Type)
	return list, nil
}

// inside returns the levels of an element of a repeated field at at.
func inside(at levels) levels {
	return levels{def: at.def + 1, rep: at.rep + 1, base: at.def + 1}
}

// value reads what the element e holds, once a slot of it.
func (r *schemaReader) value(e *format.SchemaElement, at levels, optional bool, depth int) (*Node, error) {
	n := &Node{Name: e.Name, Optional: optional, FieldID: e.FieldID, def: at.def, rep: at.rep, base: at.base, element: e}
	if optional {
		n.def++
	}
	if e.Type >= 0 {
		if len(r.leaves) >= schemaLeavesMax {
			return nil, sqlerr.New(sqlerr.TooManyColumns, "schema has more than %d columns", schemaLeavesMax)
		}
		n.leaf = len(r.leaves)
		r.leaves = append(r.leaves, n)
		leafType(n)
		return n, nil
	}
	below := levels{def: n.def, rep: n.rep, base: n.base}
	switch {
	case e.Logical.Kind == format.LogList || e.Logical.Kind == format.NoLogical && e.Converted == format.ConvList:
		if e.Children == 1 && r.peek().Repetition == format.Repeated {
			return n, r.list(n, below, depth)
		}
	case e.Logical.Kind == format.LogMap || e.Logical.Kind == format.NoLogical && (e.Converted == format.ConvMap || e.Converted == format.ConvMapKeyValue):
		if k := r.peek(); e.Children == 1 && k.Repetition == format.Repeated && k.Type < 0 && (k.Children == 1 || k.Children == 2) {
			return n, r.mapping(n, below, depth)
		}
	}
	n.kind = structNode
	n.Type = types.Type{Kind: types.Row}
	for range e.Children {
		k, err := r.field(below, depth+1)
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, k)
		n.Type.Fields = append(n.Type.Fields, types.Field{Name: k.Name, Type: k.Type})
	}
	if e.Logical.Kind == format.LogVariant {
		n.refused = "type VARIANT is not supported"
	}
	return n, nil
}

// peek returns the next element, of a group that has children.
func (r *schemaReader) peek() *format.SchemaElement {
	if r.pos < len(r.elements) {
		return &r.elements[r.pos]
	}
	return &format.SchemaElement{Type: 0}
}

// list reads the repeated child of a group annotated LIST, by the rules of
// backward compatibility of the specification.
func (r *schemaReader) list(n *Node, at levels, depth int) error {
	rep, err := r.next(depth + 1)
	if err != nil {
		return err
	}
	n.kind, n.elemDef = listNode, at.def+1
	var elem *Node
	two := rep.Type >= 0 || rep.Children > 1 || rep.Name == "array" || rep.Name == n.Name+"_tuple" ||
		r.peek().Repetition == format.Repeated
	if two { // the repeated field is the element itself
		elem, err = r.value(rep, inside(at), false, depth+2)
	} else {
		elem, err = r.field(inside(at), depth+2)
	}
	if err != nil {
		return err
	}
	n.kids, n.Type = []*Node{elem}, types.ArrayOf(elem.Type)
	return nil
}

// mapping reads the repeated group of a MAP; one without values is a list of keys.
func (r *schemaReader) mapping(n *Node, at levels, depth int) error {
	kv, err := r.next(depth + 1)
	if err != nil {
		return err
	}
	n.elemDef = at.def + 1
	for range kv.Children {
		k, err := r.field(inside(at), depth+2)
		if err != nil {
			return err
		}
		n.kids = append(n.kids, k)
	}
	if len(n.kids) == 1 {
		n.kind, n.Type = listNode, types.ArrayOf(n.kids[0].Type)
		return nil
	}
	n.kind, n.Type = mapNode, types.MapOf(n.kids[0].Type, n.kids[1].Type)
	return nil
}
