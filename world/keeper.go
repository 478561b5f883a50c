package world

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Descriptors that the host side gives to the keeper.
const (
	keeperControl  = 3
	keeperLockFile = 4
)

// keeper is process 1 of a world. One goroutine owns it; the others only read
// sockets.
type keeper struct {
	log      *slog.Logger
	setup    message
	run      *runDir
	requests chan request
	children chan os.Signal // SIGCHLD
	used     bool           // a daemon has been here
	daemon   int            // process id, 0 without one
	starter  *conn          // who started the daemon and wants to know when it ends
}

// request is a message from a host side, or the news that it is gone.
type request struct {
	message
	files []*os.File
	from  *conn
	first bool // from is who started this keeper
	gone  bool
}

// RunKeeper is the keeper's whole life: it returns when the world shall end,
// and the process must exit then.
func RunKeeper(log *slog.Logger) error {
	// The host side may go away with the other ends of these.
	// Caught and dropped, because ignored signals would stay ignored in children.
	signal.Notify(make(chan os.Signal, 1), unix.SIGPIPE, unix.SIGHUP)
	os.WriteFile("/proc/self/comm", []byte("postern-keeper"), 0) // for ps; nothing depends on it
	unix.CloseOnExec(keeperLockFile)
	host, err := inheritedConn(keeperControl)
	if err != nil {
		return err
	}
	k := &keeper{log: log, requests: make(chan request), children: make(chan os.Signal, 1)}
	signal.Notify(k.children, unix.SIGCHLD)
	if err := k.setUp(host); err != nil {
		return errors.Join(err, host.send(message{Kind: kindFailed, Text: err.Error()}))
	}
	if err := host.send(message{Kind: kindUp}); err != nil {
		return err
	}
	go k.read(host, true)
	k.loop()
	k.end()
	return nil
}

// setUp makes the world fit for a daemon.
func (k *keeper) setUp(host *conn) error {
	m, files, err := host.receive()
	closeAll(files)
	if err != nil || m.Kind != kindSetUp {
		return errors.Join(errors.New("the host side said nothing"), err)
	}
	k.setup = m
	if err := DetachMounts(k.log); err != nil {
		return err
	}
	if err := mountNetns(filepath.Join(m.Dir, "run", netnsDir)); err != nil {
		return err
	}
	if err := loopbackUp(); err != nil {
		return err
	}
	if k.run, err = openRun(m.Dir); err != nil {
		return err
	}
	l, err := k.run.listen(keeperSocket)
	if err != nil {
		return err
	}
	go func() { // until the process exits
		for {
			c, err := l.AcceptUnix()
			if err != nil {
				k.log.Error("keeper hears nobody any more", "err", err)
				return
			}
			if err := CheckPeer(c); err != nil {
				k.log.Warn("keeper sends a stranger away", "err", err)
				c.Close()
				continue
			}
			go k.read(&conn{UnixConn: c}, false)
		}
	}()
	return nil
}

// read passes on what comes from a host side.
func (k *keeper) read(c *conn, first bool) {
	for {
		m, files, err := c.receive()
		k.requests <- request{message: m, files: files, from: c, first: first, gone: err != nil}
		if err != nil {
			return
		}
	}
}

// loop returns when the world shall end.
func (k *keeper) loop() {
	terminate := make(chan os.Signal, 1)
	signal.Notify(terminate, unix.SIGTERM, unix.SIGINT)
	for {
		select {
		case <-k.children:
			k.reap()
		case <-terminate:
			return
		case r := <-k.requests:
			if k.handle(r) {
				return
			}
		}
	}
}

// handle reports whether the world shall end.
func (k *keeper) handle(r request) bool {
	defer closeAll(r.files)
	switch {
	case r.gone && r.first:
		// A world in which nothing ever ran is of no use to anybody.
		return k.setup.Ephemeral || !k.used
	case r.gone:
		r.from.Close()
	case r.Kind == kindEnd:
		return true
	case r.Kind == kindStart:
		if err := k.start(r); err != nil {
			r.from.send(message{Kind: kindExited, Text: err.Error()})
		}
	}
	return false
}

func (k *keeper) start(r request) error {
	if k.daemon != 0 {
		return errors.New("start daemon: there is one")
	}
	files := append([]*os.File{os.Stdin, os.Stdout, os.Stderr}, r.files...)
	p, err := os.StartProcess("/proc/self/exe", append([]string{"postern"}, r.Args...), &os.ProcAttr{
		Env:   os.Environ(),
		Files: files,
	})
	if err != nil {
		return fmt.Errorf("start daemon: %w", err)
	}
	k.used, k.daemon, k.starter = true, p.Pid, r.from
	p.Release() // reap waits for everybody
	return nil
}

// reap takes the exit statuses of the daemon and of orphans: process 1 is the
// parent of all who lost theirs.
func (k *keeper) reap() {
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || pid == 0 {
			return
		}
		if pid == k.daemon {
			k.daemon = 0
			k.starter.send(message{Kind: kindExited, Text: describe(status)}) // an error means that it is gone, too
		}
	}
}

func describe(s unix.WaitStatus) string {
	if s.Signaled() {
		return "signal: " + s.Signal().String()
	}
	return fmt.Sprintf("exit status %d", s.ExitStatus())
}

// end gives the daemon time to end, then ends everybody else.
func (k *keeper) end() {
	if k.daemon != 0 {
		unix.Kill(k.daemon, unix.SIGTERM)
	}
	for grace := time.After(graceTimeout); k.daemon != 0; {
		select {
		case <-k.children:
			k.reap()
		case <-grace:
			k.log.Warn("daemon did not end by itself", "after", graceTimeout)
			k.daemon = 0
		}
	}
	unix.Kill(-1, unix.SIGKILL) // everybody in this PID namespace but this process
	for {
		if _, err := unix.Wait4(-1, nil, 0, nil); err != nil && !errors.Is(err, unix.EINTR) {
			break // no children
		}
	}
	if k.setup.Ephemeral {
		unix.Unmount(filepath.Join(k.run.path, netnsDir), unix.MNT_DETACH)
		if err := os.RemoveAll(k.setup.Dir); err != nil {
			k.log.Warn("world's directory is not removed", "err", err)
		}
	}
}
