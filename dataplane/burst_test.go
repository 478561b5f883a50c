package dataplane

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/postern/postern/dataplane/link"
)

// A stream passes both VPCs whole, in more than 64 KiB at once where the
// kernel can do that.
func TestStreamsPassInBursts(t *testing.T) {
	p := newPair(t)
	p.set()
	p.target(targetID, targetAt, 8443)
	want := make([]byte, 16<<20)
	rand.NewChaCha8([32]byte{1}).Read(want)
	for i := range doorAt {
		p.echoes(p.reaches("tcp", client, doorAt[i], 443, nodeAt[i]), want)
	}
	for _, path := range []string{p.host.path(consumerID), p.host.path(providerID), p.host.Netns(client), p.host.Netns(targetID)} {
		h, err := link.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		all, err := h.LinkList()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range all {
			a := l.Attrs()
			if l.Type() == "veth" && a.GSOIPv4MaxSize > 0 && a.TSOMaxSize > 1<<17 && a.GSOIPv4MaxSize < 1<<17 {
				t.Errorf("%s in %s takes %d bytes at once", a.Name, path, a.GSOIPv4MaxSize)
			}
		}
	}
}

// echoes expects back what it sends.
func (p *pair) echoes(c net.Conn, want []byte) {
	p.t.Helper()
	c.SetDeadline(time.Now().Add(3 * patience))
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write(want)
		sent <- err
	}()
	got := make([]byte, len(want))
	_, err := io.ReadFull(c, got)
	if err != nil {
		c.Close()
	}
	if werr := <-sent; err != nil || werr != nil || !bytes.Equal(got, want) {
		p.t.Errorf("to %v: received %v, sent %v, the same: %v", c.RemoteAddr(), err, werr, bytes.Equal(got, want))
	}
}
