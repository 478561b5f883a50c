package netns

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// current is the network namespace of the calling thread.
const current = "/proc/thread-self/ns/net"

// Create makes a network namespace at path, in which inside (may be nil) runs
// before anybody can see it. A namespace that is there already is kept as it
// is. What a crash left at path is replaced.
func Create(path string, inside func() error) error {
	if Exists(path) {
		return nil
	}
	return thread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("create network namespace: %w", err)
		}
		if inside != nil {
			if err := inside(); err != nil {
				return err
			}
		}
		return pin(path)
	})
}

// pin binds the calling thread's namespace to path.
func pin(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDONLY, 0o444)
	if err != nil {
		return fmt.Errorf("create mount point: %w", err)
	}
	f.Close()
	if err := unix.Mount(current, path, "", unix.MS_BIND, ""); err != nil {
		os.Remove(path)
		return fmt.Errorf("bind network namespace to %s: %w", path, err)
	}
	return nil
}

// Exists reports whether path is a namespace, not just a file.
func Exists(path string) bool {
	var s unix.Statfs_t
	return unix.Statfs(path, &s) == nil && int64(s.Type) == unix.NSFS_MAGIC
}

// Delete removes the namespace at path; an absent one is no error. The kernel
// keeps it as long as a process, a socket or an open file is in it.
func Delete(path string) error {
	for Exists(path) {
		if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("unmount %s: %w", path, err)
		}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove mount point: %w", err)
	}
	return nil
}

// List names the namespaces in dir that begin with prefix, in order.
func List(dir, prefix string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list network namespaces: %w", err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) && Exists(filepath.Join(dir, e.Name())) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Open opens the namespace at path. The caller closes it; until then the
// namespace cannot vanish.
func Open(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open network namespace: %w", err)
	}
	return f, nil
}

// Do runs fn inside the namespace at path, on a goroutine and a thread that
// nothing else uses meanwhile. Goroutines that fn starts are outside.
func Do(path string, fn func() error) error {
	f, err := Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return thread(func() error {
		if err := enter(f); err != nil {
			return err
		}
		return fn()
	})
}

// Start starts cmd inside the namespace at path.
func Start(cmd *exec.Cmd, path string) error { return Do(path, cmd.Start) }

func enter(ns *os.File) error {
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter network namespace %s: %w", ns.Name(), err)
	}
	return nil
}

// thread runs fn, which may change the namespace, on a thread that nothing
// else uses meanwhile, and takes the thread back to where it was. If that
// fails, the goroutine ends without unlocking its thread, which ends it.
func thread(fn func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		here, err := Open(current)
		if err != nil {
			runtime.UnlockOSThread()
			done <- err
			return
		}
		defer here.Close()
		err = fn()
		if back := enter(here); back != nil {
			done <- errors.Join(err, back)
			return
		}
		runtime.UnlockOSThread()
		done <- err
	}()
	return <-done
}
