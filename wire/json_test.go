package wire_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/eks"
	"github.com/postern/postern/wire/logs"
)

// target is a POST to the JSON protocol.
func target(operation, body string) *http.Request {
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", "Logs_20140328."+operation)
	return r
}

func TestJSON(t *testing.T) {
	rows := []struct {
		operation, body string
		want            any
	}{
		{"DescribeLogGroups", "", &logs.DescribeLogGroupsInput{}},
		{"DescribeLogGroups", " {} \n", &logs.DescribeLogGroupsInput{}},
		{"DescribeLogGroups", `{"limit":null,"more":{"a":[1,{"b":null}]},"logGroupNamePrefix":"\u00e9"}`, nil}, // é breaks the pattern
		{"DescribeLogGroups", `{"limit":7,"more":{"a":[1,{"b":null}]},"logGroupNamePrefix":"a\u002fb"}`, &logs.DescribeLogGroupsInput{Limit: wire.Ptr[int32](7), LogGroupNamePrefix: wire.Ptr("a/b")}},
		{"CreateLogGroup", `{"logGroupName":"g","tags":{"b":"2","a":""}}`, &logs.CreateLogGroupInput{LogGroupName: wire.Ptr("g"), Tags: map[string]string{"a": "", "b": "2"}}},
		// int64 to the last digit
		{"PutLogEvents", `{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":9007199254740993,"message":"<&>"}]}`,
			&logs.PutLogEventsInput{LogGroupName: wire.Ptr("g"), LogStreamName: wire.Ptr("s"), LogEvents: []logs.InputLogEvent{{Timestamp: wire.Ptr[int64](9007199254740993), Message: wire.Ptr("<&>")}}}},
	}
	for _, row := range rows {
		_, got, err := read(logs.Model, target(row.operation, row.body), row.body)
		if row.want == nil {
			if err == nil {
				t.Errorf("%s: accepted", row.body)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", row.body, err)
			continue
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.body, diff)
		}
	}
}

func TestJSONRefused(t *testing.T) {
	rows := []struct{ operation, body, want string }{
		{"Fly", "{}", "UnknownOperationException: Unknown operation: Logs_20140328.Fly"},
		{"DescribeLogGroups", "[]", "SerializationException: The body must be a JSON object."},
		{"DescribeLogGroups", `"x"`, "SerializationException: The body must be a JSON object."},
		{"DescribeLogGroups", `{"limit":7`, "SerializationException: The body is not valid JSON."},
		{"DescribeLogGroups", `{"limit" 7}`, "SerializationException: The body is not valid JSON."},
		{"DescribeLogGroups", `{7:7}`, "SerializationException: The body is not valid JSON."},
		{"DescribeLogGroups", `{"limit":7}{}`, "SerializationException: There is more after the end of the body."},
		{"DescribeLogGroups", `{"limit":7,"limit":8}`, "SerializationException: The member limit is given twice."},
		{"DescribeLogGroups", `{"x":1,"x":1}`, "SerializationException: The member x is given twice."},
		{"DescribeLogGroups", "{\"x\":\"\xff\"}", "SerializationException: The body is not valid UTF-8."},
		{"DescribeLogGroups", `{"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, "SerializationException: The body is nested too deeply."},
		{"DescribeLogGroups", `{"limit":"7"}`, "SerializationException: STRING_VALUE can not be converted to an Integer"},
		{"DescribeLogGroups", `{"limit":7.5}`, "SerializationException: NUMBER_VALUE can not be converted to an Integer"},
		{"DescribeLogGroups", `{"limit":1e999999999}`, "SerializationException: NUMBER_VALUE can not be converted to an Integer"},
		{"DescribeLogGroups", `{"limit":99999999999}`, "SerializationException: NUMBER_VALUE can not be converted to an Integer"},
		{"DescribeLogGroups", `{"limit":true}`, "SerializationException: TRUE_VALUE can not be converted to an Integer"},
		{"DescribeLogGroups", `{"limit":{}}`, "SerializationException: Start of structure or map found where not expected."},
		{"DescribeLogGroups", `{"limit":[]}`, "SerializationException: Start of list found where not expected."},
		{"DescribeLogGroups", `{"logGroupNamePrefix":1}`, "SerializationException: NUMBER_VALUE can not be converted to a String"},
		{"GetLogEvents", `{"startFromHead":"true"}`, "SerializationException: STRING_VALUE can not be converted to a Boolean"},
		{"PutLogEvents", `{"logEvents":{}}`, "SerializationException: Expected list or null."},
		{"PutLogEvents", `{"logEvents":[null]}`, "SerializationException: A list may not contain null."},
		{"PutLogEvents", `{"logEvents":[1]}`, "SerializationException: Expected a structure or null."},
		{"CreateLogGroup", `{"tags":[]}`, "SerializationException: Expected map or null."},
		{"CreateLogGroup", `{"tags":{"a":"1","a":"2"}}`, "SerializationException: The member a is given twice."},
		{"DeleteLogGroup", `{"logGroupName":null}`, "InvalidParameterException: 1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: Member must not be null"},
		{"PutLogEvents", `{"logGroupName":"g","logStreamName":"s","logEvents":[{"message":"m","timestamp":1},{"message":"","timestamp":-1}]}`,
			"InvalidParameterException: 2 validation errors detected: Value '' at 'logEvents.2.member.message' failed to satisfy constraint: Member must have length greater than or equal to 1; " +
				"Value '-1' at 'logEvents.2.member.timestamp' failed to satisfy constraint: Member must have value greater than or equal to 0"},
	}
	for _, row := range rows {
		_, _, err := read(logs.Model, target(row.operation, row.body), row.body)
		if got := message(err); got != row.want {
			t.Errorf("%s %.80s:\ngot  %s\nwant %s", row.operation, row.body, got, row.want)
		}
	}
	if _, err := logs.Model.Match(httptest.NewRequest("GET", "/", nil), nil); message(err) != "UnknownOperationException: Unknown operation: " {
		t.Errorf("a GET without target: %v", err)
	}
}

// TestJSONAnswer checks bytes that the SDK is too kind to notice.
func TestJSONAnswer(t *testing.T) {
	at := time.Date(2019, 8, 14, 18, 9, 46, 506_000_000, time.UTC)
	rows := []struct {
		op   *wire.Operation
		out  any
		want string
	}{
		// the lists of an answer's top level are always there
		{eks.OpListClusters, &eks.ListClustersOutput{}, `{"clusters":[]}`},
		{eks.OpListTagsForResource, &eks.ListTagsForResourceOutput{}, `{"tags":{}}`},
		{eks.OpListTagsForResource, &eks.ListTagsForResourceOutput{Tags: map[string]string{"b": "<", "a": "\u2028"}}, `{"tags":{"a":"\u2028","b":"<"}}`},
		// below it, an empty list is sent and a nil one is not; times are seconds
		{eks.OpDescribeCluster, &eks.DescribeClusterOutput{Cluster: &eks.Cluster{CreatedAt: &at, EncryptionConfig: []eks.EncryptionConfig{}}}, `{"cluster":{"createdAt":1565806186.506,"encryptionConfig":[]}}`},
		{eks.OpUntagResource, &eks.UntagResourceOutput{}, `{}`},
	}
	for _, row := range rows {
		w := httptest.NewRecorder()
		if err := eks.Model.Encode(w, row.op, requestID, row.out); err != nil {
			t.Fatal(err)
		}
		if got := w.Body.String(); got != row.want {
			t.Errorf("%s: got %s, want %s", row.op.Name, got, row.want)
		}
		if w.Header().Get("Content-Type") != "application/json" || w.Header().Get("X-Amzn-Requestid") != requestID {
			t.Errorf("%s: headers %v", row.op.Name, w.Header())
		}
	}
}

// TestErrorMembers: a modelled error of EKS has its members, those without a
// value as null; a Detail that is not JSON does not lose the message.
func TestErrorMembers(t *testing.T) {
	w := httptest.NewRecorder()
	eks.Model.EncodeError(w, requestID, &wire.Error{Code: "ResourceNotFoundException", Message: "No cluster found for name: x.", Detail: map[string]any{"clusterName": "x"}})
	want := `{"addonName":null,"clusterName":"x","fargateProfileName":null,"message":"No cluster found for name: x.","nodegroupName":null,"subscriptionId":null}`
	if got := w.Body.String(); got != want || w.Code != 404 || w.Header().Get("X-Amzn-Errortype") != "ResourceNotFoundException" {
		t.Errorf("%d %v %s", w.Code, w.Header(), got)
	}
	w = httptest.NewRecorder()
	logs.Model.EncodeError(w, requestID, &wire.Error{Code: "X", Message: "m", Detail: map[string]any{"f": func() {}}})
	if got := w.Body.String(); got != `{"__type":"X","message":"m"}` {
		t.Error(got)
	}
}

func TestEncodeOtherType(t *testing.T) {
	for _, out := range []any{nil, (*eks.ListClustersOutput)(nil), eks.ListClustersOutput{}, &eks.DeleteClusterOutput{}} {
		w := httptest.NewRecorder()
		if err := eks.Model.Encode(w, eks.OpListClusters, requestID, out); err == nil || w.Body.Len() > 0 {
			t.Errorf("%T: encoded as %s", out, w.Body)
		}
	}
}

// FuzzJSON writes what was read with encoding/json, and expects to read the
// same again.
func FuzzJSON(f *testing.F) {
	f.Add(`{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1,"message":"m"}],"entity":{"keyAttributes":{"a":"b"}}}`)
	f.Add(`{"logEvents":[{"timestamp":1e3}],"x":[[[{}]]]}`)
	f.Add(`{"logEvents":null,"sequenceToken":"\ud800"}`)
	f.Fuzz(func(t *testing.T, body string) {
		_, in, err := read(logs.Model, target("PutLogEvents", body), body)
		clientError(t, in, err)
		if err != nil {
			return
		}
		b, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		_, again, err := read(logs.Model, target("PutLogEvents", string(b)), string(b))
		if err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if diff := cmp.Diff(in, again, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-first +again):\n%s", b, diff)
		}
	})
}
