package vpc

import "time"

// Endpoint is an interface VPC endpoint.
type Endpoint struct {
	Owner
	ID             string // vpce-…
	VPC            string
	Service        string // com.amazonaws.REGION.SHORT, or com.amazonaws.vpce.REGION.vpce-svc-…
	ServiceRegion  string // where the service is; empty means the endpoint's own Region
	Provider       Owner  // of the service's configuration; zero for the services of AWS
	Connection     string // vpce-con-…: what the provider accepts or rejects; empty for the services of AWS
	Admission      Admission
	LastError      *EndpointError // why Admission is AdmissionFailed
	Legacy         bool           // made before August 2024: the first private name only
	Subnets        []string       // at most one a zone
	ENIs           []string       // one a subnet, in the order of Subnets
	Groups         []string
	Policy         string // the document byte for byte; empty means full access
	PrivateDNS     bool
	IPAddressType  string            // ipv4, ipv6 or dualstack
	DNSRecordType  string            // ipv4, ipv6, dualstack or service-defined
	Suffix         string            // 8 random [a-z0-9], fixed for life
	PrivateZones   map[string]string // private name -> hidden hosted zone id, one a private name
	ClientToken    string
	ClientTokenSum string // digest of the parameters that came with ClientToken
	Created        time.Time
	Tags           Tags
}

// Admission is what the provider of the service has said to an endpoint. Its
// values are the states that the API shows for it, except the first.
type Admission string

const (
	Admitted          Admission = ""                  // traffic flows once the data plane is ready
	AdmissionPending  Admission = "pendingAcceptance" // the provider has not answered
	AdmissionRejected Admission = "rejected"
	AdmissionExpired  Admission = "expired" // the provider did not answer in time
	AdmissionFailed   Admission = "failed"
)

// AnswerTime is how long the provider may take to accept or reject an endpoint
// before it expires.
const AnswerTime = 7 * 24 * time.Hour

// AdmissionAt is the admission at a time: one that is pending expires without
// anybody writing that down.
func (e Endpoint) AdmissionAt(now time.Time) Admission {
	if e.Admission == AdmissionPending && now.Sub(e.Created) >= AnswerTime {
		return AdmissionExpired
	}
	return e.Admission
}

// EndpointError is the API's lastError.
type EndpointError struct{ Code, Message string }

// ConnectionNotification sends the events of an endpoint service or of an
// endpoint to a topic.
type ConnectionNotification struct {
	Owner
	ID             string   // vpce-nfn-…
	Service        string   // vpce-svc-…, or
	Endpoint       string   // vpce-…
	Topic          string   // ARN of an SNS topic
	Events         []string // Accept, Connect, Delete, Reject
	ClientToken    string
	ClientTokenSum string // digest of the parameters that came with ClientToken
}
