package ec2

import (
	"regexp"
	"slices"
	"strings"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire/ec2"
)

// networkLoadBalancerARN is the form of a network load balancer's ARN.
var networkLoadBalancerARN = regexp.MustCompile(`^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:loadbalancer/net/[A-Za-z0-9-]{1,32}/[0-9a-f]{16}$`)

// refuseGatewayLoadBalancers refuses the other kind of load balancer, of which
// there are none.
func refuseGatewayLoadBalancers(arns []string) error {
	if len(arns) == 0 {
		return nil
	}
	return errEndpointResource("GatewayLoadBalancerArn", arns[0])
}

// checkLoadBalancers wants every load balancer of c to be one of its owner, to
// be in no other service, and to speak the address types of c.
func (s *Service) checkLoadBalancers(tx *store.Tx, c vpc.ServiceConfiguration) error {
	for _, arn := range c.LoadBalancers {
		l, err := s.ownLoadBalancer(tx, c.Owner, arn)
		if err != nil {
			return err
		}
		for other := range s.store.ServiceConfigurations.By(tx, "loadbalancer", arn) {
			if other.ID != c.ID {
				return errLoadBalancerTaken(arn, other.ID)
			}
		}
		if slices.Contains(c.AddressTypes, ec2.ServiceConnectivityTypeIpv6) && l.AddressType != ec2.IpAddressTypeDualstack {
			return errLoadBalancerFamily(arn)
		}
	}
	return nil
}

// ownLoadBalancer reads a network load balancer of that owner.
func (s *Service) ownLoadBalancer(tx *store.Tx, o vpc.Owner, arn string) (vpc.LoadBalancer, error) {
	if !networkLoadBalancerARN.MatchString(arn) {
		return vpc.LoadBalancer{}, errLoadBalancerMalformed(arn)
	}
	l, ok := s.store.LoadBalancers.Get(tx, ownKey(o, vpc.ELBID(arn)))
	if !ok || l.ARN != arn { // another owner's may end the same
		return vpc.LoadBalancer{}, errLoadBalancerNotFound(arn)
	}
	return l, nil
}

// serviceAddressTypes are those that a request asks for, ipv4 where it asks for
// none, in the order ipv4, ipv6.
func serviceAddressTypes(asked []string) ([]string, error) {
	for _, kind := range asked {
		if kind != ec2.ServiceConnectivityTypeIpv4 && kind != ec2.ServiceConnectivityTypeIpv6 {
			return nil, errServiceAddressType(kind)
		}
	}
	if len(asked) == 0 {
		return []string{ec2.ServiceConnectivityTypeIpv4}, nil
	}
	return slices.Sorted(slices.Values(distinct(asked))), nil
}

// serviceRegions are those that a request asks for, the host Region where it
// asks for none, ordered by name.
func serviceRegions(host string, asked []string) ([]string, error) {
	for _, name := range asked {
		if _, ok := vpc.FindRegion(name); !ok || vpc.PartitionOf(name) != vpc.PartitionOf(host) {
			return nil, errServiceRegion(name)
		}
	}
	if len(asked) == 0 {
		return []string{host}, nil
	}
	if !slices.Contains(asked, host) {
		return nil, errHostRegion(host)
	}
	return slices.Sorted(slices.Values(distinct(asked))), nil
}

// dnsLabel is a label of a private name: lower case only.
var dnsLabel = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// maxPrivateName is the length of the longest name in presentation format
// without the trailing dot (RFC 1035, 2.3.4).
const maxPrivateName = 253

// checkPrivateName wants a domain name of at least two labels, before which *
// may stand; none is fine.
func checkPrivateName(name string) error {
	if name == "" {
		return nil
	}
	labels := strings.Split(strings.TrimPrefix(name, "*."), ".")
	if len(name) > maxPrivateName || len(labels) < 2 || slices.ContainsFunc(labels, func(l string) bool { return !dnsLabel.MatchString(l) }) {
		return errPrivateName(name)
	}
	return nil
}
