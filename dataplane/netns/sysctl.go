package netns

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// A Sysctl is a setting of a network namespace: Name is its path below
// /proc/sys, such as net/ipv4/ip_forward.
type Sysctl struct {
	Name, Value string
	Optional    bool // a kernel without it is right too
}

// SetSysctls sets what differs, in order, in the namespace of the calling
// thread: call it inside Do or Create. Reading first matters: some writes
// have effects even if nothing changes (ip_forward resets other settings),
// and a read-only /proc/sys that is right is enough.
func SetSysctls(all []Sysctl) error {
	for _, s := range all {
		if err := s.set(); err != nil && !(s.Optional && errors.Is(err, os.ErrNotExist)) {
			return err
		}
	}
	return nil
}

// set opens the file once, for both: there are many settings, and the path to
// each is most of what it costs.
func (s Sysctl) set() error {
	path := "/proc/sys/" + s.Name
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	readOnly := err
	if err != nil {
		fd, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		return fmt.Errorf("read sysctl: %w", &os.PathError{Op: "open", Path: path, Err: err})
	}
	defer unix.Close(fd)
	var old [64]byte
	n, err := unix.Pread(fd, old[:], 0)
	if err != nil {
		return fmt.Errorf("read sysctl: %w", &os.PathError{Op: "read", Path: path, Err: err})
	}
	if string(bytes.TrimSpace(old[:n])) == s.Value {
		return nil
	}
	if err = readOnly; err == nil {
		_, err = unix.Pwrite(fd, []byte(s.Value), 0)
	}
	if err != nil {
		return fmt.Errorf("set sysctl to %s: %w", s.Value, &os.PathError{Op: "write", Path: path, Err: err})
	}
	return nil
}
