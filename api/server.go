package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/seal"
	"github.com/postern/postern/auth/session"
	"github.com/postern/postern/auth/sigv4"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
)

// Config says what a Server serves. All fields are required unless marked.
type Config struct {
	Services []Service

	// Keys finds an access key's secret and owner. The caller's Region and
	// AccessKey are filled in from the signature.
	Keys func(accessKey string) (secret string, caller auth.Caller, ok bool)

	// Sessions opens the tokens of temporary credentials.
	Sessions *session.Opener

	// Region is that of unsigned requests whose Host names none.
	Region string

	// EndpointPolicy returns the policy document of the endpoint that a
	// request came through; the empty document is full access. It is false
	// for an endpoint that does not exist any more, through which nothing is
	// allowed.
	EndpointPolicy func(vpc.Arrival) (document string, ok bool)

	// Identities knows the policies and tags of callers. Nil where only root
	// users call, who need none.
	Identities Identities

	// Organization knows the control policies over accounts. Nil where no
	// account is in an organization.
	Organization Organization

	// Messages seals the explanations of EC2's refusals. Without it they have
	// none.
	Messages *seal.Ring

	// Used is told of every caller that was authenticated, and which service
	// (ec2) it calls. It must not block. Optional.
	Used func(c auth.Caller, service string)

	// IssuerKeys returns the JSON Web Key Set of a cluster's OpenID Connect
	// issuer, by its Region and the id at the end of its URL. Nil where no
	// cluster has an issuer.
	IssuerKeys func(region, id string) (keys []byte, ok bool)

	// CA issues the certificates of Serve. A Server that is only used as an
	// http.Handler needs none.
	CA *CA

	// Hosts are further names and addresses of the public listener's
	// certificate, beside localhost and the address connected to. Optional.
	Hosts []string

	// MaxBody is the largest body in bytes; 0 means 1 MiB.
	MaxBody int64

	// Now is the clock; nil means time.Now.
	Now func() time.Time

	Log *slog.Logger

	// Audit gets every call. Optional.
	Audit Audit
}

// Service is an operation table and the operations of it that are
// implemented.
type Service struct {
	Model   *wire.Service
	Methods []wire.Method

	// Keys are the condition keys of the service's own.
	Keys []wire.ConditionKey
	// Tags returns the tags of a resource of the service by its ARN. Nil where
	// none has tags.
	Tags func(ctx context.Context, arn string) vpc.Tags
}

// Server is the request chain. It is safe for concurrent use.
type Server struct {
	config    Config
	services  map[string]*service // by signing name
	byName    map[string]*service // by the name in actions and ARNs
	anonymous *service            // the one that has operations which need no signature; nil: none
	keys      sigv4.Keys
	documents documents
}

// service is a Service whose methods are found by their operation.
type service struct {
	model   *wire.Service
	methods map[*wire.Operation]wire.Method
	keys    []wire.ConditionKey
	tags    func(ctx context.Context, arn string) vpc.Tags
}

// Timeouts and sizes of a connection. An operation may wait for the data
// plane, so that an answer takes longer than a request.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = 2 * time.Minute
	idleTimeout   = 400 * time.Second
	maxHeader     = 32 << 10
	maxBody       = 1 << 20
	stopTimeout   = time.Second
)

// New returns a Server. It fails where two services have one signing name or
// a method does not belong to its service's table.
func New(c Config) (*Server, error) {
	c.MaxBody = cmp.Or(c.MaxBody, maxBody)
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Server{config: c, services: map[string]*service{}, byName: map[string]*service{}}
	for _, one := range c.Services {
		name := one.Model.SigningName
		if s.services[name] != nil {
			return nil, fmt.Errorf("add service %s: there is another with signing name %s", one.Model.Name, name)
		}
		table, err := newService(one)
		if err != nil {
			return nil, fmt.Errorf("add service %s: %w", one.Model.Name, err)
		}
		s.services[name], s.byName[one.Model.Name] = table, table
		if slices.ContainsFunc(one.Methods, func(m wire.Method) bool { return m.Unsigned }) {
			s.anonymous = table
		}
	}
	return s, nil
}

func newService(one Service) (*service, error) {
	s := &service{model: one.Model, methods: map[*wire.Operation]wire.Method{}, keys: one.Keys, tags: one.Tags}
	ours := map[*wire.Operation]bool{}
	for _, op := range one.Model.Operations {
		ours[op] = true
	}
	for _, m := range one.Methods {
		if !ours[m.Operation] {
			return nil, fmt.Errorf("operation %s belongs to another service", m.Operation.Name)
		}
		if _, twice := s.methods[m.Operation]; twice {
			return nil, fmt.Errorf("operation %s is bound twice", m.Operation.Name)
		}
		s.methods[m.Operation] = m
	}
	return s, nil
}

// Serve answers the connections of l with TLS until ctx ends, and closes l.
// What was accepted by then gets a second to finish. It returns nil when ctx
// ended it. Any number of listeners may be served side by side; their
// connections say by Arrival whether they came in through an endpoint.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:           s,
		TLSConfig:         s.tlsConfig(),
		ConnContext:       ConnContext,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		// A client that hangs up or does not trust us is no event here.
		ErrorLog: slog.NewLogLogger(s.config.Log.Handler(), slog.LevelDebug),
	}
	done := make(chan error, 1)
	go func() { done <- server.ServeTLS(l, "", "") }()
	select {
	case err := <-done:
		if ctx.Err() == nil {
			return fmt.Errorf("serve %s: %w", l.Addr(), err)
		}
		done <- err // both at once
	case <-ctx.Done():
	}
	// First nothing more is accepted. Only then does the server know of all
	// connections that it has to wait for.
	l.Close() // its owner may have ended with ctx too, and closed it first
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if server.Shutdown(stop) != nil {
		server.Close()
	}
	return nil
}
