package vpc

import (
	"testing"
	"time"
)

func TestParseCodes(t *testing.T) {
	for _, row := range []struct {
		matcher string
		valid   bool
		match   []int
		no      []int
	}{
		{"200", true, []int{200}, []int{199, 201, 404}},
		{"200-399", true, []int{200, 302, 399}, []int{400}},
		{"200,301-303,404", true, []int{200, 301, 303, 404}, []int{300, 304}},
		{"200, 404", true, []int{404}, nil},
		{"", false, nil, nil},
		{"199", false, nil, nil},
		{"600", false, nil, nil},
		{"0200", false, nil, nil},
		{"+20", false, nil, nil},
		{"300-200", false, nil, nil},
		{"200-", false, nil, nil},
		{"200,,201", false, nil, nil},
		{"200-300-400", false, nil, nil},
	} {
		codes, err := ParseCodes(row.matcher)
		if (err == nil) != row.valid {
			t.Errorf("%q: %v", row.matcher, err)
		}
		for _, c := range row.match {
			if !codes.Match(c) {
				t.Errorf("%q does not match %d", row.matcher, c)
			}
		}
		for _, c := range row.no {
			if codes.Match(c) {
				t.Errorf("%q matches %d", row.matcher, c)
			}
		}
	}
}

// A code that a matcher accepts is one that it may name.
func FuzzParseCodes(f *testing.F) {
	f.Add("200-399", 250)
	f.Add("200,404", 404)
	f.Fuzz(func(t *testing.T, matcher string, code int) {
		codes, err := ParseCodes(matcher)
		if err != nil && codes != nil {
			t.Errorf("%q: codes beside the error %v", matcher, err)
		}
		if codes.Match(code) && (code < firstCode || code > lastCode) {
			t.Errorf("%q matches %d", matcher, code)
		}
	})
}

// A deregistered target is there until its delay is over, not a moment longer.
func TestPresent(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	g := TargetGroup{Targets: []Target{{ID: "in service"}, {ID: "draining", Draining: at}}}
	count := func(now time.Time) int { return len(g.Present(now)) }
	if n := count(at.Add(300*time.Second - 1)); n != 2 {
		t.Errorf("%d targets before the default delay is over", n)
	}
	if n := count(at.Add(300 * time.Second)); n != 1 {
		t.Errorf("%d targets after it", n)
	}
	g.Attributes = map[string]string{"deregistration_delay.timeout_seconds": "0"}
	if n := count(at); n != 1 {
		t.Errorf("%d targets without a delay", n)
	}
	if len(g.Targets) != 2 {
		t.Error("the record has changed")
	}
}

func TestCheckPort(t *testing.T) {
	target := Target{Port: 8080}
	for port, want := range map[string]uint16{"traffic-port": 8080, "": 8080, "9000": 9000} {
		if got := (HealthCheck{Port: port}).CheckPort(target); got != want {
			t.Errorf("%q: %d", port, got)
		}
	}
}
