package format

// Type is a physical type.
type Type int8

// The physical types.
const (
	Boolean Type = iota
	Int32
	Int64
	Int96
	Float
	Double
	ByteArray
	FixedLenByteArray
)

var typeNames = [...]string{"BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"}

// String returns the name of the specification.
func (t Type) String() string {
	if t >= 0 && int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "unknown type"
}

// Encoding is how the values of a page are stored.
type Encoding int8

// The encodings; 1 was never used.
const (
	Plain              Encoding = 0
	PlainDictionary    Encoding = 2
	RLE                Encoding = 3
	BitPacked          Encoding = 4
	DeltaBinaryPacked  Encoding = 5
	DeltaLengthByteArr Encoding = 6
	DeltaByteArray     Encoding = 7
	RLEDictionary      Encoding = 8
	ByteStreamSplit    Encoding = 9
)

// Codec is how a page is compressed.
type Codec int8

// The codecs.
const (
	Uncompressed Codec = iota
	Snappy
	Gzip
	LZO
	Brotli
	LZ4
	Zstd
	LZ4Raw
)

var codecNames = [...]string{"uncompressed", "snappy", "gzip", "lzo", "brotli", "lz4", "zstd", "lz4_raw"}

// String returns the codec's name.
func (c Codec) String() string {
	if c >= 0 && int(c) < len(codecNames) {
		return codecNames[c]
	}
	return "unknown codec"
}

// Repetition says how often a field occurs.
type Repetition int8

// The repetitions.
const (
	Required Repetition = iota
	Optional
	Repeated
)

// Converted is the older annotation of a type; NoConverted where there is none.
type Converted int8

// The converted types.
const (
	NoConverted Converted = iota - 1
	ConvUTF8
	ConvMap
	ConvMapKeyValue
	ConvList
	ConvEnum
	ConvDecimal
	ConvDate
	ConvTimeMillis
	ConvTimeMicros
	ConvTimestampMillis
	ConvTimestampMicros
	ConvUint8
	ConvUint16
	ConvUint32
	ConvUint64
	ConvInt8
	ConvInt16
	ConvInt32
	ConvInt64
	ConvJSON
	ConvBSON
	ConvInterval
)

// LogicalKind is the newer annotation of a type: the field number of the union.
type LogicalKind int8

// The logical types.
const (
	NoLogical     LogicalKind = 0
	LogString     LogicalKind = 1
	LogMap        LogicalKind = 2
	LogList       LogicalKind = 3
	LogEnum       LogicalKind = 4
	LogDecimal    LogicalKind = 5
	LogDate       LogicalKind = 6
	LogTime       LogicalKind = 7
	LogTimestamp  LogicalKind = 8
	LogInteger    LogicalKind = 10
	LogUnknown    LogicalKind = 11
	LogJSON       LogicalKind = 12
	LogBSON       LogicalKind = 13
	LogUUID       LogicalKind = 14
	LogFloat16    LogicalKind = 15
	LogVariant    LogicalKind = 16
	LogGeometry   LogicalKind = 17
	LogGeography  LogicalKind = 18
	logicalKindLn             = 19
)

// Unit is the unit of a time or timestamp.
type Unit int8

// The units.
const (
	Millis Unit = 1
	Micros Unit = 2
	Nanos  Unit = 3
)

// Logical is a logical type with its parameters.
type Logical struct {
	Kind             LogicalKind
	Unit             Unit
	UTC              bool
	Bits             int8
	Signed           bool
	Scale, Precision int32
}

// SchemaElement is a node of the schema, in depth-first order.
type SchemaElement struct {
	Type             Type // -1 for a group
	TypeLength       int32
	Repetition       Repetition
	Name             string
	Children         int32
	Converted        Converted
	Scale, Precision int32
	FieldID          int32 // -1 none
	Logical          Logical
}

// Statistics are bounds of a chunk or page; nil where unknown. They refer to
// the footer's bytes. Counts are -1 where unknown.
type Statistics struct {
	Min, Max           []byte // of the older kind: signed order
	MinValue, MaxValue []byte
	Nulls, Distinct    int64
	MinCut, MaxCut     bool // only written: the newer bounds are not values
}

// ColumnChunk is a column of a row group.
type ColumnChunk struct {
	Type             Type
	Codec            Codec
	Elsewhere        bool // the data is in another file
	Encrypted        bool
	HasMeta          bool
	AllDict          bool // every data page refers to the dictionary, as far as the footer says
	Encodings        uint32
	Values           int64
	Uncompressed     int64
	Compressed       int64
	DataOffset       int64
	DictOffset       int64 // 0 none
	Stats            Statistics
	BloomOffset      int64 // 0 none
	BloomLength      int32
	OffsetIndex      int64 // 0 none
	OffsetIndexLen   int32
	ColumnIndex      int64 // 0 none
	ColumnIndexLen   int32
	Path             []string    // only written
	PageCounts       []PageCount // only written
	dictPages        bool
	plainPages       bool
	hasEncodingStats bool
}

// PageCount says how many pages of a chunk have an encoding.
type PageCount struct {
	Kind     PageKind
	Encoding Encoding
	Count    int32
}

// RowGroup is a horizontal part of a file.
type RowGroup struct {
	Columns []ColumnChunk
	Rows    int64
	Bytes   int64
}

// KeyValue is a pair of the file's metadata.
type KeyValue struct{ Key, Value string }

// Footer describes a file.
type Footer struct {
	Version   int32
	Schema    []SchemaElement
	Rows      int64
	Groups    []RowGroup
	KeyValues []KeyValue
	CreatedBy string
	Ordered   []bool // by leaf: MinValue and MaxValue follow the type's order
	Encrypted bool
}

// PageKind is the kind of a page.
type PageKind int8

// The kinds of pages.
const (
	DataPage PageKind = iota
	IndexPage
	DictionaryPage
	DataPageV2
)

// PageHeader describes a page. Rows and Nulls are -1 where unknown.
type PageHeader struct {
	Kind         PageKind
	Uncompressed int32
	Compressed   int32
	CRC          uint32
	HasCRC       bool
	Values       int32
	Rows         int32
	Nulls        int32
	Encoding     Encoding
	DefEncoding  Encoding
	RepEncoding  Encoding
	DefBytes     int32 // of version 2
	RepBytes     int32
	Stored       bool // version 2: the values are not compressed
}

// PageLocation is where a data page lies and which row of the group is its first.
type PageLocation struct {
	Offset   int64
	Bytes    int32
	FirstRow int64
}

// ColumnIndex holds the bounds of the data pages of a chunk.
type ColumnIndex struct {
	NullPages []bool
	Min, Max  [][]byte
	Nulls     []int64 // nil unknown
	Order     int32   // 0 unordered, 1 ascending, 2 descending
}
