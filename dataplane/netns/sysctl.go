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
	proc, err := openProc()
	if err != nil {
		return fmt.Errorf("open sysctls: %w", err)
	}
	defer unix.Close(proc)
	for _, s := range all {
		if err := s.set(proc); err != nil && !(s.Optional && errors.Is(err, os.ErrNotExist)) {
			return err
		}
	}
	return nil
}

// ReadSysctl returns a setting of the namespace of the calling thread.
func ReadSysctl(name string) (string, error) {
	proc, err := openProc()
	if err != nil {
		return "", fmt.Errorf("open sysctls: %w", err)
	}
	defer unix.Close(proc)
	fd, err := unix.Openat(proc, "sys/"+name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", fmt.Errorf("read sysctl: %w", &os.PathError{Op: "open", Path: "sys/" + name, Err: err})
	}
	defer unix.Close(fd)
	return read(fd, name)
}

// read reads a setting, which is short.
func read(fd int, name string) (string, error) {
	var value [64]byte
	n, err := unix.Pread(fd, value[:], 0)
	if err != nil {
		return "", fmt.Errorf("read sysctl: %w", &os.PathError{Op: "read", Path: "sys/" + name, Err: err})
	}
	return string(bytes.TrimSpace(value[:n])), nil
}

// openProc opens a proc file system of its own, or /proc where that is not
// permitted. The kernel remembers the files of all namespaces that were looked
// for in one under the same names, and goes through them one by one: with a
// thousand namespaces that is most of what a setting costs.
func openProc() (fd int, err error) {
	fs, err := unix.Fsopen("proc", unix.FSOPEN_CLOEXEC)
	if err == nil {
		defer unix.Close(fs)
		if err = unix.FsconfigCreate(fs); err == nil {
			fd, err = unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, 0)
		}
	}
	if err != nil {
		fd, err = unix.Open("/proc", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	}
	return fd, err
}

// set opens the file once, to read and to write. proc is a proc file system.
func (s Sysctl) set(proc int) error {
	path := "sys/" + s.Name
	fd, err := unix.Openat(proc, path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	readOnly := err
	if err != nil {
		fd, err = unix.Openat(proc, path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		return fmt.Errorf("read sysctl: %w", &os.PathError{Op: "open", Path: path, Err: err})
	}
	defer unix.Close(fd)
	old, err := read(fd, s.Name)
	if err != nil || old == s.Value {
		return err
	}
	if err = readOnly; err == nil {
		_, err = unix.Pwrite(fd, []byte(s.Value), 0)
	}
	if err != nil {
		return fmt.Errorf("set sysctl to %s: %w", s.Value, &os.PathError{Op: "write", Path: path, Err: err})
	}
	return nil
}
