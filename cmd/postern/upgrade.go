package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/postern/postern/world"
	"golang.org/x/sys/unix"
)

// upgradeCommand puts the program that is installed now in the place of the
// one that runs.
type upgradeCommand struct{ DataDirFlag }

// upgradeTimeout is how long a daemon may take to end and another one to serve.
const upgradeTimeout = time.Minute

func (u *upgradeCommand) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), heeded(unix.SIGTERM, unix.SIGINT)...)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, upgradeTimeout)
	defer cancel()
	err := world.Upgrade(ctx, string(u.DataDir))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ECONNREFUSED) {
		return fmt.Errorf("no daemon serves from %s: start one with postern serve, or say --data-dir", u.DataDir)
	}
	if err != nil {
		return fmt.Errorf("upgrade: %w", err)
	}
	return nil
}

// listenerVariable names the variable with the number of the listener's
// descriptor, which postern serve leaves to the program that replaces it.
const listenerVariable = "POSTERN_LISTENER"

// listen opens the AWS APIs' port, or takes it from the program before this
// one.
func (s *serveCommand) listen() (*net.TCPListener, error) {
	left := os.Getenv(listenerVariable)
	if left == "" {
		l, err := net.Listen("tcp", s.Listen)
		if err != nil {
			return nil, fmt.Errorf("open the AWS APIs' port: %w", err)
		}
		return l.(*net.TCPListener), nil
	}
	os.Unsetenv(listenerVariable)
	fd, err := strconv.Atoi(left)
	if err != nil {
		return nil, fmt.Errorf("take the AWS APIs' port over: %w", err)
	}
	f := os.NewFile(uintptr(fd), "listener")
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("take the AWS APIs' port over: %w", err)
	}
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return nil, errors.Join(errors.New("take the AWS APIs' port over: it is no TCP socket"), l.Close())
	}
	return tcp, nil
}

// upgrade puts the program at the path where this one was started from in its
// place: the same process, with the same arguments. It returns only where that
// is not possible; the world is as before then, unless there is an error.
func (s *serveCommand) upgrade(ctx context.Context, w *world.World, l *net.TCPListener) error {
	log := s.logger()
	if err := runs(ctx, s.program); err != nil {
		log.Error("the new program is not taken", "err", err)
		return w.Refuse(err)
	}
	log.Info("upgrade", "program", s.program)
	if err := w.HandOver(ctx); err != nil {
		return fmt.Errorf("end the daemon: %w", err)
	}
	fd, err := keepOpen(l)
	if err != nil {
		return err
	}
	env := append(os.Environ(), fmt.Sprintf("%s=%d", listenerVariable, fd))
	if err := syscall.Exec(s.program, os.Args, env); err != nil {
		return fmt.Errorf("execute %s: %w", s.program, err)
	}
	return nil
}

// runs says whether a program is one that works.
func runs(ctx context.Context, program string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if out, err := exec.CommandContext(ctx, program, "version").CombinedOutput(); err != nil {
		return fmt.Errorf("%s version: %w: %s", program, err, out)
	}
	return nil
}

// keepOpen returns a descriptor of l that outlives this program.
func keepOpen(l *net.TCPListener) (fd int, err error) {
	raw, err := l.SyscallConn()
	if err != nil {
		return 0, err
	}
	var dupErr error
	err = raw.Control(func(own uintptr) { fd, dupErr = unix.FcntlInt(own, unix.F_DUPFD, 0) })
	return fd, errors.Join(err, dupErr)
}
