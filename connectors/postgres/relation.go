package postgres

import (
	"strconv"

	"github.com/muster-sql/muster/connectors/internal/sqlsource"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/codec"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// relation is what a scan needs to know of a remote table: plain data that
// travels in Table.Private and Scan.Private.
type relation struct {
	OID    uint32
	Kind   string // pg_class.relkind
	Heap   bool   // ctid ranges can cut it
	Bytes  int64
	Pages  int64
	Tuples float64
	UTF8   bool // the server's text is UTF-8
	Number int  // of the server's version: 150018
	Cols   []remoteColumn
	Leads  []int // columns that an index begins with
}

// remoteColumn is a column as the server has it.
type remoteColumn struct {
	Name string
	Type types.Type
	Read readAs
	Coll collation
}

// readAs says in which form a column is asked for.
type readAs uint8

// The forms: its own binary one, its text, an array of the texts of its elements.
const (
	readPlain readAs = iota
	readText
	readTexts
)

// collation says how text of a column compares.
type collation uint8

// The collations, from the best to the worst: as bytes; equal when the bytes
// are; anything.
const (
	collBytes collation = iota
	collDeterministic
	collOther
)

// private is Scan.Private.
type private struct {
	Rel   relation
	Query *sqlsource.Select // nil: nothing has been pushed
}

func (p *private) encode() ([]byte, error) { return codec.Marshal(*p) }

func decodePrivate(b []byte) (*private, error) {
	p, err := codec.Unmarshal[private](b)
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// columns returns expressions that read columns of the table.
func (r *relation) columns(at []int) []expr.Expr {
	out := make([]expr.Expr, len(at))
	for i, c := range at {
		out[i] = &expr.Column{Index: c, Typ: r.Cols[c].Type, Name: r.Cols[c].Name, At: -1}
	}
	return out
}

// query returns what the scan computes; a scan that nothing was pushed into
// selects its columns.
func (p *private) query(scan *spi.Scan) *sqlsource.Select {
	if p.Query != nil {
		return p.Query
	}
	return sqlsource.Over(nil, p.Rel.columns(scan.Columns))
}

// typeOf maps a type of the server. ok is false for one that has no kind here.
func typeOf(oid uint32, typmod int32) (t types.Type, ok bool) {
	t, ok = types.FromOID(oid, typmod)
	if !ok {
		return t, false
	}
	elem := t
	if t.Kind == types.Array {
		elem = t.ElemType()
	}
	switch elem.Kind {
	case types.Bool, types.Int16, types.Int32, types.Int64, types.Float32, types.Float64, types.Decimal, types.Numeric,
		types.Date, types.Time, types.TimeTZ, types.Timestamp, types.TimestampTZ, types.Interval, types.Text, types.Varchar,
		types.Char, types.Bytea, types.UUID, types.JSON, types.JSONB, types.Name, types.InternalChar, types.OID, types.XID:
		return t, true
	case types.Int2Vector, types.OIDVector:
		return t, t.Kind != types.Array
	}
	return t, false
}

// dataType is a row of pg_type.
type dataType struct {
	name    string
	kind    string // typtype
	base    uint32 // of a domain
	typmod  int32
	elem    uint32 // of an array
	isArray bool
}

// mapped is how a column of a type is read; note is not empty when the type
// is shown as text.
func mapped(oid uint32, typmod int32, extra map[uint32]dataType) (t types.Type, r readAs, note string) {
	name := ""
	for range 64 { // domains over domains
		if t, ok := typeOf(oid, typmod); ok {
			return t, readPlain, ""
		}
		d, known := extra[oid]
		if name == "" {
			if name = d.name; !known {
				name = "type " + strconv.FormatUint(uint64(oid), 10)
			}
		}
		if d.kind != "d" || d.base == 0 {
			break
		}
		if oid = d.base; d.typmod >= 0 {
			typmod = d.typmod
		}
	}
	d := extra[oid]
	switch {
	case d.kind == "e":
		return types.Of(types.Text), readText, "PostgreSQL enum " + name
	case d.isArray:
		return types.ArrayOf(types.Of(types.Text)), readTexts, "PostgreSQL " + name + ", its elements read as text"
	}
	return types.Of(types.Text), readText, "PostgreSQL " + name + ", read as text"
}
