package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/postern/postern/audit"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/world"
)

// The daemon's control socket speaks frames (world.WriteFrame): a client sends
// one controlRequest, with the files that it needs, and gets one controlReply.
// While a command runs, the client and the keeper are the two ends of the
// connection, as world.SessionEnd says.
const controlSocket = "control.sock"

// lastMoment is how long what a client has asked for may still take when the
// daemon is about to end.
const lastMoment = time.Second

// controlRequest asks for one thing: exactly one member is set.
type controlRequest struct {
	Exec   *execRequest   `json:"exec,omitempty"`
	Status *statusRequest `json:"status,omitempty"`
	Audit  *auditRequest  `json:"audit,omitempty"`

	Organization *organizationRequest `json:"organization,omitempty"`
	Credentials  *credentialsRequest  `json:"credentials,omitempty"`
	Explain      *explainRequest      `json:"explain,omitempty"`
}

// controlReply answers it: with Error, or with the member of that name.
type controlReply struct {
	world.SessionEnd
	Status *statusReport `json:"status,omitempty"`
	Audit  *audit.Page   `json:"audit,omitempty"`

	Organization *organizationReply `json:"organization,omitempty"`
	Credentials  *accessKey         `json:"credentials,omitempty"`
	Explain      *explainReply      `json:"explain,omitempty"`
}

// attacher gives commands their place in a network.
type attacher interface {
	// Attach gives a session an ENI and returns when its network namespace is
	// there. Errors are for the user to read.
	Attach(context.Context, attachRequest) (attachment, error)
	// Detach takes the ENI away again. Nothing of the session is left in it.
	// Sessions that end without a daemon are not detached: the next daemon
	// finds their ENIs, and that they have no session.
	Detach(ctx context.Context, a attachment) error
}

type attachRequest struct {
	Session string
	Subnet  string
	Groups  []string // none: the VPC's default group
	Command string   // for descriptions
}

type attachment struct {
	ENI     vpc.ENI     `json:"eni"`
	Network vpc.Network `json:"network"`
	Netns   string      `json:"netns"` // path of the ENI's network namespace
}

// resolver is the address of the VPC's resolver that the ENI gets to: one
// without IPv4 has the link-local one only.
func (a attachment) resolver() netip.Addr {
	if a.ENI.Address.IsValid() {
		return vpc.Resolver(a.Network.CIDR)
	}
	return vpc.LinkLocalResolver6
}

// statusSource knows what runs, all but the sessions.
type statusSource interface {
	Status(context.Context) (statusReport, error)
}

// callSource has the records of calls.
type callSource interface {
	Read(context.Context, audit.Query) (audit.Page, error)
}

type controlConfig struct {
	Dir      dataDir
	World    *world.Inside
	Attacher attacher
	Status   statusSource
	Calls    callSource
	Log      *slog.Logger

	Organize    func(context.Context, organizationRequest) (organizationReply, error)
	Credentials func(context.Context, credentialsRequest) (accessKey, error)
	Explain     func(context.Context, explainRequest) (explainReply, error)
}

// control serves the control socket.
type control struct {
	controlConfig
	listener *net.UnixListener

	mu       sync.Mutex
	sessions map[string]statusSession
}

// listenControl makes the socket, or takes that of the daemon before this one.
// Run must be called: it closes the socket.
func listenControl(c controlConfig) (*control, error) {
	l, err := controlListener(c)
	if err != nil {
		return nil, fmt.Errorf("make control socket: %w", err)
	}
	served := &control{controlConfig: c, listener: l, sessions: map[string]statusSession{}}
	if err := served.recall(); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return served, nil
}

func controlListener(c controlConfig) (*net.UnixListener, error) {
	name := world.Passing(controlSocket)
	if f := c.World.Passing[name]; f != nil {
		defer f.Close()
		l, err := net.FileListener(f)
		if err != nil {
			return nil, err
		}
		return l.(*net.UnixListener), nil
	}
	l, err := world.Listen(string(c.Dir), controlSocket)
	if err != nil {
		return nil, err
	}
	return l, c.World.Hold(name, l)
}

// Run serves until ctx ends, and to the end whom it has accepted by then; who
// still waits for that is the next daemon's. Sessions go on without it.
func (c *control) Run(ctx context.Context) error {
	served, cancel := outlive(ctx)
	defer cancel()
	var serving sync.WaitGroup
	defer serving.Wait()
	serving.Go(func() { c.reap(ctx) })
	defer context.AfterFunc(ctx, func() { c.listener.Close() })()
	for {
		u, err := c.listener.AcceptUnix()
		switch {
		case err == nil:
			serving.Go(func() {
				defer u.Close()
				c.serve(served, u)
			})
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("accept on control socket: %w", err)
		default: // such as too many open files: others may still end
			c.Log.Error("control socket does not accept", "err", err)
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}
}

// outlive returns a context that ends a moment after the daemon's.
func outlive(daemon context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(daemon))
	stop := context.AfterFunc(daemon, func() { time.AfterFunc(lastMoment, cancel) })
	return ctx, func() { stop(); cancel() }
}

// serve answers one client.
func (c *control) serve(ctx context.Context, u *net.UnixConn) {
	var r controlRequest
	u.SetReadDeadline(time.Now().Add(10 * time.Second))
	stop := context.AfterFunc(ctx, func() { u.SetReadDeadline(time.Unix(1, 0)) })
	files, err := world.ReadFrame(u, &r)
	stop()
	if err != nil {
		if !errors.Is(err, io.EOF) { // whoever only looks whether somebody is here
			c.Log.Warn("control request is not understood", "err", err)
		}
		return
	}
	u.SetReadDeadline(time.Time{})
	reply, err := c.answer(ctx, u, r, files)
	if err != nil {
		reply = &controlReply{SessionEnd: world.SessionEnd{Error: err.Error()}}
	}
	if reply == nil {
		return // the keeper answers
	}
	if err := world.WriteFrame(u, reply); err != nil {
		c.Log.Debug("control client went away", "err", err)
	}
}

// answer owns files. Without a reply and an error another process answers.
func (c *control) answer(ctx context.Context, u *net.UnixConn, r controlRequest, files []*os.File) (*controlReply, error) {
	defer closeFiles(files)
	if err := world.CheckPeer(u); err != nil {
		return nil, err
	}
	switch {
	case r.Exec != nil:
		return nil, c.exec(ctx, u, *r.Exec, files)
	case r.Status != nil:
		report, err := c.status(ctx)
		return &controlReply{Status: &report}, err
	case r.Audit != nil:
		page, err := c.Calls.Read(ctx, r.Audit.query())
		return &controlReply{Audit: &page}, err
	case r.Organization != nil:
		reply, err := c.Organize(ctx, *r.Organization)
		return &controlReply{Organization: &reply}, err
	case r.Explain != nil:
		reply, err := c.Explain(ctx, *r.Explain)
		return &controlReply{Explain: &reply}, err
	case r.Credentials != nil:
		key, err := c.Credentials(ctx, *r.Credentials)
		return &controlReply{Credentials: &key}, err
	}
	return nil, errors.New("this daemon does not know the request: is it of another version?")
}

func (c *control) status(ctx context.Context) (statusReport, error) {
	report, err := c.Status.Status(ctx)
	if err != nil {
		return statusReport{}, err
	}
	report.Keeper = statusKeeper{Since: c.World.Since, Daemons: c.World.Daemons + 1}
	report.Sessions = c.running()
	return report, nil
}

func closeFiles(files []*os.File) {
	for _, f := range files {
		f.Close() // closing twice is harmless
	}
}

// askControl sends one request to the daemon of d and returns its answer.
func askControl(d dataDir, r controlRequest) (controlReply, error) {
	c, err := d.dialControl()
	if err != nil {
		return controlReply{}, err
	}
	defer c.Close()
	if err := world.WriteFrame(c, r); err != nil {
		return controlReply{}, fmt.Errorf("ask the daemon: %w", err)
	}
	return readReply(c)
}

func readReply(c *net.UnixConn) (controlReply, error) {
	var reply controlReply
	files, err := world.ReadFrame(c, &reply)
	closeFiles(files)
	switch {
	case errors.Is(err, io.EOF):
		return controlReply{}, errors.New("the daemon went away")
	case err != nil:
		return controlReply{}, fmt.Errorf("hear the daemon: %w", err)
	case reply.Error != "":
		return controlReply{}, errors.New(reply.Error)
	}
	return reply, nil
}
