package health

import "github.com/postern/postern/vpc"

// The states of a target in the API's words. A target of which nothing is known
// yet has none.
const (
	healthy   = "healthy"
	unhealthy = "unhealthy"
)

// result is what a probe found out: the zero value is a success.
type result struct{ reason, description string }

func (r result) ok() bool { return r == result{} }

// state is what is known of a target.
type state struct {
	now    string // healthy, unhealthy or nothing yet
	why    result // of now, where that is unhealthy
	passed bool   // the results of the streak
	streak int    // results of one kind in a row
}

// add takes a result and reports whether the state, or the reason for it, is
// another one now.
func (s *state) add(r result, h vpc.HealthCheck) bool {
	if r.ok() != s.passed {
		s.passed, s.streak = r.ok(), 0
	}
	s.streak++
	switch {
	case r.ok() && s.now != healthy && (s.now == "" || s.streak >= h.Healthy):
		s.now, s.why = healthy, result{}
	case !r.ok() && s.now != unhealthy && s.streak >= h.Unhealthy:
		s.now, s.why = unhealthy, r
	case !r.ok() && s.now == unhealthy && s.why != r:
		s.why = r
	default:
		return false
	}
	return true
}
