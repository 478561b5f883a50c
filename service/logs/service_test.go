package logs_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/service/logs"
	"github.com/postern/postern/store"
	"github.com/postern/postern/store/storetest"
	"github.com/postern/postern/wire"
	model "github.com/postern/postern/wire/logs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const account, region = "111122223333", "us-east-1"

// lab is a service behind its wire protocol, and the official client of it.
type lab struct {
	*cloudwatchlogs.Client
	service *logs.Service
	config  logs.Config
	now     *time.Time // what the service takes for the time
}

func newLab(t testing.TB, limits logs.Limits) *lab {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	l := &lab{now: &now, config: logs.Config{
		Store: storetest.Open(t), Dir: t.TempDir(), Limits: limits, Now: func() time.Time { return now },
	}}
	l.open(t)
	t.Cleanup(func() { l.service.Close() })
	server := httptest.NewServer(http.HandlerFunc(l.serve))
	t.Cleanup(server.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	l.Client = cloudwatchlogs.New(cloudwatchlogs.Options{
		BaseEndpoint: &server.URL, Region: region, RetryMaxAttempts: 1, HTTPClient: &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
	})
	return l
}

func (l *lab) open(t testing.TB) {
	t.Helper()
	var err error
	if l.service, err = logs.New(l.config); err != nil {
		t.Fatal(err)
	}
}

// serve is the request chain without its checks of identity.
func (l *lab) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	out, op, err := l.call(r, body)
	if err == nil {
		err = model.Model.Encode(w, op, "req", out)
	}
	var e *wire.Error
	if errors.As(err, &e) {
		model.Model.EncodeError(w, "req", e)
	} else if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (l *lab) call(r *http.Request, body []byte) (any, *wire.Operation, error) {
	op, err := model.Model.Match(r, body)
	if err != nil {
		return nil, nil, err
	}
	in, err := model.Model.Decode(op, r, body)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range l.service.Methods() {
		if m.Operation == op {
			out, err := m.Call(caller(r.Context()), in)
			if err == nil && !m.OwnPaging {
				err = wire.Page(op, in, out)
			}
			return out, op, err
		}
	}
	return nil, nil, model.Model.Unavailable(op)
}

func caller(ctx context.Context) context.Context {
	return auth.WithCaller(ctx, auth.Caller{Account: account, Region: region})
}

// refused wants an error of the service with that code and text; without a
// code, none.
func refused(t *testing.T, err error, code, message string) {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Errorf("err = %v", err)
		}
		return
	}
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Errorf("err = %v, want %s", err, code)
		return
	}
	if e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), message) {
		t.Errorf("%s: %q, want %s: %q", e.ErrorCode(), e.ErrorMessage(), code, message)
	}
}

// must is for calls that the test is not about.
func must[T any](out T, err error) T {
	if err != nil {
		panic(err)
	}
	return out
}

const group, stream = "/vpc/flow", "eni-0a1b2c3d4e5f60718-all"

// withStream returns a lab that has a group with a stream.
func withStream(t testing.TB) *lab {
	l := newLab(t, logs.Limits{})
	must(l.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String(group)}))
	must(l.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String(group), LogStreamName: aws.String(stream)}))
	return l
}

func second[T any](_ T, err error) error { return err }

func TestNewRefuses(t *testing.T) {
	for _, c := range []logs.Config{{}, {Dir: t.TempDir()}, {Store: &store.Store{}}, {Store: storetest.Open(t), Dir: "/dev/null/x"}} {
		if _, err := logs.New(c); err == nil {
			t.Errorf("opened %+v", c)
		}
	}
}

// TestResources names what policies see for a call.
func TestResources(t *testing.T) {
	l := newLab(t, logs.Limits{})
	const arn = "arn:aws:logs:us-east-1:111122223333:log-group:"
	for _, row := range []struct {
		op   *wire.Operation
		in   any
		want string
	}{
		{model.OpCreateLogGroup, &model.CreateLogGroupInput{LogGroupName: wire.Ptr("/g")}, arn + "/g:log-stream:"},
		{model.OpDescribeLogGroups, &model.DescribeLogGroupsInput{}, arn + ":log-stream:"},
		{model.OpPutLogEvents, &model.PutLogEventsInput{LogGroupName: wire.Ptr("/g"), LogStreamName: wire.Ptr("s")}, arn + "/g:log-stream:s"},
		{model.OpGetLogEvents, &model.GetLogEventsInput{LogGroupIdentifier: wire.Ptr(arn + "/g"), LogStreamName: wire.Ptr("s")}, arn + "/g:log-stream:s"},
		{model.OpFilterLogEvents, &model.FilterLogEventsInput{LogGroupIdentifier: wire.Ptr("arn:aws:logs:eu-west-1:444455556666:log-group:/g:*")}, "arn:aws:logs:eu-west-1:444455556666:log-group:/g:log-stream:"},
		{model.OpTagResource, &model.TagResourceInput{ResourceArn: wire.Ptr(arn + "/g")}, arn + "/g"},
	} {
		for _, m := range l.service.Methods() {
			if m.Operation == row.op {
				if got := m.Resources(caller(t.Context()), row.in); len(got) != 1 || got[0] != row.want {
					t.Errorf("%s: %v, want %s", row.op.Name, got, row.want)
				}
			}
		}
	}
}
