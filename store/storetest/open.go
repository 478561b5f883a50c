package storetest

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"

	"github.com/postern/postern/store"
)

// Open returns an empty store in a folder of the test's own, which is closed
// when the test ends.
func Open(t testing.TB) *store.Store {
	t.Helper()
	return OpenConfig(t, store.Config{Dir: t.TempDir()})
}

// OpenConfig is Open for a store that the caller describes.
func OpenConfig(t testing.TB, c store.Config) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Server is an etcd that clients reach over a unix socket.
type Server struct {
	Endpoint string
	config   *embed.Config
	etcd     *embed.Etcd
}

// NewServer starts an empty etcd and stops it when the test ends.
func NewServer(t testing.TB) *Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "etcd") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	client := url.URL{Scheme: "unix", Path: filepath.Join(dir, "client")}
	peer := url.URL{Scheme: "unix", Host: "peer:1"}

	c := embed.NewConfig()
	c.Name = "remote"
	c.Dir = filepath.Join(dir, "data")
	c.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	c.ListenClientUrls = []url.URL{client}
	c.AdvertiseClientUrls = []url.URL{{Scheme: "unix", Host: "client:1"}}
	c.ListenPeerUrls, c.AdvertisePeerUrls = nil, []url.URL{peer}
	c.InitialCluster = c.InitialClusterFromName(c.Name)
	c.EnableGRPCGateway = false
	c.TickMs, c.ElectionMs = 50, 250

	s := &Server{Endpoint: client.String(), config: c}
	s.Start(t)
	t.Cleanup(s.Stop)
	return s
}

// Start starts a stopped server with the records that it had.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	e, err := embed.StartEtcd(s.config)
	if err != nil {
		t.Fatal(err)
	}
	<-e.Server.ReadyNotify()
	s.etcd = e
}

// Stop closes all connections and stops the server.
func (s *Server) Stop() { s.etcd.Close() }
