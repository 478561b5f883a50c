package wire_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/cloudwatch"
	"github.com/postern/postern/wire/eks"
	"github.com/postern/postern/wire/route53"
)

func TestRESTMatch(t *testing.T) {
	rows := []struct{ method, path, want string }{
		{"GET", "/clusters", "ListClusters"},
		{"GET", "/clusters/", "ListClusters"},
		{"POST", "/clusters", "CreateCluster"},
		{"GET", "/clusters/c1", "DescribeCluster"},
		{"DELETE", "/clusters/c1", "DeleteCluster"},
		{"GET", "/clusters/c1/node-groups/n1", "DescribeNodegroup"},
		// a slash inside a segment is not one between segments
		{"GET", "/tags/arn%3Aaws%3Aeks%3Aus-east-1%3A111122223333%3Acluster%2Fc1", "ListTagsForResource"},
		{"DELETE", "/clusters/c1/access-entries/arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fr", "DeleteAccessEntry"},
		{"GET", "/tags/arn:aws:eks:us-east-1:111122223333:cluster/c1", ""},
		// words come before labels
		{"POST", "/clusters/c1/identity-provider-configs/describe", "DescribeIdentityProviderConfig"},
		{"POST", "/clusters/c1/addons/describe/update", "UpdateAddon"},
		{"PUT", "/clusters", ""},
		{"GET", "/", ""},
		{"GET", "/clusters//node-groups", ""},
		{"GET", "/nothing/here", ""},
	}
	for _, row := range rows {
		op, err := eks.Model.Match(httptest.NewRequest(row.method, row.path, nil), nil)
		switch {
		case row.want == "":
			if e, ok := err.(*wire.Error); !ok || e.Code != "UnknownOperationException" || e.Status != 404 {
				t.Errorf("%s %s: got %v, %v", row.method, row.path, op, err)
			}
		case err != nil || op.Name != row.want:
			t.Errorf("%s %s: got %v, %v, want %s", row.method, row.path, op, err, row.want)
		}
	}
}

// TestRESTParts reads members from the path, the query string and the body.
func TestRESTParts(t *testing.T) {
	const arn = "arn:aws:eks:us-east-1:111122223333:cluster/c1"
	rows := []struct {
		method, target, body string
		want                 any
	}{
		{"GET", "/clusters?maxResults=5&nextToken=a%2Bb&include=all&more=1", "", &eks.ListClustersInput{MaxResults: wire.Ptr[int32](5), NextToken: wire.Ptr("a+b"), Include: []string{"all"}}},
		{"GET", "/clusters", "", &eks.ListClustersInput{}},
		{"DELETE", "/tags/" + url.PathEscape(arn) + "?tagKeys=a&tagKeys=b%20c", "", &eks.UntagResourceInput{ResourceArn: wire.Ptr(arn), TagKeys: []string{"a", "b c"}}},
		// the body cannot set what belongs into the path
		{"POST", "/tags/" + url.PathEscape(arn), `{"tags":{"k":"v"},"resourceArn":"other"}`, &eks.TagResourceInput{ResourceArn: wire.Ptr(arn), Tags: map[string]string{"k": "v"}}},
	}
	for _, row := range rows {
		_, got, err := read(eks.Model, httptest.NewRequest(row.method, row.target, nil), row.body)
		if err != nil {
			t.Errorf("%s %s: %v", row.method, row.target, err)
			continue
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", row.method, row.target, diff)
		}
	}
}

func TestRESTRefused(t *testing.T) {
	rows := []struct{ method, target, body, want string }{
		{"GET", "/clusters?maxResults=many", "", "SerializationException: STRING_VALUE can not be converted to an Integer"},
		{"GET", "/clusters?maxResults=1&maxResults=2", "", "SerializationException: The parameter maxResults is given twice."},
		{"GET", "/clusters?maxResults=%zz", "", "SerializationException: The query string contains a syntax error."},
		{"GET", "/clusters?nextToken=%ff", "", "SerializationException: The value of nextToken is not valid UTF-8."},
		{"GET", "/clusters/%ff", "", "SerializationException: The value of name is not valid UTF-8."},
		{"POST", "/clusters", `{"name":"x"`, "SerializationException: The body is not valid JSON."},
		{"POST", "/clusters", `{"name":"-x","roleArn":"r","resourcesVpcConfig":{}}`,
			`InvalidParameterException: 1 validation error detected: Value '-x' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[0-9A-Za-z][A-Za-z0-9\-_]*`},
		{"POST", "/clusters", "", "InvalidParameterException: 3 validation errors detected: Value null at 'name' failed to satisfy constraint: Member must not be null; " +
			"Value null at 'resourcesVpcConfig' failed to satisfy constraint: Member must not be null; Value null at 'roleArn' failed to satisfy constraint: Member must not be null"},
		{"POST", "/clusters", `{"name":"x","roleArn":"r","resourcesVpcConfig":{},"logging":{"clusterLogging":[{"types":["api","all"]}]}}`,
			"InvalidParameterException: 1 validation error detected: Value '[api, all]' at 'logging.clusterLogging.1.member.types' failed to satisfy constraint: " +
				"Member must satisfy constraint: [Member must satisfy enum value set: [api, audit, authenticator, controllerManager, scheduler]]"},
		{"GET", "/clusters/c1/addons", "", "UnsupportedOperationException: The operation ListAddons is not implemented."},
	}
	for _, row := range rows {
		_, _, err := read(eks.Model, httptest.NewRequest(row.method, row.target, nil), row.body)
		if got := message(err); got != row.want {
			t.Errorf("%s %s:\ngot  %s\nwant %s", row.method, row.target, got, row.want)
		}
	}
}

// Services without a bound operation answer in their protocols all the same.
func TestNamesOnly(t *testing.T) {
	r := httptest.NewRequest("GET", "/2013-04-01/hostedzone/Z0A/rrset?maxitems=1", nil)
	w := answer(route53.Model, r)
	want := xmlHead + `<ErrorResponse><Error><Type>Sender</Type><Code>UnsupportedOperation</Code><Message>The operation ListResourceRecordSets is not implemented.</Message></Error><RequestId>` + requestID + `</RequestId></ErrorResponse>`
	if got := w.Body.String(); got != want || w.Code != 400 {
		t.Errorf("route53: %d %s", w.Code, got)
	}
	r = httptest.NewRequest("POST", "/service/GraniteServiceVersion20100801/operation/ListMetrics", nil)
	w = answer(cloudwatch.Model, r)
	const code, text = "UnsupportedOperationException", "The operation ListMetrics is not implemented."
	if got := w.Body.String(); !strings.Contains(got, code) || !strings.HasSuffix(got, text) || w.Header().Get("Smithy-Protocol") != "rpc-v2-cbor" {
		t.Errorf("cloudwatch: %v %q", w.Header(), got)
	}
	r.URL.Path = "/service/X/operation/Fly"
	if w = answer(cloudwatch.Model, r); w.Code != 404 || !strings.Contains(w.Body.String(), "UnknownOperationException") {
		t.Errorf("cloudwatch: %d %q", w.Code, w.Body)
	}
}

// answer is the error that a request without a body is answered with.
func answer(s *wire.Service, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	_, _, err := read(s, r, "")
	s.EncodeError(w, requestID, err.(*wire.Error))
	return w
}

func FuzzREST(f *testing.F) {
	f.Add("GET", "/clusters/c%2F1", "maxResults=1", "")
	f.Add("POST", "/tags/arn%3A", "", `{"tags":{"a":"b"}}`)
	f.Add("DELETE", "/tags/%", "tagKeys=%ff&tagKeys", "{}")
	f.Add("POST", "/clusters", "", `{"name":"c","roleArn":"r","resourcesVpcConfig":{"subnetIds":["s"]},"tags":{}}`)
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		u := &url.URL{RawQuery: query}
		var err error
		if u.Path, err = url.PathUnescape(path); err != nil {
			return // net/http refuses such a request
		}
		u.RawPath = path
		_, in, err := read(eks.Model, &http.Request{Method: method, URL: u, Header: http.Header{}}, body)
		clientError(t, in, err)
	})
}
