package auth

import (
	"context"
	"strings"
	"time"
)

// Kind is what a Caller is, as its ARN and aws:PrincipalType say.
type Kind string

const (
	Root      Kind = "Account"       // arn:aws:iam::ACCOUNT:root
	User      Kind = "User"          // arn:aws:iam::ACCOUNT:user/PATH/NAME
	Role      Kind = "AssumedRole"   // arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION
	Federated Kind = "FederatedUser" // arn:aws:sts::ACCOUNT:federated-user/NAME
)

// Caller is the verified identity behind a request, and the Region that its
// signature names.
type Caller struct {
	Account   string // 12 digits
	Region    string // from the credential scope
	ARN       string // as GetCallerIdentity shows it
	UserID    string // as GetCallerIdentity shows it: AIDA…, AROA…:SESSION, the account of root
	AccessKey string // access key id
	Kind      Kind

	// Identity is the ARN of the identity whose policies count: the user, the
	// role of a session (with its path), the user who has called
	// GetFederationToken, the account's root.
	Identity string
	// Session is what temporary credentials carry; nil for long-term ones.
	Session *Session
}

// PrincipalARN is the ARN that policies know c by (aws:PrincipalArn): of a
// role's session the role's, with its path.
func (c Caller) PrincipalARN() string {
	if c.Kind == Role {
		return c.Identity
	}
	return c.ARN
}

// UserName is the name of a user, and empty for everybody else.
func (c Caller) UserName() string {
	if c.Kind != User {
		return ""
	}
	return c.ARN[strings.LastIndexByte(c.ARN, '/')+1:]
}

// Session is what STS has put into temporary credentials.
type Session struct {
	Name           string    // RoleSessionName, or the federated user's name; empty of GetSessionToken
	Issued         time.Time // aws:TokenIssueTime
	Expires        time.Time
	Policy         string   // session policy; empty: none
	PolicyARNs     []string // managed policies that are session policies
	Tags           []Tag    // session tags; they replace the role's of the same key
	Transitive     []string // keys of Tags that chained sessions inherit
	SourceIdentity string   // sts:SourceIdentity, inherited by chained sessions
	Provider       string   // ARN of the OIDC provider, of AssumeRoleWithWebIdentity
	Subject        string   // sub of the web identity
	Audience       string   // aud of the web identity
	Chained        bool     // the role was assumed with a role's credentials
}

// Tag is one tag of a principal.
type Tag struct{ Key, Value string }

type callerKey struct{}

// WithCaller returns a context that carries c.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerFrom returns the Caller of ctx. The zero Caller means that nobody was
// authenticated; no operation is reached without one.
func CallerFrom(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
