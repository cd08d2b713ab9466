package parser

// The key words that the grammar switches on. Other words of a statement are
// matched by their text.
const (
	kwAbort kind = iota + keywordsFrom
	kwAll
	kwAlter
	kwAnalyse
	kwAnalyze
	kwAnd
	kwAny
	kwArray
	kwAs
	kwAsc
	kwAsymmetric
	kwAt
	kwAuthorization
	kwBegin
	kwBetween
	kwBigint
	kwBinary
	kwBit
	kwBoolean
	kwBoth
	kwBy
	kwCall
	kwCase
	kwCast
	kwChar
	kwCharacter
	kwCheck
	kwClose
	kwCoalesce
	kwCollate
	kwCollation
	kwColumn
	kwCommit
	kwConcurrently
	kwConstraint
	kwCopy
	kwCreate
	kwCross
	kwCube
	kwCurrent
	kwCurrentCatalog
	kwCurrentDate
	kwCurrentRole
	kwCurrentSchema
	kwCurrentTime
	kwCurrentTimestamp
	kwCurrentUser
	kwDay
	kwDeallocate
	kwDec
	kwDecimal
	kwDeclare
	kwDefault
	kwDeferrable
	kwDelete
	kwDesc
	kwDiscard
	kwDistinct
	kwDo
	kwDouble
	kwDrop
	kwElse
	kwEnd
	kwEscape
	kwExcept
	kwExclude
	kwExecute
	kwExists
	kwExplain
	kwExtract
	kwFalse
	kwFetch
	kwFilter
	kwFirst
	kwFloat
	kwFollowing
	kwFor
	kwForeign
	kwFreeze
	kwFrom
	kwFull
	kwGrant
	kwGreatest
	kwGroup
	kwGrouping
	kwGroups
	kwHaving
	kwHour
	kwIf
	kwIgnore
	kwIlike
	kwIn
	kwInitially
	kwInner
	kwInout
	kwInsert
	kwInt
	kwInteger
	kwIntersect
	kwInterval
	kwInto
	kwIs
	kwIsnull
	kwJoin
	kwLambda
	kwLast
	kwLateral
	kwLeading
	kwLeast
	kwLeft
	kwLike
	kwLimit
	kwListen
	kwLocaltime
	kwLocaltimestamp
	kwLocked
	kwMaterialized
	kwMerge
	kwMinute
	kwMonth
	kwNational
	kwNatural
	kwNchar
	kwNext
	kwNone
	kwNormalize
	kwNot
	kwNotify
	kwNotnull
	kwNowait
	kwNull
	kwNullif
	kwNulls
	kwNumeric
	kwOf
	kwOffset
	kwOn
	kwOnly
	kwOperator
	kwOr
	kwOrder
	kwOrdinality
	kwOut
	kwOuter
	kwOver
	kwOverlaps
	kwOverlay
	kwPartition
	kwPlacing
	kwPosition
	kwPreceding
	kwPrecision
	kwPrepare
	kwPrimary
	kwQualify
	kwRange
	kwReal
	kwRecursive
	kwReferences
	kwRelease
	kwReplace
	kwReset
	kwRespect
	kwReturning
	kwRight
	kwRollback
	kwRollup
	kwRow
	kwRows
	kwSavepoint
	kwSecond
	kwSelect
	kwSessionUser
	kwSet
	kwSetof
	kwSets
	kwShow
	kwSimilar
	kwSkip
	kwSmallint
	kwSome
	kwStart
	kwSubstring
	kwSymmetric
	kwTable
	kwTablesample
	kwTemp
	kwTemporary
	kwThen
	kwTies
	kwTime
	kwTimestamp
	kwTo
	kwTrailing
	kwTreat
	kwTrim
	kwTrue
	kwTruncate
	kwTryCast
	kwUescape
	kwUnbounded
	kwUnion
	kwUnique
	kwUnknown
	kwUpdate
	kwUser
	kwUsing
	kwVacuum
	kwValues
	kwVarchar
	kwVariadic
	kwVarying
	kwVerbose
	kwVersion
	kwView
	kwWhen
	kwWhere
	kwWindow
	kwWith
	kwWithin
	kwWithout
	kwYear
	kwZone
	kindCount
)

// keywordText gives the word of each key word, in the order of the constants.
var keywordText = [...]string{
	"abort", "all", "alter", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "at",
	"authorization", "begin", "between", "bigint", "binary", "bit", "boolean", "both", "by", "call", "case",
	"cast", "char", "character", "check", "close", "coalesce", "collate", "collation", "column", "commit",
	"concurrently", "constraint", "copy", "create", "cross", "cube", "current", "current_catalog",
	"current_date", "current_role", "current_schema", "current_time", "current_timestamp", "current_user",
	"day", "deallocate", "dec", "decimal", "declare", "default", "deferrable", "delete", "desc", "discard",
	"distinct", "do", "double", "drop", "else", "end", "escape", "except", "exclude", "execute", "exists",
	"explain", "extract", "false", "fetch", "filter", "first", "float", "following", "for", "foreign", "freeze",
	"from", "full", "grant", "greatest", "group", "grouping", "groups", "having", "hour", "if", "ignore",
	"ilike", "in", "initially", "inner", "inout", "insert", "int", "integer", "intersect", "interval", "into",
	"is", "isnull", "join", "lambda", "last", "lateral", "leading", "least", "left", "like", "limit", "listen",
	"localtime", "localtimestamp", "locked", "materialized", "merge", "minute", "month", "national", "natural",
	"nchar", "next", "none", "normalize", "not", "notify", "notnull", "nowait", "null", "nullif", "nulls",
	"numeric", "of", "offset", "on", "only", "operator", "or", "order", "ordinality", "out", "outer", "over",
	"overlaps", "overlay", "partition", "placing", "position", "preceding", "precision", "prepare", "primary",
	"qualify", "range", "real", "recursive", "references", "release", "replace", "reset", "respect",
	"returning", "right", "rollback", "rollup", "row", "rows", "savepoint", "second", "select", "session_user",
	"set", "setof", "sets", "show", "similar", "skip", "smallint", "some", "start", "substring", "symmetric",
	"table", "tablesample", "temp", "temporary", "then", "ties", "time", "timestamp", "to", "trailing", "treat",
	"trim", "true", "truncate", "try_cast", "uescape", "unbounded", "union", "unique", "unknown", "update",
	"user", "using", "vacuum", "values", "varchar", "variadic", "varying", "verbose", "version", "view", "when",
	"where", "window", "with", "within", "without", "year", "zone",
}
