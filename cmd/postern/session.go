package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/world"
	"golang.org/x/sys/unix"
)

// detachTimeout bounds the removal of a session's ENI.
const detachTimeout = 5 * time.Second

// execRequest asks to run a command in a subnet. Its files are the command's
// stdin, stdout and stderr. Texts that need not be UTF-8 travel as bytes.
type execRequest struct {
	Subnet string   `json:"subnet"`
	Groups []string `json:"groups,omitempty"`

	As       credentialsRequest `json:"as"` // who the command's AWS clients are
	Argv     [][]byte           `json:"argv"`
	Env      [][]byte           `json:"env"`
	Dir      []byte             `json:"dir"`
	Umask    int                `json:"umask"`
	Terminal bool               `json:"terminal"` // stdin shall be the command's controlling terminal
}

// sessionRecord is what the keeper remembers of a session for the next daemon.
type sessionRecord struct {
	Status     statusSession `json:"status"`
	Attachment attachment    `json:"attachment"`
}

// exec begins a session for the client at u. From then on the keeper sees to
// the command, whatever becomes of this daemon, and answers the client.
func (c *control) exec(ctx context.Context, u *net.UnixConn, r execRequest, files []*os.File) error {
	if len(files) != 3 || len(r.Argv) == 0 {
		return errors.New("a command and three files are needed")
	}
	session := attachRequest{
		Session: vpc.NewID("session"),
		Subnet:  r.Subnet,
		Groups:  r.Groups,
		Command: strings.ToValidUTF8(string(r.Argv[0]), "?"),
	}
	key, err := c.Credentials(ctx, r.As)
	if err != nil {
		return err
	}
	a, err := c.attach(ctx, u, session)
	if err != nil {
		return err
	}
	rec := sessionRecord{statusSession{
		ID:        session.Session,
		Interface: a.ENI.ID,
		Subnet:    r.Subnet,
		Address:   a.ENI.Address,
		Command:   session.Command,
		Started:   time.Now(),
	}, a}
	c.remember(rec)
	if err := c.World.Run(c.workload(r, session.Session, a, key, files), session.Session, rec, u); err != nil {
		c.forget(session.Session)
		return errors.Join(err, c.detach(ctx, a))
	}
	return nil
}

// attach makes the session's ENI, unless the client goes away or is
// interrupted meanwhile.
func (c *control) attach(parent context.Context, u *net.UnixConn, r attachRequest) (attachment, error) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	var watch sync.WaitGroup
	watch.Go(func() {
		if stirs(u) {
			cancel()
		}
	})
	a, err := c.Attacher.Attach(ctx, r)
	u.SetReadDeadline(time.Unix(1, 0))
	watch.Wait()
	if ctx.Err() != nil {
		if err == nil {
			err = c.detach(parent, a)
		}
		return attachment{}, errors.Join(errors.New("interrupted before the command started"), err)
	}
	return a, err
}

// stirs waits until the client at u says something, which it takes nothing
// of, or is gone; it reports false when the time of u's deadline has come.
func stirs(u *net.UnixConn) bool {
	raw, err := u.SyscallConn()
	if err != nil {
		return true
	}
	return raw.Read(func(fd uintptr) bool {
		_, _, err := unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
		return !errors.Is(err, unix.EAGAIN)
	}) == nil
}

// detach gives a session's ENI back, unless parent ends before that: then the
// next daemon does.
func (c *control) detach(parent context.Context, a attachment) error {
	ctx, cancel := context.WithTimeout(parent, detachTimeout)
	defer cancel()
	if err := c.Attacher.Detach(ctx, a); err != nil && parent.Err() == nil {
		return fmt.Errorf("detach %s: %w", a.ENI.ID, err)
	}
	return nil
}

// recall takes over the sessions that an earlier daemon has begun.
func (c *control) recall() error {
	for _, s := range c.World.Sessions {
		var rec sessionRecord
		if err := json.Unmarshal(s.Record, &rec); err != nil {
			return fmt.Errorf("decode session %s: %w", s.ID, err)
		}
		c.remember(rec)
	}
	return nil
}

// reap gives the ENIs of ended sessions back, until ctx ends. What is not
// given back by then the next daemon finds to have no session.
func (c *control) reap(ctx context.Context) {
	var detaching sync.WaitGroup
	defer detaching.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case s, ok := <-c.World.Ended():
			if !ok {
				return
			}
			detaching.Go(func() { c.end(ctx, s) })
		}
	}
}

func (c *control) end(ctx context.Context, s world.Session) {
	var rec sessionRecord
	err := json.Unmarshal(s.Record, &rec)
	if err == nil {
		err = c.detach(ctx, rec.Attachment)
	}
	if err != nil {
		c.Log.Error("session's interface is left", "session", s.ID, "err", err)
	}
	c.forget(s.ID)
	if err := c.World.Release(s.ID); err != nil {
		c.Log.Debug("keeper went away", "err", err)
	}
}

func (c *control) workload(r execRequest, session string, a attachment, key accessKey, files []*os.File) world.Workload {
	region := a.ENI.Region
	return world.Workload{
		Netns:      a.Netns,
		Scratch:    c.Dir.path("run", "sessions", session),
		ResolvConf: world.ResolvConf(a.resolver(), region),
		Trust:      c.Dir.trust(),
		Argv:       texts(r.Argv),
		Env:        sessionEnv(texts(r.Env), region, key, c.Dir),
		Dir:        string(r.Dir),
		Umask:      r.Umask,
		Terminal:   r.Terminal,
		Stdin:      files[0],
		Stdout:     files[1],
		Stderr:     files[2],
	}
}

func (c *control) remember(r sessionRecord) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sessions[r.Status.ID] = r.Status
}

func (c *control) forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.sessions, id)
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
