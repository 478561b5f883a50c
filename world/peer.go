package world

import (
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// CheckPeer says whether the process at the other end of c runs as the user
// that this process runs as. Others have no business with a world.
func CheckPeer(c *net.UnixConn) error {
	cred, err := peer(c)
	if err != nil {
		return err
	}
	if own := uint32(unix.Getuid()); cred.Uid != own {
		return fmt.Errorf("peer runs as another user (uid %d as seen from here, not %d)", cred.Uid, own)
	}
	return nil
}

func peer(c *net.UnixConn) (*unix.Ucred, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("read peer's credentials: %w", err)
	}
	var cred *unix.Ucred
	var credErr error
	if err := raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return nil, fmt.Errorf("read peer's credentials: %w", err)
	}
	if credErr != nil {
		return nil, fmt.Errorf("read peer's credentials: %w", credErr)
	}
	return cred, nil
}

// killPeer kills the process that listens at the other end of c.
func killPeer(c *conn) error {
	cred, err := peer(c.UnixConn)
	if err != nil {
		return err
	}
	if cred.Pid <= 1 {
		return errors.New("the keeper is in another PID namespace")
	}
	if err := unix.Kill(int(cred.Pid), unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("kill process %d: %w", cred.Pid, err)
	}
	return nil
}
