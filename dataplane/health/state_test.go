package health

import (
	"testing"

	"github.com/postern/postern/vpc"
)

// Each row is the results of probes, + for a success and - for a failure, and
// the state after each: h, u, or . for none yet.
func TestStateThresholds(t *testing.T) {
	h := vpc.HealthCheck{Healthy: 3, Unhealthy: 2}
	for _, row := range []struct{ results, states string }{
		{"+++", "hhh"},                      // the first success counts at once
		{"--+", ".uu"},                      // the failures do not
		{"-+-", ".hh"},                      //
		{"+-+-+", "hhhhh"},                  // one failure is not enough
		{"+--++-+++", "hhuuuuuuh"},          // successes in a row, begun anew after a failure
		{"--+++--", ".uuuhhu"},              //
		{"-----+++---", ".uuuuuuhhu" + "u"}, //
	} {
		var s state
		got := ""
		for _, r := range row.results {
			before := s.now
			var changed bool
			if r == '+' {
				changed = s.add(result{}, h)
			} else {
				changed = s.add(failed, h)
			}
			if changed != (s.now != before) {
				t.Errorf("%s: after %q from %q to %q reported %v", row.results, got, before, s.now, changed)
			}
			got += map[string]string{"": ".", healthy: "h", unhealthy: "u"}[s.now]
		}
		if got != row.states {
			t.Errorf("%s: %s, want %s", row.results, got, row.states)
		}
	}
}

// An unhealthy target that fails for another reason is reported again.
func TestStateReason(t *testing.T) {
	h := vpc.HealthCheck{Healthy: 2, Unhealthy: 1}
	var s state
	for i, row := range []struct {
		r    result
		want bool
	}{{failed, true}, {failed, false}, {mismatch(503), true}, {mismatch(503), false}, {mismatch(500), true}, {result{}, false}, {result{}, true}} {
		if got := s.add(row.r, h); got != row.want {
			t.Errorf("probe %d: reported %v", i, got)
		}
	}
	if s.now != healthy || s.why != (result{}) {
		t.Errorf("healthy with the reason %v", s.why)
	}
}
