package session

import "context"

// CopyKind is the form of the data of a COPY.
type CopyKind uint8

// The forms.
const (
	CopyText CopyKind = iota
	CopyCSV
	CopyBinary
)

// CopyFormat says how rows are written in the data of a COPY. The Force lists
// have one entry a column, or none at all.
type CopyFormat struct {
	Kind          CopyKind
	Delimiter     byte
	Null          string
	Header        bool
	Quote, Escape byte
	ForceQuote    []bool
	ForceNotNull  []bool
	ForceNull     []bool
}

// Width is the number of columns that a COPY moves.
type Width int

// CopyOut is a result whose rows go to the client as the data of a COPY.
type CopyOut interface {
	Result
	Copy() *CopyFormat
}

// CopyIn is a result that takes its rows from the client. Put is called for each
// piece of data, then Finish; Close without Finish abandons the rows.
type CopyIn interface {
	Result
	Copy() (*CopyFormat, Width)
	Put(ctx context.Context, data []byte) error
	Finish(ctx context.Context) error
}
