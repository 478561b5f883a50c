package health

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/postern/postern/dataplane/proxy"
	"github.com/postern/postern/vpc"
)

// loopback dials over the host's loopback, whatever the node's address is.
func loopback(ctx context.Context, _ string, _ netip.Addr, to netip.AddrPort) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", to.String())
}

// target is a check of what listens at address.
func target(address string, h vpc.HealthCheck, attributes map[string]string) Check {
	at := netip.MustParseAddrPort(address)
	h.Timeout = 5 * time.Second
	return Check{
		Group:  vpc.TargetGroup{ARN: "group", HealthCheck: h, Attributes: attributes},
		Target: vpc.Target{ID: at.Addr().String(), Address: at.Addr(), Port: at.Port()},
	}
}

func TestProbeHTTP(t *testing.T) {
	asked := make(chan string, 10)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.RequestURI + " " + r.Host + " " + r.UserAgent()
		switch r.URL.Path {
		case "/hints":
			w.WriteHeader(http.StatusEarlyHints)
		case "/broken":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/moved":
			w.WriteHeader(http.StatusMovedPermanently)
		}
	})
	plain, secure := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	defer plain.Close()
	defer secure.Close()
	c := New(Config{Dial: loopback})
	for _, s := range []struct {
		protocol string
		server   *httptest.Server
	}{{"HTTP", plain}, {"HTTPS", secure}} {
		address := s.server.Listener.Addr().String()
		for _, row := range []struct {
			path, matcher string
			want          result
		}{
			{"/", "200-399", result{}},
			{"/moved", "200-399", result{}},
			{"/moved", "200", mismatch(301)},
			{"/hints", "200", result{}},
			{"/broken?a=b", "200-399", result{"Target.ResponseCodeMismatch", "Health checks failed with these codes: [503]"}},
			{"/broken", "200,503", result{}},
		} {
			got := c.probe(t.Context(), "vpc-1", target(address, vpc.HealthCheck{Protocol: s.protocol, Path: row.path, Matcher: row.matcher}, nil))
			if got != row.want {
				t.Errorf("%s %s for %s: %v, want %v", s.protocol, row.path, row.matcher, got, row.want)
			}
			if got, want := <-asked, "GET "+row.path+" "+address+" ELB-HealthChecker/2.0"; got != want {
				t.Errorf("asked %q, want %q", got, want)
			}
		}
	}
}

func TestProbeTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	c := New(Config{Dial: loopback})
	check := target(address, vpc.HealthCheck{Protocol: "TCP"}, nil)
	if got := c.probe(t.Context(), "vpc-1", check); !got.ok() {
		t.Errorf("open port: %v", got)
	}
	l.Close()
	if got := c.probe(t.Context(), "vpc-1", check); got != failed {
		t.Errorf("closed port: %v", got)
	}
	check.Group.HealthCheck.Protocol = "HTTP"
	if got := c.probe(t.Context(), "vpc-1", check); got != failed {
		t.Errorf("closed port of HTTP: %v", got)
	}
}

// The check goes to its own port where it has one, from the node's address.
func TestProbePort(t *testing.T) {
	var asked []string
	c := New(Config{Dial: func(_ context.Context, vpcID string, from netip.Addr, to netip.AddrPort) (net.Conn, error) {
		asked = append(asked, vpcID+" "+from.String()+" "+to.String())
		return nil, io.EOF
	}})
	check := target("10.0.0.9:80", vpc.HealthCheck{Protocol: "TCP", Port: "traffic-port"}, nil)
	check.From = netip.MustParseAddr("10.0.0.4")
	c.probe(t.Context(), "vpc-1", check)
	check.Group.HealthCheck.Port = "8081"
	c.probe(t.Context(), "vpc-1", check)
	if got, want := strings.Join(asked, ", "), "vpc-1 10.0.0.4 10.0.0.9:80, vpc-1 10.0.0.4 10.0.0.9:8081"; got != want {
		t.Errorf("dialed %s, want %s", got, want)
	}
}

// With the PROXY protocol each check begins with a header that names no client.
func TestProbeProxyHeader(t *testing.T) {
	for _, protocol := range []string{"TCP", "HTTP"} {
		near, far := net.Pipe()
		c := New(Config{Dial: func(context.Context, string, netip.Addr, netip.AddrPort) (net.Conn, error) { return near, nil }})
		read := make(chan []byte, 1)
		go func() {
			defer far.Close()
			begin := make([]byte, len(proxy.LocalHeader()))
			io.ReadFull(far, begin)
			read <- begin
			if protocol == "HTTP" {
				far.Read(make([]byte, 1024))
				io.WriteString(far, "HTTP/1.1 200 OK\r\n\r\n")
			}
		}()
		check := target("10.0.0.9:80", vpc.HealthCheck{Protocol: protocol, Path: "/", Matcher: "200"}, map[string]string{"proxy_protocol_v2.enabled": "true"})
		if got := c.probe(t.Context(), "vpc-1", check); !got.ok() {
			t.Errorf("%s: %v", protocol, got)
		}
		if got := <-read; !bytes.Equal(got, proxy.LocalHeader()) {
			t.Errorf("%s: the target read %x", protocol, got)
		}
	}
}

func TestReadStatus(t *testing.T) {
	for _, row := range []struct {
		answer string
		want   int // 0: an error
	}{
		{"HTTP/1.1 200 OK\r\n", 200},
		{"HTTP/1.0 404\n", 404},
		{"HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 204 No Content\r\n", 204},
		{"", 0},
		{"HTTP/1.1 200 OK", 0}, // cut off
		{"HTTP/2 200\r\n", 0},
		{"HTTP/1.1 20\r\n", 0},
		{"HTTP/1.1 2000\r\n", 0},
		{"HTTP/1.1 +20 \r\n", 0},
		{"HTTP/1.1 099 x\r\n", 0},
		{"SSH-2.0-OpenSSH\r\n", 0},
		{"HTTP/1.1 100 Continue\r\n\r\n", 0},
		{"HTTP/1.1 " + strings.Repeat("a", maxAnswer) + "\r\n", 0},
		{strings.Repeat("HTTP/1.1 100 C\r\n\r\n", maxAnswer/18+1) + "HTTP/1.1 200 OK\r\n", 0},
	} {
		got, err := readStatus(strings.NewReader(row.answer))
		if got != row.want || (err == nil) != (row.want != 0) {
			t.Errorf("%.40q: %d, %v; want %d", row.answer, got, err, row.want)
		}
	}
}

func FuzzReadStatus(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\n"))
	f.Add([]byte("HTTP/1.1 103 E\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		code, err := readStatus(bytes.NewReader(answer))
		if err == nil && (code < 200 || code > 999) || err != nil && code != 0 {
			t.Errorf("%q: %d, %v", answer, code, err)
		}
	})
}
