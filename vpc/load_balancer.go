package vpc

import (
	"net/netip"
	"strings"
	"time"
)

// LoadBalancer is a network load balancer: one node, an ENI, in each of its
// subnets.
type LoadBalancer struct {
	Owner
	ARN         string // arn:aws:elasticloadbalancing:REGION:ACCOUNT:loadbalancer/net/NAME/HASH
	Name        string
	DNSName     string // NAME-HASH.elb.REGION and the suffix of the partition
	Scheme      string // internal or internet-facing
	VPC         string
	Nodes       []LoadBalancerNode // at most one a zone, in the order of the request
	Groups      []string           // security groups; none: everything is let in
	AddressType string             // ipv4 or dualstack
	Attributes  map[string]string  // load_balancing.cross_zone.enabled …; absent means the default
	Created     time.Time
	Tags        Tags
}

// LoadBalancerNode is where a load balancer stands in a zone.
type LoadBalancerNode struct {
	Zone   string // availability zone name
	Subnet string
	ENI    string
	Asked  AddressPair // the addresses that the request named; the others were chosen
}

// CrossZone reports whether nodes use targets in other zones.
func (l LoadBalancer) CrossZone() bool {
	return l.Attributes["load_balancing.cross_zone.enabled"] == "true"
}

// Listener takes the connections to one port of a load balancer.
type Listener struct {
	Owner
	ARN          string // …:listener/net/NAME/HASH/HASH
	LoadBalancer string // ARN
	Protocol     string // TCP, UDP, TCP_UDP or TLS
	Port         uint16
	Forwards     []Forward
	Attributes   map[string]string // tcp.idle_timeout.seconds …; absent means the default
	Created      time.Time
	Tags         Tags
}

// Forward is a target group that a listener sends connections to, with its
// share of them.
type Forward struct {
	TargetGroup string // ARN
	Weight      int    // 0..999
}

// TargetGroup is where a listener's connections end.
type TargetGroup struct {
	Owner
	ARN         string // …:targetgroup/NAME/HASH
	Name        string
	Protocol    string // TCP, UDP, TCP_UDP or TLS
	Port        uint16 // of targets that name none
	VPC         string
	TargetType  string // ip or instance; the instances of Postern are ENIs
	AddressType string // ipv4 or ipv6
	HealthCheck HealthCheck
	Attributes  map[string]string // proxy_protocol_v2.enabled, deregistration_delay.timeout_seconds …; absent means the default
	Targets     []Target
	Created     time.Time
	Tags        Tags
}

// HealthCheck says how targets are probed.
type HealthCheck struct {
	Protocol  string // TCP, HTTP or HTTPS
	Port      string // a number, or traffic-port
	Path      string // for HTTP and HTTPS
	Matcher   string // HTTP codes such as 200-399
	Interval  time.Duration
	Timeout   time.Duration
	Healthy   int // successes in a row until healthy
	Unhealthy int // failures in a row until unhealthy
}

// Target is one destination of a target group.
type Target struct {
	ID       string     // an IP address, or eni-… where TargetType is instance
	Address  netip.Addr // what ID stood for when it was registered
	Port     uint16
	Zone     string    // availability zone name, or all
	Draining time.Time // when it was deregistered: new connections go elsewhere; zero: in service
}

// TargetHealth is what the health checks found out about a target. A target
// without one is initial.
type TargetHealth struct {
	Owner
	TargetGroup string // ARN
	Target      string // Target.Key
	State       string // healthy or unhealthy
	Reason      string // Target.FailedHealthChecks …; empty when healthy
	Description string
}

// Key identifies a target in its group: address and port.
func (t Target) Key() string { return netip.AddrPortFrom(t.Address, t.Port).String() }

// ProxyProtocol reports whether connections begin with a PROXY v2 header.
func (g TargetGroup) ProxyProtocol() bool { return g.Attributes["proxy_protocol_v2.enabled"] == "true" }

// ELBID is the part of an ARN of Elastic Load Balancing after the account:
// loadbalancer/net/NAME/HASH.
func ELBID(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	return parts[len(parts)-1]
}
