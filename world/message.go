package world

import (
	"fmt"
	"net"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// Kinds of message. Between the host side and the keeper:
const (
	kindSetUp  = "set-up" // to the keeper, first of all: Dir, Ephemeral
	kindUp     = "up"     // from the keeper: the world is there
	kindStart  = "start"  // to the keeper: start the daemon with Args and the files that come along
	kindExited = "exited" // from the keeper: the daemon ended, Text says how
	kindEnd    = "end"    // to the keeper: end everything
)

// Between the host side and the daemon (the link):
const (
	kindReady  = "ready"  // from the daemon
	kindDial   = "dial"   // from the daemon: a connection to the host's resolver; ID, Network
	kindAnswer = "answer" // to the daemon: ID and the connection, or Text says why not
)

// kindFailed comes from the keeper or the daemon before it ends: Text says why.
const kindFailed = "failed"

// message is what the world's processes say to each other.
type message struct {
	Kind      string   `json:"kind"`
	Text      string   `json:"text,omitempty"`
	Dir       string   `json:"dir,omitempty"`
	Ephemeral bool     `json:"ephemeral,omitempty"`
	Args      []string `json:"args,omitempty"`
	ID        uint64   `json:"id,omitempty"`
	Network   string   `json:"network,omitempty"`
}

// conn carries messages, and files with them. Any goroutine may send; one
// receives.
type conn struct {
	*net.UnixConn
	mu sync.Mutex // one frame after the other; a peer of ours always reads
}

// socketPair returns two connected ends: ours, and one to pass to a child.
func socketPair() (*conn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make socket pair: %w", err)
	}
	theirs := os.NewFile(uintptr(fds[1]), "socket")
	ours, err := fileConn(os.NewFile(uintptr(fds[0]), "socket"))
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return ours, theirs, nil
}

// fileConn makes a conn of f, which it closes.
func fileConn(f *os.File) (*conn, error) {
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("use inherited socket: %w", err)
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		c.Close()
		return nil, fmt.Errorf("use inherited socket: it is a %s, not a unix socket", c.LocalAddr().Network())
	}
	return &conn{UnixConn: u}, nil
}

// send writes one message. The files remain the caller's.
func (c *conn) send(m message, files ...*os.File) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := WriteFrame(c.UnixConn, m, files...); err != nil {
		return fmt.Errorf("send %s message: %w", m.Kind, err)
	}
	return nil
}

// receive reads one message. The files are the caller's to close. The error is
// io.EOF when the other process has ended.
func (c *conn) receive() (message, []*os.File, error) {
	var m message
	files, err := ReadFrame(c.UnixConn, &m)
	return m, files, err
}
