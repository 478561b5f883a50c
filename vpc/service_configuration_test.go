package vpc

import (
	"regexp"
	"slices"
	"testing"
	"time"
)

func TestServiceNames(t *testing.T) {
	c := ServiceConfiguration{Owner: Owner{Account: "111122223333", Region: "us-east-1"}, ID: "vpce-svc-0a1b2c3d4e5f60718"}
	if got, want := c.ServiceName(), "com.amazonaws.vpce.us-east-1.vpce-svc-0a1b2c3d4e5f60718"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := c.BaseName("eu-west-1"), "vpce-svc-0a1b2c3d4e5f60718.eu-west-1.vpce.amazonaws.com"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestNewVerification(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	seen := map[string]bool{}
	for range 100 {
		v := NewVerification(now)
		if v.State != "pendingVerification" || !v.Since.Equal(now) {
			t.Fatalf("a new verification is %+v", v)
		}
		if !regexp.MustCompile(`^_[a-z0-9]{20}$`).MatchString(v.Name) || !regexp.MustCompile(`^vpce:[A-Za-z0-9]{20}$`).MatchString(v.Value) {
			t.Fatalf("record %s = %s", v.Name, v.Value)
		}
		if seen[v.Name] || seen[v.Value] {
			t.Fatalf("%+v is not the first of its kind", v)
		}
		seen[v.Name], seen[v.Value] = true, true
	}
}

func TestVerificationStateAt(t *testing.T) {
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, row := range []struct {
		state string
		age   time.Duration
		want  string
	}{
		{VerificationPending, 48*time.Hour - 1, VerificationPending},
		{VerificationPending, 48 * time.Hour, VerificationFailed},
		{VerificationVerified, 1000 * time.Hour, VerificationVerified},
	} {
		v := Verification{State: row.state, Since: began}
		if got := v.StateAt(began.Add(row.age)); got != row.want {
			t.Errorf("%s after %v: %s, want %s", row.state, row.age, got, row.want)
		}
	}
}

func TestVerificationRecordNames(t *testing.T) {
	v := Verification{Name: "_q1"}
	for _, row := range []struct {
		private string
		want    []string
	}{
		{"example.com", []string{"_q1.example.com"}},
		{"*.example.com", []string{"_q1.example.com"}},
		{"api.dev.example.com", []string{"_q1.api.dev.example.com", "_q1.dev.example.com", "_q1.example.com"}},
	} {
		if got := v.RecordNames(row.private); !slices.Equal(got, row.want) {
			t.Errorf("%s: %v, want %v", row.private, got, row.want)
		}
	}
}
