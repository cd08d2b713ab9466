package ast

// TypeName is a type as written. The SQL spellings are already PostgreSQL's
// internal names: INT, INTEGER → int4; SMALLINT → int2; BIGINT → int8; REAL →
// float4; FLOAT(p), DOUBLE PRECISION → float4 or float8; DECIMAL, DEC → numeric;
// BOOLEAN → bool; CHAR(n) → bpchar; CHARACTER VARYING → varchar; TIME and
// TIMESTAMP WITH TIME ZONE → timetz, timestamptz; BIT VARYING → varbit. Any other
// name is kept; only a quoted "char" is the one-byte type.
type TypeName struct {
	Pos
	Name     ObjectName
	Mods     []int       // numeric(10,2), timestamp(3), bpchar(1)
	Params   []*TypeName // array(t), map(k, v), decorated names such as geometry(point)
	Fields   []TypeField // row(a t, b u), struct(a t)
	Labels   []string    // enum('a', 'b')
	Interval *IntervalQualifier
	Array    []int // one entry a dimension of t[] or t[3]; 0 is no bound
	SetOf    bool
}

// TypeField is a field of a row type; Name may be zero.
type TypeField struct {
	Pos
	Name Name
	Type *TypeName
}
