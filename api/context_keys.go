package api

import (
	"cmp"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/postern/postern/auth"
)

// GlobalKey is a condition key that requests of all services may have ("AWS
// global condition context keys").
type GlobalKey struct {
	Name string // one that ends with / stands for all that begin so
	From string // where its value comes from; empty: no request here has it

	value  func(*call) string           // empty: the request does not have it
	list   func(*call) []string         // instead of value, of keys with several
	tagged func(*call, string) []string // of names that end with /: by the rest, in lower case
}

// globalKeys: through an endpoint aws:SourceIp is absent and the VPC's keys
// are there; on the public listener it is the other way round.
var globalKeys = []GlobalKey{
	{Name: "aws:CurrentTime", From: "the time, in UTC", value: func(c *call) string { return c.config.Now().UTC().Format(time.RFC3339) }},
	{Name: "aws:EpochTime", From: "the time, in seconds since 1970", value: func(c *call) string { return strconv.FormatInt(c.config.Now().Unix(), 10) }},
	{Name: "aws:SecureTransport", From: "true where the request came over TLS", value: func(c *call) string { return strconv.FormatBool(c.request.TLS != nil) }},
	{Name: "aws:UserAgent", From: "the header User-Agent", value: func(c *call) string { return c.request.UserAgent() }},
	{Name: "aws:Referer", From: "the header Referer", value: func(c *call) string { return c.request.Referer() }},
	{Name: "aws:RequestedRegion", From: "the Region that the signature names", value: func(c *call) string { return c.caller.Region }},

	{Name: "aws:SourceIp", From: "the client's address, on the public listener", value: func(c *call) string { return onlyIf(!c.arrival.Private(), c.source()) }},
	{Name: "aws:SourceVpce", From: "the endpoint that the request came through", value: func(c *call) string { return c.arrival.Endpoint }},
	{Name: "aws:SourceVpc", From: "the endpoint's VPC", value: func(c *call) string { return c.arrival.VPC }},
	{Name: "aws:VpcSourceIp", From: "the client's address as the endpoint sees it", value: func(c *call) string { return onlyIf(c.arrival.Private(), c.source()) }},
	{Name: "aws:SourceVpcArn"}, // AWS has these four for some services, and
	{Name: "aws:VpceAccount"},  // none of those here is among them
	{Name: "aws:VpceOrgID"},
	{Name: "aws:VpceOrgPaths"},

	{Name: "aws:PrincipalArn", From: "the user, the federated user, the account's root; the role of a session, with its path", value: func(c *call) string { return c.caller.PrincipalARN() }},
	{Name: "aws:PrincipalAccount", From: "the caller's account", value: func(c *call) string { return c.caller.Account }},
	{Name: "aws:PrincipalType", From: "Account, User, AssumedRole, FederatedUser; Anonymous without a signature", value: func(c *call) string { return string(cmp.Or(c.caller.Kind, anonymous)) }},
	{Name: "aws:userid", From: "AIDA… of a user, AROA…:SESSION, ACCOUNT:NAME of a federated user, the account's id of root", value: func(c *call) string { return c.caller.UserID }},
	{Name: "aws:username", From: "the user's name; absent of all others", value: func(c *call) string { return c.caller.UserName() }},
	{Name: "aws:PrincipalTag/", From: "tags of the user or role; session tags go before", tagged: (*call).principalTags},
	{Name: "aws:PrincipalOrgID", From: "the organization of the caller's account", value: func(c *call) string { id, _ := c.place(c.caller.Account); return id }},
	{Name: "aws:PrincipalOrgPaths", From: "the path of the caller's account in its organization", value: func(c *call) string { _, path := c.place(c.caller.Account); return path }},
	{Name: "aws:PrincipalIsAWSService", From: "false", value: func(*call) string { return "false" }},
	{Name: "aws:PrincipalServiceName"},
	{Name: "aws:PrincipalServiceNamesList"},

	{Name: "aws:TokenIssueTime", From: "when temporary credentials were made", value: ofSession(func(s *auth.Session) string { return s.Issued.UTC().Format(time.RFC3339) })},
	{Name: "aws:MultiFactorAuthPresent", From: "false of temporary credentials, since nobody has a device; absent of long-term ones", value: ofSession(func(*auth.Session) string { return "false" })},
	{Name: "aws:MultiFactorAuthAge"},
	{Name: "aws:FederatedProvider", From: "the OpenID Connect provider of AssumeRoleWithWebIdentity", value: ofSession(func(s *auth.Session) string { return s.Provider })},
	{Name: "aws:SourceIdentity", From: "the source identity of the session", value: ofSession(func(s *auth.Session) string { return s.SourceIdentity })},
	{Name: "aws:AssumedRoot", From: "true of a session of AssumeRoot", value: func(c *call) string { return onlyIf(isAssumedRoot(c.caller), "true") }},
	{Name: "aws:ChatbotSourceArn"},
	{Name: "aws:Ec2InstanceSourceVpc"},
	{Name: "aws:Ec2InstanceSourcePrivateIPv4"},

	{Name: "aws:RequestTag/", From: "tags in the request", tagged: (*call).requestTag},
	{Name: "aws:TagKeys", From: "keys of all tags in the request, also of those to remove", list: (*call).tagKeys},
	{Name: "aws:ResourceTag/", From: "tags of the resource", tagged: func(c *call, key string) []string { return c.tagsOf(c.access.Resource, key) }},
	{Name: "aws:ResourceAccount", From: "the account of the resource", value: func(c *call) string { return c.owner(c.access.Resource) }},
	{Name: "aws:ResourceOrgID", From: "the organization of the resource's account", value: func(c *call) string { id, _ := c.place(c.owner(c.access.Resource)); return id }},
	{Name: "aws:ResourceOrgPaths", From: "the path of the resource's account in its organization", value: func(c *call) string { _, path := c.place(c.owner(c.access.Resource)); return path }},

	{Name: "aws:ViaAWSService", From: "false: no service calls on a caller's behalf", value: func(*call) string { return "false" }},
	{Name: "aws:CalledVia"},
	{Name: "aws:CalledViaFirst"},
	{Name: "aws:CalledViaLast"},
	{Name: "aws:SourceAccount"},
	{Name: "aws:SourceArn"},
	{Name: "aws:SourceOrgID"},
	{Name: "aws:SourceOrgPaths"},
}

// GlobalKeys are the global condition keys, for the documentation.
func GlobalKeys() []GlobalKey { return globalKeys }

var globalByName = func() map[string]*GlobalKey {
	index := map[string]*GlobalKey{}
	for i := range globalKeys {
		index[strings.ToLower(globalKeys[i].Name)] = &globalKeys[i]
	}
	return index
}()

// anonymous is whoever sends no signature.
const anonymous auth.Kind = "Anonymous"

func onlyIf(condition bool, s string) string {
	if !condition {
		return ""
	}
	return s
}

func ofSession(value func(*auth.Session) string) func(*call) string {
	return func(c *call) string {
		if c.caller.Session == nil {
			return ""
		}
		return value(c.caller.Session)
	}
}

// place is that of an account in its organization.
func (c *call) place(account string) (id, path string) {
	if c.config.Organization == nil || account == "" {
		return "", ""
	}
	return c.config.Organization.Place(account)
}

// source is the client's address without its port.
func (c *call) source() string {
	if c.arrival.Private() {
		return c.arrival.Source.Addr().String()
	}
	a, err := netip.ParseAddrPort(c.request.RemoteAddr)
	if err != nil {
		return c.request.RemoteAddr
	}
	return a.Addr().Unmap().String()
}

func isAssumedRoot(c auth.Caller) bool {
	return c.Kind == auth.Root && c.Session != nil && len(c.Session.PolicyARNs) > 0
}
