package ast

// Explain is EXPLAIN [ANALYZE] [VERBOSE] [(options)] statement. ANALYZE and
// VERBOSE in the option list are taken out of it into the two flags.
type Explain struct {
	Span
	Analyze   bool
	Verbose   bool
	Options   []Option
	Statement Statement
}

// SetScope is SET, SET SESSION or SET LOCAL.
type SetScope uint8

// The scopes.
const (
	ScopeDefault SetScope = iota
	ScopeSession
	ScopeLocal
	ScopeGlobal
)

// Set is SET name =|TO values. SET TIME ZONE has the name timezone; a bare word is
// a *StringLit. Default is TO DEFAULT, and SET TIME ZONE LOCAL.
type Set struct {
	Span
	Scope   SetScope
	Name    ObjectName
	Values  []Expr
	Default bool
}

// SetTransaction is SET TRANSACTION, or with Session SET SESSION CHARACTERISTICS
// AS TRANSACTION.
type SetTransaction struct {
	Span
	Session bool
	Modes   TransactionModes
}

// SetRole is SET ROLE, and with SessionAuthorization that form. Role is zero for
// NONE and DEFAULT.
type SetRole struct {
	Span
	Scope                SetScope
	SessionAuthorization bool
	Role                 Name
}

// Reset is RESET name, or with All RESET ALL.
type Reset struct {
	Span
	All  bool
	Name ObjectName
}

// ShowKind is what SHOW asks for.
type ShowKind uint8

// The kinds of SHOW.
const (
	ShowSetting ShowKind = iota
	ShowAll
	ShowCatalogs
	ShowSchemas
	ShowTables
	ShowColumns
	ShowFunctions
	ShowSession // SHOW SESSION: the settings, as a table
	ShowCreate
	ShowStats
	ShowRoles
	ShowGrants
)

// Show is SHOW. Name is the setting, or the object of FROM / IN / FOR.
type Show struct {
	Span
	Kind   ShowKind
	Name   ObjectName
	Object ObjectKind // of SHOW CREATE
	Like   *string
	Escape *string
	Query  *Query // SHOW STATS FOR (query)
}

// Describe is DESCRIBE t, DESCRIBE query, DESCRIBE INPUT|OUTPUT prepared and
// SUMMARIZE.
type Describe struct {
	Span
	Name      ObjectName
	Statement Statement
	Input     Name // DESCRIBE INPUT p
	Output    Name // DESCRIBE OUTPUT p
	Summarize bool
}

// Use is USE catalog, USE catalog.schema or USE schema.
type Use struct {
	Span
	Name ObjectName
}

// TransactionModes are the modes of BEGIN and SET TRANSACTION. Empty: not written.
type TransactionModes struct {
	Isolation  string // "read committed", "serializable", …
	Access     string // "read only", "read write"
	Deferrable string // "deferrable", "not deferrable"
	Snapshot   string // SET TRANSACTION SNAPSHOT 'id'
}

// TransactionKind is what a transaction statement does.
type TransactionKind uint8

// The transaction statements.
const (
	BeginTransaction TransactionKind = iota
	CommitTransaction
	RollbackTransaction
	Savepoint
	ReleaseSavepoint
	RollbackToSavepoint
	PrepareTransaction
	CommitPrepared
	RollbackPrepared
)

// Transaction is BEGIN, COMMIT, ROLLBACK, SAVEPOINT and their relatives.
type Transaction struct {
	Span
	Kind  TransactionKind
	Modes TransactionModes
	Name  Name   // of the savepoint
	GID   string // of a prepared transaction
	Chain bool   // AND CHAIN
}

// Prepare is PREPARE name [(types)] AS|FROM statement.
type Prepare struct {
	Span
	Name      Name
	Types     []*TypeName
	Statement Statement
}

// Execute is EXECUTE name [(args)], or EXECUTE name USING args, or EXECUTE
// IMMEDIATE 'sql' USING args.
type Execute struct {
	Span
	Name      Name
	Immediate *string
	Args      []Expr
}

// Deallocate is DEALLOCATE [PREPARE] name|ALL.
type Deallocate struct {
	Span
	All  bool
	Name Name
}

// DeclareCursor is DECLARE name CURSOR FOR query.
type DeclareCursor struct {
	Span
	Name        Name
	Binary      bool
	Scroll      bool
	NoScroll    bool
	Insensitive bool
	Hold        bool
	Query       *Query
}

// FetchDirection is how FETCH and MOVE go.
type FetchDirection uint8

// The directions of FETCH.
const (
	FetchForward FetchDirection = iota // Count rows
	FetchBackward
	FetchAbsolute
	FetchRelative
)

// Fetch is FETCH or, with Move, MOVE. NEXT is forward 1, PRIOR backward 1, FIRST
// absolute 1, LAST absolute -1, ALL sets All.
type Fetch struct {
	Span
	Move      bool
	Direction FetchDirection
	All       bool
	Count     int64
	Cursor    Name
}

// ClosePortal is CLOSE name|ALL.
type ClosePortal struct {
	Span
	All  bool
	Name Name
}

// Discard is DISCARD ALL|PLANS|SEQUENCES|TEMP.
type Discard struct {
	Span
	What string
}

// Listen is LISTEN channel, or with Stop UNLISTEN channel|*.
type Listen struct {
	Span
	Stop    bool
	All     bool
	Channel Name
}

// Notify is NOTIFY channel [, payload].
type Notify struct {
	Span
	Channel Name
	Payload string
}

// Call is CALL procedure(args).
type Call struct {
	Span
	Call *FuncCall
}

// Analyze is ANALYZE [VERBOSE] [(options)] [t (cols)].
type Analyze struct {
	Span
	Verbose bool
	Options []Option
	Tables  []AnalyzeTable
}

// AnalyzeTable is a table of ANALYZE or VACUUM with optional columns.
type AnalyzeTable struct {
	Pos
	Name    ObjectName
	Columns []Name
}

// Vacuum is VACUUM.
type Vacuum struct {
	Span
	Full, Freeze, Verbose, Analyze bool
	Options                        []Option
	Tables                         []AnalyzeTable
}

// KillQuery is KILL QUERY id and CANCEL QUERY id.
type KillQuery struct {
	Span
	ID Expr
}

// Grant is GRANT, REVOKE and DENY.
type Grant struct {
	Span
	Verb        string   // "grant", "revoke", "deny"
	Privileges  []string // as SQL, in lower case: "select", "all privileges"; roles
	Columns     [][]Name // one entry a privilege
	ObjectKind  string   // "table", "schema", "all tables in schema", "" for roles
	Objects     []ObjectName
	Grantees    []Name
	OptionFor   bool // REVOKE GRANT OPTION FOR
	GrantOption bool // WITH GRANT OPTION, WITH ADMIN OPTION
	GrantedBy   Name
	Cascade     bool
}

// Lock is LOCK TABLE.
type Lock struct {
	Span
	Tables []ObjectName
	Mode   string
	NoWait bool
}

// Checkpoint is CHECKPOINT.
type Checkpoint struct {
	Span
}

// Do is DO $$ … $$.
type Do struct {
	Span
	Language Name
	Body     string
}

// Generic is a statement that is recognised by its first words and kept as text,
// so that it can be refused (or ignored) by name: CREATE ROLE, CREATE FUNCTION,
// CREATE TRIGGER, SECURITY LABEL and so on. Text is the whole statement.
type Generic struct {
	Span
	Command string // "CREATE ROLE"
	Text    string
}

func (*Explain) statement()        {}
func (*Set) statement()            {}
func (*SetTransaction) statement() {}
func (*SetRole) statement()        {}
func (*Reset) statement()          {}
func (*Show) statement()           {}
func (*Describe) statement()       {}
func (*Use) statement()            {}
func (*Transaction) statement()    {}
func (*Prepare) statement()        {}
func (*Execute) statement()        {}
func (*Deallocate) statement()     {}
func (*DeclareCursor) statement()  {}
func (*Fetch) statement()          {}
func (*ClosePortal) statement()    {}
func (*Discard) statement()        {}
func (*Listen) statement()         {}
func (*Notify) statement()         {}
func (*Call) statement()           {}
func (*Analyze) statement()        {}
func (*Vacuum) statement()         {}
func (*KillQuery) statement()      {}
func (*Grant) statement()          {}
func (*Lock) statement()           {}
func (*Checkpoint) statement()     {}
func (*Do) statement()             {}
func (*Generic) statement()        {}
