package audit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/postern/postern/auth/policy"
)

// Grouping says whom a suggested policy names.
type Grouping string

const (
	PerPrincipal Grouping = "principal" // by aws:PrincipalArn
	PerAccount   Grouping = "account"   // by aws:PrincipalAccount
)

// contextKey is the condition key that tells the groups apart.
func (g Grouping) contextKey() string {
	if g == PerAccount {
		return "aws:PrincipalAccount"
	}
	return "aws:PrincipalArn"
}

// Suggestion makes the least endpoint policy that allows what was called and
// allowed. The zero Suggestion is ready; records come in any order.
type Suggestion struct {
	allowed map[use]bool
	denied  map[Denial]int
}

// use is one action by somebody on one resource.
type use struct{ principal, account, action, resource string }

// Denial is what was asked for and denied, with how often it was.
type Denial struct {
	Principal string `json:"principal"`
	Action    string `json:"action"`
	Resource  string `json:"resource"`
	Policy    string `json:"policy"` // kind that denied
	Explicit  bool   `json:"explicit"`
	Count     int    `json:"count"`
}

// Add takes a record into account.
func (s *Suggestion) Add(r Record) {
	if s.allowed == nil {
		s.allowed, s.denied = map[use]bool{}, map[Denial]int{}
	}
	switch r.Decision.Verdict {
	case Allow:
		for _, resource := range r.Resources {
			s.allowed[use{r.Principal, r.Account, r.Action, cmp.Or(resource, "*")}] = true
		}
		service, _, _ := strings.Cut(r.Action, ":")
		for _, f := range r.Further { // the policy filters what goes to its service
			if strings.HasPrefix(f.Action, service+":") {
				s.allowed[use{r.Principal, r.Account, f.Action, f.Resource}] = true
			}
		}
	case Deny:
		s.denied[Denial{Principal: r.Principal, Action: r.Decision.Action, Resource: r.Decision.Resource, Policy: r.Decision.Policy, Explicit: r.Decision.Explicit}]++
	}
}

// Denied lists the denials, sorted.
func (s *Suggestion) Denied() []Denial {
	all := []Denial{}
	for d, n := range s.denied {
		d.Count = n
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b Denial) int {
		return cmp.Or(cmp.Compare(a.Principal, b.Principal), cmp.Compare(a.Action, b.Action), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Policy, b.Policy))
	})
	return all
}

// statement is one of a suggested policy.
type statement struct {
	Effect    string
	Principal string
	Action    []string
	Resource  []string
	Condition map[string]map[string][]string
}

// Policy returns the document, which is always the same for the same calls:
// who has done the same actions on the same resources shares a statement, and
// no statement allows a combination that was not called. It is empty where
// nothing was allowed.
func (s *Suggestion) Policy(by Grouping) (string, error) {
	statements := s.statements(by)
	if len(statements) == 0 {
		return "", nil
	}
	b := &strings.Builder{}
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	document := struct {
		Version   string
		Statement []statement
	}{"2012-10-17", statements}
	if err := e.Encode(document); err != nil {
		return "", fmt.Errorf("encode policy: %w", err)
	}
	if err := policy.Validate(policy.Endpoint, b.String()); err != nil {
		return "", fmt.Errorf("suggest policy: %w", err)
	}
	return b.String(), nil
}

// statements puts actions with the same resources together, and then those who
// have done the same.
func (s *Suggestion) statements(by Grouping) []statement {
	resources := map[[2]string]map[string]bool{} // by subject and action
	for u := range s.allowed {
		key := [2]string{u.principal, u.action}
		if by == PerAccount {
			key[0] = u.account
		}
		put(resources, key, pattern(u.action, u.resource))
	}
	actions := map[[2]string]map[string]bool{} // by subject and resources
	for key, set := range resources {
		put(actions, [2]string{key[0], joined(set)}, key[1])
	}
	subjects := map[[2]string]map[string]bool{} // by actions and resources
	for key, set := range actions {
		put(subjects, [2]string{joined(set), key[1]}, key[0])
	}
	var all []statement
	for key, set := range subjects {
		all = append(all, statement{
			Effect: "Allow", Principal: "*", Action: strings.Split(key[0], "\n"), Resource: strings.Split(key[1], "\n"),
			Condition: map[string]map[string][]string{"StringEquals": {by.contextKey(): slices.Sorted(maps.Keys(set))}},
		})
	}
	slices.SortFunc(all, func(a, b statement) int {
		return cmp.Or(slices.Compare(a.Action, b.Action), slices.Compare(a.Resource, b.Resource))
	})
	return all
}

func put(sets map[[2]string]map[string]bool, key [2]string, value string) {
	if sets[key] == nil {
		sets[key] = map[string]bool{}
	}
	sets[key][value] = true
}

// joined is a set as a text. No element has a line break: ARNs do not.
func joined(set map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(set)), "\n") }

var literal = strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}")

// pattern matches the one resource. A wildcard that a client has put into a
// name is no wildcard of the policy; that of an operation which lists is.
func pattern(action, resource string) string {
	if resource == "*" {
		return resource
	}
	_, operation, _ := strings.Cut(action, ":")
	if rest, ok := strings.CutSuffix(resource, "/*"); ok && strings.HasPrefix(operation, "List") {
		return literal.Replace(rest) + "/*"
	}
	return literal.Replace(resource)
}
