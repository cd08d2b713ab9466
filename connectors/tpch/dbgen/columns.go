package dbgen

// Kind says how a column's values are stored in a Vector.
type Kind uint8

// The kinds.
const (
	Bigint  Kind = iota // Int64
	Integer             // Int32
	Decimal             // Int64, in hundredths
	Date                // Int32, days since 1970-01-01
	Enum                // Int32, codes into Column.Values
	Text                // Offsets and Data
)

// Column describes a column of a table.
type Column struct {
	Name   string
	Kind   Kind
	Length int      // of Enum and Text: the most bytes the benchmark allows
	Values []string // of Enum: what the codes mean; shared, not to be changed
}

// Vector holds the generated values of one column, in the fields that its kind
// names. Text value i is Data[Offsets[i]:Offsets[i+1]].
type Vector struct {
	Int64   []int64
	Int32   []int32
	Offsets []int32
	Data    []byte
}

// String returns text value i; for tests and tools.
func (v *Vector) String(i int) string { return string(v.Data[v.Offsets[i]:v.Offsets[i+1]]) }

// Columns returns the columns of a table. The result is shared.
func (g *Generator) Columns(t Table) []Column { return g.columns[t] }

// Positions of the columns.
const (
	regionKey = iota
	regionName
	regionComment
)

const (
	nationKey = iota
	nationName
	nationRegionKey
	nationComment
)

const (
	supplierKey = iota
	supplierName
	supplierAddress
	supplierNation
	supplierPhone
	supplierBalance
	supplierComment
)

const (
	customerKey = iota
	customerName
	customerAddress
	customerNation
	customerPhone
	customerBalance
	customerSegment
	customerComment
)

const (
	partKey = iota
	partName
	partMfgr
	partBrand
	partType
	partSize
	partContainer
	partPrice
	partComment
)

const (
	partSuppPart = iota
	partSuppSupplier
	partSuppQty
	partSuppCost
	partSuppComment
)

const (
	orderKey = iota
	orderCustomer
	orderStatus
	orderTotal
	orderDate
	orderPriority
	orderClerk
	orderShipPriority
	orderComment
)

const (
	lineOrder = iota
	linePart
	lineSupplier
	lineNumber
	lineQuantity
	linePrice
	lineDiscount
	lineTax
	lineReturnFlag
	lineStatus
	lineShipDate
	lineCommitDate
	lineReceiptDate
	lineInstruct
	lineMode
	lineComment
)

func columnsOf(t Table) []Column {
	switch t {
	case Region:
		return []Column{integer("r_regionkey"), enum("r_name", 25, list(regionNames)), text("r_comment", 152)}
	case Nation:
		return []Column{integer("n_nationkey"), enum("n_name", 25, list(nationNames)), integer("n_regionkey"), text("n_comment", 152)}
	case Supplier:
		return []Column{bigint("s_suppkey"), text("s_name", 25), text("s_address", 40), integer("s_nationkey"),
			text("s_phone", 15), decimal("s_acctbal"), text("s_comment", 101)}
	case Customer:
		return []Column{bigint("c_custkey"), text("c_name", 25), text("c_address", 40), integer("c_nationkey"),
			text("c_phone", 15), decimal("c_acctbal"), enum("c_mktsegment", 10, list(segments)), text("c_comment", 117)}
	case Part:
		return []Column{bigint("p_partkey"), text("p_name", 55), enum("p_mfgr", 25, numbered("Manufacturer#", manufacturers)),
			enum("p_brand", 10, brands()), enum("p_type", 25, pairs(pairs(list(typeClasses), list(typeFinishes)), list(typeMetals))),
			integer("p_size"), enum("p_container", 10, pairs(list(containerSizes), list(containerShapes))),
			decimal("p_retailprice"), text("p_comment", 23)}
	case PartSupp:
		return []Column{bigint("ps_partkey"), bigint("ps_suppkey"), bigint("ps_availqty"), decimal("ps_supplycost"), text("ps_comment", 199)}
	case Orders:
		return []Column{bigint("o_orderkey"), bigint("o_custkey"), enum("o_orderstatus", 1, list(orderStates)), decimal("o_totalprice"),
			date("o_orderdate"), enum("o_orderpriority", 15, list(priorities)), text("o_clerk", 15), integer("o_shippriority"), text("o_comment", 79)}
	default:
		return []Column{bigint("l_orderkey"), bigint("l_partkey"), bigint("l_suppkey"), bigint("l_linenumber"),
			decimal("l_quantity"), decimal("l_extendedprice"), decimal("l_discount"), decimal("l_tax"),
			enum("l_returnflag", 1, list(returnFlags)), enum("l_linestatus", 1, list(lineStatuses)),
			date("l_shipdate"), date("l_commitdate"), date("l_receiptdate"),
			enum("l_shipinstruct", 25, list(instructions)), enum("l_shipmode", 10, list(shipModes)), text("l_comment", 44)}
	}
}

func brands() []string {
	var out []string
	for _, b := range numbered("Brand#", manufacturers) {
		out = append(out, numbered(b, brandsEach)...)
	}
	return out
}

func bigint(name string) Column  { return Column{Name: name, Kind: Bigint} }
func integer(name string) Column { return Column{Name: name, Kind: Integer} }
func decimal(name string) Column { return Column{Name: name, Kind: Decimal} }
func date(name string) Column    { return Column{Name: name, Kind: Date} }

func text(name string, length int) Column { return Column{Name: name, Kind: Text, Length: length} }

func enum(name string, length int, values []string) Column {
	return Column{Name: name, Kind: Enum, Length: length, Values: values}
}
