package world

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Names in a world's run directory.
const (
	keeperSocket = "keeper.sock"
	keeperLock   = "keeper.lock"
	netnsDir     = "netns"
)

// runDir is the folder of everything that lives as long as a world. Sockets in
// it are named through its descriptor, because the path of a socket may have
// 107 bytes only and a data directory may lie deeper than that.
type runDir struct {
	path string
	file *os.File
}

// openRun opens DIR/run and makes it where it does not exist.
func openRun(dir string) (*runDir, error) {
	path, err := filepath.Abs(filepath.Join(dir, "run"))
	if err != nil {
		return nil, fmt.Errorf("find run directory: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make run directory: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open run directory: %w", err)
	}
	return &runDir{path, f}, nil
}

func (r *runDir) Close() error { return r.file.Close() }

// address is the short name of a socket in r. It is good as long as r is open.
func (r *runDir) address(name string) *net.UnixAddr {
	return &net.UnixAddr{Name: fmt.Sprintf("/proc/self/fd/%d/%s", r.file.Fd(), name), Net: "unix"}
}

// listen makes the socket name, for the owner of r only.
func (r *runDir) listen(name string) (*net.UnixListener, error) {
	path := filepath.Join(r.path, name)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove old socket: %w", err)
	}
	l, err := net.ListenUnix("unix", r.address(name))
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	l.SetUnlinkOnClose(false) // the name is good only as long as r is open
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, fmt.Errorf("protect socket: %w", err)
	}
	return l, nil
}

func (r *runDir) dial(name string) (*net.UnixConn, error) {
	return net.DialUnix("unix", nil, r.address(name))
}

// Listen makes the stream socket DIR/run/NAME, for its owner only. The
// directory may lie as deep as it wants.
func Listen(dir, name string) (*net.UnixListener, error) {
	r, err := openRun(dir)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return r.listen(name)
}

// Dial connects to the stream socket DIR/run/NAME.
func Dial(dir, name string) (*net.UnixConn, error) {
	f, err := os.Open(filepath.Join(dir, "run"))
	if err != nil {
		return nil, fmt.Errorf("open run directory: %w", err)
	}
	r := &runDir{f.Name(), f}
	defer r.Close()
	c, err := r.dial(name)
	if err != nil {
		// The descriptor's number in err's address says nothing to anybody.
		var errno unix.Errno
		if errors.As(err, &errno) {
			err = errno
		}
		return nil, fmt.Errorf("connect to %s: %w", filepath.Join(dir, "run", name), err)
	}
	return c, nil
}

// hasLock reports whether fd is still the lock of r: where it is not, the data
// directory was removed, and there may be another keeper in its place.
func (r *runDir) hasLock(fd int) bool {
	var ours, theirs unix.Stat_t
	return unix.Fstat(fd, &ours) == nil && unix.Stat(filepath.Join(r.path, keeperLock), &theirs) == nil &&
		ours.Dev == theirs.Dev && ours.Ino == theirs.Ino
}

// takeOver ends the keeper that an earlier host side left behind in r, waits
// until it is gone, and removes what it left. The file that it returns is the
// keeper's lock: a keeper lives as long as it has it open.
func (r *runDir) takeOver(ctx context.Context) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(r.path, keeperLock), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the keeper's lock: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for kill := false; ; kill = true {
		err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			lock.Close()
			return nil, fmt.Errorf("lock the keeper's lock: %w", err)
		}
		if err := r.endKeeper(ctx, kill); err != nil {
			lock.Close()
			return nil, fmt.Errorf("end the keeper left behind in %s: %w", r.path, err)
		}
	}
	if err := r.clean(); err != nil {
		lock.Close()
		return nil, err
	}
	return lock, nil
}

// endKeeper asks the keeper of r to end, or kills it, and waits for that. A
// keeper without a socket is one that has just begun, or is ending: it is given
// a moment.
func (r *runDir) endKeeper(ctx context.Context, kill bool) error {
	u, err := r.dial(keeperSocket)
	if err != nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
			return nil
		}
	}
	c := &conn{UnixConn: u}
	defer c.Close()
	if kill {
		if err := killPeer(c); err != nil {
			return err
		}
	} else if err := c.send(message{Kind: kindEnd}); err != nil {
		return nil // it is ending already
	}
	c.SetReadDeadline(time.Now().Add(stopTimeout))
	for {
		if _, _, err := c.receive(); err != nil {
			return nil // it is gone, or has had its time
		}
	}
}

// clean removes everything in r that ends with a world.
func (r *runDir) clean() error {
	entries, err := os.ReadDir(r.path)
	if err != nil {
		return fmt.Errorf("clean run directory: %w", err)
	}
	for _, e := range entries {
		if e.Name() == keeperLock {
			continue
		}
		if err := os.RemoveAll(filepath.Join(r.path, e.Name())); err != nil {
			return fmt.Errorf("clean run directory: %w", err)
		}
	}
	return nil
}
