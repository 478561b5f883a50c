package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/cilium/statedb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/postern/postern/vpc"
)

// ErrClosed is returned by what waits on a Store that is closed.
var ErrClosed = errors.New("store is closed")

// Config says where the records are kept: exactly one of Dir and Endpoints is
// required.
type Config struct {
	Dir       string       // folder of an etcd inside this process; made if missing, with mode 0700
	Endpoints []string     // client URLs of an etcd cluster
	TLS       *tls.Config  // for Endpoints with https; optional
	Log       *slog.Logger // etcd's own errors and lost connections; optional
}

// Store is the state of the control plane.
type Store struct {
	Networks       *Table[vpc.Network]
	Subnets        *Table[vpc.Subnet]        // by vpc
	RouteTables    *Table[vpc.RouteTable]    // by vpc
	SecurityGroups *Table[vpc.SecurityGroup] // by vpc, peer: groups that its rules refer to
	ENIs           *Table[vpc.ENI]           // by vpc, subnet, group, endpoint, loadbalancer, session
	Endpoints      *Table[vpc.Endpoint]      // by vpc, service, connection, token
	FlowLogs       *Table[vpc.FlowLog]       // by resource, token
	Clusters       *Table[Cluster]           // by token; the id is the name
	LogGroups      *Table[LogGroup]          // the id is the name
	LogStreams     *Table[LogStream]         // by group: LogStream.GroupKey

	InstallationKeys     *Table[InstallationKey]
	Organizations        *Table[Organization]       // one
	OrganizationNodes    *Table[OrganizationNode]   // by parent, policy
	OrganizationPolicies *Table[OrganizationPolicy] // by name
	Accounts             *Table[Account]            // by accesskey

	// The provider's side. What has an ARN has the end of it as its id (vpc.ELBID).
	ServiceConfigurations   *Table[vpc.ServiceConfiguration]   // by id, loadbalancer, token
	ConnectionNotifications *Table[vpc.ConnectionNotification] // by service, endpoint, token
	LoadBalancers           *Table[vpc.LoadBalancer]           // by vpc, name
	Listeners               *Table[vpc.Listener]               // by loadbalancer, targetgroup
	TargetGroups            *Table[vpc.TargetGroup]            // by vpc, name
	TargetHealths           *Table[vpc.TargetHealth]           // by targetgroup; what the health checks saw

	// IAM.
	Users            *Table[User]            // by id, group, policy and boundary (GlobalOwner.Of an ARN)
	Groups           *Table[Group]           // by id, policy
	Roles            *Table[Role]            // by id, policy, boundary
	InstanceProfiles *Table[InstanceProfile] // by role
	ManagedPolicies  *Table[ManagedPolicy]
	AccessKeys       *Table[AccessKey] // by id, user
	LastUses         *Table[LastUse]
	OIDCProviders    *Table[OIDCProvider]
	AccountAliases   *Table[AccountAlias] // by alias
	RoleDeletions    *Table[RoleDeletion]

	log     *slog.Logger
	client  *clientv3.Client
	release func() error // what lies under the client
	db      *statedb.DB
	tables  []table // in the order in which a feed begins

	state atomic.Pointer[state]
	turn  chan struct{} // held by the one transaction that repeats after a conflict

	mu    sync.Mutex // publication of a state to all feeds at once
	feeds map[*Changes]bool

	applied applied

	cancel  context.CancelFunc
	closing <-chan struct{} // Close has begun
	stopped chan struct{}   // the watch has ended
}

// state is what readers see now.
type state struct {
	snapshot Snapshot
	replaced chan struct{} // closed when there is a newer state
}

// Open opens the records of c and reads them into memory. ctx bounds only the
// opening.
func Open(ctx context.Context, c Config) (*Store, error) {
	if (c.Dir == "") == (len(c.Endpoints) == 0) {
		return nil, errors.New("open store: exactly one of Dir and Endpoints is required")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	connect := dial
	if c.Dir != "" {
		connect = embedded
	}
	client, release, err := connect(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s, err := load(ctx, c, client, release)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", errors.Join(err, client.Close(), release()))
	}
	running, cancel := context.WithCancel(context.Background())
	s.cancel, s.closing = cancel, running.Done()
	go s.run(running)
	return s, nil
}

// load returns a store that has read everything and does not follow yet.
func load(ctx context.Context, c Config, client *clientv3.Client, release func() error) (*Store, error) {
	s := &Store{
		log:     c.Log,
		client:  client,
		release: release,
		db:      statedb.New(),
		turn:    make(chan struct{}, 1),
		feeds:   make(map[*Changes]bool),
		stopped: make(chan struct{}),
	}
	s.applied.init()
	if err := s.makeTables(); err != nil {
		return nil, err
	}
	s.state.Store(&state{snapshot: Snapshot{txn: s.db.ReadTxn()}, replaced: make(chan struct{})})
	if err := s.load(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Snapshot returns the newest state that this node has seen.
func (s *Store) Snapshot() Snapshot { return s.state.Load().snapshot }

// wait returns when the tables have reached revision.
func (s *Store) wait(ctx context.Context, revision int64) error {
	for {
		now := s.state.Load()
		if now.snapshot.revision >= revision {
			return nil
		}
		select {
		case <-now.replaced:
		case <-s.closing:
			return ErrClosed
		case <-ctx.Done():
			return fmt.Errorf("wait for revision %d: %w", revision, ctx.Err())
		}
	}
}

// Close ends the watch and all that waits on the store, and stops the etcd
// inside the process. Snapshots stay readable.
func (s *Store) Close() error {
	s.cancel()
	<-s.stopped
	err := s.client.Close()
	if errors.Is(err, context.Canceled) {
		err = nil // the client's report of its own end
	}
	if err := errors.Join(err, s.release()); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}
