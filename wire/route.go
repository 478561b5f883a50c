package wire

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// route is an operation's method and URI pattern: /clusters/{name}.
type route struct {
	op       *Operation
	segments []string
	names    []string // of the labels; "" for a segment that is a word
	labels   int      // how many segments are labels
}

func newRoute(op *Operation) *route {
	path, _, _ := strings.Cut(op.URI, "?")
	r := &route{op: op, segments: segments(path)}
	r.names = make([]string, len(r.segments))
	for i, s := range r.segments {
		if name, ok := strings.CutPrefix(s, "{"); ok {
			r.names[i] = strings.TrimRight(name, "+}")
			r.labels++
		}
	}
	return r
}

// routes orders the patterns so that words come before labels.
func routes(operations []*Operation) []*route {
	all := make([]*route, 0, len(operations))
	for _, op := range operations {
		all = append(all, newRoute(op))
	}
	slices.SortStableFunc(all, func(a, b *route) int { return cmp.Compare(a.labels, b.labels) })
	return all
}

// segments splits a path that is still percent-encoded: a slash within a
// segment is %2F. A slash at the end does not matter.
func segments(escapedPath string) []string {
	return strings.Split(strings.TrimSuffix(strings.TrimPrefix(escapedPath, "/"), "/"), "/")
}

// match says whether a request has the route. A label is never empty.
func (r *route) match(method string, path []string) bool {
	if method != r.op.Method || len(path) != len(r.segments) {
		return false
	}
	for i, want := range r.segments {
		got, err := url.PathUnescape(path[i])
		if err != nil || got == "" && want != "" || r.names[i] == "" && got != want {
			return false
		}
	}
	return true
}

// label is the decoded label of that name in a path that has the route.
func (r *route) label(path []string, name string) string {
	got, _ := url.PathUnescape(path[slices.Index(r.names, name)])
	return got
}
