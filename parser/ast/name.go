package ast

import (
	"maps"
	"slices"
	"strings"
)

// KeywordClass is how far a word is reserved, in PostgreSQL's four classes.
type KeywordClass uint8

// The classes. A column or table may be named by a Plain, Unreserved or
// ColumnName word, a function or type by a Plain, Unreserved or TypeOrFunction
// word, an AS label by any word.
const (
	Plain KeywordClass = iota // not a keyword
	Unreserved
	ColumnName
	TypeOrFunction
	Reserved
)

// ClassOf returns the class of a lower-case word.
func ClassOf(word string) KeywordClass { return keywordClasses[word] }

// Keywords returns every key word in alphabetical order, as pg_get_keywords needs.
func Keywords() []string { return slices.Sorted(maps.Keys(keywordClasses)) }

// NeedsAs reports that an unquoted word can be a column label only after AS.
func NeedsAs(word string) bool { return needsAs[word] }

// keywordClasses holds every key word; needsAs those that cannot be bare labels.
var (
	keywordClasses = classify()
	needsAs        = wordSet(needsAsWords)
)

func classify() map[string]KeywordClass {
	m := make(map[string]KeywordClass, 512)
	for _, g := range []struct {
		words string
		class KeywordClass
	}{
		{unreservedWords, Unreserved},
		{columnNameWords, ColumnName},
		{typeOrFunctionWords, TypeOrFunction},
		{reservedWords, Reserved},
	} {
		for _, w := range strings.Fields(g.words) {
			m[w] = g.class
		}
	}
	return m
}

func wordSet(words string) map[string]bool {
	m := make(map[string]bool, 64)
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// QuoteName returns an identifier as SQL: quoted when it was, or when it could
// not be read back as the same name.
func QuoteName(n Name) string {
	if !n.Quoted && isBareName(n.Text) {
		return n.Text
	}
	return QuoteIdent(n.Text)
}

// QuoteIfNeeded returns a name as PostgreSQL's quote_ident does: in quotes when it
// has other than lower-case letters, digits and _, or is a key word that is not
// unreserved.
func QuoteIfNeeded(text string) string {
	if class := ClassOf(text); isBareName(text) && class <= Unreserved {
		return text
	}
	return QuoteIdent(text)
}

// QuoteIdent returns text in double quotes.
func QuoteIdent(text string) string {
	return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
}

// QuoteString returns text as a SQL string constant.
func QuoteString(text string) string {
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// isBareName reports that text, unquoted, is read back as an identifier equal to
// it. Reserved words count too: where the grammar admits them without quotes, it
// gives a Name that is not Quoted.
func isBareName(text string) bool {
	if text == "" {
		return false
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c >= 'a' && c <= 'z', c == '_', c >= 0x80:
		case i > 0 && (c >= '0' && c <= '9' || c == '$'):
		default:
			return false
		}
	}
	return true
}

const unreservedWords = `
abort absolute access action add admin after aggregate also alter always asensitive
assertion assignment at atomic attach attribute backward before begin breadth by cache
call called cascade cascaded catalog chain characteristics checkpoint class close cluster
columns comment comments commit committed compression configuration conflict connection
constraints content continue conversion copy cost csv cube current cursor cycle data
database day deallocate declare defaults deferred definer delete delimiter delimiters
depends depth detach dictionary disable discard document domain double drop each enable
encoding encrypted enum escape event exclude excluding exclusive execute explain
expression extension external family filter finalize first following force forward
function functions generated global granted groups handler header hold hour identity if
immediate immutable implicit import include including increment index indexes inherit
inherits inline input insensitive insert instead invoker isolation key label language
large last leakproof level listen load local location lock locked logged mapping match
matched materialized maxvalue merge method minute minvalue mode month move name names
new next nfc nfd nfkc nfkd no normalized nothing notify nowait nulls object of off oids
old operator option options ordinality others over overriding owned owner parallel
parameter parser partial partition passing password plans policy preceding prepare
prepared preserve prior privileges procedural procedure procedures program publication
quote range read reassign recheck recursive ref referencing refresh reindex relative
release rename repeatable replace replica reset restart restrict return returns revoke
role rollback rollup routine routines rows rule savepoint schema schemas scroll search
second security sequence sequences serializable server session set sets share show simple
skip snapshot sql stable standalone start statement statistics stdin stdout storage
stored strict strip subscription support sysid system tables tablespace temp template
temporary text ties transaction transform trigger truncate trusted type types uescape
unbounded uncommitted unencrypted unknown unlisten unlogged until update vacuum valid
validate validator value varying version view views volatile whitespace within without
work wrapper write xml year yes zone`

const columnNameWords = `
between bigint bit boolean char character coalesce dec decimal exists extract float
greatest grouping inout int integer interval least national nchar none normalize nullif
numeric out overlay position precision real row setof smallint substring time timestamp
treat trim try_cast values varchar`

const typeOrFunctionWords = `
authorization binary collation concurrently cross current_schema freeze full ilike inner
is isnull join left like natural notnull outer overlaps right similar tablesample verbose`

// qualify is reserved beyond PostgreSQL, as an alias before it could not be told.
const reservedWords = `
all analyse analyze and any array as asc asymmetric both case cast check collate column
constraint create current_catalog current_date current_role current_time
current_timestamp current_user default deferrable desc distinct do else end except false
fetch for foreign from grant group having in initially intersect into lateral leading
limit localtime localtimestamp not null offset on only or order placing primary qualify
references returning select session_user some symmetric table then to trailing true union
unique user using variadic when where window with`

const needsAsWords = `
char character precision day filter hour minute month over second varying within without
year isnull notnull overlaps array as create except fetch for from grant group having
intersect into limit offset on order qualify returning to union where window with`
