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

// serveLink hears the daemon out until it closes the link. What it can ask for
// is a connection to the host's resolver, and nothing else.
func (w *World) serveLink() {
	defer close(w.linkLost)
	defer w.link.Close()
	var dials sync.WaitGroup
	defer dials.Wait()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	slots := make(chan struct{}, maxDials)
	var ready bool
	for n := 0; ; {
		m, files, err := w.link.receive()
		closeAll(files)
		if err != nil {
			return
		}
		switch m.Kind {
		case kindReady:
			if !ready {
				ready = true
				close(w.ready)
			}
		case kindFailed:
			w.fail(errors.New(m.Text))
		case kindDial:
			n++
			slots <- struct{}{}
			dials.Go(func() {
				w.answerDial(ctx, m, n)
				<-slots
			})
		}
	}
}

// answerDial sends the connection that the daemon asked for. The nth request
// begins with the nth resolver, so that one that is silent over UDP does not
// get all questions.
func (w *World) answerDial(ctx context.Context, m message, n int) {
	answer := message{Kind: kindAnswer, ID: m.ID}
	f, err := w.dialResolver(ctx, m.Network, n)
	if err != nil {
		answer.Text = err.Error()
		w.link.send(answer) // an error means that the daemon is gone
		return
	}
	defer f.Close()
	w.link.send(answer, f)
}

func (w *World) dialResolver(ctx context.Context, network string, n int) (*os.File, error) {
	if network != "udp" && network != "tcp" {
		return nil, fmt.Errorf("network %q is neither udp nor tcp", network)
	}
	var all []netip.AddrPort
	if w.config.Resolvers != nil {
		all = w.config.Resolvers()
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
