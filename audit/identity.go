package audit

import (
	"strings"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/sts"
)

// Identity is the userIdentity of an event.
type Identity struct {
	Type             string          `json:"type"`
	PrincipalID      string          `json:"principalId,omitempty"`
	ARN              string          `json:"arn,omitempty"`
	AccountID        string          `json:"accountId,omitempty"`
	AccessKeyID      string          `json:"accessKeyId,omitempty"`
	UserName         string          `json:"userName,omitempty"`
	IdentityProvider string          `json:"identityProvider,omitempty"`
	SessionContext   *SessionContext `json:"sessionContext,omitempty"`
}

// SessionContext says of temporary credentials who has got them.
type SessionContext struct {
	SessionIssuer       *SessionIssuer    `json:"sessionIssuer,omitempty"`
	WebIDFederationData *FederationData   `json:"webIdFederationData,omitempty"`
	SourceIdentity      string            `json:"sourceIdentity,omitempty"`
	Attributes          SessionAttributes `json:"attributes"`
}

// SessionIssuer is the role or user that a session is of.
type SessionIssuer struct {
	Type        string `json:"type"`
	PrincipalID string `json:"principalId,omitempty"`
	ARN         string `json:"arn"`
	AccountID   string `json:"accountId"`
	UserName    string `json:"userName,omitempty"`
}

// FederationData is the web identity behind a session.
type FederationData struct {
	FederatedProvider string `json:"federatedProvider"`
}

// SessionAttributes are those of every session.
type SessionAttributes struct {
	CreationDate     string `json:"creationDate"`
	MFAAuthenticated string `json:"mfaAuthenticated"`
}

// identity is who a call is from.
func identity(c *Call) Identity {
	who := c.Caller
	if who.Account == "" {
		if web, ok := webIdentity(c); ok {
			return web
		}
		return Identity{Type: "Unknown", AccessKeyID: c.AccessKey}
	}
	id := Identity{PrincipalID: who.UserID, ARN: who.ARN, AccountID: who.Account, AccessKeyID: who.AccessKey}
	switch who.Kind {
	case auth.User:
		id.Type, id.UserName = "IAMUser", who.UserName()
	case auth.Role:
		id.Type = "AssumedRole"
	case auth.Federated:
		id.Type = "FederatedUser"
	default:
		id.Type = "Root"
	}
	if who.Session != nil {
		id.SessionContext = session(who)
	}
	return id
}

func session(who auth.Caller) *SessionContext {
	s := &SessionContext{
		SourceIdentity: who.Session.SourceIdentity,
		Attributes:     SessionAttributes{CreationDate: who.Session.Issued.UTC().Format(time.RFC3339), MFAAuthenticated: "false"},
	}
	issuer := &SessionIssuer{ARN: who.Identity, AccountID: who.Account}
	switch who.Kind {
	case auth.Role:
		issuer.Type, issuer.UserName = "Role", lastPart(who.Identity)
		issuer.PrincipalID, _, _ = strings.Cut(who.UserID, ":")
	case auth.Federated:
		if issuer.Type = "IAMUser"; strings.HasSuffix(who.Identity, ":root") {
			issuer.Type = "Root"
		} else {
			issuer.UserName = lastPart(who.Identity)
		}
	default: // GetSessionToken: the identity is the caller itself
		return s
	}
	s.SessionIssuer = issuer
	if who.Session.Provider != "" {
		s.WebIDFederationData = &FederationData{FederatedProvider: who.Session.Provider}
	}
	return s
}

// webIdentity is who has traded a web identity for a session. There is no
// signature, so only the answer says who it was.
func webIdentity(c *Call) (Identity, bool) {
	out, ok := c.Out.(*sts.AssumeRoleWithWebIdentityOutput)
	if !ok || out == nil || out.AssumedRoleUser == nil {
		return Identity{}, false
	}
	provider, subject := wire.Value(out.Provider), wire.Value(out.SubjectFromWebIdentityToken)
	return Identity{
		Type:             "WebIdentityUser",
		PrincipalID:      provider + ":" + wire.Value(out.Audience) + ":" + subject,
		UserName:         subject,
		IdentityProvider: provider,
	}, true
}

// webAccount is the account of the role that a web identity has taken.
func webAccount(c *Call) string {
	out, ok := c.Out.(*sts.AssumeRoleWithWebIdentityOutput)
	if !ok || out == nil || out.AssumedRoleUser == nil {
		return ""
	}
	role, _ := vpc.ParseARN(wire.Value(out.AssumedRoleUser.Arn))
	return role.Account
}

func lastPart(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// userName is by what name LookupEvents knows the caller.
func (i Identity) userName() string {
	switch i.Type {
	case "Root":
		return "root"
	case "AssumedRole", "FederatedUser":
		return lastPart(i.ARN)
	}
	return i.UserName
}
