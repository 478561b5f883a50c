package audit

import (
	"cmp"
	"crypto/tls"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
)

// Record is what is kept of a call.
type Record struct {
	RequestID    string          `json:"requestID"`
	Time         time.Time       `json:"time"`
	Account      string          `json:"account,omitempty"` // of the caller; empty where nobody was authenticated
	Region       string          `json:"region"`
	Source       string          `json:"eventSource"` // eks.amazonaws.com
	Operation    string          `json:"operation"`   // ListClusters
	Action       string          `json:"action"`      // eks:ListClusters
	APIVersion   string          `json:"apiVersion"`
	ReadOnly     bool            `json:"readOnly"`
	Data         bool            `json:"data,omitempty"` // no management event
	Identity     Identity        `json:"userIdentity"`
	Principal    string          `json:"principal,omitempty"` // ARN that policies know the caller by: of a session, the role's
	Address      string          `json:"sourceIPAddress"`
	UserAgent    string          `json:"userAgent,omitempty"`
	TLS          *TLSDetails     `json:"tlsDetails,omitempty"`
	Endpoint     *Endpoint       `json:"endpoint,omitempty"`
	Resources    []string        `json:"resources,omitempty"` // that policies were asked about
	Further      []Access        `json:"further,omitempty"`   // that policies were asked about beside
	Decision     Decision        `json:"decision"`
	ErrorCode    string          `json:"errorCode,omitempty"`
	ErrorMessage string          `json:"errorMessage,omitempty"`
	Parameters   json.RawMessage `json:"requestParameters,omitempty"`
	Answer       json.RawMessage `json:"responseElements,omitempty"`
	Named        []Resource      `json:"named,omitempty"` // what the call names or has made

	// Copy marks the record in the journal of the endpoint's owner where the
	// caller's journal is another.
	Copy bool `json:"copy,omitempty"`
}

// Endpoint is the one that a call came through.
type Endpoint struct {
	ID      string `json:"id"`
	Account string `json:"account"`
	Region  string `json:"region"`
	VPC     string `json:"vpc"`
	ENI     string `json:"eni"`
}

// Access is an action on a resource that a call needs beside its own.
type Access struct {
	Action   string `json:"action"`
	Resource string `json:"resource"`
}

// TLSDetails are those of an event.
type TLSDetails struct {
	Version string `json:"tlsVersion"`
	Suite   string `json:"cipherSuite"`
	Host    string `json:"clientProvidedHostHeader"`
}

// maxText is how much of a text that a client or an error chose is kept.
const maxText = 1 << 10

// maxAsked is how many of the resources that policies were asked about are kept.
const maxAsked = 1000

// record makes a Record of a call.
func (s *shapes) record(c *Call) Record {
	r := Record{
		RequestID: c.ID, Time: c.Time.UTC(), Account: c.Caller.Account, Region: c.Region,
		Source: c.Service.SigningName + ".amazonaws.com", Operation: c.Operation.Name, Action: c.action(),
		APIVersion: c.Service.APIVersion, ReadOnly: readOnly(c.Operation), Data: isData(c.Service, c.Operation),
		Identity: identity(c), Principal: c.Caller.PrincipalARN(),
		Address: c.Source, UserAgent: shorten(c.UserAgent), TLS: tlsDetails(c.TLS),
		Resources: c.Outcome.Resources[:min(len(c.Outcome.Resources), maxAsked)], Decision: c.decision(),
	}
	if r.Account == "" {
		r.Account = webAccount(c)
	}
	if c.Arrival.Private() {
		a := c.Arrival
		r.Endpoint = &Endpoint{ID: a.Endpoint, Account: a.Account, Region: a.Region, VPC: a.VPC, ENI: a.ENI}
	}
	if c.Error != nil {
		r.ErrorCode, r.ErrorMessage = errorCode(c.Service.Protocol, c.Error), shorten(maskMessage(c.Error.Message))
	}
	for _, f := range c.Outcome.Further {
		r.Further = append(r.Further, Access{f.Action, cmp.Or(f.Resource, "*")})
	}
	for _, arn := range c.Outcome.Resources {
		r.name(arn)
	}
	r.Parameters = s.write(c.Service.Protocol, c.In, "requestParameters", r.name)
	r.Answer = s.write(c.Service.Protocol, c.Out, "responseElements", r.name)
	return r
}

// name notes a text that names a resource.
func (r *Record) name(text string) {
	if found, ok := resource(text); ok && len(r.Named) < maxResources && !slices.Contains(r.Named, found) {
		r.Named = append(r.Named, found)
	}
}

// owners are in whose journals the record belongs: the caller's, and where it
// is another that of the owner of the endpoint.
func (r *Record) owners() []vpc.Owner {
	owners := []vpc.Owner{{Account: cmp.Or(r.Account, nobody), Region: cmp.Or(r.Region, nobody)}}
	if e := r.Endpoint; e != nil && r.Account != "" && (vpc.Owner{Account: e.Account, Region: e.Region}) != owners[0] {
		owners = append(owners, vpc.Owner{Account: e.Account, Region: e.Region})
	}
	return owners
}

// errorCode is an error's code in CloudTrail: those of EC2 say whose fault it
// was.
func errorCode(p wire.Protocol, e *wire.Error) string {
	switch {
	case p != wire.EC2:
		return e.Code
	case e.Status >= 500:
		return "Server." + e.Code
	}
	return "Client." + e.Code
}

var tlsVersions = map[uint16]string{tls.VersionTLS12: "TLSv1.2", tls.VersionTLS13: "TLSv1.3"}

func tlsDetails(t TLS) *TLSDetails {
	if t.Version == 0 {
		return nil
	}
	return &TLSDetails{Version: tlsVersions[t.Version], Suite: suiteNames[t.Suite], Host: shorten(t.Host)}
}

// suiteNames are CloudTrail's names of cipher suites: those of OpenSSL
// (ECDHE-RSA-AES128-GCM-SHA256) where the suite is one of TLS 1.2.
var suiteNames = func() map[uint16]string {
	openSSL := strings.NewReplacer("TLS_", "", "_WITH_", "-", "AES_128", "AES128", "AES_256", "AES256", "_", "-")
	names := map[uint16]string{}
	for _, s := range tls.CipherSuites() {
		if names[s.ID] = s.Name; !slices.Contains(s.SupportedVersions, tls.VersionTLS13) {
			names[s.ID] = openSSL.Replace(s.Name)
		}
	}
	return names
}()

func shorten(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return s
}
