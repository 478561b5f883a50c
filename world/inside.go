package world

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// Descriptors that the keeper gives to the daemon.
const (
	linkFile      = 3
	listenerFiles = 4 // and on
)

// Inside is what a daemon has of the outside of its world.
type Inside struct {
	Listeners []net.Listener // the host's sockets, in the order of Config.Listeners
	Broker    *Broker
	NetnsDir  string // for bind mounts of network namespaces; seen in this world only

	link *conn
	lost chan struct{}
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
		link:     link,
		lost:     make(chan struct{}),
	}
	for fd := listenerFiles; isSocket(fd); fd++ {
		l, err := inheritedListener(fd)
		if err != nil {
			return nil, errors.Join(err, link.Close())
		}
		i.Listeners = append(i.Listeners, l)
	}
	i.Broker = &Broker{link: link, lost: i.lost, waiting: map[uint64]chan<- answer{}}
	go i.hear()
	return i, nil
}

// Lost is closed when the host side is gone. Nobody waits for this daemon any
// more: it must end.
func (i *Inside) Lost() <-chan struct{} { return i.lost }

// Ready tells the host side that the daemon serves.
func (i *Inside) Ready() error { return i.link.send(message{Kind: kindReady}) }

// Fail tells the host side why the daemon is about to end.
func (i *Inside) Fail(err error) error {
	return i.link.send(message{Kind: kindFailed, Text: err.Error()})
}

// Close gives the link up. It does not close the listeners.
func (i *Inside) Close() error {
	err := i.link.Close()
	<-i.lost
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

// Broker asks the host side for connections that this world cannot make.
type Broker struct {
	link *conn
	lost <-chan struct{}

	mu      sync.Mutex
	last    uint64
	waiting map[uint64]chan<- answer // by id; each has room for its answer
}

type answer struct {
	file *os.File
	err  error
}

// DialResolver connects to the host's DNS resolver; network is udp or tcp.
// Where the host has several, each call begins with the next one.
func (b *Broker) DialResolver(ctx context.Context, network string) (net.Conn, error) {
	got := make(chan answer, 1)
	b.mu.Lock()
	b.last++
	id := b.last
	b.waiting[id] = got
	b.mu.Unlock()
	defer b.forget(id, got)
	if err := b.link.send(message{Kind: kindDial, ID: id, Network: network}); err != nil {
		return nil, fmt.Errorf("dial the host's resolver: %w", err)
	}
	select {
	case a := <-got:
		if a.err != nil {
			return nil, fmt.Errorf("dial the host's resolver: %w", a.err)
		}
		defer a.file.Close()
		return net.FileConn(a.file)
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-b.lost:
		return nil, errors.New("dial the host's resolver: the host side is gone")
	}
}

// forget gives up waiting. An answer that came in the meantime is closed.
func (b *Broker) forget(id uint64, got <-chan answer) {
	b.mu.Lock()
	delete(b.waiting, id)
	b.mu.Unlock()
	select {
	case a := <-got:
		if a.file != nil {
			a.file.Close()
		}
	default:
	}
}

// answer hands an answer of at most one file to who waits for it.
func (b *Broker) answer(m message, files []*os.File) {
	a := answer{}
	switch {
	case m.Text != "":
		a.err = errors.New(m.Text)
		closeAll(files)
	case len(files) == 1:
		a.file = files[0]
	default:
		a.err = errors.New("the host side sent no connection")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if got, ok := b.waiting[m.ID]; ok {
		delete(b.waiting, m.ID)
		got <- a
	} else if a.file != nil {
		a.file.Close()
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
