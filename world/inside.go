package world

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Descriptors that the keeper gives to the daemon.
const (
	linkFile      = 3
	keeperFile    = 4
	listenerFiles = 5 // and on
)

// Inside is what a daemon has of the world around it.
type Inside struct {
	Listeners []net.Listener // the host's sockets, in the order of Config.Listeners
	Broker    *Broker
	NetnsDir  string // for bind mounts of network namespaces; seen in this world only

	// What the daemons before this one have left with the keeper.
	Sessions []Session           // commands that run, or have just ended
	Sockets  map[string]*os.File // listening sockets by name; the caller's to close
	Passing  map[string]*os.File // those whose names are Passing
	Since    time.Time           // when the keeper began
	Daemons  int                 // how many there were before

	link   *conn
	lost   chan struct{}
	keeper *conn
	ended  chan Session

	leaving atomic.Bool
}

// Inherited returns what the keeper left to this process, which must be a
// daemon. dir is its data directory. It is called once.
func Inherited(dir string) (*Inside, error) {
	link, err := inheritedConn(linkFile)
	if err != nil {
		return nil, err
	}
	i := &Inside{
		NetnsDir: filepath.Join(dir, "run", netnsDir),
		Sockets:  map[string]*os.File{},
		Passing:  map[string]*os.File{},
		link:     link,
		lost:     make(chan struct{}),
		ended:    make(chan Session),
	}
	if i.keeper, err = inheritedConn(keeperFile); err != nil {
		return nil, errors.Join(err, link.Close())
	}
	if err := i.inherit(); err != nil {
		return nil, errors.Join(err, i.fail(err), link.Close(), i.keeper.Close())
	}
	i.Broker = &Broker{link: link, lost: i.lost, waiting: map[uint64]chan<- answer{}}
	go i.hear()
	go i.hearKeeper()
	return i, nil
}

// inherit takes the listeners, and what the keeper has to tell.
func (i *Inside) inherit() error {
	for fd := listenerFiles; isSocket(fd); fd++ {
		l, err := inheritedListener(fd)
		if err != nil {
			return err
		}
		i.Listeners = append(i.Listeners, l)
	}
	if err := i.keeper.send(message{Kind: kindBegin}); err != nil {
		return err
	}
	for {
		m, files, err := i.keeper.receive()
		if err != nil {
			return fmt.Errorf("hear the keeper: %w", err)
		}
		switch {
		case m.Kind == kindSockets && len(files) == len(m.Names):
			for n, f := range files {
				if isPassing(m.Names[n]) {
					i.Passing[m.Names[n]] = f
				} else {
					i.Sockets[m.Names[n]] = f
				}
			}
		case m.Kind == kindBegun:
			i.Sessions, i.Since, i.Daemons = m.Sessions, m.Since, m.Daemons
			return nil
		default:
			closeAll(files)
			return fmt.Errorf("hear the keeper: a %s message with %d files", m.Kind, len(files))
		}
	}
}

// Lost is closed when the host side is gone. Nobody waits for this daemon any
// more: it must end.
func (i *Inside) Lost() <-chan struct{} { return i.lost }

// Ready tells the host side and the keeper that the daemon serves.
func (i *Inside) Ready() error {
	return errors.Join(i.link.send(message{Kind: kindReady}), i.keeper.send(message{Kind: kindReady}))
}

// Fail tells the host side why the daemon is about to end.
func (i *Inside) Fail(err error) error { return i.fail(err) }

func (i *Inside) fail(err error) error {
	return i.link.send(message{Kind: kindFailed, Text: err.Error()})
}

// Close gives the links up. It does not close the listeners.
func (i *Inside) Close() error {
	err := errors.Join(i.link.Close(), i.keeper.Close())
	<-i.lost
	for range i.ended { // until hearKeeper has ended
	}
	return err
}

// hear passes the host side's answers on until the link is gone.
func (i *Inside) hear() {
	defer close(i.lost)
	for {
		m, files, err := i.link.receive()
		if err != nil {
			return
		}
		if m.Kind != kindAnswer || len(files) > 1 {
			closeAll(files)
			continue
		}
		i.Broker.answer(m, files)
	}
}

// inheritedConn takes a socket over from the process that started this one.
func inheritedConn(fd int) (*conn, error) {
	if !isSocket(fd) {
		return nil, fmt.Errorf("descriptor %d is no socket: this command is started by postern itself", fd)
	}
	unix.CloseOnExec(fd)
	return fileConn(os.NewFile(uintptr(fd), "inherited"))
}

func inheritedListener(fd int) (net.Listener, error) {
	unix.CloseOnExec(fd)
	f := os.NewFile(uintptr(fd), "listener")
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("use inherited listener: %w", err)
	}
	return l, nil
}

func isSocket(fd int) bool {
	var stat unix.Stat_t
	return unix.Fstat(fd, &stat) == nil && stat.Mode&unix.S_IFMT == unix.S_IFSOCK
}
