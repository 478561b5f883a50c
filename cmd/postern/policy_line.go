package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/postern/postern/auth/policy"
)

// policyLine is one line for postern policy evaluate. A type of policy that is
// absent or null does not apply; an empty list applies and allows nothing.
type policyLine struct {
	ID      json.RawMessage
	Request *struct {
		Action          string
		Resource        string
		ResourceAccount string `json:"resource_account"`
		Principal       *string
		Context         map[string]contextValue
	}
	Identity policyList   `json:"identity_policies"`
	Resource policyList   `json:"resource_policy"`
	Boundary policyList   `json:"permission_boundaries"`
	Session  policyList   `json:"session_policy"`
	Endpoint policyList   `json:"endpoint_policies"`
	SCPs     []policyList `json:"scps"`
	RCPs     []policyList `json:"rcps"`
}

// contextValue is what a request says for one key: a string, number or
// boolean, or a list of them. Null means that the key is absent.
type contextValue []string

func (v *contextValue) UnmarshalJSON(b []byte) error {
	items, err := jsonItems(b)
	if err != nil {
		return err
	}
	for _, item := range items {
		switch item[0] {
		case '"':
			var s string
			if err := json.Unmarshal(item, &s); err != nil {
				return err
			}
			*v = append(*v, s)
		case '{', '[', 'n':
			return fmt.Errorf("a context value is a string, a number, a boolean or a list of them, not %s", item)
		default: // a number or boolean, as it stands
			*v = append(*v, string(item))
		}
	}
	return nil
}

// jsonItems are those of a list, or one value alone; none of null.
func jsonItems(b []byte) (items []json.RawMessage, err error) {
	switch {
	case b[0] == '[':
		items = []json.RawMessage{}
		err = json.Unmarshal(b, &items)
	case string(b) != "null":
		items = []json.RawMessage{b}
	}
	return items, err
}

// policyList is a list of documents, each an object or a string with one. One
// alone stands for a list of one.
type policyList []string

func (l *policyList) UnmarshalJSON(b []byte) error {
	items, err := jsonItems(b)
	if items == nil || err != nil {
		return err
	}
	*l = policyList{}
	for _, item := range items {
		text := string(item)
		if item[0] == '"' {
			if err := json.Unmarshal(item, &text); err != nil {
				return err
			}
		}
		*l = append(*l, text)
	}
	return nil
}

// named compiles the documents. Their names are their places in the line.
func (l policyList) named(field string) ([]policy.Named, error) {
	if l == nil {
		return nil, nil
	}
	all := []policy.Named{}
	for i, text := range l {
		name := fmt.Sprintf("%s[%d]", field, i)
		document, err := policy.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, policy.Named{Name: name, Document: document})
	}
	return all, nil
}

func namedLevels(field string, levels []policyList) ([][]policy.Named, error) {
	if levels == nil {
		return nil, nil
	}
	all := [][]policy.Named{}
	for i, level := range levels {
		policies, err := level.named(fmt.Sprintf("%s[%d]", field, i))
		if err != nil {
			return nil, err
		}
		all = append(all, policies)
	}
	return all, nil
}

// set compiles the policies of the line.
func (l *policyLine) set(req policy.Request) (set policy.Set, err error) {
	for _, list := range []struct {
		to    *[]policy.Named
		field string
		from  policyList
	}{
		{&set.Identity, "identity_policies", l.Identity},
		{&set.Boundary, "permission_boundaries", l.Boundary},
		{&set.Session, "session_policy", l.Session},
		{&set.Endpoint, "endpoint_policies", l.Endpoint},
	} {
		if *list.to, err = list.from.named(list.field); err != nil {
			return set, err
		}
	}
	resource, err := l.Resource.named("resource_policy")
	if err != nil {
		return set, err
	}
	switch {
	case len(resource) > 1:
		return set, errors.New("resource_policy: a resource has one policy")
	case len(resource) == 1:
		set.Resource = &resource[0]
	}
	set.Trust = assumesRole(req)
	if set.SCPs, err = namedLevels("scps", l.SCPs); err != nil {
		return set, err
	}
	set.RCPs, err = namedLevels("rcps", l.RCPs)
	return set, err
}

// assumesRole reports whether the resource's policy is a role's trust policy.
func assumesRole(req policy.Request) bool {
	if !strings.Contains(req.Resource, ":iam::") || !strings.Contains(req.Resource, ":role/") {
		return false
	}
	switch strings.ToLower(req.Action) {
	case "sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity", "sts:tagsession", "sts:setsourceidentity", "sts:setcontext":
		return true
	}
	return false
}

func (l *policyLine) request() (policy.Request, error) {
	r := l.Request
	if r == nil {
		return policy.Request{}, errors.New("no request")
	}
	if vendor, action, ok := strings.Cut(r.Action, ":"); !ok || vendor == "" || action == "" {
		return policy.Request{}, fmt.Errorf("request.action is %q, not like eks:DescribeCluster", r.Action)
	}
	req := policy.Request{Action: r.Action, Resource: r.Resource, ResourceAccount: r.ResourceAccount}
	if req.Resource == "" {
		req.Resource = "*"
	}
	values := map[string][]string{}
	for key, v := range r.Context {
		values[key] = v
	}
	keys := policy.MakeKeys(values)
	req.Context = keys
	if r.Principal == nil {
		return req, nil
	}
	var ok bool
	if req.Principal, ok = principalOf(*r.Principal, keys); !ok {
		return req, fmt.Errorf("request.principal is %q, not an ARN, the id of an account, or the name of a service", *r.Principal)
	}
	return req, nil
}

var (
	principalARN = regexp.MustCompile(`^(arn:aws[a-z-]*):(iam|sts)::([0-9]{12}):(root|user|role|assumed-role|federated-user|oidc-provider|saml-provider)(/.+)?$`)
	accountID    = regexp.MustCompile(`^[0-9]{12}$`)
	canonicalID  = regexp.MustCompile(`^[0-9a-f]{64}$`)
	hostName     = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
)

// principalOf reads who asks. The context says what an ARN does not: the
// unique id, and the path of a session's role.
func principalOf(s string, keys policy.Keys) (policy.Principal, bool) {
	if accountID.MatchString(s) {
		s = "arn:aws:iam::" + s + ":root"
	}
	m := principalARN.FindStringSubmatch(s)
	switch {
	case m != nil:
		return principalOfARN(s, m, keys)
	case canonicalID.MatchString(s):
		return policy.Principal{CanonicalUser: s}, true
	case s == "cognito-identity.amazonaws.com", s == "www.amazon.com", s == "graph.facebook.com", s == "accounts.google.com":
		return policy.Principal{Federated: s}, true
	}
	return policy.Principal{Service: s}, hostName.MatchString(s)
}

func principalOfARN(arn string, parts []string, keys policy.Keys) (policy.Principal, bool) {
	partition, account, kind, name := parts[1], parts[3], parts[4], strings.TrimPrefix(parts[5], "/")
	p := policy.Principal{ARN: arn, Account: account}
	if id := keys.Values("aws:userid"); len(id) == 1 {
		p.UserID = id[0]
	}
	service := partition + ":iam::" + account + ":"
	switch kind {
	case "role": // whoever has assumed it
		p.ARN, p.Issuer = "", arn
	case "assumed-role":
		role, session, _ := strings.Cut(name, "/")
		if p.Issuer = service + "role/" + role; session == "" {
			return p, false
		}
		for _, full := range keys.Values("aws:principalarn") {
			if strings.HasPrefix(full, service+"role/") && strings.HasSuffix(full, "/"+role) {
				p.Issuer = full
			}
		}
	case "federated-user":
		p.Issuer = service + "user/" + name
	case "oidc-provider", "saml-provider":
		p = policy.Principal{Federated: arn}
	}
	return p, (kind == "root") == (name == "") && (parts[2] == "sts") == (kind == "assumed-role" || kind == "federated-user")
}
