package objectstore

import (
	"os"
	"path"
	"syscall"
)

var _ Locker = (*Local)(nil)

// Lock implements Locker.
func (l *Local) Lock(name string) (Lock, error) {
	for {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o666)
		if err != nil {
			return nil, failure(err, "lock", name)
		}
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			_ = f.Close()
			if err == syscall.EWOULDBLOCK {
				return nil, nil
			}
			return nil, failure(err, "lock", name)
		}
		// Another may have removed the file between opening and locking it.
		have, err := f.Stat()
		now, nowErr := os.Stat(name)
		if err == nil && nowErr == nil && os.SameFile(have, now) {
			return &localLock{f: f, name: name}, nil
		}
		_ = f.Close()
	}
}

type localLock struct {
	f    *os.File
	name string
}

// Release implements Lock.
func (l *localLock) Release() {
	_ = os.Remove(path.Clean(l.name)) // while it is locked, so that nobody waits for a dead name
	_ = l.f.Close()
}
