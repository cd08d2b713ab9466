// Package services starts the real servers that tests read from: each on a
// private port, as an unprivileged user, in a throwaway folder, and gone when
// the test is. Tests of every package call it; it knows nothing of Muster.
package services

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// ErrUnavailable means that a server's program is not on this machine and
// cannot be installed by this user.
var ErrUnavailable = errors.New("server program is not available")

// absent skips the test, loudly, when a server cannot be had; where CI is set,
// it fails it, so that nothing is skipped unnoticed.
func absent(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, ErrUnavailable) && os.Getenv("CI") == "" {
		fmt.Printf("LOUD skip of %s: %v\n", t.Name(), err)
		t.Skip(err)
	}
	t.Fatal(err)
}

// CacheDir is where templates and downloads are kept between runs.
func CacheDir() (string, error) {
	dir := os.Getenv("MUSTER_CACHE")
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(user, "muster")
	}
	return dir, os.MkdirAll(dir, 0o755)
}

// Corpora is the folder of public test sets: $MUSTER_CORPORA, or shared/corpora
// beside a folder above the working directory. It is empty when there is none.
func Corpora() string {
	if dir := os.Getenv("MUSTER_CORPORA"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	for err == nil && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
		if found := filepath.Join(dir, "shared", "corpora"); isDir(found) {
			return found
		}
	}
	return ""
}

// NeedCorpora returns a folder of the public test sets, or skips loudly.
func NeedCorpora(t testing.TB, path ...string) string {
	t.Helper()
	root := Corpora()
	dir := filepath.Join(append([]string{root}, path...)...)
	if root == "" || !isDir(dir) {
		fmt.Printf("LOUD skip of %s: no public test sets: %s (set MUSTER_CORPORA)\n", t.Name(), dir)
		t.Skip("no public test sets; set MUSTER_CORPORA")
	}
	return dir
}

func isDir(name string) bool {
	s, err := os.Stat(name)
	return err == nil && s.IsDir()
}

// FreePort returns a TCP port that was free a moment ago. The caller must
// check that the process it started owns it.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// locked runs do while holding a lock file of the cache, across processes.
func locked(name string, do func(cache string) error) error {
	cache, err := CacheDir()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(cache, name+".lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return do(cache)
}

// unprivileged is the user that servers run as: nobody for root, else nil.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// scratch makes a folder of this process that the server's user may enter, and
// removes those that processes which are gone have left.
func scratch(kind string, cred *syscall.Credential) (string, error) {
	prefix := filepath.Join(os.TempDir(), "muster-"+kind+"-")
	old, _ := filepath.Glob(prefix + "*")
	for _, dir := range old {
		owner, _, _ := strings.Cut(strings.TrimPrefix(dir, prefix), "-")
		if pid, err := strconv.Atoi(owner); err == nil && !alive(pid) {
			os.RemoveAll(dir)
		}
	}
	dir, err := os.MkdirTemp("", fmt.Sprintf("muster-%s-%d-", kind, os.Getpid()))
	if err != nil {
		return "", err
	}
	if cred != nil {
		err = os.Chown(dir, int(cred.Uid), int(cred.Gid))
	}
	return dir, err
}

func alive(pid int) bool {
	return syscall.Kill(pid, 0) != syscall.ESRCH
}

// copyTree copies a folder, giving the copy to the user.
func copyTree(from, to string, cred *syscall.Credential) error {
	return filepath.WalkDir(from, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			err = os.Mkdir(target, info.Mode().Perm())
		case info.Mode().IsRegular():
			err = copyFile(name, target, info.Mode().Perm())
		default:
			return nil // sockets
		}
		if err == nil && cred != nil {
			err = os.Chown(target, int(cred.Uid), int(cred.Gid))
		}
		return err
	})
}

func copyFile(from, to string, mode fs.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// install fetches Debian packages when this user can; present reports whether
// another process has done so meanwhile.
func install(present func() bool, packages ...string) error {
	if os.Getuid() != 0 {
		return fmt.Errorf("%w: install %s", ErrUnavailable, strings.Join(packages, " "))
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("%w: no apt-get for %s", ErrUnavailable, strings.Join(packages, " "))
	}
	return locked("apt", func(string) error {
		if present() {
			return nil
		}
		// A package of Debian starts a cluster of its own unless told not to.
		if err := os.MkdirAll("/etc/postgresql-common", 0o755); err != nil {
			return err
		}
		if err := os.WriteFile("/etc/postgresql-common/createcluster.conf", []byte("create_main_cluster = false\n"), 0o644); err != nil {
			return err
		}
		for _, args := range [][]string{{"update", "-q"}, append([]string{"install", "-y", "-q", "--no-install-recommends"}, packages...)} {
			cmd := exec.Command("apt-get", args...)
			cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
			if out, err := cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("%w: apt-get %s: %v: %s", ErrUnavailable, args[0], err, tail(out, 500))
			}
		}
		return nil
	})
}

func tail(b []byte, n int) []byte {
	if len(b) > n {
		b = b[len(b)-n:]
	}
	return b
}
