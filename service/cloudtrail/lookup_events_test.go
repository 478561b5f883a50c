package cloudtrail_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"github.com/postern/postern/audit"
	"github.com/postern/postern/auth"
	"github.com/postern/postern/service/cloudtrail"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	model "github.com/postern/postern/wire/cloudtrail"
	"github.com/postern/postern/wire/eks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const account, region = "111122223333", "us-east-1"

var start = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

// lab is the service over a log of calls, and the official client of it.
type lab struct {
	*sdk.Client
	calls *audit.Log
	now   time.Time
}

func newLab(t *testing.T) *lab {
	calls, err := audit.Open(audit.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { calls.Close() })
	l := &lab{calls: calls, now: start.Add(time.Hour)}
	service := cloudtrail.New(cloudtrail.Config{Records: calls, Now: func() time.Time { return l.now }})
	method := service.Methods()[0]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		in, err := model.Model.Decode(method.Operation, r, body)
		var out any
		if err == nil {
			ctx := auth.WithCaller(r.Context(), auth.Caller{Account: account, Region: region})
			out, err = method.Call(ctx, in)
		}
		if err == nil {
			err = model.Model.Encode(w, method.Operation, "req", out)
		}
		var e *wire.Error
		if errors.As(err, &e) {
			model.Model.EncodeError(w, "req", e)
		} else if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}))
	t.Cleanup(server.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	l.Client = sdk.New(sdk.Options{BaseEndpoint: &server.URL, Region: region, RetryMaxAttempts: 1,
		HTTPClient: &http.Client{Transport: transport}, Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", "")})
	return l
}

// call records a call of EKS in minute n by a user.
func (l *lab) call(n int, op *wire.Operation, user, cluster string, change ...func(*audit.Call)) {
	c := audit.Call{ID: fmt.Sprintf("%s-%d", op.Name, n), Time: start.Add(time.Duration(n) * time.Minute), Service: eks.Model, Operation: op,
		Caller: auth.Caller{Account: account, Region: region, ARN: "arn:aws:iam::111122223333:user/" + user, UserID: "AIDA" + user,
			AccessKey: "AKIA" + user, Kind: auth.User}, Region: region, Source: "192.0.2.7",
		Outcome: audit.Outcome{Resources: []string{"arn:aws:eks:us-east-1:111122223333:cluster/" + cluster}}}
	for _, f := range change {
		f(&c)
	}
	l.calls.Record(c)
}

// lookup are the names of the events in all pages, with the users.
func (l *lab) lookup(t *testing.T, in sdk.LookupEventsInput) string {
	t.Helper()
	var names []string
	for p := sdk.NewLookupEventsPaginator(l.Client, &in); p.HasMorePages(); {
		out, err := p.NextPage(t.Context())
		if err != nil {
			return code(err)
		}
		for _, e := range out.Events {
			names = append(names, strings.TrimSuffix(aws.ToString(e.EventName), "Cluster")+":"+aws.ToString(e.Username))
		}
	}
	return strings.Join(names, " ")
}

func code(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return err.Error()
}

func attribute(key types.LookupAttributeKey, value string) []types.LookupAttribute {
	return []types.LookupAttribute{{AttributeKey: key, AttributeValue: &value}}
}

func TestLookupEvents(t *testing.T) {
	l := newLab(t)
	l.call(1, eks.OpCreateCluster, "ann", "one")
	l.call(2, eks.OpDescribeCluster, "bob", "one")
	l.call(3, eks.OpDescribeCluster, "ann", "two")
	l.call(4, eks.OpDeleteCluster, "eve", "two", func(c *audit.Call) { // of another account, through an endpoint of this one
		c.Caller.Account = "444455556666"
		c.Arrival = vpc.Arrival{Endpoint: "vpce-0a1b2c3d4e5f60718", Account: account, Region: region}
	})
	l.call(5, eks.OpDeleteCluster, "far", "two", func(c *audit.Call) { c.Region, c.Caller.Region = "eu-west-1", "eu-west-1" })
	at := func(n int) *time.Time { return aws.Time(start.Add(time.Duration(n) * time.Minute)) }
	first, err := l.LookupEvents(t.Context(), &sdk.LookupEventsInput{EndTime: at(1)})
	if err != nil || len(first.Events) != 1 {
		t.Fatalf("%+v, %v", first, err)
	}
	for _, row := range []struct {
		name string
		in   sdk.LookupEventsInput
		want string
	}{
		{"everything, the newest first", sdk.LookupEventsInput{}, "Describe:ann Describe:bob Create:ann"},
		{"pages of one", sdk.LookupEventsInput{MaxResults: aws.Int32(1)}, "Describe:ann Describe:bob Create:ann"},
		{"both ends are included", sdk.LookupEventsInput{StartTime: at(2), EndTime: at(3)}, "Describe:ann Describe:bob"},
		{"before everything", sdk.LookupEventsInput{EndTime: at(0)}, ""},
		{"id", sdk.LookupEventsInput{LookupAttributes: attribute("EventId", *first.Events[0].EventId)}, "Create:ann"},
		{"name", sdk.LookupEventsInput{LookupAttributes: attribute("EventName", "DescribeCluster")}, "Describe:ann Describe:bob"},
		{"read-only", sdk.LookupEventsInput{LookupAttributes: attribute("ReadOnly", "false")}, "Create:ann"},
		{"user", sdk.LookupEventsInput{LookupAttributes: attribute("Username", "ann")}, "Describe:ann Create:ann"},
		{"type", sdk.LookupEventsInput{LookupAttributes: attribute("ResourceType", "AWS::EKS::Cluster")}, "Describe:ann Describe:bob Create:ann"},
		{"another type", sdk.LookupEventsInput{LookupAttributes: attribute("ResourceType", "AWS::EC2::VPC")}, ""},
		{"resource", sdk.LookupEventsInput{LookupAttributes: attribute("ResourceName", "one")}, "Describe:bob Create:ann"},
		{"source", sdk.LookupEventsInput{LookupAttributes: attribute("EventSource", "eks.amazonaws.com")}, "Describe:ann Describe:bob Create:ann"},
		{"another source", sdk.LookupEventsInput{LookupAttributes: attribute("EventSource", "ec2.amazonaws.com")}, ""},
		{"key", sdk.LookupEventsInput{LookupAttributes: attribute("AccessKeyId", "AKIAbob")}, "Describe:bob"},
		{"insights", sdk.LookupEventsInput{EventCategory: "insight"}, ""},

		{"two attributes", sdk.LookupEventsInput{LookupAttributes: append(attribute("EventName", "a"), attribute("Username", "b")...)}, "InvalidLookupAttributesException"},
		{"an unknown attribute", sdk.LookupEventsInput{LookupAttributes: attribute("Colour", "b")}, "InvalidLookupAttributesException"},
		{"insights of a user", sdk.LookupEventsInput{EventCategory: "insight", LookupAttributes: attribute("Username", "b")}, "InvalidLookupAttributesException"},
		{"a category", sdk.LookupEventsInput{EventCategory: "data"}, "InvalidEventCategoryException"},
		{"too many results", sdk.LookupEventsInput{MaxResults: aws.Int32(51)}, "InvalidMaxResultsException"},
		{"an end before the start", sdk.LookupEventsInput{StartTime: at(2), EndTime: at(1)}, "InvalidTimeRangeException"},
		{"nonsense for a token", sdk.LookupEventsInput{NextToken: aws.String("x")}, "InvalidNextTokenException"},
	} {
		if got := l.lookup(t, row.in); got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}

func TestNoResultsAreNoPage(t *testing.T) {
	_, err := newLab(t).LookupEvents(t.Context(), &sdk.LookupEventsInput{MaxResults: aws.Int32(0)})
	if got := code(err); got != "InvalidMaxResultsException" {
		t.Error(got)
	}
}

func TestTokenBelongsToItsParameters(t *testing.T) {
	l := newLab(t)
	for n := range 3 {
		l.call(n, eks.OpListClusters, "ann", "*")
	}
	out, err := l.LookupEvents(t.Context(), &sdk.LookupEventsInput{MaxResults: aws.Int32(1)})
	if err != nil || out.NextToken == nil {
		t.Fatalf("%+v, %v", out, err)
	}
	_, err = l.LookupEvents(t.Context(), &sdk.LookupEventsInput{NextToken: out.NextToken, LookupAttributes: attribute("Username", "ann")})
	if got := code(err); got != "InvalidNextTokenException" {
		t.Errorf("with other parameters: %s", got)
	}
	if out, err = l.LookupEvents(t.Context(), &sdk.LookupEventsInput{NextToken: out.NextToken}); err != nil || len(out.Events) != 2 {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestPageIsFifty(t *testing.T) {
	l := newLab(t)
	for n := range 51 {
		l.call(n, eks.OpListClusters, "ann", "*")
	}
	out, err := l.LookupEvents(t.Context(), &sdk.LookupEventsInput{})
	if err != nil || len(out.Events) != 50 || out.NextToken == nil {
		t.Fatalf("%d events, token %v, %v", len(out.Events), out.NextToken, err)
	}
	if out, err = l.LookupEvents(t.Context(), &sdk.LookupEventsInput{NextToken: out.NextToken}); err != nil || len(out.Events) != 1 || out.NextToken != nil {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestNinetyDays(t *testing.T) {
	l := newLab(t)
	l.call(0, eks.OpListClusters, "ann", "*")
	l.now = start.Add(90*24*time.Hour - time.Minute)
	if got := l.lookup(t, sdk.LookupEventsInput{StartTime: aws.Time(start.Add(-time.Hour))}); got == "" {
		t.Error("gone before 90 days")
	}
	l.now = start.Add(90*24*time.Hour + time.Minute)
	if got := l.lookup(t, sdk.LookupEventsInput{StartTime: aws.Time(start.Add(-time.Hour))}); got != "" {
		t.Errorf("after 90 days: %s", got)
	}
}

func TestEventShape(t *testing.T) {
	l := newLab(t)
	l.call(1, eks.OpDescribeCluster, "ann", "one")
	out, err := l.LookupEvents(t.Context(), &sdk.LookupEventsInput{})
	if err != nil || len(out.Events) != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	e := out.Events[0]
	var record audit.Event
	if err := json.Unmarshal([]byte(aws.ToString(e.CloudTrailEvent)), &record); err != nil {
		t.Fatal(err)
	}
	if record.EventID != *e.EventId || record.EventCategory != "Management" || record.RecipientAccountID != account || !record.ReadOnly {
		t.Errorf("record %+v", record)
	}
	if *e.ReadOnly != "true" || !e.EventTime.Equal(start.Add(time.Minute)) || *e.AccessKeyId != "AKIAann" || *e.EventSource != "eks.amazonaws.com" {
		t.Errorf("event %+v", e)
	}
	if len(e.Resources) != 1 || *e.Resources[0].ResourceType != "AWS::EKS::Cluster" || *e.Resources[0].ResourceName != "one" {
		t.Errorf("resources %+v", e.Resources)
	}
}
