package world

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// protocol is the version of what host side, keeper and daemon say to each
// other. A keeper of another version is not adopted but replaced.
const protocol = 2

// Between the host side and the keeper:
const (
	kindSetUp    = "set-up"    // to the keeper that has just begun: Dir, Ephemeral
	kindHello    = "hello"     // to a keeper that is there: who are you?
	kindUp       = "up"        // answers both: Version, Ephemeral
	kindStart    = "start"     // to the keeper: start the daemon with Args, in the place of the one that may be there. Files: its program, its stderr, its link, the host's listeners
	kindExited   = "exited"    // from the keeper: the daemon ended, Text says how
	kindHalt     = "halt"      // to the keeper: end the daemon, and the world if nothing else runs in it
	kindHalted   = "halted"    // from the keeper: that is done, and the world goes on
	kindHandOver = "hand-over" // to the keeper: end the daemon, whose sockets are for the next
	kindEnd      = "end"       // to the keeper: end everything
	kindEnding   = "ending"    // from the keeper: it was asked to
	kindUpgrade  = "upgrade"   // to the keeper and from it to the host side: start the program again
	kindRefused  = "refused"   // answers that: no, because of Text
	kindUpgraded = "upgraded"  // from the keeper to who asked for it
)

// Between the keeper and the daemon:
const (
	kindBegin    = "begin"    // to the keeper: tell me all
	kindSockets  = "sockets"  // to the daemon: Names and as many sockets
	kindBegun    = "begun"    // to the daemon, after them: Sessions, Since, Daemons
	kindHold     = "hold"     // to the keeper: Name and its socket
	kindDrop     = "drop"     // to the keeper: forget the socket Name
	kindRun      = "run"      // to the keeper: Session, Command; files: stdin, stdout, stderr, caller
	kindEnded    = "ended"    // to the daemon: the command of Session has ended
	kindReleased = "released" // to the keeper: tell the caller of Session
)

// Between the host side and the daemon (the link), ready also to the keeper:
const (
	kindReady  = "ready"  // from the daemon
	kindDial   = "dial"   // from the daemon: a connection to the host's resolver; ID, Network
	kindAnswer = "answer" // to the daemon: ID and the connection, or Text says why not
)

// kindFailed comes from the keeper or the daemon before it ends: Text says why.
const kindFailed = "failed"

// message is what the world's processes say to each other.
type message struct {
	Kind      string      `json:"kind"`
	Text      string      `json:"text,omitempty"`
	Version   int         `json:"version,omitempty"`
	Dir       string      `json:"dir,omitempty"`
	Ephemeral bool        `json:"ephemeral,omitempty"`
	Args      []string    `json:"args,omitempty"`
	ID        uint64      `json:"id,omitempty"`
	Network   string      `json:"network,omitempty"`
	Name      string      `json:"name,omitempty"`
	Names     []string    `json:"names,omitempty"`
	Since     time.Time   `json:"since,omitzero"`
	Daemons   int         `json:"daemons,omitempty"`
	Session   *Session    `json:"session,omitempty"`
	Sessions  []Session   `json:"sessions,omitempty"`
	Command   *runCommand `json:"command,omitempty"`
}

// Session is a command with its caller, as the keeper remembers it.
type Session struct {
	ID string `json:"id"`
	// Record is the daemon's own: what the next one has to know.
	Record json.RawMessage `json:"record,omitempty"`
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

// sendNumbers is send for descriptors.
func (c *conn) sendNumbers(m message, fds ...int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := writeFrame(c.UnixConn, m, fds); err != nil {
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
