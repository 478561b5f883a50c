package world

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// helloTimeout is how long a keeper may take to say who it is.
const helloTimeout = 2 * time.Second

// findKeeper adopts the keeper that is there, or starts one.
func (w *World) findKeeper(ctx context.Context) error {
	err := w.adopt(ctx)
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	if !errors.Is(err, errNoKeeper) {
		w.config.Log.Warn("the world that is there cannot be taken over and is ended", "err", err)
	}
	lock, err := w.run.takeOver(ctx)
	if err != nil {
		return err
	}
	defer lock.Close() // the keeper has it now
	return w.startKeeper(ctx, lock)
}

var errNoKeeper = errors.New("there is no keeper")

// adopt connects to the keeper that is there.
func (w *World) adopt(ctx context.Context) error {
	u, err := w.run.dial(keeperSocket)
	if err != nil {
		return errNoKeeper
	}
	c := &conn{UnixConn: u}
	p, err := adoptable(ctx, c)
	if err != nil {
		c.Close()
		return err
	}
	w.keeper, w.process = c, p
	return nil
}

// adoptable returns the process of a keeper that speaks like this program.
func adoptable(ctx context.Context, c *conn) (*process, error) {
	cred, err := peer(c.UnixConn)
	if err != nil {
		return nil, err
	}
	c.SetDeadline(time.Now().Add(helloTimeout))
	defer context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Unix(1, 0)) })()
	if err := c.send(message{Kind: kindHello}); err != nil {
		return nil, err
	}
	m, files, err := c.receive()
	closeAll(files)
	switch {
	case err != nil:
		return nil, err
	case m.Kind != kindUp || m.Version != protocol:
		return nil, fmt.Errorf("the keeper speaks version %d, not %d", m.Version, protocol)
	case m.Ephemeral:
		return nil, errors.New("it belongs to another process")
	}
	c.SetDeadline(time.Time{})
	fd, err := unix.PidfdOpen(int(cred.Pid), 0)
	if err != nil {
		return nil, fmt.Errorf("open keeper's process: %w", err)
	}
	return &process{pidfd: fd}, nil
}

// startKeeper returns when the namespaces are there.
func (w *World) startKeeper(ctx context.Context, lock *os.File) error {
	control, theirs, err := socketPair()
	if err != nil {
		return err
	}
	defer theirs.Close()
	w.keeper = control
	// The keeper outlives ctx, which is that of the start.
	cmd := Command(context.Background(), "keeper", "--data-dir", w.config.Dir)
	cmd.Stderr = w.config.Stderr
	cmd.ExtraFiles = []*os.File{theirs, lock} // keeperControl, keeperLockFile
	if err := cmd.Start(); err != nil {
		control.Close()
		return fmt.Errorf("start keeper in new namespaces (postern doctor says what is missing): %w", err)
	}
	theirs.Close()
	w.process = &process{cmd: cmd}
	if err := w.setUp(ctx); err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		control.Close()
		return fmt.Errorf("set up the world (postern doctor says what is missing): %w", err)
	}
	return nil
}

func (w *World) setUp(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { w.keeper.SetReadDeadline(time.Unix(1, 0)) })()
	dir := w.config.Dir
	if err := w.keeper.send(message{Kind: kindSetUp, Dir: dir, Ephemeral: w.config.Ephemeral}); err != nil {
		return err
	}
	m, _, err := w.keeper.receive()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, io.EOF):
		return errors.New("the keeper ended without a word")
	case err != nil:
		return err
	case m.Kind == kindFailed:
		return errors.New(m.Text)
	}
	return nil
}

// process is the keeper's: a child of this one, or what one before this one
// has left.
type process struct {
	cmd   *exec.Cmd
	pidfd int // where cmd is nil
}

// wait returns how the process ended, when it has, and with it everything in
// its PID namespace.
func (p *process) wait() string {
	if p.cmd != nil {
		if err := p.cmd.Wait(); err != nil {
			return err.Error()
		}
		return "exit status 0"
	}
	for {
		fds := []unix.PollFd{{Fd: int32(p.pidfd), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); !errors.Is(err, unix.EINTR) {
			return "it is gone"
		}
	}
}

// kill kills the process. One that has ended is no error.
func (p *process) kill() error {
	if p.cmd != nil {
		if err := p.cmd.Process.Kill(); !errors.Is(err, os.ErrProcessDone) {
			return err
		}
		return nil
	}
	err := unix.PidfdSendSignal(p.pidfd, unix.SIGKILL, nil, 0)
	if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EBADF) {
		return nil
	}
	return err
}

// close lets go of a process that may live on.
func (p *process) close() {
	if p.cmd == nil {
		unix.Close(p.pidfd)
	} else if p.cmd.ProcessState == nil {
		p.cmd.Process.Release()
	}
}

// Command is this program as process 1 of new namespaces, such as a world's.
func Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/proc/self/exe", args...)
	cmd.Args[0] = "postern"
	cmd.SysProcAttr = namespaces(os.Getuid(), os.Getgid())
	return cmd
}

// namespaces are the attributes of process 1 of a world. An ordinary user
// becomes root of a user namespace, in which nobody else exists.
func namespaces(uid, gid int) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWPID,
		Setsid:     true, // the terminal's signals are for the host side
	}
	if uid != 0 {
		attr.Cloneflags |= unix.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: gid, Size: 1}}
	}
	return attr
}
