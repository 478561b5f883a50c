package logs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/postern/postern/journal"
	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/logs"
)

// retentionInterval is how often files of expired events are removed. Readers
// do not see expired events in any case.
const retentionInterval = time.Hour

// Limits are the quotas of PutLogEvents and of tags.
type Limits struct {
	EventBytes  int // message and overhead
	BatchBytes  int // sum over the events
	BatchEvents int
	Tags        int // a log group
}

// DefaultLimits are AWS's ("CloudWatch Logs quotas").
func DefaultLimits() Limits {
	return Limits{EventBytes: 1 << 20, BatchBytes: 1 << 20, BatchEvents: 10_000, Tags: 50}
}

// Config is what the service needs.
type Config struct {
	Store  *store.Store     // required
	Dir    string           // required: folder of the event files, used by nobody else
	Limits Limits           // optional: DefaultLimits
	Now    func() time.Time // optional: time.Now
	Log    *slog.Logger     // optional: damaged files, failures of retention
}

// Service holds the operations.
type Service struct {
	store   *store.Store
	journal *journal.Journal
	limits  Limits
	now     func() time.Time
	log     *slog.Logger

	stop    context.CancelFunc
	stopped chan struct{}
}

// New opens the event files and begins to remove expired ones. The caller
// closes the service before the store.
func New(c Config) (*Service, error) {
	if c.Store == nil || c.Dir == "" {
		return nil, errors.New("open logs: Store and Dir are required")
	}
	if c.Limits == (Limits{}) {
		c.Limits = DefaultLimits()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	j, err := journal.Open(journal.Config{Dir: c.Dir, Log: c.Log})
	if err != nil {
		return nil, fmt.Errorf("open logs: %w", err)
	}
	s := &Service{store: c.Store, journal: j, limits: c.Limits, now: c.Now, log: c.Log, stopped: make(chan struct{})}
	if err := j.Sweep(s.everyStream); err != nil {
		return nil, fmt.Errorf("open logs: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	go s.run(ctx)
	return s, nil
}

// Close ends the removal of expired events. What was put stays.
func (s *Service) Close() error {
	s.stop()
	<-s.stopped
	return nil
}

func (s *Service) run(ctx context.Context) {
	defer close(s.stopped)
	tick := time.NewTicker(retentionInterval)
	defer tick.Stop()
	for {
		s.expire()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Methods are the operations that are implemented.
func (s *Service) Methods() []wire.Method {
	return []wire.Method{
		wire.Needs(wire.On(wire.Bind(logs.OpCreateLogGroup, s.CreateLogGroup), func(ctx context.Context, in *logs.CreateLogGroupInput) []string {
			return groupResource(ctx, in.LogGroupName, nil)
		}), tagGroup),
		wire.On(wire.Bind(logs.OpDeleteLogGroup, s.DeleteLogGroup), func(ctx context.Context, in *logs.DeleteLogGroupInput) []string {
			return groupResource(ctx, in.LogGroupName, nil)
		}),
		wire.On(wire.SelfPaged(wire.Bind(logs.OpDescribeLogGroups, s.DescribeLogGroups)), func(ctx context.Context, _ *logs.DescribeLogGroupsInput) []string {
			return groupResource(ctx, nil, nil)
		}),
		wire.On(wire.Bind(logs.OpPutRetentionPolicy, s.PutRetentionPolicy), func(ctx context.Context, in *logs.PutRetentionPolicyInput) []string {
			return groupResource(ctx, in.LogGroupName, nil)
		}),
		wire.On(wire.Bind(logs.OpDeleteRetentionPolicy, s.DeleteRetentionPolicy), func(ctx context.Context, in *logs.DeleteRetentionPolicyInput) []string {
			return groupResource(ctx, in.LogGroupName, nil)
		}),
		wire.On(wire.Bind(logs.OpTagResource, s.TagResource), func(_ context.Context, in *logs.TagResourceInput) []string {
			return []string{wire.Value(in.ResourceArn)}
		}),
		wire.On(wire.Bind(logs.OpListTagsForResource, s.ListTagsForResource), func(_ context.Context, in *logs.ListTagsForResourceInput) []string {
			return []string{wire.Value(in.ResourceArn)}
		}),
		wire.On(wire.Bind(logs.OpCreateLogStream, s.CreateLogStream), func(ctx context.Context, in *logs.CreateLogStreamInput) []string {
			return streamResource(ctx, in.LogGroupName, nil, in.LogStreamName)
		}),
		wire.On(wire.Bind(logs.OpDeleteLogStream, s.DeleteLogStream), func(ctx context.Context, in *logs.DeleteLogStreamInput) []string {
			return streamResource(ctx, in.LogGroupName, nil, in.LogStreamName)
		}),
		wire.On(wire.SelfPaged(wire.Bind(logs.OpDescribeLogStreams, s.DescribeLogStreams)), func(ctx context.Context, in *logs.DescribeLogStreamsInput) []string {
			return groupResource(ctx, in.LogGroupName, in.LogGroupIdentifier)
		}),
		wire.On(wire.Bind(logs.OpPutLogEvents, s.PutLogEvents), func(ctx context.Context, in *logs.PutLogEventsInput) []string {
			return streamResource(ctx, in.LogGroupName, nil, in.LogStreamName)
		}),
		wire.On(wire.SelfPaged(wire.Bind(logs.OpGetLogEvents, s.GetLogEvents)), func(ctx context.Context, in *logs.GetLogEventsInput) []string {
			return streamResource(ctx, in.LogGroupName, in.LogGroupIdentifier, in.LogStreamName)
		}),
		wire.On(wire.SelfPaged(wire.Bind(logs.OpFilterLogEvents, s.FilterLogEvents)), func(ctx context.Context, in *logs.FilterLogEventsInput) []string {
			return groupResource(ctx, in.LogGroupName, in.LogGroupIdentifier)
		}),
	}
}
