package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/world"
	"golang.org/x/sys/unix"
)

// hangUpGrace is how long a command may take to end after SIGHUP, when its
// caller or the daemon goes away.
const hangUpGrace = time.Second

// detachTimeout bounds the removal of a session's ENI.
const detachTimeout = 5 * time.Second

// execRequest asks to run a command in a subnet. Its files are the command's
// stdin, stdout and stderr. Texts that need not be UTF-8 travel as bytes.
type execRequest struct {
	Subnet   string   `json:"subnet"`
	Groups   []string `json:"groups,omitempty"`
	Argv     [][]byte `json:"argv"`
	Env      [][]byte `json:"env"`
	Dir      []byte   `json:"dir"`
	Umask    int      `json:"umask"`
	Terminal bool     `json:"terminal"` // stdin shall be the command's controlling terminal
}

// execReply says how the command ended.
type execReply struct {
	Code int `json:"code"` // as a shell has it: 128 + n for signal n
}

// exec runs a command for the client at u until it, the client or the daemon
// ends.
func (c *control) exec(daemon context.Context, u *net.UnixConn, r execRequest, files []*os.File) (reply execReply, err error) {
	if len(files) != 3 || len(r.Argv) == 0 {
		return execReply{}, errors.New("a command and three files are needed")
	}
	ctx, cancel := context.WithCancel(daemon)
	caller := caller{u: u, signals: make(chan syscall.Signal), attached: make(chan struct{}), gone: cancel}
	var reader sync.WaitGroup
	reader.Go(func() { caller.read(ctx) })
	defer func() {
		cancel()
		u.SetReadDeadline(time.Unix(1, 0))
		reader.Wait()
	}()

	session := attachRequest{
		Session: vpc.NewID("session"),
		Subnet:  r.Subnet,
		Groups:  r.Groups,
		Command: strings.ToValidUTF8(string(r.Argv[0]), "?"),
	}
	a, err := c.Attacher.Attach(ctx, session)
	if ctx.Err() != nil {
		err = errors.Join(errors.New("interrupted before the command started"), err)
	}
	if err != nil {
		return execReply{}, err
	}
	defer func() { err = errors.Join(err, c.detach(daemon, a)) }()
	close(caller.attached)
	p, err := c.workload(r, session.Session, a, files).Start()
	if err != nil {
		return execReply{}, err
	}
	closeFiles(files) // now they are the command's
	c.remember(session, a)
	defer c.forget(session)
	exit, err := supervise(ctx, p, caller.signals)
	return execReply{Code: exit.Code()}, err
}

// caller is the client of an exec while its command runs.
type caller struct {
	u        *net.UnixConn
	signals  chan syscall.Signal // for the command
	attached chan struct{}       // closed when signals are for the command
	gone     func()              // called when it went away, or was interrupted before that
}

// read returns when the client goes away or ctx ends.
func (c *caller) read(ctx context.Context) {
	defer c.gone()
	for {
		var m controlSignal
		files, err := world.ReadFrame(c.u, &m)
		closeFiles(files)
		if err != nil {
			return
		}
		select {
		case <-c.attached:
		default:
			return
		}
		select {
		case c.signals <- syscall.Signal(m.Signal):
		case <-ctx.Done():
			return
		}
	}
}

// detach gives a session's ENI back, but not when the daemon ends: the parts
// that would see to it are ending as well.
func (c *control) detach(daemon context.Context, a attachment) error {
	if daemon.Err() != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(daemon, detachTimeout)
	defer cancel()
	if err := c.Attacher.Detach(ctx, a); err != nil && daemon.Err() == nil {
		return fmt.Errorf("detach %s: %w", a.ENI.ID, err)
	}
	return nil
}

func (c *control) workload(r execRequest, session string, a attachment, files []*os.File) world.Workload {
	region := a.ENI.Region
	return world.Workload{
		Netns:      a.Netns,
		Scratch:    c.Dir.path("run", "sessions", session),
		ResolvConf: world.ResolvConf(vpc.Resolver(a.Network.CIDR), region),
		Trust:      c.Dir.trust(),
		Argv:       texts(r.Argv),
		Env:        sessionEnv(texts(r.Env), region, c.Key, c.Dir),
		Dir:        string(r.Dir),
		Umask:      r.Umask,
		Terminal:   r.Terminal,
		Stdin:      files[0],
		Stdout:     files[1],
		Stderr:     files[2],
	}
}

// supervise passes signals to a command until it ends. When ctx ends first,
// the command is hung up, then killed.
func supervise(ctx context.Context, p *world.Process, signals <-chan syscall.Signal) (world.Exit, error) {
	var exit world.Exit
	ended := make(chan error, 1)
	go func() { // supervise returns after it
		var err error
		exit, err = p.Wait()
		ended <- err
	}()
	gone := ctx.Done()
	var grace <-chan time.Time
	for {
		// A signal to a command that has just ended is lost, as anywhere.
		select {
		case err := <-ended:
			return exit, err
		case s := <-signals:
			p.Signal(s)
		case <-gone:
			gone = nil
			grace = time.After(hangUpGrace)
			p.Signal(unix.SIGHUP)
			p.Signal(unix.SIGCONT) // it may be stopped
		case <-grace:
			p.Signal(unix.SIGKILL)
		}
	}
}

func (c *control) remember(r attachRequest, a attachment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sessions[r.Session] = statusSession{
		ID:        r.Session,
		Interface: a.ENI.ID,
		Subnet:    r.Subnet,
		Address:   a.ENI.Address,
		Command:   r.Command,
		Started:   time.Now(),
	}
}

func (c *control) forget(r attachRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.sessions, r.Session)
}

// running returns the sessions, the oldest first.
func (c *control) running() []statusSession {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.SortedFunc(maps.Values(c.sessions), func(a, b statusSession) int {
		return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.ID, b.ID))
	})
}

func texts(all [][]byte) []string {
	s := make([]string, len(all))
	for i, b := range all {
		s[i] = string(b)
	}
	return s
}

func byteTexts(all []string) [][]byte {
	b := make([][]byte, len(all))
	for i, s := range all {
		b[i] = []byte(s)
	}
	return b
}
