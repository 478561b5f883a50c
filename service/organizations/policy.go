package organizations

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/store"
)

// Types of control policies.
const (
	SCP = "scp" // service control policy
	RCP = "rcp" // resource control policy
)

// Limits of AWS Organizations.
const (
	maxDocument = 5120 // characters
	maxAttached = 5    // policies of a type on a node
)

// The policies that allow everything. They are AWS's and not stored.
const (
	fullAccess    = "p-FullAWSAccess"
	fullAccessRCP = "p-RCPFullAWSAccess"
)

var builtIn = map[string]store.OrganizationPolicy{
	fullAccess: {ID: fullAccess, Name: "FullAWSAccess", Type: SCP,
		Document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`},
	fullAccessRCP: {ID: fullAccessRCP, Name: "RCPFullAWSAccess", Type: RCP,
		Document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`},
}

// Policy is a control policy as it is shown.
type Policy struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Type     string    `json:"type"`
	Document string    `json:"document"`
	Updated  time.Time `json:"updated,omitzero"`
	Targets  []string  `json:"targets"` // nodes that it is attached to
}

func (s *Service) policy(r store.Reader, id string) (store.OrganizationPolicy, bool) {
	if p, ok := builtIn[id]; ok {
		return p, true
	}
	return s.store.OrganizationPolicies.Get(r, key(id))
}

// find returns the policy of that id or name.
func (s *Service) find(r store.Reader, name string) (store.OrganizationPolicy, error) {
	if p, ok := s.policy(r, name); ok {
		return p, nil
	}
	for _, p := range builtIn {
		if p.Name == name {
			return p, nil
		}
	}
	for p := range s.store.OrganizationPolicies.By(r, "name", name) {
		return p, nil
	}
	return store.OrganizationPolicy{}, fmt.Errorf("there is no policy %s", name)
}

// policyARN is what a denial calls a policy.
func (s *Service) policyARN(p store.OrganizationPolicy) string {
	kind := map[string]string{SCP: "service_control_policy", RCP: "resource_control_policy"}[p.Type]
	if _, ok := builtIn[p.ID]; ok {
		return "arn:aws:organizations::aws:policy/" + kind + "/" + p.ID
	}
	return "arn:aws:organizations::" + s.management + ":policy/" + s.id + "/" + kind + "/" + p.ID
}

// PutPolicy makes a policy of that name and type, or changes its document, and
// returns its id.
func (s *Service) PutPolicy(ctx context.Context, name, kind, document string) (id string, err error) {
	if err := checkPolicy(name, kind, document); err != nil {
		return "", err
	}
	_, err = s.store.Update(ctx, func(tx *store.Tx) error {
		p, err := s.find(tx, name)
		_, ours := builtIn[p.ID]
		switch {
		case err != nil:
			p = store.OrganizationPolicy{ID: newID("p-", 8), Name: name, Type: kind}
		case ours:
			return fmt.Errorf("%s is AWS's", name)
		case p.Type != kind:
			return fmt.Errorf("%s is of type %s", name, p.Type)
		}
		p.Document, p.Updated = document, s.now().UTC().Truncate(time.Second)
		s.store.OrganizationPolicies.Put(tx, p)
		id = p.ID
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("put policy: %w", err)
	}
	return id, nil
}

func checkPolicy(name, kind, document string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if n := utf8.RuneCountInString(document); n > maxDocument {
		return fmt.Errorf("policy %s: %d characters are more than %d", name, n, maxDocument)
	}
	var err error
	switch kind {
	case SCP:
		err = policy.Validate(policy.SCP, document)
	case RCP:
		err = policy.Validate(policy.RCP, document)
	default:
		err = fmt.Errorf("type %q is neither %s nor %s", kind, SCP, RCP)
	}
	if err != nil {
		return fmt.Errorf("policy %s: %w", name, err)
	}
	return nil
}

// DeletePolicy removes a policy that is attached nowhere.
func (s *Service) DeletePolicy(ctx context.Context, name string) error {
	_, err := s.store.Update(ctx, func(tx *store.Tx) error {
		p, err := s.find(tx, name)
		if err != nil {
			return err
		}
		if _, ok := builtIn[p.ID]; ok {
			return fmt.Errorf("%s is AWS's", name)
		}
		for n := range s.store.OrganizationNodes.By(tx, "policy", p.ID) {
			return fmt.Errorf("%s is attached to %s", name, n.ID)
		}
		s.store.OrganizationPolicies.Delete(tx, key(p.ID))
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete policy: %w", err)
	}
	return nil
}

// Attach adds a policy to a node: the root, a unit or an account.
func (s *Service) Attach(ctx context.Context, name, target string) error {
	return s.change(ctx, "attach", name, target, func(attached []string, id string) ([]string, error) {
		switch {
		case slices.Contains(attached, id):
			return attached, nil
		case len(attached) == maxAttached:
			return nil, fmt.Errorf("%s has %d policies of this type already", target, maxAttached)
		}
		return append(slices.Clone(attached), id), nil
	})
}

// Detach takes a policy from a node. One service control policy remains.
func (s *Service) Detach(ctx context.Context, name, target string) error {
	return s.change(ctx, "detach", name, target, func(attached []string, id string) ([]string, error) {
		switch {
		case !slices.Contains(attached, id):
			return nil, fmt.Errorf("%s is not attached to %s", name, target)
		case id == fullAccessRCP:
			return nil, fmt.Errorf("%s is attached everywhere", name)
		case len(attached) == 1:
			return nil, errors.New("it is the last one there: attach another before")
		}
		return slices.DeleteFunc(slices.Clone(attached), func(one string) bool { return one == id }), nil
	})
}

func (s *Service) change(ctx context.Context, verb, name, target string, f func(attached []string, id string) ([]string, error)) error {
	_, err := s.store.Update(ctx, func(tx *store.Tx) error {
		p, err := s.find(tx, name)
		if err != nil {
			return err
		}
		n, ok := s.node(tx, target)
		if !ok {
			return fmt.Errorf("there is no %s", target)
		}
		attached := &n.SCPs
		if p.Type == RCP {
			attached = &n.RCPs
		}
		if *attached, err = f(*attached, p.ID); err == nil {
			s.store.OrganizationNodes.Put(tx, n)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%s policy: %w", verb, err)
	}
	return nil
}

// Policies returns all policies, AWS's first.
func (s *Service) Policies() []Policy {
	r := s.store.Snapshot()
	all := []Policy{s.showPolicy(r, builtIn[fullAccess]), s.showPolicy(r, builtIn[fullAccessRCP])}
	for p := range s.store.OrganizationPolicies.List(r, store.Installation, store.Global) {
		all = append(all, s.showPolicy(r, p))
	}
	return all
}

func (s *Service) showPolicy(r store.Reader, p store.OrganizationPolicy) Policy {
	out := Policy{ID: p.ID, Name: p.Name, Type: p.Type, Document: p.Document, Updated: p.Updated, Targets: []string{}}
	for n := range s.store.OrganizationNodes.By(r, "policy", p.ID) {
		out.Targets = append(out.Targets, n.ID)
	}
	return out
}

// denyAll stands for a policy that is not understood any more.
const denyAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`

// compile returns the document of a policy that was checked when it was put,
// perhaps by a version that knew more.
func compile(text string) *policy.Document {
	document, err := policy.Parse(text)
	if err != nil {
		return policy.MustParse(denyAll)
	}
	return document
}
