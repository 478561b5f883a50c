package world

import (
	"fmt"
	"log/slog"
	"os"

	"golang.org/x/sys/unix"
)

// DetachMounts cuts this process's mount namespace off from the host's and
// gives it a /proc of its PID namespace. It is for process 1 of a world.
func DetachMounts(log *slog.Logger) error {
	if err := privateTree(); err != nil {
		return err
	}
	// In a container with parts of /proc masked, a user namespace may not
	// mount another. Without it, process ids in /proc are those of outside.
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		log.Warn("/proc shows the processes of the outside", "err", err)
	}
	return nil
}

// mountNetns puts a tmpfs at dir, for namespaces as files.
func mountNetns(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make folder of the namespaces: %w", err)
	}
	if err := unix.Mount("postern", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "mode=0700"); err != nil {
		return fmt.Errorf("mount tmpfs on %s: %w", dir, err)
	}
	return nil
}

// privateTree keeps what is mounted here from showing up elsewhere.
func privateTree() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	return nil
}

// loopbackUp sets lo up in this network namespace.
func loopbackUp() error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open socket for lo: %w", err)
	}
	defer unix.Close(s)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return fmt.Errorf("name lo: %w", err)
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("set lo up: %w", err)
	}
	return nil
}
