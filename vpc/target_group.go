package vpc

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// defaultDeregistrationDelay is how long the connections of a deregistered
// target go on.
const defaultDeregistrationDelay = 300 * time.Second

// DeregistrationDelay is how long a target of the group is Draining before it
// is gone.
func (g TargetGroup) DeregistrationDelay() time.Duration {
	if s, err := strconv.Atoi(g.Attributes["deregistration_delay.timeout_seconds"]); err == nil {
		return time.Duration(s) * time.Second
	}
	return defaultDeregistrationDelay
}

// Present are the targets that are in service or Draining at a time: those
// whose delay is over are gone, although the record has them until it is next
// written.
func (g TargetGroup) Present(now time.Time) []Target {
	return slices.DeleteFunc(slices.Clone(g.Targets), func(t Target) bool {
		return !t.Draining.IsZero() && !now.Before(t.Draining.Add(g.DeregistrationDelay()))
	})
}

// CheckPort is the port on which a target is probed.
func (h HealthCheck) CheckPort(t Target) uint16 {
	if port, err := strconv.ParseUint(h.Port, 10, 16); err == nil {
		return uint16(port)
	}
	return t.Port
}

// Codes are the HTTP status codes that a Matcher names.
type Codes []codeRange

type codeRange struct{ first, last int }

// The status codes that a Matcher may name.
const (
	firstCode = 200
	lastCode  = 599
)

// ParseCodes reads a Matcher: codes and ranges of codes with commas between
// them, such as 200,301-308.
func ParseCodes(matcher string) (Codes, error) {
	var codes Codes
	for part := range strings.SplitSeq(matcher, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			last = first
		}
		low, err := parseCode(first)
		if err != nil {
			return nil, fmt.Errorf("parse matcher %q: %w", matcher, err)
		}
		high, err := parseCode(last)
		if err != nil {
			return nil, fmt.Errorf("parse matcher %q: %w", matcher, err)
		}
		if low > high {
			return nil, fmt.Errorf("parse matcher %q: %d is after %d", matcher, low, high)
		}
		codes = append(codes, codeRange{low, high})
	}
	return codes, nil
}

func parseCode(s string) (int, error) {
	code, err := strconv.Atoi(s)
	if err != nil {
		return 0, err
	}
	if len(s) != 3 || code < firstCode || code > lastCode {
		return 0, fmt.Errorf("code %s is not between %d and %d", s, firstCode, lastCode)
	}
	return code, nil
}

// Match reports whether code is one of them.
func (c Codes) Match(code int) bool {
	return slices.ContainsFunc(c, func(r codeRange) bool { return r.first <= code && code <= r.last })
}

// CrossZone reports whether the nodes of l use the group's targets in other
// zones: the group's own word goes before the load balancer's.
func (g TargetGroup) CrossZone(l LoadBalancer) bool {
	switch g.Attributes["load_balancing.cross_zone.enabled"] {
	case "true":
		return true
	case "false":
		return false
	}
	return l.CrossZone()
}

// Reaches reports whether a node of l may send connections to a target of the
// group.
func (g TargetGroup) Reaches(l LoadBalancer, t Target) bool {
	return g.CrossZone(l) || t.Zone == "all" ||
		slices.ContainsFunc(l.Nodes, func(n LoadBalancerNode) bool { return n.Zone == t.Zone })
}
