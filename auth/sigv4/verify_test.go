package sigv4

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTime(t *testing.T) {
	header := func(age time.Duration) *http.Request {
		return newRequest("GET", "https://eks.us-east-1.amazonaws.com/clusters", "").sign(now.Add(-age)).arrive()
	}
	query := func(age time.Duration, expires int) *http.Request {
		return newRequest("GET", "https://eks.us-east-1.amazonaws.com/clusters", "").presign(now.Add(-age), expires).arrive()
	}
	for _, c := range []struct {
		r    *http.Request
		want string
	}{
		{header(15 * time.Minute), ""},
		{header(15*time.Minute + time.Second), "Signature expired: 20260102T234429Z is now earlier than 20260102T234430Z (20260102T235930Z - 15 min.)"},
		{header(-15 * time.Minute), ""},
		{header(-15*time.Minute - time.Second), "Signature not yet current: 20260103T001431Z is still later than 20260103T001430Z (20260102T235930Z + 15 min.)"},
		// A presigned URL has the lifetime that it names, or 15 minutes.
		{query(time.Minute, 60), ""},
		{query(61*time.Second, 60), "Signature expired: 20260102T235829Z is now earlier than 20260102T235830Z (20260102T235930Z - 1 min.)"},
		{query(11*time.Second, 10), "Signature expired: 20260102T235919Z is now earlier than 20260102T235920Z (20260102T235930Z - 10 sec.)"},
		{query(7*24*time.Hour, 604800), ""},
		{query(14*time.Minute, 0), ""},
		{query(16*time.Minute, 0), "Signature expired: 20260102T234330Z is now earlier than 20260102T234430Z (20260102T235930Z - 15 min.)"},
		{query(0, 604801), "X-Amz-Expires must be between 1 and 604800 seconds."},
	} {
		if err := verify(c.r, nil, now); text(err) != c.want {
			t.Errorf("%s\n got %v\nwant %s", c.r.URL, err, c.want)
		}
	}
}

// TestParseBasic holds the short way of reading a time against time.Parse.
func TestParseBasic(t *testing.T) {
	short := 0
	for _, text := range []string{
		"20260102T235930Z", "00000101T000000Z", "99991231T235959Z", "20240229T000000Z",
		"20230229T000000Z", "20260001T000000Z", "20261301T000000Z", "20260100T000000Z", "20260431T000000Z",
		"20260102T240000Z", "20260102T236000Z", "20260102T235960Z",
		"20260102t235930Z", "20260102T235930z", "20260102T23593:Z", "2026010/T235930Z", "+2260102T235930Z",
		"20260102T3930.1Z", "20260102T235930.5Z", "", "Z",
	} {
		want, err := time.Parse(timeFormat, text)
		got, ok := parseBasic(text)
		if ok {
			short++
		}
		if ok && (err != nil || !got.Equal(want)) || !ok && err == nil && len(text) == len(timeFormat) {
			t.Errorf("%q: %v, %v; time.Parse: %v, %v", text, got, ok, want, err)
		}
	}
	if short != 4 {
		t.Errorf("%d times were read the short way, want 4", short)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestDateHeader(t *testing.T) {
	s := newRequest("GET", "https://eks.us-east-1.amazonaws.com/clusters", "").sign(now)
	// Signed again by hand with Date instead of X-Amz-Date: the SDK has no
	// such mode.
	sign := func(date string) *http.Request {
		r := s.arrive()
		r.Header.Del("X-Amz-Date")
		r.Header.Set("Date", date)
		authorize := func(mac string) {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+accessKey+"/20260102/us-east-1/eks/aws4_request, SignedHeaders=date;host, Signature="+mac)
		}
		authorize(strings.Repeat("0", 64))
		parsed, err := Parse(r)
		if err != nil {
			t.Fatal(err)
		}
		authorize(fmt.Sprintf("%x", mac(scope{accessKey, secret, "20260102", region, "eks"}.derive(), parsed.stringToSign(r, newRequest("GET", "/", "").hash()))))
		return r
	}
	for _, date := range []string{"Fri, 02 Jan 2026 23:59:30 GMT", "20260102T235930Z"} {
		if err := verify(sign(date), nil, now); err != nil {
			t.Errorf("Date: %s: %v", date, err)
		}
	}
	r := sign("20260102T235930Z")
	r.Header.Set("X-Amz-Date", "20260102T235930Z")
	if err := verify(r, nil, now); text(err) != "'x-amz-date' must be a 'SignedHeader' in the AWS Authorization." {
		t.Errorf("unsigned X-Amz-Date: %v", err)
	}
}

func TestParse(t *testing.T) {
	const zeros = "0000000000000000000000000000000000000000000000000000000000000000"
	const credential = "Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-east-1/eks/aws4_request"
	for _, c := range []struct {
		authorization string
		kind          Kind
		want          string
	}{
		{"", Missing, "Missing Authentication Token"},
		{"AWS4-HMAC-SHA256 " + credential + ",SignedHeaders=host,Signature=" + zeros, 0, ""},
		{"AWS4-HMAC-SHA256 Signature=" + zeros + ", SignedHeaders=host;x-amz-date , " + credential, 0, ""},
		{"Bearer x", Incomplete, "Unsupported AWS 'algorithm': 'Bearer'."},
		{"AWS4-ECDSA-P256-SHA256 " + credential + ", SignedHeaders=host, Signature=" + zeros, Incomplete, "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256' (Signature Version 4A). Sign with AWS4-HMAC-SHA256."},
		{"AWS4-HMAC-SHA256 Credential", Incomplete, "'Credential' not a valid key=value pair (missing equal-sign) in Authorization header: 'AWS4-HMAC-SHA256 Credential'."},
		{"AWS4-HMAC-SHA256 " + credential, Incomplete, "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization=AWS4-HMAC-SHA256"},
		{"AWS4-HMAC-SHA256 " + credential + ", " + credential, Incomplete, "Authorization header has 'Credential' twice."},
		{"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE, SignedHeaders=host, Signature=" + zeros, Incomplete, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKIAIOSFODNN7EXAMPLE'"},
		{"AWS4-HMAC-SHA256 Credential=A/20260102//eks/aws4_request, SignedHeaders=host, Signature=" + zeros, Incomplete, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'A/20260102//eks/aws4_request'"},
		{"AWS4-HMAC-SHA256 Credential=A/20260102/us-east-1/eks/aws3_request, SignedHeaders=host, Signature=" + zeros, Incomplete, "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws3_request'."},
		{"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=x-amz-date;host, Signature=" + zeros, Incomplete, "'SignedHeaders' must be lower-case names in order, each once, got 'x-amz-date;host'."},
		{"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=Host, Signature=" + zeros, Incomplete, "'SignedHeaders' must be lower-case names in order, each once, got 'Host'."},
		{"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=host;host, Signature=" + zeros, Incomplete, "'SignedHeaders' must be lower-case names in order, each once, got 'host;host'."},
		{"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=host, Signature=abc", Incomplete, "'Signature' must be 64 hexadecimal digits."},
	} {
		r := newRequest("GET", "https://eks.us-east-1.amazonaws.com/", "").request
		r.Header.Set("X-Amz-Date", "20260102T235930Z")
		if c.authorization != "" {
			r.Header.Set("Authorization", c.authorization)
		}
		if _, err := Parse(r); kindOf(err) != c.kind || text(err) != c.want {
			t.Errorf("%q\n got %v\nwant %s", c.authorization, err, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	change := func(f func(r *http.Request)) *http.Request {
		r := newRequest("GET", "https://eks.us-east-1.amazonaws.com/", "").sign(now).arrive()
		f(r)
		return r
	}
	presigned := func(old, new string) *http.Request {
		r := newRequest("GET", "https://eks.us-east-1.amazonaws.com/", "").presign(now, 60).arrive()
		r.URL.RawQuery = strings.Replace(r.URL.RawQuery, old, new, 1)
		return r
	}
	for _, c := range []struct {
		r    *http.Request
		want string
	}{
		{change(func(r *http.Request) { r.Header.Add("Authorization", "x") }), "Only one auth mechanism allowed; "},
		{change(func(r *http.Request) { r.URL.RawQuery = "X-Amz-Signature=x" }), "Only one auth mechanism allowed; "},
		{change(func(r *http.Request) { r.URL.RawQuery = "a=%zz" }), "The query string is malformed."},
		{change(func(r *http.Request) { r.URL.RawQuery = "a;b" }), "The query string is malformed."},
		{change(func(r *http.Request) { r.Header.Del("X-Amz-Date") }), "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."},
		{change(func(r *http.Request) { r.Header.Add("X-Amz-Date", "20260102T235930Z") }), "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."},
		{change(func(r *http.Request) { r.Header.Set("X-Amz-Date", "2026-01-02") }), "Date must be in ISO-8601 'basic format'. Got '2026-01-02'."},
		{presigned("X-Amz-Date=", "Date="), "AWS query-string parameters must include 'X-Amz-Date'."},
		{presigned("X-Amz-Algorithm=AWS4-HMAC", "X-Amz-Algorithm=AWS4-HMAX"), "Unsupported AWS 'algorithm': 'AWS4-HMAX-SHA256'."},
		{presigned("X-Amz-Expires=60", "X-Amz-Expires=0"), "X-Amz-Expires must be between 1 and 604800 seconds."},
		{presigned("X-Amz-Expires=60", "X-Amz-Expires=-1"), "X-Amz-Expires should be a number"},
		{presigned("X-Amz-Expires=60", "X-Amz-Expires=60&X-Amz-Expires=61"), "X-Amz-Expires should be a number"},
		{presigned("X-Amz-Signature=", "X-Amz-Signature=00&X-Amz-Signature="), "AWS query-string parameters must include 'X-Amz-Signature'."},
	} {
		_, err := Parse(c.r)
		if kindOf(err) != Incomplete || !strings.HasPrefix(text(err), c.want) {
			t.Errorf("got %v\nwant %s", err, c.want)
		}
	}
}

// TestKeys wants the cache to stay bounded, to be filled by proven signatures
// only, and to forget nothing of what a key is derived from.
func TestKeys(t *testing.T) {
	var k Keys
	check := func(s signed, secret string, at time.Time) error {
		r := s.arrive()
		parsed, err := Parse(r)
		if err != nil {
			t.Fatal(err)
		}
		return k.Verify(&parsed, r, s.body, secret, at)
	}
	s := newRequest("GET", "https://eks.us-east-1.amazonaws.com/clusters", "").sign(now)
	for range 2 {
		if err := check(s, secret, now); err != nil {
			t.Fatal(err)
		}
		if err := check(s, "another secret", now); kindOf(err) != Mismatch {
			t.Fatalf("another secret: %v", err)
		}
	}
	if len(k.derived) != 1 {
		t.Errorf("%d keys after one good signature", len(k.derived))
	}
	for i := range 2 * maxKeys {
		k.keep(scope{region: fmt.Sprint(i)}, nil)
		if len(k.derived) > maxKeys {
			t.Fatalf("%d keys", len(k.derived))
		}
	}
}

func FuzzParse(f *testing.F) {
	r := newRequest("GET", "https://eks.us-east-1.amazonaws.com/clusters?a=b", "").sign(now).arrive()
	f.Add(r.Header.Get("Authorization"), r.Header.Get("X-Amz-Date"), r.URL.RawQuery)
	f.Add("", "", newRequest("GET", "https://eks.us-east-1.amazonaws.com/", "").presign(now, 60).arrive().URL.RawQuery)
	f.Add("AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=;, Signature=", "Fri, 02 Jan 2026 23:59:30 GMT", "")
	f.Fuzz(func(t *testing.T, authorization, date, query string) {
		r := newRequest("GET", "https://eks.us-east-1.amazonaws.com/clusters", "").request
		r.URL.RawQuery = query
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		r.Header.Set("X-Amz-Date", date)
		s, err := Parse(r)
		if err != nil {
			if kind := kindOf(err); kind != Missing && kind != Incomplete {
				t.Fatalf("kind %d: %v", kind, err)
			}
			return
		}
		if s.AccessKey == "" || s.Region == "" || s.Service == "" || len(s.mac) != 32 || len(s.headers) == 0 {
			t.Fatalf("incomplete signature accepted: %+v", s)
		}
		// Whatever was parsed can be verified without a panic; nobody here
		// knows this secret, so it never succeeds.
		if new(Keys).Verify(&s, r, nil, "kept from the fuzzer", s.Time) == nil {
			t.Fatalf("forged: %q %q", authorization, query)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	s := newRequest("POST", "https://eks.us-east-1.amazonaws.com/clusters", `{"name":"c1"}`).sign(now)
	r := s.arrive()
	var k Keys
	for b.Loop() {
		parsed, err := Parse(r)
		if err != nil {
			b.Fatal(err)
		}
		if err := k.Verify(&parsed, r, s.body, secret, now); err != nil {
			b.Fatal(err)
		}
	}
}
