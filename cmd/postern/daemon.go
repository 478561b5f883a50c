package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/postern/postern/agent"
	"github.com/postern/postern/api"
	"github.com/postern/postern/audit"
	"github.com/postern/postern/auth/session"
	"github.com/postern/postern/dataplane"
	"github.com/postern/postern/dns"
	"github.com/postern/postern/flow"
	"github.com/postern/postern/service/ec2"
	"github.com/postern/postern/service/iam"
	"github.com/postern/postern/service/logs"
	"github.com/postern/postern/service/organizations"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/world"
)

// runDaemon boots the parts in the order in which they need one another, and
// serves until ctx ends.
func runDaemon(ctx context.Context, f DaemonFlags, in *world.Inside, log *slog.Logger) (err error) {
	defer paceHeap()()

	// Who may call: the root user's key, and the CA that clients trust.
	key, err := f.DataDir.openCredentials()
	if err != nil {
		return err
	}
	ca, err := api.OpenCA(f.DataDir.tls())
	if err != nil {
		return err
	}
	if err := f.DataDir.writeTrust(ca.PEM()); err != nil {
		return err
	}

	// The records, and the log events and calls that are too many for them.
	records, err := store.Open(ctx, store.Config{Dir: f.DataDir.store(), Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, records.Close()) }()
	ring, err := openRing(ctx, records)
	if err != nil {
		return err
	}
	organization, err := organizations.Open(ctx, organizations.Config{Store: records, Management: f.Account, Name: "main"})
	if err != nil {
		return err
	}
	events, err := logs.New(logs.Config{Store: records, Dir: f.DataDir.logs(), Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, events.Close()) }()

	calls, err := audit.Open(audit.Config{Dir: f.DataDir.audit(), MaxBytes: f.AuditSize << 20, Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, calls.Close()) }()

	// The data side: kernel, resolver, flow logs, and the agent that drives them.
	kernel, err := dataplane.NewHost(dataplane.Config{Dir: in.NetnsDir, Log: log, Inherited: in.Sockets, Custody: in})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kernel.Close()) }()
	public := dns.NewForwarder(in.Broker.DialResolver)
	names := dns.NewServer(dns.Config{Upstream: public, Log: log})
	defer names.Close()
	flows := flow.NewCollector(flow.Config{Sink: flowSink{events}, Log: log})
	node := agent.New(agent.Config{Store: records, Kernel: kernel, Names: names, Flows: flows,
		FlowInterval: f.FlowInterval, Limits: f.pathLimits(), Log: log})

	// The control side: the services, and the chain that every request takes.
	limits := vpc.DefaultLimits()
	limits.Account = f.Quotas == "aws"
	offered, err := f.availability()
	if err != nil {
		return err
	}
	quotas := iam.DefaultLimits()
	quotas.Account = limits.Account
	known := identities{iam.New(iam.Config{Store: records, Limits: quotas, Log: log}), organization, f.Account, f.Region, key}
	services := newServices(events, calls, known.iam, known.stsConfig(ring), ec2.Config{
		Store:        records,
		Limits:       limits,
		Availability: offered,
		LookupTXT: func(ctx context.Context, name string) ([]string, error) {
			return dns.LookupTXT(ctx, public, name)
		},
	})
	chain, err := api.New(api.Config{
		Services:       services.table(),
		Keys:           known.find,
		Sessions:       session.NewOpener(ring),
		Region:         f.Region,
		Identities:     known.iam,
		Organization:   organization,
		Messages:       ring,
		EndpointPolicy: services.endpointPolicy,
		Used:           known.iam.Used,
		CA:             ca,
		Log:            log,
		Audit:          calls,
	})
	if err != nil {
		return err
	}

	// Commands that have ended without a daemon have left their interfaces.
	runs := func(session string) bool {
		return slices.ContainsFunc(in.Sessions, func(s world.Session) bool { return s.ID == session })
	}
	if err := services.ec2.DropSessions(ctx, runs); err != nil {
		return fmt.Errorf("drop the interfaces of ended sessions: %w", err)
	}

	control, err := listenControl(controlConfig{
		Dir:      f.DataDir,
		World:    in,
		Attacher: places{services.ec2, kernel},
		Status:   reporter{records, services.ec2, f, time.Now()},
		Calls:    calls,
		Log:      log,
		Explain:  explainer{chain, records, known}.do,
		Organize: organizer{organization, f.Account, key}.do,
		Credentials: func(ctx context.Context, r credentialsRequest) (accessKey, error) {
			return known.credentials(ctx, services.sts, r)
		},
	})
	if err != nil {
		return err
	}
	// What clients wait for ends first, then what it needs to finish.
	needed, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	parts, needed := errgroup.WithContext(needed)
	parts.Go(func() error { return flows.Run(needed) })
	parts.Go(func() error { return node.Run(needed) })
	parts.Go(func() error { return known.iam.Run(needed) })
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(needed, cancel)()
	run, ctx := errgroup.WithContext(ctx)
	run.Go(func() error { return chain.Serve(ctx, node.Doors()) })
	run.Go(func() error {
		select {
		case <-node.Ready():
		case <-ctx.Done():
			return nil
		}
		if err := kernel.CloseInherited(); err != nil {
			return err
		}
		for _, l := range in.Listeners {
			run.Go(func() error { return chain.Serve(ctx, l) })
		}
		run.Go(func() error { return control.Run(ctx) })
		if err := in.Ready(); err != nil {
			return err
		}
		debug.FreeOSMemory() // a start needs more than what comes after it
		return nil
	})
	err = run.Wait()
	in.Leave() // what still listens is for the next daemon
	stop()
	return errors.Join(err, parts.Wait())
}

// flowSink delivers flow log records to CloudWatch Logs.
type flowSink struct{ logs *logs.Service }

// Deliver appends records to the stream of an ENI, which is made when the
// first record arrives.
func (s flowSink) Deliver(ctx context.Context, l vpc.FlowLog, eni vpc.ENI, records []flow.Record) error {
	events := make([]logs.Event, len(records))
	for i, r := range records {
		events[i] = logs.Event{Time: r.Time, Message: r.Line}
	}
	return s.logs.Append(ctx, l.Account, l.Region, l.LogGroup, flow.StreamName(eni.ID, l.Traffic), events)
}
