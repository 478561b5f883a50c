package api

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern/postern/vpc"
)

// handshake returns the state of a TLS connection to address.
func (f *fixture) handshake(address string, c *tls.Config) (tls.ConnectionState, error) {
	conn, err := tls.Dial("tcp", address, c)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer conn.Close()
	return conn.ConnectionState(), nil
}

// TestCertificates wants each listener to show the names that lead to it,
// whatever name the client asks for.
func TestCertificates(t *testing.T) {
	f := newFixture(t)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(f.ca.PEM())
	const zonal = endpoint + "-q1w2e3r4-us-east-1a.eks.us-east-1.vpce.amazonaws.com"
	for _, c := range []struct {
		arrival vpc.Arrival
		names   []string
		good    []string
		bad     []string
	}{
		{
			arrivalOn("eks"),
			[]string{"eks.us-east-1.amazonaws.com", "*.eks.us-east-1.vpce.amazonaws.com", "eks.us-east-1.api.aws", "eks.us-east-1.vpce.amazonaws.com"},
			[]string{"eks.us-east-1.amazonaws.com", "eks.us-east-1.api.aws", zonal, "127.0.0.1"},
			[]string{"ec2.us-east-1.amazonaws.com", "eks.us-west-2.amazonaws.com", "localhost", "::1"},
		},
		{
			vpc.Arrival{},
			[]string{"localhost", "postern.example.org"},
			[]string{"localhost", "127.0.0.1", "::1", "postern.example.org", "192.0.2.9"},
			[]string{"eks.us-east-1.amazonaws.com", zonal},
		},
	} {
		address := f.listen(c.arrival)
		for _, name := range append(c.good, c.bad...) {
			state, err := f.handshake(address, &tls.Config{RootCAs: roots, ServerName: name, NextProtos: []string{"h2", "http/1.1"}})
			if want := slices.Contains(c.good, name); (err == nil) != want {
				t.Errorf("%s behind %q: trusted %v, %v", name, c.arrival.Service, err == nil, err)
			}
			if err == nil && (state.NegotiatedProtocol != "h2" || !slices.Equal(state.PeerCertificates[0].DNSNames, c.names)) {
				t.Errorf("%s: %s, %v", name, state.NegotiatedProtocol, state.PeerCertificates[0].DNSNames)
			}
		}
	}
	address := f.listen(arrivalOn("eks"))
	if _, err := f.handshake(address, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 was accepted")
	}
	state, err := f.handshake(address, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", NextProtos: []string{"http/1.1"}})
	if err != nil || state.NegotiatedProtocol != "http/1.1" || state.Version != tls.VersionTLS13 {
		t.Errorf("HTTP/1.1: %+v, %v", state, err)
	}
	if _, err := f.handshake(address, &tls.Config{ServerName: "127.0.0.1"}); err == nil {
		t.Error("a client without our CA trusts us")
	}
}

// TestStop lets a request finish that does so in time, and ends without one
// that does not.
func TestStop(t *testing.T) {
	for _, c := range []struct {
		name    string
		finish  bool
		atLeast time.Duration
	}{
		{"a request finishes", true, 0},
		{"a request hangs", false, stopTimeout},
	} {
		f := newFixture(t)
		started, release := make(chan bool), make(chan bool)
		f.set(func() { f.during = func(context.Context) { started <- true; <-release } })
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- f.server.Serve(ctx, endpointListener{l, arrivalOn("eks")}) }()
		answered := make(chan error, 1)
		go func() { answered <- asks["eks"](t.Context(), f.config(l.Addr().String(), good)) }()

		<-started
		begin := time.Now()
		stop()
		if c.finish {
			close(release)
		}
		select {
		case err = <-served:
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: Serve did not return", c.name)
		}
		if took := time.Since(begin); err != nil || took < c.atLeast || took > c.atLeast+5*time.Second {
			t.Errorf("%s: Serve returned %v after %v", c.name, err, took)
		}
		if err := <-answered; (err == nil) != c.finish {
			t.Errorf("%s: the client got %v", c.name, err)
		}
		if !c.finish {
			close(release)
			f.log.take(t) // the handler has ended
		}
		if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
			t.Errorf("%s: the listener is open", c.name)
		}
	}
}

func TestServeFails(t *testing.T) {
	f := newFixture(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := f.server.Serve(t.Context(), l); err == nil || !strings.HasPrefix(err.Error(), "serve 127.0.0.1:") {
		t.Errorf("Serve on a closed listener: %v", err)
	}
}

// TestHTTP1 finds the arrival of a connection below TLS without HTTP/2, too.
func TestHTTP1(t *testing.T) {
	f := newFixture(t)
	address := f.listen(arrivalOn("eks"))
	c := f.config(address, good)
	transport := c.HTTPClient.(*http.Client).Transport.(*http.Transport)
	transport.ForceAttemptHTTP2 = false
	transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	if err := asks["eks"](t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if log := f.log.take(t); !strings.Contains(log, "vpce="+endpoint) {
		t.Errorf("logged %s", log)
	}
}
