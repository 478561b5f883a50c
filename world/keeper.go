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

// checkInterval is how often a keeper looks whether its data directory is
// still there.
const checkInterval = 2 * time.Second

// keeper is process 1 of a world. One goroutine owns it, and runs what the
// others, which only read sockets, leave in work.
type keeper struct {
	log      *slog.Logger
	setup    message
	run      *runDir
	since    time.Time
	work     chan func()
	children chan os.Signal // SIGCHLD
	over     bool           // the world shall end

	host      *conn    // whose daemon it is: it wants to know what becomes of it
	program   *os.File // that daemon and workloads run
	daemon    *daemon  // nil without one
	daemons   int      // how many there were
	next      func()   // starts the daemon that takes over from this one
	rest      rest     // why there is none, if there is none
	halted    bool     // host wants to know when there is none
	upgraders []*conn  // who waits for the next one

	sessions map[string]*session
	sockets  map[string]int // descriptors by name
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
	k := &keeper{
		log:      log,
		host:     host,
		since:    time.Now(),
		work:     make(chan func()),
		children: make(chan os.Signal, 1),
		sessions: map[string]*session{},
		sockets:  map[string]int{},
	}
	signal.Notify(k.children, unix.SIGCHLD)
	if err := k.setUp(host); err != nil {
		return errors.Join(err, host.send(message{Kind: kindFailed, Text: err.Error()}))
	}
	if err := host.send(k.up()); err != nil {
		return err
	}
	go k.read(host, k.hearHost, func() {
		// A world in which nothing ever ran is of no use to anybody.
		k.over = k.over || k.setup.Ephemeral || k.daemons == 0 && k.daemon == nil
		k.hostGone(host)
	})
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
			host := &conn{UnixConn: c}
			go k.read(host, k.hearHost, func() { k.hostGone(host) })
		}
	}()
	return nil
}

// up says who this keeper is.
func (k *keeper) up() message {
	return message{Kind: kindUp, Version: protocol, Ephemeral: k.setup.Ephemeral}
}

// read leaves what comes from c to the keeper's goroutine: each message to
// hear, which owns the files, and the end to gone.
func (k *keeper) read(c *conn, hear func(*conn, message, []*os.File), gone func()) {
	for {
		m, files, err := c.receive()
		if err != nil {
			k.work <- func() {
				c.Close()
				gone()
			}
			return
		}
		k.work <- func() { hear(c, m, files) }
	}
}

// after leaves f to the keeper's goroutine when d has passed.
func (k *keeper) after(d time.Duration, f func()) {
	time.AfterFunc(d, func() { k.work <- f })
}

// tell sends a message to somebody who may be gone, or stopped: that must not
// stop the keeper.
func (k *keeper) tell(c *conn, m message) {
	c.SetWriteDeadline(time.Now().Add(time.Second))
	if err := c.send(m); err != nil {
		k.log.Debug("keeper is not heard", "err", err)
	}
}

// loop returns when the world shall end.
func (k *keeper) loop() {
	terminate := make(chan os.Signal, 1)
	signal.Notify(terminate, unix.SIGTERM, unix.SIGINT)
	check := time.NewTicker(checkInterval)
	defer check.Stop()
	for !k.over {
		select {
		case <-k.children:
			k.reap()
		case <-terminate:
			return
		case f := <-k.work:
			f()
		case <-check.C:
			k.over = k.over || k.daemon == nil && !k.run.hasLock(keeperLockFile)
		}
	}
}

// hearHost does what a host side asks for.
func (k *keeper) hearHost(host *conn, m message, files []*os.File) {
	if m.Kind == kindStart {
		k.start(host, m, files)
		return
	}
	closeAll(files)
	switch m.Kind {
	case kindHello:
		k.tell(host, k.up())
	case kindHalt:
		k.halt()
	case kindHandOver:
		k.handOver()
	case kindEnd:
		k.over = true
	case kindUpgrade:
		k.upgrade(host)
	case kindRefused:
		k.upgraded(message{Kind: kindFailed, Text: m.Text})
	}
}

// reap takes the exit statuses of all that have ended: process 1 is the parent
// of everybody who lost theirs, too.
func (k *keeper) reap() {
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || pid == 0 {
			break
		}
		if d := k.daemon; d != nil && d.pid == pid && d.status == nil {
			d.status = &status
			k.daemonEnded(d)
		} else if s := k.session(pid); s != nil {
			k.commandEnded(s, status)
		}
	}
	k.settle()
}

func describe(s unix.WaitStatus) string {
	if s.Signaled() {
		return "signal: " + s.Signal().String()
	}
	return fmt.Sprintf("exit status %d", s.ExitStatus())
}

// childless reports whether nothing runs in this world but the keeper.
func childless() bool {
	err := unix.EINTR
	for err == unix.EINTR {
		err, _ = unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil).(unix.Errno)
	}
	return err == unix.ECHILD
}

// end gives the daemon and the sessions time to end, then ends everybody.
func (k *keeper) end() {
	k.tell(k.host, message{Kind: kindEnding})
	k.next = nil
	k.rest = restEnd
	k.dismiss(graceTimeout)
	for _, s := range k.sessions {
		k.hangUp(s)
	}
	for grace := time.After(graceTimeout); k.daemon != nil || len(k.sessions) > 0; {
		select {
		case <-k.children:
			k.reap()
			continue
		case f := <-k.work:
			f()
			continue
		case <-grace:
		}
		break
	}
	unix.Kill(-1, unix.SIGKILL) // everybody in this PID namespace but this process
	for {
		if _, err := unix.Wait4(-1, nil, 0, nil); err != nil && !errors.Is(err, unix.EINTR) {
			break // no children
		}
	}
	unix.Unmount(filepath.Join(k.run.path, netnsDir), unix.MNT_DETACH)
	if k.setup.Ephemeral {
		if err := os.RemoveAll(k.setup.Dir); err != nil {
			k.log.Warn("world's directory is not removed", "err", err)
		}
	} else if k.run.hasLock(keeperLockFile) {
		if err := k.run.clean(); err != nil {
			k.log.Warn("run directory is not clean", "err", err)
		}
	}
}
