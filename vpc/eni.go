package vpc

import (
	"net/netip"
	"time"
)

// InterfaceType says what an ENI is for, in the API's words.
type InterfaceType string

const (
	InterfaceWorkload     InterfaceType = "interface"             // a veth pair into a workload's namespace
	InterfaceEndpoint     InterfaceType = "vpc_endpoint"          // addresses local to the VPC's namespace
	InterfaceLoadBalancer InterfaceType = "network_load_balancer" // a node of a load balancer: addresses local to the VPC's namespace
)

// ENI is an elastic network interface.
type ENI struct {
	Owner
	ID               string // eni-…
	VPC              string
	Subnet           string
	Type             InterfaceType
	Description      string
	Address          netip.Addr // primary private IPv4 address; not valid in an IPv6-only subnet or endpoint
	IPv6             netip.Addr // its one IPv6 address; not valid where it has none
	MAC              string     // 02:…, lower case with colons
	Groups           []string   // security group ids, 1..5
	Endpoint         string     // vpce-… when Type is InterfaceEndpoint
	LoadBalancer     string     // ARN when Type is InterfaceLoadBalancer
	Session          string     // the workload session that it belongs to, otherwise empty
	Attachment       string     // eni-attach-… or ela-attach-…
	RequesterManaged bool
	Requester        string
	Created          time.Time
	Tags             Tags
}

// Addresses are those that the ENI has, IPv4 before IPv6.
func (e ENI) Addresses() []netip.Addr {
	var all []netip.Addr
	for _, a := range []netip.Addr{e.Address, e.IPv6} {
		if a.IsValid() {
			all = append(all, a)
		}
	}
	return all
}
