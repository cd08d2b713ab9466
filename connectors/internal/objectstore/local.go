package objectstore

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"sync/atomic"
	"syscall"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// Local is the file system of this machine. The zero value is ready to use.
type Local struct{ temporary atomic.Uint64 }

var _ Store = (*Local)(nil)

// failure gives an error of the operating system its SQLSTATE.
func failure(err error, doing, name string) error {
	code := sqlerr.IOError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return sqlerr.New(sqlerr.UndefinedFile, "file or folder does not exist: %s", name)
	case errors.Is(err, fs.ErrPermission):
		code = sqlerr.InsufficientPrivilege
	case errors.Is(err, fs.ErrExist), errors.Is(err, syscall.ENOTEMPTY):
		code = sqlerr.DuplicateTable
	case errors.Is(err, syscall.ENOSPC):
		code = sqlerr.DiskFull
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return sqlerr.New(code, "cannot %s %s: %v", doing, name, err)
}

func infoOf(name string, st fs.FileInfo) Info {
	tag := strconv.FormatInt(st.ModTime().UnixNano(), 36)
	if sys, ok := st.Sys().(*syscall.Stat_t); ok {
		tag += "-" + strconv.FormatUint(sys.Ino, 36)
	}
	return Info{Path: name, Bytes: st.Size(), ETag: tag}
}

// Stat implements Store.
func (l *Local) Stat(_ context.Context, name string) (Info, error) {
	st, err := os.Stat(name)
	if err != nil {
		return Info{}, failure(err, "read", name)
	}
	if !st.Mode().IsRegular() {
		return Info{}, sqlerr.New(sqlerr.UndefinedFile, "not a regular file: %s", name)
	}
	return infoOf(name, st), nil
}

// Open implements Store.
func (l *Local) Open(_ context.Context, info Info) (Object, error) {
	f, err := os.Open(info.Path)
	if err != nil {
		return nil, failure(err, "open", info.Path)
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = syscall.EISDIR
	}
	if err != nil {
		_ = f.Close()
		return nil, failure(err, "open", info.Path)
	}
	if now := infoOf(info.Path, st); info.ETag != "" && now != info {
		_ = f.Close()
		return nil, changed(info.Path)
	}
	return &localObject{f: f, info: infoOf(info.Path, st)}, nil
}

func changed(name string) error {
	return sqlerr.New(sqlerr.SnapshotTooOld, "file changed while the query ran: %s", name).
		WithHint("run the query again")
}

type localObject struct {
	f    *os.File
	info Info
}

// ReadAt implements Object.
func (o *localObject) ReadAt(ctx context.Context, b []byte, off int64) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if off < 0 || off+int64(len(b)) > o.info.Bytes {
		return sqlerr.New(sqlerr.DataCorrupted, "file ends before byte %d: %s", off+int64(len(b)), o.info.Path)
	}
	n, err := o.f.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return changed(o.info.Path)
	}
	return failure(err, "read", o.info.Path)
}

// Info implements Object.
func (o *localObject) Info() Info { return o.info }

// Close implements Object.
func (o *localObject) Close() error { return o.f.Close() }

// List implements Store.
func (l *Local) List(_ context.Context, folder string) ([]Entry, error) {
	members, err := os.ReadDir(folder)
	if err != nil {
		return nil, failure(err, "list", folder)
	}
	out := make([]Entry, 0, len(members))
	for _, m := range members {
		name := path.Join(folder, m.Name())
		st, err := os.Stat(name) // follows links
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue // removed meanwhile, or a link to nowhere
		case err != nil:
			return nil, failure(err, "read", name)
		case st.IsDir():
			out = append(out, Entry{Name: m.Name(), Path: name, Folder: true})
		case st.Mode().IsRegular():
			out = append(out, Entry{Name: m.Name(), Path: name, Info: infoOf(name, st)})
		}
	}
	return out, nil
}

// Rename implements Store.
func (l *Local) Rename(_ context.Context, from, to string) error {
	st, err := os.Stat(from)
	if err != nil {
		return failure(err, "rename", from)
	}
	if !st.IsDir() { // a link fails where there is a file, a rename does not
		switch err := os.Link(from, to); {
		case err == nil:
			if err := os.Remove(from); err != nil {
				return failure(err, "remove", from)
			}
			return syncFolder(path.Dir(to))
		case errors.Is(err, fs.ErrExist):
			return failure(err, "create", to)
		} // else the file system has no links
	}
	if _, err := os.Lstat(to); err == nil {
		return failure(fs.ErrExist, "create", to)
	}
	if err := os.Rename(from, to); err != nil {
		return failure(err, "rename", from)
	}
	return syncFolder(path.Dir(to))
}

// Replace implements Store.
func (l *Local) Replace(_ context.Context, from, to string) error {
	if st, err := os.Stat(to); err == nil && st.IsDir() {
		return failure(syscall.EISDIR, "replace", to)
	}
	if err := os.Rename(from, to); err != nil {
		return failure(err, "rename", from)
	}
	return syncFolder(path.Dir(to))
}

// Remove implements Store.
func (l *Local) Remove(_ context.Context, name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failure(err, "remove", name)
	}
	return nil
}

// RemoveFolder implements Store.
func (l *Local) RemoveFolder(ctx context.Context, name string) error {
	return l.Remove(ctx, name)
}

// CreateFolder implements Store.
func (l *Local) CreateFolder(_ context.Context, name string) error {
	if err := os.MkdirAll(name, 0o777); err != nil {
		return failure(err, "create", name)
	}
	return nil
}

func syncFolder(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return failure(err, "open", name)
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return failure(err, "write", name)
	}
	return nil
}

// PartSuffix follows the name of a file that is being written.
const PartSuffix = ".part-"

// Create implements Store: a hidden file beside the final one, renamed by Commit.
func (l *Local) Create(_ context.Context, name string, c Condition) (Writer, error) {
	if c == IfAbsent {
		if _, err := os.Lstat(name); err == nil {
			return nil, failure(fs.ErrExist, "create", name)
		}
	}
	temp := path.Join(path.Dir(name), "."+path.Base(name)+PartSuffix+strconv.Itoa(os.Getpid())+"-"+strconv.FormatUint(l.temporary.Add(1), 10))
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, failure(err, "create", temp)
	}
	return &localWriter{f: f, temp: temp, name: name, condition: c}, nil
}

type localWriter struct {
	f          *os.File
	temp, name string
	condition  Condition
	done       bool
}

// Write implements io.Writer.
func (w *localWriter) Write(b []byte) (int, error) {
	n, err := w.f.Write(b)
	if err != nil {
		return n, failure(err, "write", w.temp)
	}
	return n, nil
}

// Commit implements Writer.
func (w *localWriter) Commit(context.Context) (Info, error) {
	if err := w.f.Sync(); err != nil {
		return Info{}, failure(err, "write", w.temp)
	}
	if err := w.f.Close(); err != nil {
		return Info{}, failure(err, "write", w.temp)
	}
	if w.condition == IfAbsent {
		if err := os.Link(w.temp, w.name); err != nil {
			return Info{}, failure(err, "create", w.name)
		}
		if err := os.Remove(w.temp); err != nil {
			return Info{}, failure(err, "remove", w.temp)
		}
	} else if err := os.Rename(w.temp, w.name); err != nil {
		return Info{}, failure(err, "create", w.name)
	}
	w.done = true
	if err := syncFolder(path.Dir(w.name)); err != nil {
		return Info{}, err
	}
	st, err := os.Stat(w.name)
	if err != nil {
		return Info{}, failure(err, "read", w.name)
	}
	return infoOf(w.name, st), nil
}

// Close implements Writer.
func (w *localWriter) Close() error {
	if w.done {
		return nil
	}
	w.done = true
	_ = w.f.Close() // closed already when Commit failed
	if err := os.Remove(w.temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failure(err, "remove", w.temp)
	}
	return nil
}
