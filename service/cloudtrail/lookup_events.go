package cloudtrail

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/postern/postern/audit"
	"github.com/postern/postern/auth"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/cloudtrail"
)

const pageEvents = 50

// LookupEvents shows the management events of the caller's account in the
// Region, the newest first. As in AWS a page may be short or empty and still
// have a token.
func (s *Service) LookupEvents(ctx context.Context, in *cloudtrail.LookupEventsInput) (*cloudtrail.LookupEventsOutput, error) {
	match, err := filter(in)
	if err != nil {
		return nil, err
	}
	q, err := s.query(ctx, in)
	if err != nil {
		return nil, err
	}
	if in.EventCategory != nil { // nothing is analysed for Insights events
		return &cloudtrail.LookupEventsOutput{}, nil
	}
	q.Match = func(r *audit.Record) bool {
		e, ok := r.ManagementEvent()
		return ok && e.RecipientAccountID == q.Owner.Account && match(e, r)
	}
	page, err := s.records.Read(ctx, q)
	if errors.Is(err, audit.ErrToken) {
		return nil, errNextToken()
	}
	if err != nil {
		return nil, err
	}
	out := &cloudtrail.LookupEventsOutput{}
	for i := range page.Records {
		e, err := shape(&page.Records[i])
		if err != nil {
			return nil, err
		}
		out.Events = append(out.Events, e)
	}
	if page.Next != "" {
		out.NextToken = wire.Ptr(token{digest(in), page.Next}.String())
	}
	return out, nil
}

// query is what the request asks for, but for its attribute.
func (s *Service) query(ctx context.Context, in *cloudtrail.LookupEventsInput) (audit.Query, error) {
	caller := auth.CallerFrom(ctx)
	q := audit.Query{
		Owner: vpc.Owner{Account: caller.Account, Region: caller.Region},
		From:  s.now().Add(-retention), To: wire.Value(in.EndTime), Newest: true, Limit: pageEvents,
	}
	if start := wire.Value(in.StartTime); start.After(q.From) {
		q.From = start
	}
	if in.StartTime != nil && in.EndTime != nil && in.StartTime.After(*in.EndTime) {
		return q, errTimeRange()
	}
	if in.MaxResults != nil {
		if q.Limit = int(*in.MaxResults); q.Limit < 1 || q.Limit > pageEvents {
			return q, errMaxResults()
		}
	}
	if in.NextToken != nil {
		t, ok := parseToken(*in.NextToken)
		if !ok || t.Digest != digest(in) {
			return q, errNextToken()
		}
		q.After = t.After
	}
	return q, nil
}

// insightKeys are the attributes of Insights events.
var insightKeys = []string{cloudtrail.LookupAttributeKeyEventId, cloudtrail.LookupAttributeKeyEventName, cloudtrail.LookupAttributeKeyEventSource}

// filter checks the request's attribute and returns what it wants.
func filter(in *cloudtrail.LookupEventsInput) (func(audit.Event, *audit.Record) bool, error) {
	if c := in.EventCategory; c != nil && *c != cloudtrail.EventCategoryInsight {
		return nil, errEventCategory()
	}
	switch len(in.LookupAttributes) {
	case 0:
		return func(audit.Event, *audit.Record) bool { return true }, nil
	case 1:
	default:
		return nil, errAttributes()
	}
	key, want := wire.Value(in.LookupAttributes[0].AttributeKey), wire.Value(in.LookupAttributes[0].AttributeValue)
	match, ok := attributes[key]
	if !ok || in.EventCategory != nil && !slices.Contains(insightKeys, key) {
		return nil, errAttributes()
	}
	return func(e audit.Event, r *audit.Record) bool { return match(e, r, want) }, nil
}

// attributes say whether an event has a value of an attribute.
var attributes = map[string]func(e audit.Event, r *audit.Record, want string) bool{
	cloudtrail.LookupAttributeKeyEventId:     func(e audit.Event, _ *audit.Record, want string) bool { return e.EventID == want },
	cloudtrail.LookupAttributeKeyEventName:   func(e audit.Event, _ *audit.Record, want string) bool { return e.EventName == want },
	cloudtrail.LookupAttributeKeyEventSource: func(e audit.Event, _ *audit.Record, want string) bool { return e.EventSource == want },
	cloudtrail.LookupAttributeKeyReadOnly: func(e audit.Event, _ *audit.Record, want string) bool {
		return strconv.FormatBool(e.ReadOnly) == want
	},
	cloudtrail.LookupAttributeKeyUsername: func(e audit.Event, _ *audit.Record, want string) bool { return e.UserName() == want },
	cloudtrail.LookupAttributeKeyAccessKeyId: func(e audit.Event, _ *audit.Record, want string) bool {
		return e.UserIdentity.AccessKeyID == want
	},
	cloudtrail.LookupAttributeKeyResourceType: func(_ audit.Event, r *audit.Record, want string) bool {
		return slices.ContainsFunc(r.Named, func(n audit.Resource) bool { return n.Type == want })
	},
	cloudtrail.LookupAttributeKeyResourceName: func(_ audit.Event, r *audit.Record, want string) bool {
		return slices.ContainsFunc(r.Named, func(n audit.Resource) bool { return n.Name == want })
	},
}

// shape is a record's management event as the API shows it.
func shape(r *audit.Record) (cloudtrail.Event, error) {
	e, _ := r.ManagementEvent()
	text, err := json.Marshal(e)
	if err != nil {
		return cloudtrail.Event{}, fmt.Errorf("encode event of %s: %w", r.RequestID, err)
	}
	out := cloudtrail.Event{
		CloudTrailEvent: wire.Ptr(string(text)),
		EventId:         &e.EventID,
		EventName:       &e.EventName,
		EventSource:     &e.EventSource,
		EventTime:       wire.Ptr(r.Time.Truncate(time.Second)),
		ReadOnly:        wire.Ptr(strconv.FormatBool(e.ReadOnly)),
		Resources:       []cloudtrail.Resource{},
	}
	if key := e.UserIdentity.AccessKeyID; key != "" {
		out.AccessKeyId = &key
	}
	if name := e.UserName(); name != "" {
		out.Username = &name
	}
	for _, n := range r.Named {
		out.Resources = append(out.Resources, cloudtrail.Resource{ResourceType: wire.Ptr(n.Type), ResourceName: wire.Ptr(n.Name)})
	}
	return out, nil
}

// token is a NextToken: it belongs to the parameters that it was made for.
type token struct {
	Digest string `json:"d"`
	After  string `json:"a"`
}

func (t token) String() string {
	b, _ := json.Marshal(t) // strings always marshal
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseToken(text string) (token, bool) {
	var t token
	b, err := base64.RawURLEncoding.DecodeString(text)
	return t, err == nil && json.Unmarshal(b, &t) == nil && t.After != ""
}

// digest stands for the parameters of a request, without its page.
func digest(in *cloudtrail.LookupEventsInput) string {
	asked := *in
	asked.NextToken, asked.MaxResults = nil, nil
	b, _ := json.Marshal(asked) // strings and times always marshal
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}
