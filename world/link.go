package world

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"
)

// maxDials is how many connections the host side opens at a time.
const maxDials = 64

// dialTimeout is how long one of the host's resolvers may take to accept.
const dialTimeout = 2 * time.Second

// link is a daemon's line to the host side.
type link struct {
	*conn
	world *World
	lost  chan struct{} // closed when the daemon has closed it
	ready bool          // the daemon has served; read after lost
}

// serve hears the daemon out until it closes the link. What it can ask for is
// a connection to the host's resolver, and nothing else.
func (l *link) serve() {
	defer close(l.lost)
	defer l.Close()
	var dials sync.WaitGroup
	defer dials.Wait()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	slots := make(chan struct{}, maxDials)
	for n := 0; ; {
		m, files, err := l.receive()
		closeAll(files)
		if err != nil {
			return
		}
		switch m.Kind {
		case kindReady:
			l.ready = true
			l.world.readyOnce.Do(func() { close(l.world.ready) })
		case kindFailed:
			l.world.fail(errors.New(m.Text))
		case kindDial:
			n++
			slots <- struct{}{}
			dials.Go(func() {
				l.answerDial(ctx, m, n)
				<-slots
			})
		}
	}
}

// answerDial sends the connection that the daemon asked for. The nth request
// begins with the nth resolver, so that one that is silent over UDP does not
// get all questions.
func (l *link) answerDial(ctx context.Context, m message, n int) {
	answer := message{Kind: kindAnswer, ID: m.ID}
	f, err := l.world.config.dialResolver(ctx, m.Network, n)
	if err != nil {
		answer.Text = err.Error()
		l.send(answer) // an error means that the daemon is gone
		return
	}
	defer f.Close()
	l.send(answer, f)
}

func (c *Config) dialResolver(ctx context.Context, network string, n int) (*os.File, error) {
	if network != "udp" && network != "tcp" {
		return nil, fmt.Errorf("network %q is neither udp nor tcp", network)
	}
	var all []netip.AddrPort
	if c.Resolvers != nil {
		all = c.Resolvers()
	}
	if len(all) == 0 {
		return nil, errors.New("the host has no resolver")
	}
	var errs []error
	for i := range all {
		f, err := dialFile(ctx, network, all[(n-1+i)%len(all)])
		if err == nil {
			return f, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func dialFile(ctx context.Context, network string, to netip.AddrPort) (*os.File, error) {
	d := net.Dialer{Timeout: dialTimeout}
	c, err := d.DialContext(ctx, network, to.String())
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.(interface{ File() (*os.File, error) }).File() // both kinds have it
}

// ParseResolvers returns the name servers of a resolv.conf(5), in its order.
func ParseResolvers(text string) []netip.AddrPort {
	var all []netip.AddrPort
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "nameserver" {
			continue
		}
		if a, err := netip.ParseAddr(fields[1]); err == nil {
			all = append(all, netip.AddrPortFrom(a, 53))
		}
	}
	return all
}
