package session

import (
	"slices"
	"strings"
	"time"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/parser/ast"
)

// txState is where a session is between BEGIN and COMMIT.
type txState uint8

const (
	txIdle     txState = iota
	txImplicit         // within one message of several statements
	txBlock            // after BEGIN
	txFailed           // after an error in a block
)

// transaction is the state of a session's transaction. Each statement reads a
// snapshot of its own. A statement that writes commits on its own, and so is
// refused in a block unless transaction_writes says otherwise.
type transaction struct {
	state      txState
	begun      time.Time
	isolation  string // "": the default
	readOnly   string // "", "on" or "off"
	saved      values // the settings at its start
	savepoints []savepoint
}

type savepoint struct {
	name       string
	set, local values
}

// open reports whether SET LOCAL lasts beyond its statement.
func (t *transaction) open() bool { return t.state != txIdle }

// InBlock reports whether BEGIN was said and not yet ended.
func (s *Session) InBlock() bool { return s.tx.state == txBlock || s.tx.state == txFailed }

// InTransaction reports whether a cursor lives beyond its statement.
func (s *Session) InTransaction() bool { return s.tx.open() }

// Status is the state in ReadyForQuery: I idle, T in a block, E in a failed one.
func (s *Session) Status() byte {
	switch s.tx.state {
	case txBlock:
		return 'T'
	case txFailed:
		return 'E'
	}
	return 'I'
}

func (s *Session) isolation() string {
	if s.tx.isolation != "" {
		return s.tx.isolation
	}
	return s.Show(settingDefIsolation)
}

func (s *Session) readOnly() bool {
	if s.tx.readOnly != "" {
		return s.tx.readOnly == "on"
	}
	return s.Show(settingDefReadOnly) == "on"
}

// setInTransaction is SET transaction_isolation and transaction_read_only,
// which hold for the current transaction.
func (s *Session) setInTransaction(d *Setting, value string) error {
	v, err := d.validate(value)
	if err != nil {
		return err
	}
	s.version++
	if d.Name == settingIsolation {
		s.tx.isolation = v
		return nil
	}
	s.tx.readOnly = v
	return nil
}

// SetTransaction is SET TRANSACTION, and with session SET SESSION CHARACTERISTICS.
func (s *Session) SetTransaction(m ast.TransactionModes, session Persistent) error {
	if m.Snapshot != "" {
		return sqlerr.Unsupported("importing a snapshot is not supported: each statement reads a snapshot of its own")
	}
	if session {
		return s.setDefaults(m)
	}
	if !s.InBlock() {
		s.Notice("WARNING", sqlerr.NoActiveTransaction, "SET TRANSACTION can only be used in transaction blocks")
		return nil
	}
	s.applyModes(m)
	return nil
}

// Persistent says whether transaction modes hold for all further transactions.
type Persistent bool

func (s *Session) setDefaults(m ast.TransactionModes) error {
	if m.Isolation != "" {
		if err := s.Set(settingDefIsolation, m.Isolation, InSession); err != nil {
			return err
		}
	}
	if m.Access != "" {
		return s.Set(settingDefReadOnly, onOff(m.Access == "read only"), InSession)
	}
	return nil
}

func (s *Session) applyModes(m ast.TransactionModes) {
	s.version++
	if m.Isolation != "" {
		s.tx.isolation = m.Isolation
	}
	if m.Access != "" {
		s.tx.readOnly = onOff(m.Access == "read only")
	}
}

// BeginMessage opens the implicit transaction of one client message (a simple
// query, or everything up to Sync); EndMessage ends it.
func (s *Session) BeginMessage() {
	if s.tx.state == txIdle {
		s.tx = transaction{state: txImplicit, begun: s.store.o.Clock.Now(), saved: s.set}
	}
}

// EndMessage ends the implicit transaction: portals close, SET LOCAL is undone,
// and after an error SET too.
func (s *Session) EndMessage() {
	if s.tx.state == txImplicit {
		s.endTransaction()
	}
}

// Fail records an error: it undoes an implicit transaction and fails a block.
func (s *Session) Fail() {
	switch s.tx.state {
	case txImplicit:
		s.set = s.tx.saved
		s.endTransaction()
	case txBlock:
		s.tx.state = txFailed
		s.closePortals(func(p *Portal) bool { return !p.held })
	}
}

// endTransaction closes what lives no longer than a transaction.
func (s *Session) endTransaction() {
	s.tx, s.local = transaction{}, nil
	s.version++
	s.closePortals(func(p *Portal) bool { return !p.held })
}

// errAborted refuses statements in a failed block.
func errAborted() error {
	return sqlerr.New(sqlerr.InFailedTransaction, "current transaction is aborted, commands ignored until end of transaction block")
}

// endsBlock reports whether a statement is allowed in a failed block.
func endsBlock(st ast.Statement) bool {
	t, ok := st.(*ast.Transaction)
	if !ok {
		return false
	}
	switch t.Kind {
	case ast.CommitTransaction, ast.RollbackTransaction, ast.RollbackToSavepoint:
		return true
	}
	return false
}

// transact executes a transaction statement and returns its tag.
func (s *Session) transact(t *ast.Transaction) (tag string, err error) {
	switch t.Kind {
	case ast.BeginTransaction:
		return "BEGIN", s.beginBlock(t.Modes)
	case ast.CommitTransaction:
		return s.commit(t), nil
	case ast.RollbackTransaction:
		return s.rollback(t), nil
	case ast.Savepoint, ast.ReleaseSavepoint, ast.RollbackToSavepoint:
		return s.savepoint(t)
	}
	return "", sqlerr.Unsupported("prepared transactions are not supported: %s", "two-phase commit")
}

func (s *Session) beginBlock(m ast.TransactionModes) error {
	if s.InBlock() {
		s.Notice("WARNING", sqlerr.ActiveTransaction, "there is already a transaction in progress")
		return nil
	}
	saved := s.set
	if s.tx.state == txImplicit {
		saved = s.tx.saved
	}
	s.tx = transaction{state: txBlock, begun: s.store.o.Clock.Now(), saved: saved}
	s.applyModes(m)
	return nil
}

func (s *Session) commit(t *ast.Transaction) string {
	tag := "COMMIT"
	modes := s.chained()
	switch s.tx.state {
	case txFailed:
		s.set, tag = s.tx.saved, "ROLLBACK"
	case txBlock:
	default:
		s.Notice("WARNING", sqlerr.NoActiveTransaction, "there is no transaction in progress")
		return tag
	}
	s.endTransaction()
	if t.Chain {
		_ = s.beginBlock(modes)
	}
	return tag
}

func (s *Session) rollback(t *ast.Transaction) string {
	modes := s.chained()
	if !s.InBlock() {
		s.Notice("WARNING", sqlerr.NoActiveTransaction, "there is no transaction in progress")
		return "ROLLBACK"
	}
	s.set = s.tx.saved
	s.endTransaction()
	if t.Chain {
		_ = s.beginBlock(modes)
	}
	return "ROLLBACK"
}

// chained returns the modes that AND CHAIN hands on.
func (s *Session) chained() ast.TransactionModes {
	m := ast.TransactionModes{Isolation: s.tx.isolation}
	switch s.tx.readOnly {
	case "on":
		m.Access = "read only"
	case "off":
		m.Access = "read write"
	}
	return m
}

// savepointsMax bounds the savepoints of one transaction.
const savepointsMax = 1000

// savepoint keeps and restores settings and heals a failed block; there are no
// writes to undo.
func (s *Session) savepoint(t *ast.Transaction) (tag string, err error) {
	names := map[ast.TransactionKind]string{
		ast.Savepoint: "SAVEPOINT", ast.ReleaseSavepoint: "RELEASE SAVEPOINT", ast.RollbackToSavepoint: "ROLLBACK TO SAVEPOINT",
	}
	if !s.InBlock() {
		return "", sqlerr.New(sqlerr.NoActiveTransaction, "%s can only be used in transaction blocks", names[t.Kind])
	}
	if t.Kind == ast.Savepoint {
		if len(s.tx.savepoints) >= savepointsMax {
			return "", sqlerr.New(sqlerr.ProgramLimit, "too many savepoints in one transaction: %d", savepointsMax)
		}
		s.tx.savepoints = append(s.tx.savepoints, savepoint{t.Name.Text, s.set, s.local})
		return "SAVEPOINT", nil
	}
	i := len(s.tx.savepoints) - 1
	for i >= 0 && s.tx.savepoints[i].name != t.Name.Text {
		i--
	}
	if i < 0 {
		return "", sqlerr.New(sqlerr.InvalidSavepoint, "savepoint \"%s\" does not exist", t.Name.Text)
	}
	if t.Kind == ast.ReleaseSavepoint {
		s.tx.savepoints = slices.Delete(s.tx.savepoints, i, len(s.tx.savepoints))
		return "RELEASE", nil
	}
	s.set, s.local = s.tx.savepoints[i].set, s.tx.savepoints[i].local
	s.version++
	s.tx.savepoints = slices.Delete(s.tx.savepoints, i+1, len(s.tx.savepoints))
	s.tx.state = txBlock
	return "ROLLBACK", nil
}

// CheckWrite refuses a statement that writes where it must not: in a read-only
// transaction, or in a block that could not undo it. what is its command.
func (s *Session) CheckWrite(what string) error {
	if s.readOnly() {
		return sqlerr.New(sqlerr.ReadOnlyTransaction, "cannot execute %s in a read-only transaction", strings.ToUpper(what))
	}
	if s.InBlock() && s.Show("transaction_writes") != "autocommit" {
		return sqlerr.Unsupported("%s is not supported inside a transaction block: it could not be rolled back", strings.ToUpper(what)).
			WithHint("Run it outside of BEGIN and COMMIT, or SET transaction_writes = autocommit to let each statement commit on its own.")
	}
	return nil
}
