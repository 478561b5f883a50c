package wire_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdklogs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	sdkec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	sdkeks "github.com/aws/aws-sdk-go-v2/service/eks"
	sdkiam "github.com/aws/aws-sdk-go-v2/service/iam"
	sdksts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
	"github.com/postern/postern/wire/eks"
	"github.com/postern/postern/wire/iam"
	"github.com/postern/postern/wire/logs"
	"github.com/postern/postern/wire/sts"
)

const requestID = "5f1d0d5c-8f0e-4f0a-9d0c-2a3b4c5d6e7f"

// server answers every call of one service through its codec, as the request
// chain does, with what answer returns.
func server(t *testing.T, s *wire.Service, answer func(op *wire.Operation, in any) (any, error)) aws.Config {
	t.Helper()
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		out, op, err := call(s, r, body, answer)
		if err == nil {
			err = s.Encode(w, op, requestID, out)
		}
		if e, ok := err.(*wire.Error); ok {
			s.EncodeError(w, requestID, e)
		} else if err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(h.Close)
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(h.URL), RetryMaxAttempts: 1,
		HTTPClient:  plainBodies{h.Client()},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	}
}

// plainBodies sends requests whose bodies can only be read. The SDK closes the
// body as soon as the answer begins, and from then on its WriteTo returns
// io.EOF as an error: net/http, which has just sent a body of more than 4 KiB
// and looks whether more follows, takes that for a failed request and closes
// the connection below the answer. A server on loopback is quick enough.
type plainBodies struct{ *http.Client }

func (c plainBodies) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r = r.Clone(r.Context())
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return c.Client.Do(r)
}

func call(s *wire.Service, r *http.Request, body []byte, answer func(*wire.Operation, any) (any, error)) (any, *wire.Operation, error) {
	op, err := s.Match(r, body)
	if err != nil {
		return nil, nil, err
	}
	in, err := s.Decode(op, r, body)
	if err != nil {
		return nil, op, err
	}
	out, err := answer(op, in)
	return out, op, err
}

// clients are the SDK's clients of the bound services.
var clients = []struct {
	model  *wire.Service
	client func(aws.Config) any
}{
	{ec2.Model, func(c aws.Config) any { return sdkec2.NewFromConfig(c) }},
	{eks.Model, func(c aws.Config) any { return sdkeks.NewFromConfig(c) }},
	{sts.Model, func(c aws.Config) any { return sdksts.NewFromConfig(c) }},
	{iam.Model, func(c aws.Config) any { return sdkiam.NewFromConfig(c) }},
	{logs.Model, func(c aws.Config) any { return sdklogs.NewFromConfig(c) }},
}

// TestSDK sends every bound operation with every member set, and expects the
// server to read what the SDK was given and the SDK to read what the server
// answered.
func TestSDK(t *testing.T) {
	for _, c := range clients {
		for _, op := range c.model.Operations {
			if op.Input == nil {
				continue
			}
			t.Run(c.model.Name+"/"+op.Name, func(t *testing.T) {
				f := &filler{rules: c.model.Constraints}
				want, answer := reflect.New(op.Input), reflect.New(op.Output)
				f.fill(want.Elem(), "")
				(&filler{}).fill(answer.Elem(), "")
				var got any
				config := server(t, c.model, func(called *wire.Operation, in any) (any, error) {
					if called != op {
						t.Errorf("the call was taken for %s", called.Name)
					}
					got = in
					return answer.Interface(), nil
				})
				method := reflect.ValueOf(c.client(config)).MethodByName(op.Name)
				sent := reflect.New(method.Type().In(1).Elem())
				m := &mapping{t: t}
				m.copy(sent.Elem(), want.Elem(), op.Name+"Input")
				results := method.Call([]reflect.Value{reflect.ValueOf(context.Background()), sent})
				if err, _ := results[1].Interface().(error); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want.Interface(), got); diff != "" {
					t.Errorf("the server read something else than the SDK was given (-given +read):\n%s", diff)
				}
				received := reflect.New(op.Output)
				m.copy(received.Elem(), results[0].Elem(), op.Name+"Output")
				if diff := cmp.Diff(answer.Interface(), received.Interface()); diff != "" {
					t.Errorf("the SDK read something else than the server answered (-answered +read):\n%s", diff)
				}
			})
		}
	}
}

// TestSDKEmpty sends every bound operation with nothing set but what is
// required, and answers with nothing.
func TestSDKEmpty(t *testing.T) {
	for _, c := range clients {
		for _, op := range c.model.Operations {
			if op.Input == nil {
				continue
			}
			t.Run(c.model.Name+"/"+op.Name, func(t *testing.T) {
				want := reflect.New(op.Input)
				(&filler{rules: c.model.Constraints, required: true}).fill(want.Elem(), "")
				var got any
				config := server(t, c.model, func(_ *wire.Operation, in any) (any, error) {
					got = in
					return reflect.New(op.Output).Interface(), nil
				})
				method := reflect.ValueOf(c.client(config)).MethodByName(op.Name)
				sent := reflect.New(method.Type().In(1).Elem())
				(&mapping{t: t}).copy(sent.Elem(), want.Elem(), op.Name)
				results := method.Call([]reflect.Value{reflect.ValueOf(context.Background()), sent})
				if err, _ := results[1].Interface().(error); err != nil {
					t.Fatal(err)
				}
				clearTokens(reflect.ValueOf(got).Elem())
				clearTokens(want.Elem())
				if diff := cmp.Diff(want.Interface(), got); diff != "" {
					t.Errorf("the server read something else than the SDK was given (-given +read):\n%s", diff)
				}
			})
		}
	}
}

// clearTokens removes the client token, which the SDK makes up.
func clearTokens(in reflect.Value) {
	for _, name := range []string{"ClientToken", "ClientRequestToken"} {
		if f := in.FieldByName(name); f.IsValid() {
			f.SetZero()
		}
	}
}

// TestModelsHaveTheirOperations compares the operation tables with the SDK.
func TestModelsHaveTheirOperations(t *testing.T) {
	for _, c := range clients {
		for _, op := range c.model.Operations {
			if _, ok := reflect.TypeOf(c.client(aws.Config{})).MethodByName(op.Name); !ok {
				t.Errorf("the SDK has no operation %s %s", c.model.Name, op.Name)
			}
		}
		if !slices.IsSortedFunc(c.model.Operations, func(a, b *wire.Operation) int { return cmpString(a.Name, b.Name) }) {
			t.Errorf("the operations of %s are not in order", c.model.Name)
		}
	}
}
