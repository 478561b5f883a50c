package vpc

import (
	"net/netip"
	"time"
)

// Tags are the user's key-value labels of a resource.
type Tags map[string]string

// Owner says whose a resource is: every record carries the account and the
// Region in its key.
type Owner struct {
	Account string // 12 digits
	Region  string // such as us-east-1
}

// Network is one VPC.
type Network struct {
	Owner
	ID           string       // vpc-…
	CIDR         netip.Prefix // primary IPv4 CIDR; the resolver lives at its base + 2
	Tenancy      string       // default or dedicated
	DNSSupport   bool         // enableDnsSupport: the resolver answers at all
	DNSHostnames bool         // enableDnsHostnames: private zones are answered
	UsageMetrics bool         // enableNetworkAddressUsageMetrics
	DHCPOptions  string       // dopt-… or default
	Created      time.Time
	Tags         Tags
}

// Subnet is a part of a VPC's CIDR in one availability zone.
type Subnet struct {
	Owner
	ID          string // subnet-…
	VPC         string
	CIDR        netip.Prefix
	Zone        string // availability zone name, such as us-east-1a
	ZoneID      string // availability zone id, such as use1-az1
	MapPublicIP bool   // mapPublicIpOnLaunch
	Created     time.Time
	Tags        Tags
}

// RouteTable holds a VPC's routes. Only the main table exists so far; it has
// the local route and nothing else.
type RouteTable struct {
	Owner
	ID          string // rtb-…
	VPC         string
	Main        bool
	Association string // rtbassoc-… of the main association
	Created     time.Time
	Tags        Tags
}

// SecurityGroup is a stateful, allow-only filter on the ENIs that carry it.
type SecurityGroup struct {
	Owner
	ID          string // sg-…
	VPC         string
	Name        string
	Description string
	Rules       []SecurityGroupRule // in order of creation
	Created     time.Time
	Tags        Tags
}

// Protocol numbers that have ports or names in the EC2 API. ProtocolAll is
// the API's -1: every protocol, ports ignored.
const (
	ProtocolAll    = -1
	ProtocolICMP   = 1
	ProtocolTCP    = 6
	ProtocolUDP    = 17
	ProtocolICMPv6 = 58
)

// SecurityGroupRule allows one kind of traffic in one direction. Exactly one
// of CIDR and Group is set.
type SecurityGroupRule struct {
	ID          string // sgr-…
	Egress      bool
	Protocol    int // ProtocolAll or an IP protocol number
	FromPort    int // first port, or ICMP type; -1 means any
	ToPort      int // last port, or ICMP code; -1 means any
	CIDR        netip.Prefix
	Group       string // the peer carries this group (same VPC)
	Description string
	Tags        Tags
}

// InterfaceType says what an ENI is for, in the API's words.
type InterfaceType string

const (
	InterfaceWorkload InterfaceType = "interface"    // a veth pair into a workload's namespace
	InterfaceEndpoint InterfaceType = "vpc_endpoint" // addresses local to the VPC's namespace
)

// ENI is an elastic network interface.
type ENI struct {
	Owner
	ID               string // eni-…
	VPC              string
	Subnet           string
	Type             InterfaceType
	Description      string
	Address          netip.Addr // primary private IPv4 address
	MAC              string     // 02:…, lower case with colons
	Groups           []string   // security group ids, 1..5
	Endpoint         string     // vpce-… when Type is InterfaceEndpoint
	Session          string     // the workload session that it belongs to, otherwise empty
	Attachment       string     // eni-attach-… or ela-attach-…
	RequesterManaged bool
	Requester        string
	Created          time.Time
	Tags             Tags
}

// Endpoint is an interface VPC endpoint.
type Endpoint struct {
	Owner
	ID             string // vpce-…
	VPC            string
	Service        string   // com.amazonaws.REGION.SHORT
	Subnets        []string // at most one a zone
	ENIs           []string // one a subnet, in the order of Subnets
	Groups         []string
	Policy         string // the document byte for byte; empty means full access
	PrivateDNS     bool
	IPAddressType  string            // ipv4
	DNSRecordType  string            // ipv4
	Suffix         string            // 8 random [a-z0-9], fixed for life
	PrivateZones   map[string]string // private name -> hidden hosted zone id, one a private name
	ClientToken    string
	ClientTokenSum string // digest of the parameters that came with ClientToken
	Created        time.Time
	Tags           Tags
}

// FlowLog subscribes a log group to the traffic of a VPC, a subnet or an ENI.
type FlowLog struct {
	Owner
	ID             string // fl-…
	Resource       string // vpc-…, subnet-… or eni-…
	Traffic        string // ACCEPT, REJECT or ALL
	LogGroup       string
	DestinationARN string // as given by LogDestination, or empty
	PermissionARN  string // DeliverLogsPermissionArn
	Format         string // ${field} … ; DefaultFlowFormat when none was given
	Interval       time.Duration
	ClientToken    string
	ClientTokenSum string
	Created        time.Time
	Tags           Tags
}

// DefaultFlowFormat is the version 2 record format.
const DefaultFlowFormat = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}"
