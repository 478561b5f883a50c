package vpc

import (
	"net/netip"
	"strings"
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
	IPv6         IPv6Block    // a /56, or nothing
	Tenancy      string       // default or dedicated
	DNSSupport   bool         // enableDnsSupport: the resolver answers at all
	DNSHostnames bool         // enableDnsHostnames: private zones are answered
	UsageMetrics bool         // enableNetworkAddressUsageMetrics
	DHCPOptions  string       // dopt-… or default
	NetworkACL   string       // acl-…: the default one; see ACL
	Created      time.Time
	Tags         Tags
}

// ACL is the id of the VPC's default network ACL. Records of old do not hold
// it: it is made from the VPC's id there.
func (n Network) ACL() string {
	if n.NetworkACL != "" {
		return n.NetworkACL
	}
	return "acl-" + strings.TrimPrefix(n.ID, "vpc-")
}

// Subnet is a part of a VPC's CIDR in one availability zone.
type Subnet struct {
	Owner
	ID          string // subnet-…
	VPC         string
	CIDR        netip.Prefix // not valid when Native
	IPv6        IPv6Block    // a /64, or nothing
	Native      bool         // ipv6Native: the subnet has no IPv4
	AssignIPv6  bool         // assignIpv6AddressOnCreation
	Names       HostNames    // privateDnsNameOptionsOnLaunch
	Zone        string       // availability zone name, such as us-east-1a
	ZoneID      string       // availability zone id, such as use1-az1
	MapPublicIP bool         // mapPublicIpOnLaunch
	Created     time.Time
	Tags        Tags
}

// IPv6Block is an IPv6 CIDR of a VPC or a subnet with the id of its association.
// The zero value is none.
type IPv6Block struct {
	CIDR        netip.Prefix
	Association string // vpc-cidr-assoc-… or subnet-cidr-assoc-…
}

// HostNames says which private DNS names the resolver answers for what lives in
// a subnet. The zero value is EC2's default: ip-10-0-0-5.ec2.internal.
type HostNames struct {
	ByResource bool // hostnameType resource-name: i-….ec2.internal is the name of the instance
	A          bool // enableResourceNameDnsARecord
	AAAA       bool // enableResourceNameDnsAAAARecord
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
