package world

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// handOverTimeout is how long a daemon may take to end for the next one.
const handOverTimeout = 5 * time.Second

// nextTimeout is how long a host side may take to start the next one.
const nextTimeout = 30 * time.Second

// programFile is the least number of the descriptor of the program: children
// begin with files in the numbers below.
const programFile = 512

// daemon is the daemon of a world, as the keeper sees it.
type daemon struct {
	pid    int
	link   *conn
	begun  bool             // it knows of the sessions
	ready  bool             // it serves
	heard  bool             // all that it said is done
	status *unix.WaitStatus // nil while the process lives
}

// rest says why there is no daemon.
type rest int

const (
	restNone     rest = iota // there is one, or it has crashed
	restHalt                 // its host side has stopped it
	restHandOver             // the next one is about to come
	restEnd                  // the world ends
)

// start starts the daemon, when the one that may be there has ended. It owns
// files.
func (k *keeper) start(host *conn, m message, files []*os.File) {
	if k.daemon != nil {
		k.next = func() { k.start(host, m, files) }
		k.dismiss(handOverTimeout)
		return
	}
	defer closeAll(files)
	k.host = host
	d, err := k.launch(m.Args, files)
	if err != nil {
		k.tell(host, message{Kind: kindExited, Text: err.Error()})
		k.upgraded(message{Kind: kindFailed, Text: err.Error()})
		return
	}
	k.daemon, k.rest = d, restNone
	go k.read(d.link, k.hearDaemon, func() {
		d.heard = true
		k.daemonEnded(d)
		k.settle()
	})
}

// launch starts a program with args. files are the program, its stderr, which
// becomes the keeper's own, and what else it shall inherit.
func (k *keeper) launch(args []string, files []*os.File) (*daemon, error) {
	if len(files) < 3 {
		return nil, errors.New("start daemon: the host side has sent too few files")
	}
	if err := k.setProgram(files[0]); err != nil {
		return nil, err
	}
	if err := setStderr(files[1]); err != nil {
		return nil, err
	}
	link, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	inherited := append([]*os.File{os.Stdin, os.Stdout, os.Stderr, files[2], theirs}, files[3:]...) // linkFile and on
	p, err := os.StartProcess(k.programPath(), append([]string{"postern"}, args...), &os.ProcAttr{
		Env:   os.Environ(),
		Files: inherited,
	})
	if err != nil {
		link.Close()
		return nil, fmt.Errorf("start daemon: %w", err)
	}
	defer p.Release() // reap waits for everybody
	return &daemon{pid: p.Pid, link: link}, nil
}

// setProgram makes f the program of this world. It may lie where no path of
// this mount namespace leads, or not be there under its name any more.
func (k *keeper) setProgram(f *os.File) error {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, programFile)
	if err != nil {
		return fmt.Errorf("take the program: %w", err)
	}
	if k.program != nil {
		k.program.Close()
	}
	k.program = os.NewFile(uintptr(fd), "program")
	return nil
}

// programPath is good in children until they execute it.
func (k *keeper) programPath() string { return fmt.Sprintf("/proc/self/fd/%d", k.program.Fd()) }

// setStderr makes f the stderr of this process and those that it starts.
func setStderr(f *os.File) error {
	fd, err := number(f)
	if err == nil {
		err = unix.Dup3(fd, unix.Stderr, 0)
	}
	if err != nil {
		return fmt.Errorf("take the host side's stderr: %w", err)
	}
	return nil
}

// dismiss asks the daemon to end, and kills it after grace.
func (k *keeper) dismiss(grace time.Duration) {
	d := k.daemon
	if d == nil {
		return
	}
	unix.Kill(d.pid, unix.SIGTERM)
	k.after(grace, func() {
		if k.daemon == d && d.status == nil {
			k.log.Warn("daemon did not end by itself", "after", grace)
			unix.Kill(d.pid, unix.SIGKILL)
		}
	})
}

// halt ends the daemon for good, and the world where it was all that ran.
func (k *keeper) halt() {
	k.rest, k.halted, k.next = restHalt, true, nil
	k.dismiss(graceTimeout)
	k.settle()
}

// handOver ends the daemon for another one.
func (k *keeper) handOver() {
	k.rest = restHandOver
	k.dismiss(handOverTimeout)
	k.after(nextTimeout, func() {
		if k.rest == restHandOver {
			k.rest = restNone
			k.dropSockets(isPassing)
			k.upgraded(message{Kind: kindFailed, Text: "the next daemon did not come"})
		}
	})
}

// daemonEnded is the end of d once its process is gone and its last words are
// heard: a caller whose command it has just passed on here must not be lost
// with it. It tells everybody who wants to know.
func (k *keeper) daemonEnded(d *daemon) {
	if d.status == nil || !d.heard {
		return
	}
	how := describe(*d.status)
	k.daemon = nil
	k.daemons++
	for _, s := range k.sessions {
		if s.end != nil {
			k.release(s) // there is nobody to wait for
		}
	}
	k.tell(k.host, message{Kind: kindExited, Text: how})
	if next := k.next; next != nil {
		k.next = nil
		next()
	} else if k.rest == restNone {
		k.upgraded(message{Kind: kindFailed, Text: "the daemon ended: " + how})
	}
}

// settle is the end of a halt. The world ends with the last that runs in it.
func (k *keeper) settle() {
	if k.rest != restHalt || k.daemon != nil {
		return
	}
	k.dropSockets(func(string) bool { return true })
	if len(k.sessions) == 0 && childless() {
		k.over = true
	} else if k.halted {
		k.halted = false
		k.tell(k.host, message{Kind: kindHalted})
	}
}

// hostGone is the end of a connection to this keeper. When it was that of the
// host side, the daemon sees it, too, and ends.
func (k *keeper) hostGone(host *conn) {
	if host != k.host {
		return
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err == nil {
		err = setStderr(null)
		null.Close()
	}
	if err != nil {
		k.log.Warn("keeper keeps its host side's stderr", "err", err)
	}
	if k.rest != restHandOver {
		k.dismiss(handOverTimeout)
		k.dropSockets(isPassing)
	}
}

// upgrade asks the host side to begin anew, for who wants to know how that
// went.
func (k *keeper) upgrade(who *conn) {
	if k.daemon == nil || !k.daemon.ready {
		k.tell(who, message{Kind: kindFailed, Text: "there is no daemon that serves"})
		return
	}
	k.upgraders = append(k.upgraders, who)
	k.tell(k.host, message{Kind: kindUpgrade})
}

// upgraded answers those who asked for an upgrade.
func (k *keeper) upgraded(m message) {
	for _, who := range k.upgraders {
		k.tell(who, m)
	}
	k.upgraders = nil
}

// hearDaemon does what the daemon asks for, also what it asked for before it
// ended: there is no other one until that is done.
func (k *keeper) hearDaemon(_ *conn, m message, files []*os.File) {
	defer closeAll(files)
	switch m.Kind {
	case kindBegin:
		k.begin()
	case kindReady:
		k.daemon.ready = true
		k.upgraded(message{Kind: kindUpgraded})
	case kindHold:
		k.hold(m.Name, files)
	case kindDrop:
		k.dropSockets(func(name string) bool { return name == m.Name })
	case kindRun:
		k.runSession(m, files)
	case kindReleased:
		if s := k.sessions[m.Session.ID]; s != nil && s.end != nil {
			k.release(s)
		}
	}
}

// begin tells the daemon, which hears, what those before it have left.
func (k *keeper) begin() {
	d := k.daemon
	k.handSockets(d.link)
	all := message{Kind: kindBegun, Since: k.since, Daemons: k.daemons}
	for _, s := range k.sessions {
		all.Sessions = append(all.Sessions, s.Session)
	}
	k.tell(d.link, all)
	d.begun = true
	for _, s := range k.sessions {
		if s.end != nil {
			k.tell(d.link, message{Kind: kindEnded, Session: &s.Session})
		}
	}
}
