package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"
)

const (
	quotaBytes = 4 << 30 // etcd refuses writes above
	maxTxnOps  = 1024    // compares, or records and marks written, in one transaction
	logEntries = 1000    // of raft, kept in memory until the next snapshot
)

// embedded starts an etcd of one member in this process. It has no listener
// of any kind: the client calls it directly.
func embedded(ctx context.Context, c Config) (*clientv3.Client, func() error, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("make data folder: %w", err)
	}
	lock, err := lockDir(c.Dir)
	if err != nil {
		return nil, nil, err
	}
	server, err := embed.StartEtcd(memberConfig(c))
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("start etcd in %s: %w", c.Dir, err), lock.Close())
	}
	release := func() error {
		server.Close()
		return lock.Close()
	}
	select {
	case <-server.Server.ReadyNotify():
		return v3client.New(server.Server), release, nil
	case <-ctx.Done():
		err = ctx.Err()
	case err = <-server.Err():
	}
	return nil, nil, errors.Join(fmt.Errorf("start etcd in %s: %w", c.Dir, err), release())
}

func memberConfig(c Config) *embed.Config {
	m := embed.NewConfig()
	m.Name = "postern"
	m.Dir = filepath.Join(c.Dir, "etcd")
	m.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zapLogger(c.Log))

	// A member must have addresses; nobody listens on or dials these.
	m.ListenPeerUrls, m.ListenClientUrls = nil, nil
	m.AdvertisePeerUrls = []url.URL{{Scheme: "unix", Host: "peer.postern:1"}}
	m.AdvertiseClientUrls = []url.URL{{Scheme: "unix", Host: "client.postern:1"}}
	m.InitialCluster = m.InitialClusterFromName(m.Name)
	m.EnableGRPCGateway = false

	// There is no other member to wait for, so elections need not be slow:
	// this is most of the time that Open takes.
	m.TickMs, m.ElectionMs = 50, 250

	// Nor is there a follower that could fall behind: the log in memory can be
	// short.
	m.SnapshotCount, m.SnapshotCatchUpEntries = logEntries, logEntries/10

	m.QuotaBackendBytes = quotaBytes
	m.MaxTxnOps = maxTxnOps
	m.AutoCompactionMode = embed.CompactorModePeriodic
	m.AutoCompactionRetention = "10m"
	return m
}

// lockDir makes sure that one process at a time uses a data folder; etcd
// itself would wait for the other one forever. The lock ends with the file,
// or with the process.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("data folder %s is in use by another process: %w", dir, err), f.Close())
	}
	return f, nil
}
