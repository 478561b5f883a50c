package vpc

import (
	"net/netip"
	"time"
)

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
