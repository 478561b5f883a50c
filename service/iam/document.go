package iam

import (
	"errors"
	"net/url"
	"strings"
	"sync"

	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/store"
)

// validate checks a document that is to be a policy of that type.
func validate(t policy.Type, text string) error {
	err := policy.Validate(t, text)
	if bad := (*policy.Error)(nil); errors.As(err, &bad) {
		return errMalformed(bad.Text)
	}
	return err
}

// encoded is a document as IAM answers it: percent-encoded (RFC 3986).
func encoded(document string) *string {
	s := strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
	return &s
}

// documents keeps compiled documents by their text, which never means
// something else, at most maxDocuments. The zero value is ready.
type documents struct {
	mu     sync.RWMutex
	byText map[string]*policy.Document
}

const maxDocuments = 4096

// get compiles a document that was checked when it was stored. One that a
// newer version refuses is nil: it allows nothing.
func (d *documents) get(text string) *policy.Document {
	d.mu.RLock()
	document, known := d.byText[text]
	d.mu.RUnlock()
	if known {
		return document
	}
	document, err := policy.Parse(text)
	if err != nil {
		document = nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byText == nil || len(d.byText) >= maxDocuments { // old texts are rarely asked for again
		d.byText = map[string]*policy.Document{}
	}
	d.byText[text] = document
	return document
}

// checkTrust checks the trust policy of one of o's roles. Users and roles of o
// that it names must exist.
func (s *Service) checkTrust(r store.Reader, o store.GlobalOwner, document string) error {
	if err := validate(policy.Trust, document); err != nil {
		return err
	}
	if policy.Size(document) > s.limits.TrustSize {
		return errQuota("ACLSizePerRole", s.limits.TrustSize)
	}
	for _, named := range trusted(document) {
		if n, ok := parseARN(named); ok && n.GlobalOwner == o && !s.exists(r, n) {
			return errMalformed(`Invalid principal in policy: "AWS":"` + named + `"`)
		}
	}
	return nil
}

// trusted are the identities that a valid trust policy names.
func trusted(document string) []string {
	var all []string
	for _, s := range statements(document) {
		all = append(all, s.Principal.AWS...)
	}
	return all
}

// exists reports whether there is the user or role of an ARN.
func (s *Service) exists(r store.Reader, n name) bool {
	switch n.kind {
	case "user":
		u, ok := s.store.Users.Get(r, n.Key(n.name))
		return ok && u.Path == n.path
	case "role":
		role, ok := s.store.Roles.Get(r, n.Key(n.name))
		return ok && role.Path == n.path
	}
	return true
}
