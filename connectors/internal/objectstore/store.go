// Package objectstore owns access to places that hold files: ranged reads of
// a fixed version, listing with globs, conditional creation and renaming. The
// connectors of files and of table formats call it; it knows no formats, no
// tables and no engine.
package objectstore

import (
	"context"
	"io"
)

// Info is a version of an object. Two versions of one path differ in ETag.
type Info struct {
	Path  string
	Bytes int64
	ETag  string
}

// Entry is a member of a folder.
type Entry struct {
	Name   string // the last element of its path
	Path   string
	Folder bool
	Info   Info // of an object
}

// Object reads one version. It is safe for concurrent use.
type Object interface {
	// ReadAt fills b from offset off; a range beyond the end is an error.
	ReadAt(ctx context.Context, b []byte, off int64) error
	Info() Info
	Close() error
}

// Store is a place that holds objects; it is safe for concurrent use. Paths
// are absolute within the store and use slashes. A missing object is 58P01.
type Store interface {
	Stat(ctx context.Context, path string) (Info, error)
	// Open opens the version that info names; another one is 72000.
	Open(ctx context.Context, info Info) (Object, error)
	// List returns the members of a folder by name; a missing one is 58P01.
	List(ctx context.Context, folder string) ([]Entry, error)
	// Create writes an object that is visible once Commit returns.
	Create(ctx context.Context, path string, c Condition) (Writer, error)
	// Rename moves an object or a folder to a place where there is none (else 42P07).
	Rename(ctx context.Context, from, to string) error
	// Replace moves an object to a place where there may be another, at once.
	Replace(ctx context.Context, from, to string) error
	// Remove removes an object; a missing one is no error.
	Remove(ctx context.Context, path string) error
	// RemoveFolder removes a folder that holds nothing; a missing one is no error.
	RemoveFolder(ctx context.Context, path string) error
	// CreateFolder makes a folder and those above it; an existing one is no error.
	CreateFolder(ctx context.Context, path string) error
}

// Locker is a Store whose objects can be locked across processes; the lock of
// a process that ends is free.
type Locker interface {
	// Lock makes an object and locks it; nil when another holds it.
	Lock(path string) (Lock, error)
}

// Lock is held until Release, which removes its object.
type Lock interface{ Release() }

// Condition restricts Create.
type Condition uint8

// The conditions.
const (
	Always   Condition = iota
	IfAbsent           // fails with 42P07 where there is an object
)

// Writer writes one object. Close without Commit leaves no trace.
type Writer interface {
	io.Writer
	// Commit makes the object durable and visible.
	Commit(ctx context.Context) (Info, error)
	Close() error
}
